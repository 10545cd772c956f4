//! A thousand stores and deletes through a proxy that refuses, resets and loses answers: nothing
//! acknowledged is lost, nothing is there twice, and every error says truly what became of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use checkpoint_storage_api::{
    CheckpointEntry, CheckpointName, CheckpointStorage, JobId, ListQuery, Outcome, PipelineState,
};
use checkpoint_storage_tests::s3::{FaultyProxy, IN_PARTS, S3Server, Shares, minio};
use checkpoint_storage_tests::storage;
use storage_host::ManagedStorage;

const PIPELINES: i32 = 8;
const STORES_OF_EACH: i64 = 125;
/// How many of a pipeline's checkpoints stay.
const RETAINED: usize = 3;
/// Every so many checkpoints is one that is uploaded in parts.
const LARGE_EVERY: i64 = 40;

/// What a pipeline's writer knows when it is done.
#[derive(Default)]
struct Known {
    stored: BTreeMap<i64, CheckpointName>,
    /// Checkpoints whose store failed, and may or may not be there.
    open: BTreeSet<i64>,
    /// Checkpoints whose store failed, and must not be there.
    refused: BTreeSet<i64>,
    /// Checkpoints whose delete failed: there, or not.
    half_deleted: BTreeSet<i64>,
    deleted: BTreeSet<i64>,
}

fn states(pipeline: i32, checkpoint: i64) -> Bytes {
    let len = if checkpoint % LARGE_EVERY == 0 { 11 << 20 } else { 700 };
    let seed = (u64::from(pipeline.unsigned_abs()) << 32) | checkpoint.unsigned_abs();
    let mut random = fastrand::Rng::with_seed(seed);
    let block: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(700).collect();
    block.into_iter().cycle().take(len).collect()
}

async fn open(server: &S3Server, bucket: &str) -> ManagedStorage {
    storage::open("s3", server.plugin_config_with(bucket, "/faults", IN_PARTS)).await
}

/// Stores one checkpoint after the other and deletes what is too old, as an engine does.
async fn write(storage: Arc<ManagedStorage>, job: JobId, pipeline: i32) -> Known {
    let mut known = Known::default();
    for checkpoint in 1..=STORES_OF_EACH {
        let state =
            PipelineState::new(job.clone(), pipeline, checkpoint, states(pipeline, checkpoint));
        match storage.store(state).await {
            Ok(entry) => {
                known.stored.insert(checkpoint, entry.name);
            }
            Err(error) if error.outcome() == Outcome::Unknown => {
                known.open.insert(checkpoint);
            }
            Err(error) => {
                assert!(error.is_retryable(), "{error}");
                known.refused.insert(checkpoint);
            }
        }
        while known.stored.len() > RETAINED {
            let (checkpoint, name) = known.stored.pop_first().expect("more than one");
            let report = storage.delete_names(&job, &[name]).await;
            let is_gone = report.is_ok_and(|report| report.failed.is_empty());
            let outcome = if is_gone { &mut known.deleted } else { &mut known.half_deleted };
            outcome.insert(checkpoint);
        }
    }
    known
}

#[test]
fn nothing_is_lost_doubled_or_acknowledged_falsely() {
    let Some(server) = minio() else { return };
    let bucket = server.new_bucket();
    let shares = Shares { refused: 0.10, reset: 0.15, unanswered: 0.05 };
    let proxy = FaultyProxy::new(server, shares, 6);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let job = JobId::new("job").expect("valid");
        let storage = Arc::new(open(&proxy.server(), &bucket).await);
        let writers: Vec<_> = (1..=PIPELINES)
            .map(|pipeline| tokio::spawn(write(Arc::clone(&storage), job.clone(), pipeline)))
            .collect();
        let mut known = BTreeMap::new();
        for (pipeline, writer) in (1..).zip(writers) {
            known.insert(pipeline, writer.await.expect("no panic"));
        }
        storage.close().await.expect("closed");

        let troubles = proxy.troubles();
        println!("{troubles:?}");
        for count in [
            troubles.refused,
            troubles.reset_before,
            troubles.reset_inside,
            troubles.reset_after,
            troubles.unanswered,
        ] {
            assert!(count >= 10, "too little trouble: {troubles:?}");
        }
        let all: i64 = PIPELINES as i64 * STORES_OF_EACH;
        let failed: usize =
            known.values().map(|known| known.open.len() + known.refused.len()).sum();
        println!("{all} stores, {failed} failed");
        assert!(failed * 50 < all as usize, "{failed} of {all} stores failed");

        let directly = open(server, &bucket).await;
        let listed = directly.list(&job, &ListQuery::all()).await.expect("listed");
        for (pipeline, known) in &known {
            let of_pipeline = listed.iter().filter(|entry| entry.name.pipeline_id == *pipeline);
            check(known, &of_pipeline.collect::<Vec<_>>());
        }
        for entry in &listed {
            let read = directly.read(&job, &entry.name).await.expect("whole");
            let CheckpointName { pipeline_id, checkpoint_id, .. } = entry.name;
            assert!(read.states == Some(states(pipeline_id, checkpoint_id)), "{}", entry.name);
        }
        directly.close().await.expect("closed");
    });
}

/// Whether what lies there is what its writer must expect.
fn check(known: &Known, there: &[&CheckpointEntry]) {
    let mut found = BTreeSet::new();
    for entry in there {
        let checkpoint = entry.name.checkpoint_id;
        assert!(found.insert(checkpoint), "checkpoint {checkpoint} is there twice");
        assert!(!known.refused.contains(&checkpoint), "{checkpoint} was said not to be applied");
        assert!(!known.deleted.contains(&checkpoint), "{checkpoint} was said to be deleted");
        let may_be = known.open.contains(&checkpoint) || known.half_deleted.contains(&checkpoint);
        assert!(may_be || known.stored.contains_key(&checkpoint), "{checkpoint} came from nowhere");
    }
    for (checkpoint, name) in &known.stored {
        let is_there = there.iter().any(|entry| entry.name == *name);
        assert!(is_there, "checkpoint {checkpoint} was acknowledged and is not there");
    }
}
