//! The conformance suite finds the defects of a plugin that has them on purpose.

use std::sync::Arc;

use checkpoint_storage_api::PluginConfig;
use checkpoint_storage_conformance::{FreshDirectories, Report, Suite};
use checkpoint_storage_tests::plugin;
use storage_host::LoadedPlugin;

fn run(mutant: Option<&'static str>) -> Report {
    let plugin = LoadedPlugin::of_file(plugin("mutant_plugin")).expect("accepted");
    let configure = move |directory: &str| {
        let mut config: PluginConfig = [("path", directory)].into();
        if let Some(mutant) = mutant {
            config.set("mutant", mutant);
        }
        config
    };
    let subject = FreshDirectories::new(plugin, configure).with_files(|directory| directory.into());
    Suite::all().run(Arc::new(subject), |_| ())
}

/// The numbers of the cases that find this mutant.
fn found(mutant: &'static str) -> Vec<&'static str> {
    let report = run(Some(mutant));
    println!("{report}");
    report.failed().into_iter().map(|id| id.split_once(' ').map_or(id, |(n, _)| n)).collect()
}

#[test]
fn without_a_defect_nothing_is_found() {
    let report = run(None);
    report.assert_passed();
    assert_eq!(report.unsupported(), [] as [&str; 0]);
}

#[test]
fn a_checkpoint_that_is_half_there_is_seen() {
    let found = found("no-rename");
    assert!(found.contains(&"c2-05") && found.contains(&"c2-06"), "{found:?}");
}

#[test]
fn a_name_that_falls_behind_what_is_stored_is_seen() {
    let found = found("no-order");
    assert!(found.contains(&"c5-12") && found.contains(&"c5-14"), "{found:?}");
}

#[test]
fn corruption_that_is_taken_for_nothing_is_seen() {
    let found = found("corrupt-as-missing");
    assert!(found.contains(&"c3-01") && found.contains(&"c3-15"), "{found:?}");
}
