//! The task that keeps one pipeline's checkpoints: it does what the ledger decides.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Arc;

use checkpoint_storage_api::{CheckpointId, CheckpointKind, CheckpointStorage, JobId, PipelineId};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{AbortHandle, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use super::attempt::{Attempt, Outcome, Snapshot, Taken};
use super::event::{CheckpointOf, Completed, Event};
use super::failure::JobFailure;
use super::ledger::{End, Ledger, Request, Step};
use super::refusal::{pipeline_subject, stopped};
use super::report::Reporter;
use super::settings::CoordinatorSettings;
use super::sweeper::Note;
use crate::error::{Error, ErrorKind};

/// Whom a checkpoint answers.
pub(super) type Answer = oneshot::Sender<Result<Completed, Arc<Error>>>;

/// What the coordinator tells a pipeline.
pub(super) enum Command {
    Request(Request, Answer),
    Pause,
    Resume,
    /// Nothing begins any more; the pipeline ends when what is under way has.
    Drain,
    /// The pipeline ends at once.
    Abort,
}

/// What pipelines of one job share.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) job: JobId,
    pub(super) storage: Arc<dyn CheckpointStorage>,
    pub(super) settings: CoordinatorSettings,
    pub(super) reporter: Reporter,
    pub(super) failure: JobFailure,
    pub(super) sweeper: mpsc::UnboundedSender<Note>,
}

/// A checkpoint under way.
struct Running {
    of: CheckpointOf,
    task: AbortHandle,
    turn: Option<oneshot::Sender<()>>,
    taken: Option<Taken>,
    answers: Vec<(Request, Answer)>,
    outcome: Option<Outcome>,
}

/// One pipeline's task.
pub(super) struct PipelineTask {
    shared: Shared,
    pipeline: PipelineId,
    snapshot: Arc<Snapshot>,
    commands: mpsc::UnboundedReceiver<Command>,
    ledger: Ledger,
    attempts: JoinSet<(CheckpointId, Outcome)>,
    taken_sender: mpsc::UnboundedSender<Taken>,
    taken: mpsc::UnboundedReceiver<Taken>,
    running: BTreeMap<CheckpointId, Running>,
    /// Whom a checkpoint that has not begun will answer.
    waiting: BTreeMap<Request, Vec<Answer>>,
    last_error: Option<Arc<Error>>,
    /// The task ends once nothing is under way.
    is_ending: bool,
}

impl PipelineTask {
    pub(super) fn new(
        shared: Shared,
        pipeline: PipelineId,
        snapshot: Arc<Snapshot>,
        next_id: Option<CheckpointId>,
        commands: mpsc::UnboundedReceiver<Command>,
    ) -> Self {
        let ledger = Ledger::new(shared.settings.clone(), next_id, Instant::now());
        let (taken_sender, taken) = mpsc::unbounded_channel();
        Self {
            shared,
            pipeline,
            snapshot,
            commands,
            ledger,
            attempts: JoinSet::new(),
            taken_sender,
            taken,
            running: BTreeMap::new(),
            waiting: BTreeMap::new(),
            last_error: None,
            is_ending: false,
        }
    }

    /// Runs until the pipeline has its final checkpoint, the job fails, or somebody ends it. What
    /// ended by itself is heard before the clock and before anybody's command.
    pub(super) async fn run(mut self) {
        let failure = self.shared.failure.clone();
        let mut failed = std::pin::pin!(failure.wait());
        while !(self.is_ending && self.running.is_empty()) {
            let wake = self.ledger.wake();
            let steps = tokio::select! {
                biased;
                _ = &mut failed => self.end_now(),
                Some(taken) = self.taken.recv() => self.snapshot_taken(taken),
                Some(ended) = self.attempts.join_next() => match ended {
                    Ok((checkpoint, outcome)) => self.attempt_ended(checkpoint, outcome),
                    Err(error) => self.attempt_panicked(&error),
                },
                command = self.commands.recv() => self.obey(command),
                () = at(wake) => self.ledger.tick(Instant::now()),
            };
            self.carry_out(steps);
        }
        self.refuse_the_rest();
        self.attempts.shutdown().await;
    }

