//! Lists and choices over a collection under a key: which rows repaint.

use super::*;
use universal_state::{
    Access, OrdMap, OrdSet, Pattern, SharedAccess,
    hooks::{use_global_map, use_global_set, use_mfe_map, use_mfe_set},
};

const ROWS: Key<OrdMap<u32, String>> = Key::new("rows");
const CHOSEN: Key<OrdSet<String>> = Key::new("chosen");

/// How often something was painted.
#[derive(Clone, Default)]
struct Painted {
    /// The list as a whole.
    list: Count,
    /// Rows that were made.
    made: Count,
    /// What rows show.
    rows: Count,
    len: Count,
}

impl Painted {
    fn counts(&self) -> [usize; 4] {
        [&self.list, &self.made, &self.rows, &self.len].map(Count::get)
    }
}

/// A list in which each row reads its own entry.
fn list(store: &Store, painted: &Painted) -> Page {
    let (store, painted) = (store.clone(), painted.clone());
    Page::mount(move || {
        view! {
            <GlobalStateProvider store=store>
                {move || {
                    let rows = use_global_map(ROWS);
                    let Painted { list, made, rows: shown, len } = painted.clone();
                    view! {
                        <p>{move || { len.up(); rows.len() }}</p>
                        <ul>
                            <For
                                each=move || { list.up(); rows.keys() }
                                key=|id| *id
                                children=move |id| {
                                    made.up();
                                    let shown = shown.clone();
                                    view! { <li>{move || { shown.up(); rows.get(&id) }}</li> }
                                }
                            />
                        </ul>
                    }
                }}
            </GlobalStateProvider>
        }
    })
}

fn children(page: &Page) -> web_sys::HtmlCollection {
    let list = page.root.query_selector("ul").unwrap().expect("the list");
    list.children()
}

fn shown(page: &Page, at: u32) -> String {
    children(page)
        .item(at)
        .expect("a row")
        .text_content()
        .unwrap_or_default()
}

#[wasm_bindgen_test]
async fn of_ten_thousand_rows_the_one_that_changed_repaints() {
    const N: u32 = 10_000;
    for store in stores() {
        let rows = store.map_of(ROWS).unwrap();
        rows.extend((0..N).map(|id| (id, format!("row {id}"))))
            .unwrap();
        let painted = Painted::default();
        let page = list(&store, &painted);
        let n = N as usize;
        assert_eq!(
            (painted.counts(), children(&page).length()),
            ([1, n, n, 1], N)
        );

        rows.update(&4_711, |row| row.push('!')).unwrap();
        tick().await;
        assert_eq!(painted.counts(), [1, n, n + 1, 1], "{}", store.engine());
        assert_eq!(shown(&page, 4_711), "row 4711!");

        rows.insert(N, name("last")).unwrap();
        tick().await;
        assert_eq!(
            painted.counts(),
            [2, n + 1, n + 2, 2],
            "the new row is made and painted"
        );
        rows.remove(&0).unwrap();
        tick().await;
        assert_eq!(
            painted.counts(),
            [3, n + 1, n + 2, 3],
            "no row is painted when one goes"
        );
        assert_eq!(
            (shown(&page, 0), children(&page).length()),
            (name("row 1"), N)
        );

        let anew = (1..=N).map(|id| (id, format!("row {id}"))).collect();
        store.set(ROWS, anew).unwrap();
        tick().await;
        assert_eq!(
            painted.counts(),
            [3, n + 1, n + 4, 3],
            "two rows differ in the list that was loaded anew"
        );
        assert_eq!(
            (shown(&page, 4_710), shown(&page, N - 1)),
            (name("row 4711"), format!("row {N}"))
        );
        store
            .set_json("rows", serde_json::json!({ "7": "seven" }))
            .unwrap();
        tick().await;
        assert_eq!(
            painted.counts(),
            [4, n + 1, n + 5, 4],
            "one is left, and says something else"
        );
        store.delete("rows").unwrap();
        tick().await;
        assert_eq!(
            (painted.counts(), children(&page).length()),
            ([5, n + 1, n + 5, 5], 0)
        );
        drop(page);
        tick().await;
        rows.insert(1, name("unseen")).unwrap();
        tick().await;
        assert_eq!(
            painted.counts(),
            [5, n + 1, n + 5, 5],
            "nothing is left of the page"
        );
    }
}

