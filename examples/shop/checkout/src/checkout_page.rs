//! The form by which the cart becomes an order.

use leptos::prelude::*;
use universal_state::{
    StateError,
    hooks::{use_global_state_or, use_store},
};

use crate::{
    app::{Data, Nothing},
    cart,
    contract::{CART, ORDER, Order, PICKUP, SOURCE},
    form::{Draft, Field, first_wrong, order_number, problem},
    page::{Container, focus_later},
};

/// What is wrong, from the first try to order on.
#[derive(Clone, Copy)]
struct Problems {
    data: Data,
    draft: Signal<Draft>,
    is_tried: RwSignal<bool>,
}

impl Problems {
    fn of(self, field: Field) -> Option<&'static str> {
        let (draft, pickups) = (self.draft, self.data.pickups);
        self.is_tried
            .get()
            .then(|| {
                draft.with(|draft| pickups.with_value(|pickups| problem(draft, field, pickups)))
            })
            .flatten()
    }

    fn first(self) -> Option<Field> {
        let (draft, pickups) = (self.draft, self.data.pickups);
        draft.with_untracked(|draft| pickups.with_value(|pickups| first_wrong(draft, pickups)))
    }
}

/// Name, e-mail address and store, beside what is going to be ordered.
#[component]
pub fn CheckoutPage(data: Data) -> impl IntoView {
    let lines = data.use_lines();
    let is_empty = Memo::new(move |_| lines.with(Vec::is_empty));
    let name = RwSignal::new(String::new());
    let email = RwSignal::new(String::new());
    let (pickup, _) = use_global_state_or(PICKUP, String::new());
    let problems = Problems {
        data,
        draft: Signal::derive(move || Draft {
            name: name.get(),
            email: email.get(),
            pickup: pickup.get(),
        }),
        is_tried: RwSignal::new(false),
    };
    let shown = move || {
        if is_empty.get() {
            return view! {
                <Nothing title="There is nothing to order yet" text="Your cart is empty."/>
            }
            .into_any();
        }
        view! {
            <h1>"Checkout"</h1>
            <div class="checkout-sides">
                <Form data problems name email pickup/>
                <Summary data/>
            </div>
        }
        .into_any()
    };
    view! { {shown} }
}

#[component]
fn Form(
    data: Data,
    problems: Problems,
    name: RwSignal<String>,
    email: RwSignal<String>,
    pickup: Signal<String>,
) -> impl IntoView {
    let store = use_store();
    let container = expect_context::<Container>();
    let lines = data.use_lines();
    let refused = RwSignal::new(false);
    let place = move |draft: Draft| -> Result<(), StateError> {
        let lines = lines.get_untracked();
        let order = Order {
            number: order_number(random()),
            name: draft.name.trim().to_owned(),
            email: draft.email.trim().to_owned(),
            pickup: draft.pickup,
            items: cart::ordered(&lines),
            total: cart::total(&lines),
        };
        // In one step: an order and a cart that still has it would be ordered twice.
        store.with_source(SOURCE).batch(|view| {
            view.set(ORDER, order)?;
            view.delete(CART.name()).map(drop)
        })
    };
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        problems.is_tried.set(true);
        if let Some(field) = problems.first() {
            focus_later(input_id(data, field));
            return;
        }
        match place(problems.draft.get_untracked()) {
            Ok(()) => container.navigate("/shop/thanks"),
            Err(error) => {
                refused.set(true);
                container.report(&error);
            }
        }
    };
    view! {
        <form class="checkout-form" novalidate on:submit=submit>
            <TextField
                data
                problems
                field=Field::Name
                label="Name"
                kind="text"
                autocomplete="name"
                value=name
            />
            <TextField
                data
                problems
                field=Field::Email
                label="E-mail"
                kind="email"
                autocomplete="email"
                value=email
            />
            <StorePicker data problems pickup/>
            <button class="checkout-button checkout-main" type="submit">
                "Place order"
            </button>
            <p class="checkout-problem" role="alert">
                {move || refused.get().then_some("The order was not placed. Please try again.")}
            </p>
        </form>
    }
}

