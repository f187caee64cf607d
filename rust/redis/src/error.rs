//! Errors of commands: their codes and texts.

use neuralredis_core::Error;
use neuralredis_server::log;

/// The most characters of an argument that an error quotes.
const MAX_QUOTED_CHARS: usize = 64;

/// The most characters of an error, which may list all fields or all classes of a network.
const MAX_CHARS: usize = 400;

/// The error of a command. A command that returns an error has changed nothing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Refusal {
    /// The key holds another type.
    WrongType,
    /// The server has become a replica.
    ReadOnly,
    /// There is not enough memory below `maxmemory`.
    OutOfMemory(String),
    /// Any other error: a code for programs, and a sentence that names the argument and what was expected.
    Because(&'static str, String),
}

/// The code of errors that no other code describes.
const OTHER: &str = "ERR";
/// An option or a layout; the engine uses the same code.
const OPTION: &str = "NROPTION";
/// The value of a row.
const DATA: &str = "NRDATA";
/// The number of values.
const SHAPE: &str = "NRSHAPE";
/// An operation that is not possible in the present state.
const STATE: &str = "NRSTATE";

impl Refusal {
    /// An argument with an invalid value.
    pub(crate) fn argument(name: impl std::fmt::Display, value: &[u8], expected: impl std::fmt::Display) -> Self {
        Self::option(format!("{name} is '{}': expected {expected}", shown(value)))
    }

    /// An invalid value in a row.
    pub(crate) fn value(name: impl std::fmt::Display, value: &[u8], expected: impl std::fmt::Display) -> Self {
        Self::data(format!("{name} is '{}': expected {expected}", shown(value)))
    }

    /// An argument that the command does not know.
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

    /// Adds that `rows` rows were stored before the error occurred.
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
            Self::Because(code, reason) => match reason.char_indices().nth(MAX_CHARS) {
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

/// An argument for an error message: one line of bounded length, whatever its bytes are.
pub(crate) fn shown(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value.get(..4 * MAX_QUOTED_CHARS).unwrap_or(value));
    let mut line: String = text.chars().take(MAX_QUOTED_CHARS).flat_map(log::escaped).collect();
    if text.chars().nth(MAX_QUOTED_CHARS).is_some() || value.len() > 4 * MAX_QUOTED_CHARS {
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
        assert_eq!(shown(&[b'x'; 1000]).len(), MAX_QUOTED_CHARS + 3);
        assert_eq!(shown("é".repeat(64).as_bytes()), "é".repeat(64));
        assert_eq!(
            Refusal::argument("input 3", b"abc", "a number").text(),
            "NROPTION input 3 is 'abc': expected a number"
        );
        assert_eq!(Refusal::data("é".repeat(1000)).text(), format!("NRDATA {}...", "é".repeat(MAX_CHARS)));
    }
}
