//! L-BFGS for one member of a network.
//!
//! Liu and Nocedal, "On the limited memory BFGS method for large scale optimization", Mathematical Programming 45,
//! 1989; Nocedal and Wright, "Numerical Optimization", 2006, algorithm 7.4. The last moves, with the changes of the
//! gradient along them, approximate the inverse Hessian; the direction is the negative gradient multiplied by it. Every
//! cycle evaluates the objective once, at a trial point. If it has decreased enough, the trial point is accepted and
//! the next direction starts there; otherwise the step is shortened.
//!
//! Only a sufficient decrease is required of a trial point, and not Wolfe's curvature condition, which would cost more
//! cycles: a move without positive curvature is simply not stored.

use super::moves::Moves;
use super::{MemberResult, Verdict, WeightDecay};
use crate::kernels::{MAX_SIZE, MIN_SIZE, kernels};
use crate::trainer_state::{MOST_MOVES, MOST_SHORTENED, RpropMember, SearchState};

/// The share of the decrease predicted by the slope that is enough (Armijo's condition).
const ARMIJO: f64 = 1e-4;
/// Relative increases of the objective up to this are taken for rounding: losses are computed in single precision.
const ROUNDING: f64 = 1e-7;
/// Bounds of the factor by which a step is shortened.
const SHORTENING: (f64, f64) = (0.1, 0.5);

/// The state of the search of one member.
pub(super) struct Search {
    /// The last accepted weights, where the present step begins.
    weights: Vec<f32>,
    /// The objective at these weights; infinite before the first evaluation.
    objective: f64,
    /// The gradient at these weights.
    gradient: Vec<f32>,
    /// Weight decay of the present step. It is computed from the loss where the step begins, and both ends of the step
    /// are compared under it.
    decay: f32,
    /// Weight decay of the step before, under which the gradient was first computed; 0 if there was none.
    decay_before: f32,
    direction: Vec<f32>,
    /// The derivative of the objective along the direction at these weights: negative, or 0 if there is no direction.
    slope: f64,
    /// The length of the step, as a multiple of the direction.
    step: f64,
    /// How often the present step has been shortened.
    shortened: u32,
    moves: Moves,
    /// The saved state of an earlier training, until the first evaluation of its weights.
    saved: Option<SearchState>,
}

impl Search {
    /// Makes a search over `parameters` weights that stores up to `most_moves` moves. It continues from the saved state
    /// if the objective at the initial weights is bit for bit the saved one.
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

    /// Accepts the trial point if the objective has decreased enough there; else returns to the start of the step and
    /// shortens it. On acceptance RPROP's state becomes one to continue from: step sizes as large as the last move, and
    /// no signs.
    pub(super) fn judge(
        &mut self,
        decay: &WeightDecay,
        found: &mut MemberResult<'_>,
        rprop: &mut RpropMember<'_>,
    ) -> Verdict {
        let MemberResult { member, weights, loss, rows, gradient } = found;
        let (gradient, scale) = (gradient.sum(), (1.0 / *rows) as f32);
        gradient.iter_mut().for_each(|gradient| *gradient *= scale);
        let of_weights = decay.at(*member, *rows, *loss);
        let objective = *loss + decay.penalty(of_weights, weights);
        let saved = self.saved.take().filter(|saved| saved.objective.to_bits() == objective.to_bits());
        if self.has_begun() {
            decay.add_gradient(self.decay, weights, gradient);
            let objective = *loss + decay.penalty(self.decay, weights);
            let slope = dot(gradient, &self.direction);
            let enough = self.objective + ARMIJO * self.step * self.slope + ROUNDING * self.objective;
            // If the slope is finite, so is the gradient along the direction.
            if !(objective <= enough && slope.is_finite()) {
                self.shorten(objective, slope);
                self.restore_accepted(weights);
                return Verdict::Rejected;
            }
            self.remember(weights, gradient, rprop);
            self.decay_before = self.decay;
        } else {
            // The gradient is summed in the order of the earlier training, so that it is rounded in the same way.
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
            self.choose_direction();
            (self.step, self.shortened) = (step, shortened);
        } else {
            self.choose_direction();
        }
        Verdict::Kept
    }

    /// Sets the weights to the next trial point.
    pub(super) fn set_trial_point(&self, weights: &mut [f32]) {
        weights.copy_from_slice(&self.weights);
        (kernels().add_scaled)(self.step as f32, &self.direction, weights);
    }

    /// Sets the weights to the last accepted ones, if there are any.
    pub(super) fn restore_accepted(&self, weights: &mut [f32]) {
        if self.has_begun() {
            weights.copy_from_slice(&self.weights);
        }
    }

    /// Restarts the search, after the weights have been replaced.
    pub(super) fn restart(&mut self) {
        (self.objective, self.saved) = (f64::INFINITY, None);
    }

    /// The state from which the next training continues.
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

