//! The port: hands the backend what the [`Machine`] asks for, and the machine what comes back.

use super::{
    Storage,
    backend::{Fault, Then},
    envelope::{self, Unread},
    machine::{Answer, Ask, Machine, Step, Timer, VERIFY},
    names::{Named, Names},
    status::{SaveFailure, SaveStatus},
};
use crate::{
    edge::{
        builder::Plug,
        link::{Changed, Door, Edge, Port},
    },
    lock,
    store::{SharedSignal, contain},
};
use smol_str::SmolStr;
use std::sync::{
    Arc, Mutex, Weak,
    atomic::{AtomicU64, Ordering},
};

pub(crate) struct StoragePort {
    this: Weak<Self>,
    pub(super) options: Storage,
    pub(super) names: Names,
    pub(super) schema: u32,
    pub(super) machine: Mutex<Machine>,
    /// What was removed before this time, in ms, has been forgotten.
    pub(super) forgotten: AtomicU64,
    /// Tells who follows the quarantine.
    pub(super) quarantine: SharedSignal,
}

impl StoragePort {
    fn new(options: Storage, edge: &Edge) -> Arc<Self> {
        let place = edge.place();
        let seed = edge.id().number();
        Arc::new_cyclic(|this| Self {
            this: this.clone(),
            options,
            names: Names::new(&place.prefix),
            schema: place.schema,
            machine: Mutex::new(Machine::new(seed)),
            forgotten: AtomicU64::new(0),
            quarantine: SharedSignal::default(),
        })
    }

    /// What the backend in use is called.
    pub(super) fn backend_name(&self) -> String {
        let is_fallback = lock(&self.machine).is_fallback;
        let backend = match is_fallback {
            true => &self.options.fallback,
            false => &self.options.backend,
        };
        backend.name().to_owned()
    }

    /// Whether a key is to be stored.
    pub(super) fn is_wanted(&self, edge: &Edge, key: &str) -> bool {
        edge.may_store(key) && self.options.covers(key)
    }

    /// Whether what is there of a key has to go: it is not to be stored, and no newer version of the
    /// application, which may think otherwise, has stored it.
    pub(super) fn is_unwanted(&self, edge: &Edge, key: &str, text: &str) -> bool {
        let is_newer = || matches!(envelope::read(text, self.schema), Err(Unread::Newer { .. }));
        !edge.may_store(key) || (!self.options.covers(key) && !is_newer())
    }

    /// Does all that can be done now. Returns false, and leaves it to whoever is at it, if somebody is.
    pub(super) fn run(&self, edge: &Edge) -> bool {
        if !edge.is_attached() || std::mem::replace(&mut lock(&self.machine).is_running, true) {
            return false;
        }
        loop {
            let (now, labels) = (edge.now(), edge.labels_version());
            let step = {
                let machine = &mut *lock(&self.machine);
                // What is stored may have to go, and what is not may be stored now.
                if std::mem::replace(&mut machine.labels, labels) != labels && !machine.is_loading {
                    machine.load = Timer::at(now);
                }
                machine.step(now, &self.names)
            };
            let is_over = matches!(step, Step::Idle);
            match step {
                Step::Answer(job, answer) => self.answered(edge, job, answer),
                Step::Ask(id, is_fallback, ask) => self.ask(edge, id, is_fallback, ask),
                Step::Idle => {}
            }
            self.tell(edge);
            if is_over {
                return true;
            }
        }
    }

    fn ask(&self, edge: &Edge, id: u64, is_fallback: bool, ask: Ask) {
        let backend = match is_fallback {
            true => &self.options.fallback,
            false => &self.options.backend,
        };
        let call = || match ask {
            Ask::Load => backend.load(self.names.start(), self.then(edge, id, Answer::Loaded)),
            Ask::Read(names) => backend.read(names, self.then(edge, id, Answer::Items)),
            Ask::Write(items) => backend.write(items, self.then(edge, id, Answer::Written)),
        };
        if let Err(reason) = contain(call) {
            let lost = Answer::Lost(Fault::Failed(reason));
            lock(&self.machine).answers.push((id, lost));
        }
    }

    /// What the backend is to call with its answer.
    fn then<T: 'static>(&self, edge: &Edge, id: u64, answer: fn(T) -> Answer) -> Then<T> {
        let (this, link) = (Weak::clone(&self.this), Arc::downgrade(&edge.0));
        Box::new(move |result| {
            let (Some(this), Some(link)) = (this.upgrade(), link.upgrade()) else {
                return;
            };
            let edge = Edge(link);
            let answer = (id, answer(result));
            lock(&this.machine).answers.push(answer);
            if this.run(&edge) {
                edge.arm();
            }
        })
    }

    /// Tells people what has changed.
    pub(super) fn tell(&self, edge: &Edge) {
        let (told, reports, counts) = {
            let machine = &mut *lock(&self.machine);
            let reports = std::mem::take(&mut machine.reports);
            (machine.told(), reports, machine.counted())
        };
        told.iter().for_each(|signal| signal.notify());
        reports.iter().for_each(|error| edge.report(error));
        if let Some(counts) = counts {
            let name = self.backend_name();
            edge.note(|status| {
                status.pending = counts.pending;
                status.failed = counts.failed;
                status.quarantined = counts.quarantined;
                status.is_loading = counts.is_loading;
                status.storage = name;
                status.storage_fault = counts.fault;
                true
            });
        }
    }
}

