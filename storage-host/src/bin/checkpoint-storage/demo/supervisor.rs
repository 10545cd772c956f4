//! The process that kills the job and restarts it until it is done, and compares its counts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use checkpoint_storage_api::{CheckpointStorage, JobId, ListQuery, PipelineId};
use indicatif::ProgressBar;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::job::{State, run_uninterrupted};
use super::plan::{Decision, Plan};
use super::protocol::Message;
use super::summary::{Restore, Summary};
use super::{DemoArgs, Trouble, source};
use crate::output::Output;
use crate::session::{Access, Session};
use crate::stop::Stop;

/// How long the job takes by default, restarts aside.
const DEFAULT_SECONDS: f64 = 6.0;

/// How many checkpoints of each pipeline the job has time for by default, at least.
const DEFAULT_CHECKPOINTS: f64 = 12.0;

/// The longest interval that is taken from the configuration.
const MAX_INTERVAL: Duration = Duration::from_secs(1);

pub(super) async fn run(session: &Session, output: &Output, args: DemoArgs) -> Result<(), Stop> {
    let scratch = tempfile::Builder::new()
        .prefix("checkpoint-storage-demo-")
        .tempdir()
        .map_err(|error| Stop::io("make a temporary folder", error))?;
    let configuration = match session.named_configuration() {
        Some(file) => file.to_owned(),
        None => temporary_configuration(&scratch, output)?,
    };
    let session = session.with_configuration(configuration.clone());
    let job = match args.job.clone() {
        Some(job) => job,
        None => fresh_job()?,
    };
    refuse_used_job(&session, &job).await?;

    let source = source(args.input.clone(), args.events);
    let unreadable = |error| Stop::io("read the input", error);
    let expected = run_uninterrupted(&source).map_err(unreadable)?;
    let events = expected.values().map(|state| state.events).max().unwrap_or_default();
    let interval = match args.interval {
        Some(ms) => Duration::from_millis(ms),
        None => session.configuration()?.interval.min(MAX_INTERVAL),
    };
    let seconds = (DEFAULT_CHECKPOINTS * interval.as_secs_f64()).max(DEFAULT_SECONDS);
    let rate = args.rate.unwrap_or((events as f64 / seconds).max(0.1));
    let mut demo = Demo {
        plan: Plan::new(args.kills, events),
        summary: Summary { job: job.to_string(), events, ..Summary::default() },
        progress: output
            .progress_bar(events * expected.len() as u64, "{bar:30} {percent:>3} %  {msg}"),
        positions: BTreeMap::new(),
        interval,
        job_failure: None,
    };
    let worker = Worker {
        configuration,
        plugins: session.plugins_directory()?,
        options: worker_options(&job, &args, interval, rate, scratch.path()),
    };
    tokio::select! {
        done = demo.run_to_end(&worker, output) => done?,
        _ = tokio::signal::ctrl_c() => return Err(Stop::Other("interrupted".into())),
    }
    demo.progress.finish_and_clear();

    let mut summary = demo.summary;
    summary.stored = demo.plan.stored();
    summary.kills = demo.plan.kills();
    summary.inside_store = demo.plan.inside_store();
    summary.equal = results(scratch.path(), expected.keys())? == expected;
    if output.is_json() {
        output.document(&summary.document())?;
    } else {
        output.text(&summary.text())?;
    }
    if !summary.equal {
        return Err(Stop::Other("the counts differ from those of an uninterrupted run".into()));
    }
    if !demo.plan.is_fulfilled() {
        return Err(Stop::Other(format!(
            "the job ended after {} kills, {} of them inside a store: give it more --events, a \
             lower --rate or a shorter --interval",
            summary.kills, summary.inside_store
        )));
    }
    Ok(())
}

fn temporary_configuration(scratch: &TempDir, output: &Output) -> Result<PathBuf, Stop> {
    let namespace = scratch.path().join("checkpoints");
    output.note(&format!("no configuration was named: storing below {}", namespace.display()));
    let file = scratch.path().join("seatunnel.yaml");
    let yaml = format!(
        "seatunnel:\n  engine:\n    checkpoint:\n      interval: 200\n      timeout: 3000\n      \
         tolerable-failure: 2\n      storage:\n        type: hdfs\n        \
         max-retained: 3\n        plugin-config:\n          storage-type: local\n          \
         storageNameSpace: '{}'\n",
        namespace.display().to_string().replace('\'', "''")
    );
    std::fs::write(&file, yaml).map_err(|error| Stop::io("write a configuration", error))?;
    Ok(file)
}

fn fresh_job() -> Result<JobId, Stop> {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(JobId::new(format!("demo-{}", since_1970.as_millis()))?)
}

async fn refuse_used_job(session: &Session, job: &JobId) -> Result<(), Stop> {
    let stored = session
        .with_storage(Access::ReadOnly, |storage| async move {
            Ok(storage.list(job, &ListQuery::all().newest(1)).await?.len())
        })
        .await?;
    if stored == 0 {
        return Ok(());
    }
    Err(Stop::Usage(format!(
        "job {job} has checkpoints already: choose another --job, or delete them first"
    )))
}