    /// Answers whoever asked and will get no checkpoint.
    fn refuse_the_rest(&mut self) {
        let error = self.shared.failure.get().unwrap_or_else(|| self.stopped());
        let waiting = std::mem::take(&mut self.waiting).into_values().flatten();
        self.commands.close();
        let unheard = std::iter::from_fn(|| self.commands.try_recv().ok());
        let unheard = unheard.filter_map(|command| match command {
            Command::Request(_, answer) => Some(answer),
            _ => None,
        });
        for answer in waiting.chain(unheard) {
            let _ = answer.send(Err(Arc::clone(&error)));
        }
    }

    fn stopped(&self) -> Arc<Error> {
        stopped(&self.shared.job, self.pipeline)
    }

    fn end_now(&mut self) -> Vec<Step> {
        self.is_ending = true;
        self.ledger.abort()
    }

    fn obey(&mut self, command: Option<Command>) -> Vec<Step> {
        match command {
            Some(Command::Request(request, answer)) => {
                if !self.ledger.accepts_requests() {
                    let _ = answer.send(Err(self.stopped()));
                    return Vec::new();
                }
                self.waiting.entry(request).or_default().push(answer);
                self.ledger.request(request, Instant::now())
            }
            Some(Command::Pause) => {
                self.ledger.pause();
                Vec::new()
            }
            Some(Command::Resume) => {
                self.ledger.resume(Instant::now());
                Vec::new()
            }
            Some(Command::Drain) => {
                self.is_ending = true;
                self.ledger.drain();
                Vec::new()
            }
            // The coordinator is gone: nobody wants what is under way.
            Some(Command::Abort) | None => self.end_now(),
        }
    }

    fn snapshot_taken(&mut self, taken: Taken) -> Vec<Step> {
        let checkpoint = taken.of.checkpoint;
        if let Some(running) = self.running.get_mut(&checkpoint) {
            running.taken = Some(taken);
        }
        self.ledger.snapshot_taken(checkpoint)
    }

    fn attempt_ended(&mut self, checkpoint: CheckpointId, outcome: Outcome) -> Vec<Step> {
        let Some(running) = self.running.get_mut(&checkpoint) else { return Vec::new() };
        let now = Instant::now();
        let steps = match &outcome {
            Outcome::Stored { .. } => self.ledger.stored(checkpoint, now),
            Outcome::Failed { .. } => self.ledger.failed(checkpoint, now),
            Outcome::Expired(_) => self.ledger.expired(checkpoint, now),
        };
        running.outcome = Some(outcome);
        steps
    }

    /// A storage panicked, or the attempt was aborted and what became of its checkpoint is known.
    fn attempt_panicked(&mut self, error: &JoinError) -> Vec<Step> {
        let of_task = |running: &&Running| running.task.id() == error.id();
        let Some(of) = self.running.values().find(of_task).map(|running| running.of) else {
            return Vec::new();
        };
        let subject = of.subject(&self.shared.job);
        let error = Error::new(ErrorKind::CheckpointAborted, subject, "the storage panicked");
        self.attempt_ended(of.checkpoint, Outcome::Failed { error, may_appear: true })
    }

    fn carry_out(&mut self, steps: Vec<Step>) {
        for step in steps {
            match step {
                Step::Begin { checkpoint, kind, requests } => {
                    self.begin(checkpoint, kind, &requests);
                }
                Step::Store { checkpoint } => self.let_store(checkpoint),
                Step::End { checkpoint, end, was_storing } => {
                    self.end(checkpoint, end, was_storing);
                }
                Step::JobFailed { checkpoint } => self.fail_job(self.too_many(checkpoint)),
                Step::OutOfIds => self.fail_job("there is no id for another checkpoint".to_owned()),
                Step::Finished => self.is_ending = true,
            }
        }
        self.shared.reporter.pending(self.pipeline, self.ledger.pending());
    }

    fn begin(&mut self, checkpoint: CheckpointId, kind: CheckpointKind, requests: &[Request]) {
        let of = CheckpointOf { pipeline: self.pipeline, checkpoint, kind };
        let mut answers = Vec::new();
        for request in requests {
            let waiting = self.waiting.remove(request).unwrap_or_default();
            answers.extend(waiting.into_iter().map(|answer| (*request, answer)));
        }
        let (turn, on_turn) = oneshot::channel();
        let attempt = Attempt {
            job: self.shared.job.clone(),
            of,
            timeout: self.shared.settings.timeout,
            snapshot: Arc::clone(&self.snapshot),
            storage: Arc::clone(&self.shared.storage),
            taken: self.taken_sender.clone(),
            turn: on_turn,
        };
        self.shared.reporter.report(Event::Triggered(of));
        let task = self.attempts.spawn(async move { (checkpoint, attempt.run().await) });
        let running = Running { of, task, turn: Some(turn), taken: None, answers, outcome: None };
        self.running.insert(checkpoint, running);
    }