#[wasm_bindgen_test]
async fn a_list_is_written_from_its_component() {
    for store in stores() {
        let given = store.clone();
        let page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    {move || {
                        let rows = use_global_map::<u32, String>("rows");
                        let chosen = use_global_set::<String>("chosen");
                        view! {
                            <button on:click=move |_| {
                                rows.insert(1, name("a"));
                                rows.extend([(2, name("b")), (3, name("c")), (4, name("d"))]);
                                rows.update(&2, |row| row.push('!'));
                                rows.update_or(5, name("e"), |row| row.push('!'));
                                rows.remove(&1);
                                rows.retain(|id, _| *id != 4);
                                chosen.insert(name("red"));
                                chosen.extend(["green", "blue", "pink"].map(name));
                                chosen.remove("red");
                                chosen.retain(|colour| colour != "pink");
                                let new = rows.try_insert(2, name("b!"));
                                assert_eq!((new, chosen.try_insert(name("blue"))), (Ok(false), Ok(false)));
                            }>"fill"</button>
                            <button on:click=move |_| { rows.clear(); chosen.clear(); }>"clear"</button>
                            <p>{move || format!("{:?}", rows.entries())}</p>
                            <p>{move || format!("{:?}", chosen.items())}</p>
                            <p>{move || format!("{} {}", rows.is_empty(), chosen.is_empty())}</p>
                            <p>{move || format!("{} {}", rows.contains(&3), chosen.contains("blue"))}</p>
                            <p>{move || format!("{:?} {}", rows.with(&2, String::len), chosen.len())}</p>
                        }
                    }}
                </GlobalStateProvider>
            }
        });
        let click = |at: u32| {
            let buttons = page.root.get_elements_by_tag_name("button");
            buttons
                .item(at)
                .expect("a button")
                .unchecked_into::<HtmlElement>()
                .click();
        };
        assert!(page.text().contains("true true") && page.text().contains("None 0"));
        click(0);
        tick().await;
        for text in [
            "{2: \"b!\", 3: \"c\", 5: \"e!\"}",
            "{\"blue\", \"green\"}",
            "false false",
            "true true",
            "Some(2) 2",
        ] {
            assert!(page.text().contains(text), "{text} in {}", page.text());
        }
        click(1);
        tick().await;
        assert!(page.text().contains("{}") && page.text().contains("true true"));
        assert_eq!(store.get(CHOSEN), Some(OrdSet::new()));
    }
}

#[wasm_bindgen_test]
async fn the_key_of_a_list_can_follow_a_signal() {
    for store in stores() {
        store
            .set("list:1", OrdMap::from([(1u32, name("one"))]))
            .unwrap();
        store
            .set("list:2", OrdMap::from([(1u32, name("two"))]))
            .unwrap();
        let (at, set_at) = signal(1);
        let (painted, given) = (Count::default(), store.clone());
        let count = painted.clone();
        let page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    {move || {
                        let key = move || Key::dynamic(format!("list:{}", at.get())).unwrap_or(ROWS);
                        let rows = use_global_map::<u32, String>(key);
                        let count = count.clone();
                        view! {
                            <p>{move || { count.up(); rows.get(&1) }}</p>
                            <button on:click=move |_| rows.insert(2, name("new"))>"add"</button>
                        }
                    }}
                </GlobalStateProvider>
            }
        });
        assert!(page.text().contains("one"));
        set_at.set(2);
        tick().await;
        assert!(page.text().contains("two"));
        let button = page
            .root
            .query_selector("button")
            .unwrap()
            .expect("a button");
        button.unchecked_into::<HtmlElement>().click();
        store
            .update("list:1", |rows: &mut OrdMap<u32, String>| rows.clear())
            .unwrap();
        tick().await;
        assert_eq!(
            (
                painted.get(),
                store.map_of::<u32, String>("list:2").unwrap().len()
            ),
            (2, 2)
        );
        store
            .map_of::<u32, String>("list:2")
            .unwrap()
            .insert(1, name("three"))
            .unwrap();
        tick().await;
        assert_eq!(painted.get(), 3);
        assert!(page.text().contains("three"));
    }
}

