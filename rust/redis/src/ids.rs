//! Ids of networks. They reveal nothing about other networks, such as how many were created meanwhile.
//!
//! An id is a counter whose values are permuted by a random key of the process: a Feistel network maps integers of 52
//! bits one to one, so ids are unique, and clients whose numbers are doubles represent them exactly. The first network
//! of a process has id 1, as in the original's tutorial.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bits of each half of an id.
const HALF_BITS: u32 = 26;
/// Four rounds of a good round function are indistinguishable from a random permutation (Luby and Rackoff, 1988).
const ROUNDS: u32 = 4;

/// Returns an id from 1 to 2^52 that no other network of this process has.
pub(crate) fn next() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    id_of(COUNT.fetch_add(1, Ordering::Relaxed), &*KEY)
}

/// The id of the network that `count` others came before.
fn id_of(count: u64, key: &impl BuildHasher) -> u64 {
    (shuffled(count, key).wrapping_sub(shuffled(0, key)) & ((1 << (2 * HALF_BITS)) - 1)) + 1
}

fn shuffled(number: u64, key: &impl BuildHasher) -> u64 {
    const MASK: u64 = (1 << HALF_BITS) - 1;
    let (mut left, mut right) = (number >> HALF_BITS & MASK, number & MASK);
    for round in 0..ROUNDS {
        (left, right) = (right, left ^ (key.hash_one((round, right)) & MASK));
    }
    left << HALF_BITS | right
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_are_unique_and_do_not_reveal_the_next_one() {
        let numbers: Vec<u64> = (0..100_000).map(|_| next()).collect();
        assert!(numbers.iter().all(|number| (1..=1 << 52).contains(number)));
        assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), numbers.len());
        // Consecutive differences are almost all distinct.
        let steps: BTreeSet<u64> = numbers.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
        assert!(steps.len() > numbers.len() * 99 / 100);
    }

    #[test]
    fn ids_are_permuted_by_a_key_of_the_process() {
        let [one, other] =
            [RandomState::new(), RandomState::new()].map(|key| (0..8).map(|n| id_of(n, &key)).collect::<Vec<_>>());
        assert_ne!(one, other);
        assert_eq!((one[0], other[0]), (1, 1));
    }
}
