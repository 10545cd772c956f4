//! Deleting: exactly what was named, or all of a job that is not somebody else's.

use checkpoint_storage_api::{CheckpointName, DeleteReport, JobId, ReclaimOptions, Result};
use tracing::{debug, info, warn};

use crate::filesystem::{Directory, FileEntry, FileSystem};
use crate::leftover::{Fate, Unfinished};
use crate::storage::{FileSystemStorage, checkpoints};

impl<F: FileSystem> FileSystemStorage<F> {
    pub(crate) async fn delete_files(
        &self,
        job: &JobId,
        names: &[CheckpointName],
    ) -> Result<DeleteReport> {
        let mut names = names.to_vec();
        names.sort_unstable();
        names.dedup();
        if names.is_empty() {
            return Ok(DeleteReport::default());
        }
        let answers = self.file_system.delete(job, &names).await?;
        let mut report = DeleteReport::default();
        for (name, answer) in names.into_iter().zip(answers) {
            match answer {
                Ok(true) => report.deleted.push(name),
                Ok(false) => report.missing.push(name),
                Err(error) => {
                    warn!(%job, %name, %error, "cannot delete a checkpoint");
                    report.failed.push((name, error));
                }
            }
        }
        debug!(%job, deleted = report.deleted.len(), failed = report.failed.len(), "checkpoints deleted");
        Ok(report)
    }

    pub(crate) async fn delete_all_of(&self, job: &JobId) -> Result<DeleteReport> {
        let entries = self.file_system.list(Directory::Job(job), None).await?;
        let names: Vec<_> = checkpoints(job, &entries).iter().map(|entry| entry.name).collect();
        let report = self.delete_files(job, &names).await?;
        self.reclaim_after_delete(job, &entries).await;
        match self.file_system.remove_directory(job).await {
            Ok(removed) => {
                info!(%job, deleted = report.deleted.len(), directory_removed = removed, "job deleted");
            }
            Err(error) => warn!(%job, %error, "cannot remove the job's empty directory"),
        }
        self.sequence.forget(job);
        Ok(report)
    }

    /// Removes what belonged to the checkpoints or was never finished. What stays is no checkpoint,
    /// so that it fails no delete.
    async fn reclaim_after_delete(&self, job: &JobId, entries: &[FileEntry]) {
        let directory = Directory::Job(job);
        // A checkpoint that could not be deleted keeps its sidecar: the medium looks again.
        let others: Vec<_> =
            entries.iter().filter(|entry| !entry.is_checkpoint()).cloned().collect();
        let found = match self.unfinished_of(job, &others).await {
            Ok(found) => found,
            Err(error) => {
                warn!(%job, %error, "cannot look for what dead writers left");
                return;
            }
        };
        for item in found.into_iter().filter(|item| item.fate == Fate::Leftover) {
            if let Err(error) = self.file_system.reclaim(directory, &item.name).await {
                warn!(%job, file = item.name, %error, "cannot remove a leftover of the job");
            }
        }
    }

    async fn unfinished_of(&self, job: &JobId, entries: &[FileEntry]) -> Result<Vec<Unfinished>> {
        let uploads = self.file_system.uploads(Some(job)).await?;
        let uploads: Vec<_> = uploads.into_iter().map(|(_, upload)| upload).collect();
        let older_than = ReclaimOptions::default().older_than;
        self.unfinished_in(Directory::Job(job), entries, &uploads, older_than).await
    }
}