#[wasm_bindgen_test]
async fn a_collection_appears_when_it_is_granted() {
    for store in stores() {
        let seen = reports(&store);
        store
            .map_of(ROWS)
            .unwrap()
            .insert(1, name("a row"))
            .unwrap();
        store.set_shared_access(SharedAccess::Granted);
        let given = store.clone();
        let page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    <Mfe info=MfeInfo::new("cart", "leptos", "1")>
                        {move || {
                            let rows = use_global_map(ROWS);
                            view! {
                                <p>{move || format!("{:?} of {}", rows.get(&1), rows.len())}</p>
                                <button on:click=move |_| rows.insert(1, name("another"))>"set"</button>
                            }
                        }}
                    </Mfe>
                </GlobalStateProvider>
            }
        });
        let click = || {
            let button = page
                .root
                .query_selector("button")
                .unwrap()
                .expect("a button");
            button.unchecked_into::<HtmlElement>().click();
        };
        assert!(page.text().contains("None of 0"));
        for (access, text) in [(Access::Read, "a row"), (Access::Write, "another")] {
            store.grant("cart", access, Pattern::glob("rows").unwrap());
            tick().await;
            assert!(page.text().contains("a row"), "{}", page.text());
            click();
            tick().await;
            assert!(page.text().contains(text), "{}", page.text());
        }
        assert!(
            seen.take()
                .iter()
                .all(|error| matches!(error, StateError::Denied { .. }))
        );
    }
}

#[wasm_bindgen_test]
async fn what_does_not_read_as_the_list_is_reported_and_left_alone() {
    for store in stores() {
        let seen = reports(&store);
        store.set("rows", name("text")).unwrap();
        let painted = Painted::default();
        let page = list(&store, &painted);
        assert_eq!((children(&page).length(), seen.take().len()), (0, 2));
        store
            .set("rows", OrdMap::from([(1u32, name("one"))]))
            .unwrap();
        tick().await;
        assert_eq!((shown(&page, 0), seen.take().len()), (name("one"), 0));
    }
}

/// Unmounting tells a slot whose key is missing, and must not wake what is being taken down.
#[wasm_bindgen_test]
async fn a_micro_frontend_with_a_list_is_taken_down_and_comes_back() {
    for store in stores() {
        let (here, show) = signal(true);
        let given = store.clone();
        let page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    <Show when=move || here.get()>
                        <Mfe info=MfeInfo::new("shop", "leptos", "1")>
                            {move || {
                                let (rows, chosen) = (use_mfe_map(ROWS), use_mfe_set(CHOSEN));
                                rows.insert(1, name("one"));
                                chosen.insert(name("red"));
                                view! {
                                    <For each=move || rows.keys() key=|id| *id let:id>
                                        <p>{move || rows.get(&id)}</p>
                                    </For>
                                    <p>{move || format!("{} rows", rows.len())}</p>
                                    <p>{move || format!("{} {}", rows.contains(&99), chosen.len())}</p>
                                }
                            }}
                        </Mfe>
                    </Show>
                </GlobalStateProvider>
            }
        });
        for _ in 0..3 {
            assert!(page.text().contains("one") && page.text().contains("1 rows"));
            assert!(page.text().contains("false 1"), "{}", page.text());
            assert_eq!(store.keys(), ["@shop/chosen", "@shop/rows"]);
            show.set(false);
            tick().await;
            assert!(!page.text().contains("rows"));
            assert_eq!(store.keys(), [""; 0], "{}", store.engine());
            show.set(true);
            tick().await;
        }
    }
}
