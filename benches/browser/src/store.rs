//! The store, on either engine, by name and by handle.

use crate::adapter::{Adapter, effect, hear, hear_many, initial};
use reactive_graph::owner::Owner;
use std::marker::PhantomData;
use universal_state::{
    ChangeSet, Delivery, EngineKind, Handle, Snapshot, Store, SubscribeOptions, Subscription, Value,
};

/// By what a key is addressed.
pub trait Form: 'static {
    type Ref: 'static;
    fn hold(store: &Store, key: &str) -> Self::Ref;
    fn set(store: &Store, held: &Self::Ref, value: i32);
    fn get(store: &Store, held: &Self::Ref) -> Option<i32>;
    fn effect(store: &Store, held: &Self::Ref) -> Owner;
    fn listen<const K: i32>(
        store: &Store,
        held: &Self::Ref,
        options: SubscribeOptions,
    ) -> Subscription;
}

pub struct ByName;

impl Form for ByName {
    type Ref = String;

    fn hold(_: &Store, key: &str) -> String {
        key.to_owned()
    }

    fn set(store: &Store, key: &String, value: i32) {
        store.set(key, value).unwrap();
    }

    fn get(store: &Store, key: &String) -> Option<i32> {
        store.get(key)
    }

    fn effect(store: &Store, key: &String) -> Owner {
        let (store, key) = (store.clone(), key.clone());
        effect(move || store.get(&key).unwrap())
    }

    fn listen<const K: i32>(
        store: &Store,
        key: &String,
        options: SubscribeOptions,
    ) -> Subscription {
        let subscription = store.subscribe_with(key, options, |value: Option<&i32>, _| {
            hear::<K>(*value.unwrap())
        });
        subscription.unwrap()
    }
}

pub struct ByHandle;

impl Form for ByHandle {
    type Ref = Handle<i32>;

    fn hold(store: &Store, key: &str) -> Handle<i32> {
        store.handle(key).unwrap()
    }

    fn set(_: &Store, handle: &Handle<i32>, value: i32) {
        handle.set(value).unwrap();
    }

    fn get(_: &Store, handle: &Handle<i32>) -> Option<i32> {
        handle.get()
    }

    fn effect(_: &Store, handle: &Handle<i32>) -> Owner {
        let handle = handle.clone();
        effect(move || handle.get().unwrap())
    }

    fn listen<const K: i32>(
        _: &Store,
        handle: &Handle<i32>,
        options: SubscribeOptions,
    ) -> Subscription {
        let subscription = handle.subscribe(options, |value, _| hear::<K>(*value.unwrap()));
        subscription.unwrap()
    }
}

pub struct Ours<F, const MAP: bool>(Store, PhantomData<F>);

fn number(value: &Value) -> i32 {
    value.with(|value| *value).unwrap()
}

impl<F: Form, const MAP: bool> Adapter for Ours<F, MAP> {
    type Ref = F::Ref;
    type Listening = Subscription;
    type Snapshot = Snapshot;

    fn open(keys: &[String]) -> Self {
        let engine = if MAP {
            EngineKind::Map
        } else {
            EngineKind::Signal
        };
        let store = Store::builder().engine(engine).build();
        for (at, key) in keys.iter().enumerate() {
            store.set(key, initial(at)).unwrap();
        }
        Self(store, PhantomData)
    }

    fn add(&self, key: &str, value: i32) {
        self.0.set(key, value).unwrap();
    }

    fn hold(&self, _: usize, key: &str) -> F::Ref {
        F::hold(&self.0, key)
    }

    fn set(&self, held: &F::Ref, value: i32) {
        F::set(&self.0, held, value);
    }

    fn get(&self, held: &F::Ref) -> i32 {
        F::get(&self.0, held).unwrap()
    }

    fn listen<const K: i32>(&self, held: &F::Ref) -> Subscription {
        let options = SubscribeOptions::new().delivery(Delivery::Sync);
        F::listen::<K>(&self.0, held, options)
    }

    fn listen_later(&self, held: &F::Ref) -> Subscription {
        F::listen::<0>(&self.0, held, SubscribeOptions::new())
    }

    fn effect(&self, held: &F::Ref) -> Owner {
        F::effect(&self.0, held)
    }

    fn batch(&self, held: &[F::Ref], first: i32) {
        let sets = || (first..).zip(held);
        let batch = self.0.batch(|_| {
            sets().for_each(|(value, held)| F::set(&self.0, held, value));
            Ok(())
        });
        batch.unwrap();
    }

    fn listen_all(&self, _: &[F::Ref]) -> Subscription {
        let options = SubscribeOptions::new().delivery(Delivery::Sync);
        let listener = |changes: &ChangeSet| {
            for change in changes {
                hear::<0>(number(change.new_value().unwrap()));
            }
        };
        self.0.subscribe_all(options, listener).unwrap()
    }

    fn snapshot(&self) -> Snapshot {
        self.0.snapshot()
    }

    fn read(snapshot: &Snapshot, _: usize, key: &str) -> i32 {
        number(snapshot.value(key).unwrap())
    }

    fn read_all(snapshot: &Snapshot) {
        let sum = snapshot.iter().fold(0, |sum: i32, (key, value)| {
            sum.wrapping_add(number(value) + key.len() as i32)
        });
        hear_many(snapshot.len(), sum);
    }
}
