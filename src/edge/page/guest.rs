//! The guest's side: a store that mirrors another one, and has that one decide.

mod ask;
mod computed;
mod inbox;
mod mirror;

use super::{
    link::Host,
    wire::{self, Changed, Claimed, Content, Gone, Push, Ruling},
};
use crate::{
    error::StateError,
    mfe::{Elsewhere, Leaving, MfeInfo, Rule},
    store::{Answer, ComputedKey, Feeding, Inner, Joining, Named, Noted, Slot, Store, Writes},
    value::Value,
};
use inbox::{Inbox, Item};
use reactive_graph::graph::untrack;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError, RwLock, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

/// Hands a guest what its host tells, and hands back what the guest answers: nothing, unless it is
/// asked.
pub type Receive = Box<dyn Fn(&str) -> String + Send + Sync>;

/// A store that has joined another's, its host: what is written here is stored there first, and what
/// is stored there is here too. A handle, which keeps neither store alive.
///
/// Middleware of the guest is asked about what the guest writes, before the host's; what comes from
/// the host it is only told of. A history of the guest's undoes by writes like any other. Values whose
/// key is labelled secret in the guest stay in the guest, and those of the host's in the host.
///
/// A key that one store of the page computes can be read in all: whoever wants its value asks that
/// one, if anything was committed since, and only then is it evaluated. It is to follow from what the
/// page has. Inside of a batch, what others compute is as it was before. With the store that computes
/// it, it goes; what a store computed before it joined ends where the page has something else under
/// the key.
///
/// An [edge](crate::edge::Edge) can be attached to the host or to one guest, and stores and shares what
/// all of them write. What it brings in is of [`Origin::Tab`](crate::Origin::Tab) or
/// [`Origin::Storage`](crate::Origin::Storage) in every store of the page, and no history takes it back.
/// All else that another store has written is of [`Origin::Page`](crate::Origin::Page).
///
/// Natively, where both may be used by several threads, a write may return before it can be read
/// here if another thread is just taking in what the host tells.
#[derive(Clone)]
pub struct Guest(Weak<Session>);

impl Guest {
    /// Joins a store to the host that `link` leads to. `link` is called once, with what takes in what
    /// the host tells. What the store held is replaced by what the host holds.
    ///
    /// # Errors
    /// [`StateError::Refused`] if the host speaks another protocol, [`StateError::Reentrant`] from
    /// inside a batch of either store, [`StateError::Disposed`], and those of `link`. If it has joined
    /// a host already, or has an edge, which would take what it loses for removed, that is
    /// [`StateError::Refused`] too.
    pub fn join(
        store: &Store,
        link: impl FnOnce(Receive) -> Result<Arc<dyn Host>, StateError>,
    ) -> Result<Self, StateError> {
        let inner = &store.inner;
        inner.may_write()?;
        inner.may_act_at_once()?;
        has_no_edge(inner)?;
        let session = Arc::new_cyclic(|this| Session {
            this: Weak::clone(this),
            inner: Arc::downgrade(inner),
            host: RwLock::default(),
            pending: Mutex::default(),
            inbox: Inbox::default(),
            ids: AtomicU64::new(0),
            leaving: Mutex::default(),
            closed: RwLock::default(),
            mirrored: Mutex::default(),
            defined: Mutex::default(),
            is_closing: AtomicBool::new(false),
            is_watching: AtomicBool::new(false),
            moved: Slot::hidden("what the host computes"),
            clock: AtomicU64::new(0),
        });
        if inner.joined.set(Arc::clone(&session) as _).is_err() {
            return Err(wire::refused("this store", "it has joined a host before"));
        }
        let weak: Weak<Session> = Arc::downgrade(&session);
        inner.register_elsewhere(weak.clone());
        session.attach(inner, link)?;
        Ok(Self(weak))
    }

