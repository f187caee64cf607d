//! The vectorized arithmetic, in an instruction set that is chosen once for the CPU.
//!
//! Other modules call the table returned by `kernels()`. Each kernel is written once over `lanes::Lanes` and compiled
//! for each instruction set; all of them give the same bits (see `dense` for the orders of summation).

#![allow(clippy::inline_always, reason = "a kernel not inlined into its entry is not compiled for the instruction set")]

mod adam;
mod buffer;
mod dense;
pub(crate) mod double;
mod entries;
mod functions;
mod head;
mod lanes;
mod leaky;
mod members;
mod portable;
mod row;
mod rprop;
mod units;
mod vectors;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use crate::error::{Error, Result};
use crate::options::{Activation, Loss, Output};
use crate::schema::Entry;
pub(crate) use adam::{AdamParameters, AdamRule, BETA1, BETA2, flush_tiny};
pub(crate) use buffer::Buffer;
pub(crate) use dense::MAX_INPUT;
use lanes::Lanes;
pub(crate) use lanes::{LANES, sum_of_lanes};
pub(crate) use leaky::{LeakyState, LeakyUnits};
pub(crate) use members::add_share;
pub(crate) use rprop::{FIRST_SIZE, MAX_SIZE, MIN_SIZE, StepRule};
pub(crate) use units::MAX_STANDARDIZED;

/// The environment variable that pins an instruction set: `avx512`, `avx2`, `neon`, `simd128` or `portable`.
pub const PIN: &str = "NEURALREDIS_ISA";

