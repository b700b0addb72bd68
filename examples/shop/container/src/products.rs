//! What the team Explore makes: the home page, and the lists of products with their filter.

use crate::{
    catalogue::{Catalogue, Fetched, Goods, Product, Variant, file, price},
    place::{Place, ROOT, go, use_place},
};
use leptos::prelude::*;
use universal_state::hooks::use_store;

/// What needs the catalogue, once it is here.
#[component]
fn WithCatalogue<V: IntoView + 'static>(
    children: impl Fn(Catalogue) -> V + Send + 'static,
) -> impl IntoView {
    let goods: Goods = expect_context();
    move || match goods.get() {
        Fetched::Coming => {
            view! { <p class="shop-notice" aria-busy="true">"One moment …"</p> }.into_any()
        }
        Fetched::Here(catalogue) => children(catalogue).into_any(),
        Fetched::Failed(reason) => view! {
            <div class="slot-sorry" role="alert">
                <h1>"The shelves are empty"</h1>
                <p>"What we sell could not be fetched."</p>
                <p class="slot-reason">{reason}</p>
                <button type="button" class="button" on:click=move |_| goods.ask()>
                    "Try again"
                </button>
            </div>
        }
        .into_any(),
    }
}

#[component]
pub fn Home() -> impl IntoView {
    let home = |catalogue: Catalogue| {
        let categories = catalogue.categories.into_iter().map(|category| {
            let in_it = |product: &&Product| product.category == category.id;
            let count = catalogue.products.iter().filter(in_it).count();
            view! {
                <li>
                    <a class="category" href=format!("{ROOT}products/{}", category.id)>
                        <img src=file(&category.picture) alt="" width="480" height="480"/>
                        <span class="category-name">{category.name}</span>
                        <span class="category-text">{category.text}</span>
                        <span class="category-count">
                            {count} {if count == 1 { " thing" } else { " things" }}
                        </span>
                    </a>
                </li>
            }
        });
        view! {
            <div class="home">
                <div class="home-words">
                    <h1>{catalogue.shop.claim}</h1>
                </div>
                <h2 class="visually-hidden">"Categories"</h2>
                <ul class="categories">{categories.collect_view()}</ul>
            </div>
        }
    };
    view! { <WithCatalogue children=home/> }
}

/// What the visitor looks for, as the address has it.
#[derive(Clone, PartialEq)]
struct Wanted {
    family: String,
    words: String,
    order: String,
}

impl Wanted {
    fn of(place: &Place) -> Self {
        Self {
            family: place.parameter("filter"),
            words: place.parameter("q").trim().to_lowercase(),
            order: place.parameter("order"),
        }
    }

    /// The variants of a product that are wanted.
    fn of_product<'p>(&self, product: &'p Product) -> Vec<&'p Variant> {
        let text = [&product.name, &product.kind]
            .into_iter()
            .chain(&product.materials)
            .map(|text| text.to_lowercase())
            .collect::<Vec<_>>()
            .join(" ");
        let is_wanted = |variant: &&Variant| {
            let name = variant.name.to_lowercase();
            (self.family.is_empty() || variant.family == self.family)
                && self
                    .words
                    .split_whitespace()
                    .all(|word| text.contains(word) || name.contains(word))
        };
        product.variants.iter().filter(is_wanted).collect()
    }
}

/// A product in the list: the variant that is shown, and what those that are wanted cost.
#[derive(Clone, PartialEq)]
struct Shown {
    product: Product,
    variant: Variant,
    cheapest: u32,
    dearest: u32,
}

#[component]
pub fn Products(category: String) -> impl IntoView {
    let list = move |catalogue: Catalogue| {
        let found = catalogue.categories.iter().find(|one| one.id == category);
        match found.cloned() {
            Some(category) => view! {
                <div class="list">
                    <div class="list-head">
                        <h1>{category.name.clone()}</h1>
                        <p>{category.text.clone()}</p>
                    </div>
                    <List catalogue category=category.id/>
                </div>
            }
            .into_any(),
            None => view! { <Nowhere/> }.into_any(),
        }
    };
    view! { <WithCatalogue children=list/> }
}

