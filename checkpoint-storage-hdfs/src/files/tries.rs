//! Writing a file again after a failure.

use std::time::{Duration, Instant};

use backon::ExponentialBackoff;
use checkpoint_storage_api::Result;
use tracing::debug;

use super::Files;
use super::replicas::Replicas;
use super::write::Temporary;
use crate::cluster::pauses;
use crate::deadline::Deadline;
use crate::failure::{Cause, Class};

const SHORT_PAUSE: Duration = Duration::from_millis(50);

/// The tries of one file, each under a temporary name of its own.
pub(super) struct Tries {
    deadline: Deadline,
    pauses: ExponentialBackoff,
    replicas: Replicas,
    /// Why the last one failed.
    before: Option<Cause>,
    began: Instant,
}

impl Files {
    /// Begins the first try.
    pub(super) fn tries(&self, deadline: Deadline) -> Tries {
        Tries {
            deadline,
            pauses: pauses(),
            replicas: Replicas::new(self.cluster.config().replication),
            before: None,
            began: Instant::now(),
        }
    }
}

impl Tries {
    /// What this try asks for.
    pub(super) fn replicas(&self) -> Replicas {
        self.replicas
    }

    /// Waits for the next try, or says why there is none. Removes what this one left.
    pub(super) async fn failed(
        &mut self,
        files: &Files,
        temporary: Temporary,
        cause: Cause,
    ) -> Result<(), Cause> {
        // What failed now decides what to do, whatever is told in the end.
        let class = cause.class;
        let cause = cause.or(self.before.take());
        debug!(?cause, file = temporary.target.path(), "a write failed");
        self.before = Some(cause.clone());
        let may_go_on = match class {
            Class::TooFewReplicas if self.replicas.missing_from().is_some() => {
                self.replicas.too_few();
                true
            }
            Class::DataNodes => {
                self.lower(files, &temporary).await;
                true
            }
            _ => cause.is_passing(),
        };
        drop(temporary);
        let pause = match class {
            // Another choice of DataNodes may be all it takes.
            Class::DataNodes if !self.replicas.are_fewest() => SHORT_PAUSE,
            _ => self.pauses.next().unwrap_or_default(),
        };
        if !may_go_on || !self.deadline.pause(pause).await {
            return Err(cause);
        }
        self.began = Instant::now();
        Ok(())
    }

    /// Counts a failure of DataNodes, if it is theirs: the NameNode must answer, which also tells how
    /// many replicas the cluster gives a file.
    async fn lower(&mut self, files: &Files, temporary: &Temporary) {
        let (took, path) = (self.began.elapsed(), temporary.target.path());
        let asked = files
            .cluster
            .step(self.deadline, |client| async move { client.get_file_info(&path).await });
        let full = match asked.await {
            Ok(status) => status.replication.filter(|full| *full > 0),
            Err(cause) if cause.class == Class::Missing => None,
            Err(cause) => return debug!(?cause, "DataNodes are not to blame"),
        };
        if self.replicas.failed(took)
            && let Some(full) = full
        {
            self.replicas.learn(full);
        }
    }
}
