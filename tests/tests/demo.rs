//! The demo as an operator runs it: what retention leaves, what is tolerated, and what is measured.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use checkpoint_storage_tests::{LocalSetup, run};
use serde_json::Value;

/// A place whose configuration keeps three checkpoints and tolerates two failures.
fn setup() -> LocalSetup {
    let setup = LocalSetup::new();
    let yaml = std::fs::read_to_string(setup.configuration()).expect("readable");
    let yaml = yaml.replacen(
        "    checkpoint:\n      storage:\n",
        "    checkpoint:\n      interval: 100\n      tolerable-failure: 2\n      storage:\n        \
         max-retained: 3\n",
        1,
    );
    assert!(yaml.contains("max-retained"), "{yaml}");
    std::fs::write(setup.configuration(), yaml).expect("written");
    setup
}

fn demo(setup: &LocalSetup, options: &[&str]) -> Output {
    let mut command = setup.command(["--json", "demo", "--job", "demo", "--events", "200000"]);
    command.args(options).stdin(Stdio::null()).output().expect("started")
}

fn summary(output: &Output) -> Value {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    serde_json::from_slice(&output.stdout).expect("one JSON document")
}

/// How many of what `list` shows are of a pipeline and a kind.
fn count(listing: &Value, pipeline: i32, kind: &str) -> usize {
    let entries = listing.as_array().expect("a list").iter();
    entries.filter(|entry| entry["pipeline"] == pipeline && entry["kind"] == kind).count()
}

fn list(setup: &LocalSetup) -> Value {
    let listing = run(&mut setup.command(["--json", "list", "demo"]));
    serde_json::from_slice(&listing.stdout).expect("one JSON document")
}

#[test]
fn exactly_as_many_are_kept_as_configured_and_savepoints_stay() {
    let setup = setup();
    let summary = summary(&demo(&setup, &["--savepoint"]));
    assert_eq!(summary["equal"], true);
    assert!(summary["kills"].as_u64().is_some_and(|kills| kills >= 3), "{summary}");
    assert!(summary["checkpoints_pruned"].as_u64().is_some_and(|n| n > 6), "{summary}");
    let listing = list(&setup);
    for pipeline in [1, 2] {
        assert_eq!(count(&listing, pipeline, "checkpoint"), 3, "{listing}");
        assert!((1..=2).contains(&count(&listing, pipeline, "savepoint")), "{listing}");
    }

    let pruned = run(&mut setup.command(["--json", "prune", "--keep", "1", "--dry-run"]));
    let pruned: Value = serde_json::from_slice(&pruned.stdout).expect("one JSON document");
    assert_eq!(pruned[0]["would_delete"].as_array().map(Vec::len), Some(4), "{pruned}");
    assert_eq!(list(&setup), listing, "a dry run deletes nothing");
    run(&mut setup.command(["prune", "demo", "--keep", "1", "--yes"]));
    let left = list(&setup);
    for pipeline in [1, 2] {
        assert_eq!(count(&left, pipeline, "checkpoint"), 1, "{left}");
        let savepoints = count(&listing, pipeline, "savepoint");
        assert_eq!(count(&left, pipeline, "savepoint"), savepoints, "{left}");
    }
}

#[test]
fn as_many_failures_as_tolerated_end_well_and_one_more_does_not() {
    let summary = summary(&demo(&setup(), &["--fail-stores", "2"]));
    assert_eq!(summary["equal"], true);
    assert!(summary["checkpoints_failed"].as_u64().is_some_and(|failed| failed >= 2), "{summary}");

    let output = demo(&setup(), &["--fail-stores", "3"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    let reason =
        ["the job failed", "3 checkpoints in a row", "`tolerable-failure` is 2", "--fail-stores"];
    for part in reason {
        assert!(stderr.contains(part), "{stderr}: no {part:?}");
    }
}

#[test]
fn a_snapshot_that_exceeds_the_time_out_is_one_failure() {
    let setup = setup();
    let yaml = std::fs::read_to_string(setup.configuration()).expect("readable");
    let yaml = yaml.replacen("interval: 100\n", "interval: 100\n      timeout: 1500\n", 1);
    std::fs::write(setup.configuration(), yaml).expect("written");
    let output = demo(&setup, &["--slow-snapshot", "2000", "--kills", "0"]);
    assert_eq!(summary(&output)["checkpoints_failed"], 1);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("its snapshot was not taken within 1.5s"), "{stderr}");
}

#[test]
fn prometheus_gets_the_metrics_while_the_job_runs() {
    let setup = setup();
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = free.local_addr().expect("bound");
    drop(free);
    let mut demo = setup
        .command(["--json", "demo", "--events", "200000", "--kills", "0", "--metrics"])
        .arg(address.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let ask = || {
        let mut stream = TcpStream::connect(address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        stream
            .write_all(b"GET /metrics HTTP/1.1\r\nHost: demo\r\nConnection: close\r\n\r\n")
            .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer).filter(|answer| answer.contains("checkpoint_pruned_total"))
    };
    let began = Instant::now();
    let answer = loop {
        match ask() {
            Some(answer) => break answer,
            None if began.elapsed() > Duration::from_secs(30) => panic!("no metrics"),
            None => std::thread::sleep(Duration::from_millis(50)),
        }
    };
    for name in [
        "checkpoint_triggered_total",
        "checkpoint_ended_total",
        "outcome=\"completed\"",
        "checkpoint_store_seconds",
        "checkpoint_last_completed_age_seconds",
    ] {
        assert!(answer.contains(name), "{answer}: no {name}");
    }
    assert!(demo.wait().expect("ended").success());
}
