//! `verify`: whether what is stored is what was written.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{HumanBytes, ProgressBar};
use serde_json::{Value, json};
use storage_host::ManagedStorage;
use storage_host::verify::{Options, Progress, Verdict, Verification, verify};

use crate::args::VerifyArgs;
use crate::output::Output;
use crate::session::{Access, Session};
use crate::stop::Stop;

/// How often the progress bar is drawn.
const REDRAW: Duration = Duration::from_millis(100);

pub(crate) async fn run(session: &Session, output: &Output, args: VerifyArgs) -> Result<(), Stop> {
    let access = if args.quarantine { Access::ReadWrite } else { Access::ReadOnly };
    session.with_storage(access, |storage| verify_storage(storage, output, args)).await
}

async fn verify_storage(
    storage: ManagedStorage,
    output: &Output,
    args: VerifyArgs,
) -> Result<(), Stop> {
    let options = Options {
        jobs: args.jobs,
        concurrency: args.concurrency.into(),
        quarantine: args.quarantine,
    };
    let progress = Arc::new(Progress::default());
    let bar = output.progress_bar(0, "{bar:30} {percent:>3} %  {msg}");
    let drawing = tokio::spawn(draw(bar.clone(), Arc::clone(&progress)));
    let verified = verify(&storage, &options, &progress).await;
    drawing.abort();
    bar.finish_and_clear();
    let verifications = verified?;

    let summary = Summary::of(&verifications);
    let shown: Vec<_> =
        verifications.iter().filter(|it| !args.problems || is_problem(it)).collect();
    let rows = shown.iter().map(|verification| row(verification)).collect();
    output.rows(["VERDICT", "SIZE", "PATH", "WHAT IS WRONG"], rows, || {
        json!({
            "summary": summary.counts,
            "items": shown.iter().map(|verification| document(verification)).collect::<Vec<_>>(),
        })
    })?;
    output.note(&summary.text());
    summary.verdict()
}

async fn draw(bar: ProgressBar, progress: Arc<Progress>) {
    loop {
        bar.set_length(progress.bytes());
        bar.set_position(progress.read());
        bar.set_message(format!(
            "{} of {}, {}",
            progress.done(),
            progress.found(),
            HumanBytes(progress.read())
        ));
        tokio::time::sleep(REDRAW).await;
    }
}

fn is_problem(verification: &Verification) -> bool {
    verification.verdict.error().is_some()
}

/// How many things there are of each verdict.
struct Summary {
    counts: BTreeMap<&'static str, usize>,
    damaged: usize,
    unreadable: usize,
    unmoved: usize,
}

impl Summary {
    fn of(verifications: &[Verification]) -> Self {
        let count =
            |is: fn(&Verification) -> bool| verifications.iter().filter(|it| is(it)).count();
        let mut counts = BTreeMap::new();
        for verification in verifications {
            *counts.entry(verification.verdict.as_str()).or_default() += 1;
        }
        Self {
            counts,
            damaged: count(|it| it.verdict.is_damage()),
            unreadable: count(|it| matches!(it.verdict, Verdict::Unreadable(_))),
            unmoved: count(|it| matches!(it.quarantined, Some(Err(_)))),
        }
    }

    fn text(&self) -> String {
        if self.counts.is_empty() {
            return "nothing is stored".to_owned();
        }
        let counts: Vec<_> =
            self.counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
        counts.join(", ")
    }

    fn verdict(&self) -> Result<(), Stop> {
        match self {
            Self { damaged: 1.., unmoved: 0, .. } => {
                Err(Stop::Corrupt(format!("{} of the checkpoints are damaged", self.damaged)))
            }
            Self { damaged: 1.., unmoved, .. } => Err(Stop::Corrupt(format!(
                "{} of the checkpoints are damaged, and {unmoved} of them could not be moved aside",
                self.damaged
            ))),
            Self { unreadable: 1.., .. } => Err(Stop::Other(format!(
                "{} of the checkpoints could not be read",
                self.unreadable
            ))),
            _ => Ok(()),
        }
    }
}

fn row(verification: &Verification) -> [String; 4] {
    let Verification { path, size, verdict, .. } = verification;
    [verdict.to_string(), size.to_string(), path.clone(), what_is_wrong(verification)]
}

fn what_is_wrong(verification: &Verification) -> String {
    let reason = verification.verdict.error().map_or("", |error| error.reason());
    match &verification.quarantined {
        None => reason.to_owned(),
        Some(Ok(place)) => format!("{reason}; moved to {place}"),
        Some(Err(error)) => format!("{reason}; not moved aside: {error}"),
    }
}

fn document(verification: &Verification) -> Value {
    let Verification { path, job, name, size, verdict, quarantined } = verification;
    json!({
        "path": path,
        "job": job.as_ref().map(|job| job.as_str()),
        "name": name.as_ref().map(ToString::to_string),
        "size": size,
        "verdict": verdict.as_str(),
        "reason": verdict.error().map(|error| error.reason()),
        "quarantined_as": quarantined.as_ref().and_then(|moved| moved.as_ref().ok()),
        "quarantine_error":
            quarantined.as_ref().and_then(|moved| moved.as_ref().err()).map(ToString::to_string),
    })
}
