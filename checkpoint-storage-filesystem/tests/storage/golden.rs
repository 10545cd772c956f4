//! What the Java engine wrote: read with the right contents, written again byte for byte.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use checkpoint_storage_api::{CheckpointKind, CheckpointName, Integrity, JobId, PipelineState};
use checkpoint_storage_filesystem::codec::{Seal, decode, encode};
use serde::Deserialize;
use sha2::{Digest, Sha256};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Golden {
    file: String,
    job_id: String,
    pipeline_id: i32,
    checkpoint_id: i64,
    states_null: bool,
    states_len: i64,
    states_sha256: Option<String>,
    file_len: usize,
    file_sha256: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden")
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Decodes a file and writes it again.
fn round_trip(path: &Path) -> (Bytes, PipelineState) {
    let file = Bytes::from(fs::read(path).expect("readable"));
    let name: CheckpointName =
        path.file_name().and_then(|name| name.to_str()).expect("text").parse().expect("a name");
    let decoded = decode(&file).unwrap_or_else(|defect| panic!("{}: {defect}", path.display()));
    assert_eq!(decoded.integrity, Integrity::NoChecksum);
    let job_id = JobId::new(decoded.header.job_id.clone().expect("present")).expect("valid");
    assert_eq!(decoded.header.check_place(&job_id, &name), Ok(()));
    let state = PipelineState {
        job_id,
        pipeline_id: decoded.header.pipeline_id,
        checkpoint_id: decoded.header.checkpoint_id,
        states: decoded.states,
        kind: CheckpointKind::Checkpoint,
    };
    let again: Vec<u8> =
        encode(&state, Seal::None).parts().flat_map(|part| part.to_vec()).collect();
    assert_eq!(again, file, "{} was written differently", path.display());
    (file, state)
}

#[test]
fn every_file_of_the_manifest_is_understood() {
    let manifest = fs::read(folder().join("manifest.json")).expect("readable");
    let golden: Vec<Golden> = serde_json::from_slice(&manifest).expect("a manifest");
    assert_eq!(golden.len(), 29);
    for golden in golden {
        let (file, state) = round_trip(&folder().join(&golden.file));
        assert_eq!(file.len(), golden.file_len, "{}", golden.file);
        assert_eq!(sha256(&file), golden.file_sha256, "{}", golden.file);
        assert_eq!(state.job_id.as_str(), golden.job_id);
        assert_eq!(state.pipeline_id, golden.pipeline_id);
        assert_eq!(state.checkpoint_id, golden.checkpoint_id);
        assert_eq!(state.states.is_none(), golden.states_null);
        if let Some(states) = state.states {
            assert_eq!(i64::try_from(states.len()), Ok(golden.states_len));
            assert_eq!(Some(sha256(&states)), golden.states_sha256);
        }
    }
}

#[test]
fn a_checkpoint_of_the_whole_engine_is_understood() {
    let (_, state) = round_trip(&folder().join("engine/1795475193072-609-1-6.ser"));
    assert_eq!((state.job_id.as_str(), state.pipeline_id, state.checkpoint_id), ("5001", 1, 6));
    assert_eq!(state.states.expect("present").len(), 68_669);
}
