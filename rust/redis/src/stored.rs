//! How a network is saved, and what else the server asks of what a key holds.
//!
//! The type's name, `neural-NN`, is the original module's, whose encoding was 2: its values are read, but ours are written, whose
//! encodings begin at 3. Every frame is checked as it comes, before the next is read.

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

/// The original module's.
const ORIGINAL_ENCODING: c_int = 2;

impl Stored for Value {
    const TYPE_NAME: &CStr = c"neural-NN";
    const NOUN: &str = "network";
    /// The newest that is read, too.
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
                    // What a frame holds may be kept twice while it becomes part of the whole.
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

    /// The copy shares the rows until either changes them, and is not being trained.
    fn copy(&self) -> Self {
        self.copy()
    }

    fn bytes(&self) -> usize {
        let pending = self.pending().map_or(0, Pending::bytes);
        alloc::allocated(size_of::<Self>()) - size_of::<Live>() + self.live.bytes_by(&alloc::allocated) + pending
    }

    /// A block of rows is 16 kB, and as much of anything else counts as one allocation.
    fn free_effort(&self) -> usize {
        1 + (self.network_bytes() >> 14)
    }

    /// What is large and what is many is moved: weights, the stepper's state, rows. What a training shares, and the small blocks
    /// that hold reference counts, stay where they are.
    fn move_by(&mut self, pass: &mut Pass) {
        self.live.network_mut().move_by(&mut Vectors(pass));
    }
}

/// The numbers of a value of the original module.
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

/// The vectors of a network, moved one after the other.
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

    /// Moves every vector, and counts them.
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
    fn all_of_a_network_is_moved_but_what_a_training_shares() {
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

        // All rows, three groups of sixteen in a block, their weights and the parameters, once each.
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
