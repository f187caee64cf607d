//! Explanations of single answers: attributions to fields (Shapley values) and counterfactuals.
//!
//! Both compare a row with stored training rows: values of one replace values of the other, and the network answers the
//! mixed row. If fields depend on each other, mixed rows can be combinations that never occur.

mod counterfactual;
mod game;
mod log_odds;
mod shapley;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

pub use counterfactual::Counterfactual;

use crate::dataset::{RowShape, Set};
use crate::error::{Error, Result};
use crate::layout::Kind;
use crate::model::Model;
use crate::network::Network;
use crate::options::{Options, Output};
use crate::random::Random;
use crate::schema::{Row, Schema};
use game::Game;
use log_odds::Readout;

/// Maximum number of stored rows in the background that a row is compared with.
pub const MOST_ROWS: usize = 100;
/// Up to this number of fields, or of inputs without a schema, Shapley values are exact.
pub const EXACT_FIELDS: usize = 10;
/// Maximum number of inputs of an explained network without a schema: as many as there can be fields.
pub const MOST_INPUTS: usize = crate::schema::MAX_FIELDS;

/// Random streams: for the choice of background rows, and for permutations of fields.
const ROWS_STREAM: u64 = 1 << 40;
const ORDERS_STREAM: u64 = ROWS_STREAM + 1;

/// Parameters of the estimation of Shapley values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sampling {
    /// Number of random permutations if there are more than [`EXACT_FIELDS`] fields. Each is evaluated forwards and
    /// backwards.
    pub samples: u32,
    /// Seed of the permutations, and of the choice of background rows if more than [`MOST_ROWS`] are stored.
    pub seed: u64,
}

impl Sampling {
    /// A standard error needs at least two samples.
    pub const LEAST: u32 = 2;
    /// Beyond this, the error by the choice of background rows dominates.
    pub const MOST: u32 = 1000;

    fn check(self) -> Result<()> {
        if (Self::LEAST..=Self::MOST).contains(&self.samples) {
            return Ok(());
        }
        let expected = format!("an integer from {} to {}", Self::LEAST, Self::MOST);
        Err(Error::Option { option: "samples", value: self.samples.to_string(), expected })
    }
}

impl Default for Sampling {
    fn default() -> Self {
        Self { samples: 16, seed: 0 }
    }
}

/// The attribution of an answer to fields, or to inputs without a schema.
///
/// The answer is one output. A regressor's is in the units of its targets. A classifier's is the log-odds of the class,
/// `ln(p / (1 - p))`, from the logits (with linear outputs, the output itself).
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The explained output; of a classifier the class.
    pub output: usize,
    /// The answer for the row.
    pub answer: f64,
    /// The mean answer for the background rows, in the same units. It is adjusted in the last bits of double precision
    /// so that it equals the answer minus the sum of all shares exactly.
    pub mean: f64,
    /// The Shapley value of each field. Their sum, in any order, is the answer minus the mean, without rounding.
    pub shares: Vec<f64>,
    /// The standard error of each share; `None` if shares are exact.
    pub errors: Option<Vec<f64>>,
    /// Number of background rows.
    pub rows: usize,
}

impl Network {
    /// Attribute the answer for a row to its fields by Shapley values. In the game, fields of the coalition have the
    /// values of the row, and the others those of stored training rows (S. M. Lundberg, S.-I. Lee, "A unified approach
    /// to interpreting model predictions", NIPS 2017). Values are interventional, as D. Janzing, L. Minorics, P.
    /// Blöbaum, "Feature relevance quantification in explainable AI", AISTATS 2020, recommend.
    ///
    /// Without a schema, the cells of the row are the inputs. `output` defaults to the predicted class, or to the only
    /// output of a regressor.
    ///
    /// # Errors
    /// [`Error::NothingStored`] without training rows; [`Error::ManyInputs`]; [`Error::NoClasses`] if no class is
    /// known; [`Error::NoOutput`] if `output` is out of range, or missing with several outputs; [`Error::Inputs`] or
    /// [`Error::Schema`] for a row of another shape; [`Error::NotFinite`]; [`Error::Option`] for samples out of range;
    /// [`Error::Stopped`] if `keep_on` returns false.
    pub fn explain(
        &self,
        row: &Row,
        output: Option<usize>,
        sampling: Sampling,
        keep_on: &dyn Fn() -> bool,
    ) -> Result<Explanation> {
        sampling.check()?;
        if self.sequences.is_some() {
            return self.as_network_of_rows(keep_on)?.explain(row, output, sampling, keep_on);
        }
        let model = self.model();
        check(&model, row)?;
        let output = match output {
            Some(output) if output < outputs(&model) => output,
            None if model.kind == Kind::Classifier => class(&model, std::slice::from_ref(row))?[0],
            None if model.layout().outputs() == 1 => 0,
            _ => return Err(Error::NoOutput { outputs: outputs(&model) }),
        };
        let background = self.background(sampling.seed)?;
        let players = Players::of(&model);
        let mut game = Game::new(&model, Readout::of(&model, output), &players, row, &background)?;
        let (shares, errors) = if players.len() <= EXACT_FIELDS {
            (shapley::exact(&mut game, keep_on)?, None)
        } else {
            let random = Random::new(sampling.seed, ORDERS_STREAM);
            let (shares, errors) = shapley::sampled(&mut game, sampling.samples, random, keep_on)?;
            (shares, Some(errors))
        };
        let (answer, mean, shares) = shapley::make_additive(game.answer, game.mean, shares);
        Ok(Explanation { output, answer, mean, shares, errors, rows: background.len() })
    }

