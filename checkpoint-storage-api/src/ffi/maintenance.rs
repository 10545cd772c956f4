//! Conversion of what operator's tools ask for; all of it crosses as maps.

use std::time::Duration;

use super::convert::{get, map, protocol_error};
use super::types::FfiMap;
use crate::{
    HealthOptions, HealthStatus, HealthStep, JobId, ReclaimOptions, Result, ScanItem, ScanKind,
};

fn text(raw: &FfiMap, key: &str) -> String {
    get(raw, key).unwrap_or_default().to_owned()
}

fn number(raw: &FfiMap, key: &str) -> u64 {
    get(raw, key).and_then(|value| value.parse().ok()).unwrap_or_default()
}

pub(super) fn scan_options_to_ffi(job: Option<&JobId>) -> FfiMap {
    map([("job", job.map(|job| job.as_str().to_owned()))])
}

pub(super) fn scan_options_from_ffi(raw: &FfiMap) -> Result<Option<JobId>> {
    get(raw, "job").map(JobId::new).transpose()
}

pub(super) fn scan_item_to_ffi(item: ScanItem) -> FfiMap {
    let name = match item.kind {
        ScanKind::Checkpoint(name) => Some(name.to_string()),
        _ => None,
    };
    map([
        ("path", Some(item.path)),
        ("job", item.job_id.map(|job| job.as_str().to_owned())),
        ("kind", Some(item.kind.as_str().to_owned())),
        ("name", name),
        ("size", Some(item.size.to_string())),
    ])
}

pub(super) fn scan_item_from_ffi(raw: &FfiMap) -> Result<ScanItem> {
    let kind = match get(raw, "kind") {
        Some("checkpoint") => ScanKind::Checkpoint(text(raw, "name").parse()?),
        Some("in-progress") => ScanKind::InProgress,
        Some("leftover") => ScanKind::Leftover,
        Some("quarantined") => ScanKind::Quarantined,
        // A kind of a later minor: not to be touched by one who does not know it.
        Some(_) => ScanKind::Foreign,
        None => return Err(protocol_error("scan", "the plugin gave no kind".into())),
    };
    Ok(ScanItem {
        path: text(raw, "path"),
        job_id: get(raw, "job").map(JobId::new).transpose()?,
        kind,
        size: number(raw, "size"),
    })
}

pub(super) fn reclaim_options_to_ffi(options: &ReclaimOptions) -> FfiMap {
    map([
        ("older-than-ms", Some(options.older_than.as_millis().to_string())),
        ("dry-run", options.dry_run.then(|| "true".into())),
    ])
}

pub(super) fn reclaim_options_from_ffi(raw: &FfiMap) -> ReclaimOptions {
    let older_than = get(raw, "older-than-ms").and_then(|value| value.parse().ok());
    ReclaimOptions {
        older_than: older_than.map_or(ReclaimOptions::default().older_than, Duration::from_millis),
        dry_run: get(raw, "dry-run") == Some("true"),
    }
}

pub(super) fn health_options_to_ffi(options: &HealthOptions) -> FfiMap {
    map([("write", options.write.then(|| "true".into()))])
}

pub(super) fn health_options_from_ffi(raw: &FfiMap) -> HealthOptions {
    HealthOptions { write: get(raw, "write") == Some("true") }
}

pub(super) fn health_step_to_ffi(step: HealthStep) -> FfiMap {
    map([
        ("name", Some(step.name)),
        ("status", Some(step.status.as_str().to_owned())),
        ("detail", Some(step.detail)),
        ("advice", step.advice),
        ("elapsed-us", Some(step.elapsed.as_micros().to_string())),
    ])
}

pub(super) fn health_step_from_ffi(raw: &FfiMap) -> HealthStep {
    HealthStep {
        name: text(raw, "name"),
        status: HealthStatus::from_name(&text(raw, "status")),
        detail: text(raw, "detail"),
        advice: get(raw, "advice").map(ToOwned::to_owned),
        elapsed: Duration::from_micros(number(raw, "elapsed-us")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scan_items_cross_whole() {
        let name = "1795474038044-523-1-7.ser".parse().expect("a name");
        for kind in [ScanKind::Checkpoint(name), ScanKind::Leftover, ScanKind::Foreign] {
            let item = ScanItem {
                path: "1/x".into(),
                job_id: Some(JobId::new("1").expect("valid")),
                kind,
                size: 9,
            };
            assert_eq!(scan_item_from_ffi(&scan_item_to_ffi(item.clone())).expect("whole"), item);
        }
    }

    #[test]
    fn a_kind_of_a_later_minor_is_foreign() {
        let raw = map([("path", Some("x".into())), ("kind", Some("new in 1.7".into()))]);
        assert_eq!(scan_item_from_ffi(&raw).expect("read").kind, ScanKind::Foreign);
    }

    #[test]
    fn health_and_reclaim_cross_whole() {
        let step = HealthStep {
            name: "write".into(),
            status: HealthStatus::Warned,
            detail: "slow".into(),
            advice: Some("use a faster disk".into()),
            elapsed: Duration::from_micros(1234),
        };
        assert_eq!(health_step_from_ffi(&health_step_to_ffi(step.clone())), step);
        let options = ReclaimOptions { older_than: Duration::from_secs(5), dry_run: true };
        assert_eq!(reclaim_options_from_ffi(&reclaim_options_to_ffi(&options)), options);
        assert!(
            health_options_from_ffi(&health_options_to_ffi(&HealthOptions { write: true })).write
        );
    }
}
