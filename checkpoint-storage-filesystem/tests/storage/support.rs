//! A file system in memory that fails on demand, and what the tests have in common.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};
use checkpoint_storage_api::{
    CheckpointEntry, CheckpointName, CheckpointReader, Error, ErrorKind, HealthOptions, HealthStep,
    JobId, PipelineState, Result, async_trait,
};
use checkpoint_storage_filesystem::codec::{self, Encoded, Seal};
use checkpoint_storage_filesystem::{
    ChunkReader, Directory, Environment, FileEntry, FileSystem, FileSystemStorage, FileType,
    StorageOptions, Upload, Writer, naming,
};
use tokio::sync::Semaphore;

/// The time that the tests begin with.
pub(crate) const NOW_MS: u64 = 1_795_474_038_044;

/// How many publications may run at once; who takes all of these permits holds up every one.
pub(crate) const PUBLICATIONS: u32 = 100;

#[derive(Clone)]
struct File {
    bytes: Bytes,
    file_type: FileType,
    modified: SystemTime,
}

#[derive(Default)]
struct State {
    /// The namespace's own files are those of the directory `""`.
    directories: BTreeMap<String, BTreeMap<String, File>>,
    writers: HashMap<String, Writer>,
    uploads: Vec<FileEntry>,
    faults: HashMap<&'static str, VecDeque<ErrorKind>>,
    calls: HashMap<&'static str, usize>,
    published_states: Option<usize>,
    health_asked: Option<HealthOptions>,
}

/// A file system in memory; clones share it.
#[derive(Clone)]
pub(crate) struct Memory {
    state: Arc<Mutex<State>>,
    /// A publication takes a permit, so that a test can hold it up.
    pub(crate) publications: Arc<Semaphore>,
}

impl Memory {
    pub(crate) fn new() -> Self {
        Self {
            state: Arc::default(),
            publications: Arc::new(Semaphore::new(PUBLICATIONS as usize)),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics while it holds the lock")
    }

    /// Counts a call, and lets it fail if that was asked for.
    fn enter(&self, operation: &'static str) -> Result<()> {
        let mut state = self.state();
        *state.calls.entry(operation).or_default() += 1;
        match state.faults.get_mut(operation).and_then(VecDeque::pop_front) {
            Some(kind) => Err(Error::new(kind, operation, "injected")),
            None => Ok(()),
        }
    }

    /// Lets the next call of `operation` fail.
    pub(crate) fn fail_next(&self, operation: &'static str, kind: ErrorKind) {
        self.state().faults.entry(operation).or_default().push_back(kind);
    }

    pub(crate) fn calls(&self, operation: &str) -> usize {
        self.state().calls.get(operation).copied().unwrap_or_default()
    }

    /// Puts a file there, last written at [`NOW_MS`].
    pub(crate) fn put(&self, directory: &str, name: &str, bytes: impl Into<Bytes>) {
        self.put_special(directory, name, FileType::Regular, Duration::ZERO, bytes.into());
    }

    /// Puts a regular file there that was last written `age` before [`NOW_MS`].
    pub(crate) fn put_old(&self, directory: &str, name: &str, age: Duration) {
        self.put_special(directory, name, FileType::Regular, age, Bytes::from_static(b"old"));
    }

    /// Puts something there that is no regular file.
    pub(crate) fn put_irregular(&self, directory: &str, name: &str, file_type: FileType) {
        self.put_special(directory, name, file_type, Duration::ZERO, Bytes::new());
    }

    fn put_special(&self, dir: &str, name: &str, file_type: FileType, age: Duration, bytes: Bytes) {
        let modified = UNIX_EPOCH + Duration::from_millis(NOW_MS) - age;
        let file = File { bytes, file_type, modified };
        self.state().directories.entry(dir.to_owned()).or_default().insert(name.to_owned(), file);
    }

    pub(crate) fn set_writer(&self, name: &str, writer: Writer) {
        self.state().writers.insert(name.to_owned(), writer);
    }

    pub(crate) fn add_upload(&self, name: &str, age: Duration) {
        let modified = UNIX_EPOCH + Duration::from_millis(NOW_MS) - age;
        let (name, file_type) = (name.to_owned(), FileType::Other);
        self.state().uploads.push(FileEntry { name, file_type, size: 0, modified });
    }

    pub(crate) fn names(&self, directory: &str) -> Vec<String> {
        let state = self.state();
        state.directories.get(directory).into_iter().flat_map(|d| d.keys().cloned()).collect()
    }

    pub(crate) fn bytes(&self, directory: &str, name: &str) -> Bytes {
        self.state().directories[directory][name].bytes.clone()
    }

    pub(crate) fn has_directory(&self, directory: &str) -> bool {
        self.state().directories.contains_key(directory)
    }

    /// Where in memory the states lay that were published last.
    pub(crate) fn published_states(&self) -> Option<usize> {
        self.state().published_states
    }

    pub(crate) fn health_asked(&self) -> Option<HealthOptions> {
        self.state().health_asked
    }

    fn file(&self, job: &JobId, name: &CheckpointName) -> Result<Bytes> {
        let file = self
            .state()
            .directories
            .get(job.as_str())
            .and_then(|directory| directory.get(&name.to_string()).cloned());
        match file {
            Some(file) if file.file_type == FileType::Regular => Ok(file.bytes),
            _ => Err(Error::new(ErrorKind::NotFound, "read", "no such file")),
        }
    }

    fn insert_new(&self, job: &JobId, name: &CheckpointName, bytes: Bytes) -> Result<()> {
        if self.names(job.as_str()).contains(&name.to_string()) {
            return Err(Error::new(ErrorKind::AlreadyExists, "store", "taken"));
        }
        self.put(job.as_str(), &name.to_string(), bytes);
        Ok(())
    }
}

fn key(directory: Directory<'_>) -> &str {
    match directory {
        Directory::Namespace => "",
        Directory::Job(job) => job.as_str(),
    }
}

#[async_trait]
impl FileSystem for Memory {
    fn check_job_id(&self, job: &JobId) -> Result<()> {
        if job.as_str().contains(':') {
            return Err(Error::new(ErrorKind::InvalidInput, "use job id", "it contains ':'"));
        }
        Ok(())
    }

