//! Reader for networks of the original module, neural-redis, as its RDB stores them in encoding 2.
//!
//! Its fixed choices become options here: sigmoid units throughout, squared errors, Rprop+, no weight decay, and with
//! NORMALIZE columns divided by 1.2 times their largest magnitude. A network gives the same answers as there, and
//! continues to train from the same weights, step sizes and signs of gradients.
//!
//! The original stores integers and floats one by one, and counts before the values. Counts are not trusted: memory is
//! allocated as values arrive. Layers are listed from the outputs to the inputs. Each layer but that of outputs has one
//! more unit than its count says, which is always 1 and supplies the biases. Weights to such a unit are stored, too,
//! and have no effect.

use std::fmt::Display;
use std::sync::Arc;

use super::trained::MAX_COUNT;
use super::try_with_capacity;
use crate::dataset::{Limits, RowShape, Rows};
use crate::error::{Error, Result};
use crate::kernels::{MAX_SIZE, MIN_SIZE};
use crate::layout::{Connection, Kind, Layout, MAX_LAYERS};
use crate::network::Network;
use crate::normalization::{Normalization, Scaling};
use crate::options::{
    Activation, Algorithm, ClassWeight, Decay, Ensemble, Loss, Monotone, Options, Output, Patience, Threshold,
};
use crate::trained::{Statistics, Trained};
use crate::trainer_state::{RpropState, TrainerState};

/// Flags of networks in the original. It writes no others.
const REGRESSOR: u64 = 1 << 1;
const CLASSIFIER: u64 = 1 << 2;
const NORMALIZE: u64 = 1 << 3;
const OVERFITTING: u64 = 1 << 5;

/// The stored values, in order.
pub trait Values {
    /// The next value, an integer.
    ///
    /// # Errors
    /// [`Error::Damaged`] if there is none, or it is a float.
    fn whole(&mut self) -> Result<u64>;

    /// The next value, a float.
    ///
    /// # Errors
    /// [`Error::Damaged`] if there is none, or it is an integer.
    fn float(&mut self) -> Result<f32>;
}

/// Decode a network of the original module. Its random state is seeded by the network's id there.
///
/// # Errors
/// [`Error::Damaged`] for invalid values and for networks that this engine does not support; and those of [`Values`].
pub fn decode_original(values: &mut dyn Values) -> Result<Network> {
    let layout = read_layout(values)?;
    let flags = values.whole()?;
    let kind = match flags & (REGRESSOR | CLASSIFIER) {
        REGRESSOR => Kind::Regressor,
        CLASSIFIER => Kind::Classifier,
        _ => return reject(format_args!("its flags are {flags}: expected those of a classifier or of a regressor")),
    };
    if flags & !(REGRESSOR | CLASSIFIER | NORMALIZE | OVERFITTING) != 0 {
        return reject(format_args!("its flags are {flags}: expected none but the original's"));
    }
    let id = values.whole()?;
    let mut statistics = Statistics {
        total_steps: count(values, "steps")?,
        total_seconds: count(values, "milliseconds")? as f64 / 1000.0,
        overfitting: flags & OVERFITTING != 0,
        ..Statistics::default()
    };
    // The limits of the last training are not needed.
    values.whole()?;
    values.whole()?;
    // The original's error of a row is half the sum of squared errors; here it is their mean.
    let per_row = 2.0 / layout.outputs() as f64;
    statistics.train_error = figure(values, "training error", f64::INFINITY)? * per_row;
    statistics.test_error = figure(values, "validation error", f64::INFINITY)? * per_row;
    statistics.class_errors = figure(values, "percentage of class errors", 100.0)?;

    let (weights, state) = read_parameters(values, &layout)?;
    let normalize = flags & NORMALIZE != 0;
    let inputs = read_divisors(values, layout.inputs(), "input")?;
    let outputs = read_divisors(values, layout.outputs(), "output")?;
    // Before the first training, the divisors of the original are 1 because it has not seen any rows.
    let scaled = normalize && statistics.total_steps > 0;
    let normalization = Normalization {
        places: None,
        events: None,
        inputs: scaled.then_some(inputs),
        outputs: (scaled && kind == Kind::Regressor).then_some(outputs),
    };

    let shape = RowShape::new(kind, &layout);
    let (train, train_limit) = read_rows(values, shape, "training")?;
    let (test, test_limit) = read_rows(values, shape, "testing")?;
    // The original does not count cycles. A cycle is one step for each training row.
    statistics.total_cycles = statistics.total_steps.div_ceil(train.len().max(1) as u64);

    let options = Options {
        normalize,
        activation: Activation::Sigmoid,
        output: Output::Sigmoid,
        loss: Loss::Mse,
        algorithm: Algorithm::RpropPlus,
        l2: Decay::Fixed(0.0),
        ensemble: Ensemble::Fixed(1),
        class_weight: ClassWeight::None,
        threshold: Threshold::default(),
        patience: Patience::Auto,
        monotone: Monotone::None,
    };
    let limits = Limits { train: train_limit, test: test_limit };
    let (layout, decays) = (Arc::new(layout), vec![1.0]);
    let trained = Trained { layout, weights, decays, state, normalization, statistics, gru: None, assigned: false };
    let mut network = Network::of_trained(kind, options, limits, id, trained).or_else(reject)?;
    (network.dataset.train, network.dataset.test) = (train, test);
    Ok(network)
}

