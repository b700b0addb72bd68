//! Point 23: a key can be labelled `local`, `volatile` or `secret`. What is secret leaves the wasm
//! through no door of the store; within the store a label changes nothing.

use super::support::{Log as Notes, entry, reports, store, told};
use universal_state::{
    Access, Change, ChangeSet, Delivery, EngineKind, HistoryOptions, Label, Labels, Log, MfeInfo,
    Middleware, Monitor, Pattern, Restore, SharedAccess, StateError, Store, SubscribeOptions,
    Transaction, Validate, Veto, Write,
};

/// What must not get out. The key is `token`.
const SECRET: &str = "hunter2";

/// What a text that shows the value has of it. Without JSON a value is shown as its type.
const SHOWN: &str = if cfg!(feature = "json") {
    SECRET
} else {
    "<alloc::"
};

/// As a value that is no plain one, so that it takes the long way, too.
fn secret() -> Vec<String> {
    vec![SECRET.to_owned()]
}

fn glob(pattern: &str) -> Pattern {
    Pattern::glob(pattern).unwrap()
}

fn info(id: &str) -> MfeInfo {
    MfeInfo::new(id, "leptos", "1")
}

/// Whether a key has the label, in the eyes of the store's owner.
fn has(store: &Store, key: &str, label: Label) -> bool {
    store.labels(key).unwrap().has(label)
}

