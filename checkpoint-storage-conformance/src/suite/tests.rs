//! The suite on a subject that cannot be opened, panics or hangs.

use std::future::pending;

use checkpoint_storage_api::{
    CheckpointStorage, Error, ErrorKind, OpenOptions, Result, async_trait,
};

use super::*;
use crate::subject::Place;

enum Fault {
    Error,
    Panic,
    Hang,
    Block,
}

#[async_trait]
impl Subject for Fault {
    async fn place(&self) -> Result<Box<dyn Place>> {
        match self {
            Self::Error => Err(Error::new(ErrorKind::Unavailable, "open", "nobody answers")),
            Self::Panic => panic!("the place panics"),
            Self::Hang => pending().await,
            Self::Block => loop {
                thread::park();
            },
        }
    }
}

#[async_trait]
impl Place for Fault {
    async fn open(&self, _: OpenOptions) -> Result<Arc<dyn CheckpointStorage>> {
        Err(Error::unsupported("open"))
    }
}

fn reasons(fault: Fault, time_limit: Duration) -> Vec<String> {
    let suite = Suite::all().only(&["c1-01", "c1-02"]).with_time_limit(time_limit);
    let mut told = 0;
    let report = suite.run(Arc::new(fault), |_| told += 1);
    assert_eq!((report.cases.len(), told, report.failed().len()), (2, 2, 2), "{report}");
    report.cases.iter().filter_map(|of| of.verdict.reason()).map(str::to_owned).collect()
}

#[test]
fn whatever_happens_in_a_case_it_has_failed_and_the_next_one_runs() {
    let (long, short) = (Duration::from_secs(60), Duration::from_millis(50));
    for (fault, time_limit, part) in [
        (Fault::Error, long, "nobody answers"),
        (Fault::Panic, long, "it panicked: the place panics"),
        (Fault::Hang, short, "it did not end within"),
    ] {
        for reason in reasons(fault, time_limit) {
            assert!(reason.contains(part), "{reason}");
        }
    }
}

#[test]
fn a_case_that_blocks_its_thread_is_left_behind() {
    let suite = Suite::all().only(&["c1-01"]).with_time_limit(Duration::from_millis(10));
    let report = suite.run(Arc::new(Fault::Block), |_| ());
    let reason = report.cases[0].verdict.reason().expect("failed");
    assert!(reason.contains("blocks its thread"), "{reason}");
}

#[test]
fn ids_are_numbered_without_gaps_and_chosen_by_prefix() {
    let all = Suite::all();
    let mut last = (0, 0);
    for case in all.cases() {
        let (number, name) = case.id().split_once(' ').expect("a number and a name");
        assert!(!name.is_empty() && !case.title().is_empty(), "{case:?}");
        let (contract, index) = number.split_once('-').expect("a contract and an index");
        assert_eq!(contract, format!("c{}", case.contract()), "{case:?}");
        let index: u32 = index.parse().expect("a number");
        let expected = if case.contract() == last.0 { last.1 + 1 } else { 1 };
        assert!(index == expected && case.contract() >= last.0, "{case:?}");
        last = (case.contract(), index);
    }
    assert_eq!(Suite::all().only(&["c5-02"]).cases().len(), 1);
    let of_contract_1 = Suite::all().only(&["c1"]);
    assert!(of_contract_1.cases().iter().all(|case| case.contract() == 1));
    assert!(!of_contract_1.cases().is_empty());
}

/// The list of the cases as `docs/conformance.md` has it.
fn list() -> String {
    let row = |case: &Case| {
        let needs = case.needs();
        let operations = needs.capabilities.iter_names().map(|(name, _)| name.to_lowercase());
        let medium = needs.medium.then(|| "medium".to_owned());
        let needs = operations.chain(medium).collect::<Vec<_>>().join(", ");
        format!("| {} | {} | {needs} |\n", case.id(), case.title())
    };
    let rows: String = Suite::all().cases().iter().map(row).collect();
    format!("| case | what is owed | needs |\n|---|---|---|\n{rows}")
}

#[test]
fn the_documentation_lists_every_case() {
    let documentation = include_str!("../../../docs/conformance.md");
    assert!(
        documentation.ends_with(&list()),
        "the list in docs/conformance.md is to be\n{}",
        list()
    );
}
