//! A small stream job that embeds the host as an engine would, killed again and again.
//!
//! - `source`: keyed events that can be read from any position
//! - `job`: two pipelines that count them, and what they checkpoint
//! - `worker`: the process that runs the job, and is killed
//! - `faulty`: a storage whose stores fail on demand
//! - `supervisor`: the process that kills and restarts it, and compares
//! - `plan`: when to kill
//! - `protocol`: what the worker tells the supervisor
//! - `summary`: how it ended

mod faulty;
mod job;
mod plan;
mod protocol;
mod source;
mod summary;
mod supervisor;
mod worker;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use checkpoint_storage_api::JobId;
use clap::Args;

use crate::output::Output;
use crate::session::Session;
use crate::stop::Stop;
use source::Source;

#[derive(Args)]
#[command(after_help = "\
Two pipelines count events per key; a coordinator checkpoints their positions and counts. A supervisor
kills the job (SIGKILL), each time after a newly acknowledged checkpoint and at least once inside a
store, restarts it, and at the end compares the counts with those of an uninterrupted run.

timeout, max-concurrent, tolerable-failure and max-retained are the configuration's.

Examples:
  checkpoint-storage demo                                on a temporary folder
  checkpoint-storage -c seatunnel.yaml demo --kills 10   on any configured storage
  checkpoint-storage demo --input book.txt               count the words of a file
  checkpoint-storage demo --fail-stores 3                see a job fail")]
pub(crate) struct DemoArgs {
    /// The job's id, of which nothing may be stored yet; a fresh one by default.
    #[arg(long, value_parser = job_id)]
    job: Option<JobId>,
    /// Count the words of this file instead of made-up events.
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// How many events to make up.
    #[arg(long, default_value_t = 1_000_000, conflicts_with = "input")]
    events: u64,
    /// Milliseconds between two checkpoints of a pipeline; by default the configuration's, but at
    /// most 1000.
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(10..))]
    interval: Option<u64>,
    /// How often to kill the job, at least.
    #[arg(long, default_value_t = 3)]
    kills: usize,
    /// Events per second and pipeline; by default such that the job takes about six seconds, or
    /// twelve intervals.
    #[arg(long, value_name = "N", value_parser = positive)]
    rate: Option<f64>,
    #[command(flatten)]
    trouble: Trouble,
}

/// What the job does beside its work.
#[derive(Args, Clone, Copy)]
struct Trouble {
    /// Let the first N stores of pipeline 1 fail whenever the job starts.
    #[arg(long, value_name = "N", default_value_t = 0)]
    fail_stores: u32,
    /// Let the first snapshot of pipeline 1 take so much longer whenever the job starts.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    slow_snapshot: u64,
    /// Take a savepoint of each pipeline before anything else.
    #[arg(long)]
    savepoint: bool,
    /// Serve the coordinator's metrics to Prometheus at this address, such as 127.0.0.1:9000.
    #[arg(long, value_name = "ADDRESS")]
    metrics: Option<SocketAddr>,
}

#[derive(Args)]
pub(crate) struct WorkerArgs {
    #[arg(long, value_parser = job_id)]
    job: JobId,
    #[arg(long)]
    input: Option<PathBuf>,
    #[arg(long, default_value_t = 0)]
    events: u64,
    #[arg(long)]
    interval: u64,
    #[arg(long, value_parser = positive)]
    rate: f64,
    /// The folder for the final counts.
    #[arg(long)]
    result: PathBuf,
    #[command(flatten)]
    trouble: Trouble,
}

fn job_id(text: &str) -> Result<JobId, String> {
    JobId::new(text).map_err(|error| error.reason().to_owned())
}

fn positive(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|n| n.is_finite() && *n > 0.0);
    number.ok_or_else(|| "a number greater than 0".to_owned())
}

fn source(input: Option<PathBuf>, events: u64) -> Source {
    input.map_or(Source::MadeUp { events }, Source::Words)
}

/// Runs the demo.
pub(crate) async fn run(session: &Session, output: &Output, args: DemoArgs) -> Result<(), Stop> {
    supervisor::run(session, output, args).await
}

/// Runs the job that the demo kills.
pub(crate) async fn work(session: &Session, args: WorkerArgs) -> Result<(), Stop> {
    let settings = worker::Settings {
        job: args.job,
        source: source(args.input, args.events),
        interval: Duration::from_millis(args.interval),
        rate: args.rate,
        result: args.result,
        trouble: args.trouble,
    };
    worker::run(session, settings).await
}
