//! Replays the corpus of inputs that fuzzing has found; see rust/fuzz.

#[path = "../../fuzz/targets/mod.rs"]
mod targets;

use std::path::Path;

fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let files: Vec<_> = folder
        .read_dir()
        .expect("rust/fuzz/corpus has a folder for each target")
        .map(|file| file.unwrap().path())
        .collect();
    assert!(files.len() > 3, "{files:?}");
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        assert!(std::panic::catch_unwind(|| run(&bytes)).is_ok(), "{}", file.display());
    }
}

#[test]
fn networks_that_fuzzing_found_are_rejected_or_can_be_used() {
    replay("decode", targets::decode::run);
}

#[test]
fn networks_of_the_original_module_that_fuzzing_found_are_rejected_or_can_be_used() {
    replay("original", targets::original::run);
}
