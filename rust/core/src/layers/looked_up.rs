//! Looked-up (sparse) inputs: of thousands of words a row has only a few. Their weights are added, instead of
//! multiplying all others by 0, so the cost is proportional to the entries.

use crate::forward::Arrangement;
use crate::kernels::{LANES, MAX_INPUT, kernels};
use crate::schema::Entry;

/// The looked-up inputs of some rows with their values, row after row.
#[derive(Debug, Clone, Default)]
pub(crate) struct LookedUp {
    /// The end of each row in `entries`.
    ends: Vec<usize>,
    entries: Vec<Entry>,
}

/// The distinct inputs that some rows have looked up, in order of first appearance.
#[derive(Debug, Clone, Default)]
pub(crate) struct Noted {
    inputs: Vec<u32>,
    /// For each input of the network, whether it is listed.
    has: Vec<bool>,
}

impl Noted {
    /// An empty list for a network with this number of inputs.
    pub(crate) fn new(inputs: usize) -> Self {
        Self { inputs: Vec::new(), has: vec![false; inputs] }
    }

    /// Add the inputs of some rows.
    pub(crate) fn add(&mut self, looked_up: &LookedUp) {
        for entry in &looked_up.entries {
            if !std::mem::replace(&mut self.has[entry.number as usize], true) {
                self.inputs.push(entry.number);
            }
        }
    }

    /// Remove and return the inputs one after the other.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = usize> + '_ {
        let Self { inputs, has } = self;
        inputs.drain(..).map(|number| number as usize).inspect(|&input| has[input] = false)
    }
}

impl LookedUp {
    /// No entries, for a network without looked-up inputs.
    pub(crate) const NONE: &'static Self = &Self { ends: Vec::new(), entries: Vec::new() };

    /// Remove all rows.
    pub(crate) fn clear(&mut self) {
        self.ends.clear();
        self.entries.clear();
    }

    /// Add an entry to the current row.
    pub(crate) fn add(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// End the current row.
    pub(crate) fn end_row(&mut self) {
        self.ends.push(self.entries.len());
    }

    fn rows(&self) -> impl Iterator<Item = &[Entry]> {
        let mut from = 0;
        self.ends.iter().map(move |&to| &self.entries[std::mem::replace(&mut from, to)..to])
    }

    /// Add the weights of the entries, times their values, to the sums of the first layer. The results are clamped to
    /// the range of sums ([`MAX_INPUT`]).
    #[inline]
    pub(super) fn forward<A: Arrangement>(&self, matrix: &[f32], units: usize, z: &mut [f32]) {
        let add = kernels().add_entries;
        if A::LANES == 1 {
            add(matrix, self.rows().next().unwrap_or_default(), &mut z[..units]);
            z.iter_mut().for_each(|z| *z = z.clamp(-MAX_INPUT, MAX_INPUT));
            return;
        }
        // The sums of a row are not contiguous in a group of rows.
        let mut sums = vec![0.0; units];
        for (row, entries) in self.rows().enumerate().filter(|(_, entries)| !entries.is_empty()) {
            let of_row = row / LANES * LANES * units + row % LANES;
            let z = &mut z[of_row..];
            sums.iter_mut().zip(z.iter().step_by(LANES)).for_each(|(sum, z)| *sum = *z);
            add(matrix, entries, &mut sums);
            z.iter_mut().step_by(LANES).zip(&sums).for_each(|(z, sum)| *z = sum.clamp(-MAX_INPUT, MAX_INPUT));
        }
    }

    /// Add the gradient of the weights: for each row and entry, in order, the derivatives `delta` with respect to the
    /// sums, times the value of the entry.
    pub(super) fn backward(&self, delta: &[f32], units: usize, gradient: &mut [f32]) {
        let add = kernels().gradient_of_entries;
        let mut deltas = vec![0.0; units];
        for (row, entries) in self.rows().enumerate().filter(|(_, entries)| !entries.is_empty()) {
            let of_row = row / LANES * LANES * units + row % LANES;
            deltas.iter_mut().zip(delta[of_row..].iter().step_by(LANES)).for_each(|(to, delta)| *to = *delta);
            add(&deltas, entries, gradient);
        }
    }
}
