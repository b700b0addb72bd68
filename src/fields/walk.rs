//! [`Walk`]: the way through two values, along the places that somebody reads.

use super::{
    course::{Course, Outcome},
    diff::Diff,
    node::Node,
    way::Way,
};
use crate::store::Triggers;
use reactive_stores::KeyedAccess;
use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    hash::Hash,
    mem,
    sync::Arc,
};

/// What a walk found.
pub(super) struct Found<'t> {
    pub(super) triggers: &'t mut Triggers,
    /// Whether items are followed by their keys, or stay where they are.
    pub(super) by_key: bool,
    /// Whether somebody relies on where the keys of collections are, so that they are looked at
    /// even where nobody reads.
    pub(super) keys_in_use: bool,
    /// Whether a key may no longer be where it was.
    pub(super) keys_moved: bool,
    /// Whether items with keys came, went or moved.
    pub(super) rows_moved: bool,
    /// Whether what is looked at is only in one of the values.
    alone: bool,
    /// Whether there were items by index.
    pub(super) items: bool,
    /// Set if nothing is to be compared, and only one way to be gone.
    pub(super) way: Option<Way>,
    /// Set on the way to the one place at which the values differ, if they do.
    course: Option<Course>,
}

/// Whether the parts of a value are the items of a list.
pub(super) fn is_list<V: Diff>(value: &V) -> bool {
    let mut triggers = Triggers::default();
    let mut found = Found::new(&mut triggers);
    // Somebody reads inside of it, but nothing that is there.
    let root = Arc::new(Node::default());
    root.at(&[usize::MAX.into()]);
    found.compare(&root, value, value);
    found.items
}

/// Whether the items of a collection with keys are not where they were.
#[cfg(feature = "json")]
pub(super) fn rows_moved<V: Diff>(old: &V, new: &V) -> bool {
    let mut triggers = Triggers::default();
    let mut found = Found::new(&mut triggers);
    found.keys_in_use = true;
    found.compare(&Node::default(), old, new);
    found.rows_moved
}

/// Compares two values where somebody reads them. [`Diff::walk`] is called with one, at the place of
/// its value, and says what parts the value has.
pub struct Walk<'w, 't> {
    node: Option<&'w Node>,
    found: &'w mut Found<'t>,
}

impl fmt::Debug for Walk<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Walk").finish_non_exhaustive()
    }
}

impl<'t> Found<'t> {
    pub(super) fn new(triggers: &'t mut Triggers) -> Self {
        Self {
            triggers,
            by_key: false,
            keys_in_use: false,
            keys_moved: false,
            rows_moved: false,
            alone: false,
            items: false,
            way: None,
            course: None,
        }
    }

    /// Goes the way of a course. What is at its end is compared, and nothing beside it.
    pub(super) fn follow<T: Diff>(
        &mut self,
        course: Course,
        root: Option<&Node>,
        old: &T,
        new: &T,
    ) -> Outcome {
        self.course = Some(course);
        self.visit(root, Some(old), Some(new), T::walk);
        self.course
            .take()
            .map_or(Outcome::Lost, |course| course.outcome)
    }

    pub(super) fn compare<T: Diff>(&mut self, root: &Node, old: &T, new: &T) {
        self.visit(Some(root), Some(old), Some(new), T::walk);
    }

    fn visit<T: PartialEq + ?Sized>(
        &mut self,
        node: Option<&Node>,
        old: Option<&T>,
        new: Option<&T>,
        inside: impl FnOnce(&T, &T, &mut Walk<'_, 't>),
    ) {
        if self.course.is_some() {
            return self.pass(node, old, new, inside);
        }
        match (old, new) {
            (None, None) => {}
            (Some(old), Some(new)) => {
                if let Some(node) = node.filter(|node| node.is_read()) {
                    if old == new {
                        return;
                    }
                    node.tell(self.triggers);
                }
                if self.keys_in_use || node.is_some_and(Node::has_children) {
                    inside(old, new, &mut Walk { node, found: self });
                }
            }
            (Some(one), None) | (None, Some(one)) => {
                if let Some(node) = node {
                    node.tell_all(self.triggers);
                }
                if self.keys_in_use {
                    let alone = mem::replace(&mut self.alone, true);
                    let (node, found) = (None, &mut *self);
                    inside(one, one, &mut Walk { node, found });
                    self.alone = alone;
                }
            }
        }
    }

