//! Giving a written file its name, so that it appears whole, once, and never over another.

use std::sync::Arc;

use checkpoint_storage_api::{CheckpointName, Error, ErrorKind, Result};
use tracing::{info, warn};

use super::change::Change;
use super::settle::{Fingerprint, Found};
use super::temporary::Temporary;
use super::write::Body;
use super::write_attempts::PartialFile;
use super::{Files, Target};
use crate::deadline::Deadline;
use crate::failure::Class;

impl Files {
    /// Writes a file and gives it its name.
    pub(crate) async fn publish(
        self: &Arc<Self>,
        target: Target,
        name: &CheckpointName,
        body: Body,
    ) -> Result<()> {
        let (deadline, written) = (self.deadline(), body.fingerprint);
        let PartialFile { temporary, .. } =
            self.write_with_retries(&target, name, &body.pieces, written.len, deadline).await?;
        self.publish_written(temporary, &target, written, deadline).await
    }

    /// Gives a temporary file its name.
    pub(super) async fn publish_written(
        self: &Arc<Self>,
        mut temporary: Temporary,
        target: &Target,
        written: Fingerprint,
        deadline: Deadline,
    ) -> Result<()> {
        let mut change = Change::new(self, deadline);
        loop {
            let (from, to) = (temporary.target.path(), target.path());
            let renamed = self.cluster.call_once(deadline, |client| async move {
                client.rename(&from, &to, false).await
            });
            let Err(cause) = renamed.await else {
                temporary.is_there = false;
                return Ok(());
            };
            if change.may_have_applied() && matches!(cause.class, Class::Taken | Class::Missing) {
                match self.look(target, written, deadline).await {
                    Ok(Found::Ours) => {
                        // Were the rename undone, the temporary file would be all there is.
                        temporary.is_there = false;
                        if self.is_logged(target, deadline).await {
                            info!(
                                file = target.path(),
                                "an answer was lost; the file has its name"
                            );
                            return Ok(());
                        }
                    }
                    Ok(Found::Another) => return Err(self.taken(target)),
                    Ok(Found::Nothing) => {}
                    Err(error) => warn!(%error, "cannot look what became of a rename"),
                }
            }
            let again = change.failed(target, cause).await;
            // Where it may get its name yet, to remove it could lose what will be acknowledged.
            temporary.is_there &= again.is_ok() || !change.may_have_applied();
            again?;
        }
    }

    /// Whether what the NameNode shows would outlast its end. It shows changes before they are in its
    /// edit log, and its answer to another logged change, one that changes nothing, waits for both.
    async fn is_logged(&self, target: &Target, deadline: Deadline) -> bool {
        let path = target.path();
        let logged = self.cluster.call_with_retries(deadline, |client| {
            let path = path.clone();
            async move {
                let status = client.get_file_info(&path).await?;
                client.set_times(&path, status.modification_time, status.access_time).await
            }
        });
        logged.await.is_ok()
    }

    pub(super) fn taken(&self, target: &Target) -> Error {
        let reason = "the name is taken; what is there was left as it is";
        Error::new(ErrorKind::AlreadyExists, target.operation, reason)
            .with_subject(self.url(&target.path()))
    }
}
