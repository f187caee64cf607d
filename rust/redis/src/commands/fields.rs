//! NR.FIELDS: describes the fields of a network. `NR.FIELDS key`

use neuralredis_core::schema::Field;
use neuralredis_core::{FieldFigures, Network, Set};

use super::named::observe::fields_of;
use super::prelude::*;
use crate::work::IsAwaited;

/// Nanoseconds to count a field of a stored row, in addition to copying it.
const NANOSECONDS_TO_COUNT: usize = 30;

pub(super) struct Fields;

impl Command for Fields {
    const NAME: &CStr = c"nr.fields";
    const FLAGS: &CStr = c"readonly";
    const ABOUT: About = About {
        summary: c"Returns the kind, the statistics and the importance of each field of a network.",
        complexity: c"O(R*N*P) where R is the number of rows (at most 1000 validation rows), N that of fields and P that of parameters",
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
        // Each stored row is copied once, and the rows for the importance once more for each field.
        let copied = schema.row_bytes().saturating_mul(rows + judged);
        let cost = Cost::of_bytes((NANOSECONDS_TO_COUNT * rows.saturating_mul(fields)).saturating_add(copied))
            + Cost::of_rows(judged, network.model().multiplications())
            + Cost::of_rows(1, network.cost_of_rows(Set::Train) + network.cost_of_rows(Set::Test));
        let network = value.snapshot();
        work::answer(ctx, cost.or_wait(value), move |is_awaited| all(&network.wait()?, is_awaited))
    }
}

fn all(network: &Network, is_awaited: IsAwaited<'_>) -> Result<Reply, Refusal> {
    let figures = network.field_figures(is_awaited)?;
    let fields = network.schema().map_or(&[][..], |schema| schema.fields());
    let monotone = network.info().options.monotone;
    let replies = fields.iter().zip(figures).enumerate();
    Ok(Reply::Array(replies.map(|(at, (field, figures))| of_field(field, figures, monotone.sign(at))).collect()))
}

fn of_field(field: &Field, figures: FieldFigures, sign: f32) -> Reply {
    let kind = field.kind();
    let mut replies = vec![
        ("name", Reply::Bulk(field.name().to_vec())),
        ("kind", Reply::word(kind.name())),
        ("number", kind.number().map_or(Reply::Null, Reply::count)),
        ("values", Reply::count(figures.values)),
        ("gaps", Reply::count(figures.gaps)),
    ];
    if sign != 0.0 {
        replies.push(("monotone", Reply::word(if sign > 0.0 { "+" } else { "-" })));
    }
    if let Some((least, most)) = figures.range {
        replies.extend([("min", Reply::Double(least)), ("max", Reply::Double(most))]);
    }
    if kind.has_dictionary() {
        replies.extend([("words", Reply::count(field.words())), ("other", Reply::count(figures.others))]);
    }
    if !figures.commonest.is_empty() {
        let pair = |(word, rows): (Vec<u8>, u64)| [Reply::Bulk(word), Reply::count(rows)];
        replies.push(("commonest", Reply::Array(figures.commonest.into_iter().flat_map(pair).collect())));
    }
    replies.push(("importance", figures.importance.map_or(Reply::Null, Reply::Double)));
    Reply::Map(replies)
}
