//! Times as people read them.

use js_sys::Date;
use leptos::prelude::*;

/// A time of day on the visitor's clock, `14:03:27`; the date and the milliseconds are in the title.
#[component]
pub fn TimeOfDay(
    /// In ms since the Unix epoch.
    ms: u64,
) -> impl IntoView {
    // Times stay exact: an f64 holds whole milliseconds for 285,000 years.
    #[allow(clippy::cast_precision_loss)]
    let date = Date::new(&(ms as f64).into());
    let iso = String::from(date.to_iso_string());
    let shown = String::from(date.to_locale_time_string("en-GB"));
    view! {
        <time datetime=iso.clone() title=iso.clone()>
            {shown}
        </time>
    }
}
