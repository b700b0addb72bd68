//! The tabs port of an edge: what is sent, when, and what is done with what arrives.

mod resync;

use super::{
    Tabs,
    message::{self, Body, Entries},
    peers::Peers,
    time::Time,
    transport::Transport,
};
use crate::{
    change::UNKNOWN_SOURCE,
    edge::{
        Fault, Refusal,
        entry::Entry,
        link::{Changed, Door, Edge, Place, Port},
        stamp::ReplicaId,
        status::set,
    },
    error::StateError,
    sorted::by_name,
};
use resync::{Due, Parts};
use smol_str::SmolStr;
use std::{
    mem,
    sync::{Arc, Mutex, Weak},
};

/// So many ms a tab waits for an answer, and so often it asks.
const PATIENCE: u64 = 1_500;
const TRIES: u32 = 3;

/// Wake-ups come in groups; those within so many ms are one.
const GROUP: u64 = 250;

pub(super) struct TabsPort {
    transport: Box<dyn Transport>,
    channel: String,
    longest: usize,
    heartbeat: u64,
    me: Weak<Self>,
    state: Mutex<State>,
}

struct State {
    time: Time,
    /// Whether the channel is open.
    is_open: bool,
    queue: Entries,
    peers: Peers,
    beats_at: u64,
    /// What this tab asked for and has not got yet.
    asked: Option<Asked>,
    asked_at: Option<u64>,
    /// Whether the others were told what this tab has, and none was sent yet what it lacked.
    may_return: bool,
    answers: Vec<Due>,
    parts: Vec<Parts>,
}

impl State {
    /// The others are told what is here: what they answer is of that, and of nothing before.
    fn told(&mut self) {
        self.may_return = true;
        self.parts.clear();
    }
}

struct Asked {
    until: u64,
    tries: u32,
}

impl TabsPort {
    pub(super) fn new(tabs: Tabs, edge: &Edge) -> Arc<Self> {
        let here = edge.id();
        let heartbeat = u64::try_from(tabs.heartbeat.as_millis()).unwrap_or(u64::MAX / 4);
        let state = State {
            time: Time::new(edge.now(), heartbeat),
            is_open: false,
            queue: Vec::new(),
            peers: Peers::new(here),
            beats_at: heartbeat,
            asked: None,
            asked_at: None,
            may_return: false,
            answers: Vec::new(),
            parts: Vec::new(),
        };
        Arc::new_cyclic(|me| Self {
            transport: tabs.transport,
            channel: channel(edge.place()),
            longest: tabs.max_message,
            heartbeat,
            me: me.clone(),
            state: Mutex::new(state),
        })
    }

    /// Opens the channel and says what is here.
    fn join(&self, edge: &Edge) {
        let (port, link) = (self.me.clone(), Arc::downgrade(&edge.0));
        let receive = move |text: &str| {
            if let (Some(port), Some(link)) = (port.upgrade(), link.upgrade()) {
                let edge = Edge(link);
                port.receive(&edge, text);
                edge.arm();
            }
        };
        match self.transport.open(&self.channel, Box::new(receive)) {
            Ok(()) => {
                crate::lock(&self.state).is_open = true;
                let name = self.transport.name().to_owned();
                edge.note(|status| set(&mut status.transport, name));
                self.ask(edge, true, 1);
            }
            Err(fault) => self.failed(edge, &fault),
        }
    }

    fn failed(&self, edge: &Edge, fault: &Fault) {
        edge.report(&StateError::Transport {
            transport: self.transport.name().to_owned(),
            reason: fault.to_string(),
        });
    }

    /// Tells the others what is here, to be told what they have.
    fn ask(&self, edge: &Edge, joins: bool, tries: u32) {
        let (here, digest) = edge.replica(|replica| (replica.id(), *replica.digest()));
        let wall = edge.now();
        {
            let mut state = crate::lock(&self.state);
            let now = state.time.at(wall);
            state.asked = Some(Asked {
                until: now + PATIENCE,
                tries,
            });
            state.asked_at = Some(now);
            state.told();
            state.beats_at = now + self.heartbeat;
        }
        self.send(edge, &[message::compare(here, joins, true, &digest)]);
    }

