//! The trial with which a first training without AUTOSTOP begins. It holds out a fifth of the training rows as
//! validation rows, and they decide which members, each with its own share of the automatic weight decay, generalize
//! best. A second part then trains these members on all rows.
//!
//! Weight decay alone cannot distinguish noise from structure that has not been fitted yet: for two spirals, or a sine
//! over several periods, all small weights give the same error, so decay would hold the weights where they began.

use std::sync::Arc;
use std::time::Duration;

use super::TrainOptions;
use super::control::Control;
use super::pool::Seats;
use super::session::Session;
use super::statistics::RowStatistics;
use super::task::Task;
use crate::options::{Decay, Ensemble};
use crate::random::Random;
use crate::report::{Reason, Report};
use crate::trained::Trained;

/// One training row in this many is held out.
const HELD_OUT_ONE_IN: usize = 5;
/// The least training rows for a trial. With fewer, both parts are too small: the held-out rows to rank members, the
/// others to train them.
const MIN_ROWS: usize = 40;
/// The most bytes of training rows for a trial, which copies them.
const MAX_BYTES: usize = 64 << 20;
/// The most training rows times parameters of all members in a trial: a cycle takes about a tenth of a second.
const MAX_WORK: usize = 500_000_000;
/// The least MAXCYCLES for a trial, which takes at most half of them.
const MIN_MAX_CYCLES: u64 = 50;
/// A trial takes at most this part of MAXTIME, as a divisor.
const TIME_DIVISOR: u32 = 3;
/// The least cycles after which a trial that ran out of time still decides. With fewer, its result is dropped.
const MIN_CYCLES_IN_TIME: u64 = 10;

/// The stream of random numbers that chooses the rows to hold out.
const STREAM: u64 = 6;

/// Trains to the end. None if the training is cancelled.
pub(super) async fn train(task: &Task, control: &Control, seats: &mut Seats) -> Option<(Trained, Report)> {
    if task.has_cells() {
        return super::recurrent::train(task, control, seats).await;
    }
    // The trial uses the statistics of all rows, so that its scaling and class weights are those of the second part.
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
    if report.cycles == 0 || report.reason == Reason::MaxTime && report.cycles < MIN_CYCLES_IN_TIME {
        // The trial was too slow to decide. The remaining time goes to one member.
        return train(&task.with_one_member(), None).await;
    }
    train(&task.after(made), Some(report)).await
}

impl Task {
    /// Whether a trial is allowed: neither ENSEMBLE nor L2 is set, there are enough cycles, and the rows are few enough
    /// to copy. Rows made of sequences are not divided, since several rows may come from one sequence.
    pub(super) fn allows_trial(&self) -> bool {
        let TrainOptions { max_cycles, auto_stop, .. } = self.training;
        let is_automatic = self.options.ensemble == Ensemble::Auto && self.options.l2 == Decay::Auto;
        let has_cycles = max_cycles == 0 || max_cycles >= MIN_MAX_CYCLES;
        let is_divisible = self.sequences.is_none();
        let fits = self.dataset.train.bytes_by(&|bytes| bytes) <= MAX_BYTES;
        is_automatic && is_divisible && !auto_stop && has_cycles && fits
    }

    /// Whether this task is a trial.
    pub(super) fn is_trial(&self) -> bool {
        self.reported.is_some()
    }

    /// How many members a trial of this task would train.
    pub(super) fn max_trial_members(&self) -> usize {
        let (rows, parameters) = (self.dataset.train.len(), self.layout.parameters());
        let starts = self.options.ensemble.starts(true, self.trainer().by_batches, rows, parameters);
        starts.min(MAX_WORK / rows.saturating_mul(parameters)).max(1)
    }

    /// How many members the trial trains; none if there is no trial.
    pub(super) fn trial_members(&self) -> Option<usize> {
        let has_rows = self.dataset.train.len() >= MIN_ROWS;
        let has_trial = self.trained.is_untrained() && self.allows_trial() && has_rows;
        has_trial.then(|| self.max_trial_members()).filter(|&members| members > 1)
    }

    /// The trial of this task, if there is one.
    fn trial(&self) -> Option<Self> {
        let members = self.trial_members()?;
        let held_out = self.dataset.train.len() / HELD_OUT_ONE_IN;
        let (dataset, reported) = self.dataset.holding_back(held_out, &mut Random::new(self.seed(), STREAM));
        let TrainOptions { max_cycles, max_time, .. } = self.training;
        // A limit must not be rounded to zero, which means no limit.
        let max_time = (max_time / TIME_DIVISOR).max(Duration::from_nanos(1)).min(max_time);
        let training = TrainOptions { max_cycles: max_cycles / 2, max_time, auto_stop: true, backtrack: true };
        Some(Self { dataset, training, members, reported: Some(reported), ..self.clone() })
    }

    /// The task with a single member.
    fn with_one_member(&self) -> Self {
        Self { members: 1, answering: 1, ..self.clone() }
    }

