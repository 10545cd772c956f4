//! Bytes to checkpoints; any input at all ends in a checkpoint or a [`Defect`].

use bytes::{Buf, Bytes};
use checkpoint_storage_api::{CheckpointName, Integrity, JobId};
use prost::encoding::{WireType, decode_varint, encoded_len_varint};

use super::{Checksum, Defect, TRAILER_LEN, field};

/// The longest varint, and the longest key of a field that we know.
const MAX_VARINT_LEN: usize = 10;
const KEY_LEN: usize = 1;

/// How many bytes at most precede the states of a checkpoint of `job`.
pub fn max_header_len(job: &JobId) -> usize {
    4 * (KEY_LEN + MAX_VARINT_LEN) + job.as_str().len()
}

/// What precedes the states in a file, and what that says of the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The job, unless the writer left it out.
    pub job_id: Option<String>,
    /// The pipeline.
    pub pipeline_id: i32,
    /// The checkpoint.
    pub checkpoint_id: i64,
    /// How many bytes of states follow; `None` if there are no states.
    pub states_len: Option<u64>,
    /// How many bytes precede the states.
    pub len: u64,
    /// Whether a checksum follows the states.
    pub sealed: bool,
}

impl Header {
    /// Reads the header of a file of `file_len` bytes from its first bytes `head`: all of them, or
    /// at least [`max_header_len`].
    pub fn parse(head: &[u8], file_len: u64) -> Result<Self, Defect> {
        if file_len == 0 {
            return Err(Defect::new(0, "the file is empty"));
        }
        let mut fields = Fields { rest: head, offset: 0 };
        let job_id = fields.begin(field::JOB_ID, WireType::LengthDelimited, "job id")?;
        let job_id = job_id.then(|| fields.text("job id")).transpose()?;
        fields.require(field::PIPELINE_ID, WireType::Varint, "pipeline id")?;
        let pipeline_at = fields.offset;
        let pipeline_id = i32::try_from(fields.varint("pipeline id")? as i64)
            .map_err(|_| Defect::new(pipeline_at, "the pipeline id has more than 32 bits"))?;
        fields.require(field::CHECKPOINT_ID, WireType::Varint, "checkpoint id")?;
        let checkpoint_id = fields.varint("checkpoint id")? as i64;
        let states_len = if fields.rest.is_empty() || fields.is_at(field::CHECKSUM) {
            None
        } else {
            fields.require(field::STATES, WireType::LengthDelimited, "states")?;
            Some(fields.varint("length of the states")?)
        };

        let after_header = file_len.saturating_sub(fields.offset);
        let after_states =
            after_header.checked_sub(states_len.unwrap_or_default()).ok_or_else(|| {
                Defect::new(
                    fields.offset,
                    format!(
                        "{} bytes of states were written and {after_header} are there: it was cut off",
                        states_len.unwrap_or_default()
                    ),
                )
            })?;
        let sealed = match after_states {
            0 => false,
            TRAILER_LEN => true,
            _ => {
                return Err(Defect::new(
                    file_len - after_states,
                    format!("{after_states} bytes follow that are neither states nor a checksum"),
                ));
            }
        };
        Ok(Self { job_id, pipeline_id, checkpoint_id, states_len, len: fields.offset, sealed })
    }

    /// Whether the file belongs where it was found: under `name` in the directory of `job`.
    pub fn check_place(&self, job: &JobId, name: &CheckpointName) -> Result<(), Defect> {
        let reason = if self.job_id.as_deref().is_some_and(|id| id != job.as_str()) {
            format!("it is a checkpoint of another job, {:?}", self.job_id.as_deref().unwrap_or(""))
        } else if self.pipeline_id != name.pipeline_id {
            format!("its name says pipeline {}, its bytes {}", name.pipeline_id, self.pipeline_id)
        } else if self.checkpoint_id != name.checkpoint_id {
            format!(
                "its name says checkpoint {}, its bytes {}",
                name.checkpoint_id, self.checkpoint_id
            )
        } else {
            return Ok(());
        };
        Err(Defect::misplaced(reason))
    }