    /// As [`Found::visit`], on a course.
    fn pass<T: PartialEq + ?Sized>(
        &mut self,
        node: Option<&Node>,
        old: Option<&T>,
        new: Option<&T>,
        inside: impl FnOnce(&T, &T, &mut Walk<'_, 't>),
    ) {
        let Some(course) = &mut self.course else {
            return;
        };
        let (arrived, tells) = (course.has_arrived(), course.tells);
        course.outcome = match (old, new) {
            (Some(_), Some(_)) if arrived && tells => Outcome::Differs,
            (Some(old), Some(new)) if arrived => Outcome::of(old == new),
            _ => Outcome::Lost,
        };
        let (Some(old), Some(new)) = (old, new) else {
            return;
        };
        if tells {
            let Some(node) = node else {
                course.outcome = Outcome::Differs;
                return;
            };
            node.tell(self.triggers);
            if !node.has_children() {
                course.outcome = Outcome::Differs;
                return;
            }
        }
        if !arrived {
            inside(old, new, &mut Walk { node, found: self });
        } else if tells {
            let course = self.course.take();
            inside(old, new, &mut Walk { node, found: self });
            self.course = course;
        }
    }

    /// Whether a course leads on to the part of this index, or to any item.
    fn leads(&mut self, to: Option<usize>) -> Option<usize> {
        self.course.as_mut()?.step(to)
    }
}

