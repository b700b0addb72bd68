//! What the tests share.

pub use crate::log::Log;
use std::sync::Arc;
use universal_state::{
    Change, ChangeSet, Delivery, EngineKind, StateError, Store, SubscribeOptions, Transaction,
    Veto,
    edge::page::{
        guest::Guest,
        link::{Host, Links},
    },
};

/// Each engine as host of each.
pub const PAIRS: [[EngineKind; 2]; 4] = [
    [EngineKind::Map, EngineKind::Map],
    [EngineKind::Map, EngineKind::Signal],
    [EngineKind::Signal, EngineKind::Map],
    [EngineKind::Signal, EngineKind::Signal],
];

/// A host with guests.
pub struct Page {
    pub host: Store,
    pub links: Arc<Links>,
    pub guests: Vec<Store>,
    pub joined: Vec<Guest>,
}

pub fn store(engine: EngineKind) -> Store {
    Store::builder().engine(engine).on_error(|_| {}).build()
}

impl Page {
    pub fn new([host, guest]: [EngineKind; 2], guests: usize) -> Self {
        let host = store(host);
        let mut page = Self {
            links: Arc::new(Links::new(&host)),
            host,
            guests: Vec::new(),
            joined: Vec::new(),
        };
        for _ in 0..guests {
            page.join(store(guest));
        }
        page
    }

    pub fn join(&mut self, store: Store) -> Store {
        self.joined.push(join(&store, &self.links).unwrap());
        self.guests.push(store.clone());
        store
    }

    /// All stores hold the same, and know of the same micro-frontends.
    #[track_caller]
    pub fn agree(&self) {
        let json = self.host.snapshot().to_json().unwrap();
        for guest in &self.guests {
            assert_eq!(guest.snapshot().to_json().unwrap(), json);
            assert_eq!(guest.mfes(), self.host.mfes());
        }
    }
}

pub fn join(store: &Store, links: &Links) -> Result<Guest, StateError> {
    Guest::join(store, |receive| {
        Ok(Arc::new(links.link(receive)?) as Arc<dyn Host>)
    })
}

pub fn sync() -> SubscribeOptions {
    SubscribeOptions::new().delivery(Delivery::Sync)
}

/// Notes every change, a text for each transaction.
pub fn told(store: &Store) -> Log<String> {
    let log = Log::default();
    let sink = log.clone();
    store
        .subscribe_all(sync(), move |changes: &ChangeSet| {
            let note = |c: &Change| {
                let new = c.new::<i32>().map_or("-".to_owned(), |n| n.to_string());
                format!("{}={new} {} {}", c.key(), c.origin(), c.source())
            };
            let notes: Vec<_> = changes.iter().map(note).collect();
            sink.push(notes.join(", "));
        })
        .unwrap()
        .forget();
    log
}

/// Calls `f` with every new number of a key, at once.
pub fn on(store: &Store, key: &str, f: impl Fn(Option<i32>) + Send + Sync + 'static) {
    let listener = move |value: Option<&i32>, _: &Change| f(value.copied());
    store
        .subscribe_with(key, sync(), listener)
        .unwrap()
        .forget();
}

/// Refuses numbers below zero and makes those above a hundred a hundred.
pub struct Limits(pub &'static str);

impl universal_state::Middleware for Limits {
    fn name(&self) -> &str {
        self.0
    }

    fn before(&self, transaction: &mut Transaction) -> Result<(), Veto> {
        for write in transaction.writes_mut() {
            match write.new::<i64>() {
                Some(n) if n < 0 => {
                    let key = write.key().to_owned();
                    return Err(Veto::new("it is negative").of_key(key));
                }
                Some(n) if n > 100 => write.replace(100),
                _ => {}
            }
        }
        Ok(())
    }
}
