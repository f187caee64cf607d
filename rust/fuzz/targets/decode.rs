//! The engine's own bytes.

use crc::{CRC_64_REDIS, Crc, Table};
use neuralredis_core::codec;

static CRC: Crc<u64, Table<16>> = Crc::<u64, Table<16>>::new(&CRC_64_REDIS);

/// The bytes of a network, but for its checksum, which is made right.
pub(crate) fn run(data: &[u8]) {
    let sealed = [data, &CRC.checksum(data).to_le_bytes()].concat();
    if let Ok(network) = codec::decode(&sealed) {
        super::check(network);
    }
}
