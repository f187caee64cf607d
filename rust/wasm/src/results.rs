//! Results as JSON, with the names of the fields in `python/neuralredis/results.py`.

use neuralredis_core::evaluation::{Evaluation, Score};
use neuralredis_core::options::TABLE;
use neuralredis_core::schema::readable;
use neuralredis_core::training::{Progress, Report};
use neuralredis_core::{Network, Value};
use serde_json::{Map, Value as Json, json};

use crate::networks::is_classifier;

/// A number with the digits that the user gave: 0.1 rather than 0.10000000149011612.
fn decimal(number: f32) -> Json {
    number.to_string().parse::<f64>().map_or(Json::Null, Json::from)
}

fn names(names: &[Box<[u8]>]) -> Json {
    names.iter().map(|name| Json::from(String::from_utf8_lossy(name))).collect()
}

/// The configuration and state of a network.
pub(crate) fn info(network: &Network) -> Json {
    let info = network.info();
    let found = info.statistics;
    let mut options = Map::new();
    for option in TABLE {
        let value = match option.value(&info.options, info.limits) {
            None => continue,
            Some(Value::Flag(flag)) => Json::from(flag),
            Some(Value::Word(word)) => Json::from(word),
            Some(Value::Integer(number)) => Json::from(number),
            Some(Value::Number(number)) => decimal(number),
            Some(Value::Numbers(several)) => several.iter().map(|&number| decimal(number)).collect(),
        };
        options.insert(option.name.into(), value);
    }
    let model = network.model();
    // For a network of sequences, the declared fields are those of events.
    let declared = network.event_fields().or(model.schema().map(AsRef::as_ref));
    let monotone = &info.options.monotone;
    let fields = declared.map(|schema| {
        let kind = |at: usize, field: &neuralredis_core::schema::Field| {
            let signed = network.event_fields().is_none();
            let kind = if signed { monotone.with_sign(at, field.kind()) } else { field.kind().to_string() };
            json!([readable(field.name()), kind.to_lowercase()])
        };
        schema.fields().iter().enumerate().map(|(at, field)| kind(at, field)).collect::<Vec<_>>()
    });
    json!({
        "type": info.kind.name(),
        "layout": info.layout,
        "parameters": info.parameters,
        "members": info.members,
        "options": options,
        "training_dataset_len": info.train_rows,
        "training_dataset_maxlen": info.limits.train,
        "test_dataset_len": info.test_rows,
        "test_dataset_maxlen": info.limits.test,
        "training_total_steps": found.total_steps,
        "training_total_cycles": found.total_cycles,
        "training_total_seconds": found.total_seconds,
        "dataset_error": found.train_error,
        "test_error": found.test_error,
        "classification_errors_perc": is_classifier(network).then_some(found.class_errors),
        "overfitting_detected": found.overfitting,
        "memory_bytes": network.bytes(),
        "fields": fields,
        "targets": model.schema().map(|schema| names(schema.target_names())),
        "classes": model.schema().filter(|_| is_classifier(network)).map(|_| names(model.classes())),
        "sequence": network.sequence_options().map(|options| json!({
            "length": options.length,
            "cell": options.cell.name(),
            "by_position": network.has_events_by_position(),
            "next": network.learns_next_event(),
        })),
    })
}

/// The progress of a running training.
pub(crate) fn progress(progress: &Progress) -> Json {
    json!({
        "cycle": progress.cycle,
        "train_error": progress.train_error,
        "test_error": progress.test_error,
        "class_errors": progress.class_errors,
        "seconds": progress.time.as_secs_f64(),
    })
}

/// The report of a finished training.
pub(crate) fn report(report: &Report) -> Json {
    let curve = &report.curve;
    json!({
        "reason": report.reason.name(),
        "cycles": report.cycles,
        "best_cycle": report.best_cycle,
        "seconds": report.time.as_secs_f64(),
        "train_error": report.train_error,
        "test_error": report.test_error,
        "class_errors": report.class_errors,
        "overfitting": report.overfitting,
        "warnings": report.warnings,
        "curve": {
            "cycles": curve.iter().map(|point| point.cycle).collect::<Vec<_>>(),
            "train_error": curve.iter().map(|point| point.train_error).collect::<Vec<_>>(),
            "test_error": curve.iter().map(|point| point.test_error).collect::<Vec<_>>(),
        },
    })
}

/// The result of an evaluation. `classes` are empty for a network without names of classes.
pub(crate) fn evaluation(evaluation: &Evaluation, classes: &[Box<[u8]>]) -> Json {
    let Evaluation { rows, error, score } = evaluation;
    match score {
        Score::Classifier { accuracy, baseline, confusion } => {
            let width = (confusion.len() as f64).sqrt() as usize;
            let confusion: Vec<&[u64]> = confusion.chunks(width.max(1)).collect();
            let classes = (!classes.is_empty()).then(|| names(classes));
            json!({
                "rows": rows, "error": error, "accuracy": accuracy, "baseline": baseline,
                "confusion": confusion, "classes": classes,
            })
        }
        Score::Regressor { rmse, mae, r2, baseline } => {
            json!({ "rows": rows, "error": error, "rmse": rmse, "mae": mae, "r2": r2, "baseline": baseline })
        }
    }
}
