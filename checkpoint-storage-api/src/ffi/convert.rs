//! Conversion between the model and what crosses.

use std::time::Duration;

use abi_stable::std_types::{RResult, RString, RVec, Tuple2};

use super::types::{
    FfiCheckpoint, FfiDeleteReport, FfiEntry, FfiError, FfiMap, FfiReclaimReport, FfiResult,
    FfiState,
};
use crate::{
    Checkpoint, CheckpointEntry, CheckpointKind, CheckpointName, ConfigKey, DeleteReport, Error,
    ErrorKind, ImportOptions, Integrity, JobId, ListQuery, OpenOptions, Outcome, PipelineState,
    PluginConfig, ReclaimReport, Result,
};

/// The value of `key` in a map that crossed.
pub(super) fn get<'m>(map: &'m FfiMap, key: &str) -> Option<&'m str> {
    map.iter().find(|Tuple2(k, _)| k == key).map(|Tuple2(_, value)| value.as_str())
}

fn flag(map: &FfiMap, key: &str) -> bool {
    get(map, key) == Some("true")
}

fn number(map: &FfiMap, key: &str) -> Option<u64> {
    get(map, key)?.parse().ok()
}

/// Builds a map that crosses; absent values are left out.
pub(super) fn map<const N: usize>(pairs: [(&str, Option<String>); N]) -> FfiMap {
    pairs
        .into_iter()
        .filter_map(|(key, value)| Some(Tuple2(RString::from(key), RString::from(value?))))
        .collect()
}

fn true_or_absent(flag: bool) -> Option<String> {
    flag.then(|| "true".into())
}

/// The error of an answer that breaks the interface's rules.
pub(super) fn protocol_error(operation: &'static str, reason: String) -> Error {
    Error::new(ErrorKind::PluginFault, operation, reason)
        .with_outcome(Outcome::Unknown)
        .with_advice("report it to the plugin's author")
}

impl From<Error> for FfiError {
    fn from(error: Error) -> Self {
        let mut causes = Vec::new();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            causes.push(cause.to_string());
            source = cause.source();
        }
        Self {
            code: error.kind().code(),
            message: error.reason().into(),
            details: map([
                ("operation", Some(error.operation().into())),
                ("subject", Some(error.subject().into())),
                ("advice", error.advice().map(Into::into)),
                ("outcome", Some(error.outcome().as_str().into())),
                ("retryable", Some(error.is_retryable().to_string())),
                ("misplaced", error.is_misplaced().then(|| true.to_string())),
                ("source", (!causes.is_empty()).then(|| causes.join(": "))),
            ]),
        }
    }
}

impl From<FfiError> for Error {
    fn from(raw: FfiError) -> Self {
        let detail = |key| get(&raw.details, key);
        let operation = detail("operation").unwrap_or("call plugin").to_owned();
        let mut error = Self::new(ErrorKind::from_code(raw.code), operation, raw.message.as_str())
            .with_subject(detail("subject").unwrap_or_default());
        if let Some(advice) = detail("advice") {
            error = error.with_advice(advice);
        }
        if detail("outcome") == Some(Outcome::Unknown.as_str()) {
            error = error.with_outcome(Outcome::Unknown);
        }
        if let Some(retryable) = detail("retryable") {
            error = error.with_retryable(retryable == "true");
        }
        error = error.with_misplaced(detail("misplaced") == Some("true"));
        match detail("source") {
            Some(source) => error.with_source(source),
            None => error,
        }
    }
}

/// A result that crosses.
pub(super) fn ffi_result<T>(result: Result<T>) -> FfiResult<T> {
    match result {
        Ok(value) => RResult::ROk(value),
        Err(error) => RResult::RErr(error.into()),
    }
}

impl From<PipelineState> for FfiState {
    fn from(state: PipelineState) -> Self {
        Self {
            job: state.job_id.as_str().into(),
            pipeline: state.pipeline_id,
            checkpoint: state.checkpoint_id,
            states: state.states.map(Into::into).into(),
        }
    }
}

