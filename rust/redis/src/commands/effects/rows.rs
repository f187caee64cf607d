//! `NR._ROWS key state places rows [weights]`: rows, and the places that they are stored at.
//!
//! `state` is the network's random state afterwards. A place takes five bytes: 0 for the training set or 1 for the
//! validation set, and the index of the row, u32. Rows are floats, inputs and outputs of one row after those of the
//! other; weights are a float each. All little-endian.

use neuralredis_core::{Batch, Place, Set};
use neuralredis_server::{Lent, ServerString};
use smallvec::SmallVec;

use crate::commands::prelude::*;
use crate::commands::wire_rows::{self, interleaved};

/// Bytes of a place.
const PLACE: usize = 5;

pub(crate) fn send<'s>(
    ctx: Context,
    key: Lent<'s>,
    state: u64,
    places: &[Place],
    rows: ServerString<'s>,
    weights: Option<&[f32]>,
) {
    let places: SmallVec<[_; 1]> = places.iter().copied().map(encoded).collect();
    let weights = weights.map(|weights| numbers::bytes(weights)[..].into());
    let state = state.to_string()[..].into();
    ctx.replicate(Rows::NAME, [key.into(), state, places.as_flattened().into(), rows].into_iter().chain(weights));
}

fn encoded(place: Place) -> [u8; PLACE] {
    let [a, b, c, d] = place.row.to_le_bytes();
    [u8::from(place.set == Set::Test), a, b, c, d]
}

fn decoded([set, a, b, c, d]: [u8; PLACE]) -> Result<Place, Refusal> {
    let set = match set {
        0 => Set::Train,
        1 => Set::Test,
        _ => return Err(Refusal::because(format!("the set of a place is {set}: expected 0 or 1"))),
    };
    Ok(Place { set, row: u32::from_le_bytes([a, b, c, d]) })
}

pub(crate) struct Rows;

impl Command for Rows {
    const NAME: &CStr = c"nr._rows";
    const FLAGS: &CStr = super::FLAGS;
    const ABOUT: About = About {
        summary: c"For replication: the effect of NR.OBSERVE.",
        complexity: c"O(N) where N is the number of values",
        arity: -5,
        key: Some(KeyUse::ADD),
        arguments: &[
            Argument::KEY,
            Argument::integer(c"state"),
            Argument::text(c"places"),
            Argument::text(c"rows"),
            Argument::text(c"weights").optional(),
        ],
    };

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        super::admit(ctx, Self::NAME)?;
        let state = super::state(args[1])?;
        let mut key = value::open_unsettled(ctx, ctx.argument(0))?;
        let (places, rest) = args[2].as_chunks();
        if !rest.is_empty() {
            return Err(Refusal::because(format!("the places have {} bytes: expected 5 each", args[2].len())));
        }
        let places = places.iter().copied().map(decoded).collect::<Result<Vec<_>, _>>()?;
        let weights = match args[4..] {
            [] => None,
            [weights] => Some(wire_rows::rows(weights, 1)?),
            [_, word, ..] => return Err(Refusal::unknown(word, "places, rows and weights")),
        };
        if let Some(weights) = &weights
            && weights.len() != places.len()
        {
            return Err(Refusal::because(format!("{} weights: expected one for each place", weights.len())));
        }
        let value = value::write(&mut key)?;
        let network = value.live.network();
        let (inputs, targets) = (network.layout().inputs(), network.targets());
        let rows = wire_rows::rows(args[3], inputs + targets)?;
        if rows.len() / (inputs + targets) != places.len() {
            return Err(Refusal::because(format!("{} places: expected one for each row", places.len())));
        }
        config::check_bytes(ctx, || value.network_bytes() + rows.len() * 4)?;
        let batch = Batch { weights: weights.as_deref(), ..interleaved(&rows, inputs, targets) };
        value.live.network_mut().place(&batch, &places, state)?;
        Ok(super::done(ctx, &key, c"nr.observe"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_decoded_as_encoded() {
        for place in [Place { set: Set::Train, row: 0 }, Place { set: Set::Test, row: u32::MAX - 1 }] {
            assert_eq!(decoded(encoded(place)), Ok(place));
        }
        assert!(decoded([2, 0, 0, 0, 0]).is_err());
    }
}
