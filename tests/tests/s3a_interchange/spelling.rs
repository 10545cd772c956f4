//! What a bucket and a namespace mean to either side, however they are written.

use checkpoint_storage_tests::configuration::{Configuration, lines};
use checkpoint_storage_tests::java::State;
use checkpoint_storage_tests::java::ours;

use crate::place::{NAMESPACE, Place, keys};

const JOB: &str = "1";

fn state(checkpoint: i64) -> State {
    State::new(JOB, 1, checkpoint, Some(b"states"))
}

#[tokio::test]
async fn a_bucket_is_the_same_with_a_slash_or_a_path() {
    let Some(place) = Place::new() else { return };
    let bucket = place.bucket();
    let mut expected = Vec::new();
    let mut stored = Vec::new();
    for (at, end) in [(1, ""), (3, "/"), (5, "/some/path")] {
        let spelling = format!("s3a://{bucket}{end}");
        let mut java = place.java_at(&spelling, NAMESPACE);
        let storage = place.ours_at(&spelling, NAMESPACE).await;
        stored.push(java.store(&state(at)).expect("stored"));
        stored.push(ours::store(&storage, &state(at + 1)).await.name.to_string());
        expected.extend([state(at), state(at + 1)]);
        assert_eq!(java.all(JOB).expect("read"), expected, "{spelling}");
        assert_eq!(ours::all(&storage, JOB).await, expected, "{spelling}");
    }
    assert_eq!(place.keys().await, keys(JOB, &stored));
    // Java takes these for HDFS, or for a client that Hadoop no longer has.
    for spelling in [bucket.to_owned(), format!("{bucket}/"), format!("s3n://{bucket}/")] {
        let storage = place.ours_at(&spelling, NAMESPACE).await;
        assert_eq!(ours::all(&storage, JOB).await, expected, "{spelling}");
    }
}

#[tokio::test]
async fn a_namespace_that_begins_with_a_slash_is_the_same_keys_for_both() {
    let Some(place) = Place::new() else { return };
    let bucket = format!("s3a://{}", place.bucket());
    let mut expected = Vec::new();
    for (at, namespace) in [(1, "/a b/ü"), (3, "/a b/ü/")] {
        let mut java = place.java_at(&bucket, namespace);
        let storage = place.ours_at(&bucket, namespace).await;
        java.store(&state(at)).expect("stored");
        ours::store(&storage, &state(at + 1)).await;
        expected.extend([state(at), state(at + 1)]);
        assert_eq!(java.all(JOB).expect("read"), expected, "{namespace}");
        assert_eq!(ours::all(&storage, JOB).await, expected, "{namespace}");
    }
    let stored = place.keys().await;
    assert_eq!(stored.len(), expected.len());
    assert!(stored.iter().all(|key| key.starts_with("a b/ü/1/")), "{stored:?}");
}

/// Without the slash Hadoop looks below the home directory of the JVM's user.
#[tokio::test]
async fn a_namespace_without_a_slash_in_front_is_elsewhere_for_java() {
    let Some(place) = Place::new() else { return };
    let bucket = format!("s3a://{}", place.bucket());
    let mut java = place.java_at(&bucket, "a/b");
    let name = java.store(&state(1)).expect("stored");
    let keys = place.keys().await;
    let [key] = &keys[..] else { panic!("{keys:?}") };
    let home = key.strip_suffix(&format!("/a/b/{JOB}/{name}")).expect("below a directory");
    assert_eq!(home.split('/').next(), Some("user"), "{key}");

    let storage = place.ours_at(&bucket, "a/b").await;
    assert_eq!(ours::all(&storage, JOB).await, []);
    ours::store(&storage, &state(2)).await;
    let storage = place.ours_at(&bucket, "/a/b").await;
    assert_eq!(ours::all(&storage, JOB).await, [state(2)]);
    let storage = place.ours_at(&bucket, &format!("/{home}/a/b")).await;
    assert_eq!(ours::all(&storage, JOB).await, [state(1)]);
}

#[test]
fn one_configuration_serves_both_if_it_has_java_s_spellings() {
    let Some(place) = Place::new() else { return };
    let bucket = format!("s3a://{}", place.bucket());
    place.java_at(&bucket, NAMESPACE).store(&state(1)).expect("stored");
    let plugin = format!("storage.type: s3\n{}", lines(place.config(&bucket, NAMESPACE)));
    let configuration =
        Configuration { storage: "type: hdfs", plugin: &plugin, ..Configuration::default() };
    let read = ours::get_by_configuration("checkpoint_storage_s3", configuration, JOB);
    assert_eq!(read, b"states");
}
