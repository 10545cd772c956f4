//! Each side reads, lists and deletes what the other stored, under keys that it would have given.

use checkpoint_storage_tests::java::State;
use checkpoint_storage_tests::java::exchange::{self, JOB};

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
    let Some(place) = Place::new() else { return };
    let ids = [&exchange::JOBS[..], &["host:9000"]].concat();
    let stored = exchange::a_job_id_is_the_same_directory_for_both(&place, &ids).await;
    let mut expected: Vec<_> =
        ids.iter().zip(&stored).flat_map(|(id, names)| keys(id, names)).collect();
    expected.sort();
    assert_eq!(place.keys().await, expected);
}
