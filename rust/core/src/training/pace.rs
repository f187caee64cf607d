//! Chooses the number of threads with which a training's cycles are fastest.
//!
//! Threads synchronize at every cycle. If one of them shares its core with a busy process, the others wait for it each
//! time, and two threads can be several times slower than one. This cannot be known in advance, so a training measures
//! a few numbers of threads for a moment each, continues with the fastest, and measures again from time to time.

/// Seconds for which each number of threads is measured; at least one cycle. They cover several time slices of the
/// system's scheduler.
const PROBE_SECONDS: f64 = 0.02;
/// Seconds that are not measured after threads were woken. On virtual machines the system may wake a thread on the core
/// of its waker, and move it to an idle core only after 50 ms.
const WAKING_SECONDS: f64 = 0.06;
/// Seconds after which the speed of the chosen number is measured again: the scheduler favours a thread that has just
/// slept, so a first measurement can be too good.
const RECHECK_SECONDS: f64 = 0.1;
/// The chosen number is kept for this many times as long as all measurements took.
const KEEP_FACTOR: f64 = 50.0;

/// The measured speeds of a training by number of threads.
#[derive(Debug)]
pub(super) struct Pace {
    /// Numbers of threads that are still to be measured; the last one is being measured.
    untried: Vec<usize>,
    /// Work per second of each number measured so far.
    speeds: Vec<(usize, f64)>,
    /// Seconds since the threads of the first measurement were woken, up to [`WAKING_SECONDS`].
    woken: f64,
    /// Work and seconds of the measurement in progress.
    work: f64,
    seconds: f64,
    /// Seconds that measurements took, and seconds since they ended.
    tried: f64,
    kept: f64,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { untried: Vec::new(), speeds: Vec::new(), woken: 0.0, work: 0.0, seconds: 0.0, tried: 0.0, kept: 0.0 }
    }

    /// The number of threads for the next cycle, at most `most`.
    pub(super) fn threads(&mut self, most: usize) -> usize {
        if self.untried.is_empty() && self.kept >= KEEP_FACTOR * self.tried {
            *self = Self { untried: candidates(most), ..Self::new() };
        }
        self.present().min(most)
    }

    /// The number that is being measured, or else the fastest.
    fn present(&self) -> usize {
        let quickest =
            || self.speeds.iter().max_by(|a, b| a.1.total_cmp(&b.1)).expect("at least one number was measured");
        self.untried.last().copied().unwrap_or_else(|| quickest().0)
    }

    /// Records the work of a cycle, in any unit, and the seconds that it took.
    pub(super) fn record(&mut self, work: f64, seconds: f64) {
        let threads = self.present();
        let is_tried = !self.untried.is_empty();
        *(if is_tried { &mut self.tried } else { &mut self.kept }) += seconds;
        if threads > 1 && self.woken < WAKING_SECONDS {
            self.woken += seconds;
            return;
        }
        self.work += work;
        self.seconds += seconds;
        if self.seconds < if is_tried { PROBE_SECONDS } else { RECHECK_SECONDS } {
            return;
        }
        let speed = self.work / self.seconds;
        (self.work, self.seconds) = (0.0, 0.0);
        if is_tried {
            self.untried.pop();
            self.speeds.push((threads, speed));
        } else if let Some(known) = self.speeds.iter_mut().find(|known| known.0 == threads) {
            known.1 = speed;
        }
    }
}

