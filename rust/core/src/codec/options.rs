//! The sections of options: one since version 4, four before.
//!
//! Each option is stored as identifier u8, length u32 and value, in ascending order of identifiers. A flag or the code
//! of a word is u8, an integer u64, a number f32, and a list of numbers f32 each. So a word is distinguished by its
//! length of 1.

use super::frame::Writer;
use super::section::{Piece, Section, damaged};
use crate::dataset::Limits;
use crate::error::{Error, Result};
use crate::layout::{Kind, Layout};
use crate::options::{Changes, Declared, Options, TABLE, Value};

/// The last option of version 4. Options up to here are always written, so their defaults can change without changing
/// saved networks. Later ones are left out if they have the default, so that networks without them keep their encoding.
const ALWAYS: u8 = 9;

pub(super) fn write(kind: Kind, options: &Options, writer: &mut Writer<'_>) {
    let default = Options::new(kind);
    let limits = Limits::default();
    let mut body = Vec::new();
    for option in TABLE {
        let (Some(id), Some(value)) = (option.id, option.value(options, limits)) else { continue };
        if id > ALWAYS && option.value(&default, limits).as_ref() == Some(&value) {
            continue;
        }
        let bytes = option.domain.encode(&value);
        body.push(id);
        body.extend((bytes.len() as u32).to_le_bytes());
        body.extend(bytes);
    }
    writer.fields(Section::Options, &[&body]);
}

pub(super) fn read(piece: &Piece<'_>, kind: Kind, layout: &Layout) -> Result<Options> {
    let mut fields = piece.fields()?;
    let mut changes = Changes::default();
    let (mut last, mut always) = (0, 0);
    while !fields.is_empty() {
        let [id] = fields.take()?;
        let length = fields.u32()? as usize;
        let bytes = fields.bytes(length)?;
        if id <= last {
            return Err(damaged(piece.section, format!("option {id} follows option {last}")));
        }
        last = id;
        always += u8::from(id <= ALWAYS);
        let Some(option) = TABLE.iter().find(|option| option.id == Some(id)) else {
            return Err(damaged(piece.section, format!("option {id} is unknown to this version")));
        };
        let value = decoded(piece, option, bytes)?;
        if id > ALWAYS && option.value(&Options::new(kind), Limits::default()).as_ref() == Some(&value) {
            return Err(damaged(
                piece.section,
                format!("{} is the default: expected that it is left out", option.name),
            ));
        }
        set(piece, option, &mut changes, value)?;
    }
    if always < ALWAYS {
        return Err(damaged(piece.section, format!("{always} of the options 1 to {ALWAYS}: expected all")));
    }
    of_kind(piece, kind, layout, &changes)
}

/// Read the options of versions up to 3 that are in one section. A flag before the weight decay says whether it is
/// automatic.
pub(super) fn read_first(piece: &Piece<'_>, kind: Kind, layout: &Layout) -> Result<Options> {
    let mut fields = piece.fields()?;
    let mut changes = Changes::default();
    for name in ["normalize", "activation", "output", "loss", "algorithm"] {
        take(piece, name, &mut changes, &fields.take::<1>()?)?;
    }
    if fields.flag("automatic weight decay")? {
        take(piece, "l2", &mut changes, &[0])?;
    } else {
        take(piece, "l2", &mut changes, &fields.take::<4>()?)?;
    }
    fields.end()?;
    of_kind(piece, kind, layout, &changes)
}

/// Read an option of versions up to 3 that has a section of its own, and which is left out if it has the default.
pub(super) fn read_later(piece: &Piece<'_>, kind: Kind, layout: &Layout, options: &mut Options) -> Result<()> {
    let mut fields = piece.fields()?;
    let mut changes = Changes::default();
    let (name, bytes) = match piece.section {
        Section::Ensemble => ("ensemble", u64::from(fields.take::<1>()?[0]).to_le_bytes().to_vec()),
        Section::Patience => ("patience", u64::from(fields.u32()?).to_le_bytes().to_vec()),
        // Codes: 1 is balanced, 2 is given by the numbers that follow.
        _ => match fields.take()? {
            [2] => ("class_weight", fields.bytes(4 * layout.outputs())?.to_vec()),
            [1] => ("class_weight", vec![1]),
            [code] => return Err(damaged(piece.section, format!("the kind of weights is {code}: expected 1 or 2"))),
        },
    };
    fields.end()?;
    take(piece, name, &mut changes, &bytes)?;
    *options = options.with(kind, layout, &changes).map_err(|error| rejected(piece, error))?;
    Ok(())
}

fn take(piece: &Piece<'_>, name: &str, changes: &mut Changes, bytes: &[u8]) -> Result<()> {
    let option =
        TABLE.iter().find(|option| option.name == name).expect("an option of version 1 to 3 stays in the table");
    let value = decoded(piece, option, bytes)?;
    set(piece, option, changes, value)
}

fn decoded(piece: &Piece<'_>, option: &Declared, bytes: &[u8]) -> Result<Value> {
    option.domain.decode(bytes)?.ok_or_else(|| {
        let shown = if bytes.len() <= 8 { format!("{bytes:?}") } else { format!("{} bytes", bytes.len()) };
        damaged(piece.section, format!("{} is {shown}: expected {}", option.name, option.domain.expected()))
    })
}

fn set(piece: &Piece<'_>, option: &Declared, changes: &mut Changes, value: Value) -> Result<()> {
    option.set(changes, value).map_err(|error| rejected(piece, error))
}

fn of_kind(piece: &Piece<'_>, kind: Kind, layout: &Layout, changes: &Changes) -> Result<Options> {
    Options::new(kind).with(kind, layout, changes).map_err(|error| rejected(piece, error))
}

fn rejected(piece: &Piece<'_>, error: Error) -> Error {
    damaged(piece.section, error)
}
