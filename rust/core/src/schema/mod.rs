//! The schema of a network of fields: names and kinds of the fields, dictionaries, the target, and the encoding of
//! rows.
//!
//! A *word* is a value of a `CATEGORY`, `AUTO` or `TAGS` field; each such field has a dictionary of the words it has
//! met. The inputs of a network are numbered in this order:
//!
//! 1. Computed (dense) inputs, which are derived from the numbers of a row.
//! 2. Looked-up (sparse) inputs that exist from the start: for each field one for a gap, and one for unknown words or
//!    one for each bucket of a text.
//! 3. One looked-up input for each word, in order of first appearance, across all fields.
//!
//! So the number of a word never changes, and new words only append weights to the first layer.

mod declaration;
mod decode;
mod describe;
pub mod json;
mod kind;
mod roles;
mod row;
#[cfg(test)]
mod tests;
mod text;
mod time;
mod value;

use std::collections::HashMap;

pub use declaration::declaration;
pub use decode::Held;
pub use kind::{DEFAULT_BUCKETS, DEFAULT_WORDS, FieldKind, MAX_ENTRIES, Word};
pub(crate) use row::check_outcome;
pub use row::{Entry, Row};
pub use value::{Given, Value};

use crate::dataset::RowShape;
use crate::error::{Error, Result};
use crate::layout::{FirstInputs, Kind, Layout, MAX_PARAMETERS, MAX_UNITS};
use crate::memory::{self, Taken};
use crate::trained::Trained;

/// Maximum length of a field's name, and of a word, in bytes.
pub const MAX_NAME: usize = 64;
/// Maximum number of fields.
pub const MAX_FIELDS: usize = 4096;
/// Default of the maximum number of classes.
pub const DEFAULT_CLASSES: u32 = 100;
/// Default hidden layers of a network of fields. Over the tables of `benchmarks/tables`, three layers have 2 % less
/// error than one.
pub const DEFAULT_HIDDEN: [usize; 3] = [30, 30, 30];
/// Up to this number of fields, [`Schema::understand`] keeps its flags on the stack.
const FEW_FIELDS: usize = 32;
/// Words that commands reserve, in any case. As a field's name they would be ambiguous.
const RESERVED: [&str; 3] = ["->", "JSON", "FP32"];

/// The fields of a network, its target, and all words and classes met so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    fields: Vec<Field>,
    target: Target,
    /// All words in order of first appearance, each with the index of its field.
    words: Vec<(u32, Box<[u8]>)>,
    /// Number of cells of a stored row, at least 1.
    cells: usize,
    /// Number of computed inputs, at least 1.
    dense: usize,
    /// Number of looked-up inputs without those of words.
    fixed: usize,
}

/// A field: its name, its kind, its dictionary, and where its values are.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    name: Box<[u8]>,
    kind: FieldKind,
    /// Index of its first number in a stored row.
    cell: usize,
    /// Its first computed input, and its first looked-up one that is not a word's.
    dense: usize,
    fixed: u32,
    /// The dictionary: the input of each word.
    words: HashMap<Box<[u8]>, u32>,
}

/// What a network predicts.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// A class. Each row names one.
    Classes {
        /// The name of the target.
        name: Box<[u8]>,
        /// Maximum number of classes, at least 2.
        most: u32,
        /// Whether the network accepts only the classes that it was created with.
        closed: bool,
        /// The classes in order of first appearance.
        names: Vec<Box<[u8]>>,
    },
    /// Numbers: the names of the outputs.
    Values(Vec<Box<[u8]>>),
}

impl Field {
    /// The name, as bytes; any script, at most [`MAX_NAME`] bytes.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// The kind, which decides how values are parsed and encoded.
    pub fn kind(&self) -> FieldKind {
        self.kind
    }

    /// The number of words in the dictionary.
    pub fn words(&self) -> usize {
        self.words.len()
    }

    pub(crate) fn cell(&self) -> usize {
        self.cell
    }

