//! A pass over the rows: which rows and members, what is wanted of them, and what was found.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::threads::{Threads, lock, whole};
use crate::dataset::{Dataset, Rows};
use crate::kernels::Buffer;
use crate::objective::{Objective, PerMember, Scratch, Sums, Wanted};

/// What a pass computes.
pub(super) struct PassRequest<'a> {
    /// Members whose own losses are computed.
    pub(super) members: &'a [bool],
    /// Whether the errors are that all members make together.
    pub(super) ensemble: bool,
    /// What is computed over the training rows.
    pub(super) train: OfTraining,
    /// Whether the pass covers the validation rows.
    pub(super) test: bool,
}

/// What a pass computes over the training rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OfTraining {
    /// It leaves them out.
    Nothing,
    Losses,
    /// Losses, and their gradients by the weights of each member.
    Gradients,
}

/// Errors of one set of weights.
#[derive(Debug, Clone, Copy)]
pub(super) struct Errors {
    /// Of no row where the pass has left out the training rows.
    pub(super) train: Sums,
    pub(super) test: Option<Sums>,
}

/// What a pass has found.
#[derive(Debug)]
pub(super) struct Losses {
    /// Those of all members together.
    pub(super) all: Errors,
    /// Each member's own mean loss of the training rows; empty where the pass has left them out.
    pub(super) train: Vec<f64>,
    /// Each member's own mean squared error of the validation rows, by which it is judged.
    pub(super) test: Vec<f64>,
}

/// Where losses and gradients come from.
pub(super) trait GradientSource {
    /// A pass over the rows with these weights; none if `go_on` said no meanwhile.
    fn pass(
        &mut self,
        threads: &mut Threads,
        weights: &[f32],
        request: &PassRequest<'_>,
        go_on: &(dyn Fn() -> bool + Sync),
    ) -> Option<Losses>;

    /// The gradient of the losses that the last pass has summed over the training rows, of all members; and these rows, for
    /// trainers that go through them by themselves.
    fn found(&mut self) -> (Gradient<'_>, Batches<'_>);
}

/// The training rows, and what is minimized over them.
#[derive(Clone, Copy)]
pub(super) struct Batches<'a> {
    pub(super) objective: &'a Objective,
    pub(super) rows: &'a Rows,
}

/// A gradient as parts whose sum it is, which are added up piece by piece, so that a piece stays in the cache for the step.
pub(super) struct Gradient<'a> {
    parts: Vec<&'a mut [f32]>,
}

impl<'a> Gradient<'a> {
    pub(super) fn new(parts: Vec<&'a mut [f32]>) -> Self {
        Self { parts }
    }

    /// The sum, in the order of the parts.
    pub(super) fn sum(&mut self) -> &mut [f32] {
        let (sum, others) = self.parts.split_first_mut().expect("a set of rows has a share");
        for other in others {
            sum.iter_mut().zip(other.iter()).for_each(|(sum, other)| *sum += other);
        }
        sum
    }

    /// The gradient of so many parameters after another; of fewer at the end.
    pub(super) fn chunks(self, size: usize) -> impl Iterator<Item = Self> {
        let mut rest = Some(self.parts);
        std::iter::from_fn(move || {
            let parts = rest.as_mut()?;
            if parts[0].len() <= size {
                return rest.take().map(Self::new);
            }
            let first = parts.iter_mut().map(|part| part.split_off_mut(..size).expect("it is longer"));
            Some(Self::new(first.collect()))
        })
    }
}

/// The rows of this process, whose shares a training's threads compute.
pub(super) struct LocalRows<'a> {
    dataset: &'a Dataset,
    objective: Objective,
    train: Vec<Mutex<Share>>,
    test: Vec<Mutex<Share>>,
    scratch: Vec<Mutex<Scratch>>,
}

/// A share of a set, and its sums.
struct Share {
    groups: std::ops::Range<usize>,
    sums: Sums,
    /// The members' own.
    of_members: Vec<Sums>,
    /// Empty if it takes part in no gradient.
    gradient: Buffer,
}

impl<'a> LocalRows<'a> {
    /// The rows of a training, with memory for gradients if it is going to need them.
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

    /// Shares of the larger set: more threads than that have nothing to do.
    pub(super) fn shares(&self) -> usize {
        self.train.len().max(self.test.len())
    }

    pub(super) fn has_test_rows(&self) -> bool {
        !self.test.is_empty()
    }

    /// Floating-point operations of the gradients of one member.
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
            [(train, &source.train), (test, &source.test)].map(|(asked, of)| if asked { of.len() } else { 0 });
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
                let wanted = Wanted { ensemble, own, tally: None };
                *sums = source.objective.sums(weights, rows, groups.clone(), &mut scratch, wanted, go_on);
            }
        });
        if given_up.into_inner() {
            return None;
        }
        let total = |shares: &mut [Mutex<Share>]| {
            let mut sums = Sums::default();
            shares.iter_mut().for_each(|share| sums.add(&whole(share).sums));
            sums
        };
        let train_sums = if train { total(&mut self.train) } else { Sums::default() };
        let all = Errors { train: train_sums, test: test.then(|| total(&mut self.test)) };
        let own = |shares: &mut [Mutex<Share>], of: fn(&Sums) -> f64, rows: f64| {
            let of_member =
                |member: usize| shares.iter_mut().map(|share| of(&whole(share).of_members[member])).sum::<f64>();
            (0..members.len()).map(of_member).map(|sum| sum / rows).collect()
        };
        let train = if train { own(&mut self.train, |sums| sums.loss, all.train.weight) } else { Vec::new() };
        let test = all.test.map_or_else(Vec::new, |test| own(&mut self.test, |sums| sums.squares, test.weight));
        Some(Losses { all, train, test })
    }

    fn found(&mut self) -> (Gradient<'_>, Batches<'_>) {
        let parts = self.train.iter_mut().map(|share| &mut whole(share).gradient[..]).collect();
        (Gradient::new(parts), Batches { objective: &self.objective, rows: &self.dataset.train })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gradient_is_the_sum_of_its_parts_whole_or_piece_by_piece() {
        let parts = || [vec![1.0, 2.0, 3.0, 4.0, 5.0], vec![10.0; 5], vec![100.0; 5]];
        let mut whole = parts();
        let sum = Gradient::new(whole.iter_mut().map(Vec::as_mut_slice).collect()).sum().to_vec();
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
    fn a_sum_follows_the_order_of_the_parts() {
        let mut parts = [[1e8_f32], [1.0], [-1e8], [1.0]];
        assert_eq!(Gradient::new(parts.iter_mut().map(|part| &mut part[..]).collect()).sum(), [1.0]);
    }
}
