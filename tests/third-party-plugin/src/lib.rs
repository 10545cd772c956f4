//! An example of a plugin: checkpoints in one SQLite file (`sqlite.path`).
//!
//! Each call is one transaction on one connection behind a lock. SQLite blocks the thread, hence
//! `blocking: true` at the end: the calls run on threads of the plugin's own.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use checkpoint_storage_api::{
    Checkpoint, CheckpointEntry, CheckpointName, CheckpointStorage, CheckpointStorageFactory,
    ConfigKey, DeleteReport, Error, ErrorKind, Integrity, JobId, ListQuery, OpenOptions, Outcome,
    PipelineState, PluginConfig, Result, async_trait, next_timestamp,
};
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior, params};

const PATH: &str = "sqlite.path";

/// `synchronous = EXTRA`: an acknowledged transaction survives a power cut.
const SETUP: &str = "PRAGMA synchronous = EXTRA;
    CREATE TABLE IF NOT EXISTS checkpoints (
        job TEXT NOT NULL, name TEXT NOT NULL, timestamp_ms INTEGER NOT NULL, states BLOB,
        PRIMARY KEY (job, name)
    ) WITHOUT ROWID;";

#[derive(Default)]
struct SqliteFactory;

#[async_trait]
impl CheckpointStorageFactory for SqliteFactory {
    async fn open(
        &self,
        config: PluginConfig,
        options: OpenOptions,
    ) -> Result<Arc<dyn CheckpointStorage>> {
        let path = config.get(PATH).filter(|path| !path.is_empty()).ok_or_else(|| {
            Error::new(ErrorKind::InvalidConfig, "open", format!("the key `{PATH}` is missing"))
                .with_advice(format!("write `{PATH}: /path/to/checkpoints.db` in plugin-config"))
        })?;
        let open = || {
            let connection = if !options.read_only {
                Connection::open(path)?
            } else if std::path::Path::new(path).exists() {
                Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?
            } else {
                // Nothing was stored yet, and reading must create nothing.
                Connection::open_in_memory()?
            };
            connection
                .busy_timeout(options.operation_timeout.unwrap_or(Duration::from_secs(30)))?;
            if !options.read_only || connection.path().is_none_or(str::is_empty) {
                connection.execute_batch(SETUP)?;
            }
            Ok(connection)
        };
        let connection = open().map_err(|error| failed("open", path, error))?;
        Ok(Arc::new(Sqlite { path: path.to_owned(), connection: Mutex::new(Some(connection)) }))
    }

    fn config_keys(&self) -> Vec<ConfigKey> {
        vec![ConfigKey {
            name: PATH.into(),
            aliases: Vec::new(),
            default: None,
            secret: false,
            description: "the SQLite file, which is created if it is missing".into(),
        }]
    }
}

struct Sqlite {
    path: String,
    connection: Mutex<Option<Connection>>,
}

fn failed(operation: &'static str, path: &str, error: rusqlite::Error) -> Error {
    use rusqlite::ffi::ErrorCode;
    let kind = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => ErrorKind::NoSpace,
        Some(ErrorCode::ReadOnly) => ErrorKind::ReadOnly,
        Some(ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => ErrorKind::PermissionDenied,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => ErrorKind::Unavailable,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => ErrorKind::Corrupt,
        _ => ErrorKind::Unexpected,
    };
    let outcome =
        if kind == ErrorKind::Unexpected { Outcome::Unknown } else { Outcome::NotApplied };
    Error::new(kind, operation, error.to_string()).with_subject(path).with_outcome(outcome)
}

impl Sqlite {
    fn transaction<T>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
        behavior: TransactionBehavior,
    ) -> Result<T> {
        let mut guard = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let closed = || Error::new(ErrorKind::Closed, operation, "the storage was closed");
        let connection = guard.as_mut().ok_or_else(closed)?;
        let run = || {
            let transaction = connection.transaction_with_behavior(behavior)?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        };
        run().map_err(|error| failed(operation, &self.path, error))
    }

    fn reading<T>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T> {
        self.transaction(operation, work, TransactionBehavior::Deferred)
    }

    fn changing<T>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T> {
        self.transaction(operation, work, TransactionBehavior::Immediate)
    }
}

