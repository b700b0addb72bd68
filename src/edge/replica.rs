//! [`Replica`]: all that one tab knows of the shared state: its entries, its clock, and the digest by
//! which two replicas find out whether they agree. It does no I/O and runs no code of a user.

use super::{
    clock::Clock,
    entry::Entry,
    hash,
    stamp::{ReplicaId, Stamp},
};
use crate::{json, key::KeyHasher};
use smol_str::SmolStr;
use std::{collections::HashMap, mem};

/// Into so many parts a digest is split.
pub(crate) const BUCKETS: usize = 64;

/// So long is remembered, in ms, that something was removed, if nothing else is said.
pub(crate) const TOMBSTONES: u64 = 30 * 24 * 60 * 60 * 1_000;

/// Between two looks for what can be forgotten, in ms, at most.
const SWEEP: u64 = 60 * 60 * 1_000;

/// When all replicas that remember removals for so long looked last for what can be forgotten, in ms.
/// Each at a time of its own, they would bring each other back what they forgot.
pub(crate) fn swept_at(now: u64, tombstones: u64) -> u64 {
    now - now % tombstones.clamp(1, SWEEP)
}

/// Sums of what a replica knows, one a bucket of keys. Two replicas with equal digests hold the same.
pub(crate) type Digest = [u64; BUCKETS];

pub(crate) struct Replica {
    pub(crate) clock: Clock,
    entries: HashMap<SmolStr, Kept, KeyHasher>,
    digest: Digest,
    /// The keys whose part in the digest is outdated.
    stale: Vec<SmolStr>,
    /// Counts what comes in from outside.
    round: u32,
}

struct Kept {
    entry: Entry,
    /// What it adds to the digest.
    hash: u64,
    is_stale: bool,
    /// Whether other tabs are to have it.
    is_shared: bool,
    /// Whether it is too large for them.
    is_large: bool,
    /// When it last came in from outside.
    round: u32,
}

impl Kept {
    fn is_told(&self) -> bool {
        self.is_shared && !self.is_large
    }
}

impl Replica {
    pub(crate) fn new(id: ReplicaId) -> Self {
        Self {
            clock: Clock::new(id),
            entries: HashMap::default(),
            digest: [0; BUCKETS],
            stale: Vec::new(),
            round: 0,
        }
    }

    /// Knows from now on what another one of this page knew, which has ended.
    pub(crate) fn go_on_from(&mut self, mut before: Self) {
        before.clock.be(self.id());
        *self = before;
    }

    pub(crate) fn id(&self) -> ReplicaId {
        self.clock.replica()
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.get(key).map(|kept| &kept.entry)
    }

    /// All entries, removed keys included, in no particular order.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&SmolStr, &Entry)> {
        self.entries.iter().map(|(key, kept)| (key, &kept.entry))
    }

    /// Those that other tabs are to have.
    pub(crate) fn shared(&self) -> impl Iterator<Item = (&SmolStr, &Entry)> {
        let shared = self.entries.iter().filter(|(_, kept)| kept.is_told());
        shared.map(|(key, kept)| (key, &kept.entry))
    }

    /// How many keys are known, removed ones included.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Takes in a delta, of here or from elsewhere. Returns whether it was news.
    pub(crate) fn merge(&mut self, key: &SmolStr, delta: &Entry, is_shared: bool) -> bool {
        if let Some(stamp) = delta.newest() {
            self.clock.observe(&stamp);
        }
        let Some(kept) = self.entries.get_mut(key) else {
            let mut entry = Entry::default();
            let is_news = entry.merge(delta);
            if is_news {
                let kept = Kept {
                    entry,
                    hash: 0,
                    is_stale: true,
                    is_shared,
                    is_large: false,
                    round: 0,
                };
                self.entries.insert(key.clone(), kept);
                self.stale.push(key.clone());
            }
            return is_news;
        };
        let is_news = kept.entry.merge(delta);
        if (is_news || kept.is_shared != is_shared) && !mem::replace(&mut kept.is_stale, true) {
            self.stale.push(key.clone());
        }
        kept.is_shared = is_shared;
        is_news
    }

    /// Something comes in from outside.
    pub(crate) fn begin_round(&mut self) -> u32 {
        self.round = self.round.wrapping_add(1);
        self.round
    }

    /// Whether a key is asked for the first time in a round.
    pub(crate) fn is_first(&mut self, key: &str, round: u32) -> bool {
        let kept = self.entries.get_mut(key);
        kept.is_some_and(|kept| mem::replace(&mut kept.round, round) != round)
    }

    /// Says anew whether other tabs are to have a key.
    pub(crate) fn share(&mut self, key: &SmolStr, is_shared: bool) {
        if let Some(kept) = self.entries.get_mut(key)
            && mem::replace(&mut kept.is_shared, is_shared) != is_shared
            && !mem::replace(&mut kept.is_stale, true)
        {
            self.stale.push(key.clone());
        }
    }

    /// Says whether a key is too large for other tabs: that they lack it is no disagreement, then.
    /// Returns what was said before.
    pub(crate) fn set_large(&mut self, key: &SmolStr, is_large: bool) -> bool {
        let Some(kept) = self.entries.get_mut(key) else {
            return false;
        };
        let before = mem::replace(&mut kept.is_large, is_large);
        if before != is_large && !mem::replace(&mut kept.is_stale, true) {
            self.stale.push(key.clone());
        }
        before
    }

    /// Forgets a key.
    pub(crate) fn forget(&mut self, key: &str) {
        if let Some(kept) = self.entries.remove(key)
            && let Some(sum) = self.digest.get_mut(bucket(key))
        {
            *sum ^= kept.hash;
        }
    }

    /// Forgets what was removed before a time, in ms: keys, and parts of them. Returns which keys that
    /// concerns.
    pub(crate) fn sweep(&mut self, before: u64) -> Vec<SmolStr> {
        let is_old = |stamp: Stamp| stamp.millis() < before;
        let old = self.entries.iter().filter(|(_, kept)| {
            kept.entry.value().is_none() && kept.entry.newest().is_some_and(is_old)
        });
        let mut old: Vec<SmolStr> = old.map(|(key, _)| key.clone()).collect();
        for key in &old {
            self.forget(key);
        }
        for (key, kept) in &mut self.entries {
            if kept.entry.sweep(before) {
                old.push(key.clone());
                if !mem::replace(&mut kept.is_stale, true) {
                    self.stale.push(key.clone());
                }
            }
        }
        old
    }

    /// What to compare with the digests of others. It costs what has changed since the last.
    pub(crate) fn digest(&mut self) -> &Digest {
        for key in mem::take(&mut self.stale) {
            let Some(kept) = self.entries.get_mut(&key) else {
                continue;
            };
            let hash = match kept.is_told() {
                true => fingerprint(&key, &kept.entry),
                false => 0,
            };
            kept.is_stale = false;
            if let Some(sum) = self.digest.get_mut(bucket(&key)) {
                *sum ^= mem::replace(&mut kept.hash, hash) ^ hash;
            }
        }
        &self.digest
    }
}

/// The bucket of a key: the same in every build.
pub(crate) fn bucket(key: &str) -> usize {
    (hash::fnv(key.as_bytes()) % BUCKETS as u64) as usize
}

fn fingerprint(key: &str, entry: &Entry) -> u64 {
    let hash = hash::more(hash::fnv(key.as_bytes()), &[0xff]);
    mix(hash::more(hash, json::text(&entry.encode()).as_bytes()))
}

/// Spreads what differs over all bits (the finalizer of SplitMix64; Steele et al., 2014).
fn mix(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}
