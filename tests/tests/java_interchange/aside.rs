//! What lies beside the checkpoints: temporary, quarantined, copied and foreign files.

use std::fs;

use checkpoint_storage_api::{
    CheckpointName, CheckpointStorage, ErrorKind, ImportOptions, ListQuery,
};
use checkpoint_storage_tests::java::aside::{self, OTHER, state};
use checkpoint_storage_tests::java::exchange::JOB;
use checkpoint_storage_tests::java::ours::{self, job, names};
use checkpoint_storage_tests::java::{SharedPlace, jars};

use crate::disk::Disk;
use crate::folder::Folder;
use crate::peer::Plugin;

#[tokio::test]
async fn unfinished_and_quarantined_files_of_either_side_disturb_neither() {
    for disk in Disk::each() {
        let kept = [format!("{OTHER}.quarantined"), "notes.txt".to_owned()];
        let others = [
            format!(".{OTHER}.00000000000000aa.tmp"),
            format!("{OTHER}tmp"),
            format!(".{OTHER}.quarantined.crc"),
            format!(".{OTHER}tmp.crc"),
        ];
        let names = [&others[..], &kept].concat();
        let sides = aside::lay_beside_checkpoints(&disk, &names).await;
        aside::ours_deletes_the_job_then_java(&disk, sides, &kept).await;
        assert!(disk.is_gone(JOB).await);
    }
}

#[tokio::test]
async fn a_quarantined_checkpoint_is_gone_for_java_and_takes_its_sidecar_along() {
    let Some(jars) = jars() else { return };
    for plugin in Plugin::ALL {
        let folder = Folder::new();
        let storage = folder.open().await;
        let mut java = plugin.open(jars, &folder.namespace());
        java.store(&state(1)).expect("stored");
        let name = java.store(&state(2)).expect("stored");
        // As a writer that died leaves it, or a disk that lost its end.
        let file = folder.job(JOB).join(&name);
        let len = fs::metadata(&file).expect("there").len();
        let cut = fs::OpenOptions::new().write(true).open(&file).expect("opened");
        cut.set_len(len - 3).expect("cut off");
        java.latest_of_pipeline(JOB, 1).expect_err("Java stumbles over it");
        let error = storage.latest_of_pipeline(&job(JOB), 1).await.expect_err("damaged");
        assert_eq!(error.kind(), ErrorKind::Corrupt);

        let parsed: CheckpointName = name.parse().expect("a name");
        storage.quarantine(&job(JOB), &parsed).await.expect("moved aside");
        assert_eq!(java.latest_of_pipeline(JOB, 1).expect("read"), Some(state(1)), "{plugin:?}");
        assert_eq!(java.all(JOB).expect("read"), [state(1)]);
        assert_eq!(ours::all(&storage, JOB).await, [state(1)]);
        assert!(!folder.files(JOB).contains(&format!(".{name}.crc")), "{:?}", folder.files(JOB));
    }
}

#[tokio::test]
async fn a_copy_of_java_s_files_is_java_s_again() {
    let Some(jars) = jars() else { return };
    for plugin in Plugin::ALL {
        let (from, to) = (Folder::new(), Folder::new());
        let mut java = plugin.open(jars, &from.namespace());
        let expected: Vec<_> = (1..=3).map(state).collect();
        for state in &expected {
            java.store(state).expect("stored");
        }
        let (source, target) = (from.open().await, to.open().await);
        let entries = source.list(&job(JOB), &ListQuery::all()).await.expect("listed");
        for (entry, reseal) in entries.iter().zip([false, true, false]) {
            // What a crash between two deletes leaves: Hadoop would hold it against the new file.
            fs::create_dir_all(to.job(JOB)).expect("created");
            let stale = to.job(JOB).join(format!(".{}.crc", entry.name));
            fs::write(stale, b"crc\0\0\0\x02\0\0\0\0\0").expect("written");
            let reader = source.open_reader(&job(JOB), &entry.name).await.expect("opened");
            target.import(reader, ImportOptions { reseal }).await.expect("imported");
        }
        assert_eq!(names(&target, JOB).await, names(&source, JOB).await);
        let mut java = plugin.open(jars, &to.namespace());
        assert_eq!(java.all(JOB).expect("read"), expected, "{plugin:?}");
        assert_eq!(java.latest(JOB).expect("read"), expected[2..]);
    }
}

#[tokio::test]
async fn a_foreign_file_that_stops_java_does_not_stop_ours() {
    let Some(jars) = jars() else { return };
    for plugin in Plugin::ALL {
        let folder = Folder::new();
        let storage = folder.open().await;
        let mut java = plugin.open(jars, &folder.namespace());
        ours::store(&storage, &state(1)).await;
        let foreign = folder.job(JOB).join("notes.ser");
        fs::write(&foreign, "").expect("written");
        java.latest(JOB).expect_err("it takes everything that ends in ser");
        java.delete(JOB, 1, &[9]).expect_err("even to delete something else");
        assert_eq!(ours::latest(&storage, JOB).await, [state(1)]);
        fs::remove_file(foreign).expect("removed");

        // What the `localfile` plugin leaves where it is killed before it has written: the file is
        // there under its name from the start. Java restores nothing from it, and calls that fine.
        let empty = folder.job(JOB).join("9795474038044-523-1-2.ser");
        fs::write(&empty, "").expect("written");
        let restored = java.latest_of_pipeline(JOB, 1).expect("no error").expect("a state");
        assert_eq!((restored.pipeline, restored.states), (0, None), "{plugin:?}");
        let error = storage.latest_of_pipeline(&job(JOB), 1).await.expect_err("damaged");
        assert_eq!(error.kind(), ErrorKind::Corrupt);
    }
}
