//! The random number generator of the engine, whose state is saved with the network.
//!
//! `SplitMix64` (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014): one 64-bit
//! counter and a mixing function. Its state is one integer, so it can be saved, replicated and compared. Its quality is
//! far beyond what choosing rows and initial weights needs.

/// The increment of the counter.
const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

/// One stream of random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Random {
    state: u64,
}

impl Random {
    /// Makes stream number `stream` of a seed. Streams of one seed are independent for all practical purposes.
    pub fn new(seed: u64, stream: u64) -> Self {
        Self { state: mix(seed ^ mix(stream.wrapping_add(GAMMA))) }
    }

    /// Restores a stream from a saved state.
    pub fn from_state(state: u64) -> Self {
        Self { state }
    }

    /// The state, for saving.
    pub fn state(&self) -> u64 {
        self.state
    }

    /// The stream after `numbers` more numbers have been drawn, in constant time.
    #[must_use]
    pub fn skip(self, numbers: u64) -> Self {
        Self { state: self.state.wrapping_add(GAMMA.wrapping_mul(numbers)) }
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GAMMA);
        mix(self.state)
    }

    /// A random integer from 0 up to, but not including, `bound`, which must be above 0.
    ///
    /// By multiplication (Lemire, "Fast random integer generation in an interval", 2019) without rejection: for bounds
    /// below 2^32 the bias is below 2^-32.
    pub fn below(&mut self, bound: u64) -> u64 {
        debug_assert!(bound > 0);
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// A random number from -1 up to, but not including, 1, in steps of 2^-23.
    pub fn symmetric(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1u32 << 23) as f32 - 1.0
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_published_sequence() {
        // First outputs of SplitMix64 from state 1234567 (Rosetta Code, "Pseudo-random numbers/Splitmix64").
        let mut random = Random::from_state(1_234_567);
        assert_eq!(random.bits(), 6_457_827_717_110_365_317);
        assert_eq!(random.bits(), 3_203_168_211_198_807_973);
        assert_eq!(random.bits(), 9_817_491_932_198_370_423);
    }

    #[test]
    fn skipping_numbers_equals_drawing_them() {
        let mut random = Random::new(5, 1);
        let skipped = random.skip(1000);
        for _ in 0..1000 {
            random.bits();
        }
        assert_eq!(random, skipped);
    }

    #[test]
    fn numbers_fill_their_range_evenly() {
        let mut random = Random::new(7, 0);
        let mut tally = [0u32; 10];
        let mut sum = 0.0;
        for _ in 0..100_000 {
            tally[random.below(10) as usize] += 1;
            let x = random.symmetric();
            assert!((-1.0..1.0).contains(&x));
            sum += f64::from(x);
        }
        assert!(tally.iter().all(|&n| (9_500..10_500).contains(&n)), "{tally:?}");
        assert!(sum.abs() < 1_000.0, "{sum}");
    }

    #[test]
    fn streams_and_seeds_differ() {
        let first = |seed, stream| Random::new(seed, stream).bits();
        let all = [first(0, 0), first(0, 1), first(1, 0), first(1, 1), first(2, 0)];
        for (i, a) in all.iter().enumerate() {
            assert!(!all[..i].contains(a));
        }
    }
}
