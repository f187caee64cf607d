//! Shapley values: the gain by each player, averaged over all orders in which players can join (L. S. Shapley, "A value
//! for n-person games", 1953).

use super::game::Game;
use crate::error::{Error, Result};
use crate::random::Random;

/// Exact values from all coalitions. A gain is weighted by the share of orders in which exactly this coalition comes
/// before the player.
pub(super) fn exact(game: &mut Game<'_>, keep_on: &dyn Fn() -> bool) -> Result<Vec<f64>> {
    let players = game.players();
    let all = (1usize << players) - 1;
    let mut values = vec![0.0; all + 1];
    (values[0], values[all]) = (game.mean, game.answer);
    // Visit coalitions in the order of a Gray code, so that each step toggles one player.
    let mut coalition = 0usize;
    for step in 1..=all {
        if !keep_on() {
            return Err(Error::Stopped);
        }
        let player = step.trailing_zeros() as usize;
        game.toggle(player);
        coalition ^= 1 << player;
        if coalition != all {
            values[coalition] = game.value()?;
        }
    }
    let mut weights = vec![1.0 / players as f64; players];
    for others in 1..players {
        weights[others] = weights[others - 1] * others as f64 / (players - others) as f64;
    }
    let share = |player: usize| -> f64 {
        let without = (0..=all).filter(|coalition| coalition & (1 << player) == 0);
        let gain = |coalition: usize| values[coalition | 1 << player] - values[coalition];
        without.map(|coalition| weights[coalition.count_ones() as usize] * gain(coalition)).sum()
    };
    Ok((0..players).map(share).collect())
}

/// Estimates from random permutations, with their standard errors. Each permutation is also evaluated in reverse
/// (antithetic sampling), which reduces the variance (R. Mitchell, J. Cooper, E. Frank, G. Holmes, "Sampling
/// permutations for Shapley value estimation", JMLR 23, 2022).
pub(super) fn sampled(
    game: &mut Game<'_>,
    samples: u32,
    mut random: Random,
    keep_on: &dyn Fn() -> bool,
) -> Result<(Vec<f64>, Vec<f64>)> {
    let players = game.players();
    let mut order: Vec<usize> = (0..players).collect();
    let (mut mean, mut squares) = (vec![0.0; players], vec![0.0; players]);
    for sample in 1..=samples {
        for at in (1..players).rev() {
            order.swap(at, random.below(at as u64 + 1) as usize);
        }
        let mut gains = vec![0.0; players];
        add_gains(game, order.iter(), &mut gains, keep_on)?;
        add_gains(game, order.iter().rev(), &mut gains, keep_on)?;
        // Welford's running mean and sum of squared deviations (1962).
        for ((mean, squares), gain) in mean.iter_mut().zip(&mut squares).zip(gains) {
            let off = gain / 2.0 - *mean;
            *mean += off / f64::from(sample);
            *squares += off * (gain / 2.0 - *mean);
        }
    }
    let freedom = f64::from(samples) * f64::from(samples - 1);
    Ok((mean, squares.into_iter().map(|squares| (squares / freedom).sqrt()).collect()))
}

/// Add the gain by each player, when they join in this order, to `gains`.
fn add_gains<'a>(
    game: &mut Game<'_>,
    order: impl ExactSizeIterator<Item = &'a usize>,
    gains: &mut [f64],
    keep_on: &dyn Fn() -> bool,
) -> Result<()> {
    game.clear();
    let (last, mut before) = (order.len() - 1, game.mean);
    for (place, &player) in order.enumerate() {
        if !keep_on() {
            return Err(Error::Stopped);
        }
        game.toggle(player);
        let now = if place == last { game.answer } else { game.value()? };
        gains[player] += now - before;
        before = now;
    }
    Ok(())
}

/// Round answer, mean and shares to multiples of a unit, such that they add up exactly in any order. The unit is 2^-51
/// of the sum of their magnitudes: large enough that no partial sum is rounded, and too small to matter. The mean
/// becomes the answer minus all shares.
pub(super) fn make_additive(answer: f64, mean: f64, mut shares: Vec<f64>) -> (f64, f64, Vec<f64>) {
    let size = answer.abs() + mean.abs() + shares.iter().map(|share| share.abs()).sum::<f64>();
    if size == 0.0 {
        return (0.0, 0.0, vec![0.0; shares.len()]);
    }
    // The exponent of `size`. It cannot underflow, since answers are single precision numbers.
    let power = (size.to_bits() >> 52) as i64 - 1023;
    let unit = f64::from_bits(((power - 51 + 1023) as u64) << 52);
    // Adding 0.0 turns -0.0 into 0.0.
    let rounded = |value: f64| (value / unit).round() * unit + 0.0;
    shares.iter_mut().for_each(|share| *share = rounded(*share));
    let answer = rounded(answer);
    let mean = answer - shares.iter().sum::<f64>();
    (answer, mean, shares)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_exact_in_any_order() {
        let mut random = Random::new(5, 5);
        for round in 0..2000 {
            let mut scale = || f64::from(random.symmetric()) * 10f64.powi((random.below(12) as i32) - 6);
            let shares: Vec<f64> = (0..=round % 30).map(|_| scale()).collect();
            let answer = f64::from(scale() as f32);
            let before = answer - shares.iter().sum::<f64>();
            let (total, mean, mut shares) = make_additive(answer, before, shares);
            let size = answer.abs() + before.abs() + shares.iter().map(|share| share.abs()).sum::<f64>();
            assert!((total - answer).abs() <= 1e-15 * size && (mean - before).abs() <= 1e-14 * size);
            for _ in 0..3 {
                assert_eq!(shares.iter().sum::<f64>(), total - mean);
                assert_eq!(shares.iter().fold(mean, |sum, share| sum + share), total);
                for at in (1..shares.len()).rev() {
                    shares.swap(at, random.below(at as u64 + 1) as usize);
                }
            }
        }
        assert_eq!(make_additive(0.0, 0.0, vec![0.0; 3]), (0.0, 0.0, vec![0.0; 3]));
        let (answer, mean, shares) = make_additive(1.0, 1.0, vec![0.0, -0.0]);
        assert_eq!((answer, mean), (1.0, 1.0));
        assert!(shares.iter().all(|share| share.to_bits() == 0));
    }
}
