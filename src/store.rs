//! [`Store`]: the handle of a universal state, and what its owner alone can do.

mod clock;
#[cfg(feature = "collections")]
mod collection;
mod computed;
mod context;
mod deliver;
mod draft;
mod graph;
mod guest;
mod handle;
mod history;
mod inner;
mod labels;
mod listen;
mod load;
mod metadata;
mod middleware;
mod named;
#[cfg(feature = "edge")]
mod notes;
mod persistent;
mod pipe;
#[cfg(feature = "json")]
mod place;
mod readers;
mod slot;
mod snapshot;
mod transaction;
mod view;

pub use clock::Task;
#[cfg(feature = "collections")]
pub use collection::{MapHandle, SetHandle};
pub use computed::Computed;
pub use handle::Handle;
pub use history::{History, HistoryMove, HistoryOptions, HistoryStep};
pub use listen::{Delivery, Outcome, SubscribeOptions, Subscription};
pub use load::{Landing, LoadPhase, LoadStatus, Request};
pub use metadata::Metadata;
pub use middleware::{Log, Middleware, MiddlewareId, Monitor, Validate, Veto, Warning};
pub use named::RegisteredComputed;
pub use snapshot::{Restore, Snapshot};
pub use transaction::{Transaction, Write};
pub use view::View;

pub(crate) use clock::now;
#[cfg(feature = "js")]
pub(crate) use context::ThisThread;
#[cfg(all(feature = "js", target_family = "wasm", target_os = "unknown"))]
pub(crate) use context::depth_address;
#[cfg(feature = "fields")]
pub(crate) use graph::{Graph, Triggers, typed};
pub(crate) use guest::ComputedKey;
#[cfg(feature = "edge")]
pub(crate) use guest::Feeding;
#[cfg(feature = "js")]
pub(crate) use guest::{Answer, Joining, Recording};
pub(crate) use inner::Inner;
pub(crate) use listen::Listener;
#[cfg(feature = "fields")]
pub(crate) use listen::{Call, Ended, ended, report_mismatch};
#[cfg(feature = "js")]
pub(crate) use named::Named;
#[cfg(feature = "edge")]
pub(crate) use notes::{Noted, Notes};
#[cfg(all(feature = "json", feature = "leptos"))]
pub(crate) use place::find;
#[cfg(feature = "fields")]
pub(crate) use readers::{Dependence, ReaderSource, Readers, track};
#[cfg(feature = "leptos")]
pub(crate) use slot::Following;
#[cfg(feature = "edge")]
pub(crate) use slot::SharedSignal;
#[cfg(any(feature = "fields", feature = "edge"))]
pub(crate) use slot::Slot;
#[cfg(feature = "js")]
pub(crate) use transaction::Writes;
pub(crate) use view::Gate;
#[cfg(all(any(feature = "fields", feature = "js"), feature = "json"))]
pub(crate) use view::serialize_error;
#[cfg(feature = "fields")]
pub(crate) use view::type_error;

use crate::{
    change::Stamp,
    engine::EngineKind,
    error::{Reporter, StateError},
    label::Label,
    pattern::Pattern,
};
use clock::Scheduler;
use guest::{Filtering, Labelling};
use middleware::Chain;
use std::{
    ops::Deref,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering},
};

/// One universal state: a cheap handle, to be cloned freely.
///
/// Reading, writing and subscribing are the methods of [`View`], which a store gives of all its
/// keys. The methods here are its owner's.
///
/// ```
/// use universal_state::Store;
///
/// let store = Store::new();
/// store.set("user", "Ada".to_owned())?;
/// assert_eq!(store.get::<String>("user").as_deref(), Some("Ada"));
/// # Ok::<(), universal_state::StateError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Store {
    view: View,
}

impl Deref for Store {
    type Target = View;

    fn deref(&self) -> &View {
        &self.view
    }
}

impl Default for Store {
    fn default() -> Self {
        Self::new()
    }
}

impl Store {
    /// An empty store on the default engine.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// An empty store, set up step by step.
    pub fn builder() -> StoreBuilder {
        StoreBuilder::default()
    }

