//! What is under way for one pipeline, and what happens next: every decision of the coordinator,
//! without a clock, a storage or a runtime.

use std::collections::BTreeMap;

use checkpoint_storage_api::{CheckpointId, CheckpointKind};
use tokio::time::Instant;

use super::settings::CoordinatorSettings;

/// What somebody asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Request {
    /// A savepoint.
    Savepoint,
    /// A checkpoint after which there is no other.
    Final,
    /// A checkpoint.
    Manual,
    /// A checkpoint that is due.
    Interval,
}

/// What the pipeline's task is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Take a snapshot; it answers these requests.
    Begin { checkpoint: CheckpointId, kind: CheckpointKind, requests: Vec<Request> },
    /// Store the snapshot that was taken.
    Store { checkpoint: CheckpointId },
    /// It is no longer under way; what still runs for it is to be stopped.
    End { checkpoint: CheckpointId, end: End, was_storing: bool },
    /// Too many failed in a row, `checkpoint` the last of them.
    JobFailed { checkpoint: CheckpointId },
    /// There is no id for another checkpoint.
    OutOfIds,
    /// The final checkpoint is stored.
    Finished,
}

/// How a checkpoint ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Completed,
    Failed,
    Expired,
    /// A newer one completed first.
    Subsumed {
        by: CheckpointId,
    },
    /// The job failed, or was told to stop.
    Aborted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Its snapshot is being taken.
    Snapshot,
    /// Its snapshot waits until no other checkpoint of the pipeline is being stored.
    Held,
    /// It is being stored.
    Store,
}

#[derive(Debug, Clone, Copy)]
struct Pending {
    phase: Phase,
    is_final: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Running,
    /// The interval triggers nothing.
    Paused,
    /// Nothing begins any more.
    Draining,
}

/// The checkpoints of one pipeline.
///
/// At most one of them is being stored at any time: a storage orders what is stored at once as it
/// likes, and the newest stored must be the newest taken.
#[derive(Debug)]
pub(super) struct Ledger {
    settings: CoordinatorSettings,
    next_id: Option<CheckpointId>,
    pending: BTreeMap<CheckpointId, Pending>,
    /// What was asked for and has not begun, most urgent first.
    wanted: Vec<Request>,
    due: Option<Instant>,
    /// How many failed in a row.
    failures: u32,
    mode: Mode,
    /// A final checkpoint was asked for: no other request begins after it.
    is_ending: bool,
}

impl Ledger {
    /// A pipeline whose first checkpoint gets the id `next_id`, one interval from now.
    pub(super) fn new(
        settings: CoordinatorSettings,
        next_id: Option<CheckpointId>,
        now: Instant,
    ) -> Self {
        let due = now.checked_add(settings.interval);
        Self {
            settings,
            next_id,
            pending: BTreeMap::new(),
            wanted: Vec::new(),
            due,
            failures: 0,
            mode: Mode::Running,
            is_ending: false,
        }
    }

    /// When to call [`tick`](Self::tick).
    pub(super) fn wake(&self) -> Option<Instant> {
        match self.mode {
            Mode::Running => self.due,
            // A final checkpoint that failed is tried again all the same.
            Mode::Paused => self.due.filter(|_| self.is_ending),
            Mode::Draining => None,
        }
    }

    /// How many are under way.
    pub(super) fn pending(&self) -> usize {
        self.pending.len()
    }

    /// How many failed in a row.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    /// Whether a request can still be answered.
    pub(super) fn accepts_requests(&self) -> bool {
        self.mode != Mode::Draining && !self.is_ending
    }

    /// Somebody asks for a checkpoint. It begins at once, or when there is a place.
    pub(super) fn request(&mut self, request: Request, now: Instant) -> Vec<Step> {
        if !self.accepts_requests() {
            return Vec::new();
        }
        if request == Request::Final {
            self.is_ending = true;
            self.due = None;
            self.wanted.retain(|wanted| *wanted != Request::Interval);
        }
        self.want(request);
        self.begin_wanted(now)
    }

    /// The time has come.
    pub(super) fn tick(&mut self, now: Instant) -> Vec<Step> {
        if self.wake().is_none_or(|due| due > now) {
            return Vec::new();
        }
        self.due = None;
        self.want(if self.is_ending { Request::Final } else { Request::Interval });
        self.begin_wanted(now)
    }

    /// A snapshot was taken.
    pub(super) fn snapshot_taken(&mut self, checkpoint: CheckpointId) -> Vec<Step> {
        match self.pending.get_mut(&checkpoint) {
            Some(pending) if pending.phase == Phase::Snapshot => pending.phase = Phase::Held,
            _ => return Vec::new(),
        }
        self.store_held().into_iter().collect()
    }

