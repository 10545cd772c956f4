//! Each side reads, lists and deletes what the other stored, under keys that it would have given.

use checkpoint_storage_api::CheckpointStorage;
use checkpoint_storage_tests::java::State;
use checkpoint_storage_tests::java::exchange::{self, JOB, SharedPlace};
use checkpoint_storage_tests::java::ours::{self, job};

use crate::place::{Place, key, keys};

/// Where the large one is in what is stored.
const LARGE: usize = 5;

/// The large one takes two parts.
fn states() -> Vec<State> {
    exchange::states(6 << 20)
}

async fn assert_large_alone_in_parts(place: &Place, names: &[String]) {
    for (at, name) in names.iter().enumerate() {
        assert_eq!(place.is_in_parts(&key(JOB, name)).await, at == LARGE, "{name}");
    }
}

#[tokio::test]
async fn ours_reads_what_java_wrote() {
    let Some(place) = Place::new() else { return };
    let written = exchange::ours_reads_what_java_wrote(&place, states()).await;
    assert_large_alone_in_parts(&place, &written).await;
}

#[tokio::test]
async fn java_reads_what_ours_wrote() {
    let Some(place) = Place::new() else { return };
    let written = exchange::java_reads_what_ours_wrote(&place, states()).await;
    assert_large_alone_in_parts(&place, &written).await;
}

#[tokio::test]
async fn java_deletes_what_ours_wrote_and_ours_goes_on() {
    let Some(place) = Place::new() else { return };
    exchange::java_deletes_what_ours_wrote_and_ours_goes_on(&place, states()).await;
}

#[tokio::test]
async fn ours_deletes_what_java_wrote_and_java_goes_on() {
    let Some(place) = Place::new() else { return };
    exchange::ours_deletes_what_java_wrote_and_java_goes_on(&place, states()).await;
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
