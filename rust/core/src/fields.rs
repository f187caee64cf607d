//! Networks of fields: observing and evaluating rows with named values, words and gaps.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use crate::codec::Observed;
use crate::dataset::{Dataset, Limits, Place, Rows, Set, check_weight};
use crate::error::{Error, Result};
use crate::evaluation::{self, Evaluation};
use crate::layout::Kind;
use crate::model::Model;
use crate::network::{Drawing, Network};
use crate::options::{ClassWeight, Options, Threshold};
use crate::schema::{FieldKind, Given, Row, Schema, Target, Value, check_outcome, readable};
use crate::trained::Trained;

/// The outcome of a row: the value of the target.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome<'a> {
    /// The name of a class.
    Class(Cow<'a, [u8]>),
    /// Numbers, one for each target.
    Values(Vec<f32>),
}

/// A row to be observed.
#[derive(Debug, Clone, PartialEq)]
pub struct Example<'a> {
    /// A value for each field, from [`Schema::understand`].
    pub values: Vec<Value<'a>>,
    /// Its outcome.
    pub outcome: Outcome<'a>,
    /// Its weight, a finite number above 0.
    pub weight: f32,
}

/// A row as it was stored, for replicas of the network.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// The values of the fields as numbers.
    pub row: Row,
    /// The number of the class, or the values of the targets.
    pub outcome: Vec<f32>,
    /// The weight of the row.
    pub weight: f32,
    /// The set and the index where it was stored.
    pub place: Place,
}

impl Network {
    /// Makes a network of fields, with these hidden layers and random initial weights drawn from `seed`. Words and
    /// classes that it has observed become inputs and outputs when a training begins.
    ///
    /// # Errors
    /// [`Error::Parameters`] if it could grow beyond the bounds of a network; [`Error::Option`] for weights of classes
    /// that are not known yet; and those of [`Network::new`].
    pub fn of_fields(schema: Schema, hidden: &[usize], options: Options, limits: Limits, seed: u64) -> Result<Self> {
        let (mut network, drawing) = Self::begin_of_fields(schema, hidden, options, limits, seed)?;
        network.trained = Arc::new(drawing.draw());
        Ok(network)
    }

    /// [`Self::of_fields`] without drawing the weights; see [`Self::begin_reset`].
    ///
    /// # Errors
    /// The errors of [`Self::of_fields`].
    pub fn begin_of_fields(
        schema: Schema,
        hidden: &[usize],
        options: Options,
        limits: Limits,
        seed: u64,
    ) -> Result<(Self, Drawing)> {
        schema.check_size(hidden)?;
        let options = Options { normalize: true, ..options };
        let layout = Arc::new(schema.layout(hidden)?);
        let mut network = Self::of_trained(schema.kind(), options, limits, seed, Trained::nothing(layout))?;
        network.dataset = Dataset::of_fields(&schema, limits);
        network.schema = Some(Arc::new(schema));
        network.check_options(&network.options)?;
        let drawing = network.begin_reset();
        Ok((network, drawing))
    }

    /// The fields of rows, with all words and classes observed so far; none for a network without fields.
    pub fn schema(&self) -> Option<&Arc<Schema>> {
        self.schema.as_ref()
    }

    /// Checks options against the inputs or fields of this network. A network of fields needs NORMALIZE, since gaps
    /// become the mean; it cannot have a list of class weights or a threshold while classes can still be added; and it
    /// can be monotone only in fields with an order.
    pub(crate) fn check_options(&self, options: &Options) -> Result<()> {
        let Some(schema) = &self.schema else { return options.monotone.check_count(self.layout().inputs(), "input") };
        check_monotone(schema, options)?;
        let reject =
            |option, value: String, expected: &str| Err(Error::Option { option, value, expected: expected.into() });
        match &options.class_weight {
            _ if !options.normalize => reject("normalize", "no".into(), "yes for a network of fields"),
            ClassWeight::Given(weights) if schema.is_open() => reject(
                "class-weight",
                format!("a list of {}", weights.len()),
                "none or balanced, unless the classes are given when the network is created",
            ),
            _ if self.sequences.is_some() => options.threshold.check_of_sequences(),
            _ if options.threshold != Threshold::default() && schema.is_open() => {
                Err(options.threshold.refused("0.5, unless the classes are given when the network is created"))
            }
            _ => Ok(()),
        }
    }

