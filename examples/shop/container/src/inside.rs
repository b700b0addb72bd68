//! How the page is made: who is on it, in what state, and what that cost; and the way to newer versions.

use crate::start::{Hosting, address};
use leptos::{prelude::*, task::spawn_local};
use universal_state::{
    edge::host::{MfeEntry, MfeStatus},
    hooks::{use_mfes, use_store},
};

#[component]
pub fn Inside() -> impl IntoView {
    let hosting: Hosting = expect_context();
    let store = use_store();
    let said = RwSignal::new(String::new());
    let newer = {
        let host = hosting.host.clone();
        move |_| {
            let host = host.clone();
            said.set("Looking …".to_owned());
            spawn_local(async move {
                said.set(match host.refresh(&address()).await {
                    Err(error) => error.to_string(),
                    Ok(replaced) if replaced.is_empty() => "Everything is up to date.".to_owned(),
                    Ok(replaced) => {
                        let words = replaced.into_iter().map(|(id, how)| match how {
                            Ok(()) => format!("{id} was replaced"),
                            Err(error) => error.to_string(),
                        });
                        words.collect::<Vec<_>>().join("; ")
                    }
                });
            });
        }
    };
    let shown = hosting.clone();
    let rows = move || {
        shown.manifest.track();
        // A version that was replaced is another entry.
        shown.host.metrics();
        let entries = shown.host.entries();
        let row = |entry: MfeEntry| view! { <Row hosting=shown.clone() entry/> };
        entries.into_iter().map(row).collect_view()
    };
    let host = hosting.host.clone();
    let sum = move || {
        let metrics = host.metrics();
        format!(
            "{} loads, {} kB of modules, {} failures, {} retries, {} replacements",
            metrics.loads,
            metrics.bytes.div_ceil(1024),
            metrics.failed(),
            metrics.retries,
            metrics.replacements
        )
    };
    view! {
        <details class="inside">
            <summary>"How this page is made"</summary>
            <p>
                "Every team builds and deploys for itself. The parts share one store, on the engine "
                <code>{store.engine().to_string()}</code> ", and nothing else."
            </p>
            <div class="inside-table">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">"Part"</th>
                            <th scope="col">"Built with"</th>
                            <th scope="col">"Version"</th>
                            <th scope="col">"State"</th>
                        </tr>
                    </thead>
                    <tbody>
                        <tr>
                            <th scope="row">"container"</th>
                            <td>"leptos"</td>
                            <td>{env!("CARGO_PKG_VERSION")}</td>
                            <td>"running"</td>
                        </tr>
                        {rows}
                    </tbody>
                </table>
            </div>
            <p class="inside-sum">{sum}</p>
            <div class="inside-newer">
                <button type="button" class="button" on:click=newer>"Look for newer versions"</button>
                <span role="status">{said}</span>
            </div>
        </details>
    }
}

#[component]
fn Row(hosting: Hosting, entry: MfeEntry) -> impl IntoView {
    let mfes = use_mfes();
    let id = entry.id().to_owned();
    let status = {
        let id = id.clone();
        Memo::new(move |_| hosting.host.status(&id).unwrap_or_default())
    };
    let failure = {
        let id = id.clone();
        move || {
            let mfes = mfes.get();
            let mfe = mfes.into_iter().find(|mfe| mfe.info.id == id);
            mfe.and_then(|mfe| mfe.failure)
        }
    };
    let state = move || match (status.get(), failure()) {
        (MfeStatus::Running, Some(failure)) => format!("running; threw ({failure})"),
        (status, _) => words(&status),
    };
    view! {
        <tr>
            <th scope="row">{id}</th>
            <td>{entry.framework().to_owned()}</td>
            <td>{entry.version().to_owned()}</td>
            <td>{state}</td>
        </tr>
    }
}

fn words(status: &MfeStatus) -> String {
    match status {
        MfeStatus::Idle => "not on this page".to_owned(),
        MfeStatus::Loading { received, .. } => format!("loading, {received} bytes"),
        MfeStatus::Waiting { keys } => format!("waiting for {}", keys.join(", ")),
        MfeStatus::Mounting => "mounting".to_owned(),
        MfeStatus::Running => "running".to_owned(),
        MfeStatus::Failed { kind, attempts, .. } => format!("failed ({kind}), attempt {attempts}"),
        _ => String::new(),
    }
}
