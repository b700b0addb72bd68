//! What is counted in a simulation.

use crate::edge::{Edge, Refusal};
use std::collections::BTreeMap;

/// What happened in a simulation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Figures {
    /// How many tabs were opened.
    pub tabs: u64,
    /// How many turns of tabs ended with [`Edge::flush`](crate::edge::Edge::flush).
    pub flushes: u64,
    /// How many messages of each type were sent.
    pub sent: BTreeMap<String, u64>,
    /// How many bytes all of them had.
    pub bytes: u64,
    /// How many bytes the longest message had.
    pub longest: usize,
    /// How many messages arrived, one for each tab that it reached.
    pub arrived: u64,
    /// How many did not reach a tab that had the channel open.
    pub lost: u64,
    /// How many arrived a second time.
    pub doubled: u64,
    /// How much of what arrived was refused, by reason.
    pub refused: BTreeMap<Refusal, u64>,
    /// How often one tab found that another disagreed.
    pub disagreements: u64,
    /// How many ms passed in all.
    pub passed: u64,
    /// How many ms it took last until all agreed, from when all clocks were right enough.
    pub settled_in: u64,
}

impl Figures {
    /// Counts a message that is sent.
    pub(super) fn send(&mut self, text: &str) {
        self.bytes += text.len() as u64;
        self.longest = self.longest.max(text.len());
        *self.sent.entry(type_of(text)).or_default() += 1;
    }

    /// Adds what the status of an edge counts.
    pub(super) fn count(&mut self, edge: &Edge) {
        let status = edge.status();
        self.disagreements += status.disagreements;
        for (reason, count) in status.refused.iter() {
            *self.refused.entry(reason).or_default() += count;
        }
    }
}

/// What a message says that it is.
fn type_of(text: &str) -> String {
    let name = text.split_once("\"type\":\"").map_or("", |(_, rest)| rest);
    name.chars().take_while(|c| *c != '"').collect()
}
