//! Memory: counting it block by block, and moving blocks to defragment it.

/// Returns the bytes that the allocator uses for a block of the given size: most allocators round up.
pub type Taken<'a> = &'a dyn Fn(usize) -> usize;

/// Bytes of a vector's block, without blocks that its values own.
pub(crate) fn of_vec<T>(vec: &Vec<T>, taken: Taken<'_>) -> usize {
    match vec.capacity() * size_of::<T>() {
        0 => 0,
        bytes => taken(bytes),
    }
}

/// Bytes of an `Arc`'s block, with both reference counts, without blocks that the value owns.
pub(crate) fn of_shared<T>(taken: Taken<'_>) -> usize {
    taken(2 * size_of::<usize>() + size_of::<T>())
}

/// A visitor that may replace vectors by copies elsewhere in memory, for defragmentation. A copy must have the same
/// values, length and capacity.
pub trait Move {
    /// Visits a vector of numbers.
    fn floats(&mut self, vec: &mut Vec<f32>);

    /// Visits a vector of signs.
    fn signs(&mut self, vec: &mut Vec<i8>);
}
