//! Each side reads, lists and deletes what the other wrote.

use std::fs;

use checkpoint_storage_api::{CheckpointStorage, ErrorKind, Integrity};
use checkpoint_storage_tests::java::exchange::{self, JOB};
use checkpoint_storage_tests::java::ours::job;
use checkpoint_storage_tests::java::{State, jars};

use crate::disk::Disk;
use crate::folder::Folder;
use crate::peer::Plugin;

fn states() -> Vec<State> {
    exchange::states(5)
}

#[tokio::test]
async fn ours_reads_what_java_wrote() {
    for disk in Disk::each() {
        let mut states = states();
        // Java can write negative ids, though it does not find them again.
        states.push(State::new(JOB, -1, 5, Some(b"negative pipeline")));
        states.push(State::new(JOB, 3, -1, Some(b"negative checkpoint")));
        exchange::ours_reads_what_java_wrote(&disk, states).await;
    }
}

#[tokio::test]
async fn a_flipped_bit_in_java_s_states_is_seen_where_java_kept_a_sidecar() {
    let Some(jars) = jars() else { return };
    for plugin in Plugin::ALL {
        let folder = Folder::new();
        let mut java = plugin.open(jars, &folder.namespace());
        let stored = State::new(JOB, 1, 1, Some(&exchange::bytes(1 << 20)));
        let name = java.store(&stored).expect("stored");
        let file = folder.job(JOB).join(&name);
        let mut bytes = fs::read(&file).expect("readable");
        bytes[600_000] ^= 1;
        fs::write(&file, bytes).expect("written");

        let storage = folder.open().await;
        let read = storage.latest_of_pipeline(&job(JOB), 1).await;
        match plugin {
            Plugin::Hdfs => {
                let error = read.expect_err("damaged");
                assert_eq!(error.kind(), ErrorKind::Corrupt);
                assert!(error.to_string().contains(&name), "{error}");
                java.latest_of_pipeline(JOB, 1).expect_err("Hadoop sees it too");
            }
            Plugin::LocalFile => {
                let read = read.expect("nobody can tell").expect("present");
                assert_eq!(read.entry.integrity, Integrity::NoChecksum);
                assert!(java.latest_of_pipeline(JOB, 1).is_ok());
            }
        }
    }
}

#[tokio::test]
async fn java_reads_what_ours_wrote() {
    for disk in Disk::each() {
        exchange::java_reads_what_ours_wrote(&disk, states()).await;
    }
}

#[tokio::test]
async fn java_deletes_what_ours_wrote_and_ours_goes_on() {
    for disk in Disk::each() {
        exchange::java_deletes_what_ours_wrote_and_ours_goes_on(&disk, states()).await;
    }
}

#[tokio::test]
async fn ours_deletes_what_java_wrote_and_java_goes_on() {
    for disk in Disk::each() {
        exchange::ours_deletes_what_java_wrote_and_java_goes_on(&disk, states()).await;
    }
}
