//! The conformance suite on each backend, through its library.

use std::sync::Arc;

use checkpoint_storage_conformance::{FreshDirectories, Suite};
use checkpoint_storage_tests::plugin;
use storage_host::LoadedPlugin;

#[test]
fn localfile_does_all_that_is_owed() {
    let library = plugin("checkpoint_storage_localfile");
    let loaded = LoadedPlugin::of_file(library).expect("accepted");
    let subject =
        FreshDirectories::new(loaded, |directory| [("storageNameSpace", directory)].into())
            .with_files(|directory| directory.into());
    let report = Suite::all().run(Arc::new(subject), |_| ());
    report.assert_passed();
    assert_eq!(report.unsupported(), [] as [&str; 0]);
}
