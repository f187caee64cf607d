//! The section of the state of L-BFGS, of Adam, or of the Adam that trains cells.

use super::frame::Writer;
use super::section::{Piece, Section, damaged};
use super::trained::{MAX_COUNT, nan_to_infinity};
use super::{reserve, try_with_capacity};
use crate::error::Result;
use crate::layout::{Layout, MAX_PARAMETERS};
use crate::trained::Trained;
use crate::trainer_state::{AdamState, MOST_MOVES, MOST_SHORTENED, Presented, RpropState, SearchState, TrainerState};

/// Tag of L-BFGS in the section.
const LBFGS: u8 = 1;
/// Tag of Adam in the section.
const ADAM: u8 = 2;
/// Tag of the Adam that trains cells.
const CELLS: u8 = 3;

/// Unit of the section. The first word is the tag, followed by zeros.
type Word = [u8; 4];

/// Words of each member of L-BFGS before all moves: objective (2), step (2), decay, times shortened, moves.
const SEARCH_WORDS: usize = 7;
/// Words of each member of Adam before all values: steps (2), loss (2).
const PRESENTED_WORDS: usize = 4;

/// Write the state of a trainer other than RPROP.
pub(super) fn write(trained: &Trained, writer: &mut Writer<'_>) {
    match &trained.state {
        TrainerState::Rprop(_) => {}
        TrainerState::Lbfgs(_, searches) => {
            write_searches(searches, 2 * trained.weights.len() / trained.members(), writer);
        }
        TrainerState::Adam(_, state) => write_adam(ADAM, state, writer),
        TrainerState::Cells(_, state) => write_adam(CELLS, state, writer),
    }
}

fn write_adam(tag: u8, AdamState { weights, first, second, members }: &AdamState, writer: &mut Writer<'_>) {
    let mut words: Vec<Word> = vec![[tag, 0, 0, 0]];
    for &Presented { steps, loss } in members {
        words.extend(steps.min(MAX_COUNT).to_le_bytes().as_chunks().0);
        words.extend(nan_to_infinity(loss).to_le_bytes().as_chunks().0);
    }
    let values = weights.iter().chain(first).chain(second).map(|value| value.to_le_bytes());
    writer.values(Section::TrainerState, size_of::<Word>(), words.into_iter().chain(values));
}

fn write_searches(searches: &[SearchState], move_values: usize, writer: &mut Writer<'_>) {
    let mut words: Vec<Word> = vec![[LBFGS, 0, 0, 0]];
    for SearchState { objective, step, decay_before, shortened, moves } in searches {
        words.extend(objective.to_le_bytes().as_chunks().0);
        words.extend(step.to_le_bytes().as_chunks().0);
        let moves = (moves.len() / move_values) as u32;
        words.extend([decay_before.to_le_bytes(), shortened.to_le_bytes(), moves.to_le_bytes()]);
    }
    let moves = searches.iter().flat_map(|search| &search.moves).map(|value| value.to_le_bytes());
    writer.values(Section::TrainerState, size_of::<Word>(), words.into_iter().chain(moves));
}

/// The parts decoded so far.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// The tag and the words of members.
    words: Vec<Word>,
    searches: Vec<SearchState>,
    /// For each search, the number of values in its moves.
    counts: Vec<usize>,
    /// Members of Adam.
    presented: Vec<Presented>,
    /// Values of Adam for all parameters: weights, means of gradients, means of squares.
    values: Vec<f32>,
}

impl Parts {
    pub(super) fn read(&mut self, piece: &Piece<'_>, layout: &Layout, members: usize) -> Result<()> {
        let mut units = piece.units(size_of::<Word>())?;
        let mut words = || units.next().map(|unit| Word::try_from(unit).expect("a unit has its length"));
        if self.words.is_empty() {
            let Some(tag) = words() else { return Ok(()) };
            if ![LBFGS, ADAM, CELLS].map(|known| [known, 0, 0, 0]).contains(&tag) {
                let what = u32::from_le_bytes(tag);
                let what = format!("the trainer is number {what}: expected one that this version knows");
                return Err(damaged(Section::TrainerState, what));
            }
            self.words.push(tag);
        }
        let is_adam = self.words[0][0] != LBFGS;
        let before_values = 1 + if is_adam { PRESENTED_WORDS } else { SEARCH_WORDS } * members;
        while self.words.len() < before_values {
            let Some(word) = words() else { return Ok(()) };
            self.words.push(word);
            if self.words.len() == before_values {
                if is_adam { self.read_presented()? } else { self.read_searches(layout)? }
            }
        }
        if is_adam {
            // The parameters of cells are checked when the network is complete.
            let is_of_cells = self.words[0][0] == CELLS;
            let most = if is_of_cells { 2 * MAX_PARAMETERS } else { members * layout.parameters() };
            return self.read_values(units, 3 * most);
        }
        for (search, &count) in self.searches.iter_mut().zip(&self.counts) {
            let more = units.len().min(count - search.moves.len());
            reserve(&mut search.moves, more)?;
            for unit in units.by_ref().take(more) {
                let value = f32::from_le_bytes(unit.try_into().expect("a unit has its length"));
                if !value.is_finite() {
                    return Err(damaged(piece.section, format!("a move is {value}: expected a finite number")));
                }
                search.moves.push(value);
            }
        }
        match units.len() {
            0 => Ok(()),
            more => Err(damaged(piece.section, format!("{more} values more than its moves have"))),
        }
    }