    pub(crate) fn dense(&self) -> usize {
        self.dense
    }

    /// The input that is 1 where the field has a gap.
    pub(crate) fn gap(&self) -> u32 {
        self.fixed
    }

    /// The input that stands for all unknown words; of a text, its first bucket.
    pub(crate) fn other(&self) -> u32 {
        self.fixed + 1
    }

    /// The input of a word, or `None` if the dictionary does not have it.
    pub(crate) fn number(&self, word: &[u8]) -> Option<u32> {
        self.words.get(word).copied()
    }

    fn has_room(&self) -> bool {
        self.kind.most_words().is_some_and(|most| self.words.len() < most as usize)
    }
}

impl Schema {
    /// Create a schema with empty dictionaries.
    ///
    /// # Errors
    /// [`Error::Schema`] for a name that is empty, too long, reserved or not unique, and for too many fields or inputs.
    pub fn new(fields: impl IntoIterator<Item = (Vec<u8>, FieldKind)>, target: Target) -> Result<Self> {
        let schema = Self::unchecked(fields, target);
        schema.check()?;
        Ok(schema)
    }

    fn unchecked(fields: impl IntoIterator<Item = (Vec<u8>, FieldKind)>, target: Target) -> Self {
        let (mut own, mut cells, mut dense): (Vec<Field>, _, _) = (Vec::new(), 0, 0);
        for (name, kind) in fields {
            own.push(Field { name: name.into(), kind, cell: cells, dense, fixed: 0, words: HashMap::new() });
            cells += kind.cells();
            dense += kind.dense();
        }
        // The kernels need at least one computed input. Without one, a constant 0 is added, which contributes nothing.
        let (cells, dense) = (cells.max(1), dense.max(1));
        let mut fixed = 0;
        for field in &mut own {
            field.fixed = (dense + fixed) as u32;
            fixed += field.kind.fixed();
        }
        Self { fields: own, target, words: Vec::new(), cells, dense, fixed }
    }

    /// Create a schema whose field names need no check, since they were checked before or are derived from others.
    ///
    /// # Errors
    /// [`Error::Schema`] for an invalid target or too many inputs.
    pub(crate) fn derived(fields: impl IntoIterator<Item = (Vec<u8>, FieldKind)>, target: Target) -> Result<Self> {
        let schema = Self::unchecked(fields, target);
        schema.check_target()?;
        schema.check_inputs()?;
        Ok(schema)
    }

    /// Create the schema of events, which has no target.
    ///
    /// # Errors
    /// The errors of [`Self::new`] that concern fields.
    pub(crate) fn of_events(fields: impl IntoIterator<Item = (Vec<u8>, FieldKind)>) -> Result<Self> {
        let schema = Self::unchecked(fields, Target::Values(Vec::new()));
        schema.check_fields(&[])?;
        schema.check_inputs()?;
        Ok(schema)
    }

    fn check(&self) -> Result<()> {
        self.check_fields(self.target_names())?;
        self.check_target()?;
        self.check_inputs()
    }

    /// Check that there are fields, not too many, and that all names of fields and `targets` are valid and unique.
    fn check_fields(&self, targets: &[Box<[u8]>]) -> Result<()> {
        let reject = |what: String| Err(Error::Schema(what));
        let count = self.fields.len();
        if !(1..=MAX_FIELDS).contains(&count) {
            return reject(format!("{count} fields: expected 1 to {MAX_FIELDS}"));
        }
        let mut seen = std::collections::HashSet::new();
        for name in self.fields.iter().map(|field| &field.name).chain(targets) {
            check_name(name)?;
            if !seen.insert(name) {
                return reject(format!("field {} stands twice", shown(name)));
            }
        }
        Ok(())
    }

