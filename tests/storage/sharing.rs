//! Several pages that share a storage and hear nothing of each other but what storage tells.

use crate::support::*;
use serde_json::{Value as Json, json};
use universal_state::{
    Label, Store,
    edge::{Memory, SaveStatus, Storage},
};

fn pages<const N: usize>(clock: &Clock, memory: &Memory) -> [Page; N] {
    std::array::from_fn(|_| Page::new(clock, Storage::new(memory.clone())))
}

/// As browsers tell the others of what a page has written.
fn tell(page: &Page, key: &str) {
    page.edge.storage_changed(Some(&[format!("app:{key}")]));
}

#[test]
fn what_another_page_writes_comes_in() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let [a, b] = pages(&clock, &memory);
    a.set("k", 1);
    a.edge.flush();
    tell(&b, "k");
    assert_eq!(b.get("k"), Some(1));
    assert_eq!(b.edge.save_status("k"), SaveStatus::Saved);
    a.store.delete("k").unwrap();
    a.edge.flush();
    tell(&b, "k");
    assert_eq!(b.get("k"), None);
}

#[test]
fn a_write_keeps_what_others_wrote_into_the_same_key() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let [a, b] = pages(&clock, &memory);
    a.store
        .set_json("user", json!({ "name": "Ada", "age": 36 }))
        .unwrap();
    a.edge.flush();
    tell(&b, "user");
    clock.set(START + 1);
    // Neither hears of the other.
    a.store.set_at("user", "/name", json!("Bob")).unwrap();
    b.store.set_at("user", "/age", json!(37)).unwrap();
    a.edge.flush();
    b.edge.flush();
    let both = json!({ "name": "Bob", "age": 37 });
    assert_eq!(
        b.store.get::<Json>("user"),
        Some(both.clone()),
        "it has read before it wrote"
    );
    let [c] = pages(&clock, &memory);
    assert_eq!(c.store.get::<Json>("user"), Some(both.clone()));
    tell(&a, "user");
    assert_eq!(a.store.get::<Json>("user"), Some(both));
}

#[test]
fn what_a_slower_writer_has_undone_is_written_again() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let [a, b] = pages(&clock, &memory);
    a.store
        .set_json("user", json!({ "name": "Ada", "age": 36 }))
        .unwrap();
    a.edge.flush();
    tell(&b, "user");
    let before = memory.get("app:user").unwrap();
    clock.set(START + 1);
    a.store.set_at("user", "/name", json!("Bob")).unwrap();
    a.edge.flush();
    // Another page had read before that, and has written after.
    let late = before.replace("36", "37");
    assert_ne!(late, before);
    memory.set("app:user", &before);
    a.wait(SECOND);
    assert!(
        memory.get("app:user").unwrap().contains("Bob"),
        "without having been told"
    );
    assert_eq!(a.edge.save_status("user"), SaveStatus::Saved);
    assert_eq!(a.errors(), [""; 0]);
    drop(b);
}

#[test]
fn pages_that_heal_at_once_write_the_same_and_fall_silent() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let backends: [Faulty; 8] = std::array::from_fn(|_| Faulty::new(&memory));
    let pages = backends
        .clone()
        .map(|backend| Page::new(&clock, Storage::new(backend)));
    for (n, page) in (0..).zip(&pages) {
        page.set("same", n);
        page.set(&format!("own{n}"), n);
        page.edge.flush();
    }
    // Each change is told to all others, until there is none.
    let mut rounds = 0;
    loop {
        let before: Vec<_> = memory.names().iter().map(|name| memory.get(name)).collect();
        pages
            .iter()
            .for_each(|page| page.edge.storage_changed(None));
        pages.iter().for_each(|page| page.wait(SECOND));
        let after: Vec<_> = memory.names().iter().map(|name| memory.get(name)).collect();
        rounds += 1;
        if before == after {
            break;
        }
        assert!(rounds < 10, "they go on for ever");
    }
    let written = || {
        backends
            .iter()
            .flat_map(Faulty::log)
            .filter(|call| call.starts_with("write"))
    };
    let _ = written().count();
    pages.iter().for_each(|page| page.edge.resync());
    pages.iter().for_each(|page| page.wait(DAY));
    assert_eq!(written().count(), 0);
    for page in &pages {
        assert_eq!(page.get("same"), pages[0].get("same"));
        for n in 0..8 {
            assert_eq!(page.get(&format!("own{n}")), Some(n));
        }
    }
}

#[test]
fn numbers_that_are_hard_to_write_do_not_make_pages_disagree() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let [a, b] = pages(&clock, &memory);
    let mut bits = 0x9e37_79b9_7f4a_7c15_u64;
    let numbers: Vec<f64> = std::iter::repeat_with(|| {
        bits = bits.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        f64::from_bits(bits)
    })
    .filter(|number| number.is_finite())
    .take(1_000)
    .collect();
    a.store.set("numbers", numbers.clone()).unwrap();
    a.edge.flush();
    let text = memory.get("app:numbers");
    tell(&b, "numbers");
    assert!(b.store.get("numbers") == Some(numbers.clone()));
    b.edge.resync();
    b.wait(SECOND);
    assert!(memory.get("app:numbers") == text);
    let [c] = pages(&clock, &memory);
    assert!(c.store.get("numbers") == Some(numbers));
}

