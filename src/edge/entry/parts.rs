//! The parts of a place, by name: a sorted list, which takes a third of the code of a tree of its own.

use super::Node;
use crate::sorted::by_name;

/// What was put below a place, by the next name on the way, in the order of names.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Parts(Vec<(String, Node)>);

impl Parts {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.0.iter().map(|(name, part)| (&**name, part))
    }

    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        let at = self.find(name).ok()?;
        self.0.get(at).map(|(_, part)| part)
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| (**other).cmp(name))
    }

    /// The parts with these names, each once, in any order.
    pub(super) fn of(mut parts: Vec<(String, Node)>) -> Self {
        by_name(&mut parts, |(name, _)| name);
        Self(parts)
    }

    /// Keeps those that `keep` says, which may change them.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&str, &mut Node) -> bool) {
        self.0.retain_mut(|(name, part)| keep(name, part));
    }

    /// Goes through the parts of both. `merge` gets each of the other's and the one of the same name
    /// here, a blank one if there is none; what is blank afterwards is left out.
    pub(super) fn merge(&mut self, other: &Self, mut merge: impl FnMut(&mut Node, &Node)) {
        let mut at = 0;
        let mut came = Vec::new();
        for (name, part) in &other.0 {
            while self.0.get(at).is_some_and(|(own, _)| own < name) {
                at += 1;
            }
            match self.0.get_mut(at) {
                Some((own, here)) if own == name => merge(here, part),
                _ => {
                    let mut here = Node::default();
                    merge(&mut here, part);
                    if !here.is_blank() {
                        came.push((name.clone(), here));
                    }
                }
            }
        }
        self.join(came);
    }

    /// Puts parts with names that are not here yet, in the order of names.
    fn join(&mut self, came: Vec<(String, Node)>) {
        if came.len() <= 1 {
            for (name, part) in came {
                let at = self.find(&name).unwrap_or_else(|at| at);
                self.0.insert(at, (name, part));
            }
            return;
        }
        let mut all = Vec::with_capacity(self.0.len() + came.len());
        let mut came = came.into_iter().peekable();
        for own in self.0.drain(..) {
            while came.peek().is_some_and(|next| next.0 < own.0) {
                all.extend(came.next());
            }
            all.push(own);
        }
        all.extend(came);
        self.0 = all;
    }
}
