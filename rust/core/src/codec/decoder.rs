//! Incremental decoding of frames into a network.

use std::sync::Arc;

use super::frame::{Frame, HEADER, MAX_FRAME, check_head};
use super::section::{Piece, Section, damaged};
use super::structure::{self, Streams};
use super::{calibration, options, report, rows, schema, sequences, trained};
use crate::conformal::Memo;
use crate::dataset::{Dataset, Limits, RowShape, Rows};
use crate::error::{Error, Result};
use crate::layout::{Kind, Layout};
use crate::model::Model;
use crate::network::Network;
use crate::options::Options;
use crate::report::Report;
use crate::schema::Schema;
use crate::trained::Trained;

/// A decoder that takes the frames of a network in order.
///
/// Every field is checked as it arrives, and memory is allocated only for received values. After an error the decoder
/// must not be used again.
///
/// ```
/// use neuralredis_core::{Kind, Layout, Limits, Network, Options, codec};
/// let options = Options::new(Kind::Regressor);
/// let net = Network::new(Kind::Regressor, Layout::new(&[2, 3, 1])?, options, Limits::default(), 7)?;
/// let mut frames = Vec::new();
/// codec::frames(&net, &mut |frame| frames.push(frame.to_vec()));
///
/// let mut decoder = codec::Decoder::new();
/// let mut frames = frames.iter();
/// while !decoder.is_complete() {
///     decoder.push(frames.next().expect("the last frame completes it"))?;
/// }
/// assert_eq!(decoder.finish()?, net);
/// # Ok::<(), neuralredis_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Decoder {
    max_frame: usize,
    has_head: bool,
    /// The section number of the last frame, whether it is required, and whether it continues.
    last: (u16, bool, bool),
    parts: Option<Parts>,
    complete: bool,
}

/// The parts decoded so far.
#[derive(Debug)]
struct Parts {
    kind: Kind,
    layout: Layout,
    options: Option<Options>,
    limits: Option<Limits>,
    streams: Option<Streams>,
    trained: trained::Parts,
    train: Rows,
    test: Rows,
    report: report::Parts,
    notes: Option<Arc<Vec<u8>>>,
    calibration: calibration::Parts,
    schema: Option<Schema>,
    sequences: Option<sequences::Parts>,
    train_lists: schema::Lists,
    test_lists: schema::Lists,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder that expects the first frame.
    pub fn new() -> Self {
        Self::with_max_frame(MAX_FRAME)
    }

    pub(super) fn with_max_frame(max_frame: usize) -> Self {
        Self { max_frame, has_head: false, last: (0, true, false), parts: None, complete: false }
    }

    /// A decoder for the result of a training of this network.
    pub(super) fn of_trained(model: &Model) -> Self {
        let mut decoder = Self::new();
        if model.schema.is_none() {
            decoder.parts = Some(Parts::new(model.kind, model.layout().clone()));
            decoder.last.0 = Section::Random.tag();
        }
        decoder
    }

    /// Whether the last frame has been decoded.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Decode the next frame.
    ///
    /// # Errors
    /// [`Error::Damaged`] for a frame that is invalid at this position, [`Error::NewerFormat`] for a later version of
    /// the format.
    pub fn push(&mut self, frame: &[u8]) -> Result<()> {
        if !self.has_head {
            check_head(frame)?;
            self.has_head = true;
            return Ok(());
        }
        if self.complete {
            return Err(Error::Damaged("something follows its end".into()));
        }
        let frame = Frame::parse(frame, self.max_frame)?;
        self.check_order(&frame)?;
        self.last = (frame.tag, frame.required, frame.more);
        let Some(section) = Section::from_tag(frame.tag) else {
            if frame.required {
                let what = format!("section {} is required, and unknown to this version", frame.tag);
                return Err(Error::Damaged(what));
            }
            return Ok(());
        };
        if frame.required != section.is_required() {
            let (found, expected) = if frame.required { ("required", "optional") } else { ("optional", "required") };
            return Err(damaged(section, format_args!("it is marked {found}: expected {expected}")));
        }
        self.read(&Piece { section, body: frame.body, more: frame.more, max_body: self.max_frame - HEADER })
    }

    /// Sections must come in ascending order, each once, and pieces of a section one after the other.
    fn check_order(&self, frame: &Frame<'_>) -> Result<()> {
        let (tag, required, more) = self.last;
        let reject = |what: String| Err(Error::Damaged(what));
        if more && (frame.tag, frame.required) != (tag, required) {
            return reject(format!("section {} breaks into section {tag}", frame.tag));
        }
        if !more && frame.tag <= tag {
            return reject(format!("section {} follows section {tag}: expected a greater number", frame.tag));
        }
        Ok(())
    }

