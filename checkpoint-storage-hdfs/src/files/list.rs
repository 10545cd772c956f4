//! Listing.

use std::time::{Duration, SystemTime};

use checkpoint_storage_api::Result;
use checkpoint_storage_filesystem::{Directory, FileEntry, FileType};
use hdfs_native::client::FileStatus;

use super::Files;
use crate::failure::{Cause, Class};

impl Files {
    /// What lies in a directory; nothing if there is none.
    pub(crate) async fn list(&self, directory: Directory<'_>) -> Result<Vec<FileEntry>> {
        let path = match self.directory(directory) {
            root if root.is_empty() => "/".to_owned(),
            path => path,
        };
        let deadline = self.deadline();
        let listed = self.cluster.call_with_retries(deadline, |client| {
            let path = path.clone();
            async move { client.list_status(&path, false).await }
        });
        match listed.await {
            Ok(statuses) => {
                let is_file = statuses.iter().any(|it| !it.isdir && it.path == path);
                if is_file && directory == Directory::Namespace {
                    return Err(self.failed("list", &path, Cause::not_a_directory()));
                }
                Ok(statuses.iter().filter_map(|it| entry(it, &path)).collect())
            }
            Err(cause) if cause.class == Class::Missing => Ok(Vec::new()),
            Err(cause) => Err(self.failed("list", &path, cause)),
        }
    }
}

/// The entry of a file in `directory`; `None` for the directory itself, which is listed if it is a
/// file.
fn entry(status: &FileStatus, directory: &str) -> Option<FileEntry> {
    let name = status.path.strip_prefix(directory)?.trim_start_matches('/');
    (!name.is_empty()).then(|| FileEntry {
        name: name.to_owned(),
        file_type: if status.isdir { FileType::Directory } else { FileType::Regular },
        size: if status.isdir { 0 } else { status.length as u64 },
        modified: SystemTime::UNIX_EPOCH + Duration::from_millis(status.modification_time),
    })
}
