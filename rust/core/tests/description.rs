//! Answers computed from a description, in scalar Rust, are those of the network.

use std::time::Duration;

use neuralredis_core::random::Random;
use neuralredis_core::training::{Live, Pool, TrainOptions};
use neuralredis_core::{
    Activation, Algorithm, Batch, Description, Ensemble, Kind, LayerDescription, Layout, Limits, Network, Options,
    Output,
};

/// Computes an answer from a description, with the exponential function of the standard library.
fn answer(description: &Description, x: &[f32]) -> Vec<f32> {
    let limit = description.input_limit;
    let scaled = |(at, &x): (usize, &f32)| match &description.inputs {
        Some(of) => ((x - of.mean[at]).clamp(f32::MIN, f32::MAX) * of.scale[at]).clamp(-limit, limit),
        None => x,
    };
    let inputs: Vec<f32> = x.iter().enumerate().map(scaled).collect();
    let members: Vec<Vec<f32>> =
        description.members.iter().map(|layers| member(description, layers, &inputs)).collect();
    let share = 1.0 / members.len() as f32;
    let sum = |unit: usize| members.iter().fold(0.0, |sum, units| sum + units[unit] * share);
    let units: Vec<f32> = match &members[..] {
        [one] => one.clone(),
        _ => (0..members[0].len()).map(sum).collect(),
    };
    let outputs: Vec<f32> = match description.output {
        Output::Linear => units,
        Output::Sigmoid => units.iter().map(|z| 1.0 / (1.0 + (-z).exp())).collect(),
        Output::Softmax => {
            let max = units.iter().copied().fold(f32::MIN, f32::max);
            let powers: Vec<f32> = units.iter().map(|z| (z - max).exp()).collect();
            let sum: f32 = powers.iter().sum();
            powers.iter().map(|power| power / sum).collect()
        }
    };
    let unscaled = |(at, y): (usize, f32)| match &description.outputs {
        Some(of) if of.scale[at] == 0.0 => of.mean[at],
        Some(of) => (y / of.scale[at] + of.mean[at]).clamp(f32::MIN, f32::MAX),
        None => y,
    };
    outputs.into_iter().enumerate().map(unscaled).collect()
}

fn member(description: &Description, layers: &[LayerDescription], inputs: &[f32]) -> Vec<f32> {
    let mut values = inputs.to_vec();
    for layer in layers {
        let LayerDescription::Dense { inputs, outputs, biases, weights, activation } = layer else {
            panic!("an unknown kind of layer")
        };
        assert_eq!((values.len(), biases.len(), weights.len()), (*inputs, *outputs, inputs * outputs));
        let limit = description.unit_limit;
        let unit = |unit: usize| {
            let sum = |sum: f32, (input, x): (usize, &f32)| x.mul_add(weights[input * outputs + unit], sum);
            let z = values.iter().enumerate().fold(biases[unit], sum).clamp(-limit, limit);
            match activation {
                None => z,
                Some(Activation::Relu) => z.max(0.0),
                Some(Activation::Tanh) => z.tanh(),
                Some(Activation::Sigmoid) => 1.0 / (1.0 + (-z).exp()),
            }
        };
        values = (0..*outputs).map(unit).collect();
    }
    values
}

/// A trained network, and inputs for it.
fn network(kind: Kind, options: Options, ensemble: u8) -> (Network, Vec<f32>) {
    let options = Options { ensemble: Ensemble::Fixed(ensemble), algorithm: Algorithm::IrpropPlus, ..options };
    let limits = Limits { train: 200, test: 0 };
    let mut network = Network::new(kind, Layout::new(&[3, 20, 7, 2]).unwrap(), options, limits, 5).unwrap();
    let mut random = Random::new(2, 2);
    let inputs: Vec<f32> = (0..300).map(|_| 100.0 * random.symmetric()).collect();
    let target = |row: &[f32]| match kind {
        Kind::Classifier => vec![f32::from(u8::from(row[0] > row[1]))],
        Kind::Regressor => vec![row[0] * row[1], 5.0],
    };
    let targets: Vec<f32> = inputs.chunks(3).flat_map(target).collect();
    network.observe(&Batch::new(&inputs, 3, &targets, network.targets()), None, |_| {}).unwrap();
    let mut live = Live::new(network);
    let training = TrainOptions { max_cycles: 20, max_time: Duration::ZERO, ..TrainOptions::default() };
    assert!(live.train(training, &Pool::new(1, 1), |_| {}).unwrap().wait(Duration::from_secs(60)));
    live.collect().unwrap();
    // Also inputs that are clamped.
    (live.network().clone(), [&inputs[..], &[f32::MAX, f32::MIN, 0.0], &[1e30, -1e30, 1e9]].concat())
}

fn answers(network: &Network, inputs: &[f32]) -> Vec<f32> {
    let mut outputs = vec![0.0; inputs.len() / 3 * 2];
    network.model().run(inputs, &mut outputs).unwrap();
    outputs
}

#[test]
fn a_description_gives_the_answers_of_the_network_to_the_last_bit() {
    for (normalize, ensemble) in [(false, 1), (true, 1), (true, 3)] {
        let options = Options { normalize, ..Options::new(Kind::Regressor) };
        let (network, inputs) = network(Kind::Regressor, options, ensemble);
        let description = network.model().describe();
        assert_eq!(description.members.len(), usize::from(ensemble));
        let expected = answers(&network, &inputs);
        let found: Vec<f32> = inputs.chunks(3).flat_map(|row| answer(&description, row)).collect();
        assert!(found == expected, "normalize: {normalize}, ensemble: {ensemble}");
        network.model().describe().members.iter().for_each(|layers| assert_eq!(layers.len(), 3));
    }
}

#[test]
fn with_exponentials_of_another_library_the_answers_are_close() {
    let kind = Kind::Classifier;
    let activations = Activation::ALL.iter().map(|&activation| Options { activation, ..Options::new(kind) });
    let sigmoid = Options { output: Output::Sigmoid, ..Options::new(kind) };
    for options in activations.chain([sigmoid]) {
        let (network, inputs) = network(kind, options, 2);
        let description = network.model().describe();
        let found: Vec<f32> = inputs.chunks(3).flat_map(|row| answer(&description, row)).collect();
        let close = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-5;
        assert!(found.iter().zip(&answers(&network, &inputs)).all(close), "{:?}", network.info().options);
    }
}
