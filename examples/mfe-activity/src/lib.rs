//! What is counted. Built and versioned by the insights team.

mod sparkline;

use leptos::prelude::*;
use sparkline::Sparkline;
use universal_state::{MfeInfo, hooks::use_scope};
use workbench_contract::COUNTER;
use workbench_ui::{
    CounterSteps, EditCount, Outage, RenderCount, Renders, SharedSnapshot, Stepper, ThemeSwitch,
    UserFields, text, use_counter, use_theme,
};

/// How many values of the counter are remembered.
const REMEMBERED: usize = 32;

/// What this micro-frontend says of itself.
pub fn info() -> MfeInfo {
    MfeInfo::new("activity", "leptos", env!("CARGO_PKG_VERSION"))
}

/// The counter and its recent past first, then whatever else is shared.
#[component]
pub fn Activity(
    /// Whether to fail as if the team's service were away.
    failing: Signal<bool>,
) -> impl IntoView {
    let (theme, counter) = (use_theme(), use_counter());
    let renders = Renders::of("Count");
    let past = use_past_of_counter(counter.value.get_untracked());
    view! {
        <Outage when=failing service="the insights service"/>
        <div class="count">
            <output class="count-number">
                {renders.counting(move || text::integer(counter.value.get()))}
            </output>
            <Sparkline values=past/>
            <RenderCount renders/>
        </div>
        <CounterSteps counter by=vec![-100, -10, 10, 100]/>
        <div class="field-row">
            <Stepper counter/>
            <ThemeSwitch theme/>
        </div>
        <UserFields/>
        <EditCount/>
        <SharedSnapshot/>
    }
}

/// The last values of the counter, oldest first. The listener ends with the micro-frontend.
fn use_past_of_counter(now: i64) -> Signal<Vec<i64>> {
    let past = RwSignal::new(vec![now]);
    let scope = use_scope();
    let subscription = scope.shared().subscribe(COUNTER, move |value, _| {
        past.update(|past| {
            if past.len() == REMEMBERED {
                past.remove(0);
            }
            past.push(value.copied().unwrap_or(0));
        });
    });
    match subscription {
        Ok(subscription) => subscription.forget(),
        Err(error) => leptos::logging::warn!("{error}"),
    }
    past.into()
}
