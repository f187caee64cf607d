//! Networks of sequences: the functions behind `neuralredis.SequenceNetwork`.
//!
//! Events of several sequences are passed as one table or array, sequence after sequence, with the index at which each
//! sequence ends.

use std::borrow::Cow;

use neuralredis_core::conformal::interval;
use neuralredis_core::schema::Value;
use neuralredis_core::sequence::{Extent, FreshSequence, SequenceRow};
use neuralredis_core::{
    Cell, Changes, Decoding, Error, Events, Kind, Layout, Level, Network as Engine, Observation, Options, Outcome, Row,
    Schema, SequenceOptions,
};
use numpy::{IntoPyArray, PyArray1, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};

use crate::arrays;
use crate::conformal;
use crate::errors::{DataError, KindError, ShapeError, TrainingError, raise};
use crate::fields::{self, Described, class_of};
use crate::lists;
use crate::network::{Network, answer};
use crate::options;
use crate::results;
use crate::rows::{Inputs, Numbers, Role, Shape, read_weights};
use crate::sampling;
use crate::table::Table;
use crate::values;

/// Creates a network of sequences whose events are numbers by position.
pub(crate) fn of_numbers(
    kind: Kind,
    layout: &Layout,
    sequence: SequenceOptions,
    changes: &Changes,
    seed: u64,
) -> PyResult<Engine> {
    let units = layout.units();
    let (inputs, hidden, outputs) = (units[0], &units[1..units.len() - 1], units[units.len() - 1]);
    let target = neuralredis_core::sequence::by_position(kind, outputs);
    let chosen = chosen(kind, outputs, changes)?;
    let events = (Events::Numbers(inputs as u32), target);
    Engine::of_sequences(events, sequence, hidden, chosen, changes.first_limits(), seed).map_err(raise)
}

/// Creates a network of sequences whose events have fields.
pub(crate) fn of_fields(
    kind: Kind,
    described: &Described<'_, '_>,
    sequence: SequenceOptions,
    changes: &Changes,
    seed: u64,
) -> PyResult<Engine> {
    Described::check(changes)?;
    let (fields, target) = described.events(kind)?;
    let hidden = described.hidden_or(neuralredis_core::sequence::default_hidden(sequence.cell, &fields, &target))?;
    let outputs = match &target {
        neuralredis_core::Target::Classes { closed: false, .. } => 2,
        neuralredis_core::Target::Classes { names, .. } | neuralredis_core::Target::Values(names) => names.len(),
    };
    let chosen = chosen(kind, outputs, changes)?;
    let events = (Events::Fields(fields), target);
    Engine::of_sequences(events, sequence, &hidden, chosen, changes.first_limits(), seed).map_err(raise)
}

fn chosen(kind: Kind, outputs: usize, changes: &Changes) -> PyResult<Options> {
    let layout = Layout::new(&[1, outputs.max(1)]).map_err(raise)?;
    Options::new(kind).with(kind, &layout, changes).map_err(raise)
}

/// Separates the options of sequences from those of the network.
pub(crate) fn split_options<'py>(options: Option<&Bound<'py, PyDict>>) -> PyResult<SplitOptions<'py>> {
    let Some(options) = options else { return Ok((None, None)) };
    let Some(sequence) = options.get_item("_sequence")? else { return Ok((Some(options.clone()), None)) };
    let others = options.copy()?;
    others.del_item("_sequence")?;
    let (length, cell): (Bound<'_, PyAny>, Bound<'_, PyAny>) = sequence.extract()?;
    Ok((Some(others), Some(sequence_options(&length, &cell)?)))
}

/// The options of the network, and those of sequences if it has any.
type SplitOptions<'py> = (Option<Bound<'py, PyDict>>, Option<SequenceOptions>);

fn sequence_options(length: &Bound<'_, PyAny>, cell: &Bound<'_, PyAny>) -> PyResult<SequenceOptions> {
    let length = options::whole("length", length, neuralredis_core::sequence::MAX_LENGTH.into(), 1)? as u32;
    let Ok(name) = cell.extract::<String>() else {
        let names = Cell::ALL.map(|(_, name)| name).join(", ");
        return Err(crate::errors::bad_option("cell", &lists::shown(cell)?, &names));
    };
    Ok(SequenceOptions { length, cell: Cell::named(&name).map_err(raise)? })
}

/// Parsed events, and the index at which each sequence ends.
pub(crate) struct Given<'a> {
    pub(crate) events: Vec<Vec<Value<'a>>>,
    pub(crate) ends: Vec<usize>,
}

