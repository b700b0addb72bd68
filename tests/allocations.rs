//! What a set allocates, counted and not timed.
#![cfg(not(target_family = "wasm"))]

#[path = "allocations/counting.rs"]
mod counting;

use universal_state::{Delivery, EngineKind, Handle, Key, Store, SubscribeOptions, Subscription};

const COUNT: Key<i32> = Key::new("count");
const SETS: i32 = 1_000;
/// The most that a set of a small value may allocate: the value itself, and once more where it is told in a turn
/// of its own.
const BAR: f64 = 2.0;

/// Who listens.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Heard {
    ByNobody,
    /// Before `set` returns.
    AtOnce,
    /// When the turn ends, after each set.
    EachTurn,
}

struct Case {
    store: Store,
    handle: Handle<i32>,
    heard: Heard,
    _subscription: Option<Subscription>,
}

impl Case {
    fn new(engine: EngineKind, heard: Heard) -> Self {
        let store = Store::builder().engine(engine).build();
        let subscription = match heard {
            Heard::ByNobody => None,
            Heard::AtOnce => Some(Delivery::Sync),
            Heard::EachTurn => Some(Delivery::default()),
        };
        let subscription = subscription.map(|delivery| {
            let options = SubscribeOptions::new().delivery(delivery);
            let listener = |value: Option<&i32>, _: &_| assert!(value.is_some());
            store.subscribe_with(COUNT, options, listener).unwrap()
        });
        let handle = store.handle(COUNT).unwrap();
        Self {
            store,
            handle,
            heard,
            _subscription: subscription,
        }
    }

    /// The allocations of a set, on the average of many.
    fn allocations(&self, set: impl Fn(&Self, i32)) -> f64 {
        let turn = |value| {
            set(self, value);
            if self.heard == Heard::EachTurn {
                self.store.flush();
            }
        };
        // What is kept from the first sets on is no cost of a set.
        (0..SETS).for_each(turn);
        let before = counting::allocations();
        (SETS..2 * SETS).for_each(turn);
        let after = counting::allocations();
        (after - before) as f64 / f64::from(SETS)
    }
}

#[test]
fn a_set_of_a_small_value_allocates_at_most_twice() {
    for engine in EngineKind::ALL {
        for heard in [Heard::ByNobody, Heard::AtOnce, Heard::EachTurn] {
            let case = Case::new(*engine, heard);
            let by_handle = case.allocations(|case, value| case.handle.set(value).unwrap());
            let by_name = case.allocations(|case, value| case.store.set("count", value).unwrap());
            assert!(
                by_handle <= BAR && by_name <= BAR,
                "{engine:?}, heard {heard:?}: {by_handle} allocations by handle, {by_name} by name"
            );
        }
    }
}
