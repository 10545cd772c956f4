//! The command line on S3: a job that is killed and recovers, and how much memory large states take.

use std::process::Stdio;

use checkpoint_storage_tests::s3::{S3Setup, minio};
use checkpoint_storage_tests::{peak_of, run};
use serde_json::Value;

/// What a state may take beside its own memory.
const BESIDE: u64 = 40 << 20;

#[test]
fn a_job_that_is_killed_recovers_from_a_bucket() {
    let Some(server) = minio() else { return };
    let setup = S3Setup::new(server);
    setup.configure("interval: 100", &[]);
    let demo = ["--json", "demo", "--job", "demo", "--events", "200000", "--savepoint"];
    let summary = run(setup.command(demo).stdin(Stdio::null()));
    let summary: Value = serde_json::from_slice(&summary.stdout).expect("one JSON document");
    assert_eq!(summary["equal"], true, "{summary}");
    assert!(summary["kills"].as_u64().is_some_and(|kills| kills >= 3), "{summary}");
    let listing = run(&mut setup.command(["--json", "list", "demo"]));
    let listing: Value = serde_json::from_slice(&listing.stdout).expect("one JSON document");
    let of_pipeline_1 = listing.as_array().expect("a list").iter();
    let kept = of_pipeline_1.filter(|it| it["pipeline"] == 1 && it["kind"] == "checkpoint");
    assert_eq!(kept.count(), 3, "{listing}");
}

#[test]
fn a_state_of_64_mib_needs_40_mib_beside_itself() {
    let Some(server) = minio() else { return };
    for threshold in ["1G", "5M"] {
        let setup = S3Setup::new(server);
        setup.configure("", &[("s3.multipart-threshold", threshold)]);
        let states: Vec<u8> = (0..64 << 20).map(|i: u32| i.to_le_bytes()[i as usize % 3]).collect();
        let input = setup.folder().join("states");
        let output = setup.folder().join("states.out");
        std::fs::write(&input, &states).expect("written");
        let mut store = setup.command(["store", "1", "1", "1"]);
        store.arg(&input);
        let mut get = setup.command(["get", "1", "1", "1", "-o"]);
        get.arg(&output);
        for command in [&mut store, &mut get] {
            let mut child = command.stdout(Stdio::null()).spawn().expect("started");
            let peak = peak_of(&mut child);
            println!("{threshold}: {:.1} MiB", peak as f64 / f64::from(1 << 20));
            assert!(peak <= (64 << 20) + BESIDE, "it took {} MiB", peak >> 20);
        }
        assert!(std::fs::read(&output).expect("written") == states);
    }
}
