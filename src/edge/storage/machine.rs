//! What the port is at: the state of each key, and the one job that is under way. It does no I/O and
//! calls nobody.

use super::{
    backend::{Fault, Items, Loaded},
    kept::Kept,
    names::Names,
    status::{Quarantined, SaveFailure, SaveStatus},
};
use crate::{error::StateError, key::KeyHasher, store::SharedSignal};
use smol_str::SmolStr;
use std::{collections::HashMap, mem, sync::Arc};

/// So much later, in ms, is looked whether what was written is there.
pub(super) const VERIFY: u64 = 250;

/// So long is waited before something that failed is tried again, in ms: at first, and at most.
const FIRST_RETRY: u64 = 500;
const LAST_RETRY: u64 = 60_000;

/// So long is waited for an answer of the backend, in ms.
const PATIENCE: u64 = 10_000;

/// So often a key is written because it is another than it should be, before that is done at longer
/// and longer intervals.
const MAX_CONTESTS: u32 = 5;

/// Of those that fail together, so many are reported. The status of each key says it, too.
const MAX_REPORTS: usize = 10;

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
    /// When was looked last for removed keys that can be forgotten.
    swept: u64,
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

/// What the backend is asked for, and why.
pub(super) enum Job {
    /// To bring all items.
    Load,
    /// The same, to find out whether it can be used again.
    Probe,
    /// To bring these keys, of which some may have to be written.
    Read(Vec<SmolStr>),
    /// To put aside what is in the way of some of these.
    SetAside(Vec<Put>),
    /// To write these.
    Write(Vec<Put>),
    /// To remove what is of no use.
    Tidy(Vec<String>),
}

/// A key that is to be written, or (`None`) removed.
pub(super) struct Put {
    pub(super) key: SmolStr,
    pub(super) text: Option<String>,
    /// The hash of what is there.
    pub(super) before: u64,
    /// What is there and cannot be read.
    pub(super) aside: Option<Quarantined>,
}

/// A job that waits for its answer.
struct Asked {
    id: u64,
    since: u64,
    is_fallback: bool,
    job: Job,
}

pub(super) enum Answer {
    Loaded(Loaded),
    Items(Items),
    Written(Vec<Result<(), Fault>>),
    Lost(Fault),
}

/// What to do next.
pub(super) enum Step {
    Answer(Job, Answer),
    Ask(u64, bool, Ask),
    Idle,
}

/// A call of the backend.
pub(super) enum Ask {
    Load,
    Read(Vec<String>),
    Write(Vec<(String, Option<String>)>),
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

impl Job {
    fn ask(&self, names: &Names) -> Ask {
        match self {
            Self::Load | Self::Probe => Ask::Load,
            Self::Read(keys) => Ask::Read(keys.iter().map(|key| names.entry(key)).collect()),
            Self::SetAside(puts) => {
                let asides = puts.iter().filter_map(|put| put.aside.as_ref());
                let asides =
                    asides.map(|aside| (names.quarantined(&aside.id), Some(aside.record())));
                Ask::Write(asides.collect())
            }
            Self::Write(puts) => {
                let items = puts
                    .iter()
                    .map(|put| (names.entry(&put.key), put.text.clone()));
                Ask::Write(items.collect())
            }
            Self::Tidy(names) => {
                Ask::Write(names.iter().map(|name| (name.clone(), None)).collect())
            }
        }
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
            swept: 0,
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
                // Of the one that is not in use any more.
                Some(asked) => self.void(asked.job, now),
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
        self.swept = 0;
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
        if self.is_fallback && self.probe.is_due(now) {
            self.probe.due = None;
            return Some(Job::Probe);
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
        let unsaved = self.keys.iter().filter(|(_, kept)| is_unsaved(kept));
        unsaved.map(|(key, _)| key.clone()).collect()
    }

    /// Whether removed keys that could be forgotten at a time have not been looked for yet.
    pub(super) fn is_sweep_due(&mut self, at: u64) -> bool {
        mem::replace(&mut self.swept, at) != at
    }

    /// Takes back a job whose answer does not count.
    fn void(&mut self, job: Job, now: u64) {
        match job {
            Job::Load | Job::Probe => self.load = Timer::at(now),
            Job::Read(keys) => keys.iter().for_each(|key| self.look(key, now)),
            Job::SetAside(puts) | Job::Write(puts) => {
                puts.iter().for_each(|put| self.look(&put.key, now));
            }
            Job::Tidy(names) => self.litter.extend(names),
        }
    }
}

/// The state of a key.
impl Machine {
    pub(super) fn status(&self, key: &str) -> SaveStatus {
        self.keys
            .get(key)
            .map_or(SaveStatus::Unkept, |kept| kept.status.clone())
    }

