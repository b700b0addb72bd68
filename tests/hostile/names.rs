//! Keys may have any name.

use super::Victim;
use crate::special_names::SPECIAL_NAMES;
use serde_json::{Value, json};
use universal_state::{MfeInfo, Restore, Snapshot, Store};

/// Names of keys of micro-frontends.
const NAMESPACED: [&str; 3] = ["@shop/__proto__", "@a%2Fb/c", "@100%25/%"];

/// Special names of keys, of everybody and of micro-frontends.
pub(super) fn all() -> Vec<&'static str> {
    SPECIAL_NAMES.iter().copied().chain(NAMESPACED).collect()
}

#[test]
fn special_names_survive_set_tabs_and_snapshot() {
    let (here, there) = (Victim::with_id(1), Victim::with_id(2));
    let scopes = ["shop", "a/b", "100%"].map(|id| {
        [&here, &there].map(|tab| {
            let info = MfeInfo::new(id, "leptos", "1");
            tab.store.register_mfe(info).unwrap()
        })
    });
    let mut names = all();
    let long = "x".repeat(512);
    names.push(&long);
    let shared = |name: &&&str| !name.starts_with('@');
    here.sent();
    for name in names.iter().filter(shared) {
        here.store.set_json(name, json!({ *name: name })).unwrap();
        here.store
            .set_at(name, "/more", json!({ "__proto__": 1 }))
            .unwrap();
    }
    for [scope, _] in &scopes {
        for name in ["__proto__", "c", "%"] {
            scope.set(name, name.to_owned()).unwrap();
        }
    }
    here.edge.flush();
    for message in here.sent() {
        there.hears(&message);
    }
    let [at_here, at_there] = [&here, &there].map(|tab| tab.store.snapshot().to_json().unwrap());
    assert_eq!(at_here, at_there);
    for name in names.iter().filter(shared) {
        let expected = json!({ *name: name, "more": { "__proto__": 1 } });
        assert_eq!(there.store.get::<Value>(*name), Some(expected), "{name:?}");
    }
    for name in &names {
        assert!(there.store.has(name), "{name:?}");
    }
    // By a digest, too, and as text.
    let late = Victim::with_id(3);
    for message in late.sent() {
        here.hears(&message);
    }
    here.pass(1_000);
    for message in here.sent() {
        late.hears(&message);
    }
    for name in names.iter().filter(shared) {
        assert_eq!(
            late.store.get::<Value>(*name),
            here.store.get::<Value>(*name),
            "{name:?}"
        );
    }
    let restored = Store::new();
    let text = at_here.to_string();
    let snapshot = Snapshot::from_json(serde_json::from_str(&text).unwrap()).unwrap();
    restored.restore(&snapshot, Restore::Replace).unwrap();
    assert_eq!(restored.snapshot().to_json().unwrap(), at_here);
    figure!(
        "{} special names round-trip through set, tabs and snapshot",
        names.len()
    );
}
