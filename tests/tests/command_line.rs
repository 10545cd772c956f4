//! The command line on a local disk, as a script uses it.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use checkpoint_storage_tests::{LocalSetup, artifacts, command_line, peak_of};
use serde_json::Value;

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json(output: &Output) -> Value {
    assert_eq!(code(output), Some(0), "{}", stderr(output));
    serde_json::from_slice(&output.stdout).expect("one JSON document")
}

fn feed(command: &mut Command, input: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    // A command that refuses its arguments reads nothing.
    let _ = child.stdin.take().expect("piped").write_all(input);
    child.wait_with_output().expect("ended")
}

fn store(setup: &LocalSetup, job: &str, pipeline: &str, checkpoint: &str, states: &[u8]) -> String {
    let output = feed(&mut setup.command(["store", job, pipeline, checkpoint]), states);
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    stdout(&output).trim().to_owned()
}

fn run<const N: usize>(setup: &LocalSetup, arguments: [&str; N]) -> Output {
    setup.command(arguments).stdin(Stdio::null()).output().expect("started")
}

#[test]
fn what_is_stored_is_listed_read_and_deleted() {
    let setup = LocalSetup::new();
    let first = store(&setup, "job-1", "1", "7", b"first");
    let second = store(&setup, "job-1", "1", "8", b"second");
    let other = store(&setup, "job-1", "2", "1", &[0, 255, 10]);
    store(&setup, "任务 1", "1", "1", b"");

    assert_eq!(json(&run(&setup, ["--json", "jobs"])), serde_json::json!(["job-1", "任务 1"]));
    let listing = json(&run(&setup, ["--json", "list", "job-1"]));
    let names: Vec<_> = listing.as_array().expect("a list").iter().map(|e| &e["name"]).collect();
    assert_eq!(names, [&first, &second, &other]);
    let entry = &listing[0];
    assert_eq!(entry["job"], "job-1");
    assert_eq!((&entry["pipeline"], &entry["checkpoint"]), (&1.into(), &7.into()));
    assert_eq!(entry["integrity"], "unread");
    assert!(entry["timestamp_ms"].as_u64().is_some_and(|t| t > 1_700_000_000_000), "{entry}");
    assert!(entry["size"].as_u64().is_some_and(|size| size > 5), "{entry}");
    let of_pipeline = json(&run(&setup, ["--json", "list", "job-1", "--pipeline", "2"]));
    assert_eq!(of_pipeline.as_array().map(Vec::len), Some(1));
    let latest = json(&run(&setup, ["--json", "latest", "job-1"]));
    assert_eq!(latest[0]["name"], second.as_str());
    assert_eq!(latest[0]["integrity"], "ok");
    assert_eq!(latest[1]["name"], other.as_str());

    let output = run(&setup, ["get", "job-1", "2", "1"]);
    assert_eq!((code(&output), &output.stdout[..]), (Some(0), &[0, 255, 10][..]));
    let file = setup.namespace().join("states");
    let output = setup.command(["get", "job-1", "1", "7", "-o"]).arg(&file).output().expect("run");
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    assert_eq!(std::fs::read(&file).expect("written"), b"first");

    assert_eq!(code(&run(&setup, ["delete", "job-1", "1", "7"])), Some(2), "it must ask");
    let dry = run(&setup, ["delete", "job-1", "1", "7", "--dry-run"]);
    assert_eq!(code(&dry), Some(0), "{}", stderr(&dry));
    assert!(stdout(&dry).contains(&first), "{}", stdout(&dry));
    assert_eq!(setup.files("job-1").len(), 3, "a dry run deletes nothing");
    assert_eq!(code(&run(&setup, ["delete", "job-1", "1", "7", "--yes"])), Some(0));
    assert_eq!(setup.files("job-1").len(), 2);
    assert_eq!(code(&run(&setup, ["delete", "job-1", "--yes"])), Some(0));
    assert_eq!(json(&run(&setup, ["--json", "jobs"])), serde_json::json!(["任务 1"]));
}

#[test]
fn exit_codes_tell_what_failed() {
    let setup = LocalSetup::new();
    assert_eq!(code(&run(&setup, ["get", "none", "1", "1"])), Some(3));
    assert_eq!(code(&run(&setup, ["latest", "none"])), Some(3));
    assert_eq!(code(&run(&setup, ["get", "none"])), Some(2), "usage");
    assert_eq!(code(&run(&setup, ["store", "1", "-1", "1"])), Some(2), "negative ids are refused");
    assert_eq!(code(&run(&setup, ["jobs", "--no-such-option"])), Some(2));

    let name = store(&setup, "1", "1", "1", b"some states");
    let file = setup.namespace().join("1").join(&name);
    let mut bytes = std::fs::read(&file).expect("stored");
    bytes[14] ^= 1;
    std::fs::write(&file, bytes).expect("damaged");
    for arguments in [&["latest", "1"][..], &["get", "1", "1", "1"]] {
        let output = setup.command(arguments).output().expect("started");
        assert_eq!(code(&output), Some(4), "{}", stderr(&output));
        assert!(stderr(&output).contains(&name), "{}", stderr(&output));
    }
    let output = setup.command(["--json", "get", "1", "1", "1"]).output().expect("started");
    let error: Value = serde_json::from_str(&stderr(&output)).expect("JSON");
    assert_eq!(error["error"]["kind"], "corrupt");
    assert_eq!(error["error"]["retryable"], false);
    assert!(error["error"]["message"].as_str().is_some_and(|text| text.contains(&name)));
}

