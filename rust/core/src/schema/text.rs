//! Texts: words in any script, and pairs of neighbours, hashed to a number of buckets.
//!
//! The hashing trick (Weinberger and others, "Feature hashing for large scale multitask learning", ICML 2009): no dictionary, and
//! different words may share a bucket. Words are those of Unicode's Annex 29, in compatibility form and lower case, so that what
//! looks the same is the same.

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// The buckets of a text, in ascending order, each with the logarithm of 1 and its count, all over the root of their squares.
pub(crate) fn buckets(text: &str, buckets: u32) -> Vec<(u32, f32)> {
    // The first half is for words, the second for pairs.
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

/// FNV-1a of 64 bits (Fowler, Noll and Vo).
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

fn step(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
}

/// The bucket of a hash, whose low bits are mixed with the high ones before.
fn bucket(hash: u64, buckets: u32) -> u32 {
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((u128::from(mixed) * u128::from(buckets)) >> 64) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_look_the_same_are_the_same() {
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
    fn values_are_logarithms_of_counts_over_their_norm() {
        let found = buckets("a a a b", 1);
        assert_eq!(found, [(0, 1.0)]);
        let found = buckets("red red green", 1 << 20);
        // red twice, green, red red, red green
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
    fn the_bucket_of_a_word_is_the_same_for_ever() {
        let numbers = |text| buckets(text, 512).iter().map(|&(bucket, _)| bucket).collect::<Vec<_>>();
        assert_eq!(numbers("good"), [numbers("good")[0]]);
        let long: String = "word ".repeat(200_000);
        assert_eq!(buckets(&long, 512).len(), 2);
    }
}
