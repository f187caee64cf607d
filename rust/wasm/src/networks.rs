//! The networks of a page, by the numbers that JavaScript knows them by.

use std::collections::BTreeMap;
use std::sync::Arc;

use neuralredis_core::layout::MAX_UNITS;
use neuralredis_core::training::Task;
use neuralredis_core::{
    Cell, Events, Kind, Layout, Limits, Network, Options, Schema, SequenceOptions, Target, codec, sequence,
};
use serde_json::{Value as Json, json};

use crate::fields::{self, Declared};
use crate::request::{Asked, Refusal, Reply, numbers, whole};
use crate::training::Training;
use crate::{answers, told};

/// A network, and its training if it has one.
pub(crate) struct Held {
    pub(crate) network: Network,
    pub(crate) training: Option<Training>,
}

#[derive(Default)]
pub(crate) struct Networks {
    held: BTreeMap<u64, Held>,
    last: u64,
}

impl Networks {
    /// Answers a request.
    pub(crate) fn answer(&mut self, text: &[u8], data: &[u8]) -> Result<Reply, Refusal> {
        let asked = Asked::parse(text)?;
        let wanted = asked.text("do")?.unwrap_or_default();
        match wanted {
            "create" => return create(&asked).map(|network| self.hold(network)),
            "load" => return Ok(self.hold(codec::decode(data)?)),
            "drop" => {
                self.held.remove(&asked.whole("network", 0, u64::MAX)?.unwrap_or(0));
                return Ok(Reply::Told(json!({})));
            }
            _ => {}
        }
        let number = asked.whole("network", 0, u64::MAX)?.unwrap_or(0);
        let held = self.held.get_mut(&number);
        let held =
            held.ok_or_else(|| Refusal::new("training", "the network has been freed: create or load another"))?;
        match wanted {
            "train" => {
                held.begin(&asked)?;
                return Ok(Reply::Told(json!({})));
            }
            "go" => return held.go_on(&asked).map(Reply::Told),
            "stop" => {
                held.stop();
                return Ok(Reply::Told(json!({})));
            }
            _ => {}
        }
        let network = &mut held.network;
        match wanted {
            "info" => Ok(Reply::Told(told::info(network))),
            "report" => Ok(Reply::Told(network.report().map_or(Json::Null, |report| told::report(report)))),
            "observe" => answers::observe(network, &asked, data),
            "run" => answers::run(network, data),
            "evaluate" => answers::evaluate(network, &asked, data),
            "observe_fields" => fields::observe(network, &asked, data),
            "run_fields" => fields::run(network, data),
            "evaluate_fields" => fields::evaluate(network, &asked, data),
            "observe_events" => answers::sequences::observe(network, &asked, data),
            "run_events" => answers::sequences::run(network, &asked, data),
            "sample" => answers::sequences::sample(network, &asked, data),
            "forget" => answers::sequences::forget(network, &asked),
            "install" => install(network, data),
            "check" => {
                // What the start of a training elsewhere would be refused for.
                Task::new(network, asked.training()?)?;
                Ok(Reply::Told(json!({})))
            }
            "save" => Ok(Reply::Data(codec::encode(network))),
            "weights" => Ok(numbers(&network.trained().weights().flatten().copied().collect::<Vec<_>>())),
            "reset" => {
                // As elsewhere, what is being learnt is of weights that are gone.
                held.training = None;
                held.network.reset();
                Ok(Reply::Told(json!({})))
            }
            "configure" => configure(held, &asked),
            other => Err(Refusal::new("option", format!("there is no '{other}' to be done"))),
        }
    }

    fn hold(&mut self, network: Network) -> Reply {
        self.last += 1;
        self.held.insert(self.last, Held { network, training: None });
        Reply::Told(json!({ "network": self.last }))
    }
}

/// Takes what a training has made of a copy of the network, which was saved.
fn install(network: &mut Network, data: &[u8]) -> Result<Reply, Refusal> {
    let made = codec::decode(data)?;
    network.install(Arc::clone(made.trained()), made.report().cloned())?;
    Ok(Reply::Told(json!({})))
}

