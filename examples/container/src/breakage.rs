//! Storage that can be broken on demand, to see what becomes of the page.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};
use universal_state::edge::{Backend, Fault, Items, Loaded, Then};

/// How storage is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Broken {
    /// It is not.
    No,
    /// Every access is denied, as in a sandboxed frame.
    Denied,
    /// There is no room left.
    Full,
    /// It takes what is written and does not keep it, as some private windows do.
    Forgetful,
}

impl Broken {
    /// All ways, and what they are called.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::No, "Works"),
        (Self::Denied, "Denied"),
        (Self::Full, "Full"),
        (Self::Forgetful, "Forgets"),
    ];
}

/// The switch.
#[derive(Debug, Clone, Default)]
pub struct Switch(Arc<AtomicU8>);

impl Switch {
    /// From now on storage is broken like this.
    pub fn set(&self, broken: Broken) {
        self.0.store(broken as u8, Ordering::Relaxed);
    }

    fn is(&self, broken: Broken) -> bool {
        self.0.load(Ordering::Relaxed) == broken as u8
    }

    fn denies(&self) -> Result<(), Fault> {
        match self.is(Broken::Denied) {
            true => Err(Fault::Unavailable("it is switched off here".to_owned())),
            false => Ok(()),
        }
    }
}

/// A backend behind the switch.
pub struct Breakable {
    pub backend: Box<dyn Backend>,
    pub switch: Switch,
}

impl Backend for Breakable {
    fn name(&self) -> &str {
        self.backend.name()
    }

    fn load(&self, prefix: &str, then: Then<Loaded>) {
        match self.switch.denies() {
            Ok(()) => self.backend.load(prefix, then),
            Err(fault) => then(Err(fault)),
        }
    }

    fn read(&self, names: Vec<String>, then: Then<Items>) {
        match self.switch.denies() {
            Ok(()) => self.backend.read(names, then),
            Err(fault) => then(Err(fault)),
        }
    }

    fn write(&self, items: Vec<(String, Option<String>)>, then: Then<Vec<Result<(), Fault>>>) {
        let all = |result: Result<(), Fault>| vec![result; items.len()];
        if let Err(fault) = self.switch.denies() {
            then(all(Err(fault)));
        } else if self.switch.is(Broken::Full) {
            then(all(Err(Fault::Quota)));
        } else if self.switch.is(Broken::Forgetful) {
            then(all(Ok(())));
        } else {
            self.backend.write(items, then);
        }
    }
}
