//! Signals: the triggers of slots and of the whole store, made when somebody first tracks them.

use reactive_graph::{
    graph::{AnySubscriber, Observer, ReactiveNode, Source, Subscriber, ToAnySource},
    signal::ArcTrigger,
};
use std::sync::{
    Mutex, Weak,
    atomic::{AtomicBool, Ordering},
};

/// How many subscriptions a trigger has before another takes its place, without those who are gone.
const MAX_SUBSCRIPTIONS: u32 = 64;

/// A trigger that is made when somebody first tracks it.
#[derive(Default)]
pub(crate) struct Signal {
    trigger: Option<ArcTrigger>,
    /// How many of them the trigger has had.
    subscriptions: u32,
    /// The last to track it since it was notified.
    tracker: Option<Weak<dyn Subscriber + Send + Sync>>,
}

/// The trigger of a [`Signal`], to be notified outside of any lock.
pub(crate) struct Trigger {
    trigger: ArcTrigger,
    /// Whether the last to track it still waits for news.
    pub(crate) is_awaited: bool,
}

impl Trigger {
    /// Tells the subscribers, who stay subscribed. To let them go, as `ArcTrigger::notify` does, takes
    /// longer: most come back, to a set that has to be made anew.
    pub(crate) fn notify(&self) {
        self.trigger.mark_dirty();
    }
}

impl Signal {
    /// Subscribes an effect or a memo, and hands out the trigger to be a source of it. It happens under
    /// the lock of the signal: otherwise another trigger might have taken the place of this one.
    pub(super) fn tracked_by(&mut self, observer: &AnySubscriber) -> ArcTrigger {
        self.tracker = Some(Weak::clone(&observer.1));
        self.subscriptions += 1;
        let trigger = self.trigger.get_or_insert_with(ArcTrigger::new);
        trigger.add_subscriber(observer.clone());
        trigger.clone()
    }

    /// The trigger, if anyone ever tracked it, to be notified.
    #[inline]
    pub(super) fn existing(&mut self) -> Option<Trigger> {
        let is_awaited = self.is_tracked();
        self.tracker = None;
        let trigger = if self.subscriptions < MAX_SUBSCRIPTIONS {
            self.trigger.clone()?
        } else {
            self.subscriptions = 0;
            self.trigger.take()?
        };
        Some(Trigger {
            trigger,
            is_awaited,
        })
    }

    /// Whether anyone ever tracked it.
    pub(crate) fn is_made(&self) -> bool {
        self.trigger.is_some()
    }

    /// Whether the last to track it still waits for news. Of others it does not know.
    pub(super) fn is_tracked(&self) -> bool {
        let tracker = self.tracker.as_ref();
        tracker.is_some_and(|tracker| tracker.strong_count() > 0)
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
