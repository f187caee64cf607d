//! The schema in NR.CREATE: `SCHEMA field kind [field kind ...] -> target`, `HIDDEN` and `CLASSES`.

use neuralredis_core::schema::{DEFAULT_CLASSES, DEFAULT_HIDDEN, FieldKind};
use neuralredis_core::{Kind, Schema, Target};

use super::super::options;
use super::super::prelude::*;
use super::super::sequences::words as sequence;
use super::known::ARROW;

/// The most hidden layers of a layout.
const MOST_HIDDEN: usize = 30;

/// The parsed schema, and the remaining arguments, which are options of every network.
#[derive(Debug)]
pub(crate) struct Declared<'a> {
    pub(crate) fields: Vec<(Vec<u8>, FieldKind)>,
    pub(crate) target: Target,
    /// For each field 1 if the output must not fall as it rises, -1 if it must not rise, else 0.
    pub(crate) signs: Vec<f32>,
    pub(crate) hidden: Vec<usize>,
    /// Whether HIDDEN is given.
    pub(crate) has_hidden: bool,
    pub(crate) rest: Vec<&'a [u8]>,
}

impl<'a> Declared<'a> {
    /// Parses the arguments after SCHEMA.
    pub(crate) fn parse(kind: Kind, mut args: &[&'a [u8]]) -> Result<Self, Refusal> {
        let (mut fields, mut signs) = (Vec::new(), Vec::new());
        loop {
            match args.split_off_first() {
                None => return Err(Refusal::option("'->' is missing: expected it before the target")),
                Some(&ARROW) => break,
                Some(name) => {
                    fields.push((name.to_vec(), parse_kind(name, &mut args)?));
                    signs.push(sign(&mut args));
                }
            }
        }
        let names = targets(kind, &mut args)?;
        let OfSchema { hidden, classes, rest } = OfSchema::parse(args)?;
        let target = match (kind, classes) {
            (Kind::Classifier, classes) => {
                let classes = classes.unwrap_or(Classes::Most(DEFAULT_CLASSES));
                let name = names.into_iter().next().unwrap_or_default().into();
                match classes {
                    Classes::Most(most) => Target::Classes { name, most, closed: false, names: Vec::new() },
                    Classes::Given(names) => Target::Classes {
                        name,
                        most: names.len() as u32,
                        closed: true,
                        names: names.into_iter().map(Into::into).collect(),
                    },
                }
            }
            (Kind::Regressor, None) => Target::Values(names.into_iter().map(Into::into).collect()),
            (Kind::Regressor, Some(_)) => {
                return Err(Refusal::option("CLASSES are for a classifier: expected none for a regressor"));
            }
        };
        let has_hidden = hidden.is_some();
        let hidden = hidden.unwrap_or_else(|| DEFAULT_HIDDEN.to_vec());
        Ok(Self { fields, target, signs, hidden, has_hidden, rest })
    }

    /// The schema of rows.
    pub(crate) fn schema(&self) -> Result<Schema, Refusal> {
        Ok(Schema::new(self.fields.iter().cloned(), self.target.clone())?)
    }
}

/// Parses the kind of a field, and the number that may follow it.
fn parse_kind(name: &[u8], args: &mut &[&[u8]]) -> Result<FieldKind, Refusal> {
    let Some(word) = args.split_off_first() else {
        return Err(Refusal::option(format!("field '{}' has no kind after it", shown(name))));
    };
    let word = FieldKind::named(word)?;
    let number = args.first().filter(|_| word.takes_number()).and_then(|number| numbers::whole(number));
    if number.is_some() {
        args.split_off_first();
    }
    Ok(word.kind(number)?)
}

/// Parses the sign that may follow a kind.
fn sign(args: &mut &[&[u8]]) -> f32 {
    let sign = match args.first() {
        Some(&b"+") => 1.0,
        Some(&b"-") => -1.0,
        _ => return 0.0,
    };
    args.split_off_first();
    sign
}

/// Parses the targets: a name; for a regressor also `n name ...`.
fn targets(kind: Kind, args: &mut &[&[u8]]) -> Result<Vec<Vec<u8>>, Refusal> {
    let Some(&first) = args.split_off_first() else {
        return Err(Refusal::option("the target is missing: expected its name after '->'"));
    };
    let Some(count) = numbers::whole(first).filter(|_| kind == Kind::Regressor) else {
        return Ok(vec![first.to_vec()]);
    };
    let count = usize::try_from(count).ok().filter(|count| (1..=args.len()).contains(count));
    let Some(names) = count.and_then(|count| args.split_off(..count)) else {
        return Err(Refusal::argument("the number of targets", first, "as many names after it, at least 1"));
    };
    Ok(names.iter().map(|name| name.to_vec()).collect())
}

enum Classes {
    Most(u32),
    Given(Vec<Vec<u8>>),
}

/// The options of networks with a schema, and all other arguments.
struct OfSchema<'a> {
    hidden: Option<Vec<usize>>,
    classes: Option<Classes>,
    rest: Vec<&'a [u8]>,
}