#[component]
fn List(catalogue: Catalogue, category: String) -> impl IntoView {
    let place = use_place();
    let store = use_store();
    let catalogue = StoredValue::new(catalogue);
    let currency = catalogue.with_value(|catalogue| catalogue.currency.clone());
    let wanted = Memo::new(move |_| Wanted::of(&place.read()));
    let shown = Memo::new(move |_| {
        let wanted = wanted.get();
        let mut shown: Vec<Shown> = catalogue.with_value(|catalogue| {
            let products = catalogue.products.iter();
            let of_category = products.filter(|product| product.category == category);
            of_category
                .filter_map(|product| {
                    let variants = wanted.of_product(product);
                    let prices = variants.iter().map(|variant| variant.price);
                    Some(Shown {
                        product: product.clone(),
                        variant: (*variants.first()?).clone(),
                        cheapest: prices.clone().min()?,
                        dearest: prices.max()?,
                    })
                })
                .collect()
        });
        match wanted.order.as_str() {
            "price" => shown.sort_by_key(|shown| shown.cheapest),
            "-price" => shown.sort_by_key(|shown| std::cmp::Reverse(shown.cheapest)),
            _ => {}
        }
        shown
    });
    let to = move |name: &'static str, value: &str| place.read().with_parameter(name, value);
    let families = catalogue.with_value(|catalogue| {
        let link = |id: String, name: String, colour: Option<String>| {
            let (of_link, of_mark) = (id.clone(), id);
            view! {
                <a
                    class="chip"
                    href=move || to("filter", &of_link)
                    aria-current=move || (wanted.read().family == of_mark).then_some("true")
                >
                    {colour.map(|colour| view! { <i style:background=colour></i> })}
                    {name}
                </a>
            }
        };
        let families = catalogue.families.iter();
        let families = families.map(|family| {
            link(
                family.id.clone(),
                family.name.clone(),
                Some(family.colour.clone()),
            )
        });
        std::iter::once(link(String::new(), "All".to_owned(), None))
            .chain(families)
            .collect_view()
    });
    let count = move || match shown.read().len() {
        0 => "Nothing of that kind".to_owned(),
        1 => "1 thing".to_owned(),
        many => format!("{many} things"),
    };
    let (by_words, by_order) = (store.clone(), store);
    view! {
        <form class="filter" role="search" on:submit=|event| event.prevent_default()>
            <div class="field filter-words">
                <label class="field-label" for="filter-words">"Search here"</label>
                <input
                    id="filter-words"
                    type="search"
                    autocomplete="off"
                    placeholder="Name, material or colour"
                    prop:value=move || place.read().parameter("q")
                    on:input=move |event| go(&by_words, &to("q", &event_target_value(&event)), true)
                />
            </div>
            <div class="field">
                <label class="field-label" for="filter-order">"Order"</label>
                <select
                    id="filter-order"
                    prop:value=move || wanted.get().order
                    on:change=move |event| go(&by_order, &to("order", &event_target_value(&event)), true)
                >
                    <option value="">"As it stands on the shelf"</option>
                    <option value="price">"Cheapest first"</option>
                    <option value="-price">"Dearest first"</option>
                </select>
            </div>
            <nav class="chips" aria-label="Colours">{families}</nav>
        </form>
        <p class="list-count" role="status">{count}</p>
        <ul class="products">
            <For
                each=move || shown.get()
                key=|shown| (shown.variant.sku.clone(), shown.cheapest, shown.dearest)
                children=move |shown| view! { <Card shown currency=currency.clone()/> }
            />
        </ul>
    }
}

#[component]
fn Card(shown: Shown, currency: String) -> impl IntoView {
    let Shown {
        product,
        variant,
        cheapest,
        dearest,
    } = shown;
    let from = if cheapest == dearest { "" } else { "from " };
    let dots = product.variants.iter().map(|variant| {
        view! { <i style:background=variant.colour.clone()></i> }
    });
    view! {
        <li>
            <a class="card" href=format!("{ROOT}product/{}?sku={}", product.id, variant.sku)>
                <img src=file(&variant.picture) alt="" width="480" height="480" loading="lazy"/>
                <span class="card-name">{product.name} " " <small>{product.kind}</small></span>
                <span class="card-price">{from} {price(cheapest, &currency)}</span>
                <span class="card-colours">
                    <span class="card-dots" aria-hidden="true">{dots.collect_view()}</span>
                    {match product.variants.len() {
                        1 => "1 colour".to_owned(),
                        many => format!("{many} colours"),
                    }}
                </span>
            </a>
        </li>
    }
}

#[component]
pub fn Nowhere() -> impl IntoView {
    view! {
        <div class="shop-notice">
            <h1>"There is nothing here"</h1>
            <p><a href=ROOT>"Back to the shop"</a></p>
        </div>
    }
}
