//! Memory: counted block by block, and moved.

/// What an allocator takes for a block of so many bytes: most round up.
pub type Taken<'a> = &'a dyn Fn(usize) -> usize;

/// Bytes of the block of a vector; what its values own is counted apart.
pub(crate) fn of_vec<T>(vec: &Vec<T>, taken: Taken<'_>) -> usize {
    match vec.capacity() * size_of::<T>() {
        0 => 0,
        bytes => taken(bytes),
    }
}

/// Bytes of the block of a shared value, with its two counts; what the value owns is counted apart.
pub(crate) fn of_shared<T>(taken: Taken<'_>) -> usize {
    taken(2 * size_of::<usize>() + size_of::<T>())
}

/// What moves vectors to another place in memory, each with the same values, length and capacity.
pub trait Move {
    /// Moves numbers, or leaves them.
    fn floats(&mut self, vec: &mut Vec<f32>);

    /// Moves signs, or leaves them.
    fn signs(&mut self, vec: &mut Vec<i8>);
}
