//! How much each class counts.

use std::sync::Arc;

use super::value::{Domain, Other, Setting, Value, is_positive};
use crate::error::{Error, Result};
use crate::layout::{Kind, Layout};
use crate::memory::{self, Move, Taken};

/// How much the classes of a classifier count in a training: the loss of a row, of the training or the validation set, is
/// multiplied by the weight of its class, on top of the row's own weight.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum ClassWeight {
    /// Each as much as it has rows.
    #[default]
    None,
    /// All alike, however many training rows each has when a training starts: the weight of a class is
    /// `rows / (classes * rows of the class)`, where rows count by their weights and only classes that have some are
    /// counted. The mean weight of a training row is 1, and so is that of a class without any. This is scikit-learn's
    /// formula; it goes back to King and Zeng, "Logistic Regression in Rare Events Data", Political Analysis, 2001.
    Balanced,
    /// So much: a finite number above 0 for each output. A vector, not a slice, so that memory for it can be refused.
    Given(Arc<Vec<f32>>),
}

impl ClassWeight {
    /// `none`, `balanced` or `given`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Balanced => "balanced",
            Self::Given(_) => "given",
        }
    }

    /// Whether a network of that kind and layout can have it.
    pub(crate) fn check(&self, kind: Kind, layout: &Layout) -> Result<()> {
        let refuse = |value: String, expected: String| Err(Error::Option { option: "class weight", value, expected });
        if kind == Kind::Regressor && *self != Self::None {
            return refuse(self.name().into(), "none for a regressor".into());
        }
        let Self::Given(weights) = self else { return Ok(()) };
        if weights.len() != layout.outputs() {
            let numbers = if weights.len() == 1 { "number" } else { "numbers" };
            let expected = format!("{}, one for each output", layout.outputs());
            return refuse(format!("{} {numbers}", weights.len()), expected);
        }
        match weights.iter().position(|&weight| !is_positive(weight)) {
            Some(class) => refuse(format!("{} for class {class}", weights[class]), Self::DOMAIN.expected()),
            None => Ok(()),
        }
    }

    /// Lends the weights to be moved in memory, unless a snapshot shares them.
    pub(crate) fn move_by(&mut self, mover: &mut dyn Move) {
        if let Self::Given(weights) = self
            && let Some(weights) = Arc::get_mut(weights)
        {
            mover.floats(weights);
        }
    }

    /// Bytes beyond the value itself.
    pub(crate) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        match self {
            Self::None | Self::Balanced => 0,
            Self::Given(weights) => memory::of_shared::<Vec<f32>>(taken) + memory::of_vec(weights, taken),
        }
    }
}

impl Setting for ClassWeight {
    const DOMAIN: Domain = Domain { words: &[("none", 0), ("balanced", 1)], other: Other::Numbers };

    fn value(&self) -> Value {
        match self {
            Self::None | Self::Balanced => Value::Word(self.name()),
            Self::Given(weights) => Value::Numbers(Arc::clone(weights)),
        }
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Word("none") => Some(Self::None),
            Value::Word("balanced") => Some(Self::Balanced),
            Value::Numbers(weights) => Some(Self::Given(weights)),
            _ => None,
        }
    }
}
