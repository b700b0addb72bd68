//! What not every app uses, as the pipe, the readers and the end of a store know it: by a trait.
//!
//! The type behind it is named by the door through which it comes into the store, such as
//! [`View::load`](super::View::load), and by nothing else. An app that never calls that door links
//! none of it, and its writes ask for it once.

use super::{
    clock::Instant,
    draft::Draft,
    graph::Triggers,
    inner::{Inner, State},
    labels::Subject,
    load::Loads,
    middleware::Chain,
    pipe::{Line, Signals},
    slot::Slot,
    snapshot::SnapshotCache,
    transaction::{Transaction, Write, Writes},
};
use crate::{
    change::{ChangeSet, Origin, Stamp},
    engine::Running,
    error::StateError,
    label::{Label, Labels},
    value::Value,
};
use smol_str::SmolStr;
use std::{any::Any, ptr, sync::Arc, time::Duration};

/// What is known of the requests of keys, in hidden slots beside them. It comes with the first
/// request, or with the first who follows one.
pub(crate) trait Loading: Send + Sync {
    fn loads(&self) -> &Loads;

    /// The hidden slots.
    fn all(&self) -> Vec<Arc<Slot>>;

    /// Takes the answers out of the writes of a transaction, and makes sure that they are still
    /// awaited.
    fn take_answers(&self, writes: &mut Writes) -> Result<Writes, StateError>;

    /// Puts the answers back, and ends the requests of keys that the transaction removes.
    fn put_answers(&self, inner: &Inner, writes: &mut Writes, answers: Writes);

    /// Whether the transaction removes a key without ending its requests: one has begun since it was
    /// built.
    fn leaves_a_request(&self, writes: &Writes) -> bool;

    /// Ends, as failed, the request whose answer came to nothing together with its batch.
    fn fail_answer(&self, inner: &Inner, load: &Arc<Slot>, answer: Option<&Value>, reason: String);

    /// Gives up the slot of a key's requests if it says nothing, nobody follows it, and the caller's
    /// reference, which it is about to drop, is the last.
    fn release(&self, inner: &Inner, load: &Arc<Slot>);

    /// Ends the requests of a micro-frontend, and forgets what is known of its keys.
    fn leave(&self, inner: &Inner, origin: &Origin, namespace: &str);

    /// Ends every request, while listeners can still be told.
    fn cancel(&self, inner: &Inner);

    /// Ends every request of a store that takes no more writes: those that began since
    /// [`Loading::cancel`].
    fn close(&self);
}

/// What an open batch of this thread has written and read. Only what begins a batch names the type.
pub(crate) trait Drafting {
    fn draft(&mut self) -> &mut Draft;

    fn into_draft(self: Box<Self>) -> Box<Draft>;

    /// The content that the batch gave to a key; `None` if it did not touch it.
    fn content(&self, slot: &Arc<Slot>) -> Option<Option<Value>>;

    /// Notes that the stored content of a key was read.
    fn read(&mut self, slot: &Arc<Slot>, sequence: u64);

    /// Writes a key. Hands back what it replaces, to be dropped outside of any borrow.
    fn put(&mut self, slot: &Arc<Slot>, new: Option<Value>, stamp: &Stamp) -> Option<Value>;

    /// Notes that an effect or a memo saw what the batch wrote.
    fn observe(&mut self);
}

/// All middleware of a store. It comes with the first.
pub(crate) trait Filtering: Send + Sync {
    fn chain(&self) -> &Chain;

    /// When something begins that it is told of.
    fn now(&self) -> Instant;

    /// How long ago that was.
    fn since(&self, start: &Instant) -> Duration;

    /// Lets middleware see the transaction, in order of registration.
    fn filter(&self, inner: &Inner, transaction: &mut Transaction) -> Result<(), StateError>;

    /// Tells it of a commit.
    fn committed(&self, inner: &Inner, changes: &ChangeSet, took: Duration);

    /// Tells it that listeners were called with changes.
    fn delivered(&self, inner: &Inner, changes: &ChangeSet, took: Duration);
}

/// Where commits are decided upon, for a store that has joined another's.
pub(crate) trait Joining: Send + Sync {
    /// Whether there is such a place now.
    fn is_joined(&self) -> bool;

