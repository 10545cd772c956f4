//! No secret is ever shown: not by a command, not in the log at its most talkative, not by an error.

use std::path::PathBuf;

use checkpoint_storage_tests::{LocalSetup, command_line, repository};

/// What every secret of these files holds. `cargo xtask test` looks for it in all that the tests
/// print.
const SECRET: &str = "hush";

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = std::fs::read_dir(repository().join(folder)).expect("the folder");
    let mut files: Vec<_> = folder.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    files
}

/// The samples' own secrets, made recognizable.
fn with_secrets(text: &str) -> String {
    let mut text = text.to_owned();
    for sample in ["your-access-key", "your-secret-key", "your-password", "your-token"] {
        text = text.replace(sample, "hush-hush");
    }
    text
}

#[test]
fn no_command_shows_a_secret_of_any_sample_or_mistake() {
    let setup = LocalSetup::new();
    let configuration = setup.configuration();
    let mut runs = 0;
    for folder in ["storage-host/tests/mistakes", "storage-host/tests/samples", "config"] {
        for file in files(folder) {
            let text = std::fs::read_to_string(&file).expect("a configuration");
            // On the local disk, so that every command gets as far as it can.
            let text = with_secrets(&text).replace("storage-type: s3", "storage-type: local");
            std::fs::write(&configuration, &text).expect("written");
            for arguments in [
                &["config", "check", "-vv"][..],
                &["config", "check", "--json"],
                &["config", "check", "--strict"],
                &["-vv", "list", "job"],
                &["--json", "-vv", "get", "job", "1", "1"],
                &["plugins", "-vv"],
            ] {
                let output = command_line(&configuration, setup.plugins(), arguments)
                    .env("S3_SECRET_KEY", "hush-in-the-environment")
                    .env("S3_ACCESS_KEY", "hush-in-the-environment")
                    .env("RUST_BACKTRACE", "1")
                    .output()
                    .expect("started");
                for stream in [&output.stdout, &output.stderr] {
                    let said = String::from_utf8_lossy(stream);
                    let place = said.find(SECRET).map(|at| &said[..at]);
                    assert_eq!(place, None, "{} {arguments:?}", file.display());
                    assert!(!said.contains("panicked"), "{} {said}", file.display());
                }
                runs += 1;
            }
        }
    }
    assert!(runs > 200, "{runs}");
}
