//! The cooperative game whose Shapley values explain an answer.
//!
//! The value of a coalition of fields is the mean answer for the background rows after the row's values of these fields
//! have been copied into them.

use super::log_odds::Readout;
use super::{Players, answer, batch_rows, without_output_function};
use crate::error::Result;
use crate::model::Model;
use crate::schema::Row;

/// The game with its present coalition.
pub(super) struct Game<'a> {
    model: Model,
    readout: Readout,
    players: &'a Players,
    row: &'a Row,
    background: &'a [Row],
    /// The background rows with the row's values of the players in the coalition.
    mixed: Vec<Row>,
    is_in: Vec<bool>,
    /// The value of all players: the answer for the row.
    pub(super) answer: f64,
    /// The value of the empty coalition: the mean answer for the background rows.
    pub(super) mean: f64,
}

impl<'a> Game<'a> {
    pub(super) fn new(
        model: &Model,
        readout: Readout,
        players: &'a Players,
        row: &'a Row,
        background: &'a [Row],
    ) -> Result<Self> {
        let (model, mixed) = (without_output_function(model), background.to_vec());
        let is_in = vec![false; players.len()];
        let answer = readout.value(&answer(&model, std::slice::from_ref(row))?);
        let mut game = Self { model, readout, players, row, background, mixed, is_in, answer, mean: 0.0 };
        game.mean = game.value()?;
        Ok(game)
    }

    pub(super) fn players(&self) -> usize {
        self.is_in.len()
    }

    /// Add a player to the coalition, or remove it.
    pub(super) fn toggle(&mut self, player: usize) {
        let is_in = !self.is_in[player];
        self.is_in[player] = is_in;
        for (mixed, stored) in self.mixed.iter_mut().zip(self.background) {
            self.players.copy(player, if is_in { self.row } else { stored }, mixed);
        }
    }

    /// Empty the coalition.
    pub(super) fn clear(&mut self) {
        self.is_in.fill(false);
        self.mixed.clone_from_slice(self.background);
    }

    /// The value of the present coalition.
    pub(super) fn value(&self) -> Result<f64> {
        // Summed in the order of the rows, so that the bits are the same everywhere.
        let mut sum = 0.0;
        for rows in self.mixed.chunks(batch_rows(&self.model)) {
            let outputs = answer(&self.model, rows)?;
            let all = outputs.chunks_exact(self.model.layout().outputs());
            sum = all.fold(sum, |sum, outputs| sum + self.readout.value(outputs));
        }
        Ok(sum / self.mixed.len() as f64)
    }
}
