//! Which object is which file.

use std::borrow::Cow;

use checkpoint_storage_api::{Error, ErrorKind, JobId, Result};
use checkpoint_storage_filesystem::Directory;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What S3 takes as a key, in bytes of UTF-8.
const MAX_KEY_LEN: usize = 1024;
/// How long the name of a file of ours gets: the longest numbers, and the mark of quarantine.
const MAX_NAME_LEN: usize = 80;

/// What stays as it is in the source of a copy.
const UNRESERVED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The keys of the objects of one namespace in one bucket. Directories are prefixes that end in
/// `/`; no key begins with one.
#[derive(Debug, Clone)]
pub(crate) struct Keyspace {
    bucket: String,
    prefix: String,
}

impl Keyspace {
    pub(crate) fn new(bucket: impl Into<String>, prefix: impl Into<String>) -> Self {
        Self { bucket: bucket.into(), prefix: prefix.into() }
    }

    pub(crate) fn bucket(&self) -> &str {
        &self.bucket
    }

    /// What the keys in a directory begin with.
    pub(crate) fn directory(&self, directory: Directory<'_>) -> String {
        match directory {
            Directory::Namespace => self.prefix.clone(),
            Directory::Job(job) => format!("{}{job}/", self.prefix),
        }
    }

    /// The key of a file.
    pub(crate) fn file(&self, directory: Directory<'_>, file_name: &str) -> String {
        self.directory(directory) + file_name
    }

    /// The URL of an object or a directory, as Hadoop writes it.
    pub(crate) fn url(&self, key: &str) -> String {
        format!("s3a://{}/{key}", self.bucket)
    }

    /// An object as the source of a copy.
    pub(crate) fn copy_source(&self, key: &str) -> String {
        format!("{}/{}", self.bucket, utf8_percent_encode(key, UNRESERVED))
    }

    /// Refuses a job whose keys would be too long.
    pub(crate) fn check_job_id(&self, job: &JobId) -> Result<()> {
        let directory = self.directory(Directory::Job(job));
        if directory.len() + MAX_NAME_LEN <= MAX_KEY_LEN {
            return Ok(());
        }
        let longest = MAX_KEY_LEN.saturating_sub(MAX_NAME_LEN + self.prefix.len() + 1);
        Err(Error::new(
            ErrorKind::InvalidInput,
            "use job id",
            format!("keys of S3 have at most {MAX_KEY_LEN} bytes, its own would have more"),
        )
        .with_subject(format_args!("{:.40}…", job.as_str()))
        .with_advice(format!("in this namespace a job id has at most {longest} bytes")))
    }
}

/// A key of a listing in which keys are encoded as in a form: `+` is a space.
pub(crate) fn decoded(key: &str) -> Option<String> {
    let spaced: Cow<'_, str> = match key.contains('+') {
        true => key.replace('+', " ").into(),
        false => key.into(),
    };
    percent_decode_str(&spaced).decode_utf8().ok().map(Cow::into_owned)
}

/// Whether XML can hold a key: control characters can be sent in a URL alone.
pub(crate) fn fits_xml(key: &str) -> bool {
    !key.chars().any(|c| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_one_slash_between_segments_and_none_in_front() {
        let job = JobId::new("a b%2F;x😀").expect("valid");
        let keys = Keyspace::new("b", "seatunnel/checkpoint/");
        assert_eq!(keys.directory(Directory::Namespace), "seatunnel/checkpoint/");
        let key = keys.file(Directory::Job(&job), "x.ser");
        assert_eq!(key, "seatunnel/checkpoint/a b%2F;x😀/x.ser");
        assert_eq!(keys.url(&key), "s3a://b/seatunnel/checkpoint/a b%2F;x😀/x.ser");
        let source = "b/seatunnel/checkpoint/a%20b%252F%3Bx%F0%9F%98%80/x.ser";
        assert_eq!(keys.copy_source(&key), source);
        assert_eq!(Keyspace::new("b", "").file(Directory::Job(&job), "x"), "a b%2F;x😀/x");
    }

    #[test]
    fn a_key_has_at_most_as_many_bytes_as_s3_takes() {
        let keys = Keyspace::new("b", "n/");
        let job = |len| JobId::new("j".repeat(len)).expect("valid");
        assert!(keys.check_job_id(&job(MAX_KEY_LEN - MAX_NAME_LEN - 3)).is_ok());
        let error = keys.check_job_id(&job(MAX_KEY_LEN - MAX_NAME_LEN - 2)).expect_err("too long");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.advice().is_some_and(|advice| advice.contains("941 bytes")), "{error}");
    }

    #[test]
    fn the_longest_name_is_not_longer_than_assumed() {
        let name = checkpoint_storage_api::CheckpointName {
            timestamp_ms: u64::MAX,
            random: u32::MAX,
            pipeline_id: i32::MIN,
            checkpoint_id: i64::MIN,
        };
        let quarantined = checkpoint_storage_filesystem::naming::quarantined(&name);
        assert_eq!(quarantined.len(), MAX_NAME_LEN);
    }

    #[test]
    fn listed_keys_are_decoded_as_a_form() {
        for (listed, key) in [("a+b%2Bc", "a b+c"), ("%E4%BB%BB", "任"), ("x%2520", "x%20")] {
            assert_eq!(decoded(listed).as_deref(), Some(key));
        }
        assert_eq!(decoded("%ff"), None);
        assert!(fits_xml("任务 &<>") && !fits_xml("a\nb") && !fits_xml("\u{1}"));
    }
}
