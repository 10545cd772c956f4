//! What a store and a load on S3 cost beside the SDK's own client, which puts and gets the same
//! bytes on the same server. Alternated call by call, medians.
//!
//! `cargo bench -p checkpoint-storage-tests --bench s3_latency`

use std::time::{Duration, Instant};

use bytes::Bytes;
use checkpoint_storage_api::{CheckpointStorage, JobId, PipelineState};
use checkpoint_storage_tests::s3::minio;
use checkpoint_storage_tests::storage;
use storage_host::StorageSettings;

const SIZES: [(usize, usize); 4] = [(1 << 10, 401), (1 << 20, 101), (16 << 20, 31), (64 << 20, 21)];

#[tokio::main]
async fn main() {
    let server = minio().expect("MinIO");
    let bucket = server.new_bucket();
    let client = server.client();
    let host = storage::released("checkpoint_storage_s3");
    let config = server.plugin_config(&bucket, "");
    let storage = host.open_plugin("s3", config, StorageSettings::default()).await.expect("opened");
    let job = JobId::new("1").expect("valid");
    println!(
        "{:<10} {:>11} {:>11} {:>6} {:>11} {:>11} {:>6}",
        "states", "bare put", "store", "ratio", "bare get", "read", "ratio"
    );
    for (len, rounds) in SIZES {
        let states = Bytes::from(vec![7; len]);
        let mut times: [Vec<Duration>; 4] = Default::default();
        for _ in 0..rounds {
            let put = client.put_object().bucket(&bucket).key("bare").body(states.clone().into());
            times[0].push(timed(async { put.send().await.map(drop).expect("put") }).await.0);
            let state = PipelineState::new(job.clone(), 1, 1, states.clone());
            let (time, stored) = timed(storage.store(state)).await;
            times[1].push(time);
            let name = stored.expect("stored").name;
            let get = client.get_object().bucket(&bucket).key("bare");
            let (time, read) = timed(async {
                let object = get.send().await.expect("got");
                object.body.collect().await.expect("whole").into_bytes()
            })
            .await;
            times[2].push(time);
            assert_eq!(read.len(), len);
            let (time, read) = timed(storage.read(&job, &name)).await;
            times[3].push(time);
            assert!(read.expect("read").states == Some(states.clone()));
            storage.delete_names(&job, &[name]).await.expect("deleted");
        }
        let [put, store, get, read] = times.map(median);
        let ratio = |ours: Duration, bare: Duration| ours.as_secs_f64() / bare.as_secs_f64();
        let states = format!("{} KiB", len >> 10);
        println!(
            "{states:<10} {put:>11.2?} {store:>11.2?} {:>6.2} {get:>11.2?} {read:>11.2?} {:>6.2}",
            ratio(store, put),
            ratio(read, get)
        );
    }
}

async fn timed<T>(call: impl Future<Output = T>) -> (Duration, T) {
    let began = Instant::now();
    let result = call.await;
    (began.elapsed(), result)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
