//! Requests as JavaScript makes them.

use serde_json::{Value as Json, json};

use super::{DATA, REFUSED, TOLD, call, reply, reply_bytes, reserve};

/// What a request comes to: the kind of the reply, and its bytes.
fn ask(request: &Json, data: &[u8]) -> (u32, Vec<u8>) {
    let text = request.to_string();
    let room = reserve(text.len() + data.len());
    // SAFETY: there is room for so many bytes, which nobody else has.
    let to = unsafe { std::slice::from_raw_parts_mut(room, text.len() + data.len()) };
    to[..text.len()].copy_from_slice(text.as_bytes());
    to[text.len()..].copy_from_slice(data);
    let kind = call(text.len());
    // SAFETY: the reply has so many bytes.
    (kind, unsafe { std::slice::from_raw_parts(reply(), reply_bytes()) }.to_vec())
}

fn told(request: &Json, data: &[u8]) -> Json {
    let (kind, reply) = ask(request, data);
    assert_eq!(kind, TOLD, "{}", String::from_utf8_lossy(&reply));
    serde_json::from_slice(&reply).unwrap()
}

fn refused(request: &Json, data: &[u8]) -> String {
    let (kind, reply) = ask(request, data);
    assert_eq!(kind, REFUSED, "{}", String::from_utf8_lossy(&reply));
    let reply: Json = serde_json::from_slice(&reply).unwrap();
    format!("{}: {}", reply["code"].as_str().unwrap(), reply["message"].as_str().unwrap())
}

