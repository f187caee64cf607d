//! NR.INFO: returns options and statistics of a network. `NR.INFO key`

use neuralredis_core::schema::Field;
use neuralredis_core::{ClassWeight, Kind, Monotone, Network, Target};

use super::prelude::*;
use super::{options, report};

pub(super) struct Info;

impl Command for Info {
    const NAME: &CStr = c"nr.info";
    const FLAGS: &CStr = c"readonly fast";
    const ABOUT: About = About {
        summary: c"Returns the options, the numbers of rows and the training statistics of a network.",
        complexity: c"O(1)",
        arity: 2,
        key: Some(KeyUse::LOOK),
        arguments: &[Argument::KEY],
    };

    /// The fields of the original come first, in its order, then further ones.
    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        let key = value::open_unsettled(ctx, args[0])?;
        let value = value::read(&key)?;
        let (id, training, bytes) = (value.id, value.live.job().is_some(), value.bytes());
        let network = value.live.network();
        // There may be a million class weights, half a million names of classes, and thousands of fields.
        let weights = match &network.info().options.class_weight {
            ClassWeight::Given(weights) => weights.len(),
            ClassWeight::None | ClassWeight::Balanced => 0,
        };
        let signs = if let Monotone::Given(signs) = &network.info().options.monotone { signs.len() } else { 0 };
        let names = network.schema().map_or(0, |schema| match schema.target() {
            Target::Classes { names, .. } | Target::Values(names) => 2 * schema.fields().len() + names.len(),
        });
        let cost = Cost::of_items(weights + signs + names);
        if value.is_settled() && work::may_run_now(cost) {
            return Ok(Self::fields(network, id, training, bytes));
        }
        let network = value.snapshot();
        work::defer(ctx, cost.or_wait(value), move |_| Ok(Self::fields(&network.wait()?, id, training, bytes)))
    }
}

/// The name and the kind of a field. A monotone field has its sign after the kind.
fn of_field((field, kind): (&Field, String)) -> [Reply; 2] {
    [Reply::Bulk(field.name().to_vec()), Reply::Bulk(kind.into_bytes())]
}

impl Info {
    fn fields(network: &Network, id: u64, training: bool, bytes: usize) -> Reply {
        let info = network.info();
        let found = info.statistics;
        let layout = info.layout.into_iter().map(Reply::count).collect();
        let mut fields = vec![
            ("id", Reply::count(id)),
            ("type", Reply::word(info.kind.name())),
            ("auto-normalization", Reply::Flag(info.options.normalize)),
            ("training", Reply::Flag(training)),
            ("layout", Reply::Array(layout)),
            ("training-dataset-maxlen", Reply::count(info.limits.train)),
            ("training-dataset-len", Reply::count(info.train_rows)),
            ("test-dataset-maxlen", Reply::count(info.limits.test)),
            ("test-dataset-len", Reply::count(info.test_rows)),
            ("training-total-steps", Reply::count(found.total_steps)),
            ("training-total-seconds", Reply::Hundredths(found.total_seconds)),
            ("dataset-error", Reply::Double(found.train_error)),
            ("test-error", Reply::Double(found.test_error)),
        ];
        if info.kind == Kind::Classifier {
            fields.push(("classification-errors-perc", Reply::Hundredths(found.class_errors)));
        }
        fields.extend([
            ("overfitting-detected", Reply::YesNo(found.overfitting)),
            ("training-total-cycles", Reply::count(found.total_cycles)),
            ("parameters", Reply::count(info.parameters)),
        ]);
        if let Some(sequence) = network.sequence_options() {
            let events = if network.has_events_by_position() { "numbers" } else { "fields" };
            fields.extend([
                ("sequence-events", Reply::word(events)),
                ("sequence-length", Reply::count(sequence.length)),
                ("sequence-cell", Reply::word(sequence.cell.name())),
            ]);
        }
        if let Some(schema) = network.schema() {
            // Of a network of sequences, the fields of an event, not those that the network derives from them.
            let given = network.event_fields().unwrap_or(schema);
            let names =
                |names: &[Box<[u8]>]| Reply::Array(names.iter().map(|name| Reply::Bulk(name.to_vec())).collect());
            let monotone = &info.options.monotone;
            let of_fields = given.fields().iter().enumerate();
            let of_fields = of_fields.map(|(at, field)| (field, monotone.with_sign(at, field.kind())));
            fields.extend([
                ("fields", Reply::Array(of_fields.flat_map(of_field).collect())),
                ("words", Reply::count(given.words().len())),
                (
                    "targets",
                    match schema.target() {
                        Target::Classes { name, .. } => names(std::slice::from_ref(name)),
                        Target::Values(all) => names(all),
                    },
                ),
            ]);
            if info.kind == Kind::Classifier {
                fields.push(("classes", names(schema.classes())));
            }
        }
        fields.extend(options::replies(&info.options, info.limits));
        fields.extend([
            ("members", Reply::count(info.members)),
            ("test-error-optimistic", Reply::YesNo(found.test_decided)),
            ("training-warnings", network.report().map_or(Reply::Array(Vec::new()), |report| report::warnings(report))),
            ("memory-bytes", Reply::count(bytes)),
        ]);
        fields.extend(options::former(&info.options, info.limits));
        Reply::Map(fields)
    }
}
