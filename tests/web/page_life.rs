//! What the life of a page does to an edge: when it writes, when it looks, and when it is left alone.

use crate::broken::{Broken, Inbox, run};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use std::time::Duration;
use universal_state::{
    Key, Store,
    edge::{Backend, Edge, Fault, Items, Loaded, SaveStatus, Storage, Then, browser::LocalStorage},
};
use wasm_bindgen_test::wasm_bindgen_test;

const COUNT: Key<i32> = Key::new("count");

/// `localStorage`, that says what it is asked, and can be full.
#[derive(Clone)]
struct Watched {
    asked: Inbox<&'static str>,
    /// How many writes are still to fail.
    failing: Arc<AtomicUsize>,
}

impl Watched {
    fn new() -> Self {
        Self {
            asked: Inbox::new(),
            failing: Arc::default(),
        }
    }
}

impl Backend for Watched {
    fn name(&self) -> &str {
        "watched"
    }

    fn load(&self, prefix: &str, then: Then<Loaded>) {
        LocalStorage.load(prefix, then);
        self.asked.put("load");
    }

    fn read(&self, names: Vec<String>, then: Then<Items>) {
        LocalStorage.read(names, then);
        self.asked.put("read");
    }

    fn write(&self, items: Vec<(String, Option<String>)>, then: Then<Vec<Result<(), Fault>>>) {
        let fails = |left: usize| left.checked_sub(1);
        match self
            .failing
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, fails)
        {
            Ok(_) => then(vec![Err(Fault::Quota); items.len()]),
            Err(_) => LocalStorage.write(items, then),
        }
        self.asked.put("write");
    }
}

/// A store whose edge writes to storage a minute after each change, or when it must.
fn page(prefix: &str, backend: Watched) -> (Store, Edge) {
    let store = Store::new();
    let storage = Storage::new(backend).debounce(Duration::from_secs(60));
    let edge = Edge::builder("page").prefix(prefix).storage(storage);
    let edge = edge.attach(&store).unwrap();
    (store, edge)
}

fn stored(name: &str) -> bool {
    run(&format!("localStorage.getItem('{name}') !== null")).is_truthy()
}

fn clear() {
    run("localStorage.clear()");
}

#[wasm_bindgen_test]
async fn what_is_pending_is_written_while_the_page_is_being_left() {
    for (index, leaving) in [
        "dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))",
        "dispatchEvent(new PageTransitionEvent('pagehide'))",
        "document.dispatchEvent(new Event('freeze'))",
    ]
    .into_iter()
    .enumerate()
    {
        clear();
        let prefix = format!("leaving{index}");
        let (store, edge) = page(&prefix, Watched::new());
        store.set(COUNT, 1).unwrap();
        edge.flush();
        assert!(!stored(&format!("{prefix}:count")), "it waits for a minute");
        // Not even the turn has ended.
        store.set("last", 1).unwrap();
        run(leaving);
        assert!(stored(&format!("{prefix}:count")), "{leaving}");
        assert!(stored(&format!("{prefix}:last")), "{leaving}");
        assert_eq!(edge.save_status("count"), SaveStatus::Saved);
    }
}

#[wasm_bindgen_test]
async fn what_is_pending_is_written_when_the_page_is_hidden_and_not_when_it_is_shown() {
    clear();
    let (store, edge) = page("hidden", Watched::new());
    let turn = |is_hidden: bool| {
        let value = format!("{{ value: {is_hidden} }}");
        let hidden = Broken::property("document", "hidden", &value);
        run("document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))");
        drop(hidden);
    };
    store.set(COUNT, 1).unwrap();
    turn(true);
    assert!(stored("hidden:count"));
    assert!(edge.is_attached());
    store.set(COUNT, 2).unwrap();
    edge.flush();
    assert_eq!(edge.save_status("count"), SaveStatus::Pending);
}

#[wasm_bindgen_test]
async fn a_page_that_comes_back_looks_at_what_is_stored() {
    for (index, coming) in [
        "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))",
        "document.dispatchEvent(new Event('resume'))",
        "document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))",
    ]
    .into_iter()
    .enumerate()
    {
        clear();
        let prefix = format!("coming{index}");
        let (here, _edge) = page(&prefix, Watched::new());
        let (there, other) = page(&prefix, Watched::new());
        there.set(COUNT, 5).unwrap();
        other.detach();
        assert_eq!(here.get(COUNT), None);
        run(coming);
        assert_eq!(here.get(COUNT), Some(5), "{coming}");
    }
}

