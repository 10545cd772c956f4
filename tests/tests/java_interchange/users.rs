//! A JVM under another user than this project's engine: what modes and owners it takes.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use checkpoint_storage_tests::configuration::Configuration;
use checkpoint_storage_tests::java::{Java, State, jars};
use checkpoint_storage_tests::{artifacts, command_line, plugin, run, skip};

use crate::folder::Folder;
use crate::peer::Plugin;

/// Users that own nothing, and a group that both are in.
const OURS: u32 = 65_533;
const JAVA: u32 = 65_534;
const GROUP: u32 = 65_534;

/// A folder where both users find the programs, and a namespace that is ours and the group's.
struct Shared {
    folder: Folder,
}

impl Shared {
    /// `None` where this user may not act as others.
    fn new(jars: &Path, keys: &str) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            skip("acting as other users needs root");
            return None;
        }
        let shared = Self { folder: Folder::new() };
        for (name, mode) in
            [("", 0o755), ("plugins", 0o755), ("jars", 0o755), ("checkpoints", 0o2770)]
        {
            let directory = shared.path(name);
            fs::create_dir_all(&directory).expect("created");
            fs::set_permissions(&directory, fs::Permissions::from_mode(mode)).expect("set");
        }
        chown(shared.path("checkpoints"), Some(OURS), Some(GROUP)).expect("given away");
        // Changing the owner took the bit that hands the group on.
        fs::set_permissions(shared.path("checkpoints"), fs::Permissions::from_mode(0o2770))
            .expect("set");
        let copy = |from: &Path, to: &str| {
            let to = shared.path(to).join(from.file_name().expect("a file"));
            fs::copy(from, to).expect("copied");
        };
        copy(&artifacts().join("checkpoint-storage"), "");
        copy(&plugin("checkpoint_storage_localfile"), "plugins");
        for jar in fs::read_dir(jars).expect("readable") {
            copy(&jar.expect("readable").path(), "jars");
        }
        let namespace = shared.path("checkpoints");
        let keys =
            format!("storage-type: local\nstorageNameSpace: {}\n{keys}", namespace.display());
        let configuration =
            Configuration { storage: "type: hdfs", plugin: &keys, ..Configuration::default() };
        fs::write(shared.path("seatunnel.yaml"), configuration.yaml()).expect("written");
        Some(shared)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.root().join(name)
    }

    fn java(&self, plugin: Plugin) -> Java {
        let mut launcher = Command::new("sh");
        launcher.args(["-c", "umask 022 && exec java \"$@\"", "sh"]);
        launcher.uid(JAVA).gid(GROUP).current_dir("/");
        plugin.open_by(launcher, &self.path("jars"), &self.path("checkpoints"))
    }

    fn ours(&self, arguments: &[&str], states: &[u8]) -> Output {
        let built = command_line(&self.path("seatunnel.yaml"), &self.path("plugins"), arguments);
        let mut child = Command::new(self.path("checkpoint-storage"))
            .args(built.get_args())
            .uid(OURS)
            .gid(GROUP)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        // What stores nothing reads nothing.
        let _ = child.stdin.take().expect("piped").write_all(states);
        child.wait_with_output().expect("ended")
    }

    fn store(&self, job: &str, checkpoint: i64) -> State {
        let states = checkpoint.to_string();
        let output = self.ours(&["store", job, "1", &states], states.as_bytes());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        state(job, checkpoint)
    }

    /// The states of a checkpoint, read by ours.
    fn get(&self, job: &str, checkpoint: i64) -> Vec<u8> {
        let output = self.ours(&["get", job, "1", &checkpoint.to_string()], b"");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }
}

fn state(job: &str, checkpoint: i64) -> State {
    State::new(job, 1, checkpoint, Some(checkpoint.to_string().as_bytes()))
}

#[test]
fn a_jvm_under_another_user_is_shut_out_until_the_files_are_its_own() {
    let Some(jars) = jars() else { return };
    for plugin in Plugin::ALL {
        let Some(shared) = Shared::new(jars, "") else { return };
        let stored = [shared.store("1", 1), shared.store("1", 2)];
        let mut java = shared.java(plugin);
        java.all("1").expect_err("the files are for their owner alone");
        java.latest_of_pipeline("1", 1).expect_err("nor is it taken for a job without any");
        java.store(&state("1", 3)).expect_err("nor may it write there");
        java.delete_job("1").expect("it says nothing");
        assert_eq!(shared.get("1", 1), b"1", "a delete that was shut out lost something");

        let owner = format!("{JAVA}:{GROUP}");
        run(Command::new("chown").args(["-R", &owner]).arg(shared.path("checkpoints")));
        assert_eq!(java.all("1").expect("read"), stored, "{plugin:?}");
        java.store(&state("1", 3)).expect("stored");
    }
}

#[test]
fn with_a_common_group_either_user_works_on_what_ours_made() {
    let Some(jars) = jars() else { return };
    for plugin in Plugin::ALL {
        let modes = "file-mode: \"0660\"\ndir-mode: \"2770\"";
        let Some(shared) = Shared::new(jars, modes) else { return };
        let stored = [shared.store("1", 1), shared.store("1", 2)];
        let mut java = shared.java(plugin);
        assert_eq!(java.all("1").expect("read"), stored, "{plugin:?}");
        java.delete("1", 1, &[1]).expect("deleted");
        java.store(&state("1", 3)).expect("stored");
        assert_eq!(shared.get("1", 3), b"3");
        let deleted = shared.ours(&["delete", "1", "1", "3", "--yes"], b"");
        assert!(deleted.status.success(), "{}", String::from_utf8_lossy(&deleted.stderr));
        assert_eq!(java.all("1").expect("read"), [state("1", 2)]);

        // A directory that Java made is Java's alone to change: with the usual umask, and with the
        // `hdfs` plugin whatever the umask is.
        java.store(&state("2", 1)).expect("stored");
        assert_eq!(shared.get("2", 1), b"1");
        let mode = fs::metadata(shared.path("checkpoints/2")).expect("there").mode();
        assert_eq!(mode & 0o022, 0, "{plugin:?}");
        let refused = shared.ours(&["--json", "store", "2", "1", "2"], b"2");
        assert_eq!(refused.status.code(), Some(1));
        let error: serde_json::Value = serde_json::from_slice(&refused.stderr).expect("JSON");
        assert_eq!(error["error"]["kind"], "permission-denied");
        assert_eq!(java.all("2").expect("read"), [state("2", 1)]);
    }
}
