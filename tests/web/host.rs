//! Micro-frontends that are loaded at run time: modules of their own, from `blob:` addresses.

use crate::{
    Page as Mounted,
    waiting::{pause, until},
};
use js_sys::{Function, Promise};
use leptos::prelude::*;
use std::sync::atomic::{AtomicU32, Ordering};
use universal_state::{
    EngineKind, Store,
    edge::{
        host::{FailureKind, Host, HostError, Manifest, MfeEntry, MfeStatus},
        page::Page,
    },
    hooks::{GlobalStateProvider, MicroFrontend, provide_host},
};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{HtmlElement, wasm_bindgen::JsCast};

/// What the page's script evaluates to.
fn script(body: &str) -> JsValue {
    let script = Function::new_no_args(&format!("'use strict'; {body}"));
    match script.call0(&JsValue::UNDEFINED) {
        Ok(value) => value,
        Err(thrown) => panic!("{body:?} threw {thrown:?}"),
    }
}

fn text(expression: &str) -> String {
    let text = script(&format!("return String({expression})"));
    text.as_string().unwrap_or_default()
}

/// The address of a module with this text.
fn module(source: &str) -> String {
    let make = Function::new_with_args(
        "source",
        "return URL.createObjectURL(new Blob([source], { type: 'text/javascript' }))",
    );
    let made = make.call1(&JsValue::UNDEFINED, &source.into());
    made.ok()
        .and_then(|url| url.as_string())
        .expect("an address")
}