fn worker_options(
    job: &JobId,
    args: &DemoArgs,
    interval: Duration,
    rate: f64,
    result: &Path,
) -> Vec<String> {
    let mut options = vec![
        "demo-worker".to_owned(),
        format!("--job={job}"),
        format!("--interval={}", interval.as_millis()),
        format!("--rate={rate}"),
        format!("--result={}", result.display()),
    ];
    match &args.input {
        Some(input) => options.push(format!("--input={}", input.display())),
        None => options.push(format!("--events={}", args.events)),
    }
    let Trouble { fail_stores, slow_snapshot, savepoint, metrics } = args.trouble;
    options.push(format!("--fail-stores={fail_stores}"));
    options.push(format!("--slow-snapshot={slow_snapshot}"));
    options.extend(savepoint.then(|| "--savepoint".to_owned()));
    options.extend(metrics.map(|address| format!("--metrics={address}")));
    options
}

fn results<'p>(
    folder: &Path,
    pipelines: impl Iterator<Item = &'p PipelineId>,
) -> Result<BTreeMap<PipelineId, State>, Stop> {
    let read = |pipeline: &PipelineId| {
        let file = folder.join(format!("{pipeline}.json"));
        let failed = |error| Stop::io(format!("read {}", file.display()), error);
        let bytes = std::fs::read(&file).map_err(failed)?;
        let state = serde_json::from_slice(&bytes).map_err(|error| failed(error.into()))?;
        Ok((*pipeline, state))
    };
    pipelines.map(read).collect()
}

/// How to start the worker.
struct Worker {
    configuration: PathBuf,
    plugins: PathBuf,
    options: Vec<String>,
}

impl Worker {
    fn start(&self) -> Result<(Child, Lines<BufReader<ChildStdout>>), Stop> {
        let failed = |error| Stop::io("start the worker", error);
        let mut child = Command::new(std::env::current_exe().map_err(failed)?)
            .arg("-c")
            .arg(&self.configuration)
            .arg("--plugins")
            .arg(&self.plugins)
            .args(&self.options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        match child.stdout.take() {
            Some(stdout) => Ok((child, BufReader::new(stdout).lines())),
            None => Err(Stop::Other("the worker has no standard output".into())),
        }
    }
}

struct Demo {
    plan: Plan,
    summary: Summary,
    progress: ProgressBar,
    positions: BTreeMap<PipelineId, u64>,
    interval: Duration,
    job_failure: Option<String>,
}

impl Demo {
    async fn run_to_end(&mut self, worker: &Worker, output: &Output) -> Result<(), Stop> {
        loop {
            let (mut child, mut lines) = worker.start()?;
            let decision = self.listen(&mut lines, true).await?;
            if decision == Decision::KillSoon {
                let delay = self.interval.mul_f64(fastrand::f64());
                // What the worker tells until then is heard.
                if let Ok(heard) = tokio::time::timeout(delay, self.listen(&mut lines, false)).await
                {
                    heard?;
                }
            }
            if decision != Decision::GoOn {
                child.start_kill().map_err(|error| Stop::io("kill the worker", error))?;
            }
            // What it had told before it died counts.
            self.listen(&mut lines, false).await?;
            let status = child.wait().await.map_err(|error| Stop::io("wait", error))?;
            if let Some(error) = self.job_failure.take() {
                return Err(Stop::Other(format!("the job failed: {error}")));
            }
            if status.success() {
                return Ok(());
            }
            if decision == Decision::GoOn {
                return Err(Stop::Other(format!("the worker failed: {status}")));
            }
            self.plan.killed();
            self.say(output, &format!("kill {}: restarting the job", self.plan.kills()));
        }
    }

    /// Hears what the worker tells, to its end or to the first decision to kill it.
    async fn listen(
        &mut self,
        lines: &mut Lines<BufReader<ChildStdout>>,
        may_kill: bool,
    ) -> Result<Decision, Stop> {
        let failed = |error| Stop::io("listen to the worker", error);
        while let Some(line) = lines.next_line().await.map_err(failed)? {
            let message = serde_json::from_str(&line).map_err(|error| failed(error.into()))?;
            let decision = self.plan.heard(&message).map_err(Stop::Other)?;
            self.note(message);
            if may_kill && decision != Decision::GoOn {
                return Ok(decision);
            }
        }
        Ok(Decision::GoOn)
    }

    fn note(&mut self, message: Message) {
        match message {
            Message::Opened { plugin, plugin_file } => {
                (self.summary.plugin, self.summary.plugin_file) = (plugin, plugin_file);
            }
            Message::Restored { pipeline, from: Some(from) } => {
                self.positions.insert(pipeline, from.events);
                self.summary.restores.push(Restore { kill: self.plan.kills(), pipeline, from });
            }
            Message::Restored { pipeline, from: None } => drop(self.positions.insert(pipeline, 0)),
            Message::Progress { pipeline, events } => {
                self.positions.insert(pipeline, events);
            }
            Message::CheckpointFailed { .. } => self.summary.failed += 1,
            Message::Pruned { count } => self.summary.pruned += count,
            Message::JobFailed { error } => self.job_failure = Some(error),
            Message::StoreBegan { .. } | Message::Stored { .. } | Message::Finished { .. } => {}
        }
        self.progress.set_position(self.positions.values().sum());
        let (stored, kills) = (self.plan.stored(), self.plan.kills());
        self.progress.set_message(format!("{stored} checkpoints, {kills} kills"));
    }

    fn say(&self, output: &Output, text: &str) {
        if self.progress.is_hidden() {
            output.note(text);
        } else {
            self.progress.println(text);
        }
    }
}
