//! Serialization of networks. It is lossless: a decoded network has the same state to the last bit, and behaves the
//! same from then on.
//!
//! There are two containers for one content. *Frames* are for transports that delimit and check by themselves: an RDB
//! stores each frame as a string, and a replica receives each as an argument. A *file* is the head frame, then each
//! other frame preceded by its length (u32), then a CRC-64 as in Redis over all of it (u64); it is what is saved,
//! pickled and exported. All numbers are little-endian.
//!
//! A frame holds one section (listed in `section.rs`) or a piece of one. A reader skips an unknown section, unless it
//! is flagged as required: then it must reject the network. Sections have numbers and come in ascending order, so later
//! versions append theirs and change none.
//!
//! The encoding is canonical: defaults are left out and never written, and a section is cut into pieces in one way
//! only. Whatever is decoded is encoded to the same bytes again, apart from the version and from skipped sections. So
//! two networks are equal if their bytes are.
//!
//! Input is not trusted. No count is stored that the bytes do not imply, every value is checked before it is stored,
//! and the allocated memory is bounded by the bytes received (plus the rounding of the table of rows). Rejected: a
//! general serializer, which trusts lengths before it checks values; and counts for preallocation, which save a few
//! copies but need a bound each.

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
use frame::{Format, HEAD, Writer, check_head};
use section::Section;
use structure::Streams;

/// Sixteen bytes a step, which is as fast as the rest of decoding. In browsers, where files are small and the tables
/// are downloaded, one.
#[cfg(not(target_family = "wasm"))]
type Steps = Table<16>;
#[cfg(target_family = "wasm")]
type Steps = Table<1>;

static CRC: Crc<u64, Steps> = Crc::<u64, Steps>::new(&CRC_64_REDIS);

/// The CRC-64 of some bytes, as files have it.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    CRC.checksum(bytes)
}

/// Pass the frames of a network to `sink` in order, each of at most [`MAX_FRAME`] bytes. Needs the memory of one frame.
pub fn frames(network: &Network, sink: &mut dyn FnMut(&[u8])) {
    write(network, MAX_FRAME, sink);
}

fn write(network: &Network, max_frame: usize, sink: &mut dyn FnMut(&[u8])) {
    let Network { kind, schema, options: chosen, trained, report, dataset, rows_random, weights_random, .. } = network;
    let sequences = network.sequences.as_ref();
    let format = match schema {
        None => Format::Plain,
        Some(_) if sequences.is_some_and(|sequences| sequences.view.gru_shape().is_some()) => Format::Cells,
        Some(_) if sequences.is_some() => Format::Sequences,
        Some(_) => Format::Fields,
    };
    let writer = &mut Writer::new(max_frame, format, sink);
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

/// Encode a network as a file.
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

/// Whether two networks are equal in state and in future behaviour: their encodings are, ignoring the duration of
/// trainings and the number of threads.
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

/// An upper bound of the encoded bytes, so that the buffer is allocated once. The allowance of one frame header in a
/// thousand bytes is far more than needed.
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

/// Reserve memory for `more` values. A payload can ask for more than there is, so this can fail.
fn reserve<T>(to: &mut Vec<T>, more: usize) -> Result<()> {
    let bytes = (to.len() + more) * size_of::<T>();
    to.try_reserve_exact(more).map_err(|_| Error::Memory { bytes })
}

/// An empty vector with capacity for `count` values.
fn try_with_capacity<T>(count: usize) -> Result<Vec<T>> {
    let mut values = Vec::new();
    reserve(&mut values, count)?;
    Ok(values)
}

/// Pass the result of a training to `sink`, with its report, as frames of at most [`MAX_FRAME`] bytes. A replica
/// receives these when a training ends.
pub fn trained_frames(kind: Kind, trained: &Trained, report: Option<&Report>, sink: &mut dyn FnMut(&[u8])) {
    let has_fields = trained.layout.looked_up().is_some();
    let format = match has_fields {
        false => Format::Plain,
        true if trained.gru.is_some() => Format::Cells,
        true if trained.normalization.events.is_some() => Format::Sequences,
        true => Format::Fields,
    };
    let writer = &mut Writer::new(MAX_FRAME, format, sink);
    if has_fields {
        // The layout may have grown by new words and classes.
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

/// Decode the frames of [`trained_frames`] for another copy of the same network, whose model is given.
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
/// The errors of [`decode`]; [`Error::Damaged`] also if the result does not fit such a network.
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

/// Decode a file that [`encode`] returned.
///
/// # Errors
/// [`Error::Damaged`] for invalid bytes, with the section at fault; [`Error::NewerFormat`] for a later version of the
/// format; [`Error::Memory`] if the network does not fit in memory.
pub fn decode(bytes: &[u8]) -> Result<Network> {
    let Some(head) = bytes.get(..HEAD) else {
        return Err(Error::Damaged(format!("{} bytes: expected at least a head of {HEAD}", bytes.len())));
    };
    // The version is checked before the checksum, since a later version may have another one.
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