/// Declares the table of kernels, with a field for each, and the functions that fill it for an instruction set.
macro_rules! kernels {
    ($($(#[$doc:meta])* $name:ident = $path:path: ($($arg:ident: $type:ty),* $(,)?);)+) => {
        /// The kernels of one instruction set.
        pub(crate) struct Kernels {
            /// The instruction set's name.
            pub(crate) name: &'static str,
            $($(#[$doc])* pub(crate) $name: fn($($type),*),)+
        }

        impl Kernels {
            fn of<L: Lanes>() -> Option<Self> {
                $(
                    fn $name<L: Lanes>($($arg: $type),*) {
                        // SAFETY: this function is reached only through the table below, which `of` makes after
                        // `detect` has found the instruction set.
                        let l = unsafe { L::assume() };
                        l.vectorize(#[inline(always)] || $path(l, $($arg),*));
                    }
                )+
                L::detect()?;
                Some(Self { name: L::NAME, $($name: $name::<L>),+ })
            }
        }
    };
}

kernels! {
    /// Standardizes the inputs of a group of rows.
    standardize = units::standardize: (x: &[f32], mean: &[f32], scale: &[f32], to: &mut [f32]);
    /// Standardizes the inputs of one row.
    standardize_row = units::standardize_row: (x: &[f32], mean: &[f32], scale: &[f32], to: &mut [f32]);
    /// Computes a layer's pre-activations for some groups of rows.
    affine = dense::affine: (matrix: &[f32], inputs: usize, x: &[f32], groups: usize, z: &mut [f32]);
    /// Computes a layer's pre-activations for one row.
    affine_row = row::affine: (matrix: &[f32], x: &[f32], z: &mut [f32]);
    /// Applies the activation of hidden units to any number of values, in place.
    activate = units::activate: (activation: Activation, z: &mut [f32]);
    /// Multiplies derivatives with respect to activations `a` by the derivative of the activation, in place.
    derive = units::derive: (activation: Activation, a: &[f32], delta: &mut [f32]);
    /// Computes the derivatives with respect to the values of the layer before, from the deltas.
    backward = dense::backward: (matrix: &[f32], inputs: usize, delta: &[f32], groups: usize, before: &mut [f32]);
    /// Adds the gradient of a layer over a block of rows.
    gradient = dense::gradient: (inputs: usize, x: &[f32], delta: &[f32], groups: usize, gradient: &mut [f32]);
    /// Replaces the pre-activations of a group's output units by outputs.
    predict = head::predict: (output: Output, z: &mut [f32]);
    /// Replaces the pre-activations of one row's output units by outputs.
    predict_row = head::predict_row: (output: Output, z: &mut [f32]);
    /// Computes the loss of each row of a group, and the deltas; pre-activations become outputs.
    loss = head::loss: (
        output: Output, loss: Loss, z: &mut [f32], target: &[f32], delta: &mut [f32], row_loss: &mut [f32; LANES],
    );
    /// Adds the weights of one row's sparse inputs to the pre-activations.
    add_entries = entries::add: (matrix: &[f32], entries: &[Entry], z: &mut [f32]);
    /// Adds the gradient of these weights, from the deltas of one row.
    gradient_of_entries = entries::gradient: (delta: &[f32], entries: &[Entry], gradient: &mut [f32]);
    /// Updates the states of leaky units for one event.
    leaky_step = leaky::step: (units: LeakyUnits<'_>, entries: &[Entry], state: LeakyState<'_>);
    /// One RPROP step of some parameters.
    step = rprop::step: (
        rule: StepRule, gradient: &[f32], weights: &mut [f32], sizes: &mut [f32], signs: &mut [i8],
    );
    /// One step of Adam of some parameters.
    adam = adam::step: (rule: AdamRule, gradient: &mut [f32], parameters: AdamParameters<'_>);
    /// The sum of the products of two vectors.
    dot = vectors::dot: (a: &[f32], b: &[f32], sum: &mut f64);
    /// Adds a multiple of a vector to another.
    add_scaled = vectors::add_scaled: (factor: f32, x: &[f32], to: &mut [f32]);
}

/// The instruction sets of this CPU, best first.
fn available() -> Vec<Kernels> {
    let all = [
        #[cfg(target_arch = "x86_64")]
        Kernels::of::<avx512::Avx512>(),
        #[cfg(target_arch = "x86_64")]
        Kernels::of::<avx2::Avx2>(),
        #[cfg(target_arch = "aarch64")]
        Kernels::of::<neon::Neon>(),
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        Kernels::of::<simd128::Simd128>(),
        // A WebAssembly module with vector instructions cannot be loaded without them, so the portable kernels would
        // never run.
        #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
        Kernels::of::<portable::Portable>(),
    ];
    all.into_iter().flatten().collect()
}

fn chosen() -> &'static Result<Kernels> {
    static CHOSEN: OnceLock<Result<Kernels>> = OnceLock::new();
    CHOSEN.get_or_init(|| {
        let mut all = available();
        let Some(pin) = std::env::var_os(PIN).filter(|pin| !pin.is_empty()) else {
            return Ok(all.swap_remove(0));
        };
        let names: Vec<_> = all.iter().map(|k| k.name).collect();
        match all.into_iter().find(|k| pin.eq_ignore_ascii_case(k.name)) {
            Some(kernels) => Ok(kernels),
            None => Err(Error::Option {
                option: PIN,
                value: pin.to_string_lossy().into_owned(),
                expected: format!("{}: what this CPU has", names.join(", ")),
            }),
        }
    })
}

/// The kernels in use.
///
/// # Panics
/// If the environment pins an instruction set that this CPU lacks. [`instruction_set`] returns an error instead; the
/// Python extension and the Redis module call it when they are loaded.
pub(crate) fn kernels() -> &'static Kernels {
    match chosen() {
        Ok(kernels) => kernels,
        Err(error) => panic!("{error}"),
    }
}

/// The natural logarithm of a positive normal number, as the kernels compute it.
pub(crate) fn ln(x: f32) -> f32 {
    functions::ln(portable::Portable, [x; LANES])[0]
}

/// The name of the instruction set in use: `avx512`, `avx2`, `neon`, `simd128` or `portable`.
///
/// # Errors
/// [`Error::Option`] if the environment variable [`PIN`] names one that this CPU lacks.
pub fn instruction_set() -> Result<&'static str> {
    chosen().as_ref().map(|k| k.name).map_err(Clone::clone)
}
