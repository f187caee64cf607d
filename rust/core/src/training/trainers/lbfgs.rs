//! The search for a minimum by L-BFGS, of one member of a network.
//!
//! Liu and Nocedal, "On the limited memory BFGS method for large scale optimization", Mathematical Programming 45, 1989;
//! Nocedal and Wright, "Numerical Optimization", 2006, algorithm 7.4. The last moves, with the changes of the gradient that
//! they brought, tell how the function bends; a direction is the gradient, corrected by that. Every cycle evaluates the
//! function once, at a trial: if it has fallen enough there, the trial becomes the place from which the next direction
//! goes, else the step is shortened.
//!
//! Only falling enough is asked of a trial, not that the slope has flattened (Wolfe's second condition), which would cost
//! more cycles: a move along which the function bends downwards is simply not remembered.

use std::collections::VecDeque;

use super::rprop::{add_up, penalty};
use crate::kernels::{MAX_SIZE, MIN_SIZE, kernels};
use crate::layout::Layout;
use crate::options::Decay;

/// Moves remembered at most: twice as many as usual. Networks are small and their cycles dear.
const MOST_MOVES: usize = 20;
/// Moves remembered at least, whatever memory they take.
const LEAST_MOVES: usize = 5;
/// Bytes of the moves that all members remember, beyond which they are fewer than the most.
const MOVES_BYTES: usize = 64 << 20;
/// How much of the fall that the slope promises is enough (Armijo's condition).
const ENOUGH: f64 = 1e-4;
/// Rises of this share of the function are its rounding: losses are computed in single precision.
const ROUNDING: f64 = 1e-7;
/// A step is shortened to between these shares of itself,
const SHORTENED: (f64, f64) = (0.1, 0.5);
/// and after so many times the moves are forgotten.
const MOST_SHORTENED: u32 = 8;
/// A move is remembered if the function bends upwards along it by more than this.
const LEAST_BEND: f64 = 1e-10;

/// How far one member is.
pub(super) struct Search {
    /// Where the present step goes from.
    weights: Vec<f32>,
    /// What is minimized, there, and its gradient. Nothing has been evaluated yet if it is infinite.
    objective: f64,
    gradient: Vec<f32>,
    l2: Decay,
    /// Weight decay of the present step. It is chosen from the error where the step begins, and both ends of a step are
    /// compared under the same.
    decay: f32,
    direction: Vec<f32>,
    /// How much the objective falls along the direction, there: below 0, or 0 if there is no direction.
    slope: f64,
    /// The length of the step, as a multiple of the direction.
    step: f64,
    shortened: u32,
    moves: VecDeque<Move>,
    most_moves: usize,
}

/// From one place to the next.
struct Move {
    weights: Vec<f32>,
    gradient: Vec<f32>,
    /// The product of the two.
    bend: f64,
    /// The product of the gradient's change with itself.
    square: f64,
}

/// What a cycle has found out about a member.
pub(super) struct Trial<'a> {
    pub(super) weights: &'a mut [f32],
    /// Of the sum of the losses, the shares' own.
    pub(super) gradients: Vec<&'a mut [f32]>,
    /// What the rows weigh together.
    pub(super) rows: f64,
    /// The mean loss.
    pub(super) error: f64,
    /// What RPROP would go on with.
    pub(super) sizes: &'a mut [f32],
    pub(super) signs: &'a mut [i8],
}

/// Moves that each of so many members remembers.
fn most_moves(parameters: usize, members: usize) -> usize {
    (MOVES_BYTES / (2 * size_of::<f32>() * parameters * members)).clamp(LEAST_MOVES, MOST_MOVES)
}

/// Bytes of the searches of so many members.
pub(super) fn bytes(parameters: usize, members: usize) -> usize {
    // Weights, gradient, direction, and one more move while it is made.
    members * parameters * (5 + 2 * most_moves(parameters, members)) * size_of::<f32>()
}

impl Search {
    /// One of so many members, each of so many parameters.
    pub(super) fn new(parameters: usize, members: usize, l2: Decay) -> Self {
        Self {
            weights: vec![0.0; parameters],
            objective: f64::INFINITY,
            gradient: vec![0.0; parameters],
            l2,
            decay: 0.0,
            direction: vec![0.0; parameters],
            slope: 0.0,
            step: 0.0,
            shortened: 0,
            moves: VecDeque::new(),
            most_moves: most_moves(parameters, members),
        }
    }

    /// What is minimized, where the present step goes from.
    pub(super) fn objective(&self) -> f64 {
        self.objective
    }

    /// Takes the trial, or takes it back if the objective has not fallen enough; whether it is taken. `decay` tells the
    /// weight decay at a mean loss.
    pub(super) fn judge(&mut self, layout: &Layout, trial: &mut Trial<'_>, decay: impl Fn(f64) -> f32) -> bool {
        let Trial { weights, gradients, rows, error, sizes, signs } = trial;
        let (gradient, scale) = (add_up(gradients), (1.0 / *rows) as f32);
        gradient.iter_mut().for_each(|gradient| *gradient *= scale);
        let begun = self.objective < f64::INFINITY;
        if begun {
            add_decay(layout, self.l2, self.decay, weights, gradient);
            let objective = *error + penalty(layout, weights, self.l2, self.decay);
            let slope = dot(gradient, &self.direction);
            let enough = self.objective + ENOUGH * self.step * self.slope + ROUNDING * self.objective;
            // A slope that is a number says that the gradient is one, too.
            if !(objective <= enough && slope.is_finite()) {
                self.shorten(objective, slope);
                self.take_back(weights);
                return false;
            }
            self.remember(weights, gradient, sizes);
            signs.fill(0);
        }
        let before = if begun { self.decay } else { 0.0 };
        self.decay = decay(*error);
        add_decay(layout, self.l2, self.decay - before, weights, gradient);
        self.objective = *error + penalty(layout, weights, self.l2, self.decay);
        self.weights.copy_from_slice(weights);
        self.gradient.copy_from_slice(gradient);
        self.shortened = 0;
        self.aim();
        true
    }

