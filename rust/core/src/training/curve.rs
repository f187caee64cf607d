//! The learning curve: errors of a training by cycle, with a bounded number of points.

use crate::report::{MAX_POINTS, Point};

/// Points per octave of cycles (from one power of two to the next) for an ensemble: the answers of members that have
/// stopped are computed for the curve alone.
const ENSEMBLE_RESOLUTION: u64 = 64;

/// Points per octave with mini-batches, where the whole pass over the rows is done for the curve alone.
const MINI_BATCH_RESOLUTION: u64 = 4;

/// Collects a curve of bounded length that is denser at its beginning, where errors change most: every cycle up to a
/// power of two, every second up to the next, every fourth up to the one after, and so on. When it is full, its
/// resolution is halved.
#[derive(Debug)]
pub(crate) struct Curve {
    points: Vec<Point>,
    /// Points per octave, once cycles are left out.
    resolution: u64,
}

impl Curve {
    #[cfg(test)]
    fn new(members: usize, by_batches: bool) -> Self {
        Self::continuing(Vec::new(), members, by_batches)
    }

    /// Makes a curve that begins with these points, if there are any.
    pub(crate) fn continuing(points: Vec<Point>, members: usize, by_batches: bool) -> Self {
        let resolution = match members {
            _ if by_batches => MINI_BATCH_RESOLUTION,
            1 => MAX_POINTS as u64,
            _ => ENSEMBLE_RESOLUTION,
        };
        Self { points, resolution }
    }

    /// Whether a point of this cycle would be part of the curve.
    pub(crate) fn includes(&self, cycle: u64) -> bool {
        let every = (cycle / self.resolution).checked_ilog2().map_or(1, |octave| 1 << octave);
        cycle.is_multiple_of(every)
    }

    pub(crate) fn add(&mut self, point: Point) {
        // A training that continues a trial begins with the trial's last cycle.
        self.points.pop_if(|last| last.cycle == point.cycle);
        // One point is reserved for the last cycle, whichever it is.
        while self.includes(point.cycle) && self.points.len() == MAX_POINTS - 1 {
            self.resolution /= 2;
            let mut points = std::mem::take(&mut self.points);
            points.retain(|point| self.includes(point.cycle));
            self.points = points;
        }
        if self.includes(point.cycle) {
            self.points.push(point);
        }
    }

    /// The points so far.
    pub(crate) fn into_points(self) -> Vec<Point> {
        self.points
    }

    /// The curve, with its last point.
    pub(crate) fn end(mut self, last: Point) -> Vec<Point> {
        if self.points.last().is_some_and(|point| point.cycle == last.cycle) {
            self.points.pop();
        }
        self.points.push(last);
        self.points.shrink_to_fit();
        self.points
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_keeps_its_first_and_last_point_and_its_length_bounded() {
        for cycles in [0u64, 1, 7, 510, 511, 512, 513, 1_000_000] {
            let mut curve = Curve::new(1, false);
            let point = |cycle| Point { cycle, train_error: 1.0, test_error: None };
            (0..=cycles).for_each(|cycle| curve.add(point(cycle)));
            let points = curve.end(point(cycles));
            assert!(points.len() <= MAX_POINTS);
            assert_eq!((points[0].cycle, points[points.len() - 1].cycle), (0, cycles));
            assert!(points.windows(2).all(|pair| pair[0].cycle < pair[1].cycle));
            assert!(points.len() as u64 > cycles.min(200));
            assert!(points.iter().take(8).enumerate().all(|(at, point)| point.cycle == at as u64), "{points:?}");
        }
    }

    #[test]
    fn a_curve_of_several_members_is_sparser_from_its_128th_cycle_on() {
        let points = |members| {
            let mut curve = Curve::new(members, false);
            let point = |cycle| Point { cycle, train_error: 1.0, test_error: None };
            (0..=300).for_each(|cycle| curve.add(point(cycle)));
            curve.end(point(301)).iter().map(|point| point.cycle).collect::<Vec<_>>()
        };
        assert_eq!(points(1), (0..=301).collect::<Vec<_>>());
        let thinner = (0..128).chain((128..256).step_by(2)).chain((256..=300).step_by(4)).chain([301]);
        assert_eq!(points(2), thinner.collect::<Vec<_>>());
    }

    #[test]
    fn a_curve_that_continues_another_has_each_cycle_once_and_stays_bounded() {
        let point = |cycle, train_error| Point { cycle, train_error, test_error: None };
        for (first, last) in [(0, 0), (50, 50), (50, 100), (3_000, 3_001), (3_000, 100_000)] {
            let mut trial = Curve::new(7, false);
            (0..=first).for_each(|cycle| trial.add(point(cycle, 1.0)));
            let mut curve = Curve::continuing(trial.end(point(first, 1.0)), 4, false);
            (first..=last).for_each(|cycle| curve.add(point(cycle, 2.0)));
            let points = curve.end(point(last, 2.0));
            assert!(points.len() <= MAX_POINTS && points.windows(2).all(|pair| pair[0].cycle < pair[1].cycle));
            assert!(points.iter().all(|point| point.train_error == if point.cycle < first { 1.0 } else { 2.0 }));
            assert_eq!((points[0].cycle, points[points.len() - 1].cycle), (0, last));
        }
    }

    #[test]
    fn a_full_curve_becomes_sparser_and_keeps_the_errors_of_its_cycles() {
        let mut curve = Curve::new(1, false);
        let point = |cycle| Point { cycle, train_error: cycle as f64, test_error: None };
        (0..=1200).for_each(|cycle| curve.add(point(cycle)));
        let points = curve.end(point(1200));
        // The limit of 512 points was reached at cycle 511, and again at 1020.
        let expected = (0..128)
            .chain((128..256).step_by(2))
            .chain((256..512).step_by(4))
            .chain((512..1024).step_by(8))
            .chain((1024..=1200).step_by(16));
        assert_eq!(points.iter().map(|point| point.cycle).collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        assert!(points.iter().all(|point| point.train_error == point.cycle as f64));
    }
}
