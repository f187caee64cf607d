//! The layout of a network: its kind, and the number of units of its layers.
//!
//! All bounds on the size of a network are checked here, before memory is allocated for it.

use crate::error::{Error, Result};
use crate::memory::{self, Taken};

/// The most layers of a network, inputs and outputs counted.
pub const MAX_LAYERS: usize = 32;
/// The most units of a layer.
pub const MAX_UNITS: usize = 1 << 20;
/// The most weights and biases of a network.
pub const MAX_PARAMETERS: usize = 1 << 24;

/// The kind of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It answers one of several classes, with an output for each class.
    Classifier,
    /// It answers numbers.
    Regressor,
}

impl Kind {
    /// The kind's name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Classifier => "classifier",
            Self::Regressor => "regressor",
        }
    }
}

/// The units of each layer, inputs first, outputs last. Each layer is fully connected to the next.
///
/// ```
/// use neuralredis_core::Layout;
/// assert_eq!(Layout::new(&[2, 3, 1])?.parameters(), 13);
/// assert_eq!(Layout::new(&[5, 10, 3])?.parameters(), 93);
/// # Ok::<(), neuralredis_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    units: Vec<usize>,
    inputs: FirstInputs,
}

/// The inputs of a network: dense ones first, then sparse ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FirstInputs {
    /// How many inputs are computed for each row (dense). The others are sparse: most are 0 in a row, and the weights
    /// of those that are not are looked up.
    pub(crate) computed: usize,
    /// How many inputs of a row are not 0, estimated.
    pub(crate) of_a_row: usize,
}

impl Layout {
    /// Makes a layout of 2 to 32 layers with 1 to 2^20 units each, and at most 2^24 parameters.
    ///
    /// # Errors
    /// [`Error::Layers`], [`Error::Units`] or [`Error::Parameters`] for a layout beyond these bounds.
    pub fn new(units: &[usize]) -> Result<Self> {
        let inputs = units.first().copied().unwrap_or_default();
        Self::of_fields(units, FirstInputs { computed: inputs, of_a_row: inputs })
    }

    /// [`Self::new`] for a network of fields, where only some inputs are computed.
    pub(crate) fn of_fields(units: &[usize], inputs: FirstInputs) -> Result<Self> {
        if !(2..=MAX_LAYERS).contains(&units.len()) {
            return Err(Error::Layers { layers: units.len() });
        }
        for (layer, &units) in units.iter().enumerate() {
            if !(1..=MAX_UNITS).contains(&units) {
                return Err(Error::Units { layer, units: units as u64 });
            }
        }
        // The sum of 31 products of at most (2^20 + 1) * 2^20 fits into 64 bits.
        let parameters = units.windows(2).map(|pair| (pair[0] as u64 + 1) * pair[1] as u64).sum();
        if parameters > MAX_PARAMETERS as u64 {
            return Err(Error::Parameters { parameters });
        }
        Ok(Self { units: units.to_vec(), inputs })
    }

    /// Units of each layer, inputs first.
    pub fn units(&self) -> &[usize] {
        &self.units
    }

    /// Units of the first layer.
    pub fn inputs(&self) -> usize {
        self.units[0]
    }

    /// The dense and sparse inputs.
    pub(crate) fn first_inputs(&self) -> FirstInputs {
        self.inputs
    }

    /// The dense and sparse inputs; none if all are dense.
    pub(crate) fn looked_up(&self) -> Option<FirstInputs> {
        (self.inputs.computed < self.inputs()).then_some(self.inputs)
    }

    /// The stored values of a row in each layer, computed inputs first.
    pub(crate) fn values(&self) -> impl Iterator<Item = usize> + '_ {
        std::iter::once(self.inputs.computed).chain(self.units[1..].iter().copied())
    }

    /// Units of the hidden layers.
    pub(crate) fn hidden(&self) -> &[usize] {
        &self.units[1..self.units.len() - 1]
    }

    /// Units of the last layer.
    pub fn outputs(&self) -> usize {
        self.units[self.units.len() - 1]
    }

    /// The number of weights and biases.
    pub fn parameters(&self) -> usize {
        self.connections().map(|c| c.parameters()).sum()
    }

    /// Bytes of a shared layout.
    pub(crate) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        memory::of_shared::<Self>(taken) + memory::of_vec(&self.units, taken)
    }

    /// The connections between neighbouring layers, first to last.
    pub fn connections(&self) -> impl DoubleEndedIterator<Item = Connection> + ExactSizeIterator + '_ {
        // Each offset is computed from the start rather than as a running sum, so that the iterator is double-ended.
        (0..self.units.len() - 1).map(|index| Connection {
            inputs: self.units[index],
            outputs: self.units[index + 1],
            offset: self.units[..=index].windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum(),
        })
    }
}

