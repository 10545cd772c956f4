//! The bytes of a stored checkpoint, as the Java engine writes them and with a checksum of ours.
//!
//! Protobuf's wire format: `1` job id (string), `2` pipeline id (int32), `3` checkpoint id (int64),
//! `4` states (bytes), in this order, zeros written, absent states left out. A sealed file ends in
//! field `15`, a fixed32: the CRC-32C of all bytes before it. The Java engine skips that field.
//!
//! Reading is strict: what neither engine would have written is a [`Defect`].

mod decode;
mod encode;

pub use decode::{Decoded, Header, decode, max_header_len};
pub use encode::{Checksum, Encoded, Seal, encode, encode_header};

use std::fmt;

/// The fields of a checkpoint's body.
mod field {
    pub(super) const JOB_ID: u32 = 1;
    pub(super) const PIPELINE_ID: u32 = 2;
    pub(super) const CHECKPOINT_ID: u32 = 3;
    pub(super) const STATES: u32 = 4;
    pub(super) const CHECKSUM: u32 = 15;
}

/// How many bytes the checksum takes: its key and four bytes.
pub const TRAILER_LEN: u64 = 5;

/// What is wrong with a checkpoint's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// At which byte of the file.
    pub offset: u64,
    /// What is wrong there.
    pub reason: String,
    /// Whether the bytes are a checkpoint of another place.
    pub is_misplaced: bool,
}

impl Defect {
    fn new(offset: u64, reason: impl Into<String>) -> Self {
        Self { offset, reason: reason.into(), is_misplaced: false }
    }

    fn misplaced(reason: String) -> Self {
        Self { offset: 0, reason, is_misplaced: true }
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is_misplaced {
            true => f.write_str(&self.reason),
            false => write!(f, "{} (at byte {})", self.reason, self.offset),
        }
    }
}
