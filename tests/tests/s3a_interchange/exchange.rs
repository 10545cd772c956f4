//! Each side reads, lists and deletes what the other stored, under keys that it would have given.

use checkpoint_storage_api::{CheckpointKind, CheckpointStorage, Integrity, ListQuery, ScanKind};
use checkpoint_storage_tests::java::ours::{self, job, names};
use checkpoint_storage_tests::java::{State, latest, sorted};

use crate::place::{Place, key, keys};

const JOB: &str = "100% 任务 🚀";

fn bytes(len: u32) -> Vec<u8> {
    (0..len).map(|i| (i * 7 + i / 4096).to_le_bytes()[0]).collect()
}

/// In the order in which they are stored. The large one takes two parts.
fn states() -> Vec<State> {
    let (kibibyte, mebibyte, large) = (bytes(1 << 10), bytes(1 << 20), bytes(6 << 20));
    [
        (1, 1, Some(&b"1"[..])),
        (1, 2, None),
        (2, 1, Some(&mebibyte)),
        (1, 3, Some(b"")),
        (2, i64::MAX, Some(&kibibyte)),
        (0, 0, Some(&large)),
    ]
    .map(|(pipeline, checkpoint, states)| State::new(JOB, pipeline, checkpoint, states))
    .into()
}

/// Which of a job's files were written in parts.
async fn in_parts(place: &Place, names: &[String]) -> Vec<bool> {
    let mut in_parts = Vec::new();
    for name in names {
        in_parts.push(place.is_in_parts(&key(JOB, name)).await);
    }
    in_parts
}

const LARGE_ALONE: [bool; 6] = [false, false, false, false, false, true];

#[tokio::test]
async fn ours_reads_what_java_wrote() {
    let Some(place) = Place::new() else { return };
    let mut java = place.java();
    let expected = states();
    let written: Vec<_> = expected.iter().map(|state| java.store(state).expect("stored")).collect();
    // No key begins with a slash, nothing is escaped, and nothing lies beside the checkpoints.
    assert_eq!(place.keys().await, keys(JOB, &written));
    assert_eq!(in_parts(&place, &written).await, LARGE_ALONE);

    let storage = place.ours().await;
    assert_eq!(storage.jobs().await.expect("listed"), [job(JOB)]);
    assert_eq!(names(&storage, JOB).await, written);
    assert!(ours::all(&storage, JOB).await == expected);
    assert!(ours::latest(&storage, JOB).await == latest(&expected));
    for entry in storage.list(&job(JOB), &ListQuery::all()).await.expect("listed") {
        let read = storage.read(&job(JOB), &entry.name).await.expect("read");
        assert_eq!(read.entry.integrity, Integrity::NoChecksum);
    }
    let items = storage.scan(None).await.expect("scanned");
    assert_eq!(items.len(), expected.len());
    assert!(items.iter().all(|item| matches!(item.kind, ScanKind::Checkpoint(_))), "{items:?}");
}

#[tokio::test]
async fn java_reads_what_ours_wrote() {
    let Some(place) = Place::new() else { return };
    let storage = place.ours().await;
    let mut expected = states();
    for state in &expected {
        ours::store(&storage, state).await;
    }
    let written = names(&storage, JOB).await;
    assert_eq!(place.keys().await, keys(JOB, &written));
    assert_eq!(in_parts(&place, &written).await, LARGE_ALONE);
    // Java takes a savepoint for what it is besides: a checkpoint.
    let savepoint = State::new(JOB, 1, 4, Some(b"kept"));
    ours::store_as(&storage, &savepoint, CheckpointKind::Savepoint).await;
    expected.push(savepoint);

    let mut java = place.java();
    assert!(java.all(JOB).expect("read") == sorted(&expected));
    assert!(java.latest(JOB).expect("read") == latest(&expected));
    for last in latest(&expected) {
        let read = java.latest_of_pipeline(JOB, last.pipeline).expect("read");
        assert!(read == Some(last));
    }
    let second: Vec<_> = expected.iter().filter(|s| s.pipeline == 2).cloned().collect();
    assert!(java.of_pipeline(JOB, 2).expect("read") == sorted(&second));
    for state in &expected {
        let read = java.get(JOB, state.pipeline, state.checkpoint).expect("read");
        assert!(read == *state);
    }
}

