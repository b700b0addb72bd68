//! Tabs without a browser: stores with edges over a network that delays, loses and doubles messages,
//! in time that passes when it is told to (feature `simulator`).
//!
//! Everything is decided by a seed, so that what went wrong once goes wrong again. Use it to test
//! that your application's values, [merged](super::EdgeBuilder::merge) as you have said, come to what
//! you expect. [`Workload`] does the random writing, the crashes and the partitions.
//!
//! ```
//! use universal_state::edge::simulator::{Conditions, Simulator};
//!
//! let mut tabs = Simulator::new(7).conditions(Conditions::bad());
//! let (a, b) = (tabs.open()?, tabs.open()?);
//! tabs.store(a).set("greeting", "hello".to_owned())?;
//! tabs.store(b).set("greeting", "hallo".to_owned())?;
//! tabs.settle()?;
//! assert_eq!(tabs.store(a).get::<String>("greeting"), tabs.store(b).get("greeting"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod agree;
mod clock;
mod figures;
mod network;
mod random;
mod workload;

pub use agree::Divergence;
pub use figures::Figures;
pub use network::{Conditions, SimulatedChannel};
pub use workload::Workload;

use super::{builder::EdgeBuilder, link::Edge, stamp::ReplicaId, tabs::Tabs};
use crate::{error::StateError, store::Store};
use clock::{Clock, Timer};
use network::{Letter, UnderWay, Wire};
use random::Random;
use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

/// When simulated time begins, in ms since the Unix epoch.
const BEGIN: u64 = 1_800_000_000_000;

/// A simulated tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tab(usize);

/// Some tabs, the network between them, and their time.
pub struct Simulator {
    seed: u64,
    random: Random,
    conditions: Conditions,
    configure: Box<dyn Fn(EdgeBuilder) -> EdgeBuilder>,
    tabs_with: Box<dyn Fn(SimulatedChannel) -> Tabs>,
    time: Arc<AtomicU64>,
    wire: Arc<Wire>,
    under_way: UnderWay,
    tabs: Vec<Page>,
    figures: Figures,
}

struct Page {
    /// `None` if it was closed or has crashed.
    open: Option<(Store, Edge)>,
    clock: Arc<Clock>,
    /// Those of one group reach each other.
    group: u64,
    is_asleep: bool,
    /// Before this time, no timer rings.
    timers_from: u64,
}