    fn check_target(&self) -> Result<()> {
        let reject = |what: String| Err(Error::Schema(what));
        if let Target::Classes { most, names, .. } = &self.target {
            if *most < 2 || *most as usize > MAX_UNITS {
                return reject(format!("CLASSES {most}: expected an integer from 2 to {MAX_UNITS}"));
            }
            let mut seen = std::collections::HashSet::new();
            for class in names {
                check_word("class", class)?;
                if !seen.insert(class) {
                    return reject(format!("class {} stands twice", shown(class)));
                }
            }
        }
        if self.target_names().is_empty() {
            return reject("no target: expected the name of what is to be answered after ->".into());
        }
        let mut seen = std::collections::HashSet::new();
        for name in self.target_names() {
            check_name(name)?;
            if !seen.insert(name) {
                return reject(format!("target {} stands twice", shown(name)));
            }
        }
        Ok(())
    }

    fn check_inputs(&self) -> Result<()> {
        let most = self.most_inputs();
        if most > MAX_UNITS as u64 {
            return Err(Error::Schema(format!("fields of up to {most} inputs: expected at most {MAX_UNITS}")));
        }
        Ok(())
    }

    /// Inputs of the network once all dictionaries are full.
    fn most_inputs(&self) -> u64 {
        let words = self.fields.iter().filter_map(|field| field.kind.most_words()).map(u64::from);
        (self.dense + self.fixed) as u64 + words.sum::<u64>()
    }

    /// Check that the network stays within bounds once all dictionaries are full and all classes are known.
    ///
    /// # Errors
    /// [`Error::Parameters`] with the number of parameters if it does not.
    pub fn check_size(&self, hidden: &[usize]) -> Result<()> {
        let outputs = match &self.target {
            Target::Classes { most, .. } => u64::from(*most),
            Target::Values(names) => names.len() as u64,
        };
        let units: Vec<u64> = std::iter::once(self.most_inputs())
            .chain(hidden.iter().map(|&units| units as u64))
            .chain(std::iter::once(outputs))
            .collect();
        let parameters =
            units.windows(2).map(|pair| (pair[0] + 1).saturating_mul(pair[1])).fold(0, u64::saturating_add);
        if parameters > MAX_PARAMETERS as u64 {
            return Err(Error::Parameters { parameters });
        }
        Ok(())
    }

    /// The kind of the network, which follows from the target.
    pub fn kind(&self) -> Kind {
        match self.target {
            Target::Classes { .. } => Kind::Classifier,
            Target::Values(_) => Kind::Regressor,
        }
    }

    /// The fields in declaration order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The target.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Numbers of a stored row for the fields, without its list and the outcome.
    pub(crate) fn cells(&self) -> usize {
        self.cells
    }

    /// Bytes of a stored row, without its list.
    pub fn row_bytes(&self) -> usize {
        size_of::<f32>() * self.shape().width()
    }

    /// The number of computed inputs.
    pub(crate) fn dense(&self) -> usize {
        self.dense
    }

    /// The number of inputs of a network that knows the first `words` words.
    pub(crate) fn inputs(&self, words: usize) -> usize {
        self.dense + self.fixed + words
    }

    /// The layout for all words and classes known now: each word is an input, each class an output.
    ///
    /// # Errors
    /// [`Error::Parameters`], or another error of [`Layout`] if it is out of bounds.
    pub fn layout(&self, hidden: &[usize]) -> Result<Layout> {
        let units: Vec<usize> = std::iter::once(self.inputs(self.words.len()))
            .chain(hidden.iter().copied())
            .chain(std::iter::once(self.outputs()))
            .collect();
        Layout::of_fields(&units, self.first_inputs())
    }

    /// Whether `layout` fits these fields and hidden layers with some earlier number of words and classes.
    pub(crate) fn has_had(&self, layout: &Layout, hidden: &[usize]) -> bool {
        let inputs = self.inputs(0)..=self.inputs(self.words.len());
        let outputs = match &self.target {
            Target::Classes { closed: false, .. } => 2..=self.outputs(),
            _ => self.outputs()..=self.outputs(),
        };
        layout.first_inputs() == self.first_inputs()
            && layout.hidden() == hidden
            && inputs.contains(&layout.inputs())
            && outputs.contains(&layout.outputs())
    }

