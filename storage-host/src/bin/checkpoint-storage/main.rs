//! `checkpoint-storage`: lists, reads, writes and deletes checkpoints on any plugin.
//!
//! - `args`: what can be typed
//! - `session`: finds configuration and plugins, opens the storage
//! - `output`, `stop`: results, errors and exit codes
//! - `commands`: one file each
//! - `demo`: a stream job that is killed and recovers

mod args;
mod commands;
mod demo;
mod output;
mod session;
mod stop;

use clap::Parser;

use args::{Arguments, Command, ConfigCommand};
use output::Output;
use session::Session;
use stop::Stop;

fn main() -> ! {
    let mut arguments = Arguments::parse();
    if let Command::Plugins(plugins) = &arguments.command {
        arguments.global.quiet |= plugins.provokes_warnings() && arguments.global.verbose == 0;
    }
    output::start_log(&arguments.global);
    let output = Output::new(&arguments.global);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(run(arguments, &output)),
        Err(error) => Err(Stop::io("start the runtime", error)),
    };
    let code = match done {
        Ok(()) => 0,
        Err(stop) => {
            output.stop(&stop);
            stop.exit_code()
        }
    };
    storage_host::exit(code)
}

async fn run(arguments: Arguments, output: &Output) -> Result<(), Stop> {
    let session = Session::new(arguments.global);
    match arguments.command {
        Command::Plugins(plugins) => commands::plugins::run(&session, output, plugins).await,
        Command::Config(ConfigCommand::Check(check)) => {
            commands::config::run(&session, output, check).await
        }
        Command::Jobs => commands::jobs::run(&session, output).await,
        Command::List(list) => commands::list::run(&session, output, list).await,
        Command::Latest(latest) => commands::latest::run(&session, output, latest).await,
        Command::Get(get) => commands::get::run(&session, output, get).await,
        Command::Store(store) => commands::store::run(&session, output, store).await,
        Command::Delete(delete) => commands::delete::run(&session, output, delete).await,
        Command::Prune(prune) => commands::prune::run(&session, output, prune).await,
        Command::Verify(verify) => commands::verify::run(&session, output, verify).await,
        Command::Doctor(doctor) => commands::doctor::run(&session, output, doctor).await,
        Command::Demo(demo) => demo::run(&session, output, demo).await,
        Command::DemoWorker(worker) => demo::work(&session, worker).await,
    }
}
