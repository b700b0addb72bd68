//! What is going on in this thread: open batches, computed values being evaluated, and places
//! that must not write.

use super::{
    draft::{Draft, Marks},
    guest::Drafting,
    slot::Slot,
};
use reactive_graph::graph::Observer;
use std::{
    cell::{Cell, RefCell},
    sync::Arc,
};

/// What a computed value read. With each goes the sequence number, or revision, of what it saw.
#[derive(Clone)]
pub(crate) enum Dep {
    Slot(Arc<Slot>),
    /// Which keys there are.
    Members,
    Everything,
    Computed(Arc<dyn super::computed::Node>),
}

/// The place where a computed value is being evaluated, as errors name it.
pub(crate) const EVALUATION: &str = "a computed value";

enum Kind {
    Batch(Box<dyn Drafting>),
    Track(Vec<(Dep, u64)>),
    Forbid(&'static str),
}

struct Frame {
    store: usize,
    kind: Kind,
}

thread_local! {
    static FRAMES: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
    /// The number of frames, so that the usual case, none, costs one load.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Names this thread while it lives. `std::thread::current` counts references for its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ThisThread(pub(crate) usize);

impl ThisThread {
    pub(crate) fn get() -> Self {
        Self(DEPTH.with(|depth| std::ptr::from_ref(depth).addr()))
    }
}

/// Whether nothing is going on in this thread, in any store.
pub(crate) fn is_idle() -> bool {
    DEPTH.get() == 0
}

/// Where the number of frames of this thread stands in memory, for who reads it there: 0 while nothing
/// is going on.
#[cfg(all(feature = "js", target_family = "wasm", target_os = "unknown"))]
pub(crate) fn depth_address() -> usize {
    DEPTH.with(|depth| depth.as_ptr().expose_provenance())
}

/// Takes its frame off again, also when the code inside panics.
struct Pop;

impl Drop for Pop {
    fn drop(&mut self) {
        drop(pop());
    }
}

fn push(store: usize, kind: Kind) -> Pop {
    FRAMES.with_borrow_mut(|frames| frames.push(Frame { store, kind }));
    DEPTH.set(DEPTH.get() + 1);
    Pop
}

fn pop() -> Option<Frame> {
    DEPTH.set(DEPTH.get().saturating_sub(1));
    FRAMES.with_borrow_mut(Vec::pop)
}

fn find<R>(store: usize, mut look: impl FnMut(&mut Kind) -> Option<R>) -> Option<R> {
    if DEPTH.get() == 0 {
        return None;
    }
    FRAMES.with_borrow_mut(|frames| {
        frames
            .iter_mut()
            .rev()
            .filter(|frame| frame.store == store)
            .find_map(|frame| look(&mut frame.kind))
    })
}

/// Runs `f` with an open batch and hands back what it wrote.
pub(crate) fn batch<R>(
    store: usize,
    marks: Option<&Marks<'_>>,
    f: impl FnOnce() -> R,
) -> (R, Box<Draft>) {
    let guard = push(store, Kind::Batch(Draft::begin(marks)));
    let result = f();
    std::mem::forget(guard);
    match pop() {
        Some(Frame {
            kind: Kind::Batch(draft),
            ..
        }) => (result, draft.into_draft()),
        _ => (result, Box::default()),
    }
}

/// Runs `f` and hands back what it read.
pub(crate) fn tracked<R>(store: usize, f: impl FnOnce() -> R) -> (R, Vec<(Dep, u64)>) {
    let guard = push(store, Kind::Track(Vec::new()));
    let result = f();
    std::mem::forget(guard);
    match pop() {
        Some(Frame {
            kind: Kind::Track(deps),
            ..
        }) => (result, deps),
        _ => (result, Vec::new()),
    }
}

/// Runs `f`, in which writes to the store are refused.
pub(crate) fn forbidding<R>(store: usize, during: &'static str, f: impl FnOnce() -> R) -> R {
    let _pop = push(store, Kind::Forbid(during));
    f()
}

/// The place that must not write, if this thread is in one.
pub(crate) fn forbidden(store: usize) -> Option<&'static str> {
    find(store, |kind| match kind {
        Kind::Forbid(during) => Some(*during),
        Kind::Track(_) => Some(EVALUATION),
        Kind::Batch(_) => None,
    })
}

/// Whether and where this thread writes.
pub(crate) enum Writing<R> {
    /// Into its open batch.
    Draft(R),
    /// At once.
    Through,
    /// Not here.
    Forbidden(&'static str),
}

/// Calls `f` with the open batch of this thread, if what it writes goes there. The innermost of what
/// is going on decides: no batch is begun where writes are forbidden.
pub(crate) fn writing<R>(store: usize, f: impl FnOnce(&mut dyn Drafting) -> R) -> Writing<R> {
    let mut f = Some(f);
    find(store, |kind| match kind {
        Kind::Batch(draft) => f.take().map(|f| Writing::Draft(f(&mut **draft))),
        Kind::Forbid(during) => Some(Writing::Forbidden(during)),
        Kind::Track(_) => Some(Writing::Forbidden(EVALUATION)),
    })
    .unwrap_or(Writing::Through)
}

/// Whether this thread is inside of anything of this store.
pub(crate) fn busy(store: usize) -> bool {
    find(store, |_| Some(())).is_some()
}

/// Calls `f` with the open batch of this thread, if there is one. A computed value that is being
/// evaluated for its cache is outside of any batch: what a batch wrote may come to nothing.
pub(crate) fn with_draft<R>(store: usize, f: impl FnOnce(&mut Draft) -> R) -> Option<R> {
    drafting(store, |draft| f(draft.draft()))
}

/// As [`with_draft`], for what may happen without a batch, too.
pub(crate) fn drafting<R>(store: usize, f: impl FnOnce(&mut dyn Drafting) -> R) -> Option<R> {
    let mut f = Some(f);
    find(store, |kind| match kind {
        Kind::Batch(draft) => Some(f.take().map(|f| f(&mut **draft))),
        Kind::Track(_) => Some(None),
        Kind::Forbid(_) => None,
    })
    .flatten()
}

/// Notes that the running effect or memo, if there is one, sees what the open batch wrote.
pub(crate) fn observe(store: usize) {
    if Observer::get().is_some() {
        drafting(store, |draft| draft.observe());
    }
}

/// Whether a batch is open in this thread.
pub(crate) fn in_batch(store: usize) -> bool {
    drafting(store, |_| ()).is_some()
}

/// Whether a computed value is being evaluated in this thread, for its cache or from a batch.
pub(crate) fn evaluating(store: usize) -> bool {
    find(store, |kind| match kind {
        Kind::Track(_) => Some(()),
        Kind::Forbid(during) => (*during == EVALUATION).then_some(()),
        Kind::Batch(_) => None,
    })
    .is_some()
}

/// Whether a computed value is being evaluated for its cache in this thread.
pub(crate) fn tracking(store: usize) -> bool {
    find(store, |kind| matches!(kind, Kind::Track(_)).then_some(())).is_some()
}

/// Notes a read for the computed value that is being evaluated, if there is one.
pub(crate) fn track(store: usize, dep: impl FnOnce() -> (Dep, u64)) {
    let mut dep = Some(dep);
    find(store, |kind| match kind {
        Kind::Track(deps) => dep.take().map(|dep| deps.push(dep())),
        _ => None,
    });
}
