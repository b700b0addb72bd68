//! What the cases share.

pub use crate::log::Log;
use universal_state::{
    Change, ChangeSet, Delivery, EngineKind, Pattern, Snapshot, StateError, Store,
    SubscribeOptions, Subscription,
};

#[cfg(feature = "js")]
#[path = "guests.rs"]
pub mod guests;

/// Whether what the stores of this thread hold crosses to another store as JSON.
pub fn crosses_as_json() -> bool {
    #[cfg(feature = "js")]
    return guests::are_meant();
    #[cfg(not(feature = "js"))]
    false
}

/// An empty store on an engine; where a case runs as a guest, one that has joined another.
pub fn store(engine: EngineKind) -> Store {
    let store = Store::builder().engine(engine).on_error(|_| {}).build();
    #[cfg(feature = "js")]
    guests::join(&store);
    store
}

/// Notes every error that is reported to a store.
pub fn reports(store: &Store) -> Log<StateError> {
    let log = Log::default();
    let sink = log.clone();
    store.set_reporter(move |error| sink.push(error.clone()));
    log
}

/// A changed key with its previous and its new value.
pub type Entry = (String, Option<i32>, Option<i32>);

/// What a set of changes tells of numbers, in its order.
pub fn entries(changes: &ChangeSet) -> Vec<Entry> {
    let entry = |change: &Change| (change.key().to_owned(), change.old(), change.new());
    changes.iter().map(entry).collect()
}

/// An entry as it is written in a test.
pub fn entry(key: &str, old: impl Into<Option<i32>>, new: impl Into<Option<i32>>) -> Entry {
    (key.to_owned(), old.into(), new.into())
}

/// Notes each set of changes that the store's listeners are told, under a delivery.
pub fn told(store: &Store, delivery: Delivery) -> Log<Vec<Entry>> {
    let log = Log::default();
    let sink = log.clone();
    store
        .subscribe_all(SubscribeOptions::new().delivery(delivery), move |changes| {
            sink.push(entries(changes))
        })
        .unwrap()
        .forget();
    log
}

/// One call a transaction, on every engine.
pub fn sync() -> SubscribeOptions {
    SubscribeOptions::new().delivery(Delivery::Sync)
}

/// Notes what the listeners of a key, of keys and of a pattern that all mean `a` are told.
pub fn listen_to_a(store: &Store, options: SubscribeOptions) -> (Log<Entry>, [Subscription; 3]) {
    let log = Log::<Entry>::default();
    let sinks: [Log<Entry>; 3] = std::array::from_fn(|_| log.clone());
    let [key, keys, pattern] = sinks;
    let note = |sink: Log<Entry>| {
        move |changes: &ChangeSet| {
            entries(changes)
                .into_iter()
                .for_each(|entry| sink.push(entry))
        }
    };
    let on_key = move |value: Option<&i32>, change: &Change| {
        assert_eq!(value.copied(), change.new());
        key.push((change.key().to_owned(), change.old(), value.copied()));
    };
    let subscriptions = [
        store.subscribe_with("a", options, on_key).unwrap(),
        store
            .subscribe_keys(["a", "z", "a"], options, note(keys))
            .unwrap(),
        store
            .subscribe_pattern(Pattern::glob("[a]").unwrap(), options, note(pattern))
            .unwrap(),
    ];
    (log, subscriptions)
}

/// Subscribes to a key for good.
pub fn on(
    store: &Store,
    key: &str,
    delivery: Delivery,
    f: impl Fn(&Store, Option<i32>) + Send + Sync + 'static,
) {
    let here = store.clone();
    let options = SubscribeOptions::new().delivery(delivery);
    let listener = move |value: Option<&i32>, _: &Change| f(&here, value.copied());
    store
        .subscribe_with(key, options, listener)
        .unwrap()
        .forget();
}

/// A snapshot of another store.
pub fn saved(values: &[(&str, i32)]) -> Snapshot {
    let store = Store::new();
    store.set_many(values.iter().copied()).unwrap();
    store.snapshot()
}
