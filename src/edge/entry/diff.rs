//! What a local write changed inside of a value, as puts.

use super::{MAX_PATH, Node, keyed};
use crate::edge::stamp::Stamp;
use crate::pointer::Pointer;
use serde_json::{Map, Value as Json};
use std::sync::Arc;

/// How the values of a key are compared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    /// Every write puts the whole value.
    pub(crate) whole: bool,
    /// Where arrays are whose items have an identity, and what the member is called that says which. A
    /// `*` on the way is any name.
    pub(crate) keyed: Vec<(Pointer, String)>,
}

impl Rules {
    /// The member that tells the items of the array at a place apart.
    fn identity<'r>(&'r self, at: &[&str]) -> Option<&'r str> {
        let is_here = |pointer: &Pointer| {
            let tokens = pointer.tokens();
            tokens.len() == at.len()
                && (tokens.iter().zip(at)).all(|(token, name)| token == "*" || token == name)
        };
        let rule = self.keyed.iter().find(|(pointer, _)| is_here(pointer));
        rule.map(|(_, member)| member.as_str())
    }
}

/// `None` if there is no difference. `known` is what the old value came from.
pub(super) fn difference(
    known: &Node,
    old: &Json,
    new: &Json,
    stamp: Stamp,
    rules: &Rules,
) -> Option<Node> {
    if rules.whole {
        return (old != new).then(|| whole(new, stamp));
    }
    compare(Some(known), old, new, stamp, rules, &mut Vec::new())
}

fn whole(new: &Json, stamp: Stamp) -> Node {
    Node::put(Some(Arc::new(new.clone())), stamp)
}

/// Another value of what is there. An edit, unless it was made by a put of its own: who then has not
/// heard of that is to get it all the same.
fn other(known: Option<&Node>, new: &Json, stamp: Stamp) -> Node {
    let put = known.and_then(|known| known.put.as_ref());
    match put.is_some_and(|put| put.made.is_some()) {
        true => whole(new, stamp),
        false => Node::edit(Arc::new(new.clone()), stamp),
    }
}

pub(super) fn compare<'j>(
    known: Option<&Node>,
    old: &'j Json,
    new: &'j Json,
    stamp: Stamp,
    rules: &Rules,
    at: &mut Vec<&'j str>,
) -> Option<Node> {
    let is_too_long = at.len() >= MAX_PATH;
    match (old, new) {
        (Json::Object(old), Json::Object(new)) if !is_too_long && are_one(old, new) => {
            let mut parts = Vec::new();
            for (name, new) in new {
                at.push(name);
                let part = match old.get(name) {
                    Some(old) => {
                        let known = known.and_then(|known| known.parts.get(name));
                        compare(known, old, new, stamp, rules, at)
                    }
                    None => Some(whole(new, stamp)),
                };
                at.pop();
                parts.extend(part.map(|part| (name.clone(), part)));
            }
            let gone = old.keys().filter(|name| !new.contains_key(*name));
            parts.extend(gone.map(|name| (name.clone(), Node::put(None, stamp))));
            Node::of(parts)
        }
        (Json::Array(items), Json::Array(news)) if !is_too_long && items != news => {
            let by_item = rules
                .identity(at)
                .and_then(|member| keyed::compare(known, items, news, member, stamp, rules, at));
            Some(by_item.unwrap_or_else(|| other(known, new, stamp)))
        }
        (old, new) => (old != new).then(|| other(known, new, stamp)),
    }
}

/// Whether two objects can be two states of one thing, to be compared by member. Those that share no
/// name are two things, such as two variants of an enum: half of each would be neither.
fn are_one(old: &Map<String, Json>, new: &Map<String, Json>) -> bool {
    old.is_empty() || new.is_empty() || old.keys().any(|name| new.contains_key(name))
}
