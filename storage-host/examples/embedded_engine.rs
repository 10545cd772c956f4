//! An engine that embeds host and coordinator: it counts to a hundred, and after a crash it goes on
//! from its latest checkpoint.
//!
//! `cargo run -p storage-host --example embedded_engine -- seatunnel.yaml plugins/ my-job`

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use checkpoint_storage_api::{CheckpointStorage, JobId, PipelineId};
use storage_host::coordinator::Event;
use storage_host::{CheckpointConfig, Coordinator, CoordinatorSettings, Shutdown, StorageHost};

const PIPELINE: PipelineId = 1;
const END: u64 = 100;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let [config, plugins, job] = std::env::args()
        .skip(1)
        .collect::<Vec<_>>()
        .try_into()
        .map_err(|_| "usage: embedded_engine CONFIGURATION PLUGINS JOB")?;
    let config = CheckpointConfig::load(&PathBuf::from(config))?;
    let job = JobId::new(job)?;

    // Whatever the configuration names is found in the plugins directory and opened.
    let storage = StorageHost::discover(plugins)?.open(&config.storage).await?;

    // The pipeline goes on from its latest checkpoint, if it has one.
    let states = storage.restore(&job, PIPELINE).await?.and_then(|restored| restored.states);
    let position = match states {
        Some(states) => std::str::from_utf8(&states)?.parse()?,
        None => 0,
    };
    println!("from {position}");

    // A snapshot of it is a copy of its position: any bytes will do.
    let position = Arc::new(AtomicU64::new(position));
    let snapshot = {
        let position = Arc::clone(&position);
        move |_| {
            let position = position.load(Ordering::SeqCst);
            async move { Ok::<_, std::convert::Infallible>(position.to_string()) }
        }
    };
    let settings = CoordinatorSettings::from(&config);
    let builder = Coordinator::builder(Arc::new(storage.clone()), job, settings);
    let (coordinator, mut events) = builder.pipeline(PIPELINE, snapshot).start().await?;
    let telling = tokio::spawn(async move {
        while let Some(event) = events.next().await {
            if let Event::Completed(completed) = event {
                println!("stored {} in {:?}", completed.name, completed.store);
            }
        }
    });

    // The work, until it is done or too many checkpoints have failed.
    while position.fetch_add(1, Ordering::SeqCst) + 1 < END {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(20)) => {}
            error = coordinator.failed() => return Err(error.into()),
        }
    }
    coordinator.finish(PIPELINE).await?;
    coordinator.shutdown(Shutdown::Wait).await?;
    drop(coordinator);
    telling.await?;
    storage.close().await?;
    Ok(())
}
