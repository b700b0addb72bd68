//! What edges do: a set that becomes a message to other tabs; and a page that has a store in common
//! with another.

use crate::{adapter::hear_many, work::Work};
use js_sys::Function;
use reactive_graph::{effect::Effect, owner::Owner};
use std::sync::{Arc, Mutex, PoisonError};
use universal_state::{
    EngineKind, Store,
    edge::{
        Edge, Fault, Receive, Storage, Tabs, Transport,
        browser::{BroadcastTransport, LocalStorage},
    },
};
use wasm_bindgen::prelude::*;

fn name(at: u32) -> String {
    format!("key:{at}")
}

/// Drops what is sent, and counts what tells of a change.
#[derive(Clone, Default)]
struct Counter {
    last: Arc<Mutex<String>>,
}

impl Transport for Counter {
    fn name(&self) -> &str {
        "a counter"
    }

    fn open(&self, _channel: &str, _receive: Receive) -> Result<(), Fault> {
        Ok(())
    }

    fn send(&self, message: &str) -> Result<(), Fault> {
        if message.contains(r#""type":"change""#) {
            hear_many(1, 0);
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            message.clone_into(&mut last);
        }
        Ok(())
    }

    fn close(&self) {}
}

/// A thousand sets a pass, each of which is stamped and sent.
pub fn convergent(row: &str) -> Option<Box<dyn Work>> {
    let engine = match row {
        "universal-state signal" => EngineKind::Signal,
        "universal-state map" => EngineKind::Map,
        _ => return None,
    };
    let store = Store::builder().engine(engine).build();
    let sent = Counter::default();
    let edge = Edge::builder("bench").tabs(Tabs::new(sent.clone()));
    let edge = edge.attach(&store).unwrap();
    Some(Box::new(Convergent {
        store,
        edge,
        sent,
        tick: 0,
    }))
}

struct Convergent {
    store: Store,
    edge: Edge,
    sent: Counter,
    tick: i32,
}

impl Work for Convergent {
    fn run(&mut self, passes: u32) {
        for _ in 0..passes * 1_000 {
            self.tick += 1;
            self.store.set("key:0", self.tick).unwrap();
            self.edge.flush();
        }
    }

    fn probe(&mut self) -> bool {
        let last = self
            .sent
            .last
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        last.contains(&format!(",{}]", self.tick)) && last.contains("key:0")
    }
}

/// A page's store, stored and in step with the other page.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Tab {
    store: Store,
    edge: Edge,
    _effect: Owner,
}

#[wasm_bindgen]
impl Tab {
    /// Calls `seen` with the number under the first key, from an effect, whenever it has changed.
    pub fn open(application: &str, seen: Function) -> Result<Self, JsError> {
        let store = Store::new();
        let edge = Edge::builder(application)
            .storage(Storage::new(LocalStorage))
            .tabs(Tabs::new(BroadcastTransport::new()))
            .attach(&store)?;
        let owner = Owner::new();
        let read = store.clone();
        owner.with(|| {
            Effect::new(move |_| {
                if let Some(number) = read.get::<i32>("key:0") {
                    let _ = seen.call1(&JsValue::NULL, &JsValue::from(number));
                }
            })
        });
        Ok(Self {
            store,
            edge,
            _effect: owner,
        })
    }

    /// Sets so many keys, and stores them.
    pub fn fill(&self, keys: u32) -> Result<(), JsError> {
        let keys = (0..keys).map(|at| (name(at), 0));
        self.store.set_many(keys)?;
        self.edge.flush();
        Ok(())
    }

    /// Sets the first key.
    pub fn set(&self, number: i32) -> Result<(), JsError> {
        Ok(self.store.set("key:0", number)?)
    }

    /// How many keys there are.
    pub fn keys(&self) -> usize {
        self.store.len()
    }
}
