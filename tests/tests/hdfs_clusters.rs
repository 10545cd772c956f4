//! What the tests of HDFS stand on does what it is for: clusters that the bare client writes to, and
//! what can happen to their nodes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use checkpoint_storage_api::{
    CheckpointStorage, CheckpointStorageFactory, Error, JobId, OpenOptions, PluginConfig, Result,
    async_trait,
};
use checkpoint_storage_conformance::Subject;
use checkpoint_storage_tests::hdfs::{HdfsCluster, HdfsOptions, HdfsPlaces, Node, NodeState};
use hdfs_native::{Client, HdfsError, WriteOptions};
use rustix::process::{Pid, Signal, kill_process};

const MIB: usize = 1 << 20;
const PATIENCE: Duration = Duration::from_secs(60);

async fn write(client: &Client, file: &str, bytes: Bytes) -> Result<(), HdfsError> {
    let written = async {
        let mut writer = client.create(file, WriteOptions::default()).await?;
        writer.write_bytes(bytes).await?;
        writer.close().await
    };
    tokio::time::timeout(PATIENCE, written).await.expect("it does not hang")
}

async fn is_there(client: &Client, file: &str) -> bool {
    let asked = tokio::time::timeout(PATIENCE, client.get_file_info(file));
    asked.await.expect("it does not hang").is_ok()
}

/// The bare client and Hadoop's own read what the other wrote.
async fn both_read_what_the_other_wrote(cluster: &HdfsCluster) {
    let client = cluster.client();
    for (number, size) in [0, 1, 3 * MIB].into_iter().enumerate() {
        let bytes = Bytes::from(vec![7; size]);
        let (ours, theirs) = (format!("/a b%20/任务-{number}"), format!("/theirs/{number}"));
        write(&client, &ours, bytes.clone()).await.expect("written");
        assert!(cluster.read(&ours).expect("read") == bytes);
        cluster.write(&theirs, &bytes).expect("written");
        let mut reader = client.read(&theirs).await.expect("opened");
        assert!(reader.read_bytes(size).await.expect("read") == bytes);
    }
    assert_eq!(cluster.list("/a b%20").expect("listed"), ["任务-0", "任务-1", "任务-2"]);
    assert_eq!(cluster.list("/nothing").expect("listed"), [""; 0]);
    cluster.read("/nothing").expect_err("it is not there");
}

#[tokio::test]
async fn a_bare_client_writes_to_one_namenode() {
    let Some(cluster) = HdfsCluster::single(1) else { return };
    both_read_what_the_other_wrote(cluster).await;
}

#[tokio::test]
async fn a_bare_client_writes_to_whichever_namenode_is_active() {
    let Some(cluster) = HdfsCluster::start(&HdfsOptions::ha(3)) else { return };
    both_read_what_the_other_wrote(&cluster).await;
    let client = cluster.client();
    for (number, active) in [1, 0, 1].into_iter().enumerate() {
        cluster.activate(active);
        assert!(cluster.state(active).is_active && !cluster.state(1 - active).is_active);
        write(&client, &format!("/failed-over-{number}"), Bytes::new()).await.expect("written");
    }
    // The active one goes, and comes back as the standby.
    cluster.stop(Node::Name(1));
    cluster.activate(0);
    let unknown = write(&client, "/after", Bytes::new()).await.expect_err("its connection broke");
    assert!(matches!(unknown, HdfsError::IOError(_)), "{unknown}");
    write(&client, "/after", Bytes::new()).await.expect("written");
    cluster.start_node(Node::Name(1));
    assert!(!cluster.state(1).is_active);
    cluster.activate(1);
    assert!(is_there(&client, "/after").await);
}

