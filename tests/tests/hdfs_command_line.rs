//! The command line on HDFS: a job that is killed and recovers, and how much memory large states take.

use std::process::Stdio;

use checkpoint_storage_tests::hdfs::{HdfsCluster, HdfsSetup};
use checkpoint_storage_tests::{peak_of, run};
use serde_json::Value;

/// What a state may take beside its own memory.
const BESIDE: u64 = 40 << 20;

#[test]
fn a_job_that_is_killed_recovers_from_a_cluster() {
    let Some(cluster) = HdfsCluster::single(3) else { return };
    let setup = HdfsSetup::new(&cluster.plugin_config("/demo"), "interval: 100");
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
    let Some(cluster) = HdfsCluster::single(3) else { return };
    let setup = HdfsSetup::new(&cluster.plugin_config("/peak"), "");
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
        println!("{:.1} MiB", peak as f64 / f64::from(1 << 20));
        assert!(peak <= (64 << 20) + BESIDE, "it took {} MiB", peak >> 20);
    }
    assert!(std::fs::read(&output).expect("written") == states);
}

#[test]
fn a_key_that_the_client_does_not_act_on_is_named() {
    let Some(cluster) = HdfsCluster::single(3) else { return };
    let mut config = cluster.plugin_config("/keys");
    config.set("seatunnel.hadoop.dfs.client.read.shortcircuit", "true");
    config.set("dfs.replication", "2");
    let setup = HdfsSetup::new(&config, "");
    let output = setup.command(["jobs"]).output().expect("started");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert!(told.contains("dfs.client.read.shortcircuit"), "{told}");
    assert!(!told.contains("dfs.replication"), "{told}");
}
