//! The hooks in a real browser: what repaints, when, and what is left after an unmount.
#![cfg(all(target_family = "wasm", feature = "leptos"))]

#[cfg(feature = "edge")]
#[path = "web/broken.rs"]
mod broken;
#[cfg(feature = "indexed-db")]
#[path = "web/databases.rs"]
mod databases;
#[path = "web/following.rs"]
mod following;
#[cfg(feature = "js")]
#[path = "web/guests.rs"]
mod guests;
#[path = "web/history.rs"]
mod history;
#[cfg(feature = "host")]
#[path = "web/host.rs"]
mod host;
#[cfg(feature = "js")]
#[path = "web/kept.rs"]
mod kept;
#[path = "web/loading.rs"]
mod loading;
#[path = "web/order.rs"]
mod order;
#[cfg(feature = "js")]
#[path = "web/page.rs"]
mod page;
#[cfg(feature = "edge")]
#[path = "web/page_life.rs"]
mod page_life;
#[cfg(feature = "edge")]
mod special_names;
#[cfg(feature = "edge")]
#[path = "web/storages.rs"]
mod storages;
#[path = "web/taken.rs"]
mod taken;
#[cfg(feature = "edge")]
#[path = "web/transports.rs"]
mod transports;
#[path = "web/turns.rs"]
mod turns;
#[cfg(feature = "js")]
#[path = "web/waiting.rs"]
mod waiting;

use leptos::{mount::mount_to, prelude::*, task::tick};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};
use universal_state::{
    EngineKind, Key, MfeInfo, Origin, Restore, Scope, StateError, Store, SubscribeOptions,
    Transaction, Veto,
    hooks::{
        GlobalStateProvider, Mfe, SetState, UseGlobalStateOptions, try_use_scope, try_use_store,
        use_computed, use_global_at, use_global_state, use_global_state_or,
        use_global_state_with_options, use_global_states, use_metadata, use_mfe_state, use_mfes,
        use_scope, use_selector, use_selectors, use_snapshot, use_store, use_subscription,
    },
};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{HtmlElement, wasm_bindgen::JsCast};

#[path = "web/computed_keys.rs"]
mod computed_keys;

wasm_bindgen_test_configure!(run_in_browser);

#[cfg(all(feature = "collections", feature = "json"))]
#[path = "web/collections.rs"]
mod collections;

const NAME: Key<String> = Key::new("name");
const COUNT: Key<i32> = Key::new("count");

/// A mounted view and the element it is in. Unmounts when dropped.
struct Page {
    root: HtmlElement,
    _mounted: Box<dyn std::any::Any>,
}

impl Page {
    fn mount<V: IntoView + 'static>(view: impl FnOnce() -> V + 'static) -> Self {
        let document = gloo_utils::document();
        let root: HtmlElement = document
            .create_element("div")
            .expect("a document makes elements")
            .unchecked_into();
        document
            .body()
            .expect("a page has a body")
            .append_child(&root)
            .expect("a body takes children");
        let handle = mount_to(root.clone(), view);
        Self {
            root,
            _mounted: Box::new(handle),
        }
    }

    fn text(&self) -> String {
        self.root.inner_text()
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.root.remove();
    }
}

/// Counts how often something ran.
#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);

