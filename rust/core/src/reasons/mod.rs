//! Why a network answers what it does: the share of each field in an answer, and what would have to change for another one.
//!
//! Both compare a row with training rows that are stored: a value of the row takes the place of a stored row's, or the other way
//! round, and the network answers the mixture. Mixtures may be rows that never occur, where fields go together.

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
use log_odds::Told;

/// Stored rows that a row is compared with, at most.
pub const MOST_ROWS: usize = 100;
/// Fields, or inputs of a network without fields, up to which shares are exact.
pub const EXACT_FIELDS: usize = 10;
/// Inputs of a network whose answers are explained, at most: as many as it can have fields.
pub const MOST_INPUTS: usize = crate::schema::MAX_FIELDS;

/// Of the random numbers that choose stored rows, and of those that put fields in order.
const ROWS_STREAM: u64 = 1 << 40;
const ORDERS_STREAM: u64 = ROWS_STREAM + 1;

/// How shares are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sampling {
    /// Orders in which fields are put where there are more than [`EXACT_FIELDS`], each counted with its reverse.
    pub samples: u32,
    /// Chooses these orders, and the stored rows where there are more than [`MOST_ROWS`].
    pub seed: u64,
}

impl Sampling {
    /// Fewer tell no standard error.
    pub const LEAST: u32 = 2;
    /// More are of no use: the stored rows that are chosen make a larger difference then.
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

/// What each field, or each input of a network without fields, adds to an answer.
///
/// The answer is that of one output: of a regressor in the units of its targets; of a classifier what stands before the output
/// function, the logarithm of the odds for the class, `ln(p / (1 - p))` (with linear outputs the output itself).
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The output that is explained; of a classifier the class.
    pub output: usize,
    /// What the network answers to the row.
    pub answer: f64,
    /// What it answers on average to the stored rows, in the same units: the answer minus all shares, exactly. That is their mean but
    /// for the rounding of double precision.
    pub mean: f64,
    /// What each adds. In whichever order they are added, their sum is the answer minus the mean, with no rounding.
    pub shares: Vec<f64>,
    /// The standard error of each share; none where shares are exact.
    pub errors: Option<Vec<f64>>,
    /// Stored rows that the row was compared with.
    pub rows: usize,
}

impl Network {
    /// What each field of a row adds to the answer: the Shapley values of the game in which a coalition of fields has the values
    /// of the row, and the other fields those of stored training rows (S. M. Lundberg, S.-I. Lee, "A unified approach to
    /// interpreting model predictions", NIPS 2017; interventional, as D. Janzing, L. Minorics, P. Blöbaum, "Feature relevance
    /// quantification in explainable AI", AISTATS 2020, say it should be).
    ///
    /// Of a network without fields the inputs are the cells of the row. Without `output`, a classifier's answer is that of the
    /// class that it answers, a regressor's that of its only output.
    ///
    /// # Errors
    /// [`Error::NothingStored`] without training rows, [`Error::ManyInputs`], [`Error::NoClasses`] if the network has seen no class,
    /// [`Error::NoOutput`] if several outputs could be meant or there is no such, [`Error::NotFinite`] for an input that is no finite
    /// number, [`Error::Option`] for samples out of range, [`Error::Stopped`] once `keep_on` says so.
    pub fn explain(
        &self,
        row: &Row,
        output: Option<usize>,
        sampling: Sampling,
        keep_on: &dyn Fn() -> bool,
    ) -> Result<Explanation> {
        sampling.check()?;
        if self.sequences.is_some() {
            return self.of_what_is_seen(keep_on)?.explain(row, output, sampling, keep_on);
        }
        let model = self.model();
        check(&model, row)?;
        let output = match output {
            Some(output) if output < outputs(&model) => output,
            None if model.kind == Kind::Classifier => class(&model, std::slice::from_ref(row))?[0],
            None if model.layout().outputs() == 1 => 0,
            _ => return Err(Error::NoOutput { outputs: outputs(&model) }),
        };
        let background = self.chosen(sampling.seed)?;
        let players = Players::of(&model);
        let mut game = Game::new(&model, Told::of(&model, output), &players, row, &background)?;
        let (shares, errors) = if players.len() <= EXACT_FIELDS {
            (shapley::exact(&mut game, keep_on)?, None)
        } else {
            let random = Random::new(sampling.seed, ORDERS_STREAM);
            let (shares, errors) = shapley::sampled(&mut game, sampling.samples, random, keep_on)?;
            (shares, Some(errors))
        };
        let (answer, mean, shares) = shapley::summing_up(game.answer, game.mean, shares);
        Ok(Explanation { output, answer, mean, shares, errors, rows: background.len() })
    }