/// The parameters between two layers: a matrix of `inputs + 1` rows and `outputs` columns, stored row by row.
/// Row 0 has the biases, row `1 + i` the weights of input `i`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connection {
    /// Units of the layer before.
    pub inputs: usize,
    /// Units of the layer after.
    pub outputs: usize,
    /// The index of the matrix among the parameters of a member.
    pub offset: usize,
}

impl Connection {
    /// The number of weights and biases.
    pub fn parameters(&self) -> usize {
        (self.inputs + 1) * self.outputs
    }

    /// The range of the biases among the parameters of a member.
    pub fn biases(&self) -> std::ops::Range<usize> {
        self.offset..self.offset + self.outputs
    }

    /// The range of the weights among the parameters of a member.
    pub fn weights(&self) -> std::ops::Range<usize> {
        self.biases().end..self.all().end
    }

    /// The range of biases and weights among the parameters of a member.
    pub fn all(&self) -> std::ops::Range<usize> {
        self.offset..self.offset + self.parameters()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_count_biases() {
        assert_eq!(Layout::new(&[9, 15, 2]).unwrap().parameters(), 182);
        assert_eq!(Layout::new(&[4, 1]).unwrap().parameters(), 5);
    }

    #[test]
    fn connections_are_contiguous() {
        let layout = Layout::new(&[2, 3, 4, 1]).unwrap();
        let all: Vec<_> = layout.connections().collect();
        assert_eq!(all[0], Connection { inputs: 2, outputs: 3, offset: 0 });
        assert_eq!(all[1], Connection { inputs: 3, outputs: 4, offset: 9 });
        assert_eq!(all[2], Connection { inputs: 4, outputs: 1, offset: 25 });
        assert_eq!(layout.parameters(), 30);
    }

    #[test]
    fn sizes_beyond_the_bounds_are_rejected() {
        assert_eq!(Layout::new(&[3]), Err(Error::Layers { layers: 1 }));
        assert!(Layout::new(&[1; 32]).is_ok());
        assert_eq!(Layout::new(&[1; 33]), Err(Error::Layers { layers: 33 }));
        assert_eq!(Layout::new(&[2, 0, 1]), Err(Error::Units { layer: 1, units: 0 }));
        assert_eq!(Layout::new(&[MAX_UNITS + 1, 1]), Err(Error::Units { layer: 0, units: 1_048_577 }));
        assert!(Layout::new(&[4095, 4096]).is_ok());
        assert_eq!(Layout::new(&[4096, 4096]), Err(Error::Parameters { parameters: 16_781_312 }));
        assert!(matches!(Layout::new(&[MAX_UNITS; 32]), Err(Error::Parameters { .. })));
    }

    #[test]
    fn the_biases_of_a_connection_precede_its_weights() {
        let layout = Layout::new(&[2, 3, 4, 1]).unwrap();
        let second = layout.connections().nth(1).unwrap();
        assert_eq!((second.parameters(), second.all()), (16, 9..25));
        assert_eq!((second.biases(), second.weights()), (9..13, 13..25));
    }

    #[test]
    fn sparse_inputs_have_no_stored_values() {
        let layout = Layout::new(&[5, 3, 4, 2]).unwrap();
        assert_eq!((layout.units(), layout.hidden()), (&[5, 3, 4, 2][..], &[3, 4][..]));
        assert_eq!((layout.inputs(), layout.outputs(), layout.looked_up()), (5, 2, None));
        assert_eq!(layout.values().collect::<Vec<_>>(), [5, 3, 4, 2]);
        let inputs = FirstInputs { computed: 2, of_a_row: 3 };
        let layout = Layout::of_fields(&[5, 3, 4, 2], inputs).unwrap();
        assert_eq!((layout.inputs(), layout.looked_up(), layout.first_inputs()), (5, Some(inputs), inputs));
        assert_eq!(layout.values().collect::<Vec<_>>(), [2, 3, 4, 2]);
        assert_eq!((Kind::Classifier.name(), Kind::Regressor.name()), ("classifier", "regressor"));
    }
}