fn reject<T>(what: impl Display) -> Result<T> {
    Err(Error::Damaged(format!("the original module's values: {what}")))
}

fn read_layout(values: &mut dyn Values) -> Result<Layout> {
    let layers = values.whole()?;
    if layers > MAX_LAYERS as u64 {
        return reject(format_args!("{layers} layers: expected 2 to {MAX_LAYERS}"));
    }
    let mut units = (0..layers).map(|_| values.whole()).collect::<Result<Vec<_>>>()?;
    units.reverse();
    let units: Vec<usize> = units.into_iter().map(|units| usize::try_from(units).unwrap_or(usize::MAX)).collect();
    Layout::new(&units).or_else(reject)
}

fn count(values: &mut dyn Values, what: &str) -> Result<u64> {
    let count = values.whole()?;
    if count > MAX_COUNT {
        return reject(format_args!("{count} {what}: expected at most {MAX_COUNT}"));
    }
    Ok(count)
}

/// Read an error of the last training. NaN, which it is without rows, becomes 0.
fn figure(values: &mut dyn Values, what: &str, most: f64) -> Result<f64> {
    let figure = f64::from(values.float()?);
    match figure {
        _ if figure.is_nan() => Ok(0.0),
        _ if figure < 0.0 || figure > most => reject(format_args!("its {what} is {figure}: expected 0 to {most}")),
        _ => Ok(figure),
    }
}

/// Read weights and state of RPROP. They are stored from the last connection to the first, and unit by unit within
/// each.
fn read_parameters(values: &mut dyn Values, layout: &Layout) -> Result<(Vec<f32>, TrainerState)> {
    let mut connections = Vec::new();
    let last = layout.connections().len() - 1;
    for (index, connection) in layout.connections().enumerate().rev() {
        let weights = Matrix::read(values, connection, index < last)?;
        let sizes = Matrix::read(values, connection, index < last)?;
        let gradients = Matrix::read(values, connection, index < last)?;
        connections.push([weights, sizes, gradients]);
    }
    connections.reverse();
    let mut weights = try_with_capacity(layout.parameters())?;
    let (sizes, signs) = (try_with_capacity(layout.parameters())?, try_with_capacity(layout.parameters())?);
    let mut state = RpropState { sizes, signs, ..RpropState::new(0, 1) };
    for [of_weights, of_sizes, of_gradients] in &connections {
        for weight in of_weights.parameters() {
            if !weight.is_finite() {
                return reject(format_args!("a weight is {weight}: expected a finite number"));
            }
            weights.push(weight);
        }
        for size in of_sizes.parameters() {
            if !(MIN_SIZE..=MAX_SIZE).contains(&size) {
                return reject(format_args!("a step size is {size}: expected {MIN_SIZE} to {MAX_SIZE}"));
            }
            state.sizes.push(size);
        }
        state
            .signs
            .extend(of_gradients.parameters().map(|gradient| i8::from(gradient > 0.0) - i8::from(gradient < 0.0)));
    }
    Ok((weights, TrainerState::Rprop(state)))
}

