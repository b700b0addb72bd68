//! Whether all simulated tabs hold the same.

use super::{Simulator, Tab};
use crate::{
    edge::{clock::MAX_AHEAD, link::Edge},
    error::StateError,
    key,
    store::Store,
};
use std::{collections::BTreeMap, sync::atomic::Ordering};

/// So many heartbeats of 30 s the tabs have to agree.
const PATIENCE: u64 = 20;

/// Simulated tabs hold different states.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} (seed {seed})")]
#[non_exhaustive]
pub struct Divergence {
    /// The seed of the simulation, which replays it.
    pub seed: u64,
    /// Which tabs do not agree, and on what.
    pub what: String,
}

/// What a tab knows: by key, the entry with its stamps.
type Known = BTreeMap<String, String>;

impl Simulator {
    /// Lets the network work and time pass until all tabs agree: in values, stamps, and what a tab
    /// finds that has just been opened.
    ///
    /// What was written more than five minutes ahead of a tab's clock is not believed there, so first
    /// so much time passes that no stamp is ahead of any clock. Then the tabs have ten minutes.
    ///
    /// # Errors
    /// [`Divergence`] if they do not agree by then.
    pub fn settle(&mut self) -> Result<(), Divergence> {
        let conditions = std::mem::replace(&mut self.conditions, super::Conditions::good());
        self.heal();
        for tab in self.tabs() {
            self.wake(tab);
        }
        self.advance(0);
        let latest = |edge: &Edge| {
            edge.replica(|replica| {
                let stamps = replica.entries().filter_map(|(_, entry)| entry.newest());
                stamps.max().map_or(0, |stamp| stamp.millis())
            })
        };
        let latest = self.edges().map(latest).max().unwrap_or(0);
        let ahead = self.edges().map(|edge| latest.saturating_sub(edge.now()));
        let ahead = ahead.max().unwrap_or(0).saturating_sub(MAX_AHEAD);
        self.pass(ahead);
        let begin = self.figures.passed;
        let mut agreed = Ok(());
        for round in 0..=PATIENCE {
            self.pass(if round == 0 { 5_000 } else { 30_000 });
            agreed = self.agree();
            if agreed.is_ok() {
                break;
            }
        }
        self.figures.settled_in = self.figures.passed - begin;
        agreed?;
        self.newcomer_agrees()?;
        self.conditions = conditions;
        Ok(())
    }

    /// Whether all tabs hold the same, values and stamps, and each store what its replica does.
    ///
    /// # Errors
    /// [`Divergence`] if they do not.
    pub fn agree(&self) -> Result<(), Divergence> {
        let mut first: Option<(Tab, Known)> = None;
        for tab in self.tabs() {
            let (store, edge) = self.page(tab);
            let known = known(edge);
            self.check_store(tab, store, edge)?;
            match &first {
                None => first = Some((tab, known)),
                Some((other, theirs)) => self.same(*other, theirs, tab, &known)?,
            }
        }
        Ok(())
    }

    fn same(&self, a: Tab, known_a: &Known, b: Tab, known_b: &Known) -> Result<(), Divergence> {
        let mut keys = known_a.keys().chain(known_b.keys());
        match keys.find(|key| known_a.get(*key) != known_b.get(*key)) {
            None => Ok(()),
            Some(key) => Err(self.divergence(format!(
                "{a:?} and {b:?} differ in {key:?}: {:?} and {:?}",
                known_a.get(key),
                known_b.get(key)
            ))),
        }
    }

    /// A store holds what its replica does. The keys of a micro-frontend that is not there may wait.
    fn check_store(&self, tab: Tab, store: &Store, edge: &Edge) -> Result<(), Divergence> {
        let registered: Vec<String> = store.mfes().into_iter().map(|mfe| mfe.info.id).collect();
        let values = edge.replica(|replica| {
            let values = replica.entries();
            let values = values.map(|(key, entry)| (key.to_string(), entry.value().cloned()));
            values.collect::<BTreeMap<_, _>>()
        });
        let absent = |key: &str| {
            let id = key::split(key).map(|(id, _)| key::decode_id(id));
            id.is_some_and(|id| !registered.contains(&id))
        };
        for (key, value) in &values {
            let stored = store.try_get_value(key).ok().flatten();
            let stored = stored.and_then(|value| value.to_json().ok());
            if stored != *value && !absent(key) {
                let what = format!("{tab:?} stores {stored:?} in {key:?}, and knows {value:?}");
                return Err(self.divergence(what));
            }
        }
        match store
            .keys()
            .into_iter()
            .find(|key| !values.contains_key(key))
        {
            None => Ok(()),
            Some(key) => Err(self.divergence(format!("{tab:?} alone has {key:?}"))),
        }
    }

    /// Whether a tab that is opened now gets all there is.
    fn newcomer_agrees(&mut self) -> Result<(), Divergence> {
        let opened = self.open();
        let tab = opened.map_err(|error: StateError| self.divergence(error.to_string()))?;
        let now = self.time.load(Ordering::Relaxed);
        let clocks = self.edges().map(Edge::now);
        // Its clock is right; those of the others may not be.
        let ahead = clocks.max().unwrap_or(0).saturating_sub(now);
        self.skew(tab, i64::try_from(ahead).unwrap_or(0));
        self.pass(5_000);
        let agreed = self.agree();
        self.close(tab);
        agreed
    }

    fn divergence(&self, what: String) -> Divergence {
        Divergence {
            seed: self.seed,
            what,
        }
    }
}

fn known(edge: &Edge) -> Known {
    edge.replica(|replica| {
        let entries = replica.shared();
        let entries = entries.map(|(key, entry)| (key.to_string(), entry.encode().to_string()));
        entries.collect()
    })
}
