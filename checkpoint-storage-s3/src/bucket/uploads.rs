//! Multipart uploads that were begun and not ended: their parts take room and are in no listing.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use aws_sdk_s3::operation::list_multipart_uploads::ListMultipartUploadsOutput;
use aws_sdk_s3::types::EncodingType;
use checkpoint_storage_api::{JobId, Result};
use checkpoint_storage_filesystem::naming::{self, FileKind};
use checkpoint_storage_filesystem::{Directory, FileEntry, FileType};

use tracing::info;

use super::{Bucket, Target};
use crate::client::ServerClock;
use crate::failure::Cause;
use crate::keyspace;

/// What separates a file's name from the id of an upload of it; no file of ours has it in its name.
const UPLOAD: &str = "?uploadId=";

impl Bucket {
    /// The uploads of files of one job, or of all, that were begun and are neither completed nor
    /// aborted.
    pub(crate) async fn uploads(&self, job: Option<&JobId>) -> Result<Vec<(JobId, FileEntry)>> {
        let directory = self.keyspace.directory(job.map_or(Directory::Namespace, Directory::Job));
        let target = Target { operation: "list uploads", key: directory };
        let namespace = self.keyspace.directory(Directory::Namespace);
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        let (mut key_marker, mut id_marker) = (None, None);
        loop {
            if !seen.insert((key_marker.clone(), id_marker.clone())) {
                return Err(self.caused(&target, Cause::foreign("the same page again and again")));
            }
            let clock = ServerClock::default();
            let sent = self.uploads_page(&target, key_marker.take(), id_marker.take(), &clock);
            let page = match sent.await {
                Ok(page) => page,
                Err(error) => match Cause::of(&error) {
                    // A server without it has none of its own either.
                    cause if cause.is_not_implemented() => return Ok(Vec::new()),
                    cause => return Err(self.caused(&target, cause)),
                },
            };
            let behind = behind(self.environment.now(), clock.time());
            found.extend(
                entries(&page, &namespace, behind)
                    .filter(|row| job.is_none_or(|job| row.0 == *job)),
            );
            if page.is_truncated() != Some(true) || page.next_key_marker().is_none() {
                return Ok(found);
            }
            key_marker = decoded(&page, page.next_key_marker());
            id_marker = page.next_upload_id_marker().map(str::to_owned);
        }
    }

    async fn uploads_page(
        &self,
        target: &Target,
        key_marker: Option<String>,
        id_marker: Option<String>,
        clock: &ServerClock,
    ) -> Result<
        ListMultipartUploadsOutput,
        aws_sdk_s3::error::SdkError<
            aws_sdk_s3::operation::list_multipart_uploads::ListMultipartUploadsError,
            aws_sdk_s3::config::http::HttpResponse,
        >,
    > {
        let _permit = self.permit().await;
        let request = self
            .client
            .list_multipart_uploads()
            .bucket(self.keyspace.bucket())
            // MinIO takes a prefix for a whole key and shows all uploads only without one.
            .set_prefix(self.is_aws.then(|| target.key.clone()))
            .encoding_type(EncodingType::Url)
            .set_key_marker(key_marker)
            .set_upload_id_marker(id_marker);
        request.customize().interceptor(clock.clone()).send().await
    }

    /// Removes what [`uploads`](Self::uploads) or a listing showed; whether it was there, as far as
    /// the server says so.
    pub(crate) async fn reclaim(&self, directory: Directory<'_>, name: &str) -> Result<bool> {
        let (file_name, id) = match name.split_once(UPLOAD) {
            Some((file_name, id)) => (file_name, Some(id)),
            None => (name, None),
        };
        let target = |name: &str| Target {
            operation: "reclaim a leftover",
            key: self.keyspace.file(directory, name),
        };
        if let Some(id) = id {
            let was_there = self.abort_upload(&target(file_name), id).await?;
            info!(key = target(file_name).key, was_there, "an unfinished upload was aborted");
            return Ok(was_there);
        }
        if let FileKind::Sidecar(of) = naming::classify(file_name)
            && self.len_of(&target(&of.to_string())).await?.is_some()
        {
            return Ok(false);
        }
        self.delete_one(&target(file_name).key).await.map(|()| true)
    }
}

fn decoded(page: &ListMultipartUploadsOutput, key: Option<&str>) -> Option<String> {
    match page.encoding_type() {
        Some(EncodingType::Url) => keyspace::decoded(key?),
        _ => key.map(str::to_owned),
    }
}

/// How much later it is by this machine's clock than by the server's; as much as it takes to make
/// nothing look old where the server does not say what time it is.
fn behind(ours: SystemTime, theirs: Option<SystemTime>) -> Duration {
    theirs.map_or(Duration::MAX, |theirs| ours.duration_since(theirs).unwrap_or_default())
}

/// The uploads in the directories of jobs that are this project's or the Java engine's, with the
/// times of a server whose clock is so much behind this machine's: what somebody else uploads is
/// none of ours.
fn entries<'p>(
    page: &'p ListMultipartUploadsOutput,
    namespace: &'p str,
    behind: Duration,
) -> impl Iterator<Item = (JobId, FileEntry)> + 'p {
    page.uploads().iter().filter_map(move |upload| {
        let key = decoded(page, upload.key())?;
        let (job, file_name) = key.strip_prefix(namespace)?.split_once('/')?;
        let job = JobId::new(job).ok()?;
        let kind = naming::classify(file_name);
        matches!(kind, FileKind::Checkpoint(_) | FileKind::JavaTemporary).then_some(())?;
        let begun: Option<SystemTime> = upload.initiated().and_then(|time| (*time).try_into().ok());
        let begun = begun.and_then(|begun| begun.checked_add(behind));
        let entry = FileEntry {
            name: format!("{file_name}{UPLOAD}{}", upload.upload_id()?),
            file_type: FileType::Other,
            size: 0,
            // Without its age it counts as young.
            modified: begun.unwrap_or_else(SystemTime::now),
        };
        Some((job, entry))
    })
}
