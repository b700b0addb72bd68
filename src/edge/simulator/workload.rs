//! Random writing in tabs that come, go, crash, sleep, are parted, and have wrong clocks.

mod writing;

use super::{Conditions, Divergence, Figures, Simulator, Tab, random::Random};
use crate::{
    edge::{EdgeBuilder, Merge},
    error::StateError,
    mfe::{MfeInfo, Scope},
    pattern::Pattern,
    store::Snapshot,
};
use std::collections::BTreeMap;

/// How far a clock goes wrong, in ms: ten minutes.
const SKEW: u64 = 10 * 60 * 1_000;

const MFES: [&str; 3] = ["shop", "shop/cart", "100%"];

/// A simulation in which everything happens: tabs write in every way there is (`set`, `update`,
/// `delete`, `clear`, batches, restored snapshots, single fields, keyed arrays, keys of
/// micro-frontends that come and go) while the network delays, loses and doubles messages, tabs are
/// opened, closed, frozen, crash and are parted, and clocks are up to ten minutes wrong and jump.
///
/// ```
/// use universal_state::edge::simulator::Workload;
///
/// let figures = Workload::new(7).tabs(3).operations(200).run()?;
/// assert!(figures.sent["change"] > 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "a workload does nothing until it is run"]
pub struct Workload {
    seed: u64,
    tabs: usize,
    operations: u64,
    conditions: Conditions,
}

impl Workload {
    /// Ten tabs, 10,000 operations, and a bad network.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            tabs: 10,
            operations: 10_000,
            conditions: Conditions::bad(),
        }
    }

    /// How many tabs are open at most.
    pub fn tabs(mut self, count: usize) -> Self {
        self.tabs = count.max(1);
        self
    }

    /// How many operations there are, in all tabs together.
    pub fn operations(mut self, count: u64) -> Self {
        self.operations = count;
        self
    }

    /// What the network does to messages.
    pub fn conditions(mut self, conditions: Conditions) -> Self {
        self.conditions = conditions;
        self
    }

    /// Runs it, then lets the tabs [settle](Simulator::settle).
    ///
    /// # Errors
    /// [`Divergence`] if the tabs do not agree in the end, or an operation failed that cannot.
    pub fn run(&self) -> Result<Figures, Divergence> {
        let simulator = Simulator::new(self.seed)
            .conditions(self.conditions)
            .configure(merges);
        let mut run = Run {
            random: Random::new(!self.seed),
            simulator,
            most: self.tabs,
            scopes: BTreeMap::new(),
            snapshots: Vec::new(),
            written: 0,
        };
        let failed = |error| Divergence {
            seed: self.seed,
            what: format!("an operation failed: {error}"),
        };
        run.all(self.operations).map_err(failed)?;
        run.simulator.settle()?;
        // The keys of micro-frontends that were not there have waited for them.
        run.register_all().map_err(failed)?;
        run.simulator.settle()?;
        Ok(run.simulator.figures())
    }
}

/// Arrays under `rows:*` are told by item, and what is under `whole:*` is not told by member.
fn merges(edge: EdgeBuilder) -> EdgeBuilder {
    let keyed = Merge::by_member().keyed("", "id");
    match (Pattern::glob("rows:*"), keyed, Pattern::glob("whole:*")) {
        (Ok(rows), Ok(keyed), Ok(whole)) => edge.merge(rows, keyed).merge(whole, Merge::whole()),
        _ => edge,
    }
}

struct Run {
    random: Random,
    simulator: Simulator,
    most: usize,
    scopes: BTreeMap<(Tab, usize), Scope>,
    snapshots: Vec<Snapshot>,
    written: u64,
}

impl Run {
    fn all(&mut self, operations: u64) -> Result<(), StateError> {
        for _ in 0..self.most {
            self.open()?;
        }
        while self.written < operations {
            self.world()?;
            let mut tabs = self.simulator.tabs();
            tabs.retain(|tab| !self.simulator.is_asleep(*tab));
            let Some(tab) = tabs.get(self.random.index(tabs.len())).copied() else {
                tabs = self.simulator.tabs();
                tabs.into_iter().for_each(|tab| self.simulator.wake(tab));
                continue;
            };
            let left = operations - self.written;
            for _ in 0..(1 + self.random.below(6)).min(left) {
                self.write(tab)?;
                self.written += 1;
            }
            self.simulator.flush(tab);
            // Often two tabs write in the same ms.
            let pause = match self.random.below(4) {
                0 => 0,
                1 => self.random.below(3),
                _ => self.random.below(300),
            };
            self.simulator.pass(pause);
        }
        Ok(())
    }

    fn register_all(&mut self) -> Result<(), StateError> {
        for tab in self.simulator.tabs() {
            for (at, id) in MFES.iter().enumerate() {
                if !self.scopes.contains_key(&(tab, at)) {
                    let store = self.simulator.store(tab);
                    let scope = store.register_mfe(MfeInfo::new(*id, "leptos", "1"))?;
                    self.scopes.insert((tab, at), scope);
                }
            }
        }
        Ok(())
    }

    fn open(&mut self) -> Result<(), StateError> {
        let skew = self.any_skew();
        self.simulator.open_with(super::quiet(), skew).map(drop)
    }

    /// Every other clock is right enough for all to believe it.
    fn any_skew(&mut self) -> i64 {
        if self.random.happens(500) {
            return i64::try_from(self.random.below(2_000)).unwrap_or(0) - 1_000;
        }
        let skew = i64::try_from(self.random.below(2 * SKEW + 1)).unwrap_or(0);
        skew - i64::try_from(SKEW).unwrap_or(0)
    }

    /// What happens to the tabs and between them.
    fn world(&mut self) -> Result<(), StateError> {
        let tabs = self.simulator.tabs();
        let one = tabs.get(self.random.index(tabs.len())).copied();
        match (self.random.below(600), one) {
            (0..6, Some(tab)) => {
                let skew = self.any_skew();
                self.simulator.skew(tab, skew);
            }
            (6..9, Some(tab)) if tabs.len() > 1 => {
                self.leave(tab);
                self.simulator.close(tab);
            }
            (9..11, Some(tab)) if tabs.len() > 1 => {
                self.leave(tab);
                self.simulator.crash(tab);
            }
            (11..20, _) if tabs.len() < self.most => self.open()?,
            (20..23, _) => {
                let mut some = tabs;
                some.retain(|_| self.random.happens(400));
                self.simulator.part(&some);
            }
            (23..28, _) => self.simulator.heal(),
            (28..31, Some(tab)) => self.simulator.sleep(tab),
            (31..40, _) => tabs.into_iter().for_each(|tab| self.simulator.wake(tab)),
            (40, _) => {
                let long = self.random.below(200_000);
                self.simulator.pass(long);
            }
            _ => {}
        }
        Ok(())
    }

    fn leave(&mut self, tab: Tab) {
        self.scopes.retain(|(of, _), _| *of != tab);
    }
}
