//! How a store comes to share the page's: [`Store::connect`].

use super::DEFAULT_NAME;
use crate::{
    error::StateError,
    store::{Store, StoreBuilder},
};

impl Store {
    /// The page's store: joins the one that is there, from whatever wasm, or is put there as the first.
    /// Whichever module loads first, all share one state, and every write is decided in one place. See
    /// [`Guest`](super::guest::Guest) for what a store that has joined does.
    ///
    /// It stays on the page until it is disposed of; then the store that joined first takes its place.
    /// Where there is no page, as on a server, it is a store of its own.
    ///
    /// # Errors
    /// [`StateError::Refused`] if what is there cannot be joined: it speaks another protocol.
    /// [`StateError::Reentrant`] from inside a batch of the page's store.
    ///
    /// ```
    /// use leptos::prelude::*;
    /// use universal_state::{Store, StateError, hooks::{GlobalStateProvider, use_global_state}};
    ///
    /// #[component]
    /// fn Cart() -> impl IntoView {
    ///     let (count, set_count) = use_global_state::<u32>("count");
    ///     view! { <button on:click=move |_| set_count.update_or(0, |n| *n += 1)>{count}</button> }
    /// }
    ///
    /// #[component]
    /// fn Checkout() -> Result<impl IntoView, StateError> {
    ///     let store = Store::connect()?;
    ///     Ok(view! { <GlobalStateProvider store><Cart/></GlobalStateProvider> })
    /// }
    /// ```
    pub fn connect() -> Result<Self, StateError> {
        Self::connect_to(DEFAULT_NAME)
    }

    /// As [`Store::connect`], under a name: a page may have several stores.
    ///
    /// # Errors
    /// As [`Store::connect`].
    ///
    /// ```
    /// use universal_state::Store;
    ///
    /// let store = Store::connect_to("shop")?;
    /// store.set("cart", 1)?;
    /// # Ok::<(), universal_state::StateError>(())
    /// ```
    pub fn connect_to(name: &str) -> Result<Self, StateError> {
        Self::builder().connect_to(name)
    }

    /// Joins the store that has a name on the page; it does not take its place if there is none.
    ///
    /// # Errors
    /// [`StateError::Page`] if there is none, and as [`Store::connect`].
    ///
    /// ```
    /// use universal_state::{StateError, Store};
    ///
    /// // Where there is no page:
    /// # #[cfg(not(target_family = "wasm"))]
    /// assert!(matches!(Store::join("shop"), Err(StateError::Page { .. })));
    /// ```
    pub fn join(name: &str) -> Result<Self, StateError> {
        Self::builder().join(name)
    }

    /// As [`Store::join`], and waits for the store to come, for so many ms at most.
    ///
    /// # Errors
    /// [`StateError::Page`] if it has not come by then, and as [`Store::connect`].
    ///
    /// ```no_run
    /// use universal_state::Store;
    ///
    /// # async fn start() -> Result<(), universal_state::StateError> {
    /// let store = Store::wait_for("shop", 5_000).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn wait_for(name: &str, limit_ms: u32) -> Result<Self, StateError> {
        Self::builder().wait_for(name, limit_ms).await
    }

    /// Whether the store has joined another one, which decides what is stored.
    pub fn is_guest(&self) -> bool {
        self.inner.host().is_some()
    }
}

impl StoreBuilder {
    /// Builds the store and joins the page's, or puts it there as the first. See [`Store::connect_to`].
    ///
    /// # Errors
    /// As [`Store::connect`].
    ///
    /// ```
    /// use universal_state::{EngineKind, Store};
    ///
    /// let store = Store::builder().engine(EngineKind::Map).connect_to("shop")?;
    /// # Ok::<(), universal_state::StateError>(())
    /// ```
    pub fn connect_to(self, name: &str) -> Result<Store, StateError> {
        let store = self.build();
        #[cfg(all(target_family = "wasm", target_os = "unknown"))]
        browser::connect(&store, name)?;
        let _ = name;
        Ok(store)
    }

