//! The head of a network: the function of its output units, the loss, and the deltas with which backpropagation begins.

use super::functions::{exp, ln, sigmoid};
use super::lanes::{LANES, Lanes};
use crate::options::{Loss, Output};

/// Bound of a row's loss. Only weights and targets that overflow single precision would exceed it.
const MAX_LOSS: f32 = 1e36;

/// Replaces the pre-activations of a group of rows by the outputs.
#[inline(always)]
pub(super) fn predict<L: Lanes>(l: L, output: Output, z: &mut [f32]) {
    let (z, _) = z.as_chunks_mut::<LANES>();
    match output {
        Output::Softmax => {
            let sum = exponentials(l, z);
            for z in z {
                l.store(l.div(l.load(z), sum), z);
            }
        }
        Output::Sigmoid => {
            for z in z {
                l.store(sigmoid(l, l.load(z)), z);
            }
        }
        Output::Linear => {}
    }
}

/// Computes `exp(z - max z)` in place, and returns the sum over the units.
#[inline(always)]
fn exponentials<L: Lanes>(l: L, z: &mut [[f32; LANES]]) -> L::V {
    let mut max = l.load(&z[0]);
    for z in &z[1..] {
        max = l.max(max, l.load(z));
    }
    let mut sum = l.splat(0.0);
    for z in z {
        let e = exp(l, l.sub(l.load(z), max));
        sum = l.add(sum, e);
        l.store(e, z);
    }
    sum
}

/// Replaces the pre-activations of one row by the outputs.
#[inline(always)]
pub(super) fn predict_row<L: Lanes>(l: L, output: Output, z: &mut [f32]) {
    match output {
        Output::Softmax => {
            let max = z[1..].iter().fold(z[0], |max, &z| if max > z { max } else { z });
            let mut sum = 0.0;
            for chunk in z.chunks_mut(LANES) {
                let e = exp(l, l.sub(l.load_part(chunk), l.splat(max)));
                l.store_part(e, chunk);
                for &e in &*chunk {
                    sum += e;
                }
            }
            for chunk in z.chunks_mut(LANES) {
                l.store_part(l.div(l.load_part(chunk), l.splat(sum)), chunk);
            }
        }
        Output::Sigmoid => {
            for chunk in z.chunks_mut(LANES) {
                l.store_part(sigmoid(l, l.load_part(chunk)), chunk);
            }
        }
        Output::Linear => {}
    }
}

/// The loss of each row of a group. The pre-activations `z` become outputs, and `delta` the derivatives of the loss
/// with respect to the pre-activations.
#[inline(always)]
pub(super) fn loss<L: Lanes>(
    l: L,
    output: Output,
    loss: Loss,
    z: &mut [f32],
    target: &[f32],
    delta: &mut [f32],
    row_loss: &mut [f32; LANES],
) {
    let (z, _) = z.as_chunks_mut::<LANES>();
    let (target, _) = target.as_chunks::<LANES>();
    let (delta, _) = delta.as_chunks_mut::<LANES>();
    let total = match (output, loss) {
        (Output::Softmax, Loss::CrossEntropy) => softmax_cross_entropy(l, z, target, delta),
        (Output::Sigmoid, Loss::CrossEntropy) => sigmoid_cross_entropy(l, z, target, delta),
        (_, _) => {
            predict(l, output, z.as_flattened_mut());
            squared_error(l, output, z, target, delta)
        }
    };
    // The loss is finite for any weights and targets; NaN becomes the greatest loss.
    l.store(l.max(l.min(total, l.splat(MAX_LOSS)), l.splat(-MAX_LOSS)), row_loss);
}

/// `sum_j t_j (ln sum_k exp(z_k - max) - (z_j - max))`, which takes no logarithm of a small probability.
#[inline(always)]
fn softmax_cross_entropy<L: Lanes>(
    l: L,
    z: &mut [[f32; LANES]],
    target: &[[f32; LANES]],
    delta: &mut [[f32; LANES]],
) -> L::V {
    let mut max = l.load(&z[0]);
    for z in &z[1..] {
        max = l.max(max, l.load(z));
    }
    let mut sum = l.splat(0.0);
    for (z, delta) in z.iter_mut().zip(&mut *delta) {
        let centred = l.sub(l.load(z), max);
        l.store(centred, delta);
        let e = exp(l, centred);
        sum = l.add(sum, e);
        l.store(e, z);
    }
    let ln_sum = ln(l, sum);
    let mut total = l.splat(0.0);
    for ((z, target), delta) in z.iter_mut().zip(target).zip(delta) {
        let (p, t) = (l.div(l.load(z), sum), l.load(target));
        total = l.fma(t, l.sub(ln_sum, l.load(delta)), total);
        l.store(p, z);
        l.store(l.sub(p, t), delta);
    }
    total
}

/// `sum_j max(z, 0) - t z + ln(1 + exp(-|z|))`, which equals `-t ln y - (1 - t) ln(1 - y)` without its cancellations.
#[inline(always)]
fn sigmoid_cross_entropy<L: Lanes>(
    l: L,
    z: &mut [[f32; LANES]],
    target: &[[f32; LANES]],
    delta: &mut [[f32; LANES]],
) -> L::V {
    let (zero, one) = (l.splat(0.0), l.splat(1.0));
    let mut total = zero;
    for ((z, target), delta) in z.iter_mut().zip(target).zip(delta) {
        let (x, t) = (l.load(z), l.load(target));
        let magnitude = l.max(x, l.sub(zero, x));
        let tail = ln(l, l.add(one, exp(l, l.sub(zero, magnitude))));
        total = l.add(total, l.add(l.sub(l.max(x, zero), l.mul(t, x)), tail));
        let p = sigmoid(l, x);
        l.store(p, z);
        l.store(l.sub(p, t), delta);
    }
    total
}

/// The mean over the outputs of `(y - t)^2`, where `y` are outputs rather than pre-activations.
#[inline(always)]
fn squared_error<L: Lanes>(
    l: L,
    output: Output,
    y: &[[f32; LANES]],
    target: &[[f32; LANES]],
    delta: &mut [[f32; LANES]],
) -> L::V {
    let mean = l.splat(1.0 / y.len() as f32);
    let twice_mean = l.add(mean, mean);
    let mut total = l.splat(0.0);
    // sum_k y_k dE/dy_k, which the softmax needs
    let mut weighted = l.splat(0.0);
    for ((y, target), delta) in y.iter().zip(target).zip(&mut *delta) {
        let y = l.load(y);
        let error = l.sub(y, l.load(target));
        total = l.fma(error, error, total);
        let by_y = l.mul(error, twice_mean);
        weighted = l.fma(y, by_y, weighted);
        l.store(by_y, delta);
    }
    for (y, delta) in y.iter().zip(delta) {
        let (y, by_y) = (l.load(y), l.load(delta));
        let by_z = match output {
            Output::Softmax => l.mul(y, l.sub(by_y, weighted)),
            Output::Sigmoid => l.mul(by_y, l.mul(y, l.sub(l.splat(1.0), y))),
            Output::Linear => by_y,
        };
        l.store(by_z, delta);
    }
    l.mul(total, mean)
}
