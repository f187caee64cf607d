//! Faults that a training can name: of the data, and of what came of it.

use super::statistics::RowStatistics;
use crate::dataset::{Dataset, Set};
use crate::normalization::{CENTERING_WARNING_DEVIATIONS, Column, Normalization};
use crate::options::{Options, Output};

/// Indices that a warning lists; more are counted.
const LISTED: usize = 8;
/// Training rows of a class of which something can be said; a class without any is told apart.
const FEW_CLASS_ROWS: u64 = 5;
/// The share of the baseline's error from which on nothing was learnt.
const NOTHING_LEARNT: f64 = 0.99;
/// The same of the training rows, which can be overfit: from here on hardly anything was learnt, in so many cycles.
const HARDLY_LEARNT: f64 = 0.9;
const MANY_CYCLES: u64 = 100;

/// What a user should know about the rows, each in a sentence.
pub(super) fn warnings(
    statistics: &RowStatistics,
    dataset: &Dataset,
    normalization: &Normalization,
    options: &Options,
) -> Vec<String> {
    let mut warnings = of_inputs(statistics, dataset, normalization, options.normalize);
    warnings.extend(of_classes(statistics, dataset.test.len() > 0));
    warnings.extend(of_targets(statistics, dataset, normalization, options));
    warnings
}

/// What is to be said of a network that after so many cycles has an `error` on the rows of a set, where the best constant
/// prediction has one of `baseline`.
pub(super) fn learnt_nothing(error: f64, baseline: f64, set: Set, cycles: u64) -> Option<String> {
    let much = match set {
        Set::Train if cycles >= MANY_CYCLES => HARDLY_LEARNT,
        Set::Train | Set::Test => NOTHING_LEARNT,
    };
    // Where the baseline's error is 0 there is nothing to learn; losses below 0 have no scale.
    if baseline <= 0.0 || error < much * baseline {
        return None;
    }
    let what = if error >= NOTHING_LEARNT * baseline { "nothing" } else { "hardly anything" };
    let rows = set.name();
    Some(format!(
        "{what} was learnt that helps with the {rows} rows: the error there is {error:.4}, and {baseline:.4} for the same \
         answer to every row"
    ))
}

/// Indices of the columns of which something holds.
fn which(columns: &[Column], is: fn(&Column) -> bool) -> Vec<usize> {
    (0..columns.len()).filter(|&index| is(&columns[index])).collect()
}

fn of_inputs(
    statistics: &RowStatistics,
    dataset: &Dataset,
    normalization: &Normalization,
    normalize: bool,
) -> Vec<String> {
    let say = |one: &str, many: &str, inputs: &[usize], what: String| {
        (!inputs.is_empty()).then(|| listed("input", one, many, inputs) + &what)
    };
    if let (true, Some(scaling)) = (normalize, &normalization.inputs) {
        let constant: Vec<usize> = scaling.constant().collect();
        return say("is", "are", &constant, " the same in all training rows and ignored".into()).into_iter().collect();
    }
    // Of a single row every column is constant.
    if dataset.train.len() == 1 {
        return Vec::new();
    }
    let constant = which(&statistics.inputs, Column::is_constant);
    let same = say("is", "are", &constant, " the same in all training rows".into());
    let what = format!(" more than {CENTERING_WARNING_DEVIATIONS} deviations from 0: normalization would centre that");
    let far = say("lies", "lie", &which(&statistics.inputs, Column::is_far), what);
    same.into_iter().chain(far).collect()
}

fn of_classes(statistics: &RowStatistics, has_test_rows: bool) -> Vec<String> {
    let classes = &statistics.classes;
    let mut warnings = Vec::new();
    let mut warn = |one: &str, many: &str, what: &str, is: &dyn Fn(u64, u64) -> bool| {
        let those = (0..classes.len()).filter(|&at| is(classes[at].train_rows, classes[at].test_rows));
        let those: Vec<usize> = those.collect();
        if !those.is_empty() {
            warnings.push(format!("{} {what}", listed("class", one, many, &those)));
        }
    };
    warn("has", "have", "no training rows", &|train, _| train == 0);
    let few = format!("fewer than {FEW_CLASS_ROWS} training rows");
    warn("has", "have", &few, &|train, _| (1..FEW_CLASS_ROWS).contains(&train));
    if has_test_rows {
        warn("has", "have", "no testing rows", &|train, test| train > 0 && test == 0);
    }
    warnings
}

fn of_targets(
    statistics: &RowStatistics,
    dataset: &Dataset,
    normalization: &Normalization,
    options: &Options,
) -> Vec<String> {
    let (train, mut warnings) = (&dataset.train, Vec::new());
    if statistics.targets.is_empty() {
        return warnings;
    }
    let constant = if train.len() > 1 { which(&statistics.targets, Column::is_constant) } else { Vec::new() };
    if !constant.is_empty() {
        warnings.push(format!("{} the same in all training rows", listed("output", "is", "are", &constant)));
    }
    let scaled = |column, value| normalization.outputs.as_ref().map_or(value, |scaling| scaling.apply(column, value));
    let beyond = |row: usize| {
        let mut targets = train.table.row(row).skip(dataset.shape.inputs).enumerate();
        targets.any(|(column, value)| !(0.0..=1.0).contains(&scaled(column, value)))
    };
    if options.output == Output::Sigmoid && (0..train.len()).any(beyond) {
        warnings.push("some targets are beyond what sigmoid outputs reach: use linear outputs".into());
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
