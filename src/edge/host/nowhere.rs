//! Where there is no page: nothing loads.

use super::{
    Shared,
    life::Input,
    manifest::MfeEntry,
    status::{Failure, FailureKind},
};
use std::sync::Weak;

const NO_PAGE: &str = "there is no page";

pub(super) struct Page;

/// What a page would have made of a registration.
pub(super) struct Registered;

impl Page {
    pub(super) fn new(_: Weak<Shared>, _: &str) -> Self {
        Self
    }

    pub(super) fn load(&self, host: &Weak<Shared>, load: u64, entry: &MfeEntry, _: u32, _: u64) {
        if let Some(host) = host.upgrade() {
            let failure = Failure::new(FailureKind::Network, NO_PAGE);
            host.tell(entry.id(), Input::LoadFailed { load, failure });
        }
    }

    pub(super) fn abort(&self, _: &str, _: u64) {}

    pub(super) fn forget(&self, _: &str, _: u64) {}

    pub(super) fn register(&self, _: &str, _: &MfeEntry) -> Result<Registered, Failure> {
        Err(Failure::new(FailureKind::Register, NO_PAGE))
    }

    pub(super) fn start(
        &self,
        _: &Weak<Shared>,
        _: u64,
        _: u64,
        _: &MfeEntry,
        _: &Registered,
        _: u64,
    ) -> Result<(), Failure> {
        Err(Failure::new(FailureKind::Mount, NO_PAGE))
    }

    pub(super) fn stop(&self, _: &str, _: u64) {}

    pub(super) fn end(&self) {}
}

pub(super) async fn fetch_text(_: &str, _: u64) -> Result<String, Failure> {
    Err(Failure::new(FailureKind::Network, NO_PAGE))
}

pub(super) fn resolve(url: &str, _: Option<&str>) -> Option<String> {
    Some(url.to_owned())
}

pub(super) fn go(_: &str, _: bool) {}
