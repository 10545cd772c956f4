//! Tickets that expire, and a KDC that is away: which other tests of the process would notice.

use std::time::Duration;

use checkpoint_storage_tests::hdfs::{HdfsCluster, Kdc, Node, Protection, User, kdc};
use hdfs_native::{Client, ClientBuilder, HdfsError};

const PATIENCE: Duration = Duration::from_secs(60);

/// A client whose tickets last for 30 s.
fn client(cluster: &HdfsCluster, kdc: &Kdc) -> Client {
    let folder = cluster.configuration().to_str().expect("UTF-8");
    ClientBuilder::new()
        .with_config_dir(folder)
        .with_kerberos_principal(kdc.principal(User::Short))
        .with_kerberos_keytab(kdc.keytab(User::Short).to_str().expect("UTF-8"))
        .build()
        .expect("a client")
}

/// Asks the NameNode alone, with which the tickets are shown.
async fn make(client: &Client, directory: &str) -> Result<(), HdfsError> {
    let made = tokio::time::timeout(PATIENCE, client.mkdirs(directory, 0o755, true));
    made.await.expect("it does not hang")
}

/// Without the KDC, and on a connection that the client must make: its old one is gone.
async fn make_without_the_kdc(
    cluster: &HdfsCluster,
    kdc: &Kdc,
    client: &Client,
    directory: &str,
) -> Result<(), HdfsError> {
    // Nodes need tickets too.
    cluster.stop(Node::Name(0));
    cluster.start_node(Node::Name(0));
    cluster.settle(1);
    kdc.stop();
    let made = match make(client, directory).await {
        Err(HdfsError::IOError(_)) => make(client, directory).await,
        made => made,
    };
    kdc.go_on();
    made
}

#[tokio::test]
async fn short_tickets_are_good_without_the_kdc_until_they_expire() {
    let (Some(kdc), Some(cluster)) = (kdc(), HdfsCluster::kerberos(Protection::Privacy)) else {
        return;
    };
    let client = client(cluster, kdc);
    make(&client, "/first").await.expect("made");
    make_without_the_kdc(cluster, kdc, &client, "/in-time").await.expect("it has a ticket");
    tokio::time::sleep(Duration::from_secs(31)).await;
    let late = make_without_the_kdc(cluster, kdc, &client, "/late").await;
    let late = late.expect_err("its ticket has expired");
    assert!(matches!(late, HdfsError::GSSAPIError(..)), "{late:?}");
    println!("{late:?}");
    make(&client, "/renewed").await.expect("made");
}