    /// Whether trained place encodings, if there are any, have knots for each field of numbers.
    pub(crate) fn has_had_places(&self, trained: &Trained) -> bool {
        let places = trained.normalization.places.as_ref();
        places.is_none_or(|places| places.fields().len() == self.numbers().count() && places.fields().len() > 0)
    }

    fn first_inputs(&self) -> FirstInputs {
        let looked_up = self.fields.iter().filter(|field| field.kind.dense() == 0).count();
        FirstInputs { computed: self.dense, of_a_row: self.dense + looked_up }
    }

    /// Outputs for the classes known now. A classifier has at least two, even before it has met two classes.
    fn outputs(&self) -> usize {
        match &self.target {
            Target::Classes { names, .. } => names.len().max(2),
            Target::Values(names) => names.len(),
        }
    }

    /// The shape of stored rows.
    pub(crate) fn shape(&self) -> RowShape {
        RowShape { kind: self.kind(), inputs: self.cells, outputs: self.outputs() }
    }

    /// Whether rows have lists, as texts and tags do.
    pub(crate) fn has_lists(&self) -> bool {
        self.fields.iter().any(|field| field.kind.cells() == 0)
    }

    /// All words in order of first appearance, each with the index of its field.
    pub fn words(&self) -> &[(u32, Box<[u8]>)] {
        &self.words
    }

    /// The input to use for input `number` in a network with only `inputs` inputs: a word that came later counts as an
    /// unknown one.
    pub(crate) fn known(&self, number: u32, inputs: usize) -> u32 {
        if (number as usize) < inputs {
            return number;
        }
        let (field, _) = &self.words[number as usize - self.dense - self.fixed];
        self.fields[*field as usize].other()
    }