impl<'a> OfSchema<'a> {
    fn parse(mut args: &[&'a [u8]]) -> Result<Self, Refusal> {
        let mut found = Self { hidden: None, classes: None, rest: Vec::new() };
        while let Some(&word) = args.split_off_first() {
            if is(word, "HIDDEN") {
                let units = hidden(&mut args)?;
                if found.hidden.replace(units).is_some() {
                    return Err(Refusal::option("HIDDEN is given twice"));
                }
            } else if is(word, "CLASSES") {
                let classes = classes(&mut args)?;
                if found.classes.replace(classes).is_some() {
                    return Err(Refusal::option("CLASSES is given twice"));
                }
            } else {
                found.rest.push(word);
                if options::has_value(word)
                    && let Some(value) = args.split_off_first()
                {
                    found.rest.push(value);
                }
            }
        }
        Ok(found)
    }
}

/// Parses the units of hidden layers, as many integers as follow; a single 0 stands for no hidden layer.
fn hidden(args: &mut &[&[u8]]) -> Result<Vec<usize>, Refusal> {
    let first = value_of("HIDDEN", args)?;
    let expected = "units of one layer after the other, or 0 for none";
    let Some(units) = numbers::whole(first) else { return Err(Refusal::argument("HIDDEN", first, expected)) };
    let mut all = vec![units];
    while let Some(units) = args.first().and_then(|word| numbers::whole(word)) {
        args.split_off_first();
        all.push(units);
        if all.len() > MOST_HIDDEN {
            return Err(Refusal::option(format!("HIDDEN has more than {MOST_HIDDEN} layers")));
        }
    }
    if all == [0] {
        return Ok(Vec::new());
    }
    let units = |units: u64| {
        let units = usize::try_from(units).ok().filter(|units| *units > 0);
        units.ok_or_else(|| Refusal::argument("HIDDEN", first, expected))
    };
    all.into_iter().map(units).collect()
}

/// Parses `max`, or `n name ...`: a number with nothing or an option after it is `max`.
fn classes(args: &mut &[&[u8]]) -> Result<Classes, Refusal> {
    let given = value_of("CLASSES", args)?;
    let number = numbers::whole(given).and_then(|number| u32::try_from(number).ok());
    let Some(number) = number else {
        return Err(Refusal::argument("CLASSES", given, "how many at most, or how many and their names"));
    };
    match args.first() {
        None => Ok(Classes::Most(number)),
        Some(word) if is(word, "HIDDEN") || options::is_option(word) || sequence::is_word(word) => {
            Ok(Classes::Most(number))
        }
        Some(_) => {
            let Some(names) = args.split_off(..number as usize) else {
                let expected = format!("as many names after it, of which there are {}", args.len());
                return Err(Refusal::argument("CLASSES", given, expected));
            };
            Ok(Classes::Given(names.iter().map(|name| name.to_vec()).collect()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(kind: Kind, words: &str) -> Result<Declared<'_>, Refusal> {
        let words: Vec<&[u8]> = words.split_whitespace().map(str::as_bytes).collect();
        Declared::parse(kind, &words)
    }

    fn error_of(kind: Kind, words: &str) -> String {
        parsed(kind, words).and_then(|declared| declared.schema()).unwrap_err().text()
    }

    #[test]
    fn a_declaration_is_written_and_parsed_again() {
        let classifier = "age NUMBER plan category 7 note TEXT v vector 3 test FLAG -> taken";
        for (kind, words, hidden, rest) in [
            (Kind::Classifier, classifier.into(), &DEFAULT_HIDDEN[..], 0),
            (Kind::Classifier, format!("{classifier} DATASET 50 HIDDEN 4 CLASSES 9 NORMALIZE TEST 5"), &[4], 5),
            (Kind::Classifier, format!("{classifier} CLASSES 3 no yes test HIDDEN 0"), &[], 0),
            (Kind::Regressor, "a AUTO -> b HIDDEN 5 6 SEED 7".into(), &[5, 6], 2),
            (Kind::Regressor, "a TAGS b TIME -> 2 c d".into(), &DEFAULT_HIDDEN, 0),
            (Kind::Regressor, "a NUMBER -> 1 3".into(), &DEFAULT_HIDDEN, 0),
        ] {
            let declared = parsed(kind, &words).unwrap();
            assert_eq!((&declared.hidden[..], declared.rest.len()), (hidden, rest), "{words}");
            let written = declared.schema().unwrap().declaration(&declared.hidden);
            assert_eq!(written[0], b"SCHEMA");
            let args: Vec<&[u8]> = written[1..].iter().map(Vec::as_slice).collect();
            let again = Declared::parse(kind, &args).unwrap();
            assert_eq!(
                (again.schema().unwrap(), &again.hidden),
                (declared.schema().unwrap(), &declared.hidden),
                "{words}"
            );
        }
    }

    #[test]
    fn a_sign_may_follow_a_kind() {
        let declared = parsed(Kind::Regressor, "a NUMBER - b AUTO 7 + c AUTO + d FLAG -> e").unwrap();
        assert_eq!((declared.schema().unwrap().fields().len(), declared.signs), (4, vec![-1.0, 1.0, 1.0, 0.0]));
        assert!(error_of(Kind::Regressor, "a NUMBER + + -> e").contains("kind '->'"));
    }

    #[test]
    fn errors_name_the_invalid_argument() {
        let of_classifier = |words| error_of(Kind::Classifier, words);
        assert!(of_classifier("age NUMBER").contains("'->' is missing"));
        assert!(of_classifier("age -> taken").contains("kind '->': expected AUTO, NUMBER"));
        assert!(of_classifier("age NUMBRE -> taken").contains("kind 'NUMBRE'"));
        assert!(of_classifier("age").contains("field 'age' has no kind"));
        assert!(of_classifier("age NUMBER ->").contains("target is missing"));
        assert!(of_classifier("-> taken").contains("0 fields"));
        assert!(of_classifier("v VECTOR -> taken").contains("VECTOR alone"));
        assert!(of_classifier("a NUMBER -> taken CLASSES 1").contains("CLASSES 1: expected"));
        assert!(of_classifier("a NUMBER -> taken CLASSES 3 no yes").contains("as many names"));
        assert!(of_classifier("a NUMBER -> taken CLASSES some").contains("CLASSES is 'some'"));
        assert!(of_classifier("a NUMBER -> taken HIDDEN x").contains("HIDDEN is 'x'"));
        assert!(of_classifier("a NUMBER -> taken HIDDEN 3 0").contains("HIDDEN is '3'"));
        assert!(of_classifier("a NUMBER -> taken HIDDEN 3 HIDDEN 4").contains("HIDDEN is given twice"));
        assert!(of_classifier("a NUMBER a FLAG -> taken").contains("stands twice"));
        let of_regressor = |words| error_of(Kind::Regressor, words);
        assert!(of_regressor("a NUMBER -> 3 b c").contains("the number of targets is '3'"));
        assert!(of_regressor("a NUMBER -> 0").contains("the number of targets is '0'"));
        assert!(of_regressor("a NUMBER -> b CLASSES 3").contains("CLASSES are for a classifier"));
    }
}