impl Count {
    fn up(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

fn stores() -> impl Iterator<Item = Store> {
    EngineKind::ALL
        .iter()
        .map(|kind| Store::builder().engine(*kind).build())
}

fn name(text: &str) -> String {
    text.to_owned()
}

/// Everything that was reported to a store.
#[derive(Clone, Default)]
struct Reports(Arc<Mutex<Vec<StateError>>>);

impl Reports {
    /// What was reported since the last call.
    fn take(&self) -> Vec<StateError> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

fn reports(store: &Store) -> Reports {
    let reports = Reports::default();
    let sink = reports.clone();
    store.set_reporter(move |error| sink.0.lock().unwrap().push(error.clone()));
    reports
}

#[wasm_bindgen_test]
async fn a_component_repaints_only_for_the_key_it_read() {
    for store in stores() {
        let (names, counts) = (Count::default(), Count::default());
        let (painted_names, painted_counts) = (names.clone(), counts.clone());
        let given = store.clone();
        let page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    {move || {
                        let (value, _) = use_global_state(NAME);
                        let painted = painted_names.clone();
                        view! { <p>{move || { painted.up(); value.get() }}</p> }
                    }}
                    {move || {
                        let (value, _) = use_global_state_or(COUNT, 0);
                        let painted = painted_counts.clone();
                        view! { <p>{move || { painted.up(); value.get() }}</p> }
                    }}
                </GlobalStateProvider>
            }
        });
        assert_eq!((names.get(), counts.get()), (1, 1), "{}", store.engine());

        store.set(NAME, name("Ada")).unwrap();
        store.set("unrelated", 1).unwrap();
        tick().await;
        assert!(page.text().contains("Ada"), "{}", store.engine());
        assert_eq!((names.get(), counts.get()), (2, 1), "{}", store.engine());

        store.set(COUNT, 7).unwrap();
        tick().await;
        assert!(page.text().contains('7'));
        assert_eq!((names.get(), counts.get()), (2, 2), "{}", store.engine());

        store.delete("name").unwrap();
        store.delete("count").unwrap();
        tick().await;
        assert!(!page.text().contains("Ada") && page.text().contains('0'));
    }
}

#[wasm_bindgen_test]
async fn many_writes_in_one_turn_repaint_once() {
    for store in stores() {
        let painted = Count::default();
        let (given, counter) = (store.clone(), painted.clone());
        let page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    {move || {
                        let (value, _) = use_global_state_or(COUNT, 0);
                        let counter = counter.clone();
                        view! { <p>{move || { counter.up(); value.get() }}</p> }
                    }}
                </GlobalStateProvider>
            }
        });
        for n in 1..=50 {
            store.set(COUNT, n).unwrap();
        }
        tick().await;
        assert!(page.text().contains("50"));
        assert_eq!(painted.get(), 2, "{}", store.engine());

        // A key that ends the turn where it began repaints nobody.
        store.set(COUNT, 51).unwrap();
        store.set(COUNT, 50).unwrap();
        tick().await;
        assert_eq!(painted.get(), 2, "{}", store.engine());
    }
}

#[wasm_bindgen_test]
async fn a_turn_ends_in_a_microtask_and_calls_a_listener_once() {
    let store = Store::new();
    let calls = Count::default();
    let counter = calls.clone();
    let seen = Arc::new(AtomicUsize::new(0));
    let changes = Arc::clone(&seen);
    let _subscription = store
        .subscribe_all(SubscribeOptions::new(), move |set| {
            counter.up();
            changes.fetch_add(set.len(), Ordering::Relaxed);
        })
        .unwrap();
    for key in ["a", "b", "c"] {
        store.set(key, 1).unwrap();
    }
    assert_eq!(calls.get(), 0);
    tick().await;
    assert_eq!((calls.get(), seen.load(Ordering::Relaxed)), (1, 3));
    store.set("a", 2).unwrap();
    tick().await;
    assert_eq!(calls.get(), 2);
}

#[wasm_bindgen_test]
async fn the_setter_writes_through_the_pipe() {
    struct NoSwearing;
    impl universal_state::Middleware for NoSwearing {
        fn name(&self) -> &str {
            "no-swearing"
        }
        fn before(&self, transaction: &mut Transaction) -> Result<(), Veto> {
            match transaction
                .writes()
                .iter()
                .any(|w| w.new() == Some(name("damn")))
            {
                true => Err(Veto::new("mind your language")),
                false => Ok(()),
            }
        }
    }
    for store in stores() {
        store.add_middleware(NoSwearing);
        let reported = reports(&store);
        let setter: Arc<Mutex<Option<SetState<String>>>> = Arc::default();
        let (given, taken) = (store.clone(), Arc::clone(&setter));
        let page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    {move || {
                        let options = UseGlobalStateOptions::new().initial(name("Ada")).source("form");
                        let (value, set) = use_global_state_with_options(NAME, options);
                        *taken.lock().unwrap() = Some(set);
                        view! { <p>{value}</p> }
                    }}
                </GlobalStateProvider>
            }
        });
        let set = setter.lock().unwrap().expect("the component ran");
        assert_eq!(store.get(NAME), Some(name("Ada")));
        assert_eq!(store.metadata().source, "form");

        set.set(name("damn"));
        assert!(matches!(
            reported.take().pop(),
            Some(StateError::Vetoed { .. })
        ));
        assert!(matches!(
            set.try_set(name("damn")),
            Err(StateError::Vetoed { .. })
        ));
        assert!(reported.take().is_empty());
        set.update(|text| text.push_str(" Lovelace"));
        tick().await;
        assert!(page.text().contains("Ada Lovelace"));
        set.delete();
        assert!(!store.has("name"));
        set.update_or(name("Grace"), |text| text.push('!'));
        assert_eq!(store.get(NAME), Some(name("Grace!")));

        drop(page);
        assert_eq!(set.try_set(name("late")), Err(StateError::Unmounted));
        assert_eq!(store.get(NAME), Some(name("Grace!")));
    }
}

