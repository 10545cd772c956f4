//! `plugins check` as a plugin's author uses it.

use std::path::Path;
use std::process::{Command, Output};

use checkpoint_storage_conformance::Suite;
use checkpoint_storage_tests::{artifacts, plugin};
use serde_json::Value;

fn check(file: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(artifacts().join("checkpoint-storage"));
    command.args(["plugins", "check"]).arg(file).args(arguments).output().expect("started")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn a_plugin_that_does_all_that_is_owed_ends_well() {
    let output = check(&plugin("checkpoint_storage_localfile"), &["--files", "{}", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["plugin"]["name"], "localfile");
    assert_eq!(report["plugin"]["verdict"], "accepted");
    let all = Suite::all();
    assert_eq!(report["passed"], all.cases().len());
    assert_eq!((&report["failed"], &report["unsupported"]), (&0.into(), &0.into()));
    let ids = report["cases"].as_array().expect("a list").iter().map(|case| &case["id"]);
    assert!(ids.eq(all.cases().iter().map(|case| case.id())));
}

#[test]
fn what_cannot_be_tried_is_counted_and_said() {
    let output =
        check(&plugin("checkpoint_storage_localfile"), &["--only", "c3", "--only", "c5-01"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let lines: Vec<Vec<_>> =
        text(&output.stdout).lines().map(|line| line.split('\t').collect()).collect();
    assert!(lines.iter().all(|columns| columns.len() == 4), "{lines:?}");
    let of = |verdict| lines.iter().filter(|columns| columns[1] == verdict).count();
    assert_eq!((of("passed"), of("unsupported")), (2, 20));
    let cut_off = lines.iter().find(|columns| columns[0] == "c3-01 cut-off").expect("a line");
    assert_eq!(cut_off[3], "it needs access to the files behind the storage");
    let notes = text(&output.stderr);
    assert!(notes.contains("localfile") && notes.contains("accepted: API 1."), "{notes}");
    assert!(notes.ends_with("22 cases: 2 passed, 0 failed, 20 unsupported\n"), "{notes}");
}

#[test]
fn a_plugin_with_a_defect_fails() {
    let mutant = plugin("mutant_plugin");
    let defect = ["--set", "path={}", "--set", "mutant=no-order", "--only", "c5-12"];
    let output = check(&mutant, &defect);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).starts_with("c5-12 clock-set-back-reopened\tfailed\t"));
    let notes = text(&output.stderr);
    assert!(notes.contains("1 of 1 cases failed"), "{notes}");
}

#[test]
fn what_cannot_be_loaded_or_configured_is_refused_before_any_case() {
    let folder = tempfile::tempdir().expect("a folder");
    let no_library = folder.path().join("text.so");
    std::fs::write(&no_library, "text").expect("written");
    let (localfile, mutant) = (plugin("checkpoint_storage_localfile"), plugin("mutant_plugin"));
    for (file, arguments, kind, part) in [
        (&no_library, &["--json"][..], "plugin-rejected", "not a shared library"),
        (&localfile, &["--json", "--set", "storageNameSpace=/hush-hush"], "usage", "of its own"),
        (&localfile, &["--json", "--set", "hush-hush"], "usage", "KEY=VALUE"),
        (&localfile, &["--json", "--only", "c99"], "usage", "no case"),
        (&localfile, &["--json", "--set", "sync=hush-hush"], "config", "`sync`"),
        (&mutant, &["--json"], "usage", "of its own"),
        (&mutant, &["--json", "--set", "path={}", "--set", "mutant=hush-hush"], "config", "mutant"),
    ] {
        let output = check(file, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stderr));
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
        let error = text(&output.stderr);
        assert!(!error.contains("hush-hush"), "{error}");
        let error: Value = serde_json::from_str(error).expect("JSON");
        assert_eq!(error["error"]["kind"], kind, "{arguments:?}: {error}");
        assert!(error["error"]["message"].as_str().is_some_and(|m| m.contains(part)), "{error}");
    }
}
