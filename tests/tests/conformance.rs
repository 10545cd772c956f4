//! The conformance suite on each backend, through its library.

use std::path::Path;
use std::sync::Arc;

use checkpoint_storage_conformance::{FreshDirectories, Suite};
use checkpoint_storage_tests::s3::{IN_PARTS, Keys, S3Places, S3Server, in_process, minio};
use checkpoint_storage_tests::{plugin, plugin_from_outside};
use storage_host::LoadedPlugin;

fn load(library: &Path) -> LoadedPlugin {
    LoadedPlugin::of_file(library).expect("accepted")
}

#[test]
fn localfile_does_all_that_is_owed() {
    let plugin = load(&plugin("checkpoint_storage_localfile"));
    let subject =
        FreshDirectories::new(plugin, |directory| [("storageNameSpace", directory)].into())
            .with_files(|directory| directory.into());
    let report = Suite::all().run(Arc::new(subject), |_| ());
    report.assert_passed();
    assert_eq!(report.unsupported(), [] as [&str; 0]);
}

/// Every checkpoint in one request.
const WHOLE: Keys<'_> = &[("s3.multipart-threshold", "1G")];

fn s3_does_all_that_is_owed(server: &S3Server, keys: Keys<'_>) {
    let subject = S3Places::new(load(&plugin("checkpoint_storage_s3")), server).with(keys);
    let report = Suite::all().run(Arc::new(subject), |_| ());
    report.assert_passed();
    // A delete on S3 does not say what was missing.
    assert_eq!(report.unsupported(), ["c6-03 name-by-name"]);
}

#[test]
fn s3_does_all_that_is_owed_on_minio() {
    if let Some(server) = minio() {
        s3_does_all_that_is_owed(server, WHOLE);
    }
}

#[test]
fn s3_does_all_that_is_owed_on_minio_in_parts() {
    if let Some(server) = minio() {
        s3_does_all_that_is_owed(server, IN_PARTS);
    }
}

#[test]
fn s3_does_all_that_is_owed_on_s3s() {
    s3_does_all_that_is_owed(in_process(), WHOLE);
}

#[test]
fn s3_does_all_that_is_owed_on_s3s_in_parts() {
    s3_does_all_that_is_owed(in_process(), IN_PARTS);
}

#[test]
fn a_plugin_from_outside_does_all_that_it_announces() {
    let plugin = load(plugin_from_outside());
    let subject = FreshDirectories::new(plugin, |directory| {
        [("sqlite.path", format!("{directory}/checkpoints.db"))].into()
    });
    let report = Suite::all().run(Arc::new(subject), |_| ());
    report.assert_passed();
    // It offers no optional operation and keeps no file per checkpoint; an id of any length fits.
    let expected: Vec<_> = [
        ("c1", 18..=21),
        ("c2", 7..=29),
        ("c3", 1..=21),
        ("c5", 11..=20),
        ("c6", 17..=20),
        ("c9", 5..=5),
        ("c9", 11..=14),
        ("c9", 17..=17),
        ("c10", 10..=10),
        ("c10", 15..=15),
    ]
    .into_iter()
    .flat_map(|(contract, numbers)| numbers.map(move |n| format!("{contract}-{n:02}")))
    .collect();
    let number = |id: &str| id.split_once(' ').map(|(number, _)| number.to_owned());
    let unsupported: Vec<_> = report.unsupported().into_iter().filter_map(number).collect();
    assert_eq!(unsupported, expected);
}