/// Events that were read but not parsed.
pub(crate) enum Read<'py> {
    Numbers(Inputs),
    Fields(Table<'py>),
}

impl<'py> Read<'py> {
    pub(crate) fn of(engine: &Engine, events: &Bound<'py, PyAny>) -> PyResult<Self> {
        let schema = schema_of(engine)?;
        if engine.has_events_by_position() {
            let width = schema.fields()[0].kind().number().unwrap_or(1) as usize;
            return Inputs::read(events, width, None).map(Self::Numbers);
        }
        Table::read(events, schema, false).map(Self::Fields)
    }

    fn rows(&self) -> usize {
        match self {
            Self::Numbers(inputs) => inputs.rows,
            Self::Fields(table) => table.rows,
        }
    }

    pub(crate) fn understood(&self, schema: &Schema, ends: Vec<usize>) -> PyResult<Given<'_>> {
        let events = match self {
            Self::Numbers(inputs) if inputs.rows == 0 => Vec::new(),
            Self::Numbers(inputs) => {
                let width = inputs.values.len() / inputs.rows;
                if let Some(at) = inputs.values.iter().position(|value| !value.is_finite()) {
                    let (row, column, value) = (at / width, at % width, inputs.values[at]);
                    return Err(raise(Error::NotFinite { row: Some(row), what: "input", column, value }));
                }
                inputs.values.chunks_exact(width).map(|row| vec![Value::Vector(row.to_vec())]).collect()
            }
            Self::Fields(table) => (0..table.rows).map(|row| table.values(row, schema)).collect::<PyResult<_>>()?,
        };
        if ends.last().copied().unwrap_or(0) != events.len() || !ends.is_sorted() {
            return Err(ShapeError::new_err(format!("sequences of {} events end at {ends:?}", events.len())));
        }
        Ok(Given { events, ends })
    }
}

impl<'a> Given<'a> {
    /// All events and outcomes in order.
    pub(crate) fn happened<'s>(
        &'s self,
        ids: &'s [Vec<u8>],
        outcomes: Option<&[Outcome<'s>]>,
        weights: Option<&[f32]>,
    ) -> Vec<Observation<'s>> {
        let mut all = Vec::with_capacity(self.events.len() + ids.len());
        for (at, (id, events)) in ids.iter().zip(self.each()).enumerate() {
            let id = || Cow::Borrowed(&id[..]);
            let event = |event| Observation { id: id(), event: Some(Cow::Borrowed(event)), outcome: None };
            all.extend(events.iter().map(|own| event(&own[..])));
            if let Some(outcomes) = outcomes {
                let weight = weights.map_or(1.0, |weights| weights[at]);
                all.push(Observation { id: id(), event: None, outcome: Some((outcomes[at].clone(), weight)) });
            }
        }
        all
    }

    /// The events of each sequence.
    fn each(&self) -> impl Iterator<Item = &[Vec<Value<'a>>]> {
        let mut from = 0;
        self.ends.iter().map(move |&to| &self.events[std::mem::replace(&mut from, to)..to])
    }
}

pub(crate) fn schema_of(engine: &Engine) -> PyResult<&Schema> {
    engine.event_fields().ok_or_else(|| raise(Error::NoSequences))
}

/// The outcomes of sequences, and their weights, as far as they are given.
type Known<'a> = (Option<Vec<Outcome<'a>>>, Option<Vec<f32>>);

/// Parses the outcomes and the weights of `count` sequences.
pub(crate) fn known<'a>(
    engine: &Engine,
    y: Option<&Bound<'_, PyAny>>,
    weight: Option<&Bound<'_, PyAny>>,
    count: usize,
) -> PyResult<Known<'a>> {
    let outcomes = y.map(|y| outcomes(engine, y, count)).transpose()?;
    let weights = weight.map(|weight| read_weights(weight, count)).transpose()?;
    Ok((outcomes, weights))
}

