//! A small stream job that embeds the host as an engine would, killed again and again.
//!
//! - `source`: keyed events that can be read from any position
//! - `job`: two pipelines that count them, and what they checkpoint
//! - `worker`: the process that runs the job, and is killed
//! - `supervisor`: the process that kills and restarts it, and compares
//! - `plan`: when to kill
//! - `protocol`: what the worker tells the supervisor
//! - `summary`: how it ended

mod job;
mod plan;
mod protocol;
mod source;
mod summary;
mod supervisor;
mod worker;

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
Two pipelines count events per key and checkpoint their position and counts. A supervisor kills the
job (SIGKILL), each time after a newly acknowledged checkpoint and at least once inside a store,
restarts it, and at the end compares the counts with those of an uninterrupted run.

Examples:
  checkpoint-storage demo                                on a temporary folder
  checkpoint-storage -c seatunnel.yaml demo --kills 10   on any configured storage
  checkpoint-storage demo --input book.txt               count the words of a file")]
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
    /// Milliseconds between two checkpoints of a pipeline.
    #[arg(long, value_name = "MS", default_value_t = 200, value_parser = clap::value_parser!(u64).range(10..))]
    interval: u64,
    /// How often to kill the job, at least.
    #[arg(long, default_value_t = 3)]
    kills: usize,
    /// Events per second and pipeline; by default such that the job takes about six seconds.
    #[arg(long, value_name = "N", value_parser = positive)]
    rate: Option<f64>,
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
    };
    worker::run(session, settings).await
}
