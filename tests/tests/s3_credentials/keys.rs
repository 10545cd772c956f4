//! Keys in the configuration itself.

use crate::place::{ACCESS_KEY, CONFIGURATION, FAILED, PROVIDER, Place, SECRET_KEY, TOKEN};

const SIMPLE: &str = "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider";
const TEMPORARY: &str = "org.apache.hadoop.fs.s3a.TemporaryAWSCredentialsProvider";

#[test]
fn an_access_key_stores_with_and_without_a_provider() {
    let Some(place) = Place::new() else { return };
    let id = place.server().access_key.clone();
    let secret = place.server().secret_key.clone();
    place.configure(&[(ACCESS_KEY, &id), (SECRET_KEY, &secret)]);
    place.stores(&[]);
    place.configure(&[
        (PROVIDER, SIMPLE),
        ("fs.s3a.access-key", &id),
        ("fs.s3a.secret-key", &secret),
    ]);
    place.stores(&[]);
    // What counts for this bucket alone comes first.
    place.configure(&[
        (ACCESS_KEY, "nobody"),
        (SECRET_KEY, "hush-of-nobody"),
        (&format!("fs.s3a.bucket.{}.access.key", place.bucket()), &id),
        (&format!("fs.s3a.bucket.{}.secret.key", place.bucket()), &secret),
    ]);
    place.stores(&[]);
}

#[test]
fn temporary_keys_store_with_their_token() {
    let Some(place) = Place::new() else { return };
    let keys = place.temporary_keys();
    let (id, secret) = ((ACCESS_KEY, &*keys.id), (SECRET_KEY, &*keys.secret));
    place.configure(&[(PROVIDER, TEMPORARY), id, secret, (TOKEN, &keys.token)]);
    place.stores(&[]);
    place.configure(&[id, secret, (TOKEN, &keys.token)]);
    place.stores(&[]);

    place.configure(&[id, secret]);
    place.refused(&[], FAILED, &["`fs.s3a.session.token`"]);
    let others = place.temporary_keys();
    place.configure(&[id, secret, (TOKEN, &others.token)]);
    place.refused(&[], FAILED, &["`fs.s3a.session.token`"]);
    place.configure(&[(PROVIDER, TEMPORARY), id, secret]);
    place.refused(&[], CONFIGURATION, &[PROVIDER, "a session token", "`fs.s3a.session.token`"]);
}

#[test]
fn a_wrong_key_is_told_from_a_wrong_secret() {
    let Some(place) = Place::new() else { return };
    let id = place.server().access_key.clone();
    place.configure(&[(ACCESS_KEY, &id), (SECRET_KEY, "hush-hush")]);
    place.refused(&[], FAILED, &["SignatureDoesNotMatch", "check `fs.s3a.secret-key`"]);
    place.configure(&[(ACCESS_KEY, "nobody"), (SECRET_KEY, "hush-hush")]);
    place.refused(&[], FAILED, &["InvalidAccessKeyId", "check `fs.s3a.access-key`"]);
}

#[test]
fn what_gives_no_key_is_refused_before_anything_is_sent() {
    let Some(place) = Place::new() else { return };
    place.configure(&[]);
    place.refused(&[], CONFIGURATION, &["no credentials", "`fs.s3a.access-key`", PROVIDER]);
    place.configure(&[(PROVIDER, SIMPLE)]);
    place.refused(&[], CONFIGURATION, &["needs an access key", "`fs.s3a.secret-key`"]);
    place.configure(&[(ACCESS_KEY, "id")]);
    place.refused(&[], CONFIGURATION, &["means nothing without `fs.s3a.secret-key`"]);
    place.configure(&[(SECRET_KEY, "hush-alone")]);
    place.refused(&[], CONFIGURATION, &["means nothing without `fs.s3a.access-key`"]);
    place.configure(&[(ACCESS_KEY, "id"), ("fs.s3a.access.secret", "hush-misnamed")]);
    place.refused(&[], CONFIGURATION, &["fs.s3a.access.secret", "fs.s3a.secret-key"]);
    place.configure(&[(PROVIDER, "com.acme.VaultCredentialsProvider")]);
    place.refused(&[], CONFIGURATION, &["SimpleAWSCredentialsProvider", "`process:`"]);
}