impl Plug for Storage {
    fn plug(self: Box<Self>, edge: &Edge) -> Arc<dyn Port> {
        let port = StoragePort::new(*self, edge);
        let _ = edge.0.storage.set(Arc::downgrade(&port));
        port
    }
}

impl Port for StoragePort {
    fn door(&self) -> Door {
        Door::Storage
    }

    fn start(&self, edge: &Edge) {
        lock(&self.machine).load = Timer::at(0);
        self.tell(edge);
        self.run(edge);
    }

    fn changed(&self, edge: &Edge, changes: &[Changed], from: Option<Door>) {
        let now = edge.now();
        for change in changes
            .iter()
            .filter(|change| self.is_wanted(edge, &change.key))
        {
            let machine = &mut *lock(&self.machine);
            match from {
                None => {
                    machine.written(&change.key, now.saturating_add(self.options.debounce));
                }
                Some(_) => {
                    let later = machine.spread(VERIFY);
                    machine.look(&change.key, now.saturating_add(VERIFY + later));
                }
            }
        }
        self.tell(edge);
    }

    fn unwritable(&self, edge: &Edge, key: &SmolStr, reason: &str) {
        if self.is_wanted(edge, key) {
            let reason = reason.to_owned();
            lock(&self.machine).set_status(key, SaveStatus::Failed(SaveFailure::NoJson { reason }));
        }
    }

    fn remembers(&self) -> Option<u64> {
        Some(self.options.tombstones)
    }

    fn forgot(&self, edge: &Edge, before: u64, keys: &[SmolStr]) {
        self.forgotten.store(before, Ordering::Release);
        let now = edge.now();
        let machine = &mut *lock(&self.machine);
        keys.iter().for_each(|key| machine.look(key, now));
    }

    fn flush(&self, edge: &Edge) {
        self.run(edge);
    }

    fn poll(&self, edge: &Edge, _now: u64) -> Option<u64> {
        self.run(edge);
        lock(&self.machine).deadline()
    }

    fn wake(&self, edge: &Edge) {
        let now = edge.now();
        {
            let machine = &mut *lock(&self.machine);
            machine.load = Timer::at(now);
            machine.hurry(now);
        }
        self.run(edge);
    }

    fn suspect(&self, edge: &Edge, names: Option<&[String]>) {
        let now = edge.now();
        {
            let machine = &mut *lock(&self.machine);
            if names.is_none() {
                machine.load = Timer::at(now);
            }
            for name in names.unwrap_or_default() {
                match self.names.read(name) {
                    Some(Named::Entry(key)) => machine.look(&key, now),
                    Some(_) => machine.load = Timer::at(now),
                    None => {}
                }
            }
        }
        self.run(edge);
    }

    fn close(&self, edge: &Edge) {
        lock(&self.machine).hurry(edge.now());
        self.run(edge);
        self.journal(edge);
    }

    fn left_over(&self) -> Vec<SmolStr> {
        lock(&self.machine).left_over()
    }
}

impl StoragePort {
    /// Notes what cannot be written in its place before the page is gone, as the backend has still to
    /// answer: beside what is there, so that it cannot overwrite anything. Who loads next takes it in.
    fn journal(&self, edge: &Edge) {
        let (keys, is_fallback) = {
            let machine = &*lock(&self.machine);
            if !machine.is_waiting() {
                return;
            }
            (machine.unsaved(), machine.is_fallback)
        };
        let replica = edge.id().to_string();
        let items: Vec<_> = keys
            .iter()
            .filter(|key| self.is_wanted(edge, key))
            .filter_map(|key| {
                let text = self.text_of(edge, key, edge.now())?.ok()?;
                Some((self.names.journal(key, &replica), Some(text)))
            })
            .collect();
        if items.is_empty() {
            return;
        }
        let backend = match is_fallback {
            true => &self.options.fallback,
            false => &self.options.backend,
        };
        // Whoever could be told of a failure is about to be gone.
        let _ = contain(|| backend.write(items, Box::new(|_| {})));
    }
}

impl Edge {
    /// How it stands with a key in storage. Inside of an effect or a component it makes that run again
    /// when it changes.
    ///
    /// ```
    /// use universal_state::{Store, edge::{Edge, Memory, SaveStatus, Storage}};
    ///
    /// let store = Store::new();
    /// let storage = Storage::new(Memory::new());
    /// let edge = Edge::builder("shop").storage(storage).attach(&store)?;
    /// assert_eq!(edge.save_status("cart"), SaveStatus::Unkept);
    ///
    /// store.set("cart", 2)?;
    /// edge.flush(); // in a browser the turn ends by itself
    /// assert_eq!(edge.save_status("cart"), SaveStatus::Saved);
    /// # Ok::<(), universal_state::StateError>(())
    /// ```
    pub fn save_status(&self, key: &str) -> SaveStatus {
        let Some(port) = self.storage() else {
            return SaveStatus::Unkept;
        };
        if reactive_graph::graph::Observer::get().is_some() {
            let signal = lock(&port.machine).followed(key);
            signal.track();
        }
        lock(&port.machine).status(key)
    }
}
