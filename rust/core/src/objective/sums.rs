//! The sums over some rows, and the request for them.

/// Sums over some rows.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Sums {
    /// Sum of the rows' losses times their weights.
    pub(crate) loss: f64,
    /// Sum of the rows' squared errors times their weights; 0 if gradients were computed.
    pub(crate) squares: f64,
    /// Sum of the rows' weights.
    pub(crate) weight: f64,
    /// Misclassified rows; 0 for a regressor, or if gradients were computed.
    pub(crate) wrong: u64,
    /// Number of rows.
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

    /// The weighted mean of the rows' losses.
    pub(crate) fn mean(&self) -> f64 {
        self.loss / self.weight
    }
}

/// What to compute over some rows.
pub(crate) struct SumsRequest<'a> {
    /// Whether to sum the errors of the members' averaged output; otherwise only rows and weights are summed.
    pub(crate) ensemble: bool,
    /// Also sums of each member's own errors, and gradients.
    pub(crate) own: Option<PerMember<'a>>,
    /// Called with the members' averaged outputs of each group.
    pub(crate) tally: Option<&'a mut Tally<'a>>,
}

/// Called with the outputs of a group (16 numbers for each unit), its targets as stored, and the number of its rows.
pub(crate) type Tally<'a> = dyn FnMut(&[f32], &[f32], usize) + 'a;

/// Where the sums and gradients of single members are added. Members are trained by their own errors, not by those of
/// the averaged output.
#[derive(Debug)]
pub(crate) struct PerMember<'a> {
    /// For each member, whether to compute its sums.
    pub(crate) members: &'a [bool],
    /// The sums of each member. Squared errors and wrong answers are summed only without gradients.
    pub(crate) sums: &'a mut [Sums],
    /// Gradients of the losses, laid out as the weights of all members.
    pub(crate) gradients: Option<&'a mut [f32]>,
}

impl SumsRequest<'_> {
    /// The loss of the members' averaged output.
    pub(crate) const LOSS: Self = Self { ensemble: true, own: None, tally: None };
}
