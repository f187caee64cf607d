//! The probability from which on the second of two classes is answered.

use super::choices::Output;
use super::value::{Domain, Other, Setting, Value};
use crate::error::{Error, Result};
use crate::forward::{largest, largest_of_each};
use crate::kernels::LANES;
use crate::layout::{Kind, Layout};

/// The least probability with which a classifier of two classes answers the second one. It changes which class is
/// answered, never a probability. From 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold(pub f32);

impl Default for Threshold {
    fn default() -> Self {
        Self(Self::EVEN)
    }
}

impl Threshold {
    /// With it the more probable class is answered, the first of equals, however many there are.
    const EVEN: f32 = 0.5;

    /// A network has it only if it answers a probability of the second of two classes.
    pub(crate) fn check(self, kind: Kind, layout: &Layout, output: Output) -> Result<()> {
        let expected = match kind {
            _ if self == Self::default() => return Ok(()),
            Kind::Regressor => "0.5 for a regressor".to_owned(),
            Kind::Classifier if layout.outputs() > 2 => format!("0.5 for a classifier of {} classes", layout.outputs()),
            Kind::Classifier if output != Output::Softmax => format!("0.5 for outputs that are {}", output.name()),
            Kind::Classifier => return Ok(()),
        };
        Err(self.refused(expected))
    }

    /// Networks of sequences have only the default.
    pub(crate) fn check_of_sequences(self) -> Result<()> {
        if self == Self::default() { Ok(()) } else { Err(self.refused("0.5 for a network of sequences")) }
    }

    /// The error of a network that cannot have it.
    pub(crate) fn refused(self, expected: impl Into<String>) -> Error {
        Error::Option { option: "threshold", value: self.0.to_string(), expected: expected.into() }
    }

    /// The class that is answered where these are the outputs.
    pub(crate) fn class(self, outputs: impl IntoIterator<Item = f32>) -> usize {
        if self == Self::default() {
            // Not by the number: of equals the first is answered, and of two outputs that are rounded both may be below
            // a half.
            return largest(outputs);
        }
        let second = outputs.into_iter().nth(1).expect("a classifier has two outputs");
        usize::from(second >= self.0)
    }

    /// [`Self::class`] of each row of a group, whose outputs are in the lanes.
    pub(crate) fn class_of_each(self, outputs: &[f32]) -> [usize; LANES] {
        if self == Self::default() {
            return largest_of_each(outputs);
        }
        outputs.as_chunks::<LANES>().0[1].map(|second| usize::from(second >= self.0))
    }
}

impl Setting for Threshold {
    const DOMAIN: Domain = Domain { words: &[], other: Other::Share };

    fn value(&self) -> Value {
        Value::Number(self.0)
    }

    fn from_value(value: Value) -> Option<Self> {
        if let Value::Number(number) = value { Some(Self(number)) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_class_is_answered_from_the_threshold_on() {
        let rare = Threshold(0.1);
        assert_eq!([[0.95, 0.05], [0.9, 0.1], [0.2, 0.8]].map(|outputs| rare.class(outputs)), [0, 1, 1]);
        assert_eq!([Threshold(0.0), Threshold(1.0)].map(|threshold| threshold.class([0.75, 0.25])), [1, 0]);
        assert_eq!(rare.class([f32::NAN, f32::NAN]), 0);
    }

    #[test]
    fn each_row_of_a_group_has_the_class_of_the_row_alone() {
        let second: [f32; LANES] = std::array::from_fn(|lane| lane as f32 / LANES as f32);
        let outputs = [second.map(|second| 1.0 - second), second].concat();
        for threshold in [0.0, 0.25, 0.5, 1.0].map(Threshold) {
            let alone = second.map(|second| threshold.class([1.0 - second, second]));
            assert_eq!(threshold.class_of_each(&outputs), alone);
        }
    }

    #[test]
    fn an_even_threshold_is_the_first_of_the_largest() {
        let even = Threshold::default();
        assert_eq!([[0.5, 0.5], [0.499, 0.4995]].map(|outputs| even.class(outputs)), [0, 1]);
        assert_eq!(even.class([0.2, 0.3, 0.5]), 2);
    }

    #[test]
    fn only_two_classes_with_probabilities_have_another_than_an_even_one() {
        let layout = |outputs| Layout::new(&[3, outputs]).unwrap();
        let refused = |kind, outputs, output| match Threshold(0.25).check(kind, &layout(outputs), output) {
            Ok(()) => String::new(),
            Err(error) => error.to_string(),
        };
        assert_eq!(refused(Kind::Classifier, 2, Output::Softmax), "");
        assert_eq!(
            refused(Kind::Classifier, 3, Output::Softmax),
            "threshold is 0.25: expected 0.5 for a classifier of 3 classes"
        );
        assert_eq!(
            refused(Kind::Classifier, 2, Output::Sigmoid),
            "threshold is 0.25: expected 0.5 for outputs that are sigmoid"
        );
        assert_eq!(refused(Kind::Regressor, 2, Output::Linear), "threshold is 0.25: expected 0.5 for a regressor");
        assert!(Threshold::default().check(Kind::Regressor, &layout(1), Output::Linear).is_ok());
    }
}
