//! [`LoadStatus`]: how it stands with the value of a key that is being loaded.

use crate::{
    change::{Origin, Stamp},
    key::Name,
    store::clock::now,
    value::Value,
};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// How it stands with the requests of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum LoadPhase {
    /// Nobody asks, and no answer is known of.
    #[default]
    Idle,
    /// Somebody asks. The previous value stays readable meanwhile.
    Pending,
    /// The last answer was stored.
    Ready,
    /// The last answer was an error. The previous value stays.
    Failed,
}

/// Whether the value of a key is being loaded, since when, for whom, and how that ended. Read by
/// [`View::load_status`](crate::View::load_status).
#[derive(Clone, PartialEq, Eq, Default)]
pub struct LoadStatus {
    asked: Option<Asked>,
    answer: Option<Answer>,
    ready_at: Option<u64>,
}

/// A request: when, and whose.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Asked {
    at: u64,
    origin: Origin,
    source: Name,
}

impl Asked {
    pub(super) fn now(stamp: &Stamp) -> Self {
        Self {
            at: now(),
            origin: stamp.origin.clone(),
            source: stamp.source.clone(),
        }
    }
}

#[derive(Clone, PartialEq, Eq)]
struct Answer {
    at: u64,
    asked: Asked,
    error: Option<Arc<str>>,
}

impl LoadStatus {
    /// How it stands.
    pub fn phase(&self) -> LoadPhase {
        match (&self.asked, &self.answer) {
            (Some(_), _) => LoadPhase::Pending,
            (None, None) => LoadPhase::Idle,
            (None, Some(answer)) if answer.error.is_some() => LoadPhase::Failed,
            (None, Some(_)) => LoadPhase::Ready,
        }
    }

    /// Whether nobody asks and no answer is known of.
    pub fn is_idle(&self) -> bool {
        self.phase() == LoadPhase::Idle
    }

    /// Whether a request is under way.
    pub fn is_pending(&self) -> bool {
        self.asked.is_some()
    }

    /// Whether the last answer was stored and nobody asks anew.
    pub fn is_ready(&self) -> bool {
        self.phase() == LoadPhase::Ready
    }

    /// Whether the last answer was an error and nobody asks anew.
    pub fn is_failed(&self) -> bool {
        self.phase() == LoadPhase::Failed
    }

    /// The text of the last error. It stays readable while the next request is under way, and goes
    /// when an answer is stored.
    pub fn error(&self) -> Option<&str> {
        self.answer.as_ref()?.error.as_deref()
    }

    /// When the phase began, in ms since the Unix epoch; `None` while it is idle.
    pub fn since(&self) -> Option<u64> {
        match (&self.asked, &self.answer) {
            (Some(asked), _) => Some(asked.at),
            (None, answer) => answer.as_ref().map(|answer| answer.at),
        }
    }

    /// When an answer was last stored, in ms since the Unix epoch.
    pub fn ready_at(&self) -> Option<u64> {
        self.ready_at
    }

    /// What the asker calls itself: that of the request under way, or of the one that was last
    /// answered. A micro-frontend's id, unless it gave another source.
    pub fn source(&self) -> Option<&str> {
        self.asker().map(|asked| asked.source.as_str())
    }

    /// The door through which that request came.
    pub fn origin(&self) -> Option<&Origin> {
        self.asker().map(|asked| &asked.origin)
    }

    fn asker(&self) -> Option<&Asked> {
        let answered = || self.answer.as_ref().map(|answer| &answer.asked);
        self.asked.as_ref().or_else(answered)
    }
}

impl fmt::Debug for LoadStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadStatus")
            .field("phase", &self.phase())
            .field("since", &self.since())
            .field("source", &self.source())
            .field("error", &self.error())
            .field("ready_at", &self.ready_at)
            .finish()
    }
}

/// What the hidden slot of a key's requests holds. It never leaves the store.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Record {
    /// The request that was started last.
    #[serde(skip)]
    pub(super) request: u64,
    #[serde(skip)]
    pub(super) status: LoadStatus,
}

/// A status that ends the turn as it began is no news, whatever requests came and went.
impl PartialEq for Record {
    fn eq(&self, other: &Self) -> bool {
        self.status == other.status
    }
}

impl Record {
    pub(super) fn of(content: Option<&Value>) -> Self {
        content
            .and_then(|value| value.downcast::<Self>())
            .cloned()
            .unwrap_or_default()
    }

    pub(super) fn into_value(self) -> Value {
        Value::new(self)
    }

    /// Whether the answer of a request would be stored.
    pub(super) fn awaits(&self, request: u64) -> bool {
        self.request == request && self.status.is_pending()
    }

    /// Whether the request under way came through a door.
    pub(super) fn is_for(&self, origin: &Origin) -> bool {
        self.status
            .asked
            .as_ref()
            .is_some_and(|asked| asked.origin == *origin)
    }

    /// A request begins, and takes over from whichever is under way.
    pub(super) fn asked(&self, request: u64, asked: Asked) -> Self {
        let status = LoadStatus {
            asked: Some(asked),
            ..self.status.clone()
        };
        Self { request, status }
    }

    /// The request under way has come to nothing: all is as before it.
    pub(super) fn cancelled(&self) -> Self {
        let status = LoadStatus {
            asked: None,
            ..self.status.clone()
        };
        Self {
            request: self.request,
            status,
        }
    }

    /// The request under way has failed.
    pub(super) fn failed(&self, error: &str) -> Self {
        let Some(asked) = self.status.asked.clone() else {
            return self.clone();
        };
        let answer = Answer {
            at: now(),
            asked,
            error: Some(error.into()),
        };
        Self {
            request: self.request,
            status: LoadStatus {
                asked: None,
                answer: Some(answer),
                ready_at: self.status.ready_at,
            },
        }
    }

    /// The answer of a request is stored.
    pub(super) fn landed(request: u64, asked: Asked) -> Self {
        let at = now();
        let answer = Answer {
            at,
            asked,
            error: None,
        };
        Self {
            request,
            status: LoadStatus {
                asked: None,
                answer: Some(answer),
                ready_at: Some(at),
            },
        }
    }

    /// Nothing is known of any request, and none is under way.
    pub(super) fn forgotten(&self) -> Self {
        Self {
            request: self.request,
            status: LoadStatus::default(),
        }
    }
}
