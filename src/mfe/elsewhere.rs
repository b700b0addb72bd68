//! The registry of a store that has joined another's: it is the other's, and what is here mirrors it.

use super::{
    SharedAccess,
    registry::{MfeInfo, Registry},
};
use crate::{
    change::{Origin, Stamp},
    error::{Access, StateError},
    key::Name,
    pattern::Pattern,
    store::ComputedKey,
};
use std::sync::Arc;

/// Where micro-frontends are registered, for a store that has joined another's.
pub(crate) trait Elsewhere: Send + Sync {
    /// Whether there is such a place now.
    fn is_there(&self) -> bool;

    /// Registers a micro-frontend. Returns when that was, in ms since the Unix epoch.
    fn register(&self, info: &MfeInfo) -> Result<u64, StateError>;

    /// Unregisters one and deletes its keys.
    fn unregister(&self, id: &str, leaving: Leaving) -> Result<(), StateError>;

    /// Unregisters one that is gone, and leaves its keys, which may not be deleted.
    fn forget(&self, id: &str) -> Result<(), StateError>;

    /// Changes what micro-frontends may do, or what one failed at. Returns how many grants it took back.
    fn rule(&self, rule: Rule<'_>) -> Result<usize, StateError>;
}

/// What goes with a micro-frontend that is unregistered elsewhere.
#[cfg_attr(not(feature = "js"), expect(dead_code))]
pub(crate) struct Leaving {
    pub(crate) namespace: String,
    pub(crate) stamp: Stamp,
    /// What it computes here.
    pub(crate) computed: Vec<Arc<dyn ComputedKey>>,
}

impl Leaving {
    /// Of one that is not of this store.
    pub(super) fn of(id: &str) -> Self {
        let id: Arc<str> = id.into();
        Self {
            namespace: crate::key::namespace(&id),
            stamp: Stamp {
                origin: Origin::Mfe(Arc::clone(&id)),
                source: Name::Shared(id),
            },
            computed: Vec::new(),
        }
    }
}

/// A change of what micro-frontends may do, or of what is known of them.
#[cfg_attr(not(feature = "js"), expect(dead_code))]
pub(crate) enum Rule<'a> {
    Grant(&'a str, Access, &'a Pattern),
    Revoke(&'a str),
    Shared(SharedAccess),
    Failure(&'a str, Option<&'a str>),
}

impl Registry {
    /// Where micro-frontends are registered, if that is not here.
    pub(super) fn elsewhere(&self) -> Option<Arc<dyn Elsewhere>> {
        if cfg!(not(feature = "js")) {
            return None;
        }
        let elsewhere = self.elsewhere.get()?.upgrade()?;
        elsewhere.is_there().then_some(elsewhere)
    }
}

#[cfg(feature = "js")]
mod mirror {
    use super::{Elsewhere, Leaving, Registry};
    use crate::{
        change::Stamp,
        mfe::{
            access::{GrantImage, Rules, RulesImage},
            registry::{Mfe, Records},
        },
        store::Inner,
        value::Value,
    };
    use std::sync::{Arc, Weak};

    impl Inner {
        /// Has micro-frontends registered elsewhere from now on.
        pub(crate) fn register_elsewhere(&self, elsewhere: Weak<dyn Elsewhere>) {
            let _ = Registry::of(self).elsewhere.set(elsewhere);
        }

        /// The micro-frontends that are registered, and the sequence number of that content.
        pub(crate) fn registered(&self) -> (Vec<Mfe>, u64) {
            let (value, sequence) = self.load(&self.registry);
            let records = value.and_then(|value| value.to::<Records>().ok());
            (records.unwrap_or_default(), sequence)
        }

        /// Unregisters one without asking anybody, and leaves its keys. Returns whether it was there.
        pub(crate) fn forget_mfe(&self, id: &str) -> bool {
            let member = Registry::of(self).member(id);
            member.is_some_and(|member| member.close(self))
        }

        /// The micro-frontends that were registered through this store.
        pub(crate) fn own_mfes(&self) -> Vec<Mfe> {
            let members = Registry::of(self).all();
            let mut own: Vec<_> = members.iter().map(|member| member.record.clone()).collect();
            own.sort_unstable_by(|a, b| {
                (a.registered_at, &a.info.id).cmp(&(b.registered_at, &b.info.id))
            });
            own
        }

        /// Notes that one of another store is leaving: its keys are about to be deleted, and nobody's.
        pub(crate) fn mirror_leaving(&self, id: &str) -> Stamp {
            let Leaving {
                namespace, stamp, ..
            } = Leaving::of(id);
            self.disown(crate::key::split(&namespace).map_or("", |(id, _)| id));
            stamp
        }

        /// Makes the registry what it is elsewhere. Those of this store that are not there any more are
        /// gone. Returns the namespaces of those who were not here before.
        pub(crate) fn mirror_registry(self: &Arc<Self>, records: Vec<Mfe>) -> Vec<String> {
            let ids = records.iter().map(|record| record.info.id.as_str());
            let ids: Vec<_> = ids.collect();
            let came = self.own_only(&ids);
            let mut gone = Registry::of(self).all();
            gone.retain(|member| !ids.contains(&member.record.info.id.as_str()));
            self.write_hidden(&self.registry, |_| Value::new(records.clone()));
            for member in gone {
                member.close(self);
            }
            came
        }

        /// What micro-frontends may do, and the sequence number of that content.
        pub(crate) fn rules_image(&self) -> (RulesImage, u64) {
            let sequence = self.load(&self.rules).1;
            (Registry::of(self).image(), sequence)
        }

        /// Makes what micro-frontends may do what it is elsewhere. Hands back the grants that make no
        /// sense here.
        pub(crate) fn mirror_rules(&self, image: &RulesImage) -> Vec<GrantImage> {
            let (rules, refused) = Rules::from_image(image);
            Registry::of(self).set_rules(rules);
            self.rules_changed();
            refused
        }
    }
}
