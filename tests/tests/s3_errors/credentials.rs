//! Keys that are missing, unknown, wrong, out of date, or not allowed what they are used for.

use checkpoint_storage_api::{CheckpointStorage, ErrorKind, ListQuery};
use checkpoint_storage_tests::configuration::Configuration;
use checkpoint_storage_tests::s3::{S3Server, S3Setup, TemporaryKeys, in_process, minio, servers};

use crate::storage::{
    NAMESPACE, Told, all_tell, assert_told, config, job, open, some_name, state, store, told,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_credentials_is_refused_before_anything_is_sent() {
    let setup = S3Setup::new(in_process());
    let plugin = format!(
        "storage-type: s3\ns3.bucket: {}\nfs.s3a.endpoint: http://127.0.0.1:9",
        setup.bucket
    );
    let without =
        Configuration { storage: "type: hdfs", plugin: &plugin, ..Configuration::default() };
    setup.write_configuration(&without.yaml());
    for command in [&["jobs"][..], &["store", "1", "1", "1", "/dev/null"], &["list", "1"]] {
        let output = setup.command(command).output().expect("started");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        for part in ["fs.s3a.access-key", "fs.s3a.secret-key", "fs.s3a.aws.credentials.provider"] {
            assert!(said.contains(part), "no `{part}` in {said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_the_server_does_not_know_is_told_apart_from_a_wrong_secret() {
    for server in servers() {
        let bucket = server.new_bucket();
        let unknown = S3Server { access_key: "nobody".to_owned(), ..server.clone() };
        let wrong = S3Server { secret_key: "hush-hush-wrong".to_owned(), ..server.clone() };
        for (user, key) in [(unknown, "`fs.s3a.access-key`"), (wrong, "`fs.s3a.secret-key`")] {
            let storage = open(config(&user, &bucket, &[])).await;
            all_tell(&storage, &told(ErrorKind::PermissionDenied, &[], &[key])).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_none_is_named() {
    let Some(server) = minio() else { return };
    let token = [("fs.s3a.session.token", "hush-no-token")];
    let storage = open(config(server, &server.new_bucket(), &token)).await;
    let expected = told(ErrorKind::PermissionDenied, &["token"], &["`fs.s3a.session.token`"]);
    all_tell(&storage, &expected).await;
}

fn policy(bucket: &str, actions: &str) -> String {
    format!(
        "{{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Effect\":\"Allow\",\"Action\":[{actions}],\
         \"Resource\":[\"arn:aws:s3:::{bucket}\",\"arn:aws:s3:::{bucket}/*\"]}}]}}"
    )
}

fn forbidden() -> Told {
    told(
        ErrorKind::PermissionDenied,
        &["AccessDenied"],
        &["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_without_permission_are_told_what_they_need() {
    let Some(server) = minio() else { return };
    let (bucket, other) = (server.new_bucket(), server.new_bucket());
    let as_user = async |actions: &str, of: &str| {
        let keys = TemporaryKeys::new(server, Some(policy(of, actions))).await;
        let user = S3Server { access_key: keys.id, secret_key: keys.secret, ..server.clone() };
        open(config(&user, &bucket, &[("fs.s3a.session.token", &keys.token)])).await
    };

    let all = as_user("\"s3:*\"", &bucket).await;
    let entry = store(&all, 1).await;
    all_tell(&as_user("\"s3:*\"", &other).await, &forbidden()).await;

    let reader = as_user("\"s3:ListBucket\",\"s3:GetObject\"", &bucket).await;
    let checkpoint = reader.read(&job(), &entry.name).await.expect("readable");
    assert_eq!(checkpoint.states.as_deref(), Some(&b"states"[..]));
    assert_told(&reader.store(state(2)).await.expect_err("it may not"), &forbidden());
    let mut report = reader.delete_names(&job(), &[entry.name]).await.expect("a report");
    assert_told(&report.failed.pop().expect("it may not").1, &forbidden());
    let both = [entry.name, some_name(2)];
    let report = reader.delete_names(&job(), &both).await.expect("a report");
    assert_eq!(report.failed.len(), 2);
    report.failed.iter().for_each(|(_, error)| assert_told(error, &forbidden()));

    // Whoever may not list is told that a missing object is forbidden, by AWS too.
    let blind = as_user("\"s3:GetObject\",\"s3:PutObject\"", &bucket).await;
    let listed = blind.list(&job(), &ListQuery::all()).await;
    assert_told(&listed.expect_err("it may not"), &forbidden());
    assert_eq!(all.list(&job(), &ListQuery::all()).await.expect("listed").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_bucket_is_read_without_keys_and_not_written() {
    let Some(server) = minio() else { return };
    let bucket = server.new_bucket();
    let entry = store(&open(config(server, &bucket, &[])).await, 1).await;
    let anonymous = open(
        [
            ("s3.bucket", bucket.as_str()),
            ("fs.s3a.endpoint", &server.endpoint),
            ("fs.s3a.aws.credentials.provider", "AnonymousAWSCredentialsProvider"),
            ("storageNameSpace", NAMESPACE),
        ]
        .into(),
    )
    .await;
    all_tell(&anonymous, &forbidden()).await;

    let public = policy(&bucket, "\"s3:ListBucket\",\"s3:GetObject\"")
        .replace("\"Effect\"", "\"Principal\":{\"AWS\":[\"*\"]},\"Effect\"");
    let client = server.client();
    client.put_bucket_policy().bucket(&bucket).policy(public).send().await.expect("taken");
    anonymous.read(&job(), &entry.name).await.expect("readable");
    assert_told(&anonymous.store(state(2)).await.expect_err("it may not"), &forbidden());
}

/// Exit codes are for scripts: a refusal is a failed operation, not "not found".
#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_fails_and_shows_no_secret() {
    let setup = S3Setup::new(in_process());
    let yaml = std::fs::read_to_string(setup.configuration()).expect("written");
    setup.write_configuration(&yaml.replace("${TEST_S3_SECRET_KEY}", "hush-hush-wrong"));
    for arguments in [&["get", "1", "1", "1"][..], &["-vv", "jobs"], &["--json", "latest", "1"]] {
        let output = setup.command(arguments).output().expect("started");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("fs.s3a.secret-key"), "{said}");
        assert!(!said.contains("hush"), "a secret is shown");
    }
}
