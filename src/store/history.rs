//! [`History`]: undo and redo.

mod book;
mod options;
mod recorder;

pub use options::HistoryOptions;
use recorder::Recorder;

use super::{context, slot::Slot, view::View};
use crate::{
    change::Stamp,
    error::StateError,
    key::Name,
    value::{Value, is_content, same_content},
};
use book::{Book, Plan};
use reactive_graph::graph::untrack;
use rustc_hash::FxHashMap;
use std::{fmt, sync::Arc};

/// How often a move is thought out anew because other threads were faster.
const MAX_ATTEMPTS: usize = 100;

/// Undo and redo over some keys of a store. Made by [`View::history`]; clones are handles of one
/// history, which ends when the last is dropped.
///
/// A transaction is a step: a batch is one. A move (undo, redo, go to) is one transaction that
/// takes the way of every write, so middleware may refuse it; it is no step itself.
///
/// Only what happened on this page is undone. Where a key no longer holds what the step wrote,
/// because another tab, storage, or a paused or ignored writer has written it since, the key is
/// left alone, and so is a key of a micro-frontend that is gone, or one under which a computed value
/// has been registered since; the rest of the step is undone, and [`HistoryMove::skipped`] says what
/// was not. A write of this page after an undo forgets the steps that could be redone. Computed keys
/// are no part of a step: they follow by themselves.
///
/// Positions count the steps that are applied: 0 is before the first, [`History::len`] after the
/// last. What the history says of itself is tracked: inside of an effect or a component it makes
/// that run again when it changes. (A computed value does not follow it.)
///
/// The history of a [`Scope`](crate::Scope) covers the micro-frontend's own keys, by their short
/// names, and ends when it is unregistered; every history ends when the store is disposed of. One
/// that has ended has no steps.
///
/// ```
/// use universal_state::{HistoryOptions, Store};
///
/// let store = Store::new();
/// let history = store.history(HistoryOptions::new())?;
/// store.set("title", "Draft".to_owned())?;
/// store.batch(|tx| {
///     tx.set("title", "Letter".to_owned())?;
///     tx.set("pages", 2)
/// })?;
///
/// history.undo()?;
/// assert_eq!(store.get::<String>("title").as_deref(), Some("Draft"));
/// assert!(!store.has("pages"));
/// history.redo()?;
/// assert_eq!(store.get::<i32>("pages"), Some(2));
/// history.go_to(0)?;
/// assert!(store.is_empty() && history.can_redo());
/// # Ok::<(), universal_state::StateError>(())
/// ```
#[derive(Clone)]
pub struct History(Arc<Shared>);

struct Shared {
    view: View,
    source: String,
    recorder: Arc<Recorder>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.view.inner.remove_recorder(&*self.recorder);
    }
}

/// A step of a [`History`], for showing it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryStep {
    /// The position right after the step, counted from 1: [`History::go_to`] with it makes this the
    /// last step that is applied.
    pub index: usize,
    /// When it was committed, in ms since the Unix epoch; of merged steps, when the last was.
    pub time: u64,
    /// The keys that it changed, as the view calls them, in the order of first write.
    pub keys: Vec<String>,
    /// What the writer of its last change called itself.
    pub source: String,
}

/// What an undo, a redo or a jump did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct HistoryMove {
    /// The position before.
    pub from: usize,
    /// The position after; the same as before if there was nothing to undo or redo.
    pub to: usize,
    /// The keys that the move changed, as the view calls them.
    pub keys: Vec<String>,
    /// The keys that at least one step left alone, because somebody else has written them since,
    /// their micro-frontend is gone, or they are computed now.
    pub skipped: Vec<String>,
}

impl View {
    /// A history of what is written to the view's keys from now on, for undo and redo; see
    /// [`History`].
    ///
    /// # Errors
    /// [`StateError::Key`] and [`StateError::Denied`] if a key of the options cannot be read,
    /// [`StateError::UnknownMfe`], [`StateError::Disposed`].
    pub fn history(&self, options: HistoryOptions) -> Result<History, StateError> {
        let recorder = Arc::new(Recorder::new(self, &options)?);
        recorder.is_open(&self.inner)?;
        self.inner.add_recorder(Arc::clone(&recorder) as _)?;
        Ok(History(Arc::new(Shared {
            view: self.clone(),
            source: options.source,
            recorder,
        })))
    }
}

/// Moving.
impl History {
    /// Takes back the last step that is applied, if there is one.
    ///
    /// # Errors
    /// Nothing is changed then, and the position stays: [`StateError::Vetoed`] if a middleware
    /// refuses, [`StateError::Reentrant`] from inside a batch (which may come to nothing), a
    /// middleware, a computed value or an update closure, [`StateError::Denied`] if the
    /// micro-frontend may not write a key, [`StateError::UnknownMfe`] if it is gone,
    /// [`StateError::Disposed`], and [`StateError::Conflict`] if other threads kept on changing the
    /// keys.
    pub fn undo(&self) -> Result<HistoryMove, StateError> {
        self.travel(|book| book.position().saturating_sub(1))
    }

