//! A storage plugin of the Java engine in a JVM of its own, called over its standard input.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use super::State;

/// A JVM with an open storage, as an engine would hold it: the `hdfs` plugin is one per JVM.
pub struct Java {
    child: Child,
    calls: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// What a call gives, or what was thrown.
type Answer<T> = Result<T, String>;

impl Java {
    /// Opens the engine's plugin of this name, from the jars in these folders, with these keys and
    /// values.
    pub fn open(jars: &[&Path], plugin: &str, config: &[(&str, &str)]) -> Self {
        Self::open_by(Command::new("java"), jars, plugin, config)
    }

    /// `launcher` starts `java`, as another user for example.
    pub fn open_by(
        mut launcher: Command,
        jars: &[&Path],
        plugin: &str,
        config: &[(&str, &str)],
    ) -> Self {
        let jars: Vec<_> = jars.iter().map(|folder| folder.join("*")).collect();
        launcher
            // In the locale `C` a JVM cannot write the names of most job ids.
            .env("LC_ALL", "C.UTF-8")
            .args(["-Xmx256m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp"])
            .arg(std::env::join_paths(jars).expect("no folder has a colon"))
            .args(["Peer", plugin])
            .args(config.iter().map(|(key, value)| format!("{key}={value}")))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        // The arguments may hold secrets.
        let program = launcher.get_program().to_owned();
        let mut child = launcher.spawn().unwrap_or_else(|error| panic!("{program:?}: {error}"));
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

    fn send(&mut self, fields: &[&str]) {
        writeln!(self.calls, "{}", fields.join("\t")).expect("the JVM reads");
    }

    /// The lines of an answer.
    fn call(&mut self, fields: &[&str]) -> Answer<Vec<String>> {
        self.send(fields);
        self.answer()
    }

    fn answer(&mut self) -> Answer<Vec<String>> {
        let line = self.line();
        match line.split_once('\t') {
            Some(("ok", count)) => {
                Ok((0..count.parse().expect("a number")).map(|_| self.line()).collect())
            }
            Some(("error", thrown)) => Err(thrown.to_owned()),
            _ => panic!("an answer of {line}"),
        }
    }

    fn states(&mut self, fields: &[&str]) -> Answer<Vec<State>> {
        let mut states: Vec<_> = self.call(fields)?.iter().map(|line| State::parse(line)).collect();
        // Java gives them as the directory lists them.
        states.sort();
        Ok(states)
    }

    fn one(&mut self, fields: &[&str]) -> Answer<Option<State>> {
        self.states(fields).map(|states| states.into_iter().next())
    }

    /// Stores, and gives the file's name.
    pub fn store(&mut self, state: &State) -> Answer<String> {
        // Java takes its time stamps from the clock as it is: it does not order what it stores
        // within a millisecond.
        std::thread::sleep(Duration::from_millis(2));
        self.begin_to_store(state);
        let stored = self.answer()?;
        // The `localfile` plugin gives the whole path.
        Ok(stored[0].rsplit('/').next().unwrap_or_default().to_owned())
    }

    /// Lets it store without waiting for its answer: one that is dropped then is killed while it
    /// stores.
    pub fn begin_to_store(&mut self, state: &State) {
        let (pipeline, checkpoint) = (state.pipeline.to_string(), state.checkpoint.to_string());
        self.send(&["store", &state.job, &pipeline, &checkpoint, &state.states_in_hex()]);
    }

    /// All checkpoints of a job.
    pub fn all(&mut self, job: &str) -> Answer<Vec<State>> {
        self.states(&["all", job])
    }

    /// All checkpoints of a pipeline.
    pub fn of_pipeline(&mut self, job: &str, pipeline: i32) -> Answer<Vec<State>> {
        self.states(&["pipeline", job, &pipeline.to_string()])
    }

    /// The latest checkpoint of each pipeline.
    pub fn latest(&mut self, job: &str) -> Answer<Vec<State>> {
        self.states(&["latest", job])
    }

    /// The latest checkpoint of a pipeline.
    pub fn latest_of_pipeline(&mut self, job: &str, pipeline: i32) -> Answer<Option<State>> {
        self.one(&["latest-of-pipeline", job, &pipeline.to_string()])
    }

    /// One checkpoint; Java throws where there is none.
    pub fn get(&mut self, job: &str, pipeline: i32, id: i64) -> Answer<State> {
        let state = self.one(&["get", job, &pipeline.to_string(), &id.to_string()])?;
        Ok(state.expect("Java throws where there is none"))
    }

    /// Deletes checkpoints of a pipeline.
    pub fn delete(&mut self, job: &str, pipeline: i32, ids: &[i64]) -> Answer<()> {
        let ids: Vec<_> = ids.iter().map(i64::to_string).collect();
        let pipeline = pipeline.to_string();
        let fields: Vec<&str> =
            ["delete", job, &pipeline].into_iter().chain(ids.iter().map(String::as_str)).collect();
        self.call(&fields).map(drop)
    }

    /// Deletes a job.
    pub fn delete_job(&mut self, job: &str) -> Answer<()> {
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
