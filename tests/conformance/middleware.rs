//! Point 13: middleware sees every transaction from every door before commit, in order of
//! registration; may pass, rewrite or veto it. What listeners see is what was stored.

use super::support::{Log, reports, store, sync};
use std::time::Duration;
use universal_state::{
    Change, ChangeSet, EngineKind, MfeInfo, Middleware, Restore, StateError, Store, Transaction,
    Validate, Veto,
};

/// A middleware that is a function.
pub struct Before<F>(pub &'static str, pub F);

impl<F: Fn(&mut Transaction) -> Result<(), Veto> + Send + Sync> Middleware for Before<F> {
    fn name(&self) -> &str {
        self.0
    }

    fn before(&self, transaction: &mut Transaction) -> Result<(), Veto> {
        (self.1)(transaction)
    }
}

pub fn before<F>(f: F) -> Before<F>
where
    F: Fn(&mut Transaction) -> Result<(), Veto> + Send + Sync,
{
    Before("before", f)
}

/// A middleware that doubles every `i32`.
fn double(transaction: &mut Transaction) -> Result<(), Veto> {
    for write in transaction.writes_mut() {
        if let Some(n) = write.new::<i32>() {
            write.replace(n * 2);
        }
    }
    Ok(())
}

/// A middleware that refuses everything.
pub fn refuse(_: &mut Transaction) -> Result<(), Veto> {
    Err(Veto::new("not today"))
}

/// The error of a veto.
pub fn vetoed(middleware: &str, reason: &str) -> StateError {
    StateError::Vetoed {
        middleware: middleware.to_owned(),
        key: None,
        reason: reason.to_owned(),
    }
}

/// The error of a veto that names the key.
pub fn vetoed_key(middleware: &str, key: &str, reason: &str) -> StateError {
    StateError::Vetoed {
        middleware: middleware.to_owned(),
        key: Some(key.to_owned()),
        reason: reason.to_owned(),
    }
}

conformance! {
    /// 13: in order of registration, by the builder first.
    fn middleware_is_asked_in_order_of_registration(engine) {
        let log = Log::default();
        let note = |name: &'static str| {
            let log = log.clone();
            before(move |_| {
                log.push(name);
                Ok(())
            })
        };
        let store = Store::builder()
            .engine(engine)
            .middleware(note("first"))
            .middleware(note("second"))
            .build();
        store.add_middleware(note("third"));
        store.set("n", 1).unwrap();
        assert_eq!(log.take(), ["first", "second", "third"]);
    }

    /// 13: a later one sees what an earlier one made of it.
    fn a_rewrite_is_seen_by_the_middleware_after_it(engine) {
        let store = store(engine);
        store.add_middleware(before(double));
        store.add_middleware(before(double));
        store.set("n", 3).unwrap();
        assert_eq!(store.get("n"), Some(12));
    }

    /// 13: what listeners see is what was stored.
    fn what_listeners_and_snapshots_see_is_what_was_stored(engine) {
        let store = store(engine);
        store.add_middleware(before(double));
        let log = Log::default();
        let (key, set) = (log.clone(), log.clone());
        let _one = store.subscribe("n", move |n: Option<&i32>, _: &Change| key.push(n.copied()));
        let _all = store.subscribe_all(sync(), move |changes: &ChangeSet| {
            set.push(changes.get("n").and_then(Change::new::<i32>));
        });
        store.set("n", 3).unwrap();
        store.flush();
        assert_eq!(log.take(), [Some(6), Some(6)]);
        assert_eq!(store.snapshot().get("n"), Some(6));
    }

    /// 13 and 1: a write that is rewritten to what is stored changes nothing.
    fn a_rewrite_to_the_stored_value_is_no_change(engine) {
        let store = store(engine);
        store.set("n", 1).unwrap();
        store.add_middleware(before(|transaction: &mut Transaction| {
            transaction.writes_mut().iter_mut().for_each(|write| write.replace(1));
            Ok(())
        }));
        let log = Log::default();
        let sink = log.clone();
        let _all = store.subscribe_all(sync(), move |_: &ChangeSet| sink.push(()));
        store.set("n", 7).unwrap();
        store.flush();
        assert!(log.take().is_empty());
        assert_eq!((store.get("n"), store.metadata().version), (Some(1), 1));
    }

    /// 13: a veto, with its reason, is what the caller gets; nothing is stored, nobody is told, and
    /// whoever comes after is not asked.
    fn a_veto_reaches_the_caller_with_its_reason(engine) {
        let store = store(engine);
        let log = Log::default();
        let (told, asked) = (log.clone(), log.clone());
        let _all = store.subscribe_all(sync(), move |_: &ChangeSet| told.push("told"));
        store.add_middleware(Before("guard", refuse));
        store.add_middleware(before(move |_| {
            asked.push("asked");
            Ok(())
        }));
        assert_eq!(store.set("n", 1), Err(vetoed("guard", "not today")));
        store.flush();
        assert!(log.take().is_empty());
        assert_eq!((store.has("n"), store.metadata().version), (false, 0));
    }

    /// 13 and 5: a veto of any part refuses the whole batch.
    fn a_veto_of_a_part_refuses_the_whole_batch(engine) {
        let store = store(engine);
        store.add_middleware(Validate::new().rule("b", |n: &i32| {
            (*n > 0).then_some(()).ok_or("too small")
        }));
        let result = store.set_many([("a", 1), ("b", -1), ("c", 1)]);
        assert_eq!(result, Err(vetoed_key("validate", "b", "too small")));
        assert!(store.is_empty());
    }

    /// 13: what changes nothing is no transaction.
    fn middleware_is_not_asked_about_what_changes_nothing(engine) {
        let store = store(engine);
        store.set("n", 1).unwrap();
        store.add_middleware(Before("guard", refuse));
        assert_eq!(store.set("n", 1), Ok(()));
        assert_eq!(store.delete("missing"), Ok(false));
        assert_eq!(store.update("missing", |n: &mut i32| *n += 1), Ok(false));
        assert_eq!(store.set_many([("n", 2), ("n", 1)]), Ok(()));
    }

    /// 13: a removed middleware is not asked any more.
    fn a_removed_middleware_is_not_asked(engine) {
        let store = store(engine);
        let id = store.add_middleware(before(refuse));
        let other = store.add_middleware(before(double));
        assert!(store.remove_middleware(id));
        assert!(!store.remove_middleware(id), "it was there once");
        store.set("n", 1).unwrap();
        assert_eq!(store.get("n"), Some(2));
        assert!(store.remove_middleware(other));
        store.set("n", 3).unwrap();
        assert_eq!(store.get("n"), Some(3));
    }

    /// 13: a middleware that panics vetoes, and the store goes on.
    fn a_panic_of_a_middleware_is_a_veto(engine) {
        let store = store(engine);
        let id = store.add_middleware(before(|_| panic!("oh")));
        assert_eq!(store.set("n", 1), Err(vetoed("before", "it panicked: oh")));
        assert_eq!(store.set_many([("n", 1)]), Err(vetoed("before", "it panicked: oh")));
        assert!(store.is_empty());
        store.remove_middleware(id);
        store.set("n", 1).unwrap();
        assert_eq!(store.get("n"), Some(1));
    }

    /// 13: a middleware hears of a commit before listeners do, and of the delivery after.
    fn middleware_hears_of_the_commit_before_listeners_and_of_the_delivery_after(engine) {
        let store = store(engine);
        let log = Log::default();
        store.add_middleware(Hears(log.clone()));
        let sink = log.clone();
        let _n = store.subscribe("n", move |_: Option<&i32>, _: &Change| sink.push("told".into()));
        store.set("n", 1).unwrap();
        store.flush();
        assert_eq!(log.take(), ["before", "committed n", "told", "delivered n"]);
        let _ = store.set_many([("a", 1), ("b", 2)]);
        store.flush();
        assert_eq!(log.take(), ["before", "committed a b", "delivered a b"]);
    }

    /// 11 and 13: a middleware that panics after the commit is reported and hurts nobody.
    fn a_panic_after_the_commit_is_reported(engine) {
        struct Panics;
        impl Middleware for Panics {
            fn name(&self) -> &str {
                "panics"
            }
            fn committed(&self, _: &ChangeSet, _: Duration) {
                panic!("committed");
            }
            fn delivered(&self, _: &ChangeSet, _: Duration) {
                panic!("delivered");
            }
        }
        let store = store(engine);
        let (errors, log) = (reports(&store), Log::default());
        store.add_middleware(Panics);
        let sink = log.clone();
        let _n = store.subscribe("n", move |n: Option<&i32>, _: &Change| sink.push(n.copied()));
        store.set("n", 1).unwrap();
        store.flush();
        assert_eq!(log.take(), [Some(1)]);
        let failed = |reason: &str| StateError::Listener {
            subject: "middleware \"panics\"".into(),
            reason: format!("it panicked: {reason}"),
        };
        assert_eq!(errors.take(), [failed("committed"), failed("delivered")]);
    }

    /// 13: from inside of a middleware the store can be read, not written.
    fn no_write_from_inside_a_middleware(engine) {
        struct Writes(Store, Log<StateError>);
        impl Writes {
            fn all(&self) {
                let Self(store, errors) = self;
                let other = match store.engine() {
                    EngineKind::Map => EngineKind::Signal,
                    _ => EngineKind::Map,
                };
                let results = [
                    store.set("x", 1),
                    store.update_or("x", 1, |n: &mut i32| *n += 1),
                    store.delete("n").map(drop),
                    store.clear(),
                    store.batch(|_| Ok(())),
                    store.restore(&store.snapshot(), Restore::Replace),
                    store.set_engine(other),
                    store.register_mfe(MfeInfo::new("x", "x", "1")).map(drop),
                    store.unregister_mfe("shop"),
                ];
                for result in results {
                    errors.push(result.unwrap_err());
                }
            }
        }
        impl Middleware for Writes {
            fn name(&self) -> &str {
                "writes"
            }
            fn before(&self, _: &mut Transaction) -> Result<(), Veto> {
                self.all();
                Ok(())
            }
            fn committed(&self, _: &ChangeSet, _: Duration) {
                self.all();
            }
            fn delivered(&self, _: &ChangeSet, _: Duration) {
                self.all();
            }
        }
        let store = store(engine);
        let _shop = store.register_mfe(MfeInfo::new("shop", "leptos", "1")).unwrap();
        let errors = Log::default();
        let id = store.add_middleware(Writes(store.clone(), errors.clone()));
        let _n = store.subscribe("n", |_: Option<&i32>, _: &Change| ());
        store.set("n", 1).unwrap();
        store.flush();
        let errors = errors.take();
        assert_eq!(errors.len(), 3 * 9);
        for error in errors {
            assert_eq!(error, StateError::Reentrant { during: "a middleware" });
        }
        assert_eq!((store.keys(), store.metadata().version), (vec!["n".to_owned()], 1));
        assert_eq!((store.engine(), store.mfes().len()), (engine, 1));
        // It holds the store, which holds it.
        store.remove_middleware(id);
    }
}

/// Notes when it is called.
struct Hears(Log<String>);

impl Hears {
    fn note(&self, what: &str, changes: &ChangeSet) {
        let keys = changes.iter().map(|change| format!(" {}", change.key()));
        self.0.push(format!("{what}{}", keys.collect::<String>()));
    }
}

impl Middleware for Hears {
    fn name(&self) -> &str {
        "hears"
    }

    fn before(&self, _: &mut Transaction) -> Result<(), Veto> {
        self.0.push("before".into());
        Ok(())
    }

    fn committed(&self, changes: &ChangeSet, _: Duration) {
        self.note("committed", changes);
    }

    fn delivered(&self, changes: &ChangeSet, _: Duration) {
        self.note("delivered", changes);
    }
}
