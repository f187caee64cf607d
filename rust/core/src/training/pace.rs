//! How many threads a training works with: as many as make its cycles quickest.
//!
//! Threads meet at every cycle. Where one of them shares its core with a busy process, the others wait for it each time, and two
//! threads can be several times slower than one. Nothing tells that beforehand, so a training tries a few numbers of threads
//! for a moment each, works on with the quickest, and looks again now and then.

/// Seconds of cycles for which each number of threads is tried, and at least one cycle. It covers several turns that the system's
/// scheduler gives.
const TRIED: f64 = 0.02;
/// Seconds after which the number that was chosen is judged again: a thread that has slept is favoured by the scheduler for a while.
const JUDGED: f64 = 0.1;
/// How many times as long as all of them were tried a training works on before it looks again.
const KEPT: f64 = 50.0;

/// What a training knows of the speed of its threads.
#[derive(Debug)]
pub(super) struct Pace {
    /// Numbers of threads that are still to be tried; the last one is at present.
    untried: Vec<usize>,
    /// Work in a second with each number that has been tried since the last look.
    speeds: Vec<(usize, f64)>,
    /// Of the speed that is being measured.
    work: f64,
    seconds: f64,
    /// Seconds for which numbers were tried, and those since then.
    tried: f64,
    kept: f64,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { untried: Vec::new(), speeds: Vec::new(), work: 0.0, seconds: 0.0, tried: 0.0, kept: 0.0 }
    }

    /// How many threads of at most so many are to do the next cycle.
    pub(super) fn threads(&mut self, most: usize) -> usize {
        if self.untried.is_empty() && self.kept >= KEPT * self.tried {
            *self = Self { untried: candidates(most), ..Self::new() };
        }
        self.present().min(most)
    }

    /// The number that is being tried, or the quickest.
    fn present(&self) -> usize {
        let quickest = || self.speeds.iter().max_by(|a, b| a.1.total_cmp(&b.1)).expect("one has been tried");
        self.untried.last().copied().unwrap_or_else(|| quickest().0)
    }

    /// Notes the work of a cycle, in any unit, and how long it took.
    pub(super) fn note(&mut self, work: f64, seconds: f64) {
        let threads = self.present();
        let is_tried = !self.untried.is_empty();
        self.work += work;
        self.seconds += seconds;
        *(if is_tried { &mut self.tried } else { &mut self.kept }) += seconds;
        if self.seconds < if is_tried { TRIED } else { JUDGED } {
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
    fn a_number_that_was_quick_for_a_moment_alone_is_given_up() {
        // Two threads are quicker than one until the scheduler has had enough of it, 30 ms after the other one slept.
        let awake = std::cell::Cell::new(0.0);
        let (work, _) = run(2, 20.0, |threads, _| {
            awake.set(if threads == 1 { 0.0 } else { awake.get() + 1e-4 });
            if threads == 2 && awake.get() < 0.03 { 0.5e-4 } else { 1e-4 * (threads * threads) as f64 }
        });
        assert!(work > 0.93 * 20.0 / 1e-4, "{work}");
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
