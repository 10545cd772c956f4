//! What a store on a local disk costs beside the floor that durability sets there: write, fsync,
//! rename, fsync of the directory. Alternated store by store, medians; both write the same bytes to
//! the same file system.
//!
//! `cargo bench -p checkpoint-storage-tests --bench store_latency [-- DIRECTORY]`

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use checkpoint_storage_api::{CheckpointStorage, JobId, PipelineState};
use checkpoint_storage_tests::storage;
use storage_host::{ManagedStorage, StorageHost, StorageSettings};

const SIZES: [(usize, usize); 4] = [(1 << 10, 101), (1 << 20, 101), (16 << 20, 31), (64 << 20, 15)];

#[tokio::main]
async fn main() {
    let directory = std::env::args().nth(1).filter(|argument| !argument.starts_with('-'));
    let folder = tempfile::tempdir_in(directory.unwrap_or_else(|| ".".into())).expect("a folder");
    let host = storage::released("checkpoint_storage_localfile");
    let storages =
        [open(&host, folder.path(), true).await, open(&host, folder.path(), false).await];
    let floors = [folder.path().join("floor"), folder.path().join("floor-unsynced")];
    for floor in &floors {
        std::fs::create_dir(floor).expect("created");
    }
    println!("{:<10} {:>6} {:>12} {:>12} {:>7}", "states", "sync", "floor", "store", "ratio");
    for (len, rounds) in SIZES {
        let states = Bytes::from(vec![7; len]);
        for (sync, (storage, floor)) in [true, false].into_iter().zip(storages.iter().zip(&floors))
        {
            let mut times = [Vec::new(), Vec::new()];
            for round in 0..rounds {
                let began = Instant::now();
                write(floor, &round.to_string(), &states, sync);
                times[0].push(began.elapsed());
                let job = JobId::new("1").expect("valid");
                let state = PipelineState::new(job.clone(), 1, 1, states.clone());
                let began = Instant::now();
                let stored = storage.store(state).await.expect("stored");
                times[1].push(began.elapsed());
                std::fs::remove_file(floor.join(round.to_string())).expect("removed");
                storage.delete_names(&job, &[stored.name]).await.expect("deleted");
            }
            let [floor, store] = times.map(median);
            let ratio = store.as_secs_f64() / floor.as_secs_f64();
            let states = format!("{} KiB", len >> 10);
            println!("{states:<10} {sync:>6} {floor:>12.2?} {store:>12.2?} {ratio:>7.2}");
        }
    }
}

async fn open(host: &StorageHost, folder: &Path, sync: bool) -> ManagedStorage {
    let namespace = folder.canonicalize().expect("there").join(format!("sync-{sync}"));
    let namespace = namespace.display().to_string();
    let config = [("storageNameSpace", namespace), ("sync", sync.to_string())];
    let settings = StorageSettings::default();
    host.open_plugin("localfile", config.into(), settings).await.expect("opened")
}

fn write(folder: &Path, name: &str, bytes: &[u8], sync: bool) {
    let temporary = folder.join("temporary");
    let mut file = File::create_new(&temporary).expect("created");
    file.write_all(bytes).expect("written");
    if sync {
        file.sync_all().expect("synced");
    }
    std::fs::rename(&temporary, folder.join(name)).expect("renamed");
    if sync {
        File::open(folder).and_then(|folder| folder.sync_all()).expect("synced");
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
