//! A line of recent values.

use leptos::prelude::*;
use workbench_ui::text;

const WIDTH: f64 = 120.0;
const HEIGHT: f64 = 36.0;
/// Keeps the line's round ends inside of the picture.
const MARGIN: f64 = 3.0;

/// Draws the values from left to right, from the lowest to the highest.
#[component]
pub fn Sparkline(values: Signal<Vec<i64>>) -> impl IntoView {
    let label = move || {
        let values = values.get();
        let lowest = values.iter().min().copied().unwrap_or(0);
        let highest = values.iter().max().copied().unwrap_or(0);
        format!(
            "Recent values, between {} and {}",
            text::integer(lowest),
            text::integer(highest)
        )
    };
    view! {
        <svg
            class="sparkline"
            viewBox=format!("0 0 {WIDTH} {HEIGHT}")
            role="img"
            aria-label=label
        >
            <polyline points=move || points(&values.get())/>
            <circle
                r="3"
                cx=move || last(&values.get()).0.to_string()
                cy=move || last(&values.get()).1.to_string()
            />
        </svg>
    }
}

fn last(values: &[i64]) -> (f64, f64) {
    place(values, values.len().saturating_sub(1))
}

fn points(values: &[i64]) -> String {
    let mut points = String::new();
    for at in 0..values.len() {
        let (x, y) = place(values, at);
        points.push_str(&format!("{x:.1},{y:.1} "));
    }
    points
}

/// Where a value is drawn. Counters stay far below what an `f64` holds exactly.
#[allow(clippy::cast_precision_loss)]
fn place(values: &[i64], at: usize) -> (f64, f64) {
    let lowest = values.iter().min().copied().unwrap_or(0) as f64;
    let highest = values.iter().max().copied().unwrap_or(0) as f64;
    let steps = values.len().saturating_sub(1);
    let x = if steps == 0 {
        1.0
    } else {
        at as f64 / steps as f64
    };
    let value = values.get(at).copied().unwrap_or(0) as f64;
    let y = if highest > lowest {
        (value - lowest) / (highest - lowest)
    } else {
        0.5
    };
    (
        MARGIN + x * (WIDTH - 2.0 * MARGIN),
        HEIGHT - MARGIN - y * (HEIGHT - 2.0 * MARGIN),
    )
}
