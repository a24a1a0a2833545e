//! Results of earlier runs.

use crate::common::{LEAK, Module, stanch};
use serde_json::Value;

/// The document of a check with this cache folder, without how long it took.
fn document(module: &Module, args: &[&str]) -> Value {
    let output = stanch()
        .current_dir(module.path("m"))
        .env("STANCH_CACHE_DIR", module.path("cache"))
        .args(["check", "--output-format", "json"])
        .args(args)
        .output()
        .expect("the binary runs");
    let mut document: Value = serde_json::from_slice(&output.stdout).expect("a document");
    let summary = document["summary"].as_object_mut().expect("a summary");
    summary.remove("milliseconds").expect("the time it took");
    document
}

fn entries(module: &Module) -> Vec<std::path::PathBuf> {
    let folder = std::fs::read_dir(module.path("cache"));
    let entries = folder.into_iter().flatten().map(|entry| entry.expect("an entry").path());
    entries.collect()
}

fn leaky(name: &str) -> Module {
    let module = Module::bare(name).write("m/go.mod", "module example.com/m\n\ngo 1.24\n");
    module.write("m/leak.go", LEAK)
}

#[test]
fn a_second_run_shows_what_the_first_found() {
    let module = leaky("cached");
    let first = document(&module, &[]);
    assert_eq!(first["findings"].as_array().map(Vec::len), Some(1));
    let [entry] = &*entries(&module) else { panic!("one entry") };
    let written = std::fs::metadata(entry).expect("the entry is there").len();
    assert_eq!(document(&module, &[]), first);
    assert_eq!(document(&module, &["--threads", "1"]), first);
    assert_eq!(entries(&module).len(), 1);
    assert_eq!(std::fs::metadata(entry).expect("the entry is there").len(), written);

    let module = module.write("m/leak.go", "package leak\n");
    assert_eq!(document(&module, &[])["findings"].as_array().map(Vec::len), Some(0));
    assert_eq!(entries(&module).len(), 2);
}

#[test]
fn a_result_that_is_not_wanted_is_not_kept() {
    let module = leaky("not_cached");
    document(&module, &["--no-cache"]);
    assert_eq!(entries(&module).len(), 0);
    // An entry that something else wrote is none.
    document(&module, &[]);
    let [entry] = &*entries(&module) else { panic!("one entry") };
    std::fs::write(entry, "not a result").expect("the entry can be written");
    assert_eq!(document(&module, &[])["findings"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_run_that_fails_fails_again() {
    let module = Module::bare("cached_failure").write("m/go.mod", "module example.com/m\n");
    for _ in 0..2 {
        let assert = stanch()
            .current_dir(module.path("m"))
            .env("STANCH_CACHE_DIR", module.path("cache"))
            .args(["check", "./nowhere"])
            .assert();
        assert.code(2);
    }
    assert_eq!(entries(&module).len(), 0);
}
