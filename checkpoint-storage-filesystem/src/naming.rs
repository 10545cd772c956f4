//! Which file is what, by its name alone.
//!
//! | file | name | listed by Java |
//! |---|---|---|
//! | checkpoint | `NAME.ser` | yes |
//! | temporary | `.NAME.ser.TOKEN.tmp`, `.probe.TOKEN.tmp` | no |
//! | sidecar | `.NAME.ser.crc` (written by the Java `hdfs` plugin on a local disk) | no |
//! | quarantined | `NAME.ser.quarantined`, and its sidecar | no |
//! | Java's temporary | `NAME.sertmp`, and its sidecar | no |

use std::fmt::Display;

use checkpoint_storage_api::CheckpointName;

const TEMPORARY_SUFFIX: &str = ".tmp";
const SIDECAR_SUFFIX: &str = ".crc";
const QUARANTINED_SUFFIX: &str = ".quarantined";
const JAVA_TEMPORARY_SUFFIX: &str = "tmp";
/// What a health check writes instead of a checkpoint.
const PROBE: &str = "probe";

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A checkpoint.
    Checkpoint(CheckpointName),
    /// A checkpoint, or a health check's probe, that is being written or was left unfinished.
    Temporary,
    /// What the Java engine is writing or left unfinished.
    JavaTemporary,
    /// Checksums that the Java engine's file system keeps beside a checkpoint.
    Sidecar(CheckpointName),
    /// A corrupt checkpoint that was moved aside.
    Quarantined(CheckpointName),
    /// Anything else.
    Foreign,
}

/// What the file called `file_name` is.
///
/// ```
/// use checkpoint_storage_filesystem::naming::{FileKind, classify};
///
/// assert!(matches!(classify("1795474038044-523-1-1.ser"), FileKind::Checkpoint(_)));
/// assert_eq!(classify("1795474038044-523-1-1.sertmp"), FileKind::JavaTemporary);
/// assert_eq!(classify("notes.ser"), FileKind::Foreign);
/// ```
pub fn classify(file_name: &str) -> FileKind {
    if let Some(name) = checkpoint(file_name) {
        FileKind::Checkpoint(name)
    } else if let Some(name) = file_name.strip_suffix(QUARANTINED_SUFFIX).and_then(checkpoint) {
        FileKind::Quarantined(name)
    } else if file_name.strip_suffix(JAVA_TEMPORARY_SUFFIX).and_then(checkpoint).is_some() {
        FileKind::JavaTemporary
    } else if let Some(hidden) = file_name.strip_prefix('.') {
        classify_hidden(hidden)
    } else {
        FileKind::Foreign
    }
}

fn classify_hidden(hidden: &str) -> FileKind {
    if let Some(of) = hidden.strip_suffix(SIDECAR_SUFFIX) {
        return match classify(of) {
            FileKind::Checkpoint(name) => FileKind::Sidecar(name),
            kind @ (FileKind::Quarantined(_) | FileKind::JavaTemporary) => kind,
            _ => FileKind::Foreign,
        };
    }
    let temporary = hidden
        .strip_suffix(TEMPORARY_SUFFIX)
        .and_then(|rest| rest.rsplit_once('.'))
        .is_some_and(|(of, token)| is_token(token) && (of == PROBE || checkpoint(of).is_some()));
    if temporary { FileKind::Temporary } else { FileKind::Foreign }
}

