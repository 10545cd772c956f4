//! A file that is open at the client. Dropped in the middle of a write, or open, the client would
//! leave a connection to its DataNodes that lasts as long as the process: so what nobody waits for any
//! more goes on to its end, and is closed.

use std::future::Future;
use std::time::Duration;

use hdfs_native::HdfsError;
use hdfs_native::file::FileWriter;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::deadline::Deadline;
use crate::failure::Cause;

/// A little longer than the client waits for DataNodes.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(65);

/// An open file; closed in the background when it is dropped before that.
pub(super) struct OpenFile {
    writer: Option<Box<FileWriter>>,
    runtime: Handle,
}

impl OpenFile {
    pub(super) fn new(writer: FileWriter) -> Self {
        Self { writer: Some(Box::new(writer)), runtime: Handle::current() }
    }

    /// The client's writer; `None` after a [step](Self::step) whose end nobody waited for.
    pub(super) fn writer(&mut self) -> Option<&mut FileWriter> {
        self.writer.as_deref_mut()
    }

    /// It was closed.
    pub(super) fn closed(&mut self) {
        self.writer = None;
    }

    /// Runs a step of writing, in a task of its own.
    pub(super) async fn step<T, F>(
        &mut self,
        deadline: Deadline,
        operation: impl FnOnce(Box<FileWriter>) -> F,
    ) -> Result<T, Cause>
    where
        T: Send + 'static,
        F: Future<Output = (Box<FileWriter>, Result<T, HdfsError>)> + Send + 'static,
    {
        let Some(writer) = self.writer.take() else { return Err(Cause::timed_out()) };
        let (give_back, given_back) = oneshot::channel();
        let (operation, runtime) = (deadline.polled(operation(writer)), self.runtime.clone());
        self.runtime.spawn(async move {
            let (writer, result) = operation.await;
            // If nobody takes it, it is dropped here or in the channel, and closed.
            let _ = give_back.send((Self { writer: Some(writer), runtime }, result));
        });
        match deadline.step(async { Ok(given_back.await) }).await? {
            Ok((mut file, result)) => {
                self.writer = file.writer.take();
                result.map_err(|error| Cause::of(&error))
            }
            Err(_) => Err(Cause::panicked()),
        }
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        let Some(mut writer) = self.writer.take() else { return };
        self.runtime.spawn(async move {
            // Its temporary file is removed: whether that can still be closed does not matter.
            let _ = tokio::time::timeout(CLOSE_TIMEOUT, writer.close()).await;
        });
    }
}
