//! The container as the host of micro-frontends that are built and deployed elsewhere.
//!
//! A [`Host`] has a [`Manifest`] of them, and loads, mounts, retries and replaces each while the page
//! runs. One is an ES module:
//!
//! ```js
//! export function mount(element, context) {}   // may return a promise
//! export function unmount(element) {}          // may be left out, and may return a promise
//! ```
//!
//! `context` is `{ id, version, base, store, scope, navigate(path, { replace }), reportError(error) }`: `base` is the
//! address of the folder of the module, with its `/`; `store` is the page's handle of the store, and
//! `scope` that of the micro-frontend, which the host has registered and unregisters.
//!
//! # A life
//!
//! `Idle` → `Loading` → (`Waiting`, for shared keys that it requires) → `Mounting` → `Running`, with
//! `Failed` from any of the last four: [`Host::status`] follows it as a signal. Nothing is fetched
//! before `Host::mount` or `Host::prefetch`, and at most one load of a micro-frontend is under way
//! at a time, beside that of a replacement. `mount` is called after what the module mounted before is
//! taken down, and `unmount` once after `mount` is done, however late that is; until then its element is
//! off the page.
//!
//! # What fails
//!
//! Whatever fails is counted ([`Host::metrics`]), reported to the store, and stands in the registry
//! ([`Mfe::failure`](crate::Mfe::failure)); the rest of the page goes on. An uncaught error is put down
//! to the micro-frontend in whose folder the innermost script of its stack lies; an error without a
//! stack, or thrown by what several share, is nobody's. A script that does not return cannot be
//! interrupted: a time limit ends only what waits.
//!
//! When the store that gave the page its handle leaves, and a guest takes its place, what is mounted is
//! mounted anew with the handle that is there now.
//!
//! # Integrity
//!
//! The module is fetched, for progress and to be compared with its digest, and then imported by its
//! address, so the server should let it be cached: it has the version in its address. One that may not
//! be cached is downloaded twice. To import what was fetched, by a `blob:` address, would spare that and
//! break what the module imports or loads relative to itself.
//!
//! Where the browser's import maps know integrity, and may come late (Chromium since 133), the import is
//! checked as well, and a server that gives it other bytes than the fetch does not get them run. A content
//! security policy has to allow inline import maps for that. Elsewhere only what was fetched is compared.
//! What a module imports itself is not covered by its digest, nor is a wasm that it loads.
//!
//! # What stays
//!
//! A browser keeps every module that it has imported, with the memory of a wasm that it started, until the
//! page is left: unmounting frees what the module lets go of in `unmount`, replacing it not the code of the
//! older version.

mod blame;
mod error;
mod life;
mod manifest;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#[path = "host/nowhere.rs"]
mod page;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod page;
mod run;
mod status;

pub use error::HostError;
pub use manifest::{Manifest, ManifestError, MemberFault, MfeEntry};
pub use status::{FailureKind, HostMetrics, MfeStatus};

