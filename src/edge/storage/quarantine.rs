//! What could not be read, put aside until somebody decides.

use super::{
    backend::Fault,
    envelope::Unread,
    names::quarantine_id,
    port::StoragePort,
    status::{Quarantined, SaveFailure},
};
use crate::{
    edge::link::{Changed, Door, Edge},
    error::StateError,
    json,
    key::Name,
    lock,
};
use serde_json::{Value as Json, json};
use smol_str::SmolStr;

impl Quarantined {
    pub(super) fn new(key: &str, text: &str, reason: String, time: u64, schema: u32) -> Self {
        Self {
            id: quarantine_id(key, text),
            key: key.to_owned(),
            reason,
            time,
            schema,
            text: text.into(),
        }
    }

    /// The text of its item. Its format and schema stand where those of an entry do.
    pub(super) fn record(&self) -> String {
        let Self {
            reason,
            text,
            time,
            schema,
            ..
        } = self;
        json::text(&json!({
            "format": 1, "schema": schema, "reason": reason, "text": &**text, "time": time,
        }))
    }

    /// What [`Quarantined::record`] made a text of. A record that cannot be read is listed as it is.
    pub(super) fn read(key: &str, id: String, record: String) -> Self {
        let json = json::read(&record).unwrap_or_default();
        let text = |name| json.get(name).and_then(Json::as_str);
        let number = |name| json.get(name).and_then(Json::as_u64).unwrap_or_default();
        let key = key.to_owned();
        match (text("reason"), text("text")) {
            (Some(reason), Some(text)) => Self {
                id,
                key,
                reason: reason.to_owned(),
                time: number("time"),
                schema: number("schema").try_into().unwrap_or_default(),
                text: text.into(),
            },
            _ => Self {
                id,
                key,
                reason: "its record cannot be read".to_owned(),
                time: 0,
                schema: 0,
                text: record.into(),
            },
        }
    }
}

impl Edge {
    /// The stored entries that could not be read and were put into quarantine, in this session or
    /// before, by key and time. They stay there, also over reloads, until they are restored or discarded. Inside of an
    /// effect or a component it makes that run again when there are more or fewer.
    ///
    /// ```
    /// use universal_state::{Store, edge::{Edge, Memory, Storage}};
    ///
    /// let memory = Memory::new();
    /// memory.set("shop:cart", "{ half an ent");
    ///
    /// let store = Store::new();
    /// let storage = Storage::new(memory.clone());
    /// let edge = Edge::builder("shop").storage(storage).attach(&store)?;
    ///
    /// let [entry] = &edge.quarantined()[..] else { panic!("one entry") };
    /// assert_eq!((&*entry.key, &*entry.text), ("cart", "{ half an ent"));
    /// assert!(edge.restore_quarantined(&entry.id).is_err()); // it still cannot be read
    /// assert!(edge.discard_quarantined(&entry.id));
    /// assert!(memory.is_empty());
    /// # Ok::<(), universal_state::StateError>(())
    /// ```
    pub fn quarantined(&self) -> Vec<Quarantined> {
        let Some(port) = self.storage() else {
            return Vec::new();
        };
        port.quarantine.track();
        let mut listed = lock(&port.machine).quarantine.clone();
        listed.sort_unstable_by(|a, b| (&a.key, a.time, &a.id).cmp(&(&b.key, b.time, &b.id)));
        listed
    }

    /// Reads an entry of the quarantine again, by its [id](Quarantined::id), and makes what it holds
    /// the value of its key, as if it had been written now. For entries that another version can read:
    /// one with a migration that was missing or failed.
    ///
    /// # Errors
    /// [`StateError::Storage`] if it still cannot be read, or there is no such entry. It stays where it
    /// is.
    pub fn restore_quarantined(&self, id: &str) -> Result<(), StateError> {
        let refused = |backend: &str, key: Option<&str>, reason: String| StateError::Storage {
            backend: backend.to_owned(),
            key: key.map(str::to_owned),
            reason,
        };
        let port = self.storage();
        let found = port.and_then(|port| {
            let aside = port.aside(id)?;
            Some((port, aside))
        });
        let Some((port, found)) = found else {
            let reason = format!("there is no entry {id:?} in quarantine");
            return Err(refused("", None, reason));
        };
        let key = SmolStr::from(&*found.key);
        let (entry, _) = port.open(&key, &found.text).map_err(|unread| {
            let reason = match unread {
                Unread::Newer { format, schema } => {
                    SaveFailure::Newer { format, schema }.to_string()
                }
                Unread::Corrupt(reason) => reason,
            };
            refused(&port.backend_name(), Some(&found.key), reason)
        })?;
        self.drain();
        let now = self.now();
        let stamp = self.replica(|replica| replica.clock.tick(now));
        let restored = Changed {
            key: key.clone(),
            delta: entry.restamped(stamp),
            source: Name::Static("quarantine"),
        };
        self.take_in(Door::Storage, vec![restored.clone()]);
        // To the other tabs it is a write like any.
        for port in self.ports().iter().filter(|port| port.door() == Door::Tab) {
            port.changed(self, std::slice::from_ref(&restored), None);
            port.flush(self);
        }
        {
            let machine = &mut *lock(&port.machine);
            machine.quarantine.retain(|aside| aside.id != id);
            machine.written(&key, now);
            machine.leaves_litter(&key, port.names.quarantined(id));
        }
        port.quarantine.notify();
        port.run(self);
        self.arm();
        Ok(())
    }

    /// Removes an entry of the quarantine for good, by its [id](Quarantined::id). Returns whether it
    /// was there.
    pub fn discard_quarantined(&self, id: &str) -> bool {
        let Some(port) = self.storage() else {
            return false;
        };
        let was_there = {
            let machine = &mut *lock(&port.machine);
            let before = machine.quarantine.len();
            machine.quarantine.retain(|aside| aside.id != id);
            let was_there = machine.quarantine.len() < before;
            if was_there {
                machine.discard(port.names.quarantined(id));
            }
            was_there
        };
        if was_there {
            port.quarantine.notify();
            port.run(self);
            self.arm();
        }
        was_there
    }
}

impl StoragePort {
    fn aside(&self, id: &str) -> Option<Quarantined> {
        let machine = lock(&self.machine);
        let found = machine.quarantine.iter().find(|aside| aside.id == id);
        found.cloned()
    }

    /// Whether something was put aside.
    pub(super) fn put_aside(
        &self,
        edge: &Edge,
        aside: &Quarantined,
        result: &Result<(), Fault>,
    ) -> bool {
        if result.is_err() {
            return false;
        }
        let backend = self.backend_name();
        {
            let machine = &mut *lock(&self.machine);
            // It may have been discarded before, and wait to be removed.
            let name = self.names.quarantined(&aside.id);
            machine.litter.retain(|other| *other != name);
            if machine.quarantine.iter().all(|known| known.id != aside.id) {
                machine.quarantine.push(aside.clone());
            }
        }
        self.quarantine.notify();
        edge.report(&StateError::Storage {
            backend,
            key: Some(aside.key.clone()),
            reason: ["the entry was put into quarantine: ", &aside.reason].concat(),
        });
        true
    }
}