/// Numbers of threads to measure, in ascending order: one, half of them, all but one (a process may occupy a core) and
/// all. The last is measured first.
fn candidates(most: usize) -> Vec<usize> {
    let mut candidates = vec![1, most / 2, most.saturating_sub(1), most];
    candidates.retain(|&threads| threads > 0);
    candidates.sort_unstable();
    candidates.dedup();
    candidates
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Simulates a training of `seconds`, in which `cycle` returns the seconds of a cycle from the number of threads
    /// and the time. Returns the cycles done, and the time and threads of each.
    fn run(most: usize, seconds: f64, cycle: impl Fn(usize, f64) -> f64) -> (f64, Vec<(f64, usize)>) {
        let (mut pace, mut now, mut work, mut threads) = (Pace::new(), 0.0, 0.0, Vec::new());
        while now < seconds {
            let count = pace.threads(most);
            let taken = cycle(count, now);
            pace.record(1.0, taken);
            threads.push((now, count));
            (now, work) = (now + taken, work + 1.0);
        }
        (work, threads)
    }

    #[test]
    fn all_threads_work_on_idle_cores() {
        for most in [1, 2, 3, 8] {
            for length in [1e-5_f64, 0.3] {
                let (work, _) = run(most, 2000.0 * length.max(0.01), |threads, _| length / threads as f64);
                let best = 2000.0 * length.max(0.01) / length * most as f64;
                assert!(work > 0.975 * best, "{most} {length} {work} {best}");
            }
        }
    }

    #[test]
    fn if_a_core_is_busy_fewer_threads_work() {
        // Two threads are four times slower than one.
        let (work, _) = run(2, 20.0, |threads, _| if threads == 1 { 1e-5 } else { 4e-5 });
        assert!(work > 0.98 * 20.0 / 1e-5, "{work}");
        // Eight threads wait for the one whose core is busy.
        let (work, _) = run(8, 20.0, |threads, _| if threads == 8 { 2e-5 } else { 1e-5 / threads as f64 });
        assert!(work > 0.96 * 20.0 / 1e-5 * 7.0, "{work}");
    }

    #[test]
    fn a_number_of_threads_that_was_fast_only_briefly_is_dropped() {
        // Two threads are faster than one only for the first 30 ms after the second one slept.
        let awake = std::cell::Cell::new(0.0);
        let (work, _) = run(2, 20.0, |threads, _| {
            awake.set(if threads == 1 { 0.0 } else { awake.get() + 1e-4 });
            if threads == 2 && awake.get() < 0.03 { 0.5e-4 } else { 1e-4 * (threads * threads) as f64 }
        });
        assert!(work > 0.93 * 20.0 / 1e-4, "{work}");
    }

    #[test]
    fn threads_are_measured_once_they_run_on_cores_of_their_own() {
        // Two threads share a core for the first 50 ms after the second one slept.
        let awake = std::cell::Cell::new(0.0);
        let (_, threads) = run(2, 20.0, |threads, _| {
            let length = if threads == 2 && awake.get() >= 0.05 { 0.5e-4 } else { 1e-4 };
            awake.set(if threads == 1 { 0.0 } else { awake.get() + length });
            length
        });
        let one = threads.iter().filter(|(_, threads)| *threads == 1).count();
        assert!(one < threads.len() / 50, "{one} of {}", threads.len());
    }

    #[test]
    fn a_training_notices_that_cores_become_busy_and_idle_again() {
        let busy = |now: f64| (5.0..15.0).contains(&now);
        let (_, threads) = run(2, 25.0, |threads, now| match (threads, busy(now)) {
            (1, _) => 1e-4,
            (_, true) => 4e-4,
            (_, false) => 0.5e-4,
        });
        let share_of_two = |from: f64, to: f64| {
            let (mut two, mut all) = (0.0, 0.0);
            for pair in threads.windows(2).filter(|pair| (from..to).contains(&pair[0].0)) {
                let seconds = pair[1].0 - pair[0].0;
                all += seconds;
                two += if pair[0].1 == 2 { seconds } else { 0.0 };
            }
            two / all
        };
        assert!(share_of_two(0.1, 5.0) > 0.95);
        assert!(share_of_two(8.0, 15.0) < 0.05);
        assert!(share_of_two(18.0, 25.0) > 0.95);
    }

    #[test]
    fn no_more_threads_work_than_are_useful() {
        let mut pace = Pace::new();
        assert_eq!(pace.threads(8), 8);
        assert_eq!(pace.threads(3), 3, "fewer threads are useful once members have stopped");
        assert_eq!(Pace::new().threads(1), 1);
        assert_eq!(
            [1, 2, 3, 4, 9].map(candidates),
            [vec![1], vec![1, 2], vec![1, 2, 3], vec![1, 2, 3, 4], vec![1, 4, 8, 9]]
        );
    }
}
