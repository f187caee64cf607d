//! The search for a minimum, of one member of a network, by L-BFGS.
//!
//! Liu and Nocedal, "On the limited memory BFGS method for large scale optimization", Mathematical Programming 45, 1989;
//! Nocedal and Wright, "Numerical Optimization", 2006, algorithm 7.4. The last moves, with the changes of the gradient that
//! they brought, tell how the function bends; a direction is the gradient, corrected by that. Every cycle evaluates the
//! function once, at a trial: if it has fallen enough there, the trial becomes the place from which the next direction
//! goes, else the step is shortened.
//!
//! Only falling enough is asked of a trial, not that the slope has flattened (Wolfe's second condition), which would cost
//! more cycles: a move along which the function bends downwards is simply not remembered.

use super::moves::Moves;
use super::{MemberFound, Verdict, WeightDecay};
use crate::kernels::{MAX_SIZE, MIN_SIZE, kernels};
use crate::trainer_state::{MOST_MOVES, MOST_SHORTENED, RpropMember, SearchState};

/// How much of the fall that the slope promises is enough (Armijo's condition).
const ENOUGH: f64 = 1e-4;
/// Rises of this share of the function are its rounding: losses are computed in single precision.
const ROUNDING: f64 = 1e-7;
/// A step is shortened to between these shares of itself.
const SHORTENED: (f64, f64) = (0.1, 0.5);

/// How far one member is.
pub(super) struct Search {
    /// Where the present step begins.
    weights: Vec<f32>,
    /// What is minimized, there, and its gradient. Nothing has been evaluated yet if it is infinite.
    objective: f64,
    gradient: Vec<f32>,
    /// Weight decay of the present step. It is chosen from the loss where the step begins, and both ends of a step are
    /// compared under the same.
    decay: f32,
    /// Weight decay of the step before, under which the gradient was first computed; 0 if there was none.
    decay_before: f32,
    direction: Vec<f32>,
    /// How much the objective falls along the direction, there: below 0, or 0 if there is no direction.
    slope: f64,
    /// The length of the step, as a multiple of the direction.
    step: f64,
    shortened: u32,
    moves: Moves,
    /// What an earlier training remembered, until the first look at its weights.
    saved: Option<SearchState>,
}

impl Search {
    /// A search over so many parameters that remembers so many moves. It goes on from what an earlier one remembered if the
    /// objective at the weights is still the same to the last bit.
    pub(super) fn new(parameters: usize, most_moves: usize, saved: SearchState) -> Self {
        Self {
            weights: vec![0.0; parameters],
            objective: f64::INFINITY,
            gradient: vec![0.0; parameters],
            decay: 0.0,
            decay_before: 0.0,
            direction: vec![0.0; parameters],
            slope: 0.0,
            step: 0.0,
            shortened: 0,
            moves: Moves::new(parameters, most_moves),
            saved: Some(saved).filter(SearchState::has_begun),
        }
    }

    /// Keeps the trial, or takes it back if the objective has not fallen enough. RPROP's state becomes one to go on from:
    /// step sizes as large as the last move, no signs.
    pub(super) fn judge(
        &mut self,
        decay: &WeightDecay,
        found: &mut MemberFound<'_>,
        rprop: &mut RpropMember<'_>,
    ) -> Verdict {
        let MemberFound { member, weights, loss, rows, gradient } = found;
        let (gradient, scale) = (gradient.sum(), (1.0 / *rows) as f32);
        gradient.iter_mut().for_each(|gradient| *gradient *= scale);
        let of_weights = decay.at(*member, *rows, *loss);
        let objective = *loss + decay.penalty(of_weights, weights);
        let saved = self.saved.take().filter(|saved| saved.objective.to_bits() == objective.to_bits());
        if self.has_begun() {
            decay.add_gradient(self.decay, weights, gradient);
            let objective = *loss + decay.penalty(self.decay, weights);
            let slope = dot(gradient, &self.direction);
            let enough = self.objective + ENOUGH * self.step * self.slope + ROUNDING * self.objective;
            // A slope that is a number says that the gradient is one, too.
            if !(objective <= enough && slope.is_finite()) {
                self.shorten(objective, slope);
                self.take_back(weights);
                return Verdict::Rejected;
            }
            self.remember(weights, gradient, rprop);
            self.decay_before = self.decay;
        } else {
            // The sum is formed as it was then, so that it is rounded as it was.
            self.decay_before = saved.as_ref().map_or(0.0, |saved| saved.decay_before);
            decay.add_gradient(self.decay_before, weights, gradient);
        }
        self.decay = of_weights;
        decay.add_gradient(self.decay - self.decay_before, weights, gradient);
        (self.objective, *rprop.objective) = (objective, objective);
        self.weights.copy_from_slice(weights);
        self.gradient.copy_from_slice(gradient);
        self.shortened = 0;
        if let Some(SearchState { step, shortened, moves, .. }) = saved {
            self.moves.restore(moves);
            self.aim();
            (self.step, self.shortened) = (step, shortened);
        } else {
            self.aim();
        }
        Verdict::Kept
    }

