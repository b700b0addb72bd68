//! Who may do what: the policy for shared keys, and grants.

use crate::{error::Access, pattern::Pattern};
#[cfg(feature = "js")]
use serde::{Deserialize, Serialize};

/// What micro-frontends may do with shared keys. The store's owner may do everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(
    feature = "js",
    derive(Serialize, Deserialize),
    serde(rename_all = "kebab-case")
)]
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

/// The rules, as they are told elsewhere.
#[cfg(feature = "js")]
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct RulesImage {
    pub(crate) shared: SharedAccess,
    pub(crate) grants: Vec<GrantImage>,
}

/// A grant, as it is told elsewhere.
#[cfg(feature = "js")]
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct GrantImage {
    pub(crate) id: String,
    pub(crate) write: bool,
    /// Whether the pattern is a regular expression.
    #[serde(default)]
    pub(crate) regex: bool,
    pub(crate) keys: String,
}

#[cfg(feature = "js")]
impl GrantImage {
    pub(crate) fn of(id: &str, access: Access, keys: &Pattern) -> Self {
        Self {
            id: id.to_owned(),
            write: access == Access::Write,
            regex: keys.is_regex(),
            keys: keys.as_str().to_owned(),
        }
    }

    pub(crate) fn access(&self) -> Access {
        match self.write {
            true => Access::Write,
            false => Access::Read,
        }
    }

    pub(crate) fn pattern(&self) -> Result<Pattern, crate::StateError> {
        match self.regex {
            #[cfg(feature = "regex")]
            true => Pattern::regex(&self.keys),
            #[cfg(not(feature = "regex"))]
            true => Err(crate::StateError::Pattern {
                pattern: crate::error::excerpt(&self.keys),
                reason: "this build knows no regular expressions".to_owned(),
            }),
            false => Pattern::glob(&self.keys),
        }
    }
}

#[cfg(feature = "js")]
impl Rules {
    pub(super) fn image(&self) -> RulesImage {
        let grants = self.grants.iter();
        RulesImage {
            shared: self.shared,
            grants: grants
                .map(|grant| GrantImage::of(&grant.id, grant.access, &grant.keys))
                .collect(),
        }
    }

    /// The rules, and the grants of which the pattern does not parse.
    pub(super) fn from_image(image: &RulesImage) -> (Self, Vec<GrantImage>) {
        let mut rules = Self {
            shared: image.shared,
            grants: Vec::new(),
        };
        let mut refused = Vec::new();
        for grant in &image.grants {
            match grant.pattern() {
                Ok(keys) => rules.grants.push(Grant {
                    id: grant.id.clone(),
                    access: grant.access(),
                    keys,
                }),
                Err(_) => refused.push(grant.clone()),
            }
        }
        (rules, refused)
    }
}