impl Simulator {
    /// No tabs yet, and a good network.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            random: Random::new(seed),
            conditions: Conditions::good(),
            configure: Box::new(|edge| edge),
            tabs_with: Box::new(Tabs::new),
            time: Arc::new(AtomicU64::new(BEGIN)),
            wire: Arc::default(),
            under_way: UnderWay::default(),
            tabs: Vec::new(),
            figures: Figures::default(),
        }
    }

    /// What the network does to messages.
    #[must_use]
    pub fn conditions(mut self, conditions: Conditions) -> Self {
        self.conditions = conditions;
        self
    }

    /// How the edges of tabs are set up: merges, labels, patterns. Clock, id and tabs are set already.
    #[must_use]
    pub fn configure(mut self, configure: impl Fn(EdgeBuilder) -> EdgeBuilder + 'static) -> Self {
        self.configure = Box::new(configure);
        self
    }

    /// How the tabs port is set up: limits, heartbeat.
    ///
    /// ```
    /// use std::time::Duration;
    /// use universal_state::edge::{Tabs, simulator::Simulator};
    ///
    /// let often = Duration::from_secs(5);
    /// let mut tabs = Simulator::new(7).with_tabs(move |channel| Tabs::new(channel).heartbeat(often));
    /// # tabs.open()?;
    /// # Ok::<(), universal_state::StateError>(())
    /// ```
    #[must_use]
    pub fn with_tabs(mut self, make: impl Fn(SimulatedChannel) -> Tabs + 'static) -> Self {
        self.tabs_with = Box::new(make);
        self
    }

    /// What the network does to messages from now on.
    pub fn set_conditions(&mut self, conditions: Conditions) {
        self.conditions = conditions;
    }

    /// Opens a tab with a store of its own.
    ///
    /// # Errors
    /// As [`EdgeBuilder::attach`].
    pub fn open(&mut self) -> Result<Tab, StateError> {
        self.open_with(quiet(), 0)
    }

    /// Opens a tab with this store, whose clock is so many ms ahead (or behind, if that is below 0).
    ///
    /// # Errors
    /// As [`EdgeBuilder::attach`].
    pub fn open_with(&mut self, store: Store, ahead: i64) -> Result<Tab, StateError> {
        let clock = Arc::new(Clock {
            time: Arc::clone(&self.time),
            skew: AtomicI64::new(ahead),
            deadline: Mutex::default(),
        });
        let end = SimulatedChannel {
            wire: Arc::clone(&self.wire),
            tab: self.tabs.len(),
        };
        let edge_clock = Arc::clone(&clock);
        let builder = Edge::builder("simulation")
            .replica(ReplicaId::new(self.random.next()))
            .clock(move || edge_clock.now())
            .tabs((self.tabs_with)(end));
        let edge = (self.configure)(builder).attach(&store)?;
        edge.drive(Box::new(Timer(Arc::downgrade(&clock))));
        let tab = Tab(self.tabs.len());
        self.tabs.push(Page {
            open: Some((store, edge)),
            clock,
            group: 0,
            is_asleep: false,
            timers_from: 0,
        });
        self.figures.tabs += 1;
        self.post();
        Ok(tab)
    }

    /// The tabs that are open.
    pub fn tabs(&self) -> Vec<Tab> {
        let open = self.tabs.iter().enumerate();
        let open = open.filter(|(_, page)| page.open.is_some());
        open.map(|(at, _)| Tab(at)).collect()
    }

    /// The store of a tab.
    ///
    /// # Panics
    /// If the tab is not open.
    pub fn store(&self, tab: Tab) -> &Store {
        &self.page(tab).0
    }

    /// The edge of a tab.
    ///
    /// # Panics
    /// If the tab is not open.
    pub fn edge(&self, tab: Tab) -> &Edge {
        &self.page(tab).1
    }

    #[track_caller]
    fn page(&self, tab: Tab) -> &(Store, Edge) {
        let page = self.tabs.get(tab.0).and_then(|page| page.open.as_ref());
        page.unwrap_or_else(|| panic!("{tab:?} is not open"))
    }

    /// What happened so far.
    pub fn figures(&self) -> Figures {
        let mut figures = self.figures.clone();
        for edge in self.edges() {
            figures.count(edge);
        }
        figures
    }

    fn edges(&self) -> impl Iterator<Item = &Edge> {
        let open = self.tabs.iter().filter_map(|page| page.open.as_ref());
        open.map(|(_, edge)| edge)
    }

    /// Ends the turn of a tab: what was written goes out.
    ///
    /// # Panics
    /// If the tab is not open.
    pub fn flush(&mut self, tab: Tab) {
        self.edge(tab).flush();
        self.figures.flushes += 1;
        self.post();
    }

    /// Closes a tab: it says that it goes.
    pub fn close(&mut self, tab: Tab) {
        if let Some((_, edge)) = self.take(tab) {
            edge.detach();
            self.post();
        }
    }

    /// Ends a tab without a word. What it had not flushed is lost.
    pub fn crash(&mut self, tab: Tab) {
        drop(self.take(tab));
    }

    fn take(&mut self, tab: Tab) -> Option<(Store, Edge)> {
        let page = self.tabs.get_mut(tab.0)?.open.take();
        if let Some((_, edge)) = &page {
            self.figures.count(edge);
        }
        page
    }

    /// Puts a tab's clock so many ms ahead of true time, or behind it.
    pub fn skew(&mut self, tab: Tab, ahead: i64) {
        if let Some(page) = self.tabs.get(tab.0) {
            page.clock.skew.store(ahead, Ordering::Relaxed);
        }
    }

    /// Freezes a tab: its timers do not run, and messages for it are lost.
    pub fn sleep(&mut self, tab: Tab) {
        if let Some(page) = self.tabs.get_mut(tab.0) {
            page.is_asleep = true;
        }
    }

    fn is_asleep(&self, tab: Tab) -> bool {
        self.tabs.get(tab.0).is_some_and(|page| page.is_asleep)
    }

    /// Thaws a tab, as when a page is shown again.
    pub fn wake(&mut self, tab: Tab) {
        if let Some(page) = self.tabs.get_mut(tab.0)
            && std::mem::take(&mut page.is_asleep)
            && let Some((_, edge)) = &page.open
        {
            edge.resync();
            self.post();
        }
    }

    /// Lets the timers of a tab wait until so many ms have passed, as browsers do to hidden pages.
    pub fn throttle(&mut self, tab: Tab, ms: u64) {
        let until = self.time.load(Ordering::Relaxed) + ms;
        if let Some(page) = self.tabs.get_mut(tab.0) {
            page.timers_from = until;
        }
    }

    /// Parts the tabs: from now on, these reach only each other, and so do the rest.
    pub fn part(&mut self, tabs: &[Tab]) {
        let group = self.tabs.iter().map(|page| page.group).max().unwrap_or(0) + 1;
        for tab in tabs {
            if let Some(page) = self.tabs.get_mut(tab.0) {
                page.group = group;
            }
        }
    }

    /// Has all tabs reach each other again.
    pub fn heal(&mut self) {
        for page in &mut self.tabs {
            page.group = 0;
        }
    }

    /// Ends the turns of all tabs, then lets so many ms pass.
    pub fn advance(&mut self, ms: u64) {
        for tab in self.tabs() {
            if !self.is_asleep(tab) {
                self.flush(tab);
            }
        }
        self.pass(ms);
    }

    /// Lets so many ms pass: messages arrive, timers run.
    fn pass(&mut self, ms: u64) {
        let end = self.time.load(Ordering::Relaxed) + ms;
        loop {
            let timer = (0..self.tabs.len())
                .filter_map(|at| Some((self.deadline(at)?, at)))
                .min();
            let message = self.under_way.next_at();
            let next = [timer.map(|(at, _)| at), message]
                .into_iter()
                .flatten()
                .min();
            let Some(now) = next.filter(|next| *next <= end) else {
                break;
            };
            self.set_time(now);
            match timer {
                Some((at, tab)) if message.is_none_or(|message| at < message) => self.ring(tab),
                _ => self.arrive(),
            }
            self.post();
        }
        self.set_time(end);
        self.figures.passed += ms;
    }

    fn set_time(&self, now: u64) {
        self.time.fetch_max(now, Ordering::Relaxed);
    }

    /// When the timer of a tab rings.
    fn deadline(&self, at: usize) -> Option<u64> {
        let page = self.tabs.get(at)?;
        let runs = page.open.is_some() && !page.is_asleep;
        let deadline = runs.then(|| *crate::lock(&page.clock.deadline)).flatten();
        deadline.map(|at| at.max(page.timers_from))
    }

    fn ring(&self, at: usize) {
        if let Some(page) = self.tabs.get(at)
            && let Some((_, edge)) = &page.open
        {
            edge.arm();
        }
    }

    /// Hands over the next message.
    fn arrive(&mut self) {
        let Some(letter) = self.under_way.pop() else {
            return;
        };
        let group = |at: usize| self.tabs.get(at).map(|page| page.group);
        let is_awake = |page: &Page| page.open.is_some() && !page.is_asleep;
        let arrives = group(letter.from) == group(letter.to)
            && self.tabs.get(letter.to).is_some_and(is_awake)
            && self.wire.deliver(letter.to, &letter.channel, &letter.text);
        match arrives {
            true => self.figures.arrived += 1,
            false => self.figures.lost += 1,
        }
    }

    /// Sends what the tabs have said on its way.
    fn post(&mut self) {
        let now = self.time.load(Ordering::Relaxed);
        for (from, channel, text) in self.wire.take() {
            self.figures.send(&text);
            for to in self.wire.others(from, &channel) {
                let letter = Letter::new(now, from, to, &channel, &text);
                match self
                    .under_way
                    .send(letter, &self.conditions, &mut self.random)
                {
                    0 => self.figures.lost += 1,
                    copies => self.figures.doubled += copies - 1,
                }
            }
        }
    }
}

/// A store whose errors are to be found in the figures, and nowhere else.
fn quiet() -> Store {
    Store::builder().on_error(|_| {}).build()
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator")
            .field("seed", &self.seed)
            .field("tabs", &self.tabs())
            .field("figures", &self.figures)
            .finish_non_exhaustive()
    }
}
