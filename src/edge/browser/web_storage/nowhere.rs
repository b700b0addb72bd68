//! No page, no storage area.

use crate::edge::Fault;

/// There is none.
#[derive(Debug)]
pub(in crate::edge::browser) enum Area {}

impl Area {
    pub(in crate::edge::browser) fn of(_name: &str) -> Result<Self, Fault> {
        Err(crate::edge::browser::no_page())
    }

    pub(in crate::edge::browser) fn names(&self, _prefix: &str) -> Result<Vec<String>, Fault> {
        match *self {}
    }

    pub(in crate::edge::browser) fn get(&self, _name: &str) -> Result<Option<String>, Fault> {
        match *self {}
    }

    pub(in crate::edge::browser) fn put(&self, _name: &str, _text: &str) -> Result<(), Fault> {
        match *self {}
    }

    pub(in crate::edge::browser) fn remove(&self, _name: &str) -> Result<(), Fault> {
        match *self {}
    }
}
