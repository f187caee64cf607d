//! Tests of schemas: validation, dictionaries, classes and layouts.

use super::*;

fn names(all: &[&str]) -> Vec<Box<[u8]>> {
    all.iter().map(|name| name.as_bytes().into()).collect()
}

fn classes(most: u32, closed: bool, all: &[&str]) -> Target {
    Target::Classes { name: (*b"taken").into(), most, closed, names: names(all) }
}

fn schema(fields: &[(&str, FieldKind)], target: Target) -> Result<Schema> {
    Schema::new(fields.iter().map(|(name, kind)| (name.as_bytes().to_vec(), *kind)), target)
}

const FIELDS: [(&str, FieldKind); 3] =
    [("age", FieldKind::Number), ("plan", FieldKind::Category(2)), ("tags", FieldKind::Tags(2))];

#[test]
fn invalid_schemas_are_rejected_with_the_reason() {
    let rejected = |fields: &[(&str, FieldKind)], target| schema(fields, target).unwrap_err().to_string();
    let number = |name| [(name, FieldKind::Number)];
    let open = || classes(2, false, &[]);
    let long = "x".repeat(65);
    assert_eq!(rejected(&[], open()), "0 fields: expected 1 to 4096");
    assert_eq!(rejected(&number(""), open()), "field '': expected a name of 1 to 64 bytes");
    assert!(rejected(&number(&long), open()).ends_with("...': expected a name of 1 to 64 bytes"));
    assert!(schema(&number(&long[1..]), open()).is_ok());
    for word in ["->", "json", "Fp32"] {
        let expected = format!("field '{word}': expected another name, for this is a word of commands");
        assert_eq!(rejected(&number(word), open()), expected);
    }
    assert_eq!(rejected(&[number("a"), number("a")].concat(), open()), "field 'a' stands twice");
    assert_eq!(rejected(&number("taken"), open()), "field 'taken' stands twice");
    assert_eq!(rejected(&number("a"), Target::Values(names(&["b", "b"]))), "field 'b' stands twice");
    assert!(rejected(&number("a"), Target::Values(Vec::new())).starts_with("no target: expected the name"));
    assert_eq!(rejected(&number("a"), classes(1, false, &[])), "CLASSES 1: expected an integer from 2 to 1048576");
    let many = classes((1 << 20) + 1, false, &[]);
    assert_eq!(rejected(&number("a"), many), "CLASSES 1048577: expected an integer from 2 to 1048576");
    assert!(schema(&number("a"), classes(1 << 20, false, &[])).is_ok());
    assert_eq!(rejected(&number("a"), classes(5, true, &["b", "c", "b"])), "class 'b' stands twice");
    assert_eq!(rejected(&number("a"), classes(5, true, &["b", ""])), "class '': expected 1 to 64 bytes");
    let numbered = |count: usize| {
        let fields = (0..count).map(|at| (at.to_string().into_bytes(), FieldKind::Number));
        Schema::new(fields, classes(2, false, &[]))
    };
    assert!(numbered(4096).is_ok());
    assert_eq!(numbered(4097).unwrap_err().to_string(), "4097 fields: expected 1 to 4096");
    // One constant input of 0, one for a gap, one for unknown words, and the words.
    assert!(schema(&[("a", FieldKind::Category((1 << 20) - 3))], open()).is_ok());
    let beyond = rejected(&[("a", FieldKind::Category((1 << 20) - 2))], open());
    assert_eq!(beyond, "fields of up to 1048577 inputs: expected at most 1048576");
}

#[test]
fn the_size_is_checked_for_full_dictionaries_and_all_classes() {
    // Inputs: a number, its place and its gap. 4 x 4095 + 4096 x 4092 parameters are 4 below the limit.
    let of = |most| schema(&[("age", FieldKind::Number)], classes(most, false, &[])).unwrap();
    assert_eq!(of(4092).check_size(&[4095]), Ok(()));
    assert_eq!(of(4093).check_size(&[4095]), Err(Error::Parameters { parameters: 4 * 4095 + 4096 * 4093 }));
    let values = schema(&FIELDS, Target::Values(names(&["a", "b"]))).unwrap();
    // Inputs: age and its place, three gaps, unknown words of two fields, four words: 11. So 12 x 1000 + 1001 x 2
    // parameters.
    assert_eq!((values.dense(), values.inputs(0), values.inputs(4)), (2, 7, 11));
    assert_eq!(values.check_size(&[1000]), Ok(()));
    let wide = values.check_size(&[1 << 20, 1 << 20]).unwrap_err();
    assert_eq!(wide, Error::Parameters { parameters: (12 << 20) + ((1 << 20) + 1) * (1 << 20) + ((1 << 20) + 1) * 2 });
}

#[test]
fn fields_are_found_from_any_start_index() {
    let schema = schema(&FIELDS, classes(2, false, &[])).unwrap();
    for from in 0..5 {
        let found = ["age", "plan", "tags", "other"].map(|name| schema.position(name.as_bytes(), from));
        assert_eq!(found, [Some(0), Some(1), Some(2), None], "{from}");
    }
    assert!(schema.has_lists());
    let kinds: Vec<_> = schema.fields().iter().map(|field| (field.name(), field.kind(), field.words())).collect();
    assert_eq!(kinds, FIELDS.map(|(name, kind)| (name.as_bytes(), kind, 0)));
    assert!(!self::schema(&FIELDS[..2], classes(2, false, &[])).unwrap().has_lists());
}

