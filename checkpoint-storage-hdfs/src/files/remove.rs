//! Deleting, and moving aside.

use checkpoint_storage_api::Result;

use super::change::Change;
use super::{Files, Target};
use crate::deadline::Deadline;
use crate::failure::Class;

impl Files {
    /// Deletes a file; whether it was there. What an earlier try may have deleted was there.
    pub(crate) async fn delete(&self, target: &Target, deadline: Deadline) -> Result<bool> {
        let path = target.path();
        let mut change = Change::new(self, deadline);
        loop {
            let deleted = self.cluster.call_once(deadline, |client| {
                let path = path.clone();
                async move { client.delete(&path, false).await }
            });
            match deleted.await {
                Ok(was_there) => return Ok(was_there || change.may_have_applied()),
                Err(cause) if cause.class == Class::Missing => return Ok(change.may_have_applied()),
                Err(cause) => change.failed(target, cause).await?,
            }
        }
    }

    /// Removes a directory if nothing is in it; whether it did.
    pub(crate) async fn remove_directory(&self, path: &str) -> Result<bool> {
        let removed = self.cluster.call_with_retries(self.deadline(), |client| {
            let path = path.to_owned();
            async move {
                // A file of that name is foreign.
                let is_directory = client.get_file_info(&path).await?.isdir;
                if is_directory { client.delete(&path, false).await } else { Ok(false) }
            }
        });
        match removed.await {
            Ok(removed) => Ok(removed),
            Err(cause) if matches!(cause.class, Class::Missing | Class::NotEmpty) => Ok(false),
            Err(cause) => Err(self.failed("delete job", path, cause)),
        }
    }

    /// Renames a file; never replaces one.
    pub(crate) async fn rename(&self, from: &Target, to: &Target) -> Result<()> {
        let deadline = self.deadline();
        let mut change = Change::new(self, deadline);
        loop {
            let (source, destination) = (from.path(), to.path());
            let renamed = self.cluster.call_once(deadline, |client| async move {
                client.rename(&source, &destination, false).await
            });
            let Err(cause) = renamed.await else { return Ok(()) };
            if change.may_have_applied()
                && cause.class == Class::Missing
                && matches!(self.exists(to, deadline).await, Ok(true))
            {
                return Ok(());
            }
            let subject = if cause.class == Class::Taken { to } else { from };
            change.failed(subject, cause).await?;
        }
    }
}
