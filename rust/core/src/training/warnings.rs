//! Warnings of a training: about its rows, and about a result that hardly beats the baseline.

use super::statistics::RowStatistics;
use crate::dataset::{Dataset, Set};
use crate::normalization::{CENTERING_WARNING_DEVIATIONS, Column, Normalization};
use crate::options::{Options, Output};
use crate::schema::{FieldKind, Schema, Target, shown};

/// How many indices a warning lists; the others are counted.
const MAX_LISTED: usize = 8;
/// Training rows below which a class causes a warning; a class without any causes another one.
const FEW_CLASS_ROWS: u64 = 5;
/// If the error is at least this share of the baseline, the training did not beat it.
const NOT_BEATEN: f64 = 0.99;
/// If the error on the training rows is at least this share of the baseline after `MANY_CYCLES` cycles, the training
/// barely beat it. The bound is stricter than that of validation rows, since a network can overfit its training rows.
const BARELY_BEATEN: f64 = 0.9;
const MANY_CYCLES: u64 = 100;

/// Warnings about the rows and how the options fit them, each a sentence.
pub(super) fn warnings(
    statistics: &RowStatistics,
    dataset: &Dataset,
    normalization: &Normalization,
    options: &Options,
    schema: Option<&Schema>,
) -> Vec<String> {
    let mut warnings = match schema {
        None => of_inputs(statistics, dataset, normalization, options.normalize),
        Some(schema) => of_fields(schema, normalization).into_iter().collect(),
    };
    warnings.extend(of_classes(statistics, dataset.test.len() > 0, schema));
    warnings.extend(of_targets(statistics, dataset, normalization, options, schema));
    warnings
}

/// A warning of the fields whose numbers are the same in all training rows. A field that also has words is left out,
/// since these may distinguish rows.
fn of_fields(schema: &Schema, normalization: &Normalization) -> Option<String> {
    let constant: Vec<usize> = normalization.inputs.as_ref()?.constant().collect();
    let is_constant = |index: &usize| {
        let field = &schema.fields()[*index];
        let mut computed = field.dense()..field.dense() + field.kind().dense();
        !computed.is_empty()
            && !matches!(field.kind(), FieldKind::Auto(_))
            && computed.all(|input| constant.binary_search(&input).is_ok())
    };
    let fields: Vec<usize> = (0..schema.fields().len()).filter(is_constant).collect();
    let called = |index: usize| shown(schema.fields()[index].name());
    (!fields.is_empty()).then(|| listed("field", "is", "are", &fields, called) + " the same in all training rows")
}

/// A warning if the `error` on the rows of a set, after `cycles` cycles, is close to the `baseline` or above it.
pub(super) fn baseline_warning(error: f64, baseline: f64, set: Set, cycles: u64) -> Option<String> {
    let bound = match set {
        Set::Train if cycles >= MANY_CYCLES => BARELY_BEATEN,
        Set::Train | Set::Test => NOT_BEATEN,
    };
    // If the baseline is 0 there is nothing to learn; a ratio to a loss below 0 has no meaning.
    if baseline <= 0.0 || error < bound * baseline {
        return None;
    }
    let how = if error >= NOT_BEATEN * baseline { "did not beat" } else { "barely beat" };
    Some(format!(
        "training {how} the baseline on {} rows: error {error:.4}, always the same answer {baseline:.4}",
        set.name()
    ))
}

/// Indices of the columns for which `is` holds.
fn indices_where(columns: &[Column], is: fn(&Column) -> bool) -> Vec<usize> {
    (0..columns.len()).filter(|&index| is(&columns[index])).collect()
}

fn of_inputs(
    statistics: &RowStatistics,
    dataset: &Dataset,
    normalization: &Normalization,
    normalize: bool,
) -> Vec<String> {
    let say = |one: &str, many: &str, inputs: &[usize], what: String| {
        (!inputs.is_empty()).then(|| listed("input", one, many, inputs, by_number) + &what)
    };
    if let (true, Some(scaling)) = (normalize, &normalization.inputs) {
        let constant: Vec<usize> = scaling.constant().collect();
        return say("is", "are", &constant, " the same in all training rows and ignored".into()).into_iter().collect();
    }
    // With a single row every column is constant.
    if dataset.train.len() == 1 {
        return Vec::new();
    }
    let constant = indices_where(&statistics.inputs, Column::is_constant);
    let same = say("is", "are", &constant, " the same in all training rows".into());
    let what =
        format!(" more than {CENTERING_WARNING_DEVIATIONS} standard deviations from 0: NORMALIZE would centre them");
    let far = say("lies", "lie", &indices_where(&statistics.inputs, Column::is_far), what);
    same.into_iter().chain(far).collect()
}