pub(super) fn store_options_to_ffi(kind: CheckpointKind) -> FfiMap {
    map([("kind", (kind != CheckpointKind::default()).then(|| kind.as_str().into()))])
}

pub(super) fn state_from_ffi(raw: FfiState, options: &FfiMap) -> Result<PipelineState> {
    Ok(PipelineState {
        job_id: JobId::new(raw.job.as_str())?,
        pipeline_id: raw.pipeline,
        checkpoint_id: raw.checkpoint,
        states: raw.states.map(Into::into).into_option(),
        kind: get(options, "kind").map(CheckpointKind::from_name).unwrap_or_default(),
    })
}

impl From<CheckpointEntry> for FfiEntry {
    fn from(entry: CheckpointEntry) -> Self {
        Self {
            job: entry.job_id.as_str().into(),
            name: entry.name.to_string().into(),
            size: entry.size,
            integrity: entry.integrity.as_str().into(),
            extra: FfiMap::new(),
        }
    }
}

impl TryFrom<FfiEntry> for CheckpointEntry {
    type Error = Error;

    fn try_from(raw: FfiEntry) -> Result<Self> {
        Ok(Self {
            job_id: JobId::new(raw.job.as_str())?,
            name: raw.name.parse()?,
            size: raw.size,
            integrity: Integrity::from_name(&raw.integrity),
        })
    }
}

impl From<Checkpoint> for FfiCheckpoint {
    fn from(checkpoint: Checkpoint) -> Self {
        Self { entry: checkpoint.entry.into(), states: checkpoint.states.map(Into::into).into() }
    }
}

impl TryFrom<FfiCheckpoint> for Checkpoint {
    type Error = Error;

    fn try_from(raw: FfiCheckpoint) -> Result<Self> {
        Ok(Self { entry: raw.entry.try_into()?, states: raw.states.map(Into::into).into_option() })
    }
}

pub(super) fn names_to_ffi(names: &[CheckpointName]) -> RVec<RString> {
    names.iter().map(|name| name.to_string().into()).collect()
}

pub(super) fn names_from_ffi(names: RVec<RString>) -> Result<Vec<CheckpointName>> {
    names.iter().map(|name| name.parse()).collect()
}

impl From<DeleteReport> for FfiDeleteReport {
    fn from(report: DeleteReport) -> Self {
        let failed = report.failed.into_iter();
        Self {
            deleted: names_to_ffi(&report.deleted),
            missing: names_to_ffi(&report.missing),
            failed: failed.map(|(name, e)| Tuple2(name.to_string().into(), e.into())).collect(),
            extra: FfiMap::new(),
        }
    }
}

impl TryFrom<FfiDeleteReport> for DeleteReport {
    type Error = Error;

    fn try_from(raw: FfiDeleteReport) -> Result<Self> {
        let failed = raw.failed.into_iter();
        Ok(Self {
            deleted: names_from_ffi(raw.deleted)?,
            missing: names_from_ffi(raw.missing)?,
            failed: failed
                .map(|Tuple2(name, e)| Ok((name.parse()?, e.into())))
                .collect::<Result<_>>()?,
        })
    }
}

impl From<ReclaimReport> for FfiReclaimReport {
    fn from(report: ReclaimReport) -> Self {
        let failed = report.failed.into_iter();
        Self {
            reclaimed: report.reclaimed.into_iter().map(Into::into).collect(),
            failed: failed.map(|(path, e)| Tuple2(path.into(), e.into())).collect(),
            extra: FfiMap::new(),
        }
    }
}

impl From<FfiReclaimReport> for ReclaimReport {
    fn from(raw: FfiReclaimReport) -> Self {
        Self {
            reclaimed: raw.reclaimed.into_iter().map(Into::into).collect(),
            failed: raw.failed.into_iter().map(|Tuple2(path, e)| (path.into(), e.into())).collect(),
        }
    }
}

pub(super) fn config_to_ffi(config: &PluginConfig) -> FfiMap {
    config.iter().map(|(key, value)| Tuple2(key.into(), value.into())).collect()
}

pub(super) fn config_from_ffi(raw: FfiMap) -> PluginConfig {
    raw.into_iter().map(|Tuple2(key, value)| (key, value)).collect()
}

