//! [`Way`]: what lies on the way to a place inside of a value.

use super::{diff::Diff, node::Node, walk::Found};
use crate::store::Triggers;
use reactive_stores::StorePath;
use std::cmp::Ordering;

/// The way to a place, as far as it is gone.
pub(super) struct Way {
    /// The indices that are ahead, the next one last.
    ahead: Vec<usize>,
    /// How many items of collections with keys are on it.
    rows: usize,
    end: End,
}

#[derive(Clone, Copy, PartialEq)]
enum End {
    Open,
    Arrived,
    /// Nothing is there.
    Absent,
    /// It leads into a type that does not know its parts.
    Unknown,
}

impl Way {
    /// Whether the next step is to this index. It is taken then.
    pub(super) fn step(&mut self, index: usize) -> bool {
        self.end == End::Open && self.ahead.pop_if(|next| *next == index).is_some()
    }

    /// The index of the next step, which is to an item.
    pub(super) fn next(&mut self) -> Option<usize> {
        match self.end {
            End::Open => self.ahead.pop(),
            _ => None,
        }
    }

    /// The step led to an item of a collection with keys. Whether it is worth while to go on: with
    /// less than a field and an item ahead, there cannot be another.
    pub(super) fn pass_row(&mut self) -> bool {
        self.rows += 1;
        if self.ahead.len() < 2 {
            self.end = End::Arrived;
        }
        self.end == End::Open
    }

    /// The step is taken. Whether there are more, into what was found.
    pub(super) fn goes_on(&mut self, found: bool) -> bool {
        if self.end == End::Open {
            match (found, self.ahead.is_empty()) {
                (false, _) => self.end = End::Absent,
                (true, true) => self.end = End::Arrived,
                (true, false) => return true,
            }
        }
        false
    }

    pub(super) fn is_unknown(&mut self) {
        if self.end == End::Open {
            self.end = End::Unknown;
        }
    }
}

/// How the items on a path were found.
pub(super) enum Items {
    /// By their keys.
    ByKey,
    /// That is not known, for want of a type that knows its parts.
    Unknown,
    /// Some by their keys, some by their indices.
    Mixed,
    /// One is not there, so the path leads elsewhere.
    Missing,
}

/// How the items on a path were found, given how many keys were looked for. It need not show if one
/// is not there.
pub(super) fn items<V: Diff>(value: &V, path: &StorePath, keys: usize) -> Items {
    let mut ahead: Vec<_> = path.into_iter().map(Node::index).collect();
    ahead.reverse();
    let mut triggers = Triggers::default();
    let mut found = Found::new(&mut triggers);
    found.way = Some(Way {
        ahead,
        rows: 0,
        end: End::Open,
    });
    // Whether anybody reads there or not.
    found.keys_in_use = true;
    found.compare(&Node::default(), value, value);
    let (end, rows) = found
        .way
        .map_or((End::Unknown, 0), |way| (way.end, way.rows));
    match end {
        End::Unknown => Items::Unknown,
        End::Open | End::Absent => Items::Missing,
        End::Arrived => match rows.cmp(&keys) {
            Ordering::Less => Items::Missing,
            Ordering::Equal => Items::ByKey,
            Ordering::Greater => Items::Mixed,
        },
    }
}
