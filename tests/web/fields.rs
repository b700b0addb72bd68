//! The fields of a value in components: what repaints when one of them is written.

use super::{Count, Page, reports, stores};
use leptos::{prelude::*, task::tick};
use reactive_stores::{Field, OptionStoreExt, Store as Accessors};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};
use universal_state::{
    Diff, Key, MfeInfo, StateError, Transaction, Veto,
    hooks::{GlobalStateProvider, Mfe, use_global_store, use_global_store_or, use_mfe_store_or},
};
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{Element, Event, HtmlElement, HtmlInputElement, wasm_bindgen::JsCast};

#[derive(Clone, PartialEq, Default, Debug, Serialize, Deserialize, Accessors, Diff)]
struct User {
    name: String,
    address: Address,
}

#[derive(Clone, PartialEq, Default, Debug, Serialize, Deserialize, Accessors, Diff)]
struct Address {
    city: String,
    street: String,
}

const USER: Key<User> = Key::new("user");

#[derive(Clone, PartialEq, Default, Debug, Serialize, Deserialize, Accessors, Diff)]
struct Table {
    #[store(key: u32 = |row| row.id)]
    rows: Vec<Row>,
}

#[derive(Clone, PartialEq, Default, Debug, Serialize, Deserialize, Accessors, Diff)]
struct Row {
    id: u32,
    label: String,
}

const TABLE: Key<Table> = Key::new("table");

fn ada() -> User {
    User {
        name: "Ada".into(),
        address: Address {
            city: "London".into(),
            street: "St James's Square".into(),
        },
    }
}

fn row(id: u32) -> Row {
    Row {
        id,
        label: format!("row {id}"),
    }
}

impl Page {
    fn find(&self, selector: &str) -> Element {
        let found = self.root.query_selector(selector).expect("it parses");
        found.unwrap_or_else(|| panic!("no {selector}"))
    }

    fn all(&self, selector: &str) -> Vec<HtmlElement> {
        let found = self.root.query_selector_all(selector).expect("it parses");
        let nodes = (0..found.length()).filter_map(|at| found.item(at));
        nodes.map(JsCast::unchecked_into).collect()
    }

    /// Types into a field, as a person would.
    fn enter(&self, selector: &str, text: &str) {
        let input: HtmlInputElement = self.find(selector).unchecked_into();
        input.set_value(text);
        let event = Event::new("input").expect("an event can be made");
        input.dispatch_event(&event).expect("it is an event");
    }
}

/// A text box for any field of any store.
#[component]
fn TextBox(id: &'static str, #[prop(into)] field: Field<String>, painted: Count) -> impl IntoView {
    let value = move || {
        painted.up();
        field.get()
    };
    view! { <input id=id prop:value=value on:input=move |ev| field.set(event_target_value(&ev))/> }
}

#[wasm_bindgen_test]
async fn typing_in_one_field_repaints_what_shows_it() {
    for store in stores() {
        store.set(USER, ada()).unwrap();
        let counts: [Count; 4] = Default::default();
        let [name, city, street, shown] = counts.clone();
        let given = store.clone();
        let page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    {
                        let user = use_global_store_or(USER, User::default());
                        view! {
                            <TextBox id="name" field=user.name() painted=name/>
                            <TextBox id="city" field=user.address().city() painted=city/>
                            <TextBox id="street" field=user.address().street() painted=street/>
                            <p>{move || { shown.up(); user.address().get().city }}</p>
                        }
                    }
                </GlobalStateProvider>
            }
        });
        let runs = || counts.each_ref().map(Count::get);
        assert_eq!(runs(), [1, 1, 1, 1]);

        page.enter("#city", "Paris");
        tick().await;
        assert_eq!(runs(), [1, 2, 1, 2], "{}", store.engine());
        assert_eq!(page.text().trim(), "Paris");
        assert_eq!(store.get(USER).unwrap().address.city, "Paris");

        store
            .update(USER, |user| user.name = "Grace".into())
            .unwrap();
        tick().await;
        assert_eq!(runs(), [2, 2, 1, 2], "{}", store.engine());
        let input: HtmlInputElement = page.find("#name").unchecked_into();
        assert_eq!(input.value(), "Grace");
    }
}

#[wasm_bindgen_test]
async fn a_veto_leaves_the_field_as_it_was() {
    for store in stores() {
        struct Named;
        impl universal_state::Middleware for Named {
            fn name(&self) -> &str {
                "named"
            }
            fn before(&self, transaction: &mut Transaction) -> Result<(), Veto> {
                let mut users = transaction.writes().iter().filter_map(|write| write.new());
                match users.all(|user: User| !user.name.is_empty()) {
                    true => Ok(()),
                    false => Err(Veto::new("a user has a name")),
                }
            }
        }
        store.set(USER, ada()).unwrap();
        store.add_middleware(Named);
        let reported = reports(&store);
        let given = store.clone();
        let page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    {
                        let user = use_global_store_or(USER, User::default());
                        view! {
                            <TextBox id="name" field=user.name() painted=Count::default()/>
                            <p>{move || user.name().get()}</p>
                            <button on:click=move |_| {
                                let refused = user.try_update(|user| user.name.clear());
                                assert!(matches!(refused, Err(StateError::Vetoed { .. })));
                            }>"clear"</button>
                        }
                    }
                </GlobalStateProvider>
            }
        });
        page.enter("#name", "");
        tick().await;
        assert_eq!(page.find("p").text_content().as_deref(), Some("Ada"));
        assert!(matches!(reported.take()[..], [StateError::Vetoed { .. }]));
        page.find("button").unchecked_into::<HtmlElement>().click();
        tick().await;
        assert!(reported.take().is_empty(), "who is told does not report");
        assert_eq!(store.get(USER), Some(ada()));
    }
}

