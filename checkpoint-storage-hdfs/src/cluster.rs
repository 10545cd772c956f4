//! The client, and another in its place when a NameNode does not answer.

use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use checkpoint_storage_api::Result;
use hdfs_native::{Client, ClientBuilder, HdfsError};
use tracing::warn;

use crate::config::HdfsConfig;
use crate::deadline::{Deadline, Limits};
use crate::failure::{Cause, Class};

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
    pub(crate) fn new(config: HdfsConfig, limits: Limits) -> Result<Self> {
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
    /// next client asks another NameNode first.
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
        let mut pauses = pauses();
        let mut before = None;
        loop {
            let cause = match self.step(deadline, &question).await {
                Ok(answer) => return Ok(answer),
                Err(cause) => cause.or(before.take()),
            };
            before = Some(cause.clone());
            if !cause.is_passing() || !deadline.pause(pauses.next().unwrap_or_default()).await {
                return Err(cause);
            }
        }
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
        match &answer {
            Err(cause) if cause.class == Class::Unanswered => {
                self.give_up(generation);
                if self.config.login.is_none() && self.hangs_up(cause) {
                    return Err(Cause::hung_up());
                }
            }
            Err(cause) if cause.class == Class::Unreached => {}
            _ => self.has_answered.store(true, Ordering::Relaxed),
        }
        answer
    }

    /// Whether a NameNode that has never answered has broken the connection often enough: that is
    /// all the client tells of a refused handshake.
    fn hangs_up(&self, cause: &Cause) -> bool {
        *cause != Cause::timed_out()
            && !self.has_answered.load(Ordering::Relaxed)
            && self.broken.fetch_add(1, Ordering::Relaxed) + 1 >= HANG_UPS
    }
}

/// How long to wait before each further try, without end.
pub(crate) fn pauses() -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(Duration::from_secs(1))
        .without_max_times()
        .with_jitter()
        .build()
}

fn build(config: &HdfsConfig, generation: usize) -> Result<Client, HdfsError> {
    let mut site: Vec<(String, String)> =
        config.site.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    if let Some((nameservice, ids)) = &config.address.nameservice {
        let mut ids = ids.clone();
        let first = generation % ids.len().max(1);
        ids.rotate_left(first);
        site.push((format!("dfs.ha.namenodes.{nameservice}"), ids.join(",")));
    }
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
