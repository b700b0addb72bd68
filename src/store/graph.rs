//! What tells the readers of the parts of a value: of fields, of the entries of a collection.

use super::{inner::Inner, readers::Told};
#[cfg(feature = "fields")]
use crate::few::Few;
use std::{
    any::Any,
    sync::{Arc, Weak},
};

/// Readers of parts of values that are to be told.
#[derive(Default)]
pub(crate) struct Triggers {
    /// Most often there are no more than that of a key and that of a part of it.
    two: [Option<Told>; 2],
    more: Vec<Told>,
}

impl Triggers {
    pub(crate) fn push(&mut self, told: Told) {
        match self.two.iter_mut().find(|free| free.is_none()) {
            Some(free) => *free = Some(told),
            None => self.more.push(told),
        }
    }

    /// Those that there are, if they are no more than one.
    #[inline]
    pub(crate) fn at_most_one(&self) -> Option<Option<&Told>> {
        match &self.two {
            [one, None] => Some(one.as_ref()),
            _ => None,
        }
    }

    pub(crate) fn add_to<'t>(&'t self, all: &mut Vec<&'t Told>) {
        all.extend(self.two.iter().flatten());
        all.extend(&self.more);
    }
}

impl Extend<Told> for Triggers {
    fn extend<I: IntoIterator<Item = Told>>(&mut self, told: I) {
        told.into_iter().for_each(|told| self.push(told));
    }
}

/// Tells the readers of the parts of one key's value, as one type.
pub(crate) trait Graph: Any + Send + Sync {
    /// Compares what is stored now with what it has told of last, and adds the readers of the parts
    /// that differ. Called after each commit of the key, and outside of any lock: what is compared is
    /// the user's code.
    fn refresh(&self, inner: &Inner, triggers: &mut Triggers);

    /// Adds the triggers of all parts: the key has become one whose value is computed, or is so no
    /// more. Readers of a computed value follow it as a whole.
    fn alert(&self, triggers: &mut Triggers);
}

/// The graphs of a key. They live as long as somebody reads through them.
#[derive(Default)]
pub(crate) struct Graphs(Option<Box<List>>);

/// Boxed, because most keys have none.
#[derive(Default)]
struct List(Vec<Weak<dyn Graph>>);

impl Graphs {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(crate) fn living(&self) -> impl Iterator<Item = Arc<dyn Graph>> {
        let graphs = self.0.iter().flat_map(|list| list.0.iter());
        graphs.filter_map(Weak::upgrade)
    }

    /// As [`Graphs::living`], all at once. Most often there is one, which takes no walk.
    #[cfg(feature = "fields")]
    pub(crate) fn all_living(&self) -> Few<Arc<dyn Graph>> {
        match self.0.as_deref().map(|List(list)| list.as_slice()) {
            None => Few::None,
            Some([only]) => only.upgrade().map_or(Few::None, Few::One),
            Some(several) => several.iter().filter_map(Weak::upgrade).collect(),
        }
    }

    /// The graph of a type that `is_it` accepts.
    #[cfg(feature = "collections")]
    pub(crate) fn find<G: Graph>(&self, is_it: impl Fn(&G) -> bool) -> Option<Arc<G>> {
        self.living().filter_map(typed).find(|graph| is_it(graph))
    }

    #[cfg(any(feature = "fields", feature = "collections"))]
    pub(crate) fn add(&mut self, graph: Weak<dyn Graph>) {
        let List(list) = &mut **self.0.get_or_insert_default();
        list.retain(|graph| graph.strong_count() > 0);
        list.push(graph);
    }
}

/// The graph as what it is, if that is a `G`.
#[cfg(any(feature = "fields", feature = "collections"))]
pub(crate) fn typed<G: Graph>(graph: Arc<dyn Graph>) -> Option<Arc<G>> {
    let graph: Arc<dyn Any + Send + Sync> = graph;
    graph.downcast().ok()
}