conformance! {
    /// 23: by name, whether the key is there, was asked for, or comes later.
    fn a_key_is_labelled_by_its_name(engine) {
        let store = store(engine);
        store.set("there", 1).unwrap();
        for key in ["there", "later"] {
            assert_eq!(store.labels(key), Ok(Labels::default()));
            store.label(key, Label::Volatile).unwrap();
            assert_eq!(store.labels(key), Ok(Labels::from(Label::Volatile)));
        }
        store.set("later", 1).unwrap();
        assert!(has(&store, "later", Label::Volatile));
        assert_eq!(store.labels("other"), Ok(Labels::default()));
    }

    /// 23: by pattern, over present and future keys, and those of the builder from the start.
    fn keys_are_labelled_by_pattern(engine) {
        let builder = Store::builder().engine(engine);
        let store = builder.label(glob("token:*"), Label::Secret).build();
        store.set_many([("row:1", 1), ("token:1", 1)]).unwrap();
        store.label_matching(glob("row:*"), Label::Local).unwrap();
        store.set("row:2", 1).unwrap();
        for row in ["row:1", "row:2", "row:3"] {
            assert_eq!(store.labels(row), Ok(Labels::from(Label::Local)), "{row}");
        }
        for token in ["token:1", "token:2"] {
            assert_eq!(store.labels(token), Ok(Labels::from(Label::Secret)), "{token}");
        }
    }

    /// 23: labels add up, and nobody can take one back.
    fn labels_add_up(engine) {
        let store = store(engine);
        store.label("a", Label::Local).unwrap();
        store.label_matching(glob("*"), Label::Volatile).unwrap();
        let both = Labels::from(Label::Local).with(Label::Volatile);
        assert_eq!(store.labels("a"), Ok(both));
        assert!(!both.has(Label::Secret), "two labels are no third");
        store.set("a", 1).unwrap();
        store.delete("a").unwrap();
        store.clear().unwrap();
        assert_eq!(store.labels("a"), Ok(both));
    }

    /// 23: what is secret need not be labelled local and volatile too.
    fn a_secret_is_local_and_volatile(engine) {
        let store = store(engine);
        store.label("token", Label::Secret).unwrap();
        assert!(has(&store, "token", Label::Local) && has(&store, "token", Label::Volatile));
    }

    /// 23: a micro-frontend labels its own keys by the names that it gives them.
    fn a_scope_labels_its_own_keys_by_their_short_names(engine) {
        let store = store(engine);
        let shop = store.register_mfe(info("shop")).unwrap();
        shop.label("token", Label::Secret).unwrap();
        assert!(shop.labels("token").unwrap().has(Label::Secret));
        assert!(has(&store, "@shop/token", Label::Secret));
        assert_eq!(store.labels("token"), Ok(Labels::default()));
        // The label stays for whoever comes back.
        shop.unregister().unwrap();
        assert!(has(&store, "@shop/token", Label::Secret));
        assert!(matches!(shop.label("b", Label::Local), Err(StateError::UnknownMfe { .. })));
    }

    /// 23 and 15: however wide its pattern, it reaches no key but its own.
    fn the_pattern_of_a_scope_covers_its_own_keys_alone(engine) {
        for pattern in ["draft:*", "@shop/draft:*", "**", "@*/draft:*"] {
            let store = store(engine);
            let shop = store.register_mfe(info("shop")).unwrap();
            let _cart = store.register_mfe(info("shop:cart")).unwrap();
            shop.label_matching(glob(pattern), Label::Local).unwrap();
            assert!(has(&store, "@shop/draft:1", Label::Local), "{pattern}");
            for other in ["draft:1", "@shop:cart/draft:1", "@other/draft:1"] {
                assert_eq!(store.labels(other), Ok(Labels::default()), "{pattern}, {other}");
            }
        }
    }

    /// 23 and 15: by pattern it would cover future keys of others.
    fn a_scope_labels_no_keys_of_others_by_pattern(engine) {
        let store = store(engine);
        let shop = store.register_mfe(info("shop")).unwrap();
        store.grant("shop", Access::Write, glob("**"));
        for view in [shop.shared(), shop.peer("cart")] {
            let refused = view.label_matching(glob("**"), Label::Local);
            assert!(matches!(refused, Err(StateError::Pattern { .. })), "{refused:?}");
        }
        for key in ["a", "@cart/a"] {
            assert_eq!(store.labels(key), Ok(Labels::default()));
        }
    }

    /// 23 and 15: one by one it takes the right to write them.
    fn a_key_of_others_is_labelled_by_who_may_write_it(engine) {
        let store = store(engine);
        let shop = store.register_mfe(info("shop")).unwrap();
        shop.shared().label("a", Label::Local).unwrap();
        store.set_shared_access(SharedAccess::ReadOnly);
        let denied = shop.shared().label("b", Label::Local);
        assert!(matches!(denied, Err(StateError::Denied { .. })));
        let denied = shop.peer("cart").label("c", Label::Local);
        assert!(matches!(denied, Err(StateError::Denied { .. })));
        store.grant("shop", Access::Write, glob("@cart/*"));
        shop.peer("cart").label("c", Label::Local).unwrap();
        let labelled = ["a", "b", "@cart/c"].map(|key| has(&store, key, Label::Local));
        assert_eq!(labelled, [true, false, true]);
    }

    /// 23: a label cannot be given in vain.
    fn a_label_of_no_key_is_refused(engine) {
        let store = store(engine);
        for bad in ["", "@", "@shop", &"x".repeat(600)] {
            let refused = store.label(bad, Label::Secret);
            assert!(matches!(refused, Err(StateError::Key { .. })), "{bad}");
        }
        store.dispose();
        assert_eq!(store.label("a", Label::Secret), Err(StateError::Disposed));
        let refused = store.label_matching(glob("*"), Label::Secret);
        assert_eq!(refused, Err(StateError::Disposed));
    }

    /// 23: whoever may read it reads it, and is told.
    fn within_the_store_a_label_changes_nothing(engine) {
        let store = store(engine);
        let labels = [("s", Label::Secret), ("l", Label::Local), ("v", Label::Volatile)];
        for (key, label) in labels {
            store.label(key, label).unwrap();
            let told = told(&store, Delivery::Batched);
            store.set(key, 1).unwrap();
            store.flush();
            assert_eq!(store.get(key), Some(1));
            assert_eq!(told.take(), [[entry(key, None, 1)]]);
        }
    }

    /// 23: snapshots, restore and undo stay within the wasm.
    fn snapshots_and_undo_carry_what_is_secret(engine) {
        let store = store(engine);
        store.label("token", Label::Secret).unwrap();
        let history = store.history(HistoryOptions::new()).unwrap();
        store.set("token", 1).unwrap();
        let before = store.snapshot();
        assert_eq!(before.get("token"), Some(1));
        store.set("token", 2).unwrap();
        store.restore(&before, Restore::Replace).unwrap();
        assert_eq!(store.get("token"), Some(1));
        store.set("token", 3).unwrap();
        history.undo().unwrap();
        assert_eq!(store.get("token"), Some(1));
    }

    /// 23: every place at which the store makes text of a value or exports it. The same without the
    /// label has to tell the value, or else nothing is tested.
    fn a_secret_gets_out_nowhere(engine) {
        for is_secret in [false, true] {
            let builder = Store::builder().engine(engine).on_error(|_| {});
            let store = match is_secret {
                true => builder.label(glob("token"), Label::Secret).build(),
                false => builder.build(),
            };
            for (exit, text) in exits(&store) {
                assert_eq!(text.contains(SHOWN), !is_secret, "{exit}: {text}");
            }
        }
    }

    /// 23: these tell keys, times and sizes, whatever the labels.
    fn a_history_and_a_monitor_tell_no_values(engine) {
        let store = store(engine);
        let log = Notes::default();
        let sink = log.clone();
        let monitor = Monitor::new(move |warning| sink.push(warning.to_string()));
        #[cfg(feature = "json")]
        let monitor = monitor.large(1);
        store.add_middleware(monitor.slow(std::time::Duration::ZERO));
        let history = store.history(HistoryOptions::new()).unwrap();
        store.set("token", secret()).unwrap();
        let warnings = log.take().concat();
        assert!(warnings.contains("token") && !warnings.contains(SHOWN), "{warnings}");
        let steps = format!("{history:?} {:?} {:?}", history.steps(), history.undo());
        assert!(steps.contains("token") && !steps.contains(SHOWN), "{steps}");
    }

    /// 23: as above, of a micro-frontend's own key, by the name it gives it.
    fn a_secret_of_a_scope_gets_out_nowhere(engine) {
        for is_secret in [false, true] {
            let store = store(engine);
            let errors = reports(&store);
            let scope = store.register_mfe(info("shop")).unwrap();
            if is_secret {
                scope.label_matching(glob("tok?n"), Label::Secret).unwrap();
            }
            scope.set("token", secret()).unwrap();
            let mut texts = vec![format!("{:?}", scope.snapshot())];
            if cfg!(feature = "json") {
                texts.push(failed(scope.try_get::<Number>("token")));
                texts.push(failed(scope.handle::<Number>("token").unwrap().try_get()));
                assert_eq!(scope.get::<Number>("token"), None);
                texts.push(errors.take()[0].to_string());
            }
            #[cfg(feature = "json")]
            {
                texts.push(failed(scope.try_get_at::<Number>("token", "/0")));
                texts.push(scope.snapshot().to_json().unwrap().to_string());
                texts.push(scope.snapshot().stored().to_json().unwrap().to_string());
            }
            for text in texts {
                assert_eq!(text.contains(SHOWN), !is_secret, "{text}");
            }
        }
    }

    /// 23: the shared key of the same name is another.
    fn a_secret_of_a_scope_is_no_secret_of_others(engine) {
        let store = store(engine);
        let scope = store.register_mfe(info("shop")).unwrap();
        scope.label("token", Label::Secret).unwrap();
        scope.set("token", 1).unwrap();
        store.set("token", 2).unwrap();
        let two = if cfg!(feature = "json") { "2" } else { "<i32>" };
        let shared = format!(r#"{{"token": {two}}}"#);
        assert_eq!(format!("{:?}", scope.shared().snapshot()), shared);
        let all = format!(r#"{{"@shop/token": (secret), "token": {two}}}"#);
        assert_eq!(format!("{:?}", store.snapshot()), all);
    }

    /// 23: what was kept before the label was given is guarded by it, too.
    fn a_label_counts_for_what_is_yet_to_get_out(engine) {
        let store = store(engine);
        let log = Notes::default();
        let sink = log.clone();
        let note = move |changes: &ChangeSet| sink.push(format!("{changes:?}"));
        let options = SubscribeOptions::new().delivery(Delivery::Sync);
        let _all = store.subscribe_all(options, note).unwrap();
        let here = store.clone();
        // While one change is told, others stand in line.
        let go = move |_: Option<&i32>, _: &Change| {
            here.set("token", secret())?;
            here.label("token", Label::Secret)
        };
        let _go = store.subscribe_with("go", options, go).unwrap();
        let before = {
            store.set("token", vec![SECRET.to_owned(), "old".to_owned()]).unwrap();
            store.snapshot()
        };
        assert_eq!(log.take().len(), 1);
        store.set("go", 1).unwrap();
        store.flush();
        let told = log.take().concat();
        assert!(told.contains("token") && !told.contains(SHOWN), "{told}");
        assert!(!format!("{before:?}").contains(SHOWN), "{before:?}");
    }

    /// 23: and for what waits for the end of the turn.
    fn a_label_counts_for_what_waits(engine) {
        let store = store(engine);
        let log = Notes::default();
        let sink = log.clone();
        let note = move |changes: &ChangeSet| sink.push(format!("{changes:?}"));
        let _all = store.subscribe_all(SubscribeOptions::new(), note).unwrap();
        store.batch(|tx| {
            tx.set("token", secret())?;
            tx.label("token", Label::Secret)
        }).unwrap();
        store.flush();
        let told = log.take().concat();
        assert!(told.contains("token") && !told.contains(SHOWN), "{told}");
        store.set("pin", SECRET.to_owned()).unwrap();
        // On the map engine nothing waits.
        assert_eq!(log.take().len(), usize::from(engine == EngineKind::Map));
        store.label("pin", Label::Secret).unwrap();
        store.flush();
        let told = log.take().concat();
        assert_eq!(told.contains("pin"), engine != EngineKind::Map);
        assert!(!told.contains(SHOWN), "{told}");
    }
}

/// What a secret does not read as. Its error quotes what it was given.
type Number = Vec<u32>;

fn failed<T: std::fmt::Debug>(result: Result<T, StateError>) -> String {
    result.unwrap_err().to_string()
}

/// A middleware that notes what it sees, as text.
struct Sees(Notes<(&'static str, String)>);

impl Middleware for Sees {
    fn name(&self) -> &str {
        "sees"
    }

    fn before(&self, transaction: &mut Transaction) -> Result<(), Veto> {
        self.0.push(("transaction", format!("{transaction:?}")));
        let write: &Write = &transaction.writes()[0];
        assert_eq!(
            write.labels().has(Label::Secret),
            write.labels().has(Label::Local)
        );
        Ok(())
    }

    fn committed(&self, changes: &ChangeSet, _: std::time::Duration) {
        self.0.push(("committed", format!("{changes:?}")));
    }
}

/// Lets the secret into the key `token`, and out of every exit that there is, as text.
fn exits(store: &Store) -> Vec<(&'static str, String)> {
    let out = Notes::default();
    let sees = store.add_middleware(Sees(out.clone()));
    let sink = out.clone();
    let log = Log::new(move |line| sink.push(("log", line.to_owned())));
    let log = store.add_middleware(log);
    let sink = out.clone();
    let listener = move |_: Option<&Vec<String>>, change: &Change| {
        sink.push(("change", format!("{change:?}")));
    };
    let one = store.subscribe("token", listener).unwrap();
    let sink = out.clone();
    let listener = move |changes: &ChangeSet| {
        sink.push(("changes", format!("{changes:?}")));
        // Kept and shown later.
        sink.push(("clone of changes", format!("{:?}", changes.clone())));
    };
    let all = store
        .subscribe_all(SubscribeOptions::new(), listener)
        .unwrap();

    store.set("token", secret()).unwrap();
    store.flush();
    store
        .batch(|tx| tx.set("token", vec![SECRET.to_owned(), "2".to_owned()]))
        .unwrap();
    store.flush();
    store.delete("token").unwrap();
    store.flush();
    store.remove_middleware(log);
    store.remove_middleware(sees);
    // Where nobody filters, texts take the short way.
    let listener_of_text = {
        let sink = out.clone();
        let listener = move |_: Option<&String>, change: &Change| {
            sink.push(("plain change", format!("{change:?}")));
        };
        store.subscribe("token", listener).unwrap()
    };
    drop((one, all));
    store.set("token", SECRET.to_owned()).unwrap();
    store.flush();
    let text = format!("{SECRET} in a batch");
    store.batch(|tx| tx.set("token", text.clone())).unwrap();
    store.flush();
    drop(listener_of_text);
    store.set("token", secret()).unwrap();
    store.flush();

    let now = |delivery: Delivery| SubscribeOptions::new().delivery(delivery).immediate(true);
    for delivery in [Delivery::Sync, Delivery::Batched] {
        let sink = out.clone();
        let listener = move |changes: &ChangeSet| sink.push(("immediate", format!("{changes:?}")));
        let _now = store
            .subscribe_keys(["token"], now(delivery), listener)
            .unwrap();
    }
    out.push(("snapshot", format!("{:?}", store.snapshot())));
    out.push(("stored", format!("{:?}", store.snapshot().stored())));
    store
        .batch(|tx| {
            tx.set("other", 1)?;
            out.push(("drafted", format!("{:?}", tx.snapshot())));
            Err::<(), _>(StateError::abort("enough"))
        })
        .unwrap_err();
    let computed = store.register_computed("sum", |_| 1).unwrap();
    out.push(("complete", format!("{:?}", store.snapshot())));
    drop(computed);
    if cfg!(feature = "json") {
        errors(store, &out);
    }
    #[cfg(feature = "json")]
    json(store, &out);
    #[cfg(all(feature = "fields", feature = "json"))]
    fields(store, &out);
    #[cfg(all(feature = "collections", feature = "json"))]
    collections(store, &out);
    out.take()
}

/// Errors that quote what a decoder says.
fn errors(store: &Store, out: &Notes<(&'static str, String)>) {
    let reported = reports(store);
    out.push(("get", failed(store.try_get::<Number>("token"))));
    let handle = store.handle::<Number>("token").unwrap();
    out.push(("handle", failed(handle.try_get())));
    out.push(("update", failed(handle.update(|_| ()))));
    let listener = |_: Option<&Number>, _: &Change| ();
    let now = SubscribeOptions::new().immediate(true);
    let _listener = handle.subscribe(now, listener).unwrap();
    out.push(("listener", reported.take()[0].to_string()));
    let rule = Validate::new().rule("token", |_: &Number| Ok::<(), String>(()));
    let rule = store.add_middleware(rule);
    let long = vec![SECRET.to_owned(); 2];
    out.push(("validate", failed(store.set("token", long))));
    store.remove_middleware(rule);
}

/// What exports JSON, and errors that quote what an encoder says.
#[cfg(feature = "json")]
fn json(store: &Store, out: &Notes<(&'static str, String)>) {
    out.push(("JSON", store.snapshot().to_json().unwrap().to_string()));
    out.push(("read at", failed(store.try_get_at::<Number>("token", "/0"))));
    let at = store
        .view()
        .computed(|view| view.try_get_at::<Number>("token", ""));
    out.push(("computed", failed(at.get().unwrap())));
    let kept = store.get::<Vec<String>>("token").unwrap();
    store.set("token", NotJson(SECRET.to_owned())).unwrap();
    out.push(("as JSON", failed(store.try_get_json("token"))));
    out.push(("read in", failed(store.try_get_at::<u32>("token", "/0"))));
    out.push(("write in", failed(store.set_at("token", "/0", 1))));
    out.push(("delete in", failed(store.delete_at("token", "/0"))));
    store.set("token", kept).unwrap();
}

/// A value whose encoder says what it holds, and fails.
#[cfg(feature = "json")]
#[derive(Clone, PartialEq, serde::Deserialize)]
struct NotJson(String);

#[cfg(feature = "json")]
impl serde::Serialize for NotJson {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom(format!("{} is no JSON", self.0)))
    }
}

/// What a field of the value is read as.
#[cfg(all(feature = "fields", feature = "json"))]
#[derive(
    Clone,
    PartialEq,
    Default,
    serde::Serialize,
    serde::Deserialize,
    reactive_stores::Store,
    universal_state::Diff,
)]
struct Pin {
    digits: u32,
}

/// Errors of fields: of reading, and of writing.
#[cfg(all(feature = "fields", feature = "json"))]
fn fields(store: &Store, out: &Notes<(&'static str, String)>) {
    use reactive_graph::traits::{GetUntracked, Set};
    let reported = reports(store);
    let fields = store.fields_or("token", Pin::default()).unwrap();
    fields.clone().digits().get_untracked();
    out.push(("field", reported.take()[0].to_string()));
    fields.digits().set(1);
    out.push(("written field", reported.take()[0].to_string()));
}

/// Errors of collections: of reading, and of writing.
#[cfg(all(feature = "collections", feature = "json"))]
fn collections(store: &Store, out: &Notes<(&'static str, String)>) {
    let set = store.set_of::<u32>("token").unwrap();
    out.push(("set", failed(set.try_contains(&1))));
    out.push(("written set", failed(set.insert(1))));
}
