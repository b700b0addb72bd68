//! What is in the cart, and changing it.

use leptos::prelude::*;
use universal_state::hooks::use_store;

use crate::{
    app::{Data, Nothing},
    cart::{self, Line},
    contract::{CART, Cart, MOST, SOURCE},
    page::{Container, focus_later},
};

/// The lines of the cart, what they come to, and the way on.
#[component]
pub fn CartPage(data: Data) -> impl IntoView {
    let lines = data.use_lines();
    let heading = move || data.id("cart");
    let said = RwSignal::new(String::new());
    let is_empty = Memo::new(move |_| lines.with(Vec::is_empty));
    let total = move || data.money(lines.with(|lines| cart::total(lines)));
    let shown = move || {
        if is_empty.get() {
            return view! {
                <Nothing
                    id=heading()
                    title="Your cart is empty"
                    text="What you put into it waits for you here."
                />
            }
            .into_any();
        }
        view! {
            <h1 id=heading() tabindex="-1">
                "Your cart"
            </h1>
            <ul class="checkout-lines" aria-labelledby=heading()>
                <For each=move || lines.get() key=|line| line.sku.clone() let:line>
                    <Row line data lines said/>
                </For>
            </ul>
            <p class="checkout-total">
                <span>"Total"</span>
                <strong>{total}</strong>
            </p>
            <p class="checkout-ways">
                <a class="checkout-button checkout-main" href="/shop/checkout">
                    "Go to checkout"
                </a>
                <a href="/shop/">"Look for more"</a>
            </p>
        }
        .into_any()
    };
    view! {
        {shown}
        <p class="checkout-said" role="status">
            {said}
        </p>
    }
}

/// A line: its quantity can be typed or stepped.
#[component]
fn Row(line: Line, data: Data, lines: Memo<Vec<Line>>, said: RwSignal<String>) -> impl IntoView {
    let store = use_store();
    let container = expect_context::<Container>();
    let sku = StoredValue::new(line.sku.clone());
    let title = StoredValue::new(line.title.clone());
    // The row stays while its quantity changes.
    let present = Memo::new(move |_| {
        let is_it = |line: &&Line| sku.with_value(|sku| line.sku == *sku);
        lines.with(|lines| {
            lines
                .iter()
                .find(is_it)
                .map(|line| (line.quantity, line.total()))
        })
    });
    let quantity = move || present.get().map_or(0, |(quantity, _)| quantity);
    let sum = move || data.money(present.get().map_or(0, |(_, total)| total));
    let set = move |quantity: u32| {
        let change = |cart: &mut Cart| {
            sku.with_value(|sku| cart::set_quantity(cart, sku, quantity));
        };
        if let Err(error) = store.with_source(SOURCE).update(CART, change) {
            container.report(&error);
        }
    };
    let typed = {
        let set = set.clone();
        move |event: web_sys::Event| {
            let input = event_target::<web_sys::HtmlInputElement>(&event);
            match cart::parse_quantity(&input.value()) {
                Some(quantity) => set(quantity),
                // What is no quantity leaves the old one.
                None => input.set_value(&untrack(quantity).to_string()),
            }
        }
    };
    let remove = move |_| {
        let next = lines.with_untracked(|lines| {
            let at = lines
                .iter()
                .position(|line| sku.with_value(|sku| line.sku == *sku))?;
            let next = lines
                .get(at + 1)
                .or_else(|| lines.get(at.checked_sub(1)?))?;
            Some(remove_id(data, &next.sku))
        });
        said.set(title.with_value(|title| format!("{title} was removed.")));
        set(0);
        // What had the focus is gone with the row.
        focus_later(next.unwrap_or_else(|| data.id("cart")));
    };
    let label = move |what: &str| title.with_value(|title| format!("{what} {title}"));
    let price = data.money(line.price);
    view! {
        <li class="checkout-line">
            <img src=line.picture alt="" width="96" height="96"/>
            <div class="checkout-what">
                <a href=line.address>{line.title}</a>
                <span class="checkout-muted">{price} " each"</span>
            </div>
            <input
                class="checkout-quantity"
                type="number"
                inputmode="numeric"
                min="1"
                max=MOST
                aria-label=label("Quantity of")
                prop:value=move || quantity().to_string()
                on:change=typed
            />
            <strong class="checkout-sum">{sum}</strong>
            <button
                class="checkout-button checkout-quiet"
                type="button"
                id=remove_id(data, &line.sku)
                aria-label=label("Remove")
                on:click=remove
            >
                "Remove"
            </button>
        </li>
    }
}

fn remove_id(data: Data, sku: &str) -> String {
    data.id(&format!("remove-{sku}"))
}