fn of_classes(statistics: &RowStatistics, has_test_rows: bool, schema: Option<&Schema>) -> Vec<String> {
    let classes = &statistics.classes;
    let names = schema.map_or(&[][..], |schema| schema.classes());
    let called = |class: usize| names.get(class).map_or_else(|| class.to_string(), |name| shown(name));
    let mut warnings = Vec::new();
    let mut warn = |one: &str, many: &str, what: &str, is: &dyn Fn(u64, u64) -> bool| {
        let those = (0..classes.len()).filter(|&at| is(classes[at].train_rows, classes[at].test_rows));
        let those: Vec<usize> = those.collect();
        if !those.is_empty() {
            warnings.push(format!("{} {what}", listed("class", one, many, &those, called)));
        }
    };
    warn("has", "have", "no training rows", &|train, _| train == 0);
    let few = format!("fewer than {FEW_CLASS_ROWS} training rows");
    warn("has", "have", &few, &|train, _| (1..FEW_CLASS_ROWS).contains(&train));
    if has_test_rows {
        warn("has", "have", "no validation rows", &|train, test| train > 0 && test == 0);
    }
    warnings
}

fn of_targets(
    statistics: &RowStatistics,
    dataset: &Dataset,
    normalization: &Normalization,
    options: &Options,
    schema: Option<&Schema>,
) -> Vec<String> {
    let (train, mut warnings) = (&dataset.train, Vec::new());
    let called = |output: usize| match schema.map(Schema::target) {
        Some(Target::Values(names)) => shown(&names[output]),
        _ => output.to_string(),
    };
    if statistics.targets.is_empty() {
        return warnings;
    }
    let constant = if train.len() > 1 { indices_where(&statistics.targets, Column::is_constant) } else { Vec::new() };
    if !constant.is_empty() {
        warnings.push(format!("{} the same in all training rows", listed("output", "is", "are", &constant, called)));
    }
    let scaled = |column, value| normalization.outputs.as_ref().map_or(value, |scaling| scaling.apply(column, value));
    let beyond = |row: usize| {
        let mut targets = train.table.row(row).skip(dataset.shape.inputs).enumerate();
        targets.any(|(column, value)| !(0.0..=1.0).contains(&scaled(column, value)))
    };
    if options.output == Output::Sigmoid && (0..train.len()).any(beyond) {
        warnings.push("some targets are outside the range of sigmoid outputs: use linear outputs".into());
    }
    warnings
}

/// The name of an input or output that has none but its number.
fn by_number(index: usize) -> String {
    index.to_string()
}