    /// Builds the store and joins the one that has a name on the page. See [`Store::join`].
    ///
    /// # Errors
    /// As [`Store::join`].
    pub fn join(self, name: &str) -> Result<Store, StateError> {
        #[cfg(all(target_family = "wasm", target_os = "unknown"))]
        {
            let store = self.build();
            match browser::join(&store, name)? {
                true => Ok(store),
                false => Err(nobody(name)),
            }
        }
        #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
        Err(nobody(name))
    }

    /// As [`StoreBuilder::join`], and waits for the store to come. See [`Store::wait_for`].
    ///
    /// # Errors
    /// As [`Store::wait_for`].
    pub async fn wait_for(self, name: &str, limit_ms: u32) -> Result<Store, StateError> {
        #[cfg(all(target_family = "wasm", target_os = "unknown"))]
        if !browser::arrival(name, limit_ms).await {
            return Err(nobody(name));
        }
        let _ = limit_ms;
        self.join(name)
    }
}

fn nobody(name: &str) -> StateError {
    StateError::Page {
        name: name.to_owned(),
        reason: "no store has this name; load the module that brings it, wait for it, or connect"
            .to_owned(),
    }
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod browser {
    use crate::{
        change::Stamp,
        edge::page::{Page, join as carrier, script},
        error::StateError,
        store::{Store, View},
    };
    use std::{cell::RefCell, sync::Arc};
    use wasm_bindgen::JsValue;

    thread_local! {
        /// The stores that have put themselves on the page, until they are disposed of.
        static HOSTS: RefCell<Vec<(usize, Page)>> = const { RefCell::new(Vec::new()) };
    }

    pub(super) fn connect(store: &Store, name: &str) -> Result<(), StateError> {
        if join(store, name)? {
            return Ok(());
        }
        install(store, name)
    }

    /// Puts a store on the page, for good.
    fn install(store: &Store, name: &str) -> Result<(), StateError> {
        let page = Page::install(store, name)?;
        let id = store.inner.id();
        HOSTS.with_borrow_mut(|hosts| hosts.push((id, page)));
        store.inner.at_end(Box::new(move || {
            let page = HOSTS.with_borrow_mut(|hosts| {
                let at = hosts.iter().position(|(host, _)| *host == id)?;
                Some(hosts.remove(at))
            });
            drop(page);
        }))
    }

    /// Joins a store to the page's. Returns whether there is one.
    pub(super) fn join(store: &Store, name: &str) -> Result<bool, StateError> {
        let handle = script::find(name);
        if handle.is_undefined() {
            return Ok(false);
        }
        let guest = carrier::join(store, &handle)?;
        let inner = Arc::downgrade(&store.inner);
        let (own, name) = (guest.clone(), name.to_owned());
        let handle = send_wrapper::SendWrapper::new(RefCell::new(handle));
        guest.on_close(move || {
            let Some(inner) = inner.upgrade() else { return };
            // One that was disposed of is still there.
            let before = std::mem::replace(&mut *handle.borrow_mut(), JsValue::UNDEFINED);
            script::forget(&name, &before);
            let store = Store::of(View {
                inner,
                gate: None,
                stamp: Stamp::LOCAL,
            });
            let taken = script::find(&name);
            let done = match taken.is_undefined() {
                true => install(&store, &name),
                false => carrier::rejoin(&own, &name),
            };
            *handle.borrow_mut() = taken;
            let _ = done.inspect_err(|error| store.report(error));
        });
        Ok(true)
    }

    pub(super) async fn arrival(name: &str, limit_ms: u32) -> bool {
        let arrival = script::arrival(name, limit_ms.into());
        let arrived = wasm_bindgen_futures::JsFuture::from(arrival).await;
        arrived.is_ok_and(|there| there.is_truthy())
    }
}
