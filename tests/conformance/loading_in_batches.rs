//! Requests and batches: to ask, to fail and to cancel take effect at once; an answer is stored with
//! its batch, or comes to nothing with it.

use super::{
    middleware::{Before, refuse},
    support::{Log, entry, store, told},
};
use std::thread;
use universal_state::{Delivery, Key, Landing, LoadPhase, StateError, Store};

const N: Key<i32> = Key::new("n");

fn phase(store: &Store) -> LoadPhase {
    store.load_status("n").phase()
}

fn give_up() -> Result<(), StateError> {
    Err(StateError::abort("no"))
}

conformance! {
    fn an_answer_is_stored_with_its_batch(engine) {
        let store = store(engine);
        let told = told(&store, Delivery::Sync);
        let request = store.load(N).unwrap();
        store.batch(|tx| {
            assert_eq!(request.finish(1)?, Landing::Taken);
            tx.set("fetched", 1)?;
            assert_eq!((tx.get(N), phase(&store)), (Some(1), LoadPhase::Pending));
            let elsewhere = thread::scope(|scope| scope.spawn(|| (store.get(N), phase(&store))).join());
            assert_eq!(elsewhere.unwrap(), (None, LoadPhase::Pending));
            Ok(())
        })
        .unwrap();
        assert_eq!((store.get(N), phase(&store)), (Some(1), LoadPhase::Ready));
        assert_eq!(told.take(), [vec![entry("n", None, 1), entry("fetched", None, 1)]]);
        assert_eq!(store.metadata().version, 1);
    }

    fn an_answer_comes_to_nothing_with_its_batch(engine) {
        let store = store(engine);
        let request = store.load(N).unwrap();
        let failed = store.batch(|_| request.finish(1).and_then(|_| give_up()));
        assert_eq!(failed, give_up());
        let status = store.load_status("n");
        assert_eq!(status.error(), Some("the batch was given up: no"));
        assert_eq!((store.get(N), status.phase()), (None, LoadPhase::Failed));

        store.add_middleware(Before("no", refuse));
        let request = store.load(N).unwrap();
        let failed = store.batch(|tx| request.finish(1).and_then(|_| tx.set("b", 1)));
        assert!(matches!(failed, Err(StateError::Vetoed { .. })));
        assert_eq!((store.get(N), phase(&store)), (None, LoadPhase::Failed));
    }

    fn an_answer_in_a_nested_batch_that_fails_is_taken_back_alone(engine) {
        let store = store(engine);
        let (inner, outer) = (store.load(N).unwrap(), store.load::<i32>("other").unwrap());
        store
            .batch(|tx| {
                let failed = tx.batch(|_| inner.finish(1).and_then(|_| give_up()));
                assert_eq!((failed, phase(&store)), (give_up(), LoadPhase::Failed));
                let again = tx.batch(|tx| tx.load(N)?.finish(2));
                assert_eq!(again, Ok(Landing::Taken));
                outer.finish(3).map(drop)
            })
            .unwrap();
        assert_eq!((store.get(N), phase(&store)), (Some(2), LoadPhase::Ready));
        assert!(store.load_status("other").is_ready());
    }

    fn a_batch_that_panics_fails_its_requests(engine) {
        let store = store(engine);
        let request = store.load(N).unwrap();
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            store.batch(|_| -> Result<(), StateError> {
                let _ = request.finish(1);
                panic!("as the test wants it")
            })
        }));
        assert!(panicked.is_err());
        assert_eq!((store.get(N), phase(&store)), (None, LoadPhase::Failed));
    }

    fn to_ask_is_not_part_of_a_batch(engine) {
        let store = store(engine);
        let kept = Log::default();
        let failed = store.batch(|tx| {
            kept.push(tx.load(N)?);
            drop(tx.load::<i32>("dropped")?);
            assert!(tx.load("failed")?.settle(Err::<i32, _>("offline"))?.is_taken());
            give_up()
        });
        assert_eq!(failed, give_up());
        assert_eq!(phase(&store), LoadPhase::Pending);
        assert!(store.load_status("dropped").is_idle() && store.load_status("failed").is_failed());
        assert_eq!(kept.take().remove(0).finish(1), Ok(Landing::Taken));
    }

    fn a_request_that_begins_after_an_answer_in_one_batch_stands_beside_it(engine) {
        let store = store(engine);
        let first = store.load(N).unwrap();
        let second = store.batch(|tx| first.finish(1).and_then(|_| tx.load(N))).unwrap();
        assert_eq!((store.get(N), phase(&store)), (Some(1), LoadPhase::Pending));
        assert_eq!(second.finish(2), Ok(Landing::Taken));

        let first = store.load(N).unwrap();
        store
            .batch(|tx| {
                assert!(first.finish(3)?.is_taken());
                assert!(tx.load(N)?.fail("offline").is_taken());
                Ok(())
            })
            .unwrap();
        assert_eq!((store.get(N), phase(&store)), (Some(3), LoadPhase::Failed));
        let first = store.load(N).unwrap();
        store
            .batch(|tx| first.finish(4).and_then(|_| tx.load(N)?.finish(5)))
            .map(drop)
            .unwrap();
        assert_eq!((store.get(N), phase(&store)), (Some(5), LoadPhase::Ready));
    }

    fn a_batch_whose_answer_is_superseded_elsewhere_is_not_stored(engine) {
        let store = store(engine);
        let request = store.load(N).unwrap();
        let newer = Log::default();
        let result = store.batch(|tx| {
            assert!(request.finish(1)?.is_taken());
            tx.set("other", 1)?;
            thread::scope(|scope| drop(scope.spawn(|| newer.push(store.load(N).unwrap())).join()));
            Ok(())
        });
        assert_eq!(result, Err(StateError::Superseded { key: "n".into() }));
        assert!(store.is_empty() && store.load_status("n").is_pending());
        assert_eq!(newer.take().remove(0).finish(2), Ok(Landing::Taken));
    }

    fn an_answer_that_comes_too_late_leaves_the_batch_alone(engine) {
        let store = store(engine);
        let (first, second) = (store.load(N).unwrap(), store.load(N).unwrap());
        store
            .batch(|tx| {
                assert_eq!(first.finish(1)?, Landing::Superseded);
                tx.set("other", 1)
            })
            .unwrap();
        assert_eq!(store.keys(), ["other"]);
        assert!(second.is_current());
    }

    fn an_answer_that_its_own_batch_removes_is_as_if_the_key_were_deleted(engine) {
        for there in [false, true] {
            let store = store(engine);
            if there {
                store.set(N, 0).unwrap();
            }
            let request = store.load(N).unwrap();
            store
                .batch(|tx| request.finish(1).and_then(|_| tx.delete("n").map(drop)))
                .unwrap();
            assert_eq!((store.get(N), phase(&store)), (None, LoadPhase::Idle));
        }
    }
}
