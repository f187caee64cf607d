//! A network as bytes, and back: bit for bit, with the same future.
//!
//! Two forms, one content. *Frames* are for whoever frames and checks by itself: an RDB has each as a string, a replica
//! gets each as an argument. The *file* is the head frame, then every other frame after its length (u32), then the CRC-64
//! that Redis uses, of all before it (u64): what is saved, pickled, exported. All numbers are little-endian.
//!
//! A frame holds one section (`section.rs` lists them) or a piece of one. Whoever does not know a section skips it or, if it is
//! marked required, refuses the network. Sections are numbered and come in the order of their numbers, so later versions
//! add theirs at the end, and change none.
//!
//! A network has one form: defaults are left out, never written; a section is cut in one way; whatever the decoder takes,
//! the version and sections that it skipped apart, is written again as it was. So two networks are the same if their bytes are.
//!
//! Nothing is believed. No count is saved that the bytes themselves do not give; every value is checked before it is kept,
//! and what is kept never outgrows the bytes that came (by more than the table of rows rounds up). Rejected: a general
//! serializer, whose lengths are believed first and checked afterwards; and counts for preallocation, which save a few
//! copies and cost a bound each.

mod calibration;
mod decoder;
mod frame;
mod observed;
mod options;
mod original;
mod report;
mod rows;
mod schema;
mod section;
mod sequences;
mod structure;
#[cfg(test)]
mod tests;
mod trained;
mod trainer_state;

use crc::{CRC_64_REDIS, Crc, Table};

pub use calibration::{decode_calibration, encode_calibration};
pub use decoder::Decoder;
pub use frame::{MAX_FRAME, VERSION};
pub use observed::Observed;
pub use original::{Values, decode_original};

use crate::constraint::Constraint;
use crate::dataset::{Dataset, Rows};
use crate::error::{Error, Result};
use crate::layout::Kind;
use crate::model::Model;
use crate::network::Network;
use crate::report::Report;
use crate::trained::Trained;
use frame::{HEAD, Has, Writer, check_head};
use section::Section;
use structure::Streams;

/// Sixteen bytes at a time: as fast as the rest. On the web, where files are small and pages load the tables, one.
#[cfg(not(target_family = "wasm"))]
type Steps = Table<16>;
#[cfg(target_family = "wasm")]
type Steps = Table<1>;

static CRC: Crc<u64, Steps> = Crc::<u64, Steps>::new(&CRC_64_REDIS);

/// The checksum of some bytes, as frames have it.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    CRC.checksum(bytes)
}

/// The frames of a network, each of at most [`MAX_FRAME`] bytes, one after the other. Takes the memory of one frame.
pub fn frames(network: &Network, sink: &mut dyn FnMut(&[u8])) {
    write(network, MAX_FRAME, sink);
}

fn write(network: &Network, max_frame: usize, sink: &mut dyn FnMut(&[u8])) {
    let Network { kind, schema, options: chosen, trained, report, dataset, rows_random, weights_random, .. } = network;
    let sequences = network.sequences.as_ref();
    let has = match schema {
        None => Has::Positions,
        Some(_) if sequences.is_some_and(|sequences| sequences.view.gru_shape().is_some()) => Has::Cells,
        Some(_) if sequences.is_some() => Has::Sequences,
        Some(_) => Has::Fields,
    };
    let writer = &mut Writer::new(max_frame, has, sink);
    structure::write_layout(*kind, network.layout(), writer);
    structure::write_limits(dataset.limits(), writer);
    structure::write_random(Streams { rows: *rows_random, weights: *weights_random }, writer);
    trained::write(trained, writer);
    if schema.is_none() {
        rows::write(&dataset.train, rows::TRAIN, writer);
        rows::write(&dataset.test, rows::TEST, writer);
    }
    report::write(report.as_deref(), writer);
    trained::write_decays(trained, writer);
    structure::write_notes(network.notes(), writer);
    options::write(*kind, chosen, writer);
    trainer_state::write(trained, writer);
    trained::write_assigned(trained, writer);
    if let (Some(schema), None) = (schema, sequences) {
        schema::write(schema, writer);
        schema::write_rows(&dataset.train, schema::TRAIN, writer);
        schema::write_rows(&dataset.test, schema::TEST, writer);
    }
    trained::write_places(trained, writer);
    calibration::write(network.calibrated.as_deref(), writer);
    trained::write_events(trained, writer);
    if let (Some(seen), Some(sequences)) = (schema, sequences) {
        sequences::write(seen, sequences, writer);
    }
    trained::write_gru(trained, writer);
    writer.fields(Section::End, &[]);
}

