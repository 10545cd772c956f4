//! Errors are typed, name the path, and say what to do; nothing half done remains.

use std::fs;
use std::os::unix::fs::symlink;

use checkpoint_storage_api::{Error, ErrorKind, ListQuery, Outcome, PipelineState};

use crate::support::{Folder, NAME, job, name, names, state};

fn assert_teaches(error: &Error, kind: ErrorKind, path: &std::path::Path) {
    assert_eq!(error.kind(), kind, "{error}");
    assert_eq!(error.subject(), path.to_str().expect("text"), "{error}");
    assert_eq!(error.outcome(), Outcome::NotApplied);
    assert!(error.advice().is_some(), "{error}");
}

#[tokio::test]
async fn a_file_in_the_namespace_s_place_is_found_when_opening() {
    let folder = Folder::new();
    let file = folder.path().join("name");
    fs::write(&file, "a file").expect("written");
    let error = folder.open_with([], false).await.err().expect("refused");
    assert_teaches(&error, ErrorKind::InvalidConfig, &file);
}

#[tokio::test]
async fn a_namespace_that_becomes_impossible_later_is_an_error_of_the_store() {
    let folder = Folder::new();
    let storage = folder.open().await;
    let file = folder.path().join("name");
    fs::write(&file, "a file").expect("written");
    let error = storage.store(state(1, "s")).await.expect_err("refused");
    assert_teaches(&error, ErrorKind::InvalidConfig, &file);
    let error = storage.jobs().await.expect_err("refused");
    assert_teaches(&error, ErrorKind::InvalidConfig, &file);
    fs::remove_file(&file).expect("removed");
    storage.store(state(1, "s")).await.expect("works again");
}

#[tokio::test]
async fn a_namespace_that_cannot_be_created_is_an_error_of_the_configuration() {
    let folder = Folder::new();
    let link = folder.path().join("dangling");
    symlink(folder.path().join("nowhere/at/all"), &link).expect("linked");
    let link_text = link.to_str().expect("text");
    let storage = folder.open_with([("storageNameSpace", link_text)], false).await;
    let error = storage.expect("opened").store(state(1, "s")).await.expect_err("refused");
    assert_teaches(&error, ErrorKind::InvalidConfig, &link);
}

#[tokio::test]
async fn something_else_in_a_job_s_place_stops_that_job_only() {
    let folder = Folder::new();
    let storage = folder.open().await;
    storage.store(PipelineState { job_id: job("2"), ..state(1, "s") }).await.expect("stored");
    fs::write(folder.job("1"), "a file").expect("written");
    for error in [
        storage.store(state(1, "s")).await.expect_err("store"),
        storage.list(&job("1"), &ListQuery::all()).await.expect_err("list"),
        storage.delete_job(&job("1")).await.expect_err("delete"),
    ] {
        assert_teaches(&error, ErrorKind::InvalidInput, &folder.job("1"));
    }
    assert_eq!(storage.jobs().await.expect("listed"), [job("2")]);
    assert_eq!(fs::read(folder.job("1")).expect("untouched"), b"a file");
}

#[tokio::test]
async fn a_job_directory_that_is_a_link_is_refused() {
    let folder = Folder::new();
    let storage = folder.open().await;
    let outside = folder.path().join("outside");
    fs::create_dir_all(&outside).expect("created");
    fs::write(outside.join(NAME), "precious").expect("written");
    fs::create_dir_all(folder.namespace()).expect("created");
    symlink(&outside, folder.job("1")).expect("linked");
    for error in [
        storage.store(state(1, "s")).await.expect_err("store"),
        storage.list(&job("1"), &ListQuery::all()).await.expect_err("list"),
        storage.read(&job("1"), &name(NAME)).await.expect_err("read"),
        storage.delete_names(&job("1"), &[name(NAME)]).await.expect_err("delete"),
        storage.delete_job(&job("1")).await.expect_err("delete job"),
        storage.quarantine(&job("1"), &name(NAME)).await.expect_err("quarantine"),
    ] {
        assert_teaches(&error, ErrorKind::InvalidInput, &folder.job("1"));
        assert!(error.reason().contains("symbolic link"), "{error}");
    }
    assert!(storage.jobs().await.expect("listed").is_empty());
    assert_eq!(names(&outside), [NAME]);
}

#[tokio::test]
async fn a_job_id_that_no_directory_can_have_is_refused_untouched() {
    let folder = Folder::new();
    let storage = folder.open().await;
    let longest = "j".repeat(255);
    storage
        .store(PipelineState { job_id: job(&longest), ..state(1, "s") })
        .await
        .expect("it just fits");
    storage.delete_job(&job(&longest)).await.expect("deleted");
    let too_long = job(&"ü".repeat(128));
    let error = storage
        .store(PipelineState { job_id: too_long.clone(), ..state(1, "s") })
        .await
        .expect_err("too long");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.reason().contains("256"), "{error}");
    let error = storage.list(&too_long, &ListQuery::all()).await.expect_err("too long");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(names(&folder.namespace()).is_empty());
}

#[tokio::test]
async fn a_corrupt_file_names_its_path() {
    let folder = Folder::new();
    let storage = folder.open().await;
    let entry = storage.store(state(1, "states")).await.expect("stored");
    let path = folder.job("1").join(entry.name.to_string());
    let whole = fs::read(&path).expect("readable");
    for len in 0..whole.len() {
        fs::write(&path, &whole[..len]).expect("written");
        let read = storage.read(&job("1"), &entry.name).await;
        match read {
            Err(error) => assert_teaches(&error, ErrorKind::Corrupt, &path),
            // What Java writes when there are no states, or no checksum: whole files.
            Ok(read) => assert!(read.states.is_none() || len == whole.len() - 5, "cut to {len}"),
        }
    }
}
