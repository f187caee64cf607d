//! Text features: words and word pairs, hashed to a fixed number of buckets.
//!
//! The hashing trick (Weinberger et al., "Feature hashing for large scale multitask learning", ICML 2009): there is no
//! dictionary, and different words can share a bucket. Words are segmented by Unicode Annex 29 after NFKC normalization
//! and lower-casing, so that texts that look the same get the same buckets.

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// The buckets of a text in ascending order. The value of each is `ln(1 + count)`, and the vector has L2 norm 1.
pub(crate) fn buckets(text: &str, buckets: u32) -> Vec<(u32, f32)> {
    // The first half of the buckets is for words, the second for pairs of neighbouring words.
    let halves = [buckets.div_ceil(2), buckets / 2];
    let folded: String = text.nfkc().flat_map(char::to_lowercase).nfkc().collect();
    let mut found = Vec::new();
    let mut before: Option<u64> = None;
    for word in folded.unicode_words() {
        let hash = word.bytes().fold(OFFSET, step);
        found.push(bucket(hash, halves[0]));
        if let Some(before) = before.filter(|_| halves[1] > 0) {
            let pair = hash.to_le_bytes().into_iter().fold(before, step);
            found.push(halves[0] + bucket(pair, halves[1]));
        }
        before = Some(hash);
    }
    found.sort_unstable();
    let mut counted: Vec<(u32, f32)> = Vec::new();
    for bucket in found {
        match counted.last_mut() {
            Some((last, count)) if *last == bucket => *count += 1.0,
            _ => counted.push((bucket, 1.0)),
        }
    }
    let mut squares = 0.0;
    for (_, value) in &mut counted {
        *value = crate::kernels::ln(1.0 + *value);
        squares += f64::from(*value) * f64::from(*value);
    }
    let norm = squares.sqrt();
    counted.iter_mut().for_each(|(_, value)| *value = (f64::from(*value) / norm) as f32);
    counted
}

/// 64-bit FNV-1a (Fowler, Noll and Vo).
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

fn step(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
}

/// Map a hash to a bucket. The high bits decide, so the low ones are mixed in first.
fn bucket(hash: u64, buckets: u32) -> u32 {
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((u128::from(mixed) * u128::from(buckets)) >> 64) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_look_the_same_have_the_same_buckets() {
        let same = |a: &str, b: &str| assert_eq!(buckets(a, 512), buckets(b, 512), "{a} {b}");
        same("Good film", "  good, FILM! ");
        same("caf\u{e9}", "cafe\u{301}");
        same("ｆｕｌｌ width", "full width");
        same("ﬁne", "fine");
        assert_ne!(buckets("good film", 512), buckets("film good", 512), "pairs have an order");
        assert_ne!(buckets("שלום עולם", 512), buckets("שלום", 512));
        assert_eq!(buckets("", 512), []);
        assert_eq!(buckets(" \0 \u{301} ... ", 512), []);
    }

    #[test]
    fn values_are_log_counts_of_norm_1() {
        let found = buckets("a a a b", 1);
        assert_eq!(found, [(0, 1.0)]);
        let found = buckets("red red green", 1 << 20);
        // Three words of which one is double, and the pairs "red red" and "red green": four buckets.
        assert_eq!(found.len(), 4);
        let norm: f32 = found.iter().map(|(_, value)| value * value).sum();
        assert!((norm - 1.0).abs() < 1e-6);
        let (two, one) = (3f32.ln(), 2f32.ln());
        let all = (two * two + 3.0 * one * one).sqrt();
        let mut values: Vec<f32> = found.iter().map(|&(_, value)| value).collect();
        values.sort_by(f32::total_cmp);
        for (value, expected) in values.iter().zip([one / all, one / all, one / all, two / all]) {
            assert!((value - expected).abs() < 1e-6, "{found:?}");
        }
        assert!(found.iter().all(|&(bucket, _)| bucket < 1 << 20));
        assert_eq!(found.iter().filter(|&&(bucket, _)| bucket < 1 << 19).count(), 2, "half the buckets are for words");
    }

    #[test]
    fn a_word_repeated_without_end_takes_two_buckets() {
        let numbers = |text| buckets(text, 512).iter().map(|&(bucket, _)| bucket).collect::<Vec<_>>();
        assert_eq!(numbers("good"), [numbers("good")[0]]);
        let long: String = "word ".repeat(200_000);
        assert_eq!(buckets(&long, 512).len(), 2);
    }
}
