//! A fault on purpose, to show that a page outlives a part of it.

use leptos::prelude::*;
use std::{error::Error, fmt};

/// What a micro-frontend says when it cannot do its work.
#[derive(Debug)]
struct Unavailable(&'static str);

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} does not answer", self.0)
    }
}

impl Error for Unavailable {}

/// Renders to an error while `when` holds, as a component does whose service is away.
#[component]
pub fn Outage(when: Signal<bool>, service: &'static str) -> impl IntoView {
    move || {
        if when.get() {
            Err(Unavailable(service))
        } else {
            Ok(())
        }
    }
}
