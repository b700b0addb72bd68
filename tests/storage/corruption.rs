//! What cannot be read is put aside, and can be brought back.

use crate::support::*;
use serde_json::{Value as Json, json};
use universal_state::edge::{Memory, SaveFailure, SaveStatus, Storage};

/// An item like many: an object with parts that were written later.
fn stored() -> (String, Json) {
    let (clock, memory) = (Clock::new(), Memory::new());
    let page = Page::new(&clock, Storage::new(memory.clone()));
    page.store
        .set_json(
            "user",
            json!({ "name": "Ada \"Lö\"", "age": 36, "tags": ["a", "b"] }),
        )
        .unwrap();
    page.edge.flush();
    clock.set(START + 1);
    page.store.set_at("user", "/name", json!("Bob")).unwrap();
    page.edge.flush();
    let value = page.store.get::<Json>("user").unwrap();
    (memory.get("app:user").unwrap(), value)
}

#[derive(Debug, PartialEq)]
enum Fate {
    Loaded(Json),
    Quarantined,
    /// It looks like one of a newer version.
    Kept,
}

/// Loads a text as the item of the key `user`, next to another key, and says what became of it.
fn fate(text: &str) -> Fate {
    let (clock, memory) = (Clock::new(), Memory::new());
    let page = Page::new(&clock, Storage::new(memory.clone()));
    page.set("other", 1);
    page.edge.detach();
    memory.set("app:user", text);

    let page = Page::new(&clock, Storage::new(memory.clone()));
    assert_eq!(page.get("other"), Some(1), "{text}");
    let loaded = page.store.get::<Json>("user");
    let aside = page.edge.quarantined();
    let status = page.edge.save_status("user");
    let fate = match (loaded, &aside[..]) {
        (Some(value), []) => {
            assert!(status.is_saved(), "{text}: {status:?}");
            Fate::Loaded(value)
        }
        (None, [aside]) => {
            assert_eq!((&*aside.key, &*aside.text), ("user", text));
            assert_eq!(aside.bytes(), text.len());
            assert_eq!(aside.time, clock.now());
            assert_eq!(memory.get("app:user"), None);
            assert_eq!(status, SaveStatus::Unkept);
            assert!(
                page.errors()
                    .iter()
                    .any(|error| error.contains("quarantine"))
            );
            Fate::Quarantined
        }
        (None, []) => {
            assert_eq!(memory.get("app:user").as_deref(), Some(text));
            match status {
                SaveStatus::Failed(SaveFailure::Newer { .. }) => {
                    page.store.set("user", 1).unwrap();
                    page.edge.flush();
                    page.wait(DAY);
                    page.edge.detach();
                    assert_eq!(memory.get("app:user").as_deref(), Some(text));
                    return Fate::Kept;
                }
                // A removal.
                SaveStatus::Saved => return Fate::Loaded(Json::Null),
                status => panic!("{text}: {status:?}"),
            }
        }
        (loaded, aside) => panic!("{text}: {loaded:?} and {aside:?}"),
    };
    // Whatever it was, the key can be used, and after a reload all is the same.
    page.store.set("user", 7).unwrap();
    page.edge.flush();
    page.wait(SECOND);
    assert_eq!(page.edge.save_status("user"), SaveStatus::Saved, "{text}");
    page.edge.detach();
    let page = Page::new(&clock, Storage::new(memory));
    assert_eq!(page.get("user"), Some(7), "{text}");
    assert_eq!(page.edge.quarantined(), aside);
    fate
}

#[test]
fn an_entry_that_is_cut_anywhere_is_quarantined() {
    let (text, value) = stored();
    let mut cases = 0;
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
        assert_eq!(fate(&text[..end]), Fate::Quarantined, "{end}");
        cases += 1;
    }
    assert_eq!(fate(&text), Fate::Loaded(value));
    figure!("corruption: {cases} cuts");
}

