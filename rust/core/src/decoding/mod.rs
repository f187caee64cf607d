//! A class drawn by the probabilities that a network answers, rather than the likeliest.
//!
//! Five steps change the probabilities first, in the order of Hugging Face's processors of logits (transformers,
//! `generation/utils.py`): a penalty on repetition (N. S. Keskar and others, "CTRL: a conditional transformer language model for
//! controllable generation", 2019, section 4.1), the temperature, top-k (A. Fan, M. Lewis, Y. Dauphin, "Hierarchical neural story
//! generation", ACL 2018), top-p (A. Holtzman and others, "The curious case of neural text degeneration", ICLR 2020) and min-p
//! (M. N. Nguyen and others, "Turning up the heat: min-p sampling for creative and coherent LLM outputs", ICLR 2025). Each sees
//! what the ones before it have left, and leaves at least one class.
//!
//! The same probabilities and random numbers give the same class on every machine: logarithm and exponential are the engine's
//! own, sums are in double precision and in a fixed order, and equals are taken in the order of their numbers. So top-k leaves k
//! classes at most, where Hugging Face's leaves all that are as likely as the k-th.

#[cfg(test)]
mod tests;

use crate::error::{Error, Result};
use crate::kernels::double::{exp, ln};
use crate::random::Random;

/// Of the random numbers that draw classes.
const STREAM: u64 = 1 << 41;

/// How a class is drawn; by default each as often as its probability says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decoding {
    /// The power to which the probability of a class is raised that was seen already: above 1 it becomes less likely, 1 changes
    /// nothing. Above 0, finite.
    pub penalty: f64,
    /// What logarithms of probabilities are divided by: below 1 likely classes become more likely, above 1 less; with 0 the
    /// likeliest is drawn always, the first of equals. At least 0, finite.
    pub temperature: f64,
    /// How many of the likeliest are left, at least 1; all if none.
    pub top_k: Option<usize>,
    /// The fewest of the likeliest are left that together have this probability, from 0 to 1; 1 leaves all.
    pub top_p: f64,
    /// Those are left whose probability is at least this share of the largest, from 0 to 1; 0 leaves all.
    pub min_p: f64,
}

impl Default for Decoding {
    fn default() -> Self {
        Self { penalty: 1.0, temperature: 1.0, top_k: None, top_p: 1.0, min_p: 0.0 }
    }
}

impl Decoding {
    /// Whether there is such a way to draw.
    ///
    /// # Errors
    /// [`Error::Option`] with the name of the first field that is out of its range.
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

    /// The random numbers of a seed, of which each draw takes one.
    pub fn random(seed: u64) -> Random {
        Random::new(seed, STREAM)
    }

    /// The probabilities by which a class is drawn; they add up to 1.
    ///
    /// Those that are given need not: of outputs that are independent each class has its share. What is no positive normal number
    /// counts as 0; if all are 0, the first class has all. `seen` are the classes that are penalized, in any order and any number
    /// of times; numbers of no class are passed over.
    ///
    /// # Panics
    /// If there is no class, or a field is out of its range.
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

    /// Draws a class by the probabilities of [`Self::apply`]. Whatever they are, one number of the stream is used.
    ///
    /// # Panics
    /// If there is no class, or a field is out of its range.
    pub fn draw(&self, probabilities: &[f32], seen: &[usize], random: &mut Random) -> usize {
        let weights = self.weights(probabilities, seen);
        // The middle of one of 2^24 equal parts: its lower end may be 0, by which classes of any probability would be drawn.
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

    /// What is proportional to the probabilities after all steps; the largest is above 0.
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
        self.keep_likeliest(&mut weights);
        let least = self.min_p * weights.iter().copied().fold(0.0, f64::max);
        weights.iter_mut().filter(|weight| **weight < least).for_each(|weight| *weight = 0.0);
        weights
    }

    /// Penalty and temperature, which act on logarithms of probabilities.
    fn reweigh(&self, weights: &mut [f64], seen: &[usize]) {
        let total: f64 = weights.iter().sum();
        let logarithm = |weight: f64| if weight > 0.0 { ln(weight / total) } else { f64::NEG_INFINITY };
        weights.iter_mut().for_each(|weight| *weight = logarithm(*weight));
        let mut is_seen = vec![false; weights.len()];
        seen.iter().filter(|class| **class < weights.len()).for_each(|&class| is_seen[class] = true);
        for (logarithm, _) in
            weights.iter_mut().zip(is_seen).filter(|(logarithm, is_seen)| *is_seen && logarithm.is_finite())
        {
            // None is above 0: penalties never divide, as those of logits do where these are positive.
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

    /// Top-k and top-p, which go by the order of probabilities.
    fn keep_likeliest(&self, weights: &mut [f64]) {
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
