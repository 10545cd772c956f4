//! A connection that can be cut anywhere.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// How a [`Line`] is cut.
pub(super) struct Scissors {
    is_reset: AtomicBool,
    /// How many bytes may still be written.
    left: AtomicU64,
}

impl Scissors {
    pub(super) fn new() -> Self {
        Self { is_reset: AtomicBool::new(false), left: AtomicU64::new(u64::MAX) }
    }

    /// Resets the connection when it ends, instead of closing it.
    pub(super) fn reset(&self) {
        self.is_reset.store(true, Ordering::Relaxed);
    }

    /// Lets so many more bytes be written, then resets.
    pub(super) fn reset_after(&self, bytes: u64) {
        self.reset();
        self.left.store(bytes, Ordering::Relaxed);
    }
}

/// A connection.
pub(super) struct Line {
    stream: TcpStream,
    scissors: Arc<Scissors>,
}

impl Line {
    pub(super) fn new(stream: TcpStream, scissors: Arc<Scissors>) -> Self {
        Self { stream, scissors }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.scissors.is_reset.load(Ordering::Relaxed) {
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let left = self.scissors.left.load(Ordering::Relaxed);
        if left == 0 {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let allowed = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
        let written = Pin::new(&mut self.stream).poll_write(context, &bytes[..allowed]);
        if let Poll::Ready(Ok(written)) = written
            && left != u64::MAX
        {
            self.scissors.left.store(left - written as u64, Ordering::Relaxed);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
