//! Keys that are computed in one store of a page are read, and heard of, in all.

use crate::support::{Log, PAIRS, Page, join, on, store};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};
use universal_state::{
    EngineKind, Label, MfeInfo, RegisteredComputed, StateError, Store, View,
    edge::page::link::{Host, Links},
};

/// Registers `double`, which is twice `n`, and counts how often it is evaluated.
fn double(view: &View) -> (RegisteredComputed, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    let registered = view
        .register_computed("double", move |state| {
            counter.fetch_add(1, Relaxed);
            2 * state.get::<i32>("n").unwrap_or_default()
        })
        .unwrap();
    (registered, count)
}

/// A page with two guests, in each arrangement of engines, and the store of it that computes: the host
/// or the first guest.
fn each(test: impl Fn(&Page, &Store)) {
    for pair in PAIRS {
        for computes in 0..2 {
            let page = Page::new(pair, 2);
            let store = match computes {
                0 => page.host.clone(),
                _ => page.guests[0].clone(),
            };
            test(&page, &store);
        }
    }
}

fn all(page: &Page) -> [&Store; 3] {
    [&page.host, &page.guests[0], &page.guests[1]]
}

#[test]
fn a_key_that_one_store_computes_is_read_in_all() {
    each(|page, store| {
        page.host.set("n", 1).unwrap();
        let (_double, _) = double(store);
        for n in 2..6 {
            page.guests[1].set("n", n).unwrap();
            for store in all(page) {
                assert_eq!(store.get("double"), Some(2 * n));
                assert_eq!(store.keys(), ["double", "n"]);
                assert_eq!(store.len(), 2);
                assert!(store.snapshot().is_computed("double"));
            }
            page.agree();
        }
    });
}

#[test]
fn a_guest_that_joins_later_reads_what_is_computed() {
    each(|page, store| {
        page.host.set("n", 4).unwrap();
        let (_double, _) = double(store);
        let late = crate::support::store(EngineKind::Signal);
        let _joined = join(&late, &page.links).unwrap();
        assert_eq!(late.get("double"), Some(8));
    });
}

#[test]
fn listeners_in_all_stores_hear_of_a_computed_key_in_the_same_turn() {
    each(|page, store| {
        let logs = all(page).map(|store| {
            let log = Log::default();
            let sink = log.clone();
            on(store, "double", move |value| sink.push(value));
            log
        });
        let (double, _) = double(store);
        page.guests[1].set("n", 1).unwrap();
        page.host.set("n", 2).unwrap();
        page.host.set("other", 2).unwrap();
        drop(double);
        for log in logs {
            assert_eq!(log.take(), [Some(0), Some(2), Some(4), None]);
        }
    });
}

#[test]
fn no_listener_finds_a_computed_key_older_than_what_it_follows_from() {
    each(|page, store| {
        let (_double, _) = double(store);
        let seen = Log::default();
        for store in all(page) {
            let (sink, of) = (seen.clone(), store.clone());
            on(store, "n", move |n| {
                sink.push((n.map(|n| 2 * n), of.get("double")))
            });
        }
        for n in 1..4 {
            page.guests[1].set("n", n).unwrap();
            page.host.set("n", 10 * n).unwrap();
        }
        let seen = seen.take();
        assert_eq!(seen.len(), 18);
        for (expected, found) in seen {
            assert_eq!(expected, found);
        }
    });
}

#[test]
fn a_listener_may_write_before_another_store_has_asked_for_what_is_computed() {
    for pair in PAIRS {
        let page = Page::new(pair, 2);
        // The first guest is told first, and asks; the second computes, and writes when it is told.
        let (_double, _) = double(&page.guests[1]);
        let heard = Log::default();
        let sink = heard.clone();
        on(&page.guests[0], "double", move |value| sink.push(value));
        let writer = page.guests[1].clone();
        let written = Log::default();
        let sink = written.clone();
        on(&page.guests[1], "n", move |n| {
            sink.push(writer.set("seen", n))
        });
        page.host.set("n", 1).unwrap();
        page.host.set("n", 2).unwrap();
        assert_eq!(written.take(), [Ok(()), Ok(())]);
        assert_eq!(heard.take(), [Some(2), Some(4)]);
        page.agree();
    }
}

