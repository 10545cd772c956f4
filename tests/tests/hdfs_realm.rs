//! Kerberos, which tests of HDFS stand on: realm, tickets, and clusters that ask for them. All of
//! them run in an environment that names the realm.

use std::time::Duration;

use bytes::Bytes;
use checkpoint_storage_tests::hdfs::{HdfsCluster, Protection, User, kdc};
use hdfs_native::{Client, ClientBuilder, HdfsError, WriteOptions};

const PATIENCE: Duration = Duration::from_secs(60);

fn client(cluster: &HdfsCluster, user: User) -> Client {
    let kdc = kdc().expect("the cluster has one");
    let folder = cluster.configuration().to_str().expect("UTF-8");
    ClientBuilder::new()
        .with_config_dir(folder)
        .with_kerberos_principal(kdc.principal(user))
        .with_kerberos_keytab(kdc.keytab(user).to_str().expect("UTF-8"))
        .build()
        .expect("a client")
}

async fn write(client: &Client, file: &str, bytes: Bytes) -> Result<(), HdfsError> {
    let written = async {
        let mut writer = client.create(file, WriteOptions::default()).await?;
        writer.write_bytes(bytes).await?;
        writer.close().await
    };
    tokio::time::timeout(PATIENCE, written).await.expect("it does not hang")
}

#[tokio::test]
async fn a_bare_client_writes_with_a_keytab_however_it_is_protected() {
    for protection in [Protection::Authentication, Protection::Integrity, Protection::Privacy] {
        let Some(cluster) = HdfsCluster::kerberos(protection) else { return };
        let client = client(cluster, User::Client);
        let bytes = Bytes::from(vec![7; 3 << 20]);
        write(&client, "/ours", bytes.clone()).await.expect("written");
        assert!(cluster.read("/ours").expect("read") == bytes);
        let status = client.get_file_info("/ours").await.expect("it is there");
        assert_eq!(status.owner, "client");
    }
}

#[tokio::test]
async fn nobody_writes_without_a_keytab() {
    let Some(cluster) = HdfsCluster::kerberos(Protection::Privacy) else { return };
    let folder = cluster.configuration().to_str().expect("UTF-8");
    let nobody = ClientBuilder::new().with_config_dir(folder).build().expect("a client");
    let refused = write(&nobody, "/nobody", Bytes::new()).await.expect_err("no ticket");
    assert!(matches!(refused, HdfsError::GSSAPIError(..)), "{refused:?}");
}

#[tokio::test]
async fn two_users_are_told_apart_in_one_process() {
    let Some(cluster) = HdfsCluster::kerberos(Protection::Privacy) else { return };
    let (one, other) = (client(cluster, User::Client), client(cluster, User::Other));
    one.mkdirs("/private", 0o700, true).await.expect("made");
    write(&one, "/private/a", Bytes::new()).await.expect("written");
    let refused = write(&other, "/private/b", Bytes::new()).await.expect_err("not his");
    assert!(refused.to_string().contains("AccessControlException"), "{refused}");
    assert!(refused.to_string().contains("user=other"), "{refused}");
    assert_eq!(cluster.list("/private").expect("the superuser sees it"), ["a"]);
}
