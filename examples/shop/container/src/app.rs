//! The page around everything: header, what is open, footer.

use crate::{
    catalogue::{Fetched, Goods, provide_catalogue},
    inside::Inside,
    place::{self, ROOT, Screen, use_place},
    products::{Home, Nowhere, Products},
    slots::Slot,
    start,
};
use leptos::prelude::*;
use universal_state::hooks::{provide_edge, provide_global_state, provide_host};

#[component]
pub fn App() -> impl IntoView {
    let store = provide_global_state(start::store());
    if let Some(edge) = start::edge(&store) {
        provide_edge(edge);
    }
    place::follow(&store);
    let hosting = start::host(&store);
    provide_host(hosting.host.clone());
    provide_context(hosting);
    let goods = provide_catalogue();
    let place = use_place();
    let screen = Memo::new(move |_| place.read().screen());
    title(goods, screen);
    let open = move || match screen.get() {
        Screen::Home => view! { <Home/> }.into_any(),
        Screen::Products { category } => view! { <Products category/> }.into_any(),
        Screen::Product => view! {
            <div class="product-page">
                <Slot name="product" label="The product"/>
                <aside aria-label="Wish list"><Slot name="beside" label="The wish list"/></aside>
            </div>
        }
        .into_any(),
        Screen::Checkout => view! { <Slot name="page" label="The checkout"/> }.into_any(),
        Screen::Nowhere => view! { <Nowhere/> }.into_any(),
    };
    view! {
        <a class="skip-link" href="#main">"Skip to the content"</a>
        <header class="shop-header">
            <a class="shop-name" href=ROOT>"Loam & Lantern"</a>
            <Categories goods screen/>
            <Slot name="header" label="The cart"/>
        </header>
        <main id="main" tabindex="-1">{open}</main>
        <footer class="shop-footer">
            <p>
                "A demo of universal-state: five teams, four frameworks, one store. Nothing here can be bought. "
                <a href="/">"Workbench"</a>
            </p>
            <Inside/>
        </footer>
    }
}

#[component]
fn Categories(goods: Goods, screen: Memo<Screen>) -> impl IntoView {
    let links = move || {
        match goods.get() {
        Fetched::Here(catalogue) => catalogue
            .categories
            .into_iter()
            .map(|category| {
                let id = category.id.clone();
                let is_open =
                    move || matches!(&*screen.read(), Screen::Products { category } if *category == id);
                view! {
                    <a
                        href=format!("{ROOT}products/{}", category.id)
                        aria-current=move || is_open().then_some("page")
                    >
                        {category.name}
                    </a>
                }
            })
            .collect_view()
            .into_any(),
        _ => ().into_any(),
    }
    };
    view! { <nav class="shop-nav" aria-label="Categories">{links}</nav> }
}

/// Says in the browser's tab what is open.
fn title(goods: Goods, screen: Memo<Screen>) {
    Effect::new(move |_| {
        let catalogue = match goods.get() {
            Fetched::Here(catalogue) => Some(catalogue),
            _ => None,
        };
        let open = match screen.get() {
            Screen::Home => None,
            Screen::Products { category } => catalogue
                .iter()
                .flat_map(|catalogue| &catalogue.categories)
                .find(|one| one.id == category)
                .map(|category| category.name.clone()),
            Screen::Product => Some("Product".to_owned()),
            Screen::Checkout => Some("Your order".to_owned()),
            Screen::Nowhere => Some("Nothing here".to_owned()),
        };
        let shop = "Loam & Lantern";
        document().set_title(&open.map_or(shop.to_owned(), |open| format!("{open} · {shop}")));
    });
}