pub(super) fn open_options_to_ffi(options: &OpenOptions) -> FfiMap {
    map([
        ("read-only", true_or_absent(options.read_only)),
        ("operation-timeout-ms", options.operation_timeout.map(|t| t.as_millis().to_string())),
    ])
}

pub(super) fn open_options_from_ffi(raw: &FfiMap) -> OpenOptions {
    OpenOptions {
        read_only: flag(raw, "read-only"),
        operation_timeout: number(raw, "operation-timeout-ms").map(Duration::from_millis),
    }
}

pub(super) fn query_to_ffi(query: &ListQuery) -> FfiMap {
    map([
        ("pipeline", query.pipeline().map(|pipeline| pipeline.to_string())),
        ("newest", query.newest_count().map(|count| count.to_string())),
    ])
}

pub(super) fn query_from_ffi(raw: &FfiMap) -> ListQuery {
    let mut query = ListQuery::all();
    if let Some(pipeline) = get(raw, "pipeline").and_then(|text| text.parse().ok()) {
        query = query.of_pipeline(pipeline);
    }
    if let Some(count) = number(raw, "newest").and_then(|count| count.try_into().ok()) {
        query = query.newest(count);
    }
    query
}

pub(super) fn import_options_to_ffi(options: &ImportOptions) -> FfiMap {
    map([("reseal", true_or_absent(options.reseal))])
}

pub(super) fn import_options_from_ffi(raw: &FfiMap) -> ImportOptions {
    ImportOptions { reseal: flag(raw, "reseal") }
}

pub(super) fn config_key_to_ffi(key: ConfigKey) -> FfiMap {
    map([
        ("name", Some(key.name)),
        ("aliases", Some(key.aliases.join("\n"))),
        ("default", key.default),
        ("secret", true_or_absent(key.secret)),
        ("description", Some(key.description)),
    ])
}

pub(super) fn config_key_from_ffi(raw: &FfiMap) -> ConfigKey {
    let text = |key| get(raw, key).unwrap_or_default().to_owned();
    ConfigKey {
        name: text("name"),
        aliases: text("aliases").lines().map(ToOwned::to_owned).collect(),
        default: get(raw, "default").map(ToOwned::to_owned),
        secret: flag(raw, "secret"),
        description: text("description"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_crosses_whole() {
        let error = Error::new(ErrorKind::NoSpace, "store", "full")
            .with_subject("/data")
            .with_advice("free space")
            .with_outcome(Outcome::Unknown)
            .with_retryable(false)
            .with_source(std::io::Error::other("disk"));
        let text = error.to_string();
        let crossed = Error::from(FfiError::from(error));
        assert_eq!(crossed.to_string(), text);
        assert_eq!((crossed.kind(), crossed.is_retryable()), (ErrorKind::NoSpace, false));
        assert_eq!(std::error::Error::source(&crossed).expect("kept").to_string(), "disk");
    }

    #[test]
    fn options_cross_whole() {
        for query in [
            ListQuery::all(),
            ListQuery::all().of_pipeline(-3),
            ListQuery::all().of_pipeline(3).newest(7),
        ] {
            assert_eq!(query_from_ffi(&query_to_ffi(&query)), query);
        }
        let options =
            OpenOptions { read_only: true, operation_timeout: Some(Duration::from_millis(1500)) };
        assert_eq!(open_options_from_ffi(&open_options_to_ffi(&options)), options);
        let key = ConfigKey {
            name: "fs.s3a.secret-key".into(),
            aliases: vec!["fs.s3a.secret.key".into(), "x".into()],
            default: None,
            secret: true,
            description: "the secret".into(),
        };
        assert_eq!(config_key_from_ffi(&config_key_to_ffi(key.clone())), key);
    }

    #[test]
    fn an_answer_with_a_bad_name_is_refused() {
        let raw = FfiEntry {
            job: "1".into(),
            name: "../../etc/passwd".into(),
            size: 1,
            integrity: "ok".into(),
            extra: FfiMap::new(),
        };
        assert!(CheckpointEntry::try_from(raw).is_err());
    }
}