#[wasm_bindgen_test]
async fn several_keys_are_one_signal_and_one_transaction() {
    for store in stores() {
        let painted = Count::default();
        let (given, counter) = (store.clone(), painted.clone());
        let page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    {move || {
                        let (both, set) = use_global_states((NAME, COUNT));
                        let counter = counter.clone();
                        view! {
                            <button on:click=move |_| set.set((name("Ada"), 36))>"set"</button>
                            <p>{move || { counter.up(); format!("{:?}", both.get()) }}</p>
                        }
                    }}
                </GlobalStateProvider>
            }
        });
        let version = store.metadata().version;
        let button = page.root.query_selector("button").unwrap().unwrap();
        button.unchecked_into::<HtmlElement>().click();
        tick().await;
        assert!(
            page.text().contains(r#"(Some("Ada"), Some(36))"#),
            "{}",
            page.text()
        );
        assert_eq!(painted.get(), 2);
        assert_eq!(store.metadata().version, version + 1);
    }
}

#[wasm_bindgen_test]
async fn a_key_can_follow_a_signal() {
    for store in stores() {
        store.set_many([("row:1", 10), ("row:2", 20)]).unwrap();
        let row = RwSignal::new(1);
        let given = store.clone();
        let page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    {move || {
                        let key = move || Key::dynamic(format!("row:{}", row.get())).unwrap();
                        let (value, set) = use_global_state::<i32>(key);
                        view! {
                            <button on:click=move |_| set.update(|n| *n += 1)>"up"</button>
                            <p>{value}</p>
                        }
                    }}
                </GlobalStateProvider>
            }
        });
        assert!(page.text().contains("10"));
        row.set(2);
        tick().await;
        assert!(page.text().contains("20"));
        let button = page.root.query_selector("button").unwrap().unwrap();
        button.unchecked_into::<HtmlElement>().click();
        tick().await;
        assert!(page.text().contains("21"));
        assert_eq!(store.get("row:1"), Some(10));
    }
}

#[wasm_bindgen_test]
async fn a_key_that_cannot_be_used_is_reported_and_reads_as_missing() {
    for store in stores() {
        store.set(NAME, name("Ada")).unwrap();
        let reported = reports(&store);
        let given = store.clone();
        let page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    {move || {
                        let (empty, _) = use_global_state::<i32>("");
                        let (mistyped, _) = use_global_state::<i32>("name");
                        let text = move || format!("{:?} {:?}", empty.get(), mistyped.get());
                        view! { <p>{text}</p> }
                    }}
                </GlobalStateProvider>
            }
        });
        assert!(page.text().contains("None None"));
        let reported = reported.take();
        assert!(reported.iter().any(|e| matches!(e, StateError::Key { .. })));
        assert!(
            reported
                .iter()
                .any(|e| matches!(e, StateError::Type { .. }))
        );
        assert_eq!(store.get(NAME), Some(name("Ada")));
    }
}

