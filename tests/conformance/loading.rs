//! Values that are loaded: the last request wins, its answer takes the pipe, and everybody who may
//! read the key can see how it stands.

use super::{
    effects::Effects,
    middleware::{Before, before, refuse},
    support::{Log, entry, reports, saved, store, sync, told},
};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use universal_state::{
    Access, Delivery, HistoryOptions, Key, Landing, LoadPhase, LoadStatus, MfeInfo, Origin,
    Pattern, Restore, Scope, SharedAccess, StateError, Store, SubscribeOptions, Transaction, Veto,
};

const N: Key<i32> = Key::new("n");

fn phase(store: &Store) -> LoadPhase {
    store.load_status("n").phase()
}

fn register(store: &Store, id: &str) -> Scope {
    store.register_mfe(MfeInfo::new(id, "leptos", "1")).unwrap()
}

/// Notes each status of `n` that a listener is told.
fn statuses(store: &Store, options: SubscribeOptions) -> Log<LoadStatus> {
    let log = Log::default();
    let sink = log.clone();
    store
        .subscribe_load_status("n", options, move |status| sink.push(status.clone()))
        .unwrap()
        .forget();
    log
}

fn phases(log: &Log<LoadStatus>) -> Vec<LoadPhase> {
    log.take().iter().map(LoadStatus::phase).collect()
}

