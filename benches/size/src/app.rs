//! The app. What is shared is worked out when it runs, so that the compiler cannot leave anything out.

use leptos::prelude::*;
#[cfg(feature = "store")]
use universal_state::{Key, hooks::*};

/// A view that is there with a feature.
#[cfg(feature = "store")]
macro_rules! with {
    ($feature:literal, $view:expr) => {{
        #[cfg(feature = $feature)]
        {
            $view
        }
        #[cfg(not(feature = $feature))]
        {}
    }};
}

/// Without the store, components share a signal by context.
#[cfg(not(feature = "store"))]
fn share<T: Send + Sync + 'static>(value: T) {
    let (value, set_value) = signal(value);
    provide_context::<(Signal<T>, WriteSignal<T>)>((value.into(), set_value));
}

#[cfg(not(feature = "store"))]
fn use_count() -> (Signal<i32>, WriteSignal<i32>) {
    expect_context()
}

#[cfg(feature = "store")]
fn use_count() -> (Signal<i32>, SetState<i32>) {
    use_global_state_or(Key::new("count"), 0)
}

#[component]
fn Counter() -> impl IntoView {
    let (count, set_count) = use_count();
    view! { <button on:click=move |_| set_count.set(count.get() + 1)>{count}</button> }
}

#[cfg(not(feature = "store"))]
#[component]
pub fn App() -> impl IntoView {
    share(0);
    let shown = view! { <Counter/> };
    #[cfg(feature = "value-type")]
    let shown = {
        share(value_type::Held::default());
        (shown, value_type::Name())
    };
    #[cfg(feature = "further-type")]
    let shown = {
        share(further_type::Held::default());
        (shown, further_type::Name())
    };
    shown
}

#[cfg(feature = "store")]
#[component]
pub fn App() -> impl IntoView {
    let store = universal_state::Store::new();
    #[cfg(feature = "storage")]
    edge::attach(&store);
    provide_global_state(store);
    #[cfg(feature = "page")]
    if let Err(error) = provide_page(universal_state::edge::page::DEFAULT_NAME) {
        use_store().report(&error);
    }
    view! {
        <Counter/>
        {with!("value-type", value_type::Name())}
        {with!("further-type", further_type::Name())}
        {with!("mfe", mfe::Part())}
        {with!("json", json::Place())}
        {with!("regex", regex::Matches())}
        {with!("fields", fields::City())}
        {with!("collections", collections::Rows())}
        {with!("host", host::Loaded())}
    }
}

/// Keeps the store in storage and, with the feature, in step with other tabs.
#[cfg(feature = "storage")]
mod edge {
    use super::*;
    #[cfg(feature = "storage-and-tabs")]
    use universal_state::edge::{Tabs, browser::PageTransport};
    use universal_state::{
        Store,
        edge::{Edge, Storage, browser::LocalStorage},
    };

    #[cfg(not(feature = "indexed-db"))]
    fn backend() -> LocalStorage {
        LocalStorage
    }

    /// That of the browser which the page's address asks for.
    #[cfg(feature = "indexed-db")]
    fn backend() -> Box<dyn universal_state::edge::Backend> {
        match window().location().hash() {
            Ok(hash) if hash == "#large" => {
                Box::new(universal_state::edge::browser::IndexedDb::new("app"))
            }
            _ => Box::new(LocalStorage),
        }
    }

    pub fn attach(store: &Store) {
        let edge = Edge::builder("app").storage(Storage::new(backend()));
        #[cfg(feature = "storage-and-tabs")]
        let edge = edge.tabs(Tabs::new(PageTransport::new("app")));
        match edge.attach(store) {
            Ok(edge) => on_cleanup(move || edge.detach()),
            Err(error) => store.report(&error),
        }
    }
}

/// A type of value, and a component that reads and writes it.
#[cfg(feature = "value-type")]
macro_rules! value_type {
    ($name:ident, $key:literal, $($field:ident: $ty:ty),+) => {
        mod $name {
            use super::*;

            #[derive(Clone, PartialEq, Default)]
            #[cfg_attr(feature = "store", derive(serde::Serialize, serde::Deserialize))]
            pub struct Held {
                name: String,
                age: u32,
                $($field: $ty),+
            }

            #[component]
            pub fn Name() -> impl IntoView {
                #[cfg(feature = "store")]
                let (held, set_held) = use_global_state_or(Key::new($key), Held::default());
                #[cfg(not(feature = "store"))]
                let (held, set_held) = expect_context::<(Signal<Held>, WriteSignal<Held>)>();
                let grow = move |_| {
                    let mut held = held.get();
                    held.age += 1;
                    set_held.set(held);
                };
                view! { <button on:click=grow>{move || held.get().name}</button> }
            }
        }
    };
}