fn configure(held: &mut Held, asked: &Asked) -> Result<Reply, Refusal> {
    let changes = asked.changes(false)?;
    // One that runs in a worker is known to JavaScript alone.
    let is_training = held.training.is_some() || asked.flag("training")?;
    if is_training && (changes.activation.is_some() || changes.output.is_some()) {
        return Err(neuralredis_core::Error::AlreadyTraining.into());
    }
    let limits = changes.limits(held.network.info().limits);
    held.network.configure(&changes, limits)?;
    Ok(Reply::Told(json!({})))
}

/// A new network: of a layout or of fields, of rows or of sequences.
fn create(asked: &Asked) -> Result<Network, Refusal> {
    let kind = asked.kind()?;
    let mut changes = asked.changes(true)?;
    let Some(seed) = changes.seed else { return Err(Refusal::new("option", "seed is missing")) };
    let sequence = sequence(asked)?;
    match (asked.list("layout", "a list of units, inputs first")?, asked.get("fields")) {
        (Some(layout), None) => {
            for name in ["target", "hidden", "classes"] {
                if asked.get(name).is_some() {
                    let why = format!("{name} is for a network with fields: this one has a layout");
                    return Err(Refusal::new("option", why));
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
            let Declared { fields, target, monotone } = Declared::read(asked, kind, fields)?;
            if changes.normalize == Some(false) {
                let expected = "true, or nothing, for a network of fields";
                return Err(Refusal::option("normalize", &Json::Bool(false), expected));
            }
            if let Some(monotone) = monotone {
                if changes.monotone.is_some() {
                    return Err(Refusal::new(
                        "option",
                        "monotone is given besides signs after kinds: expected one of them",
                    ));
                }
                changes.monotone = Some(monotone);
            }
            let hidden = match asked.list("hidden", "a list of units, one a layer")? {
                Some(hidden) => units("hidden", hidden)?,
                None => neuralredis_core::schema::DEFAULT_HIDDEN.to_vec(),
            };
            let chosen = Options::new(kind).with(kind, &outputs(&target)?, &changes)?;
            let limits: Limits = changes.first_limits();
            let Some(sequence) = sequence else {
                return Ok(Network::of_fields(Schema::new(fields, target)?, &hidden, chosen, limits, seed)?);
            };
            Ok(Network::of_sequences((Events::Fields(fields), target), sequence, &hidden, chosen, limits, seed)?)
        }
        (Some(_), Some(_)) => Err(Refusal::new("option", "layout and fields exclude each other")),
        (None, None) => Err(Refusal::new("option", "a network needs a layout, or fields and a target")),
    }
}

/// A layout with the outputs of a target, by which options are checked.
fn outputs(target: &Target) -> Result<Layout, Refusal> {
    let outputs = match target {
        Target::Classes { closed: false, .. } => 2,
        Target::Classes { names, .. } | Target::Values(names) => names.len(),
    };
    Ok(Layout::new(&[1, outputs.max(1)])?)
}

fn units(name: &str, list: &[Json]) -> Result<Vec<usize>, Refusal> {
    let number = |value: &Json| whole(name, value, 1, MAX_UNITS as u64).map(|units| units as usize);
    list.iter().map(number).collect()
}

/// How sequences are kept and seen, if that is what the network learns from.
fn sequence(asked: &Asked) -> Result<Option<SequenceOptions>, Refusal> {
    if !asked.flag("sequence")? {
        if let Some(name) = ["length", "cell"].into_iter().find(|name| asked.get(name).is_some()) {
            return Err(Refusal::new("option", format!("{name} is for a network of sequences")));
        }
        return Ok(None);
    }
    let default = SequenceOptions::default();
    let length = asked.whole("length", 1, sequence::MAX_LENGTH.into())?;
    let cell = asked.text("cell")?.map(Cell::named).transpose()?;
    let length = length.map_or(default.length, |length| length as u32);
    Ok(Some(SequenceOptions { length, cell: cell.unwrap_or(default.cell) }))
}

/// Whether a network answers classes.
pub(crate) fn is_classifier(network: &Network) -> bool {
    network.kind() == Kind::Classifier
}
