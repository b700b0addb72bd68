//! What is on its way to a guest.

mod computed;

use super::{answer::claimed, unsendable};
use crate::{
    change::{Change, ChangeSet, Origin, Stamp},
    edge::page::wire::{self, Carried, Changed, Claimed, Content, Door, Entry, Estate, Push},
    mfe::{Mfe, RulesImage},
    store::{Feeding, Inner, Named, Recording, Slot, ThisThread},
    value::Value,
};
use smol_str::SmolStr;
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    mem,
    sync::{Arc, Mutex, Weak, atomic::Ordering},
};

/// A key that a guest writes, by whom, and with what.
pub(super) type Sent = (Arc<Slot>, Stamp, Option<Value>);

/// Hears of every commit under its lock, as a history does, and tells the guest once it is released.
pub(super) struct Outbox {
    state: Mutex<Waiting>,
    receive: Receive,
    /// The keys that the guest computes, by its ids.
    defined: Mutex<BTreeMap<u64, Weak<Named>>>,
}

type Receive = Box<dyn Fn(&str) -> String + Send + Sync>;

#[derive(Default)]
struct Waiting {
    /// Whether the guest has what it begins with.
    is_started: bool,
    is_closed: bool,
    commits: VecDeque<Queued>,
    /// The transaction of the guest that is being stored.
    expected: Option<Expected>,
    /// The thread that tells the guest, and how often it is at it.
    telling: Option<(ThisThread, usize)>,
    /// The sequence numbers of what the guest was told of last.
    registry: u64,
    rules: u64,
    /// Up to where the guest was told.
    clock: u64,
    /// The ids of the computed keys that it was told of.
    computed: Vec<u64>,
}

/// What is to be told.
struct News {
    commits: VecDeque<Queued>,
    registry: Option<Vec<Mfe>>,
    rules: Option<RulesImage>,
}

struct Queued {
    changes: ChangeSet,
    own: Option<Expected>,
    /// The micro-frontend that is leaving, if that is why.
    left: Option<Arc<str>>,
}

struct Expected {
    by: ThisThread,
    id: u64,
    sent: HashMap<SmolStr, Option<Value>>,
    /// The keys that hold already what was sent.
    same: Vec<SmolStr>,
}

impl Outbox {
    pub(super) fn new(inner: &Inner, receive: Receive) -> Self {
        let state = Waiting {
            registry: inner.registered().1,
            rules: inner.rules_image().1,
            ..Waiting::default()
        };
        Self {
            state: Mutex::new(state),
            receive,
            defined: Mutex::default(),
        }
    }

    pub(super) fn is_open(&self) -> bool {
        !crate::lock(&self.state).is_closed
    }

    /// Begins to tell, from what the store holds now. What is committed before the caller has read it
    /// is told of once more, which does no harm.
    pub(super) fn start(&self, inner: &Inner) {
        let now = inner.clock.load(Ordering::Acquire);
        let (registry, rules) = (inner.registered().1, inner.rules_image().1);
        let old = {
            let state = &mut *crate::lock(&self.state);
            state.is_started = true;
            (state.registry, state.rules, state.clock) = (registry, rules, now);
            let is_old = |queued: &Queued| {
                let sequence = queued.changes.iter().map(|change| change.sequence).max();
                sequence.is_some_and(|sequence| sequence <= now)
            };
            let (old, new) = mem::take(&mut state.commits)
                .into_iter()
                .partition::<VecDeque<_>, _>(is_old);
            state.commits = new;
            old
        };
        drop(old);
    }

    /// Takes the next commit of this thread for a transaction of the guest's.
    pub(super) fn expect(&self, id: u64, sent: HashMap<SmolStr, Option<Value>>) {
        let expected = Expected {
            by: ThisThread::get(),
            id,
            sent,
            same: Vec::new(),
        };
        let before = crate::lock(&self.state).expected.replace(expected);
        drop(before);
    }

    /// Notes the keys that hold already what was sent.
    pub(super) fn are_the_same(&self, keys: Vec<SmolStr>) {
        if let Some(expected) = &mut crate::lock(&self.state).expected {
            expected.same = keys;
        }
    }

    /// The transaction has ended: if nothing was committed, the keys that held what was sent.
    pub(super) fn expected(&self) -> Option<Vec<String>> {
        let expected = crate::lock(&self.state).expected.take()?;
        Some(expected.same.iter().map(SmolStr::to_string).collect())
    }

    /// Tells the guest what it has not been told, unless another thread is at it: that one will.
    /// Returns whether there was anything.
    pub(super) fn pump(&self, inner: &Inner) -> bool {
        let mut was_any = false;
        while let Some((news, telling)) = self.news(inner) {
            was_any = true;
            let mut push = Push {
                entries: news.commits.iter().map(|q| entry(inner, q)).collect(),
                registry: news.registry,
                rules: news.rules,
                ..Push::default()
            };
            // What is read after the commits were taken knows of them.
            push.computed = self.renamed(inner);
            self.tell(inner, &push);
            drop(telling);
        }
        was_any
    }

