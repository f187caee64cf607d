//! Sampling of a class by the predicted probabilities, instead of taking the most probable one.
//!
//! Five steps change the probabilities first, in the order of the logits processors of Hugging Face (transformers,
//! `generation/utils.py`): a repetition penalty (N. S. Keskar et al., "CTRL: a conditional transformer language model
//! for controllable generation", 2019, section 4.1), the temperature, top-k (A. Fan, M. Lewis, Y. Dauphin,
//! "Hierarchical neural story generation", ACL 2018), top-p (A. Holtzman et al., "The curious case of neural text
//! degeneration", ICLR 2020) and min-p (M. N. Nguyen et al., "Turning up the heat: min-p sampling for creative and
//! coherent LLM outputs", ICLR 2025). Each step works on the result of the previous one, and keeps at least one class.
//!
//! The same probabilities and random numbers give the same class on every machine: logarithm and exponential are the
//! engine's own, sums are in double precision and in a fixed order, and ties are broken by the lower class number. So
//! top-k keeps at most k classes, whereas that of Hugging Face keeps all that tie with the k-th.

#[cfg(test)]
mod tests;

use crate::error::{Error, Result};
use crate::kernels::double::{exp, ln};
use crate::random::Random;

/// The random stream of draws.
const STREAM: u64 = 1 << 41;

/// Parameters of sampling. By default, classes are drawn with the given probabilities.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decoding {
    /// Repetition penalty: the probability of each class in `seen` is raised to this power. Above 1 it becomes less
    /// probable; 1 has no effect. Above 0, finite.
    pub penalty: f64,
    /// Logarithms of probabilities are divided by it: below 1 the distribution becomes sharper, above 1 flatter. With
    /// 0, the most probable class is always drawn (the first of equals). At least 0, finite.
    pub temperature: f64,
    /// Number of most probable classes to keep, at least 1; `None` keeps all.
    pub top_k: Option<usize>,
    /// Keep the smallest set of most probable classes whose probabilities sum to at least this, from 0 to 1; 1 keeps
    /// all.
    pub top_p: f64,
    /// Keep the classes with at least this fraction of the largest probability, from 0 to 1; 0 keeps all.
    pub min_p: f64,
}

impl Default for Decoding {
    fn default() -> Self {
        Self { penalty: 1.0, temperature: 1.0, top_k: None, top_p: 1.0, min_p: 0.0 }
    }
}

impl Decoding {
    /// Check that all parameters are in range.
    ///
    /// # Errors
    /// [`Error::Option`] with the first parameter that is out of range.
    pub fn check(&self) -> Result<()> {
        const SHARE: &str = "a number from 0 to 1";
        let Self { penalty, temperature, top_k, top_p, min_p } = *self;
        for (option, value, expected, is_right) in [
            ("penalty", penalty, "a finite number above 0", penalty > 0.0 && penalty.is_finite()),
            (
                "temperature",
                temperature,
                "a finite number of at least 0",
                temperature >= 0.0 && temperature.is_finite(),
            ),
            ("top_k", 0.0, "an integer of at least 1", top_k != Some(0)),
            ("top_p", top_p, SHARE, (0.0..=1.0).contains(&top_p)),
            ("min_p", min_p, SHARE, (0.0..=1.0).contains(&min_p)),
        ] {
            if !is_right {
                return Err(Error::Option { option, value: value.to_string(), expected: expected.to_owned() });
            }
        }
        Ok(())
    }

    /// The random stream for a seed. Each draw takes one number.
    pub fn random(seed: u64) -> Random {
        Random::new(seed, STREAM)
    }

