//! The mean over the members of a network.

/// Adds a member's share of the mean, which is its values divided by the number of members. Dividing the sum instead
/// could overflow before the division.
pub(crate) fn add_share(sum: &mut [f32], values: &[f32], members: usize) {
    let share = 1.0 / members as f32;
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += value * share;
    }
}
