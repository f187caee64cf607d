//! The option MONOTONE: inputs in which the answer never falls, or never rises.

use std::fmt;
use std::sync::Arc;

use super::value::{Domain, Other, Setting, Value};
use crate::error::{Error, Result};
use crate::layout::{Kind, Layout};
use crate::memory::{self, Move, Taken};
use crate::schema::FieldKind;

/// Inputs in which the answer is monotone: a regressor's only output, or the probability of the second of two classes.
/// The constraint holds exactly in single precision: if a monotone input rises and all others stay, the answer does not
/// fall (or rise, for -1).
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Monotone {
    /// The answer is not constrained.
    #[default]
    None,
    /// A sign for each input, or for each field of a network of fields: 1 where the answer must not fall, -1 where it
    /// must not rise, else
    /// 0. A vector rather than a slice, because its allocation can fail without aborting the process.
    Given(Arc<Vec<f32>>),
}

impl Monotone {
    /// The sign of an input, or of a field: 1, -1 or 0.
    pub fn sign(&self, at: usize) -> f32 {
        self.signs().get(at).copied().unwrap_or_default()
    }

    /// The declaration of a field's kind with its sign: `+` for 1, `-` for -1.
    pub fn with_sign(&self, field: usize, kind: FieldKind) -> String {
        match self.sign(field) {
            0.0 => kind.to_string(),
            sign => format!("{kind} {}", if sign > 0.0 { '+' } else { '-' }),
        }
    }

    /// Whether any input is monotone.
    pub fn is_any(&self) -> bool {
        self.signs().iter().any(|&sign| sign != 0.0)
    }

    pub(crate) fn signs(&self) -> &[f32] {
        match self {
            Self::None => &[],
            Self::Given(signs) => signs,
        }
    }

    /// Check that there is one sign for each input or field; `what` names which in the error.
    pub(crate) fn check_count(&self, count: usize, what: &str) -> Result<()> {
        let Self::Given(signs) = self else { return Ok(()) };
        if signs.len() == count {
            return Ok(());
        }
        let numbers = if signs.len() == 1 { "number" } else { "numbers" };
        let value = format!("{} {numbers}", signs.len());
        Err(Error::Option { option: "monotone", value, expected: format!("{count}, one for each {what}") })
    }

    /// Check that a network of this kind and layout can be monotone.
    pub(super) fn check(&self, kind: Kind, layout: &Layout) -> Result<()> {
        let expected = match kind {
            _ if !self.is_any() => return Ok(()),
            Kind::Classifier if layout.outputs() > 2 => "none for a classifier of more than two classes",
            Kind::Regressor if layout.outputs() > 1 => "none for a regressor of more than one output",
            _ => return Ok(()),
        };
        Err(Error::Option { option: "monotone", value: self.to_string(), expected: expected.into() })
    }

    /// Pass the signs to `mover`, unless a snapshot shares them.
    pub(crate) fn move_by(&mut self, mover: &mut dyn Move) {
        if let Self::Given(signs) = self
            && let Some(signs) = Arc::get_mut(signs)
        {
            mover.floats(signs);
        }
    }

    /// Heap bytes.
    pub(crate) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        match self {
            Self::None => 0,
            Self::Given(signs) => memory::of_shared::<Vec<f32>>(taken) + memory::of_vec(signs, taken),
        }
    }
}

impl fmt::Display for Monotone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 20;
        match self {
            Self::None => f.write_str("none"),
            Self::Given(signs) if signs.len() <= MOST => {
                f.write_str(&signs.iter().map(f32::to_string).collect::<Vec<_>>().join(","))
            }
            Self::Given(signs) => write!(f, "a list of {}", signs.len()),
        }
    }
}

impl Setting for Monotone {
    const DOMAIN: Domain = Domain { words: &[("none", 0)], other: Other::Signs };

    fn value(&self) -> Value {
        match self {
            Self::None => Value::Word("none"),
            Self::Given(signs) => Value::Numbers(Arc::clone(signs)),
        }
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Word("none") => Some(Self::None),
            Value::Numbers(signs) => Some(Self::Given(signs)),
            _ => None,
        }
    }
}
