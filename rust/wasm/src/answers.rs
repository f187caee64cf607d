//! What networks of inputs by their positions are asked, and those of sequences.

pub(crate) mod sequences;

use neuralredis_core::{Batch, Error, Network, Set};
use serde_json::json;

use crate::request::{Asked, Refusal, Reply, numbers};
use crate::told;

/// Numbers in single precision.
pub(crate) fn read(data: &[u8]) -> Result<Vec<f32>, Refusal> {
    let (numbers, rest) = data.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(Refusal::new("shape", format!("the data has {} bytes: expected 4 for each number", data.len())));
    }
    Ok(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
}

pub(crate) fn counts((train, test): (u32, u32)) -> Reply {
    Reply::Told(json!({ "train": train, "test": test }))
}

/// Rows as they are given: inputs of all, then targets of all.
struct Rows {
    inputs: Vec<f32>,
    targets: Vec<f32>,
    weights: Option<Vec<f32>>,
}

impl Rows {
    fn read(network: &Network, asked: &Asked, data: &[u8]) -> Result<Self, Refusal> {
        if network.schema().is_some() {
            return Err(Error::HasFields.into());
        }
        let shape = network.row_shape();
        let rows = asked.whole("rows", 0, u64::from(u32::MAX))?.unwrap_or(0) as usize;
        let mut inputs = read(data)?;
        let expected = rows.checked_mul(shape.inputs + shape.targets());
        if expected != Some(inputs.len()) {
            let given = inputs.len();
            return Err(Refusal::new("shape", format!("{rows} rows of {given} numbers: expected {expected:?}")));
        }
        let targets = inputs.split_off(rows * shape.inputs);
        let weights = asked.weights()?;
        if let Some(weights) = weights.as_ref().filter(|weights| weights.len() != rows) {
            return Err(Error::RowCounts { inputs: rows, given: weights.len(), what: "weights" }.into());
        }
        Ok(Self { inputs, targets, weights })
    }

    fn batch(&self, network: &Network) -> Batch<'_> {
        let shape = network.row_shape();
        let batch = Batch::new(&self.inputs, shape.inputs, &self.targets, shape.targets());
        Batch { weights: self.weights.as_deref(), ..batch }
    }
}

pub(crate) fn observe(network: &mut Network, asked: &Asked, data: &[u8]) -> Result<Reply, Refusal> {
    let rows = Rows::read(network, asked, data)?;
    let batch = rows.batch(network);
    Ok(counts(network.observe(&batch, asked.set("into")?, |_| {})?))
}

pub(crate) fn run(network: &Network, data: &[u8]) -> Result<Reply, Refusal> {
    let (inputs, model) = (read(data)?, network.model());
    let rows = inputs.len() / model.layout().inputs();
    let mut outputs = vec![0.0; rows * model.layout().outputs()];
    model.run(&inputs, &mut outputs)?;
    Ok(numbers(&outputs))
}

/// Of rows that are given, or of a set.
pub(crate) fn evaluate(network: &Network, asked: &Asked, data: &[u8]) -> Result<Reply, Refusal> {
    let found = match asked.get("rows") {
        Some(_) => network.evaluate_on(&Rows::read(network, asked, data)?.batch(network))?,
        None => network.evaluate(asked.set("set")?.unwrap_or(Set::Test))?,
    };
    let model = network.model();
    Ok(Reply::Told(told::evaluation(&found, model.schema().map_or(&[][..], |schema| schema.classes()))))
}
