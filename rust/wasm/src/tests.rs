//! Tests of requests as JavaScript sends them.

use serde_json::{Value as Json, json};

use super::{DATA, ERROR, OBJECT, call, reply, reply_bytes, reserve};

/// Send a request. Returns the type of the reply, and its bytes.
fn ask(request: &Json, data: &[u8]) -> (u32, Vec<u8>) {
    let text = request.to_string();
    let room = reserve(text.len() + data.len());
    // SAFETY: `reserve` returned a buffer of this many bytes, and nothing else uses it until `call`.
    let to = unsafe { std::slice::from_raw_parts_mut(room, text.len() + data.len()) };
    to[..text.len()].copy_from_slice(text.as_bytes());
    to[text.len()..].copy_from_slice(data);
    let kind = call(text.len());
    // SAFETY: `reply` points to `reply_bytes` bytes, which stay valid until the next call.
    (kind, unsafe { std::slice::from_raw_parts(reply(), reply_bytes()) }.to_vec())
}

fn object(request: &Json, data: &[u8]) -> Json {
    let (kind, reply) = ask(request, data);
    assert_eq!(kind, OBJECT, "{}", String::from_utf8_lossy(&reply));
    serde_json::from_slice(&reply).unwrap()
}

fn rejected(request: &Json, data: &[u8]) -> String {
    let (kind, reply) = ask(request, data);
    assert_eq!(kind, ERROR, "{}", String::from_utf8_lossy(&reply));
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
fn a_network_of_positions_is_trained_in_slices_and_saved() {
    let network = object(&create(json!({ "layout": [2, 4, 2] })), b"")["network"].clone();
    let rows = bytes(&[0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0]);
    let counted = object(&json!({ "do": "observe", "network": network, "rows": 4, "into": "train" }), &rows);
    assert_eq!(counted, json!({ "train": 4, "test": 0 }));
    object(&json!({ "do": "train", "network": network, "max_cycles": 30, "max_time": 0 }), b"");
    let again = rejected(&json!({ "do": "train", "network": network }), b"");
    assert!(again.starts_with("training: "), "{again}");
    let mut slices = 0;
    let report = loop {
        slices += 1;
        let reply = object(&json!({ "do": "go", "network": network, "milliseconds": 0 }), b"");
        if let Some(report) = reply.get("report") {
            break report.clone();
        }
    };
    assert!(slices > 20 && report["cycles"] == 30 && report["reason"] == "maxcycles", "{slices} {report}");
    let run = json!({ "do": "run", "network": network });
    let (kind, answers) = ask(&run, &rows[..32]);
    assert_eq!((kind, answers.len()), (DATA, 32));
    let (_, saved) = ask(&json!({ "do": "save", "network": network }), b"");
    let read = object(&json!({ "do": "load" }), &saved)["network"].clone();
    assert_eq!(ask(&json!({ "do": "run", "network": read }), &rows[..32]).1, answers);
    assert!(rejected(&json!({ "do": "load" }), &saved[1..]).starts_with("format: "));
    object(&json!({ "do": "drop", "network": network }), b"");
    assert!(rejected(&run, &rows[..32]).contains("freed"));
}

#[test]
fn rows_of_fields_are_json_and_answers_are_for_known_classes() {
    let fields = json!([["size", "number"], ["colour", "category"]]);
    let network = object(&create(json!({ "fields": fields, "target": "kind", "hidden": [3] })), b"")["network"].clone();
    let run = json!({ "do": "run_fields", "network": network });
    assert!(rejected(&run, b"[{}]").starts_with("training: "));
    let rows = br#"[{"size": 3, "colour": "red", "kind": "apple"}, {"size": "1.5", "kind": "plum"}]"#;
    assert_eq!(object(&json!({ "do": "observe_fields", "network": network }), rows), json!({ "train": 1, "test": 1 }));
    let info = object(&json!({ "do": "info", "network": network }), b"");
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
        let rejection = rejected(&observe, rows);
        assert!(rejection.starts_with("data: ") && rejection.contains(why), "{rejection}");
    }
    assert_eq!(object(&json!({ "do": "info", "network": network }), b""), info);
}

#[test]
fn a_network_of_sequences_samples_the_next_events() {
    let made =
        create(json!({ "fields": [["letter", "category"]], "target": "letter", "sequence": true, "hidden": [4] }));
    let network = object(&made, b"")["network"].clone();
    let letters = br#"[{"letter":"a"},{"letter":"b"},{"letter":"."},{"letter":"a"},{"letter":"."}]"#;
    let observe = json!({ "do": "observe_events", "network": network, "ends": [3, 5] });
    let counted = object(&observe, letters);
    assert_eq!(counted["train"].as_u64().unwrap() + counted["test"].as_u64().unwrap(), 2);
    assert!(
        rejected(&json!({ "do": "observe_events", "network": network, "ends": [3] }), letters).starts_with("shape: ")
    );
    object(&json!({ "do": "train", "network": network, "max_cycles": 5 }), b"");
    while object(&json!({ "do": "go", "network": network, "milliseconds": 1 }), b"").get("report").is_none() {}
    let sample = json!({ "do": "sample", "network": network, "count": 4, "seed": 2, "temperature": 0.7 });
    let words = object(&sample, b"")["words"].clone();
    assert_eq!(words.as_array().unwrap().len(), 4);
    assert_eq!(object(&sample, b"")["words"], words);
    assert_eq!(ask(&json!({ "do": "run_events", "network": network }), &letters[..16]).0, ERROR);
    assert_eq!(ask(&json!({ "do": "run_events", "network": network }), br#"[{"letter":"a"}]"#).1.len(), 4 * 3);
    let until = json!({ "do": "sample", "network": network, "seed": 2, "until": "x" });
    assert!(rejected(&until, b"").contains("until is \"x\": expected a word"));
}

#[test]
fn invalid_requests_are_rejected_with_a_code() {
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
        let rejection = rejected(&create(more), b"");
        assert!(rejection.contains(why), "{rejection}");
    }
    assert!(rejected(&json!([]), b"").starts_with("shape: "));
    let network = object(&create(json!({ "layout": [2, 2] })), b"")["network"].clone();
    let request = |what: &str, data: &[u8]| rejected(&json!({ "do": what, "network": network, "rows": 1 }), data);
    assert!(request("fly", b"").contains("'fly'"));
    assert!(request("go", b"").starts_with("training: the network is not being trained"));
    assert!(request("train", b"").starts_with("training: "));
    assert!(request("run", &bytes(&[1.0])).starts_with("shape: "));
    assert!(request("run", b"abc").starts_with("shape: "));
    assert!(request("observe", &bytes(&[1.0])).starts_with("shape: "));
    assert!(request("observe", &bytes(&[1.0, f32::NAN, 1.0])).starts_with("data: "));
    assert!(request("evaluate_fields", b"[]").starts_with("shape: "));
    assert!(request("run_events", b"[]").starts_with("kind: "));
}
