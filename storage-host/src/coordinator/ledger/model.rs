//! The ledger against a small reference: events in any order, late ones and impossible ones too.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

use super::*;

const INTERVAL_MS: u64 = 10;

/// What can happen. Checkpoints are named by how long ago they began.
#[derive(Debug, Clone)]
enum Happening {
    Pass(u64),
    Ask(Request),
    SnapshotTaken(usize),
    Stored(usize),
    Failed(usize),
    Expired(usize),
    Pause,
    Resume,
    Drain,
}

/// A checkpoint as the reference knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Snapshot { is_final: bool },
    Taken { is_final: bool },
    Storing { is_final: bool },
    Ended(&'static str),
}

/// The reference: every checkpoint there ever was, and what it is. It does not decide when one
/// begins or is stored, which is the ledger's; it knows what the ledger may and must do.
#[derive(Debug, Clone)]
struct Reference {
    max_concurrent: u32,
    tolerable_failure: u32,
}

impl ReferenceStateMachine for Reference {
    type State = Self;
    type Transition = Happening;

    fn init_state() -> BoxedStrategy<Self> {
        (1..4_u32, 0..4_u32)
            .prop_map(|(max_concurrent, tolerable_failure)| Self {
                max_concurrent,
                tolerable_failure,
            })
            .boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Happening> {
        let request = prop::sample::select(vec![
            Request::Manual,
            Request::Savepoint,
            Request::Manual,
            Request::Final,
        ]);
        prop_oneof![
            6 => (0..2 * INTERVAL_MS).prop_map(Happening::Pass),
            3 => request.prop_map(Happening::Ask),
            8 => (0..6_usize).prop_map(Happening::SnapshotTaken),
            6 => (0..6_usize).prop_map(Happening::Stored),
            2 => (0..6_usize).prop_map(Happening::Failed),
            2 => (0..6_usize).prop_map(Happening::Expired),
            1 => Just(Happening::Pause),
            1 => Just(Happening::Resume),
            1 => prop::bool::weighted(0.05).prop_map(|drain| {
                if drain { Happening::Drain } else { Happening::Resume }
            }),
        ]
        .boxed()
    }

    fn apply(state: Self, _: &Happening) -> Self {
        state
    }
}

struct Subject {
    ledger: Ledger,
    now: Instant,
    known: BTreeMap<CheckpointId, Known>,
    failures: u32,
    failed: bool,
    drained: bool,
    finished: bool,
}

impl Subject {
    fn nth_newest(&self, n: usize) -> CheckpointId {
        self.known.keys().rev().nth(n).copied().unwrap_or(777_777)
    }

    fn under_way(&self) -> BTreeSet<CheckpointId> {
        let is_under_way = |known: &&CheckpointId| !matches!(self.known[known], Known::Ended(_));
        self.known.keys().filter(is_under_way).copied().collect()
    }

    fn storing(&self) -> usize {
        self.known.values().filter(|known| matches!(known, Known::Storing { .. })).count()
    }

