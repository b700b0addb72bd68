//! What a store does for a guest.

use super::{
    Host,
    outbox::{Outbox, Sent},
    unsendable,
};
use crate::{
    change::Stamp,
    edge::{
        page::elsewhere::EdgeElsewhere,
        page::wire::{
            self, Carried, Changed, Claimed, Commit, Committed, Content, Door, Gone, Mark, Put,
            Ruled, Ruling, State, Writer,
        },
    },
    error::{Access, StateError},
    mfe::{MfeInfo, Scope},
    store::{Feeding, Inner, Store, View, Write},
    value::Value,
};
use reactive_graph::graph::untrack;
use std::{
    collections::{HashMap, HashSet},
    fmt, ptr,
    sync::{Arc, Mutex},
};

/// A guest, as its host knows it. It ends when it is dropped.
pub struct Link {
    /// The page's.
    pub(super) view: View,
    pub(super) outbox: Arc<Outbox>,
    /// The micro-frontends that were registered through it, by id.
    scopes: Mutex<HashMap<String, Scope>>,
    /// Stands where the store's edge would be, if the guest has it; or had it last.
    edge: Mutex<Option<Arc<EdgeElsewhere>>>,
}

impl Link {
    pub(super) fn new(view: View, outbox: Arc<Outbox>) -> Self {
        Self {
            view,
            outbox,
            scopes: Mutex::default(),
            edge: Mutex::default(),
        }
    }
}

impl Host for Link {
    fn state(&self) -> String {
        wire::reply(self.may_act().map(|()| untrack(|| self.begin())))
    }

    fn commit(&self, text: &str) -> String {
        wire::reply(self.take(text))
    }

    fn register(&self, text: &str) -> String {
        wire::reply(self.enter(text))
    }

    fn unregister(&self, text: &str) -> String {
        wire::reply(self.remove(text))
    }

    fn rule(&self, text: &str) -> String {
        wire::reply(self.decide(text))
    }

    fn computed(&self, text: &str) -> String {
        wire::reply(untrack(|| self.evaluate(text)))
    }

    fn define(&self, text: &str) -> String {
        wire::reply(self.begin_computed(text))
    }

    fn withdraw(&self, text: &str) -> String {
        wire::reply(self.end_computed(text))
    }

