//! Tickets that expire, and a KDC that is away: which other tests of the process would notice.

use std::time::Duration;

use checkpoint_storage_tests::hdfs::{HdfsCluster, Node, Protection, User, kdc};
use hdfs_native::{Client, HdfsError};

const PATIENCE: Duration = Duration::from_secs(60);
/// More than the tickets of [`User::Short`] last.
const SHORT: Duration = Duration::from_secs(31);

/// Asks the NameNode alone, on a new connection if the old one is gone.
async fn make(client: &Client, directory: &str) -> Result<(), HdfsError> {
    let make = || tokio::time::timeout(PATIENCE, client.mkdirs(directory, 0o755, true));
    match make().await.expect("it does not hang") {
        Err(HdfsError::IOError(_)) => make().await.expect("it does not hang"),
        made => made,
    }
}

#[tokio::test]
async fn tickets_are_good_without_the_kdc_until_they_expire() {
    let (Some(kdc), Some(cluster)) = (kdc(), HdfsCluster::kerberos(Protection::Privacy)) else {
        return;
    };
    let [long, short] = [User::Client, User::Short].map(|user| cluster.client_of(user));
    make(&long, "/long").await.expect("made");
    make(&short, "/short").await.expect("made");
    tokio::time::sleep(SHORT).await;
    // Nodes that start need tickets too.
    cluster.stop(Node::Name(0));
    cluster.start_node(Node::Name(0));
    cluster.settle(1);
    kdc.stop();
    let (in_time, late) = (make(&long, "/in-time").await, make(&short, "/late").await);
    kdc.go_on();
    in_time.expect("its ticket lasts");
    let late = late.expect_err("its ticket has expired");
    assert!(matches!(late, HdfsError::GSSAPIError(..)), "{late:?}");
    make(&short, "/renewed").await.expect("made");
}
