//! Who is told first of a change: what decides whether a part of the page is there, then the part.

use super::{COUNT, Count, Page, stores};
use leptos::{prelude::*, task::tick};
use reactive_stores::Store as Accessors;
use serde::{Deserialize, Serialize};
use std::{cell::Cell, rc::Rc};
use universal_state::{
    Diff, HistoryOptions, Key, Mfe, MfeInfo, OrdMap, Restore, Scope, Store, ToCursor,
    hooks::{
        UseHistory, provide_global_state, use_computed, use_global_map, use_global_state,
        use_global_states, use_global_store_or, use_history, use_mfes, use_selector, use_snapshot,
        use_store,
    },
};
use wasm_bindgen_test::wasm_bindgen_test;

const IS_SHOWN: Key<bool> = Key::new("is-shown");

/// A function of the page's state that is read in a reactive context.
type Reads<T> = Box<dyn Fn() -> T + Send + Sync>;

/// A way to read, by its name.
type Way<T> = (&'static str, fn() -> Reads<T>);

/// A way in which a micro-frontend leaves, by its name.
type Leave = (&'static str, fn(&Store, Scope));

/// Something that a history says, by its name.
type Says = (&'static str, fn(UseHistory) -> Reads<bool>);

/// A way to take keys away, by its name.
type End = (&'static str, fn(&Store));

fn reads<T>(f: impl Fn() -> T + Send + Sync + 'static) -> Reads<T> {
    Box::new(f)
}

/// A part that counts how often it runs while it should not be there.
fn part(is_wrong: Reads<bool>, wrong: Count) -> impl IntoView {
    move || {
        if is_wrong() {
            wrong.up();
        }
        "there"
    }
}

/// A page with a part in it, shown while `is_there` says so.
fn page(
    store: &Store,
    is_there: fn() -> Reads<bool>,
    is_wrong: fn() -> Reads<bool>,
    wrong: &Count,
) -> Page {
    let (store, wrong) = (store.clone(), wrong.clone());
    Page::mount(move || {
        provide_global_state(store);
        let is_there = is_there();
        let part = move || part(is_wrong(), wrong.clone());
        view! { <Show when=is_there>{part.clone()}</Show> }
    })
}

#[wasm_bindgen_test]
async fn a_transaction_is_told_in_the_order_in_which_its_keys_were_first_read() {
    let outer: [Way<bool>; 7] = [
        ("hook", || {
            let (is_shown, _) = use_global_state(IS_SHOWN);
            reads(move || is_shown.get().is_some())
        }),
        ("selector", || {
            let is_shown = use_selector(IS_SHOWN, |_| ());
            reads(move || is_shown.get().is_some())
        }),
        ("several", || {
            let (both, _) = use_global_states((IS_SHOWN, COUNT));
            reads(move || both.get().0.is_some())
        }),
        ("store", || {
            let store = use_store();
            reads(move || store.has(IS_SHOWN.name()))
        }),
        ("names", || {
            let store = use_store();
            reads(move || store.keys().contains(&IS_SHOWN.name().to_owned()))
        }),
        ("snapshot", || {
            let snapshot = use_snapshot();
            reads(move || snapshot.get().value(IS_SHOWN.name()).is_some())
        }),
        ("computed", || {
            let is_shown = use_computed(|view| view.get(IS_SHOWN).is_some());
            reads(move || is_shown.get())
        }),
    ];
    let inner: [Way<bool>; 3] = [
        ("hook", || {
            let (count, _) = use_global_state(COUNT);
            reads(move || count.get().is_none())
        }),
        ("store", || {
            let store = use_store();
            reads(move || store.get(COUNT).is_none())
        }),
        ("snapshot", || {
            let snapshot = use_snapshot();
            reads(move || snapshot.get().value(COUNT.name()).is_none())
        }),
    ];
    let ends: [End; 4] = [
        ("batch", |store| {
            let batch = store.batch(|tx| {
                tx.delete(COUNT.name())?;
                tx.delete(IS_SHOWN.name()).map(drop)
            });
            batch.unwrap();
        }),
        ("batch, the other way round", |store| {
            let batch = store.batch(|tx| {
                tx.delete(IS_SHOWN.name())?;
                tx.delete(COUNT.name()).map(drop)
            });
            batch.unwrap();
        }),
        ("clear", |store| drop(store.clear())),
        ("restore", |store| {
            store
                .restore(&Store::new().snapshot(), Restore::Replace)
                .unwrap();
        }),
    ];
    for store in stores() {
        for (outer_way, is_there) in outer {
            for (inner_way, is_wrong) in inner {
                let wrong = Count::default();
                let page = page(&store, is_there, is_wrong, &wrong);
                for (end, take_away) in ends {
                    store.set(COUNT, 0).unwrap();
                    store.set(IS_SHOWN, true).unwrap();
                    tick().await;
                    // The condition runs again, and stays in its place.
                    store.set(IS_SHOWN, false).unwrap();
                    store.set(COUNT, 1).unwrap();
                    tick().await;
                    assert_eq!(page.text(), "there");
                    take_away(&store);
                    tick().await;
                    assert_eq!(page.text(), "");
                    let ways = (store.engine(), outer_way, inner_way, end);
                    assert_eq!(wrong.get(), 0, "{ways:?}");
                }
            }
        }
    }
}

#[wasm_bindgen_test]
async fn a_row_of_a_list_of_keys_does_not_hear_that_its_key_goes() {
    for store in stores() {
        let (given, wrong) = (store.clone(), Count::default());
        let counter = wrong.clone();
        let page = Page::mount(move || {
            provide_global_state(given.clone());
            let row = move |name: String| {
                let (n, _) = use_global_state::<i32>(name);
                let wrong = counter.clone();
                view! { <li>{part(reads(move || n.get().is_none()), wrong)}</li> }
            };
            view! { <For each=move || given.keys() key=String::clone children=row/> }
        });
        for round in 0..3 {
            for n in 0..20 {
                store.set(format!("row:{n}"), round).unwrap();
            }
            tick().await;
            for n in 0..20 {
                store.set(format!("row:{n}"), -1).unwrap();
                tick().await;
                store.delete(&format!("row:{n}")).unwrap();
                tick().await;
                assert_eq!(page.text().matches("there").count(), 19 - n);
                assert_eq!(wrong.get(), 0, "{} row {n}", store.engine());
            }
        }
    }
}

#[derive(Clone, PartialEq, Default, Debug, Serialize, Deserialize, Accessors, Diff)]
struct Panel {
    is_open: bool,
    title: Option<String>,
}

const PANEL: Key<Panel> = Key::new("panel");

fn open() -> Panel {
    Panel {
        is_open: true,
        title: Some("A".into()),
    }
}

#[wasm_bindgen_test]
async fn a_value_is_told_as_a_whole_and_in_parts_in_the_order_in_which_they_were_read() {
    let panel: [Way<Panel>; 5] = [
        ("hook", || {
            let (panel, _) = use_global_state(PANEL);
            reads(move || panel.get().unwrap_or_default())
        }),
        ("store", || {
            let store = use_store();
            reads(move || store.get(PANEL).unwrap_or_default())
        }),
        ("fields", || {
            let panel = use_global_store_or(PANEL, Panel::default());
            reads(move || Panel {
                is_open: panel.is_open().get(),
                title: panel.title().get(),
            })
        }),
        ("value", || {
            let panel = use_global_store_or(PANEL, Panel::default());
            reads(move || panel.get())
        }),
        ("cursor", || {
            let panel = use_global_store_or(PANEL, Panel::default());
            let is_open = panel.is_open().cursor().unwrap();
            let title = panel.title().cursor().unwrap();
            reads(move || Panel {
                is_open: is_open.get().unwrap_or_default(),
                title: title.get().unwrap_or_default(),
            })
        }),
    ];
    for store in stores() {
        for (outer_way, outer) in panel {
            for (inner_way, inner) in panel {
                let (given, wrong) = (store.clone(), Count::default());
                let counter = wrong.clone();
                store.set(PANEL, open()).unwrap();
                let page = Page::mount(move || {
                    provide_global_state(given);
                    let outer = outer();
                    let part = move || {
                        let inner = inner();
                        part(reads(move || inner().title.is_none()), counter.clone())
                    };
                    view! { <Show when=move || outer().is_open>{part.clone()}</Show> }
                });
                for round in 0..3 {
                    let title = Some(format!("{round}"));
                    store.set(PANEL, Panel { title, ..open() }).unwrap();
                    tick().await;
                    store.set(PANEL, open()).unwrap();
                    tick().await;
                    assert_eq!(page.text(), "there");
                    store.set(PANEL, Panel::default()).unwrap();
                    tick().await;
                    assert_eq!(page.text(), "");
                    let ways = (store.engine(), outer_way, inner_way);
                    assert_eq!(wrong.get(), 0, "{ways:?}");
                }
            }
        }
    }
}

const ROWS: Key<OrdMap<u32, u32>> = Key::new("rows");

#[wasm_bindgen_test]
async fn a_collection_and_its_entries_are_told_in_the_order_in_which_they_were_read() {
    let outer: [Way<bool>; 5] = [
        ("hook", || {
            let (rows, _) = use_global_state(ROWS);
            reads(move || rows.get().is_some_and(|rows| rows.contains_key(&1)))
        }),
        ("keys", || {
            let rows = use_global_map(ROWS);
            reads(move || rows.keys().contains(&1))
        }),
        ("number", || {
            let rows = use_global_map(ROWS);
            reads(move || rows.len() == 2)
        }),
        ("presence", || {
            let rows = use_global_map(ROWS);
            reads(move || rows.contains(&1))
        }),
        ("entry", || {
            let rows = use_global_map(ROWS);
            reads(move || rows.get(&1).is_some())
        }),
    ];
    let inner: [Way<bool>; 3] = [
        ("hook", || {
            let (rows, _) = use_global_state(ROWS);
            reads(move || !rows.get().is_some_and(|rows| rows.contains_key(&1)))
        }),
        ("entry", || {
            let rows = use_global_map(ROWS);
            reads(move || rows.get(&1).is_none())
        }),
        ("presence", || {
            let rows = use_global_map(ROWS);
            reads(move || !rows.contains(&1))
        }),
    ];
    for store in stores() {
        let rows = store.map_of(ROWS).unwrap();
        for (outer_way, is_there) in outer {
            for (inner_way, is_wrong) in inner {
                let wrong = Count::default();
                let page = page(&store, is_there, is_wrong, &wrong);
                for round in 0..3 {
                    rows.extend([(1, round), (2, round)]).unwrap();
                    tick().await;
                    rows.insert(1, 9).unwrap();
                    tick().await;
                    assert_eq!(page.text(), "there");
                    rows.remove(&1).unwrap();
                    tick().await;
                    assert_eq!(page.text(), "");
                    let ways = (store.engine(), outer_way, inner_way);
                    assert_eq!(wrong.get(), 0, "{ways:?}");
                }
            }
        }
    }
}

#[wasm_bindgen_test]
async fn what_shows_who_is_registered_is_told_before_who_reads_the_keys_of_one_that_leaves() {
    let leave: [Leave; 3] = [
        ("by its scope", |_, shop| shop.unregister().unwrap()),
        ("by its id", |store, shop| {
            store.unregister_mfe("shop").unwrap();
            drop(shop);
        }),
        ("with its scope", |_, shop| drop(shop)),
    ];
    for store in stores() {
        let wrong = Count::default();
        let (given, counter) = (store.clone(), wrong.clone());
        let page = Page::mount(move || {
            provide_global_state(given.clone());
            let mfes = use_mfes();
            let row = move |mfe: Mfe| {
                let (given, wrong) = (given.clone(), counter.clone());
                let name = format!("@{}/n", mfe.info.id);
                part(reads(move || given.get::<i32>(&name).is_none()), wrong)
            };
            view! { <For each=move || mfes.get() key=|mfe| mfe.info.id.clone() children=row/> }
        });
        for (way, leave) in leave {
            let shop = store.register_mfe(MfeInfo::new("shop", "leptos", "1"));
            let shop = shop.unwrap();
            shop.set("n", 1).unwrap();
            tick().await;
            shop.set("n", 2).unwrap();
            tick().await;
            assert_eq!(page.text(), "there");
            leave(&store, shop);
            tick().await;
            assert_eq!(page.text(), "");
            assert_eq!(wrong.get(), 0, "{} {way}", store.engine());
        }
    }
}

#[wasm_bindgen_test]
async fn what_shows_that_something_can_be_undone_is_told_before_who_reads_what_is_undone() {
    let ways: [Says; 3] = [
        ("can_undo", |history| reads(move || history.can_undo.get())),
        ("position", |history| {
            reads(move || history.position.get() > 0)
        }),
        ("can_redo", |history| {
            reads(move || !history.can_redo.get() && !history.steps.get().is_empty())
        }),
    ];
    for store in stores() {
        for (way, is_there) in ways {
            let (wrong, made) = (Count::default(), Rc::new(Cell::new(None)));
            let (given, counter, hand_out) = (store.clone(), wrong.clone(), Rc::clone(&made));
            let page = Page::mount(move || {
                provide_global_state(given);
                let history = use_history(HistoryOptions::new());
                hand_out.set(Some(history));
                let is_there = is_there(history);
                let part = move || {
                    let (count, _) = use_global_state(COUNT);
                    part(reads(move || count.get().is_none()), counter.clone())
                };
                view! { <Show when=is_there>{part.clone()}</Show> }
            });
            let history = made.get().unwrap();
            for round in 0..3 {
                store.set(COUNT, round).unwrap();
                tick().await;
                assert_eq!(page.text(), "there");
                history.undo();
                tick().await;
                assert_eq!((page.text().as_str(), store.get(COUNT)), ("", None));
                assert_eq!(wrong.get(), 0, "{} {way}", store.engine());
            }
        }
    }
}
