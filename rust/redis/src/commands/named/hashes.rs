//! Rows of fields from hashes: `user.age` is read as `age` from the hash that is given for the role `user`.
//!
//! Hashes are read where the command runs: replicas are sent the row, and read none.

use std::borrow::Cow;
use std::time::Duration;

use neuralredis_core::Schema;
use neuralredis_server::hash::Found;
use neuralredis_server::{Hash, ServerString, command};

use super::super::prelude::*;
use super::known::Known;

/// Nanoseconds that a field of a hash takes to be read.
const READING: u64 = 300;

/// What COMMAND DOCS shows.
pub(crate) const NUMBER: Argument = Argument::integer(c"numkeys");
pub(crate) const HASHES: Argument = Argument::counted_key(c"hash").multiple();

/// The hashes of a command, `numkeys hash ...`.
pub(crate) struct Hashes<'a> {
    ctx: Context<'a>,
    names: Vec<&'a [u8]>,
}

impl<'a> Hashes<'a> {
    /// Of the arguments after the key of the network, of which those after the hashes come with them.
    ///
    /// Before any key is opened: of a number that is none the server has seen no keys but the first.
    pub(crate) fn parse<'b>(ctx: Context<'a>, args: &'b [&'a [u8]]) -> Result<(Self, &'b [&'a [u8]]), Refusal> {
        let (&number, rest) = args.split_first().unwrap_or((&&b""[..], &[]));
        let count = command::counted(number, rest.len()).ok_or_else(|| {
            let expected = format!("an integer from 1 to {}, the number of the keys after it", rest.len().max(1));
            Refusal::argument("numkeys", number, expected)
        })?;
        let (names, rest) = rest.split_at(count);
        Ok((Self { ctx, names: names.to_vec() }, rest))
    }

    pub(crate) fn names(&self) -> &[&'a [u8]] {
        &self.names
    }

    /// Refuses to read so many fields of so many hashes that the server would be held up.
    pub(crate) fn check_cost(&self, schema: &Schema) -> Result<(), Refusal> {
        let reads = (schema.fields().len() as u64).saturating_mul(self.names.len() as u64);
        work::check_here(self.ctx, Cost::of(Duration::from_nanos(reads.saturating_mul(READING))), "of fewer hashes")
    }

    /// Opens some of the hashes, each of which must be there.
    pub(crate) fn open(&self, which: std::ops::Range<usize>) -> Result<Vec<Hash>, Refusal> {
        let all = self.names[which].iter().map(|&name| match self.find(name)? {
            Some(hash) => Ok(hash),
            None => Err(Refusal::data(format!("no hash at key '{}'", shown(name)))),
        });
        all.collect()
    }

    /// Opens a hash, if it is there.
    pub(crate) fn find(&self, name: &[u8]) -> Result<Option<Hash>, Refusal> {
        match Hash::open(self.ctx, name) {
            Found::Hash(hash) => Ok(Some(hash)),
            Found::Nothing => Ok(None),
            Found::Other => Err(Refusal::WrongType),
        }
    }
}

/// The fields of a schema as they are called in hashes, and in which of these.
pub(crate) struct Sources {
    /// The role's number, and the name there; none of a plain field, which may be in any.
    fields: Vec<(Option<usize>, ServerString<'static>)>,
    roles: Vec<Vec<u8>>,
}

impl Sources {
    pub(crate) fn of(schema: &Schema) -> Self {
        let roles = schema.roles();
        let source = |field: &neuralredis_core::schema::Field| match field.role() {
            Some((role, name)) => (roles.iter().position(|known| *known == role), name.into()),
            None => (None, field.name().into()),
        };
        let fields = schema.fields().iter().map(source).collect();
        Self { fields, roles: roles.iter().map(|role| role.to_vec()).collect() }
    }

    pub(crate) fn roles(&self) -> usize {
        self.roles.len()
    }

    /// The value of a field, from the hash of its role; of a plain field, from the first hash that has it. Hash number `first` is
    /// that of the role with that number.
    pub(crate) fn read(&self, field: usize, hashes: &[Hash], first: usize) -> Option<ServerString<'static>> {
        let (role, name) = &self.fields[field];
        match role {
            Some(role) => hashes.get(role.checked_sub(first)?)?.get(name),
            None => hashes.iter().find_map(|hash| hash.get(name)),
        }
    }

    /// Refuses hashes that are fewer than the roles.
    pub(crate) fn check(&self, hashes: usize) -> Result<(), Refusal> {
        if hashes >= self.roles.len() {
            return Ok(());
        }
        let roles: Vec<String> = self.roles.iter().map(|role| shown(role)).collect();
        Err(Refusal::shape(format!(
            "{hashes} hash{}: expected one for each of {}",
            if hashes == 1 { "" } else { "es" },
            roles.join(", ")
        )))
    }
}

/// A row from hashes and from the names and values that are given besides, which win.
pub(crate) fn row<'a>(hashes: &Hashes<'_>, schema: &Schema, given: Known<'a>) -> Result<Known<'a>, Refusal> {
    let sources = Sources::of(schema);
    sources.check(hashes.names.len())?;
    hashes.check_cost(schema)?;
    let open = hashes.open(0..hashes.names.len())?;
    let Known::Pairs(mut pairs) = given else { return Ok(given) };
    let own = pairs.len();
    for (index, field) in schema.fields().iter().enumerate() {
        if pairs[..own].iter().any(|(name, _)| **name == *field.name()) {
            continue;
        }
        if let Some(value) = sources.read(index, &open, 0) {
            pairs.push((Cow::Owned(field.name().to_vec()), Cow::Owned(value.bytes().to_vec())));
        }
    }
    Ok(Known::Pairs(pairs))
}
