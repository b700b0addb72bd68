//! Random operations on a host and two guests, after each of which all three agree.
//!
//! `UNIVERSAL_STATE_CASES` says how many runs there are; `PROPTEST_RNG_SEED` replays one.

use crate::{
    support::{Limits, PAIRS, Page, store},
    variable::variable,
};
use std::collections::BTreeMap;
use universal_state::{
    Access, MfeInfo, Pattern, RegisteredComputed, Restore, Scope, SharedAccess, StateError, Store,
    View,
};

/// How many operations a run has.
const OPERATIONS: usize = 10_000;

/// A generator of numbers from a seed (xorshift, Marsaglia 2003).
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn key(&mut self) -> &'static str {
        const KEYS: [&str; 8] = ["a", "b", "c", "d", "user/name", "__proto__", "ключ", "z"];
        KEYS[self.below(KEYS.len())]
    }

    /// Some are vetoed, some are rewritten.
    fn number(&mut self) -> i64 {
        self.below(140) as i64 - 10
    }
}

const IDS: [&str; 3] = ["shop", "cart", "a/b"];

/// Writes something through a view.
fn write(view: &View, random: &mut Random) -> Result<(), StateError> {
    let (key, n) = (random.key(), random.number());
    match random.below(10) {
        0..=3 => view.set(key, n),
        4 => view.update(key, |old: &mut i64| *old += 1).map(drop),
        5 => view.delete(key).map(drop),
        6 => view.set_many([(random.key(), n), (random.key(), n + 1)]),
        7 => view.batch(|tx| {
            tx.set(key, n)?;
            let inner = tx.batch(|tx| {
                tx.set("b", n + 1)?;
                match n % 2 {
                    0 => Ok(()),
                    _ => Err(StateError::abort("odd")),
                }
            });
            match n % 5 {
                0 => inner,
                _ => Ok(()),
            }
        }),
        8 => view.set(key, format!("text {n}")),
        _ => view.set_json(key, serde_json::json!({"n": n, "list": [1, 2, n]})),
    }
}

struct Run {
    page: Page,
    scopes: BTreeMap<&'static str, Scope>,
    computed: Vec<RegisteredComputed>,
    random: Random,
    refused: usize,
}

impl Run {
    fn store(&mut self) -> Store {
        match self.random.below(3) {
            0 => self.page.host.clone(),
            n => self.page.guests[n - 1].clone(),
        }
    }

    fn step(&mut self) {
        let store = self.store();
        let before = self.page.host.snapshot();
        let result = match self.random.below(40) {
            0 => store.clear(),
            1 => {
                let saved = Store::new();
                let (a, b) = (self.random.key(), self.random.key());
                saved.set_many([(a, 1), (b, 2)]).unwrap();
                let mode = match self.random.below(2) {
                    0 => Restore::Replace,
                    _ => Restore::Merge,
                };
                store.restore(&saved.snapshot(), mode)
            }
            2 | 3 => {
                let id = IDS[self.random.below(IDS.len())];
                store
                    .register_mfe(MfeInfo::new(id, "leptos", "1"))
                    .map(|scope| {
                        self.scopes.insert(id, scope);
                    })
            }
            4 => {
                let id = IDS[self.random.below(IDS.len())];
                self.scopes.remove(id);
                Ok(())
            }
            5 => store.unregister_mfe(IDS[self.random.below(IDS.len())]),
            6 => {
                let id = IDS[self.random.below(IDS.len())];
                match self.random.below(4) {
                    0 => drop(store.revoke(id)),
                    1 => store.set_shared_access(SharedAccess::ReadOnly),
                    2 => store.set_shared_access(SharedAccess::Open),
                    _ => store.grant(id, Access::Write, Pattern::glob("@*/*").unwrap()),
                }
                Ok(())
            }
            7 => {
                // One leaves and comes back.
                let at = self.random.below(2);
                let engine = self.page.guests[at].engine();
                self.page.joined[at].leave();
                let new = Store::builder().engine(engine).on_error(|_| {}).build();
                if at == 0 {
                    new.add_middleware(Limits("guest"));
                }
                self.page.joined[at] = crate::support::join(&new, &self.page.links).unwrap();
                self.page.guests[at] = new;
                self.scopes.retain(|_, scope| scope.is_registered());
                Ok(())
            }
            8 => {
                let keys = ["a", "c", "sum"];
                let from = self.random.key();
                let view = match self.scopes.values().next() {
                    Some(scope) if self.random.below(3) == 0 => scope.view().clone(),
                    _ => store.view().clone(),
                };
                let sum = move |state: &View| {
                    let mfes = state.mfes().len() as i64;
                    state.get::<i64>(from).unwrap_or_default() + mfes
                };
                let key = keys[self.random.below(keys.len())];
                let registered = view.register_computed(key, sum);
                registered.map(|registered| self.computed.push(registered))
            }
            9 if !self.computed.is_empty() => {
                let at = self.random.below(self.computed.len());
                drop(self.computed.swap_remove(at));
                Ok(())
            }
            9..=15 => {
                let ids: Vec<_> = self.scopes.keys().copied().collect();
                let Some(id) = ids.get(self.random.below(3)) else {
                    return;
                };
                let scope = &self.scopes[id];
                let view = match self.random.below(3) {
                    0 => scope.view().clone(),
                    1 => scope.shared(),
                    _ => scope.peer(IDS[self.random.below(IDS.len())]),
                };
                write(&view, &mut self.random)
            }
            _ => write(store.view(), &mut self.random),
        };
        if let Err(error) = result {
            self.refused += 1;
            let after = self.page.host.snapshot();
            assert_eq!(
                before.to_json().unwrap(),
                after.to_json().unwrap(),
                "{error} changed something"
            );
        }
    }
}

#[test]
fn a_host_and_its_guests_agree_after_every_operation() {
    let cases = variable("UNIVERSAL_STATE_CASES").unwrap_or(1);
    let seeds = match variable("PROPTEST_RNG_SEED") {
        Some(seed) => seed..seed + 1,
        None => 1..cases + 1,
    };
    for seed in seeds {
        println!("replay: PROPTEST_RNG_SEED={seed}");
        for pair in PAIRS {
            let mut page = Page::new(pair, 0);
            page.host.add_middleware(Limits("host"));
            let picky = store(pair[1]);
            picky.add_middleware(Limits("guest"));
            page.join(picky);
            page.join(store(pair[1]));
            let mut run = Run {
                page,
                scopes: BTreeMap::new(),
                computed: Vec::new(),
                random: Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
                refused: 0,
            };
            for _ in 0..OPERATIONS / PAIRS.len() {
                run.step();
                run.page.agree();
            }
            assert!(run.refused > 50, "{} refused", run.refused);
            // Nobody has left anything behind.
            run.scopes.clear();
            run.computed.clear();
            run.page.host.clear().unwrap();
            run.page.agree();
            assert_eq!(run.page.host.slot_count(), 0);
            for guest in &run.page.guests {
                assert_eq!(guest.slot_count(), 0);
            }
        }
    }
}
