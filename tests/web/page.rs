//! The handle on the page, as scripts use it.

use js_sys::{Function, Promise, Reflect};
use serde_json::json;
use universal_state::{
    Access, EngineKind, Label, MfeInfo, Pattern, SharedAccess, StateError, Store, edge::page::Page,
};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

/// What a script returns that has the handle of `page` as `handle`; what it throws fails the test.
fn run(page: &Page, script: &str) -> JsValue {
    let script = Function::new_with_args("handle", &format!("'use strict'; {script}"));
    match script.call1(&JsValue::UNDEFINED, &page.handle()) {
        Ok(returned) => returned,
        Err(thrown) => panic!("{script:?} threw {thrown:?}"),
    }
}

fn holds(page: &Page, condition: &str) {
    assert_eq!(
        run(page, &format!("return {condition}")),
        JsValue::TRUE,
        "{condition}"
    );
}

/// The code, key and path of what a statement throws.
fn thrown(page: &Page, statement: &str) -> String {
    let script = format!(
        "try {{ {statement} }} catch (e) {{ return [e.name, e.code, e.key ?? '', e.path ?? ''].join('|') }} return 'nothing'"
    );
    run(page, &script).as_string().unwrap_or_default()
}

fn on(kind: EngineKind, name: &str) -> (Store, Page) {
    let store = Store::builder().engine(kind).on_error(|_| {}).build();
    let page = Page::install(&store, name).expect("the name is free");
    (store, page)
}

#[wasm_bindgen_test]
fn a_name_is_given_once_and_free_again_when_its_page_is_dropped() {
    let (store, page) = on(EngineKind::Signal, "once");
    holds(
        &page,
        "globalThis[Symbol.for('universal-state/1')].get('once') === handle",
    );
    assert!(matches!(
        Page::install(&store, "once"),
        Err(StateError::Page { .. })
    ));
    let handle = page.handle();
    drop(page);
    let again = Page::install(&store, "once").expect("it is free again");
    assert!(again.handle() != handle);
    let closed = Reflect::get(&handle, &"isClosed".into()).expect("it has it");
    let closed = Function::from(closed).call0(&JsValue::UNDEFINED);
    assert_eq!(closed, Ok(JsValue::TRUE));
}

#[wasm_bindgen_test]
fn a_value_is_the_same_frozen_object_until_it_changes() {
    for kind in EngineKind::ALL {
        let (store, page) = on(*kind, "same");
        store
            .set_json(
                "user",
                json!({ "name": "Ada", "tags": ["math"], "at": { "city": "London" } }),
            )
            .expect("it is stored");
        holds(
            &page,
            "(globalThis.before = handle.get('user')) === handle.get('user')",
        );
        holds(
            &page,
            "Object.isFrozen(before) && Object.isFrozen(before.tags)",
        );
        holds(
            &page,
            "handle.snapshot() === handle.snapshot() && handle.snapshot().user === before",
        );
        run(
            &page,
            "globalThis.all = handle.snapshot(); handle.set('other', 1)",
        );
        holds(
            &page,
            "handle.get('user') === before && handle.snapshot() !== all",
        );
        run(
            &page,
            "handle.set('user', { ...before, at: { city: 'Paris' } })",
        );
        holds(
            &page,
            "handle.get('user') !== before && handle.get('user').tags === before.tags",
        );
        holds(
            &page,
            "handle.metadata() === handle.metadata() && handle.metadata().version === 3",
        );
        run(
            &page,
            "globalThis.same = handle.get('user'); handle.set('user', structuredClone(same))",
        );
        holds(
            &page,
            "handle.get('user') === same && handle.metadata().version === 3",
        );
    }
}

