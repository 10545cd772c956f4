use checkpoint_storage_api::CheckpointName;
use checkpoint_storage_filesystem::naming::{self, FileKind, classify};

/// A file's name is a checkpoint's exactly if it is the text of one, and nothing that is kept
/// beside a checkpoint has a name that the Java engine lists.
pub fn names(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let parsed = text.parse::<CheckpointName>().ok();
    let kind = classify(&text);
    assert_eq!(parsed.is_some(), naming::is_checkpoint(&text));
    match parsed {
        Some(name) => {
            assert_eq!(name.to_string(), text);
            assert_eq!(kind, FileKind::Checkpoint(name));
            beside(&name, u64::from_le_bytes(first_eight(bytes)));
        }
        None => assert!(!matches!(kind, FileKind::Checkpoint(_)), "{text:?} is {kind:?}"),
    }
    if !matches!(kind, FileKind::Checkpoint(_) | FileKind::Foreign) {
        assert!(!text.ends_with("ser"), "Java would list {text:?}, which is {kind:?}");
    }
}

fn first_eight(bytes: &[u8]) -> [u8; 8] {
    std::array::from_fn(|at| bytes.get(at).copied().unwrap_or_default())
}

fn beside(name: &CheckpointName, token: u64) {
    let quarantined = naming::quarantined(name);
    for (text, kind) in [
        (naming::temporary(name, token), FileKind::Temporary),
        (naming::sidecar(name), FileKind::Sidecar(*name)),
        (naming::sidecar(&quarantined), FileKind::Quarantined(*name)),
        (quarantined, FileKind::Quarantined(*name)),
    ] {
        assert_eq!(classify(&text), kind, "{text:?}");
    }
}