    /// The store of an owner's view.
    #[cfg(feature = "js")]
    pub(crate) fn of(view: View) -> Self {
        Self { view }
    }

    /// The owner's view, for code that takes any view.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// The engine that the store runs on.
    pub fn engine(&self) -> EngineKind {
        self.inner.engine().kind()
    }

    /// Exchanges the engine while the store is in use. What is pending is delivered first; values,
    /// version, subscriptions, handles, hooks and middleware stay, and nobody is told anything,
    /// since nothing reads differently.
    ///
    /// # Errors
    /// [`StateError::Disposed`], or [`StateError::Reentrant`] from inside a batch, a middleware or a
    /// computed value.
    pub fn set_engine(&self, kind: EngineKind) -> Result<(), StateError> {
        self.inner.set_engine(kind)
    }

    /// Adds a middleware after those that are there. It sees every transaction from now on.
    pub fn add_middleware(&self, middleware: impl Middleware + 'static) -> MiddlewareId {
        let id = self.inner.next_id();
        let middleware = Arc::new(middleware);
        self.inner.change_middleware(|chain| {
            Some(match chain {
                Some(chain) => chain.with(id, middleware),
                None => Chain::default().with(id, middleware),
            })
        });
        MiddlewareId(id)
    }

    /// Removes a middleware. Returns whether it was there.
    pub fn remove_middleware(&self, id: MiddlewareId) -> bool {
        let mut was_there = false;
        self.inner.change_middleware(|chain| {
            was_there = chain.is_some_and(|chain| chain.has(id.0));
            chain?.without(id.0)
        });
        was_there
    }

    /// Sets who hears of errors that no caller is there to receive. Without a reporter they go to
    /// standard error, which a browser does not show; `provide_global_state` sets one that writes to
    /// the console.
    pub fn set_reporter(&self, reporter: impl Fn(&StateError) + Send + Sync + 'static) {
        self.inner.set_reporter(Some(Arc::new(reporter)));
    }

    /// Whether somebody hears of errors.
    pub fn has_reporter(&self) -> bool {
        self.inner.has_reporter()
    }

    /// Reports an error as the store does: for edges and hooks.
    pub fn report(&self, error: &StateError) {
        self.inner.report(error);
    }

    /// How many errors were reported.
    pub fn error_count(&self) -> u64 {
        self.inner.error_count()
    }

    /// How many listeners are subscribed.
    pub fn listener_count(&self) -> usize {
        let listening = &self.inner.listening;
        listening.batched.load(Ordering::Acquire) + listening.sync.load(Ordering::Acquire)
    }

    /// How many keys are kept track of: those that have a value, a listener of their own or a
    /// handle, or that an effect has looked for.
    pub fn slot_count(&self) -> usize {
        self.inner.slots.count()
    }

    /// Delivers what is pending, ends every subscription, and refuses writes and subscriptions from
    /// now on with [`StateError::Disposed`]. Values can still be read. From inside a listener
    /// nothing more is delivered.
    pub fn dispose(&self) {
        self.inner.dispose();
    }

    /// Whether the store was disposed of.
    pub fn is_disposed(&self) -> bool {
        self.inner.alive().is_err()
    }

    /// Whether both are handles of one store.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }
}

/// Sets up a [`Store`].
///
/// ```
/// use universal_state::{EngineKind, Store};
///
/// let store = Store::builder()
///     .engine(EngineKind::Map)
///     .on_error(|error| eprintln!("{error}"))
///     .build();
/// assert_eq!(store.engine(), EngineKind::Map);
/// ```
#[derive(Default)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct StoreBuilder {
    engine: EngineKind,
    scheduler: Scheduler,
    reporter: Option<Reporter>,
    middleware: Option<Arc<dyn Filtering>>,
    labels: Option<Box<dyn Labelling>>,
}

impl StoreBuilder {
    /// The engine; [`EngineKind::Signal`] if none is named.
    pub fn engine(mut self, kind: EngineKind) -> Self {
        self.engine = kind;
        self
    }

