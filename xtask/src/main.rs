//! The project's own tasks, as `cargo xtask TASK`.

mod demo;
mod dist;
mod hdfs;
mod java;
mod kdc;
mod minio;
mod ports;
mod process;
mod service;
mod test;
mod tools;
mod workspace;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The project's own tasks.
#[derive(Parser)]
#[command(name = "cargo xtask", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run a stream job that is killed again and again, and recovers from its checkpoints: in a
    /// temporary folder, or with `--on s3` on a MinIO, or with `--on hdfs` on a small HDFS.
    ///
    /// Builds only what the demo needs. What follows is passed on to `checkpoint-storage demo`; see
    /// `cargo xtask demo --help` for that command's own options.
    #[command(disable_help_flag = true)]
    Demo {
        /// `--on localfile`, `--on s3` or `--on hdfs`, and options of `checkpoint-storage demo`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<String>,
    },
    /// Check everything: format, lints, documentation, tests.
    Test,
    /// Build the Java peer of the interchange tests and print where its jars are.
    JavaPeer,
    /// Fetch what S3A needs beside the Java peer and print where the jars are.
    JavaS3a,
    /// Build MinIO, start one and print the way to it as JSON.
    ///
    /// It ends, and what it stored is removed, when standard input closes (Ctrl-D).
    Minio,
    /// Start a small HDFS and print the way to it as JSON.
    ///
    /// A line of standard input is a command, such as `stop datanode 0`; it is answered by one line.
    /// All ends, and what was stored is removed, when standard input closes (Ctrl-D).
    Hdfs(hdfs::Options),
    /// Make a Kerberos realm, start its KDC and print the way to it as JSON.
    ///
    /// `stop` and `start` on standard input end the KDC and let it go on. All ends, and the realm is
    /// removed, when standard input closes (Ctrl-D).
    Kdc {
        /// Where to make the realm; without it, in a temporary folder.
        #[arg(long, value_name = "DIR")]
        folder: Option<PathBuf>,
    },
    /// Make a release folder to copy to another machine: bin/, plugins/, config/.
    ///
    /// Files are replaced by renaming, so that a running host keeps the plugins it loaded.
    Dist {
        /// Where to make it.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Only this backend, such as `localfile`; can be given several times.
        #[arg(long = "plugin", value_name = "NAME")]
        plugins: Vec<String>,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Demo { options } => demo::run(&options),
        Task::Test => test::run().map(|()| ExitCode::SUCCESS),
        Task::JavaPeer => java::run(java::Jars::Peer).map(|()| ExitCode::SUCCESS),
        Task::JavaS3a => java::run(java::Jars::S3a).map(|()| ExitCode::SUCCESS),
        Task::Minio => minio::run().map(|()| ExitCode::SUCCESS),
        Task::Hdfs(options) => hdfs::run(&options).map(|()| ExitCode::SUCCESS),
        Task::Kdc { folder } => kdc::run(folder).map(|()| ExitCode::SUCCESS),
        Task::Dist { out, plugins } => dist::run(&out, &plugins).map(|()| ExitCode::SUCCESS),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}
