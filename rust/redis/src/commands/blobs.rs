//! Answers to rows that come as bytes: outputs some rows at a time, and the classes that are made of them.

use neuralredis_core::{Error, Model};

use super::prelude::*;
use super::wire_rows;
use crate::work::KeepOn;

/// Multiply-adds between two looks at whether the answer is still wanted: some 10 ms.
const CHUNK_ADDS: usize = 1 << 26;
/// Numbers that are held at a time: 4 MB.
const CHUNK_NUMBERS: usize = 1 << 20;
/// Rows that the engine computes side by side.
const LANES: usize = 16;

/// Bytes that an integer of an array takes in a reply, at most.
pub(super) const TEXT_BYTES: usize = 12;

/// Answers rows of inputs that [`wire_rows::count`] has passed, some at a time: `take` is given the outputs of each few rows in turn.
pub(super) fn run_blob(
    model: &Model,
    blob: &[u8],
    keep_on: KeepOn<'_>,
    mut take: impl FnMut(&[f32]),
) -> Result<(), Refusal> {
    let (width, out_width) = (model.layout().inputs(), model.layout().outputs());
    let rows = blob.len() / (4 * width);
    let chunk = (CHUNK_ADDS / model.parameters().max(1)).clamp(1, (CHUNK_NUMBERS / width.max(out_width)).max(1));
    let chunk = if chunk > LANES { chunk / LANES * LANES } else { chunk };
    let mut outputs = vec![0.0; chunk.min(rows) * out_width];
    for (index, bytes) in blob.chunks(chunk * 4 * width).enumerate() {
        if !keep_on() {
            return Err(Error::Stopped.into());
        }
        let inputs = numbers::singles(bytes).unwrap_or_default();
        let outputs = &mut outputs[..inputs.len() / width * out_width];
        model.run(&inputs, outputs).map_err(|error| wire_rows::in_chunk(error, index * chunk, rows))?;
        take(outputs);
    }
    Ok(())
}

/// Bytes of the classes of so many rows, and of the server's text of them.
pub(super) fn reply_bytes(rows: usize) -> usize {
    rows * (size_of::<u32>() + TEXT_BYTES)
}

/// The classes of many rows, of which there may be millions: in a byte each where that is enough. Of the outputs of each row, in
/// their order, `choose` makes a class.
pub(super) fn classes(
    model: &Model,
    inputs: &[u8],
    rows: usize,
    keep_on: KeepOn<'_>,
    mut choose: impl FnMut(&[f32]) -> usize,
) -> Result<Reply, Refusal> {
    if model.layout().outputs() <= 1 << u8::BITS {
        Ok(Reply::Bytes(collect(model, inputs, rows, keep_on, |outputs| choose(outputs) as u8)?))
    } else {
        Ok(Reply::Counts(collect(model, inputs, rows, keep_on, |outputs| choose(outputs) as u32)?))
    }
}

fn collect<T>(
    model: &Model,
    inputs: &[u8],
    rows: usize,
    keep_on: KeepOn<'_>,
    choose: impl FnMut(&[f32]) -> T,
) -> Result<Vec<T>, Refusal> {
    let (mut classes, mut choose) = (Vec::with_capacity(rows), choose);
    let width = model.layout().outputs();
    run_blob(model, inputs, keep_on, |outputs| {
        classes.extend(outputs.chunks_exact(width).map(&mut choose));
    })?;
    Ok(classes)
}
