//! [`Life`]: what is to be done for one micro-frontend, and when. It does no I/O: it is told what
//! happened and says what is to happen.
//!
//! A load and a mount have numbers. What comes of one that is not the present one is ignored, so an
//! answer that comes late changes nothing.

use super::{
    manifest::MfeEntry,
    status::{Failure, FailureKind, HostMetrics, MfeStatus},
};

/// What happened.
#[derive(Debug)]
#[cfg_attr(not(target_family = "wasm"), allow(dead_code))]
pub(super) enum Input {
    /// It has an element to be in.
    Mount,
    /// It is to leave its element.
    Unmount,
    /// It is to be tried again, or to begin anew.
    Retry,
    /// Another store has the name on the page now: what it was mounted with is closed.
    Moved,
    /// It is to be loaded, but not mounted.
    Prefetch,
    /// Another version is to take its place.
    Replace(MfeEntry),
    /// Which of the keys that it requires have no value.
    Keys(Vec<String>),
    Received {
        load: u64,
        received: u64,
        total: Option<u64>,
    },
    Loaded {
        load: u64,
        bytes: u64,
        ms: u64,
    },
    LoadFailed {
        load: u64,
        failure: Failure,
    },
    Mounted {
        mount: u64,
        ms: u64,
    },
    MountFailed {
        mount: u64,
        failure: Failure,
    },
    /// It threw while it ran.
    Threw(Failure),
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Task {
    /// Load the module of an entry. `again` counts the loads that failed before.
    Load {
        load: u64,
        entry: MfeEntry,
        again: u32,
    },
    /// Give up a load.
    Abort { load: u64 },
    /// A module is not needed any more.
    Forget { load: u64 },
    /// Say at once, and whenever it changes, which of the required keys are missing.
    Watch,
    /// No longer.
    Unwatch,
    /// Register the entry and mount the module of a load.
    Start {
        mount: u64,
        load: u64,
        entry: MfeEntry,
    },
    /// Take a mount down, whatever its stage, and unregister. `keep`: its own keys are to be there
    /// again at the next start.
    Stop { mount: u64, keep: bool },
    /// Forget the keys that were kept.
    Drop,
    /// The failure is to be seen in the registry, where it is entered if it is not there.
    Tell(Failure),
    /// The replacement is done with.
    Replaced(Result<(), Failure>),
}

/// A replacement, which is loaded, then mounted, and, if that fails, undone.
#[derive(Debug)]
enum Swap {
    Loading { load: u64, entry: MfeEntry },
    Mounting { old: MfeEntry, old_module: u64 },
    Restoring(Failure),
}

/// One micro-frontend.
#[derive(Debug)]
pub(super) struct Life {
    entry: MfeEntry,
    status: MfeStatus,
    metrics: HostMetrics,
    /// Whether it has an element to be in.
    is_wanted: bool,
    /// The load that is under way.
    loading: Option<u64>,
    /// The load whose module is here.
    module: Option<u64>,
    /// The mount that is under way, or runs.
    mount: Option<u64>,
    swap: Option<Swap>,
    /// How often it was tried since it last ran.
    attempts: u32,
    /// How often loading failed. A browser remembers a module that failed under its address.
    spoilt: u32,
    last: u64,
}

impl Life {
    pub(super) fn new(entry: MfeEntry) -> Self {
        Self {
            entry,
            status: MfeStatus::Idle,
            metrics: HostMetrics::default(),
            is_wanted: false,
            loading: None,
            module: None,
            mount: None,
            swap: None,
            attempts: 0,
            spoilt: 0,
            last: 0,
        }
    }

    pub(super) fn entry(&self) -> &MfeEntry {
        &self.entry
    }

    pub(super) fn status(&self) -> &MfeStatus {
        &self.status
    }

    pub(super) fn metrics(&self) -> &HostMetrics {
        &self.metrics
    }

    #[cfg_attr(not(target_family = "wasm"), allow(dead_code))]
    pub(super) fn is_wanted(&self) -> bool {
        self.is_wanted
    }

    /// Takes in what happened.
    pub(super) fn take(&mut self, input: Input) -> Vec<Task> {
        let mut tasks = Vec::new();
        match input {
            Input::Mount => {
                if !self.is_wanted {
                    self.is_wanted = true;
                    self.proceed(&mut tasks);
                }
            }
            Input::Prefetch => {
                if self.module.is_none() && self.loading.is_none() {
                    self.load(&mut tasks);
                }
            }
            Input::Unmount => self.unmount(&mut tasks),
            Input::Retry => self.retry(&mut tasks),
            Input::Moved => self.mount_anew(&mut tasks),
            Input::Replace(entry) => self.replace(entry, &mut tasks),
            Input::Keys(missing) => self.keys(missing, &mut tasks),
            Input::Received {
                load,
                received,
                total,
            } => {
                if self.loading == Some(load) {
                    self.status = MfeStatus::Loading { received, total };
                }
            }
            Input::Loaded { load, bytes, ms } => self.loaded(load, bytes, ms, &mut tasks),
            Input::LoadFailed { load, failure } => self.load_failed(load, failure, &mut tasks),
            Input::Mounted { mount, ms } => self.mounted(mount, ms, &mut tasks),
            Input::MountFailed { mount, failure } => self.mount_failed(mount, failure, &mut tasks),
            Input::Threw(failure) => {
                self.metrics.fail(failure.kind);
                if self.mount.is_some() {
                    tasks.push(Task::Tell(failure));
                }
            }
        }
        tasks
    }

    fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    fn load(&mut self, tasks: &mut Vec<Task>) {
        let load = self.number();
        self.loading = Some(load);
        self.status = MfeStatus::Loading {
            received: 0,
            total: None,
        };
        tasks.push(Task::Load {
            load,
            entry: self.entry.clone(),
            again: self.spoilt,
        });
    }

    /// Does what comes next for one that is wanted: loads, looks at its keys, or mounts.
    fn proceed(&mut self, tasks: &mut Vec<Task>) {
        match self.module {
            None if self.loading.is_none() => self.load(tasks),
            None => {}
            Some(_) if self.entry.requires().is_empty() => self.start(tasks),
            Some(_) => {
                self.status = MfeStatus::Waiting {
                    keys: self.entry.requires().to_vec(),
                };
                tasks.push(Task::Watch);
            }
        }
    }

    fn start(&mut self, tasks: &mut Vec<Task>) {
        let Some(load) = self.module else { return };
        let mount = self.number();
        self.mount = Some(mount);
        self.status = MfeStatus::Mounting;
        tasks.push(Task::Start {
            mount,
            load,
            entry: self.entry.clone(),
        });
    }

    fn keys(&mut self, missing: Vec<String>, tasks: &mut Vec<Task>) {
        if !matches!(self.status, MfeStatus::Waiting { .. }) {
            return;
        }
        if missing.is_empty() {
            tasks.push(Task::Unwatch);
            self.start(tasks);
        } else {
            self.status = MfeStatus::Waiting { keys: missing };
        }
    }

    fn unmount(&mut self, tasks: &mut Vec<Task>) {
        if !self.is_wanted {
            return;
        }
        self.is_wanted = false;
        self.attempts = 0;
        if let Some(load) = self.loading.take() {
            tasks.push(Task::Abort { load });
        }
        if matches!(self.status, MfeStatus::Waiting { .. }) {
            tasks.push(Task::Unwatch);
        }
        self.end_swap_early(tasks);
        // Also what failed is in the registry, and leaves it.
        let mount = self.mount.take().unwrap_or_default();
        if self.status == MfeStatus::Running {
            self.metrics.unmounts += 1;
        }
        tasks.push(Task::Stop { mount, keep: false });
        tasks.push(Task::Drop);
        self.status = MfeStatus::Idle;
    }

    fn end_swap_early(&mut self, tasks: &mut Vec<Task>) {
        let given_up = Failure::new(FailureKind::Mount, "it was unmounted meanwhile");
        match self.swap.take() {
            None => {}
            Some(Swap::Loading { load, .. }) => {
                tasks.push(Task::Abort { load });
                tasks.push(Task::Replaced(Err(given_up)));
            }
            Some(Swap::Mounting { old, old_module }) => {
                let newer = self.module.replace(old_module);
                self.entry = old;
                tasks.extend(newer.map(|load| Task::Forget { load }));
                tasks.push(Task::Replaced(Err(given_up)));
            }
            Some(Swap::Restoring(failure)) => tasks.push(Task::Replaced(Err(failure))),
        }
    }

    fn retry(&mut self, tasks: &mut Vec<Task>) {
        if !self.is_wanted || self.swap.is_some() {
            return;
        }
        match self.status {
            MfeStatus::Failed { .. } => {
                self.metrics.retries += 1;
                tasks.push(Task::Stop {
                    mount: 0,
                    keep: false,
                });
                self.proceed(tasks);
            }
            MfeStatus::Running => {
                self.metrics.retries += 1;
                self.mount_anew(tasks);
            }
            _ => {}
        }
    }

    /// Begins anew what is mounted or about to be, with its own keys.
    fn mount_anew(&mut self, tasks: &mut Vec<Task>) {
        let Some(mount) = self.mount.take() else {
            return;
        };
        if self.status == MfeStatus::Running {
            self.metrics.unmounts += 1;
        }
        tasks.push(Task::Stop { mount, keep: true });
        self.start(tasks);
    }

