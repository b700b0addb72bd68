//! What a guest and its host say to each other: JSON text, checked where it comes in.

mod computed;
mod failure;
mod message;

pub(super) use computed::{Ask, Computed, Define, Evaluated, Withdraw};
pub(super) use failure::Failure;

use crate::{
    change::Origin,
    edge::entry::{MAX_VALUE_DEPTH, is_deeper},
    error::StateError,
    json,
    key::{self, Name},
    label::{Label, Labels},
    mfe::{GrantImage, Mfe, Rule, RulesImage, SharedAccess},
    value::Value,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use serde_json::Value as Json;
use std::sync::Arc;

/// The version of what is said here. Another one is not understood.
pub(super) const PROTOCOL: u32 = 1;

/// The longest text that a host takes from a guest, in bytes.
pub(super) const MAX_TEXT: usize = 64 * 1024 * 1024;

/// The longest source that is taken over, in bytes: free text, which a log is to survive.
const MAX_SOURCE: usize = 1_024;

/// A value on its way, which nobody copies.
#[derive(Debug, Clone)]
pub(super) struct Carried(pub(super) Arc<Json>);

impl Serialize for Carried {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Carried {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Json::deserialize(deserializer).map(|json| Self(Arc::new(json)))
    }
}

impl Carried {
    /// The JSON of a value, if it has one that may be carried.
    pub(super) fn of(value: &Value) -> Result<Self, String> {
        let json = value.to_json()?;
        match is_deeper(&json, MAX_VALUE_DEPTH) {
            true => Err(TOO_DEEP.to_owned()),
            false => Ok(Self(json)),
        }
    }

    /// The value, stored as JSON until somebody reads it as a type.
    pub(super) fn into_value(self, key: &str) -> Result<Value, StateError> {
        match is_deeper(&self.0, MAX_VALUE_DEPTH) {
            true => Err(refused(key, TOO_DEEP)),
            false => Ok(Value::from_json(Arc::unwrap_or_clone(self.0))),
        }
    }
}

const TOO_DEEP: &str = "it is deeper than 80 levels";

/// What a key is to hold, or holds now.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Content {
    Value(Carried),
    Removed,
    /// What the guest has sent.
    Kept,
}

/// For whom a guest writes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Writer {
    #[default]
    Page,
    Mfe(String),
    /// A snapshot that is restored: its keys may wait for whoever owns them.
    Restore,
}

/// Through which door the edge of the page brought something in: for every store there it is somebody
/// else's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Door {
    Storage,
    Tab,
    /// What a later version knows.
    #[serde(other)]
    Unknown,
}

impl Door {
    pub(super) fn of(origin: &Origin) -> Option<Self> {
        match origin {
            Origin::Storage => Some(Self::Storage),
            Origin::Tab => Some(Self::Tab),
            _ => None,
        }
    }

    /// What comes by way of another store, and through a door if that is known.
    pub(super) fn origin(door: Option<Self>) -> Origin {
        match door {
            Some(Self::Storage) => Origin::Storage,
            Some(Self::Tab) => Origin::Tab,
            Some(Self::Unknown) | None => Origin::Page,
        }
    }
}

/// A key that a guest writes.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Put {
    pub(super) key: String,
    pub(super) to: Content,
    #[serde(default)]
    pub(super) by: Writer,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) door: Option<Door>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) labels: Vec<Mark>,
}

/// A transaction of a guest.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Commit {
    /// Which of the guest's.
    pub(super) id: u64,
    pub(super) writes: Vec<Put>,
}

/// What a host says to a [`Commit`]. What it has stored has been told by then.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Committed {
    /// The guest is to build it anew: something has changed that it has only just been told of.
    #[serde(default)]
    pub(super) again: bool,
    /// Whether it is told as a transaction.
    #[serde(default)]
    pub(super) stored: bool,
    /// Without a transaction: the keys that held in the host what was sent.
    #[serde(default)]
    pub(super) same: Vec<String>,
}

/// A key that changed in the host, or that it has.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Changed {
    pub(super) key: String,
    pub(super) to: Content,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) door: Option<Door>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) labels: Vec<Mark>,
}

/// A transaction of the host.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    /// The id of the [`Commit`], if it is the guest's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) own: Option<u64>,
    /// The id of the micro-frontend that is leaving the page, if that is why keys are removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) left: Option<String>,
    pub(super) changes: Vec<Changed>,
}

/// What a host tells a guest, in the order of its commits.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Push {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) entries: Vec<Entry>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) registry: Option<Vec<Mfe>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rules: Option<RulesImage>,
    /// All keys that are computed, if others are than before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) computed: Option<Vec<Computed>>,
    /// Nothing is told: the guest is to say what it computes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ask: Option<Ask>,
    /// There is no host any more.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) closed: bool,
    /// What it leaves to who takes its place, if the page has had an edge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) estate: Option<Estate>,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// All that a guest begins with.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) protocol: u32,
    /// The version of the host's library.
    pub(super) library: String,
    /// The host's version, as its metadata have it.
    pub(super) version: u64,
    pub(super) values: Vec<Changed>,
    pub(super) registry: Vec<Mfe>,
    pub(super) rules: RulesImage,
    #[serde(default)]
    pub(super) computed: Vec<Computed>,
}

/// That a micro-frontend goes.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Gone {
    pub(super) id: String,
    /// Whether its keys stay: the guest may not delete them.
    #[serde(default)]
    pub(super) keys_stay: bool,
}

