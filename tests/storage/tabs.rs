//! Random sessions of tabs over a bad network that share a storage which is slow and goes wrong: once
//! neither does any more, all tabs and storage are the same.

use crate::{seeded::Seeded, support::*};
use proptest::{collection::vec, prelude::*, test_runner::TestCaseError};
use serde_json::{Value as Json, json};
use std::sync::{Arc, Mutex};
use universal_state::{
    Store,
    edge::{
        Memory, Storage,
        simulator::{Conditions, Simulator, Tab},
    },
};

const KEYS: [&str; 4] = ["a", "b:c", "row:1", "%"];
const OWN: [&str; TABS] = ["own:0", "own:1", "own:2"];
const MEMBERS: [&str; 3] = ["x", "y", "z"];
const TABS: usize = 3;

#[derive(Clone, Debug)]
enum Op {
    Set(usize, i64),
    /// A member of an object.
    SetAt(usize, usize, i64),
    Delete(usize),
    Clear,
    /// A key that nobody else writes.
    SetOwn(i64),
    Flush,
    /// Some of the answers of storage come.
    Answer(usize),
    /// The tab ends, whatever is under way, with a word or without, and another takes its place.
    Reload(bool),
    /// The edge ends, with a word or without, and the store has another once this is written.
    Reattach(bool, usize, i64),
    Resync,
    Break(Wrong, usize),
    Recover,
    Sleep,
    Wake,
    Part,
    Heal,
    /// Another application does, and nobody is told.
    ClearStorage,
}

fn op() -> impl Strategy<Value = Op> {
    let (key, value) = (0..KEYS.len(), 0..1_000_i64);
    let survivable = Wrong::ALL
        .into_iter()
        .filter(|wrong| *wrong != Wrong::Panics);
    let wrong = prop::sample::select(survivable.collect::<Vec<_>>());
    prop_oneof![
        8 => (key.clone(), value.clone()).prop_map(|(k, v)| Op::Set(k, v)),
        6 => (key.clone(), 0..MEMBERS.len(), value.clone()).prop_map(|(k, m, v)| Op::SetAt(k, m, v)),
        4 => key.clone().prop_map(Op::Delete),
        1 => Just(Op::Clear),
        5 => Just(Op::Flush),
        6 => (1..5_usize).prop_map(Op::Answer),
        2 => any::<bool>().prop_map(Op::Reload),
        3 => value.clone().prop_map(Op::SetOwn),
        2 => (any::<bool>(), key, value).prop_map(|(s, k, v)| Op::Reattach(s, k, v)),
        1 => Just(Op::Resync),
        1 => (wrong, 1..6_usize).prop_map(|(wrong, n)| Op::Break(wrong, n)),
        1 => Just(Op::Recover),
        1 => Just(Op::Sleep),
        1 => Just(Op::Wake),
        1 => Just(Op::Part),
        1 => Just(Op::Heal),
        1 => Just(Op::ClearStorage),
    ]
}

fn quiet() -> Store {
    Store::builder().on_error(|_| {}).build()
}

struct World {
    simulator: Simulator,
    memory: Memory,
    backends: Vec<Faulty>,
    tabs: Vec<Tab>,
    /// Of the tab that opens next.
    next: Arc<Mutex<Faulty>>,
    /// What each has written last into the key that is its own, unless that may be gone.
    own: [Option<i64>; TABS],
    has_cleared: bool,
}

impl World {
    fn new(seed: u64, is_bad: bool, slow: &[bool]) -> Self {
        let conditions = if is_bad {
            Conditions::bad()
        } else {
            Conditions::good()
        };
        let memory = Memory::new();
        let next = Arc::new(Mutex::new(Faulty::new(&memory)));
        let given = Arc::clone(&next);
        let simulator = Simulator::new(seed).conditions(conditions);
        let simulator = simulator
            .configure(move |edge| edge.storage(Storage::new(given.lock().unwrap().clone())));
        let backends: Vec<_> = slow.iter().map(|slow| Faulty::on(&memory, *slow)).collect();
        let mut world = Self {
            simulator,
            memory,
            backends,
            tabs: Vec::new(),
            next,
            own: [None; TABS],
            has_cleared: false,
        };
        let open = |at| world.open(at, quiet());
        world.tabs = (0..TABS).map(open).collect();
        world
    }

    fn open(&mut self, at: usize, store: Store) -> Tab {
        *self.next.lock().unwrap() = self.backends[at].clone();
        self.simulator.open_with(store, 0).unwrap()
    }

    fn end(&mut self, at: usize, says_so: bool) {
        match says_so {
            true => self.simulator.close(self.tabs[at]),
            false => self.simulator.crash(self.tabs[at]),
        }
        self.backends[at].lose_answers();
    }

