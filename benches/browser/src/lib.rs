//! The Rust side of `cargo xtask bench browser`: each workload for the store and for bare signals.
//! A sample is one call from JavaScript, and all that it measures runs inside of the wasm; only
//! where each set has a turn of its own, each is a call.

#![cfg(all(target_family = "wasm", target_os = "unknown"))]

mod adapter;
mod components;
mod deep;
mod edges;
mod floor;
mod repaint;
mod store;
mod work;

use adapter::heard;
use floor::Floor;
use store::{ByHandle, ByName, Ours};
use wasm_bindgen::prelude::*;
use web_sys::HtmlElement;
use work::{Fixture, Work, Workload};

/// One workload, set up for one row of the table.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Case(Box<dyn Work>);

#[wasm_bindgen]
impl Case {
    /// `None` if there is no such row or workload.
    #[wasm_bindgen(js_name = prepare)]
    pub fn prepare(row: &str, workload: &str) -> Option<Self> {
        if workload == "deep-write" {
            return deep::prepare(row).map(Self);
        }
        if workload == "convergent-set" {
            return edges::convergent(row).map(Self);
        }
        if workload == "repaint" {
            return repaint::prepare(row).map(Self);
        }
        if row.ends_with(", hook") {
            return components::hook(row).map(Self);
        }
        let workload = Workload::named(workload)?;
        Some(Self(match row {
            "universal-state signal" => Box::new(Fixture::<Ours<ByName, false>>::new(workload)),
            "universal-state signal, handle" => {
                Box::new(Fixture::<Ours<ByHandle, false>>::new(workload))
            }
            "universal-state map" => Box::new(Fixture::<Ours<ByName, true>>::new(workload)),
            "universal-state map, handle" => {
                Box::new(Fixture::<Ours<ByHandle, true>>::new(workload))
            }
            "leptos signals" => Box::new(Fixture::<Floor>::new(workload)),
            _ => return None,
        }))
    }

    /// Makes the rows of a page in `list`.
    pub fn mount(row: &str, list: HtmlElement) -> Option<Self> {
        components::page(row, list).map(Self)
    }

    /// Runs the workload so many times.
    pub fn run(&mut self, passes: u32) {
        self.0.run(passes);
    }

    /// Makes the sets of a turn; only JavaScript can wait for the turn to end.
    pub fn step(&mut self) {
        self.0.step();
    }

    /// How many values were heard since the last call, and their wrapping sum.
    pub fn heard(&self) -> Vec<i32> {
        heard().to_vec()
    }

    /// Whether what was run did its work, where `heard` cannot tell.
    pub fn probe(&mut self) -> bool {
        self.0.probe()
    }

    /// Drops what the last runs left.
    pub fn rest(&mut self) {
        self.0.rest();
    }
}

#[wasm_bindgen(start)]
fn start() {
    // Fails only where it was called before.
    let _ = any_spawner::Executor::init_wasm_bindgen();
}