#[wasm_bindgen_test]
async fn what_is_inside_of_an_option_comes_and_goes() {
    for store in stores() {
        let given = store.clone();
        let page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    {
                        let user = use_global_store(USER);
                        view! {
                            <Show when=move || user.read().is_some() fallback=|| "nobody">
                                <p>{move || user.unwrap().name().get()}</p>
                                <p>{move || user.unwrap().address().city().get()}</p>
                            </Show>
                            <i>{move || user.map(|user| user.name().get())}</i>
                        }
                    }
                </GlobalStateProvider>
            }
        });
        for _ in 0..3 {
            tick().await;
            assert_eq!(page.text().trim(), "nobody", "{}", store.engine());
            store.set(USER, ada()).unwrap();
            tick().await;
            assert!(page.text().contains("London"), "{}", store.engine());
            store
                .update(USER, |user| user.name = "Grace".into())
                .unwrap();
            tick().await;
            assert!(page.text().contains("Grace"));
            store.delete("user").unwrap();
        }
        assert_eq!(store.error_count(), 0);
    }
}

#[wasm_bindgen_test]
async fn of_ten_thousand_rows_the_one_that_changed_repaints() {
    const ROWS: u32 = 10_000;
    for store in stores() {
        let rows = (0..ROWS).map(row).collect();
        store.set(TABLE, Table { rows }).unwrap();
        let painted: Arc<Mutex<HashMap<u32, usize>>> = Arc::default();
        let (given, count) = (store.clone(), painted.clone());
        let page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    {
                        let table = use_global_store_or(TABLE, Table::default());
                        let count = count.clone();
                        view! {
                            <For
                                each=move || table.rows()
                                key=|row| row.key()
                                let:row
                            >
                                {
                                    let count = count.clone();
                                    let id = row.key();
                                    view! { <li>{move || {
                                        *count.lock().unwrap().entry(id).or_default() += 1;
                                        row.label().get()
                                    }}</li> }
                                }
                            </For>
                        }
                    }
                </GlobalStateProvider>
            }
        });
        tick().await;
        let take = || std::mem::take(&mut *painted.lock().unwrap());
        assert_eq!(take().len(), ROWS as usize);
        let before = page.all("li");

        let change = |table: &mut Table| table.rows[1234].label = "changed".into();
        store.update(TABLE, change).unwrap();
        tick().await;
        assert_eq!(take(), HashMap::from([(1234, 1)]), "{}", store.engine());
        assert_eq!(before[1234].inner_text(), "changed");

        store
            .update(TABLE, |table| table.rows.swap(0, 9_999))
            .unwrap();
        tick().await;
        assert_eq!(take(), HashMap::new(), "rows that move stay what they are");
        let after = page.all("li");
        assert_eq!(after[0].inner_text(), "row 9999");
        assert!(after[0].is_same_node(Some(&before[9_999])));

        let change = |table: &mut Table| {
            table.rows.remove(5);
            table.rows.insert(0, row(20_000));
            table.rows[1].label = "first of old".into();
        };
        store.update(TABLE, change).unwrap();
        tick().await;
        assert_eq!(take(), HashMap::from([(20_000, 1), (9_999, 1)]));
        assert_eq!(page.all("li").len(), ROWS as usize);
        assert_eq!(store.error_count(), 0);
    }
}

#[wasm_bindgen_test]
async fn fields_end_with_their_component() {
    for store in stores() {
        let (shown, given) = (RwSignal::new(true), store.clone());
        let held = StoredValue::new_local(None);
        let page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    <Show when=move || shown.get()>
                        <Mfe info=MfeInfo::new("profile", "leptos", "1.0.0")>
                            {
                                let own = use_mfe_store_or(USER, User::default());
                                let shared = use_global_store_or(USER, User::default());
                                held.set_value(Some(own));
                                own.name().set("own".into());
                                view! {
                                    <p>{move || own.name().get()}</p>
                                    <p>{move || shared.name().get()}</p>
                                }
                            }
                        </Mfe>
                    </Show>
                </GlobalStateProvider>
            }
        });
        for _ in 0..3 {
            shown.set(true);
            tick().await;
            tick().await;
            assert!(page.text().contains("own"), "{}", store.engine());
            assert_eq!(store.get::<User>("@profile/user").unwrap().name, "own");
            shown.set(false);
            tick().await;
            tick().await;
            assert!(store.is_empty() && store.mfes().is_empty());
            let gone = held.get_value().expect("it was mounted");
            assert!(gone.name().try_get().is_none());
            assert!(matches!(
                gone.try_update(|_| ()),
                Err(StateError::Unmounted)
            ));
        }
        assert_eq!(store.error_count(), 0);
    }
}
