//! The guest's side: a store that mirrors another one, and has that one decide.

mod inbox;

use super::{
    link::Host,
    wire::{self, Carried, Changed, Commit, Committed, Content, Entry, Gone, Put, Ruling, Writer},
};
use crate::{
    change::{Origin, Stamp},
    error::StateError,
    label::Labels,
    mfe::{Elsewhere, Leaving, MfeInfo, Rule},
    store::{Answer, ComputedKey, Inner, Joining, Slot, Store, Write, Writes, serialize_error},
    value::Value,
};
use inbox::{Inbox, Item};
use reactive_graph::graph::untrack;
use std::{
    collections::{HashMap, HashSet},
    fmt, mem,
    sync::{
        Arc, Mutex, PoisonError, RwLock, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

/// Hands a guest what its host tells.
pub type Receive = Box<dyn Fn(&str) + Send + Sync>;

/// A store that has joined another's, its host: what is written here is stored there first, and what
/// is stored there is here too. A handle, which keeps neither store alive.
///
/// Middleware of the guest is asked about what the guest writes, before the host's; what comes from
/// the host it is only told of. A history of the guest's undoes by writes like any other. Values whose
/// key is labelled secret in the guest stay in the guest, and those of the host's in the host.
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
    /// a host already, that is [`StateError::Refused`] too.
    pub fn join(
        store: &Store,
        link: impl FnOnce(Receive) -> Result<Arc<dyn Host>, StateError>,
    ) -> Result<Self, StateError> {
        let inner = &store.inner;
        inner.may_write()?;
        inner.may_act_at_once()?;
        let session = Arc::new(Session {
            inner: Arc::downgrade(inner),
            host: RwLock::default(),
            pending: Mutex::default(),
            inbox: Inbox::default(),
            ids: AtomicU64::new(0),
            leaving: Mutex::default(),
            closed: RwLock::default(),
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
    /// registered there; those that it refuses are ended and reported.
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
    inner: Weak<Inner>,
    host: RwLock<Option<Arc<dyn Host>>>,
    /// What is on its way to the host, or not yet taken in again.
    pending: Mutex<Vec<Pending>>,
    inbox: Inbox,
    ids: AtomicU64,
    /// The micro-frontends that the host is unregistering for this store.
    leaving: Mutex<Vec<Leaving>>,
    closed: RwLock<Option<Arc<dyn Fn() + Send + Sync>>>,
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
            if let Some(session) = session.upgrade() {
                session.receive(text);
            }
        }))?;
        // Those that live here are there before what is there is read, so that their keys are theirs.
        for member in inner.own_mfes() {
            if let Err(error) = register(&*host, &member.info) {
                inner.report(&error);
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
        inner.mirror_registry(inner.own_mfes());
    }

    fn receive(self: &Arc<Self>, text: &str) {
        let Some(inner) = self.inner.upgrade() else {
            return;
        };
        match serde_json::from_str(text) {
            Ok(push) => self.inbox.put(push),
            Err(error) => inner.report(&wire::refused("a message", &error.to_string())),
        }
        self.drain(&inner);
    }

    /// Takes in what has come, in its order, unless another thread is at it: that one will.
    fn drain(&self, inner: &Arc<Inner>) {
        let Some(_taking) = self.inbox.take_turns() else {
            return;
        };
        while let Some(item) = self.inbox.next() {
            untrack(|| self.take_in(inner, item));
        }
    }

    fn take_in(&self, inner: &Arc<Inner>, item: Item) {
        match item {
            Item::State(state) => self.replace(inner, state),
            Item::Entry(entry) => self.follow(inner, entry),
            Item::Registry(records) => inner.mirror_registry(records),
            Item::Rules(rules) => {
                for grant in inner.mirror_rules(&rules) {
                    inner.report(&wire::refused(&grant.keys, "it is no pattern here"));
                }
            }
            Item::Closed => {
                if self.take_host().is_some() {
                    self.stand_alone(inner);
                    let closed = crate::read(&self.closed).clone();
                    if let Some(closed) = closed {
                        closed();
                    }
                }
            }
        }
    }

    /// Makes all that is here what is in the host.
    fn replace(&self, inner: &Arc<Inner>, state: wire::State) {
        inner.mirror_registry(state.registry);
        self.take_in(inner, Item::Rules(state.rules));
        let mut writes = Writes::new();
        let mut there = HashSet::new();
        for changed in state.values {
            if let Some(write) = self.write(inner, changed, None) {
                there.insert(write.slot.key.clone());
                writes.push(write);
            }
        }
        for slot in inner.slots.all() {
            if !there.contains(&slot.key) && may_mirror(inner, &slot) {
                writes.push(Write {
                    slot,
                    old: None,
                    new: None,
                    stamp: page(None),
                    rewritten: false,
                });
            }
        }
        self.settle(inner, writes, Vec::new());
    }

    /// Makes what the host has stored.
    fn follow(&self, inner: &Arc<Inner>, entry: Entry) {
        let own = entry.own.and_then(|id| self.take_pending(id));
        let is_own = own.is_some();
        let (local, sent) = split(own.unwrap_or_default());
        let sent = sent
            .into_iter()
            .map(|write| (write.slot.key.clone(), write));
        let mut sent: HashMap<_, _> = sent.collect();
        let mut writes = Writes::new();
        for changed in entry.changes {
            let own = sent.remove(changed.key.as_str());
            if let Some(write) = self.write(inner, changed, own) {
                writes.push(write);
            }
        }
        writes.extend(local);
        let ending = match is_own || writes.is_empty() {
            true => Vec::new(),
            false => self.let_go(&mut writes),
        };
        self.settle(inner, writes, ending);
    }

    /// What the host has told of a key, as a write of what this store has asked for, if it has.
    fn write(&self, inner: &Inner, changed: Changed, own: Option<Write>) -> Option<Write> {
        let Changed {
            key,
            to,
            source,
            labels,
        } = changed;
        let slot = match &own {
            Some(own) => Ok(Arc::clone(&own.slot)),
            None => inner.slots.get_checked(&key, crate::key::check_full),
        };
        let slot = slot.map_err(|error| inner.report(&error)).ok()?;
        for label in labels.into_iter().filter_map(wire::Mark::label) {
            inner.label(&slot.key, label);
        }
        if own.is_none() && !may_mirror(inner, &slot) {
            if let Err(error) = inner.is_writable(&slot) {
                inner.report(&error);
            }
            inner.release(&slot);
            return None;
        }
        let (was, kept, stamp) = match own {
            Some(own) => (own.old, own.new, own.stamp),
            None => (None, None, page(source.as_deref())),
        };
        let (old, new) = match to {
            Content::Removed => (None, None),
            Content::Kept => (was, kept),
            Content::Value(json) => match json.into_value(&key) {
                Ok(value) => (None, Some(value)),
                Err(error) => {
                    inner.report(&error);
                    return None;
                }
            },
        };
        Some(Write {
            slot,
            old,
            new,
            stamp,
            rewritten: false,
        })
    }

    fn settle(&self, inner: &Inner, writes: Writes, ending: Vec<Arc<dyn ComputedKey>>) {
        match inner.settle(&writes, ending) {
            Ok(()) | Err(StateError::Disposed) => {}
            Err(error) => inner.report(&error),
        }
        for write in writes {
            let Write { slot, .. } = write;
            inner.release(&slot);
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

    /// What goes with the micro-frontend of which the host has deleted keys, if it is on its way out.
    /// Its keys are gone by its own doing.
    fn let_go(&self, writes: &mut Writes) -> Vec<Arc<dyn ComputedKey>> {
        let mut all = crate::lock(&self.leaving);
        let Some(leaving) = all.last_mut() else {
            return Vec::new();
        };
        let of_it = |write: &Write| {
            write.new.is_none()
                && write.key().starts_with(&leaving.namespace)
                && write.stamp.source == leaving.stamp.source
        };
        if !writes.iter().all(of_it) {
            return Vec::new();
        }
        for write in writes.iter_mut() {
            write.stamp = leaving.stamp.clone();
        }
        mem::take(&mut leaving.computed)
    }

    /// Has the host store a transaction.
    fn ask(
        &self,
        inner: &Inner,
        host: &dyn Host,
        writes: &mut Writes,
    ) -> Result<Answer, StateError> {
        let puts = writes.iter().filter(|write| !is_local(write));
        let puts: Vec<_> = puts.map(put).collect::<Result<_, _>>()?;
        if puts.is_empty() {
            return Ok(Answer::Alone);
        }
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        let text = wire::write(&Commit { id, writes: puts })?;
        let pending = Pending {
            id,
            writes: mem::take(writes),
        };
        crate::lock(&self.pending).push(pending);
        let answered = wire::answer::<Committed>(&host.commit(&text));
        if matches!(&answered, Ok(Committed { stored: true, .. })) {
            return Ok(Answer::Stored);
        }
        // Nothing was stored there: what was to be is still here.
        let left = self.take_pending(id).unwrap_or_default();
        let Committed { again, same, .. } = answered?;
        if again {
            return Ok(Answer::Moved);
        }
        let (local, sent) = split(left);
        let mut left: Writes = local.into_iter().collect();
        // What is equal as JSON may differ here: in what is not serialized.
        left.extend(sent.into_iter().filter(|write| {
            let key = write.key();
            same.iter().any(|same| same == key)
        }));
        self.settle(inner, left, Vec::new());
        Ok(Answer::Stored)
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

fn register(host: &dyn Host, info: &MfeInfo) -> Result<u64, StateError> {
    wire::answer(&host.register(&wire::write(info)?))
}

/// Whether the host's content of a key belongs here: not where it is secret here, or computed.
fn may_mirror(inner: &Inner, slot: &Slot) -> bool {
    !slot.labels().is_secret() && inner.is_writable(slot).is_ok()
}

/// Whether a write concerns this store alone.
fn is_local(write: &Write) -> bool {
    write.slot.is_hidden() || write.labels().is_secret()
}

/// The writes of this store alone, and those that the host is asked for.
fn split(writes: Writes) -> (Vec<Write>, Vec<Write>) {
    writes.into_iter().partition(|write| is_local(write))
}

/// A write as the host is asked for it.
fn put(write: &Write) -> Result<Put, StateError> {
    let labels: Labels = write.labels();
    let to = |value: &Value| {
        let json = Carried::of(value);
        json.map_err(|reason| serialize_error(write.key(), labels, reason))
    };
    Ok(Put {
        key: write.key().to_owned(),
        to: match write.new_value() {
            Some(value) => Content::Value(to(value)?),
            None => Content::Removed,
        },
        by: match write.origin() {
            Origin::Mfe(id) => Writer::Mfe(id.to_string()),
            Origin::Restore => Writer::Restore,
            _ => Writer::Page,
        },
        source: wire::shown(write.source()),
        labels: wire::Mark::all(labels),
    })
}

/// Who writes what the host tells.
fn page(source: Option<&str>) -> Stamp {
    Stamp {
        origin: Origin::Page,
        source: wire::source(source),
    }
}
