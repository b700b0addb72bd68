//! What is shown at which address.

use std::sync::atomic::{AtomicU32, Ordering};

use leptos::prelude::*;
use universal_state::{
    Store,
    hooks::{provide_global_state, use_global_state},
};

use crate::{
    cart::{self, Line},
    cart_page::CartPage,
    catalogue::{Catalogue, DATA, Pickups},
    checkout_page::CheckoutPage,
    contract::{CART, Cart, PLACE},
    page::{Container, Context, Requests, money},
    thanks_page::ThanksPage,
};

/// What was fetched.
#[derive(Clone, Copy)]
pub struct Data {
    /// What is sold.
    pub catalogue: StoredValue<Catalogue>,
    /// Where it can be picked up.
    pub pickups: StoredValue<Pickups>,
    /// Tells the ids of this mount from those of another.
    mount: u32,
}

impl Data {
    /// An id that no other mount on the page uses.
    pub fn id(self, name: &str) -> String {
        format!("checkout-{}-{name}", self.mount)
    }

    /// A price in the shop's currency.
    pub fn money(self, cents: i64) -> String {
        self.catalogue
            .with_value(|catalogue| money(cents, &catalogue.currency))
    }

    /// The lines of the shared cart that can be shown.
    pub fn use_lines(self) -> Memo<Vec<Line>> {
        let (cart, _) = use_global_state::<Cart>(CART);
        Memo::new(move |_| {
            cart.with(|cart| match cart {
                Some(cart) => self
                    .catalogue
                    .with_value(|catalogue| cart::lines(cart, catalogue)),
                None => Vec::new(),
            })
        })
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Page {
    Cart,
    Checkout,
    Thanks,
}

impl Page {
    fn at(path: &str) -> Option<Self> {
        match path.trim_end_matches('/') {
            "/shop/cart" => Some(Self::Cart),
            "/shop/checkout" => Some(Self::Checkout),
            "/shop/thanks" => Some(Self::Thanks),
            _ => None,
        }
    }
}

#[derive(Clone, Copy)]
enum Loading {
    Waiting,
    Loaded(Data),
    Failed,
}

/// The page that the address asks for, once there is something to show.
#[component]
pub fn App(context: Context, store: Store) -> impl IntoView {
    static MOUNTS: AtomicU32 = AtomicU32::new(0);
    let mount = MOUNTS.fetch_add(1, Ordering::Relaxed);
    let container = Container::provide(context);
    provide_global_state(store);
    let (place, _) = use_global_state(PLACE);
    let page = Memo::new(move |_| place.with(|place| Page::at(&place.as_ref()?.path)));
    let loading = RwSignal::new(Loading::Waiting);
    // Weak: an owner that a request keeps alive is never cleaned up, so the request would not be given up.
    let owner = Owner::current().map(|owner| owner.downgrade());
    let requests = Requests::of_component();
    let load = move || {
        loading.set(Loading::Waiting);
        let (owner, requests) = (owner.clone(), requests.clone());
        leptos::task::spawn_local(async move {
            let loaded = load_data(&requests).await;
            // Unmounted meanwhile, there is nothing left to tell.
            let Some(owner) = owner.and_then(|owner| owner.upgrade()) else {
                return;
            };
            loading.set(match loaded {
                Ok((catalogue, pickups)) => Loading::Loaded(owner.with(|| Data {
                    catalogue: StoredValue::new(catalogue),
                    pickups: StoredValue::new(pickups),
                    mount,
                })),
                Err(error) => {
                    container.report(&error);
                    Loading::Failed
                }
            });
        });
    };
    load();
    let pages = move || match (loading.get(), page.get()) {
        (Loading::Loaded(data), Some(Page::Cart)) => view! { <CartPage data/> }.into_any(),
        (Loading::Loaded(data), Some(Page::Checkout)) => view! { <CheckoutPage data/> }.into_any(),
        (Loading::Loaded(data), Some(Page::Thanks)) => view! { <ThanksPage data/> }.into_any(),
        (Loading::Failed, _) => {
            let load = load.clone();
            view! {
                <p role="alert">"The cart cannot be shown just now."</p>
                <button class="checkout-button" type="button" on:click=move |_| load()>
                    "Try again"
                </button>
            }
            .into_any()
        }
        _ => view! { <div class="checkout-waiting" aria-busy="true"></div> }.into_any(),
    };
    view! {
        <style>{include_str!("../checkout.css")}</style>
        <div class="checkout">{pages}</div>
    }
}

async fn load_data(requests: &Requests) -> Result<(Catalogue, Pickups), String> {
    let catalogue = requests.fetch(&format!("{DATA}products.json")).await?;
    let pickups = requests.fetch(&format!("{DATA}pickups.json")).await?;
    Ok((catalogue, pickups))
}

/// What the cart, the checkout and the thanks page say when there is nothing to show.
#[component]
pub fn Nothing(
    #[prop(optional, into)] id: Option<String>,
    title: &'static str,
    text: &'static str,
) -> impl IntoView {
    view! {
        <h1 id=id tabindex="-1">
            {title}
        </h1>
        <p>{text}</p>
        <p>
            <a class="checkout-button" href="/shop/">
                "Look around the shop"
            </a>
        </p>
    }
}