    /// Adds a middleware after those that were added before.
    pub fn middleware(mut self, middleware: impl Middleware + 'static) -> Self {
        let middleware = Arc::new(middleware);
        let chain = match &self.middleware {
            Some(all) => all.chain().with(1 + all.chain().len() as u64, middleware),
            None => Chain::default().with(1, middleware),
        };
        self.middleware = Some(chain);
        self
    }

    /// Labels all keys whose full names a pattern matches, see [`Label`]: before anything can be
    /// stored, so that nothing gets out before the label is there.
    ///
    /// ```
    /// use universal_state::{Label, Pattern, Store};
    ///
    /// let store = Store::builder()
    ///     .label(Pattern::glob("token")?, Label::Secret)
    ///     .label(Pattern::glob("**/draft:*")?, Label::Volatile)
    ///     .build();
    /// assert!(store.labels("token")?.has(Label::Secret));
    /// assert!(store.labels("@shop/draft:7")?.has(Label::Volatile));
    /// # Ok::<(), universal_state::StateError>(())
    /// ```
    pub fn label(mut self, keys: Pattern, label: Label) -> Self {
        labels::add(&mut self.labels, keys, label);
        self
    }

    /// Who hears of errors that no caller is there to receive.
    pub fn on_error(mut self, reporter: impl Fn(&StateError) + Send + Sync + 'static) -> Self {
        self.reporter = Some(Arc::new(reporter));
        self
    }

    /// How the store gets to run at the end of a turn: the function is given a task and must run it
    /// later, once; until it does, the turn goes on. In a browser the default is a microtask. Natively there is no default, and
    /// batched listeners are called by [`View::flush`] alone.
    pub fn scheduler(mut self, schedule: impl Fn(Task) + Send + Sync + 'static) -> Self {
        self.scheduler = Scheduler::Custom(Arc::new(schedule));
        self
    }

    /// The store.
    pub fn build(self) -> Store {
        let inner = Inner::new(self.engine, self.scheduler, self.reporter, self.middleware);
        if let Some(labels) = self.labels {
            // The store is new: there are none yet.
            let _ = inner.slots.labelled.set(labels);
        }
        Store {
            view: View {
                inner,
                gate: None,
                stamp: Stamp::LOCAL,
            },
        }
    }
}

impl std::fmt::Debug for StoreBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoreBuilder")
            .field("engine", &self.engine)
            .field("scheduler", &self.scheduler)
            .field(
                "middleware",
                &self.middleware.as_ref().map_or(0, |all| all.chain().len()),
            )
            .finish_non_exhaustive()
    }
}

impl Inner {
    fn set_engine(&self, kind: EngineKind) -> Result<(), StateError> {
        self.may_write()?;
        self.may_act_at_once()?;
        self.flush();
        let mut running = self
            .engine
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if running.kind() == kind {
            return Ok(());
        }
        let next = kind.start();
        for slot in self.slots.all() {
            let mut state = crate::lock(&slot.state);
            // Moved, not cloned: no value is dropped here.
            let value = running.store(slot.site(), &mut state.place, None);
            next.store(slot.site(), &mut state.place, value);
        }
        self.finds.store(next.finds(), Ordering::Release);
        *running = next;
        // Inside of a listener the flush above is put off. What is pending stands in line then,
        // before whatever the new engine has to tell.
        let mut state = crate::lock(&self.state);
        if !state.pending.is_empty() {
            let item = state.take_pending();
            state.queue.push_back(item);
        }
        drop((state, running));
        self.drive();
        Ok(())
    }

    fn change_middleware(&self, change: impl FnOnce(Option<&Chain>) -> Option<Arc<dyn Filtering>>) {
        let mut all = self
            .middleware
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let before = all.take();
        *all = change(before.as_ref().map(|before| before.chain()));
        let asks = all.is_some() || self.host().is_some();
        self.asks.store(asks, Ordering::Release);
        drop(all);
        drop(before);
    }
}

/// Runs user code and turns its panic into text. On wasm, where a panic aborts, it just runs.
pub(crate) fn contain<R>(f: impl FnOnce() -> R) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(f)).map_err(|panic| {
        let message = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned());
        message.map_or_else(
            || "it panicked".to_owned(),
            |message| format!("it panicked: {message}"),
        )
    })
}
