//! Storages of the loaded library, and what their operations answer.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use checkpoint_storage_api::{
    CheckpointEntry, CheckpointName, CheckpointStorage, Error, ErrorKind, JobId, ListQuery,
    Outcome, PipelineState, PluginConfig,
};
use checkpoint_storage_tests::Log;
use checkpoint_storage_tests::s3::{Keys, S3Server};
use checkpoint_storage_tests::storage::host;
use storage_host::{ManagedStorage, StorageSettings};

/// The namespace in every bucket.
pub(crate) const NAMESPACE: &str = "errors";

/// What a server's answer must not take longer than.
const AT_ONCE: Duration = Duration::from_secs(5);

/// Fewer attempts than by default, for what takes its time.
pub(crate) const TWICE: (&str, &str) = ("fs.s3a.attempts.maximum", "2");

/// What is logged, from warnings on.
static LOG: LazyLock<Log> = LazyLock::new(|| Log::begin("warn"));

/// The lines of the log that name a bucket.
pub(crate) fn log_of(bucket: &str) -> Vec<String> {
    let text = LOG.text();
    assert!(!text.contains("hush"), "a secret is shown");
    text.lines().filter(|line| line.contains(bucket)).map(str::to_owned).collect()
}

async fn opened(
    config: PluginConfig,
    settings: StorageSettings,
) -> Result<ManagedStorage, storage_host::Error> {
    // It begins before the library is loaded.
    LazyLock::force(&LOG);
    host().open_plugin("s3", config, settings).await
}

/// Opens a storage that is configured well.
pub(crate) async fn open(config: PluginConfig) -> ManagedStorage {
    open_for(config, StorageSettings::default().operation_timeout).await
}

/// Opens a storage with an `operation-timeout`.
pub(crate) async fn open_for(config: PluginConfig, operation_timeout: Duration) -> ManagedStorage {
    let settings = StorageSettings { operation_timeout, ..StorageSettings::default() };
    opened(config, settings).await.expect("opened")
}

/// What opening a storage that is configured badly says.
pub(crate) async fn refusal(config: PluginConfig) -> storage_host::Error {
    opened(config, StorageSettings::default()).await.expect_err("it cannot be opened")
}

/// The configuration for a bucket on a server, with more keys.
pub(crate) fn config(server: &S3Server, bucket: &str, more: Keys<'_>) -> PluginConfig {
    server.plugin_config_with(bucket, NAMESPACE, more)
}

pub(crate) fn job() -> JobId {
    JobId::new("job").expect("valid")
}

pub(crate) fn state(checkpoint: i64) -> PipelineState {
    PipelineState::new(job(), 1, checkpoint, &b"states"[..])
}

pub(crate) async fn store(storage: &ManagedStorage, checkpoint: i64) -> CheckpointEntry {
    storage.store(state(checkpoint)).await.expect("stored")
}

/// A name that may or may not be stored.
pub(crate) fn some_name(checkpoint_id: i64) -> CheckpointName {
    CheckpointName { timestamp_ms: 1_795_474_038_044, random: 7, pipeline_id: 1, checkpoint_id }
}

/// What each operation answers where none can succeed.
async fn answers(storage: &ManagedStorage) -> Vec<Error> {
    let begun = Instant::now();
    let mut answers = vec![
        storage.store(state(1)).await.map(drop),
        storage.list(&job(), &ListQuery::all()).await.map(drop),
        storage.read(&job(), &some_name(1)).await.map(drop),
        storage.jobs().await.map(drop),
        storage.delete_job(&job()).await.map(drop),
        storage.open_reader(&job(), &some_name(1)).await.map(drop),
        storage.quarantine(&job(), &some_name(1)).await.map(drop),
    ];
    for names in [&[some_name(1)][..], &[some_name(1), some_name(2)]] {
        answers.push(match storage.delete_names(&job(), names).await {
            Ok(mut report) => report.failed.pop().map_or(Ok(()), |(_, error)| Err(error)),
            Err(error) => Err(error),
        });
    }
    assert!(begun.elapsed() < AT_ONCE * 9, "{:?}", begun.elapsed());
    answers.into_iter().map(|answer| answer.expect_err("it cannot succeed")).collect()
}

/// What a user needs of an error.
pub(crate) struct Told {
    kind: ErrorKind,
    /// Parts of the reason: what happened.
    reason: Vec<String>,
    /// Parts of the advice: what to change.
    advice: Vec<String>,
    retryable: bool,
    /// What is known of a change that was sent.
    outcome: Outcome,
}

/// An error that only a change of the configuration or of the server can mend.
pub(crate) fn told(kind: ErrorKind, reason: &[&str], advice: &[&str]) -> Told {
    let owned = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect();
    let (reason, advice) = (owned(reason), owned(advice));
    Told { kind, reason, advice, retryable: false, outcome: Outcome::NotApplied }
}

impl Told {
    /// It can go away by itself.
    pub(crate) fn passing(self) -> Self {
        Self { retryable: true, ..self }
    }

    /// A change that was sent may have taken effect.
    pub(crate) fn open(self) -> Self {
        Self { outcome: Outcome::Unknown, ..self }
    }
}

/// An error says all this, what it concerned, and nothing that it must not.
#[track_caller]
pub(crate) fn assert_told(error: &Error, expected: &Told) {
    let said = error.to_string();
    assert_eq!(error.kind(), expected.kind, "{said}");
    assert_eq!(error.is_retryable(), expected.retryable, "{said}");
    let is_change = ["store", "delete"].contains(&error.operation());
    let outcome = if is_change { expected.outcome } else { Outcome::NotApplied };
    assert_eq!(error.outcome(), outcome, "{said}");
    for part in &expected.reason {
        assert!(error.reason().contains(&**part), "no `{part}` in the reason of: {said}");
    }
    let advice = error.advice().unwrap_or_default();
    for part in &expected.advice {
        assert!(advice.contains(&**part), "no `{part}` in the advice of: {said}");
    }
    assert!(error.subject().starts_with("s3a://"), "{said}");
    assert!(!said.contains("hush"), "a secret is shown");
    for machinery in ["unhandled", "dispatch", "Unhandled", "SdkError", "(Debug)", "{ "] {
        assert!(!said.contains(machinery), "{said}");
    }
    assert!(said.len() < 600, "{said}");
}

/// The same for each operation.
pub(crate) async fn all_tell(storage: &ManagedStorage, expected: &Told) {
    for error in answers(storage).await {
        assert_told(&error, expected);
    }
}