#[cfg(feature = "value-type")]
value_type!(value_type, "person", email: Option<String>);
#[cfg(feature = "further-type")]
value_type!(further_type, "place", latitude: f64, longitude: f64);

#[cfg(feature = "mfe")]
mod mfe {
    use super::*;
    use universal_state::MfeInfo;

    #[component]
    pub fn Part() -> impl IntoView {
        view! {
            <Mfe info=MfeInfo::new("part", "leptos", "1.0.0")>
                <Counter/>
            </Mfe>
        }
    }
}

/// Reads and writes a place inside of a value, of whatever type it is.
#[cfg(feature = "json")]
mod json {
    use super::*;

    #[component]
    pub fn Place() -> impl IntoView {
        let (city, set_city) = use_global_at::<String>("person", "/address/city");
        let move_on = move |_| set_city.set("Bergen".to_owned());
        view! { <button on:click=move_on>{move || city.get()}</button> }
    }
}

#[cfg(feature = "regex")]
mod regex {
    use super::*;
    use universal_state::{Pattern, SubscribeOptions};

    #[component]
    pub fn Matches() -> impl IntoView {
        let (heard, set_heard) = signal(0);
        let (text, _) = use_global_state_or(Key::<i32>::new("pattern"), 7);
        let store = use_store();
        let subscribe = move |_| {
            let pattern = Pattern::regex(&format!("^row:{}+$", text.get_untracked()));
            let Ok(pattern) = pattern else { return };
            let listener = move |changes: &universal_state::ChangeSet| set_heard.set(changes.len());
            let subscription = store.subscribe_pattern(pattern, SubscribeOptions::new(), listener);
            if let Ok(subscription) = subscription {
                subscription.forget();
            }
        };
        view! { <button on:click=subscribe>{heard}</button> }
    }
}

#[cfg(feature = "fields")]
mod fields {
    use super::*;
    use reactive_stores::Store as Accessors;
    use serde::{Deserialize, Serialize};
    use universal_state::Diff;

    #[derive(Clone, PartialEq, Default, Serialize, Deserialize, Accessors, Diff)]
    struct User {
        name: String,
        address: Address,
    }

    #[derive(Clone, PartialEq, Default, Serialize, Deserialize, Accessors, Diff)]
    struct Address {
        city: String,
        street: String,
    }

    const USER: Key<User> = Key::new("user");

    #[component]
    pub fn City() -> impl IntoView {
        let user = use_global_store_or(USER, User::default());
        let move_on = move |_| user.address().city().set("Bergen".to_owned());
        view! { <button on:click=move_on>{move || user.address().city().get()}</button> }
    }
}

/// An entry of a map, read and written by itself.
#[cfg(feature = "collections")]
mod collections {
    use super::*;

    #[component]
    pub fn Rows() -> impl IntoView {
        let rows = use_global_map::<u32, String>("rows");
        let add = move |_| rows.insert(rows.len() as u32, "row".to_owned());
        view! { <button on:click=add>{move || rows.get(&0)}</button> }
    }
}

/// A micro-frontend that is loaded at run time, from where a manifest says.
#[cfg(feature = "host")]
mod host {
    use super::*;
    use leptos::task::spawn_local;
    use universal_state::edge::{host::Host, page::DEFAULT_NAME};

    #[component]
    pub fn Loaded() -> impl IntoView {
        let (is_known, set_known) = signal(false);
        let host = provide_host(Host::new(&use_store(), DEFAULT_NAME));
        spawn_local(async move {
            match host.load_manifest("/manifest.json").await {
                Ok(()) => set_known.set(true),
                Err(error) => leptos::logging::error!("{error}"),
            }
        });
        view! {
            <Show when=move || is_known.get()>
                <MicroFrontend id="part"/>
            </Show>
        }
    }
}