conformance! {
    fn of_two_requests_the_later_wins_in_whichever_order_they_are_answered(engine) {
        for first_is_first in [true, false] {
            let store = store(engine);
            let (shop, cart) = (register(&store, "shop"), register(&store, "cart"));
            let first = shop.shared().load(N).unwrap();
            let second = cart.shared().load(N).unwrap();
            assert!(!first.is_current() && second.is_current());
            if first_is_first {
                assert_eq!(first.finish(1), Ok(Landing::Superseded));
                assert_eq!((store.get(N), phase(&store)), (None, LoadPhase::Pending));
                assert_eq!(second.finish(2), Ok(Landing::Taken));
            } else {
                assert_eq!(second.finish(2), Ok(Landing::Taken));
                assert_eq!(first.finish(1), Ok(Landing::Superseded));
            }
            assert_eq!((store.get(N), phase(&store)), (Some(2), LoadPhase::Ready));
            assert_eq!(store.metadata().version, 1);
        }
    }

    fn an_error_of_a_superseded_request_is_dropped_too(engine) {
        let store = store(engine);
        let (first, second) = (store.load(N).unwrap(), store.load(N).unwrap());
        assert_eq!(first.fail("too slow"), Landing::Superseded);
        assert_eq!((store.load_status("n").error(), phase(&store)), (None, LoadPhase::Pending));
        assert_eq!(second.finish(2), Ok(Landing::Taken));
    }

    fn requests_for_different_keys_do_not_meet(engine) {
        let store = store(engine);
        let shop = register(&store, "shop");
        let (own, shared) = (shop.load(N).unwrap(), shop.shared().load(N).unwrap());
        assert_eq!((own.key(), shared.key()), ("@shop/n", "n"));
        assert_eq!(own.finish(1), Ok(Landing::Taken));
        assert_eq!(shared.finish(2), Ok(Landing::Taken));
        assert_eq!((shop.get(N), store.get(N)), (Some(1), Some(2)));
    }

    fn an_answer_is_a_write_of_whoever_asked(engine) {
        let store = store(engine);
        let seen = Log::default();
        let sink = seen.clone();
        store.add_middleware(before(move |transaction: &mut Transaction| {
            for write in transaction.writes_mut() {
                sink.push((write.key().to_owned(), write.source().to_owned(), write.origin().clone()));
                write.replace(write.new::<i32>().unwrap_or(0) + 1);
            }
            Ok(())
        }));
        let told = told(&store, Delivery::Sync);
        let shop = register(&store, "shop");
        let view = shop.shared().with_source("refresh");
        assert_eq!(view.load(N).unwrap().finish(1), Ok(Landing::Taken));
        let origin = Origin::Mfe("shop".into());
        assert_eq!(seen.take(), [("n".to_owned(), "refresh".to_owned(), origin.clone())]);
        assert_eq!(told.take(), [vec![entry("n", None, 2)]]);
        assert_eq!((store.metadata().version, store.metadata().update_count), (1, 1));
        assert_eq!(store.metadata().source, "refresh");
        let status = store.load_status("n");
        assert_eq!((status.source(), status.origin()), (Some("refresh"), Some(&origin)));
    }

    fn middleware_hears_of_what_an_answer_stored_and_of_nothing_else(engine) {
        struct Hear(Log<Vec<String>>);
        impl universal_state::Middleware for Hear {
            fn name(&self) -> &str {
                "hear"
            }
            fn committed(&self, changes: &universal_state::ChangeSet, _: std::time::Duration) {
                self.0.push(changes.iter().map(|change| change.key().to_owned()).collect());
            }
        }
        let store = store(engine);
        let heard = Log::default();
        store.add_middleware(Hear(heard.clone()));
        let history = store.history(HistoryOptions::new()).unwrap();
        let request = store.load(N).unwrap();
        assert_eq!(heard.take(), Vec::<Vec<String>>::new());
        assert_eq!(request.finish(1), Ok(Landing::Taken));
        assert_eq!(heard.take(), [["n"]]);
        assert_eq!(history.steps().len(), 1);
    }

    fn an_equal_answer_changes_the_status_alone(engine) {
        let store = store(engine);
        store.set(N, 1).unwrap();
        let told = told(&store, Delivery::Sync);
        assert_eq!(store.load(N).unwrap().finish(1), Ok(Landing::Taken));
        assert_eq!((phase(&store), store.metadata().version), (LoadPhase::Ready, 1));
        assert!(told.take().is_empty());
    }

    fn a_vetoed_answer_fails_with_the_reason_and_the_old_value_stays(engine) {
        let store = store(engine);
        store.set(N, 1).unwrap();
        store.add_middleware(Before("no", refuse));
        let request = store.load(N).unwrap();
        assert!(matches!(request.finish(2), Err(StateError::Vetoed { .. })));
        let status = store.load_status("n");
        assert!(status.is_failed());
        assert!(status.error().is_some_and(|error| error.contains("refused the write")), "{status:?}");
        assert_eq!(store.get(N), Some(1));
    }

    fn an_error_stays_readable_until_an_answer_lands(engine) {
        let store = store(engine);
        assert_eq!(store.load(N).unwrap().settle(Err::<i32, _>("offline")), Ok(Landing::Taken));
        let status = store.load_status("n");
        assert_eq!((status.phase(), status.error()), (LoadPhase::Failed, Some("offline")));
        assert_eq!(status.ready_at(), None);

        let retry = store.load(N).unwrap();
        let status = store.load_status("n");
        assert_eq!((status.phase(), status.error()), (LoadPhase::Pending, Some("offline")));

        assert_eq!(retry.settle(Ok::<_, String>(1)), Ok(Landing::Taken));
        let status = store.load_status("n");
        assert_eq!((status.phase(), status.error()), (LoadPhase::Ready, None));
        let ready_at = status.ready_at();
        assert!(ready_at.is_some() && ready_at == status.since());

        assert!(store.load(N).unwrap().fail("offline again").is_taken());
        let status = store.load_status("n");
        assert_eq!((status.ready_at(), status.error()), (ready_at, Some("offline again")));
        assert_eq!(store.get(N), Some(1));
    }

    fn a_request_that_is_dropped_leaves_the_status_as_it_was(engine) {
        let store = store(engine);
        drop(store.load(N).unwrap());
        assert_eq!(store.load_status("n"), LoadStatus::default());

        assert!(store.load(N).unwrap().fail("offline").is_taken());
        let before = store.load_status("n");
        store.load(N).unwrap().cancel();
        assert_eq!(store.load_status("n"), before);

        // Nor does it call back a request that it had superseded.
        let first = store.load(N).unwrap();
        drop(store.load(N).unwrap());
        assert_eq!(store.load_status("n"), before);
        assert_eq!(first.finish(1), Ok(Landing::Superseded));
        assert_eq!(store.get(N), None);

        // And a superseded one that is dropped does not end the one that took over.
        let first = store.load(N).unwrap();
        let second = store.load(N).unwrap();
        drop(first);
        assert_eq!(phase(&store), LoadPhase::Pending);
        assert_eq!(second.finish(2), Ok(Landing::Taken));
    }

    fn the_request_of_a_key_can_be_cancelled_by_anybody_who_may_write_it(engine) {
        let store = store(engine);
        let shop = register(&store, "shop");
        assert_eq!(store.cancel_load("n"), Ok(false));
        let request = shop.shared().load(N).unwrap();
        assert_eq!(store.cancel_load("n"), Ok(true));
        assert_eq!(store.cancel_load("n"), Ok(false));
        store.set(N, 1).unwrap();
        assert_eq!(request.finish(2), Ok(Landing::Cancelled));
        assert_eq!((store.get(N), phase(&store)), (Some(1), LoadPhase::Idle));
        store.set_shared_access(SharedAccess::ReadOnly);
        let _request = store.load(N).unwrap();
        assert!(matches!(shop.shared().cancel_load("n"), Err(StateError::Denied { .. })));
        assert_eq!(phase(&store), LoadPhase::Pending);
    }

    fn a_plain_write_does_not_end_a_request(engine) {
        let store = store(engine);
        let request = store.load(N).unwrap();
        store.set(N, 1).unwrap();
        assert_eq!(phase(&store), LoadPhase::Pending);
        assert_eq!(request.finish(2), Ok(Landing::Taken));
        assert_eq!(store.get(N), Some(2));
    }

    fn effects_follow_the_status_and_run_for_nothing_else(engine) {
        let effects = Effects::new();
        let store = store(engine);
        let (shop, cart) = (register(&store, "shop"), register(&store, "cart"));
        let (view, seen) = (cart.shared(), Log::default());
        let sink = seen.clone();
        effects.start(move || sink.push(view.load_status("n").phase()));
        assert_eq!(seen.take(), [LoadPhase::Idle]);

        let request = shop.shared().load(N).unwrap();
        effects.settle();
        assert_eq!(seen.take(), [LoadPhase::Pending], "seen from another scope");

        store.set(N, 1).unwrap();
        store.set("other", 1).unwrap();
        assert_eq!(store.load("other").unwrap().finish(2), Ok(Landing::Taken));
        effects.settle();
        assert_eq!(seen.take(), [], "neither values nor other keys");

        assert_eq!(request.finish(2), Ok(Landing::Taken));
        effects.settle();
        assert_eq!(seen.take(), [LoadPhase::Ready]);

        assert!(shop.shared().load(N).unwrap().fail("offline").is_taken());
        effects.settle();
        assert_eq!(seen.take(), [LoadPhase::Failed], "once a turn");
        store.delete("n").unwrap();
        effects.settle();
        assert_eq!(seen.take(), [LoadPhase::Idle]);
    }

    fn value_and_status_change_as_one(engine) {
        let effects = Effects::new();
        let store = store(engine);
        let runs = Log::default();
        let (sink, view) = (runs.clone(), store.clone());
        effects.start(move || sink.push((view.get(N), view.load_status("n").phase())));
        let request = store.load(N).unwrap();
        effects.settle();
        runs.take();

        let torn = Log::default();
        let (sink, view) = (torn.clone(), store.clone());
        let on_value = store.subscribe_with(N, sync(), move |value: Option<&i32>, _| {
            sink.push((value.copied(), view.load_status("n").phase()));
        });
        let (sink, view) = (torn.clone(), store.clone());
        let on_status = store.subscribe_load_status("n", sync(), move |status| {
            sink.push((view.get(N), status.phase()));
        });
        assert_eq!(request.finish(7), Ok(Landing::Taken));
        effects.settle();
        assert_eq!(runs.take(), [(Some(7), LoadPhase::Ready)], "one run");
        assert_eq!(torn.take(), [(Some(7), LoadPhase::Ready); 2]);
        drop((on_value, on_status));
    }

    fn a_computed_value_may_follow_a_status(engine) {
        let store = store(engine);
        let busy = store.computed(|state| state.load_status("n").is_pending());
        assert_eq!(busy.get(), Some(false));
        let request = store.load(N).unwrap();
        assert_eq!(busy.get(), Some(true));
        assert_eq!(request.finish(1), Ok(Landing::Taken));
        assert_eq!(busy.get(), Some(false));
    }

    fn listeners_are_told_each_status_or_the_last_of_a_turn(engine) {
        let store = store(engine);
        let each = statuses(&store, sync().immediate(true));
        let batched = statuses(&store, SubscribeOptions::new());
        let request = store.load(N).unwrap();
        assert_eq!(request.finish(1), Ok(Landing::Taken));
        assert!(store.load(N).unwrap().fail("offline").is_taken());
        store.flush();
        use LoadPhase::{Failed, Idle, Pending, Ready};
        assert_eq!(phases(&each), [Idle, Pending, Ready, Pending, Failed]);
        let last = phases(&batched);
        assert_eq!(last.last(), Some(&Failed));
        if engine == universal_state::EngineKind::Signal {
            assert_eq!(last, [Failed]);
            // A status that ends the turn as it began is no news.
            drop(store.load(N).unwrap());
            store.flush();
            assert_eq!(phases(&batched), []);
        }
    }

    fn a_status_is_no_key(engine) {
        let store = store(engine);
        let told = told(&store, Delivery::Sync);
        let everything = Log::default();
        let sink = everything.clone();
        let pattern = Pattern::glob("*").unwrap();
        let _all = store.subscribe_pattern(pattern, sync(), move |set| sink.push(set.len()));
        let request = store.load(N).unwrap();
        assert!(store.is_empty() && store.snapshot().is_empty() && store.keys().is_empty());
        assert_eq!(store.metadata().version, 0);
        assert!(told.take().is_empty() && everything.take().is_empty());
        assert_eq!(request.finish(1), Ok(Landing::Taken));
        assert_eq!((store.keys(), store.len(), store.snapshot().len()), (vec!["n".to_owned()], 1, 1));
        assert_eq!(everything.take(), [1]);
    }

    fn who_may_not_write_a_key_cannot_load_it_and_who_may_not_read_it_sees_no_status(engine) {
        let store = store(engine);
        let reports = reports(&store);
        let shop = register(&store, "shop");
        store.set_shared_access(SharedAccess::ReadOnly);
        assert!(matches!(shop.shared().load(N), Err(StateError::Denied { access: Access::Write, .. })));
        let request = store.load(N).unwrap();
        assert!(shop.shared().load_status("n").is_pending());

        let told = Log::default();
        let sink = told.clone();
        let _subscription = shop
            .shared()
            .subscribe_load_status("n", sync(), move |status| sink.push(status.phase()))
            .unwrap();
        store.set_shared_access(SharedAccess::Granted);
        let denied = shop.shared().try_load_status("n");
        assert!(matches!(denied, Err(StateError::Denied { access: Access::Read, .. })));
        assert!(shop.shared().load_status("n").is_idle());
        assert!(shop.shared().subscribe_load_status("n", sync(), |_| ()).is_err());
        assert_eq!(reports.take().len(), 4, "each denial once");
        assert_eq!(request.finish(1), Ok(Landing::Taken));
        assert_eq!(told.take(), [], "the right was taken back");
        assert!(matches!(store.load::<i32>("@nobody/n"), Err(StateError::UnknownMfe { .. })));
        assert!(matches!(store.load::<i32>(""), Err(StateError::Key { .. })));
    }

    fn an_effect_that_was_denied_a_status_sees_it_once_it_may(engine) {
        let effects = Effects::new();
        let store = store(engine);
        store.set_shared_access(SharedAccess::Granted);
        let shop = register(&store, "shop");
        let _request = store.load(N).unwrap();
        let (view, seen) = (shop.shared(), Log::default());
        let sink = seen.clone();
        effects.start(move || sink.push(view.load_status("n").is_pending()));
        store.grant("shop", Access::Read, Pattern::glob("n").unwrap());
        effects.settle();
        assert_eq!(seen.take(), [false, true]);
    }

    fn a_right_that_is_taken_back_fails_the_request(engine) {
        let store = store(engine);
        let shop = register(&store, "shop");
        let request = shop.shared().load(N).unwrap();
        store.set_shared_access(SharedAccess::ReadOnly);
        assert!(matches!(request.finish(1), Err(StateError::Denied { .. })));
        assert_eq!((store.get(N), phase(&store)), (None, LoadPhase::Failed));
    }

    fn a_micro_frontend_that_leaves_takes_its_requests_along(engine) {
        for by_drop in [false, true] {
            let store = store(engine);
            let (shop, cart) = (register(&store, "shop"), register(&store, "cart"));
            store.grant("cart", Access::Write, Pattern::glob("@shop/*").unwrap());
            let heard = statuses(&store, sync());
            let shared = shop.shared().with_source("refresh").load(N).unwrap();
            let own = shop.load(N).unwrap();
            let from_outside = cart.peer("shop").load::<i32>("late").unwrap();
            let others = cart.shared().load("others").unwrap();
            heard.take();
            if by_drop {
                drop(shop);
            } else {
                shop.unregister().unwrap();
            }
            assert_eq!(phases(&heard), [LoadPhase::Idle]);
            for request in [shared, own, from_outside] {
                assert!(!request.is_current(), "{request:?}");
                assert_eq!(request.finish(1), Ok(Landing::Cancelled));
            }
            assert!(store.load_status("others").is_pending());
            assert_eq!(others.finish(1), Ok(Landing::Taken));
            assert_eq!(store.keys(), ["others"]);
        }
    }

    fn a_micro_frontend_that_stays_keeps_its_requests(engine) {
        let store = store(engine);
        let shop = register(&store, "shop");
        shop.set("filter", 1).unwrap();
        let id = store.add_middleware(Before("no", refuse));
        let request = shop.shared().load(N).unwrap();
        assert!(matches!(shop.unregister(), Err(StateError::Vetoed { .. })));
        assert!(request.is_current());
        store.remove_middleware(id);
        assert_eq!(request.finish(1), Ok(Landing::Taken));
    }

    fn removing_a_key_ends_its_request(engine) {
        type Remove = fn(&Store) -> Result<(), StateError>;
        let ways: [Remove; 5] = [
            |store| store.delete("n").map(drop),
            |store| store.clear(),
            |store| store.restore(&saved(&[("a", 1)]), Restore::Replace),
            |store| store.batch(|tx| tx.delete("n").map(drop)),
            |store| store.batch(|tx| tx.set(N, 5).and_then(|()| tx.delete("n").map(drop))),
        ];
        for remove in ways {
            let store = store(engine);
            assert_eq!(store.load(N).unwrap().finish(1), Ok(Landing::Taken));
            let request = store.load(N).unwrap();
            let heard = statuses(&store, sync());
            remove(&store).unwrap();
            assert_eq!(phases(&heard), [LoadPhase::Idle]);
            assert_eq!(store.load_status("n"), LoadStatus::default());
            assert_eq!(request.finish(2), Ok(Landing::Cancelled));
            assert_eq!(store.get(N), None, "the key stays removed");
            assert_eq!(store.load(N).unwrap().finish(3), Ok(Landing::Taken));
        }
    }

    fn a_removal_that_does_not_happen_ends_no_request(engine) {
        let store = store(engine);
        let request = store.load(N).unwrap();
        assert_eq!(store.delete("n"), Ok(false), "there was nothing to remove");
        assert!(request.is_current());
        store.set(N, 1).unwrap();
        let id = store.add_middleware(Before("no", refuse));
        assert!(store.delete("n").is_err() && request.is_current());
        store.remove_middleware(id);
        let given_up = store.batch(|tx| tx.delete("n").and_then(|_| Err::<(), _>(StateError::abort("no"))));
        assert!(given_up.is_err() && request.is_current());
        assert_eq!(request.finish(2), Ok(Landing::Taken));
    }

    fn disposal_ends_every_request(engine) {
        let store = store(engine);
        let heard = statuses(&store, SubscribeOptions::new());
        let request = store.load(N).unwrap();
        store.flush();
        heard.take();
        store.dispose();
        assert_eq!(phases(&heard), [LoadPhase::Idle], "listeners hear of it");
        assert_eq!(store.listener_count(), 0);
        assert!(!request.is_current() && store.load_status("n").is_idle());
        assert_eq!(request.finish(1), Err(StateError::Disposed));
        assert!(matches!(store.load(N), Err(StateError::Disposed)));
        assert!(store.subscribe_load_status("n", sync(), |_| ()).is_err());
        assert_eq!(store.cancel_load("n"), Err(StateError::Disposed));
    }

    fn a_listener_that_asks_anew_cannot_keep_a_store_from_disposal(engine) {
        let store = store(engine);
        let kept = Log::default();
        let (sink, here) = (kept.clone(), store.clone());
        let again = store.subscribe_load_status("n", sync(), move |status| {
            if !status.is_pending() {
                sink.push(here.load(N).unwrap());
            }
        });
        let _request = store.load(N).unwrap();
        store.dispose();
        assert_eq!(kept.take().len(), 1);
        assert!(store.load_status("n").is_idle());
        drop(again);
    }

    fn requests_and_statuses_outlive_an_exchange_of_the_engine(engine) {
        let store = store(engine);
        assert!(store.load("other").unwrap().settle(Err::<i32, _>("offline")).is_ok());
        let other = store.load_status("other");
        let request = store.load(N).unwrap();
        let heard = statuses(&store, sync());
        for kind in universal_state::EngineKind::ALL {
            store.set_engine(*kind).unwrap();
        }
        assert_eq!(phases(&heard), []);
        assert!(request.is_current() && store.load_status("n").is_pending());
        assert_eq!(store.load_status("other"), other);
        assert_eq!(request.finish(1), Ok(Landing::Taken));
        assert_eq!((phases(&heard), store.get(N)), (vec![LoadPhase::Ready], Some(1)));
    }

    fn places_that_must_not_write_cannot_ask(engine) {
        let store = store(engine);
        store.set("a", 1).unwrap();
        let tried = Log::default();
        let (sink, here) = (tried.clone(), store.clone());
        store.update("a", move |_: &mut i32| sink.push(here.load(N).map(drop))).unwrap();
        assert_eq!(tried.take(), [Err(StateError::Reentrant { during: "an update closure" })]);
        let request = std::sync::Mutex::new(Some(store.load(N).unwrap()));
        let sink = tried.clone();
        store.add_middleware(before(move |_: &mut Transaction| {
            let request = request.lock().unwrap().take();
            sink.push(request.map_or(Ok(()), |request| request.finish(1).map(drop)));
            Ok::<(), Veto>(())
        }));
        store.set("a", 2).unwrap();
        assert_eq!(tried.take(), [Err(StateError::Reentrant { during: "a middleware" })]);
        assert_eq!(phase(&store), LoadPhase::Failed, "an answer that was lost is not awaited");
    }

    fn a_key_that_is_only_asked_for_leaves_nothing_behind(engine) {
        let store = store(engine);
        let slots = store.slot_count();
        drop(store.load(N).unwrap());
        assert!(store.load(N).unwrap().fail("offline").is_taken());
        assert_eq!(store.slot_count(), slots);
        let listening = store.listener_count();
        drop(store.subscribe_load_status("n", sync(), |_| ()).unwrap());
        assert_eq!(store.listener_count(), listening);
    }

    fn the_status_subscriptions_of_a_micro_frontend_end_with_it(engine) {
        let store = store(engine);
        let shop = register(&store, "shop");
        let heard = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&heard);
        shop.shared()
            .subscribe_load_status("n", sync(), move |_| { count.fetch_add(1, Ordering::Relaxed); })
            .unwrap()
            .forget();
        shop.unregister().unwrap();
        drop(store.load(N).unwrap());
        assert_eq!((heard.load(Ordering::Relaxed), store.listener_count()), (0, 0));
    }
}
