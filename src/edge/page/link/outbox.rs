//! What is on its way to a guest.

use super::unsendable;
use crate::{
    change::{Change, ChangeSet, Stamp},
    edge::page::wire::{self, Carried, Changed, Content, Entry, Push},
    store::{Inner, Recording, Slot, ThisThread},
    value::Value,
};
use smol_str::SmolStr;
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, atomic::Ordering},
};

/// A key that a guest writes, by whom, and with what.
pub(super) type Sent = (Arc<Slot>, Stamp, Option<Value>);

/// Hears of every commit under its lock, as a history does, and tells the guest once it is released.
pub(super) struct Outbox {
    state: Mutex<Waiting>,
    receive: Box<dyn Fn(&str) + Send + Sync>,
}

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
}

struct Queued {
    changes: ChangeSet,
    own: Option<Expected>,
}

struct Expected {
    by: ThisThread,
    id: u64,
    sent: HashMap<SmolStr, Option<Value>>,
    /// The keys that hold already what was sent.
    same: Vec<SmolStr>,
}

impl Outbox {
    pub(super) fn new(inner: &Inner, receive: Box<dyn Fn(&str) + Send + Sync>) -> Self {
        let state = Waiting {
            registry: inner.registered().1,
            rules: inner.rules_image().1,
            ..Waiting::default()
        };
        Self {
            state: Mutex::new(state),
            receive,
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
            (state.registry, state.rules) = (registry, rules);
            let is_old = |queued: &Queued| {
                let sequence = queued.changes.iter().map(|change| change.sequence).max();
                sequence.is_some_and(|sequence| sequence <= now)
            };
            let (old, new) = std::mem::take(&mut state.commits)
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
        loop {
            let (registry, rules) = (inner.registered(), inner.rules_image());
            let (queued, registry, rules) = {
                let state = &mut *crate::lock(&self.state);
                let this = ThisThread::get();
                let depth = match state.telling {
                    Some((thread, depth)) if thread == this => depth,
                    Some(_) => return was_any,
                    None => 0,
                };
                if !state.is_started || state.is_closed {
                    return was_any;
                }
                let is_new = |known: &mut u64, now: u64| std::mem::replace(known, now) != now;
                let registry = is_new(&mut state.registry, registry.1).then_some(registry.0);
                let rules = is_new(&mut state.rules, rules.1).then_some(rules.0);
                if state.commits.is_empty() && registry.is_none() && rules.is_none() {
                    return was_any;
                }
                state.telling = Some((this, depth + 1));
                (std::mem::take(&mut state.commits), registry, rules)
            };
            was_any = true;
            let telling = Telling(self);
            let entries = queued.iter().map(|queued| entry(inner, queued));
            self.tell(
                inner,
                &Push {
                    entries: entries.collect(),
                    registry,
                    rules,
                    closed: false,
                },
            );
            drop(telling);
        }
    }

    fn tell(&self, inner: &Inner, push: &Push) {
        match wire::write(push) {
            Ok(text) => (self.receive)(&text),
            Err(error) => inner.report(&error),
        }
    }

    /// Tells nothing any more.
    pub(super) fn silence(&self) -> bool {
        let mut state = crate::lock(&self.state);
        let was_open = !std::mem::replace(&mut state.is_closed, true);
        let waiting = std::mem::take(&mut state.commits);
        drop(state);
        drop(waiting);
        was_open
    }

    /// Tells that there is no host any more.
    pub(super) fn close(&self) {
        let is_started = crate::lock(&self.state).is_started;
        if self.silence() && is_started {
            let push = Push {
                closed: true,
                ..Push::default()
            };
            if let Ok(text) = wire::write(&push) {
                (self.receive)(&text);
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
    fn record(&self, changes: &ChangeSet) {
        let state = &mut *crate::lock(&self.state);
        if state.is_closed {
            return;
        }
        let is_own = |expected: &mut Expected| expected.by == ThisThread::get();
        let own = state.expected.take_if(is_own);
        state.commits.push_back(Queued {
            changes: changes.clone(),
            own,
        });
    }

    fn wake(&self, inner: &Inner) {
        self.pump(inner);
        if inner.alive().is_err() {
            self.close();
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
            source: None,
            labels: Vec::new(),
        });
    }
    Entry {
        own: own.map(|own| own.id),
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
        source: wire::shown(change.source()),
        labels: wire::Mark::all(change.labels),
    }
}
