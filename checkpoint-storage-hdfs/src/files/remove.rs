//! Deleting, and moving aside.

use std::sync::Arc;

use checkpoint_storage_api::{Outcome, Result};

use super::{Files, Target};
use crate::cluster::pauses;
use crate::failure::Class;

impl Files {
    /// Deletes a file; whether it was there. What an earlier try may have deleted was there.
    pub(crate) async fn delete(&self, target: &Target) -> Result<bool> {
        let (deadline, path) = (self.cluster.begin(), target.path());
        let mut pauses = pauses();
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
            let again =
                cause.is_passing() && deadline.pause(pauses.next().unwrap_or_default()).await;
            if !again {
                let error = self.caused(target, cause);
                let unknown = error_outcome(may_be_done);
                return Err(error.with_outcome(unknown));
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
            Err(cause) => Err(cause.into_error("delete job", self.url(path))),
        }
    }

    /// Renames a file; never replaces one.
    pub(crate) async fn rename(self: &Arc<Self>, from: &Target, to: &Target) -> Result<()> {
        let deadline = self.cluster.begin();
        let mut pauses = pauses();
        let mut may_be_done = false;
        loop {
            let (source, destination) = (from.path(), to.path());
            let asked = self.cluster.step(deadline, |client| async move {
                client.rename(&source, &destination, false).await
            });
            let Err(cause) = asked.await else { return Ok(()) };
            if may_be_done && cause.class == Class::Missing && self.exists(to).await? {
                return Ok(());
            }
            may_be_done |= cause.is_open();
            let again =
                cause.is_passing() && deadline.pause(pauses.next().unwrap_or_default()).await;
            if !again {
                let subject = if cause.class == Class::Taken { to } else { from };
                let error = self.caused(subject, cause);
                return Err(error.with_outcome(error_outcome(may_be_done)));
            }
        }
    }

    pub(super) async fn exists(&self, target: &Target) -> Result<bool> {
        let path = target.path();
        let asked = self.cluster.ask(self.cluster.begin(), |client| {
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
