//! Nodes of an HDFS that fail while checkpoints are stored: every call ends in time, nothing
//! acknowledged is lost, and nothing is there twice.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use bytes::Bytes;
use checkpoint_storage_api::{
    CheckpointStorage, ImportOptions, JobId, ListQuery, Outcome, PipelineState, PluginConfig,
};
use checkpoint_storage_tests::hdfs::{HdfsCluster, HdfsOptions, Node};
use checkpoint_storage_tests::storage;
use storage_host::{ManagedStorage, StorageSettings};
use tokio::task::block_in_place;

fn job() -> JobId {
    JobId::new("1").expect("valid")
}

async fn open(cluster: &HdfsCluster) -> ManagedStorage {
    storage::open("hdfs", cluster.plugin_config("/faults")).await
}

/// Opens a storage whose calls end within this time.
async fn open_with(config: PluginConfig, operation_timeout: Duration) -> ManagedStorage {
    let settings = StorageSettings { operation_timeout, ..StorageSettings::default() };
    storage::host().open_plugin("hdfs", config, settings).await.expect("opened")
}

/// Stores checkpoints of these ids, a little apart, and says which were acknowledged and how long
/// the longest took. An error must say that nothing was applied or that it is not known.
async fn store_all(
    storage: &ManagedStorage,
    ids: std::ops::RangeInclusive<i64>,
    mut before: impl FnMut(i64),
) -> (BTreeSet<i64>, BTreeSet<i64>, Duration) {
    let (mut stored, mut unknown, mut longest) = (BTreeSet::new(), BTreeSet::new(), Duration::ZERO);
    for id in ids {
        block_in_place(|| before(id));
        let began = Instant::now();
        let state = PipelineState::new(job(), 1, id, Bytes::from(id.to_be_bytes().to_vec()));
        match storage.store(state).await {
            Ok(_) => {
                stored.insert(id);
            }
            Err(error) => {
                assert!(error.is_retryable(), "{error}");
                if error.outcome() == Outcome::Unknown {
                    unknown.insert(id);
                }
            }
        }
        longest = longest.max(began.elapsed());
    }
    (stored, unknown, longest)
}

/// Ends the test unless what is stored is what was acknowledged, once each, beside what may be.
async fn ensure_stored(storage: &ManagedStorage, stored: &BTreeSet<i64>, unknown: &BTreeSet<i64>) {
    let listed = storage.list(&job(), &ListQuery::all()).await.expect("listed");
    let mut found = BTreeSet::new();
    for entry in &listed {
        let id = entry.name.checkpoint_id;
        assert!(found.insert(id), "checkpoint {id} is there twice");
        let read = storage.read(&job(), &entry.name).await.expect("whole");
        assert_eq!(read.states.as_deref(), Some(&id.to_be_bytes()[..]), "{}", entry.name);
    }
    assert!(found.is_superset(stored), "lost: {:?}", stored.difference(&found));
    let known: BTreeSet<_> = stored.union(unknown).copied().collect();
    assert!(found.is_subset(&known), "from nowhere: {:?}", found.difference(&known));
}