    /// Shortens the step to the minimum of the cubic through the objectives and slopes at both of its ends (Nocedal and
    /// Wright, equation 3.59), within [`SHORTENING`]. After [`MOST_SHORTENED`] times the moves are dropped and a new
    /// direction is chosen.
    fn shorten(&mut self, objective: f64, slope: f64) {
        self.shortened += 1;
        if self.shortened > MOST_SHORTENED {
            self.moves.clear();
            self.shortened = 0;
            return self.choose_direction();
        }
        let (low, high) = (SHORTENING.0 * self.step, SHORTENING.1 * self.step);
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

    /// Computes the direction, by the two-loop recursion (Nocedal and Wright, algorithm 7.4), and the length of the
    /// first step.
    fn choose_direction(&mut self) {
        let direction = &mut self.direction;
        direction.clear();
        direction.extend(self.gradient.iter().map(|gradient| -gradient));
        if let Some(last) = self.moves.last() {
            let mut shares = [0.0; MOST_MOVES];
            for (of, share) in self.moves.iter().zip(&mut shares).rev() {
                *share = dot(of.weights, direction) / of.curvature;
                (kernels().add_scaled)(-*share as f32, of.gradient, direction);
            }
            let scale = (last.curvature / last.square) as f32;
            direction.iter_mut().for_each(|direction| *direction *= scale);
            for (of, share) in self.moves.iter().zip(&shares) {
                let share = share - dot(of.gradient, direction) / of.curvature;
                (kernels().add_scaled)(share as f32, of.weights, direction);
            }
            self.slope = dot(direction, &self.gradient);
            self.step = 1.0;
            if self.slope < 0.0 && self.slope.is_finite() {
                return;
            }
            self.moves.clear();
            return self.choose_direction();
        }
        // Without moves the direction is that of steepest descent, with a step of at most 1.
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

    /// The parameters: one bias, which does not decay, and weights, which do.
    const COUNT: usize = 40;

    fn layout() -> Layout {
        Layout::new(&[COUNT - 1, 1]).unwrap()
    }

    /// Runs `cycles` cycles on a function with its gradient. Returns the accepted weights, and how many trial points
    /// were rejected.
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
            let mut found = MemberResult { member: 0, weights, loss, rows: 4.0, gradient };
            let verdict = search.judge(&decay, &mut found, &mut rprop.members_mut().next().unwrap());
            back += usize::from(verdict == Verdict::Rejected);
            assert!(rprop.sizes.iter().all(|size| (MIN_SIZE..=MAX_SIZE).contains(size)));
            search.set_trial_point(weights);
        }
        search.restore_accepted(weights);
        (search.into_state(), back)
    }

    /// The curvature along each parameter: a thousand times as much along the last as along the first.
    fn curvatures() -> impl Iterator<Item = f64> {
        (0..COUNT).map(|at| 1000f64.powf(at as f64 / (COUNT - 1) as f64))
    }

    /// A quadratic function with its minimum at 2.
    fn valley(weights: &[f32]) -> (f64, Vec<f32>) {
        let off = || weights.iter().map(|w| f64::from(*w) - 2.0).zip(curvatures());
        let error = off().map(|(off, curvature)| off * off * curvature / 2.0).sum();
        (error, off().map(|(off, curvature)| (off * curvature) as f32).collect())
    }

    #[test]
    fn the_minimum_of_a_badly_conditioned_quadratic_is_found() {
        let (weights, back) = run(valley, 0.0, 150);
        assert!(weights.iter().all(|w| (w - 2.0).abs() < 1e-3), "{weights:?}");
        assert!(back < 50, "{back}");
        // Decay moves the minimum, except that of the bias.
        let (weights, _) = run(valley, 10.0, 150);
        for (at, (&w, curvature)) in weights.iter().zip(curvatures()).enumerate() {
            let bottom = if at == 0 { 2.0 } else { 2.0 * curvature / (curvature + 10.0) };
            assert!((f64::from(w) - bottom).abs() < 1e-3, "{at}: {w} is not {bottom}");
        }
    }

    #[test]
    fn a_trial_point_with_an_infinite_or_nan_loss_is_rejected_and_the_step_shortened() {
        for nonsense in [f64::NAN, f64::INFINITY] {
            // A logarithmic barrier, finite on one side alone. The minimum is at 1 / 100.
            let barrier = |weights: &[f32]| {
                let inside = weights.iter().all(|w| *w > 0.0);
                let error = weights.iter().map(|w| f64::from(*w) * 100.0 - f64::from(*w).ln()).sum();
                (if inside { error } else { nonsense }, weights.iter().map(|w| 100.0 - 1.0 / w).collect())
            };
            let (weights, back) = run(barrier, 0.0, 150);
            assert!(weights.iter().all(|w| (w - 0.01).abs() < 1e-4), "{weights:?}");
            assert!(back > 0);
        }
        // A gradient with NaN is rejected, too.
        let torn = |weights: &[f32]| {
            let (error, mut gradient) = valley(weights);
            gradient[7] = if weights[7] > 1.0 { f32::NAN } else { gradient[7] };
            (error, gradient)
        };
        let (weights, back) = run(torn, 0.0, 150);
        assert!(weights.iter().all(|w| w.is_finite()) && weights[7] <= 1.0 && back > 0, "{weights:?}");
    }