    /// Joins another host, after the first has closed. The micro-frontends that are registered here are
    /// registered there; those that it refuses are ended and reported, and so is the store's edge if
    /// there is one. Called by what [`Guest::on_close`] has set, it takes the edge along.
    ///
    /// # Errors
    /// As [`Guest::join`].
    pub fn rejoin(
        &self,
        link: impl FnOnce(Receive) -> Result<Arc<dyn Host>, StateError>,
    ) -> Result<(), StateError> {
        let session = self.0.upgrade().ok_or(StateError::Disposed)?;
        let inner = session.inner.upgrade().ok_or(StateError::Disposed)?;
        inner.may_write()?;
        inner.may_act_at_once()?;
        if session.is_joined() {
            return Err(wire::refused("this store", "it has a host"));
        }
        if !session.is_closing.load(Ordering::Acquire) {
            has_no_edge(&inner)?;
        }
        session.attach(&inner, link)
    }

    /// Lets go of the host: what has been joined goes on as a store of its own. The micro-frontends
    /// that were registered through it leave the host.
    pub fn leave(&self) {
        if let Some(session) = self.0.upgrade()
            && let Some(inner) = session.inner.upgrade()
        {
            session.part(&inner);
        }
    }

    /// Whether the store has a host.
    pub fn is_joined(&self) -> bool {
        self.0.upgrade().is_some_and(|session| session.is_joined())
    }

    /// Sets what is done when the host closes: the store is one of its own then, with all that the host
    /// held but what was secret, and can take the host's place.
    pub fn on_close(&self, closed: impl Fn() + Send + Sync + 'static) {
        if let Some(session) = self.0.upgrade() {
            let mut before = session
                .closed
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            let before = before.replace(Arc::new(closed));
            drop(before);
        }
    }
}

impl fmt::Debug for Guest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guest")
            .field("joined", &self.is_joined())
            .finish()
    }
}

struct Session {
    this: Weak<Self>,
    inner: Weak<Inner>,
    host: RwLock<Option<Arc<dyn Host>>>,
    /// What is on its way to the host, or not yet taken in again.
    pending: Mutex<Vec<Pending>>,
    inbox: Inbox,
    ids: AtomicU64,
    /// The micro-frontends that the host is unregistering for this store.
    leaving: Mutex<Vec<Leaving>>,
    closed: RwLock<Option<Arc<dyn Fn() + Send + Sync>>>,
    /// The keys that are computed elsewhere, by the ids that they have in the host.
    mirrored: Mutex<Vec<(u64, Arc<Named>)>>,
    /// The keys that are computed here, as far as the host has been asked to have them.
    defined: Mutex<Vec<(u64, Weak<dyn ComputedKey>)>>,
    /// Whether the host has just closed, and nothing has been written here since.
    is_closing: AtomicBool,
    /// Whether the store tells of its commits.
    is_watching: AtomicBool,
    /// Written when the host has moved without a commit here.
    moved: Arc<Slot>,
    /// Up to where the store had come when the host began to tell.
    clock: AtomicU64,
}

/// A transaction that the host is asked to store.
struct Pending {
    id: u64,
    writes: Writes,
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(host) = self.take_host() {
            host.leave();
        }
    }
}

impl Session {
    fn host(&self) -> Option<Arc<dyn Host>> {
        crate::read(&self.host).clone()
    }

    fn take_host(&self) -> Option<Arc<dyn Host>> {
        let mut host = self.host.write().unwrap_or_else(PoisonError::into_inner);
        host.take()
    }

