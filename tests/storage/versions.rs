//! Schemas: older ones are migrated, newer ones are left alone.

use crate::support::*;
use serde_json::{Value as Json, json};
use universal_state::{
    Label, Pattern, StateError,
    edge::{Memory, Quarantined, SaveFailure, SaveStatus, Storage},
};

fn page(clock: &Clock, storage: Storage, schema: u32) -> Page {
    Page::with(clock, storage, |_| {}, |edge| edge.schema(schema))
}

/// What a page of a schema has left behind.
fn left(clock: &Clock, schema: u32) -> Memory {
    let memory = Memory::new();
    let page = page(clock, Storage::new(memory.clone()), schema);
    page.store
        .set_json("user", json!({ "name": "Ada Lovelace" }))
        .unwrap();
    page.store.set_json("count", json!(1)).unwrap();
    page.store.set_json("old", json!(1)).unwrap();
    page.store.set_json("gone", json!(1)).unwrap();
    page.edge.flush();
    page.store.delete("gone").unwrap();
    page.edge.detach();
    memory
}

/// From 1 to 2 the name is split, from 2 to 3 the count is doubled, and `old` goes.
fn migrating(storage: Storage) -> Storage {
    storage
        .migrate(1, |key, value| match key {
            "user" => {
                let name = value["name"].as_str().ok_or("no name")?;
                let (first, last) = name.split_once(' ').ok_or("one name")?;
                Ok(Some(json!({ "first": first, "last": last })))
            }
            _ => Ok(Some(value)),
        })
        .migrate(2, |key, value| match key {
            "count" => Ok(Some(json!(value.as_i64().ok_or("no number")? * 2))),
            "old" => Ok(None),
            _ => Ok(Some(value)),
        })
}

fn json(page: &Page, key: &str) -> Option<Json> {
    page.store.get(key)
}

#[test]
fn values_are_taken_from_schema_to_schema_once() {
    let clock = Clock::new();
    let memory = left(&clock, 1);
    for _ in 0..3 {
        clock.set(clock.now() + SECOND);
        let page = page(&clock, migrating(Storage::new(memory.clone())), 3);
        assert_eq!(
            json(&page, "user"),
            Some(json!({ "first": "Ada", "last": "Lovelace" }))
        );
        assert_eq!(json(&page, "count"), Some(json!(2)));
        assert_eq!((json(&page, "old"), json(&page, "gone")), (None, None));
        for key in ["user", "count", "old", "gone"] {
            assert_eq!(page.edge.save_status(key), SaveStatus::Saved, "{key}");
            assert!(
                memory
                    .get(&format!("app:{key}"))
                    .unwrap()
                    .contains("\"schema\":3")
            );
        }
        assert_eq!(page.errors(), [""; 0]);
    }
}

#[test]
fn two_tabs_that_migrate_at_once_write_the_same() {
    let clock = Clock::new();
    let memory = left(&clock, 1);
    let one = page(&clock, migrating(Storage::new(memory.clone())), 3);
    let texts = |memory: &Memory| {
        let names = memory.names();
        names
            .iter()
            .map(|name| memory.get(name))
            .collect::<Vec<_>>()
    };
    let after_one = texts(&memory);
    let again = left_as(&clock, &memory);
    let other = page(&clock, migrating(Storage::new(again.clone())), 3);
    drop((one, other));
    assert_eq!(after_one, texts(&again));
}

/// The same items, in another storage.
fn left_as(_: &Clock, memory: &Memory) -> Memory {
    let copy = Memory::new();
    for name in memory.names() {
        copy.set(&name, &memory.get(&name).unwrap());
    }
    copy
}

#[test]
fn what_was_written_here_counts_over_what_is_migrated() {
    let clock = Clock::new();
    let memory = left(&clock, 1);
    let old = left_as(&clock, &memory);
    let page = page(&clock, migrating(Storage::new(memory.clone())), 3);
    clock.set(START + SECOND);
    page.set("count", 100);
    page.edge.flush();
    // A tab of the old schema, which has not heard of it, has written meanwhile.
    memory.set("app:count", &old.get("app:count").unwrap());
    page.edge.storage_changed(None);
    page.wait(SECOND);
    assert_eq!(page.get("count"), Some(100));
    assert!(memory.get("app:count").unwrap().contains(",100]"));
}