    /// Does again the step that was undone last, if there is one.
    ///
    /// # Errors
    /// As [`History::undo`].
    pub fn redo(&self) -> Result<HistoryMove, StateError> {
        self.travel(|book| book.position() + 1)
    }

    /// Undoes or redoes as many steps as lie between here and a position, in one transaction. A
    /// position beyond the last step is that of the last step.
    ///
    /// # Errors
    /// As [`History::undo`].
    pub fn go_to(&self, position: usize) -> Result<HistoryMove, StateError> {
        self.travel(|_| position)
    }

    /// Forgets all steps. Values stay as they are.
    pub fn clear(&self) {
        self.change(Book::clear);
    }

    /// Stops recording: what is written from now on is no step, and to undo it is somebody else's.
    /// Moves are still possible.
    pub fn pause(&self) {
        self.change(|book| book.set_paused(true));
    }

    /// Records again.
    pub fn resume(&self) {
        self.change(|book| book.set_paused(false));
    }

    fn change(&self, f: impl FnOnce(&mut Book)) {
        let Shared { view, recorder, .. } = &*self.0;
        recorder.with(&view.inner, f);
        view.inner.wake_all(&[Arc::clone(recorder) as _]);
    }

    fn travel(&self, to: impl Fn(&Book) -> usize) -> Result<HistoryMove, StateError> {
        let Shared { view, recorder, .. } = &*self.0;
        let inner = &view.inner;
        inner.may_write()?;
        if context::in_batch(inner.id()) {
            return Err(StateError::Reentrant { during: "a batch" });
        }
        recorder.is_open(inner)?;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let plan = recorder.with(inner, |book| book.plan(to(book), &self.0.source));
            let mut skipped = Vec::new();
            let result = untrack(|| inner.batch(|| self.follow(&plan, &mut skipped)));
            // A plan that wrote nothing has made no commit that could have moved the book.
            let (keys, moved) = recorder.with(inner, |book| {
                let landed = book.end(&plan);
                let moved = landed.is_some() || (result.is_ok() && book.follow(&plan));
                (landed.unwrap_or_default(), moved)
            });
            match result {
                Ok(()) if moved => {
                    inner.wake_all(&[Arc::clone(recorder) as _]);
                    return Ok(HistoryMove {
                        from: plan.from,
                        to: plan.to,
                        keys: keys.iter().map(|key| self.own_name(key)).collect(),
                        skipped,
                    });
                }
                Ok(()) | Err(StateError::Conflict { .. }) if attempts < MAX_ATTEMPTS => {}
                Ok(()) => return Err(outdated(&plan)),
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes what the steps of a plan come to, in an open batch.
    fn follow(&self, plan: &Plan, skipped: &mut Vec<String>) -> Result<(), StateError> {
        let Shared { view, recorder, .. } = &*self.0;
        let inner = &view.inner;
        let mut places: Vec<Place> = Vec::new();
        let mut known: FxHashMap<&str, usize> = FxHashMap::default();
        for entry in plan.steps.iter().flat_map(|step| &step.entries) {
            let at = *known.entry(&entry.key).or_insert_with(|| {
                let slot = inner.slots.get(&entry.key);
                let is_computed = inner.is_computed(&slot);
                let content = match is_computed {
                    true => None,
                    false => inner.read(&slot).unwrap_or_default(),
                };
                places.push(Place {
                    is_homeless: inner.namespace_is_registered(&entry.key).is_err(),
                    is_computed,
                    is_skipped: false,
                    before: content.clone(),
                    after: content,
                    slot,
                });
                places.len() - 1
            });
            let place = &mut places[at];
            let (expected, next) = match plan.is_back() {
                true => (&entry.after, &entry.before),
                false => (&entry.before, &entry.after),
            };
            if same_content(place.after.as_ref(), expected.as_ref())
                && !(place.is_homeless && next.is_some())
                && !place.is_computed
            {
                place.after.clone_from(next);
            } else {
                place.is_skipped = true;
            }
        }
        // Commits to the keys that were read above, from now on, are a conflict.
        if recorder.with(inner, |book| book.revision()) != plan.revision {
            return Err(outdated(plan));
        }
        let writer = View {
            stamp: Stamp {
                origin: view.stamp.origin.clone(),
                source: Name::Shared(Arc::clone(&plan.mark)),
            },
            ..view.clone()
        };
        for place in places {
            if place.is_skipped {
                skipped.push(self.own_name(&place.slot.key));
            }
            match place.after {
                after if is_content(place.before.as_ref(), after.as_ref()) => {}
                Some(value) => writer.write_value(&place.slot, value)?,
                None => drop(writer.delete_slot(&place.slot)?),
            }
        }
        Ok(())
    }

    /// What the view calls a key.
    fn own_name(&self, full_name: &str) -> String {
        let View { inner, gate, .. } = &self.0.view;
        let own = gate
            .as_ref()
            .and_then(|gate| gate.own_name(inner, full_name));
        own.unwrap_or(full_name).to_owned()
    }
}

/// A key on the way through steps.
struct Place {
    slot: Arc<Slot>,
    before: Option<Value>,
    after: Option<Value>,
    /// Whether it belongs to a micro-frontend that is not registered.
    is_homeless: bool,
    /// Whether a computed value is registered under it.
    is_computed: bool,
    is_skipped: bool,
}

/// What a move ends with if the history is never at rest.
fn outdated(plan: &Plan) -> StateError {
    let entries = plan.steps.first().map(|step| &step.entries);
    let key = entries.and_then(|entries| entries.first());
    StateError::Conflict {
        key: key.map_or("", |entry| &entry.key).to_owned(),
    }
}

/// What it says of itself.
impl History {
    /// Whether there is a step to undo.
    pub fn can_undo(&self) -> bool {
        self.look(|book| book.position() > 0)
    }

    /// Whether there is a step to redo.
    pub fn can_redo(&self) -> bool {
        self.look(|book| book.position() < book.steps().len())
    }

    /// The number of steps, applied or not.
    pub fn len(&self) -> usize {
        self.look(|book| book.steps().len())
    }

    /// Whether there is no step.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of steps that are applied.
    pub fn position(&self) -> usize {
        self.look(|book| book.position())
    }

    /// Whether writes are recorded.
    pub fn is_recording(&self) -> bool {
        self.look(|book| !book.is_paused())
    }

    /// The steps, oldest first; those up to [`History::position`] are applied.
    pub fn steps(&self) -> Vec<HistoryStep> {
        let steps = self.look(|book| book.steps().to_vec());
        let steps = (1..).zip(&steps).map(|(index, step)| HistoryStep {
            index,
            time: step.time,
            keys: step
                .entries
                .iter()
                .map(|entry| self.own_name(&entry.key))
                .collect(),
            source: step.source().to_owned(),
        });
        steps.collect()
    }

    fn look<R>(&self, f: impl FnOnce(&Book) -> R) -> R {
        let Shared { view, recorder, .. } = &*self.0;
        recorder.signal.track();
        recorder.with(&view.inner, |book| f(book))
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let look = |book: &mut Book| (book.position(), book.steps().len(), !book.is_paused());
        let (position, steps, recording) = self.0.recorder.with(&self.0.view.inner, look);
        f.debug_struct("History")
            .field("position", &position)
            .field("steps", &steps)
            .field("recording", &recording)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EngineKind, Origin, Store};

    fn from(store: &Store, origin: Origin) -> View {
        let mut view = store.view().clone();
        view.stamp.origin = origin;
        view
    }

    #[test]
    fn what_comes_from_storage_or_another_tab_is_no_step_and_is_not_undone() {
        for engine in EngineKind::ALL {
            for origin in [Origin::Storage, Origin::Tab] {
                let test = || -> Result<(), StateError> {
                    let store = Store::builder().engine(*engine).build();
                    let history = store.history(HistoryOptions::new())?;
                    store.set_many([("a", 1), ("b", 1)])?;
                    let other = from(&store, origin.clone());
                    other.set("b", 50)?;
                    other.set("c", 50)?;
                    assert_eq!(history.len(), 1);
                    let done = history.undo()?;
                    assert_eq!(
                        (done.keys, done.skipped),
                        (vec!["a".into()], vec!["b".into()])
                    );
                    assert_eq!(store.keys(), ["b", "c"]);
                    Ok(())
                };
                assert_eq!(test(), Ok(()), "{origin} on {engine}");
            }
        }
    }

    #[test]
    fn what_comes_from_the_page_or_developer_tools_is_a_step_unless_it_is_ignored() {
        for origin in [Origin::Page, Origin::DevTools] {
            let test = || -> Result<(), StateError> {
                let store = Store::new();
                let all = store.history(HistoryOptions::new())?;
                let some = store.history(HistoryOptions::new().ignore(origin.clone()))?;
                from(&store, origin.clone()).set("a", 1)?;
                assert_eq!((all.len(), some.len()), (1, 0));
                Ok(())
            };
            assert_eq!(test(), Ok(()), "{origin}");
        }
    }
}
