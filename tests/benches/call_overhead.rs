//! What a call through a loaded plugin costs beside the same call on the same storage, linked:
//! alternated call by call, medians. The storage does no I/O.
//!
//! `cargo bench -p checkpoint-storage-tests --bench call_overhead`

use std::hint::black_box;
use std::time::{Duration, Instant};

use checkpoint_storage_api::{
    CheckpointStorage, CheckpointStorageFactory, JobId, ListQuery, OpenOptions, PipelineState,
    PluginConfig,
};
use checkpoint_storage_tests::storage;
use probe_plugin::ProbeFactory;
use storage_host::StorageSettings;

const PAIRS: usize = 20_000;

#[tokio::main]
async fn main() {
    let host = storage::released("probe_plugin");
    let loaded = host
        .open_plugin("probe", PluginConfig::default(), StorageSettings::default())
        .await
        .expect("opened");
    let linked =
        ProbeFactory.open(PluginConfig::default(), OpenOptions::default()).await.expect("opened");
    let job = JobId::new("1").expect("valid");

    println!("{:<28} {:>10} {:>10} {:>12}", "median of one call", "linked", "loaded", "difference");
    report(
        "list of one pipeline",
        measure(
            || async { black_box(linked.list(&job, &ListQuery::all()).await.is_ok()) },
            || async { black_box(loaded.list(&job, &ListQuery::all()).await.is_ok()) },
        )
        .await,
    );
    let state = PipelineState::new(job.clone(), 1, 1, vec![7; 1024]);
    let store_and_delete = async |storage: &dyn CheckpointStorage| {
        let stored = storage.store(state.clone()).await.expect("stored");
        black_box(storage.delete_names(&job, &[stored.name]).await.is_ok());
    };
    report(
        "store of 1 KiB and delete",
        measure(|| store_and_delete(&*linked), || store_and_delete(&loaded)).await,
    );
}

async fn measure<A: Future, B: Future>(
    linked: impl Fn() -> A,
    loaded: impl Fn() -> B,
) -> [Duration; 2] {
    let mut times = [Vec::with_capacity(PAIRS), Vec::with_capacity(PAIRS)];
    for _ in 0..PAIRS {
        let began = Instant::now();
        linked().await;
        times[0].push(began.elapsed());
        let began = Instant::now();
        loaded().await;
        times[1].push(began.elapsed());
    }
    times.map(|mut times| {
        times.sort_unstable();
        times[PAIRS / 2]
    })
}

fn report(what: &str, [linked, loaded]: [Duration; 2]) {
    let micros = |time: Duration| format!("{:.2} µs", time.as_secs_f64() * 1e6);
    let difference = loaded.saturating_sub(linked);
    println!("{what:<28} {:>10} {:>10} {:>12}", micros(linked), micros(loaded), micros(difference));
}
