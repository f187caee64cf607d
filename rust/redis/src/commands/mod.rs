//! The commands, one file each, and their registration.

mod batches;
mod blobs;
mod calibrate;
mod class;
mod configure;
mod conformal;
mod create;
pub(crate) mod effects;
mod evaluate;
mod explain;
mod export;
mod fields;
mod forecast;
mod forget;
#[cfg(any(test, fuzzing))]
mod fuzzed;
mod getdata;
mod growth;
mod hobserve;
mod hrun;
mod import;
mod info;
mod named;
mod observe;
mod options;
mod prelude;
mod rank;
mod report;
mod reset;
mod run;
mod sample;
mod sequences;
mod stop;
mod threads;
mod train;
mod wait;
mod wire_rows;

use neuralredis_server::Context;
use neuralredis_server::command::Commands;

/// Registers the commands with the server.
pub(crate) fn register(ctx: Context) -> Result<(), String> {
    let commands = Commands::new(ctx, c"neural", c"0.1.0");
    commands.add::<create::Create>()?;
    commands.add::<observe::Observe>()?;
    commands.add::<run::Run>()?;
    commands.add::<class::Class>()?;
    commands.add::<train::Train>()?;
    commands.add::<info::Info>()?;
    commands.add::<threads::Threads>()?;
    commands.add::<threads::Trainings>()?;
    commands.add::<reset::Reset>()?;
    commands.add::<getdata::GetData>()?;
    commands.add::<stop::Stop>()?;
    commands.add::<wait::Wait>()?;
    commands.add::<report::Report>()?;
    commands.add::<configure::Configure>()?;
    commands.add::<evaluate::Evaluate>()?;
    commands.add::<calibrate::Calibrate>()?;
    commands.add::<export::Export>()?;
    commands.add::<import::Import>()?;
    commands.add::<hobserve::HObserve>()?;
    commands.add::<hrun::HRun>()?;
    commands.add::<hrun::HClass>()?;
    commands.add::<rank::Rank>()?;
    commands.add::<fields::Fields>()?;
    commands.add::<explain::Explain>()?;
    commands.add::<forecast::Forecast>()?;
    commands.add::<forget::Forget>()?;
    commands.add::<sequences::sample::Sample>()?;
    commands.add::<sequences::step::Step>()?;
    commands.add::<effects::load::Load>()?;
    commands.add::<effects::rows::Rows>()?;
    commands.add::<effects::observed::Rows>()?;
    commands.add::<effects::trained::Trained>()?;
    commands.add::<effects::reset::Reset>()?;
    commands.add::<effects::configure::Configure>()?;
    commands.add::<effects::calibrated::Calibrated>()
}

#[cfg(fuzzing)]
pub(crate) use fuzzed::run as fuzz;
