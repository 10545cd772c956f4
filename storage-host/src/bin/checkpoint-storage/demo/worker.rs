//! The process that runs the job, and is killed: an engine in small. It restores each pipeline,
//! lets a coordinator checkpoint them while they count, and tells the supervisor what happens.

use std::io::{self, Write};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use checkpoint_storage_api::{Checkpoint, JobId, PipelineId};
use metrics_exporter_prometheus::PrometheusBuilder;
use storage_host::coordinator::{CheckpointOf, Event, EventStream, metrics};
use storage_host::{Coordinator, CoordinatorSettings, ManagedStorage, Shutdown};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::Trouble;
use super::faulty::Faulty;
use super::job::{PIPELINES, Pipeline, State};
use super::protocol::{Message, RestoredFrom};
use super::source::Source;
use crate::session::{Access, Session};
use crate::stop::Stop;

/// How often a pipeline reports and looks at the time.
const TICK: Duration = Duration::from_millis(20);

/// The pipeline that gets into trouble when that is asked for.
const TROUBLED: PipelineId = PIPELINES[0];

/// Where a snapshot goes.
type Answer = oneshot::Sender<Result<Bytes, serde_json::Error>>;

/// What the worker was asked to do.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) job: JobId,
    pub(super) source: Source,
    pub(super) interval: Duration,
    pub(super) rate: f64,
    pub(super) result: PathBuf,
    pub(super) trouble: Trouble,
}

pub(super) async fn run(session: &Session, settings: Settings) -> Result<(), Stop> {
    let config = session.configuration()?;
    let coordination =
        CoordinatorSettings { interval: settings.interval, ..CoordinatorSettings::from(&config) };
    serve_metrics(settings.trouble)?;
    session
        .with_storage(Access::ReadWrite, |storage| async move {
            tell(&Message::Opened {
                plugin_file: storage.plugin().file().display().to_string(),
                plugin: storage.plugin().manifest().to_string(),
            })?;
            work(storage, settings, coordination).await
        })
        .await
}

fn serve_metrics(trouble: Trouble) -> Result<(), Stop> {
    let Some(address) = trouble.metrics else { return Ok(()) };
    let served = PrometheusBuilder::new().with_http_listener(address).install();
    served.map_err(|error| Stop::Other(format!("serve metrics at {address}: {error}")))?;
    metrics::describe();
    Ok(())
}

async fn work(
    storage: ManagedStorage,
    settings: Settings,
    coordination: CoordinatorSettings,
) -> Result<(), Stop> {
    let mut restored = storage.restore_job(&settings.job).await?;
    let faulty = Faulty::new(storage, TROUBLED, settings.trouble.fail_stores);
    let mut builder = Coordinator::builder(Arc::new(faulty), settings.job.clone(), coordination);
    let mut pipelines = Vec::new();
    for id in PIPELINES {
        let (snapshots, requests) = mpsc::unbounded_channel();
        let mut delay = Duration::ZERO;
        if id == TROUBLED {
            delay = Duration::from_millis(settings.trouble.slow_snapshot);
        }
        let snapshots = Snapshots { requests: snapshots, delay: Arc::new(Some(delay).into()) };
        builder = builder.pipeline(id, move |of| snapshots.clone().take(of));
        pipelines.push(Running::restore(id, &settings, restored.remove(&id), requests)?);
    }
    let (coordinator, events) = builder.start().await?;
    let coordinator = Arc::new(coordinator);
    let telling = tokio::spawn(tell_events(events));

    let mut running = JoinSet::new();
    for pipeline in pipelines {
        running.spawn(pipeline.run(Arc::clone(&coordinator)));
    }
    let mut ended = Ok(());
    while let Some(pipeline) = running.join_next().await {
        let pipeline = pipeline.map_err(|error| Stop::Other(error.to_string()));
        ended = ended.and(pipeline.and_then(|done| done));
    }
    // That the job failed is among the events.
    let _ = coordinator.shutdown(Shutdown::Wait).await;
    drop(coordinator);
    telling.await.map_err(|error| Stop::Other(error.to_string()))??;
    ended
}

fn tell(message: &Message) -> Result<(), Stop> {
    let failed = |error| Stop::io("tell the supervisor", error);
    let mut line = serde_json::to_vec(message).map_err(|error| failed(error.into()))?;
    line.push(b'\n');
    let mut stdout = io::stdout().lock();
    stdout.write_all(&line).and_then(|()| stdout.flush()).map_err(failed)
}

