//! What was ordered.

use leptos::prelude::*;
use universal_state::hooks::use_global_state;

use crate::{
    app::{Data, Nothing},
    contract::{ORDER, Order},
};

/// The last order, also after a reload.
#[component]
pub fn ThanksPage(data: Data) -> impl IntoView {
    let (order, _) = use_global_state::<Order>(ORDER);
    move || match order.get() {
        Some(order) => view! { <Thanks data order/> }.into_any(),
        None => view! {
            <Nothing title="Nothing was ordered yet" text="Here you will find your last order."/>
        }
        .into_any(),
    }
}

#[component]
fn Thanks(data: Data, order: Order) -> impl IntoView {
    let pickup = data.pickups.with_value(|pickups| {
        let store = pickups.stores.iter().find(|store| store.id == order.pickup);
        store.map(|store| {
            format!(
                "{}, {}, {} ({})",
                store.name, store.street, store.town, store.hours
            )
        })
    });
    let rows = data.catalogue.with_value(|catalogue| {
        let row = |item: &crate::contract::OrderedItem| {
            let title = match catalogue.find(&item.sku) {
                Some((product, variant)) => format!("{}, {}", product.name, variant.name),
                None => item.sku.clone(),
            };
            let total = data.money(item.price.saturating_mul(i64::from(item.quantity)));
            view! {
                <li>
                    <span>{item.quantity} " × " {title}</span>
                    <span>{total}</span>
                </li>
            }
        };
        order.items.iter().map(row).collect_view()
    });
    view! {
        <h1>"Thank you, " {order.name} "."</h1>
        <p>
            "Your order " <strong>{order.number}</strong> " is being packed. We write to "
            <strong>{order.email}</strong> " when it is ready."
        </p>
        <section class="checkout-summary" aria-label="Your order">
            <h2>"Your order"</h2>
            <ul>{rows}</ul>
            <p class="checkout-total">
                <span>"Total"</span>
                <strong>{data.money(order.total)}</strong>
            </p>
            {pickup.map(|pickup| view! { <p class="checkout-muted">"Pick it up in " {pickup}</p> })}
        </section>
        <p class="checkout-ways">
            <a class="checkout-button" href="/shop/">
                "Look around the shop"
            </a>
        </p>
    }
}