    /// Has a transaction stored there first. What is stored there is stored here too before this
    /// returns; what is left in `writes` is not.
    fn commit(&self, inner: &Inner, writes: &mut Writes) -> Result<Answer, StateError>;

    /// Has a key that is about to be computed here be computed there too, from what is computed here.
    fn define(&self, inner: &Inner, named: &Arc<dyn ComputedKey>) -> Result<(), StateError>;

    /// That came to nothing.
    fn withdraw(&self, inner: &Inner, named: &dyn ComputedKey);

    /// Has this store's edge, of which this is the feed, be the one of both. Returns whether the last one
    /// was this store's, too. If not, the feed is told what that has left, and what was written since.
    #[cfg(feature = "edge")]
    fn claim_edge(&self, feed: &Arc<dyn Feeding>) -> Result<bool, StateError>;

    /// This store, of which this is the feed, has no edge any more.
    #[cfg(feature = "edge")]
    fn release_edge(&self, feed: &dyn Feeding);

    /// Lets go of it, because the store takes no more writes.
    fn leave(&self, inner: &Inner);
}

/// What became of a transaction that was to be stored elsewhere first.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(feature = "js"), expect(dead_code))]
pub(crate) enum Answer {
    /// It is stored, there and here.
    Stored,
    /// It concerns this store alone.
    Alone,
    /// What it is based upon has changed there; here it has changed by now.
    Moved,
}

/// A transaction that middleware sees: since when, and which.
pub(crate) type Filtered = (Instant, Arc<dyn Filtering>);

/// A history, as the commits that it is told of know it.
pub(crate) trait Recording: Send + Sync {
    /// Hears of a commit, under its lock.
    fn record(&self, inner: &Inner, changes: &ChangeSet);

    /// Reads what was recorded, and adds those who track it if it is news to them.
    fn look(&self, _inner: &Inner, _triggers: &mut Triggers) {}

    /// Does what follows from what was recorded, once the readers know of it.
    fn wake(&self, inner: &Inner);
}

/// What an edge hears of its store.
pub(crate) trait Feeding: Any + Send + Sync {
    /// Hears that a key was written, under the lock of the commit. Returns whether it is to be woken.
    fn note(
        &self,
        inner: &Inner,
        slot: &Slot,
        old: Option<&Value>,
        is_removal: bool,
        stamp: &Stamp,
    ) -> bool;

    /// Sees to it that what it heard is read at the end of the turn; or lets go, if the store was
    /// disposed of.
    fn wake(&self, inner: &Inner);

    /// Does what is due at the end of a turn.
    #[cfg(feature = "edge")]
    fn end_turn(&self);

    /// Hears that the owner of a namespace has come.
    fn welcome(&self, namespace: &str);

    /// Hears that a key is computed no more, under the lock of the commit. Returns whether it is to be
    /// woken.
    fn free(&self, key: &SmolStr) -> bool;

    /// Of which state its edge is a replica, by a name; `None` if that is not known.
    #[cfg(feature = "edge")]
    fn state(&self) -> Option<&str>;

    /// What it has noted.
    #[cfg(feature = "edge")]
    fn notes(&self) -> &super::notes::Notes;

    /// Whether its edge has ended, and it only notes what is written, for the next one.
    #[cfg(feature = "edge")]
    fn is_resting(&self) -> bool;

    /// Its edge has ended.
    #[cfg(feature = "edge")]
    fn rest(&self);

    /// Takes what its edge has left to the next one, as text, for one of another store.
    #[cfg(feature = "js")]
    fn left(&self) -> Option<String>;

    /// Has the text of what the last edge of the page has left.
    #[cfg(feature = "js")]
    fn inherit(&self, left: String);

    /// Ends its edge, because the store has come to one that has an edge.
    #[cfg(feature = "js")]
    fn give_way(&self);
}

/// Which keys carry which labels. It comes with the first label.
pub(crate) trait Labelling: Send + Sync {
    /// Gives a label. Returns whether that changed anything.
    fn add(&self, subject: Subject, label: Label) -> bool;

    /// The labels of a key.
    fn labels(&self, full_name: &str) -> Labels;

    /// How often labels have changed.
    #[cfg(any(feature = "edge", test))]
    fn version(&self) -> u64;