/// So many stores of which one begins right after the fault: each is acknowledged within 30 s, and
/// there to be read.
async fn every_store_outlasts(
    cluster: &HdfsCluster,
    count: i64,
    at: i64,
    fault: impl Fn(&HdfsCluster),
) -> ManagedStorage {
    let storage = open(cluster).await;
    let before = |id| {
        if id == at {
            fault(cluster);
        }
    };
    let (stored, unknown, longest) = store_all(&storage, 1..=count, before).await;
    println!("longest {longest:?}, {} of {count} stored", stored.len());
    assert_eq!(stored, (1..=count).collect());
    assert!(longest < Duration::from_secs(30), "{longest:?}");
    ensure_stored(&storage, &stored, &unknown).await;
    storage
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_outlast_a_namenode_that_restarts() {
    let Some(cluster) = HdfsCluster::start(&HdfsOptions::single(3)) else { return };
    every_store_outlasts(&cluster, 40, 20, |cluster| {
        cluster.stop(Node::Name(0));
        cluster.start_node(Node::Name(0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_outlast_the_active_namenode() {
    let Some(cluster) = HdfsCluster::start(&HdfsOptions::ha(3)) else { return };
    every_store_outlasts(&cluster, 200, 100, |cluster| {
        cluster.stop(Node::Name(0));
        cluster.activate(1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_outlast_an_active_namenode_that_freezes() {
    let Some(cluster) = HdfsCluster::start(&HdfsOptions::ha(3).separate()) else { return };
    every_store_outlasts(&cluster, 60, 20, |cluster| {
        cluster.freeze(Node::Name(0));
        cluster.activate(1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namenode_that_freezes_alone_is_told_within_the_time_out() {
    let Some(cluster) = HdfsCluster::start(&HdfsOptions::single(3).separate()) else { return };
    let time_out = Duration::from_secs(10);
    let storage = open_with(cluster.plugin_config("/faults"), time_out).await;
    let fault = |id| match id {
        3 => cluster.freeze(Node::Name(0)),
        5 => {
            cluster.thaw(Node::Name(0));
            cluster.settle(3);
        }
        _ => {}
    };
    let (stored, unknown, longest) = store_all(&storage, 1..=6, fault).await;
    println!("longest {longest:?}");
    assert!(longest < time_out, "{longest:?}");
    assert!(stored.is_superset(&[1, 2, 5, 6].into()) && stored.len() == 4, "{stored:?}");
    ensure_stored(&storage, &stored, &unknown).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_go_on_without_a_datanode_that_the_namenode_takes_for_alive() {
    // A DataNode counts as dead after twice that, and ten heartbeats.
    const RECHECK_INTERVAL_MS: &str = "600000";
    let options = HdfsOptions::single(3)
        .separate()
        .with("dfs.namenode.heartbeat.recheck-interval", RECHECK_INTERVAL_MS);
    let Some(cluster) = HdfsCluster::start(&options) else { return };
    let storage =
        every_store_outlasts(&cluster, 20, 2, |cluster| cluster.kill(Node::Data(0))).await;
    assert_eq!(block_in_place(|| cluster.state(0)).datanodes, 3, "it counts on all of them");

    let large = Bytes::from(vec![7; 64 << 20]);
    let began = Instant::now();
    let state = PipelineState::new(job(), 2, 1, large.clone());
    let entry = storage.store(state).await.expect("stored");
    println!("64 MiB: {:?}", began.elapsed());
    let reader = storage.open_reader(&job(), &entry.name).await.expect("opened");
    let copies = storage::open("hdfs", cluster.plugin_config("/copies")).await;
    let began = Instant::now();
    copies.import(reader, ImportOptions::default()).await.expect("copied");
    println!("copied: {:?}", began.elapsed());
    let copy = copies.read(&job(), &entry.name).await.expect("whole");
    assert!(copy.states == Some(large));
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_outlast_a_datanode_that_freezes() {
    let Some(cluster) = HdfsCluster::start(&HdfsOptions::single(3).separate()) else { return };
    let storage = open(&cluster).await;
    let states = Bytes::from(vec![7; 1 << 20]);
    let state = PipelineState::new(job(), 1, 1, states.clone());
    let entry = storage.store(state).await.expect("stored");
    block_in_place(|| cluster.freeze(Node::Data(0)));
    // The NameNode names the DataNodes in another order each time.
    for _ in 0..6 {
        let began = Instant::now();
        let read = storage.read(&job(), &entry.name).await.expect("read from another");
        println!("read: {:?}", began.elapsed());
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        assert!(read.states.as_ref() == Some(&states));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn large_stores_outlast_a_datanode_that_freezes_or_dies() {
    let options = HdfsOptions::single(3).separate();
    let Some(cluster) = HdfsCluster::start(&options) else { return };
    let storage = open(&cluster).await;
    let states = Bytes::from(vec![7; 64 << 20]);
    for (id, fault) in [(1, HdfsCluster::freeze as fn(&HdfsCluster, Node)), (2, HdfsCluster::kill)]
    {
        let node = Node::Data(id - 1);
        let store = storage.store(PipelineState::new(job(), 1, id as i64, states.clone()));
        let began = Instant::now();
        let store = async { (store.await, Instant::now()) };
        let ((stored, ended), faulted) = tokio::join!(store, async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            block_in_place(|| fault(&cluster, node));
            Instant::now()
        });
        let entry = stored.expect("stored without it");
        assert!(faulted < ended, "the store had ended before");
        println!("{node}: {:?}", began.elapsed());
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
        let read = storage.read(&job(), &entry.name).await.expect("whole");
        assert!(read.states == Some(states.clone()));
        if id == 1 {
            block_in_place(|| {
                cluster.thaw(node);
                cluster.settle(3);
            });
        }
    }
    let listed = storage.list(&job(), &ListQuery::all()).await.expect("listed");
    assert_eq!(listed.len(), 2);
}