#[wasm_bindgen_test]
fn what_is_no_json_is_refused_with_its_key_and_place() {
    let (store, page) = on(EngineKind::Signal, "values");
    for (value, path) in [
        ("{ a: [1, () => 1] }", "/a/1"),
        ("{ 'a/b': 1n }", "/a~1b"),
        ("Symbol()", ""),
        ("[NaN]", "/0"),
        ("{ m: new Map() }", "/m"),
        ("new (class Cart {})()", ""),
        ("{ get a() { globalThis.ran = true; return 1 } }", "/a"),
        ("[, 1]", "/0"),
        ("(() => { const a = {}; a.b = { a }; return a })()", "/b/a"),
        ("undefined", ""),
        ("new Date(NaN)", ""),
    ] {
        let statement = format!("handle.set('k', {value})");
        assert_eq!(
            thrown(&page, &statement),
            format!("StateError|value|k|{path}"),
            "{value}"
        );
    }
    holds(&page, "globalThis.ran === undefined");
    assert!(store.is_empty());
    let version = store.metadata().version;
    assert_eq!(version, 0);
    let ok = "handle.set('k', { d: new Date(0), u: undefined, n: Object.assign(Object.create(null), { x: 1 }), \
              two: [handle, handle].map(() => globalThis.shared ??= { y: 1 }), ['__proto__']: 7 })";
    run(&page, ok);
    assert_eq!(
        store.try_get_json("k").ok().flatten().as_deref(),
        Some(
            &json!({ "d": "1970-01-01T00:00:00.000Z", "n": { "x": 1 }, "two": [{ "y": 1 }, { "y": 1 }], "__proto__": 7 })
        )
    );
    holds(
        &page,
        "Object.hasOwn(handle.get('k'), '__proto__') && ({}).x === undefined",
    );
}

#[wasm_bindgen_test]
fn a_batch_that_throws_stores_nothing_and_throws_on() {
    let (store, page) = on(EngineKind::Map, "batch");
    run(
        &page,
        "globalThis.heard = 0; handle.subscribeAll(() => { heard += 1 })",
    );
    let batch = "handle.batch((b) => { b.set('a', 1); if (b.get('a') !== 1) throw 'unseen'; throw new RangeError('no') })";
    assert_eq!(thrown(&page, batch), "RangeError|||");
    assert_eq!(
        thrown(&page, "handle.batch(async () => { handle.set('a', 1) })"),
        "StateError|argument||"
    );
    assert!(store.is_empty());
    holds(&page, "heard === 0");
    holds(
        &page,
        "handle.batch((b) => { b.set('a', 1); b.set('b', 2); return 3 }) === 3 && heard === 1",
    );
    assert_eq!(store.metadata().version, 1);
}

#[wasm_bindgen_test]
async fn listeners_get_value_and_change_and_their_errors_hurt_nobody() {
    let (store, page) = on(EngineKind::Signal, "told");
    run(
        &page,
        "globalThis.calls = []; \
         handle.subscribe('n', () => { throw new Error('mine') }); \
         globalThis.end = handle.subscribe('n', (value, change) => calls.push([value, change]), { immediate: true }); \
         handle.set('n', [1], 'test'); handle.set('n', [2], 'test');",
    );
    holds(
        &page,
        "calls.length === 1 && calls[0][0] === undefined && calls[0][1].removed",
    );
    let later = run(
        &page,
        "return new Promise((resolve) => setTimeout(resolve))",
    );
    JsFuture::from(Promise::from(later))
        .await
        .expect("it resolves");
    assert_eq!(store.error_count(), 1);
    holds(
        &page,
        "calls.length === 2 && calls[1][0] === handle.get('n') && calls[1][1].previous === undefined \
         && calls[1][1].source === 'test' && calls[1][1].origin === 'page' && Object.isFrozen(calls[1][1])",
    );
    run(
        &page,
        "globalThis.was = handle.get('n'); handle.set('n', [3]); handle.flush()",
    );
    holds(&page, "calls[2][1].previous === was");
    run(&page, "end(); end(); handle.set('n', [4]); handle.flush()");
    holds(&page, "calls.length === 3");
    assert_eq!(store.listener_count(), 1);
}

