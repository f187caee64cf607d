//! How many threads a training works with: as many as make its cycles quickest.
//!
//! Threads meet at every cycle. Where one of them shares its core with a busy process, the others wait for it each time, and two
//! threads can be several times slower than one. Nothing tells that beforehand, so a training tries a few numbers of threads
//! for a moment each, works on with the quickest, and looks again now and then.

/// Seconds of cycles for which each number of threads is tried, and at least one cycle. It covers several turns that the system's
/// scheduler gives.
const TRIED: f64 = 0.02;
/// How many times as long as all of them were tried a training works on with the quickest.
const KEPT: f64 = 50.0;

/// What a training knows of the speed of its threads.
#[derive(Debug)]
pub(super) struct Pace {
    /// Numbers of threads that are still to be tried; the last one is at present.
    untried: Vec<usize>,
    /// The quickest so far, with its speed.
    best: (usize, f64),
    /// Work and seconds of the number that is being tried; once all have been, seconds alone.
    work: f64,
    seconds: f64,
    /// Seconds for which numbers have been tried since the last choice.
    tried: f64,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { untried: Vec::new(), best: (0, 0.0), work: 0.0, seconds: 0.0, tried: 0.0 }
    }

    /// How many threads of at most so many are to do the next cycle.
    pub(super) fn threads(&mut self, most: usize) -> usize {
        if self.untried.is_empty() && (self.best.0 == 0 || self.seconds > KEPT * self.tried) {
            self.untried = candidates(most);
            (self.best, self.work, self.seconds, self.tried) = ((0, 0.0), 0.0, 0.0, 0.0);
        }
        self.untried.last().map_or(self.best.0, |&threads| threads).min(most)
    }

    /// Notes the work of a cycle, in any unit, and how long it took.
    pub(super) fn note(&mut self, work: f64, seconds: f64) {
        self.seconds += seconds;
        let Some(&threads) = self.untried.last() else { return };
        self.work += work;
        if self.seconds >= TRIED {
            let speed = self.work / self.seconds;
            if self.best.0 == 0 || speed > self.best.1 {
                self.best = (threads, speed);
            }
            self.tried += self.seconds;
            (self.work, self.seconds) = (0.0, 0.0);
            self.untried.pop();
        }
    }
}

/// Numbers of threads that are worth trying, that to be tried first at the end: all, all but one for a busy process, half of them,
/// and one.
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

    /// Seconds of work, and of how many threads each cycle had, of a training of so many seconds, where a cycle takes so long with
    /// so many threads after so many seconds.
    fn run(most: usize, seconds: f64, cycle: impl Fn(usize, f64) -> f64) -> (f64, Vec<(f64, usize)>) {
        let (mut pace, mut now, mut work, mut threads) = (Pace::new(), 0.0, 0.0, Vec::new());
        while now < seconds {
            let count = pace.threads(most);
            let taken = cycle(count, now);
            pace.note(1.0, taken);
            threads.push((now, count));
            (now, work) = (now + taken, work + 1.0);
        }
        (work, threads)
    }

    #[test]
    fn with_idle_cores_all_threads_work_nearly_always() {
        for most in [1, 2, 3, 8] {
            for length in [1e-5_f64, 0.3] {
                let (work, _) = run(most, 2000.0 * length.max(0.01), |threads, _| length / threads as f64);
                let best = 2000.0 * length.max(0.01) / length * most as f64;
                assert!(work > 0.975 * best, "{most} {length} {work} {best}");
            }
        }
    }

    #[test]
    fn with_a_busy_core_fewer_threads_work() {
        // Two threads are four times slower than one.
        let (work, _) = run(2, 20.0, |threads, _| if threads == 1 { 1e-5 } else { 4e-5 });
        assert!(work > 0.98 * 20.0 / 1e-5, "{work}");
        // Eight threads wait for the one whose core is busy.
        let (work, _) = run(8, 20.0, |threads, _| if threads == 8 { 2e-5 } else { 1e-5 / threads as f64 });
        assert!(work > 0.96 * 20.0 / 1e-5 * 7.0, "{work}");
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
    fn no_more_threads_work_than_have_something_to_do() {
        let mut pace = Pace::new();
        assert_eq!(pace.threads(8), 8);
        assert_eq!(pace.threads(3), 3, "members have ended meanwhile");
        assert_eq!(Pace::new().threads(1), 1);
        assert_eq!(
            [1, 2, 3, 4, 9].map(candidates),
            [vec![1], vec![1, 2], vec![1, 2, 3], vec![1, 2, 3, 4], vec![1, 4, 8, 9]]
        );
    }
}
