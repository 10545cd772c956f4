//! Reading a checkpoint in chunks.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use checkpoint_storage_api::{
    CheckpointEntry, CheckpointName, CheckpointReader, Integrity, JobId, Result, async_trait,
};

use crate::codec::{Checksum, Header, TRAILER_LEN, max_header_len};
use crate::filesystem::{ChunkReader, FileSystem, corrupt, defective, subject_of};
use crate::gate::Gate;
use crate::storage::FileSystemStorage;

/// The longest chunk that is read at once, however much is asked for.
const MAX_CHUNK_LEN: usize = 8 << 20;

impl<F: FileSystem> FileSystemStorage<F> {
    /// The entry of what is being read says [`Integrity::NoChecksum`] if the file carries none and
    /// [`Integrity::Unread`] if its checksum remains to be checked.
    pub(crate) async fn reader_of(
        &self,
        job: &JobId,
        name: &CheckpointName,
    ) -> Result<Box<dyn CheckpointReader>> {
        let subject = subject_of(&self.file_system, job, name);
        let mut file = self.file_system.open(job, name).await?;
        let size = file.file_len();
        let head_len = size.min(max_header_len(job) as u64) as usize;
        let mut head = BytesMut::with_capacity(head_len);
        while head.len() < head_len {
            match file.next_chunk(head_len - head.len()).await? {
                Some(chunk) => head.extend_from_slice(&chunk),
                None => return Err(shrunk(&subject, head.len() as u64, size)),
            }
        }
        let header = Header::parse(&head, size)
            .and_then(|header| header.check_place(job, name).map(|()| header))
            .map_err(|defect| defective("read", &subject, &defect))?;
        let mut checksum = Checksum::default();
        let read_ahead = head.split_off(header.len as usize).freeze();
        checksum.update(&head);
        let integrity = if header.sealed { Integrity::Unread } else { Integrity::NoChecksum };
        Ok(Box::new(Reader {
            gate: Arc::clone(&self.gate),
            entry: CheckpointEntry { job_id: job.clone(), name: *name, size, integrity },
            remaining: header.states_len.unwrap_or_default(),
            header,
            file,
            read_ahead,
            checksum,
            trailer: BytesMut::new(),
            subject,
        }))
    }
}

fn shrunk(subject: &str, found: u64, expected: u64) -> checkpoint_storage_api::Error {
    let reason = format!("the file ended after {found} of its {expected} bytes");
    corrupt("read", subject, reason)
}

struct Reader {
    gate: Arc<Gate>,
    entry: CheckpointEntry,
    header: Header,
    file: Box<dyn ChunkReader>,
    /// What was read together with the header.
    read_ahead: Bytes,
    /// How many bytes of states are still to be handed out.
    remaining: u64,
    checksum: Checksum,
    trailer: BytesMut,
    subject: String,
}

impl Reader {
    /// The next bytes of the file. What is awaited here can be cancelled without losing any.
    async fn next_bytes(&mut self, max_len: usize) -> Result<Option<Bytes>> {
        if !self.read_ahead.is_empty() {
            let len = max_len.min(self.read_ahead.len());
            return Ok(Some(self.read_ahead.split_to(len)));
        }
        self.file.next_chunk(max_len).await
    }
}

#[async_trait]
impl CheckpointReader for Reader {
    fn entry(&self) -> &CheckpointEntry {
        &self.entry
    }

    fn states_len(&self) -> Option<u64> {
        self.header.states_len
    }

    async fn next_chunk(&mut self, max_len: usize) -> Result<Option<Bytes>> {
        let _inside = self.gate.enter("read")?;
        if self.remaining > 0 {
            let limit = max_len.clamp(1, MAX_CHUNK_LEN) as u64;
            let Some(chunk) = self.next_bytes(limit.min(self.remaining) as usize).await? else {
                let found = self.entry.size - self.remaining;
                return Err(shrunk(&self.subject, found, self.entry.size));
            };
            self.checksum.update(&chunk);
            self.remaining -= chunk.len() as u64;
            return Ok(Some(chunk));
        }
        while let Some(bytes) = self.next_bytes(TRAILER_LEN as usize).await? {
            self.trailer.extend_from_slice(&bytes);
            if self.trailer.len() as u64 > TRAILER_LEN {
                return Err(corrupt("read", &self.subject, "the file grew while it was read"));
            }
        }
        self.header
            .check_trailer(&self.trailer, &self.checksum)
            .map_err(|defect| defective("read", &self.subject, &defect))?;
        Ok(None)
    }
}