    /// A checkpoint was stored.
    pub(super) fn stored(&mut self, checkpoint: CheckpointId, now: Instant) -> Vec<Step> {
        if self.pending.get(&checkpoint).is_none_or(|pending| pending.phase != Phase::Store) {
            return Vec::new();
        }
        let newer = self.pending.split_off(&checkpoint);
        let older = std::mem::replace(&mut self.pending, newer);
        let is_final = self.pending.remove(&checkpoint).is_some_and(|pending| pending.is_final);
        self.failures = 0;
        let mut steps = vec![end(checkpoint, End::Completed, true)];
        steps
            .extend(older.into_keys().map(|old| end(old, End::Subsumed { by: checkpoint }, false)));
        if is_final {
            steps.push(Step::Finished);
            return steps;
        }
        steps.extend(self.store_held());
        steps.extend(self.begin_wanted(now));
        steps
    }

    /// A snapshot could not be taken, or not be stored.
    pub(super) fn failed(&mut self, checkpoint: CheckpointId, now: Instant) -> Vec<Step> {
        self.lost(checkpoint, End::Failed, now)
    }

    /// A checkpoint took too long.
    pub(super) fn expired(&mut self, checkpoint: CheckpointId, now: Instant) -> Vec<Step> {
        self.lost(checkpoint, End::Expired, now)
    }

    fn lost(&mut self, checkpoint: CheckpointId, how: End, now: Instant) -> Vec<Step> {
        let Some(pending) = self.pending.remove(&checkpoint) else { return Vec::new() };
        self.failures = self.failures.saturating_add(1);
        let mut steps = vec![end(checkpoint, how, pending.phase == Phase::Store)];
        if self.failures > self.settings.tolerable_failure {
            steps.extend(self.abort());
            steps.push(Step::JobFailed { checkpoint });
            return steps;
        }
        if pending.is_final {
            self.due = now.checked_add(self.settings.interval);
        }
        steps.extend(self.store_held());
        steps.extend(self.begin_wanted(now));
        steps
    }

    /// Lets the interval trigger nothing; what is under way goes on.
    pub(super) fn pause(&mut self) {
        if self.mode == Mode::Running {
            self.mode = Mode::Paused;
            self.wanted.retain(|wanted| *wanted != Request::Interval);
        }
    }

    /// Lets the interval begin anew.
    pub(super) fn resume(&mut self, now: Instant) {
        if self.mode == Mode::Paused {
            self.mode = Mode::Running;
            self.due = match self.is_ending {
                true => self.due,
                false => now.checked_add(self.settings.interval),
            };
        }
    }

    /// Begins nothing any more; what is under way goes on.
    pub(super) fn drain(&mut self) {
        self.mode = Mode::Draining;
        self.wanted.clear();
    }

    /// Ends everything.
    pub(super) fn abort(&mut self) -> Vec<Step> {
        self.drain();
        std::mem::take(&mut self.pending)
            .into_iter()
            .map(|(id, pending)| end(id, End::Aborted, pending.phase == Phase::Store))
            .collect()
    }

    fn want(&mut self, request: Request) {
        if let Err(place) = self.wanted.binary_search(&request) {
            self.wanted.insert(place, request);
        }
    }

    /// The newest snapshot that waits is stored, unless another one still is: those before it are
    /// subsumed once it is stored, and come after it if it fails.
    fn store_held(&mut self) -> Option<Step> {
        if self.pending.values().any(|pending| pending.phase == Phase::Store) {
            return None;
        }
        let mut newest_first = self.pending.iter_mut().rev();
        let (checkpoint, pending) = newest_first.find(|(_, held)| held.phase == Phase::Held)?;
        pending.phase = Phase::Store;
        Some(Step::Store { checkpoint: *checkpoint })
    }

    fn begin_wanted(&mut self, now: Instant) -> Vec<Step> {
        let places = usize::try_from(self.settings.max_concurrent.max(1)).unwrap_or(usize::MAX);
        let mut steps = Vec::new();
        while self.pending.len() < places && !self.wanted.is_empty() {
            let Some(checkpoint) = self.next_id else {
                steps.extend(self.abort());
                steps.push(Step::OutOfIds);
                break;
            };
            self.next_id = checkpoint.checked_add(1);
            let (kind, requests) = self.take_wanted();
            let is_final = requests.contains(&Request::Final);
            self.pending.insert(checkpoint, Pending { phase: Phase::Snapshot, is_final });
            if !self.is_ending {
                self.due = now.checked_add(self.settings.interval);
            }
            steps.push(Step::Begin { checkpoint, kind, requests });
        }
        steps
    }

    /// A savepoint answers for a checkpoint that was asked for meanwhile, and a final one does; only
    /// the final one ends the pipeline, so it comes last.
    fn take_wanted(&mut self) -> (CheckpointKind, Vec<Request>) {
        if self.wanted[0] == Request::Savepoint {
            let (taken, left) =
                std::mem::take(&mut self.wanted).into_iter().partition(|w| *w != Request::Final);
            self.wanted = left;
            return (CheckpointKind::Savepoint, taken);
        }
        (CheckpointKind::Checkpoint, std::mem::take(&mut self.wanted))
    }
}

fn end(checkpoint: CheckpointId, end: End, was_storing: bool) -> Step {
    Step::End { checkpoint, end, was_storing }
}

#[cfg(test)]
mod model;