#[test]
fn an_entry_with_any_bit_flipped_is_loaded_or_quarantined_or_kept() {
    let (text, _) = stored();
    let (mut loaded, mut quarantined, mut kept) = (0, 0, 0);
    for at in 0..text.len() {
        for bit in 0..8 {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            // As a browser decodes what is no text.
            match fate(&String::from_utf8_lossy(&bytes)) {
                Fate::Loaded(_) => loaded += 1,
                Fate::Quarantined => quarantined += 1,
                Fate::Kept => kept += 1,
            }
        }
    }
    figure!(
        "corruption, each bit flipped: {loaded} loaded, {quarantined} quarantined, {kept} kept as newer"
    );
    assert!(loaded > 0 && quarantined > 0 && kept > 0);
    assert_eq!(loaded + quarantined + kept, 8 * text.len());
}

#[test]
fn what_has_another_shape_is_quarantined() {
    let stamp = "1a-0-0000000000000007";
    for text in [
        "",
        " ",
        "null",
        "1",
        "\"text\"",
        "[]",
        "{}",
        "undefined",
        "[object Object]",
        "{\"format\":1}",
        "{\"format\":\"1\",\"schema\":0,\"entry\":[\"STAMP\",1]}",
        "{\"format\":-1,\"schema\":0,\"entry\":[\"STAMP\",1]}",
        "{\"format\":1.5,\"schema\":0,\"entry\":[\"STAMP\",1]}",
        "{\"format\":1e9,\"schema\":0,\"entry\":[\"STAMP\",1]}",
        "{\"format\":0,\"schema\":0,\"entry\":[\"STAMP\",1]}",
        "{\"format\":1,\"schema\":null,\"entry\":[\"STAMP\",1]}",
        "{\"format\":1,\"schema\":0,\"entry\":null}",
        "{\"format\":1,\"schema\":0,\"entry\":[]}",
        "{\"format\":1,\"schema\":0,\"entry\":[1,1]}",
        "{\"format\":1,\"schema\":0,\"entry\":[\"STAMP\"]}",
        "{\"format\":1,\"schema\":0,\"entry\":[\"\",1]}",
        "{\"format\":1,\"schema\":0,\"entry\":[\"STAMP\",1,{}]}",
        "{\"format\":1,\"schema\":0,\"entry\":[\"STAMP\",{},[]]}",
        "{\"format\":1,\"schema\":0,\"entry\":[\"STAMP\",{},{\"a\":[\"x\"]}]}",
        "{\"format\":1,\"schema\":0,\"entry\":[\"STAMP\",1],\"more\":1}",
        "{\"format\":1,\"schema\":0,\"entry\":[\"STAMP\",1]} ,",
    ] {
        assert_eq!(
            fate(&text.replace("STAMP", stamp)),
            Fate::Quarantined,
            "{text}"
        );
    }
    // A time that was never, and a time that a wrong clock may have shown.
    let late = "{\"format\":1,\"schema\":0,\"entry\":[\"STAMP\",1]}";
    let never = late.replace("STAMP", "zzzzzzzzz-0-0000000000000007");
    assert_eq!(fate(&never), Fate::Quarantined);
    let spaced = "{ \"schema\": 0, \"entry\": [\"STAMP\", 1], \"format\": 1 }";
    assert_eq!(
        fate(&spaced.replace("STAMP", stamp)),
        Fate::Loaded(json!(1))
    );
}

#[test]
fn what_is_too_deep_or_too_long_is_quarantined() {
    let (text, _) = stored();
    let deep = "[".repeat(10_000) + &"]".repeat(10_000);
    let objects = "{\"a\":".repeat(10_000) + "1" + &"}".repeat(10_000);
    for deep in [&deep, &objects] {
        assert_eq!(fate(deep), Fate::Quarantined);
        assert_eq!(fate(&text.replace("36", deep)), Fate::Quarantined);
    }
    assert_eq!(fate(&"x".repeat(10 << 20)), Fate::Quarantined);
    let long = format!("\"{}\"", "x".repeat(10 << 20));
    assert_eq!(fate(&text.replace("36", &long)), Fate::Quarantined);
    let fits = format!("\"{}\"", "x".repeat(7 << 20));
    assert!(matches!(fate(&text.replace("36", &fits)), Fate::Loaded(_)));
}

