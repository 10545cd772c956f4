//! A bucket on MinIO, and the command line with credentials from where a test says.

use std::cell::{Cell, RefCell};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use checkpoint_storage_tests::configuration::{Configuration, lines};
use checkpoint_storage_tests::s3::{S3Server, S3Setup, TemporaryKeys, minio};

pub(crate) const PROVIDER: &str = "fs.s3a.aws.credentials.provider";
pub(crate) const ACCESS_KEY: &str = "fs.s3a.access.key";
pub(crate) const SECRET_KEY: &str = "fs.s3a.secret.key";
pub(crate) const TOKEN: &str = "fs.s3a.session.token";

/// Exit codes.
pub(crate) const FAILED: i32 = 1;
pub(crate) const CONFIGURATION: i32 = 2;

/// Where nobody listens.
pub(crate) const NOWHERE: &str = "http://127.0.0.1:1";
/// What fails does so long before the time-out of an operation.
const FEW_SECONDS: Duration = Duration::from_secs(10);
/// What every secret that the tests choose holds.
const MARK: &str = "hush";

/// Environment variables of one run.
pub(crate) type Variables<'a> = &'a [(&'a str, &'a str)];

/// A bucket of its own.
pub(crate) struct Place {
    setup: S3Setup,
    /// Secrets that the tests do not choose.
    secrets: RefCell<Vec<String>>,
    stored: Cell<u32>,
}

impl Place {
    /// `None`, and the reason shown, where the test is to be skipped.
    pub(crate) fn new() -> Option<Self> {
        let setup = S3Setup::new(minio()?);
        let secrets = RefCell::new(vec![setup.server.secret_key.clone()]);
        Some(Self { setup, secrets, stored: Cell::new(0) })
    }

    pub(crate) fn server(&self) -> &S3Server {
        &self.setup.server
    }

    pub(crate) fn bucket(&self) -> &str {
        &self.setup.bucket
    }

    /// A file of the test's own.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.setup.folder().join(name)
    }

    /// Temporary keys, which no output may show from now on.
    pub(crate) fn temporary_keys(&self) -> TemporaryKeys {
        self.temporary_keys_for(None)
    }

    /// The same, for what a policy allows.
    pub(crate) fn temporary_keys_for(&self, policy: Option<String>) -> TemporaryKeys {
        let keys = block_on(TemporaryKeys::new(self.server(), policy));
        self.secrets.borrow_mut().extend([keys.secret.clone(), keys.token.clone()]);
        keys
    }

    /// Configures the bucket, its server, and these keys.
    pub(crate) fn configure(&self, more: &[(&str, &str)]) {
        let place = [("s3.bucket", self.bucket()), ("fs.s3a.endpoint", &self.server().endpoint)];
        let keys = [("storage-type", "s3")].iter().chain(&place).chain(more);
        let plugin = lines(keys.copied());
        let configuration =
            Configuration { storage: "type: hdfs", plugin: &plugin, ..Configuration::default() };
        self.write_configuration(&configuration.yaml());
    }

    pub(crate) fn write_configuration(&self, yaml: &str) {
        self.setup.write_configuration(yaml);
    }

    /// The command line, which finds credentials nowhere but where `variables` say.
    pub(crate) fn command(&self, arguments: &[&str], variables: Variables<'_>) -> Command {
        let mut command = self.setup.command(arguments);
        command
            .env("HOME", self.path("no-home"))
            .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", NOWHERE)
            .env_remove("HADOOP_CREDSTORE_PASSWORD")
            .envs(variables.iter().copied());
        command
    }

    /// Stores a checkpoint and reads it back, with all that can be shown about it.
    pub(crate) fn stores(&self, variables: Variables<'_>) {
        let id = self.stored.get() + 1;
        self.stored.set(id);
        let (id, states) = (id.to_string(), format!("states {id}"));
        let stored = self.run(&["-vv", "store", "job", "1", &id], variables, &states);
        assert_eq!(stored.status.code(), Some(0), "{}", said(&stored));
        let name = String::from_utf8_lossy(&stored.stdout).trim().to_owned();
        let read = self.run(&["-vv", "get", "job", "1", &id], variables, "");
        assert_eq!(read.status.code(), Some(0), "{}", said(&read));
        assert_eq!(String::from_utf8_lossy(&read.stdout), states);

        let key = format!("seatunnel/checkpoint/job/{name}");
        let client = self.server().client();
        let object = client.head_object().bucket(self.bucket()).key(key).send();
        block_on(object).expect("it is in the bucket");
    }

    /// Fails to store, in a few seconds and with nothing on standard output; the error holds these
    /// parts.
    pub(crate) fn refused(&self, variables: Variables<'_>, code: i32, parts: &[&str]) {
        let began = Instant::now();
        let output = self.run(&["-vv", "store", "job", "1", "1"], variables, "states");
        let taken = began.elapsed();
        let said = said(&output);
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(output.stdout.is_empty() && taken < FEW_SECONDS, "{taken:?} {said}");
        let error = said.find("error: ").map(|at| &said[at..]);
        let error = error.unwrap_or_else(|| panic!("no error in {said}"));
        for part in parts {
            assert!(error.contains(part), "no {part:?} in {error}");
        }
    }

    /// Runs a command to its end. It must not show a secret, whatever becomes of it.
    pub(crate) fn run(&self, arguments: &[&str], variables: Variables<'_>, input: &str) -> Output {
        let mut child = self
            .command(arguments, variables)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        // A command that refuses its configuration reads nothing.
        let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
        let output = child.wait_with_output().expect("ended");
        for stream in [&output.stdout, &output.stderr] {
            let said = String::from_utf8_lossy(stream);
            let secrets = self.secrets.borrow();
            let secrets = secrets.iter().map(String::as_str).chain([MARK]);
            let first = secrets.filter_map(|secret| said.find(secret)).min();
            assert_eq!(first.map(|at| &said[..at]), None, "a secret is shown after this");
            assert!(!said.contains("panicked"), "{said}");
        }
        output
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Waits for what a bare client does.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(future)
}
