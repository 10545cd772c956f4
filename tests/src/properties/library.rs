use std::sync::LazyLock;

use checkpoint_storage_api::ffi::Manifest;
use storage_host::{ErrorKind, StorageHost, Verdict};
use tempfile::TempDir;

/// A library of any bytes is looked at, and gets a verdict: accepted with a manifest that fits this
/// host, or rejected with a reason.
pub fn library(bytes: &[u8]) {
    // In memory where there is such a place: a fuzzer looks at thousands a second.
    static PARENT: LazyLock<TempDir> = LazyLock::new(|| {
        tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a directory")
    });
    let directory = tempfile::tempdir_in(PARENT.path()).expect("a directory");
    std::fs::write(directory.path().join("library.so"), bytes).expect("written");
    let host = StorageHost::discover(directory.path()).expect("one bad file is no error");
    let [finding] = host.findings() else { panic!("{:?}", host.findings()) };
    match &finding.verdict {
        Verdict::Accepted { manifest, .. } => {
            assert_eq!(manifest.api_major(), Manifest::own_api().0);
        }
        Verdict::Rejected(error) => assert_eq!(error.kind(), ErrorKind::PluginRejected, "{error}"),
        Verdict::Ignored(reason) => panic!("it is called as a plugin: {reason}"),
    }
}
