//! Readers that cross, in either direction.

use abi_stable::erased_types::TD_Opaque;
use abi_stable::std_types::ROption;
use async_ffi::{BorrowingFfiFuture, FutureExt as _};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::FutureExt as _;

use super::FfiBytes;
use super::convert::protocol_error;
use super::raw::{RawReader, RawReader_TO, RawReaderBox};
use super::types::{FfiEntry, FfiReaderHead, FfiResult};
use super::unwind::{Guarded, catch, drop_caught, panic_error};
use crate::{CheckpointEntry, CheckpointReader, Result};

const NEXT_CHUNK: &str = "read the next chunk";

/// Makes a reader of this side cross. What it says first is asked for now, where an error can
/// still be told.
pub(super) fn export(reader: Box<dyn CheckpointReader>) -> Result<RawReaderBox> {
    let (entry, states_len) =
        catch("open a reader", || Ok((reader.entry().clone(), reader.states_len())))?;
    let exported = Exported { entry: entry.into(), states_len, reader: Some(reader) };
    Ok(RawReader_TO::from_value(exported, TD_Opaque))
}

struct Exported {
    entry: FfiEntry,
    states_len: Option<u64>,
    reader: Option<Box<dyn CheckpointReader>>,
}

impl RawReader for Exported {
    fn head(&self) -> FfiReaderHead {
        FfiReaderHead { entry: self.entry.clone(), states_len: self.states_len.into() }
    }

    fn next_chunk(&mut self, max_len: u64) -> BorrowingFfiFuture<'_, FfiResult<ROption<FfiBytes>>> {
        let reader = self.reader.as_mut();
        let next = async move {
            let Some(reader) = reader else {
                return Err(protocol_error(NEXT_CHUNK, "the reader is gone".into()));
            };
            let max_len = usize::try_from(max_len).unwrap_or(usize::MAX);
            Ok(reader.next_chunk(max_len).await?.map(FfiBytes::from).into())
        };
        Guarded::new(NEXT_CHUNK, next).into_ffi()
    }
}

impl Drop for Exported {
    fn drop(&mut self) {
        drop_caught(self.reader.take());
    }
}

/// Takes in a reader of the other side.
pub(super) fn import(raw: RawReaderBox) -> Result<Box<dyn CheckpointReader>> {
    let head = raw.head();
    let foreign =
        Foreign { entry: head.entry.try_into()?, states_len: head.states_len.into_option(), raw };
    Ok(Box::new(foreign))
}

struct Foreign {
    entry: CheckpointEntry,
    states_len: Option<u64>,
    raw: RawReaderBox,
}

#[async_trait]
impl CheckpointReader for Foreign {
    fn entry(&self) -> &CheckpointEntry {
        &self.entry
    }

    fn states_len(&self) -> Option<u64> {
        self.states_len
    }

    async fn next_chunk(&mut self, max_len: usize) -> Result<Option<Bytes>> {
        let next = self.raw.next_chunk(max_len as u64);
        let chunk = std::panic::AssertUnwindSafe(next)
            .catch_unwind()
            .await
            .map_err(|payload| panic_error(NEXT_CHUNK, payload))?
            .into_result()?
            .map(Bytes::from)
            .into_option();
        match chunk {
            Some(chunk) if chunk.is_empty() || chunk.len() > max_len => {
                let len = chunk.len();
                Err(protocol_error(
                    NEXT_CHUNK,
                    format!("a chunk of {len} bytes, not 1 to {max_len}"),
                ))
            }
            chunk => Ok(chunk),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorKind, Integrity, JobId};

    struct Chunks(CheckpointEntry, Vec<&'static [u8]>);

    #[async_trait]
    impl CheckpointReader for Chunks {
        fn entry(&self) -> &CheckpointEntry {
            &self.0
        }

        fn states_len(&self) -> Option<u64> {
            Some(3)
        }

        async fn next_chunk(&mut self, max_len: usize) -> Result<Option<Bytes>> {
            assert!(max_len != 13, "unlucky");
            Ok(self.1.pop().map(Bytes::from_static))
        }
    }

    fn crossed(chunks: Vec<&'static [u8]>) -> Box<dyn CheckpointReader> {
        let entry = CheckpointEntry {
            job_id: JobId::new("1").expect("valid"),
            name: "5-1-2-3.ser".parse().expect("a name"),
            size: 17,
            integrity: Integrity::Unread,
        };
        import(export(Box::new(Chunks(entry, chunks))).expect("exported")).expect("imported")
    }

    #[tokio::test]
    async fn a_reader_crosses_both_ways() {
        let mut reader = crossed(vec![b"c", b"ab"]);
        assert_eq!((reader.entry().size, reader.states_len()), (17, Some(3)));
        assert_eq!(reader.next_chunk(8).await.expect("a chunk").as_deref(), Some(&b"ab"[..]));
        assert_eq!(reader.next_chunk(8).await.expect("a chunk").as_deref(), Some(&b"c"[..]));
        assert_eq!(reader.next_chunk(8).await.expect("the end"), None);
    }

    #[tokio::test]
    async fn panics_and_broken_promises_of_a_reader_are_errors() {
        let error = crossed(vec![]).next_chunk(13).await.expect_err("it panics");
        assert!(error.to_string().contains("unlucky"), "{error}");
        let error = crossed(vec![b"too long"]).next_chunk(3).await.expect_err("too long");
        assert_eq!(error.kind(), ErrorKind::PluginFault);
        let error = crossed(vec![b""]).next_chunk(3).await.expect_err("empty");
        assert_eq!(error.kind(), ErrorKind::PluginFault);
    }
}