    /// Stores rows of fields, with new words and classes. Without a `target` each row goes to the set with the smaller
    /// share of its limit filled; a row for a full set replaces a random one. Calls `stored` with each row, and returns
    /// the number of rows in the training and the validation set.
    ///
    /// # Errors
    /// [`Error::HasSequences`] for a network of sequences; [`Error::UnknownClass`], [`Error::Outputs`],
    /// [`Error::NotFinite`], [`Error::RowWeight`] or [`Error::NoRoom`] for rows that cannot be stored. No row is stored
    /// then.
    ///
    /// # Panics
    /// If the network has no fields.
    pub fn observe_fields(
        &mut self,
        examples: &[Example<'_>],
        target: Option<Set>,
        mut stored: impl FnMut(Stored),
    ) -> Result<(u32, u32)> {
        if self.sequences.is_some() {
            return Err(Error::HasSequences);
        }
        self.dataset.check_target(target)?;
        let schema = self.schema.as_mut().expect("a network of fields");
        let (words, classes) = (schema.words().len(), schema.classes().len());
        let outcomes = match outcomes(schema, examples) {
            Ok(outcomes) => outcomes,
            Err(error) => {
                // Removes the classes that rows before the rejected one have added.
                if schema.classes().len() > classes {
                    Arc::make_mut(schema).forget(words, classes);
                }
                return Err(error);
            }
        };
        for (example, outcome) in examples.iter().zip(outcomes) {
            for (field, word) in schema.new_words(&example.values) {
                Arc::make_mut(schema).add_word(field, word).expect("new_words returns words that are new and fit");
            }
            let row = schema.row(&example.values);
            let place = self.dataset.observe_row(&row, &outcome, example.weight, target, &mut self.rows_random);
            self.memo.follow(place);
            stored(Stored { row, outcome, weight: example.weight, place });
        }
        self.dataset.shape = schema.shape();
        Ok((self.rows(Set::Train), self.rows(Set::Test)))
    }

    /// [`Self::observe_fields`] that also returns what a replica needs for [`Self::take`].
    ///
    /// # Errors
    /// The errors of [`Self::observe_fields`].
    ///
    /// # Panics
    /// As [`Self::observe_fields`].
    pub fn observe_for_copies(
        &mut self,
        examples: &[Example<'_>],
        target: Option<Set>,
    ) -> Result<((u32, u32), Observed)> {
        let met = |network: &Self| {
            let schema = network.schema.as_ref().expect("a network of fields");
            (schema.words().len(), schema.classes().len())
        };
        let (words, classes) = met(self);
        let mut rows = Vec::with_capacity(examples.len());
        let counts = self.observe_fields(examples, target, |stored| rows.push(stored))?;
        let schema = self.schema.as_ref().expect("a network of fields");
        let (words, classes) = (schema.words()[words..].to_vec(), schema.classes()[classes..].to_vec());
        Ok((counts, Observed { rows_state: self.rows_state(), words, classes, rows }))
    }

    /// Stores rows that another copy of this network has observed, at the same places, with the same new words and
    /// classes.
    ///
    /// # Errors
    /// [`Error::Schema`], [`Error::UnknownClass`], [`Error::Class`] and others for rows, words or classes that are
    /// invalid for this network; [`Error::NoRoom`] or [`Error::RowIndex`] for an invalid place. Nothing is changed
    /// then.
    pub fn take(&mut self, observed: Observed) -> Result<()> {
        let Observed { rows_state, words, classes, rows } = observed;
        if self.sequences.is_some() {
            return Err(Error::HasSequences);
        }
        let Some(own) = &mut self.schema else {
            return Err(Error::Schema("the network has no fields".into()));
        };
        if words.is_empty() && classes.is_empty() {
            check_stored(own, &self.dataset, &rows)?;
        } else {
            // The rows are checked against the new words and classes, which are removed again if a row is rejected.
            let (known_words, known_classes) = (own.words().len(), own.classes().len());
            let schema = Arc::make_mut(own);
            let taken = words
                .into_iter()
                .try_for_each(|(field, word)| schema.add_word(field, word))
                .and_then(|()| classes.into_iter().try_for_each(|class| schema.add_class(class)))
                .and_then(|()| check_stored(schema, &self.dataset, &rows));
            if taken.is_err() {
                schema.forget(known_words, known_classes);
                return taken;
            }
        }
        self.dataset.shape = own.shape();
        for Stored { row, outcome, weight, place } in &rows {
            self.dataset.place_row(row, outcome, *weight, *place);
            self.memo.follow(*place);
        }
        self.set_rows_state(rows_state);
        Ok(())
    }

    /// A stored row of fields, its outcome and its weight; none beyond the end, or for a network without fields.
    pub fn row_of_fields(&self, set: Set, index: u32) -> Option<(Row, Vec<f32>, f32)> {
        let (schema, rows, index) = (self.schema.as_ref()?, self.dataset.set(set), index as usize);
        let list = rows.list(index)?.to_vec();
        let mut values = rows.table.row(index);
        let cells = values.by_ref().take(schema.cells()).collect();
        Some((Row { cells, list }, values.collect(), rows.weight(index)))
    }
}

/// Checks that the answer can be monotone in the fields that MONOTONE names.
fn check_monotone(schema: &Schema, options: &Options) -> Result<()> {
    options.monotone.check_count(schema.fields().len(), "field")?;
    let reject = |value, expected| Err(Error::Option { option: "monotone", value, expected });
    for (field, &sign) in schema.fields().iter().zip(options.monotone.signs()) {
        if sign != 0.0 && !field.kind().has_order() {
            let value = format!("{sign} for field {} of kind {}", readable(field.name()), field.kind());
            return reject(value, "0, since only a NUMBER, a FLAG or an AUTO has an order".into());
        }
    }
    match schema.target() {
        Target::Classes { most, .. } if options.monotone.is_any() && *most > 2 => reject(
            options.monotone.to_string(),
            format!("none for a classifier of up to {most} classes: CLASSES 2 has an order"),
        ),
        _ => Ok(()),
    }
}

/// Checks that these rows can be stored at their places.
fn check_stored(schema: &Schema, dataset: &Dataset, rows: &[Stored]) -> Result<()> {
    for Stored { row, outcome, weight, .. } in rows {
        schema.check_row(&row.cells, &row.list)?;
        check_outcome(schema.target(), outcome)?;
        check_weight(*weight)?;
    }
    let places: Vec<Place> = rows.iter().map(|stored| stored.place).collect();
    dataset.check_places(&places)
}

/// The outcome of each row as numbers. Adds new classes to the schema.
fn outcomes(schema: &mut Arc<Schema>, examples: &[Example<'_>]) -> Result<Vec<Vec<f32>>> {
    let in_row = |row| move |error: Error| if examples.len() > 1 { error.in_row(row) } else { error };
    let mut found = Vec::with_capacity(examples.len());
    for (row, Example { outcome, weight, .. }) in examples.iter().enumerate() {
        check_weight(*weight).map_err(in_row(row))?;
        let outcome = match (outcome, schema.target()) {
            (Outcome::Class(name), Target::Classes { .. }) => {
                let class = if let Some(class) = schema.class(name).map_err(in_row(row))? {
                    class
                } else {
                    Arc::make_mut(schema).add_class(name.as_ref().into()).map_err(in_row(row))?;
                    schema.classes().len() - 1
                };
                vec![class as f32]
            }
            (Outcome::Values(values), Target::Values(_)) => values.clone(),
            (Outcome::Class(_), Target::Values(names)) => {
                return Err(in_row(row)(Error::Outputs { row: None, expected: names.len(), given: 1 }));
            }
            (Outcome::Values(values), Target::Classes { .. }) => {
                return Err(in_row(row)(Error::Outputs { row: None, expected: 1, given: values.len() }));
            }
        };
        check_outcome(schema.target(), &outcome).map_err(in_row(row))?;
        found.push(outcome);
    }
    Ok(found)
}

impl Network {
    /// Evaluates the network on fresh rows of fields, which are not stored. Also returns the classes of the confusion
    /// matrix: those of the network, then those that only these rows have, which are never answered.
    ///
    /// # Errors
    /// [`Error::NoRows`] without rows, and those of [`Self::observe_fields`] for rows.
    ///
    /// # Panics
    /// If the network has no fields.
    pub fn evaluate_fields(&self, examples: &[Example<'_>]) -> Result<(Evaluation, Vec<Box<[u8]>>)> {
        let (given, schema) = self.fresh_rows(examples)?;
        let classes = schema.classes().to_vec();
        let model = Model { schema: Some(schema), ..self.model() };
        Ok((evaluation::evaluate(&model, &given, &|| true)?, classes))
    }

    /// Rows that are not stored in the network, and the schema with the classes that they add.
    pub(crate) fn fresh_rows(&self, examples: &[Example<'_>]) -> Result<(Rows, Arc<Schema>)> {
        let mut schema = Arc::clone(self.schema.as_ref().expect("a network of fields"));
        let outcomes = outcomes(&mut schema, examples)?;
        let rows = examples.iter().zip(&outcomes).map(|(example, outcome)| {
            let row = schema.row(&example.values);
            (row, &outcome[..], example.weight)
        });
        let width = schema.shape().width();
        let mut given = if schema.has_lists() { Rows::with_lists(width) } else { Rows::new(width) };
        for (at, (row, outcome, weight)) in rows.enumerate() {
            given.set_list(at, &row.list);
            given.set(at, row.cells.iter().chain(outcome).copied(), weight);
        }
        Ok((given, schema))
    }

    /// For each row of fields, whether it is stored with the same outcome in either set. An evaluation on such rows
    /// says nothing about fresh ones.
    ///
    /// # Errors
    /// The errors of [`Self::observe_fields`] for rows.
    ///
    /// # Panics
    /// If the network has no fields.
    pub fn has_fields(&self, examples: &[Example<'_>]) -> Result<Vec<bool>> {
        let mut schema = Arc::clone(self.schema.as_ref().expect("a network of fields"));
        let outcomes = outcomes(&mut schema, examples)?;
        // Rows are compared by their bits, since a gap is NaN.
        let bits = |row: &Row, outcome: &[f32]| -> Vec<u32> {
            let listed = row.list.iter().flat_map(|entry| [entry.number, entry.value.to_bits()]);
            row.cells.iter().chain(outcome).map(|value| value.to_bits()).chain(listed).collect()
        };
        let mut stored = HashSet::new();
        for set in [Set::Train, Set::Test] {
            let rows = (0..self.rows(set)).filter_map(|index| self.row_of_fields(set, index));
            stored.extend(rows.map(|(row, outcome, _)| bits(&row, &outcome)));
        }
        let rows = examples.iter().map(|example| schema.row(&example.values));
        Ok(rows.zip(&outcomes).map(|(row, outcome)| stored.contains(&bits(&row, outcome))).collect())
    }
}

impl Schema {
    /// The outcome of a row from a value for each target: the name of a class, which may be given as a number, or
    /// numbers.
    ///
    /// # Errors
    /// [`Error::Outputs`] for a wrong number of values, [`Error::FieldValue`] for a value that is a gap or of another
    /// kind.
    pub fn outcome<'a>(&self, given: Vec<Given<'a>>) -> Result<Outcome<'a>> {
        let kind = if self.kind() == Kind::Classifier { FieldKind::Category(1) } else { FieldKind::Number };
        if given.len() != self.target_names().len() {
            return Err(Error::Outputs { row: None, expected: self.target_names().len(), given: given.len() });
        }
        let mut values = Vec::new();
        for (target, given) in given.into_iter().enumerate() {
            let original = given.clone();
            match given.understood(kind) {
                Some(Value::Word(class)) => return Ok(Outcome::Class(class)),
                Some(Value::Number(value)) => values.push(value),
                _ => return Err(self.no_outcome(target, original.to_string())),
            }
        }
        Ok(Outcome::Values(values))
    }

    /// The names of the targets; a classifier has one.
    pub fn target_names(&self) -> &[Box<[u8]>] {
        match self.target() {
            Target::Classes { name, .. } => std::slice::from_ref(name),
            Target::Values(names) => names,
        }
    }

    /// The error for an invalid value of a target.
    pub fn no_outcome(&self, target: usize, value: String) -> Error {
        let expected = match self.kind() {
            Kind::Classifier => "the name of a class, of 1 to 64 bytes",
            Kind::Regressor => "a finite number",
        };
        let field = readable(&self.target_names()[target]);
        Error::FieldValue { row: None, field, value, expected: expected.into() }
    }

    /// The error for a value of a type that no field of this kind accepts.
    pub fn not_understood(&self, field: usize, value: String) -> Error {
        let (field, kind) = (readable(self.fields()[field].name()), self.fields()[field].kind());
        Error::FieldValue { row: None, field, value, expected: format!("{} ({kind})", kind.expected()) }
    }
}
