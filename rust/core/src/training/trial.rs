//! A first training without AUTOSTOP, in two parts. The first is a trial: some of the training rows are held back as testing
//! rows, and tell which members do best on rows that they have not seen, each with its own share of the automatic weight decay.
//! In the second part these members go on with all rows.
//!
//! Weight decay alone cannot tell noise from what has not been learnt yet: of two spirals, or of a sine over several periods,
//! any small weights make the same error, so that decay would hold them where they began.

use std::sync::Arc;
use std::time::Duration;

use super::TrainOptions;
use super::control::Control;
use super::pool::Seats;
use super::session::Session;
use super::statistics::RowStatistics;
use super::task::Task;
use crate::options::{Decay, Restarts};
use crate::random::Random;
use crate::report::{Reason, Report};
use crate::trained::Trained;

/// One training row in so many is held back.
const HELD_BACK: usize = 5;
/// Training rows from which on there is a trial. Of fewer, those held back tell too little, and those left teach too little.
const LEAST_ROWS: usize = 40;
/// Bytes of training rows up to which there is a trial, which copies them.
const MOST_BYTES: usize = 64 << 20;
/// Training rows times parameters of all members that begin a trial, at most: a tenth of a second a cycle, or so.
const MOST_WORK: usize = 500_000_000;
/// Cycles from which on there is a trial, which takes half of them at most.
const LEAST_CYCLES: u64 = 50;
/// What part of the time it takes at most.
const PART_OF_TIME: u32 = 3;
/// Cycles of a trial that ran out of time from which on it tells enough.
const TELLING_CYCLES: u64 = 10;

/// The random stream that chooses the rows to hold back.
const STREAM: u64 = 6;

/// Trains to the end. None if the training is cancelled.
pub(super) async fn train(task: &Task, control: &Control, seats: &mut Seats) -> Option<(Trained, Report)> {
    if task.has_cells() {
        return super::recurrent::train(task, control, seats).await;
    }
    // Of all rows in a trial, too, so that what it has made is scaled, and its classes are weighted, as later.
    let statistics = RowStatistics::of(&task.dataset, task.schema.as_deref());
    let mut train = async |task: &Task, before| {
        if control.is_cancelled() {
            return None;
        }
        Session::new(task, control, &statistics, before).train(seats).await
    };
    let Some(trial) = task.trial() else { return train(task, None).await };
    let (made, report) = train(&trial, None).await?;
    drop(trial);
    if report.cycles == 0 || report.reason == Reason::MaxTime && report.cycles < TELLING_CYCLES {
        // It was too slow: one network has the time that is left.
        return train(&task.alone(), None).await;
    }
    train(&task.after(made), Some(report)).await
}

impl Task {
    /// Whether it can have a trial: nothing is given that a trial chooses, there are enough cycles, and not too many rows. Rows that
    /// sequences make are not parted: several may be of one sequence.
    pub(super) fn can_have_a_trial(&self) -> bool {
        let TrainOptions { max_cycles, auto_stop, .. } = self.training;
        let is_free = self.options.restarts == Restarts::Auto && self.options.l2 == Decay::Auto;
        let has_time = max_cycles == 0 || max_cycles >= LEAST_CYCLES;
        let is_parted = self.sequences.is_none();
        is_free && is_parted && !auto_stop && has_time && self.dataset.train.bytes_by(&|bytes| bytes) <= MOST_BYTES
    }

    /// Whether it is the trial of another.
    pub(super) fn is_trial(&self) -> bool {
        self.told.is_some()
    }

    /// How many members begin where a trial can choose among them.
    pub(super) fn starts_of_a_trial(&self) -> usize {
        let (rows, parameters) = (self.dataset.train.len(), self.layout.parameters());
        let starts = self.options.restarts.starts(true, self.trainer().by_batches, rows, parameters);
        starts.min(MOST_WORK / rows.saturating_mul(parameters)).max(1)
    }

    /// How many members begin the trial; none if there is no trial.
    pub(super) fn trial_starts(&self) -> Option<usize> {
        let has_rows = self.dataset.train.len() >= LEAST_ROWS;
        let has_trial = self.trained.is_untrained() && self.can_have_a_trial() && has_rows;
        has_trial.then(|| self.starts_of_a_trial()).filter(|&starts| starts > 1)
    }

    /// The trial, if there is one.
    fn trial(&self) -> Option<Self> {
        let members = self.trial_starts()?;
        let held_back = self.dataset.train.len() / HELD_BACK;
        let (dataset, told) = self.dataset.holding_back(held_back, &mut Random::new(self.seed(), STREAM));
        let TrainOptions { max_cycles, max_time, .. } = self.training;
        // Not zero, which is no limit, unless there is none.
        let max_time = (max_time / PART_OF_TIME).max(Duration::from_nanos(1)).min(max_time);
        let training = TrainOptions { max_cycles: max_cycles / 2, max_time, auto_stop: true, backtrack: true };
        Some(Self { dataset, training, members, told: Some(told), ..self.clone() })
    }