    fn describe(&self, directory: Directory<'_>, file_name: Option<&str>) -> String {
        format!("memory:/{}", directory.path_of(file_name.unwrap_or_default()))
    }

    async fn list(
        &self,
        directory: Directory<'_>,
        start_after: Option<&str>,
    ) -> Result<Vec<FileEntry>> {
        self.enter("list")?;
        let state = self.state();
        let files = state.directories.get(key(directory)).into_iter().flatten();
        let mut entries: Vec<_> = files
            .map(|(name, file)| FileEntry {
                name: name.clone(),
                file_type: file.file_type,
                size: file.bytes.len() as u64,
                modified: file.modified,
            })
            .filter(|entry| {
                !(entry.is_checkpoint() && start_after.is_some_and(|bound| &*entry.name < bound))
            })
            .collect();
        if directory == Directory::Namespace {
            entries.extend(state.directories.keys().filter(|name| !name.is_empty()).map(|name| {
                let (file_type, modified) = (FileType::Directory, UNIX_EPOCH);
                FileEntry { name: name.clone(), file_type, size: 0, modified }
            }));
        }
        Ok(entries)
    }

    async fn publish(&self, job: &JobId, name: &CheckpointName, body: Encoded) -> Result<()> {
        self.enter("publish")?;
        let _permit = self.publications.acquire().await.expect("never closed");
        let mut bytes = BytesMut::new();
        body.parts().for_each(|part| bytes.extend_from_slice(part));
        self.state().published_states = body.states.map(|states| states.as_ptr() as usize);
        self.insert_new(job, name, bytes.freeze())
    }

    async fn begin_publish(
        &self,
        job: &JobId,
        name: &CheckpointName,
        total_len: u64,
    ) -> Result<Box<dyn Upload>> {
        self.enter("begin_publish")?;
        let memory = self.clone();
        Ok(Box::new(MemoryUpload {
            memory,
            job: job.clone(),
            name: *name,
            total_len,
            bytes: BytesMut::new(),
        }))
    }

    async fn read(&self, job: &JobId, name: &CheckpointName) -> Result<Bytes> {
        self.enter("read")?;
        self.file(job, name)
    }

    async fn open(&self, job: &JobId, name: &CheckpointName) -> Result<Box<dyn ChunkReader>> {
        self.enter("open")?;
        let bytes = self.file(job, name)?;
        Ok(Box::new(MemoryChunks { len: bytes.len() as u64, rest: bytes }))
    }

    async fn delete(&self, job: &JobId, names: &[CheckpointName]) -> Result<Vec<Result<bool>>> {
        let delete = |name: &CheckpointName| {
            self.enter("delete")?;
            let mut state = self.state();
            let directory = state.directories.entry(job.as_str().to_owned()).or_default();
            directory.remove(&naming::sidecar(name));
            Ok(directory.remove(&name.to_string()).is_some())
        };
        Ok(names.iter().map(delete).collect())
    }

    async fn remove_directory(&self, job: &JobId) -> Result<bool> {
        self.enter("remove_directory")?;
        let mut state = self.state();
        let empty = state.directories.get(job.as_str()).is_some_and(BTreeMap::is_empty);
        if empty {
            state.directories.remove(job.as_str());
        }
        Ok(empty)
    }

    async fn quarantine(&self, job: &JobId, name: &CheckpointName) -> Result<String> {
        let bytes = self.file(job, name)?;
        let to = naming::quarantined(name);
        self.put(job.as_str(), &to, bytes);
        self.delete(job, &[*name]).await?;
        Ok(self.describe(Directory::Job(job), Some(&to)))
    }

