//! Stores that join the page's through JavaScript, as one in another wasm does.

use super::{Page, reports, tick, waiting::until};
use js_sys::{Function, Reflect};
use leptos::prelude::*;
use universal_state::{
    EngineKind, MfeInfo, StateError, Store, View,
    edge::{
        Edge, Storage, Tabs,
        browser::{LocalStorage, PageTransport},
    },
    hooks::{GlobalStateProvider, use_global_state},
};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{HtmlElement, wasm_bindgen::JsCast};

/// What a script returns that has the handle of a name as `handle`.
fn run(name: &str, script: &str) -> JsValue {
    let find = "const handle = globalThis[Symbol.for('universal-state/1')].get(name);";
    let script = Function::new_with_args("name", &format!("'use strict'; {find} {script}"));
    match script.call1(&JsValue::UNDEFINED, &name.into()) {
        Ok(returned) => returned,
        Err(thrown) => panic!("{script:?} threw {thrown:?}"),
    }
}

fn connect(engine: EngineKind, name: &str) -> Store {
    let store = Store::builder().engine(engine).on_error(|_| {});
    store.connect_to(name).expect("it can be joined")
}

#[wasm_bindgen_test]
fn whichever_connects_first_is_the_host_and_all_share_one_state() {
    for host in EngineKind::ALL {
        for guest in EngineKind::ALL {
            let name = format!("first {host:?} {guest:?}");
            let (first, second) = (connect(*host, &name), connect(*guest, &name));
            assert!(!first.is_guest() && second.is_guest());
            first.set("a", 1).expect("it is stored");
            second.set("b", 2).expect("it is stored");
            run(&name, "handle.set('c', { list: [3] })");
            for store in [&first, &second] {
                assert_eq!((store.get("a"), store.get("b")), (Some(1), Some(2)));
                let c = store.get_at::<i32>("c", "/list/0");
                assert_eq!(c, Some(3), "{name}");
            }
            let seen = run(&name, "return JSON.stringify(handle.snapshot())");
            assert_eq!(seen, r#"{"a":1,"b":2,"c":{"list":[3]}}"#);
            let shop = second
                .register_mfe(MfeInfo::new("shop", "leptos", "1"))
                .expect("it registers");
            let taken = run(
                &name,
                "try { handle.scope('shop') } catch (error) { return error.code }",
            );
            assert_eq!(taken, "mfe-taken");
            drop(shop);
            assert_eq!(run(&name, "return handle.mfes().length"), 0);
            second.dispose();
            first.dispose();
            assert!(run(&name, "return handle").is_undefined());
        }
    }
}

#[wasm_bindgen_test]
fn a_refusal_of_the_host_is_the_error_of_the_guest() {
    use universal_state::{Transaction, Veto};
    struct Never;
    impl universal_state::Middleware for Never {
        fn name(&self) -> &str {
            "never"
        }
        fn before(&self, _: &mut Transaction) -> Result<(), Veto> {
            Err(Veto::new("not here"))
        }
    }
    let (host, guest) = (
        connect(EngineKind::Signal, "refusals"),
        connect(EngineKind::Signal, "refusals"),
    );
    host.add_middleware(Never);
    let vetoed = StateError::Vetoed {
        middleware: "never".to_owned(),
        key: None,
        reason: "not here".to_owned(),
    };
    assert_eq!(guest.set("a", 1), Err(vetoed));
    assert!(host.is_empty() && guest.is_empty());
    guest.dispose();
    host.dispose();
}

#[wasm_bindgen_test]
async fn hooks_in_a_guest_follow_the_page_and_write_to_it() {
    for kind in EngineKind::ALL {
        let (host, guest) = (connect(*kind, "hooks"), connect(*kind, "hooks"));
        let given = guest.clone();
        let page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    {move || {
                        let (count, set_count) = use_global_state::<i32>("count");
                        view! {
                            <button on:click=move |_| set_count.update_or(0, |n| *n += 1)>
                                {move || format!("{:?}", count.get())}
                            </button>
                        }
                    }}
                </GlobalStateProvider>
            }
        });
        assert!(page.text().contains("None"));
        host.set("count", 5).expect("it is stored");
        tick().await;
        assert!(page.text().contains("Some(5)"), "{}", page.text());
        let button = page.root.query_selector("button").ok().flatten();
        button
            .expect("it is there")
            .unchecked_into::<HtmlElement>()
            .click();
        tick().await;
        assert_eq!(host.get("count"), Some(6));
        assert!(page.text().contains("Some(6)"), "{}", page.text());
        run("hooks", "handle.update('count', (n) => n * 10)");
        tick().await;
        assert!(page.text().contains("Some(60)"), "{}", page.text());
        drop(page);
        guest.dispose();
        host.dispose();
    }
}

