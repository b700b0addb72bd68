//! Random sessions of pages that share a storage which goes wrong: once it does not any more, all pages
//! and storage are the same.

use crate::{seeded::Seeded, support::*};
use proptest::{collection::vec, prelude::*, test_runner::TestCaseError};
use serde_json::{Value as Json, json};
use universal_state::edge::{Memory, Storage};

const KEYS: [&str; 4] = ["a", "b:c", "row:1", "%"];
const MEMBERS: [&str; 3] = ["x", "y", "z"];
const PAGES: usize = 3;

#[derive(Clone, Debug)]
enum Op {
    Set(usize, usize, i64),
    /// A member of an object.
    SetAt(usize, usize, usize, i64),
    Delete(usize, usize),
    Clear(usize),
    Flush(usize),
    /// Some of the answers come.
    Answer(usize, usize),
    /// The page is left, whatever is under way, and another takes its place.
    Reload(usize, bool),
    Resync(usize),
    Wait(u64),
    ClockBack(u64),
    Break(usize, Wrong, usize),
    Recover(usize),
    /// Somebody else damages an item.
    Damage(usize),
    ClearStorage,
}

fn op() -> impl Strategy<Value = Op> {
    let (page, key, value) = (0..PAGES, 0..KEYS.len(), 0..100_i64);
    let wrong = prop::sample::select(
        Wrong::ALL
            .into_iter()
            .filter(|wrong| *wrong != Wrong::Panics)
            .collect::<Vec<_>>(),
    );
    prop_oneof![
        8 => (page.clone(), key.clone(), value.clone()).prop_map(|(p, k, v)| Op::Set(p, k, v)),
        8 => (page.clone(), key.clone(), 0..MEMBERS.len(), value)
            .prop_map(|(p, k, m, v)| Op::SetAt(p, k, m, v)),
        4 => (page.clone(), key.clone()).prop_map(|(p, k)| Op::Delete(p, k)),
        1 => page.clone().prop_map(Op::Clear),
        8 => page.clone().prop_map(Op::Flush),
        8 => (page.clone(), 1..5_usize).prop_map(|(p, n)| Op::Answer(p, n)),
        3 => (page.clone(), any::<bool>()).prop_map(|(p, saves)| Op::Reload(p, saves)),
        2 => page.clone().prop_map(Op::Resync),
        4 => (0..20_000_u64).prop_map(Op::Wait),
        1 => (0..200_000_u64).prop_map(Op::ClockBack),
        4 => (page.clone(), wrong, 1..6_usize).prop_map(|(p, w, n)| Op::Break(p, w, n)),
        2 => page.prop_map(Op::Recover),
        1 => key.prop_map(Op::Damage),
        1 => Just(Op::ClearStorage),
    ]
}

struct World {
    clock: Clock,
    memory: Memory,
    backends: Vec<Faulty>,
    pages: Vec<Page>,
}

impl World {
    fn new(slow: &[bool]) -> Self {
        let (clock, memory) = (Clock::new(), Memory::new());
        let backends: Vec<_> = slow.iter().map(|slow| Faulty::on(&memory, *slow)).collect();
        let pages = backends
            .iter()
            .map(|backend| page(&clock, backend))
            .collect();
        Self {
            clock,
            memory,
            backends,
            pages,
        }
    }

