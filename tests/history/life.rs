//! How a history ends, and its status.

use super::*;

#[test]
fn a_history_outlives_an_exchange_of_the_engine() {
    on_every_engine(|store, history| {
        store.set("n", 1)?;
        store.set("n", 2)?;
        for engine in EngineKind::ALL {
            store.set_engine(*engine)?;
            history.undo()?;
            assert_eq!(int(store, "n"), Some(1));
            store.set_engine(*engine)?;
            history.redo()?;
            assert_eq!((int(store, "n"), history.len()), (Some(2), 2));
        }
        store.set("n", 3)?;
        assert_eq!(history.len(), 3);
        Ok(())
    });
}

#[test]
fn a_history_ends_with_the_store() {
    on_every_engine(|store, history| {
        store.set("n", 1)?;
        let own = history.clone();
        let can_undo = ArcMemo::new(move |_| own.can_undo());
        assert!(can_undo.get_untracked());
        store.dispose();
        assert_eq!(history.undo(), Err(StateError::Disposed));
        assert_eq!(history.redo(), Err(StateError::Disposed));
        assert!(!can_undo.get_untracked() && history.is_empty());
        let late = store.history(HistoryOptions::new());
        assert_eq!(late.err(), Some(StateError::Disposed));
        Ok(())
    });
}

/// Counts how many of it there are.
#[derive(Clone, Serialize, Deserialize)]
struct Counted {
    n: u8,
    #[serde(skip)]
    _token: Arc<()>,
}

impl PartialEq for Counted {
    fn eq(&self, other: &Self) -> bool {
        self.n == other.n
    }
}

#[test]
fn a_history_lets_values_go_when_it_forgets_them_and_when_it_is_dropped() {
    with_options(&HistoryOptions::new().limit(1), |store, _| {
        // The history of `with_options` keeps as many.
        let kept = Arc::new(());
        let history = store.history(HistoryOptions::new())?;
        for n in 0..10 {
            let _token = Arc::clone(&kept);
            store.set("v", Counted { n, _token })?;
        }
        store.flush();
        assert_eq!(Arc::strong_count(&kept), 11);
        let clone = history.clone();
        drop(history);
        assert_eq!(Arc::strong_count(&kept), 11);
        drop(clone);
        assert_eq!(Arc::strong_count(&kept), 3);
        Ok(())
    });
}

#[test]
fn its_status_is_tracked() {
    on_every_engine(|store, history| {
        let runs = Arc::new(AtomicUsize::new(0));
        let (own, count) = (history.clone(), Arc::clone(&runs));
        let status = ArcMemo::new(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            (
                own.position(),
                own.len(),
                own.can_undo(),
                own.can_redo(),
                own.is_recording(),
            )
        });
        assert_eq!(status.get_untracked(), (0, 0, false, false, true));
        store.set("n", 1)?;
        store.set("n", 2)?;
        assert_eq!(status.get_untracked(), (2, 2, true, false, true));
        history.undo()?;
        assert_eq!(status.get_untracked(), (1, 2, true, true, true));
        history.redo()?;
        assert_eq!(status.get_untracked(), (2, 2, true, false, true));
        history.pause();
        assert_eq!(status.get_untracked(), (2, 2, true, false, false));
        history.resume();
        history.clear();
        assert_eq!(status.get_untracked(), (0, 0, false, false, true));
        let before = runs.load(Ordering::Relaxed);
        history.clear();
        history.resume();
        store.set("n", 2)?;
        status.get_untracked();
        assert_eq!(runs.load(Ordering::Relaxed), before, "nothing has changed");
        Ok(())
    });
}

#[test]
fn a_move_that_writes_nothing_is_tracked_too() {
    let options = HistoryOptions::new().ignore(Origin::Mfe("shop".into()));
    with_options(&options, |store, history| {
        let scope = mfe(store, "shop")?;
        let shop = scope.shared();
        let own = history.clone();
        let position = ArcMemo::new(move |_| own.position());
        store.set("n", 1)?;
        shop.set("n", 2)?;
        assert_eq!(position.get_untracked(), 1);
        history.undo()?;
        assert_eq!(position.get_untracked(), 0);
        Ok(())
    });
}

#[test]
fn an_effect_that_undoes_does_not_depend_on_what_it_looks_at() {
    let options = HistoryOptions::new().ignore(Origin::Mfe("shop".into()));
    with_options(&options, |store, history| {
        let scope = mfe(store, "shop")?;
        store.set("n", 1)?;
        scope.shared().set("n", 2)?;
        let runs = Arc::new(AtomicUsize::new(0));
        let (own, count) = (history.clone(), Arc::clone(&runs));
        let memo = ArcMemo::new(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            own.undo().is_ok()
        });
        assert!(memo.get_untracked());
        store.set("n", 5)?;
        memo.get_untracked();
        assert_eq!(runs.load(Ordering::Relaxed), 1);
        Ok(())
    });
}

#[test]
fn a_value_that_is_compared_may_look_at_the_history() {
    static HISTORY: OnceLock<Mutex<Option<History>>> = OnceLock::new();

    #[derive(Clone, Debug, Serialize, Deserialize)]
    struct Curious(u8);

    impl PartialEq for Curious {
        fn eq(&self, other: &Self) -> bool {
            let history = HISTORY
                .get()
                .and_then(|history| history.lock().ok()?.clone());
            history.is_none_or(|history| history.len() < 100) && self.0 == other.0
        }
    }

    on_every_engine(|store, history| {
        let held = HISTORY.get_or_init(Mutex::default);
        let hold = |history| held.lock().map(|mut held| *held = history).ok();
        hold(Some(history.clone()));
        for n in 0..3 {
            store.set("v", Curious(n))?;
        }
        store.set("v", Curious(9))?;
        history.go_to(0)?;
        history.go_to(3)?;
        assert_eq!(store.get::<Curious>("v").map(|value| value.0), Some(2));
        hold(None);
        Ok(())
    });
}

#[test]
fn a_history_can_be_sent_and_shared() {
    fn is_sent_and_shared<T: Send + Sync + 'static>() {}
    is_sent_and_shared::<History>();
    is_sent_and_shared::<HistoryOptions>();
}
