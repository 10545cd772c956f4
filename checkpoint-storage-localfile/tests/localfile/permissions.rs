//! Modes and permissions, each tried in a process of its own: umask and user are a process's.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use checkpoint_storage_api::{ErrorKind, HealthOptions, HealthStatus, ImportOptions};

use crate::support::{Folder, job, names, open, state};

/// Tells a test that it is the child of itself, and where its folder is.
const CHILD: &str = "LOCALFILE_TEST_CHILD";
/// Some user that owns nothing.
const NOBODY: u32 = 65_534;

fn child_folder() -> Option<PathBuf> {
    std::env::var_os(CHILD).map(PathBuf::from)
}

/// Runs the test of that name again, as the child, by way of `configure`.
fn run_as_child(test: &str, folder: &Path, umask: &str, configure: impl Fn(&mut Command)) {
    // Where another user can execute it.
    let program = folder.join("test");
    fs::copy(std::env::current_exe().expect("known"), &program).expect("copied");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("set");
    let mut command = Command::new("sh");
    command
        .args(["-c", "umask $1 && shift && exec \"$@\"", "sh", umask])
        .arg(&program)
        .args(["--exact", test])
        .env(CHILD, folder);
    configure(&mut command);
    let output = command.output().expect("started");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "umask {umask}: {text}");
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("there").mode() & 0o7777
}

#[tokio::test]
async fn modes_are_exact_whatever_the_umask() {
    let Some(path) = child_folder() else {
        for umask in ["000", "022", "027", "077"] {
            let folder = Folder::new();
            let test = "permissions::modes_are_exact_whatever_the_umask";
            run_as_child(test, folder.path(), umask, |_| {});
        }
        return;
    };
    for (keys, file_mode, dir_mode) in [
        ([("file-mode", ""), ("dir-mode", "")], 0o600, 0o700),
        ([("file-mode", "0664"), ("dir-mode", "2775")], 0o664, 0o2775),
    ] {
        let namespace = path.join(format!("{file_mode:o}/space"));
        let namespace_key = ("storageNameSpace", namespace.to_str().expect("text"));
        let config = [keys[0], keys[1], namespace_key].into();
        let storage = open(config, false).await.expect("opened");
        let entry = storage.store(state(1, "s")).await.expect("stored");
        let other = Folder::new();
        let source = other.open().await;
        let imported = source.store(state(2, "s")).await.expect("stored").name;
        let reader = source.open_reader(&job("1"), &imported).await.expect("opened");
        storage.import(reader, ImportOptions::default()).await.expect("imported");

        let one = namespace.join("1");
        for name in [entry.name, imported] {
            assert_eq!(mode(&one.join(name.to_string())), file_mode);
        }
        for directory in [&one, &namespace, &path.join(format!("{file_mode:o}"))] {
            assert_eq!(mode(directory), dir_mode, "{}", directory.display());
        }
    }
}

#[tokio::test]
async fn what_this_user_may_not_touch_is_permission_denied() {
    let Some(path) = child_folder() else {
        let folder = Folder::new();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("set");
        // The folder is another user's, or one's own without permission to write.
        let locked = folder.path().join("locked");
        fs::create_dir(&locked).expect("created");
        fs::create_dir(locked.join("1")).expect("created");
        fs::write(locked.join("1/1795474038044-523-1-1.ser"), "x").expect("written");
        for path in [locked.join("1"), locked.clone()] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o555)).expect("set");
        }
        let test = "permissions::what_this_user_may_not_touch_is_permission_denied";
        run_as_child(test, folder.path(), "022", |command| {
            if rustix::process::geteuid().is_root() {
                command.uid(NOBODY).gid(NOBODY);
            }
        });
        fs::set_permissions(&locked, fs::Permissions::from_mode(0o755)).expect("set");
        fs::set_permissions(locked.join("1"), fs::Permissions::from_mode(0o755)).expect("set");
        assert_eq!(names(&locked.join("1")), ["1795474038044-523-1-1.ser"]);
        return;
    };
    let locked = path.join("locked");
    let namespace = locked.to_str().expect("text").to_owned();
    let config = [("storageNameSpace", namespace.as_str())].into();
    let storage = open(config, false).await.expect("opening touches nothing");
    let two = checkpoint_storage_api::PipelineState { job_id: job("2"), ..state(1, "s") };
    for (error, subject) in [
        (storage.store(state(1, "s")).await.expect_err("job"), format!("{namespace}/1")),
        (storage.store(two).await.expect_err("namespace"), format!("{namespace}/2")),
    ] {
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
        assert!(error.subject().starts_with(&subject), "{error}");
        assert!(error.advice().is_some_and(|advice| advice.contains("runs as user")), "{error}");
    }
    let report = storage.delete_job(&job("1")).await.expect("reported");
    assert_eq!(report.failed.len(), 1);
    assert_eq!(report.failed[0].1.kind(), ErrorKind::PermissionDenied);
    let steps = storage.health(HealthOptions { write: true }).await.expect("checked");
    let failed = steps.iter().find(|step| step.name == "write").expect("tried");
    assert_eq!(failed.status, HealthStatus::Failed);
    assert_eq!(storage.jobs().await.expect("reading is allowed"), [job("1")]);
}
