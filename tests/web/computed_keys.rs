//! Computed values that components register under a key.

use super::{COUNT, Count, Page, reader, reports, stores};
use leptos::{prelude::*, task::tick};
use universal_state::{
    Key, MfeInfo, StateError, Store,
    hooks::{
        GlobalStateProvider, Mfe, use_global_at, use_global_state, use_registered_computed,
        use_selector, use_snapshot, use_store,
    },
};
use wasm_bindgen_test::wasm_bindgen_test;

const HALF: Key<i32> = Key::new("half");

/// Registers half of the count, and shows it.
#[component]
fn Half() -> impl IntoView {
    let half = use_registered_computed(HALF, |state| state.get(COUNT).unwrap_or(0) / 2)?;
    // An effect that would not survive to be told while it is taken down.
    let (store, arena) = (use_store(), RwSignal::new(0));
    let here = move || {
        let half = store.get(HALF).map(|half| half + arena.get());
        view! { <i>{move || arena.get()} {store.keys().len()} {half}</i> }
    };
    Ok::<_, StateError>(view! {
        <p>{move || format!("half: {:?};", half.get())}</p>
        {here}
    })
}

/// A page with `Half` inside of a micro-frontend, while it is shown, and readers beside it.
fn page(store: &Store, shown: RwSignal<bool>, runs: &Count) -> Page {
    let (given, runs) = (store.clone(), runs.clone());
    Page::mount(move || {
        view! {
            <GlobalStateProvider store=given>
                {reader(use_global_state(HALF).0, &runs)}
                {reader(use_global_at::<i32>("half", "").0, &Count::default())}
                {reader(use_selector(HALF, |half: &i32| half + 1000), &Count::default())}
                {
                    let snapshot = use_snapshot();
                    move || format!("snapshot: {:?};", snapshot.get().get(HALF))
                }
                <Show when=move || shown.get()>
                    <Mfe info=MfeInfo::new("shop", "leptos", "1.0.0")>
                        <Half/>
                    </Mfe>
                </Show>
            </GlobalStateProvider>
        }
    })
}

/// Whether every reader shows this.
fn shows(page: &Page, half: Option<i32>) -> bool {
    let text = page.text();
    text.matches(&format!("{half:?};")).count() >= 3
        && text.contains(&format!("{:?};", half.map(|half| half + 1000)))
        && text.contains(&format!("snapshot: {half:?};"))
}

#[wasm_bindgen_test]
async fn a_component_registers_a_computed_value_for_as_long_as_it_lives() {
    for store in stores() {
        let (shown, runs, errors) = (RwSignal::new(false), Count::default(), reports(&store));
        let page = page(&store, shown, &runs);
        errors.take();
        let errors = reports(&store);
        for round in 1..4 {
            store.set(COUNT, 10 * round).unwrap();
            shown.set(true);
            tick().await;
            tick().await;
            assert!(
                shows(&page, Some(5 * round)),
                "{}: {}",
                store.engine(),
                page.text()
            );
            assert!(page.text().contains(&format!("half: Some({});", 5 * round)));

            let before = runs.get();
            store.set(COUNT, 10 * round + 1).unwrap();
            tick().await;
            assert_eq!(runs.get(), before, "an equal value repaints nothing");
            store.set(COUNT, 10 * round + 2).unwrap();
            store.set(COUNT, 10 * round + 4).unwrap();
            tick().await;
            assert_eq!(
                runs.get(),
                before + 1,
                "two writes in one turn repaint once"
            );
            assert!(shows(&page, Some(5 * round + 2)), "{}", page.text());
            let refused = store.set(HALF, 1);
            assert!(
                matches!(refused, Err(StateError::ReadOnly { .. })),
                "{refused:?}"
            );

            shown.set(false);
            tick().await;
            tick().await;
            assert!(shows(&page, None), "{}", page.text());
            assert_eq!(store.keys(), ["count"]);
        }
        assert!(errors.take().is_empty());
    }
}

#[wasm_bindgen_test]
async fn a_computed_value_can_be_registered_anew_in_the_turn_in_which_its_component_ends() {
    for store in stores() {
        let generation = RwSignal::new(0);
        let given = store.clone();
        let page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    {reader(use_global_state(HALF).0, &Count::default())}
                    {move || {
                        let number = generation.get();
                        view! {
                            <b>{number}</b>
                            <Half/>
                        }
                    }}
                </GlobalStateProvider>
            }
        });
        for number in 1..4 {
            generation.set(number);
            store.set(COUNT, 2 * number).unwrap();
            tick().await;
            tick().await;
            let half = format!("Some({number});");
            assert_eq!(
                page.text().matches(&half).count(),
                2,
                "{}: {}",
                store.engine(),
                page.text()
            );
        }
        drop(page);
        tick().await;
        assert_eq!(
            (store.keys(), store.error_count()),
            (vec!["count".to_owned()], 0)
        );
    }
}

#[wasm_bindgen_test]
async fn a_component_that_registers_what_is_taken_shows_why() {
    for store in stores() {
        let errors = reports(&store);
        let given = store.clone();
        let page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    <Half/>
                    <Mfe info=MfeInfo::new("shop", "leptos", "1.0.0")>
                        <Half/>
                    </Mfe>
                </GlobalStateProvider>
            }
        });
        store.set(COUNT, 4).unwrap();
        tick().await;
        tick().await;
        assert!(page.text().contains("half: Some(2);"), "{}", page.text());
        assert!(
            page.text().contains("is taken by a value computed by"),
            "{}",
            page.text()
        );
        assert!(matches!(&errors.take()[..], [StateError::MfeFailed { .. }]));
    }
}

#[wasm_bindgen_test]
async fn whoever_reads_a_computed_value_first_may_end_first() {
    for store in stores() {
        let (shown, given) = (RwSignal::new(true), store.clone());
        store.set(COUNT, 2).unwrap();
        let half = store.register_computed(HALF, |state| state.get(COUNT).unwrap_or(0) / 2);
        let page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    <Show when=move || shown.get()>
                        {reader(use_global_state(HALF).0, &Count::default())}
                    </Show>
                    {reader(use_global_state(HALF).0, &Count::default())}
                </GlobalStateProvider>
            }
        });
        tick().await;
        assert_eq!(
            page.text().matches("Some(1);").count(),
            2,
            "{}",
            page.text()
        );
        shown.set(false);
        tick().await;
        for count in [4, 6] {
            store.set(COUNT, count).unwrap();
            tick().await;
            assert_eq!(page.text().trim(), format!("Some({});", count / 2));
        }
        drop(half);
        tick().await;
        assert_eq!(page.text().trim(), "None;");
        assert_eq!(store.error_count(), 0);
    }
}
