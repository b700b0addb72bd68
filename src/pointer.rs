//! JSON Pointer (RFC 6901): a place inside of a value.

use crate::error::{StateError, excerpt};
use serde_json::Value as Json;
use std::fmt;

/// A place inside of a value: `/address/city`, `/rows/3/label`, or the empty text for the whole.
///
/// `~1` stands for a slash and `~0` for a tilde in a name (RFC 6901, section 3). At the end of a
/// pointer that is written through, `-` is the place behind the last item of an array.
///
/// ```
/// use universal_state::Pointer;
///
/// let city: Pointer = "/address/city".parse()?;
/// assert_eq!(city.tokens(), ["address", "city"]);
/// assert!("address".parse::<Pointer>().is_err());
/// # Ok::<(), universal_state::StateError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Pointer(Vec<String>);

impl Pointer {
    /// The names and indices on the way, unescaped.
    pub fn tokens(&self) -> &[String] {
        &self.0
    }

    /// Whether it names the whole value.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// What is at the place.
    pub(crate) fn find<'j>(&self, json: &'j Json) -> Option<&'j Json> {
        self.0
            .iter()
            .try_fold(json, |json, token| child(json, token))
    }

    /// Puts a value at the place. The way to it must be there; its last name need not be.
    pub(crate) fn put(&self, json: &mut Json, new: Json) -> Result<(), String> {
        let Some((last, way)) = self.0.split_last() else {
            *json = new;
            return Ok(());
        };
        match parent(json, way)? {
            Json::Object(object) => {
                object.insert(last.clone(), new);
            }
            Json::Array(array) if last == "-" => array.push(new),
            Json::Array(array) => {
                let length = array.len();
                match index(last) {
                    Some(at) if at == length => array.push(new),
                    Some(at) if at < length => array[at] = new,
                    _ => return Err(format!("{last:?} is no index of an array of {length}")),
                }
            }
            other => return Err(format!("{} has no {last:?}", kind(other))),
        }
        Ok(())
    }

    /// Whether an index on the way, or at the place itself, may not mean the same item in two
    /// values: a list differs, and the place is that list, or its items have come, gone, or `moved`.
    #[cfg(feature = "fields")]
    pub(crate) fn lists_differ(&self, one: &Json, other: &Json, moved: bool) -> bool {
        let mut here = (Some(one), Some(other));
        for depth in 0..=self.0.len() {
            if let (Some(Json::Array(one)), other) = here {
                let other = other.and_then(Json::as_array);
                let is_place = depth == self.0.len();
                let same_items = other.is_some_and(|other| other.len() == one.len()) && !moved;
                if other != Some(one) && (is_place || !same_items) {
                    return true;
                }
            }
            if let Some(token) = self.0.get(depth) {
                here.0 = here.0.and_then(|json| child(json, token));
                here.1 = here.1.and_then(|json| child(json, token));
            }
        }
        false
    }

    /// Removes what is at the place. Returns whether there was something.
    pub(crate) fn remove(&self, json: &mut Json) -> bool {
        let Some((last, way)) = self.0.split_last() else {
            return false;
        };
        match parent(json, way) {
            Ok(Json::Object(object)) => object.remove(last).is_some(),
            Ok(Json::Array(array)) => match index(last).filter(|at| *at < array.len()) {
                Some(at) => {
                    array.remove(at);
                    true
                }
                None => false,
            },
            _ => false,
        }
    }
}

fn child<'j>(json: &'j Json, token: &str) -> Option<&'j Json> {
    match json {
        Json::Object(object) => object.get(token),
        Json::Array(array) => array.get(index(token)?),
        _ => None,
    }
}

fn parent<'j>(json: &'j mut Json, way: &[String]) -> Result<&'j mut Json, String> {
    way.iter().try_fold(json, |json, token| {
        let here = kind(json);
        match json {
            Json::Object(object) => object.get_mut(token),
            Json::Array(array) => index(token).and_then(|at| array.get_mut(at)),
            _ => None,
        }
        .ok_or_else(|| format!("{here} on the way has no {token:?}"))
    })
}

/// An index as RFC 6901, section 4, writes it: digits without leading zeros.
fn index(token: &str) -> Option<usize> {
    let canonical = token == "0" || !token.starts_with('0');
    let digits = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit());
    (canonical && digits).then(|| token.parse().ok()).flatten()
}

fn kind(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}

impl std::str::FromStr for Pointer {
    type Err = StateError;

    fn from_str(text: &str) -> Result<Self, StateError> {
        let invalid = |reason: &str| StateError::Pointer {
            pointer: excerpt(text),
            reason: reason.to_owned(),
        };
        if text.is_empty() {
            return Ok(Self::default());
        }
        let Some(tokens) = text.strip_prefix('/') else {
            return Err(invalid("it must be empty or begin with a slash"));
        };
        let unescape = |token: &str| {
            let escapes_are_known = token
                .split('~')
                .skip(1)
                .all(|rest| rest.starts_with(['0', '1']));
            match escapes_are_known {
                // In this order, so that `~01` becomes `~1` and not a slash.
                true => Ok(token.replace("~1", "/").replace("~0", "~")),
                false => Err(invalid("after a tilde only 0 or 1 may stand")),
            }
        };
        tokens
            .split('/')
            .map(unescape)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for token in &self.0 {
            write!(f, "/{}", token.replace('~', "~0").replace('/', "~1"))?;
        }
        Ok(())
    }
}