    /// Where the states end.
    fn states_end(&self) -> u64 {
        self.len + self.states_len.unwrap_or_default()
    }

    /// Compares what follows the states with the checksum of all that precedes it.
    pub fn check_trailer(&self, trailer: &[u8], computed: &Checksum) -> Result<Integrity, Defect> {
        let expected = if self.sealed { &*computed.trailer() } else { &[] };
        if trailer == expected {
            return Ok(if self.sealed { Integrity::Ok } else { Integrity::NoChecksum });
        }
        let reason = match (trailer, expected) {
            ([found_key, found @ ..], [key, ..]) if found_key == key && found.len() == 4 => {
                format!(
                    "the checksum does not fit: {:08x} was written, the bytes give {:08x}",
                    Bytes::copy_from_slice(found).get_u32_le(),
                    computed.value()
                )
            }
            _ => "what follows the states is not a checksum".to_owned(),
        };
        Err(Defect::new(self.states_end(), reason))
    }
}

/// A checkpoint's bytes, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// What precedes the states.
    pub header: Header,
    /// The states: a slice of the bytes that were decoded.
    pub states: Option<Bytes>,
    /// [`Integrity::Ok`] or [`Integrity::NoChecksum`].
    pub integrity: Integrity,
}

/// Decodes a whole file and checks its checksum if it has one.
pub fn decode(file: &Bytes) -> Result<Decoded, Defect> {
    let header = Header::parse(file, file.len() as u64)?;
    // Within the file, as the header was checked against its length.
    let (start, end) = (header.len as usize, header.states_end() as usize);
    let mut checksum = Checksum::default();
    if header.sealed {
        checksum.update(&file[..end]);
    }
    let integrity = header.check_trailer(&file[end..], &checksum)?;
    let states = header.states_len.map(|_| file.slice(start..end));
    Ok(Decoded { header, states, integrity })
}

/// The fields that remain to be read.
struct Fields<'a> {
    rest: &'a [u8],
    offset: u64,
}

impl Fields<'_> {
    fn is_at(&self, number: u32) -> bool {
        self.rest.first().is_some_and(|key| u32::from(*key) >> 3 == number)
    }

    /// Steps over the key of a field, if it is the next one.
    fn begin(&mut self, number: u32, wire_type: WireType, what: &str) -> Result<bool, Defect> {
        if !self.is_at(number) {
            return Ok(false);
        }
        if self.rest.first() != Some(&((number << 3 | wire_type as u32) as u8)) {
            return Err(Defect::new(self.offset, format!("the {what} has the wrong type")));
        }
        self.advance(KEY_LEN);
        Ok(true)
    }

    fn require(&mut self, number: u32, wire_type: WireType, what: &str) -> Result<(), Defect> {
        if self.begin(number, wire_type, what)? {
            return Ok(());
        }
        let reason = match self.rest.first() {
            None => format!("it was cut off before the {what}"),
            Some(key) => {
                format!("the {what} should stand here, not field {} of type {}", key >> 3, key & 7)
            }
        };
        Err(Defect::new(self.offset, reason))
    }

    fn varint(&mut self, what: &str) -> Result<u64, Defect> {
        let (mut rest, offset) = (self.rest, self.offset);
        let value = decode_varint(&mut rest)
            .map_err(|_| Defect::new(offset, format!("the {what} is no number, or is cut off")))?;
        let len = self.rest.len() - rest.len();
        if len != encoded_len_varint(value) {
            return Err(Defect::new(offset, format!("the {what} is written in too many bytes")));
        }
        self.advance(len);
        Ok(value)
    }

    fn text(&mut self, what: &str) -> Result<String, Defect> {
        let claimed = self.varint(&format!("length of the {what}"))?;
        let bytes = usize::try_from(claimed).ok().and_then(|len| self.rest.get(..len));
        let Some(bytes) = bytes else {
            return Err(Defect::new(
                self.offset,
                format!("the {what} has {claimed} bytes, more than can be: damaged or cut off"),
            ));
        };
        let text = std::str::from_utf8(bytes)
            .map_err(|_| Defect::new(self.offset, format!("the {what} is not UTF-8")))?;
        let text = text.to_owned();
        self.advance(text.len());
        Ok(text)
    }

    fn advance(&mut self, len: usize) {
        self.rest.advance(len);
        self.offset += len as u64;
    }
}

