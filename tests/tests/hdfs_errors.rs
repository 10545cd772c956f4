//! What users get wrong with HDFS: each is told by an error that says what happened, where, why and
//! what to change, within seconds. What concerns logins is told in `hdfs_realm`.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use checkpoint_storage_api::{
    CheckpointStorage, Error, ErrorKind, JobId, Outcome, PipelineState, PluginConfig,
};
use checkpoint_storage_tests::storage;
use storage_host::StorageSettings;

/// An address where nothing listens.
const NOWHERE: &str = "127.0.0.1:1";

/// The error of a store, within seconds though it may take 30 s.
async fn refused(config: &[(&str, &str)]) -> Error {
    refused_within(Duration::from_secs(10), StorageSettings::default(), config).await
}

async fn refused_within(
    time: Duration,
    settings: StorageSettings,
    config: &[(&str, &str)],
) -> Error {
    let config = config.iter().copied().collect();
    let storage = storage::host().open_plugin("hdfs", config, settings).await.expect("opened");
    let began = Instant::now();
    let job = JobId::new("1").expect("valid");
    let error = storage.store(PipelineState::new(job, 1, 1, "")).await.expect_err("refused");
    println!("{:?}: {error}", began.elapsed());
    assert!(began.elapsed() < time, "{:?}", began.elapsed());
    assert_eq!(error.outcome(), Outcome::NotApplied, "{error}");
    assert!(error.is_retryable(), "{error}");
    assert!(error.advice().is_some_and(|advice| advice.contains("`fs.defaultFS`")), "{error}");
    error
}

async fn refused_at(address: &str) -> Error {
    let error = refused(&[("fs.defaultFS", &format!("hdfs://{address}"))]).await;
    assert!(error.to_string().contains(address), "{error}");
    error
}

/// A server that does this with each connection.
fn serve(answer: impl Fn(std::net::TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    let address = listener.local_addr().expect("bound").to_string();
    std::thread::spawn(move || listener.incoming().flatten().for_each(answer));
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_where_nothing_listens() {
    let error = refused_at(NOWHERE).await;
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.reason().contains("refused"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_where_nothing_listens_within_the_configured_time_out() {
    let operation_timeout = Duration::from_secs(2);
    let settings = StorageSettings { operation_timeout, ..StorageSettings::default() };
    let config = [("fs.defaultFS", &*format!("hdfs://{NOWHERE}"))];
    let error = refused_within(operation_timeout, settings, &config).await;
    assert!(error.reason().contains("refused"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_nobody_knows() {
    let error = refused_at("no-such-host.invalid:8020").await;
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.reason().contains("lookup"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_where_something_listens_that_says_nothing() {
    let error = refused_at(&serve(std::mem::forget)).await;
    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_where_something_listens_that_hangs_up() {
    let error = refused_at(&serve(drop)).await;
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.reason().contains("closes connections"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_where_a_web_server_listens() {
    let address = serve(|mut stream| {
        let _ = stream.read(&mut [0; 64]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    });
    refused_at(&address).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nameservice_of_which_no_namenode_is_there() {
    let config = [
        ("fs.defaultFS", "hdfs://blue"),
        ("dfs.nameservices", "blue"),
        ("dfs.ha.namenodes.blue", "nn1, nn2"),
        ("dfs.namenode.rpc-address.blue.nn1", NOWHERE),
        ("dfs.namenode.rpc-address.blue.nn2", "127.0.0.1:2"),
    ];
    let error = refused(&config).await;
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    let text = error.to_string();
    assert!(
        text.contains("blue") && text.contains(NOWHERE) && text.contains("127.0.0.1:2"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nameservice_without_namenodes_is_not_opened() {
    let config = [("fs.defaultFS", "hdfs://blue"), ("dfs.nameservices", "blue")];
    let config: PluginConfig = config.into();
    let opened = storage::host().open_plugin("hdfs", config, StorageSettings::default()).await;
    let error = opened.expect_err("refused");
    assert_eq!(error.kind(), storage_host::ErrorKind::Config, "{error}");
    assert!(error.to_string().contains("dfs.ha.namenodes.blue"), "{error}");
}
