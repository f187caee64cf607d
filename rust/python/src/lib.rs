//! The Python extension: conversion of arguments and results, errors, signals and the GIL. The algorithms are in
//! `neuralredis-core`.
//!
//! This crate contains what would be slow in Python or needs the engine's objects. The rest (dataclasses, progress
//! bars, files) is in `python/neuralredis`, whose `Network` derives from the one here. Results are passed to Python as
//! dictionaries whose keys are the field names of the dataclasses.

#![allow(
    clippy::doc_markdown,
    clippy::doc_link_with_quotes,
    reason = "docstrings that help() shows follow Python's conventions"
)]

mod answers;
mod arrays;
mod columns;
mod conformal;
mod description;
mod errors;
mod event_words;
mod field_reader;
mod fields;
mod figures;
mod frames;
mod lists;
mod network;
mod options;
mod outcomes;
mod reasons;
mod results;
mod rows;
mod sampling;
mod sequence_networks;
mod stored;
mod table;
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
    use super::event_words::event_words;
    #[pymodule_export]
    use super::field_reader::FieldReader;
    #[pymodule_export]
    use super::network::Network;
    #[pymodule_export]
    use super::options::{change_words, creation_words, option_table};
    #[pymodule_export]
    use super::rows::RowReader;
    #[pymodule_export]
    use super::sampling::sampling_words;
    #[pymodule_export]
    use super::sequence_networks::{
        evaluate_events, forecast, forget, happen, run_events, run_session, sample_events, sequence_declaration,
        sequence_ids, step,
    };
    #[pymodule_export]
    use super::training::{Job, cancel_all, set_threads};

    use super::errors::raise;

    /// Return the name of the instruction set in use: ``avx512``, ``avx2``, ``neon`` or ``portable``.
    ///
    /// The environment variable ``NEURALREDIS_ISA`` selects one before the package is imported; results do not depend
    /// on it.
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
        // Fail at import if NEURALREDIS_ISA names an instruction set that the CPU lacks, instead of at the first row.
        neuralredis_core::instruction_set().map_err(|error| PyImportError::new_err(error.to_string()))?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
