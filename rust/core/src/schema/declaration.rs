//! The inverse of `NR.CREATE`: the arguments that declare a schema.

use super::{FieldKind, Schema, Target};

impl Schema {
    /// The arguments of `NR.CREATE` that declare this schema with hidden layers of these sizes.
    ///
    /// ```
    /// use neuralredis_core::{FieldKind, Schema, Target};
    /// let target = Target::Values(vec![(*b"price").into()]);
    /// let schema = Schema::new([(b"size".to_vec(), FieldKind::Number), (b"zip".to_vec(), FieldKind::Category(900))], target)?;
    /// let words: Vec<_> = schema.declaration(&[30]).into_iter().map(|word| String::from_utf8(word).unwrap()).collect();
    /// assert_eq!(words.join(" "), "SCHEMA size NUMBER zip CATEGORY 900 -> 1 price HIDDEN 30");
    /// # Ok::<(), neuralredis_core::Error>(())
    /// ```
    pub fn declaration(&self, hidden: &[usize]) -> Vec<Vec<u8>> {
        declaration(self.fields().iter().map(|field| (field.name(), field.kind())), self.target(), hidden)
    }
}

/// The arguments of `NR.CREATE` that declare fields and a target with hidden layers of these sizes.
pub fn declaration<'a>(
    fields: impl IntoIterator<Item = (&'a [u8], FieldKind)>,
    target: &Target,
    hidden: &[usize],
) -> Vec<Vec<u8>> {
    let number = |number: usize| number.to_string().into_bytes();
    let mut words = vec![b"SCHEMA".to_vec()];
    for (name, kind) in fields {
        words.push(name.to_vec());
        words.extend(kind.to_string().split(' ').map(|word| word.as_bytes().to_vec()));
    }
    words.push(b"->".to_vec());
    match target {
        Target::Classes { name, most, closed, names } => {
            words.push(name.to_vec());
            words.extend([b"CLASSES".to_vec(), number(*most as usize)]);
            if *closed {
                words.extend(names.iter().map(|name| name.to_vec()));
            }
        }
        Target::Values(names) => {
            words.push(number(names.len()));
            words.extend(names.iter().map(|name| name.to_vec()));
        }
    }
    words.push(b"HIDDEN".to_vec());
    if hidden.is_empty() {
        words.push(number(0));
    }
    words.extend(hidden.iter().map(|&units| number(units)));
    words
}
