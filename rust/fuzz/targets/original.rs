//! Fuzzing of the reader for networks of the original module.

use neuralredis_core::{Error, Result, codec};

/// Opcodes of module values in an RDB.
const WHOLE: u64 = 2;
const FLOAT: u64 = 3;

/// A reader of module values in an RDB.
struct Rdb<'a>(&'a [u8]);

impl Rdb<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk().ok_or_else(|| Error::Damaged("it ends".into()))?;
        self.0 = rest;
        Ok(*field)
    }

    fn length(&mut self) -> Result<u64> {
        let [first] = self.take()?;
        Ok(match first {
            0..0x40 => u64::from(first),
            0x40..0x80 => u64::from(first & 0x3F) << 8 | u64::from(self.take::<1>()?[0]),
            0x80 => u64::from(u32::from_be_bytes(self.take()?)),
            0x81 => u64::from_be_bytes(self.take()?),
            _ => return Err(Error::Damaged("no length".into())),
        })
    }

    fn opcode(&mut self, expected: u64) -> Result<()> {
        if self.length()? == expected { Ok(()) } else { Err(Error::Damaged("another value".into())) }
    }
}

impl codec::Values for Rdb<'_> {
    fn whole(&mut self) -> Result<u64> {
        self.opcode(WHOLE)?;
        self.length()
    }

    fn float(&mut self) -> Result<f32> {
        self.opcode(FLOAT)?;
        self.take().map(f32::from_le_bytes)
    }
}

/// Decode module values as DUMP returns them, without the type before, and without end marker, version and checksum
/// after them.
pub(crate) fn run(data: &[u8]) {
    if let Ok(network) = codec::decode_original(&mut Rdb(data)) {
        super::check(network);
    }
}
