//! Closing a file as soon as the NameNode can close it.
//!
//! A NameNode closes a file when a DataNode has told it of the last block, which can be a moment
//! after the writer has asked. The client then sleeps for 500 ms before it asks again. A second
//! `close` asks at once: it names no block, as the first has committed that.

use std::time::Duration;

use hdfs_native::file::FileWriter;

use super::Files;
use crate::deadline::Deadline;
use crate::failure::{Cause, Class};

/// How often to look whether the NameNode has heard of the first `close`.
const COMMIT_POLL_INTERVAL: Duration = Duration::from_millis(40);
/// How long its answer may take from then on. To ask again after a "yes" is an error.
const COMPLETE_GRACE: Duration = Duration::from_millis(40);
/// How long to wait for the answers to the next ones, and for more blocks to be told of.
const COMPLETE_TIMEOUTS: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_millis(200), Duration::from_millis(400)];

impl Files {
    /// Closes a file of so many bytes, of which some were not synced before.
    pub(super) async fn close_written(
        &self,
        writer: &mut FileWriter,
        path: &str,
        len: u64,
        deadline: Deadline,
    ) -> Result<(), Cause> {
        tokio::select! {
            biased;
            closed = deadline.step(writer.close()) => return closed,
            () = self.committed(path, len, deadline) => {}
        }
        for time in COMPLETE_TIMEOUTS {
            match deadline.step_within(time, writer.close()).await {
                Err(cause) if cause.class == Class::TimedOut => {}
                closed => return closed,
            }
        }
        deadline.step(writer.close()).await
    }

    /// Waits until the NameNode knows the length of the last block, which only `close` tells it, and
    /// has had time to answer that. Never if there is none.
    async fn committed(&self, path: &str, len: u64, deadline: Deadline) {
        if len == 0 {
            return std::future::pending().await;
        }
        loop {
            tokio::time::sleep(COMMIT_POLL_INTERVAL).await;
            let (client, _) = self.cluster.client();
            let info = deadline.step(client.get_file_info(path)).await;
            if info.is_ok_and(|info| info.length as u64 == len) {
                return tokio::time::sleep(COMPLETE_GRACE).await;
            }
        }
    }
}
