//! An example of a plugin: checkpoints in one SQLite file (`sqlite.path`).
//!
//! Each call is one transaction on one connection behind a lock. SQLite blocks the thread, hence
//! `blocking: true` at the end: the calls run on threads of the plugin's own.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use checkpoint_storage_api::{
    Capabilities, Checkpoint, CheckpointEntry, CheckpointName, CheckpointStorage,
    CheckpointStorageFactory, ConfigKey, DeleteReport, Error, ErrorKind, Integrity, JobId,
    ListQuery, OpenOptions, Outcome, PipelineState, PluginConfig, Result, async_trait,
    next_timestamp,
};
use rusqlite::{Connection, ErrorCode, OptionalExtension, TransactionBehavior, params};

/// `synchronous = EXTRA`: an acknowledged transaction survives a power cut.
const SETUP: &str = "PRAGMA synchronous = EXTRA;
    CREATE TABLE IF NOT EXISTS checkpoints (
        job TEXT NOT NULL, name TEXT NOT NULL, timestamp_ms INTEGER NOT NULL, states BLOB,
        PRIMARY KEY (job, name)
    );";

const READ: TransactionBehavior = TransactionBehavior::Deferred;
/// Excludes other writers from its beginning on.
const WRITE: TransactionBehavior = TransactionBehavior::Immediate;

#[derive(Default)]
struct SqliteFactory;

#[async_trait]
impl CheckpointStorageFactory for SqliteFactory {
    async fn open(
        &self,
        config: PluginConfig,
        options: OpenOptions,
    ) -> Result<Arc<dyn CheckpointStorage>> {
        let path = config.get("sqlite.path").filter(|path| !path.is_empty()).ok_or_else(|| {
            Error::new(ErrorKind::InvalidConfig, "open", "the key `sqlite.path` is missing")
                .with_advice("write `sqlite.path: /path/to/checkpoints.db` in plugin-config")
        })?;
        let open = || {
            // Reading must not create the file: what is not there yet is empty.
            let is_new = options.read_only && !Path::new(path).exists();
            let db = Connection::open(if is_new { ":memory:" } else { path })?;
            db.busy_timeout(options.operation_timeout.unwrap_or(Duration::from_secs(30)))?;
            if is_new || !options.read_only {
                db.execute_batch(SETUP)?;
            }
            db.pragma_update(None, "query_only", options.read_only)?;
            Ok(db)
        };
        let db = open().map_err(|error| failed("open", error))?;
        Ok(Arc::new(Sqlite(Mutex::new(Some(db)))))
    }

    fn config_keys(&self) -> Vec<ConfigKey> {
        vec![ConfigKey {
            name: "sqlite.path".to_owned(),
            aliases: Vec::new(),
            default: None,
            secret: false,
            description: "the database's file; made if it is not there".to_owned(),
        }]
    }
}

struct Sqlite(Mutex<Option<Connection>>);

fn failed(operation: &'static str, error: rusqlite::Error) -> Error {
    let (kind, outcome) = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => (ErrorKind::NoSpace, Outcome::NotApplied),
        Some(ErrorCode::ReadOnly) => (ErrorKind::ReadOnly, Outcome::NotApplied),
        Some(ErrorCode::CannotOpen) => (ErrorKind::PermissionDenied, Outcome::NotApplied),
        Some(ErrorCode::DatabaseBusy) => (ErrorKind::Unavailable, Outcome::NotApplied),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            (ErrorKind::Corrupt, Outcome::NotApplied)
        }
        _ => (ErrorKind::Unexpected, Outcome::Unknown),
    };
    Error::new(kind, operation, error.to_string()).with_outcome(outcome)
}

impl Sqlite {
    fn transaction<T>(
        &self,
        operation: &'static str,
        behavior: TransactionBehavior,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T> {
        let mut db = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let closed = || Error::new(ErrorKind::Closed, operation, "the storage was closed");
        let run = |db: &mut Connection| {
            let transaction = db.transaction_with_behavior(behavior)?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        };
        run(db.as_mut().ok_or_else(closed)?).map_err(|error| failed(operation, error))
    }
}

fn entry(job: &JobId, name: CheckpointName, size: u64) -> CheckpointEntry {
    CheckpointEntry { job_id: job.clone(), name, size, integrity: Integrity::NoChecksum }
}

#[async_trait]
impl CheckpointStorage for Sqlite {
    async fn store(&self, state: PipelineState) -> Result<CheckpointEntry> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let (job, states) = (state.job_id.as_str(), state.states.as_deref());
        let name = self.transaction("store", WRITE, |db| {
            let newest = "SELECT max(timestamp_ms) FROM checkpoints WHERE job = ?1";
            let newest = db.query_row(newest, [job], |row| row.get(0))?;
            let name = CheckpointName {
                timestamp_ms: next_timestamp(now as u64, newest).unwrap_or(u64::MAX),
                random: CheckpointName::random_part(fastrand::u64(..), state.kind),
                pipeline_id: state.pipeline_id,
                checkpoint_id: state.checkpoint_id,
            };
            db.execute(
                "INSERT INTO checkpoints VALUES (?1, ?2, ?3, ?4)",
                params![job, name.to_string(), name.timestamp_ms, states],
            )?;
            Ok(name)
        })?;
        Ok(entry(&state.job_id, name, states.map_or(0, <[u8]>::len) as u64))
    }

    async fn list(&self, job: &JobId, query: &ListQuery) -> Result<Vec<CheckpointEntry>> {
        let rows: Vec<(String, u64)> = self.transaction("list", READ, |db| {
            db.prepare("SELECT name, ifnull(length(states), 0) FROM checkpoints WHERE job = ?1")?
                .query_map([job.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })?;
        let entries = rows.into_iter().map(|(name, size)| Ok(entry(job, name.parse()?, size)));
        Ok(query.select(entries.collect::<Result<_>>()?))
    }

    async fn read(&self, job: &JobId, name: &CheckpointName) -> Result<Checkpoint> {
        let states: Option<Option<Vec<u8>>> = self.transaction("read", READ, |db| {
            db.prepare("SELECT states FROM checkpoints WHERE job = ?1 AND name = ?2")?
                .query_row([job.as_str(), &name.to_string()], |row| row.get(0))
                .optional()
        })?;
        let states = states.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "read", "no such checkpoint is stored")
                .with_subject(format_args!("job {job} {name}"))
        })?;
        let entry = entry(job, *name, states.as_ref().map_or(0, Vec::len) as u64);
        Ok(Checkpoint { entry, states: states.map(Into::into) })
    }

    async fn delete_names(&self, job: &JobId, names: &[CheckpointName]) -> Result<DeleteReport> {
        self.transaction("delete", WRITE, |db| {
            let mut report = DeleteReport::default();
            for name in names {
                let delete = "DELETE FROM checkpoints WHERE job = ?1 AND name = ?2";
                let was_there = db.execute(delete, [job.as_str(), &name.to_string()])? > 0;
                if was_there { &mut report.deleted } else { &mut report.missing }.push(*name);
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
        let jobs: Vec<String> = self.transaction("list the jobs", READ, |db| {
            db.prepare("SELECT DISTINCT job FROM checkpoints ORDER BY job")?
                .query_map([], |row| row.get(0))?
                .collect()
        })?;
        jobs.into_iter().map(JobId::new).collect()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::SAVEPOINT | Capabilities::TELLS_MISSING
    }

    async fn close(&self) -> Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
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