#[test]
fn a_storage_that_was_cleared_is_filled_again() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let [a, b] = pages(&clock, &memory);
    for n in 0..100 {
        a.set(&format!("k{n}"), n);
    }
    a.store.delete("k0").unwrap();
    a.edge.flush();
    b.edge.storage_changed(None);
    let texts = |memory: &Memory| {
        memory
            .names()
            .iter()
            .map(|name| memory.get(name))
            .collect::<Vec<_>>()
    };
    let before = texts(&memory);
    memory.clear();
    // A `storage` event with no name says so.
    b.edge.storage_changed(None);
    assert_eq!(texts(&memory), before);
    memory.clear();
    a.edge.resync();
    assert_eq!(texts(&memory), before, "as when the page is shown again");
    assert_eq!(a.errors().len() + b.errors().len(), 0);
    memory.remove("app:k1");
    tell(&a, "k1");
    assert_eq!(texts(&memory), before);
    assert_eq!(
        a.get("k1"),
        Some(1),
        "whoever wants it gone has to remove it"
    );
}

#[test]
fn names_of_others_and_names_that_are_none_are_not_looked_at() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let backend = Faulty::new(&memory);
    let page = Page::new(&clock, Storage::new(backend.clone()));
    backend.log();
    let names = ["", "app", "other:k", "app:x:k", "app:%", "app:@"].map(str::to_owned);
    page.edge.storage_changed(Some(&names));
    page.wait(DAY);
    assert_eq!(backend.log(), [""; 0]);
}

#[test]
fn two_pages_that_cannot_agree_do_not_write_in_turns_for_ever() {
    for is_removed in [false, true] {
        let (clock, memory) = (Clock::new(), Memory::new());
        let backend = Faulty::new(&memory);
        let page = Page::new(&clock, Storage::new(backend.clone()));
        page.set("a", 1);
        page.edge.flush();
        backend.log();
        let mut writes = 0;
        for n in 0..360_000 {
            // As if another did not know, and could not be told.
            memory.remove("app:a");
            if !is_removed {
                let entry =
                    json!({ "format": 1, "schema": 0, "entry": ["0-0-0000000000000007", n] });
                memory.set("app:a", &entry.to_string());
            }
            tell(&page, "a");
            clock.set(clock.now() + 10);
            page.edge.poll();
            writes += backend
                .log()
                .iter()
                .filter(|call| call.starts_with("write"))
                .count();
        }
        assert!((10..200).contains(&writes), "{writes} writes in an hour");
        assert_eq!(page.get("a"), Some(1));
        if !is_removed {
            // What is written here is written at once.
            page.set("a", 2);
            page.edge.flush();
            assert!(memory.get("app:a").unwrap().contains(",2]"));
        }
        page.wait(100 * SECOND);
        assert_eq!(page.edge.save_status("a"), SaveStatus::Saved);
    }
}

#[test]
fn pages_agree_whatever_their_clocks_say() {
    let memory = Memory::new();
    let times = [
        START,
        START - 400 * DAY,
        0,
        START + 400 * DAY,
        START + 301 * SECOND,
    ];
    let clocks = times.map(|time| {
        let clock = Clock::new();
        clock.set(time);
        clock
    });
    let pages = [0, 1, 2, 3, 4].map(|n| Page::new(&clocks[n], Storage::new(memory.clone())));
    for round in 0..10 {
        for (n, page) in (0..).zip(&pages) {
            page.set("same", round * 10 + n);
            page.set(&format!("own{n}"), round);
            page.edge.flush();
            for other in &pages {
                other.edge.storage_changed(None);
                other.wait(SECOND);
                assert_eq!(
                    other.get("same"),
                    Some(round * 10 + n),
                    "the last to write wins"
                );
                assert_eq!(other.get(&format!("own{n}")), Some(round));
            }
        }
    }
    for (page, clock) in pages.iter().zip(&clocks) {
        assert_eq!(page.errors(), [""; 0]);
        let next = Page::new(clock, Storage::new(memory.clone()));
        assert_eq!(next.get("same"), Some(94));
    }
}

#[test]
fn what_is_local_to_a_tab_is_stored_and_stays_out_of_the_others() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let page = || {
        let label = |store: &Store| store.label("k", Label::Local).unwrap();
        Page::with(&clock, Storage::new(memory.clone()), label, |edge| edge)
    };
    let (a, b) = (page(), page());
    a.set("k", 1);
    a.edge.flush();
    tell(&b, "k");
    assert_eq!(b.get("k"), None);
    clock.set(START + 1);
    b.set("k", 2);
    b.edge.flush();
    for page in [&a, &b] {
        tell(page, "k");
        page.wait(SECOND);
        page.edge.resync();
    }
    assert_eq!((a.get("k"), b.get("k")), (Some(1), Some(2)));
    // A page that comes finds what was written last, and goes on from there by itself.
    let c = page();
    assert_eq!(c.get("k"), Some(2));
    clock.set(START + 10 * SECOND);
    a.set("k", 3);
    a.edge.flush();
    tell(&c, "k");
    c.wait(SECOND);
    assert_eq!((c.get("k"), page().get("k")), (Some(2), Some(3)));
}
