//! Signals: the triggers of slots and of the whole store, made when somebody first tracks them, and the
//! memos that follow a slot without one.

use crate::few::Few;
use reactive_graph::{
    graph::{AnySubscriber, Observer, ReactiveNode, Source, Subscriber, ToAnySource},
    signal::ArcTrigger,
};
#[cfg(feature = "leptos")]
use std::sync::atomic::AtomicU32;
use std::sync::{
    Mutex, Weak,
    atomic::{AtomicBool, Ordering},
};

/// How many subscriptions a trigger has before another takes its place, without those who are gone.
const MAX_SUBSCRIPTIONS: u32 = 64;

/// Who is to be told of a change.
#[derive(Default)]
pub(crate) struct Signal {
    tracked: Option<Tracked>,
    /// Empty while there is a trigger: who subscribed first is told first, and only one set knows.
    followers: Followers,
}

/// A trigger, made when somebody first tracks it.
struct Tracked {
    trigger: ArcTrigger,
    /// How many subscriptions it has had.
    subscriptions: u32,
    /// The last to track it since it was notified.
    tracker: Option<Weak<dyn Subscriber + Send + Sync>>,
}

/// Memos that read the key whenever they run, where nobody else does. They stay subscribed for as long
/// as they live, so no trigger has to be among their sources, to be given up at each run and needed
/// again.
#[derive(Default)]
struct Followers {
    memos: Few<AnySubscriber>,
    /// How many there are when those who are gone are looked for.
    #[cfg(feature = "leptos")]
    limit: usize,
    /// Whether one of them has run since they were told.
    are_waiting: bool,
    /// How often they have become subscribers of a trigger.
    generation: u32,
}

/// What a memo knows of its subscription to a slot: in which generation of followers it is, from 1.
#[cfg(feature = "leptos")]
#[derive(Debug, Default)]
pub(crate) struct Following(AtomicU32);

/// Who is to be told of a change, outside of any lock.
pub(crate) struct Trigger {
    to_tell: ToTell,
    /// Whether the last to track it, or a follower, still waits for news.
    pub(crate) is_awaited: bool,
}

enum ToTell {
    Subscribers(ArcTrigger),
    Followers(Few<AnySubscriber>),
}

impl Trigger {
    /// Tells the subscribers, who stay subscribed. To let them go, as `ArcTrigger::notify` does, takes
    /// longer: most come back, to a set that has to be made anew.
    pub(crate) fn notify(&self) {
        match &self.to_tell {
            ToTell::Subscribers(trigger) => trigger.mark_dirty(),
            ToTell::Followers(memos) => memos.iter().for_each(ReactiveNode::mark_dirty),
        }
    }
}

impl Tracked {
    fn new(followers: impl IntoIterator<Item = AnySubscriber>) -> Self {
        let trigger = ArcTrigger::new();
        for memo in followers {
            trigger.add_subscriber(memo);
        }
        Self {
            trigger,
            subscriptions: 0,
            tracker: None,
        }
    }

    /// Whether the last to track it still waits for news. Of others it does not know.
    fn is_awaited(&self) -> bool {
        let tracker = self.tracker.as_ref();
        tracker.is_some_and(|tracker| tracker.strong_count() > 0)
    }
}

fn is_here(memo: &AnySubscriber) -> bool {
    memo.1.strong_count() > 0
}

impl Followers {
    #[cfg(feature = "leptos")]
    fn push(&mut self, memo: AnySubscriber) {
        if self.memos.len() >= self.limit {
            self.memos.retain(is_here);
            self.limit = 2 * self.memos.len().max(4);
        }
        self.memos.push(memo);
    }

    /// Takes them away, to where they have to be in the order of all.
    fn leave(&mut self) -> Few<AnySubscriber> {
        self.generation = self.generation.wrapping_add(1);
        std::mem::take(&mut self.memos)
    }

    fn is_awaited(&self) -> bool {
        self.are_waiting && self.memos.iter().any(is_here)
    }
}

impl Signal {
    /// Subscribes an effect or a memo, and hands out the trigger to be a source of it. It happens under
    /// the lock of the signal: otherwise another trigger might have taken the place of this one.
    pub(super) fn tracked_by(&mut self, observer: &AnySubscriber) -> ArcTrigger {
        let followers = &mut self.followers;
        let tracked = self
            .tracked
            .get_or_insert_with(|| Tracked::new(followers.leave()));
        tracked.tracker = Some(Weak::clone(&observer.1));
        tracked.subscriptions += 1;
        tracked.trigger.add_subscriber(observer.clone());
        tracked.trigger.clone()
    }

