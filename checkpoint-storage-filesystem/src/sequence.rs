//! The time stamps that a writer gives, job by job (contract 5).

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use checkpoint_storage_api::{JobId, next_timestamp};

/// How many jobs are remembered before idle ones are forgotten, which costs their next store a
/// listing.
const MAX_JOBS: usize = 4096;

/// The last time stamp that was given to each job.
#[derive(Debug, Default)]
pub(crate) struct Sequence(Mutex<HashMap<JobId, Job>>);

#[derive(Debug, Default)]
struct Job {
    /// `None` until a listing has shown what is stored.
    last_ms: Option<u64>,
    /// Whether what is stored has been looked at.
    listed: bool,
    /// How many stores are under way: their time stamps are not to be forgotten, as a listing may
    /// not show them yet.
    writers: usize,
    /// To be forgotten once no store is under way.
    forget: bool,
}

/// What a store learns when it asks for a time stamp.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stamp {
    /// This one is the store's own.
    Given(u64),
    /// What is stored must be listed first.
    ListFirst {
        /// It is this writer's first store of the job.
        first: bool,
    },
}

impl Sequence {
    /// Announces a store of `job`; it lasts until the result is dropped.
    pub(crate) fn begin(&self, job: &JobId) -> Writing<'_> {
        let mut jobs = self.lock();
        if jobs.len() >= MAX_JOBS && !jobs.contains_key(job) {
            jobs.retain(|_, job| job.writers > 0);
        }
        let entry = jobs.entry(job.clone()).or_default();
        entry.writers += 1;
        Writing { sequence: self, job: job.clone() }
    }

    /// Forgets a job whose checkpoints were deleted.
    pub(crate) fn forget(&self, job: &JobId) {
        let mut jobs = self.lock();
        if let Some(entry) = jobs.get_mut(job) {
            if entry.writers > 0 {
                entry.forget = true;
            } else {
                jobs.remove(job);
            }
        }
    }

    /// Takes note of a checkpoint that this writer stores under a given name.
    pub(crate) fn observe(&self, job: &JobId, timestamp_ms: u64) {
        if let Some(entry) = self.lock().get_mut(job) {
            entry.last_ms = entry.last_ms.max(Some(timestamp_ms));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<JobId, Job>> {
        // Every change under the lock is one assignment: a panic leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A store under way.
#[derive(Debug)]
pub(crate) struct Writing<'a> {
    sequence: &'a Sequence,
    job: JobId,
}

impl Writing<'_> {
    /// A time stamp, unless what is stored must be listed first.
    pub(crate) fn stamp(&self, now_ms: u64) -> Stamp {
        let mut jobs = self.sequence.lock();
        let entry = jobs.entry(self.job.clone()).or_default();
        match entry.last_ms {
            Some(last_ms) if entry.listed && now_ms > last_ms => {
                entry.last_ms = Some(now_ms);
                Stamp::Given(now_ms)
            }
            _ => Stamp::ListFirst { first: !entry.listed },
        }
    }

    /// A time stamp after all that a listing showed and all that were given meanwhile; `None` if
    /// there is none.
    pub(crate) fn stamp_after(&self, now_ms: u64, newest_stored_ms: Option<u64>) -> Option<u64> {
        let mut jobs = self.sequence.lock();
        let entry = jobs.entry(self.job.clone()).or_default();
        let stamp = next_timestamp(now_ms, entry.last_ms.max(newest_stored_ms))?;
        entry.last_ms = Some(stamp);
        entry.listed = true;
        Some(stamp)
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        let mut jobs = self.sequence.lock();
        if let Some(entry) = jobs.get_mut(&self.job) {
            entry.writers = entry.writers.saturating_sub(1);
            // A store that failed before its listing leaves nothing worth keeping.
            if entry.writers == 0 && (entry.forget || !entry.listed) {
                jobs.remove(&self.job);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(id: &str) -> JobId {
        JobId::new(id).expect("valid")
    }

    fn remembered(sequence: &Sequence) -> usize {
        sequence.lock().len()
    }

    #[test]
    fn time_stamps_increase_whatever_the_clock_does() {
        let sequence = Sequence::default();
        let writing = sequence.begin(&job("1"));
        assert_eq!(writing.stamp(1_000), Stamp::ListFirst { first: true });
        assert_eq!(writing.stamp_after(1_000, None), Some(1_000));
        assert_eq!(writing.stamp(1_000), Stamp::ListFirst { first: false });
        assert_eq!(writing.stamp_after(1_000, Some(1_000)), Some(1_001));
        assert_eq!(writing.stamp(1_005), Stamp::Given(1_005));
        assert_eq!(writing.stamp(5), Stamp::ListFirst { first: false });
        assert_eq!(writing.stamp_after(5, Some(9_000)), Some(9_001));
        assert_eq!(writing.stamp_after(5, Some(9_000)), Some(9_002));
        assert_eq!(writing.stamp_after(5, Some(u64::MAX)), None);
    }

    #[test]
    fn jobs_do_not_share_time_stamps() {
        let sequence = Sequence::default();
        let (one, two) = (sequence.begin(&job("1")), sequence.begin(&job("2")));
        assert_eq!(one.stamp_after(7, None), Some(7));
        assert_eq!(two.stamp_after(7, None), Some(7));
    }

    #[test]
    fn a_deleted_job_is_forgotten_after_its_last_store() {
        let sequence = Sequence::default();
        let writing = sequence.begin(&job("1"));
        assert_eq!(writing.stamp_after(100, None), Some(100));
        sequence.forget(&job("1"));
        // The store under way may not be visible yet: the next must still come after it.
        let second = sequence.begin(&job("1"));
        assert_eq!(second.stamp_after(50, None), Some(101));
        drop((writing, second));
        assert_eq!(remembered(&sequence), 0);

        assert_eq!(sequence.begin(&job("1")).stamp_after(1, None), Some(1));
        assert_eq!(remembered(&sequence), 1);
        sequence.forget(&job("1"));
        assert_eq!(remembered(&sequence), 0);
    }

    #[test]
    fn an_import_pushes_the_next_time_stamp() {
        let sequence = Sequence::default();
        let writing = sequence.begin(&job("1"));
        assert_eq!(writing.stamp_after(10, None), Some(10));
        sequence.observe(&job("1"), 500);
        assert_eq!(writing.stamp(20), Stamp::ListFirst { first: false });
        assert_eq!(writing.stamp_after(20, None), Some(501));
    }

    #[test]
    fn memory_is_bounded() {
        let sequence = Sequence::default();
        let busy = sequence.begin(&job("busy"));
        assert_eq!(busy.stamp_after(9, None), Some(9));
        for id in 0..2 * MAX_JOBS {
            assert_eq!(sequence.begin(&job(&id.to_string())).stamp_after(1, None), Some(1));
            assert!(remembered(&sequence) <= MAX_JOBS);
        }
        assert_eq!(busy.stamp_after(3, None), Some(10));
    }
}
