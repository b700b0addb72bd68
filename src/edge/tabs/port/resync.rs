//! How two tabs find out that they differ, and get into step.
//!
//! A digest that asks is answered by one tab: all hear it, the one with the smallest id answers at
//! once, and the others only if they see no answer. The answer holds all of the buckets that differ;
//! whoever asked sends back what it shows that the other lacks. A digest that does not ask, a
//! heartbeat, is answered if it differs twice in a row, since messages under way make a difference too.
//! What an answer does not mend, such as a key that only one of the two may share, is no news when it is
//! seen again, and is answered less often.

use super::{
    super::{
        message::{self, Answer, Entries, Reply},
        peers::Doubt,
    },
    TabsPort, sort,
};
use crate::{
    change::UNKNOWN_SOURCE,
    edge::{
        Refusal,
        entry::Entry,
        link::{Changed, Door, Edge},
        replica::{self, Digest, Replica},
        stamp::ReplicaId,
    },
    error::StateError,
    sorted::by_name,
};
use smol_str::SmolStr;

/// Who comes first answers at once; so many ms later, the next does, unless it has seen the answer.
const STEP: u64 = 100;

/// Whoever waits for an answer itself lets so many others go first.
const WAITING: u64 = 5;

/// So many ms pass between two answers to one tab.
const PAUSE: u64 = 1_000;

/// So many heartbeats in a row of which each second one is answered, if they differ; after that, of so
/// many one is.
const RARELY: u32 = 16;

/// So many tabs at most wait for an answer of this one.
const MAX_ANSWERS: usize = 64;

/// Of so many answers parts are remembered.
const MAX_PARTS: usize = 4;

/// An answer that somebody waits for.
pub(super) struct Due {
    pub(super) to: ReplicaId,
    pub(super) at: u64,
    joins: bool,
    asks: bool,
    digest: Box<Digest>,
}

/// What has arrived of an answer.
pub(super) struct Parts {
    pub(super) from: ReplicaId,
    /// The keys of which the sender knows all that is known here.
    same: Vec<SmolStr>,
}

impl TabsPort {
    /// Compares what another tab has with what is here.
    pub(super) fn compare(
        &self,
        edge: &Edge,
        from: ReplicaId,
        digest: Box<Digest>,
        asks: bool,
        joins: bool,
    ) {
        let ours = edge.replica(|replica| *replica.digest());
        let is_same = ours == *digest;
        if is_same {
            self.is_in_touch(edge);
        }
        let mut is_confirmed = false;
        let is_noted = {
            let mut state = crate::lock(&self.state);
            let now = state.time.last();
            let place = state.peers.rank(from) + if state.asked.is_some() { WAITING } else { 0 };
            let Some(peer) = state.peers.get_mut(from) else {
                return;
            };
            if is_same {
                peer.doubt = None;
            }
            if !asks && is_same {
                return;
            }
            // The answer of another can be here before the question.
            if peer.answered_by_other.is_some_and(|at| now < at + STEP) {
                return;
            }
            if !asks {
                // Messages under way make a difference too, but none that stays.
                let sums = (sum(&digest, &ours), sum(&ours, &digest));
                let before = peer.doubt;
                let is_known = before.is_some_and(|doubt| doubt.sums == sums);
                let times = match before {
                    Some(doubt) if is_known => doubt.times.saturating_add(1),
                    Some(Doubt { times: 1, .. }) => 2,
                    _ => 1,
                };
                let is_due = times % RARELY == 0 || times < RARELY && times % 2 == 0;
                let was_counted = before.is_some_and(|doubt| is_known && doubt.is_counted);
                is_confirmed = is_due && is_known && !was_counted;
                peer.doubt = Some(Doubt {
                    sums,
                    times,
                    is_counted: was_counted || is_confirmed,
                });
                if !is_due {
                    return;
                }
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
                    };
                    true
                }
                None if has_room => {
                    state.answers.push(due);
                    true
                }
                None => false,
            }
        };
        if is_confirmed {
            edge.note(|status| {
                status.disagreements += 1;
                true
            });
            edge.report(&StateError::Disagreement {
                tab: from.to_string(),
            });
        }
        if !is_noted {
            return edge.refuse(Door::Tab, Refusal::TooLarge, "");
        }
        self.answer(edge);
    }

    /// Gives the answers that are due.
    pub(super) fn answer(&self, edge: &Edge) {
        loop {
            let wall = edge.now();
            let (due, peers) = {
                let mut state = crate::lock(&self.state);
                let now = state.time.at(wall);
                let Some(at) = state.answers.iter().position(|due| due.at <= now) else {
                    return;
                };
                let due = state.answers.swap_remove(at);
                if let Some(peer) = state.peers.get_mut(due.to) {
                    peer.answered = Some(now);
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
    pub(super) fn answered(&self, edge: &Edge, from: ReplicaId, answer: Answer) {
        let here = edge.id();
        let mut state = crate::lock(&self.state);
        let now = state.time.last();
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
                same: Vec::new(),
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
        by_name(&mut parts.same, |key| key);
        let (here, entries) = edge.replica(|replica| {
            let is_news = |key: &SmolStr| parts.same.binary_search(key).is_err();
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
}

/// A bit for each bucket that differs.
fn difference(a: &Digest, b: &Digest) -> u64 {
    let differs = a.iter().zip(b).enumerate().filter(|(_, (a, b))| a != b);
    differs.fold(0, |bits, (at, _)| bits | 1 << at)
}

/// One number for what of a digest differs from another.
fn sum(digest: &Digest, other: &Digest) -> u64 {
    let differs = digest.iter().zip(other).zip(1..);
    let differs = differs.filter(|((bucket, other), _)| bucket != other);
    differs.fold(0, |sum: u64, ((bucket, _), at)| {
        (sum.rotate_left(5) ^ bucket ^ at).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    })
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
