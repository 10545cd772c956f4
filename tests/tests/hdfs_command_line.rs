//! The command line on HDFS: a job that is killed and recovers, and how much memory large states take.

use checkpoint_storage_tests::hdfs::{HdfsCluster, HdfsSetup};
use checkpoint_storage_tests::job::{ensure_bounded_memory, ensure_recovery};

#[test]
fn a_job_that_is_killed_recovers_from_a_cluster() {
    let Some(cluster) = HdfsCluster::single(3) else { return };
    let setup = HdfsSetup::new(&cluster.plugin_config("/demo"), "interval: 100");
    ensure_recovery(|arguments| setup.command(arguments));
}

#[test]
fn a_state_of_64_mib_needs_40_mib_beside_itself() {
    let Some(cluster) = HdfsCluster::single(3) else { return };
    let setup = HdfsSetup::new(&cluster.plugin_config("/peak"), "");
    ensure_bounded_memory(setup.folder(), |arguments| setup.command(arguments));
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
