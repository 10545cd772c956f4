//! What can be typed.

use std::path::PathBuf;

use checkpoint_storage_api::{CheckpointId, JobId, PipelineId};
use clap::{Args, Parser, Subcommand};

use crate::commands::plugins::PluginsArgs;
use crate::demo::{DemoArgs, WorkerArgs};

/// Lists, reads, writes and deletes checkpoints, on whatever storage the configuration names.
#[derive(Parser)]
#[command(
    name = "checkpoint-storage",
    version,
    max_term_width = 100,
    after_help = "\
Results go to standard output, everything else to standard error. On a terminal results are tables;
in a pipe they are lines with tabs between the columns, or one document with --json.

Exit codes: 0 done, 1 the operation failed, 2 usage or configuration, 3 not found, 4 corruption found

Examples:
  checkpoint-storage plugins                              which plugins there are
  checkpoint-storage -c seatunnel.yaml jobs               which jobs have checkpoints
  checkpoint-storage -c seatunnel.yaml latest 8654056     what a restore of that job would use
  checkpoint-storage demo                                 see it recover from kills"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Args, Clone)]
pub(crate) struct Global {
    /// The engine's configuration; by default config/seatunnel.yaml beside or one level above this
    /// program.
    #[arg(short, long, global = true, env = "CHECKPOINT_STORAGE_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The plugins directory; by default plugins/ beside or one level above this program.
    #[arg(long, global = true, env = "CHECKPOINT_STORAGE_PLUGINS", value_name = "DIR")]
    pub(crate) plugins: Option<PathBuf>,
    /// Write one JSON document, and errors as JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Show errors only, no warnings.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Show what happens; twice for more.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show what lies in the plugins directory: accepted, or why not. Runs no plugin's code.
    Plugins(PluginsArgs),
    /// Check the configuration and show what it comes to.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// List the jobs that have checkpoints.
    Jobs,
    /// List a job's checkpoints, oldest first.
    List(ListArgs),
    /// Show the checkpoint that a restore would use, for each pipeline.
    Latest(LatestArgs),
    /// Read the states of one checkpoint.
    Get(GetArgs),
    /// Store states as a checkpoint and print its name.
    Store(StoreArgs),
    /// Delete checkpoints, or all of a job's.
    Delete(DeleteArgs),
    /// Delete old checkpoints, as an engine does after each store.
    Prune(PruneArgs),
    /// Read everything back that is stored, and say what is corrupt.
    Verify(VerifyArgs),
    /// Try the configured storage step by step, and say what does not work and what to do.
    Doctor(DoctorArgs),
    /// Run a stream job, kill it again and again, and see it recover.
    Demo(DemoArgs),
    /// The job that the demo kills.
    #[command(hide = true)]
    DemoWorker(WorkerArgs),
}

#[derive(Subcommand)]
pub(crate) enum ConfigCommand {
    /// Say all that is wrong with the configuration; show each value, where it came from, and which
    /// plugin is chosen and why.
    Check(CheckArgs),
}

#[derive(Args)]
#[command(after_help = "\
The storage is opened read-only, so that its plugin checks its own keys; nothing is written, and
secrets are not shown. Columns: key, value, where the value came from.

Exit codes: 0 it can be used, 2 it cannot; with --strict a warning counts as an error.

Examples:
  checkpoint-storage config check seatunnel.yaml
  checkpoint-storage config check --strict --json
  checkpoint-storage config check --explain storageNameSpace")]
pub(crate) struct CheckArgs {
    /// The file to check; by default the configuration that the other commands use.
    pub(crate) file: Option<PathBuf>,
    /// Make an error of every warning.
    #[arg(long)]
    pub(crate) strict: bool,
    /// Show what a key means instead.
    #[arg(long, value_name = "KEY", conflicts_with_all = ["file", "strict"])]
    pub(crate) explain: Option<String>,
}

/// A job id as it is typed.
fn job_id(text: &str) -> Result<JobId, String> {
    JobId::new(text).map_err(|error| error.reason().to_owned())
}

