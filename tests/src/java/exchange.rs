//! Each side reads, lists and deletes what the other stored: what holds on every medium.

use checkpoint_storage_api::{CheckpointKind, CheckpointStorage, Integrity, ListQuery, ScanKind};

use super::ours::{self, job, names};
use super::{SharedPlace, State, latest, sorted};

/// The job that stores.
pub const JOB: &str = "100% 任务 🚀";

/// Job ids that a directory can have on every medium.
pub const JOBS: [&str; 7] = [
    " in front and behind ",
    "100%25 of %41",
    "865405612345123456",
    "a+b&c=d?e#f;g@h",
    "e\u{301} is not é",
    "任务",
    "🚀",
];

/// So many bytes that do not repeat themselves soon.
pub fn bytes(len: u32) -> Vec<u8> {
    (0..len).map(|i| (i * 7 + i / 4096).to_le_bytes()[0]).collect()
}

/// In the order in which they are stored; the last has states of so many bytes.
pub fn states(last: u32) -> Vec<State> {
    let (mebibyte, last) = (bytes(1 << 20), bytes(last));
    [
        (1, 1, Some(&b"first"[..])),
        (1, 2, None),
        (2, 1, Some(&mebibyte)),
        (1, 3, Some(b"")),
        (2, i64::MAX, Some(&[0xff; 513])),
        (0, 0, Some(&last)),
    ]
    .map(|(pipeline, checkpoint, states)| State::new(JOB, pipeline, checkpoint, states))
    .into()
}

/// Nothing lies there but files of these names, and what Java keeps beside its own.
async fn assert_alone(place: &impl SharedPlace, names: &[String], of_java: &[String]) {
    let beside = of_java.iter().filter_map(|name| place.beside(name));
    let mut expected: Vec<_> = names.iter().cloned().chain(beside).collect();
    expected.sort();
    assert_eq!(place.files(JOB).await, expected);
}

/// Answers with the names of the files.
pub async fn ours_reads_what_java_wrote(
    place: &impl SharedPlace,
    states: Vec<State>,
) -> Vec<String> {
    let mut java = place.java();
    let written: Vec<_> = states.iter().map(|state| java.store(state).expect("stored")).collect();
    assert_alone(place, &written, &written).await;

    let storage = place.ours().await;
    assert_eq!(storage.jobs().await.expect("listed"), [job(JOB)]);
    assert_eq!(names(&storage, JOB).await, written);
    assert!(ours::all(&storage, JOB).await == states);
    assert!(ours::latest(&storage, JOB).await == latest(&states));
    for entry in storage.list(&job(JOB), &ListQuery::all()).await.expect("listed") {
        let read = storage.read(&job(JOB), &entry.name).await.expect("read");
        assert_eq!(read.entry.integrity, Integrity::NoChecksum);
    }
    let items = storage.scan(None).await.expect("scanned");
    assert_eq!(items.len(), states.len());
    assert!(items.iter().all(|item| matches!(item.kind, ScanKind::Checkpoint(_))), "{items:?}");
    written
}

/// Answers with the names of the files, of which the last is a savepoint.
pub async fn java_reads_what_ours_wrote(
    place: &impl SharedPlace,
    mut states: Vec<State>,
) -> Vec<String> {
    let storage = place.ours().await;
    for state in &states {
        ours::store(&storage, state).await;
    }
    // Java takes a savepoint for what it is besides: a checkpoint.
    let savepoint = State::new(JOB, 1, 4, Some(b"kept"));
    ours::store_as(&storage, &savepoint, CheckpointKind::Savepoint).await;
    states.push(savepoint);
    let written = names(&storage, JOB).await;
    assert_alone(place, &written, &[]).await;

    let mut java = place.java();
    assert!(java.all(JOB).expect("read") == sorted(&states));
    assert!(java.latest(JOB).expect("read") == latest(&states));
    for last in latest(&states) {
        let read = java.latest_of_pipeline(JOB, last.pipeline).expect("read");
        assert!(read == Some(last));
    }
    let second: Vec<_> = states.iter().filter(|state| state.pipeline == 2).cloned().collect();
    assert!(java.of_pipeline(JOB, 2).expect("read") == sorted(&second));
    for state in &states {
        let read = java.get(JOB, state.pipeline, state.checkpoint).expect("read");
        assert!(read == *state);
    }
    written
}

