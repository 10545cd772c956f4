//! A plugin that keeps files in a directory, with the defect that its configuration (`mutant`)
//! asks for, and without it as it should be.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use checkpoint_storage_api::{
    CheckpointName, CheckpointStorage, CheckpointStorageFactory, Error, ErrorKind, HealthOptions,
    HealthStatus, HealthStep, JobId, OpenOptions, PluginConfig, Result, async_trait,
};
use checkpoint_storage_filesystem::codec::{self, Encoded};
use checkpoint_storage_filesystem::{
    ChunkReader, Directory, Environment, FileEntry, FileSystem, FileSystemStorage, FileType,
    StorageOptions, Upload, naming,
};

/// How long a checkpoint is half there: long enough for anybody to see it.
const HALF_WAY: Duration = Duration::from_millis(20);

/// What is wrong with a storage.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mutant {
    /// Nothing.
    None,
    /// It writes under a checkpoint's own name instead of renaming.
    NoRename,
    /// It does not look at what is stored before it names a checkpoint.
    NoOrder,
    /// It takes a corrupt checkpoint for none.
    CorruptAsMissing,
}

#[derive(Default)]
struct MutantFactory;

#[async_trait]
impl CheckpointStorageFactory for MutantFactory {
    async fn open(
        &self,
        config: PluginConfig,
        options: OpenOptions,
    ) -> Result<Arc<dyn CheckpointStorage>> {
        let invalid =
            |reason: &str| Error::new(ErrorKind::InvalidConfig, "open", reason.to_owned());
        let mutant = match config.get("mutant") {
            None => Mutant::None,
            Some("no-rename") => Mutant::NoRename,
            Some("no-order") => Mutant::NoOrder,
            Some("corrupt-as-missing") => Mutant::CorruptAsMissing,
            Some(_) => return Err(invalid("there is no such mutant")),
        };
        let namespace = config.get("path").ok_or_else(|| invalid("the key `path` is missing"))?;
        let files = Files { namespace: namespace.into(), mutant };
        let options =
            StorageOptions { read_only: options.read_only, environment: Environment::system() };
        Ok(Arc::new(FileSystemStorage::new(files, options)))
    }
}

/// Files in directories, written without care for power cuts.
#[derive(Clone)]
struct Files {
    namespace: PathBuf,
    mutant: Mutant,
}

impl Files {
    fn path(&self, directory: Directory<'_>, file_name: &str) -> PathBuf {
        self.namespace.join(directory.path_of(file_name))
    }

    fn checkpoint(&self, job: &JobId, name: &CheckpointName) -> PathBuf {
        self.path(Directory::Job(job), &name.to_string())
    }

    fn failed(
        &self,
        operation: &'static str,
        job: &JobId,
        name: &CheckpointName,
        error: &io::Error,
    ) -> Error {
        let kind = match error.kind() {
            io::ErrorKind::NotFound => ErrorKind::NotFound,
            io::ErrorKind::AlreadyExists => ErrorKind::AlreadyExists,
            _ => ErrorKind::Unexpected,
        };
        Error::new(kind, operation, error.to_string())
            .with_subject(self.checkpoint(job, name).display())
    }

    async fn write(&self, job: &JobId, name: &CheckpointName, bytes: &[u8]) -> io::Result<()> {
        let path = self.checkpoint(job, name);
        fs::create_dir_all(self.path(Directory::Job(job), ""))?;
        if self.mutant == Mutant::NoRename {
            let mut file = fs::File::create_new(path)?;
            let (half, rest) = bytes.split_at(bytes.len() / 2);
            file.write_all(half)?;
            tokio::time::sleep(HALF_WAY).await;
            return file.write_all(rest);
        }
        let temporary = naming::temporary(name, fastrand::u64(..));
        let temporary = self.path(Directory::Job(job), &temporary);
        fs::write(&temporary, bytes)?;
        // Unlike a rename it never replaces what is there.
        let linked = fs::hard_link(&temporary, path);
        fs::remove_file(temporary).and(linked)
    }
}

fn entry(of: &fs::DirEntry) -> io::Result<FileEntry> {
    let metadata = of.metadata()?;
    let file_type = match metadata.file_type() {
        it if it.is_file() => FileType::Regular,
        it if it.is_dir() => FileType::Directory,
        _ => FileType::Other,
    };
    let name = of.file_name().to_string_lossy().into_owned();
    let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    Ok(FileEntry { name, file_type, size: metadata.len(), modified })
}

#[async_trait]
impl FileSystem for Files {
    fn check_job_id(&self, job: &JobId) -> Result<()> {
        if job.as_str().len() <= 255 {
            return Ok(());
        }
        Err(Error::new(ErrorKind::InvalidInput, "use job id", "it is too long"))
    }

