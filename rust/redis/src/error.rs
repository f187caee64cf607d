//! What a command refuses, and in which words.

use neuralredis_core::Error;
use neuralredis_server::log;

/// Characters of an argument that an error shows at most.
const SHOWN: usize = 64;

/// Characters of an error at most: it may name all fields of a network, or all classes.
const MOST: usize = 400;

/// Why a command was refused. Whatever is refused has changed nothing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Refusal {
    /// The key holds something else.
    WrongType,
    /// The server has become a replica.
    ReadOnly,
    /// There is not as much memory below `maxmemory`.
    OutOfMemory(String),
    /// Anything else: a code for programs, and a sentence that names the argument and what was expected.
    Because(&'static str, String),
}

/// What is wrong is none of the kinds below.
const OTHER: &str = "ERR";
/// An option or a layout, as the engine's own errors of these.
const OPTION: &str = "NROPTION";
/// Values of rows.
const DATA: &str = "NRDATA";
/// How many values there are.
const SHAPE: &str = "NRSHAPE";
/// What cannot be done now.
const STATE: &str = "NRSTATE";

impl Refusal {
    /// An argument that is not what was expected.
    pub(crate) fn argument(name: impl std::fmt::Display, value: &[u8], expected: impl std::fmt::Display) -> Self {
        Self::option(format!("{name} is '{}': expected {expected}", shown(value)))
    }

    /// A value of a row that is not what was expected.
    pub(crate) fn value(name: impl std::fmt::Display, value: &[u8], expected: impl std::fmt::Display) -> Self {
        Self::data(format!("{name} is '{}': expected {expected}", shown(value)))
    }

    /// An argument that the command has no place for.
    pub(crate) fn unknown(value: &[u8], expected: impl std::fmt::Display) -> Self {
        Self::option(format!("unknown option '{}': expected {expected}", shown(value)))
    }

    pub(crate) fn option(reason: impl Into<String>) -> Self {
        Self::Because(OPTION, reason.into())
    }

    pub(crate) fn data(reason: impl Into<String>) -> Self {
        Self::Because(DATA, reason.into())
    }

    pub(crate) fn shape(reason: impl Into<String>) -> Self {
        Self::Because(SHAPE, reason.into())
    }

    pub(crate) fn state(reason: impl Into<String>) -> Self {
        Self::Because(STATE, reason.into())
    }

    pub(crate) fn because(reason: impl Into<String>) -> Self {
        Self::Because(OTHER, reason.into())
    }

    pub(crate) fn out_of_memory(reason: impl Into<String>) -> Self {
        Self::OutOfMemory(reason.into())
    }

    /// The same, where so many rows have been stored before.
    pub(crate) fn after_rows(self, rows: usize) -> Self {
        match (self, rows) {
            (refusal, 0) => refusal,
            (Self::Because(code, reason), rows) => {
                Self::Because(code, format!("{reason}; {rows} rows had been stored before"))
            }
            (refusal, _) => refusal,
        }
    }

    /// The text of the reply.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::WrongType => "WRONGTYPE Operation against a key holding the wrong kind of value".into(),
            Self::ReadOnly => "READONLY You can't write against a read only replica.".into(),
            Self::OutOfMemory(reason) => format!("OOM {reason}"),
            Self::Because(code, reason) => match reason.char_indices().nth(MOST) {
                None => format!("{code} {reason}"),
                Some((end, _)) => format!("{code} {}...", &reason[..end]),
            },
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(&self.text())
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Because(error.code().unwrap_or(OTHER), error.to_string())
    }
}

/// An argument as an error shows it: one line, not too long, whatever its bytes are.
pub(crate) fn shown(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value.get(..4 * SHOWN).unwrap_or(value));
    let mut line: String = text.chars().take(SHOWN).flat_map(log::escaped).collect();
    if text.chars().nth(SHOWN).is_some() || value.len() > 4 * SHOWN {
        line.push_str("...");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_is_shown_on_one_line_of_bounded_length() {
        assert_eq!(shown(b"a\r\n\0%n\xff"), "a\\r\\n\\u{0}%n\u{fffd}");
        assert_eq!(shown(&[b'x'; 1000]).len(), SHOWN + 3);
        assert_eq!(shown("é".repeat(64).as_bytes()), "é".repeat(64));
        assert_eq!(
            Refusal::argument("input 3", b"abc", "a number").text(),
            "NROPTION input 3 is 'abc': expected a number"
        );
        assert_eq!(Refusal::data("é".repeat(1000)).text(), format!("NRDATA {}...", "é".repeat(MOST)));
    }
}
