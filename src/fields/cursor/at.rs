//! [`At`]: where a cursor is, whose value's type nobody else needs to know.

use super::{
    listening::{PartListener, PlaceCall},
    spot::{Missing, Spot},
};
use crate::{
    error::StateError,
    fields::{ArcFields, Diff, course::Path, held::Held, root::Root, track::Track},
    store::{Slot, SubscribeOptions, Subscription, View},
    value::{Value, is_content},
};
use reactive_graph::{
    graph::{Observer, untrack},
    owner::{Owner, on_cleanup},
};
use std::{
    any::Any,
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

/// A place inside of a value.
pub(super) trait Reach<L>: fmt::Debug + Send + Sync {
    fn get(&self, tracked: bool) -> Result<Option<L>, StateError>;
    fn with(&self, tracked: bool, f: &mut dyn FnMut(&L)) -> Result<(), StateError>;
    fn set(&self, part: L) -> Result<(), StateError>;
    fn update(&self, f: &mut dyn FnMut(&mut L)) -> Result<(), StateError>;
    fn track(&self);
    fn subscribe(
        &self,
        options: SubscribeOptions,
        listener: PartListener<L>,
    ) -> Result<Subscription, StateError>;
    fn report(&self, error: &StateError);
}

/// A place inside of a `V`, where an `L` is.
pub(super) struct At<V: 'static, L> {
    fields: ArcFields<V>,
    pub(super) root: Arc<Root<V>>,
    pub(super) spot: Arc<Spot<L>>,
    /// The nodes on the way, as long as they are there.
    track: Mutex<Option<Arc<Track>>>,
    kept: Kept,
}

/// What tells the readers of a place.
struct Kept {
    root: Arc<dyn Any + Send + Sync>,
    is_tracked: AtomicBool,
}

impl<V, L> At<V, L>
where
    V: Diff + Clone + Send + Sync + 'static,
    L: Clone + PartialEq + Send + Sync + 'static,
{
    pub(super) fn new(fields: ArcFields<V>, path: Path) -> Result<Self, StateError> {
        let root = Arc::clone(fields.readable()?);
        let kept = Kept {
            root: Arc::clone(&root) as _,
            is_tracked: AtomicBool::new(false),
        };
        let at = Self {
            fields,
            root,
            spot: Arc::new(Spot::new(path)),
            track: Mutex::new(None),
            kept,
        };
        let seen = untrack(|| {
            // Who reads the value hears what is wrong with it.
            let content = at.content(false).unwrap_or_default();
            let (held, _) = at.root.shape.read(content.as_ref());
            at.spot.find(&*held).map(drop)
        });
        match seen {
            Err(missing @ Missing::Unknown) => Err(at.refusal(missing)),
            _ => Ok(at),
        }
    }

    pub(super) fn view(&self) -> &View {
        self.fields.view()
    }

    pub(super) fn slot(&self) -> &Arc<Slot> {
        &self.root.slot
    }

    pub(super) fn refusal(&self, missing: Missing) -> StateError {
        StateError::Place {
            key: self.slot().key.to_string(),
            reason: match missing {
                Missing::Absent => "nothing is there now; write what it is part of",
                Missing::Unknown => {
                    "a type on the way does not know its parts; use the accessor of the field"
                }
            },
        }
    }

    /// What the key holds, as this thread sees it.
    fn content(&self, tracked: bool) -> Result<Option<Value>, StateError> {
        let (inner, slot) = (&self.view().inner, self.slot());
        if tracked && Observer::get().is_some() {
            if self.root.has_no_places(inner) {
                return inner.read(slot);
            }
            self.track_place();
        }
        match inner.at_hand(slot) {
            None => untrack(|| inner.peek(slot)).map(|(value, _)| value),
            value => Ok(value),
        }
    }

    fn read<R>(&self, tracked: bool, f: impl FnOnce(&L) -> R) -> Result<Option<R>, StateError> {
        self.view().may_read(self.slot())?;
        let content = self.content(tracked)?;
        if let Some(value) = content.as_ref().and_then(self.root.shape.typed_as()) {
            return Ok(self.spot.find(value).ok().map(f));
        }
        let held = self.held(content.as_ref())?;
        Ok(self.spot.find(&*held).ok().map(f))
    }

    pub(super) fn held(&self, content: Option<&Value>) -> Result<Held<V>, StateError> {
        self.root.shape.read_to_write(self.slot(), content)
    }

    fn track_place(&self) {
        self.kept.is_tracked.store(true, Ordering::Relaxed);
        loop {
            let track = self.track();
            track.end().track();
            if !track.is_gone() {
                return;
            }
        }
    }

    /// The nodes on the way.
    pub(super) fn track(&self) -> Arc<Track> {
        let mut track = crate::lock(&self.track);
        match &*track {
            Some(track) if !track.is_gone() => Arc::clone(track),
            _ => Arc::clone(track.insert(Arc::new(self.root.track_of(&self.spot.path)))),
        }
    }

    /// What is stored, if nothing that this thread is at has a say in it.
    fn stored(&self) -> Option<Value> {
        self.view().inner.at_hand(self.slot())
    }
}