    /// What tells who follows the status of a key.
    pub(super) fn followed(&mut self, key: &str) -> Arc<SharedSignal> {
        self.kept(&key.into()).followed()
    }

    fn kept(&mut self, key: &SmolStr) -> &mut Kept {
        self.keys.entry(key.clone()).or_default()
    }

    pub(super) fn set_status(&mut self, key: &SmolStr, status: SaveStatus) {
        let kept = self.keys.entry(key.clone()).or_default();
        if kept.status == status {
            return;
        }
        let was = mem::replace(&mut kept.status, status);
        self.told.extend(kept.signal().cloned());
        for (status, change) in [(&was, -1), (&kept.status, 1)] {
            let count = match status {
                SaveStatus::Pending => &mut self.pending,
                SaveStatus::Failed(_) => &mut self.failed,
                _ => continue,
            };
            *count = count.saturating_add_signed(change);
        }
    }

    /// The numbers, if they are others than people were told last.
    pub(super) fn counted(&mut self) -> Option<Counts> {
        let counts = Counts {
            pending: self.pending,
            failed: self.failed,
            quarantined: self.quarantine.len(),
            is_loading: self.is_loading,
            fault: self.fault.clone(),
        };
        let is_news = self.counts != counts;
        self.counts = counts.clone();
        is_news.then_some(counts)
    }

    /// Who is to be told.
    pub(super) fn told(&mut self) -> Vec<Arc<SharedSignal>> {
        mem::take(&mut self.told)
    }

    /// Has a key looked at, at a time or before.
    pub(super) fn look(&mut self, key: &SmolStr, at: u64) {
        let kept = self.keys.entry(key.clone()).or_default();
        let at = at.max(kept.not_before);
        match kept.due {
            Some(due) => kept.due = Some(due.min(at)),
            None => {
                kept.due = Some(at);
                self.due.push(key.clone());
            }
        }
    }

    /// A key was written here. What is being tried again later is not tried before.
    pub(super) fn written(&mut self, key: &SmolStr, at: u64) {
        let kept = self.kept(key);
        kept.is_dirty = true;
        (kept.contests, kept.not_before) = (0, 0);
        if kept.is_unwritable() {
            self.set_status(key, SaveStatus::Pending);
        }
        self.lags(key, at);
    }

    /// A key has to be written, since what is there lags behind.
    pub(super) fn lags(&mut self, key: &SmolStr, at: u64) {
        let kept = self.kept(key);
        if kept.attempts > 0 {
            return;
        }
        if kept.status.failure().is_none() {
            self.set_status(key, SaveStatus::Pending);
        }
        self.look(key, at);
    }

    /// Whether a key is to be written, of which this is there. It is not if the backend has dropped it
    /// twice: that has failed.
    pub(super) fn may_write(&mut self, key: &SmolStr, there: u64) -> bool {
        let kept = self.kept(key);
        let is_dropped = kept.before.take() == Some(there);
        !(is_dropped && mem::replace(&mut kept.is_suspect, true))
    }

    /// A key was written, or removed.
    pub(super) fn done(&mut self, put: &Put, now: u64) {
        let key = &put.key;
        let kept = self.kept(key);
        kept.before = Some(put.before);
        // Two pages that cannot agree on a key do not write it in turns for ever.
        let is_quiet = now.saturating_sub(kept.put_at) > 2 * LAST_RETRY;
        kept.contests = match is_quiet {
            true => 1,
            false => kept.contests.saturating_add(1),
        };
        kept.put_at = now;
        kept.not_before = 0;
        if kept.is_suspect {
            return self.look(key, now);
        }
        if let Some(contests) = kept.contests.checked_sub(MAX_CONTESTS) {
            let later = self.later(now, contests);
            self.kept(key).not_before = later;
        }
        match put.text {
            Some(_) => self.saved(key, now),
            None => self.removed(key),
        }
        self.look(key, now.saturating_add(VERIFY));
    }