    fn leave(&self) {
        self.outbox.silence();
        self.view.inner.remove_recorder(&*self.outbox);
        self.release_edge();
        self.view.inner.end(self.outbox.take_defined());
        let scopes = std::mem::take(&mut *crate::lock(&self.scopes));
        let mut scopes: Vec<_> = scopes.into_values().collect();
        scopes.sort_unstable_by(|a, b| a.id().cmp(b.id()));
        drop(scopes);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Link {
    pub(super) fn inner(&self) -> &Arc<Inner> {
        &self.view.inner
    }

    fn store(&self) -> Store {
        Store::of(View {
            stamp: Stamp::LOCAL,
            ..self.view.clone()
        })
    }

    pub(super) fn is_open(&self) -> Result<(), StateError> {
        match self.outbox.is_open() {
            true => self.inner().alive(),
            false => Err(StateError::Disposed),
        }
    }

    /// Whether this thread may change the store, at once.
    pub(super) fn may_act(&self) -> Result<(), StateError> {
        self.is_open()?;
        self.inner().may_write()?;
        self.inner().may_act_at_once()
    }

    /// All that the store holds, as far as the page may know it.
    fn begin(&self) -> State {
        let inner = self.inner();
        self.outbox.start(inner);
        let mut values = Vec::new();
        // No snapshot, for which the store would keep one up to date from now on.
        for slot in inner.slots.all() {
            let labels = slot.labels();
            let value = inner.load(&slot).0;
            let Some(value) = value.filter(|_| !labels.is_secret()) else {
                continue;
            };
            match Carried::of(&value) {
                Ok(json) => values.push(Changed {
                    key: slot.key.to_string(),
                    to: Content::Value(json),
                    door: None,
                    source: None,
                    labels: wire::Mark::all(labels),
                }),
                Err(reason) => inner.report(&unsendable(&slot.key, reason)),
            }
        }
        crate::sorted::by_name(&mut values, |value| &value.key);
        State {
            protocol: wire::PROTOCOL,
            library: env!("CARGO_PKG_VERSION").to_owned(),
            version: self.view.metadata().version,
            values,
            registry: inner.registered().0,
            rules: inner.rules_image().0,
            computed: self.outbox.computed(inner),
        }
    }

    fn take(&self, text: &str) -> Result<Committed, StateError> {
        self.may_act()?;
        let commit: Commit = wire::read(text)?;
        let inner = self.inner();
        // What a guest writes follows from what it knows.
        if self.outbox.pump(inner) {
            return Ok(Committed {
                again: true,
                ..Committed::default()
            });
        }
        let mut puts = Vec::with_capacity(commit.writes.len());
        let result = self.read_all(commit.writes, &mut puts).and_then(|()| {
            let sent = puts.iter();
            let sent = sent.map(|(slot, _, new)| (slot.key.clone(), new.clone()));
            self.outbox.expect(commit.id, sent.collect());
            inner.transact(None, &[], &mut |writes| {
                let mut same = Vec::new();
                for (slot, stamp, new) in &puts {
                    let write = Write {
                        slot: Arc::clone(slot),
                        old: inner.load(slot).0,
                        new: new.clone(),
                        stamp: stamp.clone(),
                        rewritten: false,
                    };
                    if write.changes_nothing() {
                        same.push(slot.key.clone());
                    }
                    writes.push(write);
                }
                self.outbox.are_the_same(same);
                Ok(())
            })
        });
        let left = self.outbox.expected();
        for (slot, ..) in &puts {
            inner.release(slot);
        }
        drop(puts);
        // A component that is being built or taken down holds signals back, but not what a guest awaits.
        self.outbox.pump(inner);
        result?;
        Ok(Committed {
            again: false,
            stored: left.is_none(),
            same: left.unwrap_or_default(),
        })
    }

    /// Checks all that a transaction writes, as if it were written here.
    fn read_all(&self, writes: Vec<Put>, puts: &mut Vec<Sent>) -> Result<(), StateError> {
        let inner = self.inner();
        // What comes in through an edge is told to none.
        let has_edge = crate::lock(&self.edge)
            .as_ref()
            .is_some_and(|edge| !edge.is_resting());
        let mut keys = HashSet::new();
        for put in writes {
            if !keys.insert(put.key.clone()) {
                return Err(wire::refused(&put.key, "it is written twice"));
            }
            let view = self.opened(&put.key, &put.by, &put.labels)?;
            let new = match put.to {
                Content::Value(json) => Some(json.into_value(&put.key)?),
                Content::Removed => None,
                Content::Kept => return Err(wire::refused(&put.key, "it holds nothing")),
            };
            let mut stamp = stamp(&view, put.source.as_deref());
            if has_edge && put.by == Writer::Page {
                stamp.origin = Door::origin(put.door);
            }
            let slot = inner.slots.get_checked(&put.key, crate::key::check_full)?;
            let is_allowed = match (&new, &put.by) {
                (Some(_), Writer::Page) => inner
                    .namespace_is_registered(&slot.key)
                    .and_then(|()| view.may_put(&slot)),
                _ => view.may_put(&slot),
            };
            let checked = is_allowed.and_then(|()| inner.is_writable(&slot));
            puts.push((slot, stamp, new));
            checked?;
        }
        Ok(())
    }

    /// The view through which somebody may give a key something, if it is no secret.
    pub(super) fn opened(
        &self,
        key: &str,
        by: &Writer,
        labels: &[Mark],
    ) -> Result<View, StateError> {
        let inner = self.inner();
        wire::check_key(key)?;
        for label in labels.iter().filter_map(|mark| mark.label()) {
            self.view.label(key, label)?;
        }
        let view = self.writer(by)?;
        if inner.labels(key).is_secret() {
            return Err(inner.deny(StateError::Denied {
                mfe: match by {
                    Writer::Mfe(id) => id.clone(),
                    Writer::Page | Writer::Restore => "page".to_owned(),
                },
                key: key.to_owned(),
                access: Access::Write,
            }));
        }
        Ok(view)
    }

    /// The view through which somebody writes.
    fn writer(&self, by: &Writer) -> Result<View, StateError> {
        match by {
            Writer::Page | Writer::Restore => Ok(self.view.clone()),
            Writer::Mfe(id) => match crate::lock(&self.scopes).get(id) {
                Some(scope) => Ok(scope.view().clone()),
                None => Err(StateError::UnknownMfe { id: id.clone() }),
            },
        }
    }

    fn enter(&self, text: &str) -> Result<u64, StateError> {
        self.may_act()?;
        let info: MfeInfo = wire::read(text)?;
        let scope = self.store().register_mfe(info)?;
        let at = scope.info().registered_at;
        let id = scope.id().to_owned();
        let before = crate::lock(&self.scopes).insert(id, scope);
        // Ended already: its id was free.
        drop(before);
        self.outbox.pump(self.inner());
        Ok(at)
    }

    fn remove(&self, text: &str) -> Result<(), StateError> {
        self.may_act()?;
        let Gone { id, keys_stay } = wire::read(text)?;
        let inner = self.inner();
        let result = match keys_stay {
            false => self.store().unregister_mfe(&id),
            true if inner.forget_mfe(&id) => Ok(()),
            true => Err(StateError::UnknownMfe { id: id.clone() }),
        };
        if result.is_ok() {
            let scope = crate::lock(&self.scopes).remove(&id);
            drop(scope);
        }
        self.outbox.pump(inner);
        result
    }

    fn decide(&self, text: &str) -> Result<Ruled, StateError> {
        self.is_open()?;
        let store = self.store();
        let count = match wire::read(text)? {
            Ruling::Grant(grant) => {
                store.grant(&grant.id, grant.access(), grant.pattern()?);
                0
            }
            Ruling::Revoke(id) => store.revoke(&id),
            Ruling::Shared(access) => {
                store.set_shared_access(access);
                0
            }
            Ruling::Failure { id, failure } => {
                store.set_mfe_failure(&id, failure)?;
                0
            }
            Ruling::Edge(Some(state)) => return self.claim_edge(state).map(Ruled::Claimed),
            Ruling::Left(left) => {
                if let Some(edge) = &*crate::lock(&self.edge) {
                    edge.inherit(left);
                }
                return Ok(Ruled::Count(0));
            }
            // Nobody is told of anything: the edge may be about to be dropped, which happens anywhere.
            Ruling::Edge(None) => {
                self.release_edge();
                return Ok(Ruled::Count(0));
            }
        };
        self.outbox.pump(self.inner());
        Ok(Ruled::Count(count))
    }

    fn claim_edge(&self, state: String) -> Result<Claimed, StateError> {
        let inner = self.inner();
        let edge = Arc::new(EdgeElsewhere::new(state));
        let last = inner.set_feed(&edge)?;
        let own = crate::lock(&self.edge).replace(Arc::clone(&edge));
        let again = match (&last, &own) {
            (Some(last), Some(own)) => ptr::addr_eq(Arc::as_ptr(last), Arc::as_ptr(own)),
            _ => false,
        };
        if again {
            return Ok(Claimed {
                again,
                known: own.and_then(|own| own.left()),
                ..Claimed::default()
            });
        }
        // The guest has never known what the last edge knew.
        let of_same =
            |last: &Arc<dyn Feeding>| last.state().is_none_or(|of| edge.state() == Some(of));
        let last = last.filter(of_same);
        Ok(last.map_or_else(Claimed::default, |last| claimed(inner, &*last)))
    }

    fn release_edge(&self) {
        let edge = crate::lock(&self.edge).clone();
        if let Some(edge) = edge {
            self.inner().rest_feed(&*edge);
        }
    }
}

/// Takes what an edge that has ended leaves to one of another store, and what was written since.
pub(super) fn claimed(inner: &Inner, last: &dyn Feeding) -> Claimed {
    let notes = last.notes().take();
    let mut claimed = Claimed {
        known: last.left(),
        ..Claimed::default()
    };
    for (key, noted) in notes {
        if inner.labels(&key).is_secret() {
            continue;
        }
        let held = |value: &Option<Value>| Carried::of(value.as_ref()?).ok().map(Content::Value);
        let changed = |to, source| Changed {
            key: key.to_string(),
            to,
            door: None,
            source,
            labels: Vec::new(),
        };
        if let Some(left) = held(&noted.left) {
            claimed.left.push(changed(left, None));
        }
        let before = held(&noted.old).unwrap_or(Content::Removed);
        let source = wire::shown(noted.source.as_str());
        claimed.written.push(changed(before, source));
    }
    claimed
}

/// Who writes through a view, as a guest names them.
pub(super) fn stamp(view: &View, source: Option<&str>) -> Stamp {
    Stamp {
        origin: view.stamp.origin.clone(),
        source: match source {
            None => view.stamp.source.clone(),
            source => wire::source(source),
        },
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("open", &self.outbox.is_open())
            .field("mfes", &crate::lock(&self.scopes).len())
            .finish_non_exhaustive()
    }
}
