//! Connections to DataNodes: none outlasts the store that it was made for. Alone in its process, whose
//! connections it counts.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use bytes::Bytes;
use checkpoint_storage_api::{CheckpointStorage, JobId, PipelineState};
use checkpoint_storage_tests::hdfs::HdfsCluster;
use checkpoint_storage_tests::storage;

const PATIENCE: Duration = Duration::from_secs(20);
/// How the kernel writes that a connection is established.
const ESTABLISHED: &str = "01";

/// The connections of this process but those to the NameNode.
fn connections(cluster: &HdfsCluster) -> usize {
    let port = |address: &str| -> u16 {
        let (_, port) = address.rsplit_once(':').expect("a port");
        port.parse().expect("a number")
    };
    let namenodes: Vec<_> = cluster.namenodes().into_iter().map(port).collect();
    let own: BTreeSet<String> = std::fs::read_dir("/proc/self/fd")
        .expect("Linux")
        .filter_map(|fd| {
            let target = std::fs::read_link(fd.ok()?.path()).ok()?;
            Some(target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())
        })
        .collect();
    let table = std::fs::read_to_string("/proc/net/tcp").expect("Linux");
    let is_counted = |line: &&str| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let (_, port) = fields[2].rsplit_once(':').expect("a port");
        let port = u16::from_str_radix(port, 16).expect("hexadecimal");
        fields[3] == ESTABLISHED && own.contains(fields[9]) && !namenodes.contains(&port)
    };
    table.lines().skip(1).filter(is_counted).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_that_are_dropped_leave_no_connection() {
    let Some(cluster) = HdfsCluster::single(3) else { return };
    let storage = storage::open("hdfs", cluster.plugin_config("/dropped")).await;
    let state = |id, states| PipelineState::new(JobId::new("1").expect("valid"), 1, id, states);
    storage.store(state(1, Bytes::from_static(b"x"))).await.expect("stored");
    let before = connections(cluster);
    let large = Bytes::from(vec![7; 64 << 20]);
    for id in 2..12 {
        let store = storage.store(state(id, large.clone()));
        let dropped = tokio::time::timeout(Duration::from_millis(100), store).await;
        dropped.expect_err("it is still being written");
    }
    let began = Instant::now();
    while connections(cluster) > before {
        assert!(began.elapsed() < PATIENCE, "{} connections", connections(cluster));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