#[wasm_bindgen_test]
fn a_scope_has_its_own_keys_and_leaves_nothing_behind() {
    let (store, page) = on(EngineKind::Signal, "scopes");
    let cart = store
        .register_mfe(MfeInfo::new("cart", "leptos", "1"))
        .expect("it registers");
    cart.set("total", 7).expect("it is its own");
    run(
        &page,
        "globalThis.shop = handle.scope('shop', { framework: 'react', version: '2' })",
    );
    holds(
        &page,
        "handle.mfes().map((mfe) => mfe.framework).join() === 'leptos,react' && handle.mfes() === handle.mfes()",
    );
    assert_eq!(
        thrown(&page, "handle.scope('shop')"),
        "StateError|mfe-taken||"
    );
    assert_eq!(
        thrown(&page, "shop.peer('cart').get('total')"),
        "StateError|denied|@cart/total|"
    );
    assert_eq!(
        thrown(&page, "handle.set('@cart/total', 1)"),
        "StateError|key|@cart/total|"
    );
    store.grant(
        "shop",
        Access::Read,
        Pattern::glob("@cart/*").expect("it parses"),
    );
    holds(&page, "shop.peer('cart').get('total') === 7");
    let (listeners, slots) = (store.listener_count(), store.slot_count());
    run(
        &page,
        "shop.set('filter', 'red'); shop.shared().set('user', 'Ada'); \
         shop.subscribe('filter', () => {}); shop.shared().subscribeAll(() => {});",
    );
    assert_eq!(store.get::<String>("@shop/filter").as_deref(), Some("red"));
    assert_eq!(store.get::<String>("user").as_deref(), Some("Ada"));
    holds(
        &page,
        "Object.keys(shop.snapshot()).join() === 'filter' && !('@shop/filter' in handle.snapshot())",
    );
    holds(
        &page,
        "handle.counts().listeners === 2 && handle.counts().slots === 3",
    );
    run(&page, "shop.unregister()");
    assert_eq!(store.listener_count(), listeners);
    store.delete("user").expect("it is shared");
    store.flush();
    // What the last snapshot was made of is given up with the next.
    drop(store.snapshot());
    assert_eq!(store.slot_count(), slots);
    assert_eq!(
        thrown(&page, "shop.get('filter')"),
        "StateError|unknown-mfe||"
    );
    holds(
        &page,
        "shop.isRegistered() === false && handle.mfes().length === 1",
    );
}

#[wasm_bindgen_test]
fn what_is_secret_does_not_exist_for_the_page() {
    let (store, page) = on(EngineKind::Signal, "secret");
    store.label("token", Label::Secret).expect("it is a key");
    store
        .set("token", "s3cret".to_owned())
        .expect("it is stored");
    run(
        &page,
        "globalThis.heard = []; handle.subscribeAll((changes) => heard.push(...changes), { delivery: 'sync' })",
    );
    store
        .set("token", "other".to_owned())
        .expect("it is stored");
    holds(
        &page,
        "heard.length === 0 && !handle.has('token') && handle.get('token') === undefined",
    );
    holds(
        &page,
        "Object.keys(handle.snapshot()).length === 0 && handle.keys().length === 0",
    );
    assert_eq!(
        thrown(&page, "handle.set('token', 1)"),
        "StateError|denied||"
    );
    run(&page, "handle.clear(); handle.restore({})");
    assert_eq!(store.get::<String>("token").as_deref(), Some("other"));
}

#[wasm_bindgen_test]
fn a_store_that_closes_shared_keys_closes_them_for_the_page() {
    let (store, page) = on(EngineKind::Signal, "closed");
    store.set("user", 1).expect("it is stored");
    store.set_shared_access(SharedAccess::ReadOnly);
    holds(&page, "handle.get('user') === 1");
    assert_eq!(
        thrown(&page, "handle.set('user', 2)"),
        "StateError|denied|user|"
    );
    store.set_shared_access(SharedAccess::Granted);
    assert_eq!(
        thrown(&page, "handle.get('user')"),
        "StateError|denied|user|"
    );
    holds(&page, "handle.keys().length === 0");
}

#[wasm_bindgen_test]
fn restore_is_one_transaction_that_keeps_what_is_computed() {
    let (store, page) = on(EngineKind::Signal, "restore");
    run(
        &page,
        "handle.set('a', 1); handle.set('b', 2); globalThis.was = handle.snapshot(); handle.set('b', 3); handle.set('c', 4)",
    );
    let version = store.metadata().version;
    run(&page, "handle.restore(was)");
    assert_eq!(store.metadata().version, version + 1);
    holds(
        &page,
        "JSON.stringify(handle.snapshot()) === JSON.stringify(was)",
    );
    run(&page, "handle.restore({ d: 5 }, 'merge')");
    holds(&page, "handle.keys().join() === 'a,b,d'");
}
