//! What the page's handle keeps of what it was answered, and when it asks again.

use super::{EngineKind, MfeInfo, StateError, Store, Transaction, Veto};
use js_sys::{Function, Reflect};
use universal_state::{
    Access, HistoryOptions, Label, Middleware, Pattern, SharedAccess, edge::page::Page,
};
use wasm_bindgen::{JsValue, closure::Closure};
use wasm_bindgen_test::wasm_bindgen_test;

/// Shows what a script finds, and what it throws, by its code.
fn seen(handle: &JsValue, script: &str) -> String {
    let script = format!(
        "'use strict'; try {{ return JSON.stringify({script}) ?? 'nothing' }} catch (error) {{ return error.code }}"
    );
    let shown = Function::new_with_args("handle", &script).call1(&JsValue::UNDEFINED, handle);
    shown
        .ok()
        .and_then(|shown| shown.as_string())
        .unwrap_or_default()
}

/// A store on the page, on each engine, under a name of its own.
fn on_each_engine(name: &str, test: impl Fn(&Store, &JsValue)) {
    for kind in EngineKind::ALL {
        let store = Store::builder().engine(*kind).on_error(|_| {}).build();
        let page = Page::install(&store, &format!("kept {name} {kind}")).expect("it is free");
        test(&store, &page.handle());
    }
}

/// What is read of `key`, after it was read until it was kept.
fn kept(handle: &JsValue, key: &str) -> String {
    let read = format!("handle.get('{key}')");
    seen(handle, &read);
    seen(handle, &read)
}

/// How often a script has the wasm take in a text that is not plain ASCII, as it does with each
/// question about such a key.
fn questions(handle: &JsValue, script: &str) -> f64 {
    let counting = format!(
        "let count = 0; \
         const {{ encodeInto }} = TextEncoder.prototype; \
         TextEncoder.prototype.encodeInto = function (...rest) {{ count += 1; return encodeInto.apply(this, rest) }}; \
         try {{ {script} }} finally {{ TextEncoder.prototype.encodeInto = encodeInto }} \
         return count"
    );
    let counted = Function::new_with_args("handle", &counting).call1(&JsValue::UNDEFINED, handle);
    counted
        .ok()
        .and_then(|count| count.as_f64())
        .expect("a number")
}

#[wasm_bindgen_test]
fn a_read_asks_once_until_something_changes() {
    on_each_engine("once", |store, handle| {
        let read = "for (let n = 0; n < 5; n += 1) handle.get('größe')";
        assert_eq!(questions(handle, read), 1.0, "what is missing");
        store.set("größe", 1).expect("it is stored");
        assert_eq!(questions(handle, read), 1.0, "what is there");
        store.set("other", 1).expect("it is stored");
        assert_eq!(questions(handle, read), 1.0, "after another key");
        store.set("other", 1).expect("it is the same");
        assert_eq!(questions(handle, read), 0.0, "nothing has changed");
        seen(
            handle,
            "handle.subscribe('größe', () => {}, { delivery: 'sync' }) && 1",
        );
        store.set("größe", 2).expect("it is stored");
        assert_eq!(questions(handle, read), 0.0, "its listener was told");
        // Memory that grows is another buffer.
        let grown: Vec<u8> = vec![1; 64 << 20];
        store
            .set("größe", grown.len() as i32)
            .expect("it is stored");
        assert_eq!(seen(handle, "handle.get('größe')"), "67108864");
        assert_eq!(questions(handle, read), 0.0, "after the memory has grown");
    });
}

