//! No page, no channel.

use crate::edge::{Fault, Receive};

/// There is none.
#[derive(Debug)]
pub(super) enum Channel {}

impl Channel {
    pub(super) fn is_supported() -> bool {
        false
    }

    pub(super) fn open(_name: &str, _receive: Receive) -> Result<Self, Fault> {
        Err(crate::edge::browser::no_page())
    }

    pub(super) fn send(&self, _message: &str) -> Result<(), Fault> {
        match *self {}
    }
}
