//! The section of what a trainer other than RPROP remembers: the trainer's tag, then what is its own.

use super::frame::Writer;
use super::reserve;
use super::section::{Piece, Section, damaged};
use crate::error::Result;
use crate::layout::Layout;
use crate::trained::Trained;
use crate::trainer_state::{MOST_MOVES, MOST_SHORTENED, SearchState, TrainerState};

/// The tag of L-BFGS.
const LBFGS: u8 = 1;

/// The section is of words, the first of which begins with the tag.
type Word = [u8; 4];

/// Words of a search before its moves: objective and step, two each, decay, times shortened, moves.
const SEARCH_WORDS: usize = 7;

/// Writes what there is beside RPROP's state.
pub(super) fn write(trained: &Trained, writer: &mut Writer<'_>) {
    let TrainerState::Lbfgs(_, searches) = &trained.state else { return };
    let move_values = 2 * trained.weights.len() / trained.members();
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

/// What has been read so far.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// The words before the moves.
    words: Vec<Word>,
    searches: Vec<SearchState>,
    /// Values of each search's moves.
    counts: Vec<usize>,
}

impl Parts {
    pub(super) fn read(&mut self, piece: &Piece<'_>, layout: &Layout, members: usize) -> Result<()> {
        let mut units = piece.units(size_of::<Word>())?;
        let before_moves = 1 + SEARCH_WORDS * members;
        while self.words.len() < before_moves {
            let Some(unit) = units.next() else { return Ok(()) };
            self.words.push(unit.try_into().expect("a unit has its length"));
            if self.words.len() == before_moves {
                self.read_searches(layout)?;
            }
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
        let refuse = |what: String| Err(damaged(Section::TrainerState, what));
        let (&tag, searches) = self.words.split_first().expect("it has been read");
        if tag != [LBFGS, 0, 0, 0] {
            let tag = u32::from_le_bytes(tag);
            return refuse(format!("the trainer is number {tag}: expected one that this version knows"));
        }
        for words in searches.as_chunks::<SEARCH_WORDS>().0 {
            let [objective, step] = [0, 2].map(|at| {
                let (bytes, _) = words[at..].as_flattened().split_first_chunk().expect("two words");
                f64::from_le_bytes(*bytes)
            });
            let decay_before = f32::from_le_bytes(words[4]);
            let [shortened, moves] = [5, 6].map(|at| u32::from_le_bytes(words[at]));
            let search = SearchState { objective, step, decay_before, shortened, moves: Vec::new() };
            if moves as usize > MOST_MOVES {
                return refuse(format!("{moves} moves: expected at most {MOST_MOVES}"));
            }
            if !search.has_begun() && (search != SearchState::NONE || moves > 0) {
                return refuse(format!("a search with the objective {objective} has begun: expected a smaller one"));
            }
            if search.has_begun() && !(step > 0.0 && step.is_finite()) {
                return refuse(format!("a step is {step}: expected a finite number above 0"));
            }
            if !(decay_before >= 0.0 && decay_before.is_finite()) {
                return refuse(format!("a decay is {decay_before}: expected a finite number of at least 0"));
            }
            if shortened > MOST_SHORTENED {
                return refuse(format!("a step was shortened {shortened} times: expected at most {MOST_SHORTENED}"));
            }
            self.searches.push(search);
            self.counts.push(moves as usize * 2 * layout.parameters());
        }
        if !self.searches.iter().any(SearchState::has_begun) {
            return refuse("no search has begun: expected it to be left out".into());
        }
        Ok(())
    }

    /// The searches of L-BFGS; none if there is no such section.
    pub(super) fn finish(self) -> Result<Option<Vec<SearchState>>> {
        if self.words.is_empty() {
            return Ok(None);
        }
        let complete = self.searches.iter().zip(&self.counts).all(|(search, &count)| search.moves.len() == count);
        if self.searches.is_empty() || !complete {
            return Err(damaged(Section::TrainerState, "it ends before its moves do"));
        }
        Ok(Some(self.searches))
    }
}