    fn beat(&self, edge: &Edge) {
        let (here, digest) = edge.replica(|replica| (replica.id(), *replica.digest()));
        crate::lock(&self.state).told();
        self.send(edge, &[message::compare(here, false, false, &digest)]);
    }

    fn send(&self, edge: &Edge, messages: &[String]) {
        for message in messages {
            if let Err(fault) = self.transport.send(message) {
                self.failed(edge, &fault);
            }
        }
    }

    fn receive(&self, edge: &Edge, text: &str) {
        let message = match message::read(text, self.longest) {
            Ok(message) => message,
            Err(refusal) => return edge.refuse(Door::Tab, refusal, text),
        };
        let from = message.from;
        if from == edge.id() {
            return;
        }
        if let Body::Bye = message.body {
            return self.leave(edge, from);
        }
        edge.heed_labels();
        let wall = edge.now();
        let is_new = {
            let mut state = crate::lock(&self.state);
            if !state.is_open {
                return;
            }
            let now = state.time.at(wall);
            state.peers.hear(from, now)
        };
        match is_new {
            None => return edge.refuse(Door::Tab, Refusal::TooLarge, text),
            Some(true) => self.tell_peers(edge),
            Some(false) => {}
        }
        match message.body {
            Body::Change(entries) => {
                self.take_in(edge, entries);
                self.is_in_touch(edge);
            }
            Body::Digest {
                digest,
                asks,
                joins,
            } => self.compare(edge, from, digest, asks, joins),
            Body::Answer(answer) => self.answered(edge, from, answer),
            Body::Bye => {}
        }
    }

    fn take_in(&self, edge: &Edge, mut entries: Entries) {
        entries.retain(|entry| {
            let is_welcome = edge.may_share(&entry.key);
            if !is_welcome {
                edge.refuse(Door::Tab, Refusal::Label, &entry.key);
            }
            is_welcome
        });
        let keys: Vec<SmolStr> = entries.iter().map(|entry| entry.key.clone()).collect();
        edge.take_in(Door::Tab, entries);
        for key in &keys {
            self.outgrown(edge, key);
        }
    }

    fn leave(&self, edge: &Edge, from: ReplicaId) {
        let was_known = {
            let mut state = crate::lock(&self.state);
            state.answers.retain(|due| due.to != from);
            state.parts.retain(|parts| parts.from != from);
            state.peers.leave(from)
        };
        if was_known {
            self.tell_peers(edge);
        }
    }

    /// Some keys fit into no message: as they are, or at all.
    fn too_large(&self, edge: &Edge, keys: &[SmolStr]) {
        for key in keys {
            // What was removed of a value can be longer than what is left.
            let fits = |whole: &Changed| message::fits(whole, self.longest);
            if let Some(whole) = edge.condense(Door::Tab, key, fits) {
                let (messages, _) =
                    message::changes(edge.id(), "change", &vec![whole], self.longest);
                self.send(edge, &messages);
                continue;
            }
            edge.replica(|replica| replica.set_large(key, true));
            edge.report(&StateError::TooLarge {
                key: key.to_string(),
                limit: message::room(self.longest),
            });
        }
    }

    /// The whole of a key that was too large for the others, if it is not any more.
    fn outgrown(&self, edge: &Edge, key: &SmolStr) -> Option<Entry> {
        edge.replica(|replica| {
            if !replica.set_large(key, false) {
                return None;
            }
            let whole = Changed {
                key: key.clone(),
                delta: replica.get(key)?.clone(),
                source: UNKNOWN_SOURCE,
            };
            if !message::fits(&whole, self.longest) {
                replica.set_large(key, true);
                return None;
            }
            Some(whole.delta)
        })
    }

    fn tell_peers(&self, edge: &Edge) {
        let peers = crate::lock(&self.state).peers.ids();
        edge.note(|status| set(&mut status.tabs, peers));
    }

    fn is_in_touch(&self, edge: &Edge) {
        let now = edge.now();
        edge.note(|status| {
            // Each second is often enough for those who follow it.
            let is_news = status
                .last_sync
                .is_none_or(|last| now.abs_diff(last) >= 1_000);
            if is_news {
                status.last_sync = Some(now);
            }
            is_news
        });
    }
}

impl Port for TabsPort {
    fn door(&self) -> Door {
        Door::Tab
    }

    fn start(&self, edge: &Edge) {
        self.join(edge);
    }

