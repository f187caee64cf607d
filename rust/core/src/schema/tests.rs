//! What schemas refuse, and what dictionaries and classes take up.

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
fn schemas_that_cannot_be_are_refused_with_what_is_wrong() {
    let refused = |fields: &[(&str, FieldKind)], target| schema(fields, target).unwrap_err().to_string();
    let number = |name| [(name, FieldKind::Number)];
    let open = || classes(2, false, &[]);
    let long = "x".repeat(65);
    assert_eq!(refused(&[], open()), "0 fields: expected 1 to 4096");
    assert_eq!(refused(&number(""), open()), "field '': expected a name of 1 to 64 bytes");
    assert!(refused(&number(&long), open()).ends_with("...': expected a name of 1 to 64 bytes"));
    assert!(schema(&number(&long[1..]), open()).is_ok());
    for word in ["->", "json", "Fp32"] {
        let expected = format!("field '{word}': expected another name, for this is a word of commands");
        assert_eq!(refused(&number(word), open()), expected);
    }
    assert_eq!(refused(&[number("a"), number("a")].concat(), open()), "field 'a' stands twice");
    assert_eq!(refused(&number("taken"), open()), "field 'taken' stands twice");
    assert_eq!(refused(&number("a"), Target::Values(names(&["b", "b"]))), "field 'b' stands twice");
    assert!(refused(&number("a"), Target::Values(Vec::new())).starts_with("no target: expected the name"));
    assert_eq!(refused(&number("a"), classes(1, false, &[])), "CLASSES 1: expected an integer from 2 to 1048576");
    let many = classes((1 << 20) + 1, false, &[]);
    assert_eq!(refused(&number("a"), many), "CLASSES 1048577: expected an integer from 2 to 1048576");
    assert!(schema(&number("a"), classes(1 << 20, false, &[])).is_ok());
    assert_eq!(refused(&number("a"), classes(5, true, &["b", "c", "b"])), "class 'b' stands twice");
    assert_eq!(refused(&number("a"), classes(5, true, &["b", ""])), "class '': expected 1 to 64 bytes");
    let numbered = |count: usize| {
        let fields = (0..count).map(|at| (at.to_string().into_bytes(), FieldKind::Number));
        Schema::new(fields, classes(2, false, &[]))
    };
    assert!(numbered(4096).is_ok());
    assert_eq!(numbered(4097).unwrap_err().to_string(), "4097 fields: expected 1 to 4096");
    // An input of a column of zeros, a gap, any other word, and the words.
    assert!(schema(&[("a", FieldKind::Category((1 << 20) - 3))], open()).is_ok());
    let beyond = refused(&[("a", FieldKind::Category((1 << 20) - 2))], open());
    assert_eq!(beyond, "fields of up to 1048577 inputs: expected at most 1048576");
}

#[test]
fn a_network_stays_within_bounds_when_all_that_may_come_has_come() {
    // A number, its place and its gap; 4 x 4095 and 4096 x 4092 parameters are 4 fewer than may be.
    let of = |most| schema(&[("age", FieldKind::Number)], classes(most, false, &[])).unwrap();
    assert_eq!(of(4092).check_size(&[4095]), Ok(()));
    assert_eq!(of(4093).check_size(&[4095]), Err(Error::Parameters { parameters: 4 * 4095 + 4096 * 4093 }));
    let values = schema(&FIELDS, Target::Values(names(&["a", "b"]))).unwrap();
    // Age and its place; the gaps of all three and other words of two; four words. So 12 x 1000 and 1001 x 2 parameters.
    assert_eq!((values.dense(), values.inputs(0), values.inputs(4)), (2, 7, 11));
    assert_eq!(values.check_size(&[1000]), Ok(()));
    let wide = values.check_size(&[1 << 20, 1 << 20]).unwrap_err();
    assert_eq!(wide, Error::Parameters { parameters: (12 << 20) + ((1 << 20) + 1) * (1 << 20) + ((1 << 20) + 1) * 2 });
}

#[test]
fn fields_are_found_from_anywhere() {
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
fn dictionaries_take_words_until_they_are_full() {
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
    let mut refused = |field, word: &str| schema.add_word(field, word.as_bytes().into()).unwrap_err().to_string();
    assert_eq!(refused(3, "a"), "field 3: the network has 3 fields");
    assert_eq!(refused(0, "a"), "word 'a' of field 'age': its dictionary is full");
    assert_eq!(refused(2, "blue"), "word 'blue' of field 'tags': its dictionary is full");
    assert_eq!(refused(1, ""), "word '': expected 1 to 64 bytes");
    assert!(refused(1, &"x".repeat(65)).ends_with("...': expected 1 to 64 bytes"));
    assert!(schema == full);
    schema.add_word(1, "x".repeat(64).into_bytes().into()).unwrap();
    let again = schema.add_word(1, "x".repeat(64).into_bytes().into()).unwrap_err();
    assert!(again.to_string().ends_with("of field 'plan': it has this word"));
    // Whoever knows two words takes the third for another one of its field.
    let first = schema.inputs(0) as u32;
    assert_eq!(
        [first, first + 1, first + 2].map(|number| schema.known(number, first as usize + 2)),
        [first, first + 1, schema.fields()[1].other()]
    );
    schema.forget(2, 0);
    assert!(schema == full);
}

#[test]
fn classes_come_until_there_is_no_room() {
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
fn layouts_that_a_network_has_had_are_those_of_fewer_words_and_classes() {
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
fn bytes_are_shown_in_quotation_marks_and_cut() {
    assert_eq!(shown(b"it's\n\xff"), "'it\\'s\\n\u{fffd}'");
    assert_eq!(shown(&[b'x'; 40]), format!("'{}'", "x".repeat(40)));
    assert_eq!(shown(&[b'x'; 41]), format!("'{}...'", "x".repeat(40)));
}
