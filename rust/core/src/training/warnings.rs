//! Faults that a training can name: of the data, and of what came of it.

use crate::dataset::{Dataset, RowShape, Rows, Set};
use crate::layout::Kind;
use crate::normalization::{FAR, Normalization, Scaling};
use crate::options::{Options, Output};

/// Indices that a warning lists; more are counted.
const LISTED: usize = 8;
/// Training rows of a class of which something can be said; a class without any is told apart.
const FEW_ROWS: u64 = 5;
/// The share of the baseline's error from which on nothing was learnt.
const NOTHING: f64 = 0.99;
/// The same of the training rows, of which much can be learnt by heart: from here on hardly anything was, in so many cycles.
const HARDLY: f64 = 0.9;
const MANY_CYCLES: u64 = 100;

/// What a user should know about the rows, each in a sentence.
pub(super) fn warnings(
    shape: RowShape,
    dataset: &Dataset,
    normalization: &Normalization,
    options: &Options,
) -> Vec<String> {
    let mut warnings = odd_inputs(shape, dataset, normalization, options.normalize);
    match shape.kind {
        Kind::Classifier => warnings.extend(rare_classes(shape, dataset)),
        Kind::Regressor => warnings.extend(odd_targets(shape, &dataset.train, normalization, options)),
    }
    warnings
}

/// What is to be said of a network that after so many cycles makes an `error` on the rows of a set, where whoever gives each row
/// the same answer makes one of `baseline`.
pub(super) fn learnt_nothing(error: f64, baseline: f64, set: Set, cycles: u64) -> Option<String> {
    let much = match set {
        Set::Train if cycles >= MANY_CYCLES => HARDLY,
        Set::Train | Set::Test => NOTHING,
    };
    // Where the best answer errs by nothing there is nothing to learn; losses below 0 have no scale.
    if baseline <= 0.0 || error < much * baseline {
        return None;
    }
    let what = if error >= NOTHING * baseline { "nothing" } else { "hardly anything" };
    let rows = set.name();
    Some(format!(
        "{what} was learnt that helps with the {rows} rows: the error there is {error:.4}, and {baseline:.4} for the same \
         answer to every row"
    ))
}

fn odd_inputs(shape: RowShape, dataset: &Dataset, normalization: &Normalization, normalize: bool) -> Vec<String> {
    let train = &dataset.train;
    let say = |one: &str, many: &str, inputs: &[usize], what: String| {
        (!inputs.is_empty()).then(|| listed("input", one, many, inputs) + &what)
    };
    if let (true, Some(scaling)) = (normalize, &normalization.inputs) {
        let constant: Vec<usize> = scaling.constant().collect();
        return say("is", "are", &constant, " the same in all training rows and ignored".into()).into_iter().collect();
    }
    // A single row has nothing but constants.
    let (constant, far) = if train.len() > 1 { Scaling::odd(train, 0..shape.inputs) } else { (Vec::new(), Vec::new()) };
    let same = say("is", "are", &constant, " the same in all training rows".into());
    let far = say("lies", "lie", &far, format!(" more than {FAR} deviations from 0: normalization would centre that"));
    same.into_iter().chain(far).collect()
}

fn rare_classes(shape: RowShape, dataset: &Dataset) -> Vec<String> {
    let count = |rows: &Rows| {
        let mut counts = vec![0u64; shape.outputs];
        for row in 0..rows.len() {
            let class = rows.table.row(row).nth(shape.inputs).expect("a row ends with its class");
            counts[class as usize] += 1;
        }
        counts
    };
    let (train, test) = (count(&dataset.train), count(&dataset.test));
    let where_ = |is: &dyn Fn(usize) -> bool| (0..shape.outputs).filter(|&class| is(class)).collect::<Vec<_>>();
    let mut warnings = Vec::new();
    let mut warn = |one: &str, many: &str, what: String, classes: &[usize]| {
        if !classes.is_empty() {
            warnings.push(format!("{} {what}", listed("class", one, many, classes)));
        }
    };
    warn("has", "have", "no training rows".into(), &where_(&|class| train[class] == 0));
    let few = where_(&|class| (1..FEW_ROWS).contains(&train[class]));
    warn("has", "have", format!("fewer than {FEW_ROWS} training rows"), &few);
    if dataset.test.len() > 0 {
        warn("has", "have", "no testing rows".into(), &where_(&|class| train[class] > 0 && test[class] == 0));
    }
    warnings
}

fn odd_targets(shape: RowShape, train: &Rows, normalization: &Normalization, options: &Options) -> Vec<String> {
    let mut warnings = Vec::new();
    let columns = shape.inputs..shape.width();
    let constant = if train.len() > 1 { Scaling::odd(train, columns).0 } else { Vec::new() };
    if !constant.is_empty() {
        warnings.push(format!("{} the same in all training rows", listed("output", "is", "are", &constant)));
    }
    let scaled = |column, value| normalization.outputs.as_ref().map_or(value, |scaling| scaling.apply(column, value));
    let beyond = |row: usize| {
        let mut targets = train.table.row(row).skip(shape.inputs).enumerate();
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
