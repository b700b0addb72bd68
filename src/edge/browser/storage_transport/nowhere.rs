//! No page, no `storage` events.

use crate::edge::{Fault, Receive};

/// There is none.
#[derive(Debug)]
pub(super) enum Wire {}

impl Wire {
    pub(super) fn open(_name: String, _receive: Receive) -> Result<Self, Fault> {
        Err(crate::edge::browser::no_page())
    }

    pub(super) fn send(&self, _message: &str) -> Result<(), Fault> {
        match *self {}
    }
}
