//! Parses arbitrary arguments: for fuzzing (rust/fuzz), and for replaying its corpus. Parsing must succeed or return a
//! one-line error.

use neuralredis_core::{Kind, Layout, Limits, Network, Options};
use neuralredis_server::numbers;

use super::options::{self, OptionContext};
use super::{create, train, wait, wire_rows};
use crate::error::Refusal;

/// The separator of arguments in the input of the fuzzer.
const SEPARATOR: u8 = b'\n';
/// The most bytes of an error: the quoted argument, whose characters may be escaped, and a sentence.
const LONGEST: usize = 64 * 8 + 400;

/// The first byte of the input selects a command, the rest are the arguments after its key.
pub(crate) fn run(data: &[u8]) {
    let Some((&command, rest)) = data.split_first() else { return };
    let arguments: Vec<&[u8]> = rest.split(|&byte| byte == SEPARATOR).collect();
    let read = match command % 7 {
        0 => create::Request::parse(&arguments).map(drop),
        1 => train::Request::parse(&arguments).map(drop),
        2 => configure(&arguments),
        3 => observe(&arguments, Kind::Classifier),
        4 => observe(&arguments, Kind::Regressor),
        5 => wait::milliseconds("the time", arguments[0]).map(|milliseconds| assert!(milliseconds >= 0)),
        _ => number(arguments[0]),
    };
    if let Err(refusal) = read {
        let text = refusal.text();
        assert!(
            (text.starts_with("ERR ") || text.starts_with("NR"))
                && text.len() < LONGEST
                && !text.contains(char::is_control),
            "{text}"
        );
    }
}

/// Parsed options must survive formatting and parsing again, as in replication.
fn configure(arguments: &[&[u8]]) -> Result<(), Refusal> {
    let given = options::parse(arguments, OptionContext::Change)?;
    let (kind, layout) = (Kind::Classifier, Layout::new(&[1, 2])?);
    let chosen = Options::new(kind).with(kind, &layout, &given)?;
    let limits = given.limits(Limits::default());
    let written = options::written(&chosen, limits, OptionContext::Change);
    let again = options::parse(&written.iter().map(Vec::as_slice).collect::<Vec<_>>(), OptionContext::Change)?;
    assert_eq!(again.limits(Limits { train: 0, test: 0 }), limits);
    assert_eq!(Options::new(kind).with(kind, &layout, &again)?, chosen);
    Ok(())
}

fn observe(arguments: &[&[u8]], kind: Kind) -> Result<(), Refusal> {
    let layout = Layout::new(&[2, 3])?;
    let mut network = Network::new(kind, layout, Options::new(kind), Limits { train: 3, test: 2 }, 1)?;
    let rows = wire_rows::Rows::parse(&[&[&b"key"[..]], arguments].concat(), &network)?;
    let batch = rows.batch(&network);
    network.observe(&batch, None, |_| {})?;
    Ok(())
}

fn number(text: &[u8]) -> Result<(), Refusal> {
    if let Some(number) = numbers::single(text) {
        let back = numbers::single(numbers::text(number).as_bytes());
        assert_eq!(back.map(f32::to_bits), Some(number.to_bits()));
    }
    wire_rows::inputs(&[text], 1).map(drop)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn the_corpus_parses_or_fails_with_a_one_line_error() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/parse");
        let files: Vec<_> =
            folder.read_dir().expect("rust/fuzz/corpus/parse exists").map(|file| file.unwrap().path()).collect();
        assert!(files.len() > 3, "{files:?}");
        for file in files {
            super::run(&std::fs::read(file).unwrap());
        }
    }
}
