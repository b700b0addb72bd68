//! What a workload asks of a store, as in `adapters/*.js`; and what its listeners hear.

use reactive_graph::{effect::Effect, owner::Owner};
use std::sync::atomic::{AtomicI32, Ordering};

/// The value that key number `at` has from the start; workloads write numbers from 1 on.
pub fn initial(at: usize) -> i32 {
    -1 - at as i32
}

static COUNT: AtomicI32 = AtomicI32::new(0);
static SUM: AtomicI32 = AtomicI32::new(0);

static KIND: AtomicI32 = AtomicI32::new(0);

/// What a listener of one of eight kinds does with a value: a page has listeners of more than one
/// kind, and with a single one the browser might compile it into the store's own code.
pub fn hear<const K: i32>(value: i32) {
    hear_many(1, value);
    KIND.store(K, Ordering::Relaxed);
}

/// As so many calls of listeners.
pub fn hear_many(count: usize, sum: i32) {
    COUNT.fetch_add(count as i32, Ordering::Relaxed);
    SUM.fetch_add(sum, Ordering::Relaxed);
}

/// How many values were heard since the last call, and their wrapping sum.
pub fn heard() -> [i32; 2] {
    [&COUNT, &SUM].map(|number| number.swap(0, Ordering::Relaxed))
}

/// Has what `read` reads heard by an effect.
pub fn effect(read: impl Fn() -> i32 + 'static) -> Owner {
    let owner = Owner::new();
    owner.with(|| Effect::new(move |_| hear::<0>(read())));
    owner
}

pub trait Adapter: 'static {
    /// What a user keeps in order to write, read and listen: a key's name, or a handle.
    type Ref: 'static;
    type Listening: 'static;
    type Snapshot: 'static;

    /// A store that holds `initial` values under the keys.
    fn open(keys: &[String]) -> Self;
    /// Sets a key that may be missing.
    fn add(&self, key: &str, value: i32);
    fn hold(&self, at: usize, key: &str) -> Self::Ref;
    fn set(&self, held: &Self::Ref, value: i32);
    fn get(&self, held: &Self::Ref) -> i32;
    /// Has each value heard, by a listener of kind `K`, before `set` returns.
    fn listen<const K: i32>(&self, held: &Self::Ref) -> Self::Listening;
    /// Has each value heard in the next microtask.
    fn listen_later(&self, held: &Self::Ref) -> Self::Listening;
    /// Has each value heard by an effect, which runs in the next microtask.
    fn effect(&self, held: &Self::Ref) -> Owner;
    /// Sets the keys, in one transaction, to `first` and the numbers that follow.
    fn batch(&self, held: &[Self::Ref], first: i32);
    /// Has each changed value of a batch heard by one listener.
    fn listen_all(&self, held: &[Self::Ref]) -> Self::Listening;
    fn snapshot(&self) -> Self::Snapshot;
    fn read(snapshot: &Self::Snapshot, at: usize, key: &str) -> i32;
    /// Has all of the snapshot heard: values plus lengths of keys.
    fn read_all(snapshot: &Self::Snapshot);
}
