//! [`Computed`]: values that follow from others.
//!
//! Evaluation is pull-based: a value notes what it read and in which version, and is evaluated
//! again only if one of those has moved when somebody asks. That makes it lazy, cached and
//! glitch-free, whichever engine runs; an equal result keeps its revision, so whatever depends on
//! it stays as it is.

mod attach;

use super::{
    context::{self, Dep},
    inner::Inner,
    listen::{
        Attached, Failure, Listener, Outcome, SetCall, Subject, SubscribeOptions, Subscription,
        ended,
    },
    readers::Readers,
    view::{Gate, View},
};
use crate::{change::ChangeSet, error::StateError};
use reactive_graph::{
    computed::ArcMemo,
    graph::{Observer, untrack},
    traits::Get,
};
use smol_str::SmolStr;
use std::{
    cell::RefCell,
    fmt,
    sync::{Arc, Mutex, OnceLock, Weak, atomic::Ordering},
};

/// A computed value, whatever its type.
pub(crate) trait Node: Send + Sync {
    /// Makes sure that the value is up to date. The revision grows when the value changes.
    fn refresh(&self) -> Result<u64, StateError>;

    /// What the value was computed from, other computed values resolved to what they read.
    fn sources(&self, into: &mut Attached, signals: Option<&Inner>);
}

/// A value that follows from others: lazy, cached, and told of only when it really changes.
///
/// Made by [`View::computed`]; [`View::register_computed`] puts one under a key, for everybody to
/// read. Inside of an effect or a component it is tracked like a key.
///
/// ```
/// use universal_state::Store;
///
/// let store = Store::new();
/// store.set("price", 20)?;
/// store.set("amount", 2)?;
/// let total = store.computed(|state| {
///     let price: i32 = state.get("price").unwrap_or_default();
///     let amount: i32 = state.get("amount").unwrap_or_default();
///     price * amount
/// });
/// assert_eq!(total.get(), Some(40));
/// store.set("amount", 3)?;
/// assert_eq!(total.get(), Some(60));
/// # Ok::<(), universal_state::StateError>(())
/// ```
pub struct Computed<T>(Arc<Cell<T>>);

/// How often a value is evaluated anew because other threads have changed what it read.
pub(super) const MAX_ATTEMPTS: usize = 1_000;

struct Cell<T> {
    inner: Weak<Inner>,
    /// The key that it is registered under.
    name: Option<SmolStr>,
    /// Who the value was made by, if not by the store's owner.
    gate: Option<Arc<dyn Gate>>,
    evaluate: Box<dyn Fn() -> Result<T, StateError> + Send + Sync>,
    cached: Mutex<Cached<T>>,
    /// The revision as a memo of each effect or memo that has tracked the value, in the order in which
    /// they first did: one for all would tell those of whom the first has read what it follows from.
    memos: Mutex<Readers<ArcMemo<u64>>>,
}

struct Cached<T> {
    value: Option<Arc<T>>,
    revision: u64,
    /// The store's clock when the value was last known to be up to date.
    checked: Option<u64>,
    deps: Arc<Deps>,
}

/// What a value was computed from, with the version of each that it saw.
#[derive(Default)]
struct Deps {
    list: Vec<(Dep, u64)>,
    inner: Weak<Inner>,
}

impl Drop for Deps {
    fn drop(&mut self) {
        let Some(inner) = self.inner.upgrade() else {
            return;
        };
        for (dep, _) in self.list.drain(..) {
            if let Dep::Slot(slot) = dep {
                inner.release(&slot);
            }
        }
    }
}