fn entry(version: &str, url: &str, more: &str) -> String {
    format!(r#"{{"id": "a", "framework": "none", "version": "{version}", "url": "{url}"{more}}}"#)
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A store on the page, a host with one micro-frontend, and where it is to be.
struct Stage {
    store: Store,
    host: Host,
    element: HtmlElement,
    page: Page,
}

impl Stage {
    fn at(url: &str, more: &str) -> Self {
        Self::on(EngineKind::default(), url, more)
    }

    fn on(engine: EngineKind, url: &str, more: &str) -> Self {
        let store = Store::builder().engine(engine).on_error(|_| {}).build();
        // What fails leaves its page behind.
        let name = format!("stage {}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let page = Page::install(&store, &name).expect("the name is free");
        let host = Host::new(&store, page.name());
        let text = format!(
            r#"{{"version": 1, "mfes": [{}]}}"#,
            entry("1.0.0", url, more)
        );
        host.add(Manifest::parse(&text).expect("a manifest"))
            .expect("a new id");
        let document = gloo_utils::document();
        let element: HtmlElement = document.create_element("div").unwrap().unchecked_into();
        document.body().unwrap().append_child(&element).unwrap();
        Self {
            store,
            host,
            element,
            page,
        }
    }

    fn of(source: &str) -> Self {
        Self::at(&module(source), "")
    }

    fn status(&self) -> MfeStatus {
        self.host.status("a").expect("it is known")
    }

    async fn mounted(&self) -> MfeStatus {
        self.host.mount("a", &self.element).expect("it is free");
        self.settled().await
    }

    /// What it comes to.
    async fn settled(&self) -> MfeStatus {
        until(|| matches!(self.status(), MfeStatus::Running | MfeStatus::Failed { .. })).await;
        self.status()
    }

    async fn failed(&self) -> FailureKind {
        match self.mounted().await {
            MfeStatus::Failed { kind, .. } => kind,
            status => panic!("{status:?}"),
        }
    }

    fn failure(&self) -> Option<String> {
        self.store
            .mfes()
            .first()
            .and_then(|mfe| mfe.failure.clone())
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.element.remove();
    }
}

const GREET: &str =
    "export function mount(element, { id, version }) { element.textContent = `${id} ${version}` }
    export function unmount(element) { element.textContent = '' }";

#[wasm_bindgen_test]
async fn it_mounts_what_it_loads_and_takes_it_down() {
    for engine in EngineKind::ALL {
        let stage = Stage::on(*engine, &module(GREET), "");
        assert_eq!(stage.status(), MfeStatus::Idle);
        assert_eq!(stage.mounted().await, MfeStatus::Running);
        assert_eq!(stage.element.inner_text(), "a 1.0.0");
        let [mfe] = &*stage.store.mfes() else {
            panic!("{:?}", stage.store.mfes())
        };
        assert_eq!((&*mfe.info.id, &*mfe.info.framework), ("a", "none"));
        let again = stage.host.mount("a", &stage.element);
        assert_eq!(again, Err(HostError::Mounted { id: "a".into() }));
        stage.host.unmount("a").unwrap();
        assert_eq!(stage.element.child_element_count(), 0);
        assert!(stage.store.mfes().is_empty());
        let metrics = stage.host.metrics();
        assert_eq!((metrics.loads, metrics.mounts, metrics.unmounts), (1, 1, 1));
        assert_eq!(metrics.bytes, GREET.len() as u64);
    }
}

#[wasm_bindgen_test]
async fn its_bytes_are_counted_while_they_come() {
    let stage = Stage::of(GREET);
    let seen = RwSignal::new(Vec::new());
    let host = stage.host.clone();
    let _watching = Mounted::mount(move || {
        move || {
            let status = host.status("a");
            seen.update_untracked(|seen: &mut Vec<_>| seen.push(status));
        }
    });
    assert_eq!(stage.mounted().await, MfeStatus::Running);
    let all = GREET.len() as u64;
    let is_progress = |status: &Option<MfeStatus>| matches!(status, Some(MfeStatus::Loading { received, .. }) if *received == all);
    let seen = seen.get_untracked();
    assert!(seen.iter().any(is_progress), "{seen:?}");
}

#[wasm_bindgen_test]
async fn nothing_is_fetched_before_it_is_asked_for() {
    let stage = Stage::of(GREET);
    pause(20).await;
    assert_eq!(stage.host.metrics().loads, 0);
    stage.host.prefetch("a").unwrap();
    until(|| stage.host.metrics().loads == 1).await;
    assert_eq!(stage.status(), MfeStatus::Idle);
    assert_eq!(stage.element.child_element_count(), 0);
    assert_eq!(stage.mounted().await, MfeStatus::Running);
    assert_eq!(stage.host.metrics().loads, 1);
}

#[wasm_bindgen_test]
async fn what_does_not_load_says_why_and_the_page_goes_on() {
    for (url, kind) in [
        ("no-such-file.js".to_owned(), FailureKind::Http),
        ("http://127.0.0.1:9/a.js".to_owned(), FailureKind::Network),
        (module("export function mount( {"), FailureKind::Module),
        (module("throw new Error('no')"), FailureKind::Module),
        (module("export const unmount = 1"), FailureKind::Module),
        (
            module("export function mount() { throw new Error('no') }"),
            FailureKind::Mount,
        ),
        (
            module("export async function mount() { throw undefined }"),
            FailureKind::Mount,
        ),
    ] {
        let stage = Stage::at(&url, "");
        assert_eq!(stage.failed().await, kind, "{url}");
        assert_eq!(stage.element.child_element_count(), 0);
        assert_eq!(stage.host.metrics().failures[&kind], 1);
        let failure = stage.failure().expect("it stands in the registry");
        assert!(failure.starts_with(kind.name()), "{failure}");
        let name = stage.page.name();
        let shown = text(&format!(
            "JSON.stringify(globalThis[Symbol.for('universal-state/1')].get('{name}').mfes())"
        ));
        assert!(shown.contains(kind.name()), "{shown}");
        stage.host.unmount("a").unwrap();
        assert!(stage.store.mfes().is_empty());
    }
}

#[wasm_bindgen_test]
async fn what_has_another_digest_does_not_run() {
    let url = module("globalThis.ranAnyway = true; export function mount() {}");
    let wrong = format!(r#", "integrity": "sha384-{}""#, "A".repeat(64));
    let stage = Stage::at(&url, &wrong);
    assert_eq!(stage.failed().await, FailureKind::Integrity);
    assert_eq!(text("globalThis.ranAnyway"), "undefined");

    let make = format!(
        "return fetch('{url}').then((r) => r.arrayBuffer()).then((b) => crypto.subtle.digest('SHA-256', b)) \
         .then((d) => btoa(String.fromCharCode(...new Uint8Array(d))))"
    );
    let right = JsFuture::from(Promise::from(script(&make))).await.unwrap();
    let right = right.as_string().unwrap();
    drop(stage);
    let stage = Stage::at(&url, &format!(r#", "integrity": "sha256-{right}""#));
    assert_eq!(stage.mounted().await, MfeStatus::Running);
}

#[wasm_bindgen_test]
async fn what_takes_too_long_fails_and_does_not_appear_later() {
    for source in [
        "await new Promise(() => {}); export function mount() {}",
        "export function mount(element) { return new Promise((done) => setTimeout(() => { element.textContent = 'late'; done() }, 300)) }
         export function unmount() { globalThis.lateGone = (globalThis.lateGone ?? 0) + 1 }",
    ] {
        let stage = Stage::of(source);
        stage.host.set_time_limit(100);
        assert_eq!(stage.failed().await, FailureKind::Timeout);
        pause(400).await;
        assert_eq!(stage.element.inner_text(), "");
        assert_eq!(stage.element.child_element_count(), 0);
    }
    assert_eq!(
        text("globalThis.lateGone"),
        "1",
        "it was unmounted once, when it was done"
    );
}

#[wasm_bindgen_test]
async fn what_hung_once_does_not_hold_up_what_comes_after_it() {
    let stage = Stage::of(
        "export function mount(element) {
            globalThis.hung = (globalThis.hung ?? 0) + 1;
            if (globalThis.hung === 1) return new Promise(() => {});
            element.textContent = 'second';
        }",
    );
    stage.host.set_time_limit(200);
    assert_eq!(stage.failed().await, FailureKind::Timeout);
    stage.host.retry("a").unwrap();
    assert_eq!(stage.settled().await, MfeStatus::Running);
    assert_eq!(stage.element.inner_text(), "second");
}

#[wasm_bindgen_test]
async fn what_failed_is_tried_again_on_demand() {
    let stage = Stage::of(
        "globalThis.tries = (globalThis.tries ?? 0) + 1;
         if (globalThis.tries < 3) throw new Error('not yet');
         export function mount(element) { element.textContent = 'at last' }",
    );
    assert_eq!(stage.failed().await, FailureKind::Module);
    stage.host.retry("a").unwrap();
    assert!(matches!(
        stage.settled().await,
        MfeStatus::Failed { attempts: 2, .. }
    ));
    stage.host.retry("a").unwrap();
    assert_eq!(stage.settled().await, MfeStatus::Running);
    assert_eq!(stage.element.inner_text(), "at last");
    assert_eq!(stage.failure(), None);
    assert_eq!(stage.host.metrics().retries, 2);
}

#[wasm_bindgen_test]
async fn what_it_throws_later_is_put_down_to_it_and_it_goes_on() {
    let stage = Stage::of(
        "export function mount(element, context) {
            element.textContent = 'here';
            globalThis.misbehave = {
                reject: () => { Promise.reject(new Error('rejected')) },
                report: () => context.reportError(new Error('reported')),
            };
        }",
    );
    assert_eq!(stage.mounted().await, MfeStatus::Running);
    for (how, said) in [
        ("reject", "runtime: rejected"),
        ("report", "runtime: reported"),
    ] {
        script(&format!("globalThis.misbehave.{how}()"));
        until(|| stage.failure().as_deref() == Some(said)).await;
        assert_eq!(stage.status(), MfeStatus::Running);
        assert_eq!(stage.element.inner_text(), "here");
    }
    assert_eq!(stage.host.metrics().failures[&FailureKind::Runtime], 2);
    // To retry mounts it anew, and it is well again.
    stage.host.retry("a").unwrap();
    assert_eq!(stage.settled().await, MfeStatus::Running);
    assert_eq!(stage.failure(), None);
}

#[wasm_bindgen_test]
async fn unmounted_before_it_is_there_it_does_not_appear() {
    let stage = Stage::of(
        "globalThis.mounts ??= 0;
         export async function mount(element) { globalThis.mounts += 1; await 0; element.textContent = 'ghost' }",
    );
    stage.host.mount("a", &stage.element).unwrap();
    stage.host.unmount("a").unwrap();
    assert_eq!(stage.status(), MfeStatus::Idle);
    pause(50).await;
    assert_eq!(
        text("globalThis.mounts"),
        "undefined",
        "it was not even loaded"
    );
    stage.host.prefetch("a").unwrap();
    until(|| stage.host.metrics().loads == 1).await;
    stage.host.mount("a", &stage.element).unwrap();
    until(|| stage.status() == MfeStatus::Mounting).await;
    stage.host.unmount("a").unwrap();
    pause(50).await;
    assert_eq!(
        (stage.status(), stage.element.inner_text()),
        (MfeStatus::Idle, String::new())
    );
    assert!(stage.store.mfes().is_empty());
    // Quick changes end as the last one says.
    for _ in 0..5 {
        stage.host.mount("a", &stage.element).unwrap();
        stage.host.unmount("a").unwrap();
    }
    assert_eq!(stage.mounted().await, MfeStatus::Running);
    assert_eq!(stage.element.child_element_count(), 1);
    assert_eq!(stage.element.inner_text(), "ghost");
}

#[wasm_bindgen_test]
async fn it_waits_for_the_keys_that_it_requires() {
    let stage = Stage::at(&module(GREET), r#", "requires": ["cart", "user"]"#);
    stage.store.set("user", 1).unwrap();
    stage.host.mount("a", &stage.element).unwrap();
    let keys = vec!["cart".to_owned()];
    until(|| stage.status() == MfeStatus::Waiting { keys: keys.clone() }).await;
    assert_eq!(stage.element.inner_text(), "");
    stage.store.set("cart", 1).unwrap();
    assert_eq!(stage.settled().await, MfeStatus::Running);
    let listeners = stage.store.listener_count();
    stage.host.unmount("a").unwrap();
    assert_eq!(
        stage.store.listener_count(),
        listeners,
        "it stopped listening when it ran"
    );
}

const FIRST: &str = "export function mount(element, { scope, store }) {
        scope.set('draft', (scope.get('draft') ?? 0) + 1);
        store.set('cart', ['lamp']);
        element.textContent = 'first ' + scope.get('draft');
    }
    export function unmount(element) { element.textContent = '' }";

#[wasm_bindgen_test]
async fn a_newer_version_takes_over_what_the_older_one_kept() {
    let stage = Stage::of(FIRST);
    assert_eq!(stage.mounted().await, MfeStatus::Running);
    let newer = module(
        "export function mount(element, { scope, store, version }) {
            element.textContent = [version, scope.get('draft'), store.get('cart')[0]].join(' ');
        }",
    );
    let newer = MfeEntry::parse(&entry("2.0.0", &newer, "")).unwrap();
    stage.host.replace(newer).await.unwrap();
    assert_eq!(stage.status(), MfeStatus::Running);
    assert_eq!(stage.element.inner_text(), "2.0.0 1 lamp");
    assert_eq!(stage.element.child_element_count(), 1);
    assert_eq!(stage.store.mfes()[0].info.version, "2.0.0");
    assert_eq!(stage.host.metrics().replacements, 1);
}

#[wasm_bindgen_test]
async fn a_newer_version_that_fails_leaves_the_older_one() {
    for (source, kind) in [
        ("syntax error", FailureKind::Module),
        (
            "export function mount(element, { scope }) { scope.set('draft', 99); throw new Error('no') }",
            FailureKind::Mount,
        ),
    ] {
        let stage = Stage::of(FIRST);
        assert_eq!(stage.mounted().await, MfeStatus::Running);
        let newer = MfeEntry::parse(&entry("2.0.0", &module(source), "")).unwrap();
        let replaced = stage.host.replace(newer).await;
        assert!(
            matches!(&replaced, Err(HostError::Replace { kind: own, .. }) if *own == kind),
            "{replaced:?}"
        );
        assert_eq!(stage.status(), MfeStatus::Running);
        // Mounted anew after a failed mount, and with its own keys as they were.
        let draft = if kind == FailureKind::Mount { 2 } else { 1 };
        assert_eq!(stage.element.inner_text(), format!("first {draft}"));
        assert_eq!(stage.store.mfes()[0].info.version, "1.0.0");
        assert_eq!(stage.store.get("cart"), Some(vec!["lamp".to_owned()]));
    }
}

#[wasm_bindgen_test]
async fn a_thousand_mounts_leave_nothing_behind() {
    let stage = Stage::of(
        "export function mount(element, { scope, store }) {
            scope.set('n', 1);
            scope.subscribe('n', () => {});
            scope.shared().subscribe('cart', () => {});
            element.stop = store.subscribePattern('*', () => {});
        }
        export function unmount(element) { element.stop() }",
    );
    let mut first = None;
    for _ in 0..1_000 {
        assert_eq!(stage.mounted().await, MfeStatus::Running);
        stage.host.unmount("a").unwrap();
        let now = (stage.store.listener_count(), stage.store.slot_count());
        assert_eq!(*first.get_or_insert(now), now);
    }
    assert!(stage.store.is_empty() && stage.store.mfes().is_empty());
    assert_eq!(stage.element.child_element_count(), 0);
    assert_eq!(stage.host.metrics().loads, 1);
}

#[wasm_bindgen_test]
async fn when_a_guest_takes_the_place_of_the_store_what_runs_is_mounted_anew() {
    let name = "moved";
    let connect = || {
        let store = Store::builder().on_error(|_| {});
        store.connect_to(name).expect("it can be joined")
    };
    let (first, store) = (connect(), connect());
    let url = module(
        "let stop;
         export function mount(element, { scope, store, reportError }) {
            globalThis.reportMoved = () => reportError(new Error('no'));
            scope.set('mounts', (scope.get('mounts') ?? 0) + 1);
            const show = (n) => { element.textContent = `${scope.get('mounts')} ${n}` };
            stop = store.subscribe('n', show, { immediate: true, delivery: 'sync' });
        }
        export function unmount() { stop() }",
    );
    let mut stage = Stage::at(&url, "");
    let text = format!(
        r#"{{"version": 1, "mfes": [{}]}}"#,
        entry("1.0.0", &url, "")
    );
    stage.host = Host::new(&store, name);
    stage.host.add(Manifest::parse(&text).unwrap()).unwrap();
    first.set("n", 1).unwrap();
    assert_eq!(stage.mounted().await, MfeStatus::Running);
    assert_eq!(stage.element.inner_text(), "1 1");
    script("globalThis.reportMoved()");
    for store in [&first, &store] {
        let failure = store.mfes()[0].failure.clone();
        assert_eq!(failure.as_deref(), Some("runtime: no"));
    }
    first.dispose();
    until(|| stage.element.inner_text() == "2 1").await;
    assert_eq!(stage.settled().await, MfeStatus::Running);
    store.set("n", 2).unwrap();
    assert_eq!(stage.element.inner_text(), "2 2");
    assert_eq!(stage.element.child_element_count(), 1);
    assert_eq!(store.mfes().len(), 1);
    stage.host.unmount("a").unwrap();
    assert!(store.mfes().is_empty());
    store.dispose();
}

#[wasm_bindgen_test]
async fn a_dropped_host_takes_everything_with_it() {
    let stage = Stage::of(GREET);
    assert_eq!(stage.mounted().await, MfeStatus::Running);
    let (store, element) = (stage.store.clone(), stage.element.clone());
    drop(stage);
    until(|| store.mfes().is_empty()).await;
    assert_eq!(element.child_element_count(), 0);
}

#[wasm_bindgen_test]
async fn a_component_shows_progress_a_failure_and_the_micro_frontend() {
    let stage = Stage::of(
        "if (!globalThis.isAllowed) throw new Error('not allowed');
         export function mount(element) { element.textContent = 'the part' }",
    );
    let (store, host) = (stage.store.clone(), stage.host.clone());
    let shown = RwSignal::new(true);
    let page = Mounted::mount(move || {
        view! {
            <GlobalStateProvider store>
                {
                    provide_host(host);
                    move || shown.get().then(|| view! { <MicroFrontend id="a"/> })
                }
            </GlobalStateProvider>
        }
    });
    until(|| page.text().contains("not allowed")).await;
    script("globalThis.isAllowed = true");
    let button = page.root.query_selector("button").unwrap().unwrap();
    button.unchecked_into::<HtmlElement>().click();
    until(|| page.text().contains("the part")).await;
    assert!(page.root.query_selector("[role=alert]").unwrap().is_none());
    shown.set(false);
    until(|| stage.status() == MfeStatus::Idle).await;
    assert!(!page.text().contains("the part"));
    assert!(stage.store.mfes().is_empty());
}
