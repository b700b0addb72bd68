//! Micro-frontends: the registry, and the [`Scope`]s that keep them apart.
//!
//! The keys of the micro-frontend `shop` are `@shop/key`; characters of an id that would make two
//! namespaces collide are percent-encoded. Isolation guards against mistakes between teams. It is
//! no security boundary: all script of a page runs with the same rights.

mod access;
mod elsewhere;
mod registry;
mod scope;

pub use access::SharedAccess;
pub use registry::{Mfe, MfeInfo};
pub use scope::Scope;

#[cfg(feature = "edge")]
use crate::change::Origin;
use crate::{
    error::{Access, StateError},
    pattern::Pattern,
    store::{Computed, Inner, Store, SubscribeOptions, Subscription, View},
    value::Value,
};
#[cfg(feature = "js")]
pub(crate) use access::{GrantImage, RulesImage};
#[cfg(feature = "js")]
pub(crate) use elsewhere::Elsewhere;
pub(crate) use elsewhere::{Leaving, Rule};
use registry::{Records, Registry};
use std::sync::PoisonError;

impl Store {
    /// Registers a micro-frontend and gives it its scope. Keys that wait in its namespace, from a
    /// restored snapshot say, are its own.
    ///
    /// # Errors
    /// [`StateError::MfeId`] if the id is empty or too long, [`StateError::MfeTaken`] if one with
    /// this id is registered, [`StateError::Disposed`], [`StateError::Reentrant`] from inside a
    /// batch.
    ///
    /// ```
    /// use universal_state::{MfeInfo, Store};
    ///
    /// let store = Store::new();
    /// let shop = store.register_mfe(MfeInfo::new("shop", "leptos", "1.4.0"))?;
    /// shop.set("filter", "red".to_owned())?;
    /// shop.shared().set("currency", "EUR".to_owned())?;
    /// assert_eq!(store.keys(), ["@shop/filter", "currency"]);
    ///
    /// shop.unregister()?;
    /// assert_eq!(store.keys(), ["currency"]);
    /// # Ok::<(), universal_state::StateError>(())
    /// ```
    pub fn register_mfe(&self, info: MfeInfo) -> Result<Scope, StateError> {
        Scope::register(self, info)
    }

    /// As [`Store::register_mfe`], for a component that is being built.
    #[cfg(feature = "leptos")]
    pub(crate) fn mount_mfe(&self, info: MfeInfo) -> Result<Scope, StateError> {
        self.inner.holding_signals(|| self.register_mfe(info))
    }

    /// Unregisters a micro-frontend whoever holds its scope: ends its subscriptions and deletes its
    /// keys, in one transaction.
    ///
    /// # Errors
    /// [`StateError::UnknownMfe`], and [`StateError::Vetoed`] if a middleware refuses the deletion
    /// or [`StateError::Reentrant`] from inside a batch: the micro-frontend stays registered then.
    pub fn unregister_mfe(&self, id: &str) -> Result<(), StateError> {
        self.inner.may_act_at_once()?;
        let registry = Registry::of(&self.inner);
        let member = registry.member(id);
        match member {
            Some(member) => member.end(&self.inner),
            None => match registry.elsewhere() {
                Some(elsewhere) => {
                    self.inner.may_write()?;
                    elsewhere.unregister(id, Leaving::of(id))
                }
                None => Err(StateError::UnknownMfe { id: id.to_owned() }),
            },
        }
    }

    /// Puts into the registry what a micro-frontend failed at, or that it is well again. It stays
    /// until it is set otherwise or the micro-frontend unregisters. In a store that has joined the
    /// page's, the page's is told.
    ///
    /// # Errors
    /// [`StateError::UnknownMfe`].
    ///
    /// ```
    /// use universal_state::{MfeInfo, Store};
    ///
    /// let store = Store::new();
    /// let shop = store.register_mfe(MfeInfo::new("shop", "react", "1.4.0"))?;
    /// store.set_mfe_failure("shop", Some("it threw".to_owned()))?;
    /// assert_eq!(store.mfes()[0].failure.as_deref(), Some("it threw"));
    /// # Ok::<(), universal_state::StateError>(())
    /// ```
    pub fn set_mfe_failure(&self, id: &str, failure: Option<String>) -> Result<(), StateError> {
        let registry = Registry::of(&self.inner);
        if let Some(elsewhere) = registry.elsewhere() {
            let told = elsewhere.rule(Rule::Failure(id, failure.as_deref()));
            return told.map(drop);
        }
        if registry.member(id).is_none() {
            return Err(StateError::UnknownMfe { id: id.to_owned() });
        }
        registry.change(&self.inner, id, |mfe| mfe.failure.clone_from(&failure));
        Ok(())
    }

    /// Lets a micro-frontend read, or read and write, the keys whose full names a pattern matches:
    /// keys of others, or shared keys where [`Store::set_shared_access`] asks for a grant. It holds
    /// for this id until it is revoked, registered or not.
    ///
    /// ```
    /// use universal_state::{Access, MfeInfo, Pattern, Store};
    ///
    /// let store = Store::new();
    /// let shop = store.register_mfe(MfeInfo::new("shop", "leptos", "1"))?;
    /// let cart = store.register_mfe(MfeInfo::new("cart", "leptos", "1"))?;
    /// shop.set("filter", 1)?;
    /// assert!(cart.peer("shop").try_get::<i32>("filter").is_err());
    /// store.grant("cart", Access::Read, Pattern::glob("@shop/filter")?);
    /// assert_eq!(cart.peer("shop").get("filter"), Some(1));
    /// # Ok::<(), universal_state::StateError>(())
    /// ```
    pub fn grant(&self, id: &str, access: Access, keys: Pattern) {
        let registry = Registry::of(&self.inner);
        if let Some(elsewhere) = registry.elsewhere() {
            self.view()
                .or_report(elsewhere.rule(Rule::Grant(id, access, &keys)));
            return;
        }
        registry.grant(id, access, keys);
        self.inner.rules_changed();
    }

