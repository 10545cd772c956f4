//! What an acknowledged store survives: kills at random moments, a full disk, and, by the order of
//! its system calls, a power cut.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use checkpoint_storage_tests::{LocalSetup, run, skip};
use serde_json::Value;
use tempfile::TempDir;

const STATE_LEN: usize = 30 << 20;

fn states(seed: u8) -> Vec<u8> {
    (0..STATE_LEN).map(|i| (i / 4096) as u8 ^ seed).collect()
}

fn start_store(setup: &LocalSetup, checkpoint: usize, input: &Path) -> Child {
    setup
        .command(["store", "1", "1", &checkpoint.to_string()])
        .arg(input)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started")
}

fn listing(setup: &LocalSetup) -> Vec<Value> {
    let output = run(&mut setup.command(["--json", "list", "1"]));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn fifty_kills_at_random_moments_lose_nothing_and_show_nothing_partial() {
    const KILLS: usize = 50;
    let setup = LocalSetup::new();
    let input = setup.namespace().with_file_name("input");
    std::fs::write(&input, states(1)).expect("written");
    // An undisturbed store tells how long the moments to kill at last.
    let began = std::time::Instant::now();
    assert!(start_store(&setup, 0, &input).wait().expect("ended").success());
    let span = began.elapsed();
    let mut random = fastrand::Rng::with_seed(7);
    let mut acknowledged = vec![0];
    let mut killed = 0;
    for checkpoint in 1..=KILLS {
        let mut child = start_store(&setup, checkpoint, &input);
        std::thread::sleep(span.mul_f64(random.f64() * 1.1));
        child.kill().expect("killed");
        let output = child.wait_with_output().expect("ended");
        if output.status.success() {
            acknowledged.push(checkpoint);
        } else {
            killed += 1;
        }
    }
    assert!(killed > KILLS / 4, "only {killed} of {KILLS} kills came before the end");

    let entries = listing(&setup);
    let stored: Vec<usize> = entries
        .iter()
        .map(|entry| usize::try_from(entry["checkpoint"].as_u64().expect("an id")).expect("small"))
        .collect();
    for checkpoint in &acknowledged {
        assert!(stored.contains(checkpoint), "acknowledged checkpoint {checkpoint} is lost");
    }
    assert!(stored.is_sorted(), "the order of the stores is lost: {stored:?}");
    let expected = states(1);
    for checkpoint in &stored {
        let output = run(&mut setup.command(["get", "1", "1", &checkpoint.to_string()]));
        assert!(output.stdout == expected, "checkpoint {checkpoint} is not whole");
    }
    // The next store reclaims what the dead writers left.
    assert!(start_store(&setup, KILLS + 1, &input).wait().expect("ended").success());
    let left: Vec<_> =
        setup.files("1").into_iter().filter(|name| !name.ends_with(".ser")).collect();
    assert_eq!(left, [] as [String; 0]);
}

#[test]
fn a_full_disk_is_a_typed_error_and_costs_nothing_that_was_there() {
    let Some(medium) = SmallMedium::mount() else { return skip("mounting a tmpfs needs root") };
    let setup = LocalSetup::in_directory(medium.directory());
    let store = |checkpoint: &str, len: usize| {
        let mut child = setup
            .command(["--json", "store", "1", "1", checkpoint])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        child.stdin.take().expect("piped").write_all(&vec![5; len]).expect("read");
        child.wait_with_output().expect("ended")
    };
    assert!(store("1", 1 << 20).status.success());
    let full = store("2", 8 << 20);
    assert_eq!(full.status.code(), Some(1));
    let error: Value = serde_json::from_slice(&full.stderr).expect("JSON");
    assert_eq!(error["error"]["kind"], "no-space");
    let message = error["error"]["message"].as_str().expect("a message");
    assert!(message.contains(&*setup.namespace().to_string_lossy()), "{message}");
    assert_eq!(setup.files("1").len(), 1, "the failed store left something behind");
    let earlier = run(&mut setup.command(["get", "1", "1", "1"]));
    assert_eq!(earlier.stdout, vec![5; 1 << 20]);
    assert!(store("3", 1000).status.success(), "the next small store does not work");
}

#[test]
fn a_medium_that_became_read_only_is_a_typed_error_and_can_still_be_read() {
    let Some(medium) = SmallMedium::mount() else { return skip("mounting a tmpfs needs root") };
    let setup = LocalSetup::in_directory(medium.directory());
    let input = setup.namespace().with_file_name("input");
    std::fs::write(&input, "states").expect("written");
    assert!(start_store(&setup, 1, &input).wait().expect("ended").success());
    run(Command::new("mount").args(["-o", "remount,ro"]).arg(medium.0.path()));
    let mut store = setup.command(["--json", "store", "1", "1", "2"]);
    let output = store.arg(&input).output().expect("started");
    assert_eq!(output.status.code(), Some(1));
    let error: Value = serde_json::from_slice(&output.stderr).expect("JSON");
    assert_eq!(error["error"]["kind"], "read-only");
    assert_eq!(run(&mut setup.command(["get", "1", "1", "1"])).stdout, b"states");
}

/// A tmpfs of 4 MiB.
struct SmallMedium(TempDir);

impl SmallMedium {
    /// `None` where this user may not mount.
    fn mount() -> Option<Self> {
        let mount = tempfile::tempdir().expect("a directory");
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"]).arg(mount.path());
        let mounted = command.output().is_ok_and(|output| output.status.success());
        mounted.then(|| Self(mount))
    }

    fn directory(&self) -> TempDir {
        tempfile::tempdir_in(self.0.path()).expect("a directory on the tmpfs")
    }
}

impl Drop for SmallMedium {
    fn drop(&mut self) {
        // Lazily: a directory in it may be in use until later.
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[test]
fn the_data_is_synced_before_the_rename_and_the_directories_after_it() {
    if Command::new("strace").arg("-V").output().is_err() {
        return skip("strace is not installed");
    }
    let setup = LocalSetup::new();
    let input = setup.namespace().with_file_name("input");
    std::fs::write(&input, b"states").expect("written");
    let trace = setup.namespace().with_file_name("trace");
    let store = setup.command(["store", "1", "1", "1"]);
    let mut command = Command::new("strace");
    command
        .args([
            "-f",
            "-y",
            "-e",
            "trace=fsync,fdatasync,rename,renameat,renameat2,linkat,mkdir,mkdirat",
        ])
        .arg("-o")
        .arg(&trace)
        .arg(store.get_program())
        .args(store.get_args())
        .arg(&input);
    run(&mut command);

    let trace = std::fs::read_to_string(&trace).expect("traced");
    let calls: Vec<&str> = trace.lines().filter(|line| line.ends_with(" = 0")).collect();
    let job = setup.namespace().join("1");
    let position = |what: &str, matches: &dyn Fn(&str) -> bool| {
        let found = calls.iter().position(|call| matches(call));
        found.unwrap_or_else(|| panic!("no {what} in\n{trace}"))
    };
    let is_sync = |call: &str| call.contains("fsync(") || call.contains("fdatasync(");
    let data = position("sync of the data", &|call| is_sync(call) && call.contains(".tmp>"));
    let rename = position("rename", &|call| call.contains("rename") && call.contains(".ser\""));
    let synced = |directory: &Path| {
        let descriptor = format!("<{}>", directory.display());
        let syncs = calls.iter().enumerate().filter(|(_, call)| is_sync(call));
        syncs.filter(|(_, call)| call.contains(&descriptor)).map(|(at, _)| at).collect::<Vec<_>>()
    };
    assert!(data < rename, "the data is renamed before it is synced:\n{trace}");
    assert!(
        synced(&job).iter().any(|at| *at > rename),
        "the directory is not synced after the rename:\n{trace}"
    );
    // The namespace and the job's directory were created: their parents know of them for good.
    let namespace = setup.namespace();
    for parent in [&*namespace, namespace.parent().expect("a parent")] {
        assert!(!synced(parent).is_empty(), "{} is not synced:\n{trace}", parent.display());
    }
}

#[test]
fn two_writers_of_two_jobs_do_not_disturb_each_other() {
    let setup = LocalSetup::new();
    let children: Vec<_> = (0..8)
        .map(|job| {
            let mut child = setup
                .command(["store", &format!("job-{job}"), "1", "1"])
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .spawn()
                .expect("started");
            child.stdin.take().expect("piped").write_all(&[job; 100]).expect("written");
            child
        })
        .collect();
    for mut child in children {
        assert!(child.wait().expect("ended").success());
    }
    for job in 0..8_u8 {
        let output = run(&mut setup.command(["get", &format!("job-{job}"), "1", "1"]));
        assert_eq!(output.stdout, [job; 100]);
    }
}
