//! `plugins` on a directory with everything that can lie there.

use std::os::unix::fs::symlink;

use checkpoint_storage_tests::{LocalSetup, command_line, plugin, plugins_directory, run};
use serde_json::Value;

#[test]
fn every_entry_gets_a_line_and_the_good_ones_load() {
    let setup = LocalSetup::new();
    let plugins = plugins_directory(&["checkpoint_storage_localfile", "faulty_plugin"]);
    let at = |name: &str| plugins.path().join(name);
    let whole = std::fs::read(plugin("checkpoint_storage_localfile")).expect("built");
    for percent in [1, 50, 99] {
        std::fs::write(at(&format!("cut-{percent}.so")), &whole[..whole.len() * percent / 100])
            .expect("written");
    }
    std::fs::write(at(".so"), "text").expect("written");
    std::fs::write(at("text.so"), "text").expect("written");
    std::fs::write(at("empty.so"), "").expect("written");
    std::fs::write(at("notes.txt"), "text").expect("written");
    std::fs::create_dir(at("directory")).expect("created");
    std::fs::create_dir(at("directory.so")).expect("created");
    symlink("/nowhere/plugin.so", at("dangling.so")).expect("linked");
    symlink(at("loop.so"), at("loop.so")).expect("linked");
    symlink(at("libfaulty_plugin.so"), at("zz-link.so")).expect("linked");
    std::fs::copy(std::env::current_exe().expect("known"), at("program.so")).expect("copied");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        at("pipe.so"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .expect("a pipe");

    let output = run(&mut command_line(&setup.configuration(), plugins.path(), ["plugins"]));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    for (file, part) in [
        ("libcheckpoint_storage_localfile.so", "localfile"),
        ("libfaulty_plugin.so", "faulty"),
        ("cut-1.so", "cut off"),
        ("cut-50.so", "cut off"),
        ("cut-99.so", "cut off"),
        ("text.so", "not a shared library"),
        ("empty.so", "is empty"),
        ("notes.txt", "does not end in .so"),
        ("directory.so", "is a directory"),
        ("dangling.so", "not there"),
        ("loop.so", "leads back"),
        ("zz-link.so", "the same file"),
        ("program.so", "no symbol CKPT_PLUGIN_MANIFEST"),
        ("pipe.so", "not a regular file"),
    ] {
        let line = text.lines().find(|line| line.contains(file));
        let line = line.unwrap_or_else(|| panic!("no line for {file} in\n{text}"));
        assert!(line.contains(part), "{line}");
    }
    let json =
        run(&mut command_line(&setup.configuration(), plugins.path(), ["--json", "plugins"]));
    let json: Value = serde_json::from_slice(&json.stdout).expect("JSON");
    let entries = std::fs::read_dir(plugins.path()).expect("readable").count();
    assert_eq!(json.as_array().map(Vec::len), Some(entries), "{json}");

    let jobs = run(&mut command_line(&setup.configuration(), plugins.path(), ["jobs"]));
    assert!(jobs.stdout.is_empty());
}
