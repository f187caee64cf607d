//! Lists of looked-up inputs, of different length in each row, in blocks that snapshots share, as a [`super::Table`]
//! has.

use std::sync::Arc;

use crate::memory::{self, Taken};
use crate::schema::Entry;

/// Rows of a block. A write to a shared block copies all of it.
const BLOCK_ROWS: usize = 32;

/// The lists of the rows of a set: values of texts and tags.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lists {
    rows: usize,
    blocks: Arc<Vec<Arc<Block>>>,
}

/// Consecutive rows.
#[derive(Debug, Clone, Default)]
struct Block {
    /// The end of each row in `entries`.
    ends: Vec<u32>,
    entries: Vec<Entry>,
}

impl Block {
    fn begin(&self, row: usize) -> usize {
        if row == 0 { 0 } else { self.ends[row - 1] as usize }
    }

    fn row(&self, row: usize) -> &[Entry] {
        &self.entries[self.begin(row)..self.ends[row] as usize]
    }

    /// Replace a row, or append one after the last.
    fn set(&mut self, row: usize, list: &[Entry]) {
        if row == self.ends.len() {
            self.entries.extend_from_slice(list);
            self.ends.push(self.entries.len() as u32);
            return;
        }
        let (from, to) = (self.begin(row), self.ends[row] as usize);
        self.entries.splice(from..to, list.iter().copied());
        for end in &mut self.ends[row..] {
            *end = *end - (to - from) as u32 + list.len() as u32;
        }
    }
}

impl Lists {
    /// The list of a row, which must exist.
    pub(crate) fn row(&self, row: usize) -> &[Entry] {
        assert!(row < self.rows);
        self.blocks[row / BLOCK_ROWS].row(row % BLOCK_ROWS)
    }

    /// Replace a row, or append one if `row` is the number of rows.
    pub(crate) fn set(&mut self, row: usize, list: &[Entry]) {
        assert!(row <= self.rows);
        let blocks = Arc::make_mut(&mut self.blocks);
        if row / BLOCK_ROWS == blocks.len() {
            blocks.push(Arc::default());
        }
        Arc::make_mut(&mut blocks[row / BLOCK_ROWS]).set(row % BLOCK_ROWS, list);
        self.rows = self.rows.max(row + 1);
    }

    /// Remove the rows from `rows` on.
    pub(crate) fn truncate(&mut self, rows: usize) {
        if rows >= self.rows {
            return;
        }
        self.rows = rows;
        let blocks = Arc::make_mut(&mut self.blocks);
        blocks.truncate(rows.div_ceil(BLOCK_ROWS));
        blocks.shrink_to_fit();
        let left = rows % BLOCK_ROWS;
        if left > 0 {
            let block = Arc::make_mut(blocks.last_mut().expect("a row has a block"));
            block.ends.truncate(left);
            block.entries.truncate(block.ends[left - 1] as usize);
            block.entries.shrink_to_fit();
        }
    }

    /// Heap bytes.
    pub(crate) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        let block = |block: &Arc<Block>| {
            memory::of_shared::<Block>(taken)
                + memory::of_vec(&block.ends, taken)
                + memory::of_vec(&block.entries, taken)
        };
        memory::of_shared::<Vec<Arc<Block>>>(taken)
            + memory::of_vec(&self.blocks, taken)
            + self.blocks.iter().map(block).sum::<usize>()
    }
}

impl PartialEq for Lists {
    fn eq(&self, other: &Self) -> bool {
        self.rows == other.rows && (0..self.rows).all(|row| self.row(row) == other.row(row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn list(random: &mut Random) -> Vec<Entry> {
        let length = random.below(5) as u32;
        (0..length).map(|number| Entry { number, value: random.symmetric() }).collect()
    }

    #[test]
    fn lists_return_the_last_value_set() {
        let mut random = Random::new(1, 1);
        let (mut lists, mut plain) = (Lists::default(), Vec::new());
        for step in 0..5000 {
            let row = list(&mut random);
            let at = random.below(plain.len() as u64 + 1) as usize;
            lists.set(at, &row);
            if at == plain.len() {
                plain.push(row);
            } else {
                plain[at] = row;
            }
            if step % 500 == 250 {
                let rows = random.below(plain.len() as u64 + 1) as usize;
                lists.truncate(rows);
                plain.truncate(rows);
            }
        }
        assert!(plain.len() > 10);
        assert_eq!(lists.rows, plain.len());
        plain.iter().enumerate().for_each(|(row, list)| assert_eq!(lists.row(row), &list[..]));
    }

    #[test]
    fn a_snapshot_never_changes() {
        let mut random = Random::new(2, 1);
        let mut lists = Lists::default();
        (0..100).for_each(|row| lists.set(row, &list(&mut random)));
        let snapshot = lists.clone();
        let before: Vec<Vec<Entry>> = (0..100).map(|row| snapshot.row(row).to_vec()).collect();
        (0..200).for_each(|at| lists.set(at % 120, &[]));
        lists.truncate(7);
        before.iter().enumerate().for_each(|(row, list)| assert_eq!(snapshot.row(row), &list[..]));
        assert_eq!((snapshot.rows, lists.rows), (100, 7));
        assert!(snapshot != lists && snapshot == snapshot.clone());
    }

    #[test]
    fn bytes_follow_the_stored_entries() {
        let mut lists = Lists::default();
        let all = |lists: &Lists| lists.bytes_by(&|bytes| bytes);
        let none = all(&lists);
        (0..1000).for_each(|row| lists.set(row, &[Entry { number: 1, value: 1.0 }; 10]));
        let bytes = all(&lists) - none;
        assert!((80_000..180_000).contains(&bytes), "{bytes}");
        lists.truncate(0);
        assert!(all(&lists) - none <= size_of::<usize>());
    }
}