#[derive(Args)]
#[command(after_help = "\
Columns: pipeline, checkpoint, time stored, size in bytes, integrity, name, kind (checkpoint or
savepoint).

Example:
  checkpoint-storage -c seatunnel.yaml list 8654056 --pipeline 1")]
pub(crate) struct ListArgs {
    /// The job's id.
    #[arg(value_parser = job_id)]
    pub(crate) job: JobId,
    /// Only this pipeline's.
    #[arg(long, short, value_name = "PIPELINE", allow_negative_numbers = true)]
    pub(crate) pipeline: Option<PipelineId>,
}

#[derive(Args)]
#[command(after_help = "\
Reads each checkpoint whole. One that is corrupt is an error, unless the configuration says
`on-corrupt: previous`.

Example:
  checkpoint-storage -c seatunnel.yaml latest 8654056 --pipeline 1 -o states.bin")]
pub(crate) struct LatestArgs {
    /// The job's id.
    #[arg(value_parser = job_id)]
    pub(crate) job: JobId,
    /// Only this pipeline's.
    #[arg(long, short, value_name = "PIPELINE", allow_negative_numbers = true)]
    pub(crate) pipeline: Option<PipelineId>,
    /// Write its states to this file; with several pipelines, say which.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Args)]
#[command(after_help = "\
If several checkpoints have these ids, the newest is read.

Example:
  checkpoint-storage -c seatunnel.yaml get 8654056 1 42 > states.bin")]
pub(crate) struct GetArgs {
    /// The job's id.
    #[arg(value_parser = job_id)]
    pub(crate) job: JobId,
    /// The pipeline's id.
    #[arg(allow_negative_numbers = true)]
    pub(crate) pipeline: PipelineId,
    /// The checkpoint's id.
    #[arg(allow_negative_numbers = true)]
    pub(crate) checkpoint: CheckpointId,
    /// Write the states to this file instead of standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Args)]
#[command(after_help = "\
Returns once the checkpoint is durable.

Examples:
  checkpoint-storage -c seatunnel.yaml store 8654056 1 42 states.bin
  some-program | checkpoint-storage -c seatunnel.yaml store 8654056 1 42
  checkpoint-storage -c seatunnel.yaml store 8654056 1 43 states.bin --savepoint")]
pub(crate) struct StoreArgs {
    /// The job's id.
    #[arg(value_parser = job_id)]
    pub(crate) job: JobId,
    /// The pipeline's id.
    #[arg(allow_negative_numbers = true)]
    pub(crate) pipeline: PipelineId,
    /// The checkpoint's id.
    #[arg(allow_negative_numbers = true)]
    pub(crate) checkpoint: CheckpointId,
    /// The states' file; standard input by default.
    pub(crate) file: Option<PathBuf>,
    /// Store it as a savepoint, which is never pruned.
    #[arg(long)]
    pub(crate) savepoint: bool,
}

#[derive(Args)]
#[command(after_help = "\
Asks on a terminal; elsewhere it needs --yes. What is not there is no error.

Examples:
  checkpoint-storage -c seatunnel.yaml delete 8654056 --dry-run
  checkpoint-storage -c seatunnel.yaml delete 8654056 1 40 41 42 --yes")]
pub(crate) struct DeleteArgs {
    /// The job's id.
    #[arg(value_parser = job_id)]
    pub(crate) job: JobId,
    /// The pipeline's id; all of the job's checkpoints if left out.
    #[arg(allow_negative_numbers = true, requires = "checkpoints")]
    pub(crate) pipeline: Option<PipelineId>,
    /// The checkpoints' ids.
    #[arg(allow_negative_numbers = true)]
    pub(crate) checkpoints: Vec<CheckpointId>,
    /// Do not ask.
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Show what would be deleted and delete nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Args)]
#[command(after_help = "\
Keeps the newest checkpoints of each pipeline and every savepoint. Of each pipeline it reads the newest
ones first: the last one that proves to be whole is kept, whatever --keep says, and nothing is deleted
of a pipeline that has none. Asks on a terminal; elsewhere it needs --yes.

Examples:
  checkpoint-storage -c seatunnel.yaml prune --dry-run
  checkpoint-storage -c seatunnel.yaml prune 8654056 --keep 3 --yes")]
pub(crate) struct PruneArgs {
    /// The jobs' ids; all jobs if left out.
    #[arg(value_name = "JOB", value_parser = job_id)]
    pub(crate) jobs: Vec<JobId>,
    /// How many checkpoints of each pipeline to keep; the configuration's max-retained by default.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) keep: Option<u32>,
    /// Do not ask.
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Show what would be deleted and delete nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Args)]
#[command(after_help = "\
Verdicts:
  ok           what was written, by its checksum
  no-checksum  the form of a checkpoint, without a checksum, as the Java engine writes it: a flipped
               bit within the states goes unseen, unless a .crc file lies beside it
  corrupt      not what was written
  misplaced    a checkpoint of another job, pipeline or id than its place says
  unreadable   it could not be read, so nothing is known of it
  vanished     deleted while this ran
  in-progress, leftover, quarantined, foreign
               no checkpoints: what is being written, what a dead writer left, what was moved aside,
               anything else