    /// Number of rows that [`Self::explain`] runs through the network.
    pub fn explaining(&self, samples: u32) -> usize {
        let rows = (self.rows(Set::Train) as usize).min(MOST_ROWS);
        let players = self.schema().map_or(self.layout().inputs(), |schema| schema.fields().len());
        if players <= EXACT_FIELDS {
            rows << players
        } else {
            rows.saturating_mul(2 * samples as usize).saturating_mul(players)
        }
    }

    /// Approximate upper bound of the bytes that [`Self::explain`] and [`Self::changes_for`] allocate, without lists of
    /// texts and tags.
    pub fn explaining_bytes(&self) -> usize {
        let model = self.model();
        let (cells, outputs) = (self.row_shape().inputs, model.layout().outputs());
        // A batch of rows, its inputs side by side, its outputs; and three copies of the background rows.
        size_of::<f32>() * (batch_rows(&model) * (2 * cells + outputs) + 3 * MOST_ROWS * cells)
    }

    /// The background rows, in stored order.
    fn background(&self, seed: u64) -> Result<Vec<Row>> {
        let stored = self.rows(Set::Train);
        if stored == 0 {
            return Err(Error::NothingStored);
        }
        let chosen: Vec<u32> = if stored as usize <= MOST_ROWS {
            (0..stored).collect()
        } else {
            let mut random = Random::new(seed, ROWS_STREAM);
            // Floyd's algorithm, as in `dataset/rows.rs`.
            let mut chosen = BTreeSet::new();
            for last in stored - MOST_ROWS as u32..stored {
                let row = random.below(u64::from(last) + 1) as u32;
                if !chosen.insert(row) {
                    chosen.insert(last);
                }
            }
            chosen.into_iter().collect()
        };
        Ok(chosen.into_iter().filter_map(|index| self.training_row(index)).collect())
    }

    /// A training row, in the form that the schema gives it, or as its inputs.
    fn training_row(&self, index: u32) -> Option<Row> {
        if self.schema.is_some() {
            return self.row_of_fields(Set::Train, index).map(|(row, ..)| row);
        }
        self.row(Set::Train, index).map(|(inputs, ..)| Row { cells: inputs, list: Vec::new() })
    }
}

/// Number of outputs that can be explained: a classifier with a schema may have outputs without a class yet.
fn outputs(model: &Model) -> usize {
    match &model.schema {
        Some(_) if model.kind == Kind::Classifier => model.classes().len(),
        _ => model.layout().outputs(),
    }
}

/// Check that answers for this row can be explained.
fn check(model: &Model, row: &Row) -> Result<()> {
    if let Some(schema) = &model.schema {
        schema.check_row(&row.cells, &row.list)?;
    } else {
        let (expected, given) = (model.layout().inputs(), row.cells.len());
        if given != expected {
            return Err(Error::Inputs { row: None, expected, given });
        }
        if given > MOST_INPUTS {
            return Err(Error::ManyInputs { inputs: given });
        }
        RowShape::check_inputs(&row.cells)?;
    }
    if outputs(model) == 0 { Err(Error::NoClasses) } else { Ok(()) }
}

/// Number of rows in a batch through the network: enough for speed, at most about 16 MB.
fn batch_rows(model: &Model) -> usize {
    let width = model.shape().inputs + model.layout().outputs();
    ((4 << 20) / width).clamp(1, 1024)
}

/// The outputs for rows, with or without a schema, row after row.
fn answer(model: &Model, rows: &[Row]) -> Result<Vec<f32>> {
    let mut outputs = vec![0.0; rows.len() * model.layout().outputs()];
    if model.schema.is_some() {
        model.answer(rows, &mut outputs);
    } else {
        let inputs: Vec<f32> = rows.iter().flat_map(|row| &row.cells).copied().collect();
        model.run(&inputs, &mut outputs)?;
    }
    Ok(outputs)
}

/// The predicted class of each row.
fn class(model: &Model, rows: &[Row]) -> Result<Vec<usize>> {
    let classes = outputs(model);
    let answers = answer(model, rows)?;
    Ok(answers.chunks_exact(model.layout().outputs()).map(|of_row| model.class_of(&of_row[..classes])).collect())
}

/// The same model without its output function if it is a classifier, so that it returns logits.
fn without_output_function(model: &Model) -> Model {
    match model.kind {
        Kind::Regressor => model.clone(),
        Kind::Classifier => {
            Model { options: Options { output: Output::Linear, ..model.options.clone() }, ..model.clone() }
        }
    }
}

/// The players of the game: fields as a whole, or inputs without a schema.
struct Players {
    /// `None` without fields.
    schema: Option<Arc<Schema>>,
    inputs: usize,
}

impl Players {
    fn of(model: &Model) -> Self {
        Self { schema: model.schema.clone(), inputs: model.layout().inputs() }
    }

    fn len(&self) -> usize {
        self.schema.as_ref().map_or(self.inputs, |schema| schema.fields().len())
    }

    fn cells(&self, player: usize) -> Range<usize> {
        match &self.schema {
            Some(schema) => schema.cells_of(player),
            None => player..player + 1,
        }
    }

    /// Copy the values of one player between rows.
    fn copy(&self, player: usize, from: &Row, into: &mut Row) {
        match &self.schema {
            Some(schema) => schema.take(player, from, into),
            None => into.cells[player] = from.cells[player],
        }
    }
}
