//! Buckets that are not there, and names of buckets in every spelling.

use checkpoint_storage_api::{CheckpointStorage, ErrorKind, ListQuery};
use checkpoint_storage_tests::s3::{S3Setup, in_process, minio, servers};

use crate::storage::{all_tell, config, job, open, store, told};

/// It could be taken for a checkpoint that is not there, and a job would begin anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_not_there_is_no_checkpoint_that_is_not_there() {
    let Some(server) = minio() else { return };
    let expected = told(
        ErrorKind::InvalidConfig,
        &["bucket"],
        &["create the bucket", "`s3.bucket`", "`fs.s3a.endpoint`"],
    );
    all_tell(&open(config(server, "not-there", &[])).await, &expected).await;

    // After the first store nothing is asked before a checkpoint is sent.
    let bucket = server.new_bucket();
    let client = server.client();
    let storage = open(config(server, &bucket, &[])).await;
    let entry = store(&storage, 1).await;
    storage.delete_names(&job(), &[entry.name]).await.expect("deleted");
    client.delete_bucket().bucket(&bucket).send().await.expect("empty");
    all_tell(&storage, &expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_see_a_wrong_configuration() {
    for server in servers() {
        let setup = S3Setup::new(server);
        let yaml = std::fs::read_to_string(setup.configuration()).expect("written");
        setup.write_configuration(&yaml.replace(&setup.bucket, "not-there"));
        for arguments in [
            &["jobs"][..],
            &["get", "1", "1", "1"],
            &["latest", "1"],
            &["list", "1"],
            &["store", "1", "1", "1", "/dev/null"],
            &["delete", "1", "--yes"],
            &["delete", "1", "1", "1", "--yes"],
            &["prune", "--keep", "1", "--yes"],
        ] {
            let output = setup.command(arguments).output().expect("started");
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{arguments:?} {said}");
            assert!(said.contains("create the bucket"), "{said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_spelling_of_a_bucket_leads_to_the_same_keys() {
    for server in servers() {
        let bucket = server.new_bucket();
        let mut stored = 0;
        for spelling in [
            bucket.clone(),
            format!("{bucket}/"),
            format!("s3a://{bucket}"),
            format!("s3n://{bucket}/"),
            format!("s3://{bucket}"),
            format!("S3A://{bucket}//"),
            format!("s3a://{bucket}/path"),
            format!("{bucket}/path/"),
        ] {
            for namespace in ["errors", "/errors", "errors/", "//errors//"] {
                let namespace = [("storageNameSpace", namespace)];
                let storage = open(config(server, &spelling, &namespace)).await;
                stored += 1;
                store(&storage, stored).await;
                let listed = storage.list(&job(), &ListQuery::all()).await.expect("listed");
                assert_eq!(listed.len() as i64, stored, "{spelling} {namespace:?}");
            }
        }
        let keys = server.keys(&bucket).await;
        for key in &keys {
            assert!(key.starts_with("errors/job/") && !key.contains("//"), "{key}");
        }
        assert_eq!(keys.len() as i64, stored);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_in_the_bucket_s_name_is_warned_about() {
    let setup = S3Setup::new(in_process());
    let yaml = std::fs::read_to_string(setup.configuration()).expect("written");
    let with_path = format!("s3a://{}/some/path", setup.bucket);
    setup.write_configuration(&yaml.replace(&setup.bucket, &with_path));
    let output = setup.command(["jobs"]).output().expect("started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    for part in ["WARN", "s3.bucket", "the path in it is ignored", "storageNameSpace"] {
        assert!(said.contains(part), "no `{part}` in {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_no_bucket_can_have_is_refused() {
    let setup = S3Setup::new(in_process());
    let yaml = std::fs::read_to_string(setup.configuration()).expect("written");
    for name in ["\"two words\"", "s3a://", "\"/path\"", "s3a://user:hush@bucket", "hdfs://bucket"]
    {
        setup.write_configuration(&yaml.replace(&setup.bucket, name));
        let output = setup.command(["jobs"]).output().expect("started");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{name}: {said}");
        assert!(said.contains("`s3.bucket`") && said.contains("bucket's name alone"), "{said}");
    }
}
