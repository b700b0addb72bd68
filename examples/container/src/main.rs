//! The demo: a page of three micro-frontends, and instruments that show their shared state at work.

mod app;
mod breakage;
mod clock;
mod controls;
mod edges;
mod engine_switch;
mod history;
mod keys;
mod log;
mod notices;
mod places;
mod registry;
mod start;
mod stats;

use leptos::prelude::*;

fn main() {
    std::panic::set_hook(Box::new(|panic| leptos::logging::error!("{panic}")));
    mount_to_body(app::App);
    // What stood there while the program was on its way; both happen before the next paint.
    if let Some(skeleton) = document().get_element_by_id("skeleton") {
        skeleton.remove();
    }
}