thread_local! {
    /// The computed values that are being evaluated in this thread.
    static EVALUATING: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

struct Evaluated;

impl Drop for Evaluated {
    fn drop(&mut self) {
        EVALUATING.with_borrow_mut(Vec::pop);
    }
}

impl<T: PartialEq + Send + Sync + 'static> Computed<T> {
    pub(crate) fn new(view: &View, f: impl Fn(&View) -> T + Send + Sync + 'static) -> Self {
        Self::of(view, None, move |view| Ok(f(view)))
    }

    /// A computed value that is registered under a key. Where `f` fails nothing is kept.
    pub(super) fn named(
        view: &View,
        name: &SmolStr,
        f: impl Fn(&View) -> Result<T, StateError> + Send + Sync + 'static,
    ) -> Self {
        Self::of(view, Some(name.clone()), f)
    }

    fn of(
        view: &View,
        name: Option<SmolStr>,
        f: impl Fn(&View) -> Result<T, StateError> + Send + Sync + 'static,
    ) -> Self {
        let view = view.downgrade();
        Self(Arc::new(Cell {
            inner: view.inner(),
            name,
            gate: view.gate(),
            evaluate: Box::new(move || {
                let view = view.upgrade().ok_or(StateError::Disposed)?;
                f(&view)
            }),
            cached: Mutex::new(Cached {
                value: None,
                revision: 0,
                checked: None,
                deps: Arc::default(),
            }),
            memos: Mutex::default(),
        }))
    }

    /// The value, evaluated if need be. `None`, and a report, where [`Computed::try_get`] fails.
    pub fn get(&self) -> Option<T>
    where
        T: Clone,
    {
        match self.try_get() {
            Ok(value) => Some(value),
            Err(error) => {
                if let Some(inner) = self.0.inner.upgrade() {
                    inner.report(&error);
                }
                None
            }
        }
    }

    /// The value, evaluated if need be. Inside of a batch it is computed from what the batch wrote.
    ///
    /// # Errors
    /// [`StateError::Cycle`] if the value depends on itself, [`StateError::Disposed`] if the store
    /// is gone and the value was never evaluated.
    pub fn try_get(&self) -> Result<T, StateError>
    where
        T: Clone,
    {
        self.with(T::clone)
    }

    /// Calls `f` with the value, without cloning it.
    ///
    /// # Errors
    /// As [`Computed::try_get`].
    pub fn with<R>(&self, f: impl FnOnce(&T) -> R) -> Result<R, StateError> {
        self.track();
        let Some(inner) = self.0.inner.upgrade() else {
            let value = crate::lock(&self.0.cached).value.clone();
            return value.map(|value| f(&value)).ok_or(StateError::Disposed);
        };
        if context::in_batch(inner.id()) {
            return Ok(f(&*self.drafted(&inner)?));
        }
        let revision = self.0.refresh()?;
        context::track(inner.id(), || {
            let node: Arc<dyn Node> = Arc::clone(&self.0) as _;
            (Dep::Computed(node), revision)
        });
        let value = crate::lock(&self.0.cached).value.clone();
        value.map(|value| f(&value)).ok_or(StateError::Disposed)
    }

    /// What follows from what the open batch of this thread wrote. That may come to nothing, so it
    /// is kept with the batch, until that writes again or something is committed.
    fn drafted(&self, inner: &Inner) -> Result<Arc<T>, StateError> {
        let id = inner.id();
        let node: Arc<dyn Node> = Arc::clone(&self.0) as _;
        let clock = inner.clock.load(Ordering::Acquire);
        // Who tracks has to track what is read, so as to look again if the batch fails.
        if Observer::get().is_none()
            && let Some(kept) = context::with_draft(id, |draft| draft.computed(&node, clock))
            && let Some(Ok(value)) = kept.map(|kept| kept.downcast())
        {
            return Ok(value);
        }
        let value = self
            .0
            .guarded(|| context::forbidding(id, context::EVALUATION, || (self.0.evaluate)()))?;
        let value = Arc::new(value);
        let kept = Arc::clone(&value);
        let waste = context::with_draft(id, |draft| draft.keep_computed(node, clock, kept));
        drop(waste);
        Ok(value)
    }

    /// What follows from the committed state, also inside of a batch, and its revision. Nobody is made
    /// to depend on it.
    pub(super) fn revised(&self) -> Result<(u64, Arc<T>), StateError> {
        self.0.current()
    }

    /// Hangs a listener on what the value was computed from. Returns whether it hung elsewhere.
    pub(super) fn attach(&self, inner: &Inner, listener: &Arc<Listener>) -> bool {
        inner.attach(listener, &*self.0)
    }

    /// Calls a listener when the value has changed.
    ///
    /// # Errors
    /// [`StateError::Disposed`], and whatever the first evaluation fails with.
    pub fn subscribe<O: Outcome>(
        &self,
        listener: impl Fn(&T) -> O + Send + Sync + 'static,
    ) -> Result<Subscription, StateError> {
        self.subscribe_with(SubscribeOptions::new(), listener)
    }

    /// As [`Computed::subscribe`], with options.
    ///
    /// # Errors
    /// As [`Computed::subscribe`].
    pub fn subscribe_with<O: Outcome>(
        &self,
        options: SubscribeOptions,
        listener: impl Fn(&T) -> O + Send + Sync + 'static,
    ) -> Result<Subscription, StateError> {
        let inner = self.0.inner.upgrade().ok_or(StateError::Disposed)?;
        inner.alive()?;
        if let Some(gate) = &self.0.gate {
            gate.is_open()?;
        }
        let told = Mutex::new(self.0.current()?);
        let cell = Arc::clone(&self.0);
        let here: Arc<OnceLock<Weak<Listener>>> = Arc::default();
        let itself = Arc::clone(&here);
        let tell = move |inner: &Inner, only_if_new: bool| {
            let now = cell
                .current()
                .map_err(|error| Box::new(Failure(error.to_string())))?;
            if let Some(this) = itself.get().and_then(Weak::upgrade) {
                inner.attach(&this, &*cell);
            }
            let (revision, value) = &now;
            let (old_revision, old) = std::mem::replace(&mut *crate::lock(&told), now.clone());
            // Somebody may have asked in between: then the revision moved, and the value came back.
            if only_if_new && (old_revision == *revision || *old == **value) {
                return Ok(());
            }
            ended(listener(value))
        };
        let tell = Arc::new(tell);
        let later = Arc::clone(&tell);
        let listener = Listener::new(
            &inner,
            options.delivery,
            Subject::Computed(Box::default()),
            None,
            SetCall(move |inner: &Inner, _: &ChangeSet| later(inner, true)),
        );
        let subscription = inner.subscribe(listener, &[]);
        let listener = subscription.listener();
        // The one place that sets it.
        let _ = here.set(Arc::downgrade(listener));
        inner.attach(listener, &*self.0);
        if let Some(gate) = &self.0.gate {
            gate.subscribed(&subscription);
        }
        if options.immediate {
            untrack(|| inner.call(listener, || tell(&inner, false)));
        }
        Ok(subscription)
    }

    /// Makes the running effect or memo depend on this value.
    fn track(&self) {
        let Some(observer) = Observer::get() else {
            return;
        };
        let new = || {
            let cell = Arc::downgrade(&self.0);
            ArcMemo::new(move |_| {
                let Some(cell) = cell.upgrade() else { return 0 };
                let revision = untrack(|| cell.refresh()).unwrap_or_default();
                let inner = cell.inner.upgrade();
                cell.sources(&mut Attached::default(), inner.as_deref());
                revision
            })
        };
        let memo = crate::lock(&self.0.memos).reader(&observer).source_or(new);
        memo.get();
    }
}

