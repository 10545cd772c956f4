//! A change whose answer may be lost.

use checkpoint_storage_api::{Outcome, Result};

use super::{Files, Target};
use crate::deadline::Deadline;
use crate::failure::Cause;
use crate::retries::Retries;

/// One change of what is stored, which is asked for until it is applied, refused, or out of time.
pub(super) struct Change<'f> {
    files: &'f Files,
    retries: Retries,
    may_have_applied: bool,
}

impl<'f> Change<'f> {
    pub(super) fn new(files: &'f Files, deadline: Deadline) -> Self {
        Self { files, retries: Retries::new(deadline), may_have_applied: false }
    }

    /// Whether one of the calls that failed may have been applied all the same.
    pub(super) fn may_have_applied(&self) -> bool {
        self.may_have_applied
    }

    /// Waits until the next call after this failure; an error, with its outcome, if there is none.
    pub(super) async fn failed(&mut self, target: &Target, cause: Cause) -> Result<()> {
        self.may_have_applied |= cause.may_have_applied();
        if self.retries.again(&cause, self.files.cluster.uncontacted()).await {
            return Ok(());
        }
        let outcome = if self.may_have_applied { Outcome::Unknown } else { Outcome::NotApplied };
        Err(self.files.caused(target, cause).with_outcome(outcome))
    }
}