    /// Apply all steps and return the distribution that classes are drawn from, which sums to 1.
    ///
    /// `probabilities` need not sum to 1: those of independent (sigmoid) outputs are normalized. Values that are not
    /// positive normal numbers count as 0; if all are 0, the first class gets probability 1. `seen` lists the classes
    /// to penalize, in any order and with repetitions; numbers out of range are ignored.
    ///
    /// # Panics
    /// If there is no class, or in debug builds if a parameter is out of range.
    ///
    /// # Examples
    /// ```
    /// use neuralredis_core::Decoding;
    ///
    /// let two = Decoding { top_k: Some(2), ..Decoding::default() };
    /// assert_eq!(two.apply(&[0.25, 0.25, 0.5, 0.0], &[]), [1.0 / 3.0, 0.0, 2.0 / 3.0, 0.0]);
    /// ```
    pub fn apply(&self, probabilities: &[f32], seen: &[usize]) -> Vec<f64> {
        let mut weights = self.weights(probabilities, seen);
        let total: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= total);
        weights
    }

    /// Draw a class from the distribution of [`Self::apply`]. Exactly one number of the stream is used.
    ///
    /// # Panics
    /// If there is no class, or in debug builds if a parameter is out of range.
    pub fn draw(&self, probabilities: &[f32], seen: &[usize], random: &mut Random) -> usize {
        let weights = self.weights(probabilities, seen);
        // The centre of one of 2^24 equal parts of [0, 1). It is never 0, which would draw the first class however
        // small its probability.
        let uniform = ((random.bits() >> 40) as f64 + 0.5) / f64::from(1u32 << 24);
        let reached = uniform * weights.iter().sum::<f64>();
        let (mut sum, mut drawn) = (0.0, 0);
        for (class, &weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
            (sum, drawn) = (sum + weight, class);
            if reached < sum {
                break;
            }
        }
        drawn
    }

    /// Weights proportional to the probabilities after all steps. At least one is above 0.
    fn weights(&self, probabilities: &[f32], seen: &[usize]) -> Vec<f64> {
        debug_assert_eq!(self.check(), Ok(()));
        let usable = |p: f32| if p > 0.0 && p.is_normal() { f64::from(p) } else { 0.0 };
        let mut weights: Vec<f64> = probabilities.iter().map(|&p| usable(p)).collect();
        if weights.iter().all(|&weight| weight == 0.0) {
            weights[0] = 1.0;
        }
        let seen = if self.penalty == 1.0 { &[] } else { seen };
        if !seen.is_empty() || self.temperature != 1.0 {
            self.reweigh(&mut weights, seen);
        }
        self.keep_most_probable(&mut weights);
        let least = self.min_p * weights.iter().copied().fold(0.0, f64::max);
        weights.iter_mut().filter(|weight| **weight < least).for_each(|weight| *weight = 0.0);
        weights
    }

    /// Apply penalty and temperature, which act on log-probabilities.
    fn reweigh(&self, weights: &mut [f64], seen: &[usize]) {
        let total: f64 = weights.iter().sum();
        let logarithm = |weight: f64| if weight > 0.0 { ln(weight / total) } else { f64::NEG_INFINITY };
        weights.iter_mut().for_each(|weight| *weight = logarithm(*weight));
        let mut is_seen = vec![false; weights.len()];
        seen.iter().filter(|class| **class < weights.len()).for_each(|&class| is_seen[class] = true);
        for (logarithm, _) in
            weights.iter_mut().zip(is_seen).filter(|(logarithm, is_seen)| *is_seen && logarithm.is_finite())
        {
            // Log-probabilities are never positive, so unlike a penalty on logits this always multiplies and never
            // divides.
            *logarithm = (*logarithm * self.penalty).max(f64::MIN);
        }
        let largest = weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if self.temperature == 0.0 {
            let first = weights.iter().position(|&logarithm| logarithm == largest);
            weights.iter_mut().enumerate().for_each(|(class, weight)| *weight = f64::from(Some(class) == first));
        } else {
            weights.iter_mut().for_each(|weight| *weight = exp((*weight - largest) / self.temperature));
        }
    }

    /// Apply top-k and top-p, which depend on the order of probabilities.
    fn keep_most_probable(&self, weights: &mut [f64]) {
        if self.top_k.is_none() && self.top_p == 1.0 {
            return;
        }
        let mut order: Vec<usize> = (0..weights.len()).filter(|&class| weights[class] > 0.0).collect();
        order.sort_unstable_by(|&a, &b| weights[b].total_cmp(&weights[a]).then(a.cmp(&b)));
        order.truncate(self.top_k.unwrap_or(usize::MAX));
        let mut sum = 0.0;
        let sums: Vec<f64> = order.iter().map(|&class| (sum += weights[class], sum).1).collect();
        let last = sums.iter().position(|&so_far| so_far >= self.top_p * sum).filter(|_| self.top_p < 1.0);
        order.truncate(last.map_or(usize::MAX, |last| last + 1));
        let mut kept = vec![0.0; weights.len()];
        order.into_iter().for_each(|class| kept[class] = weights[class]);
        weights.copy_from_slice(&kept);
    }
}