#[wasm_bindgen_test]
async fn a_snapshot_follows_everything() {
    for store in stores() {
        let given = store.clone();
        let page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    {move || {
                        let snapshot = use_snapshot();
                        view! { <p>{move || format!("{:?}", snapshot.get())}</p> }
                    }}
                </GlobalStateProvider>
            }
        });
        store.set(COUNT, 3).unwrap();
        let before = store.snapshot();
        tick().await;
        assert!(page.text().contains(r#"{"count": 3}"#), "{}", page.text());
        store.clear().unwrap();
        tick().await;
        assert!(page.text().contains("{}"), "{}", page.text());
        store.restore(&before, Restore::Replace).unwrap();
        tick().await;
        assert!(page.text().contains(r#"{"count": 3}"#), "{}", page.text());
    }
}

#[wasm_bindgen_test]
async fn the_engine_is_exchanged_under_mounted_components() {
    let store = Store::builder().engine(EngineKind::Signal).build();
    let painted = Count::default();
    let (given, counter) = (store.clone(), painted.clone());
    let page = Page::mount(move || {
        view! {
            <GlobalStateProvider store=given>
                {move || {
                    let (value, set) = use_global_state_or(COUNT, 0);
                    let counter = counter.clone();
                    view! {
                        <button on:click=move |_| set.update_or(0, |n| *n += 1)>"up"</button>
                        <p>{move || { counter.up(); value.get() }}</p>
                    }
                }}
            </GlobalStateProvider>
        }
    });
    let button: HtmlElement = page
        .root
        .query_selector("button")
        .unwrap()
        .unwrap()
        .unchecked_into();
    for (round, kind) in [EngineKind::Map, EngineKind::Signal, EngineKind::Map]
        .iter()
        .enumerate()
    {
        let runs = painted.get();
        store.set_engine(*kind).unwrap();
        tick().await;
        assert_eq!(painted.get(), runs, "the exchange itself repaints nobody");
        button.click();
        tick().await;
        assert_eq!(painted.get(), runs + 1);
        assert_eq!(store.get(COUNT), Some(round as i32 + 1));
        assert!(page.text().contains(&(round + 1).to_string()));
    }
}

#[wasm_bindgen_test]
async fn a_micro_frontend_leaves_nothing_behind() {
    for store in stores() {
        let shown = RwSignal::new(true);
        let given = store.clone();
        let page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    <Show when=move || shown.get()>
                        <Mfe info=MfeInfo::new("shop", "leptos", "1.0.0")>
                            {
                                let (filter, set_filter) = use_mfe_state::<String>("filter");
                                let (_, set_name) = use_global_state(NAME);
                                set_filter.set(name("red"));
                                set_name.set(name("Ada"));
                                use_scope()
                                    .subscribe_all(SubscribeOptions::new(), |_| {})
                                    .unwrap()
                                    .forget();
                                view! { <p>"filter " {filter}</p> }
                            }
                        </Mfe>
                    </Show>
                </GlobalStateProvider>
            }
        });
        tick().await;
        assert!(page.text().contains("filter red"));
        assert_eq!(store.mfes().len(), 1);
        assert_eq!(store.keys(), ["@shop/filter", "name"]);
        assert_eq!(store.listener_count(), 1);

        shown.set(false);
        tick().await;
        assert!(store.mfes().is_empty(), "{}", store.engine());
        assert_eq!(store.keys(), ["name"]);
        assert_eq!(store.listener_count(), 0);

        let slots = store.slot_count();
        for _ in 0..20 {
            shown.set(true);
            tick().await;
            shown.set(false);
            tick().await;
        }
        assert_eq!((store.mfes().len(), store.listener_count()), (0, 0));
        assert_eq!(store.slot_count(), slots, "{}", store.engine());
        assert_eq!(store.error_count(), 0);
    }
}

#[wasm_bindgen_test]
async fn hooks_inside_a_micro_frontend_write_as_it() {
    let store = Store::new();
    let given = store.clone();
    let origin = Arc::new(Mutex::new(None));
    let seen = Arc::clone(&origin);
    let _subscription = store
        .subscribe(COUNT, move |_, change| {
            *seen.lock().unwrap() = Some((change.origin().clone(), change.source().to_owned()));
        })
        .unwrap();
    let scope: Arc<Mutex<Option<Scope>>> = Arc::default();
    let inside = Arc::clone(&scope);
    let _page = Page::mount(move || {
        view! {
            <GlobalStateProvider store=given>
                <Mfe info=MfeInfo::new("shop", "leptos", "1.0.0")>
                    {
                        let (_, set) = use_global_state(COUNT);
                        set.set(1);
                        *inside.lock().unwrap() = try_use_scope();
                    }
                </Mfe>
                {assert!(try_use_scope().is_none(), "a scope stays below its boundary")}
            </GlobalStateProvider>
        }
    });
    tick().await;
    let expected = (Origin::Mfe("shop".into()), name("shop"));
    assert_eq!(*origin.lock().unwrap(), Some(expected));
    assert!(
        scope
            .lock()
            .unwrap()
            .as_ref()
            .is_some_and(|scope| scope.id() == "shop")
    );
}

