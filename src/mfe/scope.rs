//! [`Scope`]: the store as one micro-frontend sees it.

use super::{
    elsewhere::Leaving,
    registry::{Mfe, MfeInfo, Registry},
};
use crate::{
    change::{Origin, Stamp},
    error::{Access, StateError},
    key::{self, Name},
    store::{ComputedKey, Gate, Inner, Store, Subscription, View, Write, now},
};
use std::{
    borrow::Cow,
    fmt,
    ops::Deref,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

/// The handle of one micro-frontend. It has the methods of [`View`], for the micro-frontend's own
/// keys by their short names; [`Scope::shared`] is the view of the keys that all share, and
/// [`Scope::peer`] that of another micro-frontend's.
///
/// Unregistering, or dropping the last clone, ends the micro-frontend's subscriptions and deletes
/// its keys and those that it computes, in one transaction, and touches nobody else's. Should a middleware refuse the deletion
/// when the last clone is dropped, that is reported, and the keys wait for the next registration.
///
/// Mind the names: `scope.set("user", …)` writes the micro-frontend's own key, `@id/user`, while
/// hooks such as `use_global_state("user")` read and write the shared key, as
/// `scope.shared().set("user", …)` does.
#[derive(Clone)]
pub struct Scope {
    view: View,
    registration: Arc<Registration>,
}

impl Deref for Scope {
    type Target = View;

    fn deref(&self) -> &View {
        &self.view
    }
}

/// Ends with the last clone of a scope.
struct Registration {
    inner: Weak<Inner>,
    member: Arc<Member>,
}

impl Drop for Registration {
    fn drop(&mut self) {
        let Some(inner) = self.inner.upgrade() else {
            return;
        };
        let (member, weak) = (Arc::clone(&self.member), Weak::clone(&self.inner));
        // A batch that is open may yet come to nothing, and nobody would delete the keys again.
        inner.defer(Box::new(move || {
            let Some(inner) = weak.upgrade() else { return };
            match member.end(&inner) {
                Ok(()) | Err(StateError::UnknownMfe { .. }) => {}
                Err(error) => {
                    inner.report(&error);
                    if member.close(&inner)
                        && let Some(elsewhere) = Registry::of(&inner).elsewhere()
                    {
                        let gone = elsewhere.forget(&member.id);
                        let _ = gone.inspect_err(|error| inner.report(error));
                    }
                }
            }
        }));
    }
}

/// A micro-frontend as the registry knows it.
pub(super) struct Member {
    pub(super) record: Mfe,
    id: Arc<str>,
    /// `@id/`, the start of its keys.
    pub(super) namespace: String,
    ended: AtomicBool,
    subscriptions: Mutex<Vec<Weak<crate::store::Listener>>>,
}

impl Member {
    pub(super) fn encoded_id(&self) -> &str {
        key::split(&self.namespace).map_or("", |(id, _)| id)
    }

    /// Unregisters: the keys are deleted first, so that a veto leaves everything as it was.
    pub(super) fn end(&self, inner: &Arc<Inner>) -> Result<(), StateError> {
        match inner.may_write() {
            // Not even for a moment: what is being computed would have to be once more.
            Err(error) if error != StateError::Disposed => return Err(error),
            _ => {}
        }
        // Closed from here on, so that whoever hears of the deletions cannot write new keys.
        if self.ended.swap(true, Ordering::AcqRel) {
            return Err(StateError::UnknownMfe {
                id: self.id.to_string(),
            });
        }
        inner.advance_clock();
        inner.disown(self.encoded_id());
        let view = View {
            inner: Arc::clone(inner),
            gate: None,
            stamp: self.stamp(),
        };
        // A micro-frontend that leaves does not hear of its own leaving, however it listens.
        self.listen(false);
        inner.telling_as_one(|| self.delete_and_leave(inner, &view))
    }

    /// In two commits, of which the second cannot be refused.
    fn delete_and_leave(&self, inner: &Arc<Inner>, view: &View) -> Result<(), StateError> {
        let elsewhere = Registry::of(inner).elsewhere();
        let delete_here = || {
            view.batch(|view| {
                inner.end_with_batch(self.computed(inner));
                view.present()
                    .iter()
                    .filter(|slot| slot.key.starts_with(&self.namespace))
                    .filter(|slot| !inner.is_computed(slot))
                    .try_for_each(|slot| view.remove_slot(slot))
            })
        };
        let deleted = match &elsewhere {
            Some(elsewhere) => self
                .may_delete(inner)
                .and_then(|()| elsewhere.unregister(&self.id, self.leaving(inner))),
            None => delete_here(),
        };
        match deleted {
            // A store that was disposed of has no listeners, and its keys are nobody's any more.
            Ok(()) | Err(StateError::Disposed) => {}
            Err(error) => {
                self.listen(true);
                inner.own(self.encoded_id());
                self.ended.store(false, Ordering::Release);
                inner.advance_clock();
                return Err(error);
            }
        }
        self.leave(inner);
        Ok(())
    }

    /// Asks the middleware of a store that has joined another's whether the keys may be deleted. What
    /// deletes them is told, not asked.
    fn may_delete(&self, inner: &Inner) -> Result<(), StateError> {
        inner.may_write()?;
        let slots = inner.slots.all().into_iter();
        let own = slots.filter(|slot| slot.key.starts_with(&self.namespace));
        let writes = own.map(|slot| Write {
            slot,
            old: None,
            new: None,
            stamp: self.stamp(),
            rewritten: false,
        });
        inner.ask_middleware(writes.collect())
    }

    fn leaving(&self, inner: &Inner) -> Leaving {
        Leaving {
            namespace: self.namespace.clone(),
            stamp: self.stamp(),
            computed: self.computed(inner),
        }
    }

    /// Goes, whoever may object, and leaves its keys. Returns whether it was there.
    pub(super) fn close(&self, inner: &Inner) -> bool {
        let is_there = !self.ended.swap(true, Ordering::AcqRel);
        if is_there {
            inner.advance_clock();
            inner.disown(self.encoded_id());
            self.leave(inner);
        }
        is_there
    }

    /// The computed values that are dropped with it.
    fn computed(&self, inner: &Inner) -> Vec<Arc<dyn ComputedKey>> {
        let mut named = inner.all_named();
        named.retain(|named| named.belongs_to(&self.id, &self.namespace));
        named
    }

    /// Whether its listeners are called.
    fn listen(&self, listen: bool) {
        for listener in crate::lock(&self.subscriptions)
            .iter()
            .filter_map(Weak::upgrade)
        {
            listener.mute(!listen);
        }
    }

    /// Ends the subscriptions and leaves the registry. The caller has closed the scope.
    fn leave(&self, inner: &Inner) {
        let subscriptions = std::mem::take(&mut *crate::lock(&self.subscriptions));
        for listener in subscriptions.iter().filter_map(Weak::upgrade) {
            inner.unsubscribe(&listener);
        }
        if let Some(loading) = inner.loading.get() {
            loading.leave(inner, &self.stamp().origin, &self.namespace);
        }
        inner.end(self.computed(inner));
        Registry::of(inner).leave(inner, self);
    }

    fn stamp(&self) -> Stamp {
        Stamp {
            origin: Origin::Mfe(Arc::clone(&self.id)),
            source: Name::Shared(Arc::clone(&self.id)),
        }
    }
}

/// Which part of the store a view of a micro-frontend shows.
enum Part {
    Own,
    Shared,
    /// The keys that start with this.
    Peer(String),
}

struct MfeGate {
    member: Arc<Member>,
    part: Part,
}

impl MfeGate {
    fn is_allowed(&self, inner: &Inner, name: &str, access: Access) -> bool {
        self.is_own(name) || Registry::of(inner).allows(&self.member.id, name, access)
    }

    fn check(&self, inner: &Inner, name: &str, access: Access) -> Result<(), StateError> {
        self.is_open()?;
        if !self.is_own(name) {
            inner.follow(&inner.rules);
        }
        if self.is_allowed(inner, name, access) {
            return Ok(());
        }
        Err(inner.deny(StateError::Denied {
            mfe: self.member.id.to_string(),
            key: name.to_owned(),
            access,
        }))
    }
}

impl Gate for MfeGate {
    fn is_open(&self) -> Result<(), StateError> {
        if self.member.ended.load(Ordering::Acquire) {
            return Err(StateError::UnknownMfe {
                id: self.member.id.to_string(),
            });
        }
        Ok(())
    }

    fn full_name<'k>(
        &self,
        inner: &Inner,
        key: &'k str,
        access: Access,
    ) -> Result<Cow<'k, str>, StateError> {
        key::check(key)?;
        let name = match &self.part {
            Part::Shared => Cow::Borrowed(key),
            Part::Own => Cow::Owned(format!("{}{key}", self.member.namespace)),
            Part::Peer(namespace) => Cow::Owned(format!("{namespace}{key}")),
        };
        key::check_full(&name)?;
        self.check(inner, &name, access)?;
        Ok(name)
    }

    fn may_use(&self, inner: &Inner, full_name: &str, access: Access) -> Result<(), StateError> {
        self.check(inner, full_name, access)
    }

    fn own_name<'k>(&self, inner: &Inner, full_name: &'k str) -> Option<&'k str> {
        if self.member.ended.load(Ordering::Acquire) {
            return None;
        }
        match &self.part {
            Part::Own => full_name.strip_prefix(&*self.member.namespace),
            Part::Peer(namespace) => full_name
                .strip_prefix(&**namespace)
                .filter(|_| self.is_allowed(inner, full_name, Access::Read)),
            Part::Shared => (!full_name.starts_with(key::NAMESPACE)
                && self.is_allowed(inner, full_name, Access::Read))
            .then_some(full_name),
        }
    }

    fn namespace(&self) -> Option<&str> {
        match self.part {
            Part::Own => Some(&self.member.namespace),
            Part::Shared | Part::Peer(_) => None,
        }
    }

    fn is_own(&self, full_name: &str) -> bool {
        full_name.starts_with(&self.member.namespace)
    }

    fn subscribed(&self, subscription: &Subscription) {
        let mut subscriptions = crate::lock(&self.member.subscriptions);
        // Grows by doubling, so looking for ended ones only then keeps the cost constant.
        if subscriptions.len() == subscriptions.capacity() {
            subscriptions.retain(|listener| listener.strong_count() > 0);
        }
        subscriptions.push(Arc::downgrade(subscription.listener()));
    }
}