    /// Begins to mirror a host.
    fn attach(
        self: &Arc<Self>,
        inner: &Arc<Inner>,
        link: impl FnOnce(Receive) -> Result<Arc<dyn Host>, StateError>,
    ) -> Result<(), StateError> {
        self.inbox.open();
        let session = Arc::downgrade(self);
        let host = link(Box::new(move |text| {
            let session = session.upgrade();
            session.map_or_else(String::new, |session| session.receive(text))
        }))?;
        // Those that live here are there before what is there is read, so that their keys are theirs.
        for member in inner.own_mfes() {
            if let Err(error) = register(&*host, &member.info) {
                inner.report(&error);
            }
        }
        self.announce_all(inner, &*host);
        // What is not noted here is noted there.
        inner.note_for_next_edge(None);
        if let Some(feed) = inner.edge_feed() {
            match claim(&*host, &*feed) {
                // What the last one knew is what this one knows.
                Ok(claimed) => feed.notes().add(noted(claimed.written, claimed.left)),
                Err(error) => {
                    inner.report(&error);
                    feed.give_way();
                }
            }
        }
        let state: wire::State = wire::answer(&host.state()).inspect_err(|_| host.leave())?;
        if state.protocol != wire::PROTOCOL {
            host.leave();
            let reason = format!(
                "it speaks protocol {}, not {}",
                state.protocol,
                wire::PROTOCOL
            );
            return Err(wire::refused("the page's store", &reason));
        }
        {
            let mut place = self.host.write().unwrap_or_else(PoisonError::into_inner);
            *place = Some(host);
        }
        inner.host_changed();
        self.inbox.begin(state);
        self.drain(inner);
        Ok(())
    }

    /// Lets go of the host, who is there still.
    fn part(&self, inner: &Arc<Inner>) {
        if let Some(host) = self.take_host() {
            host.leave();
            self.stand_alone(inner);
        }
    }

    /// Goes on without a host.
    fn stand_alone(&self, inner: &Arc<Inner>) {
        inner.host_changed();
        self.unlist(inner, &[]);
        inner.mirror_registry(inner.own_mfes());
    }

    fn receive(self: &Arc<Self>, text: &str) -> String {
        let Some(inner) = self.inner.upgrade() else {
            return String::new();
        };
        match wire::receive(text) {
            Ok(Push { ask: Some(ask), .. }) => {
                return wire::reply(untrack(|| self.evaluate(ask)));
            }
            Ok(push) => self.inbox.put(push),
            Err(error) => inner.report(&error),
        }
        self.drain(&inner);
        String::new()
    }

    /// Takes in what has come, in its order, unless another thread is at it: that one will.
    fn drain(&self, inner: &Arc<Inner>) {
        let Some(_taking) = self.inbox.take_turns() else {
            return;
        };
        // What the host has told as one is told as one here, before anybody hears that there is none.
        let take_in = || loop {
            match self.inbox.next()? {
                closed @ Item::Closed(_) => return Some(closed),
                item => untrack(|| self.take_in(inner, item)),
            }
        };
        while let Some(closed) = inner.telling_as_one(take_in) {
            untrack(|| self.take_in(inner, closed));
        }
    }

    fn take_pending(&self, id: u64) -> Option<Writes> {
        let mut pending = crate::lock(&self.pending);
        let at = pending.iter().position(|pending| pending.id == id)?;
        Some(pending.swap_remove(at).writes)
    }

    /// Has the host unregister a micro-frontend.
    fn remove(&self, id: &str, keys_stay: bool) -> Result<(), StateError> {
        let host = self.host().ok_or(StateError::Disposed)?;
        let id = id.to_owned();
        let text = wire::write(&Gone { id, keys_stay })?;
        wire::answer(&host.unregister(&text))
    }
}

impl Joining for Session {
    fn is_joined(&self) -> bool {
        crate::read(&self.host).is_some()
    }

    fn commit(&self, inner: &Inner, writes: &mut Writes) -> Result<Answer, StateError> {
        match self.host() {
            Some(host) => self.ask(inner, &*host, writes),
            None => Ok(Answer::Alone),
        }
    }

    fn define(&self, inner: &Inner, named: &Arc<dyn ComputedKey>) -> Result<(), StateError> {
        match self.host() {
            Some(host) => self.announce(inner, &*host, named),
            None => Ok(()),
        }
    }

    fn withdraw(&self, inner: &Inner, named: &dyn ComputedKey) {
        self.retract(inner, named.id());
    }

