//! What the random tests do to a store, and how such sequences are made.

use proptest::{collection::vec, prelude::*};
use serde::{Deserialize, Serialize};
use universal_state::{Delivery, EngineKind, Restore};

/// The ids of the two micro-frontends; the second holds a character that must be encoded.
pub const IDS: [&str; 2] = ["m", "m/n"];
/// The start of their keys.
pub const NAMESPACES: [&str; 2] = ["@m/", "@m%2Fn/"];
/// The names of keys, in every namespace and shared.
pub const NAMES: [&str; 4] = ["a", "b", "row:1", "x/y"];

/// The guard refuses a transaction that stores this.
pub const UNLUCKY: i64 = 7;
/// The guard stores 0 for this.
pub const NEGATIVE: i64 = -1;
/// The guard refuses a transaction that removes this.
pub const KEPT: i64 = 5;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    pub x: i64,
}

/// A value, however it is stored.
#[derive(Clone, Debug, PartialEq)]
pub enum Val {
    Int(i64),
    Text(String),
    Point(i64),
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Form {
    Typed,
    #[cfg(feature = "json")]
    Json,
}

/// As whom the store is used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Door {
    Store,
    /// The store, with a source.
    Source,
    Own(usize),
    Shared(usize),
    /// The keys of the other micro-frontend.
    Peer(usize),
}

impl Door {
    pub fn mfe(self) -> Option<usize> {
        match self {
            Self::Store | Self::Source => None,
            Self::Own(m) | Self::Shared(m) | Self::Peer(m) => Some(m),
        }
    }
}

/// A key as the user of a door calls it. Only the store's doors look at `space`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    pub space: Option<usize>,
    pub name: usize,
}

impl Place {
    pub fn full(self) -> String {
        let space = self.space.map_or("", |m| NAMESPACES[m]);
        format!("{space}{}", NAMES[self.name])
    }

    /// What the key is called at a door.
    pub fn at(self, door: Door) -> String {
        match door.mfe() {
            None => self.full(),
            Some(_) => NAMES[self.name].to_owned(),
        }
    }
}

#[derive(Clone, Debug)]
pub enum Action {
    Set(Val, Form),
    Update(i64),
    UpdateOr(i64, i64),
    Delete,
}

/// What is done at once, or as a part of a batch.
#[derive(Clone, Debug)]
pub enum Step {
    Write(Door, Place, Action),
    SetMany(Door, Vec<(Place, Val)>),
    Clear(Door),
    Restore(usize, Restore),
    Read(Door, Place),
    Computed(usize),
    Flush,
    Batch(Vec<Step>, bool),
    HandleWrite(usize, Action),
    HandleRead(usize),
    Register(usize),
    Unregister(usize, Leave),
}

#[derive(Clone, Copy, Debug)]
pub enum Subject {
    Key(Place),
    Keys(Place, Place),
    Pattern(usize),
    All,
    /// One of the computed values; at a micro-frontend's door, the one of its own.
    Computed(usize),
}

#[derive(Clone, Copy, Debug)]
pub struct Wish {
    pub door: Door,
    pub subject: Subject,
    pub delivery: Delivery,
    pub immediate: bool,
    pub fails: bool,
}

#[derive(Clone, Copy, Debug)]
pub enum Leave {
    Scope,
    Store,
}

#[derive(Clone, Debug)]
pub enum Op {
    Do(Step),
    Snapshot(Door),
    Subscribe(Wish),
    Unsubscribe(usize),
    DropScope(usize),
    SharedReadOnly(bool),
    Guard(bool),
    Handle(Door, Place),
    DropHandle(usize),
    SetEngine(EngineKind),
}

/// How many computed values there are.
pub const COMPUTED: usize = 5;
/// How many patterns there are.
pub const PATTERNS: usize = if cfg!(feature = "regex") { 5 } else { 4 };

fn val() -> impl Strategy<Value = Val> {
    prop_oneof![
        8 => (0i64..4).prop_map(Val::Int),
        1 => prop_oneof![Just(UNLUCKY), Just(NEGATIVE), Just(KEPT)].prop_map(Val::Int),
        1 => "[ab]".prop_map(Val::Text),
        1 => (0i64..2).prop_map(Val::Point),
    ]
}

#[cfg(feature = "json")]
fn form() -> impl Strategy<Value = Form> {
    prop_oneof![3 => Just(Form::Typed), 1 => Just(Form::Json)]
}

#[cfg(not(feature = "json"))]
fn form() -> impl Strategy<Value = Form> {
    Just(Form::Typed)
}

fn door() -> impl Strategy<Value = Door> {
    let mfe = 0..IDS.len();
    prop_oneof![
        6 => Just(Door::Store),
        2 => Just(Door::Source),
        3 => mfe.clone().prop_map(Door::Own),
        2 => mfe.clone().prop_map(Door::Shared),
        1 => mfe.prop_map(Door::Peer),
    ]
}

