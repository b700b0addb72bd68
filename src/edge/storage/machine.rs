//! What the port is at: the state of each key, and the one job that is under way. It does no I/O and
//! calls nobody.

mod job;
mod keys;

pub(super) use job::{Answer, Ask, Job, Put, Step};

use super::{
    backend::Fault,
    kept::Kept,
    names::Names,
    status::{Quarantined, SaveFailure, SaveStatus},
};
use crate::{error::StateError, key::KeyHasher, store::SharedSignal};
use job::Asked;
use smol_str::SmolStr;
use std::{collections::HashMap, mem, sync::Arc};

/// So much later, in ms, is looked whether what was written is there.
pub(super) const VERIFY: u64 = 250;

/// So long is waited before something that failed is tried again, in ms: at first, and at most.
const FIRST_RETRY: u64 = 500;
const LAST_RETRY: u64 = 60_000;

/// So long is waited for an answer of the backend, in ms.
const PATIENCE: u64 = 10_000;

pub(super) struct Machine {
    keys: HashMap<SmolStr, Kept, KeyHasher>,
    /// Those that are due some time, each once.
    due: Vec<SmolStr>,
    /// Those that failed together, to be tried one by one.
    alone: Vec<SmolStr>,
    /// When to look at all that is there.
    pub(super) load: Timer,
    /// When to look whether the backend can be used again.
    pub(super) probe: Timer,
    /// Items that are of no use, and when to remove them.
    pub(super) litter: Vec<String>,
    pub(super) tidy: Timer,
    /// Why the fallback is in use, if it is.
    pub(super) fault: Option<String>,
    pub(super) is_fallback: bool,
    pub(super) is_loading: bool,
    /// Whether the backend itself, and not the fallback, has brought all items once.
    pub(super) has_loaded: bool,
    asked: Option<Asked>,
    /// What follows from the last answer.
    pub(super) next: Option<Job>,
    /// How many jobs there have been.
    jobs: u64,
    /// A job that was given up, and whose answer is as good as that of a probe.
    late: Option<u64>,
    pub(super) answers: Vec<(u64, Answer)>,
    pub(super) is_running: bool,
    pub(super) quarantine: Vec<Quarantined>,
    pending: usize,
    failed: usize,
    /// What people were told last.
    counts: Counts,
    told: Vec<Arc<SharedSignal>>,
    pub(super) reports: Vec<StateError>,
    /// The version of the labels that was heeded last.
    pub(super) labels: u64,
    /// What the clock said last.
    seen: u64,
    random: u64,
}

/// What people are told in numbers.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Counts {
    pub(super) pending: usize,
    pub(super) failed: usize,
    pub(super) quarantined: usize,
    pub(super) is_loading: bool,
    pub(super) fault: Option<String>,
}

/// When something is due, and how often in a row it failed.
#[derive(Default)]
pub(super) struct Timer {
    pub(super) due: Option<u64>,
    pub(super) attempts: u32,
}

impl Timer {
    pub(super) fn at(due: u64) -> Self {
        Self {
            due: Some(due),
            attempts: 0,
        }
    }

    fn is_due(&self, now: u64) -> bool {
        self.due.is_some_and(|due| due <= now)
    }
}

impl Machine {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            keys: HashMap::default(),
            due: Vec::new(),
            alone: Vec::new(),
            load: Timer::default(),
            probe: Timer::default(),
            litter: Vec::new(),
            tidy: Timer::default(),
            fault: None,
            is_fallback: false,
            is_loading: true,
            has_loaded: false,
            asked: None,
            next: None,
            jobs: 0,
            late: None,
            answers: Vec::new(),
            is_running: false,
            quarantine: Vec::new(),
            pending: 0,
            failed: 0,
            counts: Counts::default(),
            labels: 0,
            seen: 0,
            told: Vec::new(),
            reports: Vec::new(),
            random: seed | 1,
        }
    }

    /// What to do now. Whoever is told that there is nothing is the last to ask.
    pub(super) fn step(&mut self, now: u64, names: &Names) -> Step {
        if now < mem::replace(&mut self.seen, now) {
            self.set_back(now);
        }
        while !self.answers.is_empty() {
            let (id, answer) = self.answers.remove(0);
            match self.asked.take_if(|asked| asked.id == id) {
                Some(asked)
                    if matches!(asked.job, Job::Probe) || asked.is_fallback == self.is_fallback =>
                {
                    return Step::Answer(asked.job, answer);
                }
                // Of the one that is not in use any more: all has been looked at since.
                Some(_) => {}
                None if self.late == Some(id) && self.is_fallback => {
                    self.late = None;
                    // What it says may be out of date.
                    self.load = Timer::at(now);
                    return Step::Answer(Job::Probe, answer);
                }
                None => {}
            }
        }
        if let Some(asked) = &self.asked {
            if now < asked.since.saturating_add(PATIENCE) {
                return self.idle();
            }
            if let Some(Asked { id, job, .. }) = self.asked.take() {
                if matches!(job, Job::Load | Job::Probe) {
                    self.late = Some(id);
                }
                let fault = Fault::Unavailable("it has not answered for 10 s".to_owned());
                return Step::Answer(job, Answer::Lost(fault));
            }
        }
        let Some(job) = self.next.take().or_else(|| self.pick(now)) else {
            return self.idle();
        };
        self.jobs += 1;
        let ask = job.ask(names);
        self.asked = Some(Asked {
            id: self.jobs,
            since: now,
            is_fallback: self.is_fallback && !matches!(job, Job::Probe),
            job,
        });
        let is_fallback = self.asked.as_ref().is_some_and(|asked| asked.is_fallback);
        Step::Ask(self.jobs, is_fallback, ask)
    }

    /// The clock was set back: what was to be done later is done now, and not as much later.
    fn set_back(&mut self, now: u64) {
        for key in &self.due {
            if let Some(kept) = self.keys.get_mut(key) {
                (kept.due, kept.not_before) = (Some(now), 0);
            }
        }
        for timer in [&mut self.load, &mut self.probe, &mut self.tidy] {
            timer.due = timer.due.map(|_| now);
        }
        if let Some(asked) = &mut self.asked {
            asked.since = now;
        }
    }

    fn idle(&mut self) -> Step {
        self.is_running = false;
        Step::Idle
    }
}

