//! What a store costs on an HDFS of three DataNodes, beside Hadoop's own client, which writes the
//! same bytes as durably (`SYNC_BLOCK`) and renames them too, and beside the bare client that the
//! plugin is built on. Alternated store by store.
//!
//! A client whose NameNode has not yet heard of a file's last block waits before it asks again to
//! complete the file: hdfs-native 500 ms, Java's 400 ms. How often is counted by what they ask.
//!
//! `cargo bench -p checkpoint-storage-tests --bench hdfs_latency [-- [shared] [KEY=VALUE…]]`
//!
//! Each node has a process of its own unless they are to be `shared`; the others are settings of
//! Hadoop's for the cluster.

mod java;

use std::time::{Duration, Instant};

use bytes::Bytes;
use checkpoint_storage_api::{CheckpointStorage, JobId, PipelineState};
use checkpoint_storage_tests::hdfs::{HdfsCluster, HdfsOptions, NameNodeRelay};
use checkpoint_storage_tests::storage;
use hdfs_native::{Client, ClientBuilder, WriteOptions};
use storage_host::{ManagedStorage, StorageSettings};

use java::Java;

const SIZES: [(usize, usize); 3] = [(1 << 10, 300), (1 << 20, 150), (64 << 20, 20)];
const DATANODES: usize = 3;
/// Hadoop's folder of files, which the bare client is not to look for.
const NO_FOLDER: &str = "/dev/null/none";

/// Who stores, each by a way of its own to the NameNode.
struct Side {
    name: &'static str,
    writer: Writer,
    relay: NameNodeRelay,
    times: Vec<Duration>,
    waits: usize,
}

enum Writer {
    Java(Java),
    Plugin(ManagedStorage),
    Bare(Client),
}

#[tokio::main]
async fn main() {
    let arguments: Vec<_> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let is_shared = arguments.iter().any(|argument| argument == "shared");
    let settings = arguments.iter().filter_map(|argument| argument.split_once('='));
    let options = HdfsOptions::single(DATANODES);
    let options = if is_shared { options } else { options.separate() };
    let options = settings.fold(options, |options, (key, value)| options.with(key, value));
    let Some(cluster) = HdfsCluster::start(&options) else { return };
    let processes = if is_shared { "one process" } else { "a process each" };
    println!("1 NameNode, {DATANODES} DataNodes: {processes}; {arguments:?}; {}", load());
    println!(
        "{:<10} {:<12} {:>10} {:>10} {:>10} {:>6} {:>9} {:>9}",
        "states", "side", "median", "p99", "max", "ratio", "p99 more", "waits"
    );
    let mut sides = sides(&cluster).await;
    for (len, rounds) in SIZES {
        measure(&mut sides, len, rounds).await;
        print(&mut sides, len);
    }
    println!("{}", load());
}

/// Java's is the first, which the others are compared with.
async fn sides(cluster: &HdfsCluster) -> [Side; 3] {
    let side = |name, relay, writer| Side { name, relay, writer, times: Vec::new(), waits: 0 };
    let relay = || NameNodeRelay::before(cluster.namenodes()[0]);
    let (for_java, for_plugin, for_bare) = (relay(), relay(), relay());
    let java = Java::start(cluster, &for_java.file_system());
    let mut config = cluster.plugin_config("/plugin");
    config.set("fs.defaultFS", for_plugin.file_system());
    let host = storage::released("checkpoint_storage_hdfs");
    let storage = host.open_plugin("hdfs", config, StorageSettings::default());
    let storage = storage.await.expect("opened");
    let bare = ClientBuilder::new().with_url(for_bare.file_system()).with_config_dir(NO_FOLDER);
    [
        side("java", for_java, Writer::Java(java)),
        side("plugin", for_plugin, Writer::Plugin(storage)),
        side("hdfs-native", for_bare, Writer::Bare(bare.build().expect("built"))),
    ]
}

async fn measure(sides: &mut [Side], len: usize, rounds: usize) {
    let states = Bytes::from(vec![7; len]);
    let warm_up = rounds / 3;
    for round in 0..warm_up + rounds {
        let forth = 0..sides.len();
        // None always stores after the same other.
        let turns: Vec<_> = if round % 2 == 0 { forth.collect() } else { forth.rev().collect() };
        for turn in turns {
            let side = &mut sides[turn];
            side.relay.take_count("complete");
            let time = side.writer.store(&states, round).await;
            let completes = side.relay.take_count("complete");
            assert!(completes > 0, "{}: it completed no file", side.name);
            if round >= warm_up {
                side.times.push(time);
                side.waits += usize::from(completes > 1);
            }
        }
    }
}

impl Writer {
    /// Stores, and deletes what it stored; how long the first took.
    async fn store(&mut self, states: &Bytes, round: usize) -> Duration {
        match self {
            Self::Java(java) => {
                let path = format!("/java/{round}");
                let time = java.store(states.len(), &path);
                java.delete(&path);
                time
            }
            Self::Plugin(storage) => {
                let job = JobId::new("1").expect("valid");
                let state = PipelineState::new(job.clone(), 1, 1, states.clone());
                let began = Instant::now();
                let stored = storage.store(state).await.expect("stored");
                let time = began.elapsed();
                storage.delete_names(&job, &[stored.name]).await.expect("deleted");
                time
            }
            Self::Bare(client) => {
                let (hidden, path) = (format!("/bare/.{round}.tmp"), format!("/bare/{round}"));
                let began = Instant::now();
                let mut file = client.create(&hidden, WriteOptions::default()).await.expect("new");
                file.write_bytes(states.clone()).await.expect("written");
                file.close().await.expect("closed");
                client.rename(&hidden, &path, false).await.expect("renamed");
                let time = began.elapsed();
                client.delete(&path, false).await.expect("deleted");
                time
            }
        }
    }
}

fn print(sides: &mut [Side], len: usize) {
    let states = format!("{} KiB", len >> 10);
    let mut java = None;
    for side in sides {
        let mut times = std::mem::take(&mut side.times);
        let waits = format!("{}/{}", std::mem::take(&mut side.waits), times.len());
        times.sort_unstable();
        let (median, p99) = (times[times.len() / 2], times[(times.len() * 99).div_ceil(100) - 1]);
        let (java_median, java_p99) = *java.get_or_insert((median, p99));
        let ratio = median.as_secs_f64() / java_median.as_secs_f64();
        let more = (p99.as_secs_f64() - java_p99.as_secs_f64()) * 1e3;
        let (name, max) = (side.name, times[times.len() - 1]);
        print!("{states:<10} {name:<12} {median:>10.2?} {p99:>10.2?} {max:>10.2?} {ratio:>6.2} ");
        println!("{more:>6.0} ms {waits:>9}");
    }
}

/// What else the machine did in the last minute, of which these stores are a part.
fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").expect("readable");
    format!("load {}", load.split(' ').next().unwrap_or_default())
}
