//! What lies beside the checkpoints: markers of directories, temporary, quarantined and foreign
//! files.

use checkpoint_storage_api::{CheckpointStorage, ScanKind};
use checkpoint_storage_tests::java::SharedPlace;
use checkpoint_storage_tests::java::aside::{self, OTHER, state};
use checkpoint_storage_tests::java::exchange::JOB;
use checkpoint_storage_tests::java::ours::{self, job, names};
use storage_host::ManagedStorage;

use crate::place::{Place, key};

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
    let temporary = format!("{OTHER}tmp");
    place.begin_upload(&key(JOB, &temporary)).await;
    let kept = [format!("{OTHER}.quarantined"), "notes.txt".to_owned(), format!("below/{OTHER}")];
    let names = [&[temporary], &kept[..]].concat();
    let (java, storage) = aside::lay_beside_checkpoints(&place, &names).await;
    let items = storage.scan(Some(&job(JOB))).await.expect("scanned");
    // Java may be writing them still.
    let in_progress = items.iter().filter(|item| item.kind == ScanKind::InProgress);
    assert_eq!(in_progress.count(), 2, "{items:?}");
    aside::ours_deletes_the_job_then_java(&place, (java, storage), &kept).await;
    assert_eq!(place.keys().await, ["seatunnel/checkpoint/"]);
}

#[tokio::test]
async fn a_quarantined_checkpoint_is_gone_for_java() {
    let Some(place) = Place::new() else { return };
    aside::a_quarantined_checkpoint_is_gone_for_java(&place).await;
}