fn checkpoint(file_name: &str) -> Option<CheckpointName> {
    file_name.parse().ok()
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a regular file of this name is a checkpoint.
pub fn is_checkpoint(file_name: &str) -> bool {
    checkpoint(file_name).is_some()
}

/// The name under which a writer prepares a checkpoint; `token` makes it the writer's own.
pub fn temporary(name: &CheckpointName, token: u64) -> String {
    hidden_temporary(name, token)
}

/// The name of what a health check writes.
pub fn probe(token: u64) -> String {
    hidden_temporary(PROBE, token)
}

fn hidden_temporary(of: impl Display, token: u64) -> String {
    format!(".{of}.{token:016x}{TEMPORARY_SUFFIX}")
}

/// The name of the checksums that the Java engine's file system keeps for the file `of`.
pub fn sidecar(of: impl Display) -> String {
    format!(".{of}{SIDECAR_SUFFIX}")
}

/// The name under which a corrupt checkpoint is kept aside.
pub fn quarantined(name: &CheckpointName) -> String {
    format!("{name}{QUARANTINED_SUFFIX}")
}

/// What sorts before the names of `timestamp_ms` and of all later time stamps with as many digits.
/// `None` unless these are the thirteen of the years 2001 to 2286: only then do names sort as their
/// time stamps do, beside a few that no clock is likely to have given.
pub fn before_timestamp(timestamp_ms: u64) -> Option<String> {
    const THIRTEEN_DIGITS: std::ops::Range<u64> = 1_000_000_000_000..10_000_000_000_000;
    THIRTEEN_DIGITS.contains(&timestamp_ms).then(|| format!("{timestamp_ms}-"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NAME: &str = "1795474038044-523-1-1.ser";

    fn any_name() -> impl Strategy<Value = CheckpointName> {
        (any::<u64>(), any::<u32>(), any::<i32>(), any::<i64>()).prop_map(
            |(timestamp_ms, random, pipeline_id, checkpoint_id)| CheckpointName {
                timestamp_ms,
                random,
                pipeline_id,
                checkpoint_id,
            },
        )
    }

    #[test]
    fn what_the_java_plugins_leave_is_told_apart() {
        let name = NAME.parse().expect("valid");
        assert_eq!(classify(NAME), FileKind::Checkpoint(name));
        assert_eq!(classify(&format!("{NAME}tmp")), FileKind::JavaTemporary);
        assert_eq!(classify(&format!(".{NAME}tmp.crc")), FileKind::JavaTemporary);
        assert_eq!(classify(&format!(".{NAME}.crc")), FileKind::Sidecar(name));
        assert_eq!(classify(&format!(".{NAME}.quarantined.crc")), FileKind::Quarantined(name));
    }

    #[test]
    fn what_is_nobody_s_is_foreign() {
        for text in [
            "",
            ".",
            ".crc",
            ".tmp",
            "..tmp",
            "notes.sertmp",
            ".notes.crc",
            "notes.ser.quarantined",
            ".notes.0.tmp",
            ".1795474038044-523-1-1.ser",
            ".1795474038044-523-1-1.ser.tmp",
            ".1795474038044-523-1-1.ser..tmp",
            ".1795474038044-523-1-1.ser.xyz.tmp",
            "1795474038044-523-1-1.ser.0.tmp",
            "..1795474038044-523-1-1.ser.crc.crc",
            "1795474038044-523-1-1.ser.crc",
            ".probe.tmp",
        ] {
            assert_eq!(classify(text), FileKind::Foreign, "{text:?}");
        }
    }

    #[test]
    fn a_time_stamp_s_names_follow_its_bound() {
        let bound = before_timestamp(1_795_474_038_044).expect("thirteen digits");
        assert!(bound.as_str() < NAME);
        assert!(bound.as_str() > "1795474038043-999-1-1.ser");
        for other in [0, 60_000, 999_999_999_999, 10_000_000_000_000, u64::MAX] {
            assert_eq!(before_timestamp(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn each_name_is_recognized_and_only_checkpoints_end_in_ser(name in any_name(), token: u64) {
            let text = name.to_string();
            prop_assert_eq!(classify(&text), FileKind::Checkpoint(name));
            for (other, kind) in [
                (temporary(&name, token), FileKind::Temporary),
                (probe(token), FileKind::Temporary),
                (sidecar(name), FileKind::Sidecar(name)),
                (quarantined(&name), FileKind::Quarantined(name)),
                (sidecar(quarantined(&name)), FileKind::Quarantined(name)),
            ] {
                prop_assert_eq!(classify(&other), kind);
                prop_assert!(!other.ends_with("ser"), "{} would be read by Java", other);
            }
        }

        #[test]
        fn any_text_is_classified(text in "\\PC{0,40}|[.]?[0-9-]{0,12}[.a-z]{0,16}") {
            if let FileKind::Checkpoint(name) = classify(&text) {
                prop_assert_eq!(name.to_string(), text);
            }
        }
    }
}