    fn read_searches(&mut self, layout: &Layout) -> Result<()> {
        let reject = |what: String| Err(damaged(Section::TrainerState, what));
        for words in self.words[1..].as_chunks::<SEARCH_WORDS>().0 {
            let [objective, step] = [0, 2].map(|at| f64::from_le_bytes(two_words(words, at)));
            let decay_before = f32::from_le_bytes(words[4]);
            let [shortened, moves] = [5, 6].map(|at| u32::from_le_bytes(words[at]));
            let search = SearchState { objective, step, decay_before, shortened, moves: Vec::new() };
            if moves as usize > MOST_MOVES {
                return reject(format!("{moves} moves: expected at most {MOST_MOVES}"));
            }
            if !search.has_begun() && (search != SearchState::NONE || moves > 0) {
                return reject(format!("a search with the objective {objective} has begun: expected a smaller one"));
            }
            if search.has_begun() && !(step > 0.0 && step.is_finite()) {
                return reject(format!("a step is {step}: expected a finite number above 0"));
            }
            if !(decay_before >= 0.0 && decay_before.is_finite()) {
                return reject(format!("a decay is {decay_before}: expected a finite number of at least 0"));
            }
            if shortened > MOST_SHORTENED {
                return reject(format!("a step was shortened {shortened} times: expected at most {MOST_SHORTENED}"));
            }
            self.searches.push(search);
            self.counts.push(moves as usize * 2 * layout.parameters());
        }
        if !self.searches.iter().any(SearchState::has_begun) {
            return reject("no search has begun: expected it to be left out".into());
        }
        Ok(())
    }

    fn read_presented(&mut self) -> Result<()> {
        let reject = |what: String| Err(damaged(Section::TrainerState, what));
        for words in self.words[1..].as_chunks::<PRESENTED_WORDS>().0 {
            let (steps, loss) = (u64::from_le_bytes(two_words(words, 0)), f64::from_le_bytes(two_words(words, 2)));
            if steps > MAX_COUNT {
                return reject(format!("{steps} steps: expected at most {MAX_COUNT}"));
            }
            if loss.is_nan() {
                return reject("a loss is NaN: expected a number".into());
            }
            self.presented.push(Presented { steps, loss });
        }
        if self.presented.iter().all(|member| member.steps == 0) {
            return reject("no step has been taken: expected it to be left out".into());
        }
        Ok(())
    }

    fn read_values<'a>(&mut self, units: impl ExactSizeIterator<Item = &'a [u8]>, most: usize) -> Result<()> {
        let reject = |what: String| Err(damaged(Section::TrainerState, what));
        if units.len() > most - self.values.len() {
            return reject(format!("more than {most} values: expected three for each parameter"));
        }
        reserve(&mut self.values, units.len())?;
        for unit in units {
            let value = f32::from_le_bytes(unit.try_into().expect("a unit has its length"));
            let at = self.values.len();
            if !value.is_finite() {
                return reject(format!("value {at} is {value}: expected a finite number"));
            }
            self.values.push(value);
        }
        Ok(())
    }

    /// Check that the state is complete, and combine it with that of RPROP. `parameters` are those of all members, without
    /// cells.
    pub(super) fn finish(self, rprop: RpropState, parameters: usize, has_cells: bool) -> Result<TrainerState> {
        let Some([tag, ..]) = self.words.first() else { return Ok(TrainerState::Rprop(rprop)) };
        match *tag {
            ADAM => Ok(TrainerState::Adam(rprop, self.finish_adam(Some(parameters))?)),
            CELLS if !has_cells => {
                Err(damaged(Section::TrainerState, "the network has no cells: expected none of cells"))
            }
            CELLS => Ok(TrainerState::Cells(rprop, self.finish_adam(None)?)),
            _ => Ok(TrainerState::Lbfgs(rprop, self.finish_searches()?)),
        }
    }

    /// Combine the parts of the state of Adam for `parameters` of all members, or for any number.
    fn finish_adam(self, parameters: Option<usize>) -> Result<AdamState> {
        let reject = |what: String| Err(damaged(Section::TrainerState, what));
        let given = self.values.len() / 3;
        let is_whole = self.values.len() == 3 * parameters.unwrap_or(given) && given > 0;
        if !is_whole || self.presented.is_empty() || !given.is_multiple_of(self.presented.len()) {
            return reject("it ends before its values do".into());
        }
        if let Some(at) = (2 * given..3 * given).find(|&at| self.values[at] < 0.0) {
            let value = self.values[at];
            return reject(format!("value {at} is {value}: expected a finite number of at least 0"));
        }
        let mut thirds = self.values.chunks_exact(given).map(|third| {
            let mut values = try_with_capacity(given)?;
            values.extend_from_slice(third);
            Ok(values)
        });
        let mut next = || thirds.next().expect("there are three");
        let (weights, first, second) = (next()?, next()?, next()?);
        Ok(AdamState { weights, first, second, members: self.presented })
    }

    fn finish_searches(self) -> Result<Vec<SearchState>> {
        let complete = self.searches.iter().zip(&self.counts).all(|(search, &count)| search.moves.len() == count);
        if self.searches.is_empty() || !complete {
            return Err(damaged(Section::TrainerState, "it ends before its moves do"));
        }
        Ok(self.searches)
    }
}

/// The bytes of two consecutive words.
fn two_words(words: &[Word], at: usize) -> [u8; 8] {
    *words[at..].as_flattened().first_chunk().expect("there are two words")
}