    /// The second part of the training, which continues from the result of the trial.
    fn after(&self, mut made: Trained) -> Self {
        // The second part counts time from the start of the training, which includes the trial's.
        made.statistics.total_seconds = self.trained.statistics.total_seconds;
        let members = made.decays.len();
        Self { trained: Arc::new(made), members, answering: members, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::turn::run_to_end;
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
        // No limit stays no limit, and the least limit of time does not become no limit.
        assert_eq!(limits(0, Duration::ZERO), (0, Duration::ZERO));
        assert_eq!(limits(0, Duration::from_nanos(2)), (0, Duration::from_nanos(1)));
    }

    #[test]
    fn a_trial_holds_out_a_fifth_of_the_training_rows_and_does_not_use_the_validation_rows() {
        let task = task(104, 30, 100, Duration::ZERO);
        let trial = task.trial().unwrap();
        assert_eq!((trial.dataset.train.len(), trial.dataset.test.len()), (84, 20));
        let reported = trial.reported.as_ref().unwrap();
        assert!(reported.train.len() == 0 && reported.test == task.dataset.test);
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
            (task.trial_members(), task.members)
        };
        // Rows of 33.6 and of 67.2 million bytes, which are 32 and 64.1 MiB.
        assert_eq!((starts(), starts()), ((Some(7), 4), (None, 1)));
    }

    #[test]
    fn if_cycles_take_long_a_trial_has_fewer_members() {
        let task = task(3000, 0, 100, Duration::ZERO);
        let starts = |hidden: usize| {
            let layout = Arc::new(Layout::new(&[2, hidden, 2]).unwrap());
            Task { layout, ..task.clone() }.trial_members()
        };
        // A member has 5 * hidden + 2 parameters. With one member there is nothing to choose, so there is no trial.
        assert_eq!([2000, 3000, 13_000, 14_000].map(starts), [Some(16), Some(11), Some(2), None]);
    }

    #[test]
    fn if_a_trial_runs_out_of_time_one_member_is_trained_instead() {
        let task = task(100, 0, 0, Duration::from_nanos(1));
        let (made, report) = run_to_end(train(&task, &Control::new(), &mut seats())).unwrap();
        assert_eq!((report.reason, made.members()), (Reason::MaxTime, 1));
    }

    #[test]
    fn a_trial_has_the_trainer_of_the_whole_training() {
        // Mini-batches are used from 1000 rows on. The 800 rows of the trial alone would be too few.
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
        // Seven members, with the copies of BACKTRACK, and a copy of the rows.
        assert_eq!(many.bytes(1), 7 * parameters * (4 + 9 + 9) + 2 * scratch(&many, 7) + classes + rows);
        // Validation rows need another scratch.
        let tested = task(40, 10, 100, Duration::ZERO);
        assert_eq!(tested.bytes(1), many.bytes(1) + scratch(&many, 7));
        assert_eq!((few.result_bytes(), many.result_bytes()), (4 * parameters * 9, 4 * parameters * 9));
    }

    #[test]
    fn a_stop_before_the_first_cycle_leaves_the_network_untrained() {
        let (task, control) = (task(100, 0, 100, Duration::ZERO), Control::new());
        control.stop();
        let (made, report) = run_to_end(train(&task, &control, &mut seats())).unwrap();
        assert_eq!((report.reason, report.cycles, made.members()), (Reason::Stopped, 0, 1));
        assert!(made.is_untrained() && made.weights == task.trained.weights);
        control.cancel();
        assert!(run_to_end(train(&task, &control, &mut seats())).is_none());
    }

    #[test]
    fn a_stop_after_the_trial_leaves_its_result() {
        let (task, control) = (task(100, 20, 100, Duration::ZERO), Control::new());
        let (statistics, trial) = (statistics(&task), task.trial().unwrap());
        let (made, report) = run_to_end(Session::new(&trial, &control, &statistics, None).train(&mut seats())).unwrap();
        let (weights, cycles) = (made.weights.clone(), report.cycles);
        let curve = report.curve.clone();
        assert!((1..=50).contains(&cycles) && made.statistics.total_cycles == cycles);
        control.stop();
        let after = task.after(made);
        let (left, report) =
            run_to_end(Session::new(&after, &control, &statistics, Some(report)).train(&mut seats())).unwrap();
        assert_eq!((report.reason, report.cycles, report.best_cycle), (Reason::Stopped, cycles, cycles));
        assert!(left.weights == weights && left.members() == 4 && left.statistics.total_cycles == cycles);
        assert!(report.test_error.is_some() && report.curve[..curve.len() - 1] == curve[..curve.len() - 1]);
    }

    #[test]
    fn both_parts_have_the_same_scaling_and_class_weights() {
        let task = task(100, 0, 60, Duration::ZERO);
        let statistics = statistics(&task);
        let (made, _) = run_to_end(train(&task, &Control::new(), &mut seats())).unwrap();
        assert!(made.normalization == statistics.normalization(&task.options, &task.trained));
        let given = ClassWeight::Given(statistics.class_weights(&ClassWeight::Balanced).unwrap());
        let by_hand = Task { options: Options { class_weight: given, ..task.options.clone() }, ..task };
        let (same, _) = run_to_end(train(&by_hand, &Control::new(), &mut seats())).unwrap();
        assert!(made.weights == same.weights);
    }
}
