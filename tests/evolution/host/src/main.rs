//! Uses the plugin in a directory, as a host of API 1.0 and as one of the next minor does.

use std::error::Error;
use std::process::ExitCode;

use checkpoint_storage_api::{CheckpointStorage, JobId, PipelineState, PluginConfig};
use storage_host::{StorageHost, StorageSettings};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match use_plugin().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn use_plugin() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args().nth(1).ok_or("usage: evolving-host PLUGINS")?;
    let host = StorageHost::discover(directory)?;
    let settings = StorageSettings::default();
    let storage = host.open_plugin("evolving", PluginConfig::default(), settings).await?;
    let job = JobId::new("1")?;
    storage.store(PipelineState::new(job.clone(), 1, 7, &b"states"[..])).await?;
    let latest = storage.restore(&job, 1).await?.ok_or("nothing is stored")?;
    println!("restored {:?}", latest.states);
    #[cfg(feature = "next")]
    {
        match storage.ping().await {
            Ok(answer) => println!("ping {answer}"),
            Err(error) => println!("ping {}", error.kind()),
        }
        println!("motto {:?}", storage.plugin().motto());
    }
    storage.close().await?;
    Ok(())
}
