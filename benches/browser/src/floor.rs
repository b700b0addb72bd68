//! The floor: the signals that Leptos is made of, held one by one, with no way from a key to its signal.

use crate::adapter::{Adapter, effect, hear, hear_many, initial};
use reactive_graph::{
    effect::{ImmediateEffect, batch},
    owner::Owner,
    signal::ArcRwSignal,
    traits::{Get, GetUntracked, Set},
};
use std::{any::Any, cell::RefCell, rc::Rc};

pub struct Floor {
    signals: RefCell<Vec<ArcRwSignal<i32>>>,
    keys: Rc<[String]>,
}

impl Adapter for Floor {
    type Ref = ArcRwSignal<i32>;
    type Listening = Box<dyn Any>;
    type Snapshot = (Rc<[String]>, Vec<i32>);

    fn open(keys: &[String]) -> Self {
        let signals = (0..keys.len()).map(|at| ArcRwSignal::new(initial(at)));
        Self {
            signals: RefCell::new(signals.collect()),
            keys: keys.into(),
        }
    }

    fn add(&self, _: &str, value: i32) {
        self.signals.borrow_mut().push(ArcRwSignal::new(value));
    }

    fn hold(&self, at: usize, _: &str) -> Self::Ref {
        self.signals.borrow()[at].clone()
    }

    fn set(&self, signal: &Self::Ref, value: i32) {
        signal.set(value);
    }

    fn get(&self, signal: &Self::Ref) -> i32 {
        signal.get_untracked()
    }

    fn listen<const K: i32>(&self, signal: &Self::Ref) -> Box<dyn Any> {
        let signal = signal.clone();
        Box::new(ImmediateEffect::new(move || hear::<K>(signal.get())))
    }

    fn listen_later(&self, signal: &Self::Ref) -> Box<dyn Any> {
        Box::new(self.effect(signal))
    }

    fn effect(&self, signal: &Self::Ref) -> Owner {
        let signal = signal.clone();
        effect(move || signal.get())
    }

    fn batch(&self, signals: &[Self::Ref], first: i32) {
        batch(|| {
            for (value, signal) in (first..).zip(signals) {
                signal.set(value);
            }
        });
    }

    fn listen_all(&self, signals: &[Self::Ref]) -> Box<dyn Any> {
        let signals = signals.to_vec();
        Box::new(ImmediateEffect::new(move || {
            signals.iter().for_each(|signal| hear::<0>(signal.get()));
        }))
    }

    fn snapshot(&self) -> Self::Snapshot {
        let signals = self.signals.borrow();
        let values = signals.iter().map(GetUntracked::get_untracked);
        (Rc::clone(&self.keys), values.collect())
    }

    fn read((_, values): &Self::Snapshot, at: usize, _: &str) -> i32 {
        values[at]
    }

    fn read_all((keys, values): &Self::Snapshot) {
        let sum = keys.iter().zip(values).fold(0, |sum: i32, (key, value)| {
            sum.wrapping_add(value + key.len() as i32)
        });
        hear_many(values.len(), sum);
    }
}
