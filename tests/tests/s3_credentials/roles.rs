//! Roles that a token service hands out.

use checkpoint_storage_tests::s3::Relay;
use checkpoint_storage_tests::s3::http::{Asked, answer};

use crate::place::{ACCESS_KEY, CONFIGURATION, FAILED, NOWHERE, PROVIDER, Place, SECRET_KEY};

const ASSUMED: &str = "org.apache.hadoop.fs.s3a.auth.AssumedRoleCredentialProvider";
const WEB_IDENTITY: &str = "com.amazonaws.auth.WebIdentityTokenCredentialsProvider";
const ROLE: &str = "arn:aws:iam::1:role/checkpoints";

#[test]
fn a_role_is_assumed_with_the_access_key() {
    let Some(place) = Place::new() else { return };
    let own = place.server().clone();
    let role = |secret: &str, endpoint: &str, more: &[(&str, &str)]| {
        let keys = [
            (PROVIDER, ASSUMED),
            (ACCESS_KEY, &*own.access_key),
            (SECRET_KEY, secret),
            ("fs.s3a.assumed.role.arn", ROLE),
            ("fs.s3a.assumed.role.sts.endpoint", endpoint),
            ("fs.s3a.assumed.role.sts.endpoint.region", "us-east-1"),
        ];
        place.configure(&[&keys[..], more].concat());
    };
    role(&own.secret_key, &own.endpoint, &[]);
    place.stores(&[]);
    let session = [
        ("fs.s3a.assumed.role.session.name", "a-job"),
        ("fs.s3a.assumed.role.session.duration", "1h"),
        ("fs.s3a.assumed.role.external.id", "another-account"),
    ];
    role(&own.secret_key, &own.endpoint, &session);
    place.stores(&[]);

    let whom = "AssumedRole (`fs.s3a.assumed.role.arn`";
    role("hush-wrong", &own.endpoint, &[]);
    place.refused(&[], FAILED, &[whom, "signature", PROVIDER]);
    role(&own.secret_key, NOWHERE, &[]);
    place.refused(&[], FAILED, &[whom, "Connection refused", PROVIDER]);
    role(&own.secret_key, &own.endpoint, &[("fs.s3a.assumed.role.session.duration", "1m")]);
    place.refused(&[], FAILED, &[whom, "InvalidParameterValue", "expiry"]);
}

#[test]
fn a_role_is_assumed_with_keys_from_elsewhere() {
    let Some(place) = Place::new() else { return };
    let own = place.server().clone();
    place.configure(&[
        (PROVIDER, ASSUMED),
        ("fs.s3a.assumed.role.arn", ROLE),
        ("fs.s3a.assumed.role.credentials.provider", "EnvironmentVariableCredentialsProvider"),
    ]);
    let variables = [
        ("AWS_ENDPOINT_URL_STS", &*own.endpoint),
        ("AWS_ACCESS_KEY_ID", &*own.access_key),
        ("AWS_SECRET_ACCESS_KEY", &*own.secret_key),
    ];
    place.stores(&variables);
    let parts = ["AssumedRole (", "Environment (AWS_ACCESS_KEY_ID", PROVIDER];
    place.refused(&variables[..1], FAILED, &parts);

    place.configure(&[(PROVIDER, ASSUMED)]);
    place.refused(&[], CONFIGURATION, &["`fs.s3a.assumed.role.arn`", "write the role's ARN"]);
    place.configure(&[
        (PROVIDER, ASSUMED),
        ("fs.s3a.assumed.role.arn", ROLE),
        ("fs.s3a.assumed.role.credentials.provider", ASSUMED),
    ]);
    place.refused(&[], CONFIGURATION, &["`fs.s3a.assumed.role.credentials.provider`", "itself"]);
}

/// MinIO gives keys for a web identity only where it knows who vouches for it, so the keys are those
/// that it gives for a role, by way of a service that asks nobody.
#[test]
fn a_web_identity_gives_keys() {
    let Some(place) = Place::new() else { return };
    let keys = place.temporary_keys();
    let credentials = format!(
        "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>\
         <AccessKeyId>{}</AccessKeyId><SecretAccessKey>{}</SecretAccessKey>\
         <SessionToken>{}</SessionToken><Expiration>{}</Expiration>\
         </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>",
        keys.id, keys.secret, keys.token, keys.expiration
    );
    let service = Relay::answering(move |_| answer(200, "text/xml", credentials.clone()));
    let url = service.url();
    let token = place.path("identity");
    let token_file = token.to_str().expect("UTF-8");
    let variables = |endpoint| {
        [
            ("AWS_ROLE_ARN", ROLE),
            ("AWS_ROLE_SESSION_NAME", "a-pod"),
            ("AWS_ENDPOINT_URL_STS", endpoint),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", token_file),
        ]
    };
    place.configure(&[(PROVIDER, WEB_IDENTITY)]);
    let parts = ["WebIdentity (", token_file, "No such file", PROVIDER];
    place.refused(&variables(&url), FAILED, &parts);
    let parts = ["WebIdentity (AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN): ", PROVIDER];
    place.refused(&variables(&url)[..3], FAILED, &parts);
    assert!(service.seen().is_empty());

    std::fs::write(&token, "hush-identity\n").expect("written");
    place.stores(&variables(&url));
    let asked = service.seen();
    assert_eq!(asked.len(), 2, "once by each command");
    for part in [
        "Action=AssumeRoleWithWebIdentity&",
        "RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fcheckpoints",
        "RoleSessionName=a-pod",
        "WebIdentityToken=hush-identity",
    ] {
        let has = |request: &Asked| String::from_utf8_lossy(request.body()).contains(part);
        assert!(asked.iter().all(has), "no {part}");
    }

    let minio = variables(&place.server().endpoint);
    place.refused(&minio, FAILED, &["WebIdentity (", "InvalidParameterValue", "RoleArn"]);
    let half = "<SecretAccessKey>hush-broken-off";
    let broken = Relay::answering(move |_| answer(200, "text/xml", half));
    let parts = ["WebIdentity (", "status 200, is no token service's", PROVIDER];
    place.refused(&variables(&broken.url()), FAILED, &parts);
}
