//! The option L2, weight decay.

use super::choices::Loss;
use super::value::{Domain, Other, Setting, Value, auto_or};

/// Factors of the automatic decay for the members of an ensemble, in turn. The best decay depends on the data (two
/// spirals need none, other data more than 1), so members differ in it: the validation rows select among them, and
/// their average is more accurate (`benchmarks/quality`).
const DECAY_SHARES: [f32; 5] = [0.3, 0.01, 1.0, 0.1, 3.0];

/// Lower bound of the rows in the formulas of [`Decay::Auto`]. With fewer, such as the four rows of exclusive or, the
/// decay would hold all weights near 0 and nothing would be learned. Samples of 6 to 48 rows are learned as well as
/// without this bound, or better.
const FEW_ROWS: f64 = 50.0;

/// Inputs of a unit above which [`Decay::Auto`] grows with the square of their number (`benchmarks/quality`).
const MANY_INPUTS: f32 = 100.0;

/// Weight decay: `l2 / 2` times the sum of squared weights, without biases, is added to the mean loss of a row.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Decay {
    /// Chosen from the training rows. It corresponds to a normal prior of the weights.
    ///
    /// With cross-entropy it is `1 / rows`, with at least 50 rows: the prior has standard deviation 1, the usual
    /// default of regularized logistic regression. With squared errors it is `10 error / rows`, where the present
    /// training error estimates the variance of the noise, so rows without noise are fitted exactly. Measured in
    /// `benchmarks/stopping.py`.
    #[default]
    Auto,
    /// A given decay, at least 0.
    Fixed(f32),
}

impl Decay {
    /// The decay for a step. `rows` is the total weight of the training rows, `error` their present mean loss, and
    /// `share` the member's factor of an automatic decay.
    pub(crate) fn at(self, loss: Loss, rows: f64, error: f64, share: f32) -> f32 {
        match (self, loss) {
            (Self::Fixed(l2), _) => l2,
            (Self::Auto, Loss::CrossEntropy) => share * (1.0 / rows.max(FEW_ROWS)) as f32,
            // Bounded: an error above that of the constant mean (1 in standardized units) does not estimate the noise.
            (Self::Auto, Loss::Mse) => share * (10.0 * error.min(1.0) / rows.max(FEW_ROWS)) as f32,
        }
    }

    /// The factor of the decay for the weights of a unit with this number of inputs.
    ///
    /// The variance of a unit's sum grows with its inputs, and with a thousand hashed words, rows are soon
    /// distinguished by irrelevant words. A fixed decay is the same for all weights.
    pub(crate) fn of_unit(self, inputs: usize) -> f32 {
        match self {
            Self::Auto => (inputs as f32 / MANY_INPUTS).max(1.0).powi(2),
            Self::Fixed(_) => 1.0,
        }
    }

    /// The factors of the decay for the members of an ensemble; see [`DECAY_SHARES`].
    pub(crate) fn shares(self, members: usize) -> Vec<f32> {
        match self {
            Self::Auto if members > 1 => DECAY_SHARES.iter().copied().cycle().take(members).collect(),
            Self::Auto | Self::Fixed(_) => vec![1.0; members],
        }
    }
}

auto_or!(Decay::Fixed = Number(f32), Other::Number);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_decay_has_no_factors() {
        for loss in [Loss::CrossEntropy, Loss::Mse] {
            assert_eq!(Decay::Fixed(0.25).at(loss, 1000.0, 0.5, 3.0), 0.25);
        }
        assert_eq!((Decay::Fixed(0.25).of_unit(1000), Decay::Fixed(0.25).shares(3)), (1.0, vec![1.0; 3]));
    }

    #[test]
    fn the_automatic_decay_falls_with_rows_and_with_mse_rises_with_the_error() {
        let chosen = |loss, rows, error, share, expected: f64| {
            let found = f64::from(Decay::Auto.at(loss, rows, error, share));
            assert!((found - expected).abs() <= 1e-6 * expected, "{found} {expected}");
        };
        chosen(Loss::CrossEntropy, 200.0, 0.7, 1.0, 1.0 / 200.0);
        chosen(Loss::CrossEntropy, 200.0, 0.1, 3.0, 3.0 / 200.0);
        chosen(Loss::Mse, 200.0, 0.25, 1.0, 10.0 * 0.25 / 200.0);
        chosen(Loss::Mse, 200.0, 0.25, 3.0, 3.0 * 10.0 * 0.25 / 200.0);
        chosen(Loss::Mse, 200.0, 0.0, 1.0, 0.0);
        // Fewer rows than 50 count as 50, and errors above 1 as 1.
        chosen(Loss::CrossEntropy, 7.0, 0.7, 1.0, 1.0 / 50.0);
        chosen(Loss::Mse, 7.0, 0.25, 1.0, 10.0 * 0.25 / 50.0);
        chosen(Loss::Mse, 200.0, 9.0, 1.0, 10.0 / 200.0);
    }

    #[test]
    fn units_of_many_inputs_have_a_larger_automatic_decay() {
        let of_unit = |inputs| Decay::Auto.of_unit(inputs);
        assert_eq!((of_unit(1), of_unit(100), of_unit(200), of_unit(1000)), (1.0, 1.0, 4.0, 100.0));
    }

    #[test]
    fn members_differ_in_the_automatic_decay_but_one_alone_has_factor_1() {
        assert_eq!(Decay::Auto.shares(1), [1.0]);
        assert_eq!(Decay::Auto.shares(2), [0.3, 0.01]);
        assert_eq!(Decay::Auto.shares(7), [0.3, 0.01, 1.0, 0.1, 3.0, 0.3, 0.01]);
    }
}
