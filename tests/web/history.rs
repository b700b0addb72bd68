//! Undo and redo as hooks.

use super::*;
use universal_state::{
    Access, HistoryOptions, SharedAccess,
    hooks::{UseHistory, use_history, use_mfe_history},
};

/// Where a component leaves its handle for the test.
#[derive(Clone, Default)]
struct Handle(Arc<Mutex<Option<UseHistory>>>);

impl Handle {
    fn put(&self, history: UseHistory) {
        *self.0.lock().unwrap() = Some(history);
    }

    fn get(&self) -> UseHistory {
        self.0.lock().unwrap().expect("the component ran")
    }
}

/// A page with a history and a component below it.
fn page<V: IntoView + 'static>(
    store: &Store,
    options: HistoryOptions,
    below: impl Fn(UseHistory) -> V + Send + Sync + 'static,
) -> (Page, UseHistory) {
    let handle = Handle::default();
    let (given, own) = (store.clone(), handle.clone());
    let page = Page::mount(move || {
        view! {
            <GlobalStateProvider store=given>
                {
                    let history = use_history(options.clone());
                    own.put(history);
                    below(history)
                }
            </GlobalStateProvider>
        }
    });
    (page, handle.get())
}

#[wasm_bindgen_test]
async fn undo_redo_and_go_to_repaint_what_they_change_and_nothing_else() {
    for store in stores() {
        let (names, counts) = (Count::default(), Count::default());
        let (name_runs, count_runs) = (names.clone(), counts.clone());
        let (page, history) = page(&store, HistoryOptions::new(), move |_| {
            view! {
                {reader(use_global_state(NAME).0, &name_runs)}
                {reader(use_global_state(COUNT).0, &count_runs)}
            }
        });
        store.set(NAME, name("Ada")).unwrap();
        store.set(COUNT, 1).unwrap();
        store.set(COUNT, 2).unwrap();
        tick().await;
        assert!(page.text().contains("Ada") && page.text().contains("Some(2);"));
        assert_eq!((names.get(), counts.get()), (2, 2), "{}", store.engine());

        history.undo();
        tick().await;
        assert!(page.text().contains("Some(1);"), "{}", page.text());
        assert_eq!((names.get(), counts.get()), (2, 3), "{}", store.engine());

        history.redo();
        tick().await;
        assert!(page.text().contains("Some(2);"));
        let done = history.try_go_to(0).unwrap();
        assert_eq!((done.from, done.to, done.keys.len()), (3, 0, 2));
        tick().await;
        assert!(store.is_empty());
        assert_eq!((names.get(), counts.get()), (3, 5), "{}", store.engine());
        history.go_to(1);
        tick().await;
        assert!(page.text().contains("Ada") && page.text().contains("None;"));
        assert_eq!(store.error_count(), 0);
    }
}

