//! The channel between simulated tabs, and what it does to messages.

use super::random::Random;
use crate::edge::{Fault, Receive, Transport};
use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    fmt,
    sync::{Arc, Mutex},
};

/// What a simulated network does to messages. Nothing but delay, unless it is said.
///
/// ```
/// use universal_state::edge::simulator::Conditions;
///
/// let bad = Conditions::bad();
/// assert!(bad.lost > 0 && bad.doubled > 0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conditions {
    /// How long a message takes, in ms, at most. Each takes its own time, so some overtake others.
    pub delay: u64,
    /// How many of a thousand messages are lost.
    pub lost: u64,
    /// How many of a thousand messages arrive twice.
    pub doubled: u64,
}

impl Conditions {
    /// As between the tabs of a browser: each message arrives, soon, and once.
    pub const fn good() -> Self {
        Self {
            delay: 4,
            lost: 0,
            doubled: 0,
        }
    }

    /// Worse than any browser: up to two seconds late, 5 % lost, 5 % doubled.
    pub const fn bad() -> Self {
        Self {
            delay: 2_000,
            lost: 50,
            doubled: 50,
        }
    }
}

/// What tabs have sent, and who receives.
#[derive(Default)]
pub(super) struct Wire(Mutex<Ends>);

#[derive(Default)]
struct Ends {
    sent: Vec<(usize, Arc<str>, Arc<str>)>,
    /// By tab: the name of the channel that it has open, and who hears.
    open: Vec<Option<Opened>>,
}

type Opened = (Arc<str>, Arc<Receive>);

impl Wire {
    /// The messages that were sent since the last call: by whom, on which channel, and what.
    pub(super) fn take(&self) -> Vec<(usize, Arc<str>, Arc<str>)> {
        std::mem::take(&mut crate::lock(&self.0).sent)
    }

    /// Gives a message to a tab that has the same channel open as the one that sent it.
    pub(super) fn deliver(&self, to: usize, channel: &str, text: &str) -> bool {
        let receive = {
            let ends = crate::lock(&self.0);
            let end = ends.open.get(to).and_then(Option::as_ref);
            end.filter(|(open, _)| **open == *channel)
                .map(|(_, receive)| Arc::clone(receive))
        };
        receive.is_some_and(|receive| {
            receive(text);
            true
        })
    }

    /// The other tabs that have a channel open.
    pub(super) fn others(&self, than: usize, channel: &str) -> Vec<usize> {
        let ends = crate::lock(&self.0);
        let open = ends.open.iter().enumerate();
        let open = open.filter(|(at, end)| {
            *at != than && end.as_ref().is_some_and(|(open, _)| **open == *channel)
        });
        open.map(|(at, _)| at).collect()
    }
}

/// The end of the channel that one tab has.
pub struct SimulatedChannel {
    pub(super) wire: Arc<Wire>,
    pub(super) tab: usize,
}

impl SimulatedChannel {
    fn put(&self, end: Option<Opened>) {
        let before = {
            let open = &mut crate::lock(&self.wire.0).open;
            if open.len() <= self.tab {
                open.resize_with(self.tab + 1, || None);
            }
            open.get_mut(self.tab)
                .and_then(|place| std::mem::replace(place, end))
        };
        drop(before);
    }
}

impl Transport for SimulatedChannel {
    fn name(&self) -> &str {
        "simulated channel"
    }

    fn open(&self, channel: &str, receive: Receive) -> Result<(), Fault> {
        self.put(Some((channel.into(), Arc::new(receive))));
        Ok(())
    }

    fn send(&self, message: &str) -> Result<(), Fault> {
        let mut ends = crate::lock(&self.wire.0);
        let channel = ends.open.get(self.tab).and_then(Option::as_ref);
        let Some(channel) = channel.map(|(channel, _)| Arc::clone(channel)) else {
            return Err(Fault::Unavailable("it is closed".to_owned()));
        };
        ends.sent.push((self.tab, channel, message.into()));
        Ok(())
    }

    fn close(&self) {
        self.put(None);
    }
}

impl fmt::Debug for SimulatedChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedChannel")
            .field("tab", &self.tab)
            .finish_non_exhaustive()
    }
}

/// Messages under way, by the time at which they arrive.
#[derive(Default)]
pub(super) struct UnderWay {
    queue: BinaryHeap<Reverse<Letter>>,
    count: u64,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Letter {
    pub(super) at: u64,
    /// Of two that arrive at once, the one that was sent first comes first.
    number: u64,
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) channel: Arc<str>,
    pub(super) text: Arc<str>,
}

impl UnderWay {
    /// Sends a message on its way, as the conditions have it. Returns how often it will arrive.
    pub(super) fn send(
        &mut self,
        mut letter: Letter,
        conditions: &Conditions,
        random: &mut Random,
    ) -> u64 {
        if random.happens(conditions.lost) {
            return 0;
        }
        let copies = if random.happens(conditions.doubled) {
            2
        } else {
            1
        };
        let now = letter.at;
        for _ in 0..copies {
            self.count += 1;
            (letter.at, letter.number) = (now + random.below(conditions.delay + 1), self.count);
            self.queue.push(Reverse(letter.clone()));
        }
        copies
    }

    pub(super) fn next_at(&self) -> Option<u64> {
        self.queue.peek().map(|Reverse(letter)| letter.at)
    }

    pub(super) fn pop(&mut self) -> Option<Letter> {
        self.queue.pop().map(|Reverse(letter)| letter)
    }
}

impl Letter {
    pub(super) fn new(
        at: u64,
        from: usize,
        to: usize,
        channel: &Arc<str>,
        text: &Arc<str>,
    ) -> Self {
        Self {
            at,
            number: 0,
            from,
            to,
            channel: Arc::clone(channel),
            text: Arc::clone(text),
        }
    }
}

impl Clone for Letter {
    fn clone(&self) -> Self {
        Self {
            number: self.number,
            ..Self::new(self.at, self.from, self.to, &self.channel, &self.text)
        }
    }
}