/// First some checkpoints, then the job.
pub async fn java_deletes_what_ours_wrote_and_ours_goes_on(
    place: &impl SharedPlace,
    mut states: Vec<State>,
) {
    let storage = place.ours().await;
    for state in &states {
        ours::store(&storage, state).await;
    }
    let mut java = place.java();
    java.delete(JOB, 1, &[1, 2, 77]).expect("deleted");
    states.retain(|state| state.pipeline != 1 || state.checkpoint > 2);
    assert!(ours::all(&storage, JOB).await == states);
    assert_alone(place, &names(&storage, JOB).await, &[]).await;

    java.delete_job(JOB).expect("deleted");
    assert_eq!(storage.jobs().await.expect("listed"), []);
    assert_eq!(names(&storage, JOB).await, [] as [String; 0]);
    // A directory went away under a storage that had made it.
    let again = State::new(JOB, 1, 1, Some(b"again"));
    ours::store(&storage, &again).await;
    assert_eq!(java.all(JOB).expect("read"), [again]);
}

/// First some checkpoints, then, after each side has stored another, the job.
pub async fn ours_deletes_what_java_wrote_and_java_goes_on(
    place: &impl SharedPlace,
    mut states: Vec<State>,
) {
    let mut java = place.java();
    let storage = place.ours().await;
    let mut of_java: Vec<_> =
        states.iter().map(|state| java.store(state).expect("stored")).collect();
    let report = storage.delete_checkpoints(&job(JOB), 1, &[1, 2]).await.expect("deleted");
    assert_eq!(report.deleted.len(), 2);
    states.retain(|state| state.pipeline != 1 || state.checkpoint > 2);
    of_java.retain(|name| report.deleted.iter().all(|deleted| deleted.to_string() != *name));
    let between = State::new(JOB, 1, 4, Some(b"between"));
    ours::store(&storage, &between).await;
    states.push(between);
    let after = State::new(JOB, 1, 5, Some(b"after"));
    of_java.push(java.store(&after).expect("stored"));
    states.push(after);
    assert!(ours::all(&storage, JOB).await == states);
    assert!(java.all(JOB).expect("read") == sorted(&states));
    assert!(java.latest(JOB).expect("read") == latest(&states));
    assert_alone(place, &names(&storage, JOB).await, &of_java).await;

    storage.delete_job(&job(JOB)).await.expect("deleted");
    assert!(place.is_gone(JOB).await, "{:?}", place.files(JOB).await);
    assert_eq!(java.all(JOB).expect("no error"), []);
    assert_eq!(java.latest_of_pipeline(JOB, 1).expect("no error"), None);
    java.store(&State::new(JOB, 1, 1, Some(b"again"))).expect("stored");
    assert_eq!(names(&storage, JOB).await.len(), 1);
}

/// Answers with the names of the files of each job, of either side one.
pub async fn a_job_id_is_the_same_directory_for_both(
    place: &impl SharedPlace,
    ids: &[&str],
) -> Vec<[String; 2]> {
    let (mut java, storage) = (place.java(), place.ours().await);
    let mut stored = Vec::new();
    for id in ids {
        let [first, second] = [1, 2].map(|checkpoint| State::new(id, 1, checkpoint, Some(b"x")));
        let by_java = java.store(&first).expect("stored");
        let by_ours = ours::store(&storage, &second).await.name.to_string();
        stored.push([by_java, by_ours]);
        let both = [first, second];
        assert_eq!(java.all(id).expect("read"), both);
        assert_eq!(ours::all(&storage, id).await, both);
    }
    let mut jobs = storage.jobs().await.expect("listed");
    jobs.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    let mut expected: Vec<_> = ids.iter().copied().map(job).collect();
    expected.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    assert_eq!(jobs, expected);
    stored
}
