//! A counter, and beside it what the features ask for.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod app;

fn main() {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    leptos::mount::mount_to_body(app::App);
}
