//! What Java does otherwise, as `docs/switching.md` tells it to operators.

use std::fs;
use std::process::Command;

use checkpoint_storage_api::CheckpointStorage;
use checkpoint_storage_tests::configuration::Configuration;
use checkpoint_storage_tests::java::ours::{self, job, names};
use checkpoint_storage_tests::java::{State, jars};

use crate::folder::Folder;
use crate::peer::Plugin;

const JOB: &str = "1";

fn state(pipeline: i32, checkpoint: i64) -> State {
    State::new(JOB, pipeline, checkpoint, Some(b"states"))
}

#[test]
fn one_configuration_serves_both_if_it_has_java_s_spellings() {
    let Some(jars) = jars() else { return };
    for (plugin, storage, keys) in [
        (Plugin::Hdfs, "type: hdfs", "storage.type: hdfs\nfs.defaultFS: file:///\n"),
        (Plugin::LocalFile, "type: localfile", ""),
    ] {
        let folder = Folder::new();
        let mut java = plugin.open(jars, &folder.namespace());
        java.store(&state(1, 1)).expect("stored");
        let keys = format!("{keys}namespace: {}", folder.namespace().display());
        let configuration = Configuration { storage, plugin: &keys, ..Configuration::default() };
        let read = ours::get_by_configuration("checkpoint_storage_localfile", configuration, JOB);
        assert_eq!(read, b"states", "{plugin:?}");

        // Java does not know the other spelling: it looks in its default namespace.
        let job = format!("no-such-job-{}", std::process::id());
        java.store(&State { job: job.clone(), ..state(1, 1) }).expect("stored");
        let mut elsewhere =
            plugin.open_keyed(Command::new("java"), jars, "storageNameSpace", &folder.namespace());
        assert_eq!(elsewhere.all(&job).expect("no error"), [], "{plugin:?}");
    }
}

#[tokio::test]
async fn negative_ids_are_java_s_to_write_and_ours_to_find() {
    let Some(jars) = jars() else { return };
    for plugin in Plugin::ALL {
        let folder = Folder::new();
        let mut java = plugin.open(jars, &folder.namespace());
        let negative = state(3, -1);
        java.store(&negative).expect("stored");
        java.get(JOB, 3, -1).expect_err("it takes the name apart at every hyphen");
        java.delete(JOB, 3, &[-1]).expect("it says nothing");
        assert_eq!(java.all(JOB).expect("read"), [negative], "{plugin:?}");

        let storage = folder.open().await;
        assert!(storage.checkpoint(&job(JOB), 3, -1).await.expect("read").is_some());
        let report = storage.delete_checkpoint(&job(JOB), 3, -1).await.expect("deleted");
        assert_eq!(report.deleted.len(), 1);
        assert_eq!(folder.files(JOB), [] as [String; 0], "{plugin:?}");
    }
}

#[tokio::test]
async fn deleting_where_there_is_nothing_is_an_error_of_java_s_alone() {
    let Some(jars) = jars() else { return };
    for plugin in Plugin::ALL {
        let folder = Folder::new();
        let storage = folder.open().await;
        let mut java = plugin.open(jars, &folder.namespace());
        ours::store(&storage, &state(1, 1)).await;
        storage.delete_checkpoint(&job(JOB), 1, 1).await.expect("deleted");
        java.delete(JOB, 1, &[1]).expect_err("it has none");
        let report = storage.delete_checkpoint(&job(JOB), 1, 1).await.expect("no error");
        assert!(report.deleted.is_empty() && report.failed.is_empty());
    }
}

#[tokio::test]
async fn java_s_localfile_looks_into_subdirectories() {
    let Some(jars) = jars() else { return };
    for plugin in Plugin::ALL {
        let folder = Folder::new();
        let storage = folder.open().await;
        let entry = ours::store(&storage, &state(1, 1)).await;
        let directory = folder.job(JOB).join("copies");
        fs::create_dir(&directory).expect("created");
        let name = entry.name.to_string();
        fs::copy(folder.job(JOB).join(&name), directory.join(&name)).expect("copied");
        let mut java = plugin.open(jars, &folder.namespace());
        let seen = java.all(JOB).expect("read").len();
        assert_eq!(seen, if plugin == Plugin::LocalFile { 2 } else { 1 });
        assert_eq!(names(&storage, JOB).await, [name]);
    }
}

#[tokio::test]
async fn in_the_locale_c_java_loses_a_job_id_and_ours_does_not() {
    let Some(jars) = jars() else { return };
    for plugin in Plugin::ALL {
        let folder = Folder::new();
        let chinese = State { job: "任务".to_owned(), ..state(1, 1) };
        let mut launcher = Command::new("sh");
        launcher.args(["-c", "LC_ALL=C exec java \"$@\"", "sh"]);
        let mut java = plugin.open_by(launcher, jars, &folder.namespace());
        // `hdfs` refuses it, `localfile` stores it where it does not find it again.
        assert_eq!(java.store(&chinese).is_ok(), plugin == Plugin::LocalFile);
        java.all("任务").expect_err("it cannot name the directory");
        assert!(!folder.job("任务").exists());

        let storage = folder.open().await;
        ours::store(&storage, &chinese).await;
        assert_eq!(ours::all(&storage, "任务").await, [chinese], "{plugin:?}");
    }
}
