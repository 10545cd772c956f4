//! Contract 6 and what concerns the storage as a whole: delete, leftovers, read-only, close.

use std::sync::Arc;
use std::time::Duration;

use crate::support::{Fixture, Memory, PUBLICATIONS, job, name, state};
use checkpoint_storage_api::{
    CheckpointStorage, ErrorKind, HealthOptions, HealthStatus, ImportOptions, JobId, ListQuery,
    ReclaimOptions, Result, ScanKind,
};
use checkpoint_storage_filesystem::{Writer, naming};

const NAME: &str = "1795474038044-523-1-1.ser";
const DAYS: Duration = Duration::from_secs(2 * 24 * 60 * 60);

#[tokio::test]
async fn delete_takes_what_was_named_and_goes_on_after_a_failure() {
    let fixture = Fixture::new();
    let mut names = Vec::new();
    for checkpoint in 1..=4 {
        let entry = fixture.storage.store(state("1", 1, checkpoint, b"s")).await.expect("stored");
        names.push(entry.name);
    }
    let absent = name(NAME);
    fixture.memory.fail_next("delete", ErrorKind::PermissionDenied);
    let wanted = [names[0], names[1], names[1], absent];
    let report = fixture.storage.delete_names(&job("1"), &wanted).await.expect("reported");
    // The oldest name is tried first.
    let failed: Vec<_> = report.failed.iter().map(|(name, error)| (*name, error.kind())).collect();
    assert_eq!(failed, [(names[0], ErrorKind::PermissionDenied)]);
    assert_eq!((report.deleted, report.missing), (vec![names[1]], vec![absent]));

    let again = fixture.storage.delete_names(&job("1"), &names[..2]).await.expect("reported");
    assert_eq!((again.deleted, again.missing), (vec![names[0]], vec![names[1]]));
    let left = fixture.storage.list(&job("1"), &ListQuery::all()).await.expect("listed");
    assert_eq!(left.iter().map(|entry| entry.name).collect::<Vec<_>>(), names[2..]);
    let none = fixture.storage.delete_names(&job("1"), &[]).await.expect("reported");
    assert!(none.deleted.is_empty() && none.missing.is_empty());
}

#[tokio::test]
async fn delete_job_leaves_what_is_not_its_own() {
    let fixture = Fixture::new();
    let entry = fixture.storage.store(state("1", 1, 1, b"s")).await.expect("stored");
    let (dead, living) = (naming::temporary(&name(NAME), 1), naming::temporary(&name(NAME), 2));
    fixture.memory.set_writer(&dead, Writer::Gone);
    fixture.memory.set_writer(&living, Writer::Alive);
    for file_name in [&dead, &living, &naming::sidecar(entry.name), &naming::sidecar(name(NAME))] {
        fixture.memory.put("1", file_name, "x");
    }
    fixture.memory.put("1", "notes.txt", "mine");
    fixture.memory.put("1", &naming::quarantined(&name(NAME)), "evidence");

    let report = fixture.storage.delete_job(&job("1")).await.expect("deleted");
    assert_eq!(report.deleted, [entry.name]);
    let mut left = vec![living.clone(), naming::quarantined(&name(NAME)), "notes.txt".to_owned()];
    left.sort_unstable();
    assert_eq!(fixture.memory.names("1"), left);

    let second = fixture.storage.delete_job(&job("1")).await.expect("deleted");
    assert!(second.deleted.is_empty() && second.failed.is_empty());
    fixture.storage.store(state("2", 1, 1, b"s")).await.expect("stored");
    fixture.storage.delete_job(&job("2")).await.expect("deleted");
    assert!(!fixture.memory.has_directory("2"));
}

#[tokio::test]
async fn the_first_store_of_a_job_reclaims_what_dead_writers_left() {
    let fixture = Fixture::new();
    let [dead, living, young, old] =
        [1, 2, 3, 4].map(|token| naming::temporary(&name(NAME), token));
    fixture.memory.put("1", &dead, "x");
    fixture.memory.put("1", &living, "x");
    fixture.memory.put("1", &young, "x");
    fixture.memory.put_old("1", &old, DAYS);
    fixture.memory.put_old("1", &format!("{NAME}tmp"), DAYS);
    fixture.memory.put("1", "1795474038044-523-1-2.sertmp", "x");
    fixture.memory.set_writer(&dead, Writer::Gone);
    fixture.memory.set_writer(&living, Writer::Alive);
    // Its file is older than what the listing shows.
    fixture.memory.put("1", "5-1-1-1.ser", "x");
    fixture.memory.put("1", &naming::sidecar("5-1-1-1.ser"), "x");
    fixture.memory.add_upload("old-upload", DAYS);
    fixture.memory.add_upload("young-upload", Duration::ZERO);

    let entry = fixture.storage.store(state("1", 1, 1, b"s")).await.expect("stored");
    let mut left = vec![
        living,
        young,
        naming::sidecar("5-1-1-1.ser"),
        "5-1-1-1.ser".to_owned(),
        "1795474038044-523-1-2.sertmp".to_owned(),
        entry.name.to_string(),
    ];
    left.sort_unstable();
    assert_eq!(fixture.memory.names("1"), left);

    let before = fixture.memory.calls("writers");
    fixture.storage.store(state("1", 1, 2, b"s")).await.expect("stored");
    assert_eq!(fixture.memory.calls("writers"), before);
}

