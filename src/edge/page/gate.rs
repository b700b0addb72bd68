//! What the page may use of a store.

use crate::{
    error::{Access, StateError},
    key,
    label::Label,
    store::{Gate, Inner, Subscription},
};
use std::{borrow::Cow, sync::Arc};

/// Shuts out keys that are secret; without a scope also those of micro-frontends, and shared ones that
/// the store does not leave open.
pub(super) struct PageGate {
    /// The gate of the micro-frontend that the view is for.
    pub(super) scope: Option<Arc<dyn Gate>>,
}

impl PageGate {
    fn is_shown(inner: &Inner, name: &str) -> bool {
        !inner.labels(name).has(Label::Secret)
    }

    fn show(inner: &Inner, name: &str) -> Result<(), StateError> {
        if Self::is_shown(inner, name) {
            return Ok(());
        }
        Err(StateError::Refused {
            door: "page".to_owned(),
            what: name.to_owned(),
            reason: "the key is labelled secret: it does not leave the wasm".to_owned(),
        })
    }
}

impl Gate for PageGate {
    fn full_name<'k>(
        &self,
        inner: &Inner,
        key: &'k str,
        access: Access,
    ) -> Result<Cow<'k, str>, StateError> {
        let name = match &self.scope {
            Some(scope) => scope.full_name(inner, key, access)?,
            None => {
                key::check(key)?;
                inner.may_share_with_anyone(key, access)?;
                Cow::Borrowed(key)
            }
        };
        Self::show(inner, &name)?;
        Ok(name)
    }

    fn may_use(&self, inner: &Inner, full_name: &str, access: Access) -> Result<(), StateError> {
        match &self.scope {
            Some(scope) => scope.may_use(inner, full_name, access)?,
            None => inner.may_share_with_anyone(full_name, access)?,
        }
        Self::show(inner, full_name)
    }

    fn is_open(&self) -> Result<(), StateError> {
        self.scope.as_ref().map_or(Ok(()), |scope| scope.is_open())
    }

    fn own_name<'k>(&self, inner: &Inner, full_name: &'k str) -> Option<&'k str> {
        let name = match &self.scope {
            Some(scope) => scope.own_name(inner, full_name)?,
            None if inner.is_shared_with_anyone(full_name, Access::Read) => full_name,
            None => return None,
        };
        Self::is_shown(inner, full_name).then_some(name)
    }

    fn namespace(&self) -> Option<&str> {
        self.scope.as_ref()?.namespace()
    }

    fn is_own(&self, full_name: &str) -> bool {
        self.scope
            .as_ref()
            .is_some_and(|scope| scope.is_own(full_name))
    }

    fn subscribed(&self, subscription: &Subscription) {
        if let Some(scope) = &self.scope {
            scope.subscribed(subscription);
        }
    }
}
