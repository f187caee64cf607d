//! Batches of rows, and the check whether a network accepts them.

use crate::error::{Error, Result};
use crate::layout::{Kind, Layout};

/// Borrowed rows to be observed, in any strided layout.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// Inputs; row `r` begins at `r * input_stride`.
    pub inputs: &'a [f32],
    /// Distance between the inputs of consecutive rows, in numbers.
    pub input_stride: usize,
    /// Outputs; row `r` begins at `r * output_stride`. A classifier's row has one, the number of its class.
    pub outputs: &'a [f32],
    /// Distance between the outputs of consecutive rows, in numbers.
    pub output_stride: usize,
    /// A weight for each row, finite and above 0. `None` for all 1.
    pub weights: Option<&'a [f32]>,
    /// Number of rows.
    pub rows: usize,
}

/// The shape of stored rows: all that is needed to check rows without the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowShape {
    /// Kind of the network.
    pub kind: Kind,
    /// Number of inputs of a row.
    pub inputs: usize,
    /// Number of outputs of the network, which for a classifier is its classes.
    pub outputs: usize,
}

impl RowShape {
    pub(crate) fn new(kind: Kind, layout: &Layout) -> Self {
        Self { kind, inputs: layout.inputs(), outputs: layout.outputs() }
    }

    /// Numbers of the outcome of a row: 1 (the class), or as many as there are outputs.
    pub fn targets(self) -> usize {
        match self.kind {
            Kind::Classifier => 1,
            Kind::Regressor => self.outputs,
        }
    }

    /// Numbers of a stored row: inputs, then the outcome.
    pub(crate) fn width(self) -> usize {
        self.inputs + self.targets()
    }

    /// Check that the inputs of a row are finite.
    pub(crate) fn check_inputs(inputs: &[f32]) -> Result<()> {
        finite("input", inputs)
    }

    /// Check that the outcome of a row is finite, or a valid class.
    pub(crate) fn check_targets(self, targets: &[f32]) -> Result<()> {
        match self.kind {
            Kind::Regressor => finite("output", targets),
            Kind::Classifier => {
                let class = targets[0];
                if class >= 0.0 && class < self.outputs as f32 && class == (class as usize) as f32 {
                    Ok(())
                } else {
                    Err(Error::Class { row: None, value: class, classes: self.outputs })
                }
            }
        }
    }
}

/// The index of the first value that is not finite.
pub(crate) fn not_finite(values: &[f32]) -> Option<usize> {
    // Usually there is none. A loop without an early exit is vectorized.
    if values.iter().fold(true, |finite, value| finite & value.is_finite()) {
        return None;
    }
    values.iter().position(|value| !value.is_finite())
}

fn finite(what: &'static str, values: &[f32]) -> Result<()> {
    match not_finite(values) {
        None => Ok(()),
        Some(column) => Err(Error::NotFinite { row: None, what, column, value: values[column] }),
    }
}

pub(crate) fn check_weight(value: f32) -> Result<()> {
    if value.is_finite() && value > 0.0 { Ok(()) } else { Err(Error::RowWeight { row: None, value }) }
}

impl<'a> Batch<'a> {
    /// Contiguous rows, with inputs and outputs in separate slices.
    pub fn new(inputs: &'a [f32], input_width: usize, outputs: &'a [f32], output_width: usize) -> Self {
        let rows = inputs.len() / input_width;
        Self { inputs, input_stride: input_width, outputs, output_stride: output_width, weights: None, rows }
    }

    pub(crate) fn inputs(&self, row: usize, shape: RowShape) -> &'a [f32] {
        &self.inputs[row * self.input_stride..][..shape.inputs]
    }

    pub(crate) fn targets(&self, row: usize, shape: RowShape) -> &'a [f32] {
        &self.outputs[row * self.output_stride..][..shape.targets()]
    }

    pub(crate) fn weight(&self, row: usize) -> f32 {
        self.weights.map_or(1.0, |weights| weights[row])
    }

    /// Check every row.
    ///
    /// # Errors
    /// [`Error::NotFinite`], [`Error::Class`] or [`Error::RowWeight`] for the first invalid row.
    pub fn check(&self, shape: RowShape) -> Result<()> {
        let in_row = |row| move |error: Error| if self.rows > 1 { error.in_row(row) } else { error };
        for row in 0..self.rows {
            RowShape::check_inputs(self.inputs(row, shape)).map_err(in_row(row))?;
            shape.check_targets(self.targets(row, shape)).map_err(in_row(row))?;
            check_weight(self.weight(row)).map_err(in_row(row))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: RowShape = RowShape { kind: Kind::Classifier, inputs: 2, outputs: 3 };

    #[test]
    fn errors_name_the_invalid_row() {
        let check = |inputs: &[f32], outputs: &[f32]| Batch::new(inputs, 2, outputs, 1).check(SHAPE);
        assert!(check(&[1.0, 2.0], &[2.0]).is_ok());
        for class in [-1.0, 3.0, 0.5, f32::NAN, f32::INFINITY] {
            assert!(matches!(check(&[1.0, 2.0], &[class]), Err(Error::Class { row: None, classes: 3, .. })));
        }
        let error = check(&[1.0, 2.0, 3.0, f32::INFINITY], &[0.0, 0.0]).unwrap_err();
        assert_eq!(error.to_string(), "row 1: input 1 is inf: expected a finite number");
    }
}
