//! neuralredis as a Python extension: conversion, errors, signals and the interpreter's lock, and no algorithm.
//!
//! What is slow in Python or must hold the engine's objects is here; what reads better in Python (dataclasses, progress
//! bars, files) is in `python/neuralredis`, whose `Network` derives from the one here. Results cross as dictionaries with
//! the names of the dataclasses' fields.

#![allow(
    clippy::doc_markdown,
    clippy::doc_link_with_quotes,
    reason = "what help() shows in Python follows the conventions there"
)]

mod answers;
mod arrays;
mod columns;
mod conformal;
mod description;
mod errors;
mod fields;
mod figures;
mod frames;
mod happened;
mod network;
mod options;
mod outcomes;
mod reasons;
mod results;
mod rows;
mod sampling;
mod sent;
mod sequences;
mod stored;
mod table;
mod told;
mod training;
mod values;

use pyo3::prelude::*;

#[pymodule]
mod _core {
    use pyo3::exceptions::PyImportError;
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::description::described;
    #[pymodule_export]
    use super::happened::{
        evaluate_events, forecast, forget, happen, run_events, run_session, sample_events, sequence_declaration,
        sequence_ids, step,
    };
    #[pymodule_export]
    use super::network::Network;
    #[pymodule_export]
    use super::options::{change_words, creation_words, option_table};
    #[pymodule_export]
    use super::rows::RowReader;
    #[pymodule_export]
    use super::sampling::sampling_words;
    #[pymodule_export]
    use super::sent::FieldReader;
    #[pymodule_export]
    use super::told::event_words;
    #[pymodule_export]
    use super::training::{Job, cancel_all, set_threads};

    use super::errors::raise;

    /// Return the name of the instruction set in use: ``avx512``, ``avx2``, ``neon`` or ``portable``.
    ///
    /// The environment variable ``NEURALREDIS_ISA`` pins one before the package is imported; results do not depend on it.
    ///
    /// Examples
    /// --------
    /// >>> from neuralredis import _core
    /// >>> _core.instruction_set() in ("avx512", "avx2", "neon", "portable")
    /// True
    #[pyfunction]
    fn instruction_set() -> PyResult<&'static str> {
        neuralredis_core::instruction_set().map_err(raise)
    }

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        // A pin that the CPU cannot follow is told now, not by a panic at the first row.
        neuralredis_core::instruction_set().map_err(|error| PyImportError::new_err(error.to_string()))?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