    /// Counts a change that every slot knows of by now.
    fn has_changed(&self);
}

/// What is kept for the next snapshot. It comes with the first.
pub(crate) trait SnapshotKeeping: Send {
    fn cache(&mut self) -> &mut SnapshotCache;

    /// Notes that a key has changed since the last snapshot. Returns whether what is kept is not
    /// worth it any more.
    fn outdate(&mut self, slot: &Arc<Slot>) -> bool;

    /// Drops what is kept, and the slots that only it still held.
    fn give_up(self: Box<Self>, inner: &Inner);
}

/// A computed value that is registered under a key.
pub(crate) trait ComputedKey: Send + Sync {
    fn slot(&self) -> &Arc<Slot>;

    /// The value as this thread sees it, tracked by whatever effect, memo or computed value is
    /// running.
    fn read(&self) -> Result<Value, StateError>;

    /// The value that follows from the committed state, and its revision, which is another for every
    /// value that the key has had.
    fn revised(&self) -> Result<(u64, Value), StateError>;

    /// The value that follows from the committed state.
    fn committed(&self) -> Result<Value, StateError> {
        self.revised().map(|(_, value)| value)
    }

    /// What no other registration has, in this store or another.
    #[cfg(feature = "js")]
    fn id(&self) -> u64;

    /// Who is said to change the value.
    #[cfg(feature = "js")]
    fn source(&self) -> &crate::key::Name;

    /// Through which door it was registered.
    #[cfg(feature = "js")]
    fn origin(&self) -> &Origin;

    /// Whether it is computed in another store.
    #[cfg(feature = "js")]
    fn is_from_elsewhere(&self) -> bool;

    /// Whether the key is not computed any more.
    fn has_ended(&self) -> bool;

    /// Who registered it, as errors say it.
    fn registrant(&self) -> String;

    /// Whether it is a micro-frontend's, or lies in its namespace.
    fn belongs_to(&self, id: &str, namespace: &str) -> bool;

    /// Whether somebody listens to the key.
    fn is_heard(&self, inner: &Inner) -> bool;

    /// Follows the value from now on, because somebody has begun to listen.
    fn follow(&self, inner: &Inner);

    /// That the key ends to be computed.
    fn ending(self: Arc<Self>) -> Box<dyn Naming>;
}

/// That a key begins or ends to be computed, as part of a commit.
pub(crate) trait Naming: Send {
    fn stamp(&self) -> &Stamp;

    /// Whether it is still to be done.
    fn is_due(&self, running: &Running) -> Result<bool, StateError>;

    /// Does it, and puts it in line for those who listen. Hands out what is to be dropped outside of
    /// any lock.
    fn take_effect(
        &self,
        inner: &Inner,
        state: &mut State,
        line: &mut Line,
        signals: &mut Signals,
    ) -> Write;
}

/// Who is told of every commit.
impl Inner {
    pub(crate) fn add_recorder(&self, recorder: Arc<dyn Recording>) -> Result<(), StateError> {
        let mut state = crate::lock(&self.state);
        if state.disposed {
            return Err(StateError::Disposed);
        }
        state.recorders.push(recorder);
        Ok(())
    }

    pub(crate) fn remove_recorder<R: Recording + ?Sized>(&self, recorder: &R) {
        let removed = {
            let recorders = &mut crate::lock(&self.state).recorders;
            let own = |other: &Arc<dyn Recording>| ptr::addr_eq(Arc::as_ptr(other), recorder);
            let at = recorders.iter().position(own);
            at.map(|at| recorders.remove(at))
        };
        drop(removed);
    }

    /// Has some who are told of commits read what they have not read yet, and tells of what is news.
    pub(crate) fn wake_all(&self, recorders: &[Arc<dyn Recording>]) {
        let mut triggers = Triggers::default();
        for recorder in recorders {
            recorder.look(self, &mut triggers);
        }
        self.notify(triggers);
        for recorder in recorders {
            recorder.wake(self);
        }
    }

    /// Has all who are told of commits read what they have not read yet.
    #[cfg(feature = "js")]
    pub(crate) fn wake_recorders(&self) {
        let recorders = crate::lock(&self.state).recorders.clone();
        self.wake_all(&recorders);
    }
}