fn listed(thing: &str, one: &str, many: &str, indices: &[usize], called: impl Fn(usize) -> String) -> String {
    let list: Vec<String> = indices.iter().take(MAX_LISTED).map(|&index| called(index)).collect();
    let more =
        if indices.len() > MAX_LISTED { format!(" and {} more", indices.len() - MAX_LISTED) } else { String::new() };
    let plural = if thing.ends_with('s') { "es" } else { "s" };
    match indices {
        [_] => format!("{thing} {} {one}", list[0]),
        _ => format!("{thing}{plural} {}{more} {many}", list.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Batch, Limits};
    use crate::layout::{Kind, Layout};
    use crate::network::Network;

    fn network(kind: Kind, units: &[usize], options: Options) -> Network {
        let limits = Limits { train: 100, test: 100 };
        Network::new(kind, Layout::new(units).unwrap(), options, limits, 1).unwrap()
    }

    fn observe(network: &mut Network, inputs: &[f32], targets: &[f32], set: Set) {
        let batch = Batch::new(inputs, network.layout().inputs(), targets, network.targets());
        network.observe(&batch, Some(set), |_| {}).unwrap();
    }

    fn warnings_of(network: &Network) -> Vec<String> {
        let statistics = RowStatistics::of(&network.dataset, None);
        let normalization = statistics.normalization(&network.options, &network.trained);
        warnings(&statistics, &network.dataset, &normalization, &network.options, None)
    }

    /// A regressor with three inputs: one constant, one far from 0 and one near 0.
    fn columns(normalize: bool) -> Network {
        let options = Options { normalize, ..Options::new(Kind::Regressor) };
        let mut network = network(Kind::Regressor, &[3, 1], options);
        let inputs = [7.0, 2020.0, 1.0, 7.0, 2030.0, 2.0, 7.0, 2028.0, 3.0];
        observe(&mut network, &inputs, &[1.0, 2.0, 4.0], Set::Train);
        network
    }

    #[test]
    fn constant_inputs_and_inputs_far_from_0_are_reported_unless_normalization_handles_them() {
        let same = "input 0 is the same in all training rows";
        let far = "input 1 lies more than 10 standard deviations from 0: NORMALIZE would centre them";
        assert_eq!(warnings_of(&columns(false)), [same, far]);
        assert_eq!(warnings_of(&columns(true)), [format!("{same} and ignored")]);
        let mut both = columns(false);
        // A column with values on both sides of 0 is not far from it; one far below 0 is.
        observe(&mut both, &[7.0, -2020.0, 0.0], &[1.0], Set::Train);
        assert_eq!(warnings_of(&both), [same]);
        let mut below = network(Kind::Regressor, &[2, 1], Options::new(Kind::Regressor));
        observe(&mut below, &[-2020.0, -1.0, -2030.0, -2.0], &[1.0, 2.0], Set::Train);
        assert_eq!(
            warnings_of(&below),
            ["input 0 lies more than 10 standard deviations from 0: NORMALIZE would centre them"]
        );
    }

    #[test]
    fn no_column_of_a_single_row_is_reported() {
        let mut network = network(Kind::Regressor, &[2, 1], Options::new(Kind::Regressor));
        observe(&mut network, &[1.0, 2.0], &[0.5], Set::Train);
        assert_eq!(warnings_of(&network), [""; 0]);
    }

    #[test]
    fn classes_with_few_rows_or_none_are_reported() {
        let mut network = network(Kind::Classifier, &[1, 5], Options::new(Kind::Classifier));
        // Six rows of class 0, five of class 1, four of class 2, one of class 3.
        let classes = [[0.0; 6].as_slice(), &[1.0; 5], &[2.0; 4], &[3.0]].concat();
        let inputs: Vec<f32> = (0..16).map(|row| row as f32).collect();
        observe(&mut network, &inputs, &classes, Set::Train);
        let train = ["class 4 has no training rows", "classes 2, 3 have fewer than 5 training rows"];
        assert_eq!(warnings_of(&network), train);
        observe(&mut network, &[1.0, 2.0, 3.0], &[0.0, 2.0, 4.0], Set::Test);
        assert_eq!(warnings_of(&network), [&train[..], &["classes 1, 3 have no validation rows"]].concat());
    }

    #[test]
    fn constant_outputs_and_targets_that_no_sigmoid_reaches_are_reported() {
        let beyond = "some targets are outside the range of sigmoid outputs: use linear outputs";
        let found = |output, normalize, targets: &[f32]| {
            let options = Options { normalize, output, ..Options::new(Kind::Regressor) };
            let mut network = network(Kind::Regressor, &[1, 2], options);
            let inputs: Vec<f32> = (0..targets.len() / 2).map(|row| row as f32).collect();
            observe(&mut network, &inputs, targets, Set::Train);
            warnings_of(&network)
        };
        let none: [&str; 0] = [];
        assert_eq!(found(Output::Sigmoid, false, &[0.0, 1.0, 1.0, 0.5]), none);
        assert_eq!(found(Output::Sigmoid, false, &[0.0, 1.0, 1.0, 1.5]), [beyond]);
        assert_eq!(found(Output::Sigmoid, false, &[0.0, -0.1, 1.0, 1.0]), [beyond]);
        assert_eq!(found(Output::Sigmoid, true, &[0.0, -9.0, 1.0, 1.0]), none, "scaled targets are in range");
        assert_eq!(found(Output::Linear, false, &[0.0, 1.0, 1.0, 1.5]), none);
        assert_eq!(found(Output::Linear, false, &[4.0, 1.0, 4.0, 1.5]), ["output 0 is the same in all training rows"]);
        let both = ["outputs 0, 1 are the same in all training rows"];
        assert_eq!(found(Output::Linear, true, &[4.0, 1.0, 4.0, 1.0]), both);
    }

    #[test]
    fn many_indices_are_counted() {
        let indices: Vec<usize> = (10..20).collect();
        assert_eq!(listed("input", "is", "are", &indices[..8], by_number), "inputs 10, 11, 12, 13, 14, 15, 16, 17 are");
        assert_eq!(
            listed("class", "has", "have", &indices, by_number),
            "classes 10, 11, 12, 13, 14, 15, 16, 17 and 2 more have"
        );
    }

    #[test]
    fn a_result_close_to_the_baseline_is_reported_by_bounds_that_depend_on_set_and_cycles() {
        let warned = |error, baseline, set, cycles| {
            let warned = baseline_warning(error, baseline, set, cycles)?;
            Some(warned.split(" the baseline").next().unwrap().to_owned())
        };
        let (nothing, hardly) = (Some("training did not beat".to_owned()), Some("training barely beat".to_owned()));
        assert_eq!(warned(1.99, 2.0, Set::Test, 1000), nothing);
        assert_eq!(warned(1.97, 2.0, Set::Test, 1000), None);
        // A network can overfit the training rows, given time.
        assert_eq!(warned(1.97, 2.0, Set::Train, 99), None);
        assert_eq!(warned(1.97, 2.0, Set::Train, 100), hardly);
        assert_eq!(warned(1.81, 2.0, Set::Train, 100), hardly);
        assert_eq!(warned(1.79, 2.0, Set::Train, 100), None);
        assert_eq!(warned(3.0, 2.0, Set::Train, 100), nothing);
        // A baseline of 0 cannot be beaten, and a ratio to a loss below 0 has no meaning.
        assert_eq!((warned(0.0, 0.0, Set::Test, 1), warned(-1.0, -2.0, Set::Test, 1)), (None, None));
        let whole =
            "training did not beat the baseline on validation rows: error 2.5000, always the same answer 2.0000";
        assert_eq!(baseline_warning(2.5, 2.0, Set::Test, 7).as_deref(), Some(whole));
    }
}
