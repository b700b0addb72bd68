//! Registering a computed value under a key, and the [`RegisteredComputed`] that keeps it there.

use super::{Named, naming::Step};
use crate::{
    error::{Access, StateError},
    key::AsKey,
    store::{
        context,
        guest::{ComputedKey, Naming},
        inner::Inner,
        view::View,
    },
    value::StateValue,
};
use smol_str::SmolStr;
use std::{
    fmt,
    sync::{Arc, Weak},
};

impl View {
    /// Registers a computed value under a key: whoever reads the key, in whatever way, reads what
    /// follows from the state at that moment, and whoever listens to it hears of its changes. It is
    /// evaluated only if somebody reads or listens, and again only if something that it read has
    /// changed. Nobody can write the key; `clear` and `restore` pass it over.
    ///
    /// The key is there until the [`RegisteredComputed`] is dropped or, if a micro-frontend
    /// registered it, that is unregistered. `f` reads through the view that it is given, as whoever
    /// registered it; what else it reads, such as a signal, is not followed. In a store that has joined
    /// the page's, all stores of the page and its scripts read the key too. Should it (natively)
    /// panic or depend on itself, the key reads as missing, with a report.
    ///
    /// # Errors
    /// [`StateError::KeyTaken`] if the key has a value, [`StateError::Key`], [`StateError::Denied`],
    /// [`StateError::UnknownMfe`], [`StateError::Disposed`], and [`StateError::Reentrant`] from
    /// inside a batch, a middleware or a computed value.
    ///
    /// ```
    /// use universal_state::{Key, StateError, Store};
    ///
    /// const TOTAL: Key<u32> = Key::new("total");
    ///
    /// let store = Store::new();
    /// store.set_many([("price", 20u32), ("amount", 2)])?;
    /// let total = store.register_computed(TOTAL, |state| {
    ///     let price: u32 = state.get("price").unwrap_or_default();
    ///     price * state.get::<u32>("amount").unwrap_or_default()
    /// })?;
    /// assert_eq!(store.get(TOTAL), Some(40));
    /// store.set("amount", 3u32)?;
    /// assert_eq!(store.snapshot().get(TOTAL), Some(60));
    /// assert!(matches!(store.set(TOTAL, 1), Err(StateError::ReadOnly { .. })));
    /// drop(total);
    /// assert_eq!(store.get(TOTAL), None);
    /// # Ok::<(), StateError>(())
    /// ```
    pub fn register_computed<T: StateValue>(
        &self,
        key: impl AsKey<T>,
        f: impl Fn(&Self) -> T + Send + Sync + 'static,
    ) -> Result<RegisteredComputed, StateError> {
        self.inner.may_write()?;
        self.inner.may_act_at_once()?;
        let slot = self.slot(key.as_name(), Access::Write)?;
        let named = Named::new(self, slot, f);
        self.may_put(&named.slot)?;
        self.inner.begin(&named)?;
        Ok(RegisteredComputed {
            inner: self.inner.this.clone(),
            key: named.slot.key.clone(),
            named: Arc::downgrade(&named),
        })
    }
}

/// Keeps a computed value registered under its key; dropping it takes the key away again, inside of
/// a batch when that has ended. Made by [`View::register_computed`].
#[must_use = "dropping it takes the key away again; call `forget` to keep it"]
pub struct RegisteredComputed {
    inner: Weak<Inner>,
    key: SmolStr,
    named: Weak<Named>,
}

impl RegisteredComputed {
    /// The full name of the key; `@id/key` for a key of a micro-frontend.
    pub fn name(&self) -> &str {
        &self.key
    }

    /// Whether the value is registered still: its micro-frontend may have gone.
    pub fn is_registered(&self) -> bool {
        let named = self.named.upgrade();
        named.is_some_and(|named| !named.has_ended())
    }

    /// Takes the key away.
    pub fn unregister(self) {}

    /// Keeps the key for as long as the store lives or its micro-frontend is registered.
    pub fn forget(mut self) {
        self.inner = Weak::new();
    }
}

impl Drop for RegisteredComputed {
    fn drop(&mut self) {
        let Some(inner) = self.inner.upgrade() else {
            return;
        };
        let (weak, named) = (Weak::clone(&self.inner), Weak::clone(&self.named));
        inner.defer(Box::new(move || {
            if let (Some(inner), Some(named)) = (weak.upgrade(), named.upgrade()) {
                inner.end(vec![named]);
            }
        }));
    }
}

impl fmt::Debug for RegisteredComputed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisteredComputed")
            .field("key", &self.key)
            .field("registered", &self.is_registered())
            .finish()
    }
}

/// Registering.
impl Inner {
    fn begin(&self, named: &Arc<Named>) -> Result<(), StateError> {
        let Some(host) = self.host() else {
            return self.begin_here(named);
        };
        let known: Arc<dyn ComputedKey> = Arc::clone(named) as _;
        host.define(self, &known)?;
        self.begin_here(named)
            .inspect_err(|_| host.withdraw(self, &*known))
    }

    /// Registers it in this store alone.
    pub(crate) fn begin_here(&self, named: &Arc<Named>) -> Result<(), StateError> {
        self.name(&[Box::new(Step::Begin(Arc::clone(named)))])?;
        named.revise(self);
        self.drive();
        Ok(())
    }

    /// Takes keys away.
    pub(crate) fn end(&self, named: Vec<Arc<dyn ComputedKey>>) {
        if named.is_empty() {
            return;
        }
        let naming: Vec<_> = named.into_iter().map(ComputedKey::ending).collect();
        // It fails only if the store was disposed of: then nothing changes any more.
        let _ = self.name(&naming);
    }

    /// Takes keys away when the open batch of this thread is committed, as part of it.
    pub(crate) fn end_with_batch(&self, named: Vec<Arc<dyn ComputedKey>>) {
        let naming = named.into_iter().map(ComputedKey::ending);
        context::with_draft(self.id(), |draft| draft.naming.extend(naming));
    }

    fn name(&self, naming: &[Box<dyn Naming>]) -> Result<(), StateError> {
        self.transact(None, naming, &mut |_| Ok(()))
    }
}