    /// The training of one network.
    fn alone(&self) -> Self {
        Self { members: 1, answering: 1, ..self.clone() }
    }

    /// The second part, which goes on from what the trial has made.
    fn after(&self, mut made: Trained) -> Self {
        // The second part counts the time from the start of the training, so that of the trial is in it.
        made.statistics.total_seconds = self.trained.statistics.total_seconds;
        let members = made.decays.len();
        Self { trained: Arc::new(made), members, answering: members, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::turn::to_the_end;
    use super::super::{Owner, Pool};
    use super::*;
    use crate::dataset::{Batch, Limits, Set};
    use crate::layout::{Kind, Layout};
    use crate::network::Network;
    use crate::options::{ClassWeight, Options};

    fn task(rows: usize, test_rows: usize, max_cycles: u64, max_time: Duration) -> Task {
        let (kind, layout) = (Kind::Classifier, Layout::new(&[2, 5, 2]).unwrap());
        let options = Options { class_weight: ClassWeight::Balanced, normalize: true, ..Options::new(kind) };
        let limits = Limits { train: 100_000, test: 100_000 };
        let mut network = Network::new(kind, layout, options, limits, 1).unwrap();
        let mut random = Random::new(7, 1);
        for (set, rows) in [(Set::Train, rows), (Set::Test, test_rows)] {
            let inputs: Vec<f32> = (0..2 * rows).map(|_| random.symmetric()).collect();
            let classes: Vec<f32> = inputs.chunks(2).map(|at| f32::from(at[0] + at[1] > 0.5)).collect();
            network.observe(&Batch::new(&inputs, 2, &classes, 1), Some(set), |_| {}).unwrap();
        }
        let training = TrainOptions { max_cycles, max_time, auto_stop: false, backtrack: false };
        Task::new(&network, training).unwrap()
    }

    fn seats() -> Seats {
        Seats::new(Pool::new(2, 1), Owner::default())
    }

    fn statistics(task: &Task) -> RowStatistics {
        RowStatistics::of(&task.dataset, None)
    }

    #[test]
    fn a_trial_has_half_of_the_cycles_and_a_third_of_the_time() {
        let limits = |cycles, time| {
            let TrainOptions { max_cycles, max_time, auto_stop, backtrack } =
                task(100, 0, cycles, time).trial().unwrap().training;
            assert!(auto_stop && backtrack);
            (max_cycles, max_time)
        };
        assert_eq!(limits(101, Duration::from_secs(3)), (50, Duration::from_secs(1)));
        // What is not limited stays so, and the least time is not taken for none.
        assert_eq!(limits(0, Duration::ZERO), (0, Duration::ZERO));
        assert_eq!(limits(0, Duration::from_nanos(2)), (0, Duration::from_nanos(1)));
    }

    #[test]
    fn a_trial_holds_back_a_fifth_of_the_training_rows_and_leaves_the_testing_rows_alone() {
        let task = task(104, 30, 100, Duration::ZERO);
        let trial = task.trial().unwrap();
        assert_eq!((trial.dataset.train.len(), trial.dataset.test.len()), (84, 20));
        let told = trial.told.as_ref().unwrap();
        assert!(told.train.len() == 0 && told.test == task.dataset.test);
        assert!(trial.trial().is_none());
    }

    #[test]
    fn rows_that_take_much_memory_are_not_copied_for_a_trial() {
        let (kind, limits) = (Kind::Regressor, Limits { train: 100_000, test: 0 });
        let layout = Layout::new(&[2000, 1]).unwrap();
        let mut network = Network::new(kind, layout, Options::new(kind), limits, 1).unwrap();
        let mut starts = || {
            let (inputs, outputs) = (vec![0.5; 2000 * 4200], vec![0.5; 4200]);
            network.observe(&Batch::new(&inputs, 2000, &outputs, 1), None, |_| {}).unwrap();
            let task = Task::new(&network, TrainOptions::default()).unwrap();
            (task.trial_starts(), task.members)
        };
        // Of 33.6 and of 67.2 million bytes, which are 32 and 64.1 MB.
        assert_eq!((starts(), starts()), ((Some(7), 4), (None, 1)));
    }

    #[test]
    fn where_cycles_take_long_fewer_members_begin() {
        let task = task(3000, 0, 100, Duration::ZERO);
        let starts = |hidden: usize| {
            let layout = Arc::new(Layout::new(&[2, hidden, 2]).unwrap());
            Task { layout, ..task.clone() }.trial_starts()
        };
        // Of 5 * hidden + 2 parameters. One alone would be no trial.
        assert_eq!([2000, 3000, 16_000, 17_000].map(starts), [Some(16), Some(11), Some(2), None]);
    }

    #[test]
    fn a_trial_without_time_leaves_what_is_left_to_one_network() {
        let task = task(100, 0, 0, Duration::from_nanos(1));
        let (made, report) = to_the_end(train(&task, &Control::new(), &mut seats())).unwrap();
        assert_eq!((report.reason, made.members()), (Reason::MaxTime, 1));
    }

    #[test]
    fn a_trial_is_trained_as_all_rows_are() {
        // Of a thousand rows mini-batches are made, of the eight hundred that a trial has they would not be.
        for rows in [999, 1000] {
            let task = task(rows, 0, 100, Duration::ZERO);
            let trial = task.trial().unwrap();
            assert!(std::ptr::eq(trial.trainer(), task.trainer()));
            assert_eq!((task.trainer().by_batches, trial.members), (rows == 1000, if rows == 1000 { 16 } else { 7 }));
        }
    }

    #[test]
    fn the_bytes_of_a_training_are_those_of_its_trial() {
        let (few, many) = (task(39, 0, 100, Duration::ZERO), task(40, 0, 100, Duration::ZERO));
        let rows = many.dataset.train.bytes_by(&|bytes| bytes);
        let parameters = 2 * 5 + 5 + 5 * 2 + 2;
        let scratch = |task: &Task, members| {
            task.objective(crate::normalization::Normalization::default(), members).scratch_bytes()
        };
        let classes = 2 * (8 + 4);
        assert_eq!(few.bytes(1), 4 * parameters * 18 + 2 * scratch(&few, 4) + classes);
        // Seven, with what BACKTRACK keeps, and a copy of the rows.
        assert_eq!(many.bytes(1), 7 * parameters * (4 + 9 + 9) + 2 * scratch(&many, 7) + classes + rows);
        // Validation rows are gone through apart.
        let tested = task(40, 10, 100, Duration::ZERO);
        assert_eq!(tested.bytes(1), many.bytes(1) + scratch(&many, 7));
        assert_eq!((few.result_bytes(), many.result_bytes()), (4 * parameters * 9, 4 * parameters * 9));
    }

    #[test]
    fn a_stop_before_the_first_cycle_leaves_a_network_that_has_learnt_nothing() {
        let (task, control) = (task(100, 0, 100, Duration::ZERO), Control::new());
        control.stop();
        let (made, report) = to_the_end(train(&task, &control, &mut seats())).unwrap();
        assert_eq!((report.reason, report.cycles, made.members()), (Reason::Stopped, 0, 1));
        assert!(made.is_untrained() && made.weights == task.trained.weights);
        control.cancel();
        assert!(to_the_end(train(&task, &control, &mut seats())).is_none());
    }

    #[test]
    fn a_stop_during_the_trial_leaves_what_it_has_made() {
        let (task, control) = (task(100, 20, 100, Duration::ZERO), Control::new());
        let (statistics, trial) = (statistics(&task), task.trial().unwrap());
        let (made, report) = to_the_end(Session::new(&trial, &control, &statistics, None).train(&mut seats())).unwrap();
        let (weights, cycles) = (made.weights.clone(), report.cycles);
        let curve = report.curve.clone();
        assert!((1..=50).contains(&cycles) && made.statistics.total_cycles == cycles);
        control.stop();
        let after = task.after(made);
        let (left, report) =
            to_the_end(Session::new(&after, &control, &statistics, Some(report)).train(&mut seats())).unwrap();
        assert_eq!((report.reason, report.cycles, report.best_cycle), (Reason::Stopped, cycles, cycles));
        assert!(left.weights == weights && left.members() == 4 && left.statistics.total_cycles == cycles);
        assert!(report.test_error.is_some() && report.curve[..curve.len() - 1] == curve[..curve.len() - 1]);
    }

    #[test]
    fn both_parts_scale_the_rows_and_weigh_the_classes_alike() {
        let task = task(100, 0, 60, Duration::ZERO);
        let statistics = statistics(&task);
        let (made, _) = to_the_end(train(&task, &Control::new(), &mut seats())).unwrap();
        assert!(made.normalization == statistics.normalization(&task.options, &task.trained));
        let given = ClassWeight::Given(statistics.class_weights(&ClassWeight::Balanced).unwrap());
        let by_hand = Task { options: Options { class_weight: given, ..task.options.clone() }, ..task };
        let (same, _) = to_the_end(train(&by_hand, &Control::new(), &mut seats())).unwrap();
        assert!(made.weights == same.weights);
    }
}
