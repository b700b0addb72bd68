//! Entries as JSON, one text a state: `[stamp, value, parts]`, shorter where nothing follows. A
//! removal has `!` before its stamp, an edit `~`, and after it, if it is known, `~` and the stamp of the
//! put that made what was edited; a place that only leads to others has none.

use super::{Entry, MAX_VALUE_DEPTH, Node, Parts, Put, is_deeper};
use crate::edge::stamp::{Malformed, Stamp};
use serde_json::{Map, Value as Json};
use std::sync::Arc;

/// The most levels of parts that are taken in.
const MAX_PARTS: usize = super::MAX_PATH + 1;

impl Entry {
    /// As JSON. Equal entries have equal JSON.
    pub(crate) fn encode(&self) -> Json {
        self.root.encode()
    }

    /// # Errors
    /// [`Malformed`] if it is not what [`Entry::encode`] makes of some entry.
    pub(crate) fn decode(json: &Json) -> Result<Self, Malformed> {
        let root = Node::decode(json, MAX_PARTS)?;
        // What is edited is a part of something.
        let is_edit = |put: &Put| put.made != Some(put.stamp);
        if root.is_blank() || root.put.as_ref().is_some_and(is_edit) {
            return Err(MALFORMED);
        }
        // As all are made: by merging, which leaves out what is obsolete.
        let mut entry = Self::default();
        entry.merge(&Self { root, value: None });
        Ok(entry)
    }
}

const MALFORMED: Malformed = Malformed("entry");

/// When a value was put, and when what it is of was made.
fn stamps(text: &str) -> Result<(Stamp, Option<Stamp>), Malformed> {
    let Some(text) = text.strip_prefix('~') else {
        let stamp = text.parse()?;
        return Ok((stamp, Some(stamp)));
    };
    let Some((stamp, made)) = text.split_once('~') else {
        return Ok((text.parse()?, None));
    };
    let (stamp, made) = (stamp.parse()?, made.parse()?);
    match made < stamp {
        true => Ok((stamp, Some(made))),
        false => Err(MALFORMED),
    }
}

impl Node {
    fn encode(&self) -> Json {
        let (stamp, value) = match &self.put {
            None => (String::new(), None),
            Some(Put {
                stamp, value: None, ..
            }) => (format!("!{stamp}"), None),
            Some(Put { stamp, value, made }) => {
                let text = match made {
                    Some(made) if made == stamp => stamp.to_string(),
                    Some(made) => format!("~{stamp}~{made}"),
                    None => format!("~{stamp}"),
                };
                (text, value.as_ref())
            }
        };
        let mut parts = vec![Json::String(stamp)];
        if value.is_some() || !self.parts.is_empty() {
            parts.push(value.map_or(Json::Null, |value| (**value).clone()));
        }
        if !self.parts.is_empty() {
            let mut children = Map::new();
            for (name, part) in self.parts.iter() {
                // One by one: to collect them would sort them, with a sort of its own.
                children.insert(name.to_owned(), part.encode());
            }
            parts.push(Json::Object(children));
        }
        Json::Array(parts)
    }

    fn decode(json: &Json, levels: usize) -> Result<Self, Malformed> {
        let none = Map::new();
        let (stamp, value, parts) = match json.as_array().map(Vec::as_slice) {
            Some([stamp]) => (stamp, None, &none),
            Some([stamp, value]) => (stamp, Some(value), &none),
            Some([stamp, value, Json::Object(parts)]) if !parts.is_empty() => {
                (stamp, Some(value), parts)
            }
            _ => return Err(MALFORMED),
        };
        let put = match (stamp.as_str().ok_or(MALFORMED)?, value) {
            ("", None | Some(Json::Null)) if !parts.is_empty() => None,
            (text, value) => match (text.strip_prefix('!'), value) {
                (Some(stamp), None | Some(Json::Null)) => Self::put(None, stamp.parse()?).put,
                (None, Some(value)) if !is_deeper(value, MAX_VALUE_DEPTH) => {
                    let (stamp, made) = stamps(text)?;
                    let value = Some(Arc::new(value.clone()));
                    Some(Put { stamp, value, made })
                }
                _ => return Err(MALFORMED),
            },
        };
        let levels = levels.checked_sub(1).ok_or(MALFORMED)?;
        let parts = parts
            .iter()
            .map(|(name, part)| Ok((name.clone(), Self::decode(part, levels)?)))
            .collect::<Result<_, Malformed>>()?;
        Ok(Self {
            put,
            parts: Parts::of(parts),
        })
    }
}