impl<'t> Walk<'_, 't> {
    /// A part that both values have: the field of this index, counted in order of declaration.
    pub fn field<T: PartialEq + ?Sized>(
        &mut self,
        index: usize,
        old: &T,
        new: &T,
        inside: impl FnOnce(&T, &T, &mut Walk<'_, 't>),
    ) {
        self.part(index, Some(old), Some(new), inside);
    }

    /// A part that a value may lack, such as what is inside of an `Option`. `inside` says what parts
    /// it has in its turn.
    pub fn part<T: PartialEq + ?Sized>(
        &mut self,
        index: usize,
        old: Option<&T>,
        new: Option<&T>,
        inside: impl FnOnce(&T, &T, &mut Walk<'_, 't>),
    ) {
        if let Some(way) = &mut self.found.way {
            if way.step(index) {
                self.go(new, inside);
            }
            return;
        }
        let on_course = self.found.course.is_some();
        if on_course && self.found.leads(Some(index)).is_none() {
            return;
        }
        let child = self.node.and_then(|node| node.child(index));
        if on_course || child.is_some() || self.found.keys_in_use {
            self.found.visit(child.as_deref(), old, new, inside);
        }
        if let Some(course) = &mut self.found.course {
            course.close();
        }
    }

    /// Goes on into what the last step led to.
    fn go<T: ?Sized>(&mut self, to: Option<&T>, inside: impl FnOnce(&T, &T, &mut Walk<'_, 't>)) {
        let goes_on = |way: &mut Way| way.goes_on(to.is_some());
        if let (Some(true), Some(to)) = (self.found.way.as_mut().map(goes_on), to) {
            inside(to, to, self);
            // There is only one way.
            self.found.way.as_mut().map(|way| way.goes_on(false));
        }
    }

    /// Items by their index: `old` and `new` hand out those of the two values, of which the longer
    /// has `len`.
    pub fn items<'v, T: PartialEq + 'v>(
        &mut self,
        len: usize,
        old: impl Fn(usize) -> Option<&'v T>,
        new: impl Fn(usize) -> Option<&'v T>,
        inside: impl Fn(&T, &T, &mut Walk<'_, 't>),
    ) {
        self.found.items = true;
        if let Some(way) = &mut self.found.way {
            if let Some(index) = way.next() {
                self.go(new(index), inside);
            }
            return;
        }
        if self.found.course.is_some() {
            if let Some(index) = self.found.leads(None) {
                let child = self.node.and_then(|node| node.child(index));
                let found = &mut *self.found;
                found.visit(child.as_deref(), old(index), new(index), inside);
                if let Some(course) = &mut found.course {
                    course.close();
                }
            }
            return;
        }
        if self.found.keys_in_use {
            for index in 0..len {
                self.part(index, old(index), new(index), &inside);
            }
        } else if let Some(node) = self.node {
            for (&index, child) in node.children().iter() {
                self.found
                    .visit(Some(child), old(index), new(index), &inside);
            }
        }
        if let Some(node) = self.node {
            // Who read an item that is gone was told, and would read it anew.
            let children = node.children();
            let is_gone = |index: &usize| new(*index).is_none() && old(*index).is_some();
            if children.keys().any(is_gone) {
                // What came meanwhile stays.
                node.remove(|index| children.contains_key(index) && is_gone(index));
            }
        }
    }

    /// A field whose items have keys, by which they are known wherever they stand. Of items with one
    /// key the last counts.
    pub fn keyed<C, K>(
        &mut self,
        index: usize,
        old: &C,
        new: &C,
        key: for<'k> fn(<&'k C as IntoIterator>::Item) -> K,
        inside: impl Fn(&C::Value, &C::Value, &mut Walk<'_, 't>),
    ) where
        C: KeyedAccess<K> + PartialEq,
        C::Value: PartialEq + Sized,
        K: Eq + Hash,
        for<'k> &'k C: IntoIterator<Item: PartialEq + Copy>,
    {
        self.field(index, old, new, |old, new, walk| {
            walk.rows(old, new, key, inside);
        });
    }

    fn rows<C, K>(
        &mut self,
        old: &C,
        new: &C,
        key: for<'k> fn(<&'k C as IntoIterator>::Item) -> K,
        inside: impl Fn(&C::Value, &C::Value, &mut Walk<'_, 't>),
    ) where
        C: KeyedAccess<K>,
        C::Value: PartialEq + Sized,
        K: Eq + Hash,
        for<'k> &'k C: IntoIterator<Item: PartialEq + Copy>,
    {
        if let Some(way) = &mut self.found.way {
            if let Some(index) = way.next()
                && way.pass_row()
            {
                let key = new.into_iter().nth(index).map(key);
                self.go(key.map(|key| new.keyed(index, &key)), inside);
            }
            return;
        }
        if self.found.course.is_some() {
            // A key may be written too, and the item be another.
            return;
        }
        if self.found.alone {
            self.found.keys_moved = true;
            self.found.rows_moved = true;
            return;
        }
        // Equal items have equal keys, so most keys need not be asked for.
        let mut differ = Vec::new();
        let (mut olds, mut news) = (old.into_iter(), new.into_iter());
        let mut moved = false;
        for at in 0.. {
            match (olds.next(), news.next()) {
                (None, None) => break,
                (Some(old), Some(new)) if old == new => {}
                (Some(old), Some(new)) => {
                    let known = key(new);
                    moved = key(old) != known;
                    differ.push((at, known));
                }
                _ => moved = true,
            }
            if moved {
                break;
            }
        }
        if !moved {
            for (at, key) in &differ {
                let (old, new) = (old.keyed(*at, key), new.keyed(*at, key));
                self.part(*at, Some(old), Some(new), &inside);
            }
            return;
        }
        self.found.keys_moved = true;
        self.found.rows_moved = true;
        let Some(node) = self.node else { return };
        let keys = |items: &C| items.into_iter().map(key).collect::<Vec<_>>();
        let (old_keys, new_keys) = (keys(old), keys(new));
        let children = node.children();
        if !self.found.by_key {
            for (&at, child) in children.iter() {
                let old = old_keys.get(at).map(|key| old.keyed(at, key));
                let new = new_keys.get(at).map(|key| new.keyed(at, key));
                self.found.visit(Some(child), old, new, &inside);
            }
            return;
        }
        let places: HashMap<&K, usize> = new_keys.iter().zip(0..).collect();
        let mut stay = BTreeMap::new();
        for (&at, child) in children.iter() {
            let old_key = old_keys.get(at);
            let place = old_key.and_then(|key| Some((key, *places.get(key)?)));
            match place {
                Some((key, to)) => {
                    let (old, new) = (old.keyed(at, key), new.keyed(to, key));
                    self.found.visit(Some(child), Some(old), Some(new), &inside);
                    stay.insert(to, Arc::clone(child));
                }
                None => child.tell_all(self.found.triggers),
            }
        }
        node.replace(&children, stay);
    }

    /// Whether two values that are one in memory need not be looked into.
    pub(super) fn skips_same(&self) -> bool {
        self.found.way.is_none() && !self.found.alone
    }

    /// A value whose parts nobody knows: if it differs, all that is read of it differs.
    pub fn whole<T: PartialEq + ?Sized>(&mut self, old: &T, new: &T) {
        if let Some(way) = &mut self.found.way {
            return way.is_unknown();
        }
        if let Some(course) = &mut self.found.course {
            course.end_here(|| old == new);
            if !course.tells {
                return;
            }
        } else if !self.found.alone && old == new {
            return;
        }
        self.found.keys_moved = true;
        if let Some(node) = self.node {
            for child in node.children().values() {
                child.tell_all(self.found.triggers);
            }
        }
    }
}
