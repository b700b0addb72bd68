//! No page, no database.

use super::Work;

#[derive(Debug)]
pub(super) struct Connection;

impl Connection {
    pub(super) fn new(_database: String) -> Self {
        Self
    }

    pub(super) fn run(&self, work: Work) {
        work.fail(crate::edge::browser::no_page());
    }
}
