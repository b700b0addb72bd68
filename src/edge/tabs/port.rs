//! The tabs port of an edge: what is sent, when, and what is done with what arrives.

use super::{
    Tabs,
    message::{self, Answer, Body, Entries, Reply},
    peers::{Doubt, Peers},
    transport::Transport,
};
use crate::{
    change::UNKNOWN_SOURCE,
    edge::{
        Fault, Refusal,
        entry::Entry,
        link::{Changed, Door, Edge, Place, Port},
        replica::{self, Digest, Replica},
        stamp::ReplicaId,
    },
    error::StateError,
};
use smol_str::SmolStr;
use std::{
    collections::BTreeSet,
    mem,
    sync::{Arc, Mutex, Weak},
};

/// Who comes first answers at once; so many ms later, the next does, unless it has seen the answer.
const STEP: u64 = 100;

/// Whoever waits for an answer itself lets so many others go first.
const WAITING: u64 = 5;

/// So many ms a tab waits for an answer, and so often it asks.
const PATIENCE: u64 = 1_500;
const TRIES: u32 = 3;

/// So many ms pass between two answers to one tab.
const PAUSE: u64 = 1_000;

/// So many tabs at most wait for an answer of this one.
const MAX_ANSWERS: usize = 64;

/// Of so many answers parts are remembered.
const MAX_PARTS: usize = 4;

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

struct Asked {
    until: u64,
    tries: u32,
}

/// An answer that somebody waits for.
struct Due {
    to: ReplicaId,
    at: u64,
    joins: bool,
    asks: bool,
    digest: Box<Digest>,
}

/// What has arrived of an answer.
struct Parts {
    from: ReplicaId,
    /// The keys of which the sender knows all that is known here.
    same: BTreeSet<SmolStr>,
}

/// Time that never jumps: it stands still while the wall clock goes back, and leaps over at most one
/// heartbeat while the page sleeps.
struct Time {
    wall: u64,
    passed: u64,
    longest: u64,
}

impl Time {
    fn at(&mut self, wall: u64) -> u64 {
        self.passed += wall.saturating_sub(self.wall).min(self.longest);
        self.wall = wall;
        self.passed
    }
}