    fn read(&mut self, piece: &Piece<'_>) -> Result<()> {
        let Some(parts) = &mut self.parts else {
            if piece.section != Section::Layout {
                return Err(damaged(piece.section, "it comes first: expected section layout before it"));
            }
            let (kind, layout) = structure::read_layout(piece)?;
            self.parts = Some(Parts::new(kind, layout));
            return Ok(());
        };
        if piece.section == Section::End {
            piece.fields()?.end()?;
            self.complete = true;
            return Ok(());
        }
        parts.read(piece)
    }

    /// The decoded network.
    ///
    /// # Errors
    /// [`Error::Damaged`] if frames are missing.
    pub fn finish(self) -> Result<Network> {
        self.complete_parts()?.finish()
    }

    /// The decoded result of a training, and its report.
    pub(super) fn finish_trained(self) -> Result<(Trained, Option<Report>)> {
        let Parts { trained, layout, report, .. } = self.complete_parts()?;
        Ok((trained.finish(Arc::new(layout))?, report.finish()?))
    }

    fn complete_parts(self) -> Result<Parts> {
        match self.parts {
            Some(parts) if self.complete => Ok(parts),
            _ => Err(Error::Damaged("it ends too early: its last section is missing".into())),
        }
    }
}

impl Parts {
    fn new(kind: Kind, layout: Layout) -> Self {
        let width = RowShape::new(kind, &layout).width();
        Self {
            kind,
            layout,
            options: None,
            limits: None,
            streams: None,
            trained: trained::Parts::default(),
            train: Rows::new(width),
            test: Rows::new(width),
            report: report::Parts::default(),
            notes: None,
            calibration: calibration::Parts::default(),
            schema: None,
            sequences: None,
            train_lists: schema::Lists::default(),
            test_lists: schema::Lists::default(),
        }
    }

    fn read(&mut self, piece: &Piece<'_>) -> Result<()> {
        let shape = RowShape::new(self.kind, &self.layout);
        // Without the section of limits, rows are rejected here, and the network in `finish`.
        let limits = self.limits.unwrap_or(Limits { train: 0, test: 0 });
        let (layout, trained) = (&self.layout, &mut self.trained);
        match piece.section {
            Section::Layout | Section::End => unreachable!("read by the decoder"),
            Section::FirstOptions => self.options = Some(options::read_first(piece, self.kind, layout)?),
            Section::Limits => self.limits = Some(structure::read_limits(piece)?),
            Section::Random => self.streams = Some(structure::read_random(piece)?),
            Section::Weights => trained.read_weights(piece, layout)?,
            Section::Sizes => trained.read_sizes(piece, layout)?,
            Section::Signs => trained.read_signs(piece, layout)?,
            Section::Objective => trained.read_objective(piece, layout)?,
            Section::InputScaling => trained.read_input_scaling(piece, layout)?,
            Section::OutputScaling => trained.read_output_scaling(piece, self.kind, layout)?,
            Section::Statistics => trained.read_statistics(piece)?,
            Section::TrainRows => rows::read(&mut self.train, shape, limits.train, piece)?,
            Section::TrainRowWeights => rows::read_weights(&mut self.train, piece)?,
            Section::TestRows => rows::read(&mut self.test, shape, limits.test, piece)?,
            Section::TestRowWeights => rows::read_weights(&mut self.test, piece)?,
            Section::Report => self.report.read(piece)?,
            Section::Curve => self.report.read_curve(piece)?,
            Section::Ensemble | Section::ClassWeight | Section::Patience => match &mut self.options {
                Some(chosen) => options::read_later(piece, self.kind, layout, chosen)?,
                None => return Err(damaged(Section::FirstOptions, "it is missing")),
            },
            Section::Options if self.options.is_some() => {
                return Err(damaged(piece.section, "they are there already, in the form of an earlier version"));
            }
            Section::Options => self.options = Some(options::read(piece, self.kind, layout)?),
            Section::Decays => trained.read_decays(piece, layout)?,
            Section::TrainerState => trained.read_trainer_state(piece, layout)?,
            Section::Assigned => trained.read_assigned(piece)?,
            Section::Places => trained.read_places(piece)?,
            Section::Calibration => self.calibration.read(piece, self.kind, layout.outputs())?,
            Section::EventScaling => trained.read_events(piece)?,
            Section::Gru => trained.read_gru(piece)?,
            Section::Sequence => {
                if self.schema.is_some() || self.train.len() + self.test.len() > 0 {
                    return Err(damaged(piece.section, "there are rows or fields already, of a network of rows"));
                }
                let (parts, seen) = sequences::Parts::read(piece)?;
                let Dataset { train, test, .. } = Dataset::of_fields(&seen, limits);
                (self.train, self.test, self.schema, self.sequences) = (train, test, Some(seen), Some(parts));
            }
            Section::EventClasses | Section::EventWords | Section::Events | Section::Idle => {
                match (&mut self.sequences, &mut self.schema) {
                    (Some(sequences), Some(seen)) => sequences.read_later(seen, limits, piece)?,
                    _ => return Err(damaged(Section::Sequence, "it is missing")),
                }
            }
            Section::Notes => self.notes = Some(structure::read_notes(piece)?),
            Section::Schema => {
                let schema = schema::read(piece)?;
                let Dataset { train, test, .. } = Dataset::of_fields(&schema, limits);
                if self.train.len() + self.test.len() > 0 {
                    return Err(damaged(piece.section, "there are rows already, of a network without fields"));
                }
                (self.train, self.test, self.schema) = (train, test, Some(schema));
            }
            _ => self.read_fields(piece, limits)?,
        }
        Ok(())
    }