    /// Has the running memo subscribed for as long as it lives. Returns whether it is: not where others
    /// track the key, among whom it has to keep its place.
    #[cfg(feature = "leptos")]
    pub(super) fn followed_by(&mut self, following: &Following) -> bool {
        if self.tracked.is_some() {
            return false;
        }
        let generation = self.followers.generation.wrapping_add(1);
        if following.0.load(Ordering::Relaxed) != generation {
            let Some(memo) = Observer::get() else {
                return false;
            };
            following.0.store(generation, Ordering::Relaxed);
            self.followers.push(memo);
        }
        self.followers.are_waiting = true;
        true
    }

    /// Who is to be told, if anyone ever tracked or followed it.
    #[inline]
    pub(super) fn existing(&mut self) -> Option<Trigger> {
        let is_awaited = self.is_tracked();
        let to_tell = if let Some(tracked) = &mut self.tracked {
            tracked.tracker = None;
            let trigger = tracked.trigger.clone();
            if tracked.subscriptions >= MAX_SUBSCRIPTIONS {
                self.tracked = None;
            }
            ToTell::Subscribers(trigger)
        } else {
            let followers = &mut self.followers;
            followers.are_waiting = false;
            followers.memos.retain(is_here);
            if followers.memos.is_empty() {
                return None;
            }
            ToTell::Followers(followers.memos.clone())
        };
        Some(Trigger {
            to_tell,
            is_awaited,
        })
    }

    /// Whether anyone ever tracked or follows it.
    pub(crate) fn is_made(&self) -> bool {
        self.tracked.is_some() || !self.followers.memos.is_empty()
    }

    /// Whether the last to track it still waits for news, or a follower. Of others it does not know.
    pub(super) fn is_tracked(&self) -> bool {
        let tracked = self.tracked.as_ref();
        tracked.map_or_else(|| self.followers.is_awaited(), Tracked::is_awaited)
    }
}

/// A [`Signal`] of the whole store.
#[derive(Default)]
pub(crate) struct SharedSignal {
    signal: Mutex<Signal>,
    /// Whether anyone ever tracked it.
    used: AtomicBool,
}

impl SharedSignal {
    pub(crate) fn track(&self) {
        if let Some(observer) = Observer::get() {
            self.used.store(true, Ordering::Release);
            let trigger = crate::lock(&self.signal).tracked_by(&observer);
            observer.add_source(trigger.to_any_source());
        }
    }

    /// Whether anyone ever tracked it.
    pub(crate) fn is_used(&self) -> bool {
        self.used.load(Ordering::Acquire)
    }

