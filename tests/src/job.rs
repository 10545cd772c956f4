//! What holds for the command line on any backend.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::{peak_of, run};

/// What a state may take beside its own memory.
const BESIDE: u64 = 40 << 20;

/// Ends the test unless the demo's job recovers whenever it is killed, and retention leaves three
/// checkpoints of each pipeline. `command` makes a command line of these arguments.
pub fn ensure_recovery(command: impl Fn(&[&str]) -> Command) {
    let demo = ["--json", "demo", "--job", "demo", "--events", "200000", "--savepoint"];
    let summary = run(command(&demo).stdin(Stdio::null()));
    let summary: Value = serde_json::from_slice(&summary.stdout).expect("one JSON document");
    assert_eq!(summary["equal"], true, "{summary}");
    assert!(summary["kills"].as_u64().is_some_and(|kills| kills >= 3), "{summary}");
    let listing = run(&mut command(&["--json", "list", "demo"]));
    let listing: Value = serde_json::from_slice(&listing.stdout).expect("one JSON document");
    let of_pipeline_1 = listing.as_array().expect("a list").iter();
    let kept = of_pipeline_1.filter(|it| it["pipeline"] == 1 && it["kind"] == "checkpoint");
    assert_eq!(kept.count(), 3, "{listing}");
}

/// Ends the test unless a state of 64 MiB is stored and read with 40 MiB beside itself. The states'
/// files are made in `folder`.
pub fn ensure_bounded_memory(folder: &Path, command: impl Fn(&[&str]) -> Command) {
    let states: Vec<u8> = (0..64 << 20).map(|i: u32| i.to_le_bytes()[i as usize % 3]).collect();
    let (input, output) = (folder.join("states"), folder.join("states.out"));
    std::fs::write(&input, &states).expect("written");
    let mut store = command(&["store", "1", "1", "1"]);
    store.arg(&input);
    let mut get = command(&["get", "1", "1", "1", "-o"]);
    get.arg(&output);
    for command in [&mut store, &mut get] {
        let mut child = command.stdout(Stdio::null()).spawn().expect("started");
        let peak = peak_of(&mut child);
        println!("{:.1} MiB", peak as f64 / f64::from(1 << 20));
        assert!(peak <= (64 << 20) + BESIDE, "it took {} MiB", peak >> 20);
    }
    assert!(std::fs::read(&output).expect("written") == states);
}
