//! Keys that are computed, on their way: what there is, and what is asked of it.

use super::{Carried, Mark, Writer};
use crate::{error::StateError, value::Value};
use serde::{Deserialize, Serialize};

/// A key that is computed in the host, or in a guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::edge::page) struct Computed {
    /// That of the registration, in the host.
    pub(in crate::edge::page) id: u64,
    pub(in crate::edge::page) key: String,
    /// Who registered it, as errors say it.
    pub(in crate::edge::page) who: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::edge::page) source: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::edge::page) labels: Vec<Mark>,
    /// Whether it is computed in the guest that is told.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub(in crate::edge::page) own: bool,
}

/// A key that a guest computes.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::edge::page) struct Define {
    /// That of the registration, in the guest.
    pub(in crate::edge::page) id: u64,
    pub(in crate::edge::page) key: String,
    #[serde(default)]
    pub(in crate::edge::page) by: Writer,
    /// Who registered it, as errors say it.
    pub(in crate::edge::page) who: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::edge::page) source: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::edge::page) labels: Vec<Mark>,
}

/// Asks for the value of a key where it is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::edge::page) struct Ask {
    pub(in crate::edge::page) id: u64,
    /// The revision that the asker has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::edge::page) seen: Option<u64>,
}

/// The value of a key that is computed.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::edge::page) struct Evaluated {
    pub(in crate::edge::page) revision: u64,
    /// Nothing if it is the one that the asker has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::edge::page) value: Option<Carried>,
}

impl Evaluated {
    /// What was answered to an [`Ask`].
    pub(in crate::edge::page) fn answered(text: &str) -> Result<(u64, Option<Value>), StateError> {
        let Self { revision, value } = super::answer(text)?;
        let value = value.map(|json| json.into_value("a computed key"));
        Ok((revision, value.transpose()?))
    }
}

/// That a guest computes a key no more.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::edge::page) struct Withdraw {
    pub(in crate::edge::page) id: u64,
}