#[tokio::test]
async fn nodes_start_again_with_what_they_had_and_safe_mode_refuses_changes() {
    let Some(cluster) = HdfsCluster::start(&HdfsOptions::single(1)) else { return };
    cluster.write("/before", b"before").expect("written");
    assert_eq!(cluster.pipeline("/before").expect("it has a block"), [Node::Data(0)]);
    for node in [Node::Name(0), Node::Data(0)] {
        cluster.stop(node);
        cluster.start_node(node);
        cluster.settle(1);
        assert_eq!(cluster.read("/before").expect("read"), "before");
    }

    let client = cluster.client();
    cluster.set_safe_mode(0, true);
    let state = NodeState { is_active: true, is_in_safe_mode: true, datanodes: 1 };
    assert_eq!(cluster.state(0), state);
    let refused = write(&client, "/refused", Bytes::new()).await.expect_err("safe mode");
    assert!(refused.to_string().contains("SafeModeException"), "{refused}");
    cluster.set_safe_mode(0, false);
    write(&client, "/taken", Bytes::new()).await.expect("written");
}

#[test]
fn a_killed_or_frozen_datanode_is_missed_and_comes_back() {
    let options = HdfsOptions::single(3).separate().quick_to_miss();
    let Some(cluster) = HdfsCluster::start(&options) else { return };
    cluster.kill(Node::Data(0));
    cluster.freeze(Node::Data(1));
    cluster.settle(1);
    cluster.write("/a", &vec![1; MIB]).expect("written");
    assert_eq!(cluster.pipeline("/a").expect("it has a block"), [Node::Data(2)]);
    cluster.start_node(Node::Data(0));
    cluster.thaw(Node::Data(1));
    cluster.settle(3);
}

#[tokio::test]
async fn a_frozen_namenode_answers_nothing_and_the_other_takes_over() {
    let Some(cluster) = HdfsCluster::start(&HdfsOptions::ha(1).separate()) else { return };
    let client = cluster.client();
    write(&client, "/a", Bytes::new()).await.expect("written");
    cluster.freeze(Node::Name(0));
    let asked = tokio::time::timeout(Duration::from_secs(2), client.get_file_info("/a")).await;
    asked.expect_err("it waits for an answer");
    cluster.thaw(Node::Name(0));
    assert!(is_there(&client, "/a").await);

    cluster.freeze(Node::Name(0));
    cluster.activate(1);
    cluster.write("/b", b"").expect("written");
    cluster.kill(Node::Name(0));
    cluster.start_node(Node::Name(0));
    cluster.activate(0);
    assert_eq!(cluster.list("/").expect("listed"), ["a", "b"]);
}

/// The storages do not matter here.
struct Nothing;

#[async_trait]
impl CheckpointStorageFactory for Nothing {
    async fn open(&self, _: PluginConfig, _: OpenOptions) -> Result<Arc<dyn CheckpointStorage>> {
        Err(Error::unsupported("open"))
    }
}

#[tokio::test]
async fn each_place_has_files_of_its_own() {
    let Some(cluster) = HdfsCluster::single(1) else { return };
    let places = HdfsPlaces::new(Nothing, cluster);
    let (here, there) = (places.place().await.expect("one"), places.place().await.expect("two"));
    let (files, others) = (here.medium().expect("files"), there.medium().expect("files"));
    for id in ["1", "11", "a b+%2B\n\t任务"] {
        let job = JobId::new(id).expect("an id");
        assert_eq!(files.files(&job).await.expect("listed"), [""; 0]);
        for name in ["b", "a +%\n", "é"] {
            files.write(&job, name, name.as_bytes()).await.expect("written");
        }
        files.write(&job, "b", b"more").await.expect("replaced");
        assert_eq!(files.files(&job).await.expect("listed"), ["a +%\n", "b", "é"]);
        assert_eq!(files.read(&job, "b").await.expect("read"), "more");
        assert!(files.read(&job, "c").await.is_err());
        assert_eq!(others.files(&job).await.expect("listed"), [""; 0]);
    }
}

/// The processes that were started with a word that holds the folder.
fn processes_of(folder: &Path) -> BTreeSet<i32> {
    let folder = folder.to_str().expect("UTF-8");
    let pids = std::fs::read_dir("/proc").expect("Linux").filter_map(|entry| {
        let entry = entry.ok()?;
        let words = std::fs::read(entry.path().join("cmdline")).ok()?;
        let pid = entry.file_name().to_str()?.parse().ok()?;
        String::from_utf8_lossy(&words).contains(folder).then_some(pid)
    });
    pids.collect()
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "it is not so: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn kill(pid: i32) {
    kill_process(Pid::from_raw(pid).expect("not zero"), Signal::KILL).expect("it was there");
}

