//! Several providers.

use crate::place::{ACCESS_KEY, FAILED, PROVIDER, Place, SECRET_KEY};

#[test]
fn the_first_that_has_something_serves() {
    let Some(place) = Place::new() else { return };
    let keys = place.temporary_keys();
    let own = place.server().clone();
    let configure = |providers: &str, secret: &str| {
        let keys = [(ACCESS_KEY, own.access_key.as_str()), (SECRET_KEY, secret)];
        place.configure(&[&[(PROVIDER, providers)], &keys[..]].concat());
    };
    let environment = "com.amazonaws.auth.EnvironmentVariableCredentialsProvider";
    let simple = "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider";

    // The first has nothing.
    configure(&format!("{environment},{simple}"), &own.secret_key);
    place.stores(&[]);
    // The first has something, and the second would not do.
    configure(&format!("{environment}, {simple}"), "hush-wrong");
    place.stores(&keys.variables());
    configure(&format!("{simple},{environment}"), "hush-wrong");
    place.refused(&keys.variables(), FAILED, &["SignatureDoesNotMatch"]);
    // As in Hadoop, one that fails is passed over.
    configure(&format!("process:exit 7,{simple}"), &own.secret_key);
    place.stores(&[]);
}

#[test]
fn without_credentials_the_reason_of_each_provider_is_told() {
    let Some(place) = Place::new() else { return };
    place.configure(&[(
        PROVIDER,
        "EnvironmentVariableCredentialsProvider,process:exit 7,IAMInstanceCredentialsProvider",
    )]);
    let parts = [
        "Environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY): ",
        "; Process (the program behind `process:`): ",
        "exit status: 7",
        "; Container (AWS_CONTAINER_CREDENTIALS_FULL_URI or ",
        "; Instance (the metadata service of this machine): Connection refused",
        PROVIDER,
    ];
    place.refused(&[], FAILED, &parts);
    place.configure(&[(PROVIDER, "DefaultCredentialsProvider")]);
    place.refused(&[], FAILED, &["Environment (", "WebIdentity (", "Profile (", "Instance ("]);
}
