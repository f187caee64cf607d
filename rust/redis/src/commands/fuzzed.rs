//! Whatever arguments a client sends, they are read or refused in one line. For fuzzing (rust/fuzz), and to replay what it found.

use neuralredis_core::{Kind, Layout, Limits, Network, Options};
use neuralredis_server::numbers;

use super::options::{self, Of};
use super::{create, train, wait, wire_rows};
use crate::error::Refusal;

/// What separates arguments. They may hold anything else.
const SEPARATOR: u8 = b'\n';
/// Characters of a refusal at most: those of the argument it shows, which may be escaped, and a sentence.
const LONGEST: usize = 64 * 8 + 400;

/// The first byte chooses the command, the rest are arguments after its key.
pub(crate) fn run(data: &[u8]) {
    let Some((&command, rest)) = data.split_first() else { return };
    let arguments: Vec<&[u8]> = rest.split(|&byte| byte == SEPARATOR).collect();
    let read = match command % 7 {
        0 => create::Wanted::parse(&arguments).map(drop),
        1 => train::Request::parse(&arguments).map(drop),
        2 => configure(&arguments),
        3 => observe(&arguments, Kind::Classifier),
        4 => observe(&arguments, Kind::Regressor),
        5 => wait::milliseconds("the time", arguments[0]).map(|milliseconds| assert!(milliseconds >= 0)),
        _ => number(arguments[0]),
    };
    if let Err(refusal) = read {
        let text = refusal.text();
        assert!(text.starts_with("ERR ") && text.len() < LONGEST && !text.contains(char::is_control), "{text}");
    }
}

/// What is read is what would be replicated, and read again.
fn configure(arguments: &[&[u8]]) -> Result<(), Refusal> {
    let given = options::parse(arguments, Of::Change)?;
    let (kind, layout) = (Kind::Classifier, Layout::new(&[1, 2])?);
    let chosen = Options::new(kind).with(kind, &layout, &given)?;
    let limits = given.limits(Limits::default());
    let written = options::written(&chosen, limits, Of::Change);
    let again = options::parse(&written.iter().map(Vec::as_slice).collect::<Vec<_>>(), Of::Change)?;
    assert_eq!(again.limits(Limits { train: 0, test: 0 }), limits);
    assert_eq!(Options::new(kind).with(kind, &layout, &again)?, chosen);
    Ok(())
}

fn observe(arguments: &[&[u8]], kind: Kind) -> Result<(), Refusal> {
    let layout = Layout::new(&[2, 3])?;
    let mut network = Network::new(kind, layout, Options::new(kind), Limits { train: 3, test: 2 }, 1)?;
    let rows = wire_rows::Rows::parse(arguments, &network)?;
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
    fn arguments_that_fuzzing_found_are_read_or_refused_in_one_line() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/parse");
        let files: Vec<_> = folder.read_dir().expect("the corpus is there").map(|file| file.unwrap().path()).collect();
        assert!(files.len() > 3, "{files:?}");
        for file in files {
            super::run(&std::fs::read(file).unwrap());
        }
    }
}
