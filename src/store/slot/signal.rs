//! Signals: the readers of a slot, or of the whole store.

use crate::{
    few::Few,
    store::readers::{Readers, Told},
};
use reactive_graph::graph::{AnySource, AnySubscriber, Observer, Subscriber};
use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

/// The readers of something, and whether they wait.
#[derive(Default)]
pub(crate) struct Signal {
    readers: Readers,
    /// Whether one of them has read since they were told.
    is_waiting: bool,
}

/// Whether a memo follows a slot.
#[cfg(feature = "leptos")]
#[derive(Debug, Default)]
pub(crate) struct Following(AtomicBool);

/// Who is to be told of a change, outside of any lock.
pub(crate) struct Trigger {
    told: Few<Told>,
    /// Whether one of them has read since the last change.
    pub(crate) is_awaited: bool,
}

impl Trigger {
    pub(crate) fn told(&self) -> &[Told] {
        &self.told
    }

    /// Tells the readers.
    pub(crate) fn notify(&self) {
        self.told.iter().for_each(Told::tell);
    }
}

impl IntoIterator for Trigger {
    type Item = Told;
    type IntoIter = <Few<Told> as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        self.told.into_iter()
    }
}

impl Signal {
    /// Subscribes an effect or a memo, and hands out what is to be a source of it.
    pub(super) fn tracked_by(&mut self, observer: &AnySubscriber) -> AnySource {
        self.is_waiting = true;
        self.readers.reader(observer).subscribed()
    }

    /// Subscribes the running memo for as long as it lives, if it is not subscribed yet.
    #[cfg(feature = "leptos")]
    pub(super) fn followed_by(&mut self, following: &Following) {
        if following.0.load(Ordering::Relaxed) {
            self.is_waiting = true;
        } else if let Some(memo) = Observer::get() {
            self.is_waiting = true;
            self.readers.reader(&memo).follow();
            following.0.store(true, Ordering::Relaxed);
        }
    }

    /// Who is to be told, if anyone has read it.
    #[inline]
    pub(super) fn existing(&mut self) -> Option<Trigger> {
        if self.readers.is_empty() {
            return None;
        }
        let is_awaited = self.is_tracked();
        self.is_waiting = false;
        let mut told = Few::new();
        self.readers.tell(|reader| told.push(reader));
        (!told.is_empty()).then_some(Trigger { told, is_awaited })
    }

    /// Whether anyone has read it.
    pub(crate) fn is_made(&self) -> bool {
        !self.readers.is_empty()
    }

