//! Plain data that crosses the boundary. Every struct here is frozen.

use abi_stable::StableAbi;
use abi_stable::std_types::{ROption, RResult, RSlice, RStr, RString, RVec, Tuple2};

use super::FfiBytes;

/// Keys and values: options of calls, details of answers, and whatever a later minor adds.
pub type FfiMap = RVec<Tuple2<RString, RString>>;

/// A result at the boundary.
pub type FfiResult<T> = RResult<T, FfiError>;

/// An [`Error`](crate::Error) at the boundary.
#[repr(C)]
#[derive(StableAbi, Debug, Clone)]
pub struct FfiError {
    /// [`ErrorKind::code`](crate::ErrorKind::code); a number, so that a new kind is no new layout.
    pub code: u32,
    /// The reason.
    pub message: RString,
    /// Operation, subject, advice, outcome, retryable, misplaced, source.
    pub details: FfiMap,
}

/// A [`PipelineState`](crate::PipelineState) at the boundary.
#[repr(C)]
#[derive(StableAbi)]
pub struct FfiState {
    /// The job's id.
    pub job: RString,
    /// The pipeline's id.
    pub pipeline: i32,
    /// The checkpoint's id.
    pub checkpoint: i64,
    /// The states, if any.
    pub states: ROption<FfiBytes>,
}

/// A [`CheckpointEntry`](crate::CheckpointEntry) at the boundary.
#[repr(C)]
#[derive(StableAbi, Debug, Clone)]
pub struct FfiEntry {
    /// The job's id.
    pub job: RString,
    /// The stored name.
    pub name: RString,
    /// The stored size in bytes.
    pub size: u64,
    /// [`Integrity::as_str`](crate::Integrity::as_str).
    pub integrity: RString,
    /// What a later minor adds.
    pub extra: FfiMap,
}

/// A [`Checkpoint`](crate::Checkpoint) at the boundary.
#[repr(C)]
#[derive(StableAbi)]
pub struct FfiCheckpoint {
    /// What a listing says of it.
    pub entry: FfiEntry,
    /// The states, if any.
    pub states: ROption<FfiBytes>,
}

/// What a reader says before the first chunk.
#[repr(C)]
#[derive(StableAbi)]
pub struct FfiReaderHead {
    /// What is being read.
    pub entry: FfiEntry,
    /// The length of the states, if there are any.
    pub states_len: ROption<u64>,
}

/// A [`DeleteReport`](crate::DeleteReport) at the boundary.
#[repr(C)]
#[derive(StableAbi)]
pub struct FfiDeleteReport {
    /// What is gone.
    pub deleted: RVec<RString>,
    /// What was not there.
    pub missing: RVec<RString>,
    /// What failed, and why.
    pub failed: RVec<Tuple2<RString, FfiError>>,
    /// What a later minor adds.
    pub extra: FfiMap,
}

/// A [`ReclaimReport`](crate::ReclaimReport) at the boundary.
#[repr(C)]
#[derive(StableAbi)]
pub struct FfiReclaimReport {
    /// What was removed.
    pub reclaimed: RVec<RString>,
    /// What could not be, and why.
    pub failed: RVec<Tuple2<RString, FfiError>>,
    /// What a later minor adds.
    pub extra: FfiMap,
}

/// A `tracing` callsite of a plugin.
#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct FfiCallsite<'a> {
    /// The name of the span or event.
    pub name: RStr<'a>,
    /// Its target.
    pub target: RStr<'a>,
    /// 0 error, 1 warn, 2 info, 3 debug, 4 trace.
    pub level: u32,
    /// A span's callsite, not an event's.
    pub is_span: bool,
    /// The source file; empty if unknown.
    pub file: RStr<'a>,
    /// The line in it; 0 if unknown.
    pub line: u32,
    /// The module; empty if unknown.
    pub module: RStr<'a>,
    /// The names of its fields.
    pub fields: RSlice<'a, RStr<'a>>,
}

/// The value of one field of a span or event.
#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct FfiFieldValue<'a> {
    /// The field's place in the callsite's list.
    pub field: u32,
    /// 0 bool, 1 signed, 2 unsigned, 3 float, 4 string; any other is shown as `text` is.
    pub kind: u32,
    /// The number's bits.
    pub bits: u64,
    /// The text of what is no number.
    pub text: RStr<'a>,
}

/// The parent of a span or event.
#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct FfiParent {
    /// 0 the current span, 1 none, 2 the span `id`.
    pub kind: u32,
    /// The parent's id.
    pub id: u64,
}
