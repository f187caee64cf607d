//! `NR.CLASS key i0 .. iN`, `NR.CLASS key FP32 blob`

use std::ffi::CStr;

use super::{blob, is, run};
use crate::error::Refusal;
use crate::ffi::command::{About, Argument, Command, KeyUse};
use crate::ffi::context::Context;
use crate::ffi::reply::Reply;
use crate::info::{self, RUNS};
use crate::{memory, value};

/// Outputs that are computed at a time: 4 MB.
const CHUNK_OUTPUTS: usize = 1 << 20;

pub(super) struct Class;

impl Command for Class {
    const NAME: &CStr = c"nr.class";
    const FLAGS: &CStr = c"readonly";
    const ABOUT: About = About {
        summary: c"Returns the class that a classifier gives to given inputs.",
        complexity: c"O(R*P) where R is the number of rows and P that of parameters",
        arity: -3,
        key: Some(KeyUse::READ),
        arguments: &[Argument::KEY, run::INPUTS],
    };

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        let key = value::open(ctx, args[0])?;
        let model = value::read(&key)?.live.network().model();
        let (width, out_width) = (model.layout().inputs(), model.layout().outputs());
        // Before the arguments: a regressor has no class for any.
        model.classify(&[])?;
        if let [word, bytes] = args[1..]
            && is(word, "FP32")
        {
            let inputs = blob::rows(bytes, width)?;
            let rows = inputs.len() / width;
            let chunk = (CHUNK_OUTPUTS / out_width).max(1);
            // Of each row the class, and the server's text of it; of a chunk the outputs.
            let replies = rows * (size_of::<Reply>() + 16);
            memory::check(replies + 4 * chunk * out_width)?;
            let mut classes = Vec::with_capacity(rows);
            for (index, inputs) in inputs.chunks(chunk * width).enumerate() {
                let found = model.classify(inputs).map_err(|error| in_chunk(error, index * chunk, rows))?;
                classes.extend(found.into_iter().map(Reply::count));
            }
            info::count(&RUNS, rows as u64);
            return Ok(Reply::Array(classes));
        }
        let classes = model.classify(&blob::inputs(&args[1..], width)?)?;
        info::count(&RUNS, 1);
        Ok(classes.first().copied().map_or(Reply::Null, Reply::count))
    }
}

/// An error names the row among all, not among those of its chunk.
fn in_chunk(error: neuralredis_core::Error, first: usize, rows: usize) -> neuralredis_core::Error {
    match error {
        neuralredis_core::Error::NotFinite { row, .. } if rows > 1 => error.in_row(first + row.unwrap_or(0)),
        _ => error,
    }
}
