//! [`Parts`]: what tells the readers of the parts of a collection.
//!
//! It notes which collection it has told of last. A commit is told of by comparing that with what
//! is stored now. Comparing, decoding and the order of keys are the user's code, so all of it
//! happens on clones, outside of the lock, and counts only if nothing has moved in the meantime;
//! otherwise it is done again. A reader subscribes first and makes sure then that what it read is
//! what was told last: so whatever comes after that is told to it.

use super::told::{Content, Signal, Stored, Told};
use crate::{
    collection::Collection,
    store::{
        contain,
        graph::{Graph, Triggers},
        inner::Inner,
        slot::Slot,
    },
};
use reactive_graph::graph::untrack;
use std::{
    mem,
    sync::{Arc, Mutex, Weak},
};

/// A part of a collection.
pub(super) enum What<'k, K> {
    /// All entries and their values.
    All,
    /// Which entries there are.
    Members,
    /// How many entries there are.
    Count,
    /// Whether there is this entry.
    Presence(&'k K),
    /// This entry and its value.
    Entry(&'k K),
}

pub(super) struct Parts<C: Collection> {
    slot: Weak<Slot>,
    all: Signal,
    members: Signal,
    count: Signal,
    told: Mutex<Told<C>>,
}

impl<C: Collection> Parts<C> {
    /// Those of a key: whoever reads it as the same type shares them.
    pub(super) fn of(slot: &Arc<Slot>) -> Arc<Self> {
        // Held beyond the lock: whoever drops a graph last drops values with it.
        let mut living = Vec::new();
        let mut state = crate::lock(&slot.state);
        living.extend(state.graphs());
        if let Some(parts) = state.rare_mut().graphs.find::<Self>(|_| true) {
            return parts;
        }
        let parts = Arc::new(Self {
            slot: Arc::downgrade(slot),
            all: Signal::default(),
            members: Signal::default(),
            count: Signal::default(),
            told: Mutex::default(),
        });
        let graph: Weak<dyn Graph> = Arc::downgrade(&parts) as _;
        state.rare_mut().graphs.add(graph);
        parts
    }

    /// Makes the running effect or memo depend on a part of what is returned. The entry is not
    /// given up as long as what is returned with it is there.
    pub(super) fn track(
        &self,
        inner: &Inner,
        slot: &Slot,
        what: What<'_, C::Key>,
    ) -> (Content<C>, Option<Arc<()>>) {
        loop {
            let mut told = self.told();
            let moves = told.moves;
            let (value, _) = inner.load(slot);
            let Some(last) = told.last.clone() else {
                // From here on commits are told of. One that came just before is found below.
                told.last = Some(Stored::new(value));
                self.move_on(moves, told);
                continue;
            };
            if !last.is(value.as_ref()) {
                // Another thread has committed and is about to tell of it.
                let mut triggers = Triggers::default();
                self.advance(inner, &mut triggers);
                inner.notify(triggers);
                continue;
            }
            let mut held = None;
            let mut is_known = true;
            let mut entry = |key: &C::Key| {
                let known = told.entries.get(key).cloned();
                is_known = known.is_some();
                let entry = known.unwrap_or_default();
                held = Some(Arc::clone(&entry.held));
                if !is_known {
                    told.add(key, &entry, &last);
                }
                entry
            };
            match &what {
                What::All => self.all.track(),
                What::Members => self.members.track(),
                What::Count => self.count.track(),
                What::Presence(key) => entry(key).presence.track(),
                What::Entry(key) => entry(key).value.track(),
            }
            let stands = if is_known {
                crate::lock(&self.told).moves == moves
            } else {
                self.move_on(moves, told)
            };
            if stands {
                return (last.content, held);
            }
        }
    }

    /// Tells of what is stored now, if it was not told of.
    fn advance(&self, inner: &Inner, triggers: &mut Triggers) {
        let Some(slot) = self.slot.upgrade() else {
            return;
        };
        loop {
            let mut told = self.told();
            let (value, _) = inner.load(&slot);
            let Some(last) = told.last.take() else {
                return;
            };
            if last.is(value.as_ref()) {
                return;
            }
            let next = Stored::new(value);
            // Should a comparison panic, all of it is told.
            let news = contain(|| told.compare(&last, &next));
            let news = news.unwrap_or_else(|_| told.everything());
            let moves = told.moves;
            told.last = Some(next);
            told.entries = news.left;
            if !self.move_on(moves, told) {
                continue;
            }
            let wholes = [
                (news.all, &self.all),
                (news.members, &self.members),
                (news.count, &self.count),
            ];
            for (_, signal) in wholes.into_iter().filter(|(is_news, _)| *is_news) {
                signal.add_to(triggers);
            }
            for (entry, has_come_or_gone) in news.entries {
                if has_come_or_gone {
                    entry.presence.add_to(triggers);
                }
                entry.value.add_to(triggers);
            }
            return;
        }
    }

    fn told(&self) -> Told<C> {
        crate::lock(&self.told).clone()
    }

    /// Takes over what follows from a state, unless that is no longer the state.
    fn move_on(&self, moves: u64, mut told: Told<C>) -> bool {
        told.moves += 1;
        let mut current = crate::lock(&self.told);
        if current.moves != moves {
            return false;
        }
        let old = mem::replace(&mut *current, told);
        drop(current);
        drop(old);
        true
    }
}

impl<C: Collection> Graph for Parts<C> {
    fn refresh(&self, inner: &Inner, triggers: &mut Triggers) {
        untrack(|| self.advance(inner, triggers));
    }

    fn alert(&self, triggers: &mut Triggers) {
        for signal in [&self.all, &self.members, &self.count] {
            signal.add_to(triggers);
        }
        for entry in self.told().entries.values() {
            entry.presence.add_to(triggers);
            entry.value.add_to(triggers);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{MapHandle, Store};
    use reactive_graph::{
        computed::ArcMemo,
        signal::ArcRwSignal,
        traits::{Get, GetUntracked, Set},
    };

    fn kept(map: &MapHandle<u32, u32>) -> usize {
        map.0.parts.told().entries.len()
    }

    fn memo<R: PartialEq + Send + Sync + 'static>(
        f: impl Fn() -> R + Send + Sync + 'static,
    ) -> ArcMemo<R> {
        ArcMemo::new(move |_| f())
    }

    #[test]
    fn entries_that_nobody_tracks_are_not_kept() {
        let map = Store::new().map_of("rows").expect("it is a good name");
        let rows: Vec<_> = (0..1_000)
            .map(|id| {
                memo({
                    let map = map.clone();
                    move || map.get(&id)
                })
            })
            .collect();
        map.extend((0..1_000).map(|id| (id, id)))
            .expect("it is written");
        assert_eq!(
            rows.iter()
                .filter(|row| row.get_untracked().is_some())
                .count(),
            1_000
        );
        assert_eq!(kept(&map), 1_000);
        map.retain(|id, _| *id < 10).expect("it is written");
        assert_eq!(
            kept(&map),
            10,
            "those that have gone were told for the last time"
        );

        let asked = ArcRwSignal::new(0);
        let (name, searched) = (asked.clone(), map.clone());
        let found = memo(move || searched.contains(&name.get()));
        for name in 0..10_000 {
            asked.set(name);
            assert_eq!(found.get_untracked(), name < 10);
            assert!(kept(&map) < 3_000, "{} after {name} names", kept(&map));
        }
        drop((rows, found));
        let one = memo({
            let map = map.clone();
            move || map.get(&20_000)
        });
        for _ in 0..2 {
            map.insert(20_000, 1).expect("it is written");
            assert_eq!(one.get_untracked(), Some(1));
            map.remove(&20_000).expect("it is written");
            assert_eq!(one.get_untracked(), None);
        }
    }
}
