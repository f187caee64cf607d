//! A table of rows in blocks that snapshots share (copy on write).
//!
//! Within a block, groups of 16 rows are stored column by column, as the kernels read them, so no group is transposed
//! in every cycle. Very wide rows are stored one after the other instead, so that a single row does not take the memory
//! of 16.
//!
//! Cloning a table takes a snapshot by copying one pointer. The first write to a shared table copies its list of
//! blocks, and the first write to a shared block copies that block. Rows of a snapshot never change.

use std::alloc::Layout;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::kernels::LANES;
use crate::memory::{self, Move, Taken};

/// Approximate bytes of a block. More would have to be copied for a write while a training shares the block.
const BLOCK_BYTES: usize = 16 << 10;
/// Maximum bytes of a block, unless 16 rows take more.
const MAX_BLOCK_BYTES: usize = 1 << 20;
/// Rows wider than this are not interleaved: 16 of them would take more than 256 kB.
const MAX_INTERLEAVED_WIDTH: usize = 4096;

/// Rows of `width` numbers each.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    width: usize,
    rows: usize,
    rows_per_block: usize,
    blocks: Arc<Vec<Arc<Vec<f32>>>>,
}

impl Table {
    pub(crate) fn new(width: usize) -> Self {
        let unit = interleaved(width);
        let rows_per_block = units_per_block(4 * unit * width) * unit;
        Self { width, rows: 0, rows_per_block, blocks: Arc::default() }
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Number of rows that are interleaved.
    fn interleaved(&self) -> usize {
        interleaved(self.width)
    }

    /// Bytes of a full block.
    pub(crate) fn block_bytes(&self) -> usize {
        4 * self.rows_per_block * self.width
    }

    /// The block of a row, and the index of the row's first value in it. The next column is `interleaved` further.
    fn place(&self, row: usize) -> (usize, usize) {
        let (unit, per_block) = (self.interleaved(), self.rows_per_block);
        let within = row % per_block;
        (row / per_block, within / unit * unit * self.width + within % unit)
    }

    /// The values of a row, which must exist.
    pub(crate) fn row(&self, row: usize) -> impl ExactSizeIterator<Item = f32> + '_ {
        assert!(row < self.rows);
        let (block, at) = self.place(row);
        self.blocks[block][at..].iter().step_by(self.interleaved()).take(self.width).copied()
    }

    /// Allocate the memory for one more row, so that [`Self::set`] does not allocate for it.
    ///
    /// # Errors
    /// [`Error::Memory`] if the allocation fails.
    pub(crate) fn reserve(&mut self) -> Result<()> {
        let (block, at) = self.place(self.rows);
        let (end, full) = (self.end_of(at), self.rows_per_block * self.width);
        let blocks = Arc::make_mut(&mut self.blocks);
        if block == blocks.len() {
            blocks.try_reserve(1).map_err(|_| Error::Memory { bytes: blocks.len() * 2 * size_of::<usize>() })?;
            blocks.push(Arc::default());
        }
        let block = Arc::make_mut(&mut blocks[block]);
        if block.capacity() < end {
            // Double the capacity, up to exactly that of a full block.
            let size = (2 * block.len()).max(end).min(full);
            block.try_reserve_exact(size - block.len()).map_err(|_| Error::Memory { bytes: size * 4 })?;
        }
        Ok(())
    }

    /// The end, within its block, of the interleaved rows that contain this index.
    fn end_of(&self, at: usize) -> usize {
        let step = self.interleaved();
        (at / step / self.width + 1) * step * self.width
    }

