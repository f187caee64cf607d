//! NR.REPORT: returns the report of the last training. `NR.REPORT key`

use super::prelude::*;

pub(super) struct Report;

/// The reply of a report's warnings, each a sentence.
pub(super) fn warnings(report: &neuralredis_core::training::Report) -> Reply {
    Reply::Array(report.warnings.iter().map(|warning| Reply::Bulk(warning.clone().into_bytes())).collect())
}

impl Command for Report {
    const NAME: &CStr = c"nr.report";
    const FLAGS: &CStr = c"readonly";
    const ABOUT: About = About {
        summary: c"Returns the report of the last training: why it ended, errors, warnings and learning curve.",
        complexity: c"O(1)",
        arity: 2,
        key: Some(KeyUse::READ),
        arguments: &[Argument::KEY],
    };

    /// The reply is null before the first training and after a reset.
    fn run(ctx: Context, _: &[&[u8]]) -> Result<Reply, Refusal> {
        let key = value::open_unsettled(ctx, ctx.argument(0))?;
        let value = value::read(&key)?;
        if value.is_settled() {
            return Ok(value.live.network().report().map_or(Reply::Null, |report| Self::fields(report)));
        }
        let network = value.snapshot();
        work::answer(ctx, Cost::NONE.or_wait(value), move |_| {
            Ok(network.wait()?.report().map_or(Reply::Null, |report| Self::fields(report)))
        })
    }
}

impl Report {
    fn fields(report: &neuralredis_core::training::Report) -> Reply {
        let maybe = |number: Option<f64>| number.map_or(Reply::Null, Reply::Double);
        let curve = report.curve.iter().map(|point| {
            Reply::Array(vec![Reply::count(point.cycle), Reply::Double(point.train_error), maybe(point.test_error)])
        });
        Reply::Map(vec![
            ("reason", Reply::word(report.reason.name())),
            ("cycles", Reply::count(report.cycles)),
            ("best-cycle", Reply::count(report.best_cycle)),
            ("seconds", Reply::Double(report.time.as_secs_f64())),
            ("threads", Reply::count(report.threads)),
            ("train-error", Reply::Double(report.train_error)),
            ("test-error", maybe(report.test_error)),
            ("class-errors", maybe(report.class_errors)),
            ("overfitting", Reply::YesNo(report.overfitting)),
            ("warnings", warnings(report)),
            ("curve", Reply::Array(curve.collect())),
        ])
    }
}
