//! The engine's one error type.
//!
//! Every message names the wrong value and what was expected, so that Python, Redis and the browser can show it
//! unchanged. Rows and columns are counted from 0, as in the arrays that contain them.

use std::fmt;

/// An error of the engine. An operation that returns one has changed nothing.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A layout with fewer than two or more than [`crate::layout::MAX_LAYERS`] layers.
    #[error("the layout has {layers} layers: expected 2 to 32, inputs and outputs counted")]
    Layers {
        /// Layers given, inputs and outputs counted.
        layers: usize,
    },
    /// A layer with no units or too many.
    #[error("layer {layer} has {units} units: expected 1 to 1048576")]
    Units {
        /// Index of the layer, 0 for the inputs.
        layer: usize,
        /// Units given.
        units: u64,
    },
    /// More parameters than [`crate::layout::MAX_PARAMETERS`].
    #[error("the layout has {parameters} parameters: expected at most 16777216")]
    Parameters {
        /// Weights and biases of the layout.
        parameters: u64,
    },
    /// A classifier with fewer than two outputs, one for each class.
    #[error("a classifier with {outputs} output: expected at least 2, one for each class")]
    ClassifierOutputs {
        /// Outputs given.
        outputs: usize,
    },
    /// An option whose value is out of range, or excluded by another option.
    #[error("{option} is {value}: expected {expected}")]
    Option {
        /// The option's name.
        option: &'static str,
        /// The value as given.
        value: String,
        /// Values that would be accepted.
        expected: String,
    },
    /// A row with the wrong number of inputs.
    #[error("{}the network has {}, {given} {}", At(*row), Count(*expected, "input"), were(*given))]
    Inputs {
        /// The row among several, none for a single one.
        row: Option<usize>,
        /// Inputs of the network.
        expected: usize,
        /// Inputs given.
        given: usize,
    },
    /// A row with the wrong number of outputs.
    #[error("{}expected {}, {given} {}", At(*row), Count(*expected, "output"), were(*given))]
    Outputs {
        /// The row among several, none for a single one.
        row: Option<usize>,
        /// Outputs that a row of this network has (one for a classifier: the class).
        expected: usize,
        /// Outputs given.
        given: usize,
    },
    /// Arrays with different numbers of rows.
    #[error("{inputs} rows of inputs but {given} of {what}")]
    RowCounts {
        /// Rows of inputs.
        inputs: usize,
        /// Rows of the other array.
        given: usize,
        /// The name of the other array.
        what: &'static str,
    },
    /// A number of weights that differs from the network's.
    #[error("{given} weights and biases: expected {expected}, those of all layers of all members")]
    Weights {
        /// Weights and biases of the network.
        expected: usize,
        /// Weights and biases given.
        given: usize,
    },
    /// An input, output or weight that is NaN or infinite.
    #[error("{}{what} {column} is {value}: expected a finite number", At(*row))]
    NotFinite {
        /// The row among several, none for a single one.
        row: Option<usize>,
        /// `input`, `output`, `weight` or `answer`.
        what: &'static str,
        /// Index of the value among the row's inputs or outputs, or among all weights.
        column: usize,
        /// The value.
        value: f32,
    },
    /// A weight with which the answer would not be monotone.
    #[error("weight {weight} is {value}: expected {expected}, since the answer is monotone in inputs")]
    Constraint {
        /// Index of the weight among all of them.
        weight: usize,
        /// The weight.
        value: f32,
        /// Values that it may have.
        expected: String,
    },
    /// A class that the classifier does not have.
    #[error("{}the class is {value}: expected an integer from 0 to {}", At(*row), classes - 1)]
    Class {
        /// The row among several, none for a single one.
        row: Option<usize>,
        /// The class given.
        value: f32,
        /// Classes of the network.
        classes: usize,
    },
    /// A row weight that is not positive and finite.
    #[error("{}the weight is {value}: expected a finite number above 0", At(*row))]
    RowWeight {
        /// The row among several, none for a single one.
        row: Option<usize>,
        /// The weight given.
        value: f32,
    },
    /// Work that was stopped because its client no longer waits for the result.
    #[error("stopped before the end: its answer is no longer wanted")]
    Stopped,
    /// A row for a set whose limit is 0.
    #[error("the {set} set takes no rows: its limit is 0")]
    NoRoom {
        /// `training` or `validation`.
        set: &'static str,
    },
    /// An index beyond the rows of a set.
    #[error("row {row} of the {set} set: it has {rows} rows")]
    RowIndex {
        /// `training` or `validation`.
        set: &'static str,
        /// The index.
        row: u64,
        /// Rows of the set.
        rows: u32,
    },
    /// A request for a class of a regressor.
    #[error("the network is a regressor: only a classifier has classes")]
    NotClassifier,
    /// Training without training rows.
    #[error("the network has no training rows: observe some first")]
    NoTrainingRows,
    /// AUTOSTOP without validation rows.
    #[error("early stopping needs validation rows: the network has none")]
    NoTestingRows,
    /// Too few rows for intervals, or sets of classes, of a level.
    #[error("{rows} {what} for {percent} %: expected {}", Needed(*needed, *most))]
    FewCalibrationRows {
        /// The number of rows.
        rows: usize,
        /// Which rows these are, such as `validation rows`.
        what: &'static str,
        /// The level in percent.
        percent: f64,
        /// How many rows would be enough; none if `most` would not be.
        needed: Option<usize>,
        /// The most rows that are used.
        most: usize,
    },
    /// A request for an interval of a classifier.
    #[error("the network is a classifier: only a regressor has intervals")]
    NotRegressor,
    /// A request to draw a class from outputs that are not probabilities.
    #[error("the outputs are linear: a class is drawn by probabilities, those of softmax or sigmoid")]
    NoProbabilities,
    /// An evaluation without rows.
    #[error("there are no rows to evaluate")]
    NoRows,
    /// An explanation by a network without stored rows.
    #[error("the network has no training rows: an explanation compares with them")]
    NothingStored,
    /// An explanation by a network with more than [`crate::reasons::MOST_INPUTS`] inputs.
    #[error("the network has {inputs} inputs: at most {} are explained", crate::reasons::MOST_INPUTS)]
    ManyInputs {
        /// Inputs of the network.
        inputs: usize,
    },
    /// A classifier of fields that has not observed any class.
    #[error("the network has seen no class yet: observe some rows first")]
    NoClasses,
    /// An output that does not exist, or was not named although there are several.
    #[error("the output is missing: expected one of {outputs}")]
    NoOutput {
        /// Outputs of the network.
        outputs: usize,
    },
    /// A second training of one network.
    #[error("the network is already being trained")]
    AlreadyTraining,
    /// Bytes that are not an encoded network.
    #[error("not a network: {0}")]
    Damaged(String),
    /// Bytes of a later version of the format.
    #[error("the network was saved in format {found}: this version reads formats up to {known}")]
    NewerFormat {
        /// The format's version as found.
        found: u16,
        /// The newest version that this engine reads.
        known: u16,
    },
    /// An invalid schema, or an invalid part of one.
    #[error("{0}")]
    Schema(String),
    /// A row of unnamed inputs for a network of fields.
    #[error("the network has fields: expected a value for each by its name")]
    HasFields,
    /// Rows for a network of sequences.
    #[error("the network learns from sequences: expected the id of one before its events")]
    HasSequences,
    /// Sequences for a network of rows.
    #[error("the network learns from rows: only one created with SEQUENCE has sequences")]
    NoSequences,
    /// A request for next events of a network that has another target.
    #[error("the network does not learn what comes next: expected a CLASSIFIER whose target is a field of its events")]
    NoNextEvent,
    /// A request for a forecast of a network that is not of a series.
    #[error("the network is no series: expected a REGRESSOR whose target is a NUMBER of its events")]
    NotSeries,
    /// A sequence id of an invalid length.
    #[error("an id of {bytes} bytes: expected 1 to 255")]
    SequenceId {
        /// The length of the id.
        bytes: usize,
    },
    /// A sequence that does not exist, or has no event.
    #[error("sequence {id} has no events: observe some first")]
    NoEvents {
        /// The id, in quotation marks.
        id: String,
    },
    /// Bytes that are not the state of a sequence of this network.
    #[error("not a state of a sequence of this network: {0}")]
    State(String),
    /// An outcome for a network whose target is a field of the events.
    #[error("the target {target} is a field of the events: expected no outcome besides")]
    OwnOutcome {
        /// The target, in quotation marks.
        target: String,
    },
    /// A text that is not the JSON of a row.
    #[error("JSON {text}: {why}")]
    Json {
        /// The text, truncated and in quotation marks.
        text: String,
        /// What is wrong with it, and where.
        why: String,
    },
    /// A field that the network does not have.
    #[error("unknown field {field}: expected {}", known.join(", "))]
    UnknownField {
        /// The field, in quotation marks.
        field: String,
        /// The network's fields.
        known: Vec<String>,
    },
    /// A field that is given twice in a row.
    #[error("field {field} is given twice")]
    FieldTwice {
        /// The field, in quotation marks.
        field: String,
    },
    /// A value that is invalid for the kind of its field.
    #[error("{}field {field} is {value}: expected {expected}", At(*row))]
    FieldValue {
        /// The row among several, none for a single one.
        row: Option<usize>,
        /// The field.
        field: String,
        /// The value.
        value: String,
        /// Values that would be accepted.
        expected: String,
    },
    /// A class that is unknown, where the network cannot have another one.
    #[error("{}unknown class {class}: expected {}", At(*row), known.join(", "))]
    UnknownClass {
        /// The row among several, none for a single one.
        row: Option<usize>,
        /// The class, in quotation marks.
        class: String,
        /// The network's classes.
        known: Vec<String>,
    },
    /// An allocation that the system refused.
    #[error("not enough memory for {bytes} bytes")]
    Memory {
        /// Bytes requested.
        bytes: usize,
    },
}