/// Parses the outcomes of `count` sequences: names of classes, or numbers.
fn outcomes<'a>(engine: &Engine, y: &Bound<'_, PyAny>, count: usize) -> PyResult<Vec<Outcome<'a>>> {
    let schema = engine.schema().ok_or_else(|| raise(Error::NoSequences))?;
    let miscounted = |given, what| raise(Error::RowCounts { inputs: count, given, what });
    if engine.kind() == Kind::Classifier {
        let given: Vec<Bound<'_, PyAny>> =
            if values::is_list(y) { y.try_iter()?.collect::<PyResult<_>>()? } else { vec![y.clone()] };
        if given.len() != count {
            return Err(miscounted(given.len(), "classes"));
        }
        let class = |class: &Bound<'_, PyAny>| match class_of(class)? {
            Some(name) => Ok(Outcome::Class(Cow::Owned(name))),
            None => Err(DataError::new_err(format!("class {}: expected a name or a number", lists::shown(class)?))),
        };
        return given.iter().map(class).collect();
    }
    let width = schema.target_names().len();
    let Numbers { values, shape } = arrays::read(y, Role::Outputs { width })?;
    let given = match shape {
        Shape::Number => 1,
        Shape::Row(given) if width == 1 => given,
        Shape::Row(given) if given == width => 1,
        Shape::Rows(rows, columns) if columns == width => rows,
        Shape::Row(given) | Shape::Rows(_, given) => {
            return Err(raise(Error::Outputs { row: None, expected: width, given }));
        }
    };
    if given != count {
        return Err(miscounted(given, "outputs"));
    }
    Ok(values.chunks_exact(width).map(|values| Outcome::Values(values.to_vec())).collect())
}

/// Store events of sequences.
///
/// `outcomes` is a pair: the outcomes of the sequences and their weights. Either can be None.
#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "as PyO3 reads a list")]
pub(crate) fn happen<'py>(
    py: Python<'py>,
    net: &Bound<'py, Network>,
    ids: Vec<Vec<u8>>,
    events: &Bound<'py, PyAny>,
    ends: Vec<usize>,
    outcomes: (Option<Bound<'py, PyAny>>, Option<Bound<'py, PyAny>>),
    into: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let (y, weight) = outcomes;
    let target = into.map(|name| options::set("into", name)).transpose()?;
    let engine = net.get().snapshot(py);
    let read = Read::of(&engine, events)?;
    let given = read.understood(schema_of(&engine)?, ends)?;
    let (outcomes, weights) = known(&engine, y.as_ref(), weight.as_ref(), ids.len())?;
    drop(engine);
    let all = given.happened(&ids, outcomes.as_deref(), weights.as_deref());
    let counts = net.get().live(py).network_mut().observe_events(&all, target).map_err(raise)?;
    results::row_counts(py, counts)
}

/// Return the outputs of sequences that are not stored, of shape (sequences, outputs).
#[pyfunction]
pub(crate) fn run_events<'py>(
    py: Python<'py>,
    net: &Bound<'py, Network>,
    events: &Bound<'py, PyAny>,
    ends: Vec<usize>,
) -> PyResult<Bound<'py, PyAny>> {
    let engine = net.get().snapshot(py);
    let schema = schema_of(&engine)?;
    let read = Read::of(&engine, events)?;
    let given = read.understood(schema, ends)?;
    let histories: Vec<Vec<Row>> =
        given.each().map(|events| events.iter().map(|event| schema.row(event)).collect()).collect();
    let outputs = py.detach(|| {
        let (mut rows, mut levels) = (Vec::with_capacity(histories.len()), Vec::with_capacity(histories.len()));
        for history in &histories {
            let seen = engine.row_of_events(history)?;
            rows.push(seen.row);
            levels.push(seen.level);
        }
        let all = engine.layout().outputs();
        let mut outputs = vec![0.0; rows.len() * all];
        engine.model().answer(&rows, &mut outputs);
        if engine.learns_next_event() && engine.kind() == Kind::Regressor {
            outputs.iter_mut().zip(&levels).for_each(|(output, level)| *output += level);
        }
        Ok(outputs)
    });
    shown(py, &engine, &outputs.map_err(raise)?, histories.len())
}

/// The outputs as an array with a row for each sequence, without those that no class uses yet.
fn shown<'py>(py: Python<'py>, engine: &Engine, outputs: &[f32], rows: usize) -> PyResult<Bound<'py, PyAny>> {
    let (all, model) = (engine.layout().outputs(), engine.model());
    let width = if engine.kind() == Kind::Classifier { model.classes().len() } else { all };
    if width == 0 {
        return Err(TrainingError::new_err("the network has seen no class yet: observe some sequences first"));
    }
    let outputs: Vec<f32> = outputs.chunks_exact(all).flat_map(|row| &row[..width]).copied().collect();
    Ok(outputs.into_pyarray(py).reshape([rows, width])?.into_any())
}

