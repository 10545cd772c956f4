//! Listing, in pages.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::SystemTime;

use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::types::EncodingType;
use checkpoint_storage_api::{Error, JobId, Result};
use checkpoint_storage_filesystem::{Directory, FileEntry, FileType, IsEnough, naming};
use futures_util::{StreamExt as _, TryStreamExt as _};

use super::{Bucket, Target};
use crate::failure::Cause;
use crate::keyspace;

/// How many jobs are looked into at once.
const JOBS_AT_ONCE: usize = 16;
/// How far back the first look at the end of a long listing goes, and how much further each other.
const FIRST_WINDOW_MS: u64 = 60_000;
const WINDOW_GROWTH: u64 = 8;

/// A part of a directory's listing.
struct Page {
    entries: Vec<FileEntry>,
    /// Where the next one begins.
    next: Option<String>,
}

impl Bucket {
    /// What lies in a directory, without what sorts before `start_after`.
    pub(crate) async fn list(
        &self,
        directory: Directory<'_>,
        start_after: Option<&str>,
    ) -> Result<Vec<FileEntry>> {
        let first = self.page(directory, start_after, None).await?;
        self.all_from(directory, first).await
    }

    /// Jobs with a checkpoint. Of a job no more is listed than it takes to see one.
    pub(crate) async fn jobs(self: &Arc<Self>) -> Result<Vec<JobId>> {
        let directories = self.list(Directory::Namespace, None).await?;
        let jobs = directories
            .into_iter()
            .filter(|entry| entry.file_type == FileType::Directory)
            .filter_map(|entry| JobId::new(entry.name).ok());
        let found = futures_util::stream::iter(jobs)
            .map(|job| async move { Ok::<_, Error>((self.has_checkpoint(&job).await?, job)) })
            .buffer_unordered(JOBS_AT_ONCE)
            .try_collect::<Vec<_>>()
            .await?;
        Ok(found.into_iter().filter_map(|(is_job, job)| is_job.then_some(job)).collect())
    }

    async fn has_checkpoint(&self, job: &JobId) -> Result<bool> {
        let directory = Directory::Job(job);
        let mut page = self.page(directory, None, None).await?;
        loop {
            if page.entries.iter().any(FileEntry::is_checkpoint) {
                return Ok(true);
            }
            match page.next {
                Some(next) => page = self.page(directory, None, Some(next)).await?,
                None => return Ok(false),
            }
        }
    }

    /// The files of a job, at least from the point on after which they are enough: those of a long
    /// job are looked at from the end, by the time in their names.
    pub(crate) async fn newest(
        &self,
        job: &JobId,
        now_ms: u64,
        is_enough: IsEnough<'_>,
    ) -> Result<Vec<FileEntry>> {
        let directory = Directory::Job(job);
        let first = self.page(directory, None, None).await?;
        let mut files = first.entries.iter().filter(|entry| entry.file_type == FileType::Regular);
        let reached = files.next_back().map(|entry| entry.name.clone()).unwrap_or_default();
        if first.next.is_some() {
            for bound in windows(now_ms).take_while(|bound| *bound > reached) {
                let entries = self.list(directory, Some(&bound)).await?;
                if is_enough(&entries) {
                    return Ok(entries);
                }
            }
        }
        self.all_from(directory, first).await
    }

    async fn all_from(&self, directory: Directory<'_>, first: Page) -> Result<Vec<FileEntry>> {
        let Page { mut entries, mut next } = first;
        let mut seen = HashSet::new();
        while let Some(token) = next {
            if !seen.insert(token.clone()) {
                let target = Target { operation: "list", key: self.keyspace.directory(directory) };
                return Err(self.caused(&target, Cause::foreign("the same page again and again")));
            }
            let page = self.page(directory, None, Some(token)).await?;
            entries.extend(page.entries);
            next = page.next;
        }
        Ok(entries)
    }

    async fn page(
        &self,
        directory: Directory<'_>,
        start_after: Option<&str>,
        token: Option<String>,
    ) -> Result<Page> {
        let target = Target { operation: "list", key: self.keyspace.directory(directory) };
        let _permit = self.permit().await;
        let sent = self
            .client
            .list_objects_v2()
            .bucket(self.keyspace.bucket())
            .prefix(&target.key)
            .delimiter("/")
            .encoding_type(EncodingType::Url)
            .set_start_after(start_after.map(|name| format!("{}{name}", target.key)))
            .set_continuation_token(token)
            .send()
            .await;
        let output = sent.map_err(|error| self.failed(&target, &error))?;
        let odd = |reason| self.caused(&target, Cause::foreign(reason));
        // The SDK takes any XML for one.
        if output.name().is_none() && output.is_truncated().is_none() {
            return Err(odd("no listing"));
        }
        let page = read_page(&output, &target.key).map_err(odd)?;
        match is_cut_short(&output) {
            true => Err(self.caused(&target, Cause::broken_off())),
            false => Ok(page),
        }
    }
}