/// The bytes of a network, as a file has them.
///
/// ```
/// use neuralredis_core::{Kind, Layout, Limits, Network, Options, codec};
/// let options = Options::new(Kind::Classifier);
/// let net = Network::new(Kind::Classifier, Layout::new(&[4, 5, 3])?, options, Limits::default(), 7)?;
/// let bytes = codec::encode(&net);
/// assert_eq!(codec::decode(&bytes)?, net);
/// assert!(codec::decode(&bytes[1..]).is_err());
/// # Ok::<(), neuralredis_core::Error>(())
/// ```
pub fn encode(network: &Network) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(most_bytes(network));
    frames(network, &mut |frame| {
        if !bytes.is_empty() {
            bytes.extend_from_slice(&(frame.len() as u32).to_le_bytes());
        }
        bytes.extend_from_slice(frame);
    });
    let checksum = CRC.checksum(&bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    bytes.shrink_to_fit();
    bytes
}

/// Whether two networks are the same, now and in all that they will do: whether their bytes are, but for how long the
/// trainings took and on how many threads.
///
/// ```
/// use neuralredis_core::{Kind, Layout, Limits, Network, Options, codec};
/// let options = Options::new(Kind::Classifier);
/// let net = |seed| {
///     Network::new(Kind::Classifier, Layout::new(&[4, 5, 3]).unwrap(), options.clone(), Limits::default(), seed)
/// };
/// assert!(codec::same(&net(7)?, &net(7)?));
/// assert!(!codec::same(&net(7)?, &net(8)?));
/// # Ok::<(), neuralredis_core::Error>(())
/// ```
pub fn same(one: &Network, other: &Network) -> bool {
    let [one, other] = [one, other].map(|network| {
        let mut network = network.clone();
        network.forget_times();
        encode(&network)
    });
    one == other
}

/// Bytes that a network takes at most, so that they need not be moved while they become more. One frame in a thousand
/// bytes is far more than there are.
fn most_bytes(network: &Network) -> usize {
    let Dataset { shape, train, test, .. } = &network.dataset;
    let lists = |rows: &Rows| rows.lists.as_ref().map_or(0, |lists| lists.bytes_by(&|bytes| bytes));
    let rows = |rows: &Rows| rows.len() * 4 * (shape.width() + usize::from(rows.weights.is_some())) + lists(rows);
    let report = network.report.as_ref().map_or(0, |report| report.bytes_by(&|bytes| bytes));
    let classes = network.options.class_weight.bytes_by(&|bytes| bytes);
    let trained = network.trained.bytes_by(&|bytes| bytes);
    let values = trained + rows(train) + rows(test) + report + classes;
    let words = network.schema.as_ref().map_or(0, |schema| schema.most_saved_bytes());
    let calibration = network.calibration_bytes_by(&|bytes| bytes);
    let sequences = network.sequences.as_ref().map_or(0, |sequences| sequences.bytes_by(&|bytes| bytes));
    let values = values + network.notes().len() + words + calibration + sequences;
    1024 + values + values / 1000
}

/// Takes memory for so many values more: what a payload asks for may be more than there is.
fn reserve<T>(to: &mut Vec<T>, more: usize) -> Result<()> {
    let bytes = (to.len() + more) * size_of::<T>();
    to.try_reserve_exact(more).map_err(|_| Error::Memory { bytes })
}

/// Room for so many values.
fn room<T>(count: usize) -> Result<Vec<T>> {
    let mut room = Vec::new();
    reserve(&mut room, count)?;
    Ok(room)
}