/// Return the outputs of a stored sequence, of shape (1, outputs).
///
/// An `event` is appended before the prediction, and is not stored.
#[pyfunction]
#[pyo3(signature = (net, id, event = None))]
pub(crate) fn run_session<'py>(
    py: Python<'py>,
    net: &Bound<'py, Network>,
    id: &[u8],
    event: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let engine = net.get().snapshot(py);
    let schema = schema_of(&engine)?;
    let read = event.map(|event| Read::of(&engine, event)).transpose()?;
    let given = read.as_ref().map(|read| read.understood(schema, vec![1])).transpose()?;
    let event = given.as_ref().map(|given| &given.events[0][..]);
    let seen = engine.sequence_row(id, event).map_err(raise)?;
    outputs_of(py, &engine, &seen)
}

/// Return the outputs of a sequence after further events, and its new state.
///
/// The sequence is not stored in the network: the caller keeps its state.
#[pyfunction]
pub(crate) fn step<'py>(
    py: Python<'py>,
    net: &Bound<'py, Network>,
    state: &[u8],
    events: &Bound<'py, PyAny>,
    count: usize,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyBytes>)> {
    let engine = net.get().snapshot(py);
    let read = Read::of(&engine, events)?;
    let given = read.understood(schema_of(&engine)?, vec![count])?;
    let (seen, state) = engine.step(state, &given.events).map_err(raise)?;
    Ok((outputs_of(py, &engine, &seen)?, PyBytes::new(py, &state)))
}

/// The outputs for the row derived from a sequence.
fn outputs_of<'py>(py: Python<'py>, engine: &Engine, seen: &SequenceRow) -> PyResult<Bound<'py, PyAny>> {
    let mut outputs = vec![0.0; engine.layout().outputs()];
    answer(py, &engine.model(), 1, || engine.model().answer(std::slice::from_ref(&seen.row), &mut outputs));
    if engine.learns_next_event() && engine.kind() == Kind::Regressor {
        outputs[0] += seen.level;
    }
    shown(py, engine, &outputs, 1)
}

/// Return the attributes of an evaluation on sequences that are not stored.
#[pyfunction]
#[pyo3(signature = (net, events, ends, y, weight))]
pub(crate) fn evaluate_events<'py>(
    py: Python<'py>,
    net: &Bound<'py, Network>,
    events: &Bound<'py, PyAny>,
    ends: Vec<usize>,
    y: Option<&Bound<'py, PyAny>>,
    weight: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let engine = net.get().snapshot(py);
    let count = ends.len();
    let read = Read::of(&engine, events)?;
    let given = read.understood(schema_of(&engine)?, ends)?;
    let (outcomes, weights) = known(&engine, y, weight, count)?;
    let all: Vec<_> = given
        .each()
        .enumerate()
        .map(|(at, events)| {
            let weight = weights.as_ref().map_or(1.0, |weights| weights[at]);
            let outcome = outcomes.as_ref().map(|outcomes| (outcomes[at].clone(), weight));
            FreshSequence { events: events.to_vec(), outcome }
        })
        .collect();
    let found = py.detach(|| engine.evaluate_sequences(&all));
    let (evaluation, classes) = found.map_err(raise)?;
    results::evaluation(py, evaluation, Some(&classes))
}

/// The numbers of a forecast, one for each step.
type Steps<'py> = Bound<'py, PyArray1<f32>>;

/// The values, and their lower and upper bounds.
type Forecast<'py> = (Steps<'py>, Option<(Steps<'py>, Steps<'py>)>);

/// Return the next values of a stored sequence or of events, and with a `level` their bounds.
#[pyfunction]
#[pyo3(signature = (net, id, events, steps, level))]
pub(crate) fn forecast<'py>(
    py: Python<'py>,
    net: &Bound<'py, Network>,
    id: Option<&[u8]>,
    events: Option<&Bound<'py, PyAny>>,
    steps: &Bound<'py, PyAny>,
    level: Option<&Bound<'py, PyAny>>,
) -> PyResult<Forecast<'py>> {
    let steps = options::whole("steps", steps, neuralredis_core::sequence::MOST_STEPS as u64, 1)? as usize;
    let level: Option<Level> = level.map(conformal::level).transpose()?;
    let engine = net.get().snapshot(py);
    let values = if let Some(id) = id {
        py.detach(|| engine.forecast(id, steps))
    } else {
        let events = events.ok_or_else(|| KindError::new_err("nothing to forecast from: expected a sequence"))?;
        let schema = schema_of(&engine)?;
        let read = Read::of(&engine, events)?;
        let given = read.understood(schema, vec![read.rows()])?;
        let history: Vec<Row> = given.events.iter().map(|event| schema.row(event)).collect();
        py.detach(|| engine.forecast_events(&history, steps))
    };
    let values = values.map_err(raise)?;
    let distances = level.map(|level| py.detach(|| engine.forecast_distances(steps, level, &|| true)));
    let bounds = distances.transpose().map_err(raise)?.map(|distances| {
        let around = values.iter().zip(distances).map(|(value, distance)| interval(*value, distance));
        let (low, high): (Vec<f32>, Vec<f32>) = around.map(|[_, low, high]| (low, high)).unzip();
        (low.into_pyarray(py), high.into_pyarray(py))
    });
    Ok((values.into_pyarray(py), bounds))
}

