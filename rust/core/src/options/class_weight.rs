//! The option CLASS-WEIGHT.

use std::sync::Arc;

use super::value::{Domain, Other, Setting, Value, is_positive};
use crate::error::{Error, Result};
use crate::layout::{Kind, Layout};
use crate::memory::{self, Move, Taken};

/// Weights of classes: the loss of a training or validation row is multiplied by the weight of its class and by the
/// row's own weight.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum ClassWeight {
    /// All weights are 1.
    #[default]
    None,
    /// Classes get the same total weight. The weight of a class is `rows / (classes * rows of the class)`, computed
    /// when a training starts from its training rows. Rows count by their weights, and only classes with rows are
    /// counted. So the mean weight of a training row is 1; a class without rows has weight 1. The formula is
    /// scikit-learn's and goes back to King and Zeng, "Logistic Regression in Rare Events Data", Political Analysis,
    /// 2001.
    Balanced,
    /// The weight of each output, finite and above 0. A vector rather than a slice, because its allocation can fail
    /// without aborting the process.
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

    /// Check that a network of this kind and layout can have these weights.
    pub(crate) fn check(&self, kind: Kind, layout: &Layout) -> Result<()> {
        let reject = |value: String, expected: String| Err(Error::Option { option: "class weight", value, expected });
        if kind == Kind::Regressor && *self != Self::None {
            return reject(self.name().into(), "none for a regressor".into());
        }
        let Self::Given(weights) = self else { return Ok(()) };
        if weights.len() != layout.outputs() {
            let numbers = if weights.len() == 1 { "number" } else { "numbers" };
            let expected = format!("{}, one for each output", layout.outputs());
            return reject(format!("{} {numbers}", weights.len()), expected);
        }
        match weights.iter().position(|&weight| !is_positive(weight)) {
            Some(class) => reject(format!("{} for class {class}", weights[class]), Self::DOMAIN.expected()),
            None => Ok(()),
        }
    }

    /// Pass the weights to `mover`, unless a snapshot shares them.
    pub(crate) fn move_by(&mut self, mover: &mut dyn Move) {
        if let Self::Given(weights) = self
            && let Some(weights) = Arc::get_mut(weights)
        {
            mover.floats(weights);
        }
    }

    /// Heap bytes.
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