    /// Moves the weights to the next trial.
    pub(super) fn go_on(&self, weights: &mut [f32]) {
        weights.copy_from_slice(&self.weights);
        (kernels().add_scaled)(self.step as f32, &self.direction, weights);
    }

    /// Puts the weights back to where the present step begins, if there is such a place.
    pub(super) fn take_back(&self, weights: &mut [f32]) {
        if self.has_begun() {
            weights.copy_from_slice(&self.weights);
        }
    }

    /// Forgets everything, since the weights have become others.
    pub(super) fn forget(&mut self) {
        (self.objective, self.saved) = (f64::INFINITY, None);
    }

    /// What the next training goes on from.
    pub(super) fn into_state(self) -> SearchState {
        if !self.has_begun() {
            return self.saved.unwrap_or(SearchState::NONE);
        }
        let Self { objective, step, decay_before, shortened, moves, .. } = self;
        SearchState { objective, step, decay_before, shortened, moves: moves.into_values() }
    }

    fn has_begun(&self) -> bool {
        self.objective < f64::INFINITY
    }

    /// Shortens the step to the minimum of the cubic that has the objectives and slopes of both its ends (Nocedal and
    /// Wright, 3.59), within bounds.
    fn shorten(&mut self, objective: f64, slope: f64) {
        self.shortened += 1;
        if self.shortened > MOST_SHORTENED {
            self.moves.clear();
            self.shortened = 0;
            return self.aim();
        }
        let (low, high) = (SHORTENED.0 * self.step, SHORTENED.1 * self.step);
        let first = self.slope + slope - 3.0 * (objective - self.objective) / self.step;
        let second = (first * first - self.slope * slope).sqrt();
        let least = self.step * (1.0 - (slope + second - first) / (slope - self.slope + 2.0 * second));
        self.step = if least.is_finite() { least.clamp(low, high) } else { low };
    }

    fn remember(&mut self, weights: &[f32], gradient: &[f32], rprop: &mut RpropMember<'_>) {
        let moved = self.moves.push((weights, &self.weights), (gradient, &self.gradient));
        for (size, moved) in rprop.sizes.iter_mut().zip(moved) {
            *size = moved.abs().clamp(MIN_SIZE, MAX_SIZE);
        }
        rprop.signs.fill(0);
    }

    /// Chooses the direction, by the recursion over the moves, and the length of the first step.
    fn aim(&mut self) {
        let direction = &mut self.direction;
        direction.clear();
        direction.extend(self.gradient.iter().map(|gradient| -gradient));
        if let Some(last) = self.moves.last() {
            let mut shares = [0.0; MOST_MOVES];
            for (of, share) in self.moves.iter().zip(&mut shares).rev() {
                *share = dot(of.weights, direction) / of.bend;
                (kernels().add_scaled)(-*share as f32, of.gradient, direction);
            }
            let scale = (last.bend / last.square) as f32;
            direction.iter_mut().for_each(|direction| *direction *= scale);
            for (of, share) in self.moves.iter().zip(&shares) {
                let share = share - dot(of.gradient, direction) / of.bend;
                (kernels().add_scaled)(share as f32, of.weights, direction);
            }
            self.slope = dot(direction, &self.gradient);
            self.step = 1.0;
            if self.slope < 0.0 && self.slope.is_finite() {
                return;
            }
            self.moves.clear();
            return self.aim();
        }
        // Nothing is known of how the function bends: straight down, by no more than 1.
        let square = dot(&self.gradient, &self.gradient);
        if square.is_finite() {
            (self.slope, self.step) = (-square, square.sqrt().recip().min(1.0));
        } else {
            self.direction.fill(0.0);
            (self.slope, self.step) = (0.0, 1.0);
        }
    }
}

