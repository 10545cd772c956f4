//! What lies beside the checkpoints, unfinished, quarantined or nobody's, disturbs neither side: what
//! holds on every medium.

use checkpoint_storage_api::{CheckpointName, CheckpointStorage, ScanKind};
use storage_host::ManagedStorage;

use super::exchange::JOB;
use super::ours::{self, job};
use super::{Java, SharedPlace, State};

/// A name that no writer of these tests gives.
pub const OTHER: &str = "1795474038044-523-1-77.ser";

/// A checkpoint of the job that stores.
pub fn state(checkpoint: i64) -> State {
    State::new(JOB, 1, checkpoint, Some(&checkpoint.to_be_bytes()))
}

/// Lays files of these names, whole checkpoints by their contents and none by their names, beside a
/// checkpoint of either side, which both go on to find.
pub async fn lay_beside_checkpoints(
    place: &impl SharedPlace,
    names: &[String],
) -> (Java, ManagedStorage) {
    let (mut java, storage) = (place.java(), place.ours().await);
    let by_java = java.store(&state(1)).expect("stored");
    ours::store(&storage, &state(2)).await;
    for name in names {
        place.copy(JOB, &by_java, name).await;
    }
    let both = [state(1), state(2)];
    assert_eq!(java.all(JOB).expect("read"), both);
    assert_eq!(java.latest(JOB).expect("read"), [state(2)]);
    java.get(JOB, 1, 77).expect_err("there is none");
    assert_eq!(ours::all(&storage, JOB).await, both);
    assert_eq!(storage.checkpoint(&job(JOB), 1, 77).await.expect("read"), None);
    let items = storage.scan(Some(&job(JOB))).await.expect("scanned");
    let checkpoints = items.iter().filter(|item| matches!(item.kind, ScanKind::Checkpoint(_)));
    assert_eq!(checkpoints.count(), 2, "{items:?}");
    (java, storage)
}

/// Ours keeps what was moved aside and what is nobody's; Java deletes the whole directory.
pub async fn ours_deletes_the_job_then_java(
    place: &impl SharedPlace,
    (mut java, storage): (Java, ManagedStorage),
    kept: &[String],
) {
    storage.delete_job(&job(JOB)).await.expect("deleted");
    let left = place.files(JOB).await;
    assert!(kept.iter().all(|name| left.contains(name)), "{left:?}");
    assert_eq!(storage.jobs().await.expect("listed"), []);
    assert_eq!(java.all(JOB).expect("no error"), []);
    java.delete_job(JOB).expect("deleted");
}

/// It has its bytes still, under another name.
pub async fn a_quarantined_checkpoint_is_gone_for_java(place: &impl SharedPlace) {
    let (mut java, storage) = (place.java(), place.ours().await);
    java.store(&state(1)).expect("stored");
    let name = java.store(&state(2)).expect("stored");
    let parsed: CheckpointName = name.parse().expect("a name");
    storage.quarantine(&job(JOB), &parsed).await.expect("moved aside");
    assert!(place.files(JOB).await.contains(&format!("{name}.quarantined")));
    assert_eq!(java.latest_of_pipeline(JOB, 1).expect("read"), Some(state(1)));
    assert_eq!(java.all(JOB).expect("read"), [state(1)]);
    assert_eq!(ours::all(&storage, JOB).await, [state(1)]);
}
