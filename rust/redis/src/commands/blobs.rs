//! Predictions for rows in a binary blob: outputs, and classes derived from them, computed in chunks.

use neuralredis_core::{Error, Model};

use super::prelude::*;
use super::wire_rows;
use crate::work::IsAwaited;

/// Multiply-adds between two checks whether the client still waits: about 10 ms.
const CHUNK_ADDS: usize = 1 << 26;
/// Numbers in one chunk: 4 MB.
const CHUNK_NUMBERS: usize = 1 << 20;
/// Rows that the engine computes in parallel.
const LANES: usize = 16;

/// The most bytes of an integer in an array reply.
pub(super) const TEXT_BYTES: usize = 12;

/// Computes the outputs of a blob that [`wire_rows::count`] has checked, in chunks, and passes those of each chunk to
/// `take`.
pub(super) fn run_blob(
    model: &Model,
    blob: &[u8],
    is_awaited: IsAwaited<'_>,
    mut take: impl FnMut(&[f32]),
) -> Result<(), Refusal> {
    let (width, out_width) = (model.layout().inputs(), model.layout().outputs());
    let rows = blob.len() / (4 * width);
    let chunk = (CHUNK_ADDS / model.parameters().max(1)).clamp(1, (CHUNK_NUMBERS / width.max(out_width)).max(1));
    let chunk = if chunk > LANES { chunk / LANES * LANES } else { chunk };
    let mut outputs = vec![0.0; chunk.min(rows) * out_width];
    for (index, bytes) in blob.chunks(chunk * 4 * width).enumerate() {
        if !is_awaited() {
            return Err(Error::Stopped.into());
        }
        let inputs = numbers::singles(bytes).unwrap_or_default();
        let outputs = &mut outputs[..inputs.len() / width * out_width];
        model.run(&inputs, outputs).map_err(|error| wire_rows::in_chunk(error, index * chunk, rows))?;
        take(outputs);
    }
    Ok(())
}

/// Bytes of `rows` classes, and of their text in the reply.
pub(super) fn reply_bytes(rows: usize) -> usize {
    rows * (size_of::<u32>() + TEXT_BYTES)
}

/// Predicts the classes of many rows, perhaps millions, stored as one byte each if that is enough. `choose` returns the
/// class for the outputs of a row; it is called in the order of the rows.
pub(super) fn classes(
    model: &Model,
    inputs: &[u8],
    rows: usize,
    is_awaited: IsAwaited<'_>,
    mut choose: impl FnMut(&[f32]) -> usize,
) -> Result<Reply, Refusal> {
    if model.layout().outputs() <= 1 << u8::BITS {
        Ok(Reply::Bytes(collect(model, inputs, rows, is_awaited, |outputs| choose(outputs) as u8)?))
    } else {
        Ok(Reply::Counts(collect(model, inputs, rows, is_awaited, |outputs| choose(outputs) as u32)?))
    }
}

fn collect<T>(
    model: &Model,
    inputs: &[u8],
    rows: usize,
    is_awaited: IsAwaited<'_>,
    choose: impl FnMut(&[f32]) -> T,
) -> Result<Vec<T>, Refusal> {
    let (mut classes, mut choose) = (Vec::with_capacity(rows), choose);
    let width = model.layout().outputs();
    run_blob(model, inputs, is_awaited, |outputs| {
        classes.extend(outputs.chunks_exact(width).map(&mut choose));
    })?;
    Ok(classes)
}
