//! Everything that any backend owes, as it is linked.

use checkpoint_storage_conformance::{FreshDirectories, suite};
use checkpoint_storage_localfile::LocalFileFactory;

suite!(
    FreshDirectories::new(LocalFileFactory, |directory| [("storageNameSpace", directory)].into())
        .with_files(|directory| directory.into())
);
