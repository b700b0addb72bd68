//! Messages that are made at random: right ones, and right ones with one thing wrong.

use super::{LIMIT, OWN_ID, Victim, names, stamp};
use crate::seeded::Seeded;
use proptest::{prelude::*, test_runner::TestCaseError};
use serde_json::{Map, Value, json};
use std::cell::Cell;
use universal_state::edge::Refusal;

/// Messages to one tab, one after the other.
const MESSAGES: u64 = 50;

#[derive(Debug, Clone)]
enum Kind {
    Change,
    State,
    Hello,
    Digest(Option<bool>),
    Answer {
        kind: &'static str,
        to_us: bool,
        more: Option<bool>,
        peers: Vec<u64>,
        buckets: u64,
    },
    Bye,
}

/// A message that is as it should be.
#[derive(Debug, Clone)]
struct Right {
    kind: Kind,
    from: u64,
    key: &'static str,
    value: Option<Value>,
    /// A member of the value, put on its own.
    part: Option<(String, Value)>,
    source: Option<String>,
    digest: u64,
}

/// What is wrong with it.
#[derive(Debug, Clone)]
enum Wrong {
    Nothing,
    /// A member is missing.
    Missing(usize),
    /// A member is of another type.
    Type(usize, Value),
    Version(Value, Refusal),
    Key(String),
    Entry(Value),
    Ahead(u32),
    Label(&'static str),
    Deep(usize),
    Long,
    FromUs,
    /// The text is cut.
    Cut(prop::sample::Index),
    /// A byte of it is another.
    Byte(prop::sample::Index, u8),
    /// Something stands in the middle of it.
    Inserted(prop::sample::Index, String),
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((".{0,6}", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn right() -> impl Strategy<Value = Right> {
    let answer = (
        prop::sample::select(vec!["state", "repair"]),
        any::<bool>(),
        any::<Option<bool>>(),
        prop::collection::vec(1..300_u64, 0..5),
        any::<u64>(),
    );
    let kind = prop_oneof![
        4 => Just(Kind::Change),
        1 => Just(Kind::State),
        1 => Just(Kind::Hello),
        1 => any::<Option<bool>>().prop_map(Kind::Digest),
        2 => answer.prop_map(|(kind, to_us, more, peers, buckets)| Kind::Answer {
            kind,
            to_us,
            more,
            peers,
            buckets,
        }),
        1 => Just(Kind::Bye),
    ];
    // With `=` in its name it could be an item of an array.
    let part = prop::option::weighted(0.3, ("[^=]{0,6}", values()));
    (
        kind,
        1..20_u64,
        prop::sample::select(names::all()),
        prop::option::weighted(0.8, values()),
        part,
        prop::option::weighted(0.3, ".{0,20}"),
        any::<u64>(),
    )
        .prop_map(|(kind, from, key, value, part, source, digest)| Right {
            kind,
            from,
            key,
            value,
            part,
            source,
            digest,
        })
}

fn wrong() -> impl Strategy<Value = Wrong> {
    let stamp = stamp(0, 0);
    let entries = vec![
        json!(null),
        json!([]),
        json!({}),
        json!([""]),
        json!([stamp]),
        json!(["", 1]),
        json!([stamp, 1, {}]),
        json!([stamp, 1, { "a": [] }]),
        json!([stamp, 1, { "a": [stamp, 1] }, 1]),
        json!([format!("!{stamp}"), 1]),
        json!([format!("{stamp}0"), 1]),
        json!([stamp.to_uppercase(), 1]),
        json!([[stamp, 1], 1]),
        json!([[[stamp, 1], "a"], "b"]),
    ];
    let keys = [
        "", "@", "@/", "@shop", "@shop/", "@/cart", "@a%2fb/x", "@%/x",
    ];
    let mut keys: Vec<String> = keys.map(String::from).into();
    keys.push("x".repeat(513));
    prop_oneof![
        6 => Just(Wrong::Nothing),
        2 => (0..8_usize).prop_map(Wrong::Missing),
        4 => (0..8_usize, values()).prop_map(|(at, value)| Wrong::Type(at, value)),
        1 => prop::sample::select(vec![
            (json!(0), Refusal::Older),
            (json!(2), Refusal::Newer),
            (json!(u64::MAX), Refusal::Newer),
            (json!(-1), Refusal::Malformed),
            (json!(1.5), Refusal::Malformed),
            (json!("1"), Refusal::Malformed),
            (json!(null), Refusal::Malformed),
        ])
        .prop_map(|(version, reason)| Wrong::Version(version, reason)),
        2 => prop::sample::select(keys).prop_map(Wrong::Key),
        3 => prop::sample::select(entries).prop_map(Wrong::Entry),
        1 => (400_000..u32::MAX).prop_map(Wrong::Ahead),
        1 => prop::sample::select(vec!["local:a", "secret:b"]).prop_map(Wrong::Label),
        1 => (81..1_000_usize).prop_map(Wrong::Deep),
        1 => Just(Wrong::Long),
        1 => Just(Wrong::FromUs),
        2 => any::<prop::sample::Index>().prop_map(Wrong::Cut),
        3 => (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, byte)| Wrong::Byte(at, byte)),
        2 => (any::<prop::sample::Index>(), ".{1,4}").prop_map(|(at, text)| Wrong::Inserted(at, text)),
    ]
}

/// What is to become of a message.
#[derive(Debug)]
enum Verdict {
    Refused(Refusal),
    /// The key comes to this.
    Holds(&'static str, Option<Value>),
    /// It changes no key.
    Heard,
    /// The text may still be a right one, of something else.
    Unknown,
}

impl Right {
    fn has_entries(&self) -> bool {
        matches!(
            self.kind,
            Kind::Change | Kind::State | Kind::Answer { to_us: true, .. }
        )
    }

    /// What the key comes to, if the part is put after the whole.
    fn content(&self) -> Option<Value> {
        match (&self.value, &self.part) {
            (Some(Value::Object(object)), Some((name, part))) => {
                let mut object = object.clone();
                object.insert(name.clone(), part.clone());
                Some(Value::Object(object))
            }
            (value, _) => value.clone(),
        }
    }

    fn entry(&self, count: u64, ahead: i64) -> Value {
        let whole = stamp(ahead, 2 * count);
        let mut entry = match (&self.value, &self.part) {
            (None, None) => vec![json!(format!("!{whole}"))],
            (None, Some(_)) => vec![json!(format!("!{whole}")), Value::Null],
            (Some(value), _) => vec![json!(whole), value.clone()],
        };
        if let Some((name, part)) = &self.part {
            let later = json!([stamp(ahead, 2 * count + 1), part]);
            let parts = Map::from_iter([(name.clone(), later)]);
            entry.push(Value::Object(parts));
        }
        match &self.source {
            Some(source) => json!([entry, source]),
            None => Value::Array(entry),
        }
    }

    fn message(&self, entries: Map<String, Value>) -> Map<String, Value> {
        let mut message = Map::new();
        let mut put = |name: &str, value: Value| drop(message.insert(name.to_owned(), value));
        let id = |number: u64| json!(format!("{number:016x}"));
        put("us", json!(1));
        put("from", id(self.from));
        let digest = || json!(format!("{:016x}", self.digest).repeat(64));
        match &self.kind {
            Kind::Change | Kind::State => {
                let is_change = matches!(self.kind, Kind::Change);
                put("type", json!(if is_change { "change" } else { "state" }));
                put("entries", Value::Object(entries));
            }
            Kind::Hello => {
                put("type", json!("hello"));
                put("digest", digest());
            }
            Kind::Digest(asks) => {
                put("type", json!("digest"));
                put("digest", digest());
                if let Some(asks) = asks {
                    put("asks", json!(asks));
                }
            }
            Kind::Answer {
                kind,
                to_us,
                more,
                peers,
                buckets,
            } => {
                put("type", json!(kind));
                put("to", id(if *to_us { OWN_ID } else { 0xdead }));
                put("buckets", id(*buckets));
                put("peers", peers.iter().map(|peer| id(*peer)).collect());
                if let Some(more) = more {
                    put("more", json!(more));
                }
                put("entries", Value::Object(entries));
            }
            Kind::Bye => put("type", json!("bye")),
        }
        message
    }

    /// The text, with one thing wrong, and what is to become of it. Later messages have higher counts.
    fn with(&self, wrong: &Wrong, count: u64) -> (Vec<u8>, Verdict) {
        let carries = !matches!(self.kind, Kind::Hello | Kind::Digest(_) | Kind::Bye);
        let mut entry = self.entry(count, 0);
        let mut key = self.key.to_owned();
        let mut verdict = match self.has_entries() && !self.key.starts_with('@') {
            true => Verdict::Holds(self.key, self.content()),
            false => Verdict::Heard,
        };
        let refused = |reason| match carries {
            true => Verdict::Refused(reason),
            false => Verdict::Heard,
        };
        match wrong {
            Wrong::Key(other) => {
                key.clone_from(other);
                verdict = refused(Refusal::Key);
            }
            Wrong::Entry(other) => {
                entry = other.clone();
                verdict = refused(Refusal::Malformed);
            }
            Wrong::Ahead(ms) => {
                entry = self.entry(count, i64::from(*ms));
                verdict = match self.has_entries() {
                    true => Verdict::Refused(Refusal::Ahead),
                    false => Verdict::Heard,
                };
            }
            Wrong::Label(labelled) => {
                key = (*labelled).to_owned();
                verdict = match self.has_entries() {
                    true => Verdict::Refused(Refusal::Label),
                    false => Verdict::Heard,
                };
            }
            Wrong::Deep(levels) => {
                let nest = |inner, _| Value::Array(vec![inner]);
                let deep = (0..*levels).fold(Value::Null, nest);
                entry = json!([stamp(0, count), deep]);
                verdict = refused(Refusal::Malformed);
            }
            _ => {}
        }
        let mut message = self.message(Map::from_iter([(key, entry)]));
        let names: Vec<String> = message.keys().cloned().collect();
        match wrong {
            Wrong::Missing(at) => {
                let name = &names[at % names.len()];
                message.remove(name);
                let is_optional = ["asks", "more"].contains(&name.as_str());
                // Without an addressee, a state is for all.
                let is_state = name == "to" && message["type"] == "state";
                verdict = match (is_optional, is_state) {
                    (true, _) => verdict,
                    (_, true) => Verdict::Unknown,
                    _ => Verdict::Refused(Refusal::Malformed),
                };
            }
            Wrong::Type(at, value) => {
                let name = &names[at % names.len()];
                let place = &mut message[name];
                if std::mem::discriminant(place) != std::mem::discriminant(value) {
                    *place = value.clone();
                    verdict = Verdict::Refused(Refusal::Malformed);
                }
            }
            Wrong::Version(version, reason) => {
                message["us"] = version.clone();
                verdict = Verdict::Refused(*reason);
            }
            Wrong::FromUs => {
                message["from"] = json!(format!("{OWN_ID:016x}"));
                verdict = Verdict::Heard;
            }
            Wrong::Long => {
                message.insert("filler".to_owned(), json!("x".repeat(LIMIT)));
                verdict = Verdict::Refused(Refusal::TooLarge);
            }
            _ => {}
        }
        let mut text = Value::Object(message).to_string().into_bytes();
        match wrong {
            Wrong::Cut(at) => {
                text.truncate(at.index(text.len()));
                verdict = Verdict::Refused(Refusal::Malformed);
            }
            Wrong::Byte(at, byte) => {
                let at = at.index(text.len());
                text[at] = *byte;
                verdict = Verdict::Unknown;
            }
            Wrong::Inserted(at, inserted) => {
                let at = at.index(text.len());
                text.splice(at..at, inserted.bytes());
                verdict = Verdict::Unknown;
            }
            _ => {}
        }
        (text, verdict)
    }
}

#[derive(Default)]
struct Counts {
    refused: Cell<u64>,
    taken: Cell<u64>,
    unknown: Cell<u64>,
}

fn add(count: &Cell<u64>) {
    count.set(count.get() + 1);
}

/// Has a tab hear messages, and looks after each what became of it.
fn hear(messages: &[(Right, Wrong)], counts: &Counts) -> Result<(), TestCaseError> {
    let begin = || {
        let victim = Victim::new();
        victim.store.set("kept", 1).unwrap();
        victim.edge.flush();
        victim
    };
    let mut victim = begin();
    let mut before = victim.trace();
    for (count, (right, wrong)) in messages.iter().enumerate() {
        let (text, verdict) = right.with(wrong, count as u64);
        // A channel carries text.
        let text = String::from_utf8_lossy(&text);
        let refused = victim.refused();
        let reports = victim.reports.load(std::sync::atomic::Ordering::Relaxed);
        victim.hears(&text);
        let now_refused = victim.refused();
        let reports = victim.reports.load(std::sync::atomic::Ordering::Relaxed) - reports;
        let after = victim.trace();
        let newly = now_refused.total() - refused.total();
        prop_assert_eq!(reports, newly, "{}", text);
        match verdict {
            Verdict::Refused(reason) => {
                add(&counts.refused);
                prop_assert_eq!(newly, 1, "{} {:?} in {}", reason, now_refused, text);
                prop_assert_eq!(now_refused[reason] - refused[reason], 1, "{}", text);
                prop_assert_eq!(&after.state, &before.state, "{}", text);
                prop_assert_eq!(&after.digest, &before.digest, "{}", text);
                prop_assert_eq!(after.version, before.version, "{}", text);
            }
            Verdict::Holds(key, value) => {
                add(&counts.taken);
                prop_assert_eq!(newly, 0, "{:?} in {}", now_refused, text);
                prop_assert_eq!(after.state.get(key), value.as_ref(), "{}", text);
            }
            Verdict::Heard => {
                add(&counts.taken);
                prop_assert_eq!(newly, 0, "{:?} in {}", now_refused, text);
                prop_assert_eq!(&after.state, &before.state, "{}", text);
            }
            Verdict::Unknown => {
                add(&counts.unknown);
                let is_changed = after.state != before.state;
                prop_assert!(newly == 0 || !is_changed, "{}", text);
                if after.digest != before.digest {
                    // By a stamp later than those to come, perhaps.
                    victim = begin();
                    before = victim.trace();
                    continue;
                }
            }
        }
        before = after;
    }
    prop_assert_eq!(victim.store.get::<i32>("kept"), Some(1));
    Ok(())
}

#[test]
fn whatever_is_sent_what_is_refused_is_counted_and_leaves_no_trace() {
    let tabs = Seeded::new(2_000);
    let Seeded { cases, seed } = tabs;
    let messages = cases * MESSAGES;
    figure!("hostile messages: {messages}, PROPTEST_RNG_SEED={seed} UNIVERSAL_STATE_CASES={cases}");
    let counts = Counts::default();
    let many = prop::collection::vec((right(), wrong()), MESSAGES as usize);
    tabs.try_all(many, |messages| hear(&messages, &counts));
    figure!(
        "hostile messages: {} refused and counted, {} taken, {} of unknown worth, 0 panics",
        counts.refused.get(),
        counts.taken.get(),
        counts.unknown.get()
    );
}
