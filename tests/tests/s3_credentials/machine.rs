//! What a machine or a container of the cloud is told about itself.

use std::net::TcpListener;
use std::time::Duration;

use checkpoint_storage_tests::s3::http::answer;
use checkpoint_storage_tests::s3::{Asked, ImdsServer, Relay};

use crate::place::{FAILED, NOWHERE, PROVIDER, Place};

const IMDS: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
const URI: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const AUTHORIZATION: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
const AUTHORIZATION_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
const HOUR: Duration = Duration::from_secs(3600);

/// Hands out keys that MinIO knows.
pub(crate) fn service(place: &Place) -> ImdsServer {
    let keys = place.temporary_keys();
    let service = ImdsServer::new(&keys.id, &keys.secret, HOUR);
    service.set_session_token(&keys.token);
    service
}

#[test]
fn the_role_of_the_machine_gives_keys() {
    let Some(place) = Place::new() else { return };
    let service = service(&place);
    let endpoint = service.endpoint();
    let providers = [
        "org.apache.hadoop.fs.s3a.InstanceProfileCredentialsProvider",
        "org.apache.hadoop.fs.s3a.SharedInstanceProfileCredentialsProvider",
        "org.apache.hadoop.fs.s3a.auth.IAMInstanceCredentialsProvider",
    ];
    for provider in providers {
        place.configure(&[(PROVIDER, provider)]);
        place.stores(&[(IMDS, &endpoint)]);
    }
    // One session, and one question, for each of the commands.
    let each = 2 * providers.len() as u64;
    let asked = Asked { token: each, role: each, credentials: each, ..Asked::default() };
    assert_eq!(service.asked(), asked);
}

#[test]
fn without_a_role_it_is_said_what_was_asked() {
    let Some(place) = Place::new() else { return };
    place.configure(&[(PROVIDER, "InstanceProfileCredentialsProvider")]);
    let whom = "Instance (the metadata service of this machine): ";
    place.refused(&[(IMDS, NOWHERE)], FAILED, &[whom, "Connection refused", PROVIDER]);
    let disabled = [("AWS_EC2_METADATA_DISABLED", "true")];
    place.refused(&disabled, FAILED, &[whom, "AWS_EC2_METADATA_DISABLED", PROVIDER]);
    // It takes connections and is silent.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let silent = format!("http://{}", silent.local_addr().expect("bound"));
    place.refused(&[(IMDS, &silent)], FAILED, &[whom, PROVIDER]);
    let stranger = ImdsServer::new("nobody", "hush-of-nobody", HOUR);
    place.refused(&[(IMDS, &stranger.endpoint())], FAILED, &["InvalidAccessKeyId"]);
}

#[test]
fn a_container_shows_its_authorization_and_gets_keys() {
    let Some(place) = Place::new() else { return };
    let service = service(&place);
    let uri = service.container_uri();
    place.configure(&[(
        PROVIDER,
        "software.amazon.awssdk.auth.credentials.ContainerCredentialsProvider",
    )]);
    place.stores(&[(URI, &uri)]);
    service.set_authorization("hush-bearer");
    place.stores(&[(URI, &uri), (AUTHORIZATION, "hush-bearer")]);
    let file = place.path("authorization");
    std::fs::write(&file, "hush-bearer").expect("written");
    place.stores(&[(URI, &uri), (AUTHORIZATION_FILE, file.to_str().expect("UTF-8"))]);
    assert_eq!(service.asked(), Asked { container: 6, ..Asked::default() });

    // Either of the two is the container's first.
    place.configure(&[(PROVIDER, "IAMInstanceCredentialsProvider")]);
    place.stores(&[(URI, &uri), (AUTHORIZATION, "hush-bearer"), (IMDS, &service.endpoint())]);
    assert_eq!(service.asked(), Asked { container: 8, ..Asked::default() });
}

#[test]
fn a_container_that_gets_no_keys_says_why() {
    let Some(place) = Place::new() else { return };
    let service = service(&place);
    service.set_authorization("hush-bearer");
    let uri = service.container_uri();
    place.configure(&[(PROVIDER, "ContainerCredentialsProvider")]);
    place.refused(&[], FAILED, &["Container (", URI, PROVIDER]);
    place.refused(&[(URI, &uri)], FAILED, &["Container (", "401", PROVIDER]);
    let wrong = [(URI, &*uri), (AUTHORIZATION, "hush-wrong")];
    place.refused(&wrong, FAILED, &["Container (", "401", PROVIDER]);
    place.refused(&[(URI, NOWHERE)], FAILED, &["Connection refused", PROVIDER]);
    place.refused(&[(URI, "http://192.0.2.1/")], FAILED, &["192.0.2.1", PROVIDER]);
    // What is not as it should be may still hold a secret.
    let half = "{\"SecretAccessKey\": \"hush-broken-off";
    let broken = Relay::answering(move |_| answer(200, "application/json", half));
    place.refused(&[(URI, &broken.url())], FAILED, &["Container (", PROVIDER]);
}