use crate::{
    mfe::Scope,
    store::{SharedSignal, Store, Subscription},
    value::Value,
};
use blame::{Source, blame};
use futures_channel::oneshot;
use life::{Input, Life};
use page::Page;
use status::Failure;
use std::{
    fmt,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

/// How long a load or a mount may take, in ms, unless [`Host::set_time_limit`] says otherwise.
pub const TIME_LIMIT: u64 = 10_000;

/// What loads micro-frontends and puts them into the page. Clones are handles of one; with the last of
/// them, everything that it mounted leaves the page.
///
/// `mount(id, &element)` exists where there is a page, on `wasm32-unknown-unknown`; the rest
/// everywhere, and nothing loads where there is none.
///
/// ```
/// use universal_state::{Store, edge::host::{Host, Manifest, MfeStatus}};
///
/// let store = Store::new();
/// let host = Host::new(&store, "default");
/// host.add(Manifest::parse(
///     r#"{"version": 1, "mfes": [{"id": "ads", "framework": "vue", "version": "1.0.0", "url": "/ads.js"}]}"#,
/// )?)?;
/// assert_eq!(host.status("ads"), Some(MfeStatus::Idle));
/// assert_eq!(host.metrics().loads, 0);
/// # Ok::<(), universal_state::edge::host::HostError>(())
/// ```
#[derive(Clone)]
pub struct Host(Arc<Shared>);

type Navigate = Arc<dyn Fn(&str, bool) + Send + Sync>;

struct Shared {
    store: Store,
    /// The name of the store's handle on the page.
    name: String,
    seats: Mutex<Vec<Seat>>,
    metrics_signal: SharedSignal,
    time_limit: AtomicU64,
    navigate: Mutex<Option<Navigate>>,
    page: Page,
    this: Weak<Self>,
}

/// What a host has for one micro-frontend.
struct Seat {
    life: Life,
    signal: Arc<SharedSignal>,
    /// Whether it is in the registry by the host's doing.
    is_registered: bool,
    /// Its registration, where it has no handle: it failed before it was mounted.
    scope: Option<Scope>,
    /// Its own keys, by full names, while it is out of the registry for a moment.
    kept: Vec<(String, Value)>,
    /// Tells when a key that it requires has a value.
    watch: Option<Subscription>,
    /// Who waits for a replacement.
    swapped: Option<oneshot::Sender<Result<(), Failure>>>,
}

impl Host {
    /// A host for the store that has a handle on the page under `name`; without other choice,
    /// `"default"`. It follows the uncaught errors of the page from now on.
    pub fn new(store: &Store, name: &str) -> Self {
        Self(Arc::new_cyclic(|this| Shared {
            store: store.clone(),
            name: name.to_owned(),
            seats: Mutex::default(),
            metrics_signal: SharedSignal::default(),
            time_limit: AtomicU64::new(TIME_LIMIT),
            navigate: Mutex::default(),
            page: Page::new(Weak::clone(this), name),
            this: Weak::clone(this),
        }))
    }

    /// How long each load, and each mount, may take from now on, in ms.
    pub fn set_time_limit(&self, ms: u64) {
        self.0.time_limit.store(ms, Ordering::Relaxed);
    }

    /// What `context.navigate(path, { replace })` does. Unless it is set, the page goes there as by a
    /// link; `replace` leaves no step to go back to.
    pub fn on_navigate(&self, navigate: impl Fn(&str, bool) + Send + Sync + 'static) {
        *crate::lock(&self.0.navigate) = Some(Arc::new(navigate));
    }

    /// Adds the micro-frontends of a manifest. Addresses that are not absolute are taken relative to
    /// the page.
    ///
    /// # Errors
    /// [`HostError::Known`] if one of its ids is here; none is added then.
    pub fn add(&self, manifest: Manifest) -> Result<(), HostError> {
        self.add_from(manifest, None)
    }

    fn add_from(&self, manifest: Manifest, base: Option<&str>) -> Result<(), HostError> {
        let entries: Vec<MfeEntry> = manifest
            .entries()
            .iter()
            .map(|entry| resolved(entry, base))
            .collect();
        let seats = &mut *crate::lock(&self.0.seats);
        let is_known = |entry: &&MfeEntry| seats.iter().any(|seat| seat.is(entry.id()));
        if let Some(known) = entries.iter().find(is_known) {
            return Err(HostError::Known {
                id: known.id().to_owned(),
            });
        }
        seats.extend(entries.into_iter().map(Seat::new));
        Ok(())
    }

    /// Fetches a manifest and adds its micro-frontends, whose addresses are relative to it.
    ///
    /// # Errors
    /// [`HostError::Fetch`] if it does not come, [`HostError::Manifest`] if it is none, and as
    /// [`Host::add`].
    pub async fn load_manifest(&self, url: &str) -> Result<(), HostError> {
        let (manifest, base) = self.fetch_manifest(url).await?;
        self.add_from(manifest, base.as_deref())
    }

    /// Fetches a manifest again: adds what is new in it, and [replaces](Host::replace), one after the
    /// other, what has another version or address now. Gives the ids that were replaced, or were to be,
    /// each with how that went. What the manifest does not list any more stays.
    ///
    /// # Errors
    /// As [`Host::load_manifest`].
    pub async fn refresh(
        &self,
        url: &str,
    ) -> Result<Vec<(String, Result<(), HostError>)>, HostError> {
        let (manifest, base) = self.fetch_manifest(url).await?;
        let mut replaced = Vec::new();
        for entry in manifest.entries() {
            let entry = resolved(entry, base.as_deref());
            let id = entry.id().to_owned();
            match self.0.with(&id, |seat| *seat.life.entry() != entry) {
                Err(_) => crate::lock(&self.0.seats).push(Seat::new(entry)),
                Ok(true) => replaced.push((id, self.replace(entry).await)),
                Ok(false) => {}
            }
        }
        Ok(replaced)
    }

    async fn fetch_manifest(&self, url: &str) -> Result<(Manifest, Option<String>), HostError> {
        let text = page::fetch_text(url, self.0.limit()).await;
        let text = text.map_err(|failure| HostError::Fetch {
            url: url.to_owned(),
            kind: failure.kind,
            reason: failure.reason,
        })?;
        Ok((Manifest::parse(&text)?, page::resolve(url, None)))
    }

    /// The entries of all that were added, as they are now.
    pub fn entries(&self) -> Vec<MfeEntry> {
        let seats = crate::lock(&self.0.seats);
        seats.iter().map(|seat| seat.life.entry().clone()).collect()
    }

    /// Loads a micro-frontend, if that has not happened, and mounts it in an element, in which it gets
    /// one of its own.
    ///
    /// # Errors
    /// [`HostError::Unknown`], and [`HostError::Mounted`] if it is, or is to be, elsewhere. What goes
    /// wrong later is its [status](Host::status).
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub fn mount(&self, id: &str, element: &web_sys::Element) -> Result<(), HostError> {
        if self.0.with(id, |seat| seat.life.is_wanted())? {
            return Err(HostError::Mounted { id: id.to_owned() });
        }
        self.0.page.place(id, Some(element.clone()));
        self.0.tell(id, Input::Mount);
        Ok(())
    }

    /// Takes a micro-frontend out of the page and out of the registry, whatever it is doing; one that
    /// is loading or mounting does not appear any more. If it is not mounted nothing happens.
    ///
    /// # Errors
    /// [`HostError::Unknown`].
    pub fn unmount(&self, id: &str) -> Result<(), HostError> {
        self.0.with(id, |_| ())?;
        self.0.tell(id, Input::Unmount);
        #[cfg(all(target_family = "wasm", target_os = "unknown"))]
        self.0.page.place(id, None);
        Ok(())
    }

    /// Tries again what failed: to load, or to mount. One that runs is taken down and mounted anew, and
    /// keeps its own keys. In any other state nothing happens.
    ///
    /// # Errors
    /// [`HostError::Unknown`].
    pub fn retry(&self, id: &str) -> Result<(), HostError> {
        self.0.with(id, |_| ())?;
        self.0.tell(id, Input::Retry);
        Ok(())
    }

    /// Loads a micro-frontend without mounting it, so that a later mount is quick.
    ///
    /// # Errors
    /// [`HostError::Unknown`].
    pub fn prefetch(&self, id: &str) -> Result<(), HostError> {
        self.0.with(id, |_| ())?;
        self.0.tell(id, Input::Prefetch);
        Ok(())
    }

    /// Puts another version in the place of the one with this id. While the old one runs, the new one
    /// is loaded; then the old one is taken down and the new one mounted, with the own keys of the old
    /// one. If the new one does not load, the old one goes on; if it does not mount, the old one is
    /// mounted again with the keys as they were. Shared keys are not touched.
    ///
    /// If it is not running, its entry is replaced, and what was to be mounted is mounted from the new
    /// one. The required keys of the new one are looked at from its next mount on.
    ///
    /// # Errors
    /// [`HostError::Unknown`], [`HostError::Replacing`] if a replacement is under way, and
    /// [`HostError::Replace`] if the new one did not load or mount.
    pub async fn replace(&self, entry: MfeEntry) -> Result<(), HostError> {
        let id = entry.id().to_owned();
        let entry = resolved(&entry, None);
        let (sender, receiver) = oneshot::channel();
        self.0.with(&id, |seat| {
            if seat.swapped.is_some() {
                return Err(HostError::Replacing { id: id.clone() });
            }
            seat.swapped = Some(sender);
            Ok(())
        })??;
        self.0.tell(&id, Input::Replace(entry));
        let replaced = receiver.await.unwrap_or_else(|oneshot::Canceled| {
            Err(Failure::new(FailureKind::Mount, "the host is gone"))
        });
        replaced.map_err(|failure| HostError::Replace {
            id,
            kind: failure.kind,
            reason: failure.reason,
        })
    }

    /// Where a micro-frontend is in its life; nothing if the host has none with this id. Inside of an
    /// effect or a component it makes that run again when it changes.
    pub fn status(&self, id: &str) -> Option<MfeStatus> {
        let (status, signal) = self
            .0
            .with(id, |seat| {
                (seat.life.status().clone(), Arc::clone(&seat.signal))
            })
            .ok()?;
        signal.track();
        Some(status)
    }

    /// What all together have cost and done. Inside of an effect or a component it makes that run again
    /// when it changes.
    pub fn metrics(&self) -> HostMetrics {
        self.0.metrics_signal.track();
        let mut sum = HostMetrics::default();
        for seat in &*crate::lock(&self.0.seats) {
            sum.add(seat.life.metrics());
        }
        sum
    }

    /// What one has cost and done, likewise.
    pub fn metrics_of(&self, id: &str) -> Option<HostMetrics> {
        self.0.metrics_signal.track();
        self.0.with(id, |seat| seat.life.metrics().clone()).ok()
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seats = crate::lock(&self.0.seats);
        let seats = seats
            .iter()
            .map(|seat| (seat.life.entry().id(), seat.life.status()));
        f.debug_map().entries(seats).finish()
    }
}

impl Seat {
    fn new(entry: MfeEntry) -> Self {
        Self {
            life: Life::new(entry),
            signal: Arc::default(),
            is_registered: false,
            scope: None,
            kept: Vec::new(),
            watch: None,
            swapped: None,
        }
    }

    fn is(&self, id: &str) -> bool {
        self.life.entry().id() == id
    }
}

impl Shared {
    fn limit(&self) -> u64 {
        self.time_limit.load(Ordering::Relaxed)
    }

    /// Looks at, or changes, what there is of a micro-frontend.
    fn with<R>(&self, id: &str, f: impl FnOnce(&mut Seat) -> R) -> Result<R, HostError> {
        let seats = &mut *crate::lock(&self.seats);
        let seat = seats.iter_mut().find(|seat| seat.is(id));
        seat.map(f)
            .ok_or_else(|| HostError::Unknown { id: id.to_owned() })
    }

    /// A script threw, and nobody caught it; or a micro-frontend says so itself.
    #[cfg_attr(not(target_family = "wasm"), allow(dead_code))]
    fn threw(&self, id: Option<String>, reason: String, file: &str, stack: &str) {
        let id = id.or_else(|| {
            let sources: Vec<Source> = crate::lock(&self.seats)
                .iter()
                .map(|seat| Source::new(seat.life.entry().id(), seat.life.entry().url()))
                .collect();
            blame(&sources, file, stack).map(str::to_owned)
        });
        if let Some(id) = id {
            self.tell(
                &id,
                Input::Threw(Failure::new(FailureKind::Runtime, reason)),
            );
        }
    }

    /// Another store has the name: the first has left the page, and a guest has taken its place.
    #[cfg_attr(not(target_family = "wasm"), allow(dead_code))]
    fn moved(&self) {
        let ids: Vec<String> = crate::lock(&self.seats)
            .iter()
            .map(|seat| seat.life.entry().id().to_owned())
            .collect();
        for id in ids {
            self.tell(&id, Input::Moved);
        }
    }

    #[cfg_attr(not(target_family = "wasm"), allow(dead_code))]
    fn navigate(&self, path: &str, replace: bool) {
        let navigate = crate::lock(&self.navigate).clone();
        match navigate {
            Some(navigate) => navigate(path, replace),
            None => page::go(path, replace),
        }
    }
}

fn resolved(entry: &MfeEntry, base: Option<&str>) -> MfeEntry {
    match page::resolve(entry.url(), base) {
        Some(url) if url != entry.url() => entry.at(url),
        _ => entry.clone(),
    }
}

#[cfg(test)]
mod tests;
