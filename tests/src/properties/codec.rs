use bytes::Bytes;
use checkpoint_storage_api::{
    CheckpointKind, CheckpointName, CheckpointStorage, ErrorKind, Integrity, JobId, PipelineState,
    Result,
};
use checkpoint_storage_filesystem::codec::{Decoded, Seal, decode, encode};
use checkpoint_storage_filesystem::{FileSystemStorage, StorageOptions};

use super::one_file::OneFile;

/// Any bytes are a checkpoint or corrupt, and never anything else; what was understood is written
/// again byte for byte; a storage says the same of them, read whole or in chunks.
pub fn codec(bytes: &[u8]) {
    let file = Bytes::copy_from_slice(bytes);
    let decoded = decode(&file).ok();
    let job = match decoded.as_ref().map(|decoded| decoded.header.job_id.as_deref()) {
        // A directory's name need not agree with a job id that was left out.
        Some(None) | None => JobId::new("1"),
        Some(Some(id)) => JobId::new(id),
    };
    // There is no directory of that name, so no such file either.
    let Ok(job) = job else { return };
    if let Some(decoded) = &decoded {
        written_again(&file, decoded, &job);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("started");
    runtime.block_on(stored(file, decoded, &job));
}

fn written_again(file: &Bytes, decoded: &Decoded, job: &JobId) {
    if decoded.header.job_id.is_none() {
        return;
    }
    let state = PipelineState {
        job_id: job.clone(),
        pipeline_id: decoded.header.pipeline_id,
        checkpoint_id: decoded.header.checkpoint_id,
        states: decoded.states.clone(),
        kind: CheckpointKind::Checkpoint,
    };
    let seal = if decoded.integrity == Integrity::Ok { Seal::WithChecksum } else { Seal::None };
    let again: Vec<u8> = encode(&state, seal).parts().flatten().copied().collect();
    assert!(again == *file, "written again as {again:x?}");
}

async fn stored(file: Bytes, decoded: Option<Decoded>, job: &JobId) {
    let ids = decoded.as_ref().map(|decoded| &decoded.header);
    let name = CheckpointName {
        timestamp_ms: 1,
        random: 0,
        pipeline_id: ids.map_or(1, |header| header.pipeline_id),
        checkpoint_id: ids.map_or(1, |header| header.checkpoint_id),
    };
    // Chunks of any length, so that fields, states and checksum are cut anywhere.
    let chunk_lens = [1, 3, file.len() / 2 + 1, usize::MAX];
    let storage = FileSystemStorage::new(OneFile(file), StorageOptions::default());
    let whole = storage.read(job, &name).await;
    match (&whole, decoded) {
        (Ok(read), Some(decoded)) => {
            assert_eq!(read.states, decoded.states);
            assert_eq!(read.entry.integrity, decoded.integrity);
        }
        (Err(error), None) => assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}"),
        (whole, decoded) => panic!("stored: {whole:?}; decoded: {decoded:?}"),
    }
    for max_len in chunk_lens {
        match (streamed(&storage, job, &name, max_len).await, &whole) {
            (Ok(streamed), Ok(read)) => assert_eq!(streamed, read.states),
            (Err(error), Err(_)) => assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}"),
            (streamed, _) => panic!("in chunks of {max_len}: {streamed:?}; whole: {whole:?}"),
        }
    }
}

async fn streamed(
    storage: &FileSystemStorage<OneFile>,
    job: &JobId,
    name: &CheckpointName,
    max_len: usize,
) -> Result<Option<Bytes>> {
    let mut reader = storage.open_reader(job, name).await?;
    let mut states = Vec::new();
    while let Some(chunk) = reader.next_chunk(max_len).await? {
        assert!((1..=max_len).contains(&chunk.len()), "a chunk of {}", chunk.len());
        states.extend_from_slice(&chunk);
    }
    assert_eq!(reader.states_len().unwrap_or_default(), states.len() as u64);
    Ok(reader.states_len().map(|_| states.into()))
}