    /// Replace a row, or append one if `row` is the number of rows.
    pub(crate) fn set(&mut self, row: usize, values: impl Iterator<Item = f32>) {
        assert!(row <= self.rows);
        if row == self.rows && self.reserve().is_err() {
            std::alloc::handle_alloc_error(Layout::new::<[f32; BLOCK_BYTES / 4]>());
        }
        let (block, at) = self.place(row);
        let step = self.interleaved();
        let end = self.end_of(at);
        let block = Arc::make_mut(&mut Arc::make_mut(&mut self.blocks)[block]);
        if block.len() < end {
            block.resize(end, 0.0);
        }
        if step == LANES {
            let (lane, columns) = (at % LANES, block[at - at % LANES..end].as_chunks_mut::<LANES>().0);
            let mut columns = columns.iter_mut();
            // `for_each` on the values, not a loop over a zip: a chained iterator is faster by internal iteration.
            values.for_each(|value| {
                if let Some(column) = columns.next() {
                    column[lane] = value;
                }
            });
        } else {
            block[at..end].iter_mut().zip(values).for_each(|(to, value)| *to = value);
        }
        self.rows = self.rows.max(row + 1);
    }

    /// Remove the rows from `rows` on.
    pub(crate) fn truncate(&mut self, rows: usize) {
        if rows >= self.rows {
            return;
        }
        self.rows = rows;
        let (block, at) = self.place(rows);
        let (width, step) = (self.width, self.interleaved());
        let blocks = Arc::make_mut(&mut self.blocks);
        blocks.truncate(block + usize::from(at > 0));
        blocks.shrink_to_fit();
        if at == 0 {
            return;
        }
        let block = Arc::make_mut(&mut blocks[block]);
        // Lanes without a row must hold zeros, because the kernels read whole groups.
        let group = at / (step * width) * step * width;
        let lanes = at - group;
        block.truncate(group + if lanes == 0 { 0 } else { step * width });
        block.shrink_to_fit();
        if lanes > 0 {
            block[group..].chunks_exact_mut(step).for_each(|column| column[lanes..].fill(0.0));
        }
    }

    /// The 16 rows from `group * 16` on, column by column, as the kernels read them. Lanes past the last row are 0.
    /// Interleaved rows are borrowed; others are gathered into `scratch`.
    pub(crate) fn group<'a>(&'a self, group: usize, scratch: &'a mut Vec<f32>) -> &'a [f32] {
        let first = group * LANES;
        debug_assert!(first < self.rows);
        if self.interleaved() == LANES {
            let (block, at) = self.place(first);
            return &self.blocks[block][at..at + LANES * self.width];
        }
        scratch.clear();
        scratch.resize(LANES * self.width, 0.0);
        for row in first..self.rows.min(first + LANES) {
            for (to, value) in scratch[row - first..].iter_mut().step_by(LANES).zip(self.row(row)) {
                *to = value;
            }
        }
        scratch
    }

    /// Number of groups of 16 rows, including an incomplete last one.
    pub(crate) fn groups(&self) -> usize {
        self.rows.div_ceil(LANES)
    }

    /// Pass each block to `mover`, except those that a snapshot shares.
    pub(crate) fn move_by(&mut self, mover: &mut dyn Move) {
        let Some(blocks) = Arc::get_mut(&mut self.blocks) else { return };
        blocks.iter_mut().filter_map(Arc::get_mut).for_each(|block| mover.floats(block));
    }

    /// Heap bytes.
    pub(crate) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        let list = memory::of_shared::<Vec<Arc<Vec<f32>>>>(taken) + memory::of_vec(&self.blocks, taken);
        // Only the last block can be partly filled, so not all have to be visited.
        let Some((last, full)) = self.blocks.split_last() else { return list };
        let bytes = |block: &Vec<f32>| memory::of_shared::<Vec<f32>>(taken) + memory::of_vec(block, taken);
        list + full.first().map_or(0, |block| full.len() * bytes(block)) + bytes(last)
    }
}

/// Number of rows of this width that are interleaved.
fn interleaved(width: usize) -> usize {
    if width <= MAX_INTERLEAVED_WIDTH { LANES } else { 1 }
}

/// Number of units, each of `bytes` bytes, in a block. It is about as many as [`BLOCK_BYTES`] hold, chosen so that
/// rounding by the allocator adds at most a sixteenth, or as little as possible.
fn units_per_block(bytes: usize) -> usize {
    let least = (BLOCK_BYTES / bytes).max(1);
    let most = (MAX_BLOCK_BYTES / bytes).max(least);
    let waste = |units: &usize| rounded_up(units * bytes) as f64 / (units * bytes) as f64;
    (least..=most)
        .find(|units| waste(units) <= 1.0625)
        .or_else(|| (least..=most).min_by(|a, b| waste(a).total_cmp(&waste(b))))
        .unwrap_or(least)
}