/// What trainings have made of a network and the last of them told, in frames of at most [`MAX_FRAME`] bytes: what a replica
/// is sent when one ends.
pub fn trained_frames(kind: Kind, trained: &Trained, report: Option<&Report>, sink: &mut dyn FnMut(&[u8])) {
    let has_fields = trained.layout.looked_up().is_some();
    let has = match has_fields {
        false => Has::Positions,
        true if trained.gru.is_some() => Has::Cells,
        true if trained.normalization.events.is_some() => Has::Sequences,
        true => Has::Fields,
    };
    let writer = &mut Writer::new(MAX_FRAME, has, sink);
    if has_fields {
        // It may have grown.
        structure::write_layout(kind, &trained.layout, writer);
    }
    trained::write(trained, writer);
    report::write(report, writer);
    trained::write_decays(trained, writer);
    trainer_state::write(trained, writer);
    trained::write_assigned(trained, writer);
    trained::write_places(trained, writer);
    trained::write_events(trained, writer);
    trained::write_gru(trained, writer);
    writer.fields(Section::End, &[]);
}

/// What [`trained_frames`] made these frames of, for another copy of the same network, whose model is given.
///
/// ```
/// use neuralredis_core::{Kind, Layout, Limits, Network, Options, codec};
/// use std::sync::Arc;
/// let options = Options::new(Kind::Regressor);
/// let net = Network::new(Kind::Regressor, Layout::new(&[2, 3, 1])?, options.clone(), Limits::default(), 7)?;
/// let mut frames = Vec::new();
/// codec::trained_frames(net.kind(), net.trained(), net.report().map(Arc::as_ref), &mut |frame| frames.push(frame.to_vec()));
///
/// let mut copy = Network::new(Kind::Regressor, Layout::new(&[2, 3, 1])?, options, Limits::default(), 8)?;
/// let (trained, report) = codec::decode_trained(&copy.model(), frames.iter().map(Vec::as_slice))?;
/// copy.install(trained, report.map(Arc::new))?;
/// assert_eq!(copy.trained(), net.trained());
/// # Ok::<(), neuralredis_core::Error>(())
/// ```
///
/// # Errors
/// As [`decode`]: [`Error::Damaged`] for frames that are not what such a network has, and [`Error::NewerFormat`].
pub fn decode_trained<'a>(
    model: &Model,
    frames: impl IntoIterator<Item = &'a [u8]>,
) -> Result<(Trained, Option<Report>)> {
    let mut decoder = Decoder::of_trained(model);
    frames.into_iter().try_for_each(|frame| decoder.push(frame))?;
    let (trained, report) = decoder.finish_trained()?;
    let schema = model.schema.as_deref();
    if let Some(constraint) = Constraint::of(model.kind, schema, &model.options, &trained.layout) {
        constraint.check_trained(&trained)?;
    }
    Ok((trained, report))
}

/// The network that [`encode`] made these bytes of.
///
/// # Errors
/// [`Error::Damaged`] for bytes that are no network, and says which section is at fault; [`Error::NewerFormat`] for those
/// of a later version; [`Error::Memory`] where there is too little for them.
pub fn decode(bytes: &[u8]) -> Result<Network> {
    let Some(head) = bytes.get(..HEAD) else {
        return Err(Error::Damaged(format!("{} bytes: expected at least a head of {HEAD}", bytes.len())));
    };
    // Before the checksum: that of a later version may be another.
    check_head(head)?;
    let Some((frames, &checksum)) = bytes[HEAD..].split_last_chunk() else {
        return Err(Error::Damaged("it ends before its checksum".into()));
    };
    let (found, expected) = (u64::from_le_bytes(checksum), CRC.checksum(&bytes[..HEAD + frames.len()]));
    if found != expected {
        return Err(Error::Damaged(format!("its checksum is {found:016x}: expected {expected:016x}")));
    }
    let mut decoder = Decoder::new();
    decoder.push(head)?;
    let mut rest = frames;
    while !rest.is_empty() {
        let Some((&length, after)) = rest.split_first_chunk() else {
            return Err(Error::Damaged(format!("{} bytes where a frame should be", rest.len())));
        };
        let length = u32::from_le_bytes(length) as usize;
        let Some((frame, after)) = after.split_at_checked(length) else {
            return Err(Error::Damaged(format!("a frame of {length} bytes: only {} are left", after.len())));
        };
        decoder.push(frame)?;
        rest = after;
    }
    decoder.finish()
}