#[test]
fn what_a_migration_refuses_is_quarantined_and_restored_by_one_that_does_not() {
    let clock = Clock::new();
    let memory = left(&clock, 1);
    let original = memory.get("app:user").unwrap();
    let failing = || {
        Storage::new(memory.clone()).migrate(1, |key, value| match key {
            "user" => Err("not ready".into()),
            _ => Ok(Some(value)),
        })
    };
    let first = page(&clock, failing(), 2);
    assert_eq!(json(&first, "user"), None);
    assert_eq!(json(&first, "count"), Some(json!(1)));
    let [aside] = &first.edge.quarantined()[..] else {
        panic!("one entry is in quarantine");
    };
    assert_eq!(aside.text.as_ref(), original);
    assert!(aside.reason.contains("not ready"), "{}", aside.reason);
    let errors = first.errors();
    assert!(
        errors.iter().any(|error| error.contains("not ready")),
        "{errors:?}"
    );
    let refused = first.edge.restore_quarantined(&aside.id).unwrap_err();
    assert!(matches!(refused, StateError::Storage { key: Some(key), .. } if key == "user"));
    drop(first);

    let second = page(&clock, migrating(Storage::new(memory.clone())), 2);
    assert_eq!(json(&second, "user"), None);
    second.edge.restore_quarantined(&aside.id).unwrap();
    let user = json!({ "first": "Ada", "last": "Lovelace" });
    assert_eq!(json(&second, "user"), Some(user.clone()));
    assert_eq!(second.edge.quarantined(), []);
    second.wait(SECOND);
    assert_eq!(second.edge.save_status("user"), SaveStatus::Saved);
    assert!(
        memory
            .names()
            .iter()
            .all(|name| !name.contains("quarantine"))
    );
    let third = page(&clock, Storage::new(memory), 2);
    assert_eq!(json(&third, "user"), Some(user));
}

/// What a page has left behind that could not migrate any of it.
fn quarantined(clock: &Clock) -> Memory {
    let memory = left(clock, 1);
    let failing = Storage::new(memory.clone()).migrate(1, |_, _| Err("no".into()));
    drop(page(clock, failing, 2));
    memory
}

#[test]
fn a_restored_entry_stays_in_quarantine_until_its_key_is_saved() {
    let clock = Clock::new();
    let memory = quarantined(&clock);
    let backend = Faulty::new(&memory);
    let page = page(&clock, migrating(Storage::new(backend.clone())), 2);
    let count = page
        .edge
        .quarantined()
        .iter()
        .find(|aside| aside.key == "count")
        .cloned()
        .unwrap();
    backend.break_down(Wrong::Quota);
    page.edge.restore_quarantined(&count.id).unwrap();
    page.wait(10 * SECOND);
    let in_quarantine = |memory: &Memory| {
        memory
            .names()
            .iter()
            .any(|name| name.contains("quarantine:count"))
    };
    assert!(in_quarantine(&memory));
    assert_eq!(page.get("count"), Some(1));
    backend.recover();
    page.wait(100 * SECOND);
    assert_eq!(page.edge.save_status("count"), SaveStatus::Saved);
    assert!(!in_quarantine(&memory));
}

#[test]
fn a_restored_entry_is_not_listed_again_while_its_key_waits_to_be_saved() {
    let clock = Clock::new();
    let memory = quarantined(&clock);
    let backend = Faulty::new(&memory);
    let page = page(&clock, migrating(Storage::new(backend.clone())), 2);
    let is_count = |aside: &Quarantined| aside.key == "count";
    let listed = || page.edge.quarantined().into_iter().find(is_count);
    let count = listed().unwrap();
    backend.break_down(Wrong::Quota);
    page.edge.restore_quarantined(&count.id).unwrap();
    page.edge.storage_changed(None);
    assert_eq!(listed(), None);
    backend.recover();
    page.wait(100 * SECOND);
    assert_eq!(page.edge.save_status("count"), SaveStatus::Saved);
    assert_eq!(listed(), None);
}