#[tokio::test]
async fn reclaiming_never_fails_a_store() {
    for operation in ["writers", "uploads", "reclaim"] {
        let fixture = Fixture::new();
        let dead = naming::temporary(&name(NAME), 1);
        fixture.memory.put("1", &dead, "x");
        fixture.memory.set_writer(&dead, Writer::Gone);
        fixture.memory.fail_next(operation, ErrorKind::Unavailable);
        fixture.storage.store(state("1", 1, 1, b"s")).await.expect(operation);
    }
}

#[tokio::test]
async fn scan_tells_everything_apart_and_reclaim_takes_the_leftovers() {
    let fixture = Fixture::new();
    let entry = fixture.storage.store(state("1", 1, 1, b"s")).await.expect("stored");
    let (dead, living) = (naming::temporary(&name(NAME), 1), naming::temporary(&name(NAME), 2));
    let orphan = naming::sidecar("5-1-1-1.ser");
    for file_name in [&dead, &living, &orphan, &naming::sidecar(entry.name)] {
        fixture.memory.put("1", file_name, "xyz");
    }
    fixture.memory.put("1", &naming::quarantined(&name(NAME)), "q");
    fixture.memory.put("1", "notes.txt", "mine");
    fixture.memory.put("", &naming::probe(3), "p");
    fixture.memory.put("", "readme", "r");
    fixture.memory.set_writer(&dead, Writer::Gone);
    fixture.memory.set_writer(&living, Writer::Alive);
    fixture.memory.set_writer(&naming::probe(3), Writer::Gone);

    let items = fixture.storage.scan(None).await.expect("scanned");
    let found: Vec<_> =
        items.iter().map(|item| (item.path.as_str(), item.kind, item.job_id.clone())).collect();
    let one = Some(job("1"));
    let at = |file_name: &str| format!("1/{file_name}");
    let mut expected = [
        (at(&entry.name.to_string()), ScanKind::Checkpoint(entry.name), one.clone()),
        (at(&dead), ScanKind::Leftover, one.clone()),
        (at(&living), ScanKind::InProgress, one.clone()),
        (at(&orphan), ScanKind::Leftover, one.clone()),
        (at(&naming::quarantined(&name(NAME))), ScanKind::Quarantined, one.clone()),
        (at("notes.txt"), ScanKind::Foreign, one.clone()),
        (naming::probe(3), ScanKind::Leftover, None),
        ("readme".to_owned(), ScanKind::Foreign, None),
    ];
    expected.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    let expected: Vec<_> =
        expected.iter().map(|(path, kind, job)| (path.as_str(), *kind, job.clone())).collect();
    assert_eq!(found, expected);
    assert_eq!(fixture.storage.scan(Some(&job("1"))).await.expect("scanned").len(), 6);

    let dry = ReclaimOptions { dry_run: true, ..ReclaimOptions::default() };
    let would = fixture.storage.reclaim_leftovers(dry).await.expect("reported");
    assert_eq!(would.reclaimed.len(), 3);
    assert_eq!(fixture.storage.scan(None).await.expect("scanned").len(), 8);
    fixture.memory.fail_next("reclaim", ErrorKind::PermissionDenied);
    let report = fixture.storage.reclaim_leftovers(ReclaimOptions::default()).await.expect("done");
    assert_eq!((report.reclaimed.len(), report.failed.len()), (2, 1));
    let report = fixture.storage.reclaim_leftovers(ReclaimOptions::default()).await.expect("done");
    assert_eq!((report.reclaimed.len(), report.failed.len()), (1, 0));
    assert_eq!(fixture.storage.scan(None).await.expect("scanned").len(), 5);
}

#[tokio::test]
async fn a_quarantined_checkpoint_is_out_of_the_way() {
    let fixture = Fixture::new();
    let entry = fixture.storage.store(state("1", 1, 1, b"s")).await.expect("stored");
    let place = fixture.storage.quarantine(&job("1"), &entry.name).await.expect("moved");
    assert_eq!(place, format!("memory:/1/{}.quarantined", entry.name));
    assert!(fixture.storage.latest_of_pipeline(&job("1"), 1).await.expect("listed").is_none());
    let again = fixture.storage.quarantine(&job("1"), &entry.name).await.expect_err("gone");
    assert_eq!(again.kind(), ErrorKind::NotFound);
}