#[test]
fn what_is_too_large_is_not_stored_and_stays_in_memory() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let page = Page::new(&clock, Storage::new(memory.clone()));
    page.store.set("a", "x".repeat(10 << 20)).unwrap();
    page.set("b", 1);
    page.edge.flush();
    let status = page.edge.save_status("a");
    assert!(
        matches!(status, SaveStatus::Failed(SaveFailure::TooLarge { bytes }) if bytes > 10 << 20),
        "{status:?}"
    );
    assert_eq!(page.edge.save_status("b"), SaveStatus::Saved);
    assert_eq!(page.store.get::<String>("a").unwrap().len(), 10 << 20);
    assert_eq!(memory.names(), ["app:b"]);
    assert_eq!(page.errors().len(), 1);
    page.set("a", 1);
    page.edge.flush();
    assert_eq!(page.edge.save_status("a"), SaveStatus::Saved);
}

/// A value with more levels than JSON may have.
fn deep() -> Json {
    (0..100).fold(json!(1), |deep, _| json!([deep]))
}

#[test]
fn what_has_no_json_is_not_stored_and_stays_in_memory() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let page = Page::new(&clock, Storage::new(memory.clone()));
    page.set("a", 1);
    page.edge.flush();
    let deep = deep();
    page.store.set_json("a", deep.clone()).unwrap();
    page.edge.flush();
    let status = page.edge.save_status("a");
    assert!(
        matches!(&status, SaveStatus::Failed(SaveFailure::NoJson { reason }) if reason.contains("deep")),
        "{status:?}"
    );
    assert_eq!(page.store.get("a"), Some(deep));
    assert_eq!(page.edge.status().failed, 1);
    page.wait(DAY);
    page.edge.resync();
    page.edge.flush();
    assert_eq!(page.edge.save_status("a"), status);
    assert!(memory.get("app:a").unwrap().contains(",1]"));
    page.set("a", 2);
    page.edge.flush();
    assert_eq!(page.edge.save_status("a"), SaveStatus::Saved);
}

#[test]
fn a_key_that_is_removed_while_it_has_no_json_stays_away() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let page = Page::new(&clock, Storage::new(memory.clone()));
    page.set("a", 1);
    page.edge.flush();
    page.store.set_json("a", deep()).unwrap();
    page.edge.flush();
    page.store.delete("a").unwrap();
    page.edge.flush();
    assert_eq!(page.edge.save_status("a").failure(), None);
    page.edge.detach();
    let page = Page::new(&clock, Storage::new(memory));
    assert_eq!(page.get("a"), None);
}

#[test]
fn what_was_written_here_takes_the_place_of_what_cannot_be_read() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let page = Page::new(&clock, Storage::new(memory.clone()));
    page.set("a", 1);
    page.edge.flush();
    page.wait(SECOND);
    memory.set("app:a", "nonsense");
    page.edge.storage_changed(Some(&["app:a".to_owned()]));
    page.wait(SECOND);
    assert_eq!(page.edge.quarantined().len(), 1);
    assert_eq!(page.edge.save_status("a"), SaveStatus::Saved);
    assert_eq!(Page::new(&clock, Storage::new(memory)).get("a"), Some(1));
}

#[test]
fn what_cannot_be_put_aside_is_not_overwritten() {
    let (clock, memory) = (Clock::new(), Memory::new());
    memory.set("app:a", "nonsense");
    let backend = Faulty::new(&memory);
    backend.break_down(Wrong::Quota);
    let page = Page::new(&clock, Storage::new(backend.clone()));
    page.set("a", 1);
    page.edge.flush();
    page.wait(100 * SECOND);
    page.edge.save_now();
    assert_eq!(memory.get("app:a").as_deref(), Some("nonsense"));
    assert_eq!(memory.len(), 1);
    let status = page.edge.save_status("a");
    assert!(
        matches!(status, SaveStatus::Failed(SaveFailure::Quarantine(_))),
        "{status:?}"
    );
    assert_eq!(page.get("a"), Some(1));
    assert_eq!(page.edge.status().failed, 1);

    backend.recover();
    page.wait(100 * SECOND);
    assert_eq!(page.edge.save_status("a"), SaveStatus::Saved);
    assert_eq!(&*page.edge.quarantined()[0].text, "nonsense");
    assert_eq!(Page::new(&clock, Storage::new(memory)).get("a"), Some(1));
}

