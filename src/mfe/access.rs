//! Who may do what: the policy for shared keys, and grants.

use crate::{error::Access, pattern::Pattern};

/// What micro-frontends may do with shared keys. The store's owner may do everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SharedAccess {
    /// Read and write.
    #[default]
    Open,
    /// Read; write only by a grant.
    ReadOnly,
    /// Nothing but by a grant.
    Granted,
}

#[derive(Default)]
pub(super) struct Rules {
    pub(super) shared: SharedAccess,
    pub(super) grants: Vec<Grant>,
}

pub(super) struct Grant {
    pub(super) id: String,
    pub(super) access: Access,
    pub(super) keys: Pattern,
}

impl Rules {
    /// Whether a micro-frontend may use a key that is not its own.
    pub(super) fn allow(&self, id: &str, full_name: &str, access: Access) -> bool {
        let is_shared = !full_name.starts_with(crate::key::NAMESPACE);
        let by_policy = match (self.shared, access) {
            (SharedAccess::Open, _) | (SharedAccess::ReadOnly, Access::Read) => is_shared,
            _ => false,
        };
        by_policy
            || self.grants.iter().any(|grant| {
                grant.id == id
                    && (grant.access == access || access == Access::Read)
                    && grant.keys.matches(full_name)
            })
    }
}