async fn tell_events(mut events: EventStream) -> Result<(), Stop> {
    while let Some(event) = events.next().await {
        match event {
            Event::Storing { of: CheckpointOf { pipeline, checkpoint, .. }, .. } => {
                tell(&Message::StoreBegan { pipeline, checkpoint })?;
            }
            Event::Completed(done) => {
                let CheckpointOf { pipeline, checkpoint, .. } = done.of;
                tell(&Message::Stored { pipeline, checkpoint })?;
            }
            Event::Failed { of, .. } | Event::Expired { of, .. } => {
                let CheckpointOf { pipeline, checkpoint, .. } = of;
                tell(&Message::CheckpointFailed { pipeline, checkpoint })?;
            }
            Event::Pruned { deleted, .. } => tell(&Message::Pruned { count: deleted.len() })?,
            Event::JobFailed { error, .. } => {
                tell(&Message::JobFailed { error: error.to_string() })?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Asks a pipeline for its states, between two events.
#[derive(Clone)]
struct Snapshots {
    requests: mpsc::UnboundedSender<Answer>,
    /// How much longer the first one takes.
    delay: Arc<std::sync::Mutex<Option<Duration>>>,
}

impl Snapshots {
    async fn take(
        self,
        _: CheckpointOf,
    ) -> Result<Bytes, Box<dyn std::error::Error + Send + Sync>> {
        let delay = self.delay.lock().ok().and_then(|mut delay| delay.take());
        if let Some(delay) = delay {
            tokio::time::sleep(delay).await;
        }
        let (answer, answered) = oneshot::channel();
        self.requests.send(answer)?;
        Ok(answered.await??)
    }
}

struct Running {
    pipeline: Pipeline,
    id: PipelineId,
    is_new: bool,
    settings: Settings,
    requests: mpsc::UnboundedReceiver<Answer>,
}

impl Running {
    fn restore(
        id: PipelineId,
        settings: &Settings,
        restored: Option<Checkpoint>,
        requests: mpsc::UnboundedReceiver<Answer>,
    ) -> Result<Self, Stop> {
        let is_new = restored.is_none();
        let state =
            restored.map_or(Ok(State::default()), |restored| restored_state(id, restored))?;
        if is_new {
            tell(&Message::Restored { pipeline: id, from: None })?;
        }
        let pipeline = Pipeline::restore(id, &settings.source, state);
        let pipeline = pipeline.map_err(|error| Stop::io("read the source", error))?;
        Ok(Self { pipeline, id, is_new, settings: settings.clone(), requests })
    }

    async fn run(mut self, coordinator: Arc<Coordinator>) -> Result<(), Stop> {
        if self.settings.trouble.savepoint && self.is_new {
            let savepoint = self.serving(coordinator.savepoint(self.id)).await;
            savepoint.map_err(|error| Stop::Other(error.to_string()))?;
        }
        let (began, first) = (Instant::now(), self.pipeline.state().events);
        let mut more = true;
        while more {
            let allowed = first + (began.elapsed().as_secs_f64() * self.settings.rate) as u64;
            while more && self.pipeline.state().events < allowed {
                more = self.pipeline.step().map_err(|error| Stop::io("read the source", error))?;
            }
            let events = self.pipeline.state().events;
            tell(&Message::Progress { pipeline: self.id, events })?;
            let failed = tokio::select! {
                () = self.serving(tokio::time::sleep(TICK)) => false,
                _ = coordinator.failed() => true,
            };
            if failed {
                return Ok(());
            }
        }
        if self.serving(coordinator.finish(self.id)).await.is_err() {
            // The job failed.
            return Ok(());
        }
        let file = self.settings.result.join(format!("{}.json", self.id));
        let bytes = self.states().map_err(|error| Stop::io("write the result", error.into()))?;
        std::fs::write(&file, bytes)
            .map_err(|error| Stop::io(format!("write {}", file.display()), error))?;
        tell(&Message::Finished { pipeline: self.id })
    }

    /// Waits for `future` and gives snapshots to whoever asks meanwhile.
    async fn serving<T>(&mut self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        loop {
            tokio::select! {
                done = &mut future => return done,
                Some(answer) = self.requests.recv() => {
                    // Who asked may have given up.
                    let _ = answer.send(self.states());
                }
            }
        }
    }

    fn states(&self) -> Result<Bytes, serde_json::Error> {
        serde_json::to_vec(self.pipeline.state()).map(Bytes::from)
    }
}

fn restored_state(id: PipelineId, restored: Checkpoint) -> Result<State, Stop> {
    let Checkpoint { entry, states } = restored;
    let state: State = serde_json::from_slice(&states.unwrap_or_default())
        .map_err(|error| Stop::Other(format!("{} is not of this job: {error}", entry.name)))?;
    let from = RestoredFrom {
        name: entry.name.to_string(),
        checkpoint: entry.name.checkpoint_id,
        events: state.events,
    };
    tell(&Message::Restored { pipeline: id, from: Some(from) })?;
    Ok(state)
}