/// In the process that is killed: where to write the cluster's folder.
const VICTIM: &str = "CHECKPOINT_STORAGE_VICTIM";

#[test]
fn nothing_is_left_of_a_cluster_whose_tests_were_killed() {
    let options = HdfsOptions::single(1).separate();
    if let Some(file) = std::env::var_os(VICTIM).map(PathBuf::from) {
        let Some(cluster) = HdfsCluster::start(&options) else { return };
        cluster.freeze(Node::Data(0));
        let text = cluster.folder().into_os_string().into_encoded_bytes();
        std::fs::write(file.with_extension("new"), text).expect("written");
        std::fs::rename(file.with_extension("new"), file).expect("renamed");
        std::thread::sleep(PATIENCE);
        return;
    }
    if HdfsCluster::single(1).is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("cluster");
    let mut victim = Command::new(std::env::current_exe().expect("a program"))
        .args(["--exact", "nothing_is_left_of_a_cluster_whose_tests_were_killed"])
        .env(VICTIM, &file)
        .spawn()
        .expect("started");
    wait_until("the cluster serves", || file.exists());
    let folder = PathBuf::from(std::fs::read_to_string(&file).expect("readable"));
    assert_eq!(processes_of(&folder).len(), 2);
    victim.kill().expect("killed");
    victim.wait().expect("ended");
    wait_until("its processes have ended", || processes_of(&folder).is_empty());
    wait_until("its folder is gone", || !folder.exists());
}

#[test]
fn nothing_runs_on_when_what_started_it_is_killed() {
    let Some(cluster) = HdfsCluster::start(&HdfsOptions::single(1).separate()) else { return };
    cluster.freeze(Node::Data(0));
    let folder = cluster.folder();
    let processes = processes_of(&folder);
    let parent = |pid: &i32| -> i32 {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"));
        parent.expect("told").trim().parse().expect("a number")
    };
    let parents: BTreeSet<i32> = processes.iter().map(parent).collect();
    assert_eq!((processes.len(), parents.len()), (2, 1));
    parents.into_iter().for_each(kill);
    wait_until("its processes have ended", || processes_of(&folder).is_empty());
    // Nobody was there to do so.
    std::fs::remove_dir_all(folder).expect("removed");
}

/// The addresses, in the kernel's hexadecimal, that a process listens on.
fn listens_on(pid: i32) -> BTreeSet<String> {
    let sockets: BTreeSet<String> = std::fs::read_dir(format!("/proc/{pid}/fd"))
        .expect("it runs")
        .filter_map(|fd| {
            let target = std::fs::read_link(fd.ok()?.path()).ok()?;
            let inode = target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?;
            Some(inode.to_owned())
        })
        .collect();
    let tables = ["tcp", "tcp6"].map(|table| std::fs::read_to_string(format!("/proc/net/{table}")));
    let listening = tables.iter().flatten().flat_map(|table| table.lines()).filter_map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let (local, state, inode) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
        let address = local.split(':').next()?.to_owned();
        (*state == "0A" && sockets.contains(*inode)).then_some(address)
    });
    listening.collect()
}

#[test]
fn nodes_listen_on_loopback_alone() {
    let Some(cluster) = HdfsCluster::single(1) else { return };
    let processes = processes_of(&cluster.folder());
    assert_eq!(processes.len(), 1, "one process has all nodes");
    for pid in processes {
        // 127.0.0.1, and the same within IPv6.
        let loopback = ["0100007F", "0000000000000000FFFF00000100007F"].map(str::to_owned);
        let addresses = listens_on(pid);
        assert!(!addresses.is_empty() && addresses.is_subset(&loopback.into()), "{addresses:?}");
    }
}
