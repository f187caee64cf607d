//! A pass over the rows, which computes losses and gradients: its request, its results, and how shares of the rows are
//! spread over threads.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::threads::{Threads, exclusive, lock};
use crate::dataset::{Dataset, Rows};
use crate::kernels::Buffer;
use crate::objective::{Objective, PerMember, Scratch, Sums, SumsRequest};

/// What a pass computes.
pub(super) struct PassRequest<'a> {
    /// For each member, whether its own losses are computed.
    pub(super) members: &'a [bool],
    /// Whether the errors of the averaged answer of all members are computed.
    pub(super) ensemble: bool,
    /// What the pass computes over the training rows.
    pub(super) train: OfTraining,
    /// Whether the pass covers the validation rows.
    pub(super) test: bool,
}

/// What a pass computes over the training rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OfTraining {
    /// Nothing: the training rows are skipped.
    Nothing,
    /// Losses.
    Losses,
    /// Losses, and the gradient with respect to the weights of each member.
    Gradients,
}

/// Errors of one set of weights.
#[derive(Debug, Clone, Copy)]
pub(super) struct Errors {
    /// Sums over the training rows; of no row if the pass skipped them.
    pub(super) train: Sums,
    /// Sums over the validation rows; none if the pass skipped them.
    pub(super) test: Option<Sums>,
}

/// The losses that a pass computed.
#[derive(Debug)]
pub(super) struct Losses {
    /// Errors of the averaged answer of all members.
    pub(super) all: Errors,
    /// Each member's own mean loss of the training rows; empty if the pass skipped them.
    pub(super) train: Vec<f64>,
    /// Each member's own mean squared error of the validation rows, which decides when it stops; empty if the pass
    /// skipped them.
    pub(super) test: Vec<f64>,
}

/// Where losses and gradients come from.
pub(super) trait GradientSource {
    /// Computes a pass over the rows with these weights. None if `go_on` returned false meanwhile.
    fn pass(
        &mut self,
        threads: &mut Threads,
        weights: &[f32],
        request: &PassRequest<'_>,
        go_on: &(dyn Fn() -> bool + Sync),
    ) -> Option<Losses>;

    /// The gradient of the sum of losses over the training rows, of all members, from the last pass; and the training
    /// rows, for trainers that compute gradients of mini-batches.
    fn gradient(&mut self) -> (Gradient<'_>, Batches<'_>);
}

/// The training rows, and the objective over them.
#[derive(Clone, Copy)]
pub(super) struct Batches<'a> {
    pub(super) objective: &'a Objective,
    pub(super) rows: &'a Rows,
}

/// A gradient as parts that are still to be added up. They are added chunk by chunk, so that a chunk is in the cache
/// when the step reads it.
pub(super) struct Gradient<'a> {
    parts: Vec<&'a mut [f32]>,
}

impl<'a> Gradient<'a> {
    pub(super) fn new(parts: Vec<&'a mut [f32]>) -> Self {
        Self { parts }
    }

    /// Adds up the parts in their order and returns the sum, which takes the place of the first part.
    pub(super) fn sum(&mut self) -> &mut [f32] {
        let (sum, others) = self.parts.split_first_mut().expect("a gradient has at least one part");
        for other in others {
            sum.iter_mut().zip(other.iter()).for_each(|(sum, other)| *sum += other);
        }
        sum
    }

    /// Splits the gradient into chunks of `size` parameters; the last one may be shorter.
    pub(super) fn chunks(self, size: usize) -> impl Iterator<Item = Self> {
        let mut rest = Some(self.parts);
        std::iter::from_fn(move || {
            let parts = rest.as_mut()?;
            if parts[0].len() <= size {
                return rest.take().map(Self::new);
            }
            let first =
                parts.iter_mut().map(|part| part.split_off_mut(..size).expect("all parts are as long as the first"));
            Some(Self::new(first.collect()))
        })
    }
}

/// The rows in memory, in shares that the threads of a training compute.
pub(super) struct LocalRows<'a> {
    dataset: &'a Dataset,
    objective: Objective,
    train: Vec<Mutex<Share>>,
    test: Vec<Mutex<Share>>,
    scratch: Vec<Mutex<Scratch>>,
}

/// A share of a set: a range of groups of rows, with its sums.
struct Share {
    groups: std::ops::Range<usize>,
    /// Sums of the averaged answer of all members.
    sums: Sums,
    /// Each member's own sums.
    of_members: Vec<Sums>,
    /// The share's part of the gradient; empty if gradients are not needed.
    gradient: Buffer,
}

impl<'a> LocalRows<'a> {
    /// Divides the rows of a training into shares. Memory for gradients is allocated only with `gradients`.
    pub(super) fn new(dataset: &'a Dataset, objective: Objective, gradients: bool) -> Self {
        let shares = |rows: &Rows, parameters: usize| {
            let share = |groups| {
                let of_members = vec![Sums::default(); objective.members()];
                Mutex::new(Share { groups, sums: Sums::default(), of_members, gradient: Buffer::new(parameters) })
            };
            objective.shares(rows).into_iter().map(share).collect()
        };
        let parameters = if gradients { objective.parameters() } else { 0 };
        let (train, test) = (shares(&dataset.train, parameters), shares(&dataset.test, 0));
        Self { dataset, train, test, scratch: Vec::new(), objective }
    }

