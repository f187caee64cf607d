//! The mean of what the members of a network say.

/// Adds a member's share of the mean to `sum`. Shares are added rather than sums divided: those could overflow.
pub(crate) fn add_share(sum: &mut [f32], values: &[f32], members: usize) {
    let share = 1.0 / members as f32;
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += value * share;
    }
}
