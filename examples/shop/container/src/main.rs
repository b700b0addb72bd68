//! The shop's page. It provides the store, hosts the micro-frontends of other teams, shows which page
//! is open, and has what the team Explore makes: the home page and the lists of products.

mod app;
mod catalogue;
mod inside;
mod place;
mod products;
mod slots;
mod start;

use leptos::prelude::*;

fn main() {
    std::panic::set_hook(Box::new(|panic| leptos::logging::error!("{panic}")));
    mount_to_body(app::App);
    if let Some(skeleton) = document().get_element_by_id("skeleton") {
        skeleton.remove();
    }
}