    async fn writers(&self, _directory: Directory<'_>, names: &[&str]) -> Result<Vec<Writer>> {
        self.enter("writers")?;
        let state = self.state();
        let writer = |name: &&str| state.writers.get(*name).copied().unwrap_or(Writer::Unknown);
        Ok(names.iter().map(writer).collect())
    }

    async fn uploads(&self, job: Option<&JobId>) -> Result<Vec<(JobId, FileEntry)>> {
        self.enter("uploads")?;
        let of = job.cloned().unwrap_or_else(|| JobId::new("1").expect("valid"));
        Ok(self.state().uploads.iter().map(|upload| (of.clone(), upload.clone())).collect())
    }

    async fn reclaim(&self, directory: Directory<'_>, name: &str) -> Result<bool> {
        self.enter("reclaim")?;
        let mut state = self.state();
        let uploads = state.uploads.len();
        state.uploads.retain(|upload| upload.name != name);
        if state.uploads.len() < uploads {
            return Ok(true);
        }
        let files = state.directories.get_mut(key(directory));
        Ok(files.is_some_and(|files| files.remove(name).is_some()))
    }

    async fn health(&self, options: HealthOptions) -> Result<Vec<HealthStep>> {
        self.state().health_asked = Some(options);
        Ok(Vec::new())
    }

    async fn close(&self) -> Result<()> {
        self.enter("close")
    }
}

struct MemoryUpload {
    memory: Memory,
    job: JobId,
    name: CheckpointName,
    total_len: u64,
    bytes: BytesMut,
}

#[async_trait]
impl Upload for MemoryUpload {
    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.memory.enter("write")?;
        self.bytes.extend_from_slice(&chunk);
        Ok(())
    }

    async fn finish(self: Box<Self>) -> Result<()> {
        assert_eq!(self.bytes.len() as u64, self.total_len, "another length was announced");
        self.memory.insert_new(&self.job, &self.name, self.bytes.freeze())
    }
}

struct MemoryChunks {
    len: u64,
    rest: Bytes,
}

#[async_trait]
impl ChunkReader for MemoryChunks {
    fn file_len(&self) -> u64 {
        self.len
    }

    async fn next_chunk(&mut self, max_len: usize) -> Result<Option<Bytes>> {
        let len = max_len.min(self.rest.len());
        Ok((len > 0).then(|| self.rest.split_to(len)))
    }
}

/// A storage in memory with a clock that the test sets.
pub(crate) struct Fixture {
    pub(crate) memory: Memory,
    pub(crate) storage: Arc<FileSystemStorage<Memory>>,
    clock_ms: Arc<AtomicU64>,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self::over(Memory::new(), false)
    }

    pub(crate) fn over(memory: Memory, read_only: bool) -> Self {
        let clock_ms = Arc::new(AtomicU64::new(NOW_MS));
        let clock = Arc::clone(&clock_ms);
        let drawn = AtomicU64::new(0);
        let environment = Environment::new(
            move || UNIX_EPOCH + Duration::from_millis(clock.load(Ordering::SeqCst)),
            move || drawn.fetch_add(1, Ordering::SeqCst),
        );
        let options = StorageOptions { read_only, environment };
        let storage = Arc::new(FileSystemStorage::new(memory.clone(), options));
        Self { memory, storage, clock_ms }
    }

    pub(crate) fn set_clock(&self, now_ms: u64) {
        self.clock_ms.store(now_ms, Ordering::SeqCst);
    }
}

pub(crate) fn job(id: &str) -> JobId {
    JobId::new(id).expect("valid")
}

pub(crate) fn name(text: &str) -> CheckpointName {
    text.parse().expect("a checkpoint's name")
}

pub(crate) fn state(
    job_id: &str,
    pipeline: i32,
    checkpoint: i64,
    states: &'static [u8],
) -> PipelineState {
    PipelineState::new(job(job_id), pipeline, checkpoint, Bytes::from_static(states))
}

/// The bytes of a state's file.
pub(crate) fn file(state: &PipelineState, seal: Seal) -> Vec<u8> {
    codec::encode(state, seal).parts().flat_map(|part| part.to_vec()).collect()
}

/// A source that is no storage's: gives `chunks` and says what it was told to say.
pub(crate) struct Source {
    pub(crate) entry: CheckpointEntry,
    pub(crate) states_len: Option<u64>,
    pub(crate) chunks: VecDeque<Result<Bytes>>,
}

#[async_trait]
impl CheckpointReader for Source {
    fn entry(&self) -> &CheckpointEntry {
        &self.entry
    }

    fn states_len(&self) -> Option<u64> {
        self.states_len
    }

    async fn next_chunk(&mut self, _max_len: usize) -> Result<Option<Bytes>> {
        self.chunks.pop_front().transpose()
    }
}