#[test]
fn the_quarantine_outlives_the_page_and_can_be_emptied() {
    let (clock, memory) = (Clock::new(), Memory::new());
    memory.set("app:a", "1\u{0}\"\\");
    memory.set("app:b:c".replace("b:c", "b%3Ac").as_str(), "2");
    let page = Page::new(&clock, Storage::new(memory.clone()));
    let before = page.edge.quarantined();
    let listed: Vec<_> = before
        .iter()
        .map(|aside| (&*aside.key, &*aside.text))
        .collect();
    assert_eq!(listed, [("a", "1\u{0}\"\\"), ("b:c", "2")]);
    clock.set(START + DAY);
    let page = Page::new(&clock, Storage::new(memory.clone()));
    assert_eq!(page.edge.quarantined(), before);
    assert_eq!(page.edge.status().quarantined, 2);

    let error = page.edge.restore_quarantined(&before[0].id).unwrap_err();
    assert!(error.to_string().contains("no JSON"), "{error}");
    assert!(page.edge.restore_quarantined("no such").is_err());
    assert_eq!(page.edge.quarantined(), before);
    assert!(page.edge.discard_quarantined(&before[0].id));
    assert!(!page.edge.discard_quarantined(&before[0].id));
    assert_eq!(page.edge.quarantined(), before[1..]);
    assert_eq!(memory.len(), 1);
    let page = Page::new(&clock, Storage::new(memory));
    assert_eq!(page.edge.quarantined(), before[1..]);
}

#[test]
fn a_discarded_entry_goes_even_if_storage_fails_at_first() {
    let (clock, memory) = (Clock::new(), Memory::new());
    memory.set("app:a", "nonsense");
    let backend = Faulty::new(&memory);
    let page = Page::new(&clock, Storage::new(backend.clone()));
    let id = page.edge.quarantined()[0].id.clone();
    backend.break_down(Wrong::Fails);
    assert!(page.edge.discard_quarantined(&id));
    page.wait(10 * SECOND);
    backend.recover();
    page.edge.resync();
    assert_eq!(page.edge.quarantined(), [], "it does not come back");
    page.wait(100 * SECOND);
    assert!(memory.is_empty());
}

#[test]
fn an_entry_that_is_discarded_and_found_again_stays_in_quarantine() {
    let (clock, memory) = (Clock::new(), Memory::new());
    memory.set("app:a", "half");
    let backend = Faulty::new(&memory);
    let page = Page::new(&clock, Storage::new(backend.clone()));
    let id = page.edge.quarantined().remove(0).id;
    backend.break_down(Wrong::Fails);
    assert!(page.edge.discard_quarantined(&id));
    backend.recover();
    memory.set("app:a", "half");
    page.edge.storage_changed(Some(&["app:a".into()]));
    assert_eq!(page.edge.quarantined().len(), 1);
    page.wait(10 * SECOND);
    page.edge.detach();
    let page = Page::new(&clock, Storage::new(memory));
    assert_eq!(page.edge.quarantined().len(), 1);
}

#[test]
fn a_record_of_the_quarantine_that_is_damaged_is_listed_as_it_is() {
    let (clock, memory) = (Clock::new(), Memory::new());
    memory.set("app::quarantine:a:00", "damaged");
    let page = Page::new(&clock, Storage::new(memory.clone()));
    let aside = &page.edge.quarantined()[0];
    assert_eq!((&*aside.key, &*aside.text), ("a", "damaged"));
    assert!(page.edge.discard_quarantined(&aside.id));
    assert!(memory.is_empty());
}
