//! [`Track`]: the nodes on the way to a place.

use super::{course::Path, node::Node};
use crate::store::Triggers;
use std::sync::Arc;

/// The nodes on the way to a place, from the root on. An item that comes again after it has gone has
/// another node.
#[derive(Debug)]
pub(super) struct Track {
    path: Path,
    above: Box<[Arc<Node>]>,
    end: Arc<Node>,
}

impl Track {
    pub(super) fn new(root: &Arc<Node>, path: &Path) -> Self {
        let mut end = Arc::clone(root);
        let above = path.iter().map(|&index| {
            let next = end.at(&[index.into()]);
            std::mem::replace(&mut end, next)
        });
        let above = above.collect();
        Self {
            path: path.clone(),
            above,
            end,
        }
    }

    /// The node of the place itself.
    pub(super) fn end(&self) -> &Node {
        &self.end
    }

    /// Whether the place is in the tree no more.
    pub(super) fn is_gone(&self) -> bool {
        self.end.is_gone()
    }
}

/// Nodes on the way to a place. Behind a vtable, so that they are linked with the first cursor.
pub(super) trait Follow: Send + Sync {
    fn path(&self) -> &Path;

    /// Tells that the place differs, if no place inside of it is read.
    fn tell(&self, triggers: &mut Triggers) -> bool;
}

impl Follow for Track {
    fn path(&self) -> &Path {
        &self.path
    }

    fn tell(&self, triggers: &mut Triggers) -> bool {
        let can = !self.end.has_children() && !self.is_gone();
        if can {
            self.above.iter().for_each(|node| node.tell(triggers));
            self.end.tell(triggers);
        }
        can
    }
}