    /// Answers that [`Self::explain`] asks of the network.
    pub fn explaining(&self, samples: u32) -> usize {
        let rows = (self.rows(Set::Train) as usize).min(MOST_ROWS);
        let players = self.schema().map_or(self.layout().inputs(), |schema| schema.fields().len());
        if players <= EXACT_FIELDS {
            rows << players
        } else {
            rows.saturating_mul(2 * samples as usize).saturating_mul(players)
        }
    }

    /// Bytes that [`Self::explain`] and [`Self::changes_for`] take at most, about, besides what texts and tags list.
    pub fn explaining_bytes(&self) -> usize {
        let model = self.model();
        let (cells, outputs) = (self.row_shape().inputs, model.layout().outputs());
        // Rows, the same side by side, and what is answered to them; besides two of each row that is compared with.
        size_of::<f32>() * (together(&model) * (2 * cells + outputs) + 3 * MOST_ROWS * cells)
    }

    /// The stored rows that rows are compared with, in their order.
    fn chosen(&self, seed: u64) -> Result<Vec<Row>> {
        let stored = self.rows(Set::Train);
        if stored == 0 {
            return Err(Error::NothingStored);
        }
        let chosen: Vec<u32> = if stored as usize <= MOST_ROWS {
            (0..stored).collect()
        } else {
            let mut random = Random::new(seed, ROWS_STREAM);
            // Floyd's algorithm, as in `dataset`.
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

    /// A training row, of fields or of inputs.
    fn training_row(&self, index: u32) -> Option<Row> {
        if self.schema.is_some() {
            return self.row_of_fields(Set::Train, index).map(|(row, ..)| row);
        }
        self.row(Set::Train, index).map(|(inputs, ..)| Row { cells: inputs, list: Vec::new() })
    }
}

/// The outputs that an answer can be of: those that have a class.
fn outputs(model: &Model) -> usize {
    match &model.schema {
        Some(_) if model.kind == Kind::Classifier => model.classes().len(),
        _ => model.layout().outputs(),
    }
}

/// Whether answers to a row can be explained.
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

/// Rows that are answered together: so many that the network is fast, so few that they take 16 MB.
fn together(model: &Model) -> usize {
    let width = model.shape().inputs + model.layout().outputs();
    ((4 << 20) / width).clamp(1, 1024)
}

/// Outputs of rows, of fields or of inputs.
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

/// The class that a model answers to each row.
fn class(model: &Model, rows: &[Row]) -> Result<Vec<usize>> {
    let classes = outputs(model);
    let answers = answer(model, rows)?;
    Ok(answers.chunks_exact(model.layout().outputs()).map(|of_row| model.class_of(&of_row[..classes])).collect())
}

/// The same model, which answers what a classifier's output units sum up.
fn before_output(model: &Model) -> Model {
    match model.kind {
        Kind::Regressor => model.clone(),
        Kind::Classifier => {
            Model { options: Options { output: Output::Linear, ..model.options.clone() }, ..model.clone() }
        }
    }
}

/// What takes part in an answer, each as a whole: fields, or inputs where there are no fields.
struct Players {
    /// None where there are no fields.
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

    /// Gives a row the values that another one has.
    fn take(&self, player: usize, from: &Row, into: &mut Row) {
        match &self.schema {
            Some(schema) => schema.take(player, from, into),
            None => into.cells[player] = from.cells[player],
        }
    }
}