#[component]
fn TextField(
    data: Data,
    problems: Problems,
    field: Field,
    label: &'static str,
    kind: &'static str,
    autocomplete: &'static str,
    value: RwSignal<String>,
) -> impl IntoView {
    let id = input_id(data, field);
    let problem = move || problems.of(field);
    view! {
        <div class="checkout-field">
            <label for=id.clone()>{label}</label>
            <input
                id=id
                type=kind
                autocomplete=autocomplete
                aria-required="true"
                aria-invalid=move || problem().map(|_| "true")
                aria-describedby=move || problem().map(|_| problem_id(data, field))
                prop:value=value
                on:input=move |event| value.set(event_target_value(&event))
            />
            <ProblemNote data field problems/>
        </div>
    }
}

/// The choice is kept for the next order, and for the other tabs.
#[component]
fn StorePicker(data: Data, problems: Problems, pickup: Signal<String>) -> impl IntoView {
    let store = use_store();
    let container = expect_context::<Container>();
    let problem = move || problems.of(Field::Pickup);
    let choose = StoredValue::new(move |id: String| {
        if let Err(error) = store.set_with_source(PICKUP, id, SOURCE) {
            container.report(&error);
        }
    });
    let stores = data.pickups.with_value(|pickups| pickups.stores.clone());
    let rows = stores.into_iter().enumerate().map(|(index, store)| {
        let id = StoredValue::new(store.id);
        view! {
            <label class="checkout-store">
                <input
                    type="radio"
                    id=(index == 0).then(|| input_id(data, Field::Pickup))
                    name=data.id("store")
                    value=id.get_value()
                    prop:checked=move || pickup.with(|chosen| id.with_value(|id| id == chosen))
                    on:change=move |_| choose.with_value(|choose| choose(id.get_value()))
                />
                <span>
                    <strong>{store.name}</strong>
                    <span class="checkout-muted">{store.street} ", " {store.town}</span>
                    <span class="checkout-muted">{store.hours}</span>
                </span>
            </label>
        }
    });
    let rows: Vec<_> = rows.collect();
    view! {
        <fieldset
            class="checkout-stores"
            role="radiogroup"
            aria-required="true"
            aria-invalid=move || problem().map(|_| "true")
            aria-describedby=move || problem().map(|_| problem_id(data, Field::Pickup))
        >
            <legend>"Pick up in"</legend>
            <div>{rows}</div>
            <ProblemNote data field=Field::Pickup problems/>
        </fieldset>
    }
}

#[component]
fn ProblemNote(data: Data, field: Field, problems: Problems) -> impl IntoView {
    view! {
        <p class="checkout-problem" id=problem_id(data, field)>
            {move || problems.of(field)}
        </p>
    }
}

/// What is going to be ordered.
#[component]
fn Summary(data: Data) -> impl IntoView {
    let lines = data.use_lines();
    let rows = move || {
        let row = |line: cart::Line| {
            let total = data.money(line.total());
            view! {
                <li>
                    <span>{line.quantity} " × " {line.title}</span>
                    <span>{total}</span>
                </li>
            }
        };
        lines.get().into_iter().map(row).collect_view()
    };
    view! {
        <section class="checkout-summary" aria-label="Your order">
            <h2>"Your order"</h2>
            <ul>{rows}</ul>
            <p class="checkout-total">
                <span>"Total"</span>
                <strong>{move || data.money(lines.with(|lines| cart::total(lines)))}</strong>
            </p>
            <a href="/shop/cart">"Change the cart"</a>
        </section>
    }
}

fn input_id(data: Data, field: Field) -> String {
    data.id(match field {
        Field::Name => "name",
        Field::Email => "email",
        Field::Pickup => "pickup",
    })
}

fn problem_id(data: Data, field: Field) -> String {
    format!("{}-problem", input_id(data, field))
}

/// 40 random bits.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "from 0 to below 2^40"
)]
fn random() -> u64 {
    (js_sys::Math::random() * (1_u64 << 40) as f64) as u64
}