#[wasm_bindgen_test]
async fn a_failing_micro_frontend_is_contained() {
    let store = Store::new();
    let reported = reports(&store);
    let broken = RwSignal::new(true);
    let given = store.clone();
    let page = Page::mount(move || {
        view! {
            <GlobalStateProvider store=given>
                <Mfe info=MfeInfo::new("ads", "leptos", "2.0.0")>
                    {move || if broken.get() { "seven".parse::<u32>() } else { Ok(7) }}
                </Mfe>
                <Mfe info=MfeInfo::new("shop", "leptos", "1.0.0")>
                    {
                        let (value, set) = use_global_state_or(COUNT, 0);
                        view! { <button on:click=move |_| set.set(5)>{value}</button> }
                    }
                </Mfe>
            </GlobalStateProvider>
        }
    });
    tick().await;
    let alert = page
        .root
        .query_selector("[role=alert]")
        .unwrap()
        .expect("a message");
    let message = alert.text_content().unwrap_or_default();
    assert!(
        message.contains("\"ads\"") && message.contains("invalid digit"),
        "{message}"
    );
    assert!(matches!(&reported.take()[..], [StateError::MfeFailed { id, .. }] if id == "ads"));

    let button: HtmlElement = page
        .root
        .query_selector("button")
        .unwrap()
        .unwrap()
        .unchecked_into();
    button.click();
    tick().await;
    assert!(page.text().contains('5'), "the rest of the page goes on");

    broken.set(false);
    tick().await;
    assert!(page.root.query_selector("[role=alert]").unwrap().is_none());
    assert!(page.text().contains('7'));
}

#[wasm_bindgen_test]
async fn an_id_that_is_taken_shows_who_holds_it() {
    let store = Store::new();
    let reported = reports(&store);
    let given = store.clone();
    let page = Page::mount(move || {
        view! {
            <GlobalStateProvider store=given>
                <Mfe info=MfeInfo::new("shop", "leptos", "1.0.0")>"first"</Mfe>
                <Mfe
                    info=MfeInfo::new("shop", "react", "2.0.0")
                    fallback=|error: &StateError| view! { <em>{error.to_string()}</em> }
                >
                    "second"
                </Mfe>
            </GlobalStateProvider>
        }
    });
    tick().await;
    let text = page.text();
    assert!(text.contains("first") && !text.contains("second"), "{text}");
    assert!(text.contains("leptos 1.0.0"), "{text}");
    assert!(matches!(reported.take()[0], StateError::MfeTaken { .. }));
    assert_eq!(store.mfes().len(), 1);
}

#[wasm_bindgen_test]
async fn each_provider_has_a_store_of_its_own() {
    let page = Page::mount(|| {
        view! {
            <GlobalStateProvider>
                {
                    use_store().set(COUNT, 1).unwrap();
                    use_global_state_or(COUNT, 0).0
                }
            </GlobalStateProvider>
            <GlobalStateProvider>{use_global_state_or(COUNT, 0).0}</GlobalStateProvider>
            {assert!(try_use_store().is_none())}
        }
    });
    assert_eq!(page.text(), "10");
}

/// Counts the runs of a reader and shows what it read.
fn reader<T: std::fmt::Debug + Clone + Send + Sync + 'static>(
    value: Signal<T>,
    runs: &Count,
) -> impl IntoView + use<T> {
    let runs = runs.clone();
    view! {
        <p>
            {move || {
                runs.up();
                format!("{:?};", value.get())
            }}
        </p>
    }
}

