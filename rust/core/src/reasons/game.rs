//! What a coalition of fields is worth: the mean answer to stored rows that have the values of the row for these fields.

use super::log_odds::Told;
use super::{Players, answer, before_output, together};
use crate::error::Result;
use crate::model::Model;
use crate::schema::Row;

pub(super) struct Game<'a> {
    model: Model,
    told: Told,
    players: &'a Players,
    row: &'a Row,
    background: &'a [Row],
    /// The stored rows, with the row's values of those that take part.
    mixed: Vec<Row>,
    takes_part: Vec<bool>,
    /// What all are worth together: the answer to the row.
    pub(super) answer: f64,
    /// What nobody is worth.
    pub(super) mean: f64,
}

impl<'a> Game<'a> {
    pub(super) fn new(
        model: &Model,
        told: Told,
        players: &'a Players,
        row: &'a Row,
        background: &'a [Row],
    ) -> Result<Self> {
        let (model, mixed) = (before_output(model), background.to_vec());
        let takes_part = vec![false; players.len()];
        let answer = told.value(&answer(&model, std::slice::from_ref(row))?);
        let mut game = Self { model, told, players, row, background, mixed, takes_part, answer, mean: 0.0 };
        game.mean = game.worth()?;
        Ok(game)
    }

    pub(super) fn players(&self) -> usize {
        self.takes_part.len()
    }

    /// Lets one take part that did not, or the other way round.
    pub(super) fn turn(&mut self, player: usize) {
        let takes_part = !self.takes_part[player];
        self.takes_part[player] = takes_part;
        for (mixed, stored) in self.mixed.iter_mut().zip(self.background) {
            self.players.take(player, if takes_part { self.row } else { stored }, mixed);
        }
    }

    /// Lets nobody take part.
    pub(super) fn begin_again(&mut self) {
        self.takes_part.fill(false);
        self.mixed.clone_from_slice(self.background);
    }

    /// What those that take part are worth.
    pub(super) fn worth(&self) -> Result<f64> {
        // In the order of the rows, so that the sum has the same bits everywhere.
        let mut sum = 0.0;
        for rows in self.mixed.chunks(together(&self.model)) {
            let outputs = answer(&self.model, rows)?;
            let all = outputs.chunks_exact(self.model.layout().outputs());
            sum = all.fold(sum, |sum, outputs| sum + self.told.value(outputs));
        }
        Ok(sum / self.mixed.len() as f64)
    }
}
