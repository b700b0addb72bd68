//! What follows from the answers of a backend.

use super::{
    backend::Fault,
    machine::{Answer, Job, Machine, Timer},
    port::StoragePort,
    status::SaveFailure,
};
use crate::{edge::link::Edge, error::StateError, lock};
use smol_str::SmolStr;

impl StoragePort {
    pub(super) fn answered(&self, edge: &Edge, job: Job, answer: Answer) {
        let fault = match answer {
            Answer::Loaded(Ok(items)) if matches!(job, Job::Load | Job::Probe) => {
                return self.loaded(edge, items, matches!(job, Job::Probe));
            }
            Answer::Items(Ok(texts)) => match job {
                Job::Read(keys) if keys.len() == texts.len() => {
                    return self.reconcile(edge, keys, texts);
                }
                job => return self.failed(edge, job, &nonsense()),
            },
            Answer::Written(results) => return self.wrote(edge, job, results),
            Answer::Loaded(Ok(_)) => nonsense(),
            Answer::Loaded(Err(fault)) | Answer::Items(Err(fault)) | Answer::Lost(fault) => fault,
        };
        self.failed(edge, job, &fault);
    }

    fn wrote(&self, edge: &Edge, job: Job, results: Vec<Result<(), Fault>>) {
        let mut results = results.into_iter();
        let mut result = || results.next().unwrap_or_else(|| Err(nonsense()));
        let now = edge.now();
        match job {
            Job::SetAside(puts) => {
                let mut faults = Vec::new();
                let mut ready = Vec::new();
                for mut put in puts {
                    if let Some(aside) = put.aside.take() {
                        let result = result();
                        if !self.put_aside(edge, &aside, &result) {
                            let fault = result.err().unwrap_or_else(nonsense);
                            faults.push((put.key, fault));
                            continue;
                        }
                    }
                    ready.push(put);
                }
                if !ready.is_empty() {
                    lock(&self.machine).next = Some(Job::Write(ready));
                }
                self.failed_keys(edge, faults, SaveFailure::Quarantine);
            }
            Job::Write(puts) => {
                let results: Vec<_> = puts.iter().map(|_| result()).collect();
                let is_all = puts.len() > 1 && results.iter().all(Result::is_err);
                let is_denied =
                    |result: &Result<(), Fault>| matches!(result, Err(Fault::Unavailable(_)));
                if is_all && !results.iter().any(is_denied) {
                    // Where items are written in one transaction, one of them fails all.
                    return lock(&self.machine).one_by_one(puts);
                }
                let mut faults = Vec::new();
                for (put, result) in puts.into_iter().zip(results) {
                    match result {
                        Ok(()) => lock(&self.machine).done(&put, now),
                        Err(fault) => faults.push((put.key, fault)),
                    }
                }
                self.failed_keys(edge, faults, SaveFailure::Backend);
            }
            Job::Tidy(names) => {
                let machine = &mut *lock(&self.machine);
                let left = names.into_iter().filter(|_| result().is_err());
                machine.litter.extend(left);
                let attempts = machine.tidy.attempts;
                machine.tidy = Timer::default();
                if !machine.litter.is_empty() {
                    machine.tidy.due = Some(machine.later(now, attempts));
                    machine.tidy.attempts = attempts.saturating_add(1);
                }
            }
            job => self.failed(edge, job, &nonsense()),
        }
    }

    fn failed_keys(
        &self,
        edge: &Edge,
        faults: Vec<(SmolStr, Fault)>,
        failure: fn(Fault) -> SaveFailure,
    ) {
        let denied = faults.iter().find_map(|(_, fault)| match fault {
            Fault::Unavailable(_) => Some(fault.clone()),
            _ => None,
        });
        let now = edge.now();
        let backend = self.backend_name();
        let machine = &mut *lock(&self.machine);
        match denied {
            Some(fault) if !machine.is_fallback => {
                let keys = faults.iter().map(|(key, _)| key);
                keys.for_each(|key| machine.look(key, now));
                self.fall_back(machine, now, &fault);
            }
            _ => {
                let keys = faults.into_iter().map(|(key, fault)| (key, failure(fault)));
                machine.failed(keys, now, &backend);
            }
        }
    }

    /// A job came to nothing.
    fn failed(&self, edge: &Edge, job: Job, fault: &Fault) {
        let now = edge.now();
        let faults =
            |keys: Vec<SmolStr>| keys.into_iter().map(|key| (key, fault.clone())).collect();
        match job {
            Job::Load | Job::Probe => {
                let backend = self.backend_name();
                let machine = &mut *lock(&self.machine);
                let is_probe = matches!(job, Job::Probe);
                if !is_probe && matches!(fault, Fault::Unavailable(_)) && !machine.is_fallback {
                    return self.fall_back(machine, now, fault);
                }
                let timer = match is_probe {
                    true => &machine.probe,
                    false => &machine.load,
                };
                let attempts = timer.attempts;
                let timer = Timer {
                    due: Some(machine.later(now, attempts)),
                    attempts: attempts.saturating_add(1),
                };
                if is_probe {
                    machine.probe = timer;
                    return;
                }
                machine.load = timer;
                machine.is_loading = false;
                if attempts == 0 {
                    machine.reports.push(StateError::Storage {
                        backend,
                        key: None,
                        reason: fault.to_string(),
                    });
                }
            }
            Job::Read(keys) => self.failed_keys(edge, faults(keys), SaveFailure::Backend),
            Job::SetAside(puts) | Job::Write(puts) => {
                let keys = puts.into_iter().map(|put| put.key).collect();
                self.failed_keys(edge, faults(keys), SaveFailure::Backend);
            }
            Job::Tidy(names) => {
                let results = names.iter().map(|_| Err(fault.clone())).collect();
                self.wrote(edge, Job::Tidy(names), results);
            }
        }
    }

    /// The backend is denied: the fallback takes its place.
    fn fall_back(&self, machine: &mut Machine, now: u64, fault: &Fault) {
        machine.fault = Some(fault.to_string());
        machine.is_fallback = true;
        machine.load = Timer::at(now);
        let attempts = machine.probe.attempts;
        machine.probe.due = Some(machine.later(now, attempts));
        machine.probe.attempts = attempts.saturating_add(1);
        machine.reports.push(StateError::Storage {
            backend: self.options.backend.name().to_owned(),
            key: None,
            reason: fault.to_string(),
        });
    }
}

fn nonsense() -> Fault {
    Fault::Failed("its answer does not fit what it was asked".to_owned())
}
