//! Numbers that tell networks apart and nothing else: not how many others were made meanwhile, nor by whom.
//!
//! A counter, in an order that only the process knows: a Feistel network maps numbers of 52 bits one to one, so no number
//! comes twice, and every client takes them, whose numbers may be doubles. The first network of a process has the number 1,
//! as the original's tutorial shows.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bits of each half of a number.
const HALF: u32 = 26;
/// With a good function, four rounds cannot be told from a random order.
const ROUNDS: u32 = 4;

/// A number from 1 to 2^52 that no other network of this process has.
pub(crate) fn next() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    numbered(COUNT.fetch_add(1, Ordering::Relaxed), &*KEY)
}

/// The number of a network that so many came before.
fn numbered(count: u64, key: &impl BuildHasher) -> u64 {
    (shuffled(count, key).wrapping_sub(shuffled(0, key)) & ((1 << (2 * HALF)) - 1)) + 1
}

fn shuffled(number: u64, key: &impl BuildHasher) -> u64 {
    const MASK: u64 = (1 << HALF) - 1;
    let (mut left, mut right) = (number >> HALF & MASK, number & MASK);
    for round in 0..ROUNDS {
        (left, right) = (right, left ^ (key.hash_one((round, right)) & MASK));
    }
    left << HALF | right
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_number_comes_twice_and_none_tells_of_the_next() {
        let numbers: Vec<u64> = (0..100_000).map(|_| next()).collect();
        assert!(numbers.iter().all(|number| (1..=1 << 52).contains(number)));
        assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), numbers.len());
        // Differences of neighbours are as various as the numbers.
        let steps: BTreeSet<u64> = numbers.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
        assert!(steps.len() > numbers.len() * 99 / 100);
    }

    #[test]
    fn processes_have_orders_of_their_own() {
        let [one, other] =
            [RandomState::new(), RandomState::new()].map(|key| (0..8).map(|n| numbered(n, &key)).collect::<Vec<_>>());
        assert_ne!(one, other);
        assert_eq!((one[0], other[0]), (1, 1));
    }
}