    /// Shares of the larger set, which bounds the number of threads that have something to do.
    pub(super) fn shares(&self) -> usize {
        self.train.len().max(self.test.len())
    }

    pub(super) fn has_test_rows(&self) -> bool {
        !self.test.is_empty()
    }

    /// Floating-point operations of one member's gradient over the training rows.
    pub(super) fn operations(&self) -> usize {
        self.dataset.train.len() * self.objective.operations()
    }
}

impl GradientSource for LocalRows<'_> {
    fn pass(
        &mut self,
        threads: &mut Threads,
        weights: &[f32],
        request: &PassRequest<'_>,
        go_on: &(dyn Fn() -> bool + Sync),
    ) -> Option<Losses> {
        while self.scratch.len() < threads.count() {
            self.scratch.push(Mutex::new(self.objective.scratch()));
        }
        let &PassRequest { members, ensemble, train, test } = request;
        let (train, gradients) = (train != OfTraining::Nothing, train == OfTraining::Gradients);
        let source = &*self;
        let [of_train, of_test] =
            [(train, &source.train), (test, &source.test)].map(|(included, of)| if included { of.len() } else { 0 });
        let next = AtomicUsize::new(0);
        let given_up = AtomicBool::new(false);
        threads.run(|worker| {
            let mut scratch = lock(&source.scratch[worker]);
            let go_on = || {
                let stop = given_up.load(Ordering::Relaxed) || !go_on();
                given_up.store(stop, Ordering::Relaxed);
                !stop
            };
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= of_train + of_test {
                    return;
                }
                let (rows, share, gradients) = match index.checked_sub(of_train) {
                    None => (&source.dataset.train, &source.train[index], gradients),
                    Some(index) => (&source.dataset.test, &source.test[index], false),
                };
                let Share { groups, sums, of_members, gradient } = &mut *lock(share);
                of_members.fill(Sums::default());
                let gradients = gradients.then(|| {
                    gradient.fill(0.0);
                    &mut gradient[..]
                });
                let own = Some(PerMember { members, sums: of_members, gradients });
                let sums_request = SumsRequest { ensemble, own, tally: None };
                *sums = source.objective.sums(weights, rows, groups.clone(), &mut scratch, sums_request, go_on);
            }
        });
        if given_up.into_inner() {
            return None;
        }
        let total = |shares: &mut [Mutex<Share>]| {
            let mut sums = Sums::default();
            shares.iter_mut().for_each(|share| sums.add(&exclusive(share).sums));
            sums
        };
        let train_sums = if train { total(&mut self.train) } else { Sums::default() };
        let all = Errors { train: train_sums, test: test.then(|| total(&mut self.test)) };
        let own = |shares: &mut [Mutex<Share>], of: fn(&Sums) -> f64, rows: f64| {
            let of_member =
                |member: usize| shares.iter_mut().map(|share| of(&exclusive(share).of_members[member])).sum::<f64>();
            (0..members.len()).map(of_member).map(|sum| sum / rows).collect()
        };
        let train = if train { own(&mut self.train, |sums| sums.loss, all.train.weight) } else { Vec::new() };
        let test = all.test.map_or_else(Vec::new, |test| own(&mut self.test, |sums| sums.squares, test.weight));
        Some(Losses { all, train, test })
    }

    fn gradient(&mut self) -> (Gradient<'_>, Batches<'_>) {
        let parts = self.train.iter_mut().map(|share| &mut exclusive(share).gradient[..]).collect();
        (Gradient::new(parts), Batches { objective: &self.objective, rows: &self.dataset.train })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gradient_is_the_sum_of_its_parts_whole_or_in_chunks() {
        let parts = || [vec![1.0, 2.0, 3.0, 4.0, 5.0], vec![10.0; 5], vec![100.0; 5]];
        let mut exclusive = parts();
        let sum = Gradient::new(exclusive.iter_mut().map(Vec::as_mut_slice).collect()).sum().to_vec();
        assert_eq!(sum, [111.0, 112.0, 113.0, 114.0, 115.0]);
        for size in [1, 2, 5, 7] {
            let mut pieces = parts();
            let chunks = Gradient::new(pieces.iter_mut().map(Vec::as_mut_slice).collect()).chunks(size);
            let found: Vec<Vec<f32>> = chunks.map(|mut chunk| chunk.sum().to_vec()).collect();
            assert_eq!(found.len(), 5usize.div_ceil(size));
            assert_eq!(found.concat(), sum);
        }
    }

    #[test]
    fn parts_are_added_in_their_order() {
        let mut parts = [[1e8_f32], [1.0], [-1e8], [1.0]];
        assert_eq!(Gradient::new(parts.iter_mut().map(|part| &mut part[..]).collect()).sum(), [1.0]);
    }
}