    fn run(&mut self, op: &Op) -> Result<(), TestCaseError> {
        let refused = |error| TestCaseError::fail(format!("{op:?}: {error}"));
        match *op {
            Op::Set(p, k, v) => self.pages[p].store.set(KEYS[k], v).map_err(refused)?,
            Op::SetAt(p, k, m, v) => {
                let store = &self.pages[p].store;
                let mut object = match store.get::<Json>(KEYS[k]) {
                    Some(Json::Object(object)) => object,
                    _ => serde_json::Map::new(),
                };
                object.insert(MEMBERS[m].to_owned(), json!(v));
                store
                    .set_json(KEYS[k], Json::Object(object))
                    .map_err(refused)?;
            }
            Op::Delete(p, k) => {
                self.pages[p].store.delete(KEYS[k]).map_err(refused)?;
            }
            Op::Clear(p) => self.pages[p].store.clear().map_err(refused)?,
            Op::Flush(p) => self.pages[p].edge.flush(),
            Op::Answer(p, n) => (0..n).for_each(|_| {
                self.backends[p].answer_one();
            }),
            Op::Reload(p, saves) => {
                if saves {
                    self.pages[p].edge.save_now();
                }
                self.backends[p].lose_answers();
                self.pages[p] = page(&self.clock, &self.backends[p]);
            }
            Op::Resync(p) => self.pages[p].edge.resync(),
            Op::Wait(ms) => {
                self.clock.set(self.clock.now() + ms);
                for page in &self.pages {
                    page.edge.poll();
                }
            }
            Op::ClockBack(ms) => self.clock.set(self.clock.now() - ms),
            Op::Break(p, wrong, n) => {
                let from = self.backends[p].calls();
                self.backends[p].go_wrong(wrong, from..=from + n);
            }
            Op::Recover(p) => self.backends[p].recover(),
            Op::Damage(k) => {
                let name = self.memory.names().into_iter().nth(k);
                name.iter()
                    .for_each(|name| self.memory.set(name, "{damaged"));
            }
            Op::ClearStorage => self.memory.clear(),
        }
        Ok(())
    }

    fn state(page: &Page) -> Vec<Option<Json>> {
        KEYS.iter().map(|key| page.store.get(*key)).collect()
    }

    /// Nothing goes wrong any more, and everybody hears of what others have stored.
    fn settle(&self) -> Result<(), TestCaseError> {
        self.backends.iter().for_each(Faulty::recover);
        self.pages.iter().for_each(|page| page.edge.flush());
        let memory = || {
            let names = self.memory.names().into_iter();
            names.map(|name| self.memory.get(&name)).collect::<Vec<_>>()
        };
        let mut quiet = 0;
        for _ in 0..20 {
            let before = (
                memory(),
                self.pages.iter().map(Self::state).collect::<Vec<_>>(),
            );
            for (page, backend) in self.pages.iter().zip(&self.backends) {
                page.edge.storage_changed(None);
                page.wait_with(100_000, || backend.answer());
            }
            let is_quiet = before == (memory(), self.pages.iter().map(Self::state).collect());
            // One that was slow may have undone what another has done.
            quiet = if is_quiet { quiet + 1 } else { 0 };
            if quiet == 2 {
                return Ok(());
            }
        }
        Err(TestCaseError::fail("they never come to an end"))
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let first = Self::state(&self.pages[0]);
        for page in &self.pages {
            prop_assert_eq!(Self::state(page), first.clone());
            let status = page.edge.status();
            prop_assert_eq!((status.pending, status.failed), (0, 0));
            prop_assert_eq!((&*status.storage, status.is_loading), ("faulty", false));
        }
        let next = Page::new(&self.clock, Storage::new(self.memory.clone()));
        prop_assert_eq!(Self::state(&next), first);
        Ok(())
    }
}

fn page(clock: &Clock, backend: &Faulty) -> Page {
    Page::new(clock, Storage::new(backend.clone()))
}

#[test]
fn once_nothing_goes_wrong_pages_and_storage_are_the_same() {
    let sessions = Seeded::new(1_000);
    let slow = vec(any::<bool>(), PAGES);
    sessions.try_all((slow, vec(op(), 1..60)), |(slow, ops)| {
        let mut world = World::new(&slow);
        ops.iter().try_for_each(|op| world.run(op))?;
        world.settle()?;
        world.check()
    });
    let Seeded { cases, seed } = sessions;
    figure!("random sessions with storage: {cases}, seed {seed}");
}
