//! Calibration on rows of fields.

use std::sync::Arc;

use neuralredis_core::{Network, Schema};

use super::super::conformal::Calibrating;
use super::super::prelude::*;
use super::known::Known;
use super::outcomes::Examples;
use crate::value::Value;
use crate::work::IsAwaited;

/// The work of calibrating on a command's rows, and its cost; `args` are the arguments after `->`.
pub(crate) fn by_fields(
    value: &Value,
    schema: &Arc<Schema>,
    known: Known<'_>,
    args: Option<&[&[u8]]>,
) -> Result<(Cost, Calibrating), Refusal> {
    let Some(args) = args else {
        return Err(Refusal::shape("'->' is missing: expected it between the fields and what they came to"));
    };
    let (rows, network) = (known.most_rows(), value.live.network());
    memory::check(rows.saturating_mul(2 * schema.row_bytes()) + network.calibration_bytes(rows))?;
    let cost = known.cost() + Cost::of_rows(network.calibration_rows(rows), network.model().multiplications());
    let (schema, known) = (Arc::clone(schema), known.into_owned());
    let args: Vec<Vec<u8>> = args.iter().map(|arg| arg.to_vec()).collect();
    let calibrate = move |network: &Network, is_awaited: IsAwaited<'_>| {
        let args: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
        let Examples { examples, target } = Examples::read(&schema, known.read(&schema)?, &args)?;
        if target.is_some() || examples.iter().any(|example| example.weight != 1.0) {
            let message = "the rows are given, and each counts once: expected nothing after the outcomes";
            return Err(Refusal::option(message));
        }
        Ok(network.calibration_of_fields(&examples, is_awaited)?)
    };
    Ok((cost, Box::new(calibrate)))
}