    /// Parse the values of named fields. A field that is not named has a gap.
    ///
    /// # Errors
    /// [`Error::UnknownField`], [`Error::FieldTwice`], or [`Error::FieldValue`] for the first value that does not fit
    /// its field.
    pub fn understand<'a>(
        &self,
        given: impl IntoIterator<Item = (impl AsRef<[u8]>, Given<'a>)>,
    ) -> Result<Vec<Value<'a>>> {
        let mut values = vec![Value::Gap; self.fields.len()];
        self.understand_into(given, &mut values)?;
        Ok(values)
    }

    /// Parse values as [`Self::understand`] does, into as many gaps as there are fields.
    ///
    /// # Errors
    /// The errors of [`Self::understand`].
    pub fn understand_into<'a>(
        &self,
        given: impl IntoIterator<Item = (impl AsRef<[u8]>, Given<'a>)>,
        values: &mut [Value<'a>],
    ) -> Result<()> {
        let (mut few, mut many);
        let is_given: &mut [bool] = if self.fields.len() <= FEW_FIELDS {
            few = [false; FEW_FIELDS];
            &mut few
        } else {
            many = vec![false; self.fields.len()];
            &mut many
        };
        // Callers usually pass fields in declaration order.
        let mut next = 0;
        for (name, value) in given {
            let name = name.as_ref();
            let index = self.position(name, next).ok_or_else(|| Error::UnknownField {
                field: shown(name),
                known: self.fields.iter().map(|field| readable(&field.name)).collect(),
            })?;
            if std::mem::replace(&mut is_given[index], true) {
                return Err(Error::FieldTwice { field: shown(name) });
            }
            values[index] = self.understand_one(index, value)?;
            next = index + 1;
        }
        Ok(())
    }

    /// Parse the value of one field.
    ///
    /// # Errors
    /// [`Error::FieldValue`] if it does not fit the field's kind.
    pub fn understand_one<'a>(&self, field: usize, given: Given<'a>) -> Result<Value<'a>> {
        let Field { name, kind, .. } = &self.fields[field];
        // The text of the value is formatted only for an error.
        let original = given.clone();
        given.understood(*kind).ok_or_else(|| Error::FieldValue {
            row: None,
            field: readable(name),
            value: original.to_string(),
            expected: format!("{} ({kind})", kind.expected()),
        })
    }

    /// The index of a field by its name. The search begins at index `from` and wraps around.
    pub fn position(&self, name: &[u8], from: usize) -> Option<usize> {
        let (before, after) = self.fields.split_at(from.min(self.fields.len()));
        let found = |fields: &[Field]| fields.iter().position(|field| *field.name == *name);
        found(after).map(|index| before.len() + index).or_else(|| found(before))
    }

    /// The words among `values` to add to dictionaries: unknown words, in order, as far as there is room. They are
    /// distinct because a field has one word, or a sorted set of them.
    pub fn new_words(&self, values: &[Value<'_>]) -> Vec<(u32, Box<[u8]>)> {
        let mut found = Vec::new();
        for (index, (field, value)) in self.fields.iter().zip(values).enumerate() {
            let words = match value {
                Value::Word(word) => std::slice::from_ref(word),
                Value::Words(words) => words.as_slice(),
                _ => continue,
            };
            let most = field.kind.most_words().map_or(0, |most| most as usize);
            let mut room = most.saturating_sub(field.words.len());
            for word in words {
                if room > 0 && field.number(word).is_none() {
                    found.push((index as u32, word.as_ref().into()));
                    room -= 1;
                }
            }
        }
        found
    }

    /// Add a word to the dictionary of a field.
    ///
    /// # Errors
    /// [`Error::Schema`] if there is no such field, if it has no dictionary, or if that is full or has the word
    /// already.
    pub fn add_word(&mut self, index: u32, word: Box<[u8]>) -> Result<()> {
        let number = self.inputs(self.words.len()) as u32;
        let Some(field) = self.fields.get_mut(index as usize) else {
            return Err(Error::Schema(format!("field {index}: the network has {} fields", self.fields.len())));
        };
        check_word("word", &word)?;
        if !field.has_room() || field.words.contains_key(&word) {
            let what = if field.has_room() { "it has this word" } else { "its dictionary is full" };
            let (field, word) = (shown(&field.name), shown(&word));
            return Err(Error::Schema(format!("word {word} of field {field}: {what}")));
        }
        field.words.insert(word.clone(), number);
        self.words.push((index, word));
        Ok(())
    }

    /// The classes in order of first appearance; empty for a regressor.
    pub fn classes(&self) -> &[Box<[u8]>] {
        match &self.target {
            Target::Classes { names, .. } => names,
            Target::Values(_) => &[],
        }
    }

    /// Whether the network accepts new classes.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.target, Target::Classes { closed: false, .. })
    }

    /// The number of a class, or `None` for a new class for which there is room.
    ///
    /// # Errors
    /// [`Error::NotClassifier`]; [`Error::UnknownClass`] for a new class if there is no room; [`Error::FieldValue`] for
    /// an invalid name.
    pub fn class(&self, name: &[u8]) -> Result<Option<usize>> {
        let Target::Classes { name: target, most, closed, names } = &self.target else {
            return Err(Error::NotClassifier);
        };
        let found = names.iter().position(|class| **class == *name);
        if found.is_none() && (*closed || names.len() >= *most as usize) {
            let known = names.iter().map(|class| readable(class)).collect();
            return Err(Error::UnknownClass { row: None, class: shown(name), known });
        }
        if name.is_empty() || name.len() > MAX_NAME {
            return Err(Error::FieldValue {
                row: None,
                field: readable(target),
                value: shown(name),
                expected: format!("the name of a class, of 1 to {MAX_NAME} bytes"),
            });
        }
        Ok(found)
    }

    /// Add a class.
    ///
    /// # Errors
    /// The errors of [`Self::class`], and [`Error::Schema`] if the class is known already.
    pub fn add_class(&mut self, name: Box<[u8]>) -> Result<()> {
        if self.class(&name)?.is_some() {
            return Err(Error::Schema(format!("class {} is there", shown(&name))));
        }
        if let Target::Classes { names, .. } = &mut self.target {
            names.push(name);
        }
        Ok(())
    }

    /// Add a class of a saved network. Unlike [`Self::add_class`], this also works for a closed target.
    pub(crate) fn restore_class(&mut self, name: Box<[u8]>) -> Result<()> {
        check_word("class", &name)?;
        let Target::Classes { most, names, .. } = &mut self.target else { return Err(Error::NotClassifier) };
        if names.len() >= *most as usize || names.contains(&name) {
            return Err(Error::Schema(format!("class {}: it is there, or there is no room", shown(&name))));
        }
        names.push(name);
        Ok(())
    }

    /// Remove the words after the first `words` and the classes after the first `classes`, to undo an observation that
    /// failed.
    pub(crate) fn forget(&mut self, words: usize, classes: usize) {
        for (field, word) in self.words.drain(words..) {
            self.fields[field as usize].words.remove(&word);
        }
        if let Target::Classes { names, .. } = &mut self.target {
            names.truncate(classes);
        }
    }

    /// Upper bound of the bytes it takes in a saved network.
    pub(crate) fn most_saved_bytes(&self) -> usize {
        const EACH: usize = 8 + MAX_NAME;
        let targets = if let Target::Values(names) = &self.target { names.len() } else { 1 };
        EACH * (self.fields.len() + targets + self.classes().len() + self.words.len())
    }

    /// Heap bytes.
    pub(crate) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        let word = |word: &[u8]| if word.is_empty() { 0 } else { taken(word.len()) };
        let fields = self.fields.iter().map(|field| {
            // A hash map has one control byte a bucket, and keeps an eighth of the buckets free.
            let places = field.words.capacity() * 8 / 7;
            let table = if places == 0 { 0 } else { taken(places * (size_of::<(Box<[u8]>, u32)>() + 1)) };
            word(&field.name) + table
        });
        let targets = match &self.target {
            Target::Classes { name, names, .. } => {
                word(name) + memory::of_vec(names, taken) + names.iter().map(|name| word(name)).sum::<usize>()
            }
            Target::Values(names) => memory::of_vec(names, taken) + names.iter().map(|name| word(name)).sum::<usize>(),
        };
        // Each word is stored twice: in `words`, and as a key in its field's dictionary.
        let words: usize = self.words.iter().map(|(_, of_field)| 2 * word(of_field)).sum();
        memory::of_vec(&self.fields, taken)
            + fields.sum::<usize>()
            + memory::of_vec(&self.words, taken)
            + words
            + targets
    }
}

