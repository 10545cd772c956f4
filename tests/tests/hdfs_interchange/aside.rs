//! What lies beside the checkpoints: temporary, quarantined and foreign files, and what a JVM that
//! was killed left.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use checkpoint_storage_api::{CheckpointStorage, ReclaimOptions, ScanItem, ScanKind};
use checkpoint_storage_tests::java::aside::{self, OTHER, state};
use checkpoint_storage_tests::java::exchange::{self, JOB};
use checkpoint_storage_tests::java::ours::{self, names};
use checkpoint_storage_tests::java::{SharedPlace, State};
use storage_host::ManagedStorage;

use crate::place::{BLOCK_SIZE, Place};

/// More than what is unfinished may stay.
const LONG_AGO: Duration = Duration::from_secs(25 * 60 * 60);

#[tokio::test]
async fn unfinished_and_quarantined_files_of_either_side_disturb_neither() {
    let Some(place) = Place::new() else { return };
    let kept = [format!("{OTHER}.quarantined"), "notes.txt".to_owned(), "below".to_owned()];
    let unfinished = [format!(".{OTHER}.00000000000000aa.tmp"), format!("{OTHER}tmp")];
    let below = format!("below/{OTHER}");
    let names = [&unfinished[..], &kept[..2], &[below]].concat();
    let (java, storage) = aside::lay_beside_checkpoints(&place, &names).await;
    // Either side may be writing them still.
    assert_eq!(of_kind(&storage, ScanKind::InProgress).await.len(), unfinished.len());
    aside::ours_deletes_the_job_then_java(&place, (java, storage), &kept).await;
    assert!(place.is_gone(JOB).await);
}

#[tokio::test]
async fn a_quarantined_checkpoint_is_gone_for_java() {
    let Some(place) = Place::new() else { return };
    aside::a_quarantined_checkpoint_is_gone_for_java(&place).await;
}

#[tokio::test]
async fn what_a_killed_jvm_left_is_no_checkpoint_and_is_reclaimed_by_its_age() {
    let Some(place) = Place::new() else { return };
    let by_java = place.java().store(&state(1)).expect("stored");
    let left = store_and_be_killed(&place).await;
    let (mut java, storage) = (place.java(), place.ours().await);
    assert_eq!(names(&storage, JOB).await, [by_java]);
    assert_eq!(ours::latest(&storage, JOB).await, [state(1)]);
    assert_eq!(java.latest(JOB).expect("read"), [state(1)]);
    java.store(&state(3)).expect("stored");
    ours::store(&storage, &state(4)).await;
    let stored = [state(1), state(3), state(4)];
    assert_eq!(java.all(JOB).expect("read"), stored);
    assert_eq!(ours::all(&storage, JOB).await, stored);

    let path = format!("{JOB}/{left}");
    assert_eq!(of_kind(&storage, ScanKind::InProgress).await, [path.as_str()]);
    let young = storage.reclaim_leftovers(ReclaimOptions::default()).await.expect("looked");
    assert_eq!(young.reclaimed, [] as [String; 0], "its writer may be alive for a day");
    make_old(&place, &left).await;
    assert_eq!(of_kind(&storage, ScanKind::Leftover).await, [path.as_str()]);
    let old = storage.reclaim_leftovers(ReclaimOptions::default()).await.expect("looked");
    assert!(old.failed.is_empty(), "{:?}", old.failed);
    assert_eq!(old.reclaimed, [path]);
    let mut expected = names(&storage, JOB).await;
    expected.sort();
    assert_eq!(place.files(JOB).await, expected);
    assert_eq!(java.all(JOB).expect("read"), stored);
}

#[tokio::test]
async fn the_next_writer_reclaims_what_java_left_long_ago() {
    let Some(place) = Place::new() else { return };
    let mut java = place.java();
    let by_java = java.store(&state(1)).expect("stored");
    let [old, young] = [format!("{OTHER}tmp"), format!("9{OTHER}tmp")];
    for left in [&old, &young] {
        place.copy(JOB, &by_java, left).await;
    }
    make_old(&place, &old).await;
    let by_ours = ours::store(&place.ours().await, &state(2)).await.name.to_string();
    assert_eq!(place.files(JOB).await, [by_java, by_ours, young]);
    assert_eq!(java.latest(JOB).expect("read"), [state(2)]);
}

/// The paths of what a scan takes for this.
async fn of_kind(storage: &ManagedStorage, kind: ScanKind) -> Vec<String> {
    let items = storage.scan(None).await.expect("scanned");
    let path = |item: ScanItem| (item.kind == kind).then_some(item.path);
    items.into_iter().filter_map(path).collect()
}

/// The name of the file that is left of it.
async fn store_and_be_killed(place: &Place) -> String {
    let mut config = place.config(place.file_system(), place.namespace());
    // So many blocks take longer than it takes to see the first.
    config.retain(|(key, _)| key != BLOCK_SIZE);
    config.push((BLOCK_SIZE.to_owned(), "65536".to_owned()));
    let mut java = place.java_with(&config);
    java.begin_to_store(&State::new(JOB, 1, 2, Some(&exchange::bytes(6 << 20))));
    let began = Instant::now();
    let left = loop {
        let names = place.files(JOB).await;
        if let Some(left) = names.into_iter().find(|name| name.ends_with(".sertmp")) {
            break left;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "it did not begin");
    };
    drop(java);
    assert!(place.files(JOB).await.contains(&left), "it was killed too late");
    left
}

async fn make_old(place: &Place, name: &str) {
    let then = SystemTime::now() - LONG_AGO;
    let then = then.duration_since(UNIX_EPOCH).expect("after it").as_millis();
    let then = u64::try_from(then).expect("fits");
    place.cluster.client().set_times(&place.path(JOB, name), then, then).await.expect("set");
}