fn place() -> impl Strategy<Value = Place> {
    let space = prop_oneof![4 => Just(None), 1 => (0..IDS.len()).prop_map(Some)];
    (space, 0..NAMES.len()).prop_map(|(space, name)| Place { space, name })
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        6 => (val(), form()).prop_map(|(val, form)| Action::Set(val, form)),
        2 => (-1i64..2).prop_map(Action::Update),
        1 => (0i64..3, 0i64..2).prop_map(|(default, add)| Action::UpdateOr(default, add)),
        3 => Just(Action::Delete),
    ]
}

/// What can be done through a handle of a number.
fn int_action() -> impl Strategy<Value = Action> {
    action().prop_map(|action| match action {
        Action::Set(Val::Text(_) | Val::Point(_), form) => Action::Set(Val::Int(1), form),
        action => action,
    })
}

fn mode() -> impl Strategy<Value = Restore> {
    prop_oneof![Just(Restore::Replace), Just(Restore::Merge)]
}

fn simple_step() -> impl Strategy<Value = Step> {
    let many = vec((place(), val()), 0..4);
    let mfe = 0..IDS.len();
    let leave = prop_oneof![Just(Leave::Scope), Just(Leave::Store)];
    prop_oneof![
        14 => (door(), place(), action()).prop_map(|(d, p, a)| Step::Write(d, p, a)),
        2 => (door(), many).prop_map(|(door, entries)| Step::SetMany(door, entries)),
        1 => door().prop_map(Step::Clear),
        2 => (0usize..8, mode()).prop_map(|(at, mode)| Step::Restore(at, mode)),
        3 => (door(), place()).prop_map(|(door, place)| Step::Read(door, place)),
        2 => (0..COMPUTED).prop_map(Step::Computed),
        4 => Just(Step::Flush),
        3 => (0usize..4, int_action()).prop_map(|(at, action)| Step::HandleWrite(at, action)),
        1 => (0usize..4).prop_map(Step::HandleRead),
        3 => mfe.clone().prop_map(Step::Register),
        1 => (mfe, leave).prop_map(|(mfe, leave)| Step::Unregister(mfe, leave)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    simple_step().prop_recursive(2, 12, 5, |inner| {
        (vec(inner, 0..5), prop::bool::weighted(0.7)).prop_map(|(steps, ok)| Step::Batch(steps, ok))
    })
}

fn wish() -> impl Strategy<Value = Wish> {
    let subject = prop_oneof![
        3 => place().prop_map(Subject::Key),
        2 => (place(), place()).prop_map(|(a, b)| Subject::Keys(a, b)),
        2 => (0..PATTERNS).prop_map(Subject::Pattern),
        2 => Just(Subject::All),
        3 => (0..COMPUTED).prop_map(Subject::Computed),
    ];
    let delivery = prop_oneof![2 => Just(Delivery::Batched), 1 => Just(Delivery::Sync)];
    let yes = prop::bool::weighted;
    (door(), subject, delivery, yes(0.4), yes(0.1)).prop_map(
        |(door, subject, delivery, immediate, fails)| Wish {
            door,
            subject,
            delivery,
            immediate,
            fails,
        },
    )
}

fn op(exchange: bool) -> impl Strategy<Value = Op> {
    let mfe = 0..IDS.len();
    let engines = prop_oneof![Just(EngineKind::Map), Just(EngineKind::Signal)];
    prop_oneof![
        30 => step().prop_map(Op::Do),
        2 => door().prop_map(Op::Snapshot),
        6 => wish().prop_map(Op::Subscribe),
        2 => (0usize..10).prop_map(Op::Unsubscribe),
        1 => mfe.prop_map(Op::DropScope),
        1 => any::<bool>().prop_map(Op::SharedReadOnly),
        1 => prop::bool::weighted(0.6).prop_map(Op::Guard),
        2 => (door(), place()).prop_map(|(door, place)| Op::Handle(door, place)),
        1 => (0usize..4).prop_map(Op::DropHandle),
        1 => engines.prop_map(move |kind| match exchange {
            true => Op::SetEngine(kind),
            false => Op::Do(Step::Flush),
        }),
    ]
}

/// Sequences of operations; with `exchange`, the engine is one of the things that change.
pub fn ops(exchange: bool) -> impl Strategy<Value = Vec<Op>> {
    vec(op(exchange), 1..50)
}

/// Whether a computed value looks for keys.
pub fn computes(op: &Op) -> bool {
    fn in_step(step: &Step) -> bool {
        match step {
            Step::Computed(_) => true,
            Step::Batch(steps, _) => steps.iter().any(in_step),
            _ => false,
        }
    }
    match op {
        Op::Do(step) => in_step(step),
        Op::Subscribe(wish) => matches!(wish.subject, Subject::Computed(_)),
        _ => false,
    }
}