pub(super) fn dot(a: &[f32], b: &[f32]) -> f64 {
    let mut sum = 0.0;
    (kernels().dot)(a, b, &mut sum);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::{Kind, Layout};
    use crate::options::{Decay, Options};
    use crate::trainer_state::RpropState;
    use crate::training::pass::Gradient;

    /// Parameters: a bias that does not decay, and weights that do.
    const COUNT: usize = 40;

    fn layout() -> Layout {
        Layout::new(&[COUNT - 1, 1]).unwrap()
    }

    /// Runs so many cycles on a function with its gradient, and returns the weights that are kept with how many trials were
    /// taken back.
    fn run(function: impl Fn(&[f32]) -> (f64, Vec<f32>), decay: f32, cycles: usize) -> (Vec<f32>, usize) {
        let mut weights = vec![0.5; COUNT];
        let (_, back) = go_on(&function, decay, cycles, &mut weights, SearchState::NONE);
        (weights, back)
    }

    fn go_on(
        function: &impl Fn(&[f32]) -> (f64, Vec<f32>),
        decay: f32,
        cycles: usize,
        weights: &mut [f32],
        saved: SearchState,
    ) -> (SearchState, usize) {
        let (layout, options) = (layout(), Options { l2: Decay::Fixed(decay), ..Options::new(Kind::Regressor) });
        let decay = WeightDecay::new(&layout, &options, &[1.0]);
        let (mut search, mut rprop) = (Search::new(COUNT, MOST_MOVES, saved), RpropState::new(COUNT, 1));
        let mut back = 0;
        for _ in 0..cycles {
            let (loss, gradient) = function(weights);
            // Two shares, of rows that weigh 4 together.
            let mut shares = [gradient.clone(), gradient];
            shares.iter_mut().flatten().for_each(|gradient| *gradient *= 2.0);
            let gradient = Gradient::new(shares.iter_mut().map(Vec::as_mut_slice).collect());
            let mut found = MemberFound { member: 0, weights, loss, rows: 4.0, gradient };
            let verdict = search.judge(&decay, &mut found, &mut rprop.members_mut().next().unwrap());
            back += usize::from(verdict == Verdict::Rejected);
            assert!(rprop.sizes.iter().all(|size| (MIN_SIZE..=MAX_SIZE).contains(size)));
            search.go_on(weights);
        }
        search.take_back(weights);
        (search.into_state(), back)
    }

    /// How much the function bends along each parameter: a thousand times as much along the last as along the first.
    fn bends() -> impl Iterator<Item = f64> {
        (0..COUNT).map(|at| 1000f64.powf(at as f64 / (COUNT - 1) as f64))
    }

    /// A valley with its bottom at 2.
    fn valley(weights: &[f32]) -> (f64, Vec<f32>) {
        let off = || weights.iter().map(|w| f64::from(*w) - 2.0).zip(bends());
        let error = off().map(|(off, bend)| off * off * bend / 2.0).sum();
        (error, off().map(|(off, bend)| (off * bend) as f32).collect())
    }

    #[test]
    fn a_narrow_valley_is_followed_to_its_bottom() {
        let (weights, back) = run(valley, 0.0, 150);
        assert!(weights.iter().all(|w| (w - 2.0).abs() < 1e-3), "{weights:?}");
        assert!(back < 50, "{back}");
        // With decay the bottom is elsewhere, but for the bias.
        let (weights, _) = run(valley, 10.0, 150);
        for (at, (&w, bend)) in weights.iter().zip(bends()).enumerate() {
            let bottom = if at == 0 { 2.0 } else { 2.0 * bend / (bend + 10.0) };
            assert!((f64::from(w) - bottom).abs() < 1e-3, "{at}: {w} is not {bottom}");
        }
    }

    #[test]
    fn a_trial_that_is_no_number_or_infinite_is_taken_back_and_the_step_shortened() {
        for nonsense in [f64::NAN, f64::INFINITY] {
            // The logarithm's barrier: a number on one side alone. The bottom is at 1 / 100.
            let barrier = |weights: &[f32]| {
                let inside = weights.iter().all(|w| *w > 0.0);
                let error = weights.iter().map(|w| f64::from(*w) * 100.0 - f64::from(*w).ln()).sum();
                (if inside { error } else { nonsense }, weights.iter().map(|w| 100.0 - 1.0 / w).collect())
            };
            let (weights, back) = run(barrier, 0.0, 150);
            assert!(weights.iter().all(|w| (w - 0.01).abs() < 1e-4), "{weights:?}");
            assert!(back > 0);
        }
        // A gradient that is none is as bad as such an error.
        let torn = |weights: &[f32]| {
            let (error, mut gradient) = valley(weights);
            gradient[7] = if weights[7] > 1.0 { f32::NAN } else { gradient[7] };
            (error, gradient)
        };
        let (weights, back) = run(torn, 0.0, 150);
        assert!(weights.iter().all(|w| w.is_finite()) && weights[7] <= 1.0 && back > 0, "{weights:?}");
    }

    #[test]
    fn without_a_way_down_the_weights_stay() {
        let flat = |_: &[f32]| (1.0, vec![0.0; COUNT]);
        assert_eq!(run(flat, 0.0, 10).0, [0.5; COUNT]);
        let lost = |_: &[f32]| (f64::NAN, vec![f32::NAN; COUNT]);
        assert_eq!(run(lost, 0.0, 10).0, [0.5; COUNT]);
        // A gradient that promises what no step keeps.
        let up = |weights: &[f32]| {
            let off: f64 = weights.iter().map(|w| f64::from((w - 0.5).abs())).sum();
            (off, vec![1.0; COUNT])
        };
        assert_eq!(run(up, 0.0, 100).0, [0.5; COUNT]);
    }

    #[test]
    fn a_search_that_is_interrupted_anywhere_takes_the_same_steps() {
        for decay in [0.0, 10.0] {
            let run = |parts: &[usize]| {
                let (mut weights, mut state) = (vec![0.5; COUNT], SearchState::NONE);
                for (part, cycles) in parts.iter().enumerate() {
                    // The first cycle of those that follow looks once more at the weights that the one before left.
                    let cycles = if part == 0 { *cycles } else { cycles + 1 };
                    (state, _) = go_on(&valley, decay, cycles, &mut weights, state);
                }
                (weights, state)
            };
            let at_once = run(&[60]);
            assert!(at_once.1.moves.len() / (2 * COUNT) == MOST_MOVES, "more moves were made than are remembered");
            for cut in 1..60 {
                assert!(run(&[cut, 60 - cut]) == at_once, "{cut}");
            }
        }
    }

    #[test]
    fn where_the_objective_is_another_a_search_begins_anew() {
        let mut weights = vec![0.5; COUNT];
        let (state, _) = go_on(&valley, 0.0, 20, &mut weights, SearchState::NONE);
        let higher = |weights: &[f32]| {
            let (loss, gradient) = valley(weights);
            (loss + 1.0, gradient)
        };
        let (mut other, mut new) = (weights.clone(), weights);
        let found = go_on(&higher, 0.0, 5, &mut other, state);
        assert!(found == go_on(&higher, 0.0, 5, &mut new, SearchState::NONE) && other == new);
    }

    /// A search that has begun where all weights are 0, with this gradient.
    fn begun(objective: f64, gradient: &[f32]) -> Search {
        let mut search = Search::new(gradient.len(), MOST_MOVES, SearchState::NONE);
        search.objective = objective;
        search.gradient.copy_from_slice(gradient);
        search.aim();
        search
    }

    #[test]
    fn the_first_step_goes_straight_down_and_is_no_longer_than_1() {
        for (gradient, slope, step) in [([3.0, -4.0], -25.0, 0.2), ([0.3, 0.4], -0.25, 1.0), ([0.0, 0.0], -0.0, 1.0)] {
            let search = begun(1.0, &gradient);
            assert_eq!(search.direction, gradient.map(|gradient: f32| -gradient));
            assert!((search.slope - slope).abs() < 1e-7 && (search.step - step).abs() < 1e-7, "{gradient:?}");
        }
        let lost = begun(1.0, &[f32::MAX, 1.0]);
        assert!(lost.slope == 0.0 || lost.slope.is_finite());
        let lost = begun(1.0, &[f32::NAN, 1.0]);
        assert_eq!((lost.direction, lost.slope, lost.step), (vec![0.0; 2], 0.0, 1.0));
    }

    #[test]
    fn a_step_is_shortened_to_the_minimum_of_the_cubic_through_both_ends() {
        // Its slope is (t - least) (t + 2).
        let cubic = |least: f64, t: f64| t.powi(3) / 3.0 + (2.0 - least) * t * t / 2.0 - 2.0 * least * t;
        let slope = |least: f64, t: f64| (t - least) * (t + 2.0);
        let shortened = |least: f64, from: f64| {
            let mut search = begun(7.0, &[1.0]);
            (search.slope, search.step) = (slope(least, 0.0), from);
            search.shorten(7.0 + cubic(least, from), slope(least, from));
            assert_eq!(search.shortened, 1);
            search.step
        };
        for (least, from, expected) in [(0.3, 2.0, 0.3), (0.9, 2.0, 0.9), (0.25, 0.75, 0.25)] {
            assert!((shortened(least, from) - expected).abs() < 1e-9, "{least} {from}: {}", shortened(least, from));
        }
        // Neither by too little nor by too much.
        assert!((shortened(1.5, 2.0) - 1.0).abs() < 1e-9 && (shortened(0.1, 2.0) - 0.2).abs() < 1e-9);
        let mut search = begun(7.0, &[1.0]);
        (search.slope, search.step) = (-1.0, 2.0);
        search.shorten(f64::INFINITY, 1.0);
        assert!((search.step - 0.2).abs() < 1e-9, "where nothing is known by as much as may be");
    }

    #[test]
    fn a_step_that_was_shortened_too_often_begins_anew_without_moves() {
        let mut search = begun(7.0, &[3.0, -4.0]);
        for times in 1..=MOST_SHORTENED {
            search.shorten(f64::INFINITY, 1.0);
            assert!(search.shortened == times && search.step < 0.2);
        }
        search.shorten(f64::INFINITY, 1.0);
        assert_eq!((search.shortened, search.moves.last().is_none()), (0, true));
        assert!((search.step - 0.2).abs() < 1e-7);
    }

    #[test]
    fn a_trial_is_kept_if_it_falls_by_enough_of_what_its_slope_promises() {
        let no_decay =
            WeightDecay::new(&layout(), &Options { l2: Decay::Fixed(0.0), ..Options::new(Kind::Regressor) }, &[1.0]);
        let judge = |fall: f64| {
            let mut gradient = vec![0.0; COUNT];
            // A slope of -4 and a step of a half: it promises a fall of 2.
            gradient[0] = 2.0;
            let mut search = begun(4.0, &gradient);
            let mut weights = vec![0.0; COUNT];
            search.go_on(&mut weights);
            let mut rprop = RpropState::new(COUNT, 1);
            rprop.signs.fill(1);
            let gradient = Gradient::new(vec![&mut gradient]);
            let mut found = MemberFound { member: 0, weights: &mut weights, loss: 4.0 - fall, rows: 1.0, gradient };
            let verdict = search.judge(&no_decay, &mut found, &mut rprop.members_mut().next().unwrap());
            (verdict, weights[0], search, rprop)
        };
        // A ten-thousandth of 2, but for the rounding of 4.
        let (enough, rounding) = (1e-4 * 2.0, 1e-7 * 4.0);
        let (verdict, weight, search, rprop) = judge(enough - 0.9 * rounding);
        assert_eq!((verdict, weight, search.objective), (Verdict::Kept, -1.0, 4.0 - enough + 0.9 * rounding));
        assert_eq!((&search.weights[..2], search.shortened), (&[-1.0, 0.0][..], 0));
        // RPROP would go on with steps as large as the move, and without signs.
        assert_eq!((&rprop.sizes[..2], rprop.objectives[0]), (&[1.0, MIN_SIZE][..], search.objective));
        assert!(rprop.signs.iter().all(|&sign| sign == 0));
        let (verdict, weight, search, rprop) = judge(enough - 1.1 * rounding);
        assert_eq!((verdict, weight, search.objective), (Verdict::Rejected, 0.0, 4.0));
        assert!(search.shortened == 1 && search.step < 0.5 && rprop.signs[0] == 1);
    }

    #[test]
    fn a_search_that_forgets_has_not_begun() {
        let mut search = begun(7.0, &[1.0]);
        let mut weights = [9.0];
        search.take_back(&mut weights);
        assert_eq!(weights, [0.0]);
        search.forget();
        let mut weights = [9.0];
        search.take_back(&mut weights);
        assert_eq!(weights, [9.0]);
        assert_eq!(search.into_state(), SearchState::NONE);
    }
}
