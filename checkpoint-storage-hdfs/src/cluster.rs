//! The client, and another in its place when a NameNode does not answer.

use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use checkpoint_storage_api::Result;
use hdfs_native::{Client, ClientBuilder, HdfsError};
use tracing::warn;

use crate::config::{HdfsConfig, NAMENODES, listed};
use crate::deadline::{Deadline, Limits};
use crate::failure::{Cause, Class};
use crate::retries::Retries;

/// Hadoop's folder of files: the plugin has read them, the client need not.
const NO_FOLDER: &str = "/dev/null/none";

/// How many connections must break one after the other to be no accident.
const HANG_UPS: u32 = 3;

/// NameNodes and DataNodes, by way of a client.
pub(crate) struct Cluster {
    config: HdfsConfig,
    limits: Limits,
    current: Mutex<Current>,
    /// Whether any NameNode has answered anything yet.
    has_answered: AtomicBool,
    /// How many connections broke before that.
    broken: AtomicU32,
}

struct Current {
    client: Client,
    /// How many clients were given up.
    generation: usize,
}

impl Cluster {
    /// A client for the configured cluster. Sends nothing.
    pub(crate) fn new(mut config: HdfsConfig, limits: Limits) -> Result<Self> {
        config.wait_for_no_node_longer_than(limits.of_a_node());
        let client = build(&config, 0)
            .map_err(|error| Cause::of(&error).into_error("open", &config.address.url))?;
        let current = Mutex::new(Current { client, generation: 0 });
        let (has_answered, broken) = (AtomicBool::new(false), AtomicU32::new(0));
        Ok(Self { config, limits, current, has_answered, broken })
    }

    pub(crate) fn config(&self) -> &HdfsConfig {
        &self.config
    }

    /// The deadline of a call that begins now.
    pub(crate) fn begin(&self) -> Deadline {
        self.limits.begin()
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        // Every change under the lock is one assignment: a panic leaves nothing half done.
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The client, and its generation.
    pub(crate) fn client(&self) -> (Client, usize) {
        let current = self.current();
        (current.client.clone(), current.generation)
    }

    /// Gives up a client whose NameNode does not answer: its connection would be used again. The
    /// next client asks another NameNode first. One that has created files is never freed, as it
    /// holds itself to keep its lease.
    pub(crate) fn give_up(&self, generation: usize) {
        let mut current = self.current();
        if current.generation != generation {
            return;
        }
        match build(&self.config, generation + 1) {
            Ok(client) => *current = Current { client, generation: generation + 1 },
            Err(error) => warn!(%error, "no other client can be made"),
        }
    }

    /// Asks until there is an answer that lasts, or no time.
    pub(crate) async fn ask<T, F>(
        &self,
        deadline: Deadline,
        question: impl Fn(Client) -> F,
    ) -> Result<T, Cause>
    where
        F: Future<Output = Result<T, HdfsError>>,
    {
        let mut retries = Retries::new(deadline);
        let mut before = None;
        loop {
            let failed = match self.step(deadline, &question).await {
                Ok(answer) => return Ok(answer),
                Err(cause) => cause,
            };
            let again = retries.again(&failed, self.unmet()).await;
            let cause = failed.or(before.take());
            if !again {
                return Err(cause);
            }
            before = Some(cause);
        }
    }

    /// How many NameNodes there are, as long as none has answered anything.
    pub(crate) fn unmet(&self) -> Option<usize> {
        let has_answered = self.has_answered.load(Ordering::Relaxed);
        (!has_answered).then(|| self.config.namenodes())
    }

    /// Asks once.
    pub(crate) async fn step<T, F>(
        &self,
        deadline: Deadline,
        question: impl FnOnce(Client) -> F,
    ) -> Result<T, Cause>
    where
        F: Future<Output = Result<T, HdfsError>>,
    {
        let (client, generation) = self.client();
        let answer =
            deadline.step(question(client)).await.map_err(|cause| match &self.config.login {
                Some(login) => cause.of_login(login),
                None => cause,
            });
        let cause = match &answer {
            Err(cause) if matches!(cause.class, Class::Unanswered | Class::Unreached) => cause,
            _ => {
                self.has_answered.store(true, Ordering::Relaxed);
                return answer;
            }
        };
        if cause.is_time_out() || cause.is_panic() {
            self.give_up(generation);
        } else if cause.class == Class::Unanswered && self.hangs_up() {
            return Err(Cause::hung_up());
        }
        answer
    }

    /// Whether a NameNode that has never answered whoever has no login has broken the connection
    /// often enough: that is all the client tells of a refused handshake.
    fn hangs_up(&self) -> bool {
        self.config.login.is_none()
            && self.unmet().is_some()
            && self.broken.fetch_add(1, Ordering::Relaxed) + 1 >= HANG_UPS
    }
}

fn build(config: &HdfsConfig, generation: usize) -> Result<Client, HdfsError> {
    let site = config.site.iter().map(|(key, value)| match key.starts_with(NAMENODES) {
        true => (key.to_owned(), rotated(value, generation)),
        false => (key.to_owned(), value.to_owned()),
    });
    let mut builder = ClientBuilder::new()
        .with_url(&config.address.url)
        .with_config_dir(NO_FOLDER)
        .with_config(site);
    if let Some(login) = &config.login {
        builder = builder
            .with_kerberos_principal(&login.principal)
            .with_kerberos_keytab(login.keytab.to_string_lossy());
    }
    if let Some(user) = &config.user {
        builder = builder.with_user(user);
    }
    builder.build()
}

/// The same list, begun later by so many.
fn rotated(list: &str, by: usize) -> String {
    let mut parts: Vec<_> = listed(list).collect();
    let first = by % parts.len().max(1);
    parts.rotate_left(first);
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_further_client_asks_another_namenode_first() {
        let lists = [0, 1, 2, 3].map(|generation| rotated("one, two,three", generation));
        assert_eq!(lists, ["one,two,three", "two,three,one", "three,one,two", "one,two,three"]);
        assert_eq!(rotated("", 7), "");
    }
}