#[wasm_bindgen_test]
async fn each_signal_of_a_history_runs_its_readers_only_when_it_differs() {
    for store in stores() {
        let runs: [Count; 5] = std::array::from_fn(|_| Count::default());
        let counted = runs.clone();
        let (page, history) = page(&store, HistoryOptions::new(), move |history| {
            let keys = Signal::derive(move || {
                let steps = history.steps.get().into_iter();
                steps.flat_map(|step| step.keys).collect::<Vec<_>>()
            });
            view! {
                {reader(history.can_undo, &counted[0])}
                {reader(history.can_redo, &counted[1])}
                {reader(history.position, &counted[2])}
                {reader(keys, &counted[3])}
                {reader(history.is_recording, &counted[4])}
            }
        });
        let shown = || page.text().split_whitespace().collect::<String>();
        let counts = || runs.each_ref().map(Count::get);
        assert_eq!(shown(), "false;false;0;[];true;");

        store.set(COUNT, 1).unwrap();
        tick().await;
        assert_eq!(shown(), r#"true;false;1;["count"];true;"#);
        assert_eq!(counts(), [2, 1, 2, 2, 1], "{}", store.engine());

        store.set(NAME, name("Ada")).unwrap();
        tick().await;
        assert_eq!(shown(), r#"true;false;2;["count","name"];true;"#);
        assert_eq!(counts(), [2, 1, 3, 3, 1], "{}", store.engine());

        history.undo();
        tick().await;
        assert_eq!(shown(), r#"true;true;1;["count","name"];true;"#);
        assert_eq!(counts(), [2, 2, 4, 3, 1], "{}", store.engine());

        history.pause();
        store.set(COUNT, 9).unwrap();
        history.resume();
        history.pause();
        tick().await;
        assert_eq!(shown(), r#"true;true;1;["count","name"];false;"#);
        assert_eq!(counts(), [2, 2, 4, 3, 2], "{}", store.engine());

        history.clear();
        history.resume();
        tick().await;
        assert_eq!(shown(), "false;false;0;[];true;");
        assert_eq!(store.error_count(), 0);
    }
}

#[wasm_bindgen_test]
async fn a_history_goes_on_when_the_engine_is_exchanged() {
    let store = Store::builder().engine(EngineKind::Map).build();
    let (page, history) = page(&store, HistoryOptions::new(), |history| {
        reader(history.position, &Count::default())
    });
    store.set(COUNT, 1).unwrap();
    store.set_engine(EngineKind::Signal).unwrap();
    store.set(COUNT, 2).unwrap();
    tick().await;
    assert!(page.text().contains("2;"));
    history.undo();
    store.set_engine(EngineKind::Map).unwrap();
    history.undo();
    tick().await;
    assert!(page.text().contains("0;") && store.is_empty());
    history.go_to(2);
    tick().await;
    assert!(page.text().contains("2;"));
    assert_eq!(store.get(COUNT), Some(2));
}

/// A micro-frontend with a history of shared keys and one of its own.
fn shop((shared, own): (Handle, Handle)) -> impl IntoView {
    let keys = |history: UseHistory| {
        Signal::derive(move || {
            let steps = history.steps.get().into_iter();
            steps.map(|step| step.keys.join(" ")).collect::<Vec<_>>()
        })
    };
    view! {
        <Mfe info=MfeInfo::new("shop", "leptos", "1.0.0")>
            {
                shared.put(use_history(HistoryOptions::new()));
                own.put(use_mfe_history(HistoryOptions::new()));
                view! {
                    {reader(keys(shared.get()), &Count::default())}
                    {reader(keys(own.get()), &Count::default())}
                }
            }
        </Mfe>
    }
}

#[wasm_bindgen_test]
async fn in_a_micro_frontend_a_history_acts_as_it_and_ends_with_it() {
    for store in stores() {
        let (shared, own) = (Handle::default(), Handle::default());
        let shown = RwSignal::new(true);
        let (given, inside) = (store.clone(), (shared.clone(), own.clone()));
        let page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    <Show when=move || shown.get()>{shop(inside.clone())}</Show>
                </GlobalStateProvider>
            }
        });
        for _ in 0..3 {
            store.set(COUNT, 1).unwrap();
            store
                .batch(|tx| {
                    tx.set("count", 2)?;
                    tx.set("@shop/filter", 1)
                })
                .unwrap();
            tick().await;
            let text = page.text().split_whitespace().collect::<String>();
            assert_eq!(
                text,
                r#"["count","count"];["filter"];"#,
                "{}",
                store.engine()
            );

            let origins: Arc<Mutex<Vec<(String, Origin)>>> = Arc::default();
            let seen = Arc::clone(&origins);
            let heard = store.subscribe_all(SubscribeOptions::new(), move |changes| {
                let told = changes
                    .iter()
                    .map(|change| (change.key().to_owned(), change.origin().clone()));
                seen.lock().unwrap().extend(told);
            });
            shared.get().undo();
            own.get().undo();
            tick().await;
            drop(heard);
            let shop = || Origin::Mfe("shop".into());
            assert_eq!(
                *origins.lock().unwrap(),
                [
                    ("count".to_owned(), shop()),
                    ("@shop/filter".to_owned(), shop())
                ]
            );
            assert_eq!((store.get(COUNT), store.len()), (Some(1), 1));

            store.set_shared_access(SharedAccess::ReadOnly);
            let denied = shared.get().try_undo();
            assert!(
                matches!(
                    denied,
                    Err(StateError::Denied {
                        access: Access::Write,
                        ..
                    })
                ),
                "{denied:?}"
            );
            store.set_shared_access(SharedAccess::Open);
            let errors = store.error_count();

            own.get().redo();
            shown.set(false);
            tick().await;
            tick().await;
            assert_eq!((store.get(COUNT), store.len()), (Some(1), 1));
            assert_eq!(shared.get().try_undo(), Err(StateError::Unmounted));
            assert_eq!(own.get().try_redo(), Err(StateError::Unmounted));
            shared.get().undo();
            assert_eq!(store.error_count(), errors);
            store.clear().unwrap();
            shown.set(true);
            tick().await;
        }
    }
}

/// A value that counts how many of it there are.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
struct Held {
    n: u8,
    #[serde(skip)]
    _token: Arc<()>,
}

impl PartialEq for Held {
    fn eq(&self, other: &Self) -> bool {
        self.n == other.n
    }
}

#[wasm_bindgen_test]
async fn a_history_that_is_unmounted_holds_no_value_and_records_nothing() {
    for store in stores() {
        let token = Arc::new(());
        let write = |n| {
            let _token = Arc::clone(&token);
            store.set("held", Held { n, _token }).unwrap();
        };
        let (page, history) = page(&store, HistoryOptions::new(), |history| {
            reader(history.can_undo, &Count::default())
        });
        for n in 0..5 {
            write(n);
            tick().await;
        }
        assert_eq!(Arc::strong_count(&token), 6, "{}", store.engine());
        drop(page);
        tick().await;
        assert_eq!(Arc::strong_count(&token), 2, "{}", store.engine());
        for n in 5..9 {
            write(n);
            tick().await;
        }
        assert_eq!(Arc::strong_count(&token), 2, "{}", store.engine());
        assert_eq!(history.try_redo(), Err(StateError::Unmounted));
        assert_eq!(store.error_count(), 0);
    }
}

#[wasm_bindgen_test]
async fn what_a_history_cannot_do_is_reported_once_and_changes_nothing() {
    struct Closed;
    impl universal_state::Middleware for Closed {
        fn name(&self) -> &str {
            "closed"
        }
        fn before(&self, _: &mut Transaction) -> Result<(), Veto> {
            Err(Veto::new("closed"))
        }
    }
    for store in stores() {
        let reported = reports(&store);
        let (_page, history) = page(&store, HistoryOptions::new(), |_| ());
        store.set(COUNT, 1).unwrap();
        let closed = store.add_middleware(Closed);
        history.undo();
        let told = reported.take();
        assert!(
            matches!(&told[..], [StateError::Vetoed { .. }]),
            "{told:?}, {}",
            store.engine()
        );
        assert!(matches!(history.try_undo(), Err(StateError::Vetoed { .. })));
        assert!(reported.take().is_empty());
        store.remove_middleware(closed);
        history.undo();
        assert!(store.is_empty() && reported.take().is_empty());

        let (_page, none) = page(&store, HistoryOptions::new().keys([""]), |_| ());
        let told = reported.take();
        assert!(matches!(&told[..], [StateError::Key { .. }]), "{told:?}");
        store.set(COUNT, 2).unwrap();
        assert!(!none.can_undo.get_untracked() && none.steps.get_untracked().is_empty());
        assert!(matches!(none.try_undo(), Err(StateError::Key { .. })));
        assert!(reported.take().is_empty());
        none.redo();
        assert!(matches!(reported.take()[..], [StateError::Key { .. }]));
    }
}
