//! One step of Adam for each parameter.
//!
//! Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1: a parameter moves by the moving
//! average of its gradients (first moment), divided by the root of the moving average of their squares (second moment).

use super::lanes::Lanes;

/// Decay factor of the first moment.
pub(crate) const BETA1: f32 = 0.9;
/// Decay factor of the second moment.
pub(crate) const BETA2: f32 = 0.999;
/// Added to the root of the second moment, so that nothing is divided by 0.
const EPSILON: f32 = 1e-8;
/// Weights, moments and averages nearer to 0 become 0: arithmetic with subnormal numbers is slow. The weights of an
/// input that is always 0 decay without end, and would be subnormal after a few thousand steps.
const TINY: f32 = 1e-30;
/// Bound of a gradient, so that its square is finite.
const MAX_GRADIENT: f32 = 1e18;

/// The settings of one step, the same for all parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct AdamRule {
    /// The factor that turns sums of gradients into the gradient of the mean loss.
    pub(crate) scale: f32,
    /// Weight decay: this times the weight is added to the gradient.
    pub(crate) decay: f32,
    /// The learning rate, divided by the bias correction of the first moment.
    pub(crate) rate: f32,
    /// The bias correction of the root of the second moment, as a factor.
    pub(crate) root_scale: f32,
    /// One less the decay factor of the average of weights.
    pub(crate) share: f32,
}

/// Some parameters, with their moments and averages.
pub(crate) struct AdamParameters<'a> {
    pub(crate) weights: &'a mut [f32],
    /// First moments: moving averages of the gradients.
    pub(crate) first: &'a mut [f32],
    /// Second moments: moving averages of the squared gradients.
    pub(crate) second: &'a mut [f32],
    /// Moving averages of the weights.
    pub(crate) average: &'a mut [f32],
}

/// Updates weights, moments and averages, and sets the gradient to 0. A gradient of NaN counts as 0.
#[inline(always)]
pub(super) fn step<L: Lanes>(_: L, rule: AdamRule, gradient: &mut [f32], parameters: AdamParameters<'_>) {
    let AdamParameters { weights, first, second, average } = parameters;
    for ((((g, w), m), v), a) in gradient.iter_mut().zip(weights).zip(first).zip(second).zip(average) {
        let of_all = *g * rule.scale + rule.decay * *w;
        let low = if of_all < -MAX_GRADIENT { -MAX_GRADIENT } else { 0.0 };
        let within = if of_all <= MAX_GRADIENT { of_all } else { MAX_GRADIENT };
        let gradient = if of_all >= -MAX_GRADIENT { within } else { low };
        *g = 0.0;
        *m = flush_tiny(*m + (gradient - *m) * (1.0 - BETA1));
        *v = flush_tiny(*v + (gradient * gradient - *v) * (1.0 - BETA2));
        *w = flush_tiny(finite(*w - rule.rate * *m / (v.sqrt() * rule.root_scale + EPSILON), *w));
        *a = flush_tiny(finite(*a + (*w - *a) * rule.share, *a));
    }
}

/// 0 for numbers that are almost 0, and others unchanged.
#[inline(always)]
pub(crate) fn flush_tiny(value: f32) -> f32 {
    if value.abs() < TINY { 0.0 } else { value }
}

/// `to` if it is finite, else `from`.
#[inline(always)]
fn finite(to: f32, from: f32) -> f32 {
    if to.abs() <= f32::MAX { to } else { from }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::portable::Portable;

    const RULE: AdamRule = AdamRule { scale: 0.5, decay: 0.0, rate: 0.1, root_scale: 1.0, share: 0.25 };

    fn stepped(rule: AdamRule, gradient: f32, from: [f32; 4]) -> [f32; 4] {
        let ([mut weight, mut first, mut second, mut average], mut gradient) = (from.map(|value| [value]), [gradient]);
        let parameters =
            AdamParameters { weights: &mut weight, first: &mut first, second: &mut second, average: &mut average };
        step(Portable, rule, &mut gradient, parameters);
        assert_eq!(gradient, [0.0]);
        [weight, first, second, average].map(|value| value[0])
    }

    fn assert_close(found: [f32; 4], expected: [f32; 4]) {
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{found:?} {expected:?}");
    }

    #[test]
    fn a_step_follows_the_paper() {
        // A gradient of 4 with a scale of one half; moments of 1 and 4.
        let (first, second) = (0.9 + 0.1 * 2.0, 4.0f32 * 0.999 + 0.001 * 4.0);
        let weight = 3.0 - 0.1 * first / second.sqrt();
        assert_close(stepped(RULE, 4.0, [3.0, 1.0, 4.0, 5.0]), [weight, first, second, 5.0 + (weight - 5.0) / 4.0]);
        let rule = AdamRule { decay: 0.5, rate: 0.2, root_scale: 2.0, ..RULE };
        let first = 0.1 * (2.0 + 1.5);
        let second = 0.001 * 3.5f32.powi(2);
        let weight = 3.0 - 0.2 * first / (2.0 * second.sqrt());
        assert_close(stepped(rule, 4.0, [3.0, 0.0, 0.0, 3.0]), [weight, first, second, 3.0 + (weight - 3.0) / 4.0]);
    }

    #[test]
    fn tiny_weights_moments_and_averages_become_zero() {
        let tiny = TINY / 2.0;
        assert_eq!(stepped(RULE, 0.0, [tiny, -tiny, tiny, -tiny]), [0.0; 4]);
        // A weight whose input is always 0 decays, but never to a subnormal number.
        let mut at = [1.0, 0.0, 0.0, 1.0];
        for _ in 0..100_000 {
            at = stepped(AdamRule { decay: 1e-3, ..RULE }, 0.0, at);
            assert!(at.iter().all(|value| !value.is_subnormal()), "{at:?}");
        }
        assert!(at[0].abs() < 1e-20 && at[3].abs() < 1e-20, "{at:?}");
    }

    #[test]
    fn nan_gradients_move_nothing_and_huge_ones_take_a_normal_step() {
        assert_eq!(stepped(RULE, f32::NAN, [3.0, 0.0, 0.0, 3.0]), [3.0, 0.0, 0.0, 3.0]);
        for gradient in [f32::MAX, f32::INFINITY, -f32::MAX, f32::NEG_INFINITY] {
            let [weight, first, second, _] = stepped(RULE, gradient, [3.0, 0.0, 0.0, 3.0]);
            // Without bias correction the first step of any gradient is 0.1 / sqrt(0.001) times the rate.
            let expected = 3.0 - 0.1f32.copysign(gradient) * 0.1 / 0.001f32.sqrt();
            assert!((weight - expected).abs() < 1e-4, "{gradient}: {weight}");
            assert!(first.is_finite() && second.is_finite());
        }
        // Moments that no gradients give, but a forged file may contain.
        let found = stepped(RULE, 1.0, [3.0, f32::MAX, 0.0, -f32::MAX]);
        assert!(found.iter().all(|value| value.is_finite()), "{found:?}");
    }
}