#[wasm_bindgen_test]
async fn a_selector_repaints_only_when_what_it_selects_differs() {
    for store in stores() {
        store.set("rows", vec![3, 4]).unwrap();
        store.set(COUNT, 1).unwrap();
        let (lengths, sums) = (Count::default(), Count::default());
        let (given, length_runs, sum_runs) = (store.clone(), lengths.clone(), sums.clone());
        let page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    {move || {
                        let length = use_selector("rows", |rows: &Vec<i32>| rows.len());
                        reader(length, &length_runs)
                    }}
                    {move || {
                        let keys = (Key::<Vec<i32>>::new("rows"), COUNT);
                        let sum = use_selectors(keys, |(rows, count)| {
                            rows.iter().flatten().sum::<i32>() + count.unwrap_or(0)
                        });
                        reader(sum, &sum_runs)
                    }}
                </GlobalStateProvider>
            }
        });
        assert!(page.text().contains("Some(2);") && page.text().contains("8;"));
        store.set("rows", vec![4, 3]).unwrap();
        tick().await;
        assert_eq!((lengths.get(), sums.get()), (1, 1), "{}", store.engine());
        store.set("rows", vec![1, 1, 1]).unwrap();
        store.set(COUNT, 5).unwrap();
        tick().await;
        assert_eq!((lengths.get(), sums.get()), (2, 1), "3 + 5 is 8 still");
        assert!(page.text().contains("Some(3);"));
        store.delete("rows").unwrap();
        tick().await;
        assert!(page.text().contains("None;") && page.text().contains("5;"));
    }
}

#[wasm_bindgen_test]
async fn a_place_inside_of_a_value_is_read_and_written_by_pointer() {
    #[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
    struct User {
        name: String,
        tags: Vec<String>,
    }
    for store in stores() {
        let ada = User {
            name: name("Ada"),
            tags: vec![name("math")],
        };
        store.set("user", ada).unwrap();
        let reported = reports(&store);
        let (names, tags) = (Count::default(), Count::default());
        let (given, name_runs, tag_runs) = (store.clone(), names.clone(), tags.clone());
        let page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    {move || {
                        let (value, set) = use_global_at::<String>("user", "/name");
                        view! {
                            <button on:click=move |_| set.set(name("Grace"))>"rename"</button>
                            {reader(value, &name_runs)}
                        }
                    }}
                    {move || reader(use_global_at::<String>("user", "/tags/0").0, &tag_runs)}
                    {move || reader(use_global_at::<i32>("user", "no pointer").0, &Count::default())}
                </GlobalStateProvider>
            }
        });
        assert!(page.text().contains("\"Ada\"") && page.text().contains("\"math\""));
        assert!(matches!(reported.take()[..], [StateError::Pointer { .. }]));

        let button = page.root.query_selector("button").unwrap().unwrap();
        button.unchecked_into::<HtmlElement>().click();
        tick().await;
        assert!(page.text().contains("Grace"));
        assert_eq!((names.get(), tags.get()), (2, 1), "{}", store.engine());
        let user: User = store.get("user").unwrap();
        assert_eq!((user.name.as_str(), user.tags.len()), ("Grace", 1));

        store
            .set(
                "user",
                User {
                    tags: vec![],
                    ..user
                },
            )
            .unwrap();
        tick().await;
        assert_eq!((names.get(), tags.get()), (2, 2));
        assert!(store.set_at("user", "/tags/4", 1).is_err());
    }
}

#[wasm_bindgen_test]
async fn whatever_reads_the_store_in_a_micro_frontend_survives_its_unmount() {
    for store in stores() {
        let shown = RwSignal::new(true);
        let given = store.clone();
        let page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    <Show when=move || shown.get()>
                        <Mfe info=MfeInfo::new("shop", "leptos", "1.0.0")>
                            {
                                let (filter, set_filter) = use_mfe_state::<String>("filter");
                                set_filter.set(name("red"));
                                let (snapshot, store) = (use_snapshot(), use_store());
                                let arena = RwSignal::new(1);
                                view! {
                                    <p>{filter}</p>
                                    <p>{move || snapshot.get().len()}</p>
                                    <div>
                                        {move || {
                                            let keys = store.keys().len() + store.mfes().len();
                                            let stored = store.get::<String>("@shop/filter");
                                            view! { <b>{move || arena.get()} {keys} {stored}</b> }
                                        }}
                                    </div>
                                }
                            }
                        </Mfe>
                    </Show>
                </GlobalStateProvider>
            }
        });
        for _ in 0..3 {
            tick().await;
            assert!(page.text().contains("red"), "{}", store.engine());
            shown.set(false);
            tick().await;
            tick().await;
            assert!(store.is_empty() && store.mfes().is_empty());
            shown.set(true);
        }
        assert_eq!(store.error_count(), 0);
    }
}

