//! `doctor`: whether the configured storage works, step by step.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use checkpoint_storage_api::{
    Capabilities, CheckpointStorage, HealthOptions, HealthStatus, HealthStep, ReclaimOptions,
    ScanItem, ScanKind,
};
use indicatif::HumanDuration;
use serde_json::{Value, json};
use storage_host::{CheckpointConfig, ManagedStorage, StorageHost};

use super::{check_can_ask, confirmed};
use crate::args::DoctorArgs;
use crate::output::Output;
use crate::session::Session;
use crate::stop::Stop;

pub(crate) async fn run(session: &Session, output: &Output, args: DoctorArgs) -> Result<(), Stop> {
    check_can_ask(args.yes || !args.fix)?;
    let mut examination = Examination::default();
    if let Some(storage) = open(session, &mut examination, args.read_only).await {
        examine(&storage, &mut examination, args.read_only).await;
        if args.fix {
            fix(&storage, output, &mut examination, args.yes).await?;
        }
        let begun = Instant::now();
        if let Err(error) = storage.close().await {
            examination.failed("close", begun, &Stop::from(error));
        }
    }
    let rows = examination.steps.iter().map(row).collect();
    output.rows(["STEP", "STATUS", "TIME", "WHAT WAS SEEN"], rows, || examination.document())?;
    examination.verdict()
}

/// What was tried so far.
#[derive(Default)]
struct Examination {
    steps: Vec<HealthStep>,
    leftovers: Vec<String>,
    quarantined: Vec<String>,
}

impl Examination {
    fn ended(&mut self, name: &str, begun: Instant, status: HealthStatus, detail: String) {
        let elapsed = begun.elapsed();
        let name = name.to_owned();
        self.steps.push(HealthStep { name, status, detail, advice: None, elapsed });
    }

    fn passed(&mut self, name: &str, begun: Instant, detail: String) {
        self.ended(name, begun, HealthStatus::Passed, detail);
    }

    fn warned(&mut self, name: &str, begun: Instant, detail: String, advice: &str) {
        self.ended(name, begun, HealthStatus::Warned, detail);
        if let Some(step) = self.steps.last_mut() {
            step.advice = Some(advice.to_owned());
        }
    }

    fn failed(&mut self, name: &str, begun: Instant, stop: &Stop) {
        let detail = match stop.diagnostics() {
            Some(diagnostics) => format!("{}\n{}", stop.headline(), diagnostics.render(false)),
            None => stop.headline(),
        };
        self.ended(name, begun, HealthStatus::Failed, detail);
    }

    fn document(&self) -> Value {
        json!({
            "steps": self.steps.iter().map(document).collect::<Vec<_>>(),
            "leftovers": self.leftovers,
            "quarantined": self.quarantined,
        })
    }

    fn verdict(&self) -> Result<(), Stop> {
        let failed = self.steps.iter().filter(|step| step.status == HealthStatus::Failed).count();
        match failed {
            0 => Ok(()),
            1 => Err(Stop::Other("one step failed".to_owned())),
            _ => Err(Stop::Other(format!("{failed} steps failed"))),
        }
    }
}

/// From the configuration to an open storage; `None` if a step of that failed.
async fn open(
    session: &Session,
    examination: &mut Examination,
    read_only: bool,
) -> Option<ManagedStorage> {
    let begun = Instant::now();
    let config = match session.configuration() {
        Ok(config) => config,
        Err(stop) => {
            examination.failed("configuration", begun, &stop);
            return None;
        }
    };
    examination.passed("configuration", begun, describe(&config));
    let begun = Instant::now();
    let found = session.host().and_then(|host| {
        let (file, manifest) = host.resolve(&config.storage)?;
        let detail = format!("{manifest}, {}", file.display());
        Ok((host, detail))
    });
    let host: StorageHost = match found {
        Ok((host, detail)) => {
            examination.passed("plugin", begun, detail);
            host
        }
        Err(stop) => {
            examination.failed("plugin", begun, &stop);
            return None;
        }
    };
    let begun = Instant::now();
    let mut storage = config.storage;
    storage.settings.read_only |= read_only;
    match host.open(&storage).await {
        Ok(storage) => {
            examination.passed("open", begun, "the plugin takes the configuration".to_owned());
            Some(storage)
        }
        Err(error) => {
            examination.failed("open", begun, &error.into());
            None
        }
    }
}

