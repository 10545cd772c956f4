//! The process that runs the job, and is killed: an engine in small. Each pipeline restores through
//! the latest checkpoint, counts, and stores in the background at an interval.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use checkpoint_storage_api::{
    BoxFuture, CheckpointEntry, CheckpointId, CheckpointStorage, JobId, ListQuery, PipelineId,
    PipelineState,
};
use storage_host::{ManagedStorage, retention};

use super::job::{PIPELINES, Pipeline, State};
use super::protocol::{Message, RestoredFrom};
use super::source::Source;
use crate::session::{Access, Session};
use crate::stop::Stop;

/// How often a pipeline reports and looks at the time.
const TICK: Duration = Duration::from_millis(20);

/// What the worker was asked to do.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) job: JobId,
    pub(super) source: Source,
    pub(super) interval: Duration,
    pub(super) rate: f64,
    pub(super) result: PathBuf,
}

pub(super) async fn run(session: &Session, settings: Settings) -> Result<(), Stop> {
    let max_retained = session.configuration()?.storage.max_retained;
    session
        .with_storage(Access::ReadWrite, |storage| async move {
            tell(&Message::Opened {
                plugin_file: storage.plugin().file().display().to_string(),
                plugin: storage.plugin().manifest().to_string(),
            })?;
            let pipelines = PIPELINES.map(|id| {
                let running = Running {
                    id,
                    storage: Arc::new(storage.clone()),
                    settings: settings.clone(),
                    max_retained,
                };
                tokio::spawn(running.run())
            });
            for pipeline in pipelines {
                pipeline.await.map_err(|error| Stop::Other(error.to_string()))??;
            }
            Ok(())
        })
        .await
}

fn tell(message: &Message) -> Result<(), Stop> {
    let failed = |error| Stop::io("tell the supervisor", error);
    let mut line = serde_json::to_vec(message).map_err(|error| failed(error.into()))?;
    line.push(b'\n');
    let mut stdout = io::stdout().lock();
    stdout.write_all(&line).and_then(|()| stdout.flush()).map_err(failed)
}

struct Running {
    id: PipelineId,
    storage: Arc<ManagedStorage>,
    settings: Settings,
    max_retained: u32,
}

impl Running {
    async fn run(self) -> Result<(), Stop> {
        let unreadable = |error| Stop::io("read the source", error);
        let (state, mut checkpoint) = self.restore().await?;
        let (began, first) = (Instant::now(), state.events);
        let mut pipeline =
            Pipeline::restore(self.id, &self.settings.source, state).map_err(unreadable)?;
        let mut due = began + self.settings.interval;
        let mut storing: Option<tokio::task::JoinHandle<Result<bool, Stop>>> = None;
        loop {
            let allowed = first + (began.elapsed().as_secs_f64() * self.settings.rate) as u64;
            let mut more = true;
            while more && pipeline.state().events < allowed {
                more = pipeline.step().map_err(unreadable)?;
            }
            tell(&Message::Progress { pipeline: self.id, events: pipeline.state().events })?;
            if !more {
                break;
            }
            // A supervisor that is gone is noticed through the store's own messages too.
            if storing.as_ref().is_some_and(tokio::task::JoinHandle::is_finished) {
                ended(storing.take()).await?;
            }
            if Instant::now() >= due && storing.is_none() {
                storing = Some(tokio::spawn(self.store(checkpoint, pipeline.state())?));
                checkpoint += 1;
                due = Instant::now() + self.settings.interval;
            }
            tokio::time::sleep(TICK).await;
        }
        ended(storing.take()).await?;
        self.finish(checkpoint, pipeline.state()).await
    }

    async fn restore(&self) -> Result<(State, CheckpointId), Stop> {
        let restored = self.storage.restore(&self.settings.job, self.id).await?;
        let Some(restored) = restored else {
            tell(&Message::Restored { pipeline: self.id, from: None })?;
            return Ok((State::default(), 1));
        };
        let states = restored.states.unwrap_or_default();
        let state: State = serde_json::from_slice(&states).map_err(|error| {
            Stop::Other(format!("{} is not of this job: {error}", restored.entry.name))
        })?;
        let name = restored.entry.name;
        let from = RestoredFrom {
            name: name.to_string(),
            checkpoint: name.checkpoint_id,
            events: state.events,
        };
        tell(&Message::Restored { pipeline: self.id, from: Some(from) })?;
        Ok((state, name.checkpoint_id + 1))
    }

    /// A store of what the pipeline holds now; says whether it was acknowledged.
    fn store(
        &self,
        checkpoint: CheckpointId,
        state: &State,
    ) -> Result<impl Future<Output = Result<bool, Stop>> + Send + 'static, Stop> {
        let bytes = serde_json::to_vec(state).map_err(|error| Stop::Other(error.to_string()))?;
        let state = PipelineState::new(self.settings.job.clone(), self.id, checkpoint, bytes);
        let (pipeline, job) = (self.id, self.settings.job.clone());
        let (storage, max_retained) = (Arc::clone(&self.storage), self.max_retained);
        Ok(async move {
            tell(&Message::StoreBegan { pipeline, checkpoint })?;
            let spawner = |task: BoxFuture<'static, ()>| drop(tokio::spawn(task));
            match Arc::clone(&storage).store_in_background(state, &spawner).await {
                Ok(CheckpointEntry { name, size, .. }) => {
                    let name = name.to_string();
                    tell(&Message::Stored { pipeline, checkpoint, name, size })?;
                    prune(&storage, &job, pipeline, max_retained).await;
                    Ok(true)
                }
                Err(error) => {
                    let error = error.to_string();
                    tell(&Message::StoreFailed { pipeline, checkpoint, error })?;
                    Ok(false)
                }
            }
        })
    }

    async fn finish(&self, checkpoint: CheckpointId, state: &State) -> Result<(), Stop> {
        if !self.store(checkpoint, state)?.await? {
            return Err(Stop::Other(format!(
                "the last checkpoint of pipeline {} could not be stored",
                self.id
            )));
        }
        let file = self.settings.result.join(format!("{}.json", self.id));
        let bytes = serde_json::to_vec(state).map_err(|error| Stop::Other(error.to_string()))?;
        std::fs::write(&file, bytes)
            .map_err(|error| Stop::io(format!("write {}", file.display()), error))?;
        tell(&Message::Finished { pipeline: self.id })
    }
}

async fn ended(storing: Option<tokio::task::JoinHandle<Result<bool, Stop>>>) -> Result<(), Stop> {
    if let Some(storing) = storing {
        storing.await.map_err(|error| Stop::Other(error.to_string()))??;
    }
    Ok(())
}

/// Keeps what retention keeps (contract 7); what cannot be deleted now is tried again next time.
async fn prune(storage: &ManagedStorage, job: &JobId, pipeline: PipelineId, max_retained: u32) {
    let pruned = async {
        let entries = storage.list(job, &ListQuery::all().of_pipeline(pipeline)).await?;
        let names = retention::superfluous(&entries, max_retained);
        if names.is_empty() {
            return Ok(());
        }
        for (name, error) in storage.delete_names(job, &names).await?.failed {
            tracing::warn!(%job, %name, %error, "an old checkpoint could not be deleted");
        }
        Ok::<_, checkpoint_storage_api::Error>(())
    };
    if let Err(error) = pruned.await {
        tracing::warn!(%job, pipeline, %error, "old checkpoints could not be deleted");
    }
}