impl<V, L> Reach<L> for At<V, L>
where
    V: Diff + Clone + Send + Sync + 'static,
    L: Clone + PartialEq + Send + Sync + 'static,
{
    fn get(&self, tracked: bool) -> Result<Option<L>, StateError> {
        self.read(tracked, L::clone)
    }

    fn with(&self, tracked: bool, f: &mut dyn FnMut(&L)) -> Result<(), StateError> {
        self.read(tracked, f).map(drop)
    }

    fn set(&self, part: L) -> Result<(), StateError> {
        untrack(|| match self.put(&mut self.stored(), part)? {
            Some(part) => self.change(&mut |_, place| place.clone_from(&part)),
            None => Ok(()),
        })
    }

    fn update(&self, f: &mut dyn FnMut(&mut L)) -> Result<(), StateError> {
        untrack(|| {
            let mut base = self.stored();
            let value = base.as_ref().and_then(self.root.shape.typed_as());
            let Some(Ok(part)) = value.map(|value| self.spot.find(value)) else {
                return self.change(&mut |_, place| f(place));
            };
            let mut part = part.clone();
            f(&mut part);
            match self.put(&mut base, part)? {
                // What was made of a value counts for as long as that is there.
                Some(part) => self.change(&mut |now, place| match is_content(now, base.as_ref()) {
                    true => place.clone_from(&part),
                    false => f(place),
                }),
                None => Ok(()),
            }
        })
    }

    fn track(&self) {
        let (view, slot) = (self.view(), self.slot());
        if Observer::get().is_some() && view.may_read(slot).is_ok() {
            match self.root.has_no_places(&view.inner) {
                // Who reads the value hears what is wrong with it.
                true => drop(view.inner.read(slot)),
                false => self.track_place(),
            }
        }
    }

    fn subscribe(
        &self,
        options: SubscribeOptions,
        listener: PartListener<L>,
    ) -> Result<Subscription, StateError> {
        let call = PlaceCall {
            spot: Arc::clone(&self.spot),
            shape: self.root.shape.clone(),
            is_asked: AtomicBool::new(options.immediate),
            listener,
        };
        self.view().subscribe_call(self.slot(), options, call)
    }

    fn report(&self, error: &StateError) {
        self.view().or_report(Err::<(), _>(error.clone()));
    }
}

impl Drop for Kept {
    /// Who has read it in what is running now, and goes on without it, is still told.
    fn drop(&mut self) {
        if self.is_tracked.load(Ordering::Relaxed) && Owner::current().is_some() {
            let root = Arc::clone(&self.root);
            on_cleanup(move || drop(root));
        }
    }
}

impl<V, L> fmt::Debug for At<V, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cursor")
            .field("key", &self.root.slot.key)
            .field("path", &self.spot.path)
            .finish_non_exhaustive()
    }
}
