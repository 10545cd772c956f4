//! Each side reads, lists and deletes what the other stored, in files that it would have given.

use checkpoint_storage_api::{CheckpointStorage, ErrorKind};
use checkpoint_storage_tests::hdfs::HdfsCluster;
use checkpoint_storage_tests::java::exchange::{self, JOB};
use checkpoint_storage_tests::java::ours::job;
use checkpoint_storage_tests::java::{SharedPlace, State};

use crate::place::{BLOCK, Keys, Place, by_keys, by_site_file};

/// Some have no states, and the large one takes several blocks.
fn states() -> Vec<State> {
    exchange::states(6 << 20)
}

/// Both take the size of blocks from one key.
async fn assert_in_blocks(place: &Place, names: &[String]) {
    let client = place.cluster.client();
    for name in names {
        let file = client.get_file_info(&place.path(JOB, name)).await.expect("there");
        assert_eq!(file.blocksize, Some(BLOCK), "{name}");
    }
}

#[tokio::test]
async fn ours_reads_what_java_wrote() {
    let Some(place) = Place::new() else { return };
    let written = exchange::ours_reads_what_java_wrote(&place, states()).await;
    assert_in_blocks(&place, &written).await;
}

#[tokio::test]
async fn java_reads_what_ours_wrote() {
    let Some(place) = Place::new() else { return };
    let written = exchange::java_reads_what_ours_wrote(&place, states()).await;
    assert_in_blocks(&place, &written).await;
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
async fn on_a_nameservice_either_side_finds_what_the_other_stored() {
    for way in [by_site_file as fn(&HdfsCluster) -> Keys, by_keys] {
        let Some(place) = Place::on_nameservice(way) else { return };
        exchange::ours_reads_what_java_wrote(&place, states()).await;
        let Some(place) = Place::on_nameservice(way) else { return };
        exchange::java_reads_what_ours_wrote(&place, states()).await;
    }
}

#[tokio::test]
async fn a_job_id_is_the_same_directory_for_both_whatever_is_in_it() {
    let Some(place) = Place::new() else { return };
    let ids = exchange::JOBS;
    let stored = exchange::a_job_id_is_the_same_directory_for_both(&place, &ids).await;
    for (id, mut names) in ids.into_iter().zip(stored) {
        names.sort();
        assert_eq!(place.cluster.list(&place.path(id, "")).expect("listed"), names);
    }
    assert_eq!(place.cluster.list(place.namespace()).expect("listed"), ids, "and nothing else");
}

#[tokio::test]
async fn a_colon_in_a_job_id_is_refused_by_both() {
    let Some(place) = Place::new() else { return };
    let (mut java, storage) = (place.java(), place.ours().await);
    let state = State::new("host:9000", 1, 1, Some(b"x"));
    java.store(&state).expect_err("HDFS has no such names");
    let error = storage.latest_of_pipeline(&job("host:9000"), 1).await.expect_err("nor has ours");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(place.is_gone("host:9000").await);
}