#[wasm_bindgen_test]
async fn a_micro_frontend_can_be_mounted_anew_in_the_turn_in_which_it_is_unmounted() {
    for store in stores() {
        let generation = RwSignal::new(0);
        let scope: Arc<Mutex<Option<Scope>>> = Arc::default();
        let (given, inside) = (store.clone(), Arc::clone(&scope));
        let page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    {move || {
                        let (number, inside) = (generation.get(), Arc::clone(&inside));
                        view! {
                            <Mfe info=MfeInfo::new("shop", "leptos", number.to_string())>
                                {
                                    let (value, _) = use_mfe_state::<i32>("number");
                                    let (store, arena) = (use_store(), RwSignal::new(number));
                                    *inside.lock().unwrap() = Some(use_scope());
                                    let text = move || {
                                        let keys = store.keys().len() + store.mfes().len();
                                        format!("{:?} {keys} {}", value.get(), arena.get())
                                    };
                                    view! { <p>{text}</p> }
                                }
                            </Mfe>
                        }
                    }}
                </GlobalStateProvider>
            }
        });
        for number in 1..4 {
            generation.set(number);
            tick().await;
            tick().await;
            assert_eq!(
                page.text().trim(),
                format!("None 1 {number}"),
                "{}",
                store.engine()
            );
            let scope = scope.lock().unwrap().clone().expect("it is mounted");
            scope.set("number", number).unwrap();
            tick().await;
            assert_eq!(page.text().trim(), format!("Some({number}) 2 {number}"));
            assert_eq!(store.mfes().len(), 1);
            assert_eq!(store.mfes()[0].info.version, number.to_string());
        }
        assert_eq!(store.error_count(), 0);
    }
}

#[wasm_bindgen_test]
async fn hooks_follow_metadata_the_registry_and_whatever_is_computed() {
    for store in stores() {
        let given = store.clone();
        let (computed, registry, heard) = (Count::default(), Count::default(), Count::default());
        let (computed_runs, registry_runs, calls) =
            (computed.clone(), registry.clone(), heard.clone());
        let shown = RwSignal::new(true);
        let page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    <Show when=move || shown.get()>
                        {
                            let calls = calls.clone();
                            use_subscription(use_store().subscribe_all(
                                SubscribeOptions::new(),
                                move |_| calls.up(),
                            ));
                            let big = use_computed(|state| state.get(COUNT).unwrap_or(0) > 10);
                            let ids = use_mfes();
                            let ids = Signal::derive(move || {
                                ids.get().into_iter().map(|mfe| mfe.info.id).collect::<Vec<_>>()
                            });
                            let version = use_metadata();
                            view! {
                                {reader(big, &computed_runs)}
                                {reader(ids, &registry_runs)}
                                <p>{move || format!("v{}", version.get().version)}</p>
                            }
                        }
                    </Show>
                </GlobalStateProvider>
            }
        });
        tick().await;
        store.set(COUNT, 5).unwrap();
        tick().await;
        assert_eq!(
            (computed.get(), registry.get(), heard.get()),
            (1, 1, 1),
            "{}",
            store.engine()
        );
        assert!(page.text().contains("v1") && page.text().contains("false;"));
        store.set(COUNT, 11).unwrap();
        let shop = store
            .register_mfe(MfeInfo::new("shop", "leptos", "1"))
            .unwrap();
        tick().await;
        assert_eq!(
            (computed.get(), registry.get(), heard.get()),
            (2, 2, 2),
            "{}",
            store.engine()
        );
        assert!(page.text().contains("v2") && page.text().contains("true;"));
        assert!(page.text().contains("[\"shop\"];"));
        drop(shop);

        shown.set(false);
        tick().await;
        assert_eq!(
            store.listener_count(),
            0,
            "the subscription ends with its component"
        );
        assert_eq!(store.error_count(), 0);
    }
}

#[cfg(feature = "fields")]
#[path = "web/calls.rs"]
mod calls;
#[path = "web/fields.rs"]
mod fields;
