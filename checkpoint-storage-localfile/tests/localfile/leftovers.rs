//! What writers leave behind when they are killed, and what living ones are writing.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use checkpoint_storage_api::{ImportOptions, PipelineState, ReclaimOptions, ScanKind};
use checkpoint_storage_filesystem::naming;
use rustix::fs::{FlockOperation, flock};

use crate::support::{Folder, NAME, bytes, job, name, names, state};

fn temporary(directory: &Path, token: u64) -> (String, File) {
    let file_name = naming::temporary(&name(NAME), token);
    let file = File::create_new(directory.join(&file_name)).expect("created");
    (file_name, file)
}

/// A temporary file as a living writer holds it; dropped, its writer is dead.
fn living(directory: &Path, token: u64) -> (String, File) {
    let (file_name, file) = temporary(directory, token);
    flock(&file, FlockOperation::NonBlockingLockExclusive).expect("locked");
    (file_name, file)
}

fn age(directory: &Path, file_name: &str) {
    let file = File::options().write(true).open(directory.join(file_name)).expect("opened");
    let days = Duration::from_secs(3 * 24 * 60 * 60);
    file.set_modified(SystemTime::now() - days).expect("set");
}

#[tokio::test]
async fn the_first_store_takes_away_what_dead_writers_left_and_no_more() {
    let folder = Folder::new();
    let one = folder.create_job("1");
    let (dead, file) = living(&one, 1);
    drop(file);
    let (alive, _writer) = living(&one, 2);
    // Old, but alive all the same.
    age(&one, &alive);
    let java = format!("{NAME}tmp");
    let young_java = "1795474038044-523-1-2.sertmp".to_owned();
    fs::write(one.join(&java), "java's").expect("written");
    age(&one, &java);
    fs::write(one.join(&young_java), "java's").expect("written");

    let storage = folder.open().await;
    let entry = storage.store(state(1, "s")).await.expect("stored");
    let mut left = vec![alive, young_java, entry.name.to_string()];
    left.sort_unstable();
    assert_eq!(names(&one), left);
    assert!(!names(&one).contains(&dead));
}

#[tokio::test]
async fn scan_and_reclaim_tell_dead_from_living() {
    let folder = Folder::new();
    let one = folder.create_job("1");
    let storage = folder.open().await;
    let (dead, _) = temporary(&one, 1);
    let (alive, writer) = living(&one, 2);
    let orphan = naming::sidecar(NAME);
    fs::write(one.join(&orphan), "sums").expect("written");
    let probe = naming::probe(3);
    fs::write(folder.namespace().join(&probe), "p").expect("written");

    let scanned = |items: Vec<checkpoint_storage_api::ScanItem>, kind| -> Vec<String> {
        items.into_iter().filter(|item| item.kind == kind).map(|item| item.path).collect()
    };
    let reader = folder.open_with([], true).await.expect("opened");
    let items = reader.scan(None).await.expect("scanned");
    assert_eq!(scanned(items.clone(), ScanKind::InProgress), [format!("1/{alive}")]);
    let mut leftovers = vec![probe, format!("1/{dead}"), format!("1/{orphan}")];
    leftovers.sort_unstable();
    assert_eq!(scanned(items, ScanKind::Leftover), leftovers);

    let mut report = storage.reclaim_leftovers(ReclaimOptions::default()).await.expect("done");
    report.reclaimed.sort_unstable();
    assert_eq!(report.reclaimed, leftovers);
    assert!(report.failed.is_empty(), "{report:?}");
    assert_eq!(names(&one).join(""), alive);

    drop(writer);
    let report = storage.reclaim_leftovers(ReclaimOptions::default()).await.expect("done");
    assert_eq!(report.reclaimed, [format!("1/{alive}")]);
    assert!(names(&one).is_empty());
}

#[tokio::test]
async fn delete_job_leaves_a_living_writer_alone() {
    let folder = Folder::new();
    let storage = folder.open().await;
    storage.store(state(1, "s")).await.expect("stored");
    let one = folder.job("1");
    let (dead, _) = temporary(&one, 1);
    let (alive, _writer) = living(&one, 2);
    storage.delete_job(&job("1")).await.expect("deleted");
    assert_eq!(names(&one), [alive]);
    assert!(!one.join(dead).exists());
}

#[tokio::test]
async fn an_import_under_way_is_no_leftover() {
    let (from, to) = (Folder::new(), Folder::new());
    let source = from.open().await;
    let entry = source.store(state(1, bytes(3 << 20))).await.expect("stored");

    /// Looks at the target each time a chunk is read.
    struct Watching {
        reader: Box<dyn checkpoint_storage_api::CheckpointReader>,
        folder: std::path::PathBuf,
        target: std::sync::Arc<dyn checkpoint_storage_api::CheckpointStorage>,
        seen: std::sync::Arc<std::sync::atomic::AtomicUsize>,
    }

    #[checkpoint_storage_api::async_trait]
    impl checkpoint_storage_api::CheckpointReader for Watching {
        fn entry(&self) -> &checkpoint_storage_api::CheckpointEntry {
            self.reader.entry()
        }

        fn states_len(&self) -> Option<u64> {
            self.reader.states_len()
        }

        async fn next_chunk(
            &mut self,
            max_len: usize,
        ) -> checkpoint_storage_api::Result<Option<bytes::Bytes>> {
            let items = self.target.scan(None).await?;
            assert!(items.iter().all(|item| item.kind == ScanKind::InProgress), "{items:?}");
            let report = self.target.reclaim_leftovers(ReclaimOptions::default()).await?;
            assert!(report.reclaimed.is_empty(), "{report:?}");
            assert_eq!(names(&self.folder).len(), 1);
            self.seen.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            self.reader.next_chunk(max_len).await
        }
    }

    let target = to.open().await;
    let seen = std::sync::Arc::default();
    let watching = Watching {
        reader: source.open_reader(&job("1"), &entry.name).await.expect("opened"),
        folder: to.job("1"),
        target: to.open().await,
        seen: std::sync::Arc::clone(&seen),
    };
    target.import(Box::new(watching), ImportOptions::default()).await.expect("copied");
    assert!(seen.load(std::sync::atomic::Ordering::SeqCst) >= 4);
    assert_eq!(names(&to.job("1")), [entry.name.to_string()]);
}

#[tokio::test]
async fn other_jobs_leftovers_wait_for_their_own_writers() {
    let folder = Folder::new();
    let two = folder.create_job("2");
    let (dead, _) = temporary(&two, 1);
    let storage = folder.open().await;
    storage.store(state(1, "s")).await.expect("stored");
    assert_eq!(names(&two), [dead]);
    storage.store(PipelineState { job_id: job("2"), ..state(1, "s") }).await.expect("stored");
    assert_eq!(names(&two).len(), 1);
}
