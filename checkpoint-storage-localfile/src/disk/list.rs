//! Listing: what lies in a directory, without opening any of it.

use std::time::UNIX_EPOCH;

use checkpoint_storage_api::{JobId, Result};
use checkpoint_storage_filesystem::{Directory, FileEntry, FileType, naming};
use tracing::warn;

use super::Disk;
use crate::directory::{Entry, OpenDirectory, file_type, modified};

impl Disk {
    /// What lies in a directory. A checkpoint that sorts before `start_after` is left out, which
    /// saves a look at it.
    pub(crate) fn list(
        &self,
        directory: Directory<'_>,
        start_after: Option<&str>,
    ) -> Result<Vec<FileEntry>> {
        let Some(directory) = self.open_directory("list", directory)? else {
            return Ok(Vec::new());
        };
        let names = directory.entries().map_err(|errno| directory.failure("list", "", errno))?;
        let mut entries = Vec::with_capacity(names.len());
        for entry in names {
            let is_before = start_after.is_some_and(|bound| entry.name.as_str() < bound);
            if !(is_before && naming::is_checkpoint(&entry.name)) {
                entries.extend(describe(&directory, entry)?);
            }
        }
        Ok(entries)
    }

    /// The jobs that have a checkpoint.
    pub(crate) fn jobs(&self) -> Result<Vec<JobId>> {
        let Some(namespace) = self.open_directory("list jobs", Directory::Namespace)? else {
            return Ok(Vec::new());
        };
        let names =
            namespace.entries().map_err(|errno| namespace.failure("list jobs", "", errno))?;
        let mut jobs = Vec::new();
        for entry in names {
            // What is no directory, or is gone, cannot be opened as one.
            if !matches!(entry.file_type, Some(FileType::Directory) | None) {
                continue;
            }
            let Ok(job) = JobId::new(entry.name) else { continue };
            match self.open_directory("list jobs", Directory::Job(&job)) {
                Ok(Some(directory)) if has_checkpoint(&directory)? => jobs.push(job),
                Ok(_) => {}
                Err(error) if entry.file_type.is_none() => {
                    tracing::debug!(%job, %error, "no job's directory");
                }
                // One directory that cannot be read does not hide the other jobs.
                Err(error) => warn!(%job, %error, "cannot tell whether the job has a checkpoint"),
            }
        }
        Ok(jobs)
    }
}

fn has_checkpoint(directory: &OpenDirectory) -> Result<bool> {
    let failure = |errno| directory.failure("list jobs", "", errno);
    for entry in directory.entries().map_err(failure)? {
        if naming::is_checkpoint(&entry.name)
            && match entry.file_type {
                Some(file_type) => file_type == FileType::Regular,
                None => directory.has_file(&entry.name).map_err(failure)?,
            }
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Everything about an entry; `None` if it is gone by now.
fn describe(directory: &OpenDirectory, entry: Entry) -> Result<Option<FileEntry>> {
    let without_size =
        |name, file_type| FileEntry { name, file_type, size: 0, modified: UNIX_EPOCH };
    match entry.file_type {
        Some(FileType::Regular) | None => {}
        Some(file_type) => return Ok(Some(without_size(entry.name, file_type))),
    }
    let stat = directory
        .stat(&*entry.name)
        .map_err(|errno| directory.failure("list", &entry.name, errno))?;
    Ok(stat.map(|stat| match file_type(stat.st_mode) {
        FileType::Regular => FileEntry {
            name: entry.name,
            file_type: FileType::Regular,
            size: u64::try_from(stat.st_size).unwrap_or_default(),
            modified: modified(&stat),
        },
        file_type => without_size(entry.name, file_type),
    }))
}
