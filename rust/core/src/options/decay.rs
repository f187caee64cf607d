//! Weight decay.

use super::choices::Loss;
use super::value::{Domain, Other, Setting, Value, auto_or};

/// What members have, in turn, of the decay that [`Decay::Auto`] chooses. Some rows want none of it (two spirals), some more:
/// the validation rows choose among members, and members that differ in it answer better together (`benchmarks/quality`).
const DECAY_SHARES: [f32; 5] = [0.3, 0.01, 1.0, 0.1, 3.0];

/// Rows that [`Decay::Auto`] counts at least. With fewer, the four of exclusive or for one, it would hold weights so near to 0
/// that nothing is learnt. Samples of 6 to 48 rows are learnt as well as with all of the decay, or better.
const FEW_ROWS: f64 = 50.0;

/// Inputs of a unit from which on [`Decay::Auto`] grows, with the square of their number (`benchmarks/quality`).
const MANY_INPUTS: f32 = 100.0;

/// Weight decay: `l2 / 2` times the sum of squared weights, biases exempt, is added to the mean loss of a row.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Decay {
    /// Chosen from the training rows, as if the weights had a normal distribution before any row was seen.
    ///
    /// With cross-entropy `1 / rows`, of at least 50: its standard deviation is then 1, the default of regularized logistic
    /// regression everywhere. With squared errors `10 error / rows`, where the present training error stands for the variance of the
    /// noise: rows without noise are fitted exactly. Measured in `benchmarks/stopping.py`.
    #[default]
    Auto,
    /// This much, at least 0.
    Fixed(f32),
}

impl Decay {
    /// The decay of a step at which the training rows, which weigh `rows` together, have a mean loss of `error`. A member has
    /// its `share` of what is chosen here.
    pub(crate) fn at(self, loss: Loss, rows: f64, error: f64, share: f32) -> f32 {
        match (self, loss) {
            (Self::Fixed(l2), _) => l2,
            (Self::Auto, Loss::CrossEntropy) => share * (1.0 / rows.max(FEW_ROWS)) as f32,
            // Bounded: weights that fit worse than the mean of the targets say nothing of the noise.
            (Self::Auto, Loss::Mse) => share * (10.0 * error.min(1.0) / rows.max(FEW_ROWS)) as f32,
        }
    }

    /// How many times as much of it the weights of a unit with so many inputs have.
    ///
    /// What a unit sums up grows with its inputs, and rows of a thousand hashed words are soon distinguished by words that mean
    /// nothing. A fixed decay is the same for all weights.
    pub(crate) fn of_unit(self, inputs: usize) -> f32 {
        match self {
            Self::Auto => (inputs as f32 / MANY_INPUTS).max(1.0).powi(2),
            Self::Fixed(_) => 1.0,
        }
    }

    /// What each of so many members has of the decay that is chosen here; see [`DECAY_SHARES`].
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
    fn a_given_decay_is_what_it_is() {
        for loss in [Loss::CrossEntropy, Loss::Mse] {
            assert_eq!(Decay::Fixed(0.25).at(loss, 1000.0, 0.5, 3.0), 0.25);
        }
        assert_eq!((Decay::Fixed(0.25).of_unit(1000), Decay::Fixed(0.25).shares(3)), (1.0, vec![1.0; 3]));
    }

    #[test]
    fn the_chosen_decay_falls_with_the_rows_and_follows_the_noise_of_numbers() {
        let chosen = |loss, rows, error, share, expected: f64| {
            let found = f64::from(Decay::Auto.at(loss, rows, error, share));
            assert!((found - expected).abs() <= 1e-6 * expected, "{found} {expected}");
        };
        chosen(Loss::CrossEntropy, 200.0, 0.7, 1.0, 1.0 / 200.0);
        chosen(Loss::CrossEntropy, 200.0, 0.1, 3.0, 3.0 / 200.0);
        chosen(Loss::Mse, 200.0, 0.25, 1.0, 10.0 * 0.25 / 200.0);
        chosen(Loss::Mse, 200.0, 0.25, 3.0, 3.0 * 10.0 * 0.25 / 200.0);
        chosen(Loss::Mse, 200.0, 0.0, 1.0, 0.0);
        // Of few rows it is that of fifty, and weights that are worse than a constant do not tell of noise.
        chosen(Loss::CrossEntropy, 7.0, 0.7, 1.0, 1.0 / 50.0);
        chosen(Loss::Mse, 7.0, 0.25, 1.0, 10.0 * 0.25 / 50.0);
        chosen(Loss::Mse, 200.0, 9.0, 1.0, 10.0 / 200.0);
    }

    #[test]
    fn units_of_many_inputs_have_more_of_it() {
        let of_unit = |inputs| Decay::Auto.of_unit(inputs);
        assert_eq!((of_unit(1), of_unit(100), of_unit(200), of_unit(1000)), (1.0, 1.0, 4.0, 100.0));
    }

    #[test]
    fn members_differ_in_it_and_one_alone_has_all() {
        assert_eq!(Decay::Auto.shares(1), [1.0]);
        assert_eq!(Decay::Auto.shares(2), [0.3, 0.01]);
        assert_eq!(Decay::Auto.shares(7), [0.3, 0.01, 1.0, 0.1, 3.0, 0.3, 0.01]);
    }
}
