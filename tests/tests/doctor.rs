//! `doctor` on a local disk: what works, what does not, and what dead writers left.

use checkpoint_storage_tests::{LocalSetup, command_line, files_in, json_of};
use serde_json::{Value, json};

fn doctor(setup: &LocalSetup, arguments: &[&str]) -> (Value, Option<i32>) {
    setup.json(&[&["doctor"], arguments].concat())
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

/// The steps and their status.
fn steps(said: &Value) -> Vec<(&str, &str)> {
    let steps = said["steps"].as_array().expect("a list").iter();
    steps.map(|step| (text(&step["step"]), text(&step["status"]))).collect()
}

#[test]
fn a_healthy_storage_passes_every_step() {
    let setup = LocalSetup::new();
    let (said, code) = doctor(&setup, &[]);
    assert_eq!(code, Some(0), "{said}");
    let names: Vec<_> = steps(&said).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        ["configuration", "plugin", "open", "namespace", "write", "list", "space", "scan"]
    );
    assert!(steps(&said).iter().all(|(_, status)| *status != "failed"), "{said}");
    assert_eq!(files_in(&setup.namespace()), [""; 0], "the probe is gone");
    let (said, code) = doctor(&setup, &["--read-only"]);
    assert!(code == Some(0) && !steps(&said).contains(&("write", "passed")), "{said}");
}

#[test]
fn the_step_that_fails_is_named_and_nothing_after_it_is_tried() {
    let setup = LocalSetup::new();
    let nothing = tempfile::tempdir().expect("a folder");
    let command = ["--json", "doctor"];
    let (said, code) = json_of(&mut command_line(&setup.configuration(), nothing.path(), command));
    assert_eq!(code, Some(1));
    assert_eq!(steps(&said), [("configuration", "passed"), ("plugin", "failed")]);

    setup.configure("sync: perhaps");
    let (said, code) = doctor(&setup, &[]);
    assert_eq!(code, Some(1));
    let (last, status) = *steps(&said).last().expect("a step");
    assert!(status == "failed" && last != "scan", "{said}");
    assert!(said["steps"].to_string().contains("sync"), "{said}");

    setup.configure("");
    std::fs::write(setup.namespace(), "a file").expect("written");
    let (said, code) = doctor(&setup, &[]);
    let (_, status) = *steps(&said).last().expect("a step");
    assert_eq!((code, status), (Some(1), "failed"), "{said}");
    assert!(said.to_string().contains("checkpoints"), "it names the place: {said}");
}

#[test]
fn what_dead_writers_left_is_listed_and_removed_when_asked() {
    let setup = LocalSetup::new();
    let job = setup.namespace().join("1");
    std::fs::create_dir_all(&job).expect("made");
    let leftover = ".1-1-1-1.ser.0123456789abcdef.tmp";
    std::fs::write(job.join(leftover), "half").expect("written");
    std::fs::write(job.join("notes.txt"), "foreign").expect("written");
    let (said, code) = doctor(&setup, &[]);
    assert_eq!((code, &said["leftovers"]), (Some(0), &json!([format!("1/{leftover}")])), "{said}");
    assert!(steps(&said).contains(&("scan", "warned")), "{said}");
    let refused = setup.command(["doctor", "--fix"]).stdin(std::process::Stdio::null()).output();
    assert_eq!(refused.expect("started").status.code(), Some(2), "nobody can be asked");
    let (said, code) = doctor(&setup, &["--fix", "--yes"]);
    assert_eq!((code, &said["leftovers"]), (Some(0), &json!([])), "{said}");
    assert_eq!(files_in(&job), ["notes.txt"]);
}