    /// An item is of no use once a key is there as it should be.
    pub(super) fn leaves_litter(&mut self, key: &SmolStr, name: String) {
        let kept = self.kept(key);
        if !kept.litter.contains(&name) {
            kept.litter.push(name);
        }
    }

    /// A key is there as it should be.
    pub(super) fn settled(&mut self, key: &SmolStr, now: u64) {
        let kept = self.kept(key);
        (kept.before, kept.is_suspect) = (None, false);
        let litter = mem::take(&mut kept.litter);
        self.litter.extend(litter);
        self.saved(key, now);
    }

    fn saved(&mut self, key: &SmolStr, now: u64) {
        let status = match self.is_fallback {
            true => SaveStatus::Sheltered,
            false => SaveStatus::Saved,
        };
        let kept = self.kept(key);
        kept.attempts = 0;
        if kept.is_unwritable() {
            return;
        }
        if !kept.is_dirty {
            return self.set_status(key, status);
        }
        // It was written again meanwhile.
        if kept.due.is_none() {
            self.look(key, now);
        }
        self.set_status(key, SaveStatus::Pending);
    }

    fn removed(&mut self, key: &SmolStr) {
        let kept = self.kept(key);
        kept.attempts = 0;
        if !kept.is_dirty {
            self.set_status(key, SaveStatus::Unkept);
        }
    }

    /// A key is not to be there, and is not.
    pub(super) fn leave(&mut self, key: &SmolStr) {
        self.removed(key);
        let kept = self.kept(key);
        (kept.before, kept.is_suspect) = (None, false);
        let litter = mem::take(&mut kept.litter);
        self.litter.extend(litter);
        if self.keys.get(key).is_some_and(Kept::is_idle) {
            self.keys.remove(key);
        }
    }

    /// Has keys looked at that are not among those that are there.
    pub(super) fn look_for_others(&mut self, is_there: impl Fn(&str) -> bool, now: u64) {
        let is_stray =
            |(key, kept): &(&SmolStr, &Kept)| kept.status != SaveStatus::Unkept && !is_there(key);
        let strays = self.keys.iter().filter(is_stray);
        let strays: Vec<SmolStr> = strays.map(|(key, _)| key.clone()).collect();
        strays.iter().for_each(|key| self.look(key, now));
    }

    /// A key is not what it should be there, for a reason that time does not heal.
    pub(super) fn held(&mut self, key: &SmolStr, failure: SaveFailure, backend: &str) {
        let status = SaveStatus::Failed(failure);
        if self.kept(key).status != status {
            self.report(Some(key), &status, backend);
            self.set_status(key, status);
        }
    }

    /// Some keys could not be read or written, and are tried again.
    pub(super) fn failed(
        &mut self,
        keys: impl IntoIterator<Item = (SmolStr, SaveFailure)>,
        now: u64,
        backend: &str,
    ) {
        let mut reports = 0;
        for (key, failure) in keys {
            let kept = self.kept(&key);
            let attempts = kept.attempts;
            kept.attempts = attempts.saturating_add(1);
            kept.before = None;
            let status = SaveStatus::Failed(failure);
            if kept.status != status {
                reports += 1;
                if reports <= MAX_REPORTS {
                    self.report(Some(&key), &status, backend);
                }
                self.set_status(&key, status);
            }
            let later = self.later(now, attempts);
            self.look(&key, later);
        }
    }

    /// Has keys that failed together tried one by one.
    pub(super) fn one_by_one(&mut self, puts: Vec<Put>) {
        self.alone.extend(puts.into_iter().map(|put| put.key));
    }

    fn report(&mut self, key: Option<&SmolStr>, status: &SaveStatus, backend: &str) {
        let reason = status.failure().map(ToString::to_string);
        self.reports.push(StateError::Storage {
            backend: backend.to_owned(),
            key: key.map(ToString::to_string),
            reason: reason.unwrap_or_default(),
        });
    }
}
