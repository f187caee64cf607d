//! Fuzzing of the decoder of saved networks.

use crc::{CRC_64_REDIS, Crc, Table};
use neuralredis_core::codec;

static CRC: Crc<u64, Table<16>> = Crc::<u64, Table<16>>::new(&CRC_64_REDIS);

/// Decode a file. The checksum is appended, since no fuzzer would find a valid one.
pub(crate) fn run(data: &[u8]) {
    let with_checksum = [data, &CRC.checksum(data).to_le_bytes()].concat();
    if let Ok(network) = codec::decode(&with_checksum) {
        super::check(network);
    }
}
