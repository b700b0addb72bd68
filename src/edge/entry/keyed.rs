//! Arrays whose items have an identity: items are put one by one, and their order as a whole.
//!
//! The parts of such an array are called `<member>=<identity as JSON>`; the part `<member>=` holds the
//! order, as an array of identities.

use super::{Node, Rules, diff};
use crate::edge::stamp::Stamp;
use serde_json::Value as Json;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What says which item it is, as JSON text.
fn identity(item: &Json, member: &str) -> Option<String> {
    match item.get(member)? {
        Json::Array(_) | Json::Object(_) | Json::Null => None,
        identity => Some(identity.to_string()),
    }
}

/// The items by identity, in their order; `None` if one has none or two have the same.
fn by_identity<'j>(items: &'j [Json], member: &str) -> Option<Vec<(String, &'j Json)>> {
    let mut seen = BTreeSet::new();
    let items = items.iter().map(|item| {
        let identity = identity(item, member)?;
        seen.insert(identity.clone()).then_some((identity, item))
    });
    items.collect()
}

/// What differs between two arrays; `None` if they cannot be told by item.
pub(super) fn compare<'j>(
    old: &'j [Json],
    new: &'j [Json],
    member: &str,
    stamp: Stamp,
    rules: &Rules,
    at: &mut Vec<&'j str>,
) -> Option<Node> {
    let (old, new) = (by_identity(old, member)?, by_identity(new, member)?);
    let before: BTreeMap<&str, &Json> = old.iter().map(|(id, item)| (&**id, *item)).collect();
    let after: BTreeSet<&str> = new.iter().map(|(id, _)| &**id).collect();
    let mut node = Node::default();
    let name = |id: &str| format!("{member}={id}");
    for (id, item) in &new {
        at.push("*");
        let part = match before.get(&**id) {
            Some(old) => diff::compare(old, item, stamp, rules, at),
            None => Some(Node::put(Some(Arc::new((*item).clone())), stamp)),
        };
        at.pop();
        node.parts.extend(part.map(|part| (name(id), part)));
    }
    for (id, _) in old.iter().filter(|(id, _)| !after.contains(&**id)) {
        node.parts.insert(name(id), Node::put(None, stamp));
    }
    // Without an order, items stay in theirs, and new ones come last.
    let stayed = old.iter().filter(|(id, _)| after.contains(&**id));
    let is_in_order = stayed.map(|(id, _)| id).eq(new.iter().map(|(id, _)| id));
    if !is_in_order {
        let order = new.iter().filter_map(|(_, item)| item.get(member));
        let order = Json::Array(order.cloned().collect());
        node.parts
            .insert(name(""), Node::put(Some(Arc::new(order)), stamp));
    }
    (!node.is_blank()).then_some(node)
}

/// What parts make of an array. Items that no order names come last: those that were there in their
/// order, then the others by name.
pub(super) fn apply(items: &[Json], parts: &BTreeMap<String, Node>) -> Vec<Json> {
    let member = parts.keys().find_map(|name| name.split_once('='));
    let Some((member, _)) = member else {
        return items.to_vec();
    };
    let part = |id: &str| parts.get(&format!("{member}={id}"));
    let mut left: Vec<(String, Json)> = Vec::new();
    let mut seen = BTreeSet::new();
    for item in items {
        let id = identity(item, member).unwrap_or_default();
        let item = match part(&id) {
            Some(part) => part.apply(Some(item)),
            None => Some(Arc::new(item.clone())),
        };
        seen.insert(id.clone());
        left.extend(item.map(|item| (id, Arc::unwrap_or_clone(item))));
    }
    for (name, part) in parts {
        let id = name
            .strip_prefix(member)
            .and_then(|rest| rest.strip_prefix('='));
        if let Some(id) = id.filter(|id| !id.is_empty() && !seen.contains(*id))
            && let Some(item) = part.apply(None)
        {
            left.push((id.to_owned(), Arc::unwrap_or_clone(item)));
        }
    }
    let order = part("").and_then(|order| order.apply(None));
    let order = order.as_deref().and_then(Json::as_array);
    let rank: BTreeMap<String, usize> = order
        .into_iter()
        .flatten()
        .enumerate()
        .map(|(rank, id)| (id.to_string(), rank))
        .collect();
    left.sort_by_key(|(id, _)| rank.get(id).copied().unwrap_or(usize::MAX));
    left.into_iter().map(|(_, item)| item).collect()
}