/// A result of the engine.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The code of the error for programs: the first word of the module's error replies, which also decides the type of
    /// Python's exceptions. None for [`Error::Stopped`], which the caller has requested.
    pub fn code(&self) -> Option<&'static str> {
        Some(match self {
            Self::Layers { .. }
            | Self::Units { .. }
            | Self::Parameters { .. }
            | Self::ClassifierOutputs { .. }
            | Self::Schema(_)
            | Self::NoOutput { .. }
            | Self::Option { .. } => "NROPTION",
            Self::HasFields
            | Self::HasSequences
            | Self::OwnOutcome { .. }
            | Self::Inputs { .. }
            | Self::Outputs { .. }
            | Self::RowCounts { .. }
            | Self::Weights { .. }
            | Self::ManyInputs { .. } => "NRSHAPE",
            Self::NotFinite { .. }
            | Self::Constraint { .. }
            | Self::Class { .. }
            | Self::RowWeight { .. }
            | Self::Json { .. }
            | Self::UnknownField { .. }
            | Self::FieldTwice { .. }
            | Self::FieldValue { .. }
            | Self::UnknownClass { .. }
            | Self::NoRoom { .. }
            | Self::SequenceId { .. }
            | Self::NoEvents { .. }
            | Self::RowIndex { .. }
            | Self::NothingStored
            | Self::NoRows => "NRDATA",
            Self::NotClassifier
            | Self::NotRegressor
            | Self::NoProbabilities
            | Self::NoSequences
            | Self::NotSeries
            | Self::NoNextEvent => "NRKIND",
            Self::NoTrainingRows
            | Self::NoTestingRows
            | Self::NoClasses
            | Self::FewCalibrationRows { .. }
            | Self::AlreadyTraining => "NRSTATE",
            Self::Damaged(_) | Self::NewerFormat { .. } | Self::State(_) => "NRFORMAT",
            Self::Memory { .. } => "NRMEMORY",
            Self::Stopped => return None,
        })
    }

    /// The error with the index of its row among several. Errors that do not concern a row are not changed.
    #[must_use]
    pub fn in_row(mut self, index: usize) -> Self {
        match &mut self {
            Self::Inputs { row, .. }
            | Self::Outputs { row, .. }
            | Self::NotFinite { row, .. }
            | Self::Class { row, .. }
            | Self::FieldValue { row, .. }
            | Self::UnknownClass { row, .. }
            | Self::RowWeight { row, .. } => *row = Some(index),
            _ => {}
        }
        self
    }
}