#[test]
fn a_migration_to_what_could_not_be_read_again_has_failed() {
    let clock = Clock::new();
    let memory = left(&clock, 1);
    let deep = Storage::new(memory.clone()).migrate(1, |_, value| {
        Ok(Some((0..100).fold(value, |value, _| json!([value]))))
    });
    let page = page(&clock, deep, 2);
    assert_eq!(page.store.len(), 0);
    assert!(
        page.edge
            .quarantined()
            .iter()
            .all(|aside| aside.reason.contains("deep"))
    );
    assert_eq!(page.edge.quarantined().len(), 3);
}

#[test]
fn a_migration_that_panics_has_failed() {
    let clock = Clock::new();
    let memory = left(&clock, 1);
    let panicking = Storage::new(memory.clone()).migrate(1, |key, value| {
        assert_ne!(key, "user", "of all keys");
        Ok(Some(value))
    });
    let page = page(&clock, panicking, 2);
    assert!(page.edge.quarantined()[0].reason.contains("of all keys"));
    assert_eq!(json(&page, "count"), Some(json!(1)));
}

#[test]
fn what_a_newer_version_wrote_is_neither_read_nor_overwritten() {
    let clock = Clock::new();
    let memory = left(&clock, 2);
    memory.set("app:later", "{\"format\":2,\"unknown\":true}");
    let before = left_as(&clock, &memory);
    let storage = || Storage::new(memory.clone()).exclude(Pattern::glob("none").unwrap());
    let old = page(&clock, storage(), 1);
    assert_eq!(old.store.len(), 0);
    for key in ["user", "count", "later", "gone"] {
        let status = old.edge.save_status(key);
        assert!(
            matches!(status, SaveStatus::Failed(SaveFailure::Newer { .. })),
            "{key}: {status:?}"
        );
        old.set(key, 9);
    }
    old.set("mine", 9);
    old.edge.flush();
    old.wait(DAY);
    old.edge.resync();
    old.store.delete("user").unwrap();
    old.edge.save_now();
    for name in before.names() {
        assert_eq!(memory.get(&name), before.get(&name), "{name}");
    }
    let newer = SaveFailure::Newer {
        format: 2,
        schema: 0,
    };
    assert_eq!(old.edge.save_status("later"), SaveStatus::Failed(newer));
    let newer = SaveFailure::Newer {
        format: 1,
        schema: 2,
    };
    assert_eq!(old.edge.save_status("count"), SaveStatus::Failed(newer));
    assert_eq!(old.get("count"), Some(9));
    assert_eq!(old.edge.save_status("mine"), SaveStatus::Saved);
    assert_eq!(old.errors().len(), 5, "one a key");

    // The newer version is gone for good.
    memory.clear();
    old.edge.storage_changed(None);
    old.wait(SECOND);
    assert_eq!(old.edge.save_status("count"), SaveStatus::Saved);
    assert_eq!(old.edge.status().failed, 0);
}

#[test]
fn what_a_newer_version_stores_is_left_alone_though_this_one_does_not_store_it() {
    let clock = Clock::new();
    let memory = left(&clock, 2);
    let failing = Storage::new(memory.clone()).migrate(2, |key, value| match key {
        "old" => Err("no".into()),
        _ => Ok(Some(value)),
    });
    drop(page(&clock, failing, 3));
    let journal = "app::journal:user:0000000000000007";
    memory.set(journal, &memory.get("app:user").unwrap());
    let before = left_as(&clock, &memory);
    let is_aside = |name: &String| name.contains(":quarantine:old");
    assert!(before.names().iter().any(is_aside));
    let all = || Pattern::glob("*").unwrap();
    let old = page(&clock, Storage::new(memory.clone()).exclude(all()), 1);
    old.set("user", 9);
    old.edge.flush();
    old.wait(DAY);
    old.edge.resync();
    old.edge.save_now();
    for name in before.names() {
        assert_eq!(memory.get(&name), before.get(&name), "{name}");
    }
    assert_eq!(old.edge.save_status("user"), SaveStatus::Unkept);
    assert_eq!(old.errors(), [""; 0]);

    // What must not be stored at all goes, whoever stored it.
    old.store.label("user", Label::Secret).unwrap();
    old.wait(SECOND);
    assert_eq!((memory.get("app:user"), memory.get(journal)), (None, None));
    assert!(memory.get("app:count").is_some());

    // And so does what this version or an older one has stored.
    let same = page(&clock, Storage::new(memory.clone()).exclude(all()), 3);
    same.wait(SECOND);
    assert_eq!(memory.names(), [""; 0]);
}
