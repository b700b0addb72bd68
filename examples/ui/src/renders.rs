//! How often a part of the page was rendered, as a number beside it.

use crate::text;
use leptos::prelude::*;

/// Counts how often the view of a part ran: once when the part is made, and once for each time that
/// something it read has changed.
#[derive(Clone, Copy)]
pub struct Renders {
    part: &'static str,
    count: RwSignal<u64>,
}

impl Renders {
    /// None yet, for the part of this name.
    pub fn of(part: &'static str) -> Self {
        Self {
            part,
            count: RwSignal::new(0),
        }
    }

    /// The view of the part, which counts its own runs.
    pub fn counting<V>(
        self,
        view: impl Fn() -> V + Send + Sync + 'static,
    ) -> impl Fn() -> V + Send + Sync + 'static {
        move || {
            // The part may be on its way out, its counter gone before it.
            self.count.try_update(|count| *count += 1);
            view()
        }
    }
}

/// Shows how often a part was rendered. Each new number lights up for a moment.
#[component]
pub fn RenderCount(renders: Renders) -> impl IntoView {
    let Renders { part, count } = renders;
    move || {
        let count = count.try_get().unwrap_or(0);
        let times = match count {
            1 => "once".to_owned(),
            count => format!("{} times", text::grouped(count)),
        };
        // Two names for one animation: it begins anew when the name changes.
        let beat = (count > 1).then_some(if count % 2 == 0 { "even" } else { "odd" });
        view! {
            <span
                class="renders"
                role="img"
                aria-label=format!("{part}: rendered {times}")
                title="How often this part was rendered"
                data-beat=beat
            >
                {text::grouped(count)}
            </span>
        }
    }
}