Columns: verdict, size in bytes, path, what is wrong.

--quarantine moves what is corrupt or misplaced aside, under a name that no reader takes for a
checkpoint's. Nothing is ever deleted.

Exit codes: 0 all that could be checked is whole, 1 something could not be read or moved aside, 4
something is corrupt or misplaced.

Examples:
  checkpoint-storage -c seatunnel.yaml verify
  checkpoint-storage -c seatunnel.yaml verify 8654056 --problems --quarantine
  checkpoint-storage -c seatunnel.yaml verify --json --concurrency 16")]
pub(crate) struct VerifyArgs {
    /// The jobs' ids; everything in the namespace if left out.
    #[arg(value_name = "JOB", value_parser = job_id)]
    pub(crate) jobs: Vec<JobId>,
    /// How many checkpoints to read at once; each takes a chunk of 1 MiB in memory.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) concurrency: u16,
    /// Move what is corrupt or misplaced aside.
    #[arg(long)]
    pub(crate) quarantine: bool,
    /// Show only what is corrupt, misplaced or unreadable.
    #[arg(long)]
    pub(crate) problems: bool,
}

#[derive(Args)]
#[command(after_help = "\
Tries, in this order and only as far as the step before worked: the configuration, the plugin, opening
the storage, what the plugin itself can try of its medium (connection and credentials, list, write,
read, rename or conditional put, delete, clocks, space), and what lies in the namespace. What it writes
no reader takes for a checkpoint, and it deletes it again. Columns: step, status (passed, warned,
failed, skipped), time, what was seen and what to do.

--fix removes what dead writers left: unfinished files and uploads of more than a day ago, where the
medium does not tell that their writers are dead. It asks on a terminal; elsewhere it needs --yes.

Exit codes: 0 no step failed, 1 a step failed.

Examples:
  checkpoint-storage -c seatunnel.yaml doctor
  checkpoint-storage -c seatunnel.yaml doctor --read-only --json
  checkpoint-storage -c seatunnel.yaml doctor --fix --yes")]
pub(crate) struct DoctorArgs {
    /// Write nothing.
    #[arg(long, conflicts_with = "fix")]
    pub(crate) read_only: bool,
    /// Remove what dead writers left.
    #[arg(long)]
    pub(crate) fix: bool,
    /// Do not ask.
    #[arg(long, short, requires = "fix")]
    pub(crate) yes: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn ids_may_be_negative_and_job_ids_odd() {
        let parse = |arguments: &[&str]| {
            Arguments::try_parse_from([&["checkpoint-storage"], arguments].concat())
        };
        assert!(parse(&["get", "1", "-1", "-5"]).is_ok());
        assert!(parse(&["list", "a b%2F;x😀"]).is_ok());
        assert!(parse(&["list", "a/b"]).is_err());
        assert!(parse(&["delete", "1", "2"]).is_err(), "a pipeline alone names nothing");
        assert!(parse(&["delete", "1", "2", "3", "4"]).is_ok());
    }
}
