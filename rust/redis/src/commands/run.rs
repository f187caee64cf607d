//! `NR.RUN key i0 .. iN`, `NR.RUN key FP32 blob`

use std::ffi::CStr;

use super::{blob, is};
use crate::error::Refusal;
use crate::ffi::command::{About, Argument, Command, KeyUse};
use crate::ffi::context::Context;
use crate::ffi::reply::Reply;
use crate::info::{self, RUNS};
use crate::numbers::{self, Row};
use crate::{memory, value};

/// Bytes of a reply at most: the server's own limit of a string.
const REPLY_BYTES: usize = 512 << 20;

/// Bytes of a number, as such and as text with what is around it.
const TEXT_BYTES: usize = 32;

pub(super) struct Run;

impl Command for Run {
    const NAME: &CStr = c"nr.run";
    const FLAGS: &CStr = c"readonly";
    const ABOUT: About = About {
        summary: c"Returns the outputs of a network for given inputs.",
        complexity: c"O(R*P) where R is the number of rows and P that of parameters",
        arity: -3,
        key: Some(KeyUse::READ),
        arguments: &[Argument::KEY, INPUTS],
    };

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        let key = value::open(ctx, args[0])?;
        let model = value::read(&key)?.live.network().model();
        let (width, out_width) = (model.layout().inputs(), model.layout().outputs());
        if let [word, bytes] = args[1..]
            && is(word, "FP32")
        {
            let inputs = blob::rows(bytes, width)?;
            let rows = inputs.len() / width;
            let size = rows.saturating_mul(out_width).saturating_mul(4);
            if size > REPLY_BYTES {
                return Err(Refusal::because(format!(
                    "the outputs of {rows} rows are {size} bytes: expected at most {REPLY_BYTES}, of fewer rows"
                )));
            }
            // As numbers, as bytes, and the server's copy of these.
            memory::check(3 * size)?;
            let mut outputs = Row::from_elem(0.0, rows * out_width);
            model.run(&inputs, &mut outputs)?;
            info::count(&RUNS, rows as u64);
            return Ok(Reply::Bulk(numbers::bytes(&outputs)));
        }
        let inputs = blob::inputs(&args[1..], width)?;
        memory::check(TEXT_BYTES * out_width)?;
        let mut outputs = Row::from_elem(0.0, out_width);
        model.run(&inputs, &mut outputs)?;
        info::count(&RUNS, 1);
        Ok(Reply::Singles(outputs))
    }
}

/// Inputs of one row, or of many as bytes.
pub(super) const INPUTS: Argument =
    Argument::one_of(c"inputs", &[Argument::number(c"input").multiple(), Argument::text(c"blob").after(c"FP32")]);
