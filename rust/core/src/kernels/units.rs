//! What happens to the values of units one by one: normalization of inputs, activations and their derivatives.

use super::functions::{sigmoid, tanh};
use super::lanes::{LANES, Lanes};
use crate::options::Activation;

/// Bound of a normalized input, in standard deviations: far beyond any data, and it keeps an answer to nonsense finite.
pub(crate) const MAX_STANDARDIZED: f32 = 1e6;

/// `v` in place, sixteen numbers at a time, the last ones in part.
#[inline(always)]
fn map<L: Lanes>(l: L, v: &mut [f32], f: impl Fn(L::V) -> L::V) {
    let (whole, rest) = v.as_chunks_mut::<LANES>();
    for chunk in whole {
        let y = f(l.load(chunk));
        l.store(y, chunk);
    }
    if !rest.is_empty() {
        let y = f(l.load_part(rest));
        l.store_part(y, rest);
    }
}

#[inline(always)]
fn standardized<L: Lanes>(l: L, x: L::V, mean: L::V, scale: L::V) -> L::V {
    // The difference is kept finite so that a scale of 0 gives 0.
    let centred = l.clamp(l.sub(x, mean), f32::MIN, f32::MAX);
    l.clamp(l.mul(centred, scale), -MAX_STANDARDIZED, MAX_STANDARDIZED)
}

/// `(x - mean) * scale` of each input of a group of rows, kept within bounds.
#[inline(always)]
pub(super) fn standardize<L: Lanes>(l: L, x: &[f32], mean: &[f32], scale: &[f32], to: &mut [f32]) {
    let (from, _) = x.as_chunks::<LANES>();
    let (to, _) = to.as_chunks_mut::<LANES>();
    for (((x, to), &mean), &scale) in from.iter().zip(to).zip(mean).zip(scale) {
        l.store(standardized(l, l.load(x), l.splat(mean), l.splat(scale)), to);
    }
}

/// The same for one row.
#[inline(always)]
pub(super) fn standardize_row<L: Lanes>(l: L, x: &[f32], mean: &[f32], scale: &[f32], to: &mut [f32]) {
    let chunks = x.chunks(LANES).zip(mean.chunks(LANES)).zip(scale.chunks(LANES)).zip(to.chunks_mut(LANES));
    for (((x, mean), scale), to) in chunks {
        let y = standardized(l, l.load_part(x), l.load_part(mean), l.load_part(scale));
        l.store_part(y, to);
    }
}

/// The activation of hidden units, in place.
#[inline(always)]
pub(super) fn activate<L: Lanes>(l: L, activation: Activation, z: &mut [f32]) {
    match activation {
        Activation::Sigmoid => map(
            l,
            z,
            #[inline(always)]
            |z| sigmoid(l, z),
        ),
        Activation::Tanh => map(
            l,
            z,
            #[inline(always)]
            |z| tanh(l, z),
        ),
        Activation::Relu => map(
            l,
            z,
            #[inline(always)]
            |z| l.max(z, l.splat(0.0)),
        ),
    }
}

/// Multiplies error signals by the derivative of the activation, told by its value `a`.
#[inline(always)]
pub(super) fn derive<L: Lanes>(l: L, activation: Activation, a: &[f32], delta: &mut [f32]) {
    let (a, _) = a.as_chunks::<LANES>();
    let (delta, _) = delta.as_chunks_mut::<LANES>();
    let one = l.splat(1.0);
    for (a, delta) in a.iter().zip(delta) {
        let (a, d) = (l.load(a), l.load(delta));
        let product = match activation {
            Activation::Sigmoid => l.mul(d, l.mul(a, l.sub(one, a))),
            Activation::Tanh => l.mul(d, l.sub(one, l.mul(a, a))),
            Activation::Relu => l.select_gt(a, l.splat(0.0), d, l.splat(0.0)),
        };
        l.store(product, delta);
    }
}