/// The places at which two values differ: the innermost of each, in order. An array whose length
/// changed, and a name that came or went, count as a place of their own.
pub(crate) fn differences(old: &Json, new: &Json) -> Vec<Pointer> {
    let mut found = Vec::new();
    compare(old, new, &mut Vec::new(), &mut found);
    found
}

fn compare(old: &Json, new: &Json, at: &mut Vec<String>, found: &mut Vec<Pointer>) {
    match (old, new) {
        (Json::Object(old), Json::Object(new)) => {
            let added = new.keys().filter(|key| !old.contains_key(*key));
            let mut names: Vec<&String> = old.keys().chain(added).collect();
            names.sort_unstable();
            for name in names {
                at.push(name.clone());
                match (old.get(name), new.get(name)) {
                    (Some(old), Some(new)) => compare(old, new, at, found),
                    _ => found.push(Pointer(at.clone())),
                }
                at.pop();
            }
        }
        (Json::Array(old), Json::Array(new)) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                at.push(index.to_string());
                compare(old, new, at, found);
                at.pop();
            }
        }
        (old, new) if old == new => {}
        _ => found.push(Pointer(at.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pointer(text: &str) -> Pointer {
        text.parse().unwrap()
    }

    #[test]
    fn the_examples_of_rfc_6901_resolve() {
        let document = json!({
            "foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5,
            "k\"l": 6, " ": 7, "m~n": 8
        });
        for (text, expected) in [
            ("", document.clone()),
            ("/foo", json!(["bar", "baz"])),
            ("/foo/0", json!("bar")),
            ("/", json!(0)),
            ("/a~1b", json!(1)),
            ("/c%d", json!(2)),
            ("/e^f", json!(3)),
            ("/g|h", json!(4)),
            ("/i\\j", json!(5)),
            ("/k\"l", json!(6)),
            ("/ ", json!(7)),
            ("/m~0n", json!(8)),
        ] {
            assert_eq!(pointer(text).find(&document), Some(&expected), "{text}");
            assert_eq!(pointer(text).to_string(), text);
        }
        for missing in ["/foo/2", "/foo/-", "/foo/00", "/foo/+1", "/bar", "/foo/0/x"] {
            assert_eq!(pointer(missing).find(&document), None, "{missing}");
        }
        assert_eq!(pointer("/~01").tokens(), ["~1"]);
        for bad in ["foo", "/a~", "/a~2"] {
            assert!(bad.parse::<Pointer>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_place_is_written_if_the_way_to_it_is_there() {
        let mut json = json!({ "rows": [1, 2], "user": {} });
        pointer("/rows/0").put(&mut json, json!(7)).unwrap();
        pointer("/rows/-").put(&mut json, json!(3)).unwrap();
        pointer("/rows/3").put(&mut json, json!(4)).unwrap();
        pointer("/user/name").put(&mut json, json!("Ada")).unwrap();
        pointer("/__proto__").put(&mut json, json!(1)).unwrap();
        let expected = json!({ "rows": [7, 2, 3, 4], "user": { "name": "Ada" }, "__proto__": 1 });
        assert_eq!(json, expected);
        for refused in [
            "/rows/5",
            "/rows/x",
            "/a/b",
            "/user/name/first",
            "/rows/0/x",
        ] {
            assert!(
                pointer(refused).put(&mut json, json!(0)).is_err(),
                "{refused}"
            );
        }
        assert_eq!(json, expected);

        assert!(pointer("/rows/1").remove(&mut json));
        assert!(pointer("/user/name").remove(&mut json));
        for missing in ["", "/rows/9", "/user/name", "/a/b"] {
            assert!(!pointer(missing).remove(&mut json), "{missing}");
        }
        assert_eq!(
            json,
            json!({ "rows": [7, 3, 4], "user": {}, "__proto__": 1 })
        );
    }

    #[test]
    fn differences_name_the_innermost_places() {
        let old = json!({ "a": { "b": 1, "c": 2 }, "list": [1, { "x": 1 }], "gone": 0, "same": 1 });
        let new = json!({ "a": { "b": 9, "c": 2 }, "list": [1, { "x": 2 }], "new": 0, "same": 1 });
        let found = |old: &Json, new: &Json| -> Vec<String> {
            differences(old, new)
                .iter()
                .map(Pointer::to_string)
                .collect()
        };
        assert_eq!(found(&old, &new), ["/a/b", "/gone", "/list/1/x", "/new"]);
        assert!(found(&old, &old).is_empty());
        assert_eq!(found(&json!([1]), &json!([1, 2])), [""]);
        assert_eq!(found(&json!({ "l": [1] }), &json!({ "l": [] })), ["/l"]);
    }
}
