//! A plugin from outside, dropped into the plugins directory: the demo recovers on it through
//! configuration alone.

use std::process::Stdio;

use checkpoint_storage_tests::{
    command_line, plugin_from_outside, plugins_directory, repository, run,
};
use serde_json::Value;

#[test]
fn the_demo_recovers_on_a_plugin_from_outside() {
    let plugins = plugins_directory(&["checkpoint_storage_localfile"]);
    let library = "libcheckpoint_storage_sqlite.so";
    std::fs::copy(plugin_from_outside(), plugins.path().join(library)).expect("built");

    let data = tempfile::tempdir().expect("a directory");
    let sample = repository().join("config/third-party.yaml");
    let sample = std::fs::read_to_string(sample).expect("a sample configuration");
    let path = data.path().join("checkpoints.db").display().to_string();
    let yaml = sample.replace("/tmp/seatunnel-checkpoints.db", &path);
    assert_ne!(sample, yaml, "the sample stores elsewhere than this test thinks");
    let configuration = data.path().join("seatunnel.yaml");
    std::fs::write(&configuration, yaml).expect("written");

    let demo = command_line(
        &configuration,
        plugins.path(),
        ["--json", "demo", "--job", "outside", "--events", "200000", "--interval", "200"],
    )
    .stderr(Stdio::inherit())
    .output()
    .expect("started");
    assert!(demo.status.success(), "{}", demo.status);
    let summary: Value = serde_json::from_slice(&demo.stdout).expect("JSON");
    assert_eq!(summary["equal"], true);
    assert!(summary["plugin_file"].as_str().is_some_and(|file| file.ends_with(library)));
    assert!(summary["kills"].as_u64().is_some_and(|kills| kills >= 3), "{summary}");
    assert!(summary["kills_inside_store"].as_u64().is_some_and(|kills| kills >= 1), "{summary}");
    assert!(summary["restored"].as_array().is_some_and(|restored| !restored.is_empty()));

    let listing =
        run(&mut command_line(&configuration, plugins.path(), ["--json", "list", "outside"]));
    let listing: Value = serde_json::from_slice(&listing.stdout).expect("JSON");
    // `max-retained: 3`, two pipelines.
    assert_eq!(listing.as_array().map(Vec::len), Some(6), "{listing}");
}