#[tokio::test]
async fn java_deletes_what_ours_wrote_and_ours_goes_on() {
    let Some(place) = Place::new() else { return };
    let storage = place.ours().await;
    let mut expected = states();
    for state in &expected {
        ours::store(&storage, state).await;
    }
    let mut java = place.java();
    java.delete(JOB, 1, &[1, 2, 77]).expect("deleted");
    expected.retain(|state| state.pipeline != 1 || state.checkpoint > 2);
    assert!(ours::all(&storage, JOB).await == expected);
    assert_eq!(place.keys().await, keys(JOB, &names(&storage, JOB).await));

    java.delete_job(JOB).expect("deleted");
    assert_eq!(storage.jobs().await.expect("listed"), []);
    assert_eq!(names(&storage, JOB).await, [] as [String; 0]);
    let again = State::new(JOB, 1, 1, Some(b"again"));
    ours::store(&storage, &again).await;
    assert_eq!(java.all(JOB).expect("read"), [again]);
}

#[tokio::test]
async fn ours_deletes_what_java_wrote_and_java_goes_on() {
    let Some(place) = Place::new() else { return };
    let mut java = place.java();
    let storage = place.ours().await;
    let mut expected = states();
    for state in &expected {
        java.store(state).expect("stored");
    }
    let report = storage.delete_checkpoints(&job(JOB), 1, &[1, 2]).await.expect("deleted");
    assert_eq!(report.deleted.len(), 2);
    expected.retain(|state| state.pipeline != 1 || state.checkpoint > 2);
    let between = State::new(JOB, 1, 4, Some(b"between"));
    ours::store(&storage, &between).await;
    expected.push(between);
    let after = State::new(JOB, 1, 5, Some(b"after"));
    java.store(&after).expect("stored");
    expected.push(after);
    assert!(ours::all(&storage, JOB).await == expected);
    assert!(java.all(JOB).expect("read") == sorted(&expected));
    assert!(java.latest(JOB).expect("read") == latest(&expected));

    storage.delete_job(&job(JOB)).await.expect("deleted");
    assert_eq!(place.keys().await, [] as [String; 0]);
    assert_eq!(java.all(JOB).expect("no error"), []);
    assert_eq!(java.latest_of_pipeline(JOB, 1).expect("no error"), None);
    java.store(&State::new(JOB, 1, 1, Some(b"again"))).expect("stored");
    assert_eq!(names(&storage, JOB).await.len(), 1);
}

#[tokio::test]
async fn a_job_id_is_the_same_key_for_both_whatever_is_in_it() {
    const JOBS: [&str; 8] = [
        " in front and behind ",
        "100%25 of %41",
        "865405612345123456",
        "a+b&c=d?e#f;g@h",
        "e\u{301} is not é",
        "host:9000",
        "任务",
        "🚀",
    ];
    let Some(place) = Place::new() else { return };
    let (mut java, storage) = (place.java(), place.ours().await);
    for id in JOBS {
        let [first, second] = [1, 2].map(|checkpoint| State::new(id, 1, checkpoint, Some(b"x")));
        let by_java = java.store(&first).expect("stored");
        let by_ours = ours::store(&storage, &second).await.name.to_string();
        let mut of_job = place.keys().await;
        of_job.retain(|stored| stored.starts_with(&key(id, "")));
        assert_eq!(of_job, keys(id, &[by_java, by_ours]));
        let both = [first, second];
        assert_eq!(java.all(id).expect("read"), both);
        assert_eq!(ours::all(&storage, id).await, both);
    }
    assert_eq!(place.keys().await.len(), 2 * JOBS.len(), "and nothing else");
    let mut jobs = storage.jobs().await.expect("listed");
    jobs.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    assert_eq!(jobs, JOBS.map(job));
}
