//! Writing a file again after a failure.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use checkpoint_storage_api::{CheckpointName, Result};
use tracing::debug;

use super::replicas::Replicas;
use super::temporary::Temporary;
use super::write::Writer;
use super::{Files, Target};
use crate::deadline::Deadline;
use crate::failure::{Cause, Class};
use crate::retries::Retries;

const SHORT_PAUSE: Duration = Duration::from_millis(50);

/// A file that has bytes and no name yet.
pub(super) struct PartialFile {
    pub(super) temporary: Temporary,
    pub(super) writer: Writer,
    pub(super) replicas: Replicas,
}

impl Files {
    /// Writes the first bytes of a file of so many, under a temporary name: closes it if they are all
    /// of it, else waits until the DataNodes have them. Whatever fails for a passing reason is tried
    /// again from the beginning, under another name, as long as there is time.
    pub(super) async fn write_with_retries(
        self: &Arc<Self>,
        target: &Target,
        name: &CheckpointName,
        pieces: &[Bytes],
        len: u64,
        deadline: Deadline,
    ) -> Result<PartialFile> {
        let is_whole = pieces.iter().map(|piece| piece.len() as u64).sum::<u64>() == len;
        let mut tries = WriteAttempts::new(self.cluster.config().replication, deadline);
        loop {
            let replicas = tries.replicas;
            let mut temporary = self.temporary(target, name);
            let written = async {
                let mut writer = self.create(&mut temporary, len, replicas, deadline).await?;
                for piece in pieces {
                    self.write_piece(&mut writer, piece.clone(), deadline).await?;
                }
                match is_whole {
                    true => self.end(&mut writer, &temporary, replicas, deadline).await?,
                    false => self.sync(&mut writer, deadline).await?,
                }
                Ok(writer)
            };
            match written.await {
                Ok(writer) => return Ok(PartialFile { temporary, writer, replicas }),
                Err(cause) => {
                    let again = tries.failed(self, temporary, cause).await;
                    // Nothing has its name yet.
                    again.map_err(|cause| self.caused(target, cause))?;
                }
            }
        }
    }
}

/// The tries of one file, each under a temporary name of its own.
struct WriteAttempts {
    deadline: Deadline,
    retries: Retries,
    /// What this one asks for.
    replicas: Replicas,
    /// Why the last one failed.
    before: Option<Cause>,
    began: Instant,
}

impl WriteAttempts {
    fn new(replication: Option<u32>, deadline: Deadline) -> Self {
        let (replicas, began) = (Replicas::new(replication), Instant::now());
        Self { deadline, retries: Retries::new(deadline), replicas, before: None, began }
    }

    /// Waits for the next try, or says why there is none. Removes what this one left.
    async fn failed(
        &mut self,
        files: &Files,
        temporary: Temporary,
        failed: Cause,
    ) -> Result<(), Cause> {
        debug!(cause = ?failed, file = temporary.target.path(), "a write failed");
        if failed.class == Class::DataNodes {
            self.lower(files, &temporary).await;
        }
        drop(temporary);
        let uncontacted = files.cluster.uncontacted();
        // What failed now decides what to do, whatever is told in the end.
        let again = match failed.class {
            Class::TooFewReplicas if self.replicas.missing_from().is_some() => {
                self.replicas.too_few();
                self.deadline.pause(SHORT_PAUSE).await
            }
            // Another choice of DataNodes may be all it takes.
            Class::DataNodes if !self.replicas.are_fewest() => {
                self.retries.again_after(SHORT_PAUSE, &failed, uncontacted).await
            }
            _ => self.retries.again(&failed, uncontacted).await,
        };
        let cause = failed.or(self.before.take());
        if !again {
            return Err(cause);
        }
        self.before = Some(cause);
        self.began = Instant::now();
        Ok(())
    }

    /// Counts a failure of DataNodes, if it is theirs: the NameNode must answer, which also tells how
    /// many replicas the cluster gives a file. One that does not is given up.
    async fn lower(&mut self, files: &Files, temporary: &Temporary) {
        let (took, path) = (self.began.elapsed(), temporary.target.path());
        let asked = files.cluster.call_once(self.deadline.in_short_steps(), |client| async move {
            client.get_file_info(&path).await
        });
        let given = match asked.await {
            Ok(status) => status.replication.filter(|given| *given > 0),
            Err(cause) if cause.class == Class::Missing => None,
            Err(cause) => return debug!(?cause, "DataNodes are not to blame"),
        };
        self.replicas.failed(took, given);
    }
}
