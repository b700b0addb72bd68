//! Two stores, one on each engine, kept in step through `subscribe_all` alone.
//!
//! Nothing here filters by origin unless a test says so: writing what is there already changes
//! nothing, and that alone ends every echo.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};
use universal_state::{
    Change, ChangeSet, Delivery, EngineKind, MfeInfo, Restore, StateError, Store, SubscribeOptions,
    Subscription,
};

/// How a link keeps from sending back what it brought.
#[derive(Clone, Copy, PartialEq)]
enum Echo {
    /// It does not; the other store finds that nothing changes.
    EndsByEquality,
    /// It skips what carries the source of a link.
    IsFiltered,
}

const LINK: &str = "link";

/// Sends what changes in `from` to `to`, and counts the sets it was told of and those it sent.
struct Link {
    told: Arc<AtomicUsize>,
    sent: Arc<AtomicUsize>,
    _subscription: Subscription,
}

impl Link {
    fn new(from: &Store, to: &Store, delivery: Delivery, echo: Echo) -> Self {
        let (told, sent) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (telling, sending) = (Arc::clone(&told), Arc::clone(&sent));
        let to = to.with_source(LINK);
        let options = SubscribeOptions::new().delivery(delivery);
        let subscription = from.subscribe_all(options, move |changes: &ChangeSet| {
            telling.fetch_add(1, Relaxed);
            let news: Vec<_> = changes
                .iter()
                .filter(|change| echo == Echo::EndsByEquality || change.source() != LINK)
                .collect();
            if news.is_empty() {
                return Ok(());
            }
            sending.fetch_add(1, Relaxed);
            to.batch(|to| {
                for change in news {
                    match change.new_value() {
                        Some(value) => to.set_value(change.key(), value.clone())?,
                        None => drop(to.delete(change.key())?),
                    }
                }
                Ok::<(), StateError>(())
            })
        });
        Self {
            told,
            sent,
            _subscription: subscription.expect("the store is alive"),
        }
    }

    fn told(&self) -> usize {
        self.told.load(Relaxed)
    }

    fn sent(&self) -> usize {
        self.sent.load(Relaxed)
    }
}

/// A store on each engine, linked both ways. A reported error fails the test at its end.
struct Pair {
    map: Store,
    signal: Store,
    from_map: Link,
    from_signal: Link,
}

impl Pair {
    fn new(delivery: Delivery, echo: Echo) -> Self {
        let map = Store::builder().engine(EngineKind::Map).build();
        let signal = Store::builder().engine(EngineKind::Signal).build();
        Self {
            from_map: Link::new(&map, &signal, delivery, echo),
            from_signal: Link::new(&signal, &map, delivery, echo),
            map,
            signal,
        }
    }

    fn flush(&self) {
        self.map.flush();
        self.signal.flush();
    }

    fn versions(&self) -> [u64; 2] {
        [self.map.metadata().version, self.signal.metadata().version]
    }

    fn told(&self) -> [usize; 2] {
        [self.from_map.told(), self.from_signal.told()]
    }

    fn sent(&self) -> [usize; 2] {
        [self.from_map.sent(), self.from_signal.sent()]
    }

    #[track_caller]
    fn assert_in_step(&self, expected: &[(&str, i32)]) {
        let expected: BTreeMap<String, i32> = expected
            .iter()
            .map(|(key, value)| ((*key).to_owned(), *value))
            .collect();
        assert_eq!(contents(&self.map), expected, "the map engine's");
        assert_eq!(contents(&self.signal), expected, "the signal engine's");
        assert_eq!(self.map.error_count() + self.signal.error_count(), 0);
    }
}

fn contents(store: &Store) -> BTreeMap<String, i32> {
    let snapshot = store.snapshot();
    let entries = snapshot.iter();
    entries
        .map(|(key, value)| {
            (
                key.to_owned(),
                value.to().expect("only numbers are written"),
            )
        })
        .collect()
}

const ECHOES: [Echo; 2] = [Echo::EndsByEquality, Echo::IsFiltered];
const DELIVERIES: [Delivery; 2] = [Delivery::Batched, Delivery::Sync];

/// Every kind of pair.
fn pairs() -> impl Iterator<Item = Pair> {
    let kinds = DELIVERIES.map(|delivery| ECHOES.map(|echo| (delivery, echo)));
    let kinds = kinds.into_iter().flatten();
    kinds.map(|(delivery, echo)| Pair::new(delivery, echo))
}

