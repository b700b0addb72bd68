//! What the backend is asked for.

use crate::edge::storage::{
    backend::{Fault, Items, Loaded},
    names::Names,
    status::Quarantined,
};
use smol_str::SmolStr;

/// What the backend is asked for, and why.
pub(crate) enum Job {
    /// To bring all items.
    Load,
    /// The same, to find out whether it can be used again.
    Probe,
    /// To bring these keys, of which some may have to be written.
    Read(Vec<SmolStr>),
    /// To put aside what is in the way of some of these.
    SetAside(Vec<Put>),
    /// To write these.
    Write(Vec<Put>),
    /// To remove what is of no use.
    Tidy(Vec<String>),
}

/// A key that is to be written, or (`None`) removed.
pub(crate) struct Put {
    pub(crate) key: SmolStr,
    pub(crate) text: Option<String>,
    /// The hash of what is there.
    pub(crate) before: u64,
    /// What is there and cannot be read.
    pub(crate) aside: Option<Quarantined>,
}

/// A job that waits for its answer.
pub(crate) struct Asked {
    pub(crate) id: u64,
    pub(crate) since: u64,
    pub(crate) is_fallback: bool,
    pub(crate) job: Job,
}

pub(crate) enum Answer {
    Loaded(Loaded),
    Items(Items),
    Written(Vec<Result<(), Fault>>),
    Lost(Fault),
}

/// What to do next.
pub(crate) enum Step {
    Answer(Job, Answer),
    Ask(u64, bool, Ask),
    Idle,
}

/// A call of the backend.
pub(crate) enum Ask {
    Load,
    Read(Vec<String>),
    Write(Vec<(String, Option<String>)>),
}

impl Job {
    pub(crate) fn ask(&self, names: &Names) -> Ask {
        match self {
            Self::Load | Self::Probe => Ask::Load,
            Self::Read(keys) => Ask::Read(keys.iter().map(|key| names.entry(key)).collect()),
            Self::SetAside(puts) => {
                let asides = puts.iter().filter_map(|put| put.aside.as_ref());
                let asides =
                    asides.map(|aside| (names.quarantined(&aside.id), Some(aside.record())));
                Ask::Write(asides.collect())
            }
            Self::Write(puts) => {
                let items = puts
                    .iter()
                    .map(|put| (names.entry(&put.key), put.text.clone()));
                Ask::Write(items.collect())
            }
            Self::Tidy(names) => {
                Ask::Write(names.iter().map(|name| (name.clone(), None)).collect())
            }
        }
    }
}
