//! Who is told of what, and when: all stores of a page go through the same states.

use crate::support::{Log, PAIRS, Page, on, told};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use universal_state::StateError;

#[test]
fn a_write_can_be_read_in_every_store_at_once() {
    for pair in PAIRS {
        let page = Page::new(pair, 2);
        page.guests[0].set("n", 1).unwrap();
        for store in [&page.host, &page.guests[0], &page.guests[1]] {
            assert_eq!(store.get("n"), Some(1));
        }
    }
}

#[test]
fn a_listener_of_the_host_finds_all_guests_up_to_date() {
    for pair in PAIRS {
        let page = Page::new(pair, 2);
        let seen = Log::default();
        let (sink, guests) = (seen.clone(), page.guests.clone());
        on(&page.host, "n", move |n| {
            let all: Vec<Option<i32>> = guests.iter().map(|guest| guest.get("n")).collect();
            sink.push((n, all));
        });
        page.guests[0].set("n", 1).unwrap();
        page.host.set("n", 2).unwrap();
        let expected = [1, 2].map(|n| (Some(n), vec![Some(n), Some(n)]));
        assert_eq!(seen.take(), expected);
    }
}

#[test]
fn a_listener_of_the_host_may_write_the_key_that_a_guest_is_writing() {
    for pair in PAIRS {
        let page = Page::new(pair, 2);
        let host = page.host.clone();
        on(&page.host, "n", move |n| {
            if n < Some(5) {
                host.set("n", n.unwrap_or_default() + 1).unwrap();
            }
        });
        let all = [&page.host, &page.guests[0], &page.guests[1]].map(told);
        page.guests[0].set("n", 1).unwrap();
        for log in &all {
            let told = log.take();
            let values: Vec<_> = told.iter().map(|t| t.split(' ').next().unwrap()).collect();
            assert_eq!(values, ["n=1", "n=2", "n=3", "n=4", "n=5"]);
        }
        page.agree();
    }
}

#[test]
fn a_listener_of_the_host_may_write_through_the_guest_that_is_writing() {
    for pair in PAIRS {
        let page = Page::new(pair, 2);
        let guest = page.guests[0].clone();
        on(&page.host, "n", move |n| match n {
            Some(n) if n < 5 => {
                guest.set("n", n + 1).unwrap();
                // It reads what it wrote, though its own write is not over.
                assert_eq!(guest.get("n"), Some(n + 1));
            }
            _ => {}
        });
        let all = [&page.guests[0], &page.guests[1]].map(told);
        page.guests[0].set("n", 1).unwrap();
        for log in &all {
            let told = log.take();
            let values: Vec<_> = told.iter().map(|t| t.split(' ').next().unwrap()).collect();
            assert_eq!(values, ["n=1", "n=2", "n=3", "n=4", "n=5"]);
        }
        assert_eq!(page.host.get("n"), Some(5));
        page.agree();
    }
}

#[test]
fn listeners_of_several_stores_may_write_to_each_other() {
    for pair in PAIRS {
        let page = Page::new(pair, 2);
        let stores = [
            page.host.clone(),
            page.guests[0].clone(),
            page.guests[1].clone(),
        ];
        // Each hands the number on to the next store.
        for (at, store) in stores.iter().enumerate() {
            let next = stores[(at + 1) % 3].clone();
            on(store, &format!("n{at}"), move |n| {
                if n < Some(20) {
                    next.set(format!("n{}", (at + 1) % 3), n.unwrap_or_default() + 1)
                        .unwrap();
                }
            });
        }
        page.guests[0].set("n1", 0).unwrap();
        page.agree();
        let last = (0..3).map(|at| page.host.get::<i32>(format!("n{at}")).unwrap());
        assert_eq!(last.max(), Some(20));
    }
}

#[test]
fn a_storm_between_stores_ends_with_a_report() {
    for pair in PAIRS {
        let page = Page::new(pair, 1);
        let reports = Arc::new(Mutex::new(Vec::new()));
        for store in [&page.host, &page.guests[0]] {
            let sink = Arc::clone(&reports);
            store.set_reporter(move |error| sink.lock().unwrap().push(error.clone()));
        }
        let (host, guest) = (page.host.clone(), page.guests[0].clone());
        on(&page.guests[0], "a", move |n| {
            host.set("b", n.unwrap_or_default() + 1).unwrap();
        });
        on(&page.host, "b", move |n| {
            guest.set("a", n.unwrap_or_default() + 1).unwrap();
        });
        page.host.set("a", 0).unwrap();
        let reports = reports.lock().unwrap();
        let is_cycle = |error: &StateError| matches!(error, StateError::Cycle { .. });
        assert!(reports.iter().any(is_cycle), "{reports:?}");
        page.agree();
    }
}

#[test]
fn every_guest_is_told_of_a_transaction_once() {
    let page = Page::new(PAIRS[3], 3);
    let calls = Arc::new(AtomicUsize::new(0));
    for guest in &page.guests {
        let calls = Arc::clone(&calls);
        on(guest, "n", move |_| {
            calls.fetch_add(1, Relaxed);
        });
    }
    page.guests[1].set("n", 1).unwrap();
    assert_eq!(calls.swap(0, Relaxed), 3);
    page.host.set("n", 2).unwrap();
    assert_eq!(calls.swap(0, Relaxed), 3);
}

#[test]
fn a_batch_of_a_guest_may_be_open_while_the_host_is_written() {
    for pair in PAIRS {
        let page = Page::new(pair, 2);
        let guest = &page.guests[0];
        guest
            .batch(|tx| {
                tx.set("a", 1)?;
                page.host.set("b", 2)?;
                page.guests[1].set("c", 3)?;
                assert_eq!((tx.get("a"), page.host.get::<i32>("a")), (Some(1), None));
                Ok(())
            })
            .unwrap();
        page.agree();
        assert_eq!(guest.len(), 3);
    }
}

#[test]
fn threads_that_write_to_host_and_guests_leave_them_alike() {
    for pair in PAIRS {
        let page = Page::new(pair, 2);
        let stores = [&page.host, &page.guests[0], &page.guests[1]];
        std::thread::scope(|scope| {
            for (at, store) in stores.into_iter().enumerate() {
                scope.spawn(move || {
                    for n in 0..300 {
                        store.set(format!("k{}", n % 7), n * 3 + at).unwrap();
                    }
                });
            }
        });
        page.agree();
    }
}
