//! An operator's way from the Java plugin to this one and back: nothing is lost, and the latest is
//! right at each hand-over. Each engine is stopped before the other starts.

use std::collections::BTreeSet;
use std::fs;

use checkpoint_storage_api::{CheckpointStorage, ListQuery};
use checkpoint_storage_tests::java::ours::{self, job, names};
use checkpoint_storage_tests::java::{State, jars};
use storage_host::retention;

use crate::folder::Folder;
use crate::peer::Plugin;

const JOB: &str = "865405612345123456";

fn state(pipeline: i32, checkpoint: i64, text: &str) -> State {
    State::new(JOB, pipeline, checkpoint, Some(text.as_bytes()))
}

#[tokio::test]
async fn there_and_back_loses_nothing() {
    let Some(jars) = jars() else { return };
    for plugin in Plugin::ALL {
        let folder = Folder::new();
        let mut expected = Vec::new();
        {
            let mut java = plugin.open(jars, &folder.namespace());
            for (pipeline, checkpoint) in [(1, 1), (2, 1), (1, 2), (2, 2), (1, 3)] {
                expected.push(state(pipeline, checkpoint, "by java"));
                java.store(expected.last().expect("pushed")).expect("stored");
            }
        }
        {
            let storage = folder.open().await;
            assert_eq!(ours::all(&storage, JOB).await, expected, "{plugin:?}");
            let restored = storage.restore(&job(JOB), 1).await.expect("read").expect("present");
            assert_eq!(restored.into_state().checkpoint_id, 3);
            for (pipeline, checkpoint) in [(1, 4), (2, 3), (1, 5)] {
                expected.push(state(pipeline, checkpoint, "by ours"));
                ours::store(&storage, expected.last().expect("pushed")).await;
            }
            // Retention takes Java's oldest as it would take ours.
            let entries = storage.list(&job(JOB), &ListQuery::all()).await.expect("listed");
            let old = retention::superfluous(&entries, 3, &BTreeSet::new());
            let report = storage.delete_names(&job(JOB), &old).await.expect("deleted");
            assert_eq!(report.deleted.len(), 2);
            expected.retain(|state| state.pipeline == 2 || state.checkpoint > 2);
            storage.close().await.expect("closed");
        }
        {
            let mut java = plugin.open(jars, &folder.namespace());
            let mut by_id = expected.clone();
            by_id.sort();
            assert_eq!(java.all(JOB).expect("read"), by_id, "{plugin:?}");
            let latest = [state(1, 5, "by ours"), state(2, 3, "by ours")];
            assert_eq!(java.latest(JOB).expect("read"), latest);
            for (pipeline, checkpoint) in [(1, 6), (2, 4)] {
                expected.push(state(pipeline, checkpoint, "by java again"));
                java.store(expected.last().expect("pushed")).expect("stored");
            }
            // A job that starts anew counts from 1 again.
            expected.push(state(1, 1, "anew"));
            java.store(expected.last().expect("pushed")).expect("stored");
        }
        let storage = folder.open().await;
        assert_eq!(ours::all(&storage, JOB).await, expected, "{plugin:?}");
        let latest = [state(1, 1, "anew"), state(2, 4, "by java again")];
        assert_eq!(ours::latest(&storage, JOB).await, latest);
    }
}

/// The clock of the machine that wrote before was ahead: ours goes on after what is stored, Java
/// does not.
#[tokio::test]
async fn after_a_clock_that_was_ahead_ours_is_the_latest_and_java_s_is_not() {
    let Some(jars) = jars() else { return };
    for plugin in Plugin::ALL {
        let folder = Folder::new();
        let mut java = plugin.open(jars, &folder.namespace());
        let name = java.store(&state(1, 1, "ahead")).expect("stored");
        let (_, rest) = name.split_once('-').expect("a name");
        let ahead = format!("4102444800000-{rest}");
        for (from, to) in
            [(name.clone(), ahead.clone()), (format!(".{name}.crc"), format!(".{ahead}.crc"))]
        {
            if folder.files(JOB).contains(&from) {
                fs::rename(folder.job(JOB).join(from), folder.job(JOB).join(to)).expect("renamed");
            }
        }
        let storage = folder.open().await;
        ours::store(&storage, &state(1, 2, "ours")).await;
        assert_eq!(ours::latest(&storage, JOB).await, [state(1, 2, "ours")]);
        assert_eq!(java.latest(JOB).expect("read"), [state(1, 2, "ours")], "{plugin:?}");

        java.store(&state(1, 3, "behind")).expect("stored");
        assert_eq!(java.latest(JOB).expect("read"), [state(1, 2, "ours")], "{plugin:?}");
        assert_eq!(ours::latest(&storage, JOB).await, [state(1, 2, "ours")]);
        assert_eq!(names(&storage, JOB).await.len(), 3, "nothing is lost");
    }
}