    /// Moves the weights to the next trial.
    pub(super) fn go_on(&self, weights: &mut [f32]) {
        weights.copy_from_slice(&self.weights);
        (kernels().add_scaled)(self.step as f32, &self.direction, weights);
    }

    /// Puts the weights back to where the present step goes from, if there is such a place.
    pub(super) fn take_back(&self, weights: &mut [f32]) {
        if self.objective < f64::INFINITY {
            weights.copy_from_slice(&self.weights);
        }
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

    fn remember(&mut self, weights: &[f32], gradient: &[f32], sizes: &mut [f32]) {
        let oldest = if self.moves.len() == self.most_moves { self.moves.pop_front() } else { None };
        let room = || (Vec::with_capacity(weights.len()), Vec::with_capacity(weights.len()));
        let (mut of_weights, mut of_gradient) = oldest.map_or_else(room, |oldest| (oldest.weights, oldest.gradient));
        difference(weights, &self.weights, &mut of_weights);
        difference(gradient, &self.gradient, &mut of_gradient);
        for (size, moved) in sizes.iter_mut().zip(&of_weights) {
            *size = moved.abs().clamp(MIN_SIZE, MAX_SIZE);
        }
        let bend = dot(&of_weights, &of_gradient);
        let square = dot(&of_gradient, &of_gradient);
        if bend > LEAST_BEND * dot(&of_weights, &of_weights) && square > 0.0 {
            self.moves.push_back(Move { weights: of_weights, gradient: of_gradient, bend, square });
        }
    }

    /// Chooses the direction, by the recursion over the moves, and the length of the first step.
    fn aim(&mut self) {
        let direction = &mut self.direction;
        direction.clear();
        direction.extend(self.gradient.iter().map(|gradient| -gradient));
        if let Some(last) = self.moves.back() {
            let mut shares = [0.0; MOST_MOVES];
            for (of, share) in self.moves.iter().zip(&mut shares).rev() {
                *share = dot(&of.weights, direction) / of.bend;
                (kernels().add_scaled)(-*share as f32, &of.gradient, direction);
            }
            let scale = (last.bend / last.square) as f32;
            direction.iter_mut().for_each(|direction| *direction *= scale);
            for (of, share) in self.moves.iter().zip(&shares) {
                let share = share - dot(&of.gradient, direction) / of.bend;
                (kernels().add_scaled)(share as f32, &of.weights, direction);
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

fn dot(a: &[f32], b: &[f32]) -> f64 {
    let mut sum = 0.0;
    (kernels().dot)(a, b, &mut sum);
    sum
}

fn difference(a: &[f32], b: &[f32], to: &mut Vec<f32>) {
    to.clear();
    to.extend(a.iter().zip(b).map(|(a, b)| a - b));
}

/// Adds to a gradient what weight decay contributes; biases do not decay.
fn add_decay(layout: &Layout, l2: Decay, decay: f32, weights: &[f32], gradient: &mut [f32]) {
    if decay != 0.0 {
        for connection in layout.connections() {
            let range = connection.biases().end..connection.all().end;
            (kernels().add_scaled)(
                decay * l2.of_unit(connection.inputs),
                &weights[range.clone()],
                &mut gradient[range],
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parameters: a bias that does not decay, and weights that do.
    const COUNT: usize = 40;

    fn layout() -> Layout {
        Layout::new(&[COUNT - 1, 1]).unwrap()
    }

    /// Runs so many cycles on a function with its gradient, and returns the weights that are kept with how many trials were
    /// taken back.
    fn run(function: impl Fn(&[f32]) -> (f64, Vec<f32>), decay: f32, cycles: usize) -> (Vec<f32>, usize) {
        let (layout, mut search) = (layout(), Search::new(COUNT, 1, Decay::Fixed(decay)));
        let (mut weights, mut sizes, mut signs) = (vec![0.5; COUNT], vec![0.1; COUNT], vec![1; COUNT]);
        let mut back = 0;
        for _ in 0..cycles {
            let (error, gradient) = function(&weights);
            // Two shares, of rows that weigh 4 together.
            let mut shares = [gradient.clone(), gradient];
            shares.iter_mut().flatten().for_each(|gradient| *gradient *= 2.0);
            let gradients = shares.iter_mut().map(Vec::as_mut_slice).collect();
            let (weights, sizes, signs) = (&mut weights[..], &mut sizes[..], &mut signs[..]);
            let mut trial = Trial { weights, gradients, rows: 4.0, error, sizes, signs };
            back += usize::from(!search.judge(&layout, &mut trial, |_| decay));
            assert!(sizes.iter().all(|size| (MIN_SIZE..=MAX_SIZE).contains(size)));
            search.go_on(weights);
        }
        search.take_back(&mut weights);
        (weights, back)
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
    fn what_is_remembered_is_bounded() {
        assert_eq!((most_moves(3_000, 10), most_moves(1 << 24, 1)), (MOST_MOVES, LEAST_MOVES));
        assert!((LEAST_MOVES + 1..MOST_MOVES).contains(&most_moves(1 << 20, 1)));
        assert_eq!(bytes(3_000, 10), 10 * 3_000 * 45 * 4);
    }
}
