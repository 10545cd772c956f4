//! How the cases ended.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use crate::case::Case;

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The storage does what it owes.
    Passed,
    /// It does not; why.
    Failed(String),
    /// It could not be tried; what the storage, or the way to it, lacks.
    Unsupported(String),
}

impl Verdict {
    /// The name in machine-readable output.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed(_) => "failed",
            Self::Unsupported(_) => "unsupported",
        }
    }

    /// Why it did not pass.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Passed => None,
            Self::Failed(reason) | Self::Unsupported(reason) => Some(reason),
        }
    }
}

/// One case and how it ended.
#[derive(Debug, Clone)]
pub struct CaseReport {
    /// The case.
    pub case: Case,
    /// How it ended.
    pub verdict: Verdict,
    /// How long it took.
    pub elapsed: Duration,
}

impl fmt::Display for CaseReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<11}  {}: ", self.verdict.as_str(), self.case.id())?;
        f.write_str(self.verdict.reason().unwrap_or(self.case.title()))
    }
}

/// All cases and how they ended.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// In the order in which they ran.
    pub cases: Vec<CaseReport>,
}

impl Report {
    /// The ids of the cases that passed.
    pub fn passed(&self) -> Vec<&'static str> {
        self.ids(|verdict| *verdict == Verdict::Passed)
    }

    /// The ids of the cases that failed.
    pub fn failed(&self) -> Vec<&'static str> {
        self.ids(|verdict| matches!(verdict, Verdict::Failed(_)))
    }

    /// The ids of the cases that could not be tried.
    pub fn unsupported(&self) -> Vec<&'static str> {
        self.ids(|verdict| matches!(verdict, Verdict::Unsupported(_)))
    }

    fn ids(&self, wanted: impl Fn(&Verdict) -> bool) -> Vec<&'static str> {
        self.cases.iter().filter(|of| wanted(&of.verdict)).map(|of| of.case.id()).collect()
    }

    /// How many there were of each, in a line.
    pub fn summary(&self) -> String {
        format!(
            "{} cases: {} passed, {} failed, {} unsupported",
            self.cases.len(),
            self.passed().len(),
            self.failed().len(),
            self.unsupported().len()
        )
    }

    /// The report as one JSON document.
    pub fn document(&self) -> Value {
        let case = |of: &CaseReport| {
            json!({
                "id": of.case.id(),
                "contract": of.case.contract(),
                "title": of.case.title(),
                "verdict": of.verdict.as_str(),
                "reason": of.verdict.reason(),
                "elapsed_ms": u64::try_from(of.elapsed.as_millis()).unwrap_or(u64::MAX),
            })
        };
        json!({
            "passed": self.passed().len(),
            "failed": self.failed().len(),
            "unsupported": self.unsupported().len(),
            "cases": self.cases.iter().map(case).collect::<Vec<_>>(),
        })
    }

    /// Prints the report.
    ///
    /// # Panics
    ///
    /// If a case failed; the message lists those that did.
    pub fn assert_passed(&self) {
        println!("{self}");
        let failed: Vec<_> =
            self.cases.iter().filter(|of| matches!(of.verdict, Verdict::Failed(_))).collect();
        let lines: String = failed.iter().map(|of| format!("\n{of}")).collect();
        assert!(failed.is_empty(), "{}{lines}", self.summary());
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for case in &self.cases {
            writeln!(f, "{case}")?;
        }
        f.write_str(&self.summary())
    }
}
