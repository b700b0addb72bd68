//! Who else is there.

use super::message::MAX_PEERS;
use crate::edge::stamp::ReplicaId;

/// The other tabs, in the order of their ids. All times are in ms, by one clock.
pub(super) struct Peers {
    here: ReplicaId,
    others: Vec<Peer>,
}

pub(super) struct Peer {
    pub(super) id: ReplicaId,
    /// When it was last heard.
    seen: u64,
    /// When it was last answered.
    pub(super) answered: Option<u64>,
    /// When another was last seen to answer it.
    pub(super) answered_by_other: Option<u64>,
    /// What the two compared last, if they differed.
    pub(super) doubt: Option<Doubt>,
}

/// That a tab has something else than this one.
#[derive(Clone, Copy)]
pub(super) struct Doubt {
    /// The sums of what differs: there and here.
    pub(super) sums: (u64, u64),
    /// How often in a row it was seen.
    pub(super) times: u32,
    /// Whether it was counted as a disagreement.
    pub(super) is_counted: bool,
}

impl Peers {
    pub(super) fn new(here: ReplicaId) -> Self {
        Self {
            here,
            others: Vec::new(),
        }
    }

    /// Remembers that a tab lives. Returns whether it is a new one; `None` if there is no room for it.
    pub(super) fn hear(&mut self, id: ReplicaId, now: u64) -> Option<bool> {
        match self.place(id) {
            Ok(at) => {
                let peer = self.others.get_mut(at)?;
                peer.seen = peer.seen.max(now);
                Some(false)
            }
            Err(_) if self.others.len() >= MAX_PEERS || id == self.here => None,
            Err(at) => {
                let peer = Peer {
                    id,
                    seen: now,
                    answered: None,
                    answered_by_other: None,
                    doubt: None,
                };
                self.others.insert(at, peer);
                Some(true)
            }
        }
    }

    pub(super) fn get_mut(&mut self, id: ReplicaId) -> Option<&mut Peer> {
        let at = self.place(id).ok()?;
        self.others.get_mut(at)
    }

    /// Forgets a tab. Returns whether it was known.
    pub(super) fn leave(&mut self, id: ReplicaId) -> bool {
        let at = self.place(id);
        at.map(|at| self.others.remove(at)).is_ok()
    }

    /// Forgets those that were last heard before a time. Returns whether there were any.
    pub(super) fn expire(&mut self, before: u64) -> bool {
        let count = self.others.len();
        self.others.retain(|peer| peer.seen >= before);
        self.others.len() < count
    }

    /// When the one that was silent for longest was last heard.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.others.iter().map(|peer| peer.seen).min()
    }

    /// How many would answer a tab before this one: those with smaller ids.
    pub(super) fn rank(&self, asker: ReplicaId) -> u64 {
        let earlier = self.others.iter().take_while(|peer| peer.id < self.here);
        earlier.filter(|peer| peer.id != asker).count() as u64
    }

    pub(super) fn ids(&self) -> Vec<ReplicaId> {
        self.others.iter().map(|peer| peer.id).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.others.is_empty()
    }

    fn place(&self, id: ReplicaId) -> Result<usize, usize> {
        self.others.binary_search_by_key(&id, |peer| peer.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u64) -> ReplicaId {
        ReplicaId::new(number)
    }

    #[test]
    fn the_smaller_ids_but_for_the_askers_come_first() {
        let mut peers = Peers::new(id(5));
        for other in [9, 3, 1, 7] {
            assert_eq!(peers.hear(id(other), 0), Some(true));
        }
        assert_eq!(peers.hear(id(3), 0), Some(false));
        assert_eq!(peers.hear(id(5), 0), None);
        assert_eq!(peers.ids(), [1, 3, 7, 9].map(id));
        assert_eq!((peers.rank(id(9)), peers.rank(id(3))), (2, 1));
        assert!(peers.leave(id(1)) && !peers.leave(id(1)));
        assert_eq!((peers.rank(id(9)), peers.rank(id(3))), (1, 0));
    }

    #[test]
    fn who_is_silent_is_forgotten() {
        let mut peers = Peers::new(id(5));
        peers.hear(id(1), 10);
        peers.hear(id(2), 20);
        peers.hear(id(1), 5);
        assert_eq!(peers.oldest(), Some(10));
        assert!(!peers.expire(10));
        assert!(peers.expire(11));
        assert_eq!(peers.ids(), [id(2)]);
    }

    #[test]
    fn there_is_an_end_to_how_many_are_remembered() {
        let mut peers = Peers::new(id(u64::MAX));
        for other in 0..MAX_PEERS as u64 {
            assert_eq!(peers.hear(id(other), 0), Some(true));
        }
        assert_eq!(peers.hear(id(MAX_PEERS as u64), 0), None);
        assert_eq!(peers.hear(id(0), 0), Some(false));
    }
}
