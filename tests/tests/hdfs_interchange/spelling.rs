//! What an address and a namespace mean to either side, however they are written.

use checkpoint_storage_tests::configuration::{Configuration, lines};
use checkpoint_storage_tests::java::{SharedPlace, State, ours};

use crate::place::{Place, by_keys, by_site_file};

const JOB: &str = "1";

fn state(checkpoint: i64) -> State {
    State::new(JOB, 1, checkpoint, Some(b"states"))
}

#[tokio::test]
async fn an_address_and_a_namespace_are_the_same_for_both_in_every_spelling() {
    let Some(place) = Place::new() else { return };
    let (address, namespace) = (place.file_system(), place.namespace());
    let authority = address.strip_prefix("hdfs://").expect("a scheme");
    let mut expected = Vec::new();
    for (at, file_system, namespace) in [
        (1, format!("{address}/"), namespace.to_owned()),
        (3, authority.to_owned(), format!("{namespace}/")),
        (5, format!("{address}/some/path"), namespace.to_owned()),
    ] {
        let config = place.config(&file_system, &namespace);
        let (mut java, storage) = (place.java_with(&config), place.ours_with(&config).await);
        java.store(&state(at)).expect("stored");
        ours::store(&storage, &state(at + 1)).await;
        expected.extend([state(at), state(at + 1)]);
        assert_eq!(java.all(JOB).expect("read"), expected, "{file_system} {namespace}");
        assert_eq!(ours::all(&storage, JOB).await, expected, "{file_system} {namespace}");
    }
    assert_eq!(place.files(JOB).await.len(), expected.len());
}

/// Without the slash Hadoop looks below the home directory of the JVM's user.
#[tokio::test]
async fn a_namespace_without_a_slash_in_front_is_elsewhere_for_java() {
    let Some(place) = Place::new() else { return };
    let namespace = place.namespace().trim_start_matches('/');
    let config = place.config(place.file_system(), namespace);
    let (mut java, storage) = (place.java_with(&config), place.ours_with(&config).await);
    java.store(&state(1)).expect("stored");
    ours::store(&storage, &state(2)).await;
    assert_eq!(java.all(JOB).expect("read"), [state(1)]);
    assert_eq!(place.java().all(JOB).expect("read"), [state(2)]);
    let users = place.cluster.list("/user").expect("listed");
    let [user] = &users[..] else { panic!("{users:?}") };
    let home = place.config(place.file_system(), &format!("/user/{user}/{namespace}"));
    assert_eq!(ours::all(&place.ours_with(&home).await, JOB).await, [state(1)]);
}

#[test]
fn one_configuration_serves_both_if_it_has_java_s_spellings() {
    for place in [Place::new(), Place::on_nameservice(by_site_file), Place::on_nameservice(by_keys)]
    {
        let Some(place) = place else { return };
        place.java().store(&state(1)).expect("stored");
        let keys = place.config(place.file_system(), place.namespace());
        let plugin = format!("storage.type: hdfs\n{}", lines(keys));
        let configuration =
            Configuration { storage: "type: hdfs", plugin: &plugin, ..Configuration::default() };
        let read = ours::get_by_configuration("checkpoint_storage_hdfs", configuration, JOB);
        assert_eq!(read, b"states", "{plugin}");
    }
}