    fn let_store(&mut self, checkpoint: CheckpointId) {
        let Some(running) = self.running.get_mut(&checkpoint) else { return };
        if let (Some(turn), Some(taken)) = (running.turn.take(), &running.taken) {
            let Taken { of, states_len, snapshot } = *taken;
            self.shared.reporter.report(Event::Storing { of, states_len, snapshot });
            // One that has just expired does not listen any more, and says so next.
            let _ = turn.send(());
        }
    }

    fn end(&mut self, checkpoint: CheckpointId, end: End, was_storing: bool) {
        let Some(running) = self.running.remove(&checkpoint) else { return };
        let Running { of, task, answers, outcome, .. } = running;
        task.abort();
        let may_appear = match &outcome {
            Some(Outcome::Stored { .. }) => false,
            Some(Outcome::Failed { may_appear, .. }) => *may_appear,
            Some(Outcome::Expired(_)) | None => was_storing,
        };
        if may_appear {
            self.note(Note::Discard { pipeline: self.pipeline, checkpoint });
        }
        let result = self.conclude(of, end, outcome);
        let is_tried_again = matches!(end, End::Failed | End::Expired);
        for (request, answer) in answers {
            if request == Request::Final && is_tried_again {
                self.waiting.entry(request).or_default().push(answer);
            } else {
                // Who asked may have gone.
                let _ = answer.send(result.clone());
            }
        }
    }

    /// Tells how a checkpoint ended.
    fn conclude(
        &mut self,
        of: CheckpointOf,
        end: End,
        outcome: Option<Outcome>,
    ) -> Result<Completed, Arc<Error>> {
        let consecutive = self.ledger.failures();
        let subject = of.subject(&self.shared.job);
        let (event, error) = match (outcome, end) {
            (Some(Outcome::Stored { entry, snapshot, store }), _) => {
                let completed =
                    Completed { of, name: entry.name, size: entry.size, snapshot, store };
                self.note(Note::Completed(entry.name));
                self.shared.reporter.report(Event::Completed(completed.clone()));
                return Ok(completed);
            }
            (Some(Outcome::Failed { error, .. }), _) => {
                let error = Arc::new(error);
                self.last_error = Some(Arc::clone(&error));
                (Event::Failed { of, error: Arc::clone(&error), consecutive }, error)
            }
            (Some(Outcome::Expired(error)), _) => {
                let error = Arc::new(error);
                self.last_error = Some(Arc::clone(&error));
                (Event::Expired { of, error: Arc::clone(&error), consecutive }, error)
            }
            (None, End::Subsumed { by }) => {
                let reason = format!("checkpoint {by} completed first");
                let error = Error::new(ErrorKind::CheckpointSubsumed, subject, reason);
                (Event::Subsumed { of, by }, Arc::new(error))
            }
            (None, _) => {
                let reason = "it was aborted: the job failed, or the coordinator was shut down";
                let error = Error::new(ErrorKind::CheckpointAborted, subject, reason);
                (Event::Aborted(of), Arc::new(error))
            }
        };
        self.shared.reporter.report(event);
        Err(error)
    }

    fn note(&self, note: Note) {
        // It outlives every pipeline.
        let _ = self.shared.sweeper.send(note);
    }

    fn too_many(&self, checkpoint: CheckpointId) -> String {
        let last = self.last_error.as_ref().map(ToString::to_string).unwrap_or_default();
        let (failures, tolerated) =
            (self.ledger.failures(), self.shared.settings.tolerable_failure);
        let failed = if failures == 1 { "checkpoint" } else { "checkpoints in a row" };
        format!(
            "{failures} {failed} failed, `tolerable-failure` is {tolerated}; the last, {checkpoint}: \
             {last}"
        )
    }

    fn fail_job(&mut self, reason: String) {
        self.is_ending = true;
        let subject = pipeline_subject(&self.shared.job, self.pipeline);
        let error = Arc::new(Error::new(ErrorKind::JobFailed, subject, reason));
        if self.shared.failure.set(Arc::clone(&error)) {
            self.shared.reporter.report(Event::JobFailed { pipeline: self.pipeline, error });
        }
    }
}

async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => pending().await,
    }
}
