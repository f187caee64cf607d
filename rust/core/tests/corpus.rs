//! What fuzzing has found to be of interest, tried again: see rust/fuzz.

#[path = "../../fuzz/targets/mod.rs"]
mod targets;

use std::path::Path;

fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let files: Vec<_> = folder.read_dir().expect("the corpus is there").map(|file| file.unwrap().path()).collect();
    assert!(files.len() > 3, "{files:?}");
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        assert!(std::panic::catch_unwind(|| run(&bytes)).is_ok(), "{}", file.display());
    }
}

#[test]
fn networks_that_fuzzing_found_are_refused_or_of_use() {
    replay("decode", targets::decode::run);
}

#[test]
fn networks_of_the_original_module_that_fuzzing_found_are_refused_or_of_use() {
    replay("original", targets::original::run);
}
