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
    /// Why it is not known whether an earlier call was applied.
    lost: Option<Cause>,
}

impl<'f> Change<'f> {
    pub(super) fn new(files: &'f Files, deadline: Deadline) -> Self {
        Self { files, retries: Retries::new(deadline), lost: None }
    }

    /// Whether one of the calls that failed may have been applied all the same.
    pub(super) fn may_have_applied(&self) -> bool {
        self.lost.is_some()
    }

    /// Waits until the next call after this failure; an error, with its outcome, if there is none.
    pub(super) async fn failed(&mut self, target: &Target, cause: Cause) -> Result<()> {
        if self.lost.is_none() && cause.may_have_applied() {
            self.lost = Some(cause.clone());
        }
        if self.retries.again(&cause, self.files.cluster.uncontacted()).await {
            return Ok(());
        }
        Err(match self.lost.clone() {
            // What a later call was refused for says nothing of what became of that one.
            Some(lost) => self.files.caused(target, lost).with_outcome(Outcome::Unknown),
            None => self.files.caused(target, cause),
        })
    }
}
