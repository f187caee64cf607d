//! What may happen next, and after that: events are drawn one after the other, each by the probabilities after those before it.

use super::Sequences;
use crate::decoding::Decoding;
use crate::error::{Error, Result};
use crate::layout::Kind;
use crate::network::Network;
use crate::random::Random;
use crate::schema::{Row, Value};

/// Events that are drawn at most.
pub const MOST_DRAWN: usize = 1000;

/// How many events are drawn, and after which class no more are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// So many at most.
    pub count: usize,
    /// The class that ends it, which is not among those that are told.
    pub until: Option<usize>,
}

impl Network {
    /// The classes of events that could follow a sequence; one that is not there has no events yet.
    ///
    /// # Errors
    /// Those of [`Self::continue_events`].
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

    /// The classes of events that could follow these. Other fields of theirs are gaps. Those that a penalty is for are the
    /// classes of all events so far, the drawn ones included.
    ///
    /// # Errors
    /// [`Error::NoSequences`]; [`Error::NoNextEvent`] if the target is no field of the events; [`Error::NoClasses`];
    /// [`Error::Option`] for too many events or a decoding that cannot be, [`Error::NoProbabilities`], and [`Error::Stopped`]
    /// once `keep_on` says no.
    ///
    /// # Panics
    /// If a class is no word of the events: a bug.
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
        let mut seen: Vec<usize> = history.iter().filter_map(class_of).filter(|&class| class < known).collect();
        let (mut drawn, mut outputs) = (Vec::new(), vec![0.0; model.layout().outputs()]);
        while drawn.len() < extent.count {
            if !keep_on() {
                return Err(Error::Stopped);
            }
            model.answer(&[self.see_events(&history)?.row], &mut outputs);
            let class = decoding.draw(&outputs[..known], &seen, random);
            if extent.until == Some(class) {
                break;
            }
            drawn.push(class);
            seen.push(class);
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
