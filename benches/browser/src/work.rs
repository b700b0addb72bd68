//! The workloads, as in `workloads.js`.

use crate::adapter::{Adapter, hear_many, heard};
use reactive_graph::owner::Owner;
use std::fmt;

macro_rules! workloads {
    ($($workload:ident = $name:literal, $keys:literal keys),+ $(,)?) => {
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum Workload {
            $($workload),+
        }

        impl Workload {
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$workload),)+
                    _ => None,
                }
            }

            fn keys(self) -> usize {
                match self {
                    $(Self::$workload => $keys),+
                }
            }
        }
    };
}

workloads! {
    FreshSets = "fresh-sets", 1_000 keys,
    Subscriptions = "subscriptions", 1_000 keys,
    HotKey = "hot-key", 1 keys,
    FanOut = "fan-out", 1 keys,
    ManyKeys = "many-keys", 10_000 keys,
    Batch = "batch", 1_000 keys,
    SnapshotAfterWrite = "snapshot-after-write", 10_000 keys,
    SnapshotIterate = "snapshot-iterate", 10_000 keys,
    Reads = "reads", 10_000 keys,
    Microtasks = "microtasks", 1 keys,
    Effects = "effects", 1 keys,
}

/// What a row does for a workload. It has `run` or `step`, whichever the workload is made of.
pub trait Work {
    /// Runs so many passes.
    fn run(&mut self, _passes: u32) {}
    /// Does what one turn has to do.
    fn step(&mut self) {}
    /// Whether the work was done, where what was heard cannot tell.
    fn probe(&mut self) -> bool {
        true
    }
    /// Drops what the last runs left.
    fn rest(&mut self) {}
}

impl fmt::Debug for dyn Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Work")
    }
}

/// A store with keys and listeners, ready for a workload.
pub struct Fixture<A: Adapter> {
    workload: Workload,
    keys: Vec<String>,
    held: Vec<A::Ref>,
    listening: Vec<A::Listening>,
    /// What keeps the effects.
    _effects: Option<Owner>,
    snapshot: Option<A::Snapshot>,
    store: A,
    /// Stores that are kept until the clock has stopped.
    kept: Vec<A>,
    /// The last number that was written: each write is a change.
    tick: i32,
}

type Listen<A> = fn(&A, &<A as Adapter>::Ref) -> <A as Adapter>::Listening;

/// Subscribes with a listener of one of eight kinds.
fn listen<A: Adapter>(store: &A, held: &A::Ref, at: usize) -> A::Listening {
    let kinds: [Listen<A>; 8] = [
        A::listen::<0>,
        A::listen::<1>,
        A::listen::<2>,
        A::listen::<3>,
        A::listen::<4>,
        A::listen::<5>,
        A::listen::<6>,
        A::listen::<7>,
    ];
    kinds[at % kinds.len()](store, held)
}

/// Subscribes to each with a listener.
fn listen_to<A: Adapter>(store: &A, held: &[A::Ref]) -> Vec<A::Listening> {
    let listen = |(at, held)| listen(store, held, at);
    held.iter().enumerate().map(listen).collect()
}

/// Lets the browser see listeners of all kinds before it compiles.
fn mix_listeners<A: Adapter>() {
    let key = "key:0".to_owned();
    let store = A::open(std::slice::from_ref(&key));
    let held = store.hold(0, &key);
    let _listening: Vec<_> = (0..8).map(|at| listen(&store, &held, at)).collect();
    (1..=1_000).for_each(|value| store.set(&held, value));
}

/// Another key each time, far from the one before.
pub fn scattered(tick: i32, count: usize) -> usize {
    tick as usize * 97 % count
}

impl<A: Adapter> Fixture<A> {
    pub fn new(workload: Workload) -> Self {
        mix_listeners::<A>();
        let count = workload.keys();
        let keys: Vec<_> = (0..count).map(|at| format!("key:{at}")).collect();
        let store = A::open(match workload {
            Workload::FreshSets => &[],
            _ => &keys,
        });
        let mut held = Vec::new();
        if workload == Workload::Reads {
            held.extend(
                (0..count)
                    .map(|at| at * 7919 % count)
                    .map(|at| store.hold(at, &keys[at])),
            );
        } else if workload != Workload::FreshSets {
            held.extend((0..count).map(|at| store.hold(at, &keys[at])));
        }
        let listening = match workload {
            Workload::HotKey | Workload::ManyKeys => listen_to(&store, &held),
            Workload::FanOut => (0..1_000).map(|at| listen(&store, &held[0], at)).collect(),
            Workload::Batch => vec![store.listen_all(&held)],
            Workload::Microtasks => vec![store.listen_later(&held[0])],
            _ => Vec::new(),
        };
        let effects = (workload == Workload::Effects).then(|| store.effect(&held[0]));
        Self {
            workload,
            keys,
            held,
            listening,
            _effects: effects,
            snapshot: None,
            store,
            kept: Vec::new(),
            tick: 0,
        }
    }

    fn tick(&mut self) -> i32 {
        self.tick += 1;
        self.tick
    }

    fn set(&mut self, at: usize) {
        let value = self.tick();
        self.store.set(&self.held[at], value);
    }

    fn pass(&mut self) {
        match self.workload {
            Workload::FreshSets => {
                let store = A::open(&[]);
                for key in &self.keys {
                    self.tick += 1;
                    store.add(key, self.tick);
                }
                self.kept.push(store);
            }
            Workload::Subscriptions => {
                drop(listen_to(&self.store, &self.held));
            }
            Workload::HotKey => (0..1_000).for_each(|_| self.set(0)),
            Workload::FanOut => self.set(0),
            Workload::ManyKeys => {
                for _ in 0..100 {
                    self.set(scattered(self.tick, self.held.len()));
                }
            }
            Workload::Batch => {
                self.store.batch(&self.held, self.tick + 1);
                self.tick += self.held.len() as i32;
            }
            Workload::SnapshotAfterWrite => {
                let at = scattered(self.tick, self.held.len());
                self.set(at);
                // The one before lives until this one is there, as where two are compared.
                let snapshot = self.snapshot.insert(self.store.snapshot());
                hear_many(1, A::read(snapshot, at, &self.keys[at]));
            }
            Workload::SnapshotIterate => A::read_all(&self.store.snapshot()),
            Workload::Reads => {
                let get = |sum: i32, held| sum.wrapping_add(self.store.get(held));
                hear_many(self.held.len(), self.held.iter().fold(0, get));
            }
            Workload::Microtasks | Workload::Effects => {}
        }
    }
}

impl<A: Adapter> Work for Fixture<A> {
    fn run(&mut self, passes: u32) {
        (0..passes).for_each(|_| self.pass());
    }

    fn step(&mut self) {
        self.set(0);
    }

    fn probe(&mut self) -> bool {
        match self.workload {
            Workload::FreshSets => {
                let Some(store) = self.kept.last() else {
                    return false;
                };
                let last = self.tick - self.keys.len() as i32;
                (self.keys.iter().enumerate())
                    .all(|(at, key)| store.get(&store.hold(at, key)) == last + 1 + at as i32)
            }
            Workload::Subscriptions => {
                self.listening = listen_to(&self.store, &self.held);
                let count = self.held.len();
                heard();
                (0..count).for_each(|at| self.set(at));
                self.listening.clear();
                (0..count).for_each(|at| self.set(at));
                heard()[0] as usize == count
            }
            _ => true,
        }
    }

    fn rest(&mut self) {
        self.kept.clear();
    }
}