/// Check the name of a field or a target.
fn check_name(name: &[u8]) -> Result<()> {
    if name.is_empty() || name.len() > MAX_NAME {
        return Err(Error::Schema(format!("field {}: expected a name of 1 to {MAX_NAME} bytes", shown(name))));
    }
    if RESERVED.iter().any(|word| word.as_bytes().eq_ignore_ascii_case(name)) {
        let name = shown(name);
        return Err(Error::Schema(format!("field {name}: expected another name, for this is a word of commands")));
    }
    Ok(())
}

fn check_word(what: &str, word: &[u8]) -> Result<()> {
    if word.is_empty() || word.len() > MAX_NAME {
        return Err(Error::Schema(format!("{what} {}: expected 1 to {MAX_NAME} bytes", shown(word))));
    }
    Ok(())
}

/// A name for messages, in any script. Control characters are escaped, bytes that are not UTF-8 are replaced.
pub fn readable(name: &[u8]) -> String {
    String::from_utf8_lossy(name).escape_debug().to_string()
}

/// Bytes for messages: quoted, escaped, and cut after 40 bytes.
pub(crate) fn shown(bytes: &[u8]) -> String {
    const MOST: usize = 40;
    let dots = if bytes.len() > MOST { "..." } else { "" };
    format!("'{}{dots}'", String::from_utf8_lossy(&bytes[..bytes.len().min(MOST)]).escape_debug())
}
