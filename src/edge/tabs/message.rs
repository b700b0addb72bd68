//! What tabs tell each other, as JSON text:
//! `{"us":1,"from":"<replica>","type":"change","entries":{"<key>":<entry>}}`, and likewise for the
//! other types. An entry is `[<entry>,"<source>"]` where the writer said who it is. Nothing of a message
//! is believed before all of it has been read.

use crate::{
    change::UNKNOWN_SOURCE,
    edge::{
        Refusal,
        entry::Entry,
        link::Changed,
        replica::{BUCKETS, Digest},
        stamp::ReplicaId,
    },
    json,
    key::Name,
};
use serde_json::{Map, Value as Json};
use smol_str::SmolStr;
use std::fmt::Write;

/// The version of the protocol. A message of another is not read.
pub(super) const PROTOCOL: u64 = 1;

/// The most entries in a message.
pub(super) const MAX_ENTRIES: usize = 16_384;

/// The most tabs that are kept track of.
pub(super) const MAX_PEERS: usize = 256;

/// The longest text by which a writer calls itself that is sent, in bytes.
const MAX_SOURCE: usize = 256;

pub(super) type Entries = Vec<Changed>;

pub(super) struct Message {
    pub(super) from: ReplicaId,
    pub(super) body: Body,
}

pub(super) enum Body {
    /// Somebody tells what they have.
    Digest {
        digest: Box<Digest>,
        /// Whether one of those who hear it shall answer in any case.
        asks: bool,
        /// Whether they come to stay.
        joins: bool,
    },
    /// What was written, or what another lacked.
    Change(Entries),
    /// What somebody has of the buckets in which another differed.
    Answer(Answer),
    /// Somebody leaves.
    Bye,
}

pub(super) struct Answer {
    pub(super) to: ReplicaId,
    /// A bit for each bucket that is sent whole.
    pub(super) buckets: u64,
    /// Whether more messages belong to this answer.
    pub(super) more: bool,
    pub(super) peers: Vec<ReplicaId>,
    pub(super) entries: Entries,
}

/// Reads a message.
///
/// # Errors
/// Why it is refused.
pub(super) fn read(text: &str, longest: usize) -> Result<Message, Refusal> {
    if text.len() > longest {
        return Err(Refusal::TooLarge);
    }
    // The parser itself refuses what is nested more than 128 levels deep.
    let Ok(Json::Object(message)) = json::read(text) else {
        return Err(Refusal::Malformed);
    };
    match message.get("us").and_then(Json::as_u64) {
        Some(PROTOCOL) => {}
        None => return Err(Refusal::Malformed),
        Some(older) if older < PROTOCOL => return Err(Refusal::Older),
        Some(_) => return Err(Refusal::Newer),
    }
    body(&message).ok_or(Refusal::Malformed)?
}

/// `None` if the message has not the form of its type.
fn body(message: &Map<String, Json>) -> Option<Result<Message, Refusal>> {
    let text = |name| message.get(name).and_then(Json::as_str);
    let from = text("from")?.parse().ok()?;
    let entries = || message.get("entries").and_then(Json::as_object);
    let body = match text("type")? {
        kind @ ("hello" | "digest") => Body::Digest {
            digest: Box::new(digest(text("digest")?)?),
            asks: kind == "hello" || flag(message, "asks")?,
            joins: kind == "hello",
        },
        kind @ ("change" | "state") if kind == "change" || !message.contains_key("to") => {
            match read_entries(entries()?) {
                Ok(entries) => Body::Change(entries),
                Err(refusal) => return Some(Err(refusal)),
            }
        }
        "state" | "repair" => {
            let peers = message.get("peers")?.as_array()?;
            let peer = |peer: &Json| peer.as_str()?.parse().ok();
            let answer = Answer {
                to: text("to")?.parse().ok()?,
                buckets: number(text("buckets")?)?,
                more: flag(message, "more")?,
                peers: peers.iter().map(peer).collect::<Option<_>>()?,
                entries: match read_entries(entries()?) {
                    Ok(entries) => entries,
                    Err(refusal) => return Some(Err(refusal)),
                },
            };
            if answer.peers.len() > MAX_PEERS {
                return Some(Err(Refusal::TooLarge));
            }
            Body::Answer(answer)
        }
        "bye" => Body::Bye,
        _ => return None,
    };
    Some(Ok(Message { from, body }))
}

fn flag(message: &Map<String, Json>, name: &str) -> Option<bool> {
    match message.get(name) {
        None => Some(false),
        Some(flag) => flag.as_bool(),
    }
}

fn read_entries(entries: &Map<String, Json>) -> Result<Entries, Refusal> {
    if entries.len() > MAX_ENTRIES {
        return Err(Refusal::TooLarge);
    }
    let entry = |(key, entry): (&String, &Json)| {
        crate::key::check_full(key).map_err(|_| Refusal::Key)?;
        // An entry is an array that begins with text.
        let (entry, source) = match entry.as_array().map(Vec::as_slice) {
            Some([entry @ Json::Array(_), Json::String(source)]) => (entry, Name::from(&**source)),
            _ => (entry, UNKNOWN_SOURCE),
        };
        if source.as_str().len() > MAX_SOURCE {
            return Err(Refusal::TooLarge);
        }
        Ok(Changed {
            key: SmolStr::new(key),
            delta: Entry::decode(entry).map_err(|_| Refusal::Malformed)?,
            source,
        })
    };
    entries.iter().map(entry).collect()
}

