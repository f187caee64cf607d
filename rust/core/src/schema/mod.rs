//! What the fields of a row are, and how a row of them becomes numbers.
//!
//! The inputs of a network are numbered. First come those that are computed from numbers, then those that are looked up and were
//! there from the start (that a field has a gap, another word, a bucket of a text), then words, in the order in which they came,
//! whichever field they are of. So the number of a word never changes, and a network that learns of new words gets more weights
//! at the end of its first layer.

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

/// The longest name of a field, and the longest word, in bytes.
pub const MAX_NAME: usize = 64;
/// Fields at most.
pub const MAX_FIELDS: usize = 4096;
/// Classes that a classifier of words has room for, unless said otherwise.
pub const DEFAULT_CLASSES: u32 = 100;
/// Hidden layers of a network of fields, unless said otherwise: over many tables two layers more than one are 2 % better.
pub const DEFAULT_HIDDEN: [usize; 3] = [30, 30, 30];
/// Fields that are looked through without memory of their own.
const FEW_FIELDS: usize = 32;
/// Words of commands, which would be mistaken for a field.
const RESERVED: [&str; 3] = ["->", "JSON", "FP32"];

/// The fields of a network and what its answers are called, with all words that it has met.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    fields: Vec<Field>,
    target: Target,
    /// The words of all fields, in the order in which they came: the field's index, and the word.
    words: Vec<(u32, Box<[u8]>)>,
    cells: usize,
    dense: usize,
    fixed: usize,
}

/// A field.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    name: Box<[u8]>,
    kind: FieldKind,
    /// Its first number in a stored row.
    cell: usize,
    /// Its first input that is computed, and its first one that is looked up and was there from the start.
    dense: usize,
    fixed: u32,
    /// The input of each word.
    words: HashMap<Box<[u8]>, u32>,
}

/// What a network answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// One of the classes, which a row names.
    Classes {
        /// What it is that they are classes of.
        name: Box<[u8]>,
        /// Classes at most.
        most: u32,
        /// Whether there are no others than those that the network was created with.
        closed: bool,
        /// The classes, in the order in which they came.
        names: Vec<Box<[u8]>>,
    },
    /// Numbers.
    Values(Vec<Box<[u8]>>),
}

impl Field {
    /// What it is called.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// How its values are understood.
    pub fn kind(&self) -> FieldKind {
        self.kind
    }

    /// Words that it has met.
    pub fn words(&self) -> usize {
        self.words.len()
    }

    pub(crate) fn cell(&self) -> usize {
        self.cell
    }

    pub(crate) fn dense(&self) -> usize {
        self.dense
    }

    /// The input that says that there is a gap.
    pub(crate) fn gap(&self) -> u32 {
        self.fixed
    }

    /// The input that stands for all words that are not known; of a text, its first bucket.
    pub(crate) fn other(&self) -> u32 {
        self.fixed + 1
    }

    /// The input of a word, if there is one.
    pub(crate) fn number(&self, word: &[u8]) -> Option<u32> {
        self.words.get(word).copied()
    }

    fn has_room(&self) -> bool {
        self.kind.most_words().is_some_and(|most| self.words.len() < most as usize)
    }
}