#[test]
fn dictionaries_grow_until_they_are_full() {
    let mut schema = schema(&FIELDS, classes(2, false, &[])).unwrap();
    let words = |words: &[&'static str]| Value::Words(words.iter().map(|word| word.as_bytes().into()).collect());
    let values = [Value::Gap, Value::Word(b"free"[..].into()), words(&["blue", "green", "red"])];
    let new = schema.new_words(&values);
    let expected = [(1, "free"), (2, "blue"), (2, "green")].map(|(field, word)| (field, word.as_bytes().into()));
    assert_eq!(new, expected);
    schema.add_word(2, (*b"green").into()).unwrap();
    assert_eq!(schema.new_words(&values), expected[..2]);
    schema.add_word(2, (*b"red").into()).unwrap();
    assert_eq!(schema.new_words(&values), expected[..1]);
    assert_eq!((schema.fields()[2].words(), schema.fields()[1].words()), (2, 0));
    let full = schema.clone();
    let mut rejected = |field, word: &str| schema.add_word(field, word.as_bytes().into()).unwrap_err().to_string();
    assert_eq!(rejected(3, "a"), "field 3: the network has 3 fields");
    assert_eq!(rejected(0, "a"), "word 'a' of field 'age': its dictionary is full");
    assert_eq!(rejected(2, "blue"), "word 'blue' of field 'tags': its dictionary is full");
    assert_eq!(rejected(1, ""), "word '': expected 1 to 64 bytes");
    assert!(rejected(1, &"x".repeat(65)).ends_with("...': expected 1 to 64 bytes"));
    assert!(schema == full);
    schema.add_word(1, "x".repeat(64).into_bytes().into()).unwrap();
    let again = schema.add_word(1, "x".repeat(64).into_bytes().into()).unwrap_err();
    assert!(again.to_string().ends_with("of field 'plan': it has this word"));
    // A network that has inputs for two words encodes the third as an unknown word of its field.
    let first = schema.inputs(0) as u32;
    assert_eq!(
        [first, first + 1, first + 2].map(|number| schema.known(number, first as usize + 2)),
        [first, first + 1, schema.fields()[1].other()]
    );
    schema.forget(2, 0);
    assert!(schema == full);
}

#[test]
fn classes_are_added_until_the_maximum() {
    let mut open = schema(&FIELDS, classes(3, false, &["no"])).unwrap();
    assert_eq!((open.outputs(), open.shape().outputs, open.is_open()), (2, 2, true));
    assert_eq!((open.class(b"no"), open.class(b"yes")), (Ok(Some(0)), Ok(None)));
    assert!(open.class(&[b'x'; 65]).is_err() && open.class(b"").is_err());
    let before = open.clone();
    assert_eq!(open.add_class((*b"no").into()).unwrap_err().to_string(), "class 'no' is there");
    open.add_class((*b"yes").into()).unwrap();
    open.restore_class((*b"perhaps").into()).unwrap();
    assert_eq!((open.class(b"perhaps"), open.outputs()), (Ok(Some(2)), 3));
    let full = open.class(b"never").unwrap_err();
    assert_eq!(full.to_string(), "unknown class 'never': expected no, yes, perhaps");
    assert!(open.add_class((*b"never").into()).is_err() && open.restore_class((*b"never").into()).is_err());
    open.forget(0, 2);
    assert!(open.restore_class((*b"yes").into()).is_err(), "it is there");
    open.forget(0, 1);
    assert!(open == before);
    let closed = schema(&FIELDS, classes(9, true, &["no", "yes"])).unwrap();
    assert!(!closed.is_open() && closed.class(b"perhaps").is_err() && closed.class(b"yes") == Ok(Some(1)));
    let mut values = schema(&FIELDS, Target::Values(names(&["a", "b", "c"]))).unwrap();
    assert_eq!((values.outputs(), values.classes().len(), values.is_open()), (3, 0, false));
    assert_eq!(
        (values.class(b"a"), values.restore_class((*b"a").into())),
        (Err(Error::NotClassifier), Err(Error::NotClassifier))
    );
}

#[test]
fn earlier_layouts_are_recognized() {
    let mut open = schema(&FIELDS, classes(9, false, &[])).unwrap();
    let mut had = vec![open.layout(&[4]).unwrap()];
    for at in 0..4u8 {
        open.add_class([b'a' + at].into()).unwrap();
        if at < 2 {
            open.add_word(1, [b'a' + at].into()).unwrap();
        }
        had.push(open.layout(&[4]).unwrap());
    }
    assert_eq!(
        had.iter().map(|layout| layout.units().to_vec()).collect::<Vec<_>>(),
        [[7, 4, 2], [8, 4, 2], [9, 4, 2], [9, 4, 3], [9, 4, 4]]
    );
    assert!(had.iter().all(|layout| open.has_had(layout, &[4])));
    assert!(!open.has_had(&had[0], &[5]));
    let like = |units: &[usize]| Layout::of_fields(units, had[0].first_inputs()).unwrap();
    assert!(open.has_had(&like(&[8, 4, 4]), &[4]));
    for units in [[10, 4, 4], [6, 4, 4], [9, 4, 5], [9, 4, 1]] {
        assert!(!open.has_had(&like(&units), &[4]), "{units:?}");
    }
    assert!(!open.has_had(&Layout::new(&[9, 4, 4]).unwrap(), &[4]));
    let closed = schema(&FIELDS, classes(9, true, &["a", "b", "c"])).unwrap();
    assert!(closed.has_had(&like(&[7, 4, 3]), &[4]) && !closed.has_had(&like(&[7, 4, 2]), &[4]));
}

#[test]
fn shown_bytes_are_quoted_escaped_and_cut() {
    assert_eq!(shown(b"it's\n\xff"), "'it\\'s\\n\u{fffd}'");
    assert_eq!(shown(&[b'x'; 40]), format!("'{}'", "x".repeat(40)));
    assert_eq!(shown(&[b'x'; 41]), format!("'{}...'", "x".repeat(40)));
}