#[test]
fn on_corrupt_previous_falls_back_with_a_warning() {
    let setup = LocalSetup::new();
    let older = store(&setup, "1", "1", "1", b"older");
    let newer = store(&setup, "1", "1", "2", b"newer");
    std::fs::write(setup.namespace().join("1").join(&newer), b"junk").expect("damaged");
    assert_eq!(code(&run(&setup, ["latest", "1"])), Some(4));
    setup.configure("on-corrupt: previous");
    let output = run(&setup, ["--json", "latest", "1"]);
    assert_eq!(json(&output)[0]["name"], older.as_str());
    assert!(stderr(&output).contains(&newer), "{}", stderr(&output));
}

#[test]
fn reading_commands_create_nothing() {
    let setup = LocalSetup::new();
    for arguments in [&["jobs"][..], &["list", "1"], &["latest", "1"], &["plugins"]] {
        setup.command(arguments).output().expect("started");
    }
    assert!(!setup.namespace().exists());
}

#[test]
fn odd_job_ids_are_kept_and_dangerous_ones_refused() {
    let setup = LocalSetup::new();
    for job in ["a b%2F;x😀", "-dash", "...", "with\nnewline"] {
        let mut command = setup.command(["store", "--"]);
        let output = feed(command.args([job, "1", "1"]), b"x");
        assert_eq!(code(&output), Some(0), "{job:?}: {}", stderr(&output));
        assert_eq!(setup.files(job).len(), 1, "{job:?}");
    }
    for job in ["", ".", "..", "a/b", "../x", &"x".repeat(300)] {
        let mut command = setup.command(["store", "--"]);
        let output = feed(command.args([job, "1", "1"]), b"x");
        assert!(matches!(code(&output), Some(1 | 2)), "{job:?}: {}", stderr(&output));
    }
    let jobs = std::fs::read_dir(setup.namespace()).expect("there").count();
    assert_eq!(jobs, 4);
}

#[test]
fn without_the_plugin_the_error_names_the_folder_and_what_it_holds() {
    let setup = LocalSetup::new();
    let empty = tempfile::tempdir().expect("a directory");
    std::fs::write(empty.path().join("broken.so"), "text").expect("written");
    let output =
        command_line(&setup.configuration(), empty.path(), ["jobs"]).output().expect("started");
    assert_eq!(code(&output), Some(2), "{}", stderr(&output));
    for part in [&*empty.path().to_string_lossy(), "`local`", "broken.so"] {
        assert!(stderr(&output).contains(part), "{}", stderr(&output));
    }
}

#[test]
fn the_deprecated_type_works_and_says_what_to_write_instead() {
    let setup = LocalSetup::new();
    let yaml = format!(
        "seatunnel:\n  engine:\n    checkpoint:\n      storage:\n        type: localfile\n        \
         plugin-config:\n          namespace: {}\n",
        setup.namespace().display()
    );
    std::fs::write(setup.configuration(), yaml).expect("written");
    let output = feed(&mut setup.command(["store", "1", "1", "1"]), b"x");
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains("deprecated"), "{}", stderr(&output));
    assert!(stderr(&output).contains("storage-type: local"), "{}", stderr(&output));
    assert_eq!(setup.files("1").len(), 1);
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let setup = LocalSetup::new();
    store(&setup, "1", "1", "1", &vec![7; 4 << 20]);
    let mut child = setup
        .command(["get", "1", "1", "1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("ended");
    assert_eq!(stderr(&output), "");
}

#[test]
fn a_state_of_64_mib_needs_32_mib_beside_itself() {
    let setup = LocalSetup::new();
    let states: Vec<u8> = (0..64 << 20).map(|i: u32| i.to_le_bytes()[i as usize % 3]).collect();
    let input = setup.namespace().with_file_name("states");
    std::fs::write(&input, &states).expect("written");
    for arguments in [
        vec!["store".into(), "1".into(), "1".into(), "1".into(), input.clone().into_os_string()],
        vec![
            "get".into(),
            "1".into(),
            "1".into(),
            "1".into(),
            "-o".into(),
            input.with_extension("out").into_os_string(),
        ],
    ] {
        let mut child = setup.command(&arguments).stdout(Stdio::null()).spawn().expect("started");
        let peak = peak_of(&mut child);
        assert!(peak <= (64 + 32) << 20, "{arguments:?} took {} MiB", peak >> 20);
    }
    assert!(std::fs::read(input.with_extension("out")).expect("written") == states);
}

#[test]
fn help_and_version_need_nothing() {
    for arguments in [&["--help"][..], &["--version"], &["store", "--help"]] {
        let output = Command::new(artifacts().join("checkpoint-storage"))
            .args(arguments)
            .output()
            .expect("started");
        assert_eq!(code(&output), Some(0));
        assert!(!output.stdout.is_empty());
    }
}

#[test]
fn states_are_written_to_a_device_and_not_over_it() {
    let setup = LocalSetup::new();
    store(&setup, "1", "1", "1", b"states");
    let output = run(&setup, ["get", "1", "1", "1", "-o", "/dev/stdout"]);
    assert_eq!(
        (code(&output), stdout(&output).as_str()),
        (Some(0), "states"),
        "{}",
        stderr(&output)
    );
    let link = setup.namespace().with_extension("link");
    std::os::unix::fs::symlink("/dev/full", &link).expect("linked");
    let output = run(&setup, ["get", "1", "1", "1", "-o", link.to_str().expect("UTF-8")]);
    assert_eq!(code(&output), Some(1));
    assert!(link.is_symlink() && stderr(&output).contains("No space"), "{}", stderr(&output));
}