/// The prefix that names a row among several.
struct At(Option<usize>);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(row) => write!(f, "row {row}: "),
            None => Ok(()),
        }
    }
}

/// A number of things, in English.
struct Count(usize, &'static str);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.0, self.1, if self.0 == 1 { "" } else { "s" })
    }
}

/// How many rows would be enough, and the most that are used.
struct Needed(Option<usize>, usize);

impl fmt::Display for Needed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self(Some(needed), _) => write!(f, "at least {needed}"),
            Self(None, most) => write!(f, "a lower level, since {most} rows at most are looked at"),
        }
    }
}

fn were(given: usize) -> &'static str {
    if given == 1 { "was given" } else { "were given" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_the_value_and_the_expectation() {
        let error = Error::Inputs { row: None, expected: 9, given: 8 };
        assert_eq!(error.to_string(), "the network has 9 inputs, 8 were given");
        assert_eq!(error.in_row(3).to_string(), "row 3: the network has 9 inputs, 8 were given");
        let error = Error::NotFinite { row: None, what: "input", column: 2, value: f32::INFINITY };
        assert_eq!(error.to_string(), "input 2 is inf: expected a finite number");
        let error = Error::Class { row: Some(0), value: 2.5, classes: 3 };
        assert_eq!(error.to_string(), "row 0: the class is 2.5: expected an integer from 0 to 2");
    }

    #[test]
    fn messages_use_singular_and_plural() {
        let text = |error: Error| error.to_string();
        assert_eq!(text(Error::Inputs { row: None, expected: 1, given: 1 }), "the network has 1 input, 1 was given");
        assert_eq!(
            text(Error::Outputs { row: Some(2), expected: 2, given: 1 }),
            "row 2: expected 2 outputs, 1 was given"
        );
        assert_eq!(text(Error::Outputs { row: None, expected: 1, given: 0 }), "expected 1 output, 0 were given");
    }

    #[test]
    fn errors_of_a_row_name_it_and_others_are_unchanged() {
        for error in [
            Error::Inputs { row: None, expected: 2, given: 1 },
            Error::Outputs { row: None, expected: 2, given: 1 },
            Error::NotFinite { row: None, what: "input", column: 0, value: f32::NAN },
            Error::Class { row: None, value: 9.0, classes: 3 },
            Error::RowWeight { row: None, value: 0.0 },
            Error::FieldValue { row: None, field: "age".into(), value: "'old'".into(), expected: "a number".into() },
            Error::UnknownClass { row: None, class: "'maybe'".into(), known: vec!["yes".into()] },
        ] {
            let alone = error.to_string();
            assert_eq!(error.in_row(4).to_string(), format!("row 4: {alone}"));
        }
        assert_eq!(Error::NoRows.in_row(4), Error::NoRows);
    }

    #[test]
    fn each_error_has_its_code() {
        let name = || "'a'".to_owned();
        for (code, errors) in [
            (
                "NRSHAPE",
                vec![
                    Error::RowCounts { inputs: 1, given: 2, what: "outputs" },
                    Error::Weights { expected: 1, given: 2 },
                ],
            ),
            (
                "NRSHAPE",
                vec![
                    Error::Inputs { row: None, expected: 1, given: 2 },
                    Error::Outputs { row: None, expected: 1, given: 2 },
                ],
            ),
            (
                "NRDATA",
                vec![Error::RowWeight { row: None, value: 0.0 }, Error::Class { row: None, value: 9.0, classes: 3 }],
            ),
            ("NRDATA", vec![Error::NotFinite { row: None, what: "input", column: 0, value: f32::NAN }, Error::NoRows]),
            ("NRDATA", vec![Error::Constraint { weight: 1, value: -1.0, expected: name() }]),
            (
                "NRDATA",
                vec![Error::NoRoom { set: "validation" }, Error::RowIndex { set: "validation", row: 1, rows: 0 }],
            ),
            (
                "NRDATA",
                vec![Error::FieldTwice { field: name() }, Error::UnknownField { field: name(), known: Vec::new() }],
            ),
            ("NRDATA", vec![Error::UnknownClass { row: None, class: name(), known: Vec::new() }]),
            ("NRSHAPE", vec![Error::HasSequences, Error::OwnOutcome { target: name() }]),
            ("NRDATA", vec![Error::SequenceId { bytes: 0 }, Error::NoEvents { id: name() }]),
            ("NRKIND", vec![Error::NoSequences, Error::NotSeries, Error::NoNextEvent]),
            ("NRSHAPE", vec![Error::HasFields, Error::ManyInputs { inputs: 5000 }]),
            ("NRDATA", vec![Error::NothingStored]),
            ("NRSTATE", vec![Error::NoClasses]),
            ("NROPTION", vec![Error::NoOutput { outputs: 2 }]),
            ("NRKIND", vec![Error::NotClassifier, Error::NotRegressor, Error::NoProbabilities]),
            (
                "NRSTATE",
                vec![Error::FewCalibrationRows {
                    rows: 1,
                    what: "validation rows",
                    percent: 90.0,
                    needed: None,
                    most: 9,
                }],
            ),
            ("NRSTATE", vec![Error::NoTrainingRows, Error::NoTestingRows, Error::AlreadyTraining]),
            ("NRFORMAT", vec![Error::Damaged(name()), Error::State(name()), Error::NewerFormat { found: 9, known: 5 }]),
            ("NRMEMORY", vec![Error::Memory { bytes: 1 }]),
            ("NROPTION", vec![Error::Option { option: "l2", value: name(), expected: name() }]),
        ] {
            errors.iter().for_each(|error| assert_eq!(error.code(), Some(code), "{error:?}"));
        }
        assert_eq!(Error::Stopped.code(), None);
    }
}