fn entry(job: &JobId, name: CheckpointName, size: u64) -> CheckpointEntry {
    CheckpointEntry { job_id: job.clone(), name, size, integrity: Integrity::Unread }
}

#[async_trait]
impl CheckpointStorage for Sqlite {
    async fn store(&self, state: PipelineState) -> Result<CheckpointEntry> {
        state.check_storable()?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let now = u64::try_from(now).unwrap_or(u64::MAX);
        let (job, states) = (state.job_id.as_str(), state.states.as_deref());
        let name = self.changing("store", |db| {
            let newest: Option<u64> = db.query_row(
                "SELECT max(timestamp_ms) FROM checkpoints WHERE job = ?1",
                [job],
                |row| row.get(0),
            )?;
            let timestamp_ms = next_timestamp(now, newest).unwrap_or(u64::MAX);
            let name = CheckpointName {
                timestamp_ms,
                random: fastrand::u32(..CheckpointName::RANDOM_BOUND),
                pipeline_id: state.pipeline_id,
                checkpoint_id: state.checkpoint_id,
            };
            db.execute(
                "INSERT INTO checkpoints VALUES (?1, ?2, ?3, ?4)",
                params![job, name.to_string(), timestamp_ms, states],
            )?;
            Ok(name)
        })?;
        Ok(entry(&state.job_id, name, states.map_or(0, <[u8]>::len) as u64))
    }

    async fn list(&self, job: &JobId, query: &ListQuery) -> Result<Vec<CheckpointEntry>> {
        let rows: Vec<(String, u64)> = self.reading("list", |db| {
            db.prepare_cached(
                "SELECT name, ifnull(length(states), 0) FROM checkpoints WHERE job = ?1",
            )?
            .query_map([job.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
        })?;
        let entries = rows.into_iter().map(|(name, size)| Ok(entry(job, name.parse()?, size)));
        Ok(query.select(entries.collect::<Result<_>>()?))
    }

    async fn read(&self, job: &JobId, name: &CheckpointName) -> Result<Checkpoint> {
        let states: Option<Option<Vec<u8>>> = self.reading("read", |db| {
            db.prepare_cached("SELECT states FROM checkpoints WHERE job = ?1 AND name = ?2")?
                .query_row([job.as_str(), &name.to_string()], |row| row.get(0))
                .optional()
        })?;
        let states = states.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "read", "no such checkpoint is stored")
                .with_subject(format_args!("job {job} {name}"))
        })?;
        let mut entry = entry(job, *name, states.as_ref().map_or(0, Vec::len) as u64);
        entry.integrity = Integrity::NoChecksum;
        Ok(Checkpoint { entry, states: states.map(Into::into) })
    }

    async fn delete_names(&self, job: &JobId, names: &[CheckpointName]) -> Result<DeleteReport> {
        self.changing("delete", |db| {
            let mut report = DeleteReport::default();
            let mut delete =
                db.prepare_cached("DELETE FROM checkpoints WHERE job = ?1 AND name = ?2")?;
            for name in names {
                let was_there = delete.execute([job.as_str(), &name.to_string()])? > 0;
                let list = if was_there { &mut report.deleted } else { &mut report.missing };
                list.push(*name);
            }
            Ok(report)
        })
    }

    async fn delete_job(&self, job: &JobId) -> Result<DeleteReport> {
        let entries = self.list(job, &ListQuery::all()).await?;
        let names: Vec<_> = entries.iter().map(|entry| entry.name).collect();
        self.delete_names(job, &names).await
    }

    async fn jobs(&self) -> Result<Vec<JobId>> {
        let jobs: BTreeSet<String> = self.reading("list the jobs", |db| {
            db.prepare_cached("SELECT DISTINCT job FROM checkpoints")?
                .query_map([], |row| row.get(0))?
                .collect()
        })?;
        jobs.into_iter().map(JobId::new).collect()
    }

    async fn close(&self) -> Result<()> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(())
    }
}

checkpoint_storage_api::export_plugin! {
    name: "sqlite",
    factory: SqliteFactory,
    storage_types: ["sqlite"],
    schemes: [],
    blocking: true,
}
