//! The networks of an instance, and the dispatch of requests to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use neuralredis_core::layout::MAX_UNITS;
use neuralredis_core::training::Task;
use neuralredis_core::{
    Cell, Events, Kind, Layout, Limits, Network, Options, Schema, SequenceOptions, Target, codec, sequence,
};
use serde_json::{Value as Json, json};

use crate::fields::{self, Declared};
use crate::request::{Rejection, Reply, Request, numbers, whole};
use crate::training::Training;
use crate::{answers, results};

/// A network, with its running training if there is one.
pub(crate) struct Entry {
    pub(crate) network: Network,
    pub(crate) training: Option<Training>,
}

/// All networks, by the handles that JavaScript has.
#[derive(Default)]
pub(crate) struct Networks {
    entries: BTreeMap<u64, Entry>,
    last: u64,
}

impl Networks {
    /// Answer a request.
    pub(crate) fn answer(&mut self, text: &[u8], data: &[u8]) -> Result<Reply, Rejection> {
        let request = Request::parse(text)?;
        let operation = request.text("do")?.unwrap_or_default();
        match operation {
            "create" => return create(&request).map(|network| self.hold(network)),
            "load" => return Ok(self.hold(codec::decode(data)?)),
            "drop" => {
                self.entries.remove(&request.whole("network", 0, u64::MAX)?.unwrap_or(0));
                return Ok(Reply::Object(json!({})));
            }
            _ => {}
        }
        let number = request.whole("network", 0, u64::MAX)?.unwrap_or(0);
        let entry = self.entries.get_mut(&number);
        let entry =
            entry.ok_or_else(|| Rejection::new("training", "the network has been freed: create or load another"))?;
        match operation {
            "train" => {
                entry.begin(&request)?;
                return Ok(Reply::Object(json!({})));
            }
            "go" => return entry.advance(&request).map(Reply::Object),
            "stop" => {
                entry.stop();
                return Ok(Reply::Object(json!({})));
            }
            _ => {}
        }
        let network = &mut entry.network;
        match operation {
            "info" => Ok(Reply::Object(results::info(network))),
            "report" => Ok(Reply::Object(network.report().map_or(Json::Null, |report| results::report(report)))),
            "observe" => answers::observe(network, &request, data),
            "run" => answers::run(network, data),
            "evaluate" => answers::evaluate(network, &request, data),
            "observe_fields" => fields::observe(network, &request, data),
            "run_fields" => fields::run(network, data),
            "evaluate_fields" => fields::evaluate(network, &request, data),
            "observe_events" => answers::sequences::observe(network, &request, data),
            "run_events" => answers::sequences::run(network, &request, data),
            "sample" => answers::sequences::sample(network, &request, data),
            "forget" => answers::sequences::forget(network, &request),
            "install" => install(network, data),
            "check" => {
                // Returns the errors that starting this training in a worker would have.
                Task::new(network, request.training()?)?;
                Ok(Reply::Object(json!({})))
            }
            "save" => Ok(Reply::Data(codec::encode(network))),
            "weights" => Ok(numbers(&network.trained().weights().flatten().copied().collect::<Vec<_>>())),
            "reset" => {
                // As in Python and Redis, a reset drops a running training, whose weights are obsolete.
                entry.training = None;
                entry.network.reset();
                Ok(Reply::Object(json!({})))
            }
            "configure" => configure(entry, &request),
            other => Err(Rejection::new("option", format!("there is no '{other}' to be done"))),
        }
    }

    fn hold(&mut self, network: Network) -> Reply {
        self.last += 1;
        self.entries.insert(self.last, Entry { network, training: None });
        Reply::Object(json!({ "network": self.last }))
    }
}

/// Install the result of a training in a worker. `data` is the trained copy of the network.
fn install(network: &mut Network, data: &[u8]) -> Result<Reply, Rejection> {
    let made = codec::decode(data)?;
    network.install(Arc::clone(made.trained()), made.report().cloned())?;
    Ok(Reply::Object(json!({})))
}

fn configure(entry: &mut Entry, request: &Request) -> Result<Reply, Rejection> {
    let changes = request.changes(false)?;
    // Only JavaScript knows of trainings in workers.
    let is_training = entry.training.is_some() || request.flag("training")?;
    if is_training && (changes.activation.is_some() || changes.output.is_some()) {
        return Err(neuralredis_core::Error::AlreadyTraining.into());
    }
    let limits = changes.limits(entry.network.info().limits);
    entry.network.configure(&changes, limits)?;
    Ok(Reply::Object(json!({})))
}

