//! Deleting, and moving aside.

use std::sync::Arc;

use checkpoint_storage_api::{Outcome, Result};

use super::{Files, Target};
use crate::deadline::Deadline;
use crate::failure::Class;
use crate::retries::Retries;

impl Files {
    /// Deletes a file; whether it was there. What an earlier try may have deleted was there.
    pub(crate) async fn delete(&self, target: &Target, deadline: Deadline) -> Result<bool> {
        let path = target.path();
        let mut retries = Retries::new(deadline);
        let mut may_be_done = false;
        loop {
            let asked = self.cluster.step(deadline, |client| {
                let path = path.clone();
                async move { client.delete(&path, false).await }
            });
            let cause = match asked.await {
                Ok(was_there) => return Ok(was_there || may_be_done),
                Err(cause) if cause.class == Class::Missing => return Ok(may_be_done),
                Err(cause) => cause,
            };
            may_be_done |= cause.is_open();
            if !retries.again(&cause, self.cluster.unmet()).await {
                let error = self.caused(target, cause);
                return Err(error.with_outcome(error_outcome(may_be_done)));
            }
        }
    }

    /// Removes a directory if nothing is in it; whether it did.
    pub(crate) async fn remove_directory(&self, path: &str) -> Result<bool> {
        let deadline = self.cluster.begin();
        let asked = self.cluster.ask(deadline, |client| {
            let path = path.to_owned();
            async move { client.delete(&path, false).await }
        });
        match asked.await {
            Ok(removed) => Ok(removed),
            Err(cause) if cause.class == Class::Missing || cause.is_not_empty() => Ok(false),
            Err(cause) => Err(self.failed("delete job", path, cause)),
        }
    }

    /// Renames a file; never replaces one.
    pub(crate) async fn rename(self: &Arc<Self>, from: &Target, to: &Target) -> Result<()> {
        let deadline = self.cluster.begin();
        let mut retries = Retries::new(deadline);
        let mut may_be_done = false;
        loop {
            let (source, destination) = (from.path(), to.path());
            let asked = self.cluster.step(deadline, |client| async move {
                client.rename(&source, &destination, false).await
            });
            let Err(cause) = asked.await else { return Ok(()) };
            if may_be_done
                && cause.class == Class::Missing
                && matches!(self.exists(to, deadline).await, Ok(true))
            {
                return Ok(());
            }
            may_be_done |= cause.is_open();
            if !retries.again(&cause, self.cluster.unmet()).await {
                let subject = if cause.class == Class::Taken { to } else { from };
                let error = self.caused(subject, cause);
                return Err(error.with_outcome(error_outcome(may_be_done)));
            }
        }
    }

    pub(super) async fn exists(&self, target: &Target, deadline: Deadline) -> Result<bool> {
        let path = target.path();
        let asked = self.cluster.ask(deadline, |client| {
            let path = path.clone();
            async move { client.get_file_info(&path).await }
        });
        match asked.await {
            Ok(_) => Ok(true),
            Err(cause) if cause.class == Class::Missing => Ok(false),
            Err(cause) => Err(self.caused(target, cause)),
        }
    }
}

pub(super) fn error_outcome(may_be_done: bool) -> Outcome {
    if may_be_done { Outcome::Unknown } else { Outcome::NotApplied }
}