/// What is due.
impl Machine {
    fn pick(&mut self, now: u64) -> Option<Job> {
        if self.load.is_due(now) {
            self.load.due = None;
            return Some(Job::Load);
        }
        let mut keys = Vec::new();
        let known = &mut self.keys;
        self.due.retain(|key| {
            let Some(kept) = known.get_mut(key) else {
                return false;
            };
            let is_due = kept.due.is_none_or(|due| due <= now);
            if is_due && kept.due.take().is_some() {
                kept.is_dirty = false;
                keys.push(key.clone());
            }
            !is_due
        });
        if keys.is_empty()
            && let Some(key) = self.alone.pop()
        {
            keys.push(key);
        }
        if !keys.is_empty() {
            return Some(Job::Read(keys));
        }
        if self.is_fallback && self.probe.is_due(now) {
            self.probe.due = None;
            return Some(Job::Probe);
        }
        if !self.litter.is_empty() && self.tidy.due.is_none_or(|due| due <= now) {
            self.tidy.due = None;
            return Some(Job::Tidy(mem::take(&mut self.litter)));
        }
        None
    }

    /// When there will be something to do.
    pub(super) fn deadline(&self) -> Option<u64> {
        if let Some(asked) = &self.asked {
            return Some(asked.since.saturating_add(PATIENCE));
        }
        let keys = self.due.iter().filter_map(|key| self.keys.get(key)?.due);
        let tidy = self.tidy.due.filter(|_| !self.litter.is_empty());
        let probe = self.probe.due.filter(|_| self.is_fallback);
        let timers = [self.load.due, probe, tidy];
        keys.chain(timers.into_iter().flatten()).min()
    }

    /// Whether the backend has not answered yet.
    pub(super) fn is_waiting(&self) -> bool {
        self.asked.is_some()
    }

    /// When to try again what has failed so often.
    pub(super) fn later(&mut self, now: u64, attempts: u32) -> u64 {
        let wait = FIRST_RETRY << attempts.min(7);
        let wait = wait.min(LAST_RETRY);
        now.saturating_add(wait - wait / 4)
            .saturating_add(self.spread(wait / 2))
    }

    /// Less than so many ms, to keep tabs from doing the same at once.
    pub(super) fn spread(&mut self, ms: u64) -> u64 {
        // Xorshift (Marsaglia, 2003).
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random.checked_rem(ms).unwrap_or_default()
    }

    /// Has what is waiting to be written, or to be tried again, done now.
    pub(super) fn hurry(&mut self, now: u64) {
        for key in &self.due {
            if let Some(kept) = self.keys.get_mut(key)
                && !kept.status.is_saved()
            {
                kept.due = Some(now);
            }
        }
        for timer in [&mut self.load, &mut self.probe, &mut self.tidy] {
            timer.due = timer.due.map(|_| now);
        }
    }

    /// The keys of which the backend has not yet said that it has them, and may have them some time.
    pub(super) fn unsaved(&self) -> Vec<SmolStr> {
        let is_unsaved = |kept: &Kept| {
            use SaveFailure::{Backend, Dropped};
            kept.is_dirty
                || matches!(
                    kept.status,
                    SaveStatus::Pending | SaveStatus::Failed(Backend(_) | Dropped)
                )
        };
        self.all(is_unsaved)
    }

    /// Those, and what only the fallback has.
    pub(super) fn left_over(&self) -> Vec<SmolStr> {
        let mut left = self.unsaved();
        left.extend(self.all(|kept| kept.status == SaveStatus::Sheltered));
        left
    }

    fn all(&self, is_it: impl Fn(&Kept) -> bool) -> Vec<SmolStr> {
        let all = self.keys.iter().filter(|(_, kept)| is_it(kept));
        all.map(|(key, _)| key.clone()).collect()
    }
}
