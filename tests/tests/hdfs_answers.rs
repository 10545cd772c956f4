//! Answers of a NameNode that are lost after it did what it was asked: what became of that is found
//! out, and nothing is lost, doubled or denied.

use bytes::Bytes;
use checkpoint_storage_api::{
    CheckpointStorage, ImportOptions, JobId, ListQuery, PipelineState, PluginConfig,
};
use checkpoint_storage_tests::hdfs::{HdfsCluster, NameNodeRelay};
use checkpoint_storage_tests::storage;
use storage_host::ManagedStorage;

fn job() -> JobId {
    JobId::new("1").expect("valid")
}

fn state(id: i64) -> PipelineState {
    PipelineState::new(job(), 1, id, Bytes::from(id.to_be_bytes().to_vec()))
}

async fn open_behind(relay: &NameNodeRelay, namespace: &str) -> ManagedStorage {
    let config: PluginConfig =
        [("fs.defaultFS", relay.file_system().as_str()), ("storageNameSpace", namespace)].into();
    storage::open("hdfs", config).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_is_applied_once_whichever_answer_is_lost() {
    let Some(cluster) = HdfsCluster::single(3) else { return };
    let relay = NameNodeRelay::before(cluster.namenodes()[0]);
    let storage = open_behind(&relay, "/answers/store").await;
    let methods = ["create", "addBlock", "complete", "rename2"];
    for (id, method) in (1..).zip(methods) {
        relay.lose_answer_to(method);
        storage.store(state(id)).await.expect(method);
        assert!(!relay.is_about_to_lose(), "{method} was not called");
        let listed = storage.list(&job(), &ListQuery::all()).await.expect("listed");
        let ids: Vec<_> = listed.iter().map(|entry| entry.name.checkpoint_id).collect();
        assert_eq!(ids, (1..=id).collect::<Vec<_>>(), "{method}");
        let newest = listed.last().expect("stored").name;
        let read = storage.read(&job(), &newest).await.expect("whole");
        assert_eq!(read.states.as_deref(), Some(&id.to_be_bytes()[..]), "{method}");
    }
    storage.close().await.expect("closed");
    let files = cluster.list("/answers/store/1").expect("listed");
    assert_eq!(files.len(), methods.len(), "no temporary file is left: {files:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_is_reported_as_deleted_and_what_was_moved_as_moved() {
    let Some(cluster) = HdfsCluster::single(3) else { return };
    let relay = NameNodeRelay::before(cluster.namenodes()[0]);
    let storage = open_behind(&relay, "/answers/delete").await;
    let first = storage.store(state(1)).await.expect("stored").name;
    let second = storage.store(state(2)).await.expect("stored").name;

    relay.lose_answer_to("delete");
    let report = storage.delete_names(&job(), &[first]).await.expect("deleted");
    assert!(!relay.is_about_to_lose());
    assert_eq!((report.deleted, report.failed.len()), (vec![first], 0));

    relay.lose_answer_to("rename2");
    let place = storage.quarantine(&job(), &second).await.expect("moved");
    assert!(!relay.is_about_to_lose());
    let files = cluster.list("/answers/delete/1").expect("listed");
    assert!(matches!(&files[..], [file] if place.ends_with(file)), "{files:?}, {place}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_is_applied_though_the_answer_to_its_rename_is_lost() {
    let Some(cluster) = HdfsCluster::single(3) else { return };
    let relay = NameNodeRelay::before(cluster.namenodes()[0]);
    let (from, to) =
        (open_behind(&relay, "/answers/from").await, open_behind(&relay, "/answers/to").await);
    let large = PipelineState::new(job(), 1, 1, vec![7; 3 << 20]);
    let name = from.store(large.clone()).await.expect("stored").name;
    let reader = from.open_reader(&job(), &name).await.expect("opened");
    relay.lose_answer_to("rename2");
    to.import(reader, ImportOptions::default()).await.expect("imported");
    assert!(!relay.is_about_to_lose());
    assert!(to.read(&job(), &name).await.expect("whole").states == large.states);
    assert_eq!(cluster.list("/answers/to/1").expect("listed"), [name.to_string()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_under_the_name_of_a_job_is_not_removed_as_its_directory() {
    let Some(cluster) = HdfsCluster::single(3) else { return };
    cluster.write("/answers/foreign/notes", b"foreign").expect("written");
    let storage = storage::open("hdfs", cluster.plugin_config("/answers/foreign")).await;
    let notes = JobId::new("notes").expect("valid");
    let report = storage.delete_job(&notes).await.expect("there is nothing of it");
    assert_eq!((report.deleted.len(), report.failed.len()), (0, 0));
    assert_eq!(cluster.read("/answers/foreign/notes").expect("it is there"), "foreign");
}
