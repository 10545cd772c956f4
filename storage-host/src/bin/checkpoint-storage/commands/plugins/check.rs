//! `plugins check`: whether a plugin does what every storage owes.

use std::path::PathBuf;
use std::sync::Arc;

use checkpoint_storage_api::{ConfigKey, OpenOptions, PluginConfig};
use checkpoint_storage_conformance::{CaseReport, FreshDirectories, Report, Subject, Suite};
use clap::Args;
use serde_json::Value;
use storage_host::{LoadedPlugin, Manifest};

use super::masked::Masked;
use super::setting::{DIRECTORY, Setting, filled, has_placeholder};
use super::{described, manifest_document};
use crate::output::Output;
use crate::stop::Stop;

/// The key of a namespace, which most plugins take.
const NAMESPACE: &str = "storageNameSpace";

#[derive(Args)]
#[command(after_help = "\
Runs the plugin's code, in storages with temporary directories: in values and in --files, {} stands
for the directory, another one in each case. A plugin that takes storageNameSpace has it set to {}
unless it is given. What a plugin stores elsewhere, in a bucket or on a server, stays there.

A case is unsupported if it needs --files, or an operation that the plugin does not announce: it is
counted, and has neither passed nor failed. docs/conformance.md lists the cases. Columns: case,
verdict, milliseconds, what is owed or why it did not pass. -v shows the plugin's warnings.

Exit codes: 0 no case failed, 1 a case failed, 2 the plugin, or its configuration, was rejected

Examples:
  checkpoint-storage plugins check plugins/libcheckpoint_storage_localfile.so --files {}
  checkpoint-storage plugins check libmine.so --set my.path={}/data --set my.user=test
  checkpoint-storage plugins check libmine.so --set my.path={} --only c5 --only c3-01")]
pub(super) struct CheckArgs {
    /// The plugin's library.
    file: PathBuf,
    /// Set a key of plugin-config; can be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// Where the jobs' directories lie, for the cases that lay or damage files; {} if the namespace
    /// is {}.
    #[arg(long, value_name = "DIR")]
    files: Option<String>,
    /// Run only the cases whose ids begin so; can be repeated.
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
}

pub(super) async fn run(output: &Output, args: CheckArgs) -> Result<(), Stop> {
    let suite = match args.only.as_slice() {
        [] => Suite::all(),
        only => Suite::all().only(&only.iter().map(String::as_str).collect::<Vec<_>>()),
    };
    if suite.cases().is_empty() {
        return Err(Stop::Usage("no case has such an id".to_owned()));
    }
    // Not by the parser of the command line, whose errors would show what was typed.
    let settings = args.settings.iter().map(|text| text.parse()).collect::<Result<Vec<_>, _>>();
    let settings: Vec<Setting> = settings.map_err(Stop::Usage)?;
    let plugin = LoadedPlugin::of_file(args.file)?;
    let (file, manifest) = (plugin.file().to_owned(), plugin.manifest().clone());
    let (_, own_api) = Manifest::own_api();
    let accepted = format!("accepted: API {} fits this host's {own_api}", manifest.api_version);
    output.note(&format!("{}\n{accepted}", described(&manifest)));

    let declared = plugin.config_keys()?;
    let masked = Masked::new(&settings, &declared);
    let settings = complete(settings, &declared)?;
    let subject = Arc::new(subject(plugin, settings, args.files));
    try_to_open(&*subject).await.map_err(|error| masked.error(&error))?;

    let report = masked.report(run_with_progress(suite, subject, output).await?);
    let document = || {
        let mut document = report.document();
        document["plugin"] = manifest_document(&file, &manifest);
        document
    };
    show(output, &report, document)?;
    output.note(&report.summary());
    match report.failed().len() {
        0 => Ok(()),
        failed => Err(Stop::Other(format!("{failed} of {} cases failed", report.cases.len()))),
    }
}

/// Adds the namespace. Places that are not apart would make the cases meet each other, and what
/// they delete might be somebody's.
fn complete(mut settings: Vec<Setting>, declared: &[ConfigKey]) -> Result<Vec<Setting>, Stop> {
    let given = |name: &String| settings.iter().any(|setting| setting.key == *name);
    let namespace = declared.iter().find(|key| key.name == NAMESPACE);
    if namespace.is_some_and(|key| !given(&key.name) && !key.aliases.iter().any(given)) {
        settings.push(Setting { key: NAMESPACE.to_owned(), value: DIRECTORY.to_owned() });
    }
    if settings.iter().any(|setting| has_placeholder(&setting.value)) {
        return Ok(settings);
    }
    Err(Stop::Usage(format!(
        "every case needs a place of its own: write {DIRECTORY} for a fresh directory in the value \
         that says where the plugin stores, such as --set {NAMESPACE}={DIRECTORY}"
    )))
}

fn subject(
    plugin: LoadedPlugin,
    settings: Vec<Setting>,
    files: Option<String>,
) -> FreshDirectories {
    let configure = move |directory: &str| {
        let values = settings.iter().map(|of| (of.key.as_str(), filled(&of.value, directory)));
        values.collect::<PluginConfig>()
    };
    let subject = FreshDirectories::new(plugin, configure);
    match files {
        Some(files) => subject.with_files(move |directory| filled(&files, directory).into()),
        None => subject,
    }
}

/// A configuration that is wrong is told once, not by every case.
async fn try_to_open(subject: &dyn Subject) -> checkpoint_storage_api::Result<()> {
    let place = subject.place().await?;
    place.open(OpenOptions::default()).await?.close().await
}

async fn run_with_progress(
    suite: Suite,
    subject: Arc<FreshDirectories>,
    output: &Output,
) -> Result<Report, Stop> {
    let total = suite.cases().len() as u64;
    let bar = output.progress_bar(total, "{bar:30} {pos}/{len}  {msg}");
    let run = move || {
        let report = suite.run(subject, |case| {
            bar.inc(1);
            bar.set_message(case.case.id());
        });
        bar.finish_and_clear();
        report
    };
    // The cases have threads of their own; this one only waits for them.
    tokio::task::spawn_blocking(run)
        .await
        .map_err(|error| Stop::Other(format!("the suite ended early: {error}")))
}

fn show(output: &Output, report: &Report, document: impl FnOnce() -> Value) -> Result<(), Stop> {
    let row = |of: &CaseReport| {
        [
            of.case.id().to_owned(),
            of.verdict.as_str().to_owned(),
            of.elapsed.as_millis().to_string(),
            of.verdict.reason().unwrap_or(of.case.title()).to_owned(),
        ]
    };
    let rows = report.cases.iter().map(row).collect();
    output.rows(["CASE", "VERDICT", "MS", "OWED, OR WHY NOT"], rows, document)
}