fn number(text: &str) -> Option<u64> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (text.len() == 16 && text.bytes().all(is_digit))
        .then(|| u64::from_str_radix(text, 16).ok())
        .flatten()
}

fn digest(text: &str) -> Option<Digest> {
    if text.len() != BUCKETS * 16 {
        return None;
    }
    let mut digest = [0; BUCKETS];
    for (at, sum) in digest.iter_mut().enumerate() {
        *sum = number(text.get(at * 16..at * 16 + 16)?)?;
    }
    Some(digest)
}

/// The beginning of each message.
fn begin(from: ReplicaId, kind: &str) -> String {
    format!("{{\"us\":{PROTOCOL},\"from\":\"{from}\",\"type\":\"{kind}\"")
}

pub(super) fn bye(from: ReplicaId) -> String {
    begin(from, "bye") + "}"
}

/// What somebody has. A tab that joins says `hello`.
pub(super) fn compare(from: ReplicaId, joins: bool, asks: bool, digest: &Digest) -> String {
    let mut text = begin(from, if joins { "hello" } else { "digest" });
    if asks && !joins {
        text.push_str(",\"asks\":true");
    }
    text.push_str(",\"digest\":\"");
    for sum in digest {
        // Writing to a string cannot fail.
        let _ = write!(text, "{sum:016x}");
    }
    text.push_str("\"}");
    text
}

/// Entries as messages, as few as there can be: a `change` that was written here, or a `state` that
/// another lacks. Those that are too large for any are left out; their keys are returned.
pub(super) fn changes(
    from: ReplicaId,
    kind: &str,
    entries: &Entries,
    longest: usize,
) -> (Vec<String>, Vec<SmolStr>) {
    let (bodies, left_out) = pack(entries, room(longest));
    let message = |body: String| begin(from, kind) + ",\"entries\":{" + &body + "}}";
    (bodies.into_iter().map(message).collect(), left_out)
}

/// What an answer says besides its entries.
pub(super) struct Reply<'a> {
    pub(super) to: ReplicaId,
    pub(super) joins: bool,
    pub(super) buckets: u64,
    pub(super) peers: &'a [ReplicaId],
}

/// An answer, as at least one message, likewise.
pub(super) fn answers(
    from: ReplicaId,
    reply: &Reply,
    entries: &Entries,
    longest: usize,
) -> (Vec<String>, Vec<SmolStr>) {
    let (mut bodies, left_out) = pack(entries, room(longest));
    if bodies.is_empty() {
        bodies.push(String::new());
    }
    let last = bodies.len() - 1;
    let message = |(at, body): (usize, String)| {
        let mut text = begin(from, if reply.joins { "state" } else { "repair" });
        let _ = write!(
            text,
            ",\"to\":\"{}\",\"buckets\":\"{:016x}\",\"more\":{},\"peers\":[",
            reply.to,
            reply.buckets,
            at < last
        );
        for (at, peer) in reply.peers.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            let _ = write!(text, "{comma}\"{peer}\"");
        }
        text.push_str("],\"entries\":{");
        text.push_str(&body);
        text.push_str("}}");
        text
    };
    let messages = bodies.into_iter().enumerate().map(message);
    (messages.collect(), left_out)
}

/// No message has more bytes besides its entries. The same for all, so that what fits into one message
/// fits into any.
const HEADER: usize = 256 + 19 * MAX_PEERS;

/// How many bytes there are for entries in a message of this length.
pub(super) fn room(longest: usize) -> usize {
    longest.saturating_sub(HEADER)
}

/// Whether a message can hold an entry.
pub(super) fn fits(entry: &Changed, longest: usize) -> bool {
    member(entry).len() <= room(longest)
}

/// Entries as members of JSON objects that are no longer than so many bytes each.
fn pack(entries: &Entries, longest: usize) -> (Vec<String>, Vec<SmolStr>) {
    let (mut bodies, mut left_out) = (Vec::<String>::new(), Vec::new());
    let mut count = 0;
    for entry in entries {
        let member = member(entry);
        if member.len() > longest {
            left_out.push(entry.key.clone());
            continue;
        }
        match bodies.last_mut() {
            Some(body) if count < MAX_ENTRIES && body.len() + 1 + member.len() <= longest => {
                body.push(',');
                body.push_str(&member);
                count += 1;
            }
            _ => {
                bodies.push(member);
                count = 1;
            }
        }
    }
    (bodies, left_out)
}

/// An entry as a member of a JSON object, with the text by which the writer calls itself, if it does.
fn member(entry: &Changed) -> String {
    let mut text = json::text(&Json::from(entry.key.as_str()));
    let source = entry.source.as_str();
    let has_source = entry.source != UNKNOWN_SOURCE && source.len() <= MAX_SOURCE;
    text.push_str(if has_source { ":[" } else { ":" });
    text.push_str(&json::text(&entry.delta.encode()));
    if has_source {
        text.push(',');
        text.push_str(&json::text(&Json::from(source)));
        text.push(']');
    }
    text
}

#[cfg(test)]
mod tests;