    /// What is to be told, and that this thread is at it.
    fn news(&self, inner: &Inner) -> Option<(News, Telling<'_>)> {
        let (registry, rules) = (inner.registered(), inner.rules_image());
        let clock = inner.clock.load(Ordering::Acquire);
        let state = &mut *crate::lock(&self.state);
        let this = ThisThread::get();
        let depth = match state.telling {
            Some((thread, depth)) if thread == this => depth,
            Some(_) => return None,
            None => 0,
        };
        if !state.is_started || state.is_closed {
            return None;
        }
        let is_new = |known: &mut u64, now: u64| mem::replace(known, now) != now;
        let registry = is_new(&mut state.registry, registry.1).then_some(registry.0);
        let rules = is_new(&mut state.rules, rules.1).then_some(rules.0);
        // What is computed may follow from what the guest is not told of.
        let has_moved =
            is_new(&mut state.clock, clock) && (inner.has_names() || !state.computed.is_empty());
        if state.commits.is_empty() && registry.is_none() && rules.is_none() && !has_moved {
            return None;
        }
        state.telling = Some((this, depth + 1));
        let news = News {
            commits: mem::take(&mut state.commits),
            registry,
            rules,
        };
        Some((news, Telling(self)))
    }

    fn tell(&self, inner: &Inner, push: &Push) {
        match wire::write(push) {
            Ok(text) => drop((self.receive)(&text)),
            Err(error) => inner.report(&error),
        }
    }

    /// Tells nothing any more.
    pub(super) fn silence(&self) -> bool {
        let mut state = crate::lock(&self.state);
        let was_open = !mem::replace(&mut state.is_closed, true);
        let waiting = mem::take(&mut state.commits);
        drop(state);
        drop(waiting);
        was_open
    }

    /// Tells that there is no host any more. Who is told first takes the host's place, and with that all
    /// that the next edge of the page is to know.
    pub(super) fn close(&self, inner: &Inner) {
        let is_started = crate::lock(&self.state).is_started;
        if self.silence() && is_started {
            let estate = |feed: Arc<dyn Feeding>| Estate {
                state: feed.state().map(str::to_owned),
                claimed: match feed.is_resting() {
                    true => claimed(inner, &*feed),
                    false => Claimed::default(),
                },
            };
            let push = Push {
                closed: true,
                estate: inner.feed().map(estate),
                ..Push::default()
            };
            if let Ok(text) = wire::write(&push) {
                drop((self.receive)(&text));
            }
        }
    }
}

/// Lets others tell again, also when this thread panics.
struct Telling<'a>(&'a Outbox);

impl Drop for Telling<'_> {
    fn drop(&mut self) {
        let state = &mut *crate::lock(&self.0.state);
        state.telling = match state.telling {
            Some((thread, depth)) if depth > 1 => Some((thread, depth - 1)),
            _ => None,
        };
    }
}

impl Recording for Outbox {
    fn record(&self, inner: &Inner, changes: &ChangeSet) {
        let state = &mut *crate::lock(&self.state);
        if state.is_closed {
            return;
        }
        let left = changes.iter().find_map(|change| match change.origin() {
            Origin::Mfe(id)
                if change.is_removal() && inner.has_left(change.key(), change.origin()) =>
            {
                Some(Arc::clone(id))
            }
            _ => None,
        });
        let is_own = |expected: &mut Expected| expected.by == ThisThread::get();
        let own = state.expected.take_if(is_own);
        state.commits.push_back(Queued {
            changes: changes.clone(),
            own,
            left,
        });
    }

    fn wake(&self, inner: &Inner) {
        self.pump(inner);
        if inner.alive().is_err() {
            self.close(inner);
        }
    }
}

/// A commit, as the guest is told of it.
fn entry(inner: &Inner, queued: &Queued) -> Entry {
    let own = queued.own.as_ref();
    let shown = queued.changes.iter();
    let shown = shown.filter(|change| !change.labels.is_secret());
    let mut changes: Vec<_> = shown.map(|change| changed(inner, change, own)).collect();
    for key in own.iter().flat_map(|own| &own.same) {
        changes.push(Changed {
            key: key.to_string(),
            to: Content::Kept,
            door: None,
            source: None,
            labels: Vec::new(),
        });
    }
    Entry {
        own: own.map(|own| own.id),
        left: queued.left.as_deref().map(str::to_owned),
        changes,
    }
}

fn changed(inner: &Inner, change: &Change, own: Option<&Expected>) -> Changed {
    let sent = own.and_then(|own| own.sent.get(&change.key));
    let to = match (&change.new, sent) {
        (None, _) => Content::Removed,
        (Some(new), Some(Some(sent))) if sent.is(new) => Content::Kept,
        (Some(new), _) => match Carried::of(new) {
            Ok(json) => Content::Value(json),
            Err(reason) => {
                inner.report(&unsendable(&change.key, reason));
                Content::Removed
            }
        },
    };
    Changed {
        key: change.key.to_string(),
        to,
        door: Door::of(change.origin()),
        source: wire::shown(change.source()),
        labels: wire::Mark::all(change.labels),
    }
}
