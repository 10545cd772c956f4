//! Scan, leftovers, quarantine, health.

use std::collections::BTreeMap;
use std::time::Duration;

use checkpoint_storage_api::{
    CheckpointName, HealthOptions, HealthStatus, HealthStep, JobId, ReclaimOptions, ReclaimReport,
    Result, ScanItem, ScanKind,
};
use tracing::{info, warn};

use crate::filesystem::{Directory, FileEntry, FileSystem, FileType};
use crate::leftover::{Fate, Unfinished, unfinished};
use crate::naming::{self, FileKind};
use crate::storage::FileSystemStorage;

/// What was begun and is not a file, by the job that it is of.
type Uploads = BTreeMap<JobId, Vec<FileEntry>>;

impl<F: FileSystem> FileSystemStorage<F> {
    /// Sidecars of checkpoints that are there belong to them and are not listed.
    pub(crate) async fn scan_items(&self, job: Option<&JobId>) -> Result<Vec<ScanItem>> {
        let mut items = Vec::new();
        let mut uploads = self.uploads_by_job(job).await.unwrap_or_else(|error| {
            warn!(%error, "cannot look for unfinished uploads");
            Uploads::new()
        });
        match job {
            Some(job) => {
                let uploads = uploads.remove(job).unwrap_or_default();
                self.scan_directory(Directory::Job(job), &uploads, &mut items).await?;
            }
            None => {
                self.scan_directory(Directory::Namespace, &[], &mut items).await?;
                for (job, uploads) in self.job_directories(uploads).await? {
                    self.scan_directory(Directory::Job(&job), &uploads, &mut items).await?;
                }
            }
        }
        items.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(items)
    }

    async fn scan_directory(
        &self,
        directory: Directory<'_>,
        uploads: &[FileEntry],
        items: &mut Vec<ScanItem>,
    ) -> Result<()> {
        let entries = self.file_system.list(directory, None).await?;
        let older_than = ReclaimOptions::default().older_than;
        let unfinished = self.unfinished_in(directory, &entries, uploads, older_than).await?;
        let job_id = match directory {
            Directory::Namespace => None,
            Directory::Job(job) => Some(job.clone()),
        };
        let mut add = |name: &str, kind, size| {
            items.push(ScanItem {
                path: directory.path_of(name),
                job_id: job_id.clone(),
                kind,
                size,
            });
        };
        for entry in &entries {
            if let Some(kind) = finished_kind(directory, entry) {
                add(&entry.name, kind, entry.size);
            }
        }
        for item in unfinished {
            let kind = match item.fate {
                Fate::InProgress => ScanKind::InProgress,
                Fate::Leftover => ScanKind::Leftover,
            };
            add(&item.name, kind, item.size);
        }
        Ok(())
    }

    pub(crate) async fn reclaim_everywhere(
        &self,
        options: ReclaimOptions,
    ) -> Result<ReclaimReport> {
        let mut report = ReclaimReport::default();
        let uploads = self.uploads_by_job(None).await.unwrap_or_else(|error| {
            report.failed.push((String::new(), error));
            Uploads::new()
        });
        self.reclaim_in(Directory::Namespace, &[], options, &mut report).await;
        for (job, uploads) in self.job_directories(uploads).await? {
            self.reclaim_in(Directory::Job(&job), &uploads, options, &mut report).await;
        }
        info!(
            reclaimed = report.reclaimed.len(),
            failed = report.failed.len(),
            dry_run = options.dry_run,
            "leftovers reclaimed"
        );
        Ok(report)
    }

    /// What goes wrong in one directory never stops the others.
    async fn reclaim_in(
        &self,
        directory: Directory<'_>,
        uploads: &[FileEntry],
        options: ReclaimOptions,
        report: &mut ReclaimReport,
    ) {
        let found = match self.file_system.list(directory, None).await {
            Ok(entries) => {
                self.unfinished_in(directory, &entries, uploads, options.older_than).await
            }
            Err(error) => Err(error),
        };
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                report.failed.push((directory.path_of(""), error));
                return;
            }
        };
        for item in found.into_iter().filter(|item| item.fate == Fate::Leftover) {
            let path = directory.path_of(&item.name);
            if options.dry_run {
                report.reclaimed.push(path);
                continue;
            }
            match self.file_system.reclaim(directory, &item.name).await {
                Ok(true) => report.reclaimed.push(path),
                Ok(false) => {}
                Err(error) => report.failed.push((path, error)),
            }
        }
    }

    /// What is unfinished in a directory, by this storage's clock.
    pub(crate) async fn unfinished_in(
        &self,
        directory: Directory<'_>,
        entries: &[FileEntry],
        uploads: &[FileEntry],
        older_than: Duration,
    ) -> Result<Vec<Unfinished>> {
        let now = self.environment.now();
        unfinished(&self.file_system, directory, entries, uploads, now, older_than).await
    }

    async fn uploads_by_job(&self, job: Option<&JobId>) -> Result<Uploads> {
        let mut by_job = Uploads::new();
        for (job, upload) in self.file_system.uploads(job).await? {
            by_job.entry(job).or_default().push(upload);
        }
        Ok(by_job)
    }

    /// Every directory that can be a job's, with checkpoints or without, and every job that has
    /// nothing but uploads: each with its own.
    async fn job_directories(&self, mut uploads: Uploads) -> Result<Uploads> {
        for entry in self.file_system.list(Directory::Namespace, None).await? {
            if let (FileType::Directory, Ok(job)) = (entry.file_type, JobId::new(entry.name)) {
                uploads.entry(job).or_default();
            }
        }
        Ok(uploads)
    }

    pub(crate) async fn quarantine_checkpoint(
        &self,
        job: &JobId,
        name: &CheckpointName,
    ) -> Result<String> {
        let place = self.file_system.quarantine(job, name).await?;
        warn!(%job, %name, place, "checkpoint quarantined");
        Ok(place)
    }

    pub(crate) async fn check_health(&self, options: HealthOptions) -> Result<Vec<HealthStep>> {
        let write = options.write && !self.is_read_only();
        let mut steps = self.file_system.health(HealthOptions { write }).await?;
        if options.write && !write {
            steps.push(HealthStep {
                name: "write".to_owned(),
                status: HealthStatus::Skipped,
                detail: "the storage was opened read-only".to_owned(),
                advice: None,
                elapsed: Duration::ZERO,
            });
        }
        Ok(steps)
    }
}

/// What an entry is, unless it is unfinished, belongs to a checkpoint, or is a job's directory.
fn finished_kind(directory: Directory<'_>, entry: &FileEntry) -> Option<ScanKind> {
    let in_namespace = directory == Directory::Namespace;
    match (entry.file_type, naming::classify(&entry.name)) {
        (FileType::Directory, _) if in_namespace => None,
        (
            FileType::Regular,
            FileKind::Temporary | FileKind::JavaTemporary | FileKind::Sidecar(_),
        ) => None,
        (FileType::Regular, FileKind::Checkpoint(name)) if !in_namespace => {
            Some(ScanKind::Checkpoint(name))
        }
        (FileType::Regular, FileKind::Quarantined(_)) => Some(ScanKind::Quarantined),
        _ => Some(ScanKind::Foreign),
    }
}
