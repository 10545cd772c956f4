//! Kerberos: what tests of HDFS stand on, and the plugin with it. All of them run in an environment
//! that names the realm.

use std::time::{Duration, Instant};

use bytes::Bytes;
use checkpoint_storage_api::{CheckpointStorage, ErrorKind, JobId, ListQuery, PipelineState};
use checkpoint_storage_tests::hdfs::{HdfsCluster, HdfsSetup, Protection, User, kdc};
use checkpoint_storage_tests::{run, storage};
use hdfs_native::{Client, HdfsError, WriteOptions};

const PATIENCE: Duration = Duration::from_secs(60);

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
        let client = cluster.client_of(User::Client);
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
    let nobody = cluster.client();
    let refused = write(&nobody, "/nobody", Bytes::new()).await.expect_err("no ticket");
    assert!(matches!(refused, HdfsError::GSSAPIError(..)), "{refused:?}");
}

#[tokio::test]
async fn two_users_are_told_apart_in_one_process() {
    let Some(cluster) = HdfsCluster::kerberos(Protection::Privacy) else { return };
    let (one, other) = (cluster.client_of(User::Client), cluster.client_of(User::Other));
    one.mkdirs("/private", 0o700, true).await.expect("made");
    write(&one, "/private/a", Bytes::new()).await.expect("written");
    let refused = write(&other, "/private/b", Bytes::new()).await.expect_err("not his");
    assert!(refused.to_string().contains("AccessControlException"), "{refused}");
    assert!(refused.to_string().contains("user=other"), "{refused}");
    assert_eq!(cluster.list("/private").expect("the superuser sees it"), ["a"]);
}

fn job() -> JobId {
    JobId::new("1").expect("valid")
}

fn state(id: i64) -> PipelineState {
    PipelineState::new(job(), 1, id, Bytes::from_static(b"state"))
}

#[test]
fn hdfs_does_all_that_is_owed_with_kerberos_and_privacy() {
    if let Some(cluster) = HdfsCluster::kerberos(Protection::Privacy) {
        cluster.ensure_conformance();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_outlast_their_tickets() {
    let Some(cluster) = HdfsCluster::kerberos(Protection::Privacy) else { return };
    let storage = storage::open("hdfs", cluster.plugin_config_of(User::Short, "/short")).await;
    let (began, mut longest, mut count) = (Instant::now(), Duration::ZERO, 0);
    // Four times as long as a ticket lasts.
    while began.elapsed() < Duration::from_secs(120) {
        count += 1;
        let began = Instant::now();
        storage.store(state(count)).await.expect("stored");
        longest = longest.max(began.elapsed());
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    println!("{count} stored, longest {longest:?}");
    let listed = storage.list(&job(), &ListQuery::all()).await.expect("listed");
    let ids: Vec<_> = listed.iter().map(|entry| entry.name.checkpoint_id).collect();
    assert_eq!(ids, (1..=count).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn storages_of_two_users_live_side_by_side() {
    let Some(cluster) = HdfsCluster::kerberos(Protection::Privacy) else { return };
    for user in [User::Client, User::Other] {
        let namespace = format!("/of-{}", user.name());
        cluster.client_of(user).mkdirs(&namespace, 0o700, true).await.expect("made");
        let storage = storage::open("hdfs", cluster.plugin_config_of(user, &namespace)).await;
        storage.store(state(1)).await.expect("stored");
    }
    let others = storage::open("hdfs", cluster.plugin_config_of(User::Other, "/of-client")).await;
    let error = others.store(state(2)).await.expect_err("it is not his");
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
    assert!(error.to_string().contains("user=other"), "{error}");
    let client = storage::open("hdfs", cluster.plugin_config("/of-client")).await;
    assert_eq!(client.list(&job(), &ListQuery::all()).await.expect("listed").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_login_is_reported_at_once() {
    let Some(cluster) = HdfsCluster::kerberos(Protection::Privacy) else { return };
    let kdc = kdc().expect("the cluster has one");
    let unknown = kdc.principal(User::Client).replace("client@", "nobody@");
    let cases = [
        (kdc.principal(User::Client), kdc.keytab(User::Other), "another's keytab"),
        (unknown, kdc.keytab(User::Client), "nobody"),
    ];
    for (principal, keytab, what) in cases {
        let mut config = cluster.plugin_config("/refused");
        config.set("kerberosPrincipal", &principal);
        config.set("kerberosKeytab", keytab.to_str().expect("UTF-8"));
        let storage = storage::open("hdfs", config).await;
        let began = Instant::now();
        let error = storage.store(state(1)).await.expect_err(what);
        println!("{what}: {:?}: {error}", began.elapsed());
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{what}: {error}");
        assert!(!error.is_retryable(), "{what}: {error}");
        assert!(error.reason().contains(&principal), "{what}: {error}");
        assert!(began.elapsed() < Duration::from_secs(10), "{what}: {:?}", began.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_login_is_reported_at_once() {
    let Some(cluster) = HdfsCluster::kerberos(Protection::Privacy) else { return };
    let config = [("fs.defaultFS", cluster.file_system()), ("storageNameSpace", "/nobody")];
    let storage = storage::open("hdfs", config.into()).await;
    let began = Instant::now();
    let error = storage.store(state(1)).await.expect_err("it has no login");
    println!("{:?}: {error}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert!(error.advice().is_some_and(|it| it.contains("`kerberosPrincipal`")), "{error}");
}

#[test]
fn a_missing_kerberos_library_is_named_with_its_package() {
    let Some(cluster) = HdfsCluster::kerberos(Protection::Privacy) else { return };
    let setup = HdfsSetup::new(&cluster.plugin_config("/library"), "");
    // The loader finds this first, and that it is none.
    std::fs::write(setup.folder().join("libgssapi_krb5.so.2"), "").expect("written");
    let mut command = setup.command(["jobs"]);
    let output = command.env("LD_LIBRARY_PATH", setup.folder()).output().expect("started");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{told}");
    assert!(told.contains("install") && told.contains("libgssapi-krb5-2"), "{told}");
    run(&mut setup.command(["jobs"]));
}