#[cfg(test)]
mod tests {
    use checkpoint_storage_api::PipelineState;
    use proptest::prelude::*;

    use super::*;
    use crate::codec::{Seal, encode};

    fn file(state: &PipelineState, seal: Seal) -> Vec<u8> {
        encode(state, seal).parts().flat_map(|part| part.to_vec()).collect()
    }

    fn state(
        job: &str,
        pipeline_id: i32,
        checkpoint_id: i64,
        states: Option<&[u8]>,
    ) -> PipelineState {
        let job_id = JobId::new(job).expect("valid");
        let states = states.map(Bytes::copy_from_slice);
        PipelineState { states, ..PipelineState::new(job_id, pipeline_id, checkpoint_id, "") }
    }

    fn defect(bytes: &[u8]) -> Defect {
        decode(&Bytes::copy_from_slice(bytes)).expect_err("corrupt")
    }

    /// Sealed files small enough to damage in every place.
    fn small_files() -> Vec<Vec<u8>> {
        [
            state("1", 2, 1, Some(b"\xad")),
            state("865405612345123456", 1, 300, Some(b"the states of a pipeline")),
            state("1", 0, 0, Some(b"")),
            state("1", 3, 7, None),
            state("1", 1, 128, Some(&[0x22; 130])),
            // Bytes that look like the fields around them.
            state("\u{10}", 16, 24, Some(b"\x7d\x00\x00\x00\x00")),
        ]
        .iter()
        .map(|state| file(state, Seal::WithChecksum))
        .collect()
    }

    #[test]
    fn every_flipped_bit_of_a_sealed_file_is_found() {
        for original in small_files() {
            let right = decode(&original.clone().into()).expect("whole");
            for bit in 0..original.len() * 8 {
                let mut damaged = original.clone();
                damaged[bit / 8] ^= 1 << (bit % 8);
                if let Ok(decoded) = decode(&damaged.into()) {
                    panic!("bit {bit} of {original:x?} went unnoticed: {decoded:?} for {right:?}");
                }
            }
        }
    }

    #[test]
    fn every_truncation_is_found_but_the_two_that_leave_a_whole_java_file() {
        for original in small_files() {
            let whole = decode(&original.clone().into()).expect("whole");
            let without_seal = original.len() as u64 - TRAILER_LEN;
            let unnoticed: Vec<u64> = (0..original.len())
                .filter(|len| decode(&Bytes::copy_from_slice(&original[..*len])).is_ok())
                .map(|len| len as u64)
                .collect();
            match whole.header.states_len {
                None => assert_eq!(unnoticed, [without_seal]),
                Some(len) => {
                    let states_header = 1 + encoded_len_varint(len) as u64;
                    let after_ids = whole.header.len - states_header;
                    assert_eq!(unnoticed, [after_ids, without_seal]);
                    let cut = Bytes::copy_from_slice(&original[..after_ids as usize]);
                    assert_eq!(decode(&cut).expect("null states").states, None);
                }
            }
            let cut = Bytes::copy_from_slice(&original[..without_seal as usize]);
            let decoded = decode(&cut).expect("a file without checksum");
            assert_eq!((decoded.states, decoded.integrity), (whole.states, Integrity::NoChecksum));
        }
    }

    #[test]
    fn states_are_a_slice_of_the_file() {
        let bytes = Bytes::from(file(&state("1", 1, 1, Some(&[7; 4096])), Seal::WithChecksum));
        let decoded = decode(&bytes).expect("whole");
        let states = decoded.states.expect("present");
        assert_eq!(states.as_ptr(), bytes[decoded.header.len as usize..].as_ptr());
    }

