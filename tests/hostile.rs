//! Whatever comes in from other tabs: nothing panics, what is refused is counted and leaves no trace.
//!
//! The saved cases are in `tests/hostile/cases.txt`: what is to become of a message, a tab stop, the
//! message. Generated ones print their seed; `PROPTEST_RNG_SEED` replays it, and
//! `UNIVERSAL_STATE_CASES` sets how many tabs hear 50 messages each (2,000 if it is not set).

#![cfg(all(not(target_family = "wasm"), feature = "edge"))]

#[macro_use]
mod figures;
#[path = "hostile/generated.rs"]
mod generated;
#[path = "hostile/limits.rs"]
mod limits;
#[path = "hostile/names.rs"]
mod names;
#[path = "hostile/saved.rs"]
mod saved;
mod seeded;
mod special_names;

use serde_json::Value;
use std::{
    mem,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use universal_state::{
    Label, Pattern, Store,
    edge::{Edge, Fault, Receive, Refused, ReplicaId, Tabs, Transport},
};

/// When all of this happens, in ms since the Unix epoch.
const NOW: u64 = 1_800_000_000_000;

/// The tab that is attacked.
const OWN_ID: u64 = 0xcafe;

/// The limit for messages, in bytes.
const LIMIT: usize = 64 * 1024;

/// A channel that goes nowhere: what is sent is kept, what arrives is put in by hand.
#[derive(Clone, Default)]
struct Mail(Arc<Post>);

#[derive(Default)]
struct Post {
    receive: Mutex<Option<Arc<Receive>>>,
    sent: Mutex<Vec<String>>,
}

impl Transport for Mail {
    fn name(&self) -> &str {
        "mail"
    }

    fn open(&self, _: &str, receive: Receive) -> Result<(), Fault> {
        *self.0.receive.lock().unwrap() = Some(Arc::new(receive));
        Ok(())
    }

    fn send(&self, message: &str) -> Result<(), Fault> {
        self.0.sent.lock().unwrap().push(message.to_owned());
        Ok(())
    }

    fn close(&self) {
        *self.0.receive.lock().unwrap() = None;
    }
}

/// A tab that others send messages to.
struct Victim {
    store: Store,
    edge: Edge,
    mail: Mail,
    now: Arc<AtomicU64>,
    reports: Arc<AtomicU64>,
}

/// All that a message could have changed, but for what it is counted in.
#[derive(Debug, PartialEq)]
struct Trace {
    state: Value,
    version: u64,
    tabs: Vec<ReplicaId>,
    /// What the tab tells others that it has.
    digest: String,
}

impl Victim {
    fn new() -> Self {
        Self::with_id(OWN_ID)
    }

    fn with_id(id: u64) -> Self {
        let (mail, now) = (Mail::default(), Arc::new(AtomicU64::new(NOW)));
        let reports = Arc::new(AtomicU64::new(0));
        let (clock, count) = (Arc::clone(&now), Arc::clone(&reports));
        let store = Store::builder()
            .on_error(move |_| {
                count.fetch_add(1, Ordering::Relaxed);
            })
            .label(Pattern::glob("local:*").unwrap(), Label::Local)
            .label(Pattern::glob("secret:*").unwrap(), Label::Secret)
            .build();
        // In a box, as one that is chosen when the page runs.
        let transport: Box<dyn Transport> = Box::new(mail.clone());
        let edge = Edge::builder("hostile")
            .replica(ReplicaId::new(id))
            .clock(move || clock.load(Ordering::Relaxed))
            .tabs(Tabs::new(transport).max_message(LIMIT))
            .attach(&store)
            .unwrap();
        Self {
            store,
            edge,
            mail,
            now,
            reports,
        }
    }

    fn hears(&self, message: &str) {
        let receive = self.mail.0.receive.lock().unwrap().clone();
        (receive.unwrap())(message);
    }

    /// What was sent since the last call.
    fn sent(&self) -> Vec<String> {
        mem::take(&mut self.mail.0.sent.lock().unwrap())
    }

    fn pass(&self, ms: u64) {
        self.now.fetch_add(ms, Ordering::Relaxed);
        self.edge.poll();
    }

    fn refused(&self) -> Refused {
        self.edge.status().refused
    }

    fn trace(&self) -> Trace {
        let before = self.sent();
        self.now.fetch_add(300, Ordering::Relaxed);
        self.edge.resync();
        let asked = self.sent().pop().unwrap();
        self.mail.0.sent.lock().unwrap().extend(before);
        Trace {
            state: self.store.snapshot().to_json().unwrap(),
            version: self.store.metadata().version,
            tabs: self.edge.status().tabs,
            digest: asked.split_once("\"digest\":").unwrap().1.to_owned(),
        }
    }
}

/// A stamp of some replica, so many ms after now.
fn stamp(after: i64, count: u64) -> String {
    let millis = NOW.checked_add_signed(after).unwrap();
    format!("{}-{}-00000000000000aa", base36(millis), base36(count))
}

fn base36(mut number: u64) -> String {
    let mut digits = Vec::new();
    while number > 0 || digits.is_empty() {
        digits.push(char::from_digit((number % 36) as u32, 36).unwrap());
        number /= 36;
    }
    digits.iter().rev().collect()
}