impl Schema {
    /// A schema of fields and a target; no word is known yet.
    ///
    /// # Errors
    /// [`Error::Schema`] for a name that is too long, stands twice or means something else, and for too many fields or inputs.
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
        // The kernels want a column; where fields have none it is 0 in all rows, and has no say.
        let (cells, dense) = (cells.max(1), dense.max(1));
        let mut fixed = 0;
        for field in &mut own {
            field.fixed = (dense + fixed) as u32;
            fixed += field.kind.fixed();
        }
        Self { fields: own, target, words: Vec::new(), cells, dense, fixed }
    }

    /// A schema of fields that have been checked, under names that need not be such as users give.
    ///
    /// # Errors
    /// [`Error::Schema`] for a target that cannot be, or too many inputs.
    pub(crate) fn derived(fields: impl IntoIterator<Item = (Vec<u8>, FieldKind)>, target: Target) -> Result<Self> {
        let schema = Self::unchecked(fields, target);
        schema.check_target()?;
        schema.check_inputs()?;
        Ok(schema)
    }

    /// The fields of events, which have no target of their own.
    ///
    /// # Errors
    /// Those of [`Self::new`].
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

    /// Whether fields have names of their own, and others than these.
    fn check_fields(&self, targets: &[Box<[u8]>]) -> Result<()> {
        let refuse = |what: String| Err(Error::Schema(what));
        let count = self.fields.len();
        if !(1..=MAX_FIELDS).contains(&count) {
            return refuse(format!("{count} fields: expected 1 to {MAX_FIELDS}"));
        }
        let mut seen = std::collections::HashSet::new();
        for name in self.fields.iter().map(|field| &field.name).chain(targets) {
            check_name(name)?;
            if !seen.insert(name) {
                return refuse(format!("field {} stands twice", shown(name)));
            }
        }
        Ok(())
    }

    fn check_target(&self) -> Result<()> {
        let refuse = |what: String| Err(Error::Schema(what));
        if let Target::Classes { most, names, .. } = &self.target {
            if *most < 2 || *most as usize > MAX_UNITS {
                return refuse(format!("CLASSES {most}: expected an integer from 2 to {MAX_UNITS}"));
            }
            let mut seen = std::collections::HashSet::new();
            for class in names {
                check_word("class", class)?;
                if !seen.insert(class) {
                    return refuse(format!("class {} stands twice", shown(class)));
                }
            }
        }
        if self.target_names().is_empty() {
            return refuse("no target: expected the name of what is to be answered after ->".into());
        }
        let mut seen = std::collections::HashSet::new();
        for name in self.target_names() {
            check_name(name)?;
            if !seen.insert(name) {
                return refuse(format!("target {} stands twice", shown(name)));
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

    /// Inputs that the network has when all dictionaries are full.
    fn most_inputs(&self) -> u64 {
        let words = self.fields.iter().filter_map(|field| field.kind.most_words()).map(u64::from);
        (self.dense + self.fixed) as u64 + words.sum::<u64>()
    }

    /// Whether a network of these hidden layers stays within bounds when all dictionaries are full.
    ///
    /// # Errors
    /// [`Error::Parameters`] if it does not.
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

    /// What the network is: it answers classes or numbers.
    pub fn kind(&self) -> Kind {
        match self.target {
            Target::Classes { .. } => Kind::Classifier,
            Target::Values(_) => Kind::Regressor,
        }
    }

    /// The fields, in their order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// What the network answers.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Numbers of a stored row, besides what is listed and the outcome.
    pub(crate) fn cells(&self) -> usize {
        self.cells
    }

    /// Bytes that a stored row takes, besides what it lists.
    pub fn row_bytes(&self) -> usize {
        size_of::<f32>() * self.shape().width()
    }

    /// Inputs that are computed from these numbers.
    pub(crate) fn dense(&self) -> usize {
        self.dense
    }

    /// Inputs that a network has that knows so many words.
    pub(crate) fn inputs(&self, words: usize) -> usize {
        self.dense + self.fixed + words
    }

    /// The layout of a network that knows all that has been met: every word an input, every class an output.
    ///
    /// # Errors
    /// [`Error::Parameters`] or another if it is beyond the bounds of a layout.
    pub fn layout(&self, hidden: &[usize]) -> Result<Layout> {
        let units: Vec<usize> = std::iter::once(self.inputs(self.words.len()))
            .chain(hidden.iter().copied())
            .chain(std::iter::once(self.outputs()))
            .collect();
        Layout::of_fields(&units, self.first_inputs())
    }

    /// Whether a network of these fields and hidden layers had this layout at some time, with the words and classes it had met then.
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

    /// Whether the places that trainings have found are those of its numbers.
    pub(crate) fn has_had_places(&self, trained: &Trained) -> bool {
        let places = trained.normalization.places.as_ref();
        places.is_none_or(|places| places.fields().len() == self.numbers().count() && places.fields().len() > 0)
    }

    fn first_inputs(&self) -> FirstInputs {
        let looked_up = self.fields.iter().filter(|field| field.kind.dense() == 0).count();
        FirstInputs { computed: self.dense, of_a_row: self.dense + looked_up }
    }

    /// Outputs of such a network. A classifier has two at least, before it has met as many classes.
    fn outputs(&self) -> usize {
        match &self.target {
            Target::Classes { names, .. } => names.len().max(2),
            Target::Values(names) => names.len(),
        }
    }

    /// What stored rows are like.
    pub(crate) fn shape(&self) -> RowShape {
        RowShape { kind: self.kind(), inputs: self.cells, outputs: self.outputs() }
    }

    /// Whether rows have lists: of the buckets of a text, of tags.
    pub(crate) fn has_lists(&self) -> bool {
        self.fields.iter().any(|field| field.kind.cells() == 0)
    }

    /// All words, in the order in which they came: the index of the field, and the word.
    pub fn words(&self) -> &[(u32, Box<[u8]>)] {
        &self.words
    }

    /// The input that stands for a word's input in a network that knows the first `inputs` only.
    pub(crate) fn known(&self, number: u32, inputs: usize) -> u32 {
        if (number as usize) < inputs {
            return number;
        }
        let (field, _) = &self.words[number as usize - self.dense - self.fixed];
        self.fields[*field as usize].other()
    }

    /// What is understood by the values of fields; fields that are not named have gaps.
    ///
    /// # Errors
    /// [`Error::UnknownField`], [`Error::FieldTwice`], or [`Error::FieldValue`] for the first value that is not understood.
    pub fn understand<'a>(
        &self,
        given: impl IntoIterator<Item = (impl AsRef<[u8]>, Given<'a>)>,
    ) -> Result<Vec<Value<'a>>> {
        let mut values = vec![Value::Gap; self.fields.len()];
        let (mut few, mut many);
        let is_given: &mut [bool] = if self.fields.len() <= FEW_FIELDS {
            few = [false; FEW_FIELDS];
            &mut few
        } else {
            many = vec![false; self.fields.len()];
            &mut many
        };
        // As a rule they come in the same order each time.
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
        Ok(values)
    }

    /// What is understood by the value of a field.
    ///
    /// # Errors
    /// [`Error::FieldValue`] if nothing.
    pub fn understand_one<'a>(&self, field: usize, given: Given<'a>) -> Result<Value<'a>> {
        let Field { name, kind, .. } = &self.fields[field];
        // Only what is not understood is written.
        let told = given.clone();
        given.understood(*kind).ok_or_else(|| Error::FieldValue {
            row: None,
            field: readable(name),
            value: told.to_string(),
            expected: format!("{} ({kind})", kind.expected()),
        })
    }

    /// The index of a field, looked for from one on.
    pub fn position(&self, name: &[u8], from: usize) -> Option<usize> {
        let (before, after) = self.fields.split_at(from.min(self.fields.len()));
        let found = |fields: &[Field]| fields.iter().position(|field| *field.name == *name);
        found(after).map(|index| before.len() + index).or_else(|| found(before))
    }

    /// The words among some values that no dictionary has and for which there is room, once each, in their order.
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

    /// Takes up a word of a field.
    ///
    /// # Errors
    /// [`Error::Schema`] if the field has no dictionary, it is full, or it has the word.
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

    /// The classes of a classifier, in the order in which they came.
    pub fn classes(&self) -> &[Box<[u8]>] {
        match &self.target {
            Target::Classes { names, .. } => names,
            Target::Values(_) => &[],
        }
    }

    /// Whether classes may come that are not known yet.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.target, Target::Classes { closed: false, .. })
    }

    /// The number of a class; none of one that has not come yet.
    ///
    /// # Errors
    /// [`Error::UnknownClass`] if there is no room for another, [`Error::FieldValue`] for a name that no class can have.
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

    /// Takes up a class.
    ///
    /// # Errors
    /// [`Error::UnknownClass`] if there is no room for it, [`Error::Schema`] if it is there.
    pub fn add_class(&mut self, name: Box<[u8]>) -> Result<()> {
        if self.class(&name)?.is_some() {
            return Err(Error::Schema(format!("class {} is there", shown(&name))));
        }
        if let Target::Classes { names, .. } = &mut self.target {
            names.push(name);
        }
        Ok(())
    }

    /// Takes up a class that a saved network has, whose classes are in the order in which they came.
    pub(crate) fn restore_class(&mut self, name: Box<[u8]>) -> Result<()> {
        check_word("class", &name)?;
        let Target::Classes { most, names, .. } = &mut self.target else { return Err(Error::NotClassifier) };
        if names.len() >= *most as usize || names.contains(&name) {
            return Err(Error::Schema(format!("class {}: it is there, or there is no room", shown(&name))));
        }
        names.push(name);
        Ok(())
    }

    /// Forgets the words and classes that came after so many.
    pub(crate) fn forget(&mut self, words: usize, classes: usize) {
        for (field, word) in self.words.drain(words..) {
            self.fields[field as usize].words.remove(&word);
        }
        if let Target::Classes { names, .. } = &mut self.target {
            names.truncate(classes);
        }
    }

    /// Bytes that it takes at most where it is saved.
    pub(crate) fn most_saved_bytes(&self) -> usize {
        const EACH: usize = 8 + MAX_NAME;
        let targets = if let Target::Values(names) = &self.target { names.len() } else { 1 };
        EACH * (self.fields.len() + targets + self.classes().len() + self.words.len())
    }

    /// Bytes beyond the schema itself.
    pub(crate) fn bytes_by(&self, taken: Taken<'_>) -> usize {
        let word = |word: &[u8]| if word.is_empty() { 0 } else { taken(word.len()) };
        let fields = self.fields.iter().map(|field| {
            // A table of a hash map has a byte of control for each place, and an eighth of the places is free.
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
        // Each word is there twice.
        let words: usize = self.words.iter().map(|(_, of_field)| 2 * word(of_field)).sum();
        memory::of_vec(&self.fields, taken)
            + fields.sum::<usize>()
            + memory::of_vec(&self.words, taken)
            + words
            + targets
    }
}

/// Whether a field or a target can have this name.
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

/// A name for people, in any script: what no one could read, or is no UTF-8, is replaced.
pub fn readable(name: &[u8]) -> String {
    String::from_utf8_lossy(name).escape_debug().to_string()
}

/// Bytes for people, in quotation marks and cut where they are many.
pub(crate) fn shown(bytes: &[u8]) -> String {
    const MOST: usize = 40;
    let dots = if bytes.len() > MOST { "..." } else { "" };
    format!("'{}{dots}'", String::from_utf8_lossy(&bytes[..bytes.len().min(MOST)]).escape_debug())
}