    /// Whether somebody has read it since it was notified, and is still there.
    pub(super) fn is_tracked(&self) -> bool {
        self.is_waiting && self.readers.has_any()
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
            let source = crate::lock(&self.signal).tracked_by(&observer);
            observer.add_source(source);
        }
    }

    /// Whether anyone ever tracked it.
    pub(crate) fn is_used(&self) -> bool {
        self.used.load(Ordering::Acquire)
    }

    /// Who is to be told, if anyone has read it.
    pub(crate) fn existing(&self) -> Option<Trigger> {
        if !self.is_used() {
            return None;
        }
        crate::lock(&self.signal).existing()
    }

    #[cfg(feature = "edge")]
    pub(crate) fn notify(&self) {
        if let Some(trigger) = self.existing() {
            trigger.notify();
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{EngineKind, Store};
    use reactive_graph::graph::{
        AnySource, AnySubscriber, ReactiveNode, Source, Subscriber, WithObserver,
    };
    use std::{
        cell::{Cell, RefCell},
        sync::{
            Arc, Mutex, Weak,
            atomic::{AtomicUsize, Ordering},
        },
        thread,
    };

    thread_local! {
        /// What others do while a reader is about to be subscribed.
        static MEANWHILE: Cell<Option<Box<dyn FnOnce()>>> = const { Cell::new(None) };
        /// The numbers of those who were told.
        static TOLD: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
    }

    /// Counts how often it is told, and gives up its sources before it reads, as effects do.
    #[derive(Default)]
    struct Reader {
        number: usize,
        told: AtomicUsize,
        sources: Mutex<Vec<AnySource>>,
    }

    impl Reader {
        fn new(number: usize) -> Arc<Self> {
            Arc::new(Self {
                number,
                ..Self::default()
            })
        }

        fn told(&self) -> usize {
            self.told.load(Ordering::Relaxed)
        }

        fn read(self: &Arc<Self>, read: impl FnOnce()) {
            let this = Arc::downgrade(self) as Weak<dyn Subscriber + Send + Sync>;
            let this = AnySubscriber(Arc::as_ptr(self).addr(), this);
            this.clear_sources(&this);
            this.with_observer(read);
        }
    }

    impl ReactiveNode for Reader {
        fn mark_dirty(&self) {
            self.told.fetch_add(1, Ordering::Relaxed);
            TOLD.with_borrow_mut(|told| told.push(self.number));
        }
        fn mark_check(&self) {}
        fn mark_subscribers_check(&self) {}
        fn update_if_necessary(&self) -> bool {
            false
        }
    }

    impl Subscriber for Reader {
        fn add_source(&self, source: AnySource) {
            crate::lock(&self.sources).push(source);
            if let Some(meanwhile) = MEANWHILE.take() {
                meanwhile();
            }
        }
        fn clear_sources(&self, subscriber: &AnySubscriber) {
            for source in crate::lock(&self.sources).drain(..) {
                source.remove_subscriber(subscriber);
            }
        }
    }

    fn stores() -> impl Iterator<Item = Store> {
        let store = |kind: &EngineKind| {
            let store = Store::builder().engine(*kind).build();
            store.set("n", -1).ok();
            store
        };
        EngineKind::ALL.iter().map(store)
    }

    /// How many readers a store knows.
    fn known(store: &Store) -> usize {
        let n = store.handle::<i32>("n").unwrap();
        let state = crate::lock(&n.slot.state);
        state.rare().map_or(0, |rare| rare.signal.readers.len())
    }

    #[test]
    fn who_reads_is_told_until_it_reads_no_more() {
        for store in stores() {
            let read = || assert!(store.has("n"));
            let [late, here, away] = [0, 1, 2].map(Reader::new);
            late.read(read);
            away.read(read);
            for n in 0..200 {
                here.read(read);
                store.set("n", n).ok();
            }
            assert_eq!(here.told(), 200);
            assert_eq!(late.told(), 200, "as an effect that is paused");
            away.read(|| ());
            store.set("n", -1).ok();
            assert_eq!((late.told(), away.told()), (201, 200));
            assert_eq!(known(&store), 3);
            drop((late, away));
            store.set("n", -2).ok();
            assert_eq!(known(&store), 1, "who is gone is forgotten");
        }
    }

    #[test]
    fn who_came_first_is_told_first_however_many_come_and_go() {
        for store in stores() {
            let readers: Vec<_> = (0..100).map(Reader::new).collect();
            let told = || {
                store.update("n", |n: &mut i32| *n += 1).ok();
                TOLD.take()
            };
            let read = |reader: &Arc<Reader>| reader.read(|| assert!(store.has("n")));
            readers.iter().for_each(read);
            assert_eq!(told(), Vec::from_iter(0..100));
            readers.iter().rev().for_each(read);
            assert_eq!(told(), Vec::from_iter(0..100));
            for kept in [60, 20, 10] {
                let some = || readers.iter().filter(|reader| reader.number % 100 < kept);
                readers.iter().for_each(|reader| reader.read(|| ()));
                some().rev().for_each(read);
                assert_eq!(told(), Vec::from_iter(0..kept));
            }
            let mut few = readers;
            for step in [2, 5] {
                few.retain(|reader| reader.number % step == 0);
                few.iter().rev().for_each(read);
                let numbers: Vec<_> = few.iter().map(|reader| reader.number).collect();
                assert_eq!(told(), numbers);
                assert_eq!(known(&store), numbers.len());
                few.iter().rev().for_each(read);
                assert_eq!(told(), numbers);
            }
        }
    }

    #[test]
    fn readers_that_come_and_go_between_two_writes_are_forgotten() {
        for store in stores() {
            let here: Vec<_> = (0..20).map(Reader::new).collect();
            let read = |reader: &Arc<Reader>| reader.read(|| assert!(store.has("n")));
            here.iter().for_each(read);
            (0..1_000).for_each(|number| read(&Reader::new(number)));
            assert!(known(&store) <= 2 * here.len(), "{}", known(&store));
            here.iter().for_each(read);
            store.set("n", 0).ok();
            assert!(here.iter().all(|reader| reader.told() == 1));
            assert_eq!(known(&store), here.len());
        }
    }

    #[cfg(feature = "leptos")]
    #[test]
    fn who_follows_is_told_each_time() {
        for store in stores() {
            let n = store.handle::<i32>("n").unwrap();
            let (reader, following) = (Reader::new(0), super::Following::default());
            let follow = || drop(n.follow(&following));
            for round in 1..=200 {
                // It may read the key in other ways, too.
                let tracks = round % 3 == 0;
                reader.read(|| {
                    follow();
                    assert!(!tracks || store.has("n"));
                });
                n.set(round).ok();
                assert_eq!(reader.told(), round as usize);
            }
            n.set(-1).ok();
            assert_eq!(reader.told(), 201, "also if it has not run");
            drop(reader);
            n.set(-2).ok();
            assert_eq!(known(&store), 0);
        }
    }

    #[test]
    fn who_is_about_to_be_subscribed_is_told() {
        for store in stores() {
            let late = Reader::new(0);
            let other = store.clone();
            let write = move || thread::spawn(move || other.set("n", 0)).join().is_ok();
            MEANWHILE.set(Some(Box::new(move || assert!(write()))));
            late.read(|| assert!(store.has("n")));
            let before = late.told();
            store.set("n", 1).ok();
            assert!(late.told() > before, "after {before}");
        }
    }
}
