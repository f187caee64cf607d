//! The options of sequences in NR.CREATE: `SEQUENCE [LENGTH events] [CELL cell]`.

use neuralredis_core::sequence::MAX_LENGTH;
use neuralredis_core::{Cell, SequenceOptions};

use super::super::options;
use super::super::prelude::*;

/// The options in COMMAND DOCS.
pub(crate) const ARGUMENTS: Argument = Argument::block(
    c"sequence",
    &[
        Argument::word(c"sequence", c"SEQUENCE"),
        Argument::integer(c"events").after(c"LENGTH").optional(),
        Argument::one_of(
            c"cell",
            &[
                Argument::word(c"auto-cell", c"AUTO"),
                Argument::word(c"window", c"WINDOW"),
                Argument::word(c"reservoir", c"RESERVOIR"),
                Argument::word(c"gru", c"GRU"),
            ],
        )
        .after(c"CELL")
        .optional(),
    ],
)
.optional();

/// Whether a word is one of these options.
pub(crate) fn is_word(word: &[u8]) -> bool {
    ["SEQUENCE", "LENGTH", "CELL"].iter().any(|own| is(word, own))
}

/// Parses the options of sequences, if SEQUENCE is among the arguments, and returns them with all other arguments.
pub(crate) fn parse<'a>(mut args: &[&'a [u8]]) -> Result<(Option<SequenceOptions>, Vec<&'a [u8]>), Refusal> {
    let (mut found, mut length, mut cell, mut rest) = (false, None, None, Vec::new());
    while let Some(&word) = args.split_off_first() {
        let is_twice = if is(word, "SEQUENCE") {
            std::mem::replace(&mut found, true)
        } else if is(word, "LENGTH") {
            let given = value_of("LENGTH", &mut args)?;
            let number = numbers::whole(given).and_then(|number| u32::try_from(number).ok());
            let number = number.filter(|number| (1..=MAX_LENGTH).contains(number));
            let expected = format_args!("an integer from 1 to {MAX_LENGTH}");
            length.replace(number.ok_or_else(|| Refusal::argument("LENGTH", given, expected))?).is_some()
        } else if is(word, "CELL") {
            let given = value_of("CELL", &mut args)?;
            let named = std::str::from_utf8(given).ok().and_then(|name| Cell::named(name).ok());
            let names = Cell::ALL.map(|(_, name)| name.to_uppercase()).join(", ");
            cell.replace(named.ok_or_else(|| Refusal::argument("CELL", given, names))?).is_some()
        } else {
            rest.push(word);
            if options::has_value(word)
                && let Some(value) = args.split_off_first()
            {
                rest.push(*value);
            }
            false
        };
        if is_twice {
            return Err(Refusal::option(format!("{} is given twice", shown(word))));
        }
    }
    if !found && (length.is_some() || cell.is_some()) {
        return Err(Refusal::option("LENGTH and CELL are for a network of sequences: expected SEQUENCE beside them"));
    }
    let default = SequenceOptions::default();
    let chosen = SequenceOptions { length: length.unwrap_or(default.length), cell: cell.unwrap_or(default.cell) };
    Ok((found.then_some(chosen), rest))
}