    pub(crate) fn notify(&self) {
        if !self.is_used() {
            return;
        }
        let trigger = crate::lock(&self.signal).existing();
        if let Some(trigger) = trigger {
            trigger.notify();
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{EngineKind, Store};
    use reactive_graph::graph::{AnySource, AnySubscriber, ReactiveNode, Subscriber, WithObserver};
    use std::{
        cell::Cell,
        sync::{
            Arc, Weak,
            atomic::{AtomicUsize, Ordering},
        },
        thread,
    };

    thread_local! {
        /// What others do while a reader is about to be subscribed.
        static MEANWHILE: Cell<Option<Box<dyn FnOnce()>>> = const { Cell::new(None) };
    }

    /// Counts how often it is told.
    #[derive(Default)]
    struct Reader(AtomicUsize);

    impl Reader {
        fn read(self: &Arc<Self>, read: impl FnOnce()) {
            let this = Arc::downgrade(self) as Weak<dyn Subscriber + Send + Sync>;
            AnySubscriber(Arc::as_ptr(self).addr(), this).with_observer(read);
        }
    }

    impl ReactiveNode for Reader {
        fn mark_dirty(&self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
        fn mark_check(&self) {}
        fn mark_subscribers_check(&self) {}
        fn update_if_necessary(&self) -> bool {
            false
        }
    }

    impl Subscriber for Reader {
        fn add_source(&self, _: AnySource) {
            if let Some(meanwhile) = MEANWHILE.take() {
                meanwhile();
            }
        }
        fn clear_sources(&self, _: &AnySubscriber) {}
    }

    #[test]
    fn who_reads_again_is_told_each_time_and_who_does_not_is_forgotten() {
        for kind in EngineKind::ALL {
            let store = Store::builder().engine(*kind).build();
            let (gone, here) = (Arc::<Reader>::default(), Arc::<Reader>::default());
            let read = || assert!(store.has("n"));
            store.set("n", -1).ok();
            gone.read(read);
            assert!(Arc::weak_count(&gone) > 0, "it is subscribed");
            for n in 0..200 {
                here.read(read);
                store.set("n", n).ok();
            }
            assert_eq!(here.0.load(Ordering::Relaxed), 200);
            assert_eq!(Arc::weak_count(&gone), 0, "nothing is left of it");
        }
    }

    #[cfg(feature = "leptos")]
    #[test]
    fn who_follows_is_told_each_time_and_forgotten_when_gone() {
        for kind in EngineKind::ALL {
            let store = Store::builder().engine(*kind).build();
            let n = store.handle::<i32>("n").unwrap();
            let follow = || {
                let (reader, following) = (Arc::<Reader>::default(), super::Following::default());
                reader.read(|| drop(n.follow(&following)));
                (reader, following)
            };
            let (here, following) = follow();
            for round in 0..200 {
                here.read(|| drop(n.follow(&following)));
                n.set(round).ok();
            }
            assert_eq!(here.0.load(Ordering::Relaxed), 200, "once a write");
            n.set(-1).ok();
            assert_eq!(
                here.0.load(Ordering::Relaxed),
                201,
                "also if it has not run"
            );

            let count = || {
                crate::lock(&n.slot.state)
                    .rare()
                    .map(|rare| rare.signal.followers.memos.len())
            };
            follow();
            assert_eq!(count(), Some(2));
            n.set(-2).ok();
            assert_eq!(count(), Some(1), "a write forgets who is gone");
            for _ in 0..1_000 {
                follow();
            }
            assert!(count() < Some(16), "so do those who come");
            n.set(-3).ok();
            assert_eq!(here.0.load(Ordering::Relaxed), 203, "and who is here stays");
        }
    }

    #[cfg(feature = "leptos")]
    #[test]
    fn who_follows_among_those_who_track_is_told_each_time() {
        for kind in EngineKind::ALL {
            let store = Store::builder().engine(*kind).build();
            let n = store.handle::<i32>("n").unwrap();
            let (follower, following) = (Arc::<Reader>::default(), super::Following::default());
            let tracker = Arc::<Reader>::default();
            for round in 0..1_000 {
                follower.read(|| drop(n.follow(&following)));
                // They come and go, over several triggers.
                let tracks = round / 100 % 2 == 1;
                if tracks {
                    tracker.read(|| assert_eq!(store.has("n"), round > 0));
                }
                let before = tracker.0.load(Ordering::Relaxed);
                n.set(round).ok();
                assert_eq!(follower.0.load(Ordering::Relaxed), round as usize + 1);
                if tracks {
                    assert_eq!(tracker.0.load(Ordering::Relaxed), before + 1);
                }
            }
            let is_followed = || {
                let state = crate::lock(&n.slot.state);
                state.rare().map(|rare| rare.signal.tracked.is_none())
            };
            for round in 0..100 {
                follower.read(|| drop(n.follow(&following)));
                n.set(-round).ok();
            }
            assert_eq!(
                is_followed(),
                Some(true),
                "nobody else has tracked it for long"
            );
        }
    }

    #[test]
    fn who_is_about_to_be_subscribed_while_a_trigger_is_replaced_is_told() {
        for kind in EngineKind::ALL {
            let store = Store::builder().engine(*kind).build();
            store.set("n", -1).ok();
            let (first, late) = (Arc::<Reader>::default(), Arc::<Reader>::default());
            for _ in 1..super::MAX_SUBSCRIPTIONS {
                first.read(|| assert!(store.has("n")));
            }
            let other = store.clone();
            let write = move || thread::spawn(move || other.set("n", 0)).join().is_ok();
            MEANWHILE.set(Some(Box::new(move || assert!(write()))));
            late.read(|| assert!(store.has("n")));
            let before = late.0.load(Ordering::Relaxed);
            store.set("n", 1).ok();
            let told = late.0.load(Ordering::Relaxed);
            assert!(told > 0, "of the last write, {before} of the one before");
        }
    }
}