fn describe(config: &CheckpointConfig) -> String {
    format!("type {}, max-retained {}", config.storage.plugin_type, config.storage.max_retained)
}

/// What the storage says of itself, and what lies in it that nobody needs.
async fn examine(storage: &ManagedStorage, examination: &mut Examination, read_only: bool) {
    let capabilities = storage.capabilities();
    if capabilities.contains(Capabilities::HEALTH) {
        let begun = Instant::now();
        match storage.health(HealthOptions { write: !read_only }).await {
            Ok(steps) => examination.steps.extend(steps),
            Err(error) => examination.failed("health", begun, &error.into()),
        }
    } else {
        let begun = Instant::now();
        match storage.jobs().await {
            Ok(jobs) => examination.passed("list", begun, format!("{} jobs", jobs.len())),
            Err(error) => examination.failed("list", begun, &error.into()),
        }
    }
    let is_well = examination.steps.iter().all(|step| step.status != HealthStatus::Failed);
    if is_well && capabilities.contains(Capabilities::SCAN) {
        look_for_leftovers(storage, examination).await;
    }
}

async fn look_for_leftovers(storage: &ManagedStorage, examination: &mut Examination) {
    let begun = Instant::now();
    let items = match storage.scan(None).await {
        Ok(items) => items,
        Err(error) => return examination.failed("scan", begun, &error.into()),
    };
    let paths = |is: fn(&ScanItem) -> bool| {
        items.iter().filter(|item| is(item)).map(|item| item.path.clone()).collect::<Vec<_>>()
    };
    examination.leftovers = paths(|item| item.kind == ScanKind::Leftover);
    examination.quarantined = paths(|item| item.kind == ScanKind::Quarantined);
    let mut counts = BTreeMap::<_, usize>::new();
    for item in &items {
        *counts.entry(item.kind.as_str()).or_default() += 1;
    }
    let counts: Vec<_> = counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let detail = if counts.is_empty() { "nothing is stored".to_owned() } else { counts.join(", ") };
    match (examination.leftovers.len(), examination.quarantined.len()) {
        (0, 0) => examination.passed("scan", begun, detail),
        (0, _) => {
            let advice = "look into what was quarantined, and delete it when nobody needs it";
            examination.warned("scan", begun, detail, advice);
        }
        _ => examination.warned("scan", begun, detail, "remove what dead writers left with --fix"),
    }
}

/// Removes what dead writers left.
async fn fix(
    storage: &ManagedStorage,
    output: &Output,
    examination: &mut Examination,
    yes: bool,
) -> Result<(), Stop> {
    let count = examination.leftovers.len();
    if count == 0 {
        return Ok(());
    }
    for path in &examination.leftovers {
        output.note(path);
    }
    if !yes && !confirmed(&format!("remove these {count} leftovers?"))? {
        output.note("nothing was removed");
        return Ok(());
    }
    let begun = Instant::now();
    match storage.reclaim_leftovers(ReclaimOptions::default()).await {
        Ok(report) => {
            for (path, error) in &report.failed {
                output.note(&format!("{path}: {error}"));
            }
            let detail = format!("{} removed", report.reclaimed.len());
            match report.failed.len() {
                0 => examination.passed("fix", begun, detail),
                failed => {
                    let why = Stop::Other(format!("{detail}, {failed} could not be removed"));
                    examination.failed("fix", begun, &why);
                }
            }
            examination.leftovers.retain(|path| !report.reclaimed.contains(path));
        }
        Err(error) => examination.failed("fix", begun, &error.into()),
    }
    Ok(())
}

fn row(step: &HealthStep) -> [String; 4] {
    let detail = match &step.advice {
        Some(advice) => format!("{}; {advice}", step.detail),
        None => step.detail.clone(),
    };
    [step.name.clone(), step.status.as_str().to_owned(), time(step.elapsed), detail]
}

/// A duration in a unit that fits.
fn time(elapsed: Duration) -> String {
    match elapsed.as_secs() {
        0 => format!("{:.1} ms", elapsed.as_secs_f64() * 1000.0),
        1..60 => format!("{:.1} s", elapsed.as_secs_f64()),
        _ => HumanDuration(elapsed).to_string(),
    }
}

fn document(step: &HealthStep) -> Value {
    json!({
        "step": step.name,
        "status": step.status.as_str(),
        "detail": step.detail,
        "advice": step.advice,
        "elapsed_ms": step.elapsed.as_secs_f64() * 1000.0,
    })
}