#[test]
fn a_computed_key_is_evaluated_only_if_somebody_asks_and_once() {
    each(|page, store| {
        let (_double, count) = double(store);
        page.host.set("n", 1).unwrap();
        page.guests[1].set("n", 2).unwrap();
        assert_eq!(count.load(Relaxed), 0);
        for _ in 0..3 {
            for store in all(page) {
                assert_eq!(store.get("double"), Some(4));
            }
        }
        assert_eq!(count.load(Relaxed), 1);
        page.host.set("other", 1).unwrap();
        for store in all(page) {
            assert_eq!(store.get("double"), Some(4));
        }
        assert_eq!(count.load(Relaxed), 1, "nothing that it read has changed");
    });
}

#[test]
fn a_computed_key_reads_as_the_type_that_was_registered() {
    for pair in PAIRS {
        let page = Page::new(pair, 1);
        let names = |state: &View| -> Vec<String> { state.get("names").unwrap_or_default() };
        page.host
            .register_computed("sorted", names)
            .unwrap()
            .forget();
        let names = ["b".to_owned(), "a".to_owned()].to_vec();
        page.guests[0].set("names", names.clone()).unwrap();
        assert_eq!(page.guests[0].get("sorted"), Some(names));
        assert!(matches!(
            page.guests[0].try_get::<u32>("sorted"),
            Err(StateError::Type { .. })
        ));
    }
}

#[test]
fn nobody_can_write_a_computed_key_and_the_error_names_who_computes_it() {
    for pair in PAIRS {
        let page = Page::new(pair, 2);
        let shop = page.guests[0]
            .register_mfe(MfeInfo::new("shop", "leptos", "1"))
            .unwrap();
        page.host.set("n", 3).unwrap();
        let (_double, _) = double(&shop.shared());
        for store in all(&page) {
            let error = store.set("double", 1).unwrap_err();
            let expected = StateError::ReadOnly {
                key: "double".to_owned(),
                by: "micro-frontend \"shop\"".to_owned(),
            };
            assert_eq!(error, expected);
            assert!(store.delete("double").is_err());
        }
        page.guests[1].clear().unwrap();
        for store in all(&page) {
            assert_eq!(store.keys(), ["double"], "clear passes it over");
        }
        page.agree();
    }
}

#[test]
fn a_key_is_computed_once_on_a_page() {
    each(|page, store| {
        let (first, _) = double(store);
        page.host.set("taken", 1).unwrap();
        for store in all(page) {
            for key in ["double", "taken"] {
                let error = store.register_computed(key, |_| 1).unwrap_err();
                assert!(matches!(error, StateError::KeyTaken { .. }), "{error}");
            }
        }
        assert!(first.is_registered());
        page.agree();
        drop(first);
        for store in all(page) {
            let again = store.register_computed("double", |_| 7).unwrap();
            for store in all(page) {
                assert_eq!(store.get("double"), Some(7));
            }
            drop(again);
            for store in all(page) {
                assert_eq!(store.get::<i32>("double"), None);
            }
        }
        page.agree();
    });
}

#[test]
fn a_key_may_be_stored_before_and_after_it_is_computed() {
    each(|page, store| {
        for n in 0..3 {
            page.guests[1].set("double", n).unwrap();
            page.agree();
            page.guests[1].delete("double").unwrap();
            let (double, _) = double(store);
            page.host.set("n", n).unwrap();
            for store in all(page) {
                assert_eq!(store.get("double"), Some(2 * n));
            }
            page.agree();
            drop(double);
            page.agree();
        }
    });
}

#[test]
fn what_is_computed_may_follow_from_what_a_guest_is_not_told() {
    for pair in PAIRS {
        let page = Page::new(pair, 1);
        page.host.label("token", Label::Secret).unwrap();
        let length = |state: &View| state.get::<String>("token").unwrap_or_default().len();
        let _length = page.host.register_computed("length", length).unwrap();
        let heard = Log::default();
        let sink = heard.clone();
        on(&page.guests[0], "length", move |value| sink.push(value));
        page.host.set("token", "abc".to_owned()).unwrap();
        assert_eq!(page.guests[0].get("length"), Some(3));
        page.host.set("token", "abcd".to_owned()).unwrap();
        assert_eq!(page.guests[0].get("length"), Some(4));
        assert_eq!(page.guests[0].get::<String>("token"), None);
        assert_eq!(heard.take(), [Some(3), Some(4)]);
    }
}

