//! `NR.FIELDS key`

use neuralredis_core::schema::Field;
use neuralredis_core::{FieldFigures, Network, Set};

use super::named::observe::fields_of;
use super::prelude::*;
use crate::work::KeepOn;

/// Nanoseconds that a field of a stored row takes, besides what it holds.
const COUNTING: usize = 30;

pub(super) struct Fields;

impl Command for Fields {
    const NAME: &CStr = c"nr.fields";
    const FLAGS: &CStr = c"readonly";
    const ABOUT: About = About {
        summary: c"Returns what the fields of a network are, what its rows hold of them, and how much each matters.",
        complexity: c"O(R*N*P) where R is the number of rows, at most 1000 of validation rows, N that of fields and P that of parameters",
        arity: 2,
        key: Some(KeyUse::READ),
        arguments: &[Argument::KEY],
    };

    fn run(ctx: Context, _: &[&[u8]]) -> Result<Reply, Refusal> {
        let key = value::open_unsettled(ctx, ctx.argument(0))?;
        let value = value::read(&key)?;
        let schema = fields_of(value)?;
        let fields = schema.fields().len();
        let network = value.live.network();
        let rows = network.known_row_count(Set::Train) + network.known_row_count(Set::Test);
        let judged = network.known_row_count(Set::Test).min(1000) * (fields + 1);
        // Each is copied as it is looked at; once more for each field those that are judged by.
        let copied = schema.row_bytes().saturating_mul(rows + judged);
        let cost = Cost::of_bytes((COUNTING * rows.saturating_mul(fields)).saturating_add(copied))
            + Cost::of_rows(judged, network.model().multiplications())
            + Cost::of_rows(1, network.making(Set::Train) + network.making(Set::Test));
        let network = value.snapshot();
        work::answer(ctx, cost.or_wait(value), move |keep_on| all(&network.wait()?, keep_on))
    }
}

fn all(network: &Network, keep_on: KeepOn<'_>) -> Result<Reply, Refusal> {
    let figures = network.field_figures(keep_on)?;
    let fields = network.schema().map_or(&[][..], |schema| schema.fields());
    let monotone = network.info().options.monotone;
    let told = fields.iter().zip(figures).enumerate();
    Ok(Reply::Array(told.map(|(at, (field, figures))| of_field(field, figures, monotone.sign(at))).collect()))
}

fn of_field(field: &Field, figures: FieldFigures, sign: f32) -> Reply {
    let kind = field.kind();
    let mut told = vec![
        ("name", Reply::Bulk(field.name().to_vec())),
        ("kind", Reply::word(kind.name())),
        ("number", kind.number().map_or(Reply::Null, Reply::count)),
        ("values", Reply::count(figures.values)),
        ("gaps", Reply::count(figures.gaps)),
    ];
    if sign != 0.0 {
        told.push(("monotone", Reply::word(if sign > 0.0 { "+" } else { "-" })));
    }
    if let Some((least, most)) = figures.range {
        told.extend([("min", Reply::Double(least)), ("max", Reply::Double(most))]);
    }
    if kind.has_dictionary() {
        told.extend([("words", Reply::count(field.words())), ("other", Reply::count(figures.others))]);
    }
    if !figures.commonest.is_empty() {
        let pair = |(word, rows): (Vec<u8>, u64)| [Reply::Bulk(word), Reply::count(rows)];
        told.push(("commonest", Reply::Array(figures.commonest.into_iter().flat_map(pair).collect())));
    }
    told.push(("importance", figures.importance.map_or(Reply::Null, Reply::Double)));
    Reply::Map(told)
}