/// Every call that would change something.
async fn changes(fixture: &Fixture, one: &JobId) -> Vec<Result<()>> {
    let storage = &fixture.storage;
    let mut results = vec![
        storage.store(state("1", 1, 1, b"s")).await.map(drop),
        storage.delete_names(one, &[name(NAME)]).await.map(drop),
        storage.delete_job(one).await.map(drop),
        storage.quarantine(one, &name(NAME)).await.map(drop),
        storage.reclaim_leftovers(ReclaimOptions::default()).await.map(drop),
    ];
    let other = Fixture::new();
    let entry = other.storage.store(state("1", 1, 1, b"s")).await.expect("stored");
    let source = other.storage.open_reader(one, &entry.name).await.expect("opened");
    results.push(storage.import(source, ImportOptions::default()).await.map(drop));
    results
}

#[tokio::test]
async fn a_read_only_storage_changes_nothing() {
    let writer = Fixture::new();
    let entry = writer.storage.store(state("1", 1, 1, b"s")).await.expect("stored");
    let before = writer.memory.names("1");
    let reader = Fixture::over(writer.memory.clone(), true);
    for result in changes(&reader, &job("1")).await {
        let error = result.expect_err("a change");
        assert_eq!(error.kind(), ErrorKind::ReadOnly, "{error}");
        assert!(error.advice().is_some() && !error.subject().is_empty(), "{error}");
    }
    assert_eq!(writer.memory.names("1"), before);
    assert!(reader.storage.read(&job("1"), &entry.name).await.is_ok());
    let dry = ReclaimOptions { dry_run: true, ..ReclaimOptions::default() };
    assert!(reader.storage.reclaim_leftovers(dry).await.is_ok());

    let steps = reader.storage.health(HealthOptions { write: true }).await.expect("checked");
    assert_eq!(reader.memory.health_asked(), Some(HealthOptions { write: false }));
    assert_eq!(steps.last().map(|step| step.status), Some(HealthStatus::Skipped));
}

#[tokio::test]
async fn after_close_every_call_is_refused() {
    let fixture = Fixture::new();
    let entry = fixture.storage.store(state("1", 1, 1, b"s")).await.expect("stored");
    let mut open = fixture.storage.open_reader(&job("1"), &entry.name).await.expect("opened");
    fixture.storage.close().await.expect("closed");
    let (storage, one) = (&fixture.storage, job("1"));
    let mut results = changes(&fixture, &one).await;
    results.extend([
        storage.list(&one, &ListQuery::all()).await.map(drop),
        storage.read(&one, &entry.name).await.map(drop),
        storage.jobs().await.map(drop),
        storage.open_reader(&one, &entry.name).await.map(drop),
        storage.scan(None).await.map(drop),
        storage.health(HealthOptions::default()).await.map(drop),
        open.next_chunk(10).await.map(drop),
    ]);
    for result in results {
        assert_eq!(result.expect_err("closed").kind(), ErrorKind::Closed);
    }
    fixture.storage.close().await.expect("a second close does nothing");
}

#[tokio::test]
async fn close_lets_a_store_under_way_end() {
    let fixture = Fixture::over(Memory::new(), false);
    let held = fixture.memory.publications.acquire_many(PUBLICATIONS).await.expect("open");
    let storage = Arc::clone(&fixture.storage);
    let store = tokio::spawn(async move { storage.store(state("1", 1, 1, b"s")).await });
    while fixture.memory.calls("publish") == 0 {
        tokio::task::yield_now().await;
    }
    let storage = Arc::clone(&fixture.storage);
    let close = tokio::spawn(async move { storage.close().await });
    while fixture.storage.jobs().await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!close.is_finished());
    assert_eq!(fixture.memory.calls("close"), 0);
    drop(held);
    store.await.expect("no panic").expect("stored");
    close.await.expect("no panic").expect("closed");
    assert_eq!(fixture.memory.calls("close"), 1);
}

#[tokio::test]
async fn an_error_of_the_medium_reaches_the_caller_as_it_is() {
    let fixture = Fixture::new();
    for (operation, kind) in [("list", ErrorKind::Unavailable), ("publish", ErrorKind::NoSpace)] {
        fixture.memory.fail_next(operation, kind);
        let error = fixture.storage.store(state("1", 1, 1, b"s")).await.expect_err(operation);
        assert_eq!(error.kind(), kind);
    }
    fixture.storage.store(state("1", 1, 1, b"s")).await.expect("works again");
}
