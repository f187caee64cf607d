//! Faults of the data that a training can name.

use crate::dataset::{Dataset, RowShape};
use crate::layout::Kind;
use crate::normalization::Normalization;
use crate::options::{Options, Output};

/// Indices that a warning lists; more are counted.
const LISTED: usize = 8;

/// What a user should know about the rows, each in a sentence.
pub(super) fn warnings(
    shape: RowShape,
    dataset: &Dataset,
    normalization: &Normalization,
    options: &Options,
) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(scaling) = &normalization.inputs {
        let constant: Vec<usize> = scaling.ignored().collect();
        if !constant.is_empty() {
            warnings
                .push(format!("{} the same in all training rows and ignored", listed("input", "is", "are", &constant)));
        }
    }
    let rows = &dataset.train.table;
    match shape.kind {
        Kind::Classifier => {
            let mut counts = vec![0u64; shape.outputs];
            for row in 0..rows.rows() {
                let class = rows.row(row).last().expect("a row ends with its class");
                counts[class as usize] += 1;
            }
            let missing: Vec<usize> = (0..shape.outputs).filter(|&class| counts[class] == 0).collect();
            if !missing.is_empty() {
                warnings.push(format!("{} no training rows", listed("class", "has", "have", &missing)));
            }
        }
        Kind::Regressor => {
            let scaled =
                |column, value| normalization.outputs.as_ref().map_or(value, |scaling| scaling.apply(column, value));
            let beyond = |row: usize| {
                let mut targets = rows.row(row).skip(shape.inputs).enumerate();
                targets.any(|(column, value)| !(0.0..=1.0).contains(&scaled(column, value)))
            };
            if options.output == Output::Sigmoid && (0..rows.rows()).any(beyond) {
                warnings.push("some targets are beyond what sigmoid outputs reach: use linear outputs".into());
            }
        }
    }
    warnings
}

fn listed(thing: &str, one: &str, many: &str, indices: &[usize]) -> String {
    let list: Vec<String> = indices.iter().take(LISTED).map(ToString::to_string).collect();
    let more = if indices.len() > LISTED { format!(" and {} more", indices.len() - LISTED) } else { String::new() };
    let plural = if thing.ends_with('s') { "es" } else { "s" };
    match indices {
        [index] => format!("{thing} {index} {one}"),
        _ => format!("{thing}{plural} {}{more} {many}", list.join(", ")),
    }
}