#[wasm_bindgen_test]
async fn a_page_that_is_shown_for_the_first_time_looks_at_nothing_twice() {
    clear();
    let watched = Watched::new();
    let (_store, _edge) = page("first", watched.clone());
    assert_eq!(watched.asked.take(1).await, ["load"]);
    run("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: false }))");
    assert_eq!(watched.asked.len(), 0);
}

#[wasm_bindgen_test]
async fn what_another_page_stores_is_taken_in_a_little_later_all_at_once() {
    clear();
    let watched = Watched::new();
    let (here, _edge) = page("events", watched.clone());
    let (there, other) = page("events", Watched::new());
    there.set(COUNT, 7).unwrap();
    there.set("more", 8).unwrap();
    other.detach();
    watched.asked.take(1).await;
    let told = |name: &str| {
        run(&format!(
            "dispatchEvent(new StorageEvent('storage', {{ key: {name}, newValue: 'any' }}))"
        ));
    };
    for others in ["'eventsx:count'", "'event'", "'events'", "'x:events:count'"] {
        told(others);
    }
    told("'events:count'");
    told("'events:more'");
    assert_eq!(
        watched.asked.len(),
        0,
        "the other's message may be on its way"
    );
    assert_eq!(watched.asked.take(1).await, ["read"]);
    assert_eq!((here.get(COUNT), here.get("more")), (Some(7), Some(8)));
}

#[wasm_bindgen_test]
async fn storage_that_another_page_clears_is_filled_again() {
    clear();
    let (store, edge) = page("cleared", Watched::new());
    store.set(COUNT, 1).unwrap();
    edge.save_now();
    assert!(stored("cleared:count"));
    clear();
    run("dispatchEvent(new StorageEvent('storage', { key: null }))");
    // What it finds missing it writes in its own time, at the latest when it is left.
    edge.save_now();
    assert!(stored("cleared:count"));
}

#[wasm_bindgen_test]
async fn what_fails_is_tried_again_by_a_timer() {
    clear();
    let watched = Watched::new();
    let store = Store::new();
    let edge = Edge::builder("retried").storage(Storage::new(watched.clone()));
    let edge = edge.attach(&store).unwrap();
    watched.failing.store(2, Ordering::Relaxed);
    store.set(COUNT, 1).unwrap();
    // The turn ends by itself.
    let mut writes = 0;
    while writes < 3 {
        let asked = watched.asked.take(1).await;
        writes += asked.iter().filter(|&&what| what == "write").count();
    }
    assert!(stored("retried:count"));
    assert_eq!(edge.save_status("count"), SaveStatus::Saved);
}

#[wasm_bindgen_test]
async fn an_edge_that_is_detached_or_dropped_hears_of_nothing() {
    clear();
    let listening = "(() => {
        window.listeners = 0;
        for (const target of [window, document]) {
            const { addEventListener, removeEventListener } = target;
            target.addEventListener = function (...rest) {
                window.listeners += 1;
                return addEventListener.apply(this, rest);
            };
            target.removeEventListener = function (...rest) {
                window.listeners -= 1;
                return removeEventListener.apply(this, rest);
            };
        }
    })()";
    run(listening);
    let count = || run("window.listeners").as_f64().unwrap();
    let (store, edge) = page("detached", Watched::new());
    assert!(count() >= 5.0);
    edge.detach();
    assert_eq!(count(), 0.0);
    drop((store, edge));

    let (store, edge) = page("dropped", Watched::new());
    assert!(count() >= 5.0);
    drop(edge);
    drop(store);
    assert_eq!(count(), 0.0);
    run("for (const target of [window, document]) {
        delete target.addEventListener;
        delete target.removeEventListener;
    }");

    let watched = Watched::new();
    let (store, edge) = page("deaf", watched.clone());
    edge.detach();
    watched.asked.take(1).await;
    store.set(COUNT, 1).unwrap();
    run("dispatchEvent(new PageTransitionEvent('pagehide'));
        dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
        dispatchEvent(new StorageEvent('storage', { key: null }));");
    assert_eq!(watched.asked.len(), 0);
    assert!(!stored("deaf:count"));
}
