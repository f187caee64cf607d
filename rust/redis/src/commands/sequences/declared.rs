//! The declaration of a network of sequences in NR.CREATE.

use neuralredis_core::sequence;
use neuralredis_core::{
    Drawing, Error, Events, Kind, Layout, Limits, Network, Options, SequenceOptions, Target, schema,
};

use super::super::named::schema::Declared;
use super::super::prelude::*;

/// The declaration of a network of sequences.
#[derive(Debug, PartialEq)]
pub(crate) struct OfSequences {
    events: Events,
    target: Target,
    options: SequenceOptions,
    hidden: Vec<usize>,
    /// The number of outputs, if events are numbers by position.
    outputs: usize,
}

impl OfSequences {
    /// Declares events with fields.
    pub(crate) fn of_fields(declared: Declared<'_>, options: SequenceOptions) -> Result<Self, Refusal> {
        let Declared { fields, target, signs, mut hidden, has_hidden, .. } = declared;
        if signs.iter().any(|&sign| sign != 0.0) {
            return Err(Refusal::option("signs after kinds are for networks of rows: expected none beside SEQUENCE"));
        }
        if !has_hidden {
            hidden = sequence::default_hidden(options.cell, &fields, &target).to_vec();
        }
        Ok(Self { events: Events::Fields(fields), target, options, hidden, outputs: 0 })
    }

    /// Declares events that are numbers by position.
    pub(crate) fn of_numbers(kind: Kind, layout: &Layout, options: SequenceOptions) -> Self {
        let units = layout.units();
        let (inputs, hidden, outputs) = (units[0], units[1..units.len() - 1].to_vec(), units[units.len() - 1]);
        let target = sequence::by_position(kind, outputs);
        Self { events: Events::Numbers(inputs as u32), target, options, hidden, outputs }
    }

    /// The layout before any event was observed.
    pub(crate) fn layout(&self) -> Result<Layout, Error> {
        sequence::first_layout((self.events.clone(), self.target.clone()), self.options, &self.hidden)
    }

    pub(crate) fn begin(&self, options: Options, limits: Limits, seed: u64) -> Result<(Network, Drawing), Error> {
        let events = (self.events.clone(), self.target.clone());
        Network::begin_of_sequences(events, self.options, &self.hidden, options, limits, seed)
    }

    /// Formats the arguments after the kind that create exactly this network.
    pub(crate) fn written(&self) -> Vec<Vec<u8>> {
        let number = |number: usize| number.to_string().into_bytes();
        let mut words = match &self.events {
            Events::Fields(fields) => {
                let fields = fields.iter().map(|(name, kind)| (&name[..], *kind));
                schema::declaration(fields, &self.target, &self.hidden)
            }
            Events::Numbers(inputs) => {
                let mut words = vec![number(*inputs as usize)];
                words.extend(self.hidden.iter().map(|&units| number(units)));
                words.extend([b"->".to_vec(), number(self.outputs)]);
                words
            }
        };
        words.extend([b"SEQUENCE".to_vec(), b"LENGTH".to_vec(), number(self.options.length as usize)]);
        words.extend([b"CELL".to_vec(), self.options.cell.name().to_uppercase().into_bytes()]);
        words
    }
}
