//! One RPROP step of each parameter.
//!
//! Riedmiller and Braun, "A direct adaptive method for faster backpropagation learning: the RPROP algorithm", ICNN
//! 1993; Igel and Huesken, "Improving the Rprop learning algorithm", NC 2000. Every parameter has its own step size,
//! and only the sign of its gradient matters. The previous step was the previous sign times the previous size, so it
//! can be undone without being stored.

use super::lanes::Lanes;

/// Factor of a step size while the sign of the gradient stays the same.
const GROWTH: f32 = 1.2;
/// Factor of a step size when the sign of the gradient changes.
const SHRINKAGE: f32 = 0.5;
/// The initial step size of a parameter.
pub(crate) const FIRST_SIZE: f32 = 0.1;
/// The largest step size.
pub(crate) const MAX_SIZE: f32 = 50.0;
/// The smallest step size.
pub(crate) const MIN_SIZE: f32 = 1e-6;

/// The settings of one step, the same for all parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct StepRule {
    /// The factor that turns sums of gradients into the gradient of the mean loss.
    pub(crate) scale: f32,
    /// Weight decay: this times the weight is added to the gradient.
    pub(crate) decay: f32,
    /// Whether the previous step of a parameter is undone if the sign of its gradient has changed.
    pub(crate) undo: bool,
}

/// Takes one step. `sizes` and `signs` (of the previous gradient: -1, 0 or 1) are updated. If the sign of a gradient
/// has changed, its weight takes no step, or the previous step is undone, and the sign becomes 0.
#[inline(always)]
pub(super) fn step<L: Lanes>(
    _: L,
    rule: StepRule,
    gradient: &[f32],
    weights: &mut [f32],
    sizes: &mut [f32],
    signs: &mut [i8],
) {
    let undo = if rule.undo { 1.0 } else { 0.0 };
    for (((g, w), size), sign) in gradient.iter().zip(weights).zip(sizes).zip(signs) {
        let g = g * rule.scale + rule.decay * *w;
        let now = f32::from(u8::from(g > 0.0)) - f32::from(u8::from(g < 0.0));
        let before = f32::from(*sign);
        let product = now * before;
        let grown = *size * GROWTH;
        let grown = if grown < MAX_SIZE { grown } else { MAX_SIZE };
        let shrunk = *size * SHRINKAGE;
        let shrunk = if shrunk > MIN_SIZE { shrunk } else { MIN_SIZE };
        let next = if product > 0.0 {
            grown
        } else if product < 0.0 {
            shrunk
        } else {
            *size
        };
        let back = undo * before * *size;
        let on = now * next;
        if product < 0.0 {
            *w += back;
            *sign = 0;
        } else {
            *w -= on;
            *sign = now as i8;
        }
        *size = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::portable::Portable;

    /// The changes of one weight under given gradients.
    fn moves(undo: &[bool], gradients: &[f32]) -> Vec<f32> {
        let (mut w, mut size, mut sign) = ([0.0], [0.1], [0]);
        let step_of = |(&g, &undo): (&f32, &bool)| {
            let before = w[0];
            let rule = StepRule { scale: 1.0, decay: 0.0, undo };
            step(Portable, rule, &[g], &mut w, &mut size, &mut sign);
            w[0] - before
        };
        gradients.iter().zip(undo).map(step_of).collect()
    }

    fn assert_close(got: &[f32], expected: &[f32]) {
        assert!(got.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{got:?}");
    }

    const GRADIENTS: [f32; 5] = [1.0, 1.0, 1.0, -1.0, 1.0];

    #[test]
    fn without_undoing_a_change_of_sign_skips_a_step() {
        assert_close(&moves(&[false; 5], &GRADIENTS), &[-0.1, -0.12, -0.144, 0.0, -0.072]);
    }

    #[test]
    fn with_undoing_a_change_of_sign_takes_the_step_back() {
        assert_close(&moves(&[true; 5], &GRADIENTS), &[-0.1, -0.12, -0.144, 0.144, -0.072]);
    }

    #[test]
    fn a_gradient_of_zero_or_nan_moves_nothing() {
        assert_eq!(moves(&[true; 3], &[0.0, f32::NAN, 0.0]), [0.0; 3]);
    }

    #[test]
    fn sizes_stay_within_their_bounds() {
        let rule = StepRule { scale: 1.0, decay: 0.0, undo: true };
        let (mut w, mut size, mut sign) = ([0.0], [0.1], [0]);
        for _ in 0..100 {
            step(Portable, rule, &[1.0], &mut w, &mut size, &mut sign);
        }
        assert_eq!(size[0], MAX_SIZE);
        for i in 0..200 {
            step(Portable, rule, &[if i % 2 == 0 { 1.0 } else { -1.0 }], &mut w, &mut size, &mut sign);
        }
        assert_eq!(size[0], MIN_SIZE);
    }

    #[test]
    fn weight_decay_moves_a_weight_towards_zero() {
        let (mut w, mut size, mut sign) = ([3.0], [0.1], [0]);
        step(Portable, StepRule { scale: 1.0, decay: 0.5, undo: true }, &[0.0], &mut w, &mut size, &mut sign);
        assert_eq!(w, [2.9]);
    }
}
