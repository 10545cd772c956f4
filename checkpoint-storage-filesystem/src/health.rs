//! Trying a medium step by step: what each step saw, and how long it took.

use std::future::Future;
use std::time::Instant;

use checkpoint_storage_api::{HealthStatus, HealthStep, Result};

use crate::clock::ClockDifference;

/// What a step saw, and what to do about it.
#[derive(Debug)]
pub struct Finding {
    status: HealthStatus,
    detail: String,
    advice: Option<String>,
}

impl Finding {
    /// It is as it should be.
    pub fn passed(detail: impl Into<String>) -> Self {
        Self { status: HealthStatus::Passed, detail: detail.into(), advice: None }
    }

    /// It works, but somebody should act on `advice`.
    pub fn warned(detail: impl Into<String>, advice: impl Into<String>) -> Self {
        let advice = Some(advice.into());
        Self { status: HealthStatus::Warned, detail: detail.into(), advice }
    }
}

/// What a comparison of clocks saw.
pub fn clock(difference: ClockDifference) -> Finding {
    let detail = format!("this machine's clock is {difference}");
    match difference.is_notable() {
        true => Finding::warned(detail, "let the clocks be set from the network"),
        false => Finding::passed(detail),
    }
}

/// Runs a step. An error is a step that failed.
pub async fn step(name: &str, run: impl Future<Output = Result<Finding>>) -> HealthStep {
    let begun = Instant::now();
    ended(name, begun, run.await)
}

/// [`step`] where the medium blocks the thread.
pub fn blocking_step(name: &str, run: impl FnOnce() -> Result<Finding>) -> HealthStep {
    let begun = Instant::now();
    ended(name, begun, run())
}

/// Whether none of the steps failed.
pub fn is_well(steps: &[HealthStep]) -> bool {
    steps.iter().all(|step| step.status != HealthStatus::Failed)
}

fn ended(name: &str, begun: Instant, result: Result<Finding>) -> HealthStep {
    let finding = result.unwrap_or_else(|error| Finding {
        status: HealthStatus::Failed,
        detail: format!("{}: {}", error.subject(), error.reason()),
        advice: error.advice().map(str::to_owned),
    });
    HealthStep {
        name: name.to_owned(),
        status: finding.status,
        detail: finding.detail,
        advice: finding.advice,
        elapsed: begun.elapsed(),
    }
}
