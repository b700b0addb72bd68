//! How components follow a key over many changes, and in which order.

use super::{COUNT, Count, Page, stores};
use leptos::{prelude::*, task::tick};
use universal_state::hooks::{provide_global_state, use_global_state, use_selector, use_store};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn a_hook_hears_of_every_turn_however_many_there_are() {
    for store in stores() {
        let (given, painted) = (store.clone(), Count::default());
        let counter = painted.clone();
        let page = Page::mount(move || {
            provide_global_state(given);
            let (value, _) = use_global_state(COUNT);
            view! {
                <p>
                    {move || {
                        counter.up();
                        value.get()
                    }}
                </p>
            }
        });
        for turn in 1..200 {
            store.set(COUNT, turn as i32).unwrap();
            tick().await;
            let seen = (page.text(), painted.get());
            assert_eq!(seen, (turn.to_string(), turn + 1), "{}", store.engine());
        }
        store.set(COUNT, 0).unwrap();
        store.set(COUNT, 199).unwrap();
        tick().await;
        assert_eq!(painted.get(), 200, "a key that ends where it began");
    }
}

/// How a part of the page reads the key.
#[derive(Debug, Clone, Copy)]
enum By {
    Hook,
    Store,
    Selector,
}

/// A part that is there while the key is, and counts how often it finds it missing.
#[component]
fn Part(by: By, missed: Count) -> impl IntoView {
    let (value, _) = use_global_state(COUNT);
    let selected = use_selector(COUNT, |n| *n);
    let store = use_store();
    move || {
        let value = match by {
            By::Hook => value.get(),
            By::Store => store.get(COUNT),
            By::Selector => selected.get(),
        };
        if value.is_none() {
            missed.up();
        }
        value
    }
}

#[wasm_bindgen_test]
async fn a_part_that_a_change_takes_away_does_not_hear_of_it() {
    for store in stores() {
        let ways = [By::Hook, By::Store, By::Selector];
        for (outer, inner) in ways
            .iter()
            .flat_map(|outer| ways.map(|inner| (*outer, inner)))
        {
            store.set(COUNT, 1).unwrap();
            let (given, missed) = (store.clone(), Count::default());
            let count = missed.clone();
            let page = Page::mount(move || {
                provide_global_state(given.clone());
                let (value, _) = use_global_state(COUNT);
                let is_selected = use_selector(COUNT, |_| ());
                let is_there = move || match outer {
                    By::Hook => value.get().is_some(),
                    By::Store => given.get(COUNT).is_some(),
                    By::Selector => is_selected.get().is_some(),
                };
                let part = move || view! { <Part by=inner missed=count.clone()/> };
                view! { <Show when=is_there.clone()>{part.clone()}</Show> }
            });
            for n in 2..100 {
                // The second finds the part there.
                for n in [-n, n] {
                    store.set(COUNT, n).unwrap();
                    tick().await;
                    assert_eq!(page.text(), n.to_string());
                }
                store.delete(COUNT.name()).unwrap();
                tick().await;
                assert_eq!(page.text(), "");
            }
            let way = (store.engine(), outer, inner);
            assert_eq!(missed.get(), 0, "{way:?}");
        }
    }
}
