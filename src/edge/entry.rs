//! [`Entry`]: one key as replicas share it.
//!
//! It is a set of puts, each a path, a value or a removal, and a [`Stamp`]; what it comes to is what
//! results from applying them in the order of stamps. A put whose parent is no object by then is
//! ignored, but kept: an earlier one that makes it an object may still arrive. So is an edit, a put that
//! found its member there, where the member is not: who replaced the object by one without it had not
//! heard of the edit, and half of each would be neither, as of two variants of an enum. A put makes
//! earlier ones at and below its path obsolete. To merge is to unite the sets, so it does not matter in which
//! order, or how often, entries and deltas arrive (a state-based CRDT: Shapiro et al., "Conflict-free
//! Replicated Data Types", 2011).

mod codec;
mod diff;
mod keyed;
mod parts;

pub(crate) use diff::Rules;

use super::stamp::Stamp;
use parts::Parts;
use serde_json::Value as Json;
use std::sync::Arc;

/// The deepest value that is replicated, in levels of JSON. With the levels of paths and messages
/// around it, it stays below what a parser takes, 128.
pub(crate) const MAX_VALUE_DEPTH: usize = 80;

/// The longest path of a put. What differs deeper inside is put as a whole at this depth.
pub(crate) const MAX_PATH: usize = 16;

/// A key, or a part of what is known of it (a delta).
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Entry {
    root: Node,
    /// What the puts come to.
    value: Option<Arc<Json>>,
}

/// What was put at a place, and below it later.
#[derive(Clone, Debug, Default, PartialEq)]
struct Node {
    /// `None` if nothing was, or nothing that still counts.
    put: Option<Put>,
    parts: Parts,
}

#[derive(Clone, Debug, PartialEq)]
struct Put {
    stamp: Stamp,
    /// `None` is a removal.
    value: Option<Arc<Json>>,
    /// When something was last put here that was no edit, unless that is obsolete: this one's stamp, or
    /// that of one before, which had made the member that was then edited.
    made: Option<Stamp>,
}

impl Entry {
    /// What the key holds; `None` if it was removed, or is not known yet.
    pub(crate) fn value(&self) -> Option<&Arc<Json>> {
        self.value.as_ref()
    }

    /// Whether the whole was removed, so that there is no value; else one may be missing because only
    /// later parts are known.
    pub(crate) fn is_removed(&self) -> bool {
        self.value.is_none() && self.root.put.is_some()
    }

    /// The whole, put at once.
    pub(crate) fn whole(value: Option<Arc<Json>>, stamp: Stamp) -> Self {
        Self {
            root: Node::put(value.clone(), stamp),
            value,
        }
    }

    /// What gives the key another content, as a delta; `None` if nothing does. Objects are compared by
    /// member, everything else as a whole, unless the rules know better.
    pub(crate) fn difference(
        &self,
        new: Option<&Arc<Json>>,
        stamp: Stamp,
        rules: &Rules,
    ) -> Option<Self> {
        let root = match (self.value(), new) {
            (None, None) => return None,
            (Some(old), Some(new)) if Arc::ptr_eq(old, new) => return None,
            (Some(old), Some(new)) => diff::difference(&self.root, old, new, stamp, rules)?,
            (_, new) => Node::put(new.cloned(), stamp),
        };
        let value = root.apply(None);
        Some(Self { root, value })
    }

    /// A value that was put before all others, and what was made of it.
    pub(crate) fn edited(
        old: &Arc<Json>,
        new: Option<&Arc<Json>>,
        stamp: Stamp,
        rules: &Rules,
    ) -> Option<Self> {
        let mut entry = Self::whole(Some(Arc::clone(old)), Stamp::FIRST);
        let delta = entry.difference(new, stamp, rules)?;
        entry.merge(&delta);
        Some(entry)
    }

    /// Takes in a delta, or what another replica knows. Returns whether it was news.
    pub(crate) fn merge(&mut self, other: &Self) -> bool {
        let is_news = self.root.merge(&other.root, None);
        if is_news {
            self.value = self.root.apply(None);
        }
        is_news
    }

    /// What is known here and not there; `None` if nothing is.
    pub(crate) fn beyond(&self, other: &Self) -> Option<Self> {
        let mut merged = other.clone();
        merged.merge(self).then(|| self.clone())
    }

    /// Forgets removals of parts that were made before a time, in ms, and take nothing away: the value
    /// that the part would be in does not have it. Returns whether there were any.
    pub(crate) fn sweep(&mut self, before: u64) -> bool {
        self.root.sweep(None, before)
    }

    /// The latest stamp of all puts.
    pub(crate) fn newest(&self) -> Option<Stamp> {
        self.root.newest()
    }

    /// The same content, put as a whole at another time.
    pub(crate) fn restamped(&self, stamp: Stamp) -> Self {
        Self::whole(self.value.clone(), stamp)
    }
}

impl Node {
    fn put(value: Option<Arc<Json>>, stamp: Stamp) -> Self {
        Self {
            put: Some(Put {
                stamp,
                value,
                made: Some(stamp),
            }),
            parts: Parts::default(),
        }
    }

