//! The data type's methods: saving, loading, copying, measuring and defragmenting a network.
//!
//! The type has the name of the original module's, `neural-NN`, whose encoding was 2. Values of that encoding can be
//! read; this module writes encoding 3. Each frame is checked before the next is read.

use std::ffi::{CStr, c_int};

use neuralredis_core::memory::Move;
use neuralredis_core::training::Live;
use neuralredis_core::{Error, codec};
use neuralredis_server::data_type::{DataType, Saved};
use neuralredis_server::defrag::Pass;
use neuralredis_server::{Command, Stored, alloc};

use crate::commands::effects::load::Load;
use crate::memory;
use crate::pending::Pending;
use crate::value::Value;

/// The encoding of the original module.
const ORIGINAL_ENCODING: c_int = 2;

impl Stored for Value {
    const TYPE_NAME: &CStr = c"neural-NN";
    const NOUN: &str = "network";
    /// The encoding that is written, also the newest that can be read.
    const ENCODING: c_int = 3;
    const AOF_COMMAND: &CStr = Load::NAME;

    fn data_type() -> &'static DataType<Self> {
        static TYPE: DataType<Value> = DataType::unregistered();
        &TYPE
    }

    fn save(&self, write: &mut dyn FnMut(&[u8])) {
        codec::frames(&self.whole(), write);
    }

    fn load(saved: &mut Saved, encoding: c_int) -> Result<Self, String> {
        let network = match encoding {
            Self::ENCODING => {
                let mut decoder = codec::Decoder::new();
                while !decoder.is_complete() {
                    let frame = saved.frame().ok_or("it ends too early")?;
                    // Decoding may keep the contents of a frame twice for a moment.
                    memory::check(2 * frame.len())
                        .and_then(|()| decoder.push(&frame))
                        .map_err(|error| error.to_string())?;
                }
                decoder.finish()
            }
            ORIGINAL_ENCODING => codec::decode_original(&mut Original(saved)),
            _ => {
                let newest = Self::ENCODING;
                return Err(format!(
                    "it was saved in encoding {encoding}: this version reads encodings 2 and {newest}"
                ));
            }
        };
        network.map(Self::new).map_err(|error| error.to_string())
    }

    /// The copy shares the rows until one of the two changes them. A running training stays with the original.
    fn copy(&self) -> Self {
        self.copy()
    }

    fn bytes(&self) -> usize {
        let pending = self.pending().map_or(0, Pending::bytes);
        alloc::allocated(size_of::<Self>()) - size_of::<Live>() + self.live.bytes_by(&alloc::allocated) + pending
    }

    /// Counts one allocation for each 16 kB, the size of a block of rows.
    fn free_effort(&self) -> usize {
        1 + (self.network_bytes() >> 14)
    }

    /// Moves what is large or numerous: weights, trainer state, rows. What a running training shares, and the small
    /// blocks that hold reference counts, stay in place.
    fn move_by(&mut self, pass: &mut Pass) {
        self.live.network_mut().move_by(&mut Vectors(pass));
    }
}

/// Reads the numbers of a value that the original module saved.
struct Original<'a>(&'a mut Saved);

fn missing() -> Error {
    Error::Damaged("it ends too early, or has another value than is expected".into())
}

impl codec::Values for Original<'_> {
    fn whole(&mut self) -> Result<u64, Error> {
        self.0.unsigned().ok_or_else(missing)
    }

    fn float(&mut self) -> Result<f32, Error> {
        self.0.float().ok_or_else(missing)
    }
}

/// Passes the vectors of a network to the defragmentation.
struct Vectors<'a>(&'a mut Pass);

impl Move for Vectors<'_> {
    fn floats(&mut self, vec: &mut Vec<f32>) {
        self.0.relocate(vec);
    }

    fn signs(&mut self, vec: &mut Vec<i8>) {
        self.0.relocate(vec);
    }
}

#[cfg(test)]
mod tests {
    use neuralredis_core::{Batch, Kind, Layout, Limits, Network, Options};

    use super::*;

    /// Reallocates every vector, and counts them.
    #[derive(Default)]
    struct Moved(usize);

    impl Move for Moved {
        fn floats(&mut self, vec: &mut Vec<f32>) {
            *vec = vec.clone();
            self.0 += 1;
        }

        fn signs(&mut self, vec: &mut Vec<i8>) {
            *vec = vec.clone();
            self.0 += 1;
        }
    }

    #[test]
    fn defragmentation_moves_all_vectors_but_those_that_a_training_shares() {
        let limits = Limits { train: 1_000_000, test: 10 };
        let options = Options { normalize: true, ..Options::new(Kind::Regressor) };
        let layout = Layout::new(&[200, 5, 1]).unwrap();
        let mut network = Network::new(Kind::Regressor, layout, options, limits, 1).unwrap();
        let rows = 30_000;
        let inputs: Vec<f32> = (0..200 * rows).map(|value| value as f32).collect();
        let mut batch = Batch::new(&inputs, 200, &inputs[..rows], 1);
        batch.weights = Some(&inputs[1..=rows]);
        network.observe(&batch, None, |_| {}).unwrap();
        let expected = codec::encode(&network);

        // Each vector is moved once: all rows, three groups of sixteen in a block, their weights, and the parameters.
        let (mut moved, blocks) = (Moved::default(), rows.div_ceil(48));
        network.move_by(&mut moved);
        assert!((blocks + 3..blocks + 20).contains(&moved.0), "{} of {blocks}", moved.0);
        assert_eq!(codec::encode(&network), expected);

        let shared = network.clone();
        let mut moved = Moved::default();
        network.move_by(&mut moved);
        assert_eq!((moved.0, network), (0, shared));
    }
}
