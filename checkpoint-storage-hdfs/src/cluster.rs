//! The client, and another in its place when a NameNode does not answer.

use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};

use checkpoint_storage_api::Result;
use hdfs_native::{Client, ClientBuilder, HdfsError};
use tracing::warn;

use crate::config::{HdfsConfig, NAMENODES, listed};
use crate::contact::Contact;
use crate::deadline::{Deadline, Limits};
use crate::failure::{Cause, Class};
use crate::retries::Retries;

/// Hadoop's folder of files: the plugin has read them, the client need not.
const NO_FOLDER: &str = "/dev/null/none";

/// NameNodes and DataNodes, by way of a client.
pub(crate) struct Cluster {
    config: HdfsConfig,
    limits: Limits,
    current: Mutex<Current>,
    contact: Contact,
}

struct Current {
    client: Client,
    /// How many clients were given up.
    generation: usize,
}

impl Cluster {
    /// A client for the configured cluster. Sends nothing.
    pub(crate) fn new(mut config: HdfsConfig, limits: Limits) -> Result<Self> {
        config.limit_client(limits.node_timeout());
        let client =
            build(&config, 0).map_err(|error| Cause::of(&error).into_error("open", &config.url))?;
        let current = Mutex::new(Current { client, generation: 0 });
        Ok(Self { config, limits, current, contact: Contact::default() })
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

    /// Replaces a client whose NameNode does not answer: its connection would be used again. The
    /// next one asks another NameNode first. A client that has created files leaks: its lease-renewal
    /// task keeps it alive.
    pub(crate) fn replace_client(&self, generation: usize) {
        let mut current = self.current();
        if current.generation != generation {
            return;
        }
        match build(&self.config, generation + 1) {
            Ok(client) => *current = Current { client, generation: generation + 1 },
            Err(error) => warn!(%error, "no other client can be made"),
        }
    }

    /// Retries transient failures until the call succeeds, fails for good, or the deadline passes.
    pub(crate) async fn call_with_retries<T, F>(
        &self,
        deadline: Deadline,
        call: impl Fn(Client) -> F,
    ) -> Result<T, Cause>
    where
        F: Future<Output = Result<T, HdfsError>>,
    {
        let mut retries = Retries::new(deadline);
        let mut before = None;
        loop {
            let failed = match self.call_once(deadline, &call).await {
                Ok(answer) => return Ok(answer),
                Err(cause) => cause,
            };
            let again = retries.again(&failed, self.uncontacted()).await;
            let cause = failed.or(before.take());
            if !again {
                return Err(cause);
            }
            before = Some(cause);
        }
    }

    /// The number of NameNodes, as long as none has answered anything.
    pub(crate) fn uncontacted(&self) -> Option<usize> {
        (!self.contact.is_made()).then(|| self.config.namenodes())
    }

    /// Calls once, in one step.
    pub(crate) async fn call_once<T, F>(
        &self,
        deadline: Deadline,
        call: impl FnOnce(Client) -> F,
    ) -> Result<T, Cause>
    where
        F: Future<Output = Result<T, HdfsError>>,
    {
        let (client, generation) = self.client();
        match deadline.step(call(client)).await {
            Ok(answer) => {
                self.contact.answered();
                Ok(answer)
            }
            Err(cause) => Err(self.failed(cause, generation)),
        }
    }

    /// What a failed step with the client of this generation means. One that nothing can be had of
    /// is replaced.
    pub(crate) fn failed(&self, cause: Cause, generation: usize) -> Cause {
        if matches!(cause.class, Class::TimedOut | Class::Panicked) {
            self.replace_client(generation);
        }
        let login = self.config.login.as_ref();
        let cause = self.contact.failed(cause, login.is_some());
        match login {
            Some(login) => cause.of_login(login),
            None => cause,
        }
    }
}

fn build(config: &HdfsConfig, generation: usize) -> Result<Client, HdfsError> {
    let site = config.site.iter().map(|(key, value)| match key.starts_with(NAMENODES) {
        true => (key.to_owned(), rotated(value, generation)),
        false => (key.to_owned(), value.to_owned()),
    });
    let mut builder =
        ClientBuilder::new().with_url(&config.url).with_config_dir(NO_FOLDER).with_config(site);
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