#[test]
fn a_computed_key_that_is_secret_is_nowhere_else() {
    each(|page, store| {
        store.label("double", Label::Secret).unwrap();
        let (_double, _) = double(store);
        page.host.set("n", 1).unwrap();
        assert_eq!(store.get("double"), Some(2));
        for other in all(page) {
            if !other.keys().contains(&"double".to_owned()) {
                assert_eq!(other.get::<i32>("double"), None);
                continue;
            }
            assert_eq!(other.get("double"), Some(2));
        }
        let readers = all(page).iter().filter(|s| s.has("double")).count();
        assert_eq!(readers, 1);
    });
}

#[test]
fn computed_keys_of_several_stores_follow_from_each_other() {
    for pair in PAIRS {
        let page = Page::new(pair, 2);
        let plus =
            |from: &'static str| move |state: &View| state.get::<i32>(from).unwrap_or_default() + 1;
        let [host, one, two] = all(&page);
        let _a = one.register_computed("a", plus("n")).unwrap();
        let _b = two.register_computed("b", plus("a")).unwrap();
        let _c = host.register_computed("c", plus("b")).unwrap();
        let _d = one.register_computed("d", plus("c")).unwrap();
        let heard = Log::default();
        let sink = heard.clone();
        on(two, "d", move |value| sink.push(value));
        for n in [10, 20] {
            two.set("n", n).unwrap();
            for store in all(&page) {
                assert_eq!(store.get("d"), Some(n + 4));
            }
            page.agree();
        }
        assert_eq!(heard.take(), [Some(14), Some(24)]);
    }
}

#[test]
fn a_circle_through_two_stores_ends_and_is_reported() {
    for pair in PAIRS {
        let page = Page::new(pair, 1);
        let [host, guest] = [&page.host, &page.guests[0]];
        let reports = Log::default();
        for store in [host, guest] {
            let sink = reports.clone();
            store.set_reporter(move |error| sink.push(error.clone()));
        }
        let plus =
            |from: &'static str| move |state: &View| state.get::<i32>(from).unwrap_or_default() + 1;
        let _a = host.register_computed("a", plus("b")).unwrap();
        let b = guest.register_computed("b", plus("a")).unwrap();
        for store in [host, guest] {
            for key in ["a", "b"] {
                let _ = store.try_get::<i32>(key);
            }
        }
        let is_circle = |error: &StateError| matches!(error, StateError::Cycle { .. });
        assert!(reports.take().iter().any(is_circle));
        drop(b);
        for store in [host, guest] {
            assert_eq!(store.get("a"), Some(1));
        }
    }
}

#[test]
fn stores_agree_on_keys_that_follow_from_each_other_in_a_circle() {
    for pair in PAIRS {
        for first in 0..3 {
            let page = Page::new(pair, 2);
            let stores = all(&page);
            for store in stores {
                store.set_reporter(|_| {});
            }
            let plus = |from: &'static str| {
                move |state: &View| state.get::<i32>(from).unwrap_or_default() + 1
            };
            let _a = stores[0].register_computed("a", plus("b")).unwrap();
            stores[1].set("n", 1).unwrap();
            page.agree();
            let b = stores[1].register_computed("b", plus("a")).unwrap();
            for n in 0..3 {
                for at in 0..3 {
                    let store = stores[(first + at) % 3];
                    let read = |key| store.get::<i32>(key).is_some();
                    assert_eq!((read("a"), read("b")), (true, true));
                }
                page.agree();
                stores[n].set("n", 2).unwrap();
            }
            drop(b);
            page.agree();
            assert_eq!(stores[first].get("a"), Some(1));
        }
    }
}

