//! The conformance suite on HDFS, through the plugin's library. With Kerberos it is in `hdfs_realm`.

use checkpoint_storage_tests::hdfs::HdfsCluster;

#[test]
fn hdfs_does_all_that_is_owed_on_one_namenode() {
    if let Some(cluster) = HdfsCluster::single(3) {
        cluster.ensure_conformance();
    }
}

#[test]
fn hdfs_does_all_that_is_owed_on_a_nameservice() {
    if let Some(cluster) = HdfsCluster::ha(3) {
        cluster.ensure_conformance();
    }
}
