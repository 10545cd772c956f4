//! The conformance suite on HDFS, through the plugin's library.

use std::sync::Arc;

use checkpoint_storage_conformance::Suite;
use checkpoint_storage_tests::hdfs::{HdfsCluster, HdfsPlaces, Protection};
use checkpoint_storage_tests::plugin;
use storage_host::LoadedPlugin;

fn hdfs_does_all_that_is_owed(cluster: &'static HdfsCluster) {
    let plugin = LoadedPlugin::of_file(plugin("checkpoint_storage_hdfs")).expect("accepted");
    let subject = HdfsPlaces::new(plugin, cluster);
    let report = Suite::all().run(Arc::new(subject), |_| ());
    report.assert_passed();
    assert_eq!(report.unsupported(), [] as [&str; 0]);
}

#[test]
fn hdfs_does_all_that_is_owed_on_one_namenode() {
    if let Some(cluster) = HdfsCluster::single(3) {
        hdfs_does_all_that_is_owed(cluster);
    }
}

#[test]
fn hdfs_does_all_that_is_owed_on_a_nameservice() {
    if let Some(cluster) = HdfsCluster::ha(3) {
        hdfs_does_all_that_is_owed(cluster);
    }
}

#[test]
fn hdfs_does_all_that_is_owed_with_kerberos_and_privacy() {
    if let Some(cluster) = HdfsCluster::kerberos(Protection::Privacy) {
        hdfs_does_all_that_is_owed(cluster);
    }
}
