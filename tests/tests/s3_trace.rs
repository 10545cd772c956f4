//! A host that logs everything sees what the plugin does, and no secret of it. In a process of its
//! own: the subscriber is global.

use checkpoint_storage_api::{
    CheckpointStorage, ErrorKind, JobId, ListQuery, PipelineState, PluginConfig, Result,
};
use checkpoint_storage_tests::s3::{IN_PARTS, Keys, TemporaryKeys, minio};
use checkpoint_storage_tests::{Log, storage};
use serde_json::json;

/// What no text may hold.
struct Secrets(Vec<String>);

impl Secrets {
    fn assert_not_in(&self, text: &str) {
        let first = self.0.iter().filter_map(|secret| text.find(secret)).min();
        let line = first.map(|at| text[..at].rsplit('\n').next());
        assert_eq!(line, None, "a secret is shown after this");
    }
}

/// Opens a storage, uses it in every way, and closes it.
async fn work(config: PluginConfig) -> Result<()> {
    let storage = storage::open("s3", config).await;
    let job = JobId::new("job").expect("valid");
    for (id, size) in [(1, 1024), (2, 8 << 20)] {
        storage.store(PipelineState::new(job.clone(), 1, id, vec![7; size])).await?;
    }
    let entries = storage.list(&job, &ListQuery::default()).await?;
    assert_eq!(entries.len(), 2);
    for entry in &entries {
        storage.read(&job, &entry.name).await?;
    }
    let names: Vec<_> = entries.iter().map(|entry| entry.name).collect();
    storage.delete_names(&job, &names).await?;
    storage.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_everything_holds_no_secret() {
    let Some(server) = minio() else { return };
    let bucket = server.new_bucket();
    let keys = TemporaryKeys::new(server, None).await;
    let secrets = Secrets(vec![
        server.secret_key.clone(),
        keys.secret.clone(),
        keys.token.clone(),
        // All tokens of the server begin with it; some are known to the plugin alone.
        keys.token[..10].to_owned(),
        "hush".to_owned(),
        // What an `Authorization` header holds.
        "AWS4-HMAC-SHA256 Credential".to_owned(),
        "Signature=".to_owned(),
    ]);
    let configured =
        |more: Keys<'_>| server.plugin_config_with(&bucket, "/traced", &[IN_PARTS, more].concat());
    let temporary = |secret: &str, token: &str| {
        configured(&[
            ("fs.s3a.access-key", &keys.id),
            ("fs.s3a.secret-key", secret),
            ("fs.s3a.session.token", token),
        ])
    };

    // From here on: the bare client above is this process's own, and may log what it likes.
    let log = Log::begin("trace");
    work(temporary(&keys.secret, &keys.token)).await.expect("it works");
    let role = configured(&[
        ("fs.s3a.aws.credentials.provider", "AssumedRoleCredentialProvider"),
        ("fs.s3a.assumed.role.arn", "arn:aws:iam::1:role/checkpoints"),
        ("fs.s3a.assumed.role.sts.endpoint", &server.endpoint),
    ]);
    work(role).await.expect("it works");
    let document = json!({
        "Version": 1,
        "AccessKeyId": keys.id,
        "SecretAccessKey": keys.secret,
        "SessionToken": keys.token,
    });
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("keys");
    std::fs::write(&file, document.to_string()).expect("written");
    let command = format!("process:cat '{}' # hush-argument", file.display());
    let process = configured(&[("fs.s3a.aws.credentials.provider", &command)]);
    work(process).await.expect("it works");
    for (secret, token) in [("hush-secret", &*keys.token), (&*keys.secret, "hush-token")] {
        let error = work(temporary(secret, token)).await.expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
        secrets.assert_not_in(&format!("{error} {error:?}"));
    }

    let text = log.text();
    secrets.assert_not_in(&text);
    for (level, part) in [
        ("INFO", "S3 checkpoint storage opened"),
        ("DEBUG", "credentials obtained"),
        // What its dependencies say at this level is seen too.
        ("DEBUG", "aws_smithy_runtime"),
    ] {
        let is_seen = |line: &str| line.contains(level) && line.contains(part);
        assert!(text.lines().any(is_seen), "no {level} {part:?} in\n{text}");
    }
}