    /// Checks each step against what is known, and takes note of it.
    fn follow(&mut self, steps: Vec<Step>, cause: &Happening, limits: &Reference) {
        for step in steps {
            match step {
                Step::Begin { checkpoint, kind, requests } => {
                    let last = self.known.keys().next_back().copied().unwrap_or_default();
                    assert_eq!(checkpoint, last + 1, "ids neither repeat nor leave gaps");
                    assert!(!self.failed && !self.drained && !self.finished);
                    assert!(!requests.is_empty());
                    let is_savepoint = requests.contains(&Request::Savepoint);
                    assert_eq!(is_savepoint, kind == CheckpointKind::Savepoint);
                    let is_final = requests.contains(&Request::Final);
                    self.known.insert(checkpoint, Known::Snapshot { is_final });
                }
                Step::Store { checkpoint } => {
                    let Known::Taken { is_final } = self.known[&checkpoint] else {
                        panic!("{checkpoint} is stored and was not taken, or is stored already");
                    };
                    assert_eq!(self.storing(), 0, "two stores at once");
                    self.known.insert(checkpoint, Known::Storing { is_final });
                }
                Step::End { checkpoint, end, was_storing } => {
                    self.end(checkpoint, end, was_storing, cause)
                }
                Step::JobFailed { .. } => {
                    assert!(self.failures > limits.tolerable_failure);
                    assert!(self.under_way().is_empty(), "everything is aborted");
                    self.failed = true;
                }
                Step::OutOfIds => panic!("there are many more"),
                Step::Finished => self.finished = true,
            }
        }
        assert!(self.under_way().len() <= limits.max_concurrent as usize);
        assert_eq!(self.under_way().len(), self.ledger.pending());
        assert_eq!(self.failed, self.failures > limits.tolerable_failure);
        let waits = self.known.values().any(|known| matches!(known, Known::Taken { .. }));
        assert!(!waits || self.storing() == 1, "a snapshot waits and nothing is being stored");
    }

    fn end(&mut self, checkpoint: CheckpointId, end: End, was_storing: bool, cause: &Happening) {
        let before = self.known[&checkpoint];
        assert!(!matches!(before, Known::Ended(_)), "{checkpoint} ended twice");
        assert_eq!(was_storing, matches!(before, Known::Storing { .. }));
        let how = match end {
            End::Completed => {
                assert!(was_storing && matches!(cause, Happening::Stored(_)));
                self.failures = 0;
                "completed"
            }
            End::Failed | End::Expired => {
                self.failures += 1;
                "lost"
            }
            End::Subsumed { by } => {
                assert!(checkpoint < by && self.known[&by] == Known::Ended("completed"));
                assert!(!was_storing);
                "subsumed"
            }
            End::Aborted => "aborted",
        };
        self.known.insert(checkpoint, Known::Ended(how));
    }
}

impl StateMachineTest for Subject {
    type SystemUnderTest = Self;
    type Reference = Reference;

    fn init_test(limits: &Reference) -> Self {
        let settings = CoordinatorSettings {
            interval: Duration::from_millis(INTERVAL_MS),
            timeout: Duration::from_secs(1),
            max_concurrent: limits.max_concurrent,
            tolerable_failure: limits.tolerable_failure,
            max_retained: 1,
        };
        let now = Instant::now();
        Self {
            ledger: Ledger::new(settings, Some(1), now),
            now,
            known: BTreeMap::new(),
            failures: 0,
            failed: false,
            drained: false,
            finished: false,
        }
    }

    fn apply(mut subject: Self, limits: &Reference, happening: Happening) -> Self {
        let now = subject.now;
        let steps = match &happening {
            Happening::Pass(ms) => {
                subject.now += Duration::from_millis(*ms);
                subject.ledger.tick(subject.now)
            }
            Happening::Ask(request) => subject.ledger.request(*request, now),
            Happening::SnapshotTaken(n) => {
                let checkpoint = subject.nth_newest(*n);
                if let Some(Known::Snapshot { is_final }) = subject.known.get(&checkpoint).copied()
                {
                    subject.known.insert(checkpoint, Known::Taken { is_final });
                }
                subject.ledger.snapshot_taken(checkpoint)
            }
            Happening::Stored(n) => subject.ledger.stored(subject.nth_newest(*n), now),
            Happening::Failed(n) => subject.ledger.failed(subject.nth_newest(*n), now),
            Happening::Expired(n) => subject.ledger.expired(subject.nth_newest(*n), now),
            Happening::Pause => {
                subject.ledger.pause();
                Vec::new()
            }
            Happening::Resume => {
                subject.ledger.resume(now);
                Vec::new()
            }
            Happening::Drain => {
                subject.ledger.drain();
                subject.drained = true;
                Vec::new()
            }
        };
        subject.follow(steps, &happening, limits);
        subject
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_order_of_events_breaks_a_limit(sequential 1..60 => Subject);
}