    /// Read a section that only networks of fields have.
    fn read_fields(&mut self, piece: &Piece<'_>, limits: Limits) -> Result<()> {
        let Some(schema) = &mut self.schema else { return Err(damaged(Section::Schema, "it is missing")) };
        let (train, test) = (&mut self.train, &mut self.test);
        match piece.section {
            Section::Classes => schema::read_classes(schema, piece),
            Section::Words => schema::read_words(schema, piece),
            Section::TrainFields => schema::read_rows(train, schema, limits.train, piece),
            Section::TrainFieldWeights => rows::read_weights(train, piece),
            Section::TrainListLengths => self.train_lists.read_lengths(train, piece),
            Section::TrainListEntries => self.train_lists.read_entries(train, schema, piece),
            Section::TestFields => schema::read_rows(test, schema, limits.test, piece),
            Section::TestFieldWeights => rows::read_weights(test, piece),
            Section::TestListLengths => self.test_lists.read_lengths(test, piece),
            Section::TestListEntries => self.test_lists.read_entries(test, schema, piece),
            _ => unreachable!("read before"),
        }
    }

    fn finish(self) -> Result<Network> {
        let Self { kind, layout, options, limits, streams, trained, train, test, report, notes, schema, .. } = self;
        let missing = |section| damaged(section, "it is missing");
        self.train_lists.finish(&train, schema::TRAIN)?;
        self.test_lists.finish(&test, schema::TEST)?;
        let sequences = self.sequences.map(sequences::Parts::finish).transpose()?;
        let options = options.ok_or_else(|| missing(Section::Options))?;
        let limits = limits.ok_or_else(|| missing(Section::Limits))?;
        let Streams { rows, weights } = streams.ok_or_else(|| missing(Section::Random))?;
        let mut dataset = match &schema {
            None if layout.looked_up().is_some() => return Err(missing(Section::Schema)),
            None => Dataset::new(RowShape::new(kind, &layout), limits),
            Some(schema) => {
                if schema.kind() != kind || !options.normalize || !schema.has_had(&layout, layout.hidden()) {
                    return Err(damaged(Section::Schema, "it is not that of a network of this layout"));
                }
                schema.check_size(layout.hidden()).map_err(|error| damaged(Section::Schema, error))?;
                Dataset::of_fields(schema, limits)
            }
        };
        (dataset.train, dataset.test) = (train, test);
        let calibrated = self.calibration.finish(kind, layout.outputs())?.map(Arc::new);
        let trained = trained.finish(Arc::new(layout))?;
        let has_places = match &schema {
            None => trained.normalization.places.is_none(),
            Some(schema) => schema.has_had_places(&trained),
        };
        if !has_places {
            return Err(damaged(Section::Places, "they are not those of the fields of numbers"));
        }
        let events = trained.normalization.events.as_ref();
        if !sequences.as_ref().map_or(events.is_none(), |sequences| sequences.view.accepts_scaling(events)) {
            return Err(damaged(Section::EventScaling, "it is not that of the events"));
        }
        let has_cells = trained.gru.is_none() || sequences.as_ref().is_some_and(|own| own.view.accepts_cells(&trained));
        if !has_cells {
            return Err(damaged(Section::Gru, "they are not those of the members, for such events"));
        }
        let network = Network {
            kind,
            schema: schema.map(Arc::new),
            options,
            trained: Arc::new(trained),
            report: report.finish()?.map(Arc::new),
            dataset,
            sequences,
            rows_random: rows,
            weights_random: weights,
            notes,
            calibrated,
            memo: Memo::default(),
        };
        network.check_options(&network.options).map_err(|error| damaged(Section::Options, error))?;
        if let Some(constraint) = network.constraint() {
            constraint.check_trained(&network.trained)?;
        }
        Ok(network)
    }
}