/// Values of a connection: for each unit those of its inputs, then its bias.
struct Matrix {
    inputs: usize,
    outputs: usize,
    values: Vec<f32>,
}

impl Matrix {
    /// `to_bias`: whether the values of the constant unit follow, which have no effect.
    fn read(values: &mut dyn Values, connection: Connection, to_bias: bool) -> Result<Self> {
        let Connection { inputs, outputs, .. } = connection;
        let values = read_floats(values, (inputs + 1) * (outputs + usize::from(to_bias)))?;
        Ok(Self { inputs, outputs, values })
    }

    /// The parameters in the order of [`Connection`]: biases, then the weights of each input.
    fn parameters(&self) -> impl Iterator<Item = f32> + '_ {
        let rows = std::iter::once(self.inputs).chain(0..self.inputs);
        rows.flat_map(move |row| (0..self.outputs).map(move |unit| self.values[unit * (self.inputs + 1) + row]))
    }
}

/// Read the divisors of columns as a [`Scaling`].
fn read_divisors(values: &mut dyn Values, columns: usize, what: &str) -> Result<Scaling> {
    let mut scale = read_floats(values, columns)?;
    for (column, scale) in scale.iter_mut().enumerate() {
        let divisor = *scale;
        *scale = 1.0 / divisor;
        // Written so that NaN is rejected, too.
        if !(divisor > 0.0 && scale.is_finite() && *scale > 0.0) {
            return reject(format_args!("{what} {column} is divided by {divisor}: expected a finite number above 0"));
        }
    }
    let mut mean = try_with_capacity(columns)?;
    mean.resize(columns, 0.0);
    Ok(Scaling { mean, scale })
}

/// Read the rows of a set, and its limit. The inputs of all rows are stored before the outputs of all rows.
fn read_rows(values: &mut dyn Values, shape: RowShape, set: &str) -> Result<(Rows, u32)> {
    let (count, limit) = (values.whole()?, values.whole()?);
    let Ok(limit) = u32::try_from(limit) else {
        return reject(format_args!("the limit of its {set} set is {limit}: expected at most {}", u32::MAX));
    };
    if count > u64::from(limit) {
        return reject(format_args!("its {set} set has {count} rows: expected at most {limit}, the limit of the set"));
    }
    let inputs = read_floats(values, (count as usize).saturating_mul(shape.inputs))?;
    let mut rows = Rows::new(shape.width());
    for (row, inputs) in inputs.chunks_exact(shape.inputs).enumerate() {
        let outputs = read_floats(values, shape.outputs)?;
        let targets = match shape.kind {
            Kind::Regressor => outputs,
            Kind::Classifier => match class(&outputs) {
                Some(class) => vec![class as f32],
                None => return reject(format_args!("row {row} of its {set} set has no class, or more than one")),
            },
        };
        RowShape::check_inputs(inputs)
            .and_then(|()| shape.check_targets(&targets))
            .or_else(|error| reject(format_args!("its {set} set: {}", error.in_row(row))))?;
        rows.reserve()?;
        rows.set(row, inputs.iter().chain(&targets).copied(), 1.0);
    }
    Ok((rows, limit))
}

/// The index of the 1 in a one-hot vector.
fn class(outputs: &[f32]) -> Option<usize> {
    let class = outputs.iter().position(|&output| output == 1.0)?;
    outputs.iter().enumerate().all(|(index, &output)| index == class || output == 0.0).then_some(class)
}

/// Read `count` floats. Memory is allocated as they arrive.
fn read_floats(values: &mut dyn Values, count: usize) -> Result<Vec<f32>> {
    let mut floats = Vec::new();
    for _ in 0..count {
        if floats.len() == floats.capacity() {
            let more = floats.len().clamp(16, 1 << 20).min(count - floats.len());
            floats.try_reserve_exact(more).map_err(|_| Error::Memory { bytes: (floats.len() + more) * 4 })?;
        }
        floats.push(values.float()?);
    }
    Ok(floats)
}
