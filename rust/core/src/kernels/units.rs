//! Elementwise functions: standardization of inputs, activations and their derivatives.

use super::functions::{sigmoid, tanh};
use super::lanes::{LANES, Lanes};
use crate::options::Activation;

/// Bound of a standardized input, in standard deviations. It is far beyond any data, and keeps all answers finite.
pub(crate) const MAX_STANDARDIZED: f32 = 1e6;

/// Applies `f` in place, to sixteen numbers at a time and to the rest.
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
    // The difference is clamped to finite numbers, so that a scale of 0 gives 0 and not NaN.
    let centred = l.clamp(l.sub(x, mean), f32::MIN, f32::MAX);
    l.clamp(l.mul(centred, scale), -MAX_STANDARDIZED, MAX_STANDARDIZED)
}

/// `(x - mean) * scale` of each input of a group of rows, clamped to [`MAX_STANDARDIZED`].
#[inline(always)]
pub(super) fn standardize<L: Lanes>(l: L, x: &[f32], mean: &[f32], scale: &[f32], to: &mut [f32]) {
    let (from, _) = x.as_chunks::<LANES>();
    let (to, _) = to.as_chunks_mut::<LANES>();
    for (((x, to), &mean), &scale) in from.iter().zip(to).zip(mean).zip(scale) {
        l.store(standardized(l, l.load(x), l.splat(mean), l.splat(scale)), to);
    }
}

/// [`standardize`] for one row.
#[inline(always)]
pub(super) fn standardize_row<L: Lanes>(l: L, x: &[f32], mean: &[f32], scale: &[f32], to: &mut [f32]) {
    let chunks = x.chunks(LANES).zip(mean.chunks(LANES)).zip(scale.chunks(LANES)).zip(to.chunks_mut(LANES));
    for (((x, mean), scale), to) in chunks {
        let y = standardized(l, l.load_part(x), l.load_part(mean), l.load_part(scale));
        l.store_part(y, to);
    }
}

/// Applies the activation of hidden units in place.
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

/// Multiplies the derivatives with respect to activations by the derivative of the activation, computed from its value
/// `a`.
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
