//! Reading a checkpoint to its end, to see whether it is whole.

use checkpoint_storage_api::{
    Capabilities, CheckpointName, CheckpointStorage, Integrity, JobId, Result,
};

/// How many bytes are held at once.
const CHUNK_LEN: usize = 1 << 20;

/// Reads a checkpoint to its end, in bounded memory where the storage can, and tells of each chunk's
/// length. What is not as it was written is an error.
pub(crate) async fn read_back(
    storage: &dyn CheckpointStorage,
    job: &JobId,
    name: &CheckpointName,
    mut read: impl FnMut(usize) + Send,
) -> Result<Integrity> {
    if !storage.capabilities().contains(Capabilities::READER) {
        let checkpoint = storage.read(job, name).await?;
        read(checkpoint.states.as_ref().map_or(0, |states| states.len()));
        return Ok(checkpoint.entry.integrity);
    }
    let mut reader = storage.open_reader(job, name).await?;
    while let Some(chunk) = reader.next_chunk(CHUNK_LEN).await? {
        read(chunk.len());
    }
    Ok(match reader.entry().integrity {
        Integrity::NoChecksum => Integrity::NoChecksum,
        _ => Integrity::Ok,
    })
}
