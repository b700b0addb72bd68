//! Errors on their way: the caller in the guest gets what the host says, not that something went
//! wrong there.

use super::refused;
use crate::error::{Access, KeyFault, StateError};
use serde::{Deserialize, Serialize};

/// A [`StateError`] as it is carried.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::edge::page) struct Failure {
    code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// The middleware, the micro-frontend, or whoever else it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    who: Option<String>,
    /// What stands where the code is not known.
    reason: String,
}

/// Places that must not write, as errors name them.
const PLACES: [&str; 4] = [
    "a batch",
    "a middleware",
    "a computed value",
    "an update closure",
];

/// Why an id is not taken.
const ID_FAULTS: [&str; 2] = ["it is empty", "it has more than 64 bytes"];

impl Failure {
    pub(in crate::edge::page) fn of(error: &StateError) -> Self {
        let (code, key, who, reason) = match error {
            StateError::Key { key, fault } => {
                let fault = match fault {
                    KeyFault::Empty => "empty",
                    KeyFault::TooLong => "too-long",
                    KeyFault::Reserved => "reserved",
                };
                ("key", Some(key), None, fault.to_owned())
            }
            StateError::Serialize { key, reason } => ("value", Some(key), None, reason.clone()),
            StateError::Vetoed {
                middleware,
                key,
                reason,
            } => ("vetoed", key.as_ref(), Some(middleware), reason.clone()),
            StateError::Denied { mfe, key, access } => {
                ("denied", Some(key), Some(mfe), access.to_string())
            }
            StateError::MfeId { id, reason } => ("mfe-id", None, Some(id), (*reason).to_owned()),
            StateError::MfeTaken { id, holder } => ("mfe-taken", None, Some(id), holder.clone()),
            StateError::UnknownMfe { id } => ("unknown-mfe", None, Some(id), String::new()),
            StateError::ReadOnly { key, by } => ("read-only", Some(key), None, by.clone()),
            StateError::KeyTaken { key, holder } => ("key-taken", Some(key), None, holder.clone()),
            StateError::Evaluation { key, reason } => {
                ("evaluation", Some(key), None, reason.clone())
            }
            StateError::Conflict { key } => ("conflict", Some(key), None, String::new()),
            StateError::Reentrant { during } => ("reentrant", None, None, (*during).to_owned()),
            StateError::Pattern { pattern, reason } => {
                ("pattern", None, Some(pattern), reason.clone())
            }
            StateError::Cycle { what } => ("cycle", None, None, what.clone()),
            StateError::Disposed => ("disposed", None, None, String::new()),
            StateError::EdgeTaken => ("edge-taken", None, None, String::new()),
            StateError::Refused { what, reason, .. } => {
                ("argument", None, Some(what), reason.clone())
            }
            other => ("other", None, None, other.to_string()),
        };
        Self {
            code: code.to_owned(),
            key: key.cloned(),
            who: who.cloned(),
            reason,
        }
    }

    pub(in crate::edge::page) fn into_error(self) -> StateError {
        let Self {
            code,
            key,
            who,
            reason,
        } = self;
        let name = || key.clone().unwrap_or_default();
        let whose = || who.clone().unwrap_or_default();
        match code.as_str() {
            "key" => StateError::Key {
                key: name(),
                fault: match reason.as_str() {
                    "empty" => KeyFault::Empty,
                    "too-long" => KeyFault::TooLong,
                    _ => KeyFault::Reserved,
                },
            },
            "value" => StateError::Serialize {
                key: name(),
                reason,
            },
            "vetoed" => StateError::Vetoed {
                middleware: whose(),
                key,
                reason,
            },
            "denied" => StateError::Denied {
                mfe: whose(),
                key: name(),
                access: match reason.as_str() {
                    "read" => Access::Read,
                    _ => Access::Write,
                },
            },
            "mfe-id" => StateError::MfeId {
                id: whose(),
                reason: known(&ID_FAULTS, &reason).unwrap_or("the page's store does not take it"),
            },
            "mfe-taken" => StateError::MfeTaken {
                id: whose(),
                holder: reason,
            },
            "key-taken" => StateError::KeyTaken {
                key: name(),
                holder: reason,
            },
            "evaluation" => StateError::Evaluation {
                key: name(),
                reason,
            },
            "unknown-mfe" => StateError::UnknownMfe { id: whose() },
            "read-only" => StateError::ReadOnly {
                key: name(),
                by: reason,
            },
            "conflict" => StateError::Conflict { key: name() },
            "reentrant" => StateError::Reentrant {
                during: known(&PLACES, &reason).unwrap_or("a call of the page's store"),
            },
            "pattern" => StateError::Pattern {
                pattern: whose(),
                reason,
            },
            "cycle" => StateError::Cycle { what: reason },
            "disposed" => StateError::Disposed,
            "edge-taken" => StateError::EdgeTaken,
            "argument" => refused(&whose(), &reason),
            code => refused(code, &reason),
        }
    }
}

fn known(texts: &[&'static str], text: &str) -> Option<&'static str> {
    texts.iter().copied().find(|known| *known == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_errors_of_a_host_come_out_as_they_went_in() {
        let text = || "x".to_owned();
        let key = || "cart".to_owned();
        let errors = [
            StateError::Key {
                key: key(),
                fault: KeyFault::TooLong,
            },
            StateError::Serialize {
                key: key(),
                reason: text(),
            },
            StateError::Vetoed {
                middleware: text(),
                key: Some(key()),
                reason: text(),
            },
            StateError::Vetoed {
                middleware: text(),
                key: None,
                reason: text(),
            },
            StateError::Denied {
                mfe: text(),
                key: key(),
                access: Access::Read,
            },
            StateError::MfeId {
                id: text(),
                reason: ID_FAULTS[0],
            },
            StateError::MfeTaken {
                id: text(),
                holder: text(),
            },
            StateError::UnknownMfe { id: text() },
            StateError::ReadOnly {
                key: key(),
                by: text(),
            },
            StateError::Conflict { key: key() },
            StateError::Reentrant { during: PLACES[1] },
            StateError::Pattern {
                pattern: text(),
                reason: text(),
            },
            StateError::Cycle { what: text() },
            StateError::Disposed,
            StateError::EdgeTaken,
            refused("a", "b"),
        ];
        for error in errors {
            let carried = serde_json::to_string(&Failure::of(&error)).expect("it is plain");
            let failure: Failure = serde_json::from_str(&carried).expect("it reads");
            assert_eq!(failure.into_error(), error);
        }
    }
}