#[test]
fn a_write_arrives_and_is_not_echoed() -> Result<(), StateError> {
    for pair in pairs() {
        pair.map.set("from-map", 1)?;
        pair.flush();
        assert_eq!(pair.versions(), [1, 1], "no echo is a transaction");
        assert_eq!(pair.told(), [1, 1], "one set each, the echo included");
        pair.signal.set("from-signal", 2)?;
        pair.flush();
        assert_eq!(pair.versions(), [2, 2]);
        assert_eq!(pair.told(), [2, 2]);
        pair.assert_in_step(&[("from-map", 1), ("from-signal", 2)]);
    }
    Ok(())
}

#[test]
fn a_link_that_filters_by_source_sends_only_what_is_new() -> Result<(), StateError> {
    for delivery in DELIVERIES {
        let filtered = Pair::new(delivery, Echo::IsFiltered);
        let unfiltered = Pair::new(delivery, Echo::EndsByEquality);
        for pair in [&filtered, &unfiltered] {
            for n in 0..10 {
                pair.map.set("a", n)?;
                pair.flush();
                pair.signal.set("b", n)?;
                pair.flush();
            }
            pair.assert_in_step(&[("a", 9), ("b", 9)]);
            assert_eq!(pair.versions(), [20, 20]);
            assert_eq!(pair.told(), [20, 20]);
        }
        assert_eq!(filtered.sent(), [10, 10]);
        assert_eq!(unfiltered.sent(), [20, 20]);
    }
    Ok(())
}

#[test]
fn removals_arrive() -> Result<(), StateError> {
    for pair in pairs() {
        pair.map.set_many([("a", 1), ("b", 2), ("c", 3)])?;
        pair.flush();
        pair.signal.delete("a")?;
        pair.flush();
        pair.map.delete("b")?;
        pair.flush();
        assert_eq!(pair.versions(), [3, 3]);
        assert_eq!(pair.told(), [3, 3]);
        pair.assert_in_step(&[("c", 3)]);
    }
    Ok(())
}

#[test]
fn a_batch_arrives_as_one_and_an_aborted_one_not_at_all() -> Result<(), StateError> {
    for pair in pairs() {
        for store in [&pair.map, &pair.signal] {
            store.batch(|tx| {
                tx.update_or("n", 0, |n: &mut i32| *n += 1)?;
                tx.set("a", 1)?;
                tx.delete("a")?;
                tx.update_or("m", 10, |m: &mut i32| *m += 1)
            })?;
            pair.flush();
            let aborted = store.batch(|tx| {
                tx.set("never", 1)?;
                Err::<(), _>(StateError::abort("no"))
            });
            assert!(aborted.is_err());
            pair.flush();
        }
        assert_eq!(pair.versions(), [2, 2]);
        assert_eq!(pair.told(), [2, 2]);
        pair.assert_in_step(&[("n", 2), ("m", 12)]);
    }
    Ok(())
}

#[test]
fn clear_and_restore_arrive_as_one() -> Result<(), StateError> {
    for pair in pairs() {
        pair.map.set_many([("a", 1), ("b", 2)])?;
        pair.flush();
        let both = pair.signal.snapshot();
        pair.signal.set("c", 3)?;
        pair.flush();
        pair.map.clear()?;
        pair.flush();
        pair.assert_in_step(&[]);
        assert_eq!(pair.versions(), [3, 3]);

        pair.signal.set("d", 4)?;
        pair.flush();
        pair.signal.restore(&both, Restore::Merge)?;
        pair.flush();
        pair.assert_in_step(&[("a", 1), ("b", 2), ("d", 4)]);
        // The other store's snapshot: keys are found by name, whoever made it.
        pair.map.restore(&both, Restore::Replace)?;
        pair.flush();
        pair.assert_in_step(&[("a", 1), ("b", 2)]);
        assert_eq!(pair.versions(), [6, 6]);
        assert_eq!(pair.told(), [6, 6]);
    }
    Ok(())
}

#[test]
fn a_micro_frontend_that_leaves_one_store_takes_its_keys_from_both() -> Result<(), StateError> {
    for pair in pairs() {
        let here = pair.map.register_mfe(MfeInfo::new("shop", "test", "1"))?;
        let _there = pair
            .signal
            .register_mfe(MfeInfo::new("shop", "test", "1"))?;
        here.set("filter", 1)?;
        here.shared().set("currency", 2)?;
        pair.flush();
        pair.assert_in_step(&[("@shop/filter", 1), ("currency", 2)]);
        here.unregister()?;
        pair.flush();
        pair.assert_in_step(&[("currency", 2)]);
        assert_eq!(pair.versions(), [3, 3]);
    }
    Ok(())
}

#[test]
fn both_may_write_the_same_key_in_one_turn() -> Result<(), StateError> {
    for pair in pairs() {
        for n in 0..20 {
            pair.map.set("same", n)?;
            pair.signal.set("same", n + 100)?;
            pair.map.set("other", n)?;
            pair.signal.delete("other")?;
            pair.signal.set("other", n + 1)?;
            pair.flush();
            pair.assert_in_step(&[("same", n + 100), ("other", n + 1)]);
        }
        // Five writes a round, each of which comes through the other link once at most.
        let [map, signal] = pair.told();
        assert!(map <= 100 && signal <= 100, "{map} and {signal} sets");
    }
    Ok(())
}

