//! `NR._CALIBRATED key scores`: the scores of a calibration, which intervals and sets are computed from.

use neuralredis_core::{Calibration, codec};

use crate::commands::prelude::*;

/// Encodes a calibration for [`send`].
pub(crate) fn encoded(calibration: &Calibration) -> Vec<u8> {
    codec::encode_calibration(calibration)
}

pub(crate) fn send(ctx: Context, key: &[u8], scores: &[u8]) {
    ctx.replicate(Calibrated::NAME, [key, scores]);
}

pub(crate) struct Calibrated;

impl Command for Calibrated {
    const NAME: &CStr = c"nr._calibrated";
    const FLAGS: &CStr = super::FLAGS;
    const ABOUT: About = About {
        summary: c"For replication: the effect of NR.CALIBRATE.",
        complexity: c"O(N) where N is the number of scores",
        arity: 3,
        key: Some(KeyUse::UPDATE),
        arguments: &[Argument::KEY, Argument::text(c"scores")],
    };

    fn run(ctx: Context, args: &[&[u8]]) -> Result<Reply, Refusal> {
        super::admit(ctx, Self::NAME)?;
        // The calibration belongs to the primary's present weights, which may still be pending here. So this waits for
        // them.
        let mut key = value::open(ctx, ctx.argument(0))?;
        let value = value::write(&mut key)?;
        config::check_bytes(ctx, || value.network_bytes() + args[1].len())?;
        memory::check(2 * args[1].len())?;
        let network = value.live.network_mut();
        let calibration = codec::decode_calibration(args[1], network.kind(), network.layout().outputs())?;
        network.set_calibration(calibration)?;
        Ok(super::done(ctx, &key, c"nr.calibrate"))
    }
}
