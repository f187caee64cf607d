//! Events and outcomes for a network in a server: checked like those of an embedded network, then written as arguments
//! of commands.

use neuralredis_core::schema::Value;
use neuralredis_core::{Network as Engine, Observation, Outcome, Set};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::errors::raise;
use crate::field_reader::write_fields;
use crate::network::Network;
use crate::options;
use crate::sequence_networks::{Read, known, schema_of};

/// Bytes of events in one command, unless a single event is larger: servers accept 64 KiB, all arguments together.
const PART: usize = 60_000;

/// The index of a sequence, and the arguments after its id.
type Command<'py> = (usize, Vec<Bound<'py, PyBytes>>);

/// Return the arguments of the commands that store events and outcomes.
///
/// `net` is an empty network with the same declaration of sequences. `outcomes` is a pair: the outcomes of the sequences
/// and their weights. Either can be None.
#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "as PyO3 reads a list")]
pub(crate) fn event_words<'py>(
    py: Python<'py>,
    net: &Bound<'py, Network>,
    ids: Vec<Vec<u8>>,
    events: &Bound<'py, PyAny>,
    ends: Vec<usize>,
    outcomes: (Option<Bound<'py, PyAny>>, Option<Bound<'py, PyAny>>),
    into: Option<&Bound<'py, PyAny>>,
) -> PyResult<Vec<Command<'py>>> {
    let (y, weight) = outcomes;
    let target = into.map(|name| options::set("into", name)).transpose()?;
    let engine = net.get().snapshot(py);
    let read = Read::of(&engine, events)?;
    let given = read.understood(schema_of(&engine)?, ends)?;
    let (outcomes, weights) = known(&engine, y.as_ref(), weight.as_ref(), ids.len())?;
    check(&engine, given.happened(&ids, outcomes.as_deref(), weights.as_deref()), target)?;
    let mut all = Vec::new();
    let mut from = 0;
    for (at, &to) in given.ends.iter().enumerate() {
        let outcome = outcomes.as_ref().map(|outcomes| (&outcomes[at], weights.as_ref().map(|weights| weights[at])));
        let mut commands = commands(&engine, &read, from..to)?;
        from = to;
        if commands.is_empty() && outcome.is_some() {
            commands.push(Vec::new());
        }
        let last = commands.len().saturating_sub(1);
        for (part, mut words) in commands.into_iter().enumerate() {
            words.extend(following(&engine, outcome.filter(|_| part == last), target));
            all.push((at, words.iter().map(|word| PyBytes::new(py, word)).collect()));
        }
        py.check_signals()?;
    }
    Ok(all)
}

/// Raises the errors of an embedded network, except for an outcome of a sequence without events: only the server knows
/// whether it has events.
fn check(engine: &Engine, mut all: Vec<Observation<'_>>, target: Option<Set>) -> PyResult<()> {
    let fields = schema_of(engine)?.fields().len();
    for happened in all.iter_mut().filter(|happened| happened.event.is_none()) {
        happened.event = Some(vec![Value::Gap; fields].into());
    }
    engine.clone().observe_events(&all, target).map(|_| ()).map_err(raise)
}

/// The arguments of events, split into commands.
fn commands(engine: &Engine, read: &Read<'_>, rows: std::ops::Range<usize>) -> PyResult<Vec<Vec<Vec<u8>>>> {
    let table = match read {
        Read::Numbers(inputs) => {
            let width = inputs.values.len().checked_div(inputs.rows).unwrap_or(0);
            let values = &inputs.values[rows.start * width..rows.end * width];
            let part = (PART / (4 * width).max(1)).max(1) * width.max(1);
            let words = |part: &[f32]| {
                let blob = part.iter().flat_map(|value| value.to_le_bytes()).collect();
                let count = (part.len() / width.max(1)).to_string().into_bytes();
                vec![b"FP32".to_vec(), b"ROWS".to_vec(), count, blob]
            };
            return Ok(values.chunks(part).map(words).collect());
        }
        Read::Fields(table) => table,
    };
    let schema = schema_of(engine)?;
    let (mut texts, mut text, mut event) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        event.clear();
        event.push(b'{');
        write_fields(schema, table, row, None, &mut event)?;
        event.push(b'}');
        if !text.is_empty() && text.len() + event.len() > PART {
            texts.push(std::mem::take(&mut text));
        }
        text.push(if text.is_empty() { b'[' } else { b',' });
        text.append(&mut event);
    }
    if !text.is_empty() {
        texts.push(text);
    }
    let words = |mut text: Vec<u8>| {
        text.push(b']');
        vec![b"JSON".to_vec(), text]
    };
    Ok(texts.into_iter().map(words).collect())
}

/// The arguments after events: outcome, row weight and set.
fn following(engine: &Engine, outcome: Option<(&Outcome<'_>, Option<f32>)>, target: Option<Set>) -> Vec<Vec<u8>> {
    if outcome.is_none() && target.is_none() {
        return Vec::new();
    }
    let mut words = vec![b"->".to_vec()];
    match outcome {
        Some((Outcome::Class(name), _)) => words.push(name.to_vec()),
        Some((Outcome::Values(values), _)) => words.extend(values.iter().map(|value| value.to_string().into_bytes())),
        // Empty strings stand for an outcome that is not known yet.
        None if engine.learns_next_event() => {}
        None => words.extend(vec![Vec::new(); engine.schema().map_or(1, |schema| schema.target_names().len())]),
    }
    if let Some((_, Some(weight))) = outcome {
        words.extend([b"WEIGHT".to_vec(), weight.to_string().into_bytes()]);
    }
    words.extend(target.map(|set| if set == Set::Train { b"TRAIN".to_vec() } else { b"TEST".to_vec() }));
    words
}