#[test]
fn what_a_micro_frontend_computes_goes_with_it() {
    for pair in PAIRS {
        let mut page = Page::new(pair, 2);
        let shop = page.guests[0]
            .register_mfe(MfeInfo::new("shop", "leptos", "1"))
            .unwrap();
        page.host.set("n", 2).unwrap();
        double(&shop).0.forget();
        double(&shop.shared()).0.forget();
        assert_eq!(page.host.get("@shop/double"), Some(0), "it has no n");
        assert_eq!(page.host.get("double"), Some(4));
        page.agree();
        page.host.unregister_mfe("shop").unwrap();
        for store in all(&page) {
            assert_eq!(store.keys(), ["n"]);
        }
        drop(shop);
        page.agree();
        // And what a guest computes with the guest.
        double(&page.guests[0]).0.forget();
        assert_eq!(page.guests[1].get("double"), Some(4));
        let gone = page.guests.remove(0);
        page.joined.remove(0);
        gone.dispose();
        drop(gone);
        assert_eq!(page.guests[0].keys(), ["n"]);
        page.agree();
        page.host.clear().unwrap();
        page.agree();
        assert_eq!(
            (page.host.slot_count(), page.guests[0].slot_count()),
            (0, 0)
        );
    }
}

#[test]
fn a_guest_that_leaves_keeps_what_it_computes_and_loses_what_others_do() {
    each(|page, store| {
        page.host.set("n", 2).unwrap();
        let (own, _) = double(store);
        let is_own = store.is_guest();
        page.joined[0].leave();
        let kept = page.guests[0].get::<i32>("double");
        assert_eq!(kept, is_own.then_some(4));
        assert!(own.is_registered());
        let left = page.host.get::<i32>("double");
        assert_eq!(left, (!is_own).then_some(4));
        assert_eq!(page.guests[1].get::<i32>("double"), left);
    });
}

#[test]
fn a_guest_that_takes_the_hosts_place_computes_for_the_others() {
    for pair in PAIRS {
        let page = Page::new(pair, 2);
        page.host.set("n", 2).unwrap();
        let (_host, _) = double(&page.host);
        let triple = |state: &View| 3 * state.get::<i32>("n").unwrap_or_default();
        let _first = page.guests[0].register_computed("triple", triple).unwrap();
        let same = |state: &View| state.get::<i32>("n").unwrap_or_default();
        let _second = page.guests[1].register_computed("same", same).unwrap();
        page.links.close();
        assert_eq!(page.guests[0].keys(), ["n", "triple"]);
        let links = Links::new(&page.guests[0]);
        page.joined[1]
            .rejoin(|receive| Ok(Arc::new(links.link(receive)?) as Arc<dyn Host>))
            .unwrap();
        page.guests[1].set("n", 5).unwrap();
        for guest in &page.guests {
            assert_eq!(guest.keys(), ["n", "same", "triple"]);
            assert_eq!(
                (guest.get("same"), guest.get("triple")),
                (Some(5), Some(15))
            );
        }
    }
}

#[test]
fn what_a_guest_computed_before_it_joined_ends_where_the_page_has_the_key() {
    for pair in PAIRS {
        let mut page = Page::new(pair, 1);
        page.host.set("double", 1).unwrap();
        page.host.set("n", 2).unwrap();
        let guest = store(pair[1]);
        let (taken, _) = double(&guest);
        let same = |state: &View| state.get::<i32>("n").unwrap_or_default();
        let free = guest.register_computed("same", same).unwrap();
        page.join(guest.clone());
        assert!(!taken.is_registered() && free.is_registered());
        for store in all(&page) {
            assert_eq!((store.get("double"), store.get("same")), (Some(1), Some(2)));
        }
        page.agree();
    }
}

#[test]
fn a_batch_of_a_guest_reads_what_is_computed_elsewhere_as_it_was_before() {
    let page = Page::new(PAIRS[3], 1);
    let (_double, _) = double(&page.host);
    page.guests[0].set("n", 1).unwrap();
    let inside = page.guests[0].batch(|tx| {
        tx.set("n", 5)?;
        Ok(tx.get::<i32>("double"))
    });
    assert_eq!(inside, Ok(Some(2)));
    assert_eq!(page.guests[0].get("double"), Some(10));
}