    fn claim_edge(&self, feed: &Arc<dyn Feeding>) -> Result<bool, StateError> {
        let Some(host) = self.host() else {
            return Ok(true);
        };
        let claimed = claim(&*host, &**feed)?;
        let again = claimed.again;
        inherit(&**feed, claimed);
        Ok(again)
    }

    fn release_edge(&self, feed: &dyn Feeding) {
        let Some(host) = self.host() else { return };
        let tell = |ruling: &Ruling| wire::answer::<u64>(&host.rule(&wire::write(ruling)?));
        if let Some(left) = feed.left() {
            let ruling = Ruling::Left(left);
            if let (Err(_), Ruling::Left(left)) = (tell(&ruling), ruling) {
                feed.inherit(left);
            }
        }
        drop(tell(&Ruling::Edge(None)));
    }

    fn leave(&self, inner: &Inner) {
        if let Some(host) = self.take_host() {
            host.leave();
            inner.host_changed();
        }
    }
}

impl Elsewhere for Session {
    fn is_there(&self) -> bool {
        self.is_joined()
    }

    fn register(&self, info: &MfeInfo) -> Result<u64, StateError> {
        register(&*self.host().ok_or(StateError::Disposed)?, info)
    }

    fn unregister(&self, id: &str, leaving: Leaving) -> Result<(), StateError> {
        crate::lock(&self.leaving).push(leaving);
        let result = self.remove(id, false);
        let leaving = crate::lock(&self.leaving).pop();
        drop(leaving);
        result
    }

    fn forget(&self, id: &str) -> Result<(), StateError> {
        self.remove(id, true)
    }

    fn rule(&self, rule: Rule<'_>) -> Result<usize, StateError> {
        let host = self.host().ok_or(StateError::Disposed)?;
        wire::answer(&host.rule(&wire::write(&Ruling::of(rule))?))
    }
}

/// What a store holds is replaced when it joins a host: where an edge hangs on it, in storage and in
/// other tabs, too.
fn has_no_edge(inner: &Inner) -> Result<(), StateError> {
    match inner.edge_feed() {
        None => Ok(()),
        Some(_) => Err(wire::refused(
            "this store",
            "it has an edge: detach that, join, and attach it again",
        )),
    }
}

/// Asks a host whether the edge of this store can be the page's.
fn claim(host: &dyn Host, feed: &dyn Feeding) -> Result<Claimed, StateError> {
    let state = feed.state().map(str::to_owned);
    match wire::answer(&host.rule(&wire::write(&Ruling::Edge(state))?)) {
        // One of an earlier version, which does not know.
        Err(StateError::Refused { .. }) => Ok(Claimed {
            again: true,
            ..Claimed::default()
        }),
        answer => answer,
    }
}

/// Has a feed know what the last edge of the page has left, and what was written since.
fn inherit(feed: &dyn Feeding, claimed: Claimed) {
    feed.notes().add(noted(claimed.written, claimed.left));
    claimed
        .known
        .into_iter()
        .for_each(|known| feed.inherit(known));
}

/// What was written here or elsewhere since the last edge.
fn noted(written: Vec<Changed>, left: Vec<Changed>) -> FxHashMap<SmolStr, Noted> {
    let value = |to| match to {
        Content::Value(json) => Some(Value::from_json(Arc::unwrap_or_clone(json.0))),
        Content::Removed | Content::Kept => None,
    };
    let mut all = FxHashMap::default();
    for changed in written {
        let noted = Noted {
            old: value(changed.to),
            left: None,
            source: wire::source(changed.source.as_deref()),
        };
        all.insert(changed.key.into(), noted);
    }
    for changed in left {
        if let Some(noted) = all.get_mut(&*changed.key) {
            noted.left = value(changed.to);
        }
    }
    all
}

fn register(host: &dyn Host, info: &MfeInfo) -> Result<u64, StateError> {
    wire::answer(&host.register(&wire::write(info)?))
}
