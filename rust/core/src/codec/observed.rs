//! Encoding of observed rows of fields for replicas, with the words and classes that were new, and the places of the
//! rows.
//!
//! Random state of rows afterwards u64; number of words u32, each as field u32, length u8 and bytes; number of classes
//! u32, each as length u8 and bytes; numbers of rows, of cells and of values of an outcome, u32 each; each row as set
//! u8, place u32, weight f32, cells and outcome, f32 each, number of entries u32, each as input u32 and value f32. All
//! numbers are little-endian.

use crate::dataset::{Place, Set};
use crate::error::{Error, Result};
use crate::fields::Stored;
use crate::schema::{Entry, Row};

/// Rows that were observed, with all that a replica needs to store them identically.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Observed {
    /// The random state of rows after the observation.
    pub rows_state: u64,
    /// New words, each with the index of its field.
    pub words: Vec<(u32, Box<[u8]>)>,
    /// New classes.
    pub classes: Vec<Box<[u8]>>,
    /// The rows.
    pub rows: Vec<Stored>,
}

impl Observed {
    /// Encode the rows.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(self.rows_state.to_le_bytes());
        bytes.extend((self.words.len() as u32).to_le_bytes());
        for (field, word) in &self.words {
            bytes.extend(field.to_le_bytes());
            bytes.push(word.len() as u8);
            bytes.extend(&**word);
        }
        bytes.extend((self.classes.len() as u32).to_le_bytes());
        for class in &self.classes {
            bytes.push(class.len() as u8);
            bytes.extend(&**class);
        }
        let (cells, outcome) = self.rows.first().map_or((0, 0), |first| (first.row.cells.len(), first.outcome.len()));
        for count in [self.rows.len(), cells, outcome] {
            bytes.extend((count as u32).to_le_bytes());
        }
        for Stored { row, outcome, weight, place } in &self.rows {
            bytes.push(u8::from(place.set == Set::Test));
            bytes.extend(place.row.to_le_bytes());
            bytes.extend(weight.to_le_bytes());
            row.cells.iter().chain(outcome).for_each(|value| bytes.extend(value.to_le_bytes()));
            bytes.extend((row.list.len() as u32).to_le_bytes());
            for entry in &row.list {
                bytes.extend(entry.number.to_le_bytes());
                bytes.extend(entry.value.to_le_bytes());
            }
        }
        bytes
    }

    /// Decode what [`Self::encode`] returned. Whether a network accepts the rows is checked by
    /// [`crate::Network::take`].
    ///
    /// # Errors
    /// [`Error::Damaged`] for invalid bytes. Memory is allocated only for received values.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let mut left = Reader(bytes);
        let rows_state = u64::from_le_bytes(left.take()?);
        let mut words = Vec::new();
        for _ in 0..left.number()? {
            let field = left.number()?;
            words.push((field, left.name()?));
        }
        let mut classes = Vec::new();
        for _ in 0..left.number()? {
            classes.push(left.name()?);
        }
        let (count, cells, outcomes) = (left.number()?, left.number()?, left.number()?);
        let mut rows = Vec::new();
        for _ in 0..count {
            let set = match left.take()? {
                [0] => Set::Train,
                [1] => Set::Test,
                [other] => return Err(Error::Damaged(format!("the set of a row is {other}: expected 0 or 1"))),
            };
            let place = Place { set, row: left.number()? };
            let weight = f32::from_le_bytes(left.take()?);
            let (cells, outcome) = (left.floats(cells)?, left.floats(outcomes)?);
            let (entries, rest) = left.bytes(u64::from(left.peek()?) * 8 + 4)?[4..].as_chunks::<4>();
            debug_assert!(rest.is_empty(), "a multiple of 8");
            let entry = |[number, value]: &[[u8; 4]; 2]| Entry {
                number: u32::from_le_bytes(*number),
                value: f32::from_le_bytes(*value),
            };
            let list = entries.as_chunks::<2>().0.iter().map(entry).collect();
            rows.push(Stored { row: Row { cells, list }, outcome, weight, place });
        }
        if !left.0.is_empty() {
            return Err(Error::Damaged(format!("{} bytes after the last row", left.0.len())));
        }
        Ok(Self { rows_state, words, classes, rows })
    }
}

/// A reader of the remaining bytes.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: u64) -> Result<&'a [u8]> {
        let split = usize::try_from(count).ok().and_then(|count| self.0.split_at_checked(count));
        let (bytes, rest) = split.ok_or_else(|| Error::Damaged("observed rows end too early".into()))?;
        self.0 = rest;
        Ok(bytes)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        Ok(self.bytes(N as u64)?.try_into().expect("as many bytes"))
    }

    fn number(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.take()?))
    }

    /// The next number, without consuming it.
    fn peek(&self) -> Result<u32> {
        Reader(self.0).number()
    }

    fn name(&mut self) -> Result<Box<[u8]>> {
        let [length] = self.take()?;
        Ok(self.bytes(length.into())?.into())
    }

    fn floats(&mut self, count: u32) -> Result<Vec<f32>> {
        let (floats, _) = self.bytes(4 * u64::from(count))?.as_chunks::<4>();
        Ok(floats.iter().map(|float| f32::from_le_bytes(*float)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn observed() -> Observed {
        let row = |set, place, list: &[(u32, f32)]| Stored {
            row: Row {
                cells: vec![1.5, -2.0],
                list: list.iter().map(|&(number, value)| Entry { number, value }).collect(),
            },
            outcome: vec![1.0],
            weight: 2.5,
            place: Place { set, row: place },
        };
        Observed {
            rows_state: u64::MAX - 1,
            words: vec![(3, (*b"IT").into()), (0, (*b"\xff\0").into())],
            classes: vec![(*b"yes").into()],
            rows: vec![row(Set::Train, 7, &[]), row(Set::Test, u32::MAX - 1, &[(9, 1.0), (11, 0.25)])],
        }
    }

    #[test]
    fn encoded_rows_are_decoded_to_the_same() {
        for observed in [observed(), Observed::default()] {
            assert_eq!(Observed::decode(&observed.encode()), Ok(observed));
        }
    }

    #[test]
    fn truncated_bytes_are_rejected_and_forged_ones_are_safe() {
        let bytes = observed().encode();
        for end in 0..bytes.len() {
            assert!(Observed::decode(&bytes[..end]).is_err(), "{end}");
        }
        assert!(Observed::decode(&[&bytes[..], &[0]].concat()).is_err());
        let mut random = Random::new(1, 1);
        for _ in 0..20_000 {
            let mut forged = bytes.clone();
            for _ in 0..=random.below(3) {
                let at = random.below(forged.len() as u64) as usize;
                forged[at] = random.bits() as u8;
            }
            // Decoding neither panics nor allocates memory for values that were not received.
            if let Ok(observed) = Observed::decode(&forged) {
                assert_eq!(Observed::decode(&observed.encode()).map(|again| again.encode()), Ok(observed.encode()));
            }
        }
    }
}