/// Whether a listing holds less than it says: the SDK takes one that breaks off for a whole one.
fn is_cut_short(output: &ListObjectsV2Output) -> bool {
    let listed = output.contents().len() + output.common_prefixes().len();
    let announced = output.key_count().and_then(|count| usize::try_from(count).ok());
    output.is_truncated().is_none() || announced.is_some_and(|count| count > listed)
}

/// The entries of a page, whose keys begin with `prefix`. A key that ends in `/` is the marker of a
/// directory, which some clients leave; it is no file.
fn read_page(output: &ListObjectsV2Output, prefix: &str) -> Result<Page, &'static str> {
    let is_encoded = output.encoding_type() == Some(&EncodingType::Url);
    let name = |key: Option<&str>| {
        let key = key.ok_or("an object without a key")?;
        let key = if is_encoded { keyspace::decoded(key) } else { Some(key.to_owned()) };
        let key = key.ok_or("a key that is not UTF-8")?;
        let name = key.strip_prefix(prefix).ok_or("a key that was not asked for")?;
        Ok::<_, &'static str>(name.to_owned())
    };
    let mut entries = Vec::new();
    for object in output.contents() {
        let name = name(object.key())?;
        if !name.is_empty() && !name.ends_with('/') {
            let modified = object.last_modified().and_then(|time| (*time).try_into().ok());
            entries.push(FileEntry {
                name,
                file_type: FileType::Regular,
                size: object.size().and_then(|size| size.try_into().ok()).unwrap_or_default(),
                // Without its age it counts as young.
                modified: modified.unwrap_or_else(SystemTime::now),
            });
        }
    }
    for directory in output.common_prefixes() {
        let name = name(directory.prefix())?;
        entries.push(FileEntry {
            name: name.trim_end_matches('/').to_owned(),
            file_type: FileType::Directory,
            size: 0,
            modified: SystemTime::UNIX_EPOCH,
        });
    }
    entries.retain(|entry| !entry.name.is_empty());
    let is_cut = output.is_truncated().unwrap_or_default();
    match (is_cut, output.next_continuation_token()) {
        (false, _) => Ok(Page { entries, next: None }),
        (true, Some(next)) => Ok(Page { entries, next: Some(next.to_owned()) }),
        (true, None) => Err("a listing that goes on and does not say where"),
    }
}

/// What the names after each of which a long listing is looked at sort after: further and further
/// back from `now_ms`, as far as numbers sort as their text does.
fn windows(now_ms: u64) -> impl Iterator<Item = String> {
    std::iter::successors(Some(FIRST_WINDOW_MS), |window| window.checked_mul(WINDOW_GROWTH))
        .map_while(move |window| now_ms.checked_sub(window))
        .map_while(naming::before_timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_s3::types::{CommonPrefix, Object};

    #[test]
    fn windows_widen_until_they_cover_everything() {
        let bounds: Vec<_> = windows(1_795_474_038_044).collect();
        assert_eq!(bounds[..2], ["1795473978044-", "1795473558044-"]);
        assert!(bounds.is_sorted_by(|later, earlier| later > earlier), "{bounds:?}");
        assert_eq!(bounds.len(), 8, "{bounds:?}");
        assert_eq!(windows(5).count(), 0);
    }

    #[test]
    fn a_page_is_what_lies_below_its_prefix() {
        let output = ListObjectsV2Output::builder()
            .encoding_type(EncodingType::Url)
            .contents(Object::builder().key("n/1/").size(0).build())
            .contents(Object::builder().key("n/1/a+b%2B.ser").size(7).build())
            .common_prefixes(CommonPrefix::builder().prefix("n/1/sub/").build())
            .common_prefixes(CommonPrefix::builder().prefix("n/1//").build())
            .is_truncated(true)
            .next_continuation_token("next")
            .build();
        let page = read_page(&output, "n/1/").expect("valid");
        let found: Vec<_> =
            page.entries.iter().map(|entry| (entry.name.as_str(), entry.file_type)).collect();
        assert_eq!(found, [("a b+.ser", FileType::Regular), ("sub", FileType::Directory)]);
        assert_eq!(page.next.as_deref(), Some("next"));
        assert!(read_page(&output, "n/2/").is_err());
        let endless = ListObjectsV2Output::builder().is_truncated(true).build();
        assert!(read_page(&endless, "n/").is_err());
        let short = ListObjectsV2Output::builder().is_truncated(false).key_count(1).build();
        assert!(is_cut_short(&short) && !is_cut_short(&endless));
        assert!(is_cut_short(&ListObjectsV2Output::builder().build()));
    }
}