#[wasm_bindgen_test]
async fn what_any_module_computes_is_read_by_all_and_by_scripts() {
    for kind in EngineKind::ALL {
        let (host, guest) = (connect(*kind, "computed"), connect(*kind, "computed"));
        let twice = |state: &View| 2 * state.get::<i32>("n").unwrap_or_default();
        let of_host = host
            .register_computed("of host", twice)
            .expect("it is free");
        let of_guest = guest
            .register_computed("of guest", twice)
            .expect("it is free");
        run(
            "computed",
            "globalThis.heard = []; handle.subscribe('of guest', (value) => heard.push(value), { delivery: 'sync' })",
        );
        let given = guest.clone();
        let page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    {move || use_global_state::<i32>("of host").0}
                </GlobalStateProvider>
            }
        });
        for n in [1, 2] {
            run("computed", &format!("handle.set('n', {n})"));
            tick().await;
            for store in [&host, &guest] {
                assert_eq!(store.get("of host"), Some(2 * n));
                assert_eq!(store.get("of guest"), Some(2 * n));
            }
            let seen = run(
                "computed",
                "return handle.get('of guest') + handle.get('of host')",
            );
            assert_eq!(seen, f64::from(4 * n));
            assert!(
                page.text().contains(&(2 * n).to_string()),
                "{}",
                page.text()
            );
        }
        let refused = "try { handle.set('of guest', 1) } catch (error) { return error.code }";
        assert_eq!(run("computed", refused), "read-only");
        drop(page);
        drop(of_host);
        assert_eq!(guest.get::<i32>("of host"), None);
        assert_eq!(guest.keys(), ["n", "of guest"]);
        guest.dispose();
        assert_eq!(host.keys(), ["n"]);
        assert_eq!(
            run("computed", "return JSON.stringify(heard)"),
            "[2,4,null]"
        );
        drop(of_guest);
        host.dispose();
    }
}

#[wasm_bindgen_test]
fn when_the_host_goes_the_first_guest_takes_its_place() {
    let name = "places";
    let [host, first, second] = [0; 3].map(|_| connect(EngineKind::Signal, name));
    let cart = second
        .register_mfe(MfeInfo::new("cart", "leptos", "1"))
        .expect("it registers");
    cart.set("own", 1).expect("it is stored");
    host.set("n", 1).expect("it is stored");
    let before = run(name, "return handle");
    host.dispose();
    assert!(!first.is_guest() && second.is_guest());
    assert!(run(name, "return handle") != before);
    assert_eq!(run(name, "return handle.get('n')"), 1);
    run(name, "handle.set('n', 2)");
    cart.set("own", 2).expect("it is stored");
    for store in [&first, &second] {
        assert_eq!((store.get("n"), store.get("@cart/own")), (Some(2), Some(2)));
        assert_eq!(store.mfes().len(), 1);
    }
    first.dispose();
    assert!(!second.is_guest());
    assert_eq!(run(name, "return handle.get('n')"), 2);
    assert_eq!(cart.get("own"), Some(2));
    second.dispose();
    assert!(run(name, "return handle").is_undefined());
}

#[wasm_bindgen_test]
fn one_store_of_the_page_has_the_edge_whichever_came_first() {
    let name = "edges";
    let [host, guest, other] = [0; 3].map(|_| connect(EngineKind::Signal, name));
    let attach = |store: &Store| {
        Edge::builder(name)
            .storage(Storage::new(LocalStorage))
            .attach(store)
    };
    let edge = attach(&guest).expect("nobody has one");
    for store in [&host, &guest, &other] {
        assert_eq!(attach(store).err(), Some(StateError::EdgeTaken));
    }
    // What was removed is remembered as an entry without a value.
    let stored = |item: &str| {
        let entry = format!("JSON.parse(localStorage.getItem('edges:{item}')).entry");
        run(name, &format!("return {entry}[1]"))
    };
    let holds = |item: &str| {
        edge.flush();
        !stored(item).is_undefined()
    };
    let info = || MfeInfo::new("cart", "leptos", "1");
    for owner in [&host, &guest, &other] {
        run(name, "handle.set('n', 1)");
        let cart = owner.register_mfe(info()).expect("it registers");
        cart.set("own", 1).expect("it is stored");
        assert!(holds("@cart/own") && holds("n"));
        drop(cart);
        assert!(!host.has("@cart/own"));
        assert!(holds("@cart/own"), "it waits");
        let cart = owner.register_mfe(info()).expect("it registers");
        assert_eq!(cart.get("own"), Some(1));
        cart.delete("own").expect("it is removed");
        other.delete("n").expect("it is removed");
        assert!(!holds("@cart/own") && !holds("n"));
    }
    // The host is replaced: its place is taken, and the edge stays where it is.
    host.dispose();
    let new = connect(EngineKind::Signal, name);
    assert!(!guest.is_guest() && new.is_guest());
    assert_eq!(attach(&new).err(), Some(StateError::EdgeTaken));
    new.set("n", 2).expect("it is stored");
    assert!(holds("n"));
    // And where that goes, the next has it.
    guest.dispose();
    assert!(!edge.is_attached());
    let edge = attach(&new).expect("nobody has one");
    assert_eq!(other.get("n"), Some(2));
    other.set("n", 3).expect("it is stored");
    edge.detach();
    assert_eq!(stored("n"), 3);
    other.dispose();
    new.dispose();
}

