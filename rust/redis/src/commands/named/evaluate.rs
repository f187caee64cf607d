//! Evaluation on fresh rows of fields.

use std::sync::Arc;

use neuralredis_core::{Kind, Schema};

use super::super::evaluate::{MatrixClasses, reply};
use super::super::prelude::*;
use super::known::Known;
use super::outcomes::Examples;
use crate::value::Value;

/// Evaluates rows that are not stored; `args` are the arguments after `->`.
pub(crate) fn on_fresh(
    ctx: Context,
    value: &Value,
    schema: &Arc<Schema>,
    known: Known<'_>,
    args: Option<&[&[u8]]>,
) -> Result<Reply, Refusal> {
    let Some(args) = args else {
        return Err(Refusal::shape("'->' is missing: expected it between the fields and what they came to"));
    };
    let rows = known.most_rows();
    memory::check(rows.saturating_mul(2 * schema.row_bytes()))?;
    let cost = known.cost() + Cost::of_rows(rows, value.live.network().model().multiplications());
    let (schema, known, network) = (Arc::clone(schema), known.into_owned(), value.snapshot());
    let args: Vec<Vec<u8>> = args.iter().map(|arg| arg.to_vec()).collect();
    work::answer(ctx, cost.or_wait(value), move |_| {
        let args: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
        let Examples { examples, target } = Examples::read(&schema, known.read(&schema)?, &args)?;
        if target.is_some() {
            return Err(Refusal::option("the rows are given: expected WEIGHT, WEIGHTS or nothing after the outcomes"));
        }
        let network = network.wait()?;
        let (evaluation, classes) = network.evaluate_fields(&examples)?;
        let classes = if network.kind() == Kind::Classifier { classes } else { Vec::new() };
        Ok(reply(evaluation, MatrixClasses::named(classes)))
    })
}
