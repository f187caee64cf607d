//! The engine of neuralredis: small neural networks that are trained in the background, without Python, Redis or a
//! browser.
//!
//! The modules, from the bottom up:
//!
//! - [`memory`] counts bytes, [`kernels`] is the vectorized arithmetic for the CPU;
//! - [`layout`], [`options`] and [`schema`] describe a network and the fields of its rows;
//! - `dataset` stores rows, [`sequence`] stores events;
//! - `normalization`, `weights` and `objective` compute losses and gradients from rows and weights;
//! - [`model`] answers, [`evaluation`] scores answers, [`conformal`] gives them intervals, [`decoding`] draws classes;
//! - [`network`] has everything of one network, [`reasons`] explains its answers;
//! - [`training`] trains networks, [`codec`] encodes and decodes them.

#![deny(unsafe_code)]

pub mod clock;
pub mod codec;
pub mod conformal;
mod constraint;
mod dataset;
pub mod decoding;
pub mod description;
pub mod error;
pub mod evaluation;
mod field_figures;
mod fields;
mod forward;
mod inputs;
#[allow(unsafe_code)] // vector instructions, and unchecked indices in their inner loops
pub mod kernels;
mod layers;
pub mod layout;
pub mod memory;
pub mod model;
pub mod network;
mod normalization;
mod objective;
pub mod options;
mod places;
pub mod random;
pub mod reasons;
mod report;
pub mod schema;
pub mod sequence;
mod stopping;
mod trained;
mod trainer_state;
pub mod training;
mod weights;

pub use conformal::{Calibration, Level};
pub use dataset::{Batch, Limits, Place, RowShape, Set};
pub use decoding::Decoding;
pub use description::{
    Description, FieldDescription, FieldsDescription, GruCellDescription, GruDescription, LayerDescription,
    ReservoirDescription, SequencesDescription,
};
pub use error::{Error, Result};
pub use evaluation::{Evaluation, Score};
pub use field_figures::FieldFigures;
pub use fields::{Example, Outcome, Stored};
pub use kernels::instruction_set;
pub use layout::{Kind, Layout};
pub use model::Model;
pub use network::{Drawing, Info, MAX_NOTES, Network, Shrunk};
pub use normalization::Scaling;
pub use options::{
    Activation, Algorithm, Changes, ClassWeight, Decay, Ensemble, Loss, Monotone, Options, Output, Patience, Threshold,
    Value,
};
pub use reasons::{Counterfactual, Explanation, Sampling};
pub use schema::{FieldKind, Given, Row, Schema, Target};
pub use sequence::{Cell, Events, Observation, SequenceOptions, SequenceRow};
pub use trained::{Statistics, Trained};