    /// A put of a member that is there.
    fn edit(value: Arc<Json>, stamp: Stamp) -> Self {
        Self {
            put: Some(Put {
                stamp,
                value: Some(value),
                made: None,
            }),
            parts: Parts::default(),
        }
    }

    /// Parts of a place at which itself nothing was put; `None` if there are none.
    fn of(parts: Vec<(String, Self)>) -> Option<Self> {
        (!parts.is_empty()).then(|| Self {
            put: None,
            parts: Parts::of(parts),
        })
    }

    fn is_blank(&self) -> bool {
        self.put.is_none() && self.parts.is_empty()
    }

    /// Unites the puts of both, but for those that are obsolete: `floor` is the stamp of the nearest put
    /// above.
    fn merge(&mut self, other: &Self, floor: Option<Stamp>) -> bool {
        let mut is_news = false;
        if let Some(put) = &other.put
            && floor.is_none_or(|floor| put.stamp > floor)
        {
            let before = self.put.as_ref().and_then(|own| own.made);
            let made = put
                .made
                .filter(|made| floor.is_none_or(|floor| *made > floor));
            let made = made.max(before);
            if self.put.as_ref().is_none_or(|own| put.beats(own)) {
                self.put = Some(put.clone());
                self.forget(put.stamp);
                is_news = true;
            }
            if let Some(own) = &mut self.put {
                own.made = made;
                is_news |= made != before;
            }
        }
        let floor = self.put.as_ref().map(|put| put.stamp).or(floor);
        self.parts.merge(&other.parts, |own, part| {
            is_news |= own.merge(part, floor);
        });
        is_news
    }

    /// Forgets what was put below, up to a stamp.
    fn forget(&mut self, until: Stamp) {
        self.parts.retain(|_, part| {
            part.put.take_if(|put| put.stamp <= until);
            if let Some(put) = &mut part.put {
                put.made.take_if(|made| *made <= until);
            }
            part.forget(until);
            !part.is_blank()
        });
    }

    fn sweep(&mut self, inherited: Option<&Json>, before: u64) -> bool {
        let base = match &self.put {
            Some(put) => put.value.as_deref(),
            None => inherited,
        };
        // Elsewhere parts wait for what they belong to.
        let Some(base @ (Json::Object(_) | Json::Array(_))) = base else {
            return false;
        };
        let mut items = match base {
            Json::Array(items) => Some(keyed::Finder::new(items)),
            _ => None,
        };
        let mut is_less = false;
        self.parts.retain(|name, part| {
            let is_over = |put: &Put| put.value.is_none() && put.stamp.millis() < before;
            let is_over = part.put.as_ref().map(is_over);
            let there = match &mut items {
                // What was put here hides it.
                _ if is_over == Some(false) => None,
                Some(items) => items.find(name),
                None => base.get(name),
            };
            if there.is_none() && part.parts.is_empty() && is_over == Some(true) {
                part.put = None;
                is_less = true;
            } else {
                is_less |= part.sweep(there, before);
            }
            !part.is_blank()
        });
        is_less
    }

    fn newest(&self) -> Option<Stamp> {
        let own = self.put.as_ref().map(|put| put.stamp);
        let parts = self
            .parts
            .iter()
            .filter_map(|(_, part)| part.newest())
            .max();
        own.max(parts)
    }

    /// What the puts make of what is there.
    fn apply(&self, inherited: Option<&Json>) -> Option<Arc<Json>> {
        let base = match &self.put {
            Some(put) if put.made.is_none() && inherited.is_none() => return None,
            Some(put) if self.parts.is_empty() => return put.value.clone(),
            Some(put) => put.value.as_deref(),
            None => inherited,
        };
        match base? {
            Json::Object(object) => {
                let mut object = object.clone();
                for (name, part) in self.parts.iter() {
                    match part.apply(object.get(name)) {
                        Some(value) => {
                            object.insert(name.to_owned(), Arc::unwrap_or_clone(value));
                        }
                        None => {
                            object.remove(name);
                        }
                    }
                }
                Some(Arc::new(Json::Object(object)))
            }
            Json::Array(items) => Some(Arc::new(Json::Array(keyed::apply(items, &self.parts)))),
            other => Some(Arc::new(other.clone())),
        }
    }
}

impl Put {
    /// Whether this one counts where both were put at one place. One clock gives each stamp once; of two
    /// that claim the same, all replicas choose the same.
    fn beats(&self, other: &Self) -> bool {
        self.stamp > other.stamp
            || (self.stamp == other.stamp
                && self.value != other.value
                && text(&self.value) > text(&other.value))
    }
}

fn text(value: &Option<Arc<Json>>) -> String {
    value
        .as_ref()
        .map_or_else(String::new, |json| crate::json::text(json))
}

/// Whether a value is deeper than so many levels.
pub(crate) fn is_deeper(json: &Json, than: usize) -> bool {
    match json {
        Json::Array(items) => than == 0 || items.iter().any(|item| is_deeper(item, than - 1)),
        Json::Object(members) => {
            than == 0 || members.values().any(|member| is_deeper(member, than - 1))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
