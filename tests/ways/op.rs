//! What is done to both stores.

use proptest::{prelude::*, sample::select};
use serde::{Deserialize, Serialize};
use universal_state::{Delivery, EngineKind, Restore};

pub const KEYS: [&str; 5] = ["a", "b", "row:1", "row:2", "@m/a"];
pub const MFE: &str = "m";
const SOURCES: [&str; 2] = ["left", "right"];

/// A value that the language does not compare by itself: it never goes the short way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    pub x: i32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Val {
    Int(i32),
    /// Equal to an `Int` as JSON, of another type.
    Long(i64),
    Bool(bool),
    Float(f64),
    Text(&'static str),
    Point(i32),
}

/// By what a key is written or read.
#[derive(Clone, Copy, Debug)]
pub enum Door {
    Name,
    Handle,
    Source(&'static str),
    Mfe,
}

#[derive(Clone, Copy, Debug)]
pub enum Subject {
    Key,
    Keys,
    Pattern(&'static str),
    All,
    Computed,
}

#[derive(Clone, Debug)]
pub struct Wish {
    pub subject: Subject,
    pub key: usize,
    pub delivery: Delivery,
    pub immediate: bool,
    pub reaction: Option<Reaction>,
}

/// What a listener does when it is called.
#[derive(Clone, Debug)]
pub struct Reaction {
    /// How many times.
    pub times: usize,
    pub does: Vec<Act>,
    pub ends: Ends,
}

#[derive(Clone, Copy, Debug)]
pub enum Ends {
    Well,
    Failing,
    Panicking,
}

#[derive(Clone, Debug)]
pub enum Act {
    Set(Door, usize, Val),
    /// Adds to a number: what it writes depends on what is there.
    Update(Door, usize, i32),
    Delete(Door, usize),
    SetMany(Vec<(usize, Val)>),
    /// Whether it is kept.
    Batch(Vec<Act>, bool),
    Clear,
    Get(Door, usize),
    Hold(usize),
    LetGo(usize),
    Snapshot,
    DropSnapshot(usize),
    Restore(usize, Restore),
    Subscribe(Box<Wish>),
    Unsubscribe(usize),
    /// An effect that reads the key, and may write another in turn.
    Watch(usize, Option<(usize, Val)>),
    /// An effect that reads which keys there are, and the version.
    WatchAll,
    Unwatch(usize),
    Flush,
    /// What the scheduler was given to do at the end of the turn.
    EndTurn,
    SetEngine(EngineKind),
}

fn val() -> impl Strategy<Value = Val> {
    let floats = vec![0.0, -0.0, 1.0, f64::NAN, -f64::NAN, f64::INFINITY];
    prop_oneof![
        8 => (0..3).prop_map(Val::Int),
        1 => (0i64..3).prop_map(Val::Long),
        1 => any::<bool>().prop_map(Val::Bool),
        3 => select(floats).prop_map(Val::Float),
        3 => select(vec!["", "one", "a text that is longer than a few words"]).prop_map(Val::Text),
        2 => (0..2).prop_map(Val::Point),
    ]
}

fn door() -> impl Strategy<Value = Door> {
    prop_oneof![
        4 => Just(Door::Name),
        4 => Just(Door::Handle),
        2 => select(&SOURCES[..]).prop_map(Door::Source),
        1 => Just(Door::Mfe),
    ]
}

/// Few are written much.
fn key() -> impl Strategy<Value = usize> {
    prop_oneof![4 => 0..2usize, 1 => 2..KEYS.len()]
}

fn write() -> impl Strategy<Value = Act> {
    prop_oneof![
        12 => (door(), key(), val()).prop_map(|(door, key, val)| Act::Set(door, key, val)),
        2 => (door(), key(), 0..3).prop_map(|(door, key, n)| Act::Update(door, key, n)),
        2 => (door(), key()).prop_map(|(door, key)| Act::Delete(door, key)),
        2 => (door(), key()).prop_map(|(door, key)| Act::Get(door, key)),
        2 => prop::collection::vec((key(), val()), 0..5).prop_map(Act::SetMany),
    ]
}

fn rare() -> impl Strategy<Value = Act> {
    prop_oneof![
        1 => Just(Act::Clear),
        3 => key().prop_map(Act::Hold),
        1 => key().prop_map(Act::LetGo),
        5 => Just(Act::Snapshot),
        2 => any::<usize>().prop_map(Act::DropSnapshot),
        2 => (any::<usize>(), select(vec![Restore::Replace, Restore::Merge]))
            .prop_map(|(at, mode)| Act::Restore(at, mode)),
        3 => any::<usize>().prop_map(Act::Unsubscribe),
        2 => (key(), prop::option::of((key(), val())))
            .prop_map(|(key, writes)| Act::Watch(key, writes)),
        1 => Just(Act::WatchAll),
        1 => any::<usize>().prop_map(Act::Unwatch),
        5 => Just(Act::Flush),
        3 => Just(Act::EndTurn),
        1 => select(EngineKind::ALL).prop_map(Act::SetEngine),
    ]
}

fn wish(reaction: impl Strategy<Value = Option<Reaction>>) -> impl Strategy<Value = Act> {
    let subject = prop_oneof![
        6 => Just(Subject::Key),
        2 => Just(Subject::Keys),
        2 => select(vec!["row:*", "*", "**", "@m/*"]).prop_map(Subject::Pattern),
        2 => Just(Subject::All),
        1 => Just(Subject::Computed),
    ];
    let delivery = select(vec![Delivery::Sync, Delivery::Batched]);
    (subject, key(), delivery, any::<bool>(), reaction).prop_map(
        |(subject, key, delivery, immediate, reaction)| {
            Act::Subscribe(Box::new(Wish {
                subject,
                key,
                delivery,
                immediate,
                reaction,
            }))
        },
    )
}

fn batch(inner: impl Strategy<Value = Act>) -> impl Strategy<Value = Act> {
    let acts = prop::collection::vec(inner, 0..5);
    (acts, prop::bool::weighted(0.8)).prop_map(|(acts, kept)| Act::Batch(acts, kept))
}

/// Everything but what listens and reacts.
fn act() -> impl Strategy<Value = Act> {
    let leaf = || prop_oneof![8 => write(), 2 => rare(), 1 => wish(Just(None))];
    let nested = || prop_oneof![6 => leaf(), 1 => batch(leaf())];
    prop_oneof![10 => leaf(), 2 => batch(nested())]
}

fn reaction() -> impl Strategy<Value = Reaction> {
    let times = prop_oneof![10 => 1..4usize, 1 => Just(usize::MAX)];
    let ends = prop_oneof![
        8 => Just(Ends::Well),
        1 => Just(Ends::Failing),
        1 => Just(Ends::Panicking),
    ];
    let does = prop::collection::vec(act(), 0..3);
    (times, does, ends).prop_map(|(times, does, ends)| Reaction {
        // What never ends may write one key, and is stopped as a cycle.
        does: if times == usize::MAX {
            vec![Act::Update(Door::Name, 0, 1)]
        } else {
            does
        },
        times,
        ends,
    })
}

pub fn acts() -> impl Strategy<Value = Vec<Act>> {
    let reacting = prop::option::weighted(0.5, reaction());
    let act = prop_oneof![10 => act(), 2 => wish(reacting)];
    prop::collection::vec(act, 0..40)
}
