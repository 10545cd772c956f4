//! What lies beside the checkpoints: markers of directories, temporary, quarantined and foreign
//! files.

use checkpoint_storage_api::{CheckpointName, CheckpointStorage, ScanKind};
use checkpoint_storage_tests::java::State;
use checkpoint_storage_tests::java::exchange::SharedPlace;
use checkpoint_storage_tests::java::ours::{self, job, names};
use storage_host::ManagedStorage;

use crate::place::{Place, key};

const JOB: &str = "865405612345123456";
/// A name that no writer of these tests gives.
const OTHER: &str = "1795474038044-523-1-77.ser";

fn state(checkpoint: i64) -> State {
    State::new(JOB, 1, checkpoint, Some(&checkpoint.to_be_bytes()))
}

async fn assert_empty(storage: &ManagedStorage) {
    assert_eq!(storage.jobs().await.expect("listed"), []);
    assert_eq!(names(storage, JOB).await, [] as [String; 0]);
    assert_eq!(storage.latest_of_pipeline(&job(JOB), 1).await.expect("no error"), None);
    assert_eq!(storage.scan(None).await.expect("scanned"), []);
}

/// S3A puts an empty object where a directory would vanish with its last file.
#[tokio::test]
async fn markers_of_directories_are_no_checkpoints_and_no_jobs() {
    let Some(place) = Place::new() else { return };
    let (mut java, storage) = (place.java(), place.ours().await);
    java.store(&state(1)).expect("stored");
    java.delete(JOB, 1, &[1]).expect("deleted");
    assert_eq!(place.keys().await, [key(JOB, "")]);
    assert_empty(&storage).await;

    java.delete_job(JOB).expect("deleted");
    assert_eq!(place.keys().await, ["seatunnel/checkpoint/"]);
    assert_empty(&storage).await;

    // Java takes the markers above a new file away, ours does not mind them.
    ours::store(&storage, &state(2)).await;
    assert_eq!(java.all(JOB).expect("read"), [state(2)]);
    assert_eq!(place.keys().await.len(), 2);
    java.store(&state(3)).expect("stored");
    assert_eq!(place.keys().await.len(), 2);
    assert_eq!(ours::all(&storage, JOB).await, [state(2), state(3)]);
}

/// Hadoop 3.1 takes a directory that has a marker for an empty one when it deletes it.
#[tokio::test]
async fn of_a_job_with_a_marker_java_deletes_the_marker_first() {
    let Some(place) = Place::new() else { return };
    let (mut java, storage) = (place.java(), place.ours().await);
    java.store(&state(1)).expect("stored");
    java.delete(JOB, 1, &[1]).expect("deleted");
    ours::store(&storage, &state(2)).await;
    assert_eq!(java.all(JOB).expect("read"), [state(2)]);

    java.delete_job(JOB).expect("it says nothing");
    assert_eq!(ours::all(&storage, JOB).await, [state(2)]);
    java.delete_job(JOB).expect("deleted");
    assert_empty(&storage).await;
}

#[tokio::test]
async fn unfinished_and_quarantined_files_of_either_side_disturb_neither() {
    let Some(place) = Place::new() else { return };
    let (mut java, storage) = (place.java(), place.ours().await);
    let by_java = java.store(&state(1)).expect("stored");
    ours::store(&storage, &state(2)).await;
    // Whole checkpoints by their contents, none by their names.
    let [temporary, kept @ ..] = [
        format!("{OTHER}tmp"),
        format!("{OTHER}.quarantined"),
        "notes.txt".to_owned(),
        format!("below/{OTHER}"),
    ];
    for name in [&temporary].into_iter().chain(&kept) {
        place.copy(&key(JOB, &by_java), &key(JOB, name)).await;
    }
    place.begin_upload(&key(JOB, &temporary)).await;
    let both = [state(1), state(2)];
    assert_eq!(java.all(JOB).expect("read"), both);
    assert_eq!(java.latest(JOB).expect("read"), [state(2)]);
    java.get(JOB, 1, 77).expect_err("there is none");
    assert_eq!(ours::all(&storage, JOB).await, both);
    assert_eq!(storage.checkpoint(&job(JOB), 1, 77).await.expect("read"), None);
    let items = storage.scan(Some(&job(JOB))).await.expect("scanned");
    let checkpoints = items.iter().filter(|item| matches!(item.kind, ScanKind::Checkpoint(_)));
    assert_eq!(checkpoints.count(), 2, "{items:?}");
    // Java may be writing them still.
    let in_progress = items.iter().filter(|item| item.kind == ScanKind::InProgress);
    assert_eq!(in_progress.count(), 2, "{items:?}");

    // Ours keeps what was moved aside and what is nobody's; Java deletes the whole directory.
    storage.delete_job(&job(JOB)).await.expect("deleted");
    let left = place.keys().await;
    for name in &kept {
        assert!(left.contains(&key(JOB, name)), "{left:?}");
    }
    assert_eq!(storage.jobs().await.expect("listed"), []);
    assert_eq!(java.all(JOB).expect("no error"), []);
    java.delete_job(JOB).expect("deleted");
    assert_eq!(place.keys().await, ["seatunnel/checkpoint/"]);
}

#[tokio::test]
async fn a_quarantined_checkpoint_is_gone_for_java() {
    let Some(place) = Place::new() else { return };
    let (mut java, storage) = (place.java(), place.ours().await);
    java.store(&state(1)).expect("stored");
    let name = java.store(&state(2)).expect("stored");
    let parsed: CheckpointName = name.parse().expect("a name");
    storage.quarantine(&job(JOB), &parsed).await.expect("moved aside");
    assert!(place.keys().await.contains(&key(JOB, &format!("{name}.quarantined"))));
    assert_eq!(java.latest_of_pipeline(JOB, 1).expect("read"), Some(state(1)));
    assert_eq!(java.all(JOB).expect("read"), [state(1)]);
    assert_eq!(ours::all(&storage, JOB).await, [state(1)]);
}
