//! What a pass over rows is asked for, and what it sums up.

/// Sums over some rows.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Sums {
    /// Weighted losses.
    pub(crate) loss: f64,
    /// Weighted squared errors, where rows are judged.
    pub(crate) squares: f64,
    /// Weights of the rows.
    pub(crate) weight: f64,
    /// Rows whose class was not the network's answer, where rows are judged.
    pub(crate) wrong: u64,
    /// Rows.
    pub(crate) rows: u64,
}

impl Sums {
    pub(crate) fn add(&mut self, other: &Self) {
        self.loss += other.loss;
        self.squares += other.squares;
        self.weight += other.weight;
        self.wrong += other.wrong;
        self.rows += other.rows;
    }

    /// The mean loss of a row.
    pub(crate) fn mean(&self) -> f64 {
        self.loss / self.weight
    }
}

/// What of some rows is computed.
pub(crate) struct Wanted<'a> {
    /// Whether the sums are of the members' averaged output; else only rows and weights are summed.
    pub(crate) ensemble: bool,
    /// What members do by themselves, too.
    pub(crate) own: Option<PerMember<'a>>,
    /// Called with the members' averaged outputs.
    pub(crate) tally: Option<&'a mut Tally<'a>>,
}

/// Called with the outputs of a group, its targets as they are stored, and how many rows it has.
pub(crate) type Tally<'a> = dyn FnMut(&[f32], &[f32], usize) + 'a;

/// What each member does by itself, learning from the errors that it alone makes: where its sums and its gradient are added up.
#[derive(Debug)]
pub(crate) struct PerMember<'a> {
    /// Of which members they are wanted.
    pub(crate) members: &'a [bool],
    /// The sums of each member. Rows are judged only where there are no gradients.
    pub(crate) sums: &'a mut [Sums],
    /// Gradients of the losses, as the weights.
    pub(crate) gradients: Option<&'a mut [f32]>,
}

impl Wanted<'_> {
    /// The loss of all members together.
    pub(crate) const LOSS: Self = Self { ensemble: true, own: None, tally: None };
}