#[wasm_bindgen_test]
fn whatever_writes_is_seen_by_the_next_read() {
    on_each_engine("writes", |store, handle| {
        let history = store
            .history(HistoryOptions::new())
            .expect("it is the first");
        let n = store.handle::<i32>("n").expect("it is a key");
        let shows = |what: &str, expected: &str| {
            assert_eq!(kept(handle, "n"), expected, "{what}");
            let all = "[handle.snapshot().n, handle.has('n'), handle.keys().includes('n')]";
            let there = expected != "nothing";
            let value = if there { expected } else { "null" };
            for _ in 0..2 {
                assert_eq!(
                    seen(handle, all),
                    format!("[{value},{there},{there}]"),
                    "{what}"
                );
                let version = store.metadata().version.to_string();
                assert_eq!(seen(handle, "handle.metadata().version"), version, "{what}");
            }
        };
        shows("nothing", "nothing");
        store.set("n", 1).expect("it is stored");
        shows("a set", "1");
        n.set(2).expect("it is stored");
        shows("a handle", "2");
        n.update(|n| *n += 1).expect("it is stored");
        shows("an update", "3");
        let batch = store.batch(|store| {
            store.set("other", 1)?;
            store.set("n", 4)
        });
        batch.expect("it is stored");
        shows("a batch", "4");
        history.undo().expect("there is a step");
        shows("an undo", "3");
        let before = store.snapshot();
        store.delete("n").expect("it is there");
        shows("a deletion", "nothing");
        store
            .restore(&before, super::Restore::Replace)
            .expect("it is stored");
        shows("a snapshot", "3");
        store
            .set_engine(match store.engine() {
                EngineKind::Signal => EngineKind::Map,
                _ => EngineKind::Signal,
            })
            .expect("they can be exchanged");
        shows("another engine", "3");
        store.set("n", 5).expect("it is stored");
        shows("a set on another engine", "5");
        seen(handle, "handle.set('n', 6)");
        shows("a script", "6");
        seen(handle, "handle.update('n', (n) => n + 1)");
        shows("a script's update", "7");
        store.clear().expect("it is cleared");
        shows("a clear", "nothing");
        let map = store.map_of::<String, i32>("n").expect("it is a key");
        map.insert("a".to_owned(), 1).expect("it is stored");
        shows("a map", r#"{"a":1}"#);
        map.insert("b".to_owned(), 2).expect("it is stored");
        shows("an entry of a map", r#"{"a":1,"b":2}"#);
    });
}

#[wasm_bindgen_test]
fn a_label_and_a_rule_count_for_what_was_read_before() {
    on_each_engine("rules", |store, handle| {
        let cart = MfeInfo::new("cart", "leptos", "1");
        let cart = store.register_mfe(cart).expect("it registers");
        cart.set("total", 1).expect("it is its own");
        for key in ["token", "user"] {
            store.set(key, 1).expect("it is stored");
        }
        seen(handle, "(globalThis.shop = handle.scope('shop')) && 1");
        assert_eq!(kept(handle, "token"), "1");
        assert_eq!(seen(handle, "handle.keys()"), r#"["token","user"]"#);
        assert_eq!(seen(handle, "handle.snapshot()"), r#"{"token":1,"user":1}"#);
        store.label("token", Label::Secret).expect("it is a key");
        assert_eq!(kept(handle, "token"), "nothing");
        assert_eq!(seen(handle, "handle.keys()"), r#"["user"]"#);
        assert_eq!(seen(handle, "handle.snapshot()"), r#"{"user":1}"#);

        let total = "shop.peer('cart').get('total')";
        assert_eq!(seen(handle, total), "denied");
        store.grant(
            "shop",
            Access::Read,
            Pattern::glob("@cart/*").expect("it parses"),
        );
        assert_eq!(
            (seen(handle, total), seen(handle, total)),
            ("1".into(), "1".into())
        );
        store.revoke("shop");
        assert_eq!(seen(handle, total), "denied");

        assert_eq!(kept(handle, "user"), "1");
        store.set_shared_access(SharedAccess::Granted);
        assert_eq!(kept(handle, "user"), "denied");
        assert_eq!(seen(handle, "handle.snapshot()"), "{}");
        store.set_shared_access(SharedAccess::Open);
        assert_eq!(kept(handle, "user"), "1");
        // Nothing is committed any more.
        store.dispose();
        assert_eq!(kept(handle, "user"), "1");
        store.set_shared_access(SharedAccess::Granted);
        assert_eq!(kept(handle, "user"), "denied");
    });
}

#[wasm_bindgen_test]
fn a_scope_that_has_ended_and_a_handle_that_is_closed_answer_nothing() {
    for kind in EngineKind::ALL {
        let store = Store::builder().engine(*kind).on_error(|_| {}).build();
        let page = Page::install(&store, &format!("kept ended {kind}")).expect("it is free");
        let handle = &page.handle();
        seen(
            handle,
            "(globalThis.shop = handle.scope('shop')).set('n', 1)",
        );
        let read = "[shop.get('n'), shop.snapshot(), shop.shared().get('n')]";
        for _ in 0..2 {
            assert_eq!(seen(handle, read), r#"[1,{"n":1},null]"#);
        }
        store.unregister_mfe("shop").expect("it is registered");
        for part in ["shop.get('n')", "shop.shared().get('n')"] {
            assert_eq!(seen(handle, part), "unknown-mfe", "{part}");
        }
        assert_eq!(seen(handle, "shop.snapshot()"), "{}");
        seen(handle, "(globalThis.shop = handle.scope('shop')) && 1");
        assert_eq!(seen(handle, "shop.get('n')"), "nothing");
        seen(handle, "shop.set('n', 2)");
        assert_eq!(
            (seen(handle, "shop.get('n')"), kept(handle, "n")),
            ("2".into(), "nothing".into())
        );
        // It commits nothing any more, not even who leaves.
        store.dispose();
        assert_eq!(seen(handle, "shop.get('n')"), "2");
        store.unregister_mfe("shop").expect("it is registered");
        assert_eq!(seen(handle, "shop.get('n')"), "unknown-mfe");

        let handle = page.handle();
        assert_eq!(
            (kept(&handle, "n"), seen(&handle, "handle.snapshot()")),
            ("nothing".into(), "{}".into())
        );
        drop(page);
        assert_eq!(
            (kept(&handle, "n"), seen(&handle, "handle.snapshot()")),
            ("closed".into(), "closed".into())
        );
    }
}

#[wasm_bindgen_test]
fn a_computed_key_follows_and_a_computed_value_learns_what_a_script_reads() {
    on_each_engine("computed", |store, handle| {
        store.set("n", 1).expect("it is stored");
        let twice = store
            .register_computed("twice", |state| state.get::<i32>("n").unwrap_or(0) * 2)
            .expect("the key is free");
        assert_eq!(kept(handle, "twice"), "2");
        store.set("n", 2).expect("it is stored");
        assert_eq!(kept(handle, "twice"), "4");
        twice.unregister();
        assert_eq!(kept(handle, "twice"), "nothing");

        assert_eq!(kept(handle, "n"), "2");
        let get = Reflect::get(handle, &"get".into()).expect("it has it");
        let get = send_wrapper::SendWrapper::new(Function::from(get));
        let read = store.computed(move |_| {
            let found = get.call1(&JsValue::UNDEFINED, &"n".into());
            found.ok().and_then(|found| found.as_f64())
        });
        assert_eq!(read.get(), Some(Some(2.0)));
        store.set("n", 3).expect("it is stored");
        assert_eq!(
            read.get(),
            Some(Some(3.0)),
            "the read was noted, though its answer was kept"
        );
    });
}

#[wasm_bindgen_test]
fn a_batch_shows_what_it_wrote_and_nobody_keeps_it() {
    on_each_engine("batch", |store, handle| {
        store.set("n", 1).expect("it is stored");
        let all = "[handle.get('n'), handle.snapshot().n, handle.keys().join()]";
        let shown = || (seen(handle, all), seen(handle, all));
        let is = |text: &str| (text.to_owned(), text.to_owned());
        assert_eq!(shown(), is(r#"[1,1,"n"]"#));
        let undone: Result<(), _> = store.batch(|store| {
            store.set("n", 2)?;
            store.set("m", 1)?;
            assert_eq!(shown(), is(r#"[2,2,"m,n"]"#));
            store.set("n", 3)?;
            assert_eq!(shown(), is(r#"[3,3,"m,n"]"#));
            Err(StateError::abort("it was only tried"))
        });
        assert!(undone.is_err());
        assert_eq!(shown(), is(r#"[1,1,"n"]"#));
        let script = "handle.batch((own) => { \
            own.set('n', 4); const first = [own.get('n'), handle.get('n')]; \
            own.set('n', 5); return [first, own.get('n'), handle.get('n')] })";
        assert_eq!(seen(handle, script), "[[4,4],5,5]");
        assert_eq!(shown(), is(r#"[5,5,"n"]"#));
    });
}

#[wasm_bindgen_test]
fn a_listener_reads_what_is_there_and_not_what_it_is_told_of() {
    on_each_engine("told", |store, handle| {
        let listen = "globalThis.read = []; \
            handle.subscribe('n', (n) => { if (n === 1) handle.set('n', 2) }, { delivery: 'sync' }); \
            handle.subscribe('n', (n) => read.push([n, handle.get('n'), handle.get('n')]), { delivery: 'sync' })";
        seen(handle, &format!("(() => {{ {listen} }})()"));
        store.set("n", 1).expect("it is stored");
        assert_eq!(seen(handle, "read"), "[[1,2,2],[2,2,2]]");
        assert_eq!(kept(handle, "n"), "2");
        // Told at the end of the turn of a change that was read before.
        let listen = "globalThis.read = []; handle.subscribe('m', (m) => read.push([m, handle.get('m')]), { delivery: 'batched' })";
        seen(handle, &format!("(() => {{ {listen} }})()"));
        store.set("m", 1).expect("it is stored");
        store.set("m", 2).expect("it is stored");
        store.flush();
        let expected = match store.engine() {
            EngineKind::Map => "[[1,1],[2,2]]",
            _ => "[[2,2]]",
        };
        assert_eq!(seen(handle, "read"), expected);
        // A removal, and an object.
        store.delete("m").expect("it is there");
        store.flush();
        assert_eq!(kept(handle, "m"), "nothing");
        seen(handle, "handle.set('m', { a: 1 })");
        store.flush();
        assert_eq!(
            seen(handle, "handle.get('m') === handle.snapshot().m"),
            "true"
        );
        assert_eq!(kept(handle, "m"), r#"{"a":1}"#);
        // Under its own name, in its own view.
        seen(
            handle,
            "(globalThis.shop = handle.scope('shop')).subscribe('m', () => {}, { delivery: 'sync' }) && 1",
        );
        seen(handle, "shop.set('m', 7)");
        assert_eq!(
            seen(handle, "[shop.get('m'), handle.get('m')]"),
            r#"[7,{"a":1}]"#
        );
    });
}

#[wasm_bindgen_test]
fn listeners_of_one_change_get_one_frozen_object() {
    on_each_engine("shared", |store, handle| {
        let listen = "globalThis.got = []; \
            for (let n = 0; n < 3; n += 1) handle.subscribe('n', (value, change) => got.push(change), { delivery: 'sync' }); \
            handle.subscribeAll(([change]) => got.push(change), { delivery: 'sync' })";
        seen(handle, &format!("(() => {{ {listen} }})()"));
        store.with_source("me").set("n", 1).expect("it is stored");
        assert_eq!(
            seen(
                handle,
                "[got.length, new Set(got).size, Object.isFrozen(got[0])]"
            ),
            "[4,1,true]"
        );
        seen(handle, "handle.set('n', 2, 'you')");
        let told = "got.slice(4).map((change) => [change.key, change.previous, change.value, change.source, change.origin, \
            change.version, change.removed, change.time > 0].join())";
        let each = r#""n,1,2,you,page,2,false,true""#;
        assert_eq!(seen(handle, told), format!("[{each},{each},{each},{each}]"));
        store.delete("n").expect("it is there");
        let told = "got.slice(8).map((change) => [change.value, change.removed, change.source, change.origin].join())";
        let each = r#"",true,unknown,local""#;
        assert_eq!(seen(handle, told), format!("[{each},{each},{each},{each}]"));
    });
}

#[wasm_bindgen_test]
fn what_is_no_key_is_refused_whatever_was_kept() {
    on_each_engine("keys", |store, handle| {
        seen(
            handle,
            "[handle.snapshot(), handle.keys(), handle.metadata()]",
        );
        for wrong in ["0", "2", "3", "4", "undefined", "Symbol()", "{}"] {
            assert_eq!(
                seen(handle, &format!("handle.get({wrong})")),
                "argument",
                "{wrong}"
            );
        }
        // More than a view keeps.
        let each = "Array.from({ length: 2500 }, (_, n) => `key ${n}`)";
        seen(
            handle,
            &format!("handle.restore(Object.fromEntries({each}.map((key, n) => [key, n])))"),
        );
        for _ in 0..2 {
            let wrong = format!("{each}.filter((key, n) => handle.get(key) !== n).length");
            assert_eq!(seen(handle, &wrong), "0");
        }
        store.set("key 0", -1).expect("it is stored");
        assert_eq!(kept(handle, "key 0"), "-1");
    });
}

#[wasm_bindgen_test]
fn a_script_in_a_middleware_sees_a_micro_frontend_as_it_is_then() {
    /// Calls a script before it lets pass what is to be stored, or not.
    struct Asking(send_wrapper::SendWrapper<Function>);
    impl Middleware for Asking {
        fn name(&self) -> &str {
            "asking"
        }
        fn before(&self, _: &mut Transaction) -> Result<(), Veto> {
            let may = self.0.call0(&JsValue::UNDEFINED);
            match may.is_ok_and(|may| may.is_truthy()) {
                true => Ok(()),
                false => Err(Veto::new("not now")),
            }
        }
    }
    on_each_engine("middleware", |store, handle| {
        seen(
            handle,
            "(globalThis.shop = handle.scope('shop')).set('n', 1)",
        );
        let asked = "globalThis.seen = []; return () => { \
            try { seen.push(shop.get('n')) } catch (error) { seen.push(error.code) } \
            return globalThis.may }";
        let ask = Function::new_no_args(asked)
            .call0(&JsValue::UNDEFINED)
            .expect("it is a script");
        store.add_middleware(Asking(send_wrapper::SendWrapper::new(Function::from(ask))));
        assert_eq!(seen(handle, "[shop.get('n'), shop.get('n')]"), "[1,1]");
        assert!(store.unregister_mfe("shop").is_err());
        assert_eq!(
            seen(handle, "[seen, shop.get('n'), shop.isRegistered()]"),
            r#"[["unknown-mfe"],1,true]"#
        );
        seen(handle, "(globalThis.may = true)");
        store.unregister_mfe("shop").expect("it may");
        assert_eq!(seen(handle, "seen"), r#"["unknown-mfe","unknown-mfe"]"#);
        assert_eq!(seen(handle, "shop.get('n')"), "unknown-mfe");
        seen(handle, "delete globalThis.may");
    });
}

#[wasm_bindgen_test]
fn what_a_guest_writes_and_a_host_that_takes_over_are_seen() {
    for kind in EngineKind::ALL {
        let name = format!("kept guests {kind}");
        let connect = || {
            let store = Store::builder().engine(*kind).on_error(|_| {});
            store.connect_to(&name).expect("it can be joined")
        };
        let find = || {
            let find = "return globalThis[Symbol.for('universal-state/1')].get(name)";
            Function::new_with_args("name", find)
                .call1(&JsValue::UNDEFINED, &name.as_str().into())
                .expect("it is there")
        };
        let (host, guest) = (connect(), connect());
        host.set("n", 1).expect("it is stored");
        let handle = find();
        assert_eq!(kept(&handle, "n"), "1");
        guest.set("n", 2).expect("it is stored");
        assert_eq!(kept(&handle, "n"), "2");
        let twice = guest.register_computed("twice", |state| state.get::<i32>("n").map(|n| n * 2));
        let twice = twice.expect("the key is free");
        assert_eq!(kept(&handle, "twice"), "4", "computed in the guest");
        host.set("n", 5).expect("it is stored");
        assert_eq!(kept(&handle, "twice"), "10");
        twice.unregister();
        assert_eq!(kept(&handle, "twice"), "nothing");
        guest.set("n", 2).expect("it is stored");
        let read = Closure::<dyn Fn() -> JsValue>::new({
            let handle = handle.clone();
            move || kept(&handle, "n").into()
        });
        // In the batch of a guest the host knows nothing yet.
        let batch = guest.batch(|guest| {
            guest.set("n", 3)?;
            let shown = Function::from(read.as_ref().clone()).call0(&JsValue::UNDEFINED);
            assert_eq!(
                shown.ok().and_then(|shown| shown.as_string()).as_deref(),
                Some("2")
            );
            Ok(())
        });
        batch.expect("it is stored");
        assert_eq!(kept(&handle, "n"), "3");
        host.dispose();
        assert_eq!(kept(&handle, "n"), "closed");
        assert_eq!(kept(&find(), "n"), "3");
        guest.set("n", 4).expect("it is stored");
        assert_eq!(kept(&find(), "n"), "4");
        guest.dispose();
    }
}
