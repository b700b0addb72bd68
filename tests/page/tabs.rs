//! Pages whose host is in step with other tabs: guests are in step with them, too.

use crate::{random::Random, support::*};
use serde_json::{Value as Json, json};
use universal_state::{
    EngineKind, Label, StateError, Store,
    edge::{
        page::{guest::Guest, link::Links},
        simulator::{Conditions, Simulator},
    },
};

/// A tab of the simulator, whose store is the host of a guest.
struct Mirrored {
    host: Store,
    guest: Store,
    _links: Links,
    _joined: Guest,
}

impl Mirrored {
    fn open(simulator: &mut Simulator, [host, guest]: [EngineKind; 2]) -> Self {
        let tab = simulator.open_with(store(host), 0).unwrap();
        let (host, guest) = (simulator.store(tab).clone(), store(guest));
        let links = Links::new(&host);
        let joined = join(&guest, &links).unwrap();
        Self {
            host,
            guest,
            _links: links,
            _joined: joined,
        }
    }
}

fn two(engines: [EngineKind; 2]) -> (Simulator, Mirrored, Mirrored) {
    let mut simulator = Simulator::new(7);
    let one = Mirrored::open(&mut simulator, engines);
    let other = Mirrored::open(&mut simulator, engines);
    simulator.advance(1_000);
    (simulator, one, other)
}

fn messages(simulator: &Simulator) -> u64 {
    simulator.figures().sent.get("change").copied().unwrap_or(0)
}

#[test]
fn what_a_guest_writes_is_one_message_and_told_as_another_tabs_in_every_store_there() {
    for engines in PAIRS {
        let (mut simulator, one, other) = two(engines);
        let heard = [&other.host, &other.guest].map(told);
        let here = told(&one.guest);
        let before = messages(&simulator);
        one.guest.set_with_source("n", 1, "form").unwrap();
        simulator.advance(1_000);
        assert_eq!(messages(&simulator) - before, 1, "nobody sends it back");
        // In a guest all that the host tells comes by the page's door.
        assert_eq!(
            heard.each_ref().map(Log::take),
            [["n=1 tab form"], ["n=1 page form"]]
        );
        one.guest.delete("n").unwrap();
        simulator.advance(1_000);
        assert_eq!(
            heard.each_ref().map(Log::take),
            [["n=- tab unknown"], ["n=- page unknown"]]
        );
        assert_eq!(
            here.take(),
            ["n=1 local form", "n=- local unknown"],
            "once each"
        );
        assert!(!other.guest.has("n") && !one.host.has("n"));
        simulator.settle().unwrap();
    }
}

#[test]
fn two_fields_that_guests_of_two_tabs_write_at_once_are_both_kept() {
    for engines in PAIRS {
        let (mut simulator, one, other) = two(engines);
        one.guest
            .set_json("user", json!({ "name": "a", "age": 1 }))
            .unwrap();
        simulator.advance(1_000);
        one.guest.set_at("user", "/name", json!("b")).unwrap();
        other.guest.set_at("user", "/age", json!(2)).unwrap();
        simulator.settle().unwrap();
        for store in [&one.host, &one.guest, &other.host, &other.guest] {
            let user: Option<Json> = store.get("user");
            assert_eq!(user, Some(json!({ "name": "b", "age": 2 })));
        }
    }
}

#[test]
fn what_a_page_keeps_to_itself_stays_in_it_whichever_of_its_stores_says_so() {
    for engines in PAIRS {
        for label in [Label::Local, Label::Secret] {
            let (mut simulator, one, other) = two(engines);
            for (store, key) in [(&one.host, "of-host"), (&one.guest, "of-guest")] {
                store.label(key, label).unwrap();
                store.set(key, 1).unwrap();
            }
            one.guest.set("open", 1).unwrap();
            simulator.advance(100_000);
            for store in [&other.host, &other.guest] {
                assert_eq!(store.keys(), ["open"], "{label:?}");
            }
        }
    }
}

#[test]
fn what_the_host_refuses_of_a_guest_reaches_no_tab() {
    for engines in PAIRS {
        let (mut simulator, one, other) = two(engines);
        one.host.add_middleware(Limits("limits"));
        let refused = one.guest.set("n", -1);
        assert!(
            matches!(refused, Err(StateError::Vetoed { .. })),
            "{refused:?}"
        );
        one.guest.set("n", 1_000).unwrap();
        simulator.advance(1_000);
        for store in [&one.host, &one.guest, &other.host, &other.guest] {
            assert_eq!(store.get("n"), Some(100));
        }
    }
}

#[test]
fn whatever_is_written_in_hosts_and_guests_all_tabs_and_their_guests_agree() {
    for seed in 1..=20 {
        let mut simulator = Simulator::new(seed).conditions(Conditions::bad());
        let engines = PAIRS[seed as usize % PAIRS.len()];
        let pages = [(); 3].map(|()| Mirrored::open(&mut simulator, engines));
        let mut random = Random(seed);
        for n in 0..400 {
            let page = &pages[random.below(pages.len())];
            let store = [&page.host, &page.guest][random.below(2)];
            let key = ["a", "b", "c"][random.below(3)];
            match random.below(8) {
                0..3 => store.set(key, n).unwrap(),
                3 => drop(store.delete(key).unwrap()),
                4 => store
                    .set_json(key, json!({ "x": n, "y": { "z": n } }))
                    .unwrap(),
                // There may be nothing to write into.
                5 => drop(store.set_at(key, "/y/z", json!(n))),
                6 => store.set_many([("a", n), ("c", n)]).unwrap(),
                _ if n % 10 == 0 => store.clear().unwrap(),
                _ => drop(store.delete_at(key, "/x")),
            }
            simulator.advance(random.below(40) as u64);
        }
        simulator.settle().unwrap();
        let json = |store: &Store| store.snapshot().to_json().unwrap();
        for page in &pages {
            assert_eq!(json(&page.host), json(&page.guest), "seed {seed}");
            assert_eq!(json(&page.host), json(&pages[0].host), "seed {seed}");
        }
    }
}