    #[test]
    fn what_neither_engine_writes_is_corrupt() {
        let cases: [(&[u8], u64, &str); 15] = [
            (b"", 0, "empty"),
            (b"\x10\x01", 2, "cut off before the checkpoint id"),
            (b"\x18\x01\x10\x01", 0, "pipeline id should stand here"),
            (b"\x10\x01\x10\x01\x18\x01", 2, "checkpoint id should stand here"),
            (b"\x08\x01\x10\x01\x18\x01", 0, "job id has the wrong type"),
            (b"\x0a\x05ab", 2, "more than can be"),
            (b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01a", 11, "more than can be"),
            (b"\x0a\x01\xff\x10\x01\x18\x01", 2, "not UTF-8"),
            (b"\x10\x81\x00\x18\x01", 1, "too many bytes"),
            (b"\x10\x80\x80\x80\x80\x10\x18\x01", 1, "more than 32 bits"),
            (b"\x10\x01\x18\x01\x22\x02\xad", 6, "cut off"),
            (b"\x10\x01\x18\x01\x22\x01\xad\x00", 7, "neither states nor a checksum"),
            (b"\x10\x01\x18\x01\x2a\x01\xad", 4, "states should stand here, not field 5"),
            (b"\x10\x01\x18\x01\x22\x01\xad\x7c\x00\x00\x00\x00", 7, "not a checksum"),
            (b"\x10\x01\x18\x01\x7d\x00\x00\x00\x00", 4, "checksum does not fit"),
        ];
        for (bytes, offset, reason) in cases {
            let defect = defect(bytes);
            assert!(defect.reason.contains(reason), "{bytes:x?}: {defect}");
            assert_eq!(defect.offset, offset, "{bytes:x?}: {defect}");
        }
    }

    #[test]
    fn a_file_in_another_s_place_is_found() {
        let bytes = Bytes::from(file(&state("1", 2, 3, None), Seal::None));
        let header = decode(&bytes).expect("whole").header;
        let (one, name) = (JobId::new("1").expect("valid"), |p, c| CheckpointName {
            timestamp_ms: 1,
            random: 0,
            pipeline_id: p,
            checkpoint_id: c,
        });
        assert_eq!(header.check_place(&one, &name(2, 3)), Ok(()));
        for (job, name, reason) in [
            ("2", name(2, 3), "another job, \"1\""),
            ("1", name(1, 3), "name says pipeline 1, its bytes 2"),
            ("1", name(2, 4), "name says checkpoint 4, its bytes 3"),
        ] {
            let job = JobId::new(job).expect("valid");
            let defect = header.check_place(&job, &name).expect_err("elsewhere");
            assert!(defect.reason.contains(reason), "{defect}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(
            job in "[^/\0]{1,20}",
            pipeline_id: i32,
            checkpoint_id: i64,
            states in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..300)),
            sealed: bool,
        ) {
            let Ok(job_id) = JobId::new(job) else { return Ok(()) };
            let states = states.map(Bytes::from);
            let state =
                PipelineState { states, ..PipelineState::new(job_id, pipeline_id, checkpoint_id, "") };
            let seal = if sealed { Seal::WithChecksum } else { Seal::None };
            let bytes = file(&state, seal);
            let decoded = decode(&Bytes::from(bytes.clone())).expect("whole");
            prop_assert_eq!(decoded.header.job_id.as_deref(), Some(state.job_id.as_str()));
            prop_assert_eq!(decoded.header.pipeline_id, pipeline_id);
            prop_assert_eq!(decoded.header.checkpoint_id, checkpoint_id);
            prop_assert_eq!(&decoded.states, &state.states);
            prop_assert_eq!(decoded.integrity == Integrity::Ok, sealed);
            let head = &bytes[..bytes.len().min(max_header_len(&state.job_id))];
            prop_assert_eq!(Header::parse(head, bytes.len() as u64), Ok(decoded.header));
        }

        #[test]
        fn arbitrary_bytes_are_survived(
            bytes in proptest::collection::vec(any::<u8>(), 0..64),
            with_ids: bool,
            file_len: u64,
        ) {
            let mut file = if with_ids { b"\x0a\x011\x10\x01\x18\x01".to_vec() } else { vec![] };
            file.extend(bytes);
            if let Ok(decoded) = decode(&Bytes::from(file.clone())) {
                prop_assert!(decoded.states.is_none_or(|states| states.len() < file.len()));
            }
            let _ = Header::parse(&file, file_len);
        }
    }
}