    fn describe(&self, directory: Directory<'_>, file_name: Option<&str>) -> String {
        self.path(directory, file_name.unwrap_or_default()).display().to_string()
    }

    async fn list(
        &self,
        directory: Directory<'_>,
        start_after: Option<&str>,
    ) -> Result<Vec<FileEntry>> {
        if self.mutant == Mutant::NoOrder && start_after.is_some() {
            return Ok(Vec::new());
        }
        let Ok(found) = fs::read_dir(self.path(directory, "")) else { return Ok(Vec::new()) };
        // What is gone by now is not there.
        Ok(found.filter_map(|of| of.and_then(|of| entry(&of)).ok()).collect())
    }

    async fn publish(&self, job: &JobId, name: &CheckpointName, body: Encoded) -> Result<()> {
        let bytes: Vec<u8> = body.parts().flatten().copied().collect();
        self.write(job, name, &bytes).await.map_err(|error| self.failed("store", job, name, &error))
    }

    async fn begin_publish(
        &self,
        job: &JobId,
        name: &CheckpointName,
        _total_len: u64,
    ) -> Result<Box<dyn Upload>> {
        Ok(Box::new(Collected {
            files: self.clone(),
            job: job.clone(),
            name: *name,
            bytes: Vec::new(),
        }))
    }

    async fn read(&self, job: &JobId, name: &CheckpointName) -> Result<Bytes> {
        let failed = |error| self.failed("read", job, name, &error);
        let bytes = fs::read(self.checkpoint(job, name)).map(Bytes::from).map_err(failed)?;
        if self.mutant == Mutant::CorruptAsMissing && codec::decode(&bytes).is_err() {
            return Err(failed(io::ErrorKind::NotFound.into()));
        }
        Ok(bytes)
    }

    async fn open(&self, job: &JobId, name: &CheckpointName) -> Result<Box<dyn ChunkReader>> {
        let rest = self.read(job, name).await?;
        Ok(Box::new(Whole { len: rest.len() as u64, rest }))
    }

    async fn delete(&self, job: &JobId, names: &[CheckpointName]) -> Result<Vec<Result<bool>>> {
        let delete = |name| match fs::remove_file(self.checkpoint(job, name)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(self.failed("delete", job, name, &error)),
        };
        Ok(names.iter().map(delete).collect())
    }

    async fn remove_directory(&self, job: &JobId) -> Result<bool> {
        Ok(fs::remove_dir(self.path(Directory::Job(job), "")).is_ok())
    }

    async fn quarantine(&self, job: &JobId, name: &CheckpointName) -> Result<String> {
        let place = self.path(Directory::Job(job), &naming::quarantined(name));
        fs::rename(self.checkpoint(job, name), &place)
            .map_err(|error| self.failed("quarantine", job, name, &error))?;
        Ok(place.display().to_string())
    }

    async fn reclaim(&self, directory: Directory<'_>, name: &str) -> Result<bool> {
        Ok(fs::remove_file(self.path(directory, name)).is_ok())
    }

    async fn health(&self, _: HealthOptions) -> Result<Vec<HealthStep>> {
        Ok(vec![HealthStep {
            name: "open".to_owned(),
            status: HealthStatus::Passed,
            detail: "it is open".to_owned(),
            advice: None,
            elapsed: Duration::ZERO,
        }])
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }
}

/// What is imported, until it is whole.
struct Collected {
    files: Files,
    job: JobId,
    name: CheckpointName,
    bytes: Vec<u8>,
}

#[async_trait]
impl Upload for Collected {
    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.bytes.extend_from_slice(&chunk);
        Ok(())
    }

    async fn finish(self: Box<Self>) -> Result<()> {
        let Self { files, job, name, bytes } = *self;
        files
            .write(&job, &name, &bytes)
            .await
            .map_err(|error| files.failed("import", &job, &name, &error))
    }
}

/// A file that was read whole.
struct Whole {
    len: u64,
    rest: Bytes,
}

#[async_trait]
impl ChunkReader for Whole {
    fn file_len(&self) -> u64 {
        self.len
    }

    async fn next_chunk(&mut self, max_len: usize) -> Result<Option<Bytes>> {
        let len = max_len.min(self.rest.len());
        Ok((len > 0).then(|| self.rest.split_to(len)))
    }
}

checkpoint_storage_api::export_plugin! {
    name: "mutant",
    factory: MutantFactory,
    storage_types: ["mutant"],
    schemes: [],
    blocking: true,
}
