//! What a process is given: environment variables, AWS's shared files, a program to run.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::place::{FAILED, PROVIDER, Place};

#[test]
fn the_environment_gives_keys() {
    let Some(place) = Place::new() else { return };
    let keys = place.temporary_keys();
    for provider in [
        "com.amazonaws.auth.EnvironmentVariableCredentialsProvider",
        "software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider",
    ] {
        place.configure(&[(PROVIDER, provider)]);
        place.stores(&keys.variables());
    }
    let parts = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", PROVIDER];
    place.refused(&[], FAILED, &parts);
    place.refused(&keys.variables()[..1], FAILED, &parts);
    // Without a provider they count too.
    place.configure(&[]);
    place.stores(&keys.variables());
}

#[test]
fn a_profile_of_aws_s_shared_file_gives_keys() {
    let Some(place) = Place::new() else { return };
    let keys = place.temporary_keys();
    let file = place.path("credentials");
    std::fs::write(
        &file,
        format!(
            "[default]\naws_access_key_id = nobody\naws_secret_access_key = hush-of-nobody\n\
             [checkpoints]\naws_access_key_id = {}\naws_secret_access_key = {}\n\
             aws_session_token = {}\n",
            keys.id, keys.secret, keys.token
        ),
    )
    .expect("written");
    let file = file.to_str().expect("UTF-8");
    let profile = |name| [("AWS_SHARED_CREDENTIALS_FILE", file), ("AWS_PROFILE", name)];
    place.configure(&[(PROVIDER, "com.amazonaws.auth.profile.ProfileCredentialsProvider")]);
    place.stores(&profile("checkpoints"));
    place.refused(&profile("default"), FAILED, &["InvalidAccessKeyId"]);
    place.refused(&profile("other"), FAILED, &["`other`", "AWS_PROFILE", PROVIDER]);
    place.refused(&[], FAILED, &["AWS_SHARED_CREDENTIALS_FILE", PROVIDER]);
    std::fs::write(file, "[checkpoints]\naws_secret_access_key hush-without-a-sign\n")
        .expect("written");
    place.refused(&profile("checkpoints"), FAILED, &["could not parse", PROVIDER]);
    std::fs::write(
        file,
        "[checkpoints]\ncredential_process = echo hush-in-its-words >&2; exit 3\n",
    )
    .expect("written");
    place.refused(&profile("checkpoints"), FAILED, &["exit status: 3", PROVIDER]);
}

/// Makes a program of the shell, and names it with an argument as a provider.
fn program(place: &Place, script: &str) -> String {
    let file = place.path("give keys");
    std::fs::write(&file, format!("#!/bin/sh\n{script}")).expect("written");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o700)).expect("set");
    format!("process:\"{}\" checkpoints", file.display())
}

#[test]
fn a_program_gives_keys() {
    let Some(place) = Place::new() else { return };
    let keys = place.temporary_keys();
    let document = json!({
        "Version": 1,
        "AccessKeyId": keys.id,
        "SecretAccessKey": keys.secret,
        "SessionToken": keys.token,
        "Expiration": keys.expiration.to_string(),
    });
    let provider = |script: &str| place.configure(&[(PROVIDER, &program(&place, script))]);
    provider(&format!("[ \"$1\" = checkpoints ] || exit 1\ncat <<'END'\n{document}\nEND\n"));
    place.stores(&[]);

    provider("echo hush-in-the-output\necho hush-in-its-words >&2\nexit 3\n");
    place.refused(&[], FAILED, &["exit status: 3", "`process:`", PROVIDER]);
    provider("echo hush-and-no-document\n");
    place.refused(&[], FAILED, &["JSON", "`process:`", PROVIDER]);
    provider("echo '{\"Version\": 1, \"SecretAccessKey\": \"hush-alone\"}'\n");
    place.refused(&[], FAILED, &["AccessKeyId", "`process:`", PROVIDER]);
    place.configure(&[(PROVIDER, "process:/no/such/program"), ("operation-timeout", "4s")]);
    place.refused(&[], FAILED, &["exit status: 127", "does not find it", PROVIDER]);
    place.configure(&[(PROVIDER, "process:exec sleep 5"), ("operation-timeout", "2s")]);
    place.refused(&[], FAILED, &["no answer within 1s", "`process:`", PROVIDER]);
}