/// A change of what micro-frontends may do, or of what is known of them.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Ruling {
    Grant(GrantImage),
    Revoke(String),
    Shared(SharedAccess),
    Failure {
        id: String,
        failure: Option<String>,
    },
    /// The guest has the edge of the page, which is a replica of this state; or not any more.
    Edge(Option<String>),
    /// What the guest's edge leaves to the next one.
    Left(String),
}

/// What a host says to a [`Ruling`].
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Ruled {
    /// How many grants were taken back.
    Count(usize),
    Claimed(Claimed),
}

/// That a guest has the edge.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Claimed {
    /// Whether it had the last one, and knows what was written since.
    #[serde(default)]
    pub(super) again: bool,
    /// What was, if it does not: the keys, with what they held before and who wrote them last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) written: Vec<Changed>,
    /// Those of them whose micro-frontend left, if that was the last that happened, with what they held
    /// then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) left: Vec<Changed>,
    /// What the last edge knew, as that has written it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) known: Option<String>,
}

/// What the last edge of the page has left, and what was written since.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Estate {
    /// Of which state it was a replica.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<String>,
    pub(super) claimed: Claimed,
}

impl Ruling {
    pub(super) fn of(rule: Rule<'_>) -> Self {
        match rule {
            Rule::Grant(id, access, keys) => Self::Grant(GrantImage::of(id, access, keys)),
            Rule::Revoke(id) => Self::Revoke(id.to_owned()),
            Rule::Shared(access) => Self::Shared(access),
            Rule::Failure(id, failure) => Self::Failure {
                id: id.to_owned(),
                failure: failure.map(str::to_owned),
            },
        }
    }
}

/// A label that keeps a value on this page. What is secret is not carried at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Mark {
    Local,
    Volatile,
    /// What a later version knows.
    #[serde(other)]
    Unknown,
}

impl Mark {
    pub(super) fn all(labels: Labels) -> Vec<Self> {
        let all = [
            (Label::Local, Self::Local),
            (Label::Volatile, Self::Volatile),
        ];
        let marks = all.into_iter().filter(|(label, _)| labels.has(*label));
        marks.map(|(_, mark)| mark).collect()
    }

    pub(super) fn label(self) -> Option<Label> {
        match self {
            Self::Local => Some(Label::Local),
            Self::Volatile => Some(Label::Volatile),
            Self::Unknown => None,
        }
    }
}

/// An answer as text: `{"ok": …}` with what was asked for, or `{"error": …}`. By hand, as one would be
/// made for each type.
pub(super) fn reply<T: Serialize>(result: Result<T, StateError>) -> String {
    let (name, told) = match result.and_then(|answer| write(&answer)) {
        Ok(answer) => ("ok", answer),
        Err(error) => ("error", write(&Failure::of(&error)).unwrap_or_default()),
    };
    ["{\"", name, "\":", &told, "}"].concat()
}

/// What was answered.
pub(super) fn answer<T: DeserializeOwned>(text: &str) -> Result<T, StateError> {
    let unread = |reason: String| refused("an answer", &reason);
    let mut answer = json::read(text).map_err(|error| unread(error.to_string()))?;
    if let Some(failure) = answer.get_mut("error").map(Json::take) {
        let failure: Failure = typed(failure).map_err(unread)?;
        return Err(failure.into_error());
    }
    match answer.get_mut("ok").map(Json::take) {
        Some(answer) => typed(answer).map_err(unread),
        None => Err(unread("it says neither ok nor error".to_owned())),
    }
}

pub(super) fn write<T: Serialize>(message: &T) -> Result<String, StateError> {
    serde_json::to_string(message).map_err(|error| refused("a message", &error.to_string()))
}

/// Reads what a guest has sent.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T, StateError> {
    if text.len() > MAX_TEXT {
        return Err(refused("a message", "it is longer than 64 MiB"));
    }
    receive(text)
}

/// Reads what a host has sent.
pub(super) fn receive<T: DeserializeOwned>(text: &str) -> Result<T, StateError> {
    parse(text).map_err(|reason| refused("a message", &reason))
}

/// By way of JSON, which is read by what reads all JSON.
fn parse<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    typed(json::read(text).map_err(|error| error.to_string())?)
}

fn typed<T: DeserializeOwned>(json: Json) -> Result<T, String> {
    T::deserialize(message::Message(json)).map_err(|error| error.to_string())
}

/// A source as it came in: cut where it is too long.
pub(super) fn source(text: Option<&str>) -> Name {
    let Some(text) = text else {
        return crate::change::UNKNOWN_SOURCE;
    };
    let end = text.floor_char_boundary(MAX_SOURCE);
    Name::from(text.get(..end).unwrap_or_default())
}

/// A source as it goes out; none if it says nothing.
pub(super) fn shown(source: &str) -> Option<String> {
    (source != crate::change::UNKNOWN_SOURCE.as_str()).then(|| source.to_owned())
}

pub(super) fn check_key(name: &str) -> Result<(), StateError> {
    key::check_full(name)
}

pub(super) fn refused(what: &str, reason: &str) -> StateError {
    StateError::Refused {
        door: crate::change::Origin::Page.to_string(),
        what: crate::error::excerpt(what),
        reason: crate::error::excerpt_of(reason, 256),
    }
}