#[wasm_bindgen_test]
async fn a_container_that_is_replaced_leaves_to_the_next_what_other_tabs_are_told_of() {
    let name = "replaced";
    let attach = |store: &Store| {
        Edge::builder(name)
            .tabs(Tabs::new(PageTransport::new(name)))
            .attach(store)
    };
    let [container, guest] = [0; 2].map(|_| connect(EngineKind::Signal, name));
    let _edge = attach(&container).expect("nobody has one");
    run(name, "handle.set('n', { list: [1] })");
    guest.set("m", 1).expect("it is stored");
    tick().await;
    // Its edge goes with it, in a turn in which something was written.
    guest.set("late", 1).expect("it is stored");
    container.dispose();
    guest.set("between", 1).expect("it is stored");
    let new = connect(EngineKind::Signal, name);
    assert!(!guest.is_guest() && new.is_guest());
    let _edge = attach(&new).expect("nobody has one");
    tick().await;
    // As in a tab that opens now.
    let other = Store::new();
    let _other = attach(&other).expect("it is of another page");
    let all = || new.snapshot().to_json().expect("all of it is JSON");
    until(|| other.snapshot().to_json().is_ok_and(|held| held == all())).await;
    assert_eq!(new.keys(), ["between", "late", "m", "n"]);
    new.dispose();
    guest.dispose();
}

#[wasm_bindgen_test]
fn guests_that_come_and_go_leave_nothing() {
    let host = connect(EngineKind::Signal, "come and go");
    host.set("n", 0).expect("it is stored");
    let left = || (host.listener_count(), host.slot_count(), host.mfes().len());
    let before = left();
    for n in 1..=200 {
        let guest = connect(EngineKind::Signal, "come and go");
        let shop = guest
            .register_mfe(MfeInfo::new("shop", "leptos", "1"))
            .expect("it registers");
        shop.set("own", n).expect("it is stored");
        shop.shared().set("n", n).expect("it is stored");
        if n % 2 == 0 {
            guest.dispose();
        }
        drop((shop, guest));
        assert_eq!(left(), before);
    }
    assert_eq!(host.get("n"), Some(200));
    host.dispose();
}

#[wasm_bindgen_test]
async fn a_module_may_wait_for_the_store_that_it_joins() {
    let missing = Store::wait_for("late", 20).await;
    assert!(matches!(missing, Err(StateError::Page { ref name, .. }) if name == "late"));
    assert!(matches!(Store::join("late"), Err(StateError::Page { .. })));
    let script = "setTimeout(() => globalThis.lateStoreIsDue(), 20)";
    let come = wasm_bindgen::closure::Closure::once_into_js(|| {
        connect(EngineKind::Signal, "late")
            .set("n", 1)
            .expect("it is stored");
    });
    let _ = Reflect::set(&js_sys::global(), &"lateStoreIsDue".into(), &come);
    run("late", script);
    let store = Store::wait_for("late", 60_000).await.expect("it comes");
    assert_eq!((store.get("n"), store.is_guest()), (Some(1), true));
    let again = Store::wait_for("late", 0).await.expect("it is there");
    assert!(again.is_guest());
}

#[wasm_bindgen_test]
fn a_handle_that_cannot_be_joined_is_an_error() {
    let directory = "const all = globalThis[Symbol.for('universal-state/1')];";
    let odd = [
        "{}",
        "{ link: 1 }",
        "{ link: () => ({}) }",
        "{ link: () => { throw new Error('no') } }",
        "{ link: () => { const no = () => 'no'; return { state: no, commit: no, register: no, unregister: no, rule: no, leave: no } } }",
    ];
    let _first = connect(EngineKind::Signal, "makes the directory");
    for handle in odd {
        run("odd", &format!("{directory} all.install('odd', {handle})"));
        let joined = Store::connect_to("odd").map(drop);
        assert!(
            matches!(joined, Err(StateError::Refused { .. })),
            "{handle}: {joined:?}"
        );
        run("odd", &format!("{directory} all.remove('odd', handle)"));
    }
}

#[wasm_bindgen_test]
fn a_script_that_throws_when_it_is_told_is_reported_in_the_host() {
    let host = connect(EngineKind::Signal, "throws");
    let reports = reports(&host);
    run(
        "throws",
        "globalThis.link = handle.link(() => { throw new Error('on purpose') }); link.state()",
    );
    host.set("n", 1).expect("it is stored");
    let reported = reports.take();
    assert!(
        matches!(&reported[..], [StateError::Listener { reason, .. }] if reason.contains("on purpose")),
        "{reported:?}"
    );
    run("throws", "link.leave(); link.leave()");
    host.set("n", 2).expect("it is stored");
    assert!(reports.take().is_empty());
    let gone = run("throws", "return JSON.parse(link.commit('{}')).error.code");
    assert_eq!(gone, "disposed");
    host.dispose();
}