/// The size that jemalloc, the allocator of most servers, takes for a block: it has four size classes between powers of
/// two.
fn rounded_up(bytes: usize) -> usize {
    bytes.next_multiple_of((bytes.next_power_of_two() / 8).max(1))
}

impl PartialEq for Table {
    /// Whether the rows are equal bit for bit.
    fn eq(&self, other: &Self) -> bool {
        let same = |row| self.row(row).map(f32::to_bits).eq(other.row(row).map(f32::to_bits));
        self.width == other.width && self.rows == other.rows && (0..self.rows).all(same)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value(row: usize, column: usize) -> f32 {
        (row * 1000 + column) as f32
    }

    fn filled(width: usize, rows: usize) -> Table {
        let mut table = Table::new(width);
        for row in 0..rows {
            table.set(row, (0..width).map(|column| value(row, column)));
        }
        table
    }

    #[test]
    fn groups_are_columns_of_sixteen_rows_padded_with_zeros() {
        for width in [1, 10, 300, MAX_INTERLEAVED_WIDTH, MAX_INTERLEAVED_WIDTH + 1] {
            let table = filled(width, 37);
            assert_eq!(table.groups(), 3);
            for group in 0..3 {
                let mut scratch = Vec::new();
                let values = table.group(group, &mut scratch);
                assert_eq!(values.len(), LANES * width);
                for (at, &got) in values.iter().enumerate() {
                    let (row, column) = (group * LANES + at % LANES, at / LANES);
                    assert_eq!(got, if row < 37 { value(row, column) } else { 0.0 });
                }
            }
        }
    }

    #[test]
    fn a_snapshot_never_changes() {
        let mut table = filled(10, 1000);
        let snapshot = table.clone();
        for row in 0..1200 {
            table.set(row, std::iter::repeat_n(-1.0, 10));
        }
        table.truncate(500);
        assert!(snapshot == filled(10, 1000));
    }

    #[test]
    fn a_truncated_table_takes_no_more_memory_than_one_filled_so_far() {
        for width in [1, 7, 90, 4097] {
            for rows in [0, 1, 15, 16, 17, 48, 99, 100, 101] {
                let mut table = filled(width, 100);
                table.truncate(rows);
                let bytes = |table: &Table| table.bytes_by(&|bytes| bytes);
                let mut plain = filled(width, rows.min(100));
                // A block that is being filled has spare capacity.
                plain.truncate(rows.min(100));
                assert!(table == plain && bytes(&table) <= bytes(&filled(width, rows.min(100))), "{width} {rows}");
            }
        }
    }

    #[test]
    fn a_write_copies_only_the_block_it_touches() {
        let mut table = filled(10, 10_000);
        let snapshot = table.clone();
        table.set(5_000, std::iter::repeat_n(0.0, 10));
        let shared = table.blocks.iter().zip(snapshot.blocks.iter()).filter(|(a, b)| Arc::ptr_eq(a, b)).count();
        assert_eq!(shared, table.blocks.len() - 1);
    }

    #[test]
    fn the_memory_of_a_row_is_little_more_than_its_numbers() {
        let table = filled(10, 100_000);
        let floats = 100_000 * 10 * 4;
        let bytes = |table: &Table| table.bytes_by(&|bytes| bytes);
        assert!(bytes(&table) >= floats && bytes(&table) < floats * 11 / 10, "{}", bytes(&table));
        for width in [5, 9, 65, 257, 301, 321, 785, 1030] {
            let (table, floats) = (filled(width, 20_000), 20_000 * width * 4);
            let taken = table.bytes_by(&rounded_up);
            assert!(taken < floats * 11 / 10, "{width}: {taken} for {floats}");
            assert!(table.block_bytes() <= MAX_BLOCK_BYTES);
        }
        assert!(bytes(&filled(9, 1)) < 1024);
        assert!(bytes(&filled(1 << 20, 1)) < 5 << 20);
        let rounded = table.bytes_by(&|bytes| bytes.next_multiple_of(1 << 16));
        assert!(rounded > bytes(&table), "the size of each block is rounded up");
    }

    proptest! {
        #[test]
        fn a_table_behaves_as_a_plain_list(
            width in prop_oneof![Just(1usize), Just(7), Just(90), Just(4097)],
            steps in prop::collection::vec((0u8..4, any::<prop::sample::Index>()), 1..200),
        ) {
            let mut table = Table::new(width);
            let mut plain: Vec<f32> = Vec::new();
            for (n, (step, index)) in steps.into_iter().enumerate() {
                let row = match step {
                    0 if !plain.is_empty() => {
                        let rows = index.index(plain.len() + 1);
                        table.truncate(rows);
                        plain.truncate(rows);
                        continue;
                    }
                    1 if !plain.is_empty() => index.index(plain.len()),
                    _ => plain.len(),
                };
                table.set(row, std::iter::repeat_n(n as f32, width));
                if row == plain.len() { plain.push(n as f32) } else { plain[row] = n as f32 }
            }
            prop_assert_eq!(table.rows(), plain.len());
            for (row, &expected) in plain.iter().enumerate() {
                prop_assert!(table.row(row).len() == width && table.row(row).all(|value| value == expected));
            }
            let mut scratch = Vec::new();
            for group in 0..table.groups() {
                let first = &table.group(group, &mut scratch)[..LANES];
                for (lane, &got) in first.iter().enumerate() {
                    prop_assert_eq!(got, plain.get(group * LANES + lane).copied().unwrap_or(0.0));
                }
            }
        }
    }

    #[test]
    fn tables_are_equal_if_their_rows_are_bit_for_bit() {
        let table = filled(3, 20);
        assert!(table == filled(3, 20));
        assert!(table != filled(3, 19) && table != filled(2, 20));
        for (row, column) in [(0, 0), (19, 2)] {
            let mut other = table.clone();
            other.set(row, (0..3).map(|at| value(row, at) + f32::from(u8::from(at == column))));
            assert!(table != other, "{row} {column}");
        }
        let zero = |zero: f32| {
            let mut table = Table::new(1);
            table.set(0, std::iter::once(zero));
            table
        };
        assert!(zero(0.0) != zero(-0.0) && zero(f32::NAN) == zero(f32::NAN));
    }

    #[test]
    fn blocks_are_about_16_kb_and_waste_little_by_rounding() {
        // Groups of 16 rows: 25 of 640 bytes are 16,000, for which jemalloc takes 16,384.
        assert_eq!(Table::new(10).block_bytes(), 25 * 640);
        // 28 of 576 bytes are 16,128, for which it also takes 16,384.
        assert_eq!(Table::new(9).block_bytes(), 28 * 576);
        assert_eq!(Table::new(1).block_bytes(), 16 << 10);
        // The smallest number of groups with little waste, where there are four size classes between powers of two.
        let wide = Table::new(257);
        let taken =
            [16 << 10, 20 << 10, 24 << 10, 28 << 10].map(|least| [1, 2, 4, 8, 16, 32].map(|times| least * times));
        let wasted = |bytes: usize| {
            let taken = taken.as_flattened().iter().copied().filter(|&taken| taken >= bytes).min().unwrap();
            taken as f64 / bytes as f64
        };
        let units = wide.block_bytes() / (64 * 257);
        assert!(wasted(units * 64 * 257) <= 1.0625);
        assert!((1..units).all(|fewer| wasted(fewer * 64 * 257) > 1.0625), "{units}");
        // Rows that are not interleaved: 19 of 16,388 bytes are 311,372, for which jemalloc takes 327,680.
        assert_eq!(Table::new(4097).block_bytes(), 19 * 4 * 4097);
        assert_eq!(Table::new(1 << 20).block_bytes(), 4 << 20);
    }
}
