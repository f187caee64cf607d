//! The commands, a file each.

mod batches;
mod blob;
mod class;
mod configure;
mod create;
mod evaluate;
mod export;
#[cfg(any(test, fuzzing))]
mod fuzzed;
mod getdata;
mod import;
mod info;
mod observe;
mod options;
pub(crate) mod replayed;
mod report;
mod reset;
mod run;
mod stop;
mod threads;
mod train;
mod wait;

use crate::ffi::command::register as add;
use crate::ffi::context::Context;

/// Makes the commands known to the server.
pub(crate) fn register(ctx: Context) -> Result<(), String> {
    add::<create::Create>(ctx)?;
    add::<observe::Observe>(ctx)?;
    add::<run::Run>(ctx)?;
    add::<class::Class>(ctx)?;
    add::<train::Train>(ctx)?;
    add::<info::Info>(ctx)?;
    add::<threads::Threads>(ctx)?;
    add::<reset::Reset>(ctx)?;
    add::<getdata::GetData>(ctx)?;
    add::<stop::Stop>(ctx)?;
    add::<wait::Wait>(ctx)?;
    add::<report::Report>(ctx)?;
    add::<configure::Configure>(ctx)?;
    add::<evaluate::Evaluate>(ctx)?;
    add::<export::Export>(ctx)?;
    add::<import::Import>(ctx)?;
    add::<replayed::load::Load>(ctx)?;
    add::<replayed::rows::Rows>(ctx)?;
    add::<replayed::trained::Trained>(ctx)?;
    add::<replayed::reset::Reset>(ctx)?;
    add::<replayed::configure::Configure>(ctx)
}

#[cfg(fuzzing)]
pub(crate) use fuzzed::run as fuzz;

/// Whether an argument is that word, in any case.
fn is(argument: &[u8], word: &str) -> bool {
    argument.eq_ignore_ascii_case(word.as_bytes())
}
