//! A copy-on-write list in blocks. Snapshots share blocks, and a shared block is copied when one of its values changes.

use std::sync::Arc;

use crate::memory::{self, Taken};

/// A list of values, `EACH` in a block.
#[derive(Debug, Clone)]
pub(super) struct Blocks<T, const EACH: usize> {
    blocks: Arc<Vec<Arc<Vec<T>>>>,
    len: usize,
}

impl<T, const EACH: usize> Default for Blocks<T, EACH> {
    fn default() -> Self {
        Self { blocks: Arc::default(), len: 0 }
    }
}

impl<T: Clone, const EACH: usize> Blocks<T, EACH> {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn get(&self, at: usize) -> &T {
        assert!(at < self.len);
        &self.blocks[at / EACH][at % EACH]
    }

    pub(super) fn get_mut(&mut self, at: usize) -> &mut T {
        assert!(at < self.len);
        &mut Arc::make_mut(&mut Arc::make_mut(&mut self.blocks)[at / EACH])[at % EACH]
    }

    pub(super) fn push(&mut self, value: T) {
        let blocks = Arc::make_mut(&mut self.blocks);
        if self.len == blocks.len() * EACH {
            blocks.push(Arc::new(Vec::with_capacity(EACH)));
        }
        Arc::make_mut(&mut blocks[self.len / EACH]).push(value);
        self.len += 1;
    }

    /// Removes and returns the last value.
    pub(super) fn pop(&mut self) -> Option<T> {
        self.len = self.len.checked_sub(1)?;
        let blocks = Arc::make_mut(&mut self.blocks);
        let last = Arc::make_mut(blocks.last_mut()?).pop();
        if self.len.is_multiple_of(EACH) {
            blocks.pop();
        }
        last
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.blocks.iter().flat_map(|block| block.iter())
    }

    /// Returns the bytes of the blocks on the heap, without those that values own.
    pub(super) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        let block = |block: &Arc<Vec<T>>| memory::of_shared::<Vec<T>>(taken) + memory::of_vec(block, taken);
        // All blocks but the last have the same size.
        let blocks = match self.blocks.split_last() {
            None => 0,
            Some((last, [])) => block(last),
            Some((last, rest)) => rest.len() * block(&rest[0]) + block(last),
        };
        memory::of_shared::<Vec<Arc<Vec<T>>>>(taken) + memory::of_vec(&self.blocks, taken) + blocks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_equal_those_of_a_vec_and_snapshots_do_not_change() {
        let (mut list, mut plain) = (Blocks::<u32, 4>::default(), Vec::new());
        let mut snapshots = Vec::new();
        for step in 0..200u32 {
            match step % 5 {
                0..3 => {
                    list.push(step);
                    plain.push(step);
                }
                3 => {
                    let at = step as usize * 7 % plain.len();
                    *list.get_mut(at) += 1;
                    plain[at] += 1;
                }
                _ => assert_eq!(list.pop(), plain.pop()),
            }
            assert_eq!(list.len(), plain.len());
            snapshots.push((list.clone(), plain.clone()));
        }
        while let Some(value) = plain.pop() {
            assert_eq!(list.pop(), Some(value));
        }
        assert_eq!((list.pop(), list.len()), (None, 0));
        for (list, plain) in snapshots {
            assert!(list.iter().eq(&plain) && (0..plain.len()).all(|at| *list.get(at) == plain[at]));
        }
    }

    #[test]
    fn a_value_takes_little_more_than_its_size() {
        let mut list = Blocks::<u64, 32>::default();
        let bytes = |list: &Blocks<u64, 32>| list.bytes_by(&|bytes| bytes);
        let none = bytes(&list);
        (0..3200).for_each(|value| list.push(value));
        let each = (bytes(&list) - none) as f64 / 3200.0;
        assert!((8.0..10.0).contains(&each), "{each}");
    }
}