fn bytes(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn create(more: Json) -> Json {
    let mut request = json!({ "do": "create", "kind": "classifier", "options": { "seed": 1 } });
    let (all, Json::Object(more)) = (request.as_object_mut().unwrap(), more) else { panic!() };
    all.extend(more);
    request
}

#[test]
fn a_network_of_positions_learns_in_slices_is_saved_and_read() {
    let network = told(&create(json!({ "layout": [2, 4, 2] })), b"")["network"].clone();
    let rows = bytes(&[0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0]);
    let counted = told(&json!({ "do": "observe", "network": network, "rows": 4, "into": "train" }), &rows);
    assert_eq!(counted, json!({ "train": 4, "test": 0 }));
    told(&json!({ "do": "train", "network": network, "max_cycles": 30, "max_time": 0 }), b"");
    let again = refused(&json!({ "do": "train", "network": network }), b"");
    assert!(again.starts_with("training: "), "{again}");
    let mut slices = 0;
    let report = loop {
        slices += 1;
        let told = told(&json!({ "do": "go", "network": network, "milliseconds": 0 }), b"");
        if let Some(report) = told.get("report") {
            break report.clone();
        }
    };
    assert!(slices > 20 && report["cycles"] == 30 && report["reason"] == "maxcycles", "{slices} {report}");
    let run = json!({ "do": "run", "network": network });
    let (kind, answers) = ask(&run, &rows[..32]);
    assert_eq!((kind, answers.len()), (DATA, 32));
    let (_, saved) = ask(&json!({ "do": "save", "network": network }), b"");
    let read = told(&json!({ "do": "load" }), &saved)["network"].clone();
    assert_eq!(ask(&json!({ "do": "run", "network": read }), &rows[..32]).1, answers);
    assert!(refused(&json!({ "do": "load" }), &saved[1..]).starts_with("format: "));
    told(&json!({ "do": "drop", "network": network }), b"");
    assert!(refused(&run, &rows[..32]).contains("freed"));
}

#[test]
fn rows_of_fields_are_json_and_answers_are_of_the_classes_that_have_come() {
    let fields = json!([["size", "number"], ["colour", "category"]]);
    let network = told(&create(json!({ "fields": fields, "target": "kind", "hidden": [3] })), b"")["network"].clone();
    let run = json!({ "do": "run_fields", "network": network });
    assert!(refused(&run, b"[{}]").starts_with("training: "));
    let rows = br#"[{"size": 3, "colour": "red", "kind": "apple"}, {"size": "1.5", "kind": "plum"}]"#;
    assert_eq!(told(&json!({ "do": "observe_fields", "network": network }), rows), json!({ "train": 1, "test": 1 }));
    let info = told(&json!({ "do": "info", "network": network }), b"");
    assert_eq!((&info["classes"], &info["targets"]), (&json!(["apple", "plum"]), &json!(["kind"])));
    assert_eq!(info["fields"][1], json!(["colour", "category 100"]));
    assert_eq!(ask(&run, b"[{}, {\"size\": 2}]").1.len(), 4 * 2 * 2);
    let observe = json!({ "do": "observe_fields", "network": network });
    for (rows, why) in [
        (&b"[{\"size\": \"big\", \"kind\": \"plum\"}]"[..], "row 0: field size is 'big': expected"),
        (b"[{}, {\"shape\": 2}]", "row 1: "),
        (b"[{}]", "kind"),
        (b"{", "JSON"),
    ] {
        let refusal = refused(&observe, rows);
        assert!(refusal.starts_with("data: ") && refusal.contains(why), "{refusal}");
    }
    assert_eq!(told(&json!({ "do": "info", "network": network }), b""), info);
}

#[test]
fn a_network_of_sequences_draws_what_comes_next() {
    let made =
        create(json!({ "fields": [["letter", "category"]], "target": "letter", "sequence": true, "hidden": [4] }));
    let network = told(&made, b"")["network"].clone();
    let letters = br#"[{"letter":"a"},{"letter":"b"},{"letter":"."},{"letter":"a"},{"letter":"."}]"#;
    let observe = json!({ "do": "observe_events", "network": network, "ends": [3, 5] });
    let counted = told(&observe, letters);
    assert_eq!(counted["train"].as_u64().unwrap() + counted["test"].as_u64().unwrap(), 2);
    assert!(
        refused(&json!({ "do": "observe_events", "network": network, "ends": [3] }), letters).starts_with("shape: ")
    );
    told(&json!({ "do": "train", "network": network, "max_cycles": 5 }), b"");
    while told(&json!({ "do": "go", "network": network, "milliseconds": 1 }), b"").get("report").is_none() {}
    let sample = json!({ "do": "sample", "network": network, "count": 4, "seed": 2, "temperature": 0.7 });
    let words = told(&sample, b"")["words"].clone();
    assert_eq!(words.as_array().unwrap().len(), 4);
    assert_eq!(told(&sample, b"")["words"], words);
    assert_eq!(ask(&json!({ "do": "run_events", "network": network }), &letters[..16]).0, REFUSED);
    assert_eq!(ask(&json!({ "do": "run_events", "network": network }), br#"[{"letter":"a"}]"#).1.len(), 4 * 3);
    let until = json!({ "do": "sample", "network": network, "seed": 2, "until": "x" });
    assert!(refused(&until, b"").contains("until is \"x\": expected a word"));
}

#[test]
fn what_cannot_be_is_refused_by_its_name() {
    for (more, why) in [
        (json!({}), "option: a network needs a layout, or fields and a target"),
        (json!({ "layout": [2, 2], "fields": [] }), "option: layout and fields exclude each other"),
        (json!({ "layout": [2, 1] }), "a classifier"),
        (json!({ "layout": [2, 2], "target": "y" }), "option: target is for a network with fields"),
        (json!({ "layout": [2, -1] }), "option: layout is -1: expected an integer from 1"),
        (json!({ "kind": "tree", "layout": [2, 2] }), "option: kind is \"tree\": expected \"classifier\""),
        (json!({ "fields": [["a", "word"]], "target": "y" }), "option: field a: "),
        (json!({ "fields": [["a", "number"]] }), "option: target is missing"),
        (json!({ "layout": [2, 2], "options": { "seed": 1, "l3": 0 } }), "option: l3 is no option: expected "),
        (json!({ "layout": [2, 2], "options": { "seed": 1, "l2": "much" } }), "option: l2 is \"much\": expected "),
        (json!({ "layout": [2, 2], "options": {} }), "option: seed is missing"),
    ] {
        let refusal = refused(&create(more), b"");
        assert!(refusal.contains(why), "{refusal}");
    }
    assert!(refused(&json!([]), b"").starts_with("shape: "));
    let network = told(&create(json!({ "layout": [2, 2] })), b"")["network"].clone();
    let asked = |what: &str, data: &[u8]| refused(&json!({ "do": what, "network": network, "rows": 1 }), data);
    assert!(asked("fly", b"").contains("'fly'"));
    assert!(asked("go", b"").starts_with("training: the network is not being trained"));
    assert!(asked("train", b"").starts_with("training: "));
    assert!(asked("run", &bytes(&[1.0])).starts_with("shape: "));
    assert!(asked("run", b"abc").starts_with("shape: "));
    assert!(asked("observe", &bytes(&[1.0])).starts_with("shape: "));
    assert!(asked("observe", &bytes(&[1.0, f32::NAN, 1.0])).starts_with("data: "));
    assert!(asked("evaluate_fields", b"[]").starts_with("shape: "));
    assert!(asked("run_events", b"[]").starts_with("kind: "));
}
