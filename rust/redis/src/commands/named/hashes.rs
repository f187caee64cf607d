//! Rows of fields that are read from hashes: `user.age` is the field `age` of the hash for the role `user`.
//!
//! Only the server that runs the command reads the hashes; replicas receive the row.

use std::borrow::Cow;
use std::time::Duration;

use neuralredis_core::Schema;
use neuralredis_server::hash::Found;
use neuralredis_server::{Hash, ServerString, command};

use super::super::prelude::*;
use super::known::Known;

/// Nanoseconds to read a field of a hash.
const NANOSECONDS_TO_READ: u64 = 300;

/// The hashes in COMMAND DOCS.
pub(crate) const NUMBER: Argument = Argument::integer(c"numkeys");
pub(crate) const HASHES: Argument = Argument::counted_key(c"hash").multiple();

/// The hashes of a command, `numkeys hash ...`.
pub(crate) struct Hashes<'a> {
    ctx: Context<'a>,
    names: Vec<&'a [u8]>,
}

impl<'a> Hashes<'a> {
    /// Parses the arguments after the network's key; also returns those after the hashes.
    ///
    /// Call this before any hash is opened: if `numkeys` is not a valid number, the server has checked only the first
    /// key.
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

    /// Returns an error if reading all fields would stall the server.
    pub(crate) fn check_cost(&self, schema: &Schema) -> Result<(), Refusal> {
        let reads = (schema.fields().len() as u64).saturating_mul(self.names.len() as u64);
        work::check_here(
            self.ctx,
            Cost::of(Duration::from_nanos(reads.saturating_mul(NANOSECONDS_TO_READ))),
            "of fewer hashes",
        )
    }

    /// Opens some of the hashes; an error if one does not exist.
    pub(crate) fn open(&self, which: std::ops::Range<usize>) -> Result<Vec<Hash>, Refusal> {
        let all = self.names[which].iter().map(|&name| match self.find(name)? {
            Some(hash) => Ok(hash),
            None => Err(Refusal::data(format!("no hash at key '{}'", shown(name)))),
        });
        all.collect()
    }

    /// Opens a hash; `None` if it does not exist.
    pub(crate) fn find(&self, name: &[u8]) -> Result<Option<Hash>, Refusal> {
        match Hash::open(self.ctx, name) {
            Found::Hash(hash) => Ok(Some(hash)),
            Found::Nothing => Ok(None),
            Found::Other => Err(Refusal::WrongType),
        }
    }
}

/// Where to read each field of a schema: in the hash of which role, and under which name.
pub(crate) struct Sources {
    /// The index of the role, and the name in its hash. A field without a role is read from any hash.
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

    /// Reads a field from the hash of its role; a field without a role from the first hash that has it. `hashes` begins
    /// with the hash of role `first`.
    pub(crate) fn read(&self, field: usize, hashes: &[Hash], first: usize) -> Option<ServerString<'static>> {
        let (role, name) = &self.fields[field];
        match role {
            Some(role) => hashes.get(role.checked_sub(first)?)?.get(name),
            None => hashes.iter().find_map(|hash| hash.get(name)),
        }
    }

    /// Returns an error if there are fewer hashes than roles.
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

/// Combines hashes with the names and values in the arguments, which take precedence.
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
