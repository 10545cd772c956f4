//! Checkpoints to bytes, without copying the states.

use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};
use checkpoint_storage_api::{JobId, PipelineState};
use crc_fast::{CrcAlgorithm, Digest, checksum_combine};
use prost::encoding::{WireType, encode_key, encode_varint, int32, int64, string};

use super::field;

const CRC_32C: CrcAlgorithm = CrcAlgorithm::Crc32Iscsi;

/// Whether a checkpoint is given a checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seal {
    /// It is.
    WithChecksum,
    /// It is not: byte for byte what the Java engine writes.
    None,
}

/// A checkpoint's bytes: three slices, to be written one after the other.
#[derive(Clone, PartialEq, Eq)]
pub struct Encoded {
    /// What precedes the states.
    pub prefix: Bytes,
    /// The states: the very memory that the caller gave.
    pub states: Option<Bytes>,
    /// What follows the states; empty without a checksum.
    pub trailer: Bytes,
}

impl Encoded {
    /// The parts in the order in which they are written; some may be empty.
    pub fn parts(&self) -> impl Iterator<Item = &Bytes> {
        [Some(&self.prefix), self.states.as_ref(), Some(&self.trailer)].into_iter().flatten()
    }

    /// The CRC-32C of all parts. With a trailer the states are not read again.
    pub fn checksum(&self) -> u32 {
        let mut of_trailer = Checksum::default();
        of_trailer.update(&self.trailer);
        let before = match self.trailer.last_chunk() {
            Some(value) => u32::from_le_bytes(*value),
            None => {
                let mut checksum = Checksum::default();
                checksum.update(&self.prefix);
                checksum.update(self.states.as_deref().unwrap_or_default());
                checksum.value()
            }
        };
        let (before, after) = (u64::from(before), u64::from(of_trailer.value()));
        checksum_combine(CRC_32C, before, after, self.trailer.len() as u64) as u32
    }

    /// How many bytes the parts have together.
    pub fn total_len(&self) -> u64 {
        self.parts().map(|part| part.len() as u64).sum()
    }
}

impl fmt::Debug for Encoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoded")
            .field("states_len", &self.states.as_ref().map(Bytes::len))
            .field("total_len", &self.total_len())
            .finish()
    }
}

/// Encodes a checkpoint.
pub fn encode(state: &PipelineState, seal: Seal) -> Encoded {
    let states_len = state.states.as_ref().map(|states| states.len() as u64);
    let prefix = encode_header(&state.job_id, state.pipeline_id, state.checkpoint_id, states_len);
    let trailer = match seal {
        Seal::None => Bytes::new(),
        Seal::WithChecksum => {
            let mut checksum = Checksum::default();
            checksum.update(&prefix);
            checksum.update(state.states.as_deref().unwrap_or_default());
            checksum.trailer()
        }
    };
    Encoded { prefix, states: state.states.clone(), trailer }
}

/// Encodes what precedes `states_len` bytes of states (`None`: there are no states).
pub fn encode_header(
    job: &JobId,
    pipeline_id: i32,
    checkpoint_id: i64,
    states_len: Option<u64>,
) -> Bytes {
    let mut header = BytesMut::new();
    string::encode(field::JOB_ID, &job.as_str().to_owned(), &mut header);
    int32::encode(field::PIPELINE_ID, &pipeline_id, &mut header);
    int64::encode(field::CHECKPOINT_ID, &checkpoint_id, &mut header);
    if let Some(len) = states_len {
        encode_key(field::STATES, WireType::LengthDelimited, &mut header);
        encode_varint(len, &mut header);
    }
    header.freeze()
}

/// The running checksum of a checkpoint's bytes, CRC-32C in hardware.
#[derive(Clone)]
pub struct Checksum(Digest);

impl Checksum {
    /// Adds the bytes that follow.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The checksum of the bytes so far.
    pub fn value(&self) -> u32 {
        self.0.finalize() as u32
    }

    /// The bytes that end a sealed file.
    pub fn trailer(&self) -> Bytes {
        let mut trailer = BytesMut::new();
        encode_key(field::CHECKSUM, WireType::ThirtyTwoBit, &mut trailer);
        trailer.put_u32_le(self.value());
        trailer.freeze()
    }
}

impl Default for Checksum {
    fn default() -> Self {
        Self(Digest::new(CRC_32C))
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Checksum({:08x})", self.value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::TRAILER_LEN;

    fn bytes(state: &PipelineState, seal: Seal) -> Vec<u8> {
        encode(state, seal).parts().flat_map(|part| part.to_vec()).collect()
    }

    fn state(pipeline_id: i32, checkpoint_id: i64, states: Option<Bytes>) -> PipelineState {
        let job_id = JobId::new("1").expect("valid");
        PipelineState { states, ..PipelineState::new(job_id, pipeline_id, checkpoint_id, "") }
    }

    #[test]
    fn the_bytes_are_those_that_java_writes() {
        let one = state(2, 1, Some(Bytes::from_static(&[0xad])));
        assert_eq!(bytes(&one, Seal::None), b"\x0a\x011\x10\x02\x18\x01\x22\x01\xad");
        let zeros = state(0, 0, Some(Bytes::new()));
        assert_eq!(bytes(&zeros, Seal::None), b"\x0a\x011\x10\x00\x18\x00\x22\x00");
        assert_eq!(bytes(&state(0, 0, None), Seal::None), b"\x0a\x011\x10\x00\x18\x00");
        let negative = bytes(&state(-1, 0, None), Seal::None);
        assert_eq!(negative[3..14], *b"\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
    }

    #[test]
    fn a_seal_is_the_crc_32c_of_all_before_it() {
        let mut checksum = Checksum::default();
        checksum.update(b"123456789");
        // The check value of CRC-32/ISCSI.
        assert_eq!(checksum.value(), 0xe306_9283);
        assert_eq!(*checksum.trailer(), [0x7d, 0x83, 0x92, 0x06, 0xe3]);
        assert_eq!(checksum.trailer().len() as u64, TRAILER_LEN);

        let sealed = bytes(&state(2, 1, None), Seal::WithChecksum);
        let plain = bytes(&state(2, 1, None), Seal::None);
        assert_eq!(sealed[..plain.len()], plain);
        assert_eq!(sealed.len() as u64, plain.len() as u64 + TRAILER_LEN);
    }

    #[test]
    fn the_checksum_of_the_whole_is_known_without_reading_it_again() {
        for seal in [Seal::WithChecksum, Seal::None] {
            for states in [None, Some(Bytes::new()), Some(Bytes::from(vec![7; 70_000]))] {
                let state = state(1, 1, states);
                let mut whole = Checksum::default();
                whole.update(&bytes(&state, seal));
                assert_eq!(encode(&state, seal).checksum(), whole.value(), "{seal:?}");
            }
        }
    }

    #[test]
    fn states_are_not_copied() {
        let states = Bytes::from(vec![7; 1 << 20]);
        let pointer = states.as_ptr();
        let encoded = encode(&state(1, 1, Some(states)), Seal::WithChecksum);
        assert_eq!(encoded.states.expect("present").as_ptr(), pointer);
    }
}
