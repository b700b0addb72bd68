//! The hooks on a server: they compile, return what the request's store holds, and touch nothing.
#![cfg(all(feature = "leptos", not(target_family = "wasm")))]

use leptos::prelude::{GetUntracked, Owner};
use universal_state::{
    HistoryOptions, Key, MfeInfo, StateError, Store,
    hooks::{
        UseGlobalStateOptions, provide_global_state, try_use_scope, try_use_store,
        use_global_action, use_global_resource, use_global_state, use_global_state_or,
        use_global_state_with_options, use_global_states, use_history, use_landing,
        use_load_status, use_mfe, use_mfe_state, use_snapshot,
    },
};

const COUNT: Key<i32> = Key::new("count");
const NAME: Key<String> = Key::new("name");

/// One request: an owner and a store of its own.
fn request(store: &Store, render: impl FnOnce()) {
    let owner = Owner::new();
    owner.with(|| {
        provide_global_state(store.clone());
        render();
    });
    owner.cleanup();
}

#[test]
fn a_hook_returns_the_initial_value_and_writes_nothing() {
    let store = Store::new();
    request(&store, || {
        assert_eq!(use_global_state(COUNT).0.get_untracked(), None);
        assert_eq!(use_global_state_or(COUNT, 3).0.get_untracked(), 3);
        assert_eq!(
            use_global_states((COUNT, NAME)).0.get_untracked(),
            (None, None)
        );
        let options = UseGlobalStateOptions::new().default_value(4);
        let (value, _) = use_global_state_with_options(COUNT, options);
        assert_eq!(value.get_untracked(), Some(4));
        assert!(use_snapshot().get_untracked().is_empty());
    });
    assert!(store.is_empty());
    assert_eq!(store.metadata().version, 0);
}

#[test]
fn a_hook_returns_what_the_requests_store_holds() {
    let (store, other) = (Store::new(), Store::new());
    store.set(COUNT, 7).unwrap();
    request(&store, || {
        assert_eq!(use_global_state(COUNT).0.get_untracked(), Some(7));
        assert_eq!(use_snapshot().get_untracked().get(COUNT), Some(7));
    });
    request(&other, || {
        assert_eq!(
            use_global_state(COUNT).0.get_untracked(),
            None,
            "another visitor's store"
        );
    });
}

#[test]
fn a_memo_of_a_hook_follows_writes_during_the_render() {
    let store = Store::new();
    request(&store, || {
        let (value, set) = use_global_state_or(COUNT, 0);
        assert_eq!(value.get_untracked(), 0);
        set.set(5);
        assert_eq!(value.get_untracked(), 5);
    });
}

#[test]
fn nothing_is_fetched_while_a_page_is_rendered() {
    // Effects are on in tests, unlike on a server; nobody runs what they spawn here.
    let _ = any_spawner::Executor::init_futures_executor();
    let store = Store::new();
    store.set(COUNT, 7).unwrap();
    request(&store, || {
        let fetch = |_: ()| async { Err::<i32, _>("asked") };
        let resource = use_global_resource(COUNT, || (), fetch);
        let action = use_global_action(NAME, |name: String| async { Ok::<_, String>(name) });
        let landing = use_landing(NAME, || true, || Some(Err("landed")));
        assert_eq!(resource.value.get_untracked(), Some(7));
        assert_eq!(
            (action.value.get_untracked(), landing.value.get_untracked()),
            (None, None)
        );
        assert!(!resource.pending.get_untracked() && !landing.pending.get_untracked());
        assert_eq!(
            (
                resource.error.get_untracked(),
                landing.error.get_untracked()
            ),
            (None, None)
        );
        assert!(use_load_status(COUNT).get_untracked().is_idle());
        resource.refetch();
    });
    assert!(store.load_status("count").is_idle() && store.load_status("name").is_idle());
    assert_eq!(store.metadata().version, 1);
}

#[test]
fn a_micro_frontend_ends_with_its_request() {
    let store = Store::new();
    request(&store, || {
        assert!(try_use_scope().is_none());
        use_mfe(MfeInfo::new("shop", "leptos", "1.0.0")).unwrap();
        let (filter, set_filter) = use_mfe_state::<String>("filter");
        set_filter.set("red".to_owned());
        assert_eq!(filter.get_untracked().as_deref(), Some("red"));
        assert_eq!(store.keys(), ["@shop/filter"]);
        let taken = use_mfe(MfeInfo::new("shop", "leptos", "2.0.0"));
        assert!(matches!(taken, Err(StateError::MfeTaken { .. })));
    });
    assert!(store.mfes().is_empty() && store.is_empty());
}

#[test]
fn a_history_ends_with_its_request() {
    let store = Store::new();
    let mut late = None;
    request(&store, || {
        let history = use_history(HistoryOptions::new());
        let (_, set) = use_global_state(COUNT);
        set.set(1);
        set.set(2);
        assert_eq!(history.position.get_untracked(), 2);
        history.undo();
        assert_eq!(store.get(COUNT), Some(1));
        assert!(history.can_undo.get_untracked() && history.can_redo.get_untracked());
        late = Some(history);
    });
    let late = late.map(|history| history.try_undo());
    assert_eq!(late, Some(Err(StateError::Unmounted)));
    assert_eq!(store.get(COUNT), Some(1));
}

#[test]
fn without_a_provider_there_is_no_store() {
    Owner::new().with(|| assert!(try_use_store().is_none()));
}

#[cfg(feature = "collections")]
#[test]
fn a_collection_holds_what_the_requests_store_holds() {
    use universal_state::{
        OrdMap, OrdSet,
        hooks::{use_global_map, use_global_set},
    };
    const STOCK: Key<OrdMap<u32, i32>> = Key::new("stock");
    const TAGS: Key<OrdSet<String>> = Key::new("tags");

    let store = Store::new();
    store.set(STOCK, [(1, 10)].into()).unwrap();
    request(&store, || {
        let (stock, tags) = (use_global_map(STOCK), use_global_set(TAGS));
        assert_eq!(
            (stock.get(&1), stock.keys(), tags.len()),
            (Some(10), vec![1], 0)
        );
        stock.insert(2, 20);
        assert_eq!(stock.len(), 2);
    });
    assert_eq!(
        (store.slot_count(), store.keys()),
        (1, vec!["stock".to_owned()])
    );
}