/// The edge.
impl Inner {
    /// Only one, in all stores of a page: what comes in through an edge is not told to it, and so would
    /// not be to another; and what another store heard of it would count as written there. Hands out the
    /// feed of the edge before, which has noted what was written since.
    #[cfg(feature = "edge")]
    pub(crate) fn set_feed<F: Feeding>(
        &self,
        feed: &Arc<F>,
    ) -> Result<Option<Arc<dyn Feeding>>, StateError> {
        let feed = Arc::clone(feed) as Arc<dyn Feeding>;
        let before = {
            let mut state = crate::lock(&self.state);
            if state.disposed {
                return Err(StateError::Disposed);
            }
            if state.feed.as_ref().is_some_and(|feed| !feed.is_resting()) {
                return Err(StateError::EdgeTaken);
            }
            state.feed.replace(Arc::clone(&feed))
        };
        match self.host().map_or(Ok(true), |host| host.claim_edge(&feed)) {
            Ok(true) => Ok(before),
            Ok(false) => Ok(None),
            Err(error) => {
                let mut state = crate::lock(&self.state);
                let tried = std::mem::replace(&mut state.feed, before);
                drop(state);
                drop(tried);
                Err(error)
            }
        }
    }

    /// The edge has ended: its feed stays, for the next one.
    #[cfg(feature = "edge")]
    pub(crate) fn rest_feed<F: Feeding>(&self, feed: &F) {
        let is_own = {
            let state = crate::lock(&self.state);
            let own = |other: &&Arc<dyn Feeding>| ptr::addr_eq(Arc::as_ptr(other), feed);
            let own = state.feed.as_ref().filter(own);
            let own = own.filter(|feed| !feed.is_resting());
            own.inspect(|feed| feed.rest()).is_some()
        };
        if is_own && let Some(host) = self.host() {
            host.release_edge(feed);
        }
    }

    /// Has this feed note what is written until there is an edge; or nobody, as that is done elsewhere.
    /// Where there is an edge, that is at it.
    #[cfg(feature = "js")]
    pub(crate) fn note_for_next_edge(&self, feed: Option<Arc<dyn Feeding>>) {
        let before = {
            let mut state = crate::lock(&self.state);
            match state.feed.as_ref().is_some_and(|feed| !feed.is_resting()) {
                true => feed,
                false => std::mem::replace(&mut state.feed, feed),
            }
        };
        drop(before);
    }

    pub(crate) fn feed(&self) -> Option<Arc<dyn Feeding>> {
        crate::lock(&self.state).feed.clone()
    }

    /// The feed of the edge, if there is one.
    #[cfg(feature = "js")]
    pub(crate) fn edge_feed(&self) -> Option<Arc<dyn Feeding>> {
        self.feed().filter(|feed| !feed.is_resting())
    }

    pub(crate) fn wake_feed(&self) {
        if let Some(feed) = self.feed() {
            feed.wake(self);
        }
    }

    /// Tells the edge that the owner of a namespace has come.
    pub(crate) fn welcome(&self, namespace: &str) {
        if let Some(feed) = self.feed() {
            feed.welcome(namespace);
        }
    }

    /// Has the edge do what is due at the end of the turn, where turns end by themselves.
    #[cfg(feature = "edge")]
    pub(crate) fn schedule_feed(&self) {
        let end = |inner: &Self| {
            if let Some(feed) = inner.feed() {
                feed.end_turn();
            }
        };
        self.scheduler.schedule(&self.this, end, false);
    }
}

impl State {
    /// Tells the edge that a key was written. Returns whether it is to be woken.
    #[inline]
    pub(super) fn feed(
        &self,
        inner: &Inner,
        slot: &Slot,
        old: Option<&Value>,
        is_removal: bool,
        stamp: &Stamp,
    ) -> bool {
        let feed = self.feed.as_ref();
        feed.is_some_and(|feed| feed.note(inner, slot, old, is_removal, stamp))
    }

    /// Tells the edge that a key is computed no more. Returns whether it is to be woken.
    pub(super) fn free(&self, slot: &Slot) -> bool {
        let feed = self.feed.as_ref();
        feed.is_some_and(|feed| feed.free(&slot.key))
    }
}