impl<T> Cell<T> {
    /// Runs an evaluation, unless this very value is being evaluated already.
    fn guarded<R>(&self, f: impl FnOnce() -> Result<R, StateError>) -> Result<R, StateError> {
        let this = std::ptr::from_ref(self).addr();
        if EVALUATING.with_borrow(|stack| stack.contains(&this)) {
            return Err(StateError::Cycle {
                what: match &self.name {
                    Some(name) => format!("computed key {name:?}"),
                    None => format!("a computed {}", std::any::type_name::<T>()),
                },
            });
        }
        EVALUATING.with_borrow_mut(|stack| stack.push(this));
        let _evaluated = Evaluated;
        f()
    }

    fn is_current(&self, inner: &Inner, deps: &[(Dep, u64)]) -> Result<bool, StateError> {
        for (dep, seen) in deps {
            let now = match dep {
                Dep::Slot(slot) => crate::lock(&slot.state).sequence,
                Dep::Members => crate::lock(&inner.state).members,
                Dep::Everything => inner.clock.load(Ordering::Acquire),
                Dep::Computed(node) => node.refresh()?,
            };
            if now != *seen {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl<T: PartialEq + Send + Sync + 'static> Cell<T> {
    /// The value, evaluated if need be, and its revision.
    fn current(&self) -> Result<(u64, Arc<T>), StateError> {
        self.refresh()?;
        let cached = crate::lock(&self.cached);
        let value = cached.value.clone().ok_or(StateError::Disposed)?;
        Ok((cached.revision, value))
    }
}

impl<T: PartialEq + Send + Sync + 'static> Node for Cell<T> {
    fn refresh(&self) -> Result<u64, StateError> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            if let Some(revision) = self.try_refresh(attempts < MAX_ATTEMPTS)? {
                return Ok(revision);
            }
        }
    }