    fn replace(&mut self, entry: MfeEntry, tasks: &mut Vec<Task>) {
        if self.status == MfeStatus::Running {
            let load = self.number();
            tasks.push(Task::Load {
                load,
                entry: entry.clone(),
                again: 0,
            });
            self.swap = Some(Swap::Loading { load, entry });
            return;
        }
        // Nothing runs that would have to go on: it begins anew as the other version.
        let is_wanted = self.is_wanted;
        if let Some(load) = self.loading.take() {
            tasks.push(Task::Abort { load });
        }
        self.unmount(tasks);
        tasks.extend(self.module.take().map(|load| Task::Forget { load }));
        self.status = MfeStatus::Idle;
        self.entry = entry;
        self.spoilt = 0;
        self.metrics.replacements += 1;
        if is_wanted {
            self.is_wanted = true;
            self.proceed(tasks);
        }
        tasks.push(Task::Replaced(Ok(())));
    }

    fn loaded(&mut self, load: u64, bytes: u64, ms: u64, tasks: &mut Vec<Task>) {
        let newer = match self.swap.take() {
            Some(Swap::Loading { load: own, entry }) if own == load => Some(entry),
            swap => {
                self.swap = swap;
                None
            }
        };
        if newer.is_none() && self.loading != Some(load) {
            tasks.push(Task::Forget { load });
            return;
        }
        self.metrics.loads += 1;
        self.metrics.bytes += bytes;
        self.metrics.load_ms += ms;
        if let Some(entry) = newer {
            let old = std::mem::replace(&mut self.entry, entry);
            let mount = self.mount.take().unwrap_or_default();
            self.metrics.unmounts += 1;
            tasks.push(Task::Stop { mount, keep: true });
            let old_module = self.module.replace(load).unwrap_or_default();
            self.swap = Some(Swap::Mounting { old, old_module });
            self.start(tasks);
            return;
        }
        self.loading = None;
        self.module = Some(load);
        if self.is_wanted {
            self.proceed(tasks);
        } else {
            self.status = MfeStatus::Idle;
        }
    }

    fn load_failed(&mut self, load: u64, failure: Failure, tasks: &mut Vec<Task>) {
        if matches!(&self.swap, Some(Swap::Loading { load: own, .. }) if *own == load) {
            self.metrics.fail(failure.kind);
            self.swap = None;
            tasks.push(Task::Replaced(Err(failure)));
        } else if self.loading == Some(load) {
            self.loading = None;
            self.spoilt += 1;
            if self.is_wanted {
                self.fail(failure, tasks);
            } else {
                // Loaded ahead of time only: it is tried again when it is needed.
                self.metrics.fail(failure.kind);
                self.status = MfeStatus::Idle;
            }
        }
    }

    fn mounted(&mut self, mount: u64, ms: u64, tasks: &mut Vec<Task>) {
        if self.mount != Some(mount) {
            return;
        }
        self.metrics.mounts += 1;
        self.metrics.mount_ms += ms;
        self.status = MfeStatus::Running;
        self.attempts = 0;
        tasks.push(Task::Drop);
        match self.swap.take() {
            None => {}
            Some(Swap::Mounting { old_module, .. }) => {
                self.metrics.replacements += 1;
                self.spoilt = 0;
                tasks.push(Task::Forget { load: old_module });
                tasks.push(Task::Replaced(Ok(())));
            }
            Some(swap @ Swap::Loading { .. }) => self.swap = Some(swap),
            Some(Swap::Restoring(failure)) => tasks.push(Task::Replaced(Err(failure))),
        }
    }

    fn mount_failed(&mut self, mount: u64, failure: Failure, tasks: &mut Vec<Task>) {
        if self.mount != Some(mount) {
            return;
        }
        self.mount = None;
        match self.swap.take() {
            Some(Swap::Mounting { old, old_module }) => {
                self.metrics.fail(failure.kind);
                // What it may have done to the keys that were kept does not count.
                tasks.push(Task::Stop { mount, keep: false });
                let newer = self.module.replace(old_module);
                tasks.extend(newer.map(|load| Task::Forget { load }));
                self.entry = old;
                self.swap = Some(Swap::Restoring(failure));
                self.start(tasks);
            }
            swap => {
                tasks.push(Task::Stop { mount, keep: false });
                self.fail(failure, tasks);
                if let Some(Swap::Restoring(first)) = swap {
                    tasks.push(Task::Replaced(Err(first)));
                }
            }
        }
    }

    fn fail(&mut self, failure: Failure, tasks: &mut Vec<Task>) {
        self.metrics.fail(failure.kind);
        self.attempts += 1;
        self.status = MfeStatus::Failed {
            kind: failure.kind,
            reason: failure.reason.clone(),
            attempts: self.attempts,
        };
        tasks.push(Task::Tell(failure));
    }
}

#[cfg(test)]
mod tests;