impl Scope {
    pub(super) fn register(store: &Store, info: MfeInfo) -> Result<Self, StateError> {
        info.check()?;
        store.inner.may_write()?;
        store.inner.may_act_at_once()?;
        let id: Arc<str> = info.id.as_str().into();
        let registered_at = match Registry::of(&store.inner).elsewhere() {
            Some(elsewhere) => elsewhere.register(&info)?,
            None => now(),
        };
        let member = Arc::new(Member {
            namespace: key::namespace(&id),
            record: Mfe {
                info,
                registered_at,
                failure: None,
            },
            id,
            ended: AtomicBool::new(false),
            subscriptions: Mutex::default(),
        });
        Registry::of(&store.inner).enter(&store.inner, &member)?;
        Ok(Self {
            view: View {
                inner: Arc::clone(&store.inner),
                stamp: member.stamp(),
                gate: Some(Arc::new(MfeGate {
                    member: Arc::clone(&member),
                    part: Part::Own,
                })),
            },
            registration: Arc::new(Registration {
                inner: Arc::downgrade(&store.inner),
                member,
            }),
        })
    }

    /// The id.
    pub fn id(&self) -> &str {
        &self.registration.member.id
    }

    /// What it said of itself, and when it registered.
    pub fn info(&self) -> &Mfe {
        &self.registration.member.record
    }

