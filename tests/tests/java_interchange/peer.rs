//! A storage plugin of the Java engine in a JVM of its own, called over its standard input.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use checkpoint_storage_tests::{cargo, repository, run, skip};

/// Set by `cargo xtask test`: the folder of the Java peer's jars.
const PEER: &str = "CHECKPOINT_STORAGE_JAVA_PEER";
/// Set by `cargo xtask test` where there can be no Java peer: why not.
const WITHOUT: &str = "CHECKPOINT_STORAGE_WITHOUT_JAVA";

/// A storage plugin of the Java engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plugin {
    /// `hdfs`, by way of Hadoop's local file system: keeps checksums in sidecars.
    Hdfs,
    /// `localfile`.
    LocalFile,
}

impl Plugin {
    pub(crate) const ALL: [Self; 2] = [Self::Hdfs, Self::LocalFile];

    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Hdfs => &["hdfs", "storage.type=hdfs", "fs.defaultFS=file:///"],
            Self::LocalFile => &["localfile"],
        }
    }
}

/// Where the jars are; `None`, and the reason shown, where the test is to be skipped. Without word
/// from `cargo xtask test` they are built, or the test fails.
pub(crate) fn jars() -> Option<&'static Path> {
    static JARS: OnceLock<PathBuf> = OnceLock::new();
    if let Ok(reason) = std::env::var(WITHOUT) {
        skip(&reason);
        return None;
    }
    Some(JARS.get_or_init(|| match std::env::var_os(PEER) {
        Some(jars) => jars.into(),
        None => {
            let mut command = cargo();
            command.current_dir(repository());
            command.args(["run", "--quiet", "--locked", "--package", "xtask", "--", "java-peer"]);
            let output = run(&mut command);
            String::from_utf8(output.stdout).expect("UTF-8").trim_end().into()
        }
    }))
}

/// What Java says of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct State {
    pub(crate) job: String,
    pub(crate) pipeline: i32,
    pub(crate) checkpoint: i64,
    pub(crate) states: Option<Vec<u8>>,
}

impl State {
    pub(crate) fn new(job: &str, pipeline: i32, checkpoint: i64, states: Option<&[u8]>) -> Self {
        Self { job: job.to_owned(), pipeline, checkpoint, states: states.map(<[u8]>::to_vec) }
    }

    fn parse(line: &str) -> Self {
        let fields: Vec<_> = line.split('\t').collect();
        let [job, pipeline, checkpoint, states] = fields[..] else { panic!("an answer of {line}") };
        Self {
            job: job.to_owned(),
            pipeline: pipeline.parse().expect("a number"),
            checkpoint: checkpoint.parse().expect("a number"),
            states: (states != "null").then(|| from_hex(states)),
        }
    }
}

fn from_hex(text: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal");
    (0..text.len()).step_by(2).map(byte).collect()
}

fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A JVM with an open storage, as an engine would hold it: the `hdfs` plugin is one per JVM.
pub(crate) struct Java {
    child: Child,
    calls: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Java {
    pub(crate) fn open(jars: &Path, plugin: Plugin, namespace: &Path) -> Self {
        Self::open_by(Command::new("java"), jars, plugin, namespace)
    }

    /// `launcher` starts `java`, as another user for example.
    pub(crate) fn open_by(
        launcher: Command,
        jars: &Path,
        plugin: Plugin,
        namespace: &Path,
    ) -> Self {
        Self::open_keyed(launcher, jars, plugin, "namespace", namespace)
    }

    /// `key` gives the namespace.
    pub(crate) fn open_keyed(
        mut launcher: Command,
        jars: &Path,
        plugin: Plugin,
        key: &str,
        namespace: &Path,
    ) -> Self {
        launcher
            // In the locale `C` a JVM cannot write the names of most job ids.
            .env("LC_ALL", "C.UTF-8")
            .args(["-Xmx256m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp"])
            .arg(jars.join("*"))
            .arg("Peer")
            .args(plugin.arguments())
            .arg(format!("{key}={}", namespace.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = launcher.spawn().unwrap_or_else(|error| panic!("{launcher:?}: {error}"));
        let calls = child.stdin.take().expect("piped");
        let answers = BufReader::new(child.stdout.take().expect("piped"));
        Self { child, calls, answers }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        let len = self.answers.read_line(&mut line).expect("UTF-8");
        assert!(len > 0, "the JVM ended: {:?}", self.child.wait());
        line.trim_end_matches('\n').to_owned()
    }

    /// The lines of an answer, or what was thrown.
    fn call(&mut self, fields: &[&str]) -> Result<Vec<String>, String> {
        writeln!(self.calls, "{}", fields.join("\t")).expect("the JVM reads");
        let line = self.line();
        match line.split_once('\t') {
            Some(("ok", count)) => {
                Ok((0..count.parse().expect("a number")).map(|_| self.line()).collect())
            }
            Some(("error", thrown)) => Err(thrown.to_owned()),
            _ => panic!("an answer of {line}"),
        }
    }

    fn states(&mut self, fields: &[&str]) -> Result<Vec<State>, String> {
        let mut states: Vec<_> = self.call(fields)?.iter().map(|line| State::parse(line)).collect();
        // Java gives them as the directory lists them.
        states.sort();
        Ok(states)
    }

    fn one(&mut self, fields: &[&str]) -> Result<Option<State>, String> {
        self.states(fields).map(|states| states.into_iter().next())
    }

    /// Stores, and gives the file's name.
    pub(crate) fn store(&mut self, state: &State) -> Result<String, String> {
        // Java takes its time stamps from the clock as it is: it does not order what it stores
        // within a millisecond.
        std::thread::sleep(Duration::from_millis(2));
        let states = state.states.as_deref().map_or("null".to_owned(), to_hex);
        let (pipeline, checkpoint) = (state.pipeline.to_string(), state.checkpoint.to_string());
        let stored = self.call(&["store", &state.job, &pipeline, &checkpoint, &states])?;
        // The `localfile` plugin gives the whole path.
        Ok(stored[0].rsplit('/').next().unwrap_or_default().to_owned())
    }

    pub(crate) fn all(&mut self, job: &str) -> Result<Vec<State>, String> {
        self.states(&["all", job])
    }

    pub(crate) fn of_pipeline(&mut self, job: &str, pipeline: i32) -> Result<Vec<State>, String> {
        self.states(&["pipeline", job, &pipeline.to_string()])
    }

    pub(crate) fn latest(&mut self, job: &str) -> Result<Vec<State>, String> {
        self.states(&["latest", job])
    }

    pub(crate) fn latest_of_pipeline(
        &mut self,
        job: &str,
        pipeline: i32,
    ) -> Result<Option<State>, String> {
        self.one(&["latest-of-pipeline", job, &pipeline.to_string()])
    }

    pub(crate) fn get(&mut self, job: &str, pipeline: i32, id: i64) -> Result<State, String> {
        let state = self.one(&["get", job, &pipeline.to_string(), &id.to_string()])?;
        Ok(state.expect("Java throws where there is none"))
    }

    pub(crate) fn delete(&mut self, job: &str, pipeline: i32, ids: &[i64]) -> Result<(), String> {
        let ids: Vec<_> = ids.iter().map(i64::to_string).collect();
        let pipeline = pipeline.to_string();
        let fields: Vec<&str> =
            ["delete", job, &pipeline].into_iter().chain(ids.iter().map(String::as_str)).collect();
        self.call(&fields).map(drop)
    }

    pub(crate) fn delete_job(&mut self, job: &str) -> Result<(), String> {
        self.call(&["delete-job", job]).map(drop)
    }
}

impl Drop for Java {
    fn drop(&mut self) {
        // It holds nothing that an end could lose.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
