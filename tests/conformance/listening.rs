//! Point 9: who is told of what, and when.

use crate::support::{Entry, Log, entries, entry, listen_to_a, store, sync, told};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
    time::{SystemTime, UNIX_EPOCH},
};
use universal_state::{Change, ChangeSet, Delivery, EngineKind, Store, SubscribeOptions, Task};

/// What `f` makes the listeners of `a` be told, in this turn.
fn told_of_a(store: &Store, f: impl FnOnce()) -> Vec<Entry> {
    let (log, _subscriptions) = listen_to_a(store, SubscribeOptions::new());
    f();
    store.flush();
    log.take()
}

conformance! {
    /// Point 9: the value and the change for a key, the set of changes otherwise, both with the
    /// previous value.
    fn a_listener_gets_the_new_and_the_previous_value(engine) {
        let store = store(engine);
        let (log, _subscriptions) = listen_to_a(&store, sync());
        store.set("a", 1).unwrap();
        store.set("b", 1).unwrap();
        store.set("a", 2).unwrap();
        store.delete("a").unwrap();
        let expected = [entry("a", None, 1), entry("a", 1, 2), entry("a", 2, None)];
        let thrice = expected.map(|entry| [entry.clone(), entry.clone(), entry]);
        assert_eq!(log.take(), thrice.concat());
    }

    /// Point 9.
    fn a_listener_of_several_keys_is_called_once_a_transaction(engine) {
        let store = store(engine);
        let log = Log::default();
        let sink = log.clone();
        let listener = move |changes: &ChangeSet| sink.push(entries(changes));
        let _subscription = store.subscribe_keys(["a", "b", "c"], sync(), listener).unwrap();
        store.set_many([("x", 0), ("c", 3), ("a", 1)]).unwrap();
        store.set("b", 2).unwrap();
        assert_eq!(
            log.take(),
            [vec![entry("c", None, 3), entry("a", None, 1)], vec![entry("b", None, 2)]]
        );
    }

    /// Point 9. The `map` engine is always synchronous.
    fn three_bare_sets_call_a_listener_of_all_once_a_turn(engine) {
        let store = store(engine);
        let told = told(&store, Delivery::Batched);
        store.set("a", 1).unwrap();
        store.set("b", 2).unwrap();
        store.set("c", 3).unwrap();
        let sets = [entry("a", None, 1), entry("b", None, 2), entry("c", None, 3)];
        match engine {
            EngineKind::Map => assert_eq!(told.take(), sets.map(|entry| [entry])),
            _ => {
                assert!(told.take().is_empty(), "the turn is not over");
                store.flush();
                assert_eq!(told.take(), [sets]);
            }
        }
        store.flush();
        assert!(told.take().is_empty(), "everything was told");
    }

    /// Point 9: first previous value, last value.
    fn changes_of_one_turn_are_told_as_one(engine) {
        let store = store(engine);
        store.set("a", 1).unwrap();
        store.flush();
        let calls = told_of_a(&store, || {
            store.set("a", 2).unwrap();
            store.delete("a").unwrap();
            store.set("a", 3).unwrap();
        });
        match engine {
            EngineKind::Map => assert_eq!(calls.len(), 9),
            _ => assert_eq!(calls, [entry("a", 1, 3), entry("a", 1, 3), entry("a", 1, 3)]),
        }
    }

    /// Point 9, for what else a change carries.
    fn a_coalesced_change_is_signed_by_the_last_writer(engine) {
        let store = store(engine);
        let log = Log::default();
        let sink = log.clone();
        let _subscription = store.subscribe("a", move |_: Option<&i32>, change: &Change| {
            sink.push((change.source().to_owned(), change.version()));
        }).unwrap();
        store.set_with_source("a", 1, "first").unwrap();
        store.set_with_source("a", 2, "last").unwrap();
        store.flush();
        assert_eq!(log.take().pop(), Some(("last".to_owned(), 2)));
    }

    /// Point 9, where changes are told by the turn. Told one by one, each is news.
    fn a_key_that_ends_where_it_began_is_not_reported(engine) {
        let store = store(engine);
        store.set("a", 1).unwrap();
        store.flush();
        let all = told(&store, Delivery::Batched);
        let there_and_back = || {
            store.set("a", 2).unwrap();
            store.set("a", 1).unwrap();
        };
        let away_and_back = || {
            store.delete("a").unwrap();
            store.set("a", 1).unwrap();
        };
        let come_and_gone = || {
            store.set("z", 1).unwrap();
            store.delete("z").unwrap();
        };
        for write in [&there_and_back as &dyn Fn(), &away_and_back, &come_and_gone] {
            let calls = told_of_a(&store, write);
            match engine {
                EngineKind::Map => assert_eq!((all.take().len(), calls.is_empty()), (2, false)),
                _ => assert_eq!((all.take().len(), calls), (0, vec![])),
            }
        }
        there_and_back();
        store.set("b", 7).unwrap();
        store.flush();
        assert_eq!(all.take().pop(), Some(vec![entry("b", None, 7)]), "others are reported");
    }

    /// Point 9, for one who came in between, and was told of what is no longer there.
    fn a_listener_that_saw_a_value_hears_that_it_was_put_back(engine) {
        let store = store(engine);
        store.set("a", 1).unwrap();
        store.flush();
        store.set("a", 2).unwrap();
        let (log, _subscriptions) = listen_to_a(&store, SubscribeOptions::new().immediate(true));
        store.set("a", 1).unwrap();
        store.flush();
        let seen: Vec<_> = log.take().into_iter().map(|(_, _, new)| new).collect();
        assert_eq!(seen, [2, 2, 2, 1, 1, 1].map(Some));
    }

    /// Point 9.
    fn sync_delivery_is_one_call_a_transaction_before_the_write_returns(engine) {
        let store = store(engine);
        let told = told(&store, Delivery::Sync);
        store.set("a", 1).unwrap();
        assert_eq!(told.take(), [[entry("a", None, 1)]]);
        store.set("a", 2).unwrap();
        store.set("a", 1).unwrap();
        assert_eq!(told.take(), [[entry("a", 1, 2)], [entry("a", 2, 1)]]);
        store.set_many([("a", 3), ("b", 4)]).unwrap();
        assert_eq!(told.take(), [[entry("a", 1, 3), entry("b", None, 4)]]);
        store.flush();
        assert!(told.take().is_empty());
    }

    /// Point 9: what turns end with is up to the page.
    fn a_scheduler_ends_the_turn_and_is_asked_once_a_turn(engine) {
        let tasks = Log::<Task>::default();
        let sink = tasks.clone();
        let builder = Store::builder().engine(engine).scheduler(move |task| sink.push(task));
        let store = builder.build();
        let told = told(&store, Delivery::Batched);
        for turn in [0, 10] {
            store.set("a", turn + 1).unwrap();
            store.set("b", turn + 2).unwrap();
            let mut asked = tasks.take();
            assert_eq!(asked.len(), 1);
            let before = told.take();
            asked.remove(0)();
            let after = told.take();
            assert_eq!([before.len(), after.len()], match engine {
                EngineKind::Map => [2, 0],
                _ => [0, 1],
            });
            assert_eq!([before, after].concat().concat().len(), 2);
        }
        store.set("a", 50).unwrap();
        store.flush();
        assert_eq!(told.take(), [[entry("a", 11, 50)]]);
        tasks.take().into_iter().for_each(|task| task());
        assert!(told.take().is_empty(), "it was told by the flush");
        assert!(tasks.take().is_empty(), "there is nothing to be told");
    }

    /// Point 7: a batch that changes nothing begins no turn, whose time later changes would have.
    fn what_changes_nothing_does_not_stop_the_clock(engine) {
        let store = Store::builder().engine(engine).scheduler(|task| task()).build();
        store.set("a", 1).unwrap();
        store.set_many([("a", 1)]).unwrap();
        store.batch(|tx| Ok(tx.get::<i32>("a"))).unwrap();
        let first = u128::from(store.metadata().last_update.unwrap());
        // Until the clock has gone on.
        while SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() <= first {
            thread::yield_now();
        }
        store.set("a", 2).unwrap();
        assert!(u128::from(store.metadata().last_update.unwrap()) > first);
    }

    /// Point 11: code of the page's that panics between a commit and its delivery stops no later one.
    fn a_scheduler_that_panics_silences_nobody(engine) {
        let store = Store::builder().engine(engine).scheduler(|_| panic!("no turns")).build();
        let told = told(&store, Delivery::Sync);
        let write = || store.set("a", 1).unwrap();
        assert!(catch_unwind(AssertUnwindSafe(write)).is_err());
        told.take();
        store.set("a", 2).unwrap();
        assert_eq!(told.take().last(), Some(&vec![entry("a", 1, 2)]));
    }

    /// Point 9: whoever comes later was not there.
    fn what_was_changed_before_a_subscription_is_not_told(engine) {
        let store = store(engine);
        let earlier = told(&store, Delivery::Batched);
        store.set("a", 1).unwrap();
        let (log, _subscriptions) = listen_to_a(&store, SubscribeOptions::new());
        let told = told(&store, Delivery::Batched);
        store.flush();
        assert_eq!(earlier.take(), [[entry("a", None, 1)]]);
        assert!(log.take().is_empty() && told.take().is_empty());
        store.set("a", 2).unwrap();
        store.flush();
        assert_eq!((log.take().len(), told.take().len()), (3, 1));
    }
}