    #[test]
    fn weights_stay_if_no_step_decreases_the_objective() {
        let flat = |_: &[f32]| (1.0, vec![0.0; COUNT]);
        assert_eq!(run(flat, 0.0, 10).0, [0.5; COUNT]);
        let lost = |_: &[f32]| (f64::NAN, vec![f32::NAN; COUNT]);
        assert_eq!(run(lost, 0.0, 10).0, [0.5; COUNT]);
        // A gradient that predicts a decrease where every step increases the function.
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
                    // The first cycle of a later part evaluates the last weights of the part before again.
                    let cycles = if part == 0 { *cycles } else { cycles + 1 };
                    (state, _) = go_on(&valley, decay, cycles, &mut weights, state);
                }
                (weights, state)
            };
            let at_once = run(&[60]);
            assert!(at_once.1.moves.len() / (2 * COUNT) == MOST_MOVES, "more moves were made than are stored");
            for cut in 1..60 {
                assert!(run(&[cut, 60 - cut]) == at_once, "{cut}");
            }
        }
    }

    #[test]
    fn a_search_restarts_if_the_objective_differs_from_the_saved_one() {
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

    /// A search that has accepted weights of 0, with this objective and gradient.
    fn begun(objective: f64, gradient: &[f32]) -> Search {
        let mut search = Search::new(gradient.len(), MOST_MOVES, SearchState::NONE);
        search.objective = objective;
        search.gradient.copy_from_slice(gradient);
        search.choose_direction();
        search
    }

    #[test]
    fn the_first_step_is_steepest_descent_of_length_at_most_1() {
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
        // The factor is bounded on both sides.
        assert!((shortened(1.5, 2.0) - 1.0).abs() < 1e-9 && (shortened(0.1, 2.0) - 0.2).abs() < 1e-9);
        let mut search = begun(7.0, &[1.0]);
        (search.slope, search.step) = (-1.0, 2.0);
        search.shorten(f64::INFINITY, 1.0);
        assert!((search.step - 0.2).abs() < 1e-9, "an infinite objective shortens the step as much as possible");
    }

    #[test]
    fn after_too_many_shortenings_the_moves_are_dropped() {
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
    fn a_trial_point_is_accepted_if_the_objective_decreases_by_enough_of_the_slopes_prediction() {
        let no_decay =
            WeightDecay::new(&layout(), &Options { l2: Decay::Fixed(0.0), ..Options::new(Kind::Regressor) }, &[1.0]);
        let judge = |fall: f64| {
            let mut gradient = vec![0.0; COUNT];
            // A slope of -4 and a step of a half predict a decrease of 2.
            gradient[0] = 2.0;
            let mut search = begun(4.0, &gradient);
            let mut weights = vec![0.0; COUNT];
            search.set_trial_point(&mut weights);
            let mut rprop = RpropState::new(COUNT, 1);
            rprop.signs.fill(1);
            let gradient = Gradient::new(vec![&mut gradient]);
            let mut found = MemberResult { member: 0, weights: &mut weights, loss: 4.0 - fall, rows: 1.0, gradient };
            let verdict = search.judge(&no_decay, &mut found, &mut rprop.members_mut().next().unwrap());
            (verdict, weights[0], search, rprop)
        };
        // A ten-thousandth of 2, less the tolerance for rounding an objective of 4.
        let (enough, rounding) = (1e-4 * 2.0, 1e-7 * 4.0);
        let (verdict, weight, search, rprop) = judge(enough - 0.9 * rounding);
        assert_eq!((verdict, weight, search.objective), (Verdict::Kept, -1.0, 4.0 - enough + 0.9 * rounding));
        assert_eq!((&search.weights[..2], search.shortened), (&[-1.0, 0.0][..], 0));
        // RPROP would continue with step sizes as large as the move, and without signs.
        assert_eq!((&rprop.sizes[..2], rprop.objectives[0]), (&[1.0, MIN_SIZE][..], search.objective));
        assert!(rprop.signs.iter().all(|&sign| sign == 0));
        let (verdict, weight, search, rprop) = judge(enough - 1.1 * rounding);
        assert_eq!((verdict, weight, search.objective), (Verdict::Rejected, 0.0, 4.0));
        assert!(search.shortened == 1 && search.step < 0.5 && rprop.signs[0] == 1);
    }

    #[test]
    fn a_restarted_search_has_no_accepted_weights_and_no_state() {
        let mut search = begun(7.0, &[1.0]);
        let mut weights = [9.0];
        search.restore_accepted(&mut weights);
        assert_eq!(weights, [0.0]);
        search.restart();
        let mut weights = [9.0];
        search.restore_accepted(&mut weights);
        assert_eq!(weights, [9.0]);
        assert_eq!(search.into_state(), SearchState::NONE);
    }
}
