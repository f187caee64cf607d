//! Logarithm and exponential in double precision.
//!
//! Results of the system's library differ between systems in the last bit. These functions use only operations that
//! IEEE 754 rounds alike everywhere, and are exact to a few units in the last place.

use std::f64::consts::{LN_2, LOG2_E, SQRT_2};

/// The logarithm of 2 in two parts. The first has few enough bits that its integer multiples are exact.
const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// The exponential of a number `x <= 0`; 0 below -100.
pub(crate) fn exp(x: f64) -> f64 {
    // Callers add the result to a sum of at least 1, which it would not change.
    if x < -100.0 {
        return 0.0;
    }
    let power = (x * LOG2_E).round();
    let rest = x - power * LN_2_HIGH - power * LN_2_LOW;
    let series = (1..=13).rev().fold(1.0, |sum, term| 1.0 + rest * sum / f64::from(term));
    series * f64::from_bits(((1023 + power as i64) as u64) << 52)
}

/// The natural logarithm of a positive normal number.
pub(crate) fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let (mut power, mut part) = ((bits >> 52) as i64 - 1023, f64::from_bits(bits & ((1 << 52) - 1) | 1023 << 52));
    if part > SQRT_2 {
        (power, part) = (power + 1, part / 2.0);
    }
    // The series of ln(m) = 2 artanh((m - 1) / (m + 1)).
    let ratio = (part - 1.0) / (part + 1.0);
    let square = ratio * ratio;
    let series = (0..=11).rev().fold(0.0, |sum, term| sum * square + 1.0 / f64::from(2 * term + 1));
    power as f64 * LN_2 + 2.0 * ratio * series
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn logarithms_and_exponentials_equal_those_of_the_library_up_to_rounding() {
        let mut random = Random::new(1, 1);
        for _ in 0..10_000 {
            let x = f64::from(random.symmetric() - 1.0) * 40.0;
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-14, "{x}");
            let x = 1.0 + f64::from(random.symmetric() + 1.0).powi(20);
            for x in [x, 1.0 / x] {
                assert!((ln(x) - x.ln()).abs() <= 1e-15 * x.ln().abs().max(0.1), "{x}");
            }
        }
        assert_eq!((exp(0.0), exp(-1e9), ln(1.0), ln(2.0)), (1.0, 0.0, 0.0, LN_2));
    }
}