/// Create a network of positional inputs or of fields, of rows or of sequences.
fn create(request: &Request) -> Result<Network, Rejection> {
    let kind = request.kind()?;
    let mut changes = request.changes(true)?;
    let Some(seed) = changes.seed else { return Err(Rejection::new("option", "seed is missing")) };
    let sequence = sequence(request)?;
    match (request.list("layout", "a list of units, inputs first")?, request.get("fields")) {
        (Some(layout), None) => {
            for name in ["target", "hidden", "classes"] {
                if request.get(name).is_some() {
                    let why = format!("{name} is for a network with fields: this one has a layout");
                    return Err(Rejection::new("option", why));
                }
            }
            let layout = Layout::new(&units("layout", layout)?)?;
            let chosen = Options::new(kind).with(kind, &layout, &changes)?;
            let Some(sequence) = sequence else {
                return Ok(Network::new(kind, layout, chosen, changes.first_limits(), seed)?);
            };
            let units = layout.units();
            let events = Events::Numbers(units[0] as u32);
            let target = sequence::by_position(kind, layout.outputs());
            let hidden = &units[1..units.len() - 1];
            Ok(Network::of_sequences((events, target), sequence, hidden, chosen, changes.first_limits(), seed)?)
        }
        (None, Some(fields)) => {
            let Declared { fields, target, monotone } = Declared::read(request, kind, fields)?;
            if changes.normalize == Some(false) {
                let expected = "true, or nothing, for a network of fields";
                return Err(Rejection::option("normalize", &Json::Bool(false), expected));
            }
            if let Some(monotone) = monotone {
                if changes.monotone.is_some() {
                    return Err(Rejection::new(
                        "option",
                        "monotone is given besides signs after kinds: expected one of them",
                    ));
                }
                changes.monotone = Some(monotone);
            }
            let hidden = match request.list("hidden", "a list of units, one a layer")? {
                Some(hidden) => units("hidden", hidden)?,
                None => match sequence {
                    Some(own) => sequence::default_hidden(own.cell, &fields, &target).to_vec(),
                    None => neuralredis_core::schema::DEFAULT_HIDDEN.to_vec(),
                },
            };
            let chosen = Options::new(kind).with(kind, &outputs(&target)?, &changes)?;
            let limits: Limits = changes.first_limits();
            let Some(sequence) = sequence else {
                return Ok(Network::of_fields(Schema::new(fields, target)?, &hidden, chosen, limits, seed)?);
            };
            Ok(Network::of_sequences((Events::Fields(fields), target), sequence, &hidden, chosen, limits, seed)?)
        }
        (Some(_), Some(_)) => Err(Rejection::new("option", "layout and fields exclude each other")),
        (None, None) => Err(Rejection::new("option", "a network needs a layout, or fields and a target")),
    }
}

/// A layout with the outputs of the target, which options are checked against.
fn outputs(target: &Target) -> Result<Layout, Rejection> {
    let outputs = match target {
        Target::Classes { closed: false, .. } => 2,
        Target::Classes { names, .. } | Target::Values(names) => names.len(),
    };
    Ok(Layout::new(&[1, outputs.max(1)])?)
}

fn units(name: &str, list: &[Json]) -> Result<Vec<usize>, Rejection> {
    let number = |value: &Json| whole(name, value, 1, MAX_UNITS as u64).map(|units| units as usize);
    list.iter().map(number).collect()
}

/// The options of sequences, if the network is one of sequences.
fn sequence(request: &Request) -> Result<Option<SequenceOptions>, Rejection> {
    if !request.flag("sequence")? {
        if let Some(name) = ["length", "cell"].into_iter().find(|name| request.get(name).is_some()) {
            return Err(Rejection::new("option", format!("{name} is for a network of sequences")));
        }
        return Ok(None);
    }
    let default = SequenceOptions::default();
    let length = request.whole("length", 1, sequence::MAX_LENGTH.into())?;
    let cell = request.text("cell")?.map(Cell::named).transpose()?;
    let length = length.map_or(default.length, |length| length as u32);
    Ok(Some(SequenceOptions { length, cell: cell.unwrap_or(default.cell) }))
}

/// Whether the network is a classifier.
pub(crate) fn is_classifier(network: &Network) -> bool {
    network.kind() == Kind::Classifier
}