    /// Takes all grants of a micro-frontend back. Returns how many there were.
    pub fn revoke(&self, id: &str) -> usize {
        let registry = Registry::of(&self.inner);
        if let Some(elsewhere) = registry.elsewhere() {
            let revoked = self.view().or_report(elsewhere.rule(Rule::Revoke(id)));
            return revoked.unwrap_or(0);
        }
        let revoked = registry.revoke(id);
        self.inner.rules_changed();
        revoked
    }

    /// What micro-frontends may do with shared keys: everything, unless it is set otherwise.
    pub fn set_shared_access(&self, access: SharedAccess) {
        let registry = Registry::of(&self.inner);
        if let Some(elsewhere) = registry.elsewhere() {
            self.view().or_report(elsewhere.rule(Rule::Shared(access)));
            return;
        }
        registry.set_shared(access);
        self.inner.rules_changed();
    }
}

impl View {
    /// The micro-frontends that are registered, in the order in which they came. Inside of an
    /// effect or a component it makes that run again when one comes or goes.
    pub fn mfes(&self) -> Vec<Mfe> {
        self.inner
            .read(&self.inner.registry)
            .unwrap_or_default()
            .and_then(|value| value.to::<Records>().ok())
            .unwrap_or_default()
    }

    /// How many micro-frontends are registered.
    pub fn total_mfes(&self) -> Computed<usize> {
        self.computed(|state| state.mfes().len())
    }

    /// Calls a listener with the registry whenever a micro-frontend comes or goes.
    ///
    /// # Errors
    /// [`StateError::Disposed`].
    pub fn subscribe_mfes(
        &self,
        options: SubscribeOptions,
        listener: impl Fn(&[Mfe]) + Send + Sync + 'static,
    ) -> Result<Subscription, StateError> {
        let slot = &self.inner.registry;
        self.subscribe_slot(slot, options, move |mfes: Option<&Records>, _| {
            listener(mfes.map_or(&[], Vec::as_slice));
        })
    }

    /// How many times micro-frontends were denied access.
    pub fn denied_count(&self) -> u64 {
        Registry::of(&self.inner).denied_count()
    }
}

impl Inner {
    /// Whether a key is a shared one, or that of a micro-frontend that is registered.
    #[cfg(feature = "edge")]
    pub(crate) fn has_owner(&self, full_name: &str) -> bool {
        crate::key::split(full_name)
            .is_none_or(|(id, _)| crate::read(&self.namespaces).contains(id))
    }

    /// Whether a key that was removed went because its micro-frontend left this page: elsewhere it stays.
    #[cfg(feature = "edge")]
    pub(crate) fn has_left(&self, full_name: &str, origin: &Origin) -> bool {
        matches!(origin, Origin::Mfe(_)) && !self.has_owner(full_name)
    }

    /// Whether a script that is no micro-frontend may use a key.
    #[cfg(all(feature = "js", target_family = "wasm", target_os = "unknown"))]
    pub(crate) fn is_shared_with_anyone(&self, full_name: &str, access: Access) -> bool {
        // No micro-frontend has this id.
        Registry::of(self).allows("", full_name, access)
    }

    /// As [`Inner::is_shared_with_anyone`], counted and reported if not.
    #[cfg(all(feature = "js", target_family = "wasm", target_os = "unknown"))]
    pub(crate) fn may_share_with_anyone(
        &self,
        full_name: &str,
        access: Access,
    ) -> Result<(), StateError> {
        if self.is_shared_with_anyone(full_name, access) {
            return Ok(());
        }
        Err(self.deny(StateError::Denied {
            mfe: "page".to_owned(),
            key: full_name.to_owned(),
            access,
        }))
    }

    /// Makes whoever was allowed or denied something ask again.
    fn rules_changed(&self) {
        // A store that was disposed of commits nothing any more.
        self.advance_clock();
        self.write_hidden(&self.rules, |changes| {
            let before = changes.and_then(|changes| changes.to::<u64>().ok());
            Value::new(before.unwrap_or(0) + 1)
        });
    }

    /// Gives a namespace an owner.
    fn own(&self, encoded_id: &str) {
        let mut owned = self
            .namespaces
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        owned.insert(encoded_id.to_owned());
    }

    /// Has namespaces owned by those with these ids, and by nobody else. Returns those that were nobody's.
    #[cfg(feature = "js")]
    fn own_only(&self, ids: &[&str]) -> Vec<String> {
        let mut namespaces: Vec<_> = ids.iter().map(|id| crate::key::namespace(id)).collect();
        let encoded = |namespace: &String| {
            crate::key::split(namespace).map_or_else(String::new, |(id, _)| id.to_owned())
        };
        let now = namespaces.iter().map(encoded).collect();
        let mut owned = self
            .namespaces
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *owned, now);
        namespaces.retain(|namespace| !before.contains(&encoded(namespace)));
        namespaces
    }

    /// Takes the owner of a namespace away: values can no longer be put there.
    fn disown(&self, encoded_id: &str) {
        let mut owned = self
            .namespaces
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        owned.remove(encoded_id);
    }

    pub(crate) fn deny(&self, error: StateError) -> StateError {
        Registry::of(self).count_denied();
        self.report(&error);
        error
    }
}
