//! Inputs that are looked up: of thousands of words a row has a few, so their weights are added instead of multiplying all others
//! by 0. Cost follows what is there.

use crate::forward::Arrangement;
use crate::kernels::{LANES, MAX_INPUT, kernels};
use crate::schema::Entry;

/// The inputs of some rows that are looked up, and their values, row after row.
#[derive(Debug, Clone, Default)]
pub(crate) struct LookedUp {
    /// Where each row ends.
    ends: Vec<usize>,
    entries: Vec<Entry>,
}

/// Inputs that some rows have looked up, each once, in the order in which they came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Noted {
    inputs: Vec<u32>,
    /// Whether each input is among them.
    has: Vec<bool>,
}

impl Noted {
    /// None yet, of a network with so many inputs.
    pub(crate) fn new(inputs: usize) -> Self {
        Self { inputs: Vec::new(), has: vec![false; inputs] }
    }

    pub(crate) fn add(&mut self, looked_up: &LookedUp) {
        for entry in &looked_up.entries {
            if !std::mem::replace(&mut self.has[entry.number as usize], true) {
                self.inputs.push(entry.number);
            }
        }
    }

    /// Takes them out one after the other.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = usize> + '_ {
        let Self { inputs, has } = self;
        inputs.drain(..).map(|number| number as usize).inspect(|&input| has[input] = false)
    }
}

impl LookedUp {
    /// Those of a network all of whose inputs are computed.
    pub(crate) const NONE: &'static Self = &Self { ends: Vec::new(), entries: Vec::new() };

    /// Forgets all rows.
    pub(crate) fn clear(&mut self) {
        self.ends.clear();
        self.entries.clear();
    }

    /// Adds to the last row, which [`Self::end_row`] ends.
    pub(crate) fn add(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// Ends a row.
    pub(crate) fn end_row(&mut self) {
        self.ends.push(self.entries.len());
    }

    fn rows(&self) -> impl Iterator<Item = &[Entry]> {
        let mut from = 0;
        self.ends.iter().map(move |&to| &self.entries[std::mem::replace(&mut from, to)..to])
    }

    /// Adds to what the units of the first layer sum up, entry after entry, the weights of each times its value, and keeps it within
    /// the bounds that sums have.
    #[inline]
    pub(super) fn forward<A: Arrangement>(&self, matrix: &[f32], units: usize, z: &mut [f32]) {
        let add = kernels().add_entries;
        if A::LANES == 1 {
            add(matrix, self.rows().next().unwrap_or_default(), &mut z[..units]);
            z.iter_mut().for_each(|z| *z = z.clamp(-MAX_INPUT, MAX_INPUT));
            return;
        }
        // The units of a row lie apart.
        let mut sums = vec![0.0; units];
        for (row, entries) in self.rows().enumerate().filter(|(_, entries)| !entries.is_empty()) {
            let of_row = row / LANES * LANES * units + row % LANES;
            let z = &mut z[of_row..];
            sums.iter_mut().zip(z.iter().step_by(LANES)).for_each(|(sum, z)| *sum = *z);
            add(matrix, entries, &mut sums);
            z.iter_mut().step_by(LANES).zip(&sums).for_each(|(z, sum)| *z = sum.clamp(-MAX_INPUT, MAX_INPUT));
        }
    }

    /// Adds to the gradient of the weights, row after row and entry after entry, the derivatives `delta` by what the units of the
    /// first layer sum up, times the value.
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
