//! Arrays whose items have an identity: items are put one by one, and their order as a whole.
//!
//! The parts of such an array are called `<member>=<identity as JSON>`; the part `<member>=` holds the
//! order, as an array of identities.

use super::{Node, Parts, Rules, diff};
use crate::{edge::stamp::Stamp, json};
use rustc_hash::FxHashMap;
use serde_json::Value as Json;
use std::sync::Arc;

/// Where the item of an identity is, by the JSON text of that.
type Index = FxHashMap<String, usize>;

/// What says which item it is, as JSON text.
fn identity(item: &Json, member: &str) -> Option<String> {
    match item.get(member)? {
        Json::Array(_) | Json::Object(_) | Json::Null => None,
        identity => Some(json::text(identity)),
    }
}

/// Where each item is; `None` if one has no identity or two have the same.
fn index(items: &[Json], member: &str) -> Option<Index> {
    let mut index = Index::default();
    for (at, item) in items.iter().enumerate() {
        if index.insert(identity(item, member)?, at).is_some() {
            return None;
        }
    }
    Some(index)
}

/// The member and the identity, as JSON text, that the name of a part says.
fn split(part: &str) -> Option<(&str, &str)> {
    part.split_once('=')
}

/// What differs between two arrays; `None` if they cannot be told by item.
pub(super) fn compare<'j>(
    known: Option<&Node>,
    old: &'j [Json],
    new: &'j [Json],
    member: &str,
    stamp: Stamp,
    rules: &Rules,
    at: &mut Vec<&'j str>,
) -> Option<Node> {
    let (before, after) = (index(old, member)?, index(new, member)?);
    // `apply` heeds one member alone; that of a page with another rule may be it.
    let is_other = |(name, _): (&str, &Node)| split(name).is_some_and(|(other, _)| other != member);
    if known.is_some_and(|known| known.parts.iter().any(is_other)) {
        return None;
    }
    let mut parts = Vec::new();
    let name = |id: &str| format!("{member}={id}");
    // Without an order, items stay in theirs, and new ones come last.
    let mut is_in_order = true;
    let mut last = None;
    for item in new {
        let id = identity(item, member)?;
        let here = before.get(&id).copied();
        is_in_order &= here.is_some() && here > last;
        last = here;
        let part = match here.and_then(|here| old.get(here)) {
            Some(old) => {
                at.push("*");
                let known = known.and_then(|known| known.parts.get(&name(&id)));
                let part = diff::compare(known, old, item, stamp, rules, at);
                at.pop();
                part
            }
            None => Some(Node::put(Some(Arc::new(item.clone())), stamp)),
        };
        parts.extend(part.map(|part| (name(&id), part)));
    }
    let gone = before.keys().filter(|id| !after.contains_key(*id));
    parts.extend(gone.map(|id| (name(id), Node::put(None, stamp))));
    if !is_in_order {
        let order = new.iter().filter_map(|item| item.get(member));
        let order = Json::Array(order.cloned().collect());
        parts.push((name(""), Node::put(Some(Arc::new(order)), stamp)));
    }
    Node::of(parts)
}

/// Finds the items of an array that parts are of; of several with one identity, the first.
pub(super) struct Finder<'j> {
    items: &'j [Json],
    /// By member, then by identity: made when the member is first asked for.
    found: FxHashMap<String, FxHashMap<String, &'j Json>>,
}

impl<'j> Finder<'j> {
    pub(super) fn new(items: &'j [Json]) -> Self {
        Self {
            items,
            found: FxHashMap::default(),
        }
    }

    pub(super) fn find(&mut self, part: &str) -> Option<&'j Json> {
        let (member, id) = split(part)?;
        if !self.found.contains_key(member) {
            let mut found = FxHashMap::default();
            for item in self.items {
                if let Some(id) = identity(item, member) {
                    found.entry(id).or_insert(item);
                }
            }
            self.found.insert(member.to_owned(), found);
        }
        self.found.get(member)?.get(id).copied()
    }
}

/// What parts make of an array. Items that no order names come last: those that were there in their
/// order, then the others by name.
pub(super) fn apply(items: &[Json], parts: &Parts) -> Vec<Json> {
    let member = parts.iter().find_map(|(name, _)| split(name));
    let Some((member, _)) = member else {
        return items.to_vec();
    };
    let part = |id: &str| parts.get(&format!("{member}={id}"));
    let mut left: Vec<Option<Json>> = Vec::new();
    let mut places = Index::default();
    for item in items {
        let id = identity(item, member).unwrap_or_default();
        let item = match part(&id) {
            // What is put counts for all that say they are the item: they are one from then on.
            Some(_) if !id.is_empty() && places.contains_key(&id) => continue,
            Some(part) if !id.is_empty() => part.apply(Some(item)).map(Arc::unwrap_or_clone),
            _ => Some(item.clone()),
        };
        places.insert(id, left.len());
        left.push(item);
    }
    for (name, part) in parts.iter() {
        let rest = name.strip_prefix(member);
        if let Some(id) = rest.and_then(|rest| rest.strip_prefix('='))
            && !id.is_empty()
            && !places.contains_key(id)
        {
            places.insert(id.to_owned(), left.len());
            left.push(part.apply(None).map(Arc::unwrap_or_clone));
        }
    }
    let order = part("").and_then(|order| order.apply(None));
    let order = order.as_deref().and_then(Json::as_array);
    let mut sorted = Vec::with_capacity(left.len());
    for id in order.into_iter().flatten() {
        let place = places.get(&json::text(id));
        let item = place.and_then(|place| left.get_mut(*place));
        sorted.extend(item.and_then(Option::take));
    }
    sorted.extend(left.into_iter().flatten());
    sorted
}
