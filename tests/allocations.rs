//! What a set allocates, counted and not timed.
#![cfg(not(target_family = "wasm"))]

#[path = "allocations/counting.rs"]
mod counting;

use universal_state::{Delivery, EngineKind, Handle, Key, Store, SubscribeOptions, Subscription};

const COUNT: Key<i32> = Key::new("count");
const TEXT: Key<String> = Key::new("text");
const SETS: i32 = 1_000;
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
    _subscriptions: Vec<Subscription>,
}

impl Case {
    fn new(engine: EngineKind, heard: Heard) -> Self {
        let store = Store::builder().engine(engine).build();
        let delivery = match heard {
            Heard::ByNobody => None,
            Heard::AtOnce => Some(Delivery::Sync),
            Heard::EachTurn => Some(Delivery::default()),
        };
        let subscriptions = delivery.into_iter().flat_map(|delivery| {
            let options = SubscribeOptions::new().delivery(delivery);
            let count = |value: Option<&i32>, _: &_| assert!(value.is_some());
            let text = |value: Option<&String>, _: &_| assert!(value.is_some());
            [
                store.subscribe_with(COUNT, options, count).unwrap(),
                store.subscribe_with(TEXT, options, text).unwrap(),
            ]
        });
        let subscriptions = subscriptions.collect();
        let handle = store.handle(COUNT).unwrap();
        Self {
            store,
            handle,
            heard,
            _subscriptions: subscriptions,
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

const HEARD: [Heard; 3] = [Heard::ByNobody, Heard::AtOnce, Heard::EachTurn];

#[test]
fn a_set_of_a_number_allocates_nothing() {
    for engine in EngineKind::ALL {
        for heard in HEARD {
            let case = Case::new(*engine, heard);
            let by_handle = case.allocations(|case, value| case.handle.set(value).unwrap());
            let by_name = case.allocations(|case, value| case.store.set("count", value).unwrap());
            assert_eq!(
                (by_handle, by_name),
                (0.0, 0.0),
                "{engine:?}, heard {heard:?}"
            );
        }
    }
}

/// The text itself, which the caller makes, and the count that shares it.
#[test]
fn a_set_of_a_text_allocates_the_value_alone() {
    for engine in EngineKind::ALL {
        for heard in HEARD {
            let case = Case::new(*engine, heard);
            let text = case.store.handle(TEXT).unwrap();
            let allocations = case.allocations(|_, value| text.set(value.to_string()).unwrap());
            assert_eq!(allocations, 2.0, "{engine:?}, heard {heard:?}");
        }
    }
}
