//! Operations of networks with positional inputs and of networks of sequences.

pub(crate) mod sequences;

use neuralredis_core::{Batch, Error, Network, Set};
use serde_json::json;

use crate::request::{Rejection, Reply, Request, numbers};
use crate::results;

/// Read numbers in single precision.
pub(crate) fn read(data: &[u8]) -> Result<Vec<f32>, Rejection> {
    let (numbers, rest) = data.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(Rejection::new("shape", format!("the data has {} bytes: expected 4 for each number", data.len())));
    }
    Ok(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
}

pub(crate) fn counts((train, test): (u32, u32)) -> Reply {
    Reply::Object(json!({ "train": train, "test": test }))
}

/// Rows with outcomes: the data has the inputs of all rows, then the targets of all rows.
struct Rows {
    inputs: Vec<f32>,
    targets: Vec<f32>,
    weights: Option<Vec<f32>>,
}

impl Rows {
    fn read(network: &Network, request: &Request, data: &[u8]) -> Result<Self, Rejection> {
        if network.schema().is_some() {
            return Err(Error::HasFields.into());
        }
        let shape = network.row_shape();
        let rows = request.whole("rows", 0, u64::from(u32::MAX))?.unwrap_or(0) as usize;
        let mut inputs = read(data)?;
        let expected = rows.checked_mul(shape.inputs + shape.targets());
        if expected != Some(inputs.len()) {
            let given = inputs.len();
            return Err(Rejection::new("shape", format!("{rows} rows of {given} numbers: expected {expected:?}")));
        }
        let targets = inputs.split_off(rows * shape.inputs);
        let weights = request.weights()?;
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

pub(crate) fn observe(network: &mut Network, request: &Request, data: &[u8]) -> Result<Reply, Rejection> {
    let rows = Rows::read(network, request, data)?;
    let batch = rows.batch(network);
    Ok(counts(network.observe(&batch, request.set("into")?, |_| {})?))
}

pub(crate) fn run(network: &Network, data: &[u8]) -> Result<Reply, Rejection> {
    let (inputs, model) = (read(data)?, network.model());
    let rows = inputs.len() / model.layout().inputs();
    let mut outputs = vec![0.0; rows * model.layout().outputs()];
    model.run(&inputs, &mut outputs)?;
    Ok(numbers(&outputs))
}

/// Evaluate on given rows, or on a stored set.
pub(crate) fn evaluate(network: &Network, request: &Request, data: &[u8]) -> Result<Reply, Rejection> {
    let found = match request.get("rows") {
        Some(_) => network.evaluate_on(&Rows::read(network, request, data)?.batch(network))?,
        None => network.evaluate(request.set("set")?.unwrap_or(Set::Test))?,
    };
    let model = network.model();
    Ok(Reply::Object(results::evaluation(&found, model.schema().map_or(&[][..], |schema| schema.classes()))))
}