impl TabsPort {
    pub(super) fn new(tabs: Tabs, edge: &Edge) -> Arc<Self> {
        let here = edge.replica(|replica| replica.id());
        let heartbeat = u64::try_from(tabs.heartbeat.as_millis()).unwrap_or(u64::MAX / 4);
        let state = State {
            time: Time {
                wall: edge.now(),
                passed: 0,
                longest: heartbeat,
            },
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
        {
            let mut state = crate::lock(&self.state);
            let now = state.time.at(edge.now());
            state.asked = Some(Asked {
                until: now + PATIENCE,
                tries,
            });
            state.asked_at = Some(now);
            state.may_return = true;
            state.beats_at = now + self.heartbeat;
        }
        self.send(edge, &[message::compare(here, joins, true, &digest)]);
    }

    fn beat(&self, edge: &Edge) {
        let (here, digest) = edge.replica(|replica| (replica.id(), *replica.digest()));
        crate::lock(&self.state).may_return = true;
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
        if from == edge.replica(|replica| replica.id()) {
            return;
        }
        if let Body::Bye = message.body {
            return self.leave(edge, from);
        }
        let is_new = {
            let mut state = crate::lock(&self.state);
            if !state.is_open {
                return;
            }
            let now = state.time.at(edge.now());
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
        edge.take_in(Door::Tab, entries);
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

    /// Compares what another tab has with what is here.
    fn compare(&self, edge: &Edge, from: ReplicaId, digest: Box<Digest>, asks: bool, joins: bool) {
        let ours = edge.replica(|replica| *replica.digest());
        let is_same = ours == *digest;
        if is_same {
            self.is_in_touch(edge);
        }
        let mut is_confirmed = false;
        {
            let mut state = crate::lock(&self.state);
            let now = state.time.passed;
            let place = state.peers.rank(from) + if state.asked.is_some() { WAITING } else { 0 };
            let Some(peer) = state.peers.get_mut(from) else {
                return;
            };
            let before = peer.doubt.take();
            if !asks && is_same {
                return;
            }
            if !asks {
                // Messages under way make a difference too, but none that stays.
                let (there, here) = (sum(&digest), sum(&ours));
                let times = before.map_or(1, |doubt| doubt.times + 1);
                is_confirmed =
                    before.is_some_and(|doubt| doubt.there == there && doubt.here == here);
                peer.doubt = Some(Doubt { there, here, times });
                if times == 1 {
                    return;
                }
            }
            // The answer of another can be here before the question.
            if peer.answered_by_other.is_some_and(|at| now < at + STEP) {
                return;
            }
            let earliest = peer.answered.map_or(0, |at| at + PAUSE);
            let due = Due {
                to: from,
                at: (now + STEP * place).max(earliest),
                joins,
                asks,
                digest,
            };
            let has_room = state.answers.len() < MAX_ANSWERS;
            match state.answers.iter_mut().find(|due| due.to == from) {
                Some(known) => {
                    *known = Due {
                        at: known.at.min(due.at),
                        joins: joins || known.joins,
                        asks: asks || known.asks,
                        ..due
                    }
                }
                None if has_room => state.answers.push(due),
                None => {
                    drop(state);
                    return edge.refuse(Door::Tab, Refusal::TooLarge, "");
                }
            }
        }
        if is_confirmed {
            edge.note(|status| status.disagreements += 1);
            edge.report(&StateError::Disagreement {
                tab: from.to_string(),
            });
        }
        self.answer(edge);
    }

    /// Gives the answers that are due.
    fn answer(&self, edge: &Edge) {
        loop {
            let (due, peers) = {
                let mut state = crate::lock(&self.state);
                let now = state.time.at(edge.now());
                let Some(at) = state.answers.iter().position(|due| due.at <= now) else {
                    return;
                };
                let due = state.answers.swap_remove(at);
                if let Some(peer) = state.peers.get_mut(due.to) {
                    peer.answered = Some(now);
                    peer.doubt = None;
                }
                let mut peers = state.peers.ids();
                peers.retain(|peer| *peer != due.to);
                (due, peers)
            };
            let (here, buckets, entries) = edge.replica(|replica| {
                let buckets = difference(replica.digest(), &due.digest);
                (
                    replica.id(),
                    buckets,
                    entries_in(replica, buckets, |_| true),
                )
            });
            if buckets == 0 && !due.asks {
                continue;
            }
            let reply = Reply {
                to: due.to,
                joins: due.joins,
                buckets,
                peers: &peers,
            };
            let (messages, left_out) = message::answers(here, &reply, &entries, self.longest);
            self.send(edge, &messages);
            self.too_large(edge, &left_out);
        }
    }

    /// Takes in an answer, and sends back what it shows that the other lacks.
    fn answered(&self, edge: &Edge, from: ReplicaId, answer: Answer) {
        let here = edge.replica(|replica| replica.id());
        let mut state = crate::lock(&self.state);
        let now = state.time.passed;
        if answer.to != here {
            state.answers.retain(|due| due.to != answer.to);
            let is_news = state.peers.hear(answer.to, now) == Some(true);
            if let Some(peer) = state.peers.get_mut(answer.to) {
                peer.answered_by_other = Some(now);
            }
            drop(state);
            if is_news {
                self.tell_peers(edge);
            }
            return;
        }
        let mut is_news = false;
        for peer in answer.peers {
            // Not as if it had been heard: if it is gone, it is to be forgotten soon.
            let heard = now.saturating_sub(2 * self.heartbeat);
            is_news |= state.peers.hear(peer, heard) == Some(true);
        }
        let is_last = !answer.more;
        let may_return = state.may_return;
        if is_last {
            state.asked = None;
        }
        drop(state);
        if is_news {
            self.tell_peers(edge);
        }
        let same = edge.replica(|replica| {
            let is_known = |there: &&Changed| {
                let here = replica.get(&there.key);
                here.is_none_or(|here| here.beyond(&there.delta).is_none())
            };
            let known = answer.entries.iter().filter(is_known);
            known.map(|there| there.key.clone()).collect::<Vec<_>>()
        });
        self.take_in(edge, answer.entries);
        if may_return {
            self.give_back(edge, from, same, is_last.then_some(answer.buckets));
        }
        if is_last {
            self.is_in_touch(edge);
        }
    }

    /// Sends what is in these buckets and not the same elsewhere, when the answer is complete.
    fn give_back(&self, edge: &Edge, from: ReplicaId, same: Vec<SmolStr>, buckets: Option<u64>) {
        let mut state = crate::lock(&self.state);
        let known = state.parts.iter().position(|parts| parts.from == from);
        let mut parts = match known {
            Some(at) => state.parts.swap_remove(at),
            None => Parts {
                from,
                same: BTreeSet::new(),
            },
        };
        parts.same.extend(same);
        let Some(buckets) = buckets else {
            if state.parts.len() >= MAX_PARTS {
                state.parts.swap_remove(0);
            }
            state.parts.push(parts);
            return;
        };
        drop(state);
        let (here, entries) = edge.replica(|replica| {
            let is_news = |key: &SmolStr| !parts.same.contains(key);
            (replica.id(), entries_in(replica, buckets, is_news))
        });
        if entries.is_empty() {
            return;
        }
        crate::lock(&self.state).may_return = false;
        let (messages, left_out) = message::changes(here, "state", &entries, self.longest);
        self.send(edge, &messages);
        self.too_large(edge, &left_out);
    }

    fn too_large(&self, edge: &Edge, keys: &[SmolStr]) {
        for key in keys {
            edge.report(&StateError::TooLarge {
                key: key.to_string(),
                limit: self.longest,
            });
        }
    }

    fn tell_peers(&self, edge: &Edge) {
        let peers = crate::lock(&self.state).peers.ids();
        edge.note(|status| status.tabs = peers);
    }

    fn is_in_touch(&self, edge: &Edge) {
        let now = edge.now();
        edge.note(|status| {
            // Each second is often enough for those who follow it.
            if status
                .last_sync
                .is_none_or(|last| now.abs_diff(last) >= 1_000)
            {
                status.last_sync = Some(now);
            }
        });
    }
}

impl Port for TabsPort {
    fn door(&self) -> Door {
        Door::Tab
    }

    fn start(&self, edge: &Edge) {
        edge.note(|status| status.transport = self.transport.name().to_owned());
        self.join(edge);
    }

    fn changed(&self, edge: &Edge, changes: &[Changed], from: Option<Door>) {
        // What came from storage was sent by whoever wrote it, and is in the digest.
        if from.is_some() {
            return;
        }
        let mut state = crate::lock(&self.state);
        for change in changes.iter().filter(|change| edge.may_share(&change.key)) {
            state.queue.push(change.clone());
        }
    }

    fn flush(&self, edge: &Edge) {
        let mut queue = {
            let mut state = crate::lock(&self.state);
            match state.is_open {
                true => mem::take(&mut state.queue),
                false => return state.queue.clear(),
            }
        };
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
        let here = edge.replica(|replica| replica.id());
        let (messages, left_out) = message::changes(here, "change", &queue, self.longest);
        self.send(edge, &messages);
        self.too_large(edge, &left_out);
    }

    fn poll(&self, edge: &Edge, now: u64) -> Option<u64> {
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
        Some(now + next.saturating_sub(state.time.passed))
    }

    fn wake(&self, edge: &Edge) {
        let (is_open, is_known) = {
            let mut state = crate::lock(&self.state);
            let now = state.time.at(edge.now());
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
        let was_open = {
            let mut state = crate::lock(&self.state);
            state.answers.clear();
            state.parts.clear();
            state.asked = None;
            let here = edge.replica(|replica| replica.id());
            state.peers = Peers::new(here);
            mem::replace(&mut state.is_open, false)
        };
        if was_open {
            let here = edge.replica(|replica| replica.id());
            self.send(edge, &[message::bye(here)]);
            self.transport.close();
        }
        self.tell_peers(edge);
    }
}

/// A bit for each bucket that differs.
fn difference(a: &Digest, b: &Digest) -> u64 {
    let differs = a.iter().zip(b).enumerate().filter(|(_, (a, b))| a != b);
    differs.fold(0, |bits, (at, _)| bits | 1 << at)
}

/// One number for a digest.
fn sum(digest: &Digest) -> u64 {
    let step =
        |sum: u64, bucket: &u64| (sum.rotate_left(5) ^ bucket).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    digest.iter().fold(0, step)
}

/// The entries that other tabs are to have, of the buckets of a set and of some keys, in order.
fn entries_in(replica: &Replica, buckets: u64, is_wanted: impl Fn(&SmolStr) -> bool) -> Entries {
    let is_inside = |key: &SmolStr| buckets >> replica::bucket(key) & 1 == 1;
    let entries = replica.shared();
    let entries = entries.filter(|(key, _)| is_inside(key) && is_wanted(key));
    let entry = |(key, entry): (&SmolStr, &Entry)| Changed {
        key: key.clone(),
        delta: entry.clone(),
        source: UNKNOWN_SOURCE,
    };
    let mut entries: Entries = entries.map(entry).collect();
    sort(&mut entries);
    entries
}

/// Stable, so that what came later stays later.
fn sort(entries: &mut Entries) {
    entries.sort_by(|a, b| a.key.cmp(&b.key));
}

/// The channel of a state: what it names goes into it so that no two states share one.
fn channel(place: &Place) -> String {
    let mut name = format!("universal-state/{}/", message::PROTOCOL);
    for part in [&place.application, &place.prefix] {
        // As in RFC 3986, section 2.1.
        name.push_str(&part.replace('%', "%25").replace('/', "%2F"));
        name.push('/');
    }
    name + &place.schema.to_string()
}
