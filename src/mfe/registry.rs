//! The registry: who is on the page.

use super::{
    access::{Grant, Rules, SharedAccess},
    elsewhere::Elsewhere,
    scope::Member,
};
use crate::{
    error::{Access, StateError, excerpt},
    pattern::Pattern,
    store::Inner,
    value::Value,
};
use serde::{Deserialize, Serialize};
use std::{
    any::Any,
    collections::HashMap,
    sync::{
        Arc, Mutex, OnceLock, PoisonError, RwLock, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

/// The longest id of a micro-frontend, in bytes of UTF-8.
const MAX_ID_BYTES: usize = 64;

/// What a micro-frontend says of itself when it registers.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MfeInfo {
    /// Names it among all on the page: 1 to 64 bytes, any characters.
    pub id: String,
    /// What it is built with, such as `leptos` or `react`.
    pub framework: String,
    /// Its version.
    pub version: String,
}

impl MfeInfo {
    /// Puts the three together.
    pub fn new(
        id: impl Into<String>,
        framework: impl Into<String>,
        version: impl Into<String>,
    ) -> Self {
        Self {
            id: id.into(),
            framework: framework.into(),
            version: version.into(),
        }
    }

    pub(super) fn check(&self) -> Result<(), StateError> {
        let reason = if self.id.is_empty() {
            "it is empty"
        } else if self.id.len() > MAX_ID_BYTES {
            "it has more than 64 bytes"
        } else {
            return Ok(());
        };
        Err(StateError::MfeId {
            id: excerpt(&self.id),
            reason,
        })
    }
}

/// A registered micro-frontend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Mfe {
    /// What it said of itself.
    #[serde(flatten)]
    pub info: MfeInfo,
    /// When it registered, in ms since the Unix epoch.
    pub registered_at: u64,
    /// What it failed at last, in words, if it did: see
    /// [`Store::set_mfe_failure`](crate::Store::set_mfe_failure).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// The content of the registry's hidden slot.
pub(super) type Records = Vec<Mfe>;

/// What the store keeps for this layer.
#[derive(Default)]
pub(super) struct Registry {
    members: Mutex<HashMap<String, Arc<Member>>>,
    rules: RwLock<Rules>,
    denied: AtomicU64,
    /// Where the registry is, if the store has joined another's.
    pub(super) elsewhere: OnceLock<Weak<dyn Elsewhere>>,
}

impl Registry {
    pub(super) fn of(inner: &Inner) -> Arc<Self> {
        let annex = inner
            .annex
            .get_or_init(|| Arc::new(Self::default()) as Arc<dyn Any + Send + Sync>);
        // Nobody else puts anything there.
        Arc::clone(annex).downcast().unwrap_or_default()
    }

    pub(super) fn member(&self, id: &str) -> Option<Arc<Member>> {
        crate::lock(&self.members).get(id).cloned()
    }

    /// Enters a micro-frontend, unless its id is taken.
    pub(super) fn enter(&self, inner: &Inner, member: &Arc<Member>) -> Result<(), StateError> {
        {
            let mut members = crate::lock(&self.members);
            let info = &member.record.info;
            if let Some(holder) = members.get(&info.id) {
                let holder = &holder.record.info;
                return Err(StateError::MfeTaken {
                    id: info.id.clone(),
                    holder: format!("{} {}", holder.framework, holder.version),
                });
            }
            members.insert(info.id.clone(), Arc::clone(member));
            inner.own(member.encoded_id());
        }
        // What is elsewhere came from there when it was registered.
        if self.elsewhere().is_none() {
            inner.write_hidden(&inner.registry, |records| {
                let mut records = read(records);
                records.push(member.record.clone());
                Value::new(records)
            });
        }
        inner.welcome(&member.namespace);
        Ok(())
    }

    pub(super) fn leave(&self, inner: &Inner, member: &Member) {
        let id = &member.record.info.id;
        crate::lock(&self.members).remove(id);
        if self.elsewhere().is_some() {
            return;
        }
        inner.write_hidden(&inner.registry, |records| {
            let mut records = read(records);
            records.retain(|record| record.info.id != *id);
            Value::new(records)
        });
    }

    /// Changes what stands of a member in the registry.
    pub(super) fn change(&self, inner: &Inner, id: &str, change: impl Fn(&mut Mfe)) {
        inner.write_hidden(&inner.registry, |records| {
            let mut records = read(records);
            records
                .iter_mut()
                .filter(|record| record.info.id == id)
                .for_each(&change);
            Value::new(records)
        });
    }

    pub(super) fn allows(&self, id: &str, full_name: &str, access: Access) -> bool {
        crate::read(&self.rules).allow(id, full_name, access)
    }

    pub(super) fn grant(&self, id: &str, access: Access, keys: Pattern) {
        self.change_rules(|rules| {
            rules.grants.push(Grant {
                id: id.to_owned(),
                access,
                keys,
            });
        });
    }

    pub(super) fn revoke(&self, id: &str) -> usize {
        self.change_rules(|rules| {
            let before = rules.grants.len();
            rules.grants.retain(|grant| grant.id != id);
            before - rules.grants.len()
        })
    }

    pub(super) fn set_shared(&self, shared: SharedAccess) {
        self.change_rules(|rules| rules.shared = shared);
    }

    fn change_rules<R>(&self, change: impl FnOnce(&mut Rules) -> R) -> R {
        change(&mut self.rules.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// Those that were registered through this store.
    #[cfg(feature = "js")]
    pub(super) fn all(&self) -> Vec<Arc<Member>> {
        crate::lock(&self.members).values().cloned().collect()
    }

    #[cfg(feature = "js")]
    pub(super) fn image(&self) -> super::access::RulesImage {
        crate::read(&self.rules).image()
    }

    #[cfg(feature = "js")]
    pub(super) fn set_rules(&self, rules: Rules) {
        self.change_rules(|before| *before = rules);
    }

    pub(super) fn count_denied(&self) {
        self.denied.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn denied_count(&self) -> u64 {
        self.denied.load(Ordering::Relaxed)
    }
}

fn read(records: Option<&Value>) -> Records {
    records
        .and_then(|value| value.to::<Records>().ok())
        .unwrap_or_default()
}
