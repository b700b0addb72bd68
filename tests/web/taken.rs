//! Parts of the page that a change takes away, by whatever they and what is around them read.

use super::*;
use universal_state::hooks::{provide_global_state, use_global_store};

/// Follows from the key.
const DOUBLE: Key<i32> = Key::new("double");

/// How a part of the page reads the key.
#[derive(Debug, Clone, Copy, PartialEq)]
enum By {
    Members,
    Snapshot,
    Metadata,
    Hook,
    Or,
    Store,
    Selector,
    Reactive,
    At,
    States,
    Selectors,
    Computed,
    Registered,
    Field,
}

impl By {
    const ALL: [Self; 14] = [
        Self::Members,
        Self::Snapshot,
        Self::Metadata,
        Self::Hook,
        Self::Or,
        Self::Store,
        Self::Selector,
        Self::Reactive,
        Self::At,
        Self::States,
        Self::Selectors,
        Self::Computed,
        Self::Registered,
        Self::Field,
    ];

    /// The value of the key, read so.
    fn reader(self) -> Arc<dyn Fn() -> Option<i32> + Send + Sync> {
        let store = use_store();
        let now = move |store: &Store| untrack(|| store.get(COUNT));
        match self {
            Self::Members => Arc::new(move || {
                let keys = store.keys();
                now(&store).filter(|_| keys.iter().any(|key| key == COUNT.name()))
            }),
            Self::Snapshot => {
                let value = use_snapshot();
                Arc::new(move || value.get().get(COUNT))
            }
            Self::Metadata => {
                let metadata = use_metadata();
                Arc::new(move || metadata.with(|_| now(&store)))
            }
            Self::Hook => read(use_global_state(COUNT).0),
            Self::Or => {
                let value = use_global_state_or(COUNT, 0).0;
                Arc::new(move || Some(value.get()).filter(|n| *n != 0))
            }
            Self::Store => Arc::new(move || store.get(COUNT)),
            Self::Selector => read(use_selector(COUNT, |n| *n)),
            Self::Reactive => read(use_global_state(|| COUNT).0),
            Self::At => read(use_global_at("count", "").0),
            Self::States => {
                let value = use_global_states((NAME, COUNT)).0;
                Arc::new(move || value.get().1)
            }
            Self::Selectors => read(use_selectors((COUNT, NAME), |(n, _)| n)),
            Self::Computed => read(use_computed(|state| state.get(COUNT))),
            Self::Registered => {
                let value = use_global_state(DOUBLE).0;
                Arc::new(move || value.get().filter(|n| *n != 0).map(|n| n / 2))
            }
            Self::Field => {
                let value = use_global_store(COUNT);
                Arc::new(move || value.get())
            }
        }
    }
}

fn read(value: Signal<Option<i32>>) -> Arc<dyn Fn() -> Option<i32> + Send + Sync> {
    Arc::new(move || value.get())
}

/// A part that is there while the key is, as far as `outer` tells.
fn page(store: &Store, outer: By, inner: By, missed: &Count) -> Page {
    let (store, missed) = (store.clone(), missed.clone());
    Page::mount(move || {
        provide_global_state(store);
        let is_there = outer.reader();
        let part = move || {
            let (read, missed) = (inner.reader(), missed.clone());
            move || {
                let value = read();
                if value.is_none() {
                    missed.up();
                }
                value
            }
        };
        view! { <Show when=move || is_there().is_some()>{part.clone()}</Show> }
    })
}

#[wasm_bindgen_test]
async fn a_part_that_is_taken_away_does_not_hear_of_it_whatever_it_and_its_condition_read() {
    for store in stores() {
        let empty = store.snapshot();
        let double = |state: &universal_state::View| 2 * state.get(COUNT).unwrap_or(0);
        let _double = store.register_computed(DOUBLE, double).unwrap();
        let ways = By::ALL
            .iter()
            .flat_map(|outer| By::ALL.map(|inner| (*outer, inner)));
        // Who reads which keys there are shows no new value.
        for (outer, inner) in ways.filter(|(_, inner)| *inner != By::Members) {
            let missed = Count::default();
            let page = page(&store, outer, inner, &missed);
            tick().await;
            for n in 1..9 {
                // The second finds the part there.
                for n in [-n, n] {
                    store.set(COUNT, n).unwrap();
                    tick().await;
                    assert_eq!(page.text(), n.to_string(), "{outer:?}, {inner:?}");
                }
                match n % 4 {
                    0 => store.clear().unwrap(),
                    1 => drop(store.delete(COUNT.name()).unwrap()),
                    2 => store.restore(&empty, Restore::Replace).unwrap(),
                    _ => store.batch(|tx| tx.delete(COUNT.name()).map(drop)).unwrap(),
                }
                tick().await;
                assert_eq!(page.text(), "", "{outer:?}, {inner:?}");
                if n == 4 {
                    let kinds = EngineKind::ALL.iter();
                    let other = kinds.copied().find(|kind| *kind != store.engine());
                    store.set_engine(other.unwrap()).unwrap();
                    tick().await;
                }
            }
            assert_eq!(
                missed.get(),
                0,
                "{outer:?} around {inner:?}, {}",
                store.engine()
            );
        }
    }
}
