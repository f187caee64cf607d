//! Descriptions of networks, as dictionaries with the field names of `python/neuralredis/description.py`.

use neuralredis_core::{
    Activation, Description, FieldDescription, FieldsDescription, GruCellDescription, GruDescription, LayerDescription,
    ReservoirDescription, Scaling, SequencesDescription,
};
use numpy::{IntoPyArray, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::fields;
use crate::network::Network;
use crate::values;

/// Return everything that determines the predictions of a network, from one snapshot: its layers, fields and sequences.
#[pyfunction]
pub(crate) fn described<'py>(py: Python<'py>, net: &Bound<'py, Network>) -> PyResult<Bound<'py, PyDict>> {
    let engine = net.get().snapshot(py);
    let model = engine.model();
    let found = PyDict::new(py);
    found.set_item("description", description(py, model.describe())?)?;
    found.set_item("layout", model.layout().units())?;
    found.set_item("fields", model.describe_fields().map(|of| described_fields(py, of)).transpose()?)?;
    found.set_item("sequences", engine.describe_sequences().map(|of| sequences(py, of)).transpose()?)?;
    let named = model.schema().map(|schema| {
        let names = (fields::texts(py, schema.target_names())?, fields::texts(py, model.classes())?);
        Ok::<_, PyErr>(names)
    });
    found.set_item("names", named.transpose()?)?;
    Ok(found)
}

fn described_fields(py: Python<'_>, of: FieldsDescription) -> PyResult<Bound<'_, PyDict>> {
    let FieldsDescription { computed, inputs, fields } = of;
    let found = PyDict::new(py);
    found.set_item("computed", computed)?;
    found.set_item("inputs", inputs)?;
    found.set_item("fields", fields.into_iter().map(|of| field(py, of)).collect::<PyResult<Vec<_>>>()?)?;
    Ok(found)
}

fn field(py: Python<'_>, of: FieldDescription) -> PyResult<Bound<'_, PyDict>> {
    let FieldDescription { name, kind, computed, gap, knots, words } = of;
    let found = PyDict::new(py);
    found.set_item("name", values::text_of(py, &name)?)?;
    found.set_item("kind", kind.name().to_lowercase())?;
    found.set_item("number", kind.number())?;
    found.set_item("computed", computed)?;
    found.set_item("gap", gap)?;
    found.set_item("knots", knots.into_pyarray(py))?;
    let (names, numbers): (Vec<_>, Vec<u32>) = words.into_iter().unzip();
    found.set_item("words", fields::texts(py, &names)?)?;
    found.set_item("numbers", numbers)?;
    Ok(found)
}

fn sequences(py: Python<'_>, of: SequencesDescription) -> PyResult<Bound<'_, PyDict>> {
    let SequencesDescription { events, scaling: of_events, by_position, length, window, next, reservoir, gru } = of;
    let found = PyDict::new(py);
    found.set_item("events", described_fields(py, events)?)?;
    found.set_item("scaling", of_events.map(|of| scaling(py, of)).transpose()?)?;
    found.set_item("by_position", by_position)?;
    found.set_item("length", length)?;
    found.set_item("window", window)?;
    found.set_item("next", next)?;
    found.set_item("reservoir", reservoir.map(|of| described_reservoir(py, of)).transpose()?)?;
    found.set_item("gru", gru.map(|of| described_gru(py, of)).transpose()?)?;
    Ok(found)
}

fn described_gru(py: Python<'_>, of: GruDescription) -> PyResult<Bound<'_, PyDict>> {
    let GruDescription { units, parts, inputs, cells } = of;
    let found = PyDict::new(py);
    found.set_item("units", units)?;
    found.set_item("parts", parts)?;
    found.set_item("inputs", inputs)?;
    found.set_item("cells", cells.into_iter().map(|of| gru_cell(py, units, of)).collect::<PyResult<Vec<_>>>()?)?;
    Ok(found)
}

/// Biases of the shape (3, units) and weights of (rows, 3, units): the gates z, r and n.
fn gru_cell(py: Python<'_>, units: usize, of: GruCellDescription) -> PyResult<Bound<'_, PyDict>> {
    let GruCellDescription { input_biases, input_weights, hidden_biases, hidden_weights } = of;
    let found = PyDict::new(py);
    for (name, biases) in [("input_biases", input_biases), ("hidden_biases", hidden_biases)] {
        found.set_item(name, biases.into_pyarray(py).reshape([3, units])?)?;
    }
    for (name, weights) in [("input_weights", input_weights), ("hidden_weights", hidden_weights)] {
        let rows = weights.len() / (3 * units);
        found.set_item(name, weights.into_pyarray(py).reshape([rows, 3, units])?)?;
    }
    Ok(found)
}

fn described_reservoir(py: Python<'_>, of: ReservoirDescription) -> PyResult<Bound<'_, PyDict>> {
    let ReservoirDescription { seed, biases, leaks, from_before, factor } = of;
    let found = PyDict::new(py);
    found.set_item("seed", seed)?;
    found.set_item("biases", biases.into_pyarray(py))?;
    found.set_item("leaks", leaks.into_pyarray(py))?;
    found.set_item("from_before", from_before.into_pyarray(py))?;
    found.set_item("factor", factor)?;
    Ok(found)
}

/// The fields of a `Description`.
fn description(py: Python<'_>, description: Description) -> PyResult<Bound<'_, PyDict>> {
    let Description { kind, inputs, input_limit, members, unit_limit, output, monotone, outputs } = description;
    let members = members.into_iter().map(|layers| layers.into_iter().map(|of| layer(py, of)).collect());
    let fields = PyDict::new(py);
    fields.set_item("kind", kind.name())?;
    fields.set_item("inputs", inputs.map(|of| scaling(py, of)).transpose()?)?;
    fields.set_item("input_limit", input_limit)?;
    fields.set_item("members", members.collect::<PyResult<Vec<Vec<_>>>>()?)?;
    fields.set_item("unit_limit", unit_limit)?;
    fields.set_item("output", output.name())?;
    fields.set_item("monotone", monotone)?;
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
        unreachable!("the engine returned a kind of layer that this package does not know");
    };
    let fields = PyDict::new(py);
    fields.set_item("kind", "dense")?;
    fields.set_item("biases", biases.into_pyarray(py))?;
    fields.set_item("weights", weights.into_pyarray(py).reshape([inputs, outputs])?)?;
    fields.set_item("activation", activation.map(Activation::name))?;
    Ok(fields)
}