/// Draw events that continue a stored sequence or the given events, and return their classes.
#[pyfunction]
pub(crate) fn sample_events<'py>(
    py: Python<'py>,
    net: &Bound<'py, Network>,
    id: Option<&[u8]>,
    events: Option<&Bound<'py, PyAny>>,
    extent: (Bound<'py, PyAny>, Option<Vec<u8>>),
    drawing: sampling::Given<'py>,
    penalty: &Bound<'py, PyAny>,
) -> PyResult<Vec<usize>> {
    let (count, until) = extent;
    let count = options::whole("count", &count, neuralredis_core::sequence::MOST_DRAWN as u64, 1)? as usize;
    let (mut decoding, seed) = sampling::read(drawing)?;
    let Ok(penalty) = penalty.extract::<f64>() else {
        return Err(crate::errors::bad_option("penalty", &lists::shown(penalty)?, &"a number above 0"));
    };
    decoding.penalty = penalty;
    decoding.check().map_err(raise)?;
    let mut random = Decoding::random(options::seed(py, seed)?);
    let engine = net.get().snapshot(py);
    let until = match until {
        None => None,
        Some(word) => {
            let class = engine.model().classes().iter().position(|class| **class == *word);
            let shown = || format!("'{}'", neuralredis_core::schema::readable(&word));
            let expected = "a word of the events that the network has learnt";
            Some(class.ok_or_else(|| crate::errors::bad_option("until", &shown(), &expected))?)
        }
    };
    let extent = Extent { count, until };
    let history = match (id, events) {
        (Some(id), _) => engine.events_of(id).map_err(raise)?.unwrap_or_default(),
        (None, Some(events)) => {
            let schema = schema_of(&engine)?;
            let read = Read::of(&engine, events)?;
            let ends = vec![read.rows()];
            read.understood(schema, ends)?.events.iter().map(|event| schema.row(event)).collect()
        }
        (None, None) => Vec::new(),
    };
    py.detach(|| engine.continue_events(history, &decoding, extent, &mut random, &|| true)).map_err(raise)
}

/// Delete a sequence; return whether it existed.
#[pyfunction]
pub(crate) fn forget(py: Python<'_>, net: &Bound<'_, Network>, id: &[u8]) -> PyResult<bool> {
    net.get().live(py).network_mut().forget_sequence(id).map_err(raise)
}

/// Return the ids of all stored sequences.
#[pyfunction]
pub(crate) fn sequence_ids<'py>(py: Python<'py>, net: &Bound<'py, Network>) -> PyResult<Bound<'py, PyList>> {
    let engine = net.get().snapshot(py);
    let ids: Vec<Bound<'py, PyBytes>> = engine.sequence_ids().map_err(raise)?.map(|id| PyBytes::new(py, id)).collect();
    PyList::new(py, ids)
}

/// Return the length, cell, fields, targets and classes of a network of sequences; None for a network of rows.
#[pyfunction]
pub(crate) fn sequence_declaration<'py>(
    py: Python<'py>,
    net: &Bound<'py, Network>,
) -> PyResult<Option<Bound<'py, PyDict>>> {
    let engine = net.get().snapshot(py);
    let (Some(options), Some(events)) = (engine.sequence_options(), engine.event_fields()) else { return Ok(None) };
    let found = PyDict::new(py);
    found.set_item("length", options.length)?;
    found.set_item("cell", options.cell.name())?;
    found.set_item("by_position", engine.has_events_by_position())?;
    found.set_item("next", engine.learns_next_event())?;
    let fields = PyDict::new(py);
    for field in events.fields() {
        fields.set_item(values::text_of(py, field.name())?, field.kind().to_string().to_lowercase())?;
    }
    found.set_item("fields", fields)?;
    let model = engine.model();
    let targets = model.schema().map_or(&[][..], |schema| schema.target_names());
    found.set_item("targets", fields::texts(py, targets)?)?;
    found.set_item("classes", fields::texts(py, model.classes())?)?;
    Ok(Some(found))
}
