//! Prediction intervals (`-> INTERVAL percent`) and sets of classes (`-> SET percent`): parsing, costs and replies.

use neuralredis_core::{Calibration, Level, Network, Set, conformal};
use neuralredis_server::numbers::Row;

use super::prelude::*;
use super::wire_rows::Blob;
use crate::value::Value;
use crate::work::IsAwaited;

/// Splits the arguments of a command at `->`, the key included. A blob may itself consist of these two bytes.
#[allow(clippy::type_complexity, reason = "two parts of the arguments")]
pub(super) fn split<'b, 'a>(args: &'b [&'a [u8]]) -> Result<(&'b [&'a [u8]], Option<&'b [&'a [u8]]>), Refusal> {
    let from = Blob::find(args)?.map_or(1, |(_, following)| args.len() - following.len());
    let arrow = args[from..].iter().position(|arg| *arg == b"->").map(|at| from + at);
    Ok(arrow.map_or((args, None), |arrow| (&args[..arrow], Some(&args[arrow + 1..]))))
}

/// Parses `INTERVAL percent` or `SET percent`, the arguments after `->`.
pub(super) fn level(mut args: &[&[u8]], word: &str) -> Result<Level, Refusal> {
    let expected = || format!("{word} and a percentage, or SAMPLE");
    match args.split_off_first() {
        Some(first) if is(first, word) => {}
        Some(first) => return Err(Refusal::unknown(first, expected())),
        None => return Err(Refusal::option(format!("nothing stands after '->': expected {}", expected()))),
    }
    let level = percent(word, &mut args)?;
    args.first().map_or(Ok(level), |more| Err(Refusal::unknown(more, format!("nothing after {word}"))))
}

/// Parses the percentage that an option has as its value.
pub(super) fn percent(name: &str, args: &mut &[&[u8]]) -> Result<Level, Refusal> {
    let value = value_of(name, args)?;
    let level = numbers::double(value).and_then(|percent| Level::new(percent / 100.0));
    level.ok_or_else(|| Refusal::argument(name, value, "a percentage above 0 and below 100"))
}

/// The work of calibrating a network on given rows.
pub(super) type Calibrating = Box<dyn FnOnce(&Network, IsAwaited<'_>) -> Result<Calibration, Refusal> + Send>;

/// The cost of calibrating the network, if it is not calibrated yet.
pub(super) fn cost(value: &Value) -> Result<Cost, Refusal> {
    let network = value.live.network();
    let rows = network.calibration_work();
    memory::check(network.calibration_bytes(rows))?;
    let making = if rows > 0 { network.cost_of_rows(Set::Test) } else { 0 };
    Ok((Cost::of_rows(rows, network.model().multiplications()) + Cost::of_rows(1, making)).or_wait(value))
}

/// For each output, the largest distance between prediction and outcome at this level.
pub(super) fn quantiles(network: &Network, level: Level, is_awaited: IsAwaited<'_>) -> Result<Vec<f64>, Refusal> {
    Ok(network.calibration(is_awaited).and_then(|calibration| calibration.quantiles(level))?)
}

/// The reply of outputs with their bounds.
pub(super) fn intervals(outputs: &[f32], quantiles: &[f64]) -> Reply {
    let of_output = |(&output, &quantile)| Reply::Singles(Row::from_slice(&conformal::interval(output, quantile)));
    let mut all: Vec<Reply> = outputs.iter().zip(quantiles).map(of_output).collect();
    if all.len() == 1 { all.remove(0) } else { Reply::Array(all) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&[u8]> {
        text.split_whitespace().map(str::as_bytes).collect()
    }

    #[test]
    fn an_arrow_ends_the_inputs_unless_it_is_the_blob() {
        let after = |text: &str| split(&words(text)).unwrap().1.map(<[_]>::len);
        assert_eq!(after("key 1 2 -> INTERVAL 90"), Some(2));
        assert_eq!(after("key 1 2"), None);
        assert_eq!(after("key FP32 -> -> SET 90"), Some(2));
        assert_eq!(after("key FP32 ->"), None);
        assert_eq!(after("key FP32 ROWS 1 -> -> INTERVAL"), Some(1));
    }

    #[test]
    fn a_level_is_a_percentage_with_nothing_after_it() {
        let error_of = |text: &str| level(&words(text), "INTERVAL").unwrap_err().text();
        assert_eq!(level(&words("interval 90"), "INTERVAL"), Ok(Level::new(0.9).unwrap()));
        assert_eq!(error_of("INTERVAL"), "NROPTION INTERVAL has no value");
        for bad in ["0", "100", "-5", "nan", "inf", "many"] {
            let expected = format!("NROPTION INTERVAL is '{bad}': expected a percentage above 0 and below 100");
            assert_eq!(error_of(&format!("INTERVAL {bad}")), expected);
        }
        assert_eq!(error_of("SET 90"), "NROPTION unknown option 'SET': expected INTERVAL and a percentage, or SAMPLE");
        assert_eq!(error_of("INTERVAL 90 TOP"), "NROPTION unknown option 'TOP': expected nothing after INTERVAL");
        assert_eq!(error_of(""), "NROPTION nothing stands after '->': expected INTERVAL and a percentage, or SAMPLE");
    }
}
