//! What answers follow from, as dictionaries with the names of the fields of `python/neuralredis/description.py`.

use neuralredis_core::{Activation, Description, LayerDescription, Scaling};
use numpy::{IntoPyArray, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// The fields of a `Description`.
pub(crate) fn description(py: Python<'_>, description: Description) -> PyResult<Bound<'_, PyDict>> {
    let Description { kind, inputs, input_limit, members, unit_limit, output, outputs } = description;
    let members = members.into_iter().map(|layers| layers.into_iter().map(|of| layer(py, of)).collect());
    let fields = PyDict::new(py);
    fields.set_item("kind", kind.name())?;
    fields.set_item("inputs", inputs.map(|of| scaling(py, of)).transpose()?)?;
    fields.set_item("input_limit", input_limit)?;
    fields.set_item("members", members.collect::<PyResult<Vec<Vec<_>>>>()?)?;
    fields.set_item("unit_limit", unit_limit)?;
    fields.set_item("output", output.name())?;
    fields.set_item("outputs", outputs.map(|of| scaling(py, of)).transpose()?)?;
    Ok(fields)
}

fn scaling(py: Python<'_>, Scaling { mean, scale }: Scaling) -> PyResult<Bound<'_, PyDict>> {
    let fields = PyDict::new(py);
    fields.set_item("mean", mean.into_pyarray(py))?;
    fields.set_item("scale", scale.into_pyarray(py))?;
    Ok(fields)
}

fn layer(py: Python<'_>, layer: LayerDescription) -> PyResult<Bound<'_, PyDict>> {
    let LayerDescription::Dense { inputs, outputs, biases, weights, activation } = layer else {
        unreachable!("a kind of layer that the engine has and this package has not");
    };
    let fields = PyDict::new(py);
    fields.set_item("kind", "dense")?;
    fields.set_item("biases", biases.into_pyarray(py))?;
    fields.set_item("weights", weights.into_pyarray(py).reshape([inputs, outputs])?)?;
    fields.set_item("activation", activation.map(Activation::name))?;
    Ok(fields)
}
