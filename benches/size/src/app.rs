//! The app. What is shared is worked out when it runs, so that the compiler cannot leave anything out.

use leptos::prelude::*;
#[cfg(feature = "store")]
use universal_state::{Key, hooks::*};

#[cfg(not(feature = "store"))]
#[component]
pub fn App() -> impl IntoView {
    let (count, set_count) = signal(0);
    view! { <button on:click=move |_| set_count.set(count.get() + 1)>{count}</button> }
}

#[cfg(feature = "store")]
const COUNT: Key<i32> = Key::new("count");

#[cfg(feature = "store")]
#[component]
fn Counter() -> impl IntoView {
    let (count, set_count) = use_global_state_or(COUNT, 0);
    view! { <button on:click=move |_| set_count.set(count.get() + 1)>{count}</button> }
}

#[cfg(feature = "store")]
#[component]
pub fn App() -> impl IntoView {
    view! {
        <GlobalStateProvider>
            <Counter/>
            {features()}
        </GlobalStateProvider>
    }
}

#[cfg(feature = "store")]
fn features() -> Vec<AnyView> {
    vec![
        #[cfg(feature = "value-type")]
        value_type::Name().into_any(),
        #[cfg(feature = "mfe")]
        mfe::Part().into_any(),
        #[cfg(feature = "json")]
        json::Place().into_any(),
        #[cfg(feature = "regex")]
        regex::Matches().into_any(),
        #[cfg(feature = "fields")]
        fields::City().into_any(),
    ]
}

/// A second type of value, used as the first is.
#[cfg(feature = "value-type")]
mod value_type {
    use super::*;
    use serde::{Deserialize, Serialize};

    #[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
    struct Person {
        name: String,
        age: u32,
        email: Option<String>,
    }

    const PERSON: Key<Person> = Key::new("person");

    #[component]
    pub fn Name() -> impl IntoView {
        let (person, set_person) = use_global_state_or(PERSON, Person::default());
        let grow = move |_| {
            let mut person = person.get();
            person.age += 1;
            set_person.set(person);
        };
        view! { <button on:click=grow>{move || person.get().name}</button> }
    }
}

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
