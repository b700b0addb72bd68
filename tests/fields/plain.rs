//! Types without any derive of fields: pointers and selectors go on.

use crate::support::{Reader, on_every_engine};
use serde::{Deserialize, Serialize};
use universal_state::Key;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Plain {
    name: String,
    rows: Vec<Row>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Row {
    label: String,
}

const PLAIN: Key<Plain> = Key::new("plain");

fn plain() -> Plain {
    let row = |label: &str| Row {
        label: label.into(),
    };
    Plain {
        name: "Ada".into(),
        rows: vec![row("a"), row("b")],
    }
}

/// With the store alone.
#[cfg(feature = "json")]
#[test]
fn pointers_and_memos_need_no_derive() {
    use reactive_graph::{computed::ArcMemo, traits::Get};
    on_every_engine(|store| {
        store.set(PLAIN, plain()).unwrap();
        let (label, rows) = (store.clone(), store.clone());
        let label = ArcMemo::new(move |_| label.get_at::<String>("plain", "/rows/1/label"));
        let rows = ArcMemo::new(move |_| rows.try_with(PLAIN, |plain| plain.rows.len()).unwrap());
        let label = Reader::new(move || label.get());
        let rows = Reader::new(move || rows.get());
        store
            .set_at("plain", "/rows/1/label", "x".to_owned())
            .unwrap();
        assert_eq!((label.runs(), rows.runs()), (1, 0));
        store.set_at("plain", "/name", "Grace".to_owned()).unwrap();
        assert_eq!((label.runs(), rows.runs()), (0, 0));
        assert!(store.delete_at("plain", "/rows/0").unwrap());
        assert_eq!((label.runs(), rows.runs()), (1, 1));
        let expected = Plain {
            name: "Grace".into(),
            rows: vec![Row { label: "x".into() }],
        };
        assert_eq!(store.get(PLAIN), Some(expected));
    });
}

/// With the hooks.
#[cfg(all(feature = "leptos", feature = "json"))]
#[test]
fn hooks_for_places_and_selections_need_no_derive() {
    use reactive_graph::traits::Get;
    use universal_state::hooks::{provide_global_state, use_global_at, use_selector};
    on_every_engine(|store| {
        provide_global_state(store.clone());
        let (label, set_label) = use_global_at::<String>("plain", "/rows/1/label");
        let initial = use_selector(PLAIN, |plain: &Plain| plain.name.chars().next());
        let label = Reader::new(move || label.get());
        let initial = Reader::new(move || initial.get());
        store.set(PLAIN, plain()).unwrap();
        assert_eq!((label.runs(), initial.runs()), (1, 1));
        set_label.set("x".into());
        assert_eq!((label.runs(), label.last().as_deref()), (1, Some("x")));
        store
            .update(PLAIN, |plain| plain.name = "Augusta".into())
            .unwrap();
        assert_eq!((label.runs(), initial.runs()), (0, 0));
        assert_eq!(store.get(PLAIN).unwrap().rows[1].label, "x");
    });
}