    /// Whether it is registered still.
    pub fn is_registered(&self) -> bool {
        !self.registration.member.ended.load(Ordering::Acquire)
    }

    /// The view of the micro-frontend's own keys.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// The view of the keys that all share.
    pub fn shared(&self) -> View {
        self.part(Part::Shared)
    }

    /// The view of another micro-frontend's keys. It takes a grant to use it.
    pub fn peer(&self, id: &str) -> View {
        self.part(Part::Peer(key::namespace(id)))
    }

    /// Ends the subscriptions and deletes the keys of the micro-frontend, in one transaction.
    ///
    /// # Errors
    /// [`StateError::UnknownMfe`] if it is not registered any more, [`StateError::Vetoed`] if a
    /// middleware refuses the deletion, [`StateError::Reentrant`] from inside a batch: it stays
    /// registered then.
    pub fn unregister(&self) -> Result<(), StateError> {
        match self.registration.inner.upgrade() {
            Some(inner) => {
                inner.may_act_at_once()?;
                self.registration.member.end(&inner)
            }
            None => Err(StateError::Disposed),
        }
    }

    /// As [`Scope::unregister`], for a component that is being taken down.
    #[cfg(feature = "leptos")]
    pub(crate) fn unmount(&self) -> Result<(), StateError> {
        match self.registration.inner.upgrade() {
            Some(inner) => inner.holding_signals(|| self.unregister()),
            None => Err(StateError::Disposed),
        }
    }

    fn part(&self, part: Part) -> View {
        View {
            gate: Some(Arc::new(MfeGate {
                member: Arc::clone(&self.registration.member),
                part,
            })),
            ..self.view.clone()
        }
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope")
            .field("mfe", &self.registration.member.record)
            .field("registered", &self.is_registered())
            .finish()
    }
}