/// A small generator, so that the sequence is the same in every run.
struct Dice(u64);

impl Dice {
    /// Knuth's linear congruential generator (The Art of Computer Programming, section 3.3.4).
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

#[test]
fn two_stores_converge_whatever_is_written_to_either() -> Result<(), StateError> {
    const KEYS: [&str; 5] = ["a", "b", "c", "d", "e"];
    for echo in ECHOES {
        // Told of each transaction: what one store took in and undid within one turn is no change
        // to whoever is told once a turn, and the other store would never hear of the undoing.
        let pair = Pair::new(Delivery::Sync, echo);
        let mut dice = Dice(7);
        let mut snapshots = vec![pair.map.snapshot()];
        let mut transactions = 0;
        for _ in 0..2_000 {
            let store = [&pair.map, &pair.signal][dice.roll(2) as usize];
            let before = store.metadata().version;
            let key = KEYS[dice.roll(5) as usize];
            let value = dice.roll(4) as i32;
            match dice.roll(12) {
                0..=4 => store.set(key, value)?,
                5 | 6 => drop(store.delete(key)?),
                7 | 8 => store.set_many([(key, value), (KEYS[dice.roll(5) as usize], 9)])?,
                9 => store.clear()?,
                10 => snapshots.push(store.snapshot()),
                _ => {
                    let at = dice.roll(snapshots.len() as u64) as usize;
                    store.restore(&snapshots[at], Restore::Replace)?;
                }
            }
            transactions += store.metadata().version - before;
            if dice.roll(4) == 0 {
                pair.flush();
            }
        }
        pair.flush();
        let state = contents(&pair.map);
        assert_eq!(state, contents(&pair.signal));
        assert_eq!(
            pair.versions(),
            [transactions; 2],
            "no echo is a transaction"
        );
        assert_eq!(pair.told(), [transactions as usize; 2]);
        assert_eq!(pair.map.error_count() + pair.signal.error_count(), 0);
    }
    Ok(())
}

#[test]
fn an_exchange_of_engines_does_not_cut_the_link() -> Result<(), StateError> {
    for pair in pairs() {
        pair.map.set("a", 1)?;
        pair.signal.set("b", 2)?;
        pair.signal.set_engine(EngineKind::Map)?;
        pair.map.set_engine(EngineKind::Signal)?;
        pair.assert_in_step(&[("a", 1), ("b", 2)]);
        pair.map.set("a", 3)?;
        pair.signal.set("b", 4)?;
        pair.flush();
        pair.assert_in_step(&[("a", 3), ("b", 4)]);
    }
    Ok(())
}

#[test]
fn three_stores_in_a_ring_settle() -> Result<(), StateError> {
    for delivery in DELIVERIES {
        let engines = [EngineKind::Map, EngineKind::Signal, EngineKind::Signal];
        let stores = engines.map(|engine| Store::builder().engine(engine).build());
        let links: Vec<Link> = (0..3)
            .map(|at| {
                let next = &stores[(at + 1) % 3];
                Link::new(&stores[at], next, delivery, Echo::EndsByEquality)
            })
            .collect();
        for (at, store) in stores.iter().enumerate() {
            store.set("n", at as i32 + 1)?;
            // Once round the ring, wherever it began.
            for _ in 0..3 {
                stores.iter().for_each(|store| store.flush());
            }
            for store in &stores {
                assert_eq!(store.get::<i32>("n"), Some(at as i32 + 1));
                assert_eq!(store.metadata().version, at as u64 + 1);
            }
        }
        assert_eq!(links.iter().map(Link::told).sum::<usize>(), 9);
    }
    Ok(())
}

#[test]
fn two_stores_that_never_agree_end_in_a_cycle() -> Result<(), StateError> {
    let pair = Pair::new(Delivery::Sync, Echo::EndsByEquality);
    let map = pair.map.clone();
    let _disagrees = pair.signal.subscribe_with(
        "n",
        SubscribeOptions::new().delivery(Delivery::Sync),
        move |n: Option<&i32>, _: &Change| map.set("n", n.copied().unwrap_or_default() + 1),
    )?;
    pair.map.set_reporter(|_| {});
    pair.signal.set_reporter(|_| {});
    pair.map.set("n", 0)?;
    assert_eq!(pair.map.error_count() + pair.signal.error_count(), 1);
    pair.map.set("other", 1)?;
    assert_eq!(pair.signal.get("other"), Some(1), "the link holds");
    Ok(())
}