    fn changed(&self, edge: &Edge, changes: &[Changed], from: Option<Door>) {
        let mut news = Entries::new();
        for change in changes {
            let whole = self.outgrown(edge, &change.key);
            // What came from storage was sent by whoever wrote it, and is in the digest.
            if from.is_none() {
                let mut change = change.clone();
                change.delta = whole.unwrap_or(change.delta);
                news.push(change);
            }
        }
        crate::lock(&self.state).queue.append(&mut news);
    }

    fn flush(&self, edge: &Edge) {
        let mut queue = {
            let mut state = crate::lock(&self.state);
            match state.is_open {
                true => mem::take(&mut state.queue),
                false => return state.queue.clear(),
            }
        };
        queue.retain(|change| edge.may_share(&change.key));
        if queue.is_empty() {
            return;
        }
        sort(&mut queue);
        // A key can have changed several times in a turn.
        queue.dedup_by(|later, earlier| {
            let is_one = later.key == earlier.key;
            if is_one {
                earlier.delta.merge(&later.delta);
                earlier.source = later.source.clone();
            }
            is_one
        });
        let here = edge.id();
        let (messages, left_out) = message::changes(here, "change", &queue, self.longest);
        self.send(edge, &messages);
        self.too_large(edge, &left_out);
    }

    fn poll(&self, edge: &Edge, now: u64) -> Option<u64> {
        edge.heed_labels();
        let (mut beats, mut asks_again, mut joins, mut is_news) = (false, None, false, false);
        {
            let mut state = crate::lock(&self.state);
            let time = state.time.at(now);
            if let Some(asked) = state.asked.take_if(|asked| asked.until <= time)
                && asked.tries < TRIES
                && !state.peers.is_empty()
            {
                asks_again = Some(asked.tries + 1);
            }
            if state.beats_at <= time {
                state.beats_at = time + self.heartbeat;
                (beats, joins) = (state.is_open, !state.is_open);
            }
            let longest = 3 * self.heartbeat;
            is_news |= state.peers.expire(time.saturating_sub(longest));
        }
        if is_news {
            self.tell_peers(edge);
        }
        if joins {
            self.join(edge);
        } else if let Some(tries) = asks_again {
            self.ask(edge, false, tries);
        } else if beats {
            self.beat(edge);
        }
        self.answer(edge);
        let state = crate::lock(&self.state);
        let silent = state
            .peers
            .oldest()
            .map(|heard| heard + 3 * self.heartbeat + 1);
        let due = state.answers.iter().map(|due| due.at).min();
        let asked = state.asked.as_ref().map(|asked| asked.until);
        let next = [silent, due, asked].into_iter().flatten().min();
        let next = next.map_or(state.beats_at, |next| next.min(state.beats_at));
        Some(now.saturating_add(next.saturating_sub(state.time.last())))
    }

    fn wake(&self, edge: &Edge) {
        let wall = edge.now();
        let (is_open, is_known) = {
            let mut state = crate::lock(&self.state);
            let now = state.time.at(wall);
            let is_known = state.asked_at.is_some_and(|at| now < at + GROUP);
            (state.is_open, is_known)
        };
        match is_open {
            false => self.join(edge),
            true if is_known => {}
            true => self.ask(edge, false, 1),
        }
    }

    fn close(&self, edge: &Edge) {
        self.flush(edge);
        let here = edge.id();
        let was_open = {
            let mut state = crate::lock(&self.state);
            state.answers.clear();
            state.parts.clear();
            state.asked = None;
            state.peers = Peers::new(here);
            mem::replace(&mut state.is_open, false)
        };
        if was_open {
            self.send(edge, &[message::bye(here)]);
            self.transport.close();
        }
        self.tell_peers(edge);
    }

    fn left_over(&self) -> Vec<SmolStr> {
        let state = crate::lock(&self.state);
        state
            .queue
            .iter()
            .map(|change| change.key.clone())
            .collect()
    }
}

/// Stable, so that what came later stays later.
fn sort(entries: &mut Entries) {
    by_name(entries, |entry| &entry.key);
}

/// The channel of a state, which it shares with no other.
fn channel(place: &Place) -> String {
    format!("universal-state/{}/{}", message::PROTOCOL, place.name())
}