    fn run(&mut self, at: usize, op: &Op) -> Result<(), TestCaseError> {
        let refused = |error| TestCaseError::fail(format!("{op:?}: {error}"));
        let (tab, backend) = (self.tabs[at], self.backends[at].clone());
        let store = self.simulator.store(tab);
        match *op {
            Op::Set(k, v) => store.set(KEYS[k], v).map_err(refused)?,
            Op::SetAt(k, m, v) => {
                let mut object = match store.get::<Json>(KEYS[k]) {
                    Some(Json::Object(object)) => object,
                    _ => serde_json::Map::new(),
                };
                object.insert(MEMBERS[m].to_owned(), json!(v));
                let object = Json::Object(object);
                store.set_json(KEYS[k], object).map_err(refused)?;
            }
            Op::Delete(k) => drop(store.delete(KEYS[k]).map_err(refused)?),
            Op::Clear => {
                store.clear().map_err(refused)?;
                self.own = [None; TABS];
                self.has_cleared = true;
            }
            Op::SetOwn(v) => {
                store.set(OWN[at], v).map_err(refused)?;
                self.own[at] = Some(v).filter(|_| !self.has_cleared);
            }
            Op::Flush => self.simulator.flush(tab),
            Op::Answer(n) => (0..n).for_each(|_| {
                backend.answer_one();
            }),
            Op::Reload(says_so) => {
                self.end(at, says_so);
                self.own[at] = None;
                self.tabs[at] = self.open(at, quiet());
            }
            Op::Reattach(says_so, k, v) => {
                let store = store.clone();
                self.end(at, says_so);
                store.set(KEYS[k], v).map_err(refused)?;
                self.tabs[at] = self.open(at, store);
            }
            Op::Resync => self.simulator.edge(tab).resync(),
            Op::Break(wrong, n) => {
                let from = backend.calls();
                backend.go_wrong(wrong, from..=from + n);
            }
            Op::Recover => backend.recover(),
            Op::Sleep => self.simulator.sleep(tab),
            Op::Wake => self.simulator.wake(tab),
            Op::Part => self.simulator.part(&[tab]),
            Op::Heal => self.simulator.heal(),
            Op::ClearStorage => self.memory.clear(),
        }
        Ok(())
    }

    fn answer(&self) {
        self.backends.iter().for_each(Faulty::answer);
    }

    /// Nothing goes wrong any more, and all look whether they missed something.
    fn settle(&mut self) -> Result<(), TestCaseError> {
        self.simulator.heal();
        self.backends.iter().for_each(Faulty::recover);
        self.answer();
        for tab in &self.tabs {
            self.simulator.wake(*tab);
            self.simulator.edge(*tab).resync();
        }
        // Longer than any pause before what failed is tried again.
        for _ in 0..120 {
            self.answer();
            self.simulator.advance(1_000);
        }
        let settled = self.simulator.settle();
        settled.map_err(|error| TestCaseError::fail(error.to_string()))?;
        self.answer();
        Ok(())
    }

    fn state(&self, tab: Tab) -> Vec<Option<Json>> {
        let store = self.simulator.store(tab);
        let keys = KEYS.iter().chain(&OWN);
        keys.map(|key| store.get(*key)).collect()
    }

    fn check(&mut self) -> Result<(), TestCaseError> {
        let first = self.state(self.tabs[0]);
        for tab in &self.tabs {
            prop_assert_eq!(self.state(*tab), first.clone());
            let status = self.simulator.edge(*tab).status();
            prop_assert_eq!((status.pending, status.failed), (0, 0));
        }
        for (key, own) in OWN.iter().zip(self.own) {
            let held = self.simulator.store(self.tabs[0]).get(*key);
            prop_assert!(
                own.is_none() || own == held,
                "{} is {:?}, not {:?}",
                key,
                held,
                own
            );
        }
        // What is stored alone is the same.
        for tab in self.tabs.clone() {
            self.simulator.close(tab);
        }
        self.answer();
        *self.next.lock().unwrap() = Faulty::new(&self.memory);
        let next = self.simulator.open().unwrap();
        prop_assert_eq!(self.state(next), first);
        Ok(())
    }
}

#[test]
fn once_nothing_goes_wrong_tabs_and_storage_are_the_same() {
    let sessions = Seeded::new(1_000);
    let world = (any::<u64>(), any::<bool>(), vec(any::<bool>(), TABS));
    let ops = vec((0..TABS, op(), 0..200_u64), 1..100);
    sessions.try_all((world, ops), |((seed, is_bad, slow), ops)| {
        let mut world = World::new(seed, is_bad, &slow);
        for (at, op, wait) in &ops {
            world.run(*at, op)?;
            world.simulator.advance(*wait);
        }
        world.settle()?;
        world.check()
    });
    let Seeded { cases, seed } = sessions;
    figure!("random sessions with tabs and storage: {cases}, seed {seed}");
}
