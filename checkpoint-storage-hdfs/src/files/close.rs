//! Closing a file as soon as the NameNode can close it.
//!
//! A NameNode closes a file when a DataNode has told it of the last block, which can be a moment
//! after the writer has asked. The client then sleeps for 500 ms before it asks again. A second
//! `close` asks at once: it names no block, as the first has committed that. It is only sent when the
//! NameNode shows the last block as complete, so that there is nothing left that it could cut short.

use std::time::Duration;

use super::Files;
use super::open_file::OpenFile;
use crate::deadline::Deadline;
use crate::failure::{Cause, Class};

/// How often to look whether the last block is complete.
const COMMIT_POLL_INTERVAL: Duration = Duration::from_millis(40);
/// How long the answer to the first `close` may take from then on.
const COMPLETE_GRACE: Duration = Duration::from_millis(40);
/// How long to wait for the answers to the next ones, and for more blocks to be told of.
const COMPLETE_TIMEOUTS: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_millis(200), Duration::from_millis(400)];

impl Files {
    /// Closes a file of so many bytes, of which some were not synced before.
    pub(super) async fn close_written(
        &self,
        file: &mut OpenFile,
        path: &str,
        len: u64,
        deadline: Deadline,
    ) -> Result<(), Cause> {
        let Some(writer) = file.writer() else { return Err(Cause::timed_out()) };
        tokio::select! {
            biased;
            closed = deadline.step(writer.close()) => {
                closed?;
                file.closed();
                return Ok(());
            }
            () = self.all_blocks_complete(path, len, deadline) => {}
        }
        let mut closed = Err(Cause::timed_out());
        for time in COMPLETE_TIMEOUTS {
            closed = deadline.step_within(time, writer.close()).await;
            if !matches!(&closed, Err(cause) if cause.class == Class::TimedOut) {
                break;
            }
        }
        if matches!(&closed, Err(cause) if cause.class == Class::TimedOut) {
            closed = deadline.step(writer.close()).await;
        }
        match closed {
            // The first `close` has closed it, whole: its answer only waits for the edit log.
            Err(cause) if cause.class == Class::LostLease => {}
            closed => closed?,
        }
        file.closed();
        Ok(())
    }

    /// Waits until the NameNode shows the file at its full length, to which only complete blocks
    /// count, and has had time to answer the first `close`. Never if there is no block.
    async fn all_blocks_complete(&self, path: &str, len: u64, deadline: Deadline) {
        if len == 0 {
            return std::future::pending().await;
        }
        loop {
            tokio::time::sleep(COMMIT_POLL_INTERVAL).await;
            let (client, _) = self.cluster.client();
            let reader = deadline.step(client.read(path)).await;
            if reader.is_ok_and(|reader| reader.file_length() as u64 == len) {
                return tokio::time::sleep(COMPLETE_GRACE).await;
            }
        }
    }
}