    fn sources(&self, into: &mut Attached, signals: Option<&Inner>) {
        if !into.nodes.insert(std::ptr::from_ref(self).addr()) {
            return;
        }
        let deps = Arc::clone(&crate::lock(&self.cached).deps);
        if deps.list.is_empty() {
            // So that the store finds the listeners of a constant when it is disposed of.
            into.everything = true;
        }
        for (dep, _) in &deps.list {
            match dep {
                Dep::Slot(slot) => {
                    if signals.is_some() {
                        slot.track();
                    }
                    into.add(slot);
                }
                Dep::Members | Dep::Everything => {
                    into.everything = true;
                    match (signals, dep) {
                        (Some(inner), Dep::Members) => inner.members.track(),
                        (Some(inner), _) => inner.everything.track(),
                        _ => {}
                    }
                }
                Dep::Computed(node) => node.sources(into, signals),
            }
        }
    }
}

impl<T: PartialEq + Send + Sync + 'static> Cell<T> {
    /// The revision of the value, brought up to date; `None` if another thread has evaluated it in
    /// the meantime or, where it is to be `consistent`, has changed what it was evaluated from.
    fn try_refresh(&self, consistent: bool) -> Result<Option<u64>, StateError> {
        let Some(inner) = self.inner.upgrade() else {
            return Ok(Some(crate::lock(&self.cached).revision));
        };
        let now = inner.clock.load(Ordering::Acquire);
        let (old, deps) = {
            let cached = crate::lock(&self.cached);
            if cached.checked == Some(now) {
                return Ok(Some(cached.revision));
            }
            (cached.value.clone(), Arc::clone(&cached.deps))
        };
        self.guarded(|| {
            if old.is_some() && self.is_current(&inner, &deps.list)? {
                let mut cached = crate::lock(&self.cached);
                cached.checked = Some(now);
                return Ok(Some(cached.revision));
            }
            let (value, list) = context::tracked(inner.id(), || untrack(|| (self.evaluate)()));
            let deps = Deps {
                list,
                inner: Weak::clone(&self.inner),
            };
            let value = Arc::new(value?);
            // A commit that is under way has changed some keys and not others; it is waited for.
            let moved = crate::lock(&inner.state).sequence != now;
            if consistent && moved && !self.is_current(&inner, &deps.list)? {
                return Ok(None);
            }
            let equal = old.as_ref().is_some_and(|old| **old == *value);
            // Kept beyond the lock, since what is dropped may be the user's.
            let kept = Arc::clone(&value);
            let mut cached = crate::lock(&self.cached);
            let is_old = match (&cached.value, &old) {
                (Some(cached), Some(old)) => Arc::ptr_eq(cached, old),
                (cached, old) => cached.is_none() && old.is_none(),
            };
            if !is_old {
                return Ok(None);
            }
            let replaced = (
                (!equal).then(|| cached.value.replace(value)),
                std::mem::replace(&mut cached.deps, Arc::new(deps)),
            );
            cached.revision += u64::from(!equal);
            cached.checked = Some(now);
            let revision = cached.revision;
            drop(cached);
            drop((replaced, kept));
            Ok(Some(revision))
        })
    }
}

impl<T> Clone for Computed<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> fmt::Debug for Computed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Computed<{}>", std::any::type_name::<T>())
    }
}
