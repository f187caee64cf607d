//! The engine of neuralredis: small fully connected neural networks that train themselves.
//!
//! It knows neither Python nor Redis. From the ground up: [`memory`] counts bytes; [`kernels`] are the arithmetic, chosen for the CPU at run time;
//! [`layout`] and [`options`] say what a network is, [`schema`] what the fields of its rows are, where they have names; `dataset`
//! keeps the rows it observed, [`sequence`] what happened one after the other; `normalization`, `weights` and `objective` turn rows
//! and weights into losses and gradients;
//! [`conformal`] says how far answers may be off; [`network`] holds all of one network, [`model`] answers, [`decoding`] draws a class
//! by its probability, and [`reasons`] says why; [`training`] runs in the background; [`codec`] makes bytes of a
//! network and back. A room calls only those before it.

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
#[allow(unsafe_code)] // vector instructions
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
    Activation, Algorithm, Changes, ClassWeight, Decay, Loss, Monotone, Options, Output, Patience, Restarts, Value,
};
pub use reasons::{Counterfactual, Explanation, Sampling};
pub use schema::{FieldKind, Given, Row, Schema, Target};
pub use sequence::{Cell, Events, Happened, Seen, SequenceOptions};
pub use trained::{Statistics, Trained};
