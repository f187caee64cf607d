//! Sampling of the next events of a sequence: each is drawn from the probabilities after the events before it.

use super::Sequences;
use crate::decoding::Decoding;
use crate::error::{Error, Result};
use crate::layout::Kind;
use crate::network::Network;
use crate::random::Random;
use crate::schema::{Row, Value};

/// Largest number of events that a call may draw.
pub const MOST_DRAWN: usize = 1000;

/// Where sampling ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Largest number of events, 1 to [`MOST_DRAWN`].
    pub count: usize,
    /// The class that ends the sampling. It is not part of the result.
    pub until: Option<usize>,
}

impl Network {
    /// Samples the classes of events that follow a stored sequence. A sequence that does not exist has no events.
    ///
    /// # Errors
    /// The errors of [`Self::continue_events`].
    pub fn continue_sequence(
        &self,
        id: &[u8],
        decoding: &Decoding,
        extent: Extent,
        random: &mut Random,
        keep_on: &dyn Fn() -> bool,
    ) -> Result<Vec<usize>> {
        let history = self.events_of(id)?.unwrap_or_default();
        self.continue_events(history, decoding, extent, random, keep_on)
    }

    /// Samples the classes of events that follow `history`. The other fields of sampled events are gaps. Repetition
    /// penalties apply to the classes of all events before, including sampled ones.
    ///
    /// # Errors
    /// [`Error::NoSequences`]; [`Error::NoNextEvent`] if the target is not a category of the next event;
    /// [`Error::NoClasses`]; [`Error::Option`] for a count out of range or invalid decoding options;
    /// [`Error::NoProbabilities`]; [`Error::Stopped`] once `keep_on` returns false.
    ///
    /// # Panics
    /// If a class is not a word of the events: a bug.
    pub fn continue_events(
        &self,
        mut history: Vec<Row>,
        decoding: &Decoding,
        extent: Extent,
        random: &mut Random,
        keep_on: &dyn Fn() -> bool,
    ) -> Result<Vec<usize>> {
        let Some(Sequences { view, .. }) = &self.sequences else { return Err(Error::NoSequences) };
        let Some(field) = view.next().filter(|_| self.kind == Kind::Classifier) else { return Err(Error::NoNextEvent) };
        if !(1..=MOST_DRAWN).contains(&extent.count) {
            let expected = format!("1 to {MOST_DRAWN}");
            return Err(Error::Option { option: "count", value: extent.count.to_string(), expected });
        }
        decoding.check()?;
        let model = self.model();
        model.check_drawing()?;
        let known = model.classes().len();
        if known == 0 {
            return Err(Error::NoClasses);
        }
        let events = view.events();
        let classes = view.classes();
        let cell = events.cells_of(field).start;
        let first_word = events.inputs(0);
        let class_of =
            |event: &Row| (event.cells[cell] as usize).checked_sub(first_word).map(|word| classes[word] as usize);
        let mut previous: Vec<usize> = history.iter().filter_map(class_of).filter(|&class| class < known).collect();
        let (mut drawn, mut outputs) = (Vec::new(), vec![0.0; model.layout().outputs()]);
        while drawn.len() < extent.count {
            if !keep_on() {
                return Err(Error::Stopped);
            }
            model.answer(&[self.row_of_events(&history)?.row], &mut outputs);
            let class = decoding.draw(&outputs[..known], &previous, random);
            if extent.until == Some(class) {
                break;
            }
            drawn.push(class);
            previous.push(class);
            let mut event = events.row(&vec![Value::Gap; events.fields().len()]);
            let word = events
                .words()
                .iter()
                .zip(&classes)
                .position(|((of, _), &own)| *of as usize == field && own as usize == class);
            event.cells[cell] = (first_word + word.expect("each class is a word")) as f32;
            history.push(event);
        }
        Ok(drawn)
    }
}
