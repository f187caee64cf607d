//! The moves that L-BFGS stores: pairs of a change of the weights (`s` in Nocedal and Wright) and the change of the
//! gradient that it brought (`y`).

use std::collections::VecDeque;

use super::search::dot;

/// A move is stored if the curvature along it, `y · s / s · s`, is greater than this.
const MIN_CURVATURE: f64 = 1e-10;

/// The last moves, in a ring buffer.
pub(super) struct Moves {
    parameters: usize,
    /// The most moves that are stored.
    most: usize,
    values: Vec<f32>,
    /// The slot of the oldest move.
    first: usize,
    /// Products of each move, the oldest first.
    products: VecDeque<Products>,
}

#[derive(Clone, Copy)]
struct Products {
    curvature: f64,
    square: f64,
}

/// From one accepted point to the next.
pub(super) struct Move<'a> {
    /// The change of the weights, `s`.
    pub(super) weights: &'a [f32],
    /// The change of the gradient, `y`.
    pub(super) gradient: &'a [f32],
    /// `y · s`.
    pub(super) curvature: f64,
    /// `y · y`.
    pub(super) square: f64,
}

impl Moves {
    /// Makes a buffer for `most` moves of `parameters` numbers each. Memory is allocated with the first move.
    pub(super) fn new(parameters: usize, most: usize) -> Self {
        Self { parameters, most, values: Vec::new(), first: 0, products: VecDeque::new() }
    }

    fn range(&self, index: usize) -> std::ops::Range<usize> {
        let (slot, each) = ((self.first + index) % self.most, 2 * self.parameters);
        slot * each..(slot + 1) * each
    }

    fn get(&self, index: usize) -> Move<'_> {
        let (weights, gradient) = self.values[self.range(index)].split_at(self.parameters);
        let Products { curvature, square } = self.products[index];
        Move { weights, gradient, curvature, square }
    }

    /// The moves, the oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = Move<'_>> + ExactSizeIterator {
        (0..self.products.len()).map(|index| self.get(index))
    }

    pub(super) fn last(&self) -> Option<Move<'_>> {
        self.iter().next_back()
    }

    pub(super) fn clear(&mut self) {
        self.products.clear();
    }

    /// Stores the move to new weights from old ones, and the same of their gradients, unless the curvature along it is
    /// not positive. Drops the oldest move if the buffer is full. Returns the change of the weights.
    pub(super) fn push(&mut self, weights: (&[f32], &[f32]), gradient: (&[f32], &[f32])) -> &[f32] {
        if self.products.len() == self.most {
            self.products.pop_front();
            self.first = (self.first + 1) % self.most;
        }
        let range = self.range(self.products.len());
        if self.values.len() < range.end {
            self.values.reserve_exact(2 * self.parameters * self.most - self.values.len());
            self.values.resize(range.end, 0.0);
        }
        let (to_weights, to_gradient) = self.values[range].split_at_mut(self.parameters);
        difference(weights, to_weights);
        difference(gradient, to_gradient);
        let (curvature, square) = (dot(to_weights, to_gradient), dot(to_gradient, to_gradient));
        if curvature > MIN_CURVATURE * dot(to_weights, to_weights) && square > 0.0 {
            self.products.push_back(Products { curvature, square });
        }
        to_weights
    }

    /// The changes of weights and gradient of each move, the oldest first, for [`Self::restore`].
    pub(super) fn into_values(mut self) -> Vec<f32> {
        let each = 2 * self.parameters;
        self.values.rotate_left(self.first * each);
        self.values.truncate(self.products.len() * each);
        self.values.shrink_to_fit();
        self.values
    }

    /// Replaces the moves by these, or by the last of them if they are too many.
    pub(super) fn restore(&mut self, mut values: Vec<f32>) {
        let each = 2 * self.parameters;
        values.drain(..values.len().saturating_sub(self.most * each));
        let products = values.chunks_exact(each).map(|values| {
            let (weights, gradient) = values.split_at(self.parameters);
            Products { curvature: dot(weights, gradient), square: dot(gradient, gradient) }
        });
        (self.products, self.first) = (products.collect(), 0);
        self.values = values;
    }
}

fn difference((a, b): (&[f32], &[f32]), to: &mut [f32]) {
    to.iter_mut().zip(a).zip(b).for_each(|((to, a), b)| *to = a - b);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stores a move of two parameters, which is identified by its length.
    fn push(moves: &mut Moves, length: f32, curvature: f32) {
        let moved = moves.push((&[length, 1.0], &[0.0, 1.0]), (&[curvature, 0.0], &[0.0, 0.0]));
        assert_eq!(moved, [length, 0.0]);
    }

    fn lengths(moves: &Moves) -> Vec<f32> {
        moves.iter().map(|of| of.weights[0]).collect()
    }

    #[test]
    fn the_last_moves_are_stored_in_order_and_survive_into_values_and_restore() {
        let mut moves = Moves::new(2, 3);
        for (count, expected) in [(1, &[1.0][..]), (3, &[1.0, 2.0, 3.0]), (5, &[3.0, 4.0, 5.0]), (6, &[4.0, 5.0, 6.0])]
        {
            moves.clear();
            (1..=count).for_each(|length| push(&mut moves, length as f32, 2.0));
            assert_eq!(lengths(&moves), expected);
            let last = moves.last().unwrap();
            assert_eq!((last.gradient, last.curvature, last.square), (&[2.0, 0.0][..], 2.0 * count as f64, 4.0));
            let values = moves.into_values();
            assert_eq!((values.len(), values.capacity()), (4 * expected.len(), 4 * expected.len()));
            moves = Moves::new(2, 3);
            moves.restore(values);
            assert_eq!(lengths(&moves), expected);
        }
        push(&mut moves, 7.0, 2.0);
        assert_eq!(lengths(&moves), [5.0, 6.0, 7.0]);
        let mut fewer = Moves::new(2, 2);
        fewer.restore(moves.into_values());
        assert_eq!(lengths(&fewer), [6.0, 7.0]);
    }

    #[test]
    fn a_move_without_positive_curvature_is_not_stored_but_drops_the_oldest() {
        let mut moves = Moves::new(2, 2);
        for (length, curvature) in [(1.0, 1.0), (2.0, 1.0), (3.0, -1.0), (4.0, 0.0)] {
            push(&mut moves, length, curvature);
        }
        assert_eq!(lengths(&moves), [2.0]);
        push(&mut moves, 5.0, 1.0);
        assert_eq!(lengths(&moves), [2.0, 5.0]);
        assert_eq!(moves.into_values()[..2], [2.0, 0.0]);
    }
}
