//! Pages whose host is in step with other tabs: guests are in step with them, too.

use crate::{random::Random, succession::Members, support::*, variable::variable};
use serde_json::{Value as Json, json};
use std::{collections::BTreeMap, sync::Arc};
use universal_state::{
    EngineKind, History, HistoryOptions, Label, MfeInfo, Scope, StateError, Store,
    edge::{
        Edge, Memory, Storage,
        page::{
            guest::{Guest, Receive},
            link::{Host, Links},
        },
        simulator::{Conditions, Simulator, Tab},
    },
};

/// A tab of the simulator: a host and two guests.
struct Mirrored {
    host: Store,
    guest: Store,
    second: Store,
    _links: Links,
    joined: [Guest; 2],
    tab: Tab,
}

/// Which of its stores has the edge.
#[derive(Clone, Copy, PartialEq)]
enum At {
    Host,
    Guest,
}

impl Mirrored {
    fn open(simulator: &mut Simulator, [host, guest]: [EngineKind; 2], at: At) -> Self {
        let (host, guest, second) = (store(host), store(guest), store(guest));
        let links = Links::new(&host);
        let joined = [&guest, &second].map(|guest| join(guest, &links).unwrap());
        let edged = match at {
            At::Host => &host,
            At::Guest => &guest,
        };
        let tab = simulator.open_with(edged.clone(), 0).unwrap();
        Self {
            host,
            guest,
            second,
            _links: links,
            joined,
            tab,
        }
    }

    fn stores(&self) -> [&Store; 3] {
        [&self.host, &self.guest, &self.second]
    }

    /// All stores here hold the same, which is returned.
    #[track_caller]
    fn agree(&self) -> Json {
        let [host, guest, second] = self
            .stores()
            .map(|store| store.snapshot().to_json().unwrap());
        assert_eq!(host, guest);
        assert_eq!(host, second);
        host
    }
}

/// Each engine as host of each, and either with the edge.
fn arrangements() -> impl Iterator<Item = ([EngineKind; 2], At)> {
    PAIRS
        .into_iter()
        .flat_map(|engines| [(engines, At::Host), (engines, At::Guest)])
}

fn two(engines: [EngineKind; 2], at: At) -> (Simulator, Mirrored, Mirrored) {
    let mut simulator = Simulator::new(7);
    let [one, other] = [(); 2].map(|()| Mirrored::open(&mut simulator, engines, at));
    simulator.advance(1_000);
    (simulator, one, other)
}

fn messages(simulator: &Simulator) -> u64 {
    simulator.figures().sent.get("change").copied().unwrap_or(0)
}

#[test]
fn what_a_guest_writes_is_one_message_and_told_as_another_tabs_in_every_store_there() {
    for (engines, at) in arrangements() {
        let (mut simulator, one, other) = two(engines, at);
        let heard = other.stores().map(told);
        let here = told(&one.second);
        let before = messages(&simulator);
        one.second.set_with_source("n", 1, "form").unwrap();
        simulator.advance(1_000);
        assert_eq!(messages(&simulator) - before, 1, "nobody sends it back");
        let all = |note: &str| [(); 3].map(|()| vec![note.to_owned()]);
        assert_eq!(heard.each_ref().map(Log::take), all("n=1 tab form"));
        one.second.delete("n").unwrap();
        simulator.advance(1_000);
        assert_eq!(heard.each_ref().map(Log::take), all("n=- tab unknown"));
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
fn no_history_of_the_page_takes_back_what_another_tab_wrote() {
    for (engines, at) in arrangements() {
        let (mut simulator, one, other) = two(engines, at);
        let histories = one
            .stores()
            .map(|store| store.history(HistoryOptions::new()).unwrap());
        other.guest.set("n", 1).unwrap();
        simulator.advance(1_000);
        assert!(histories.iter().all(|history| !history.can_undo()));
        one.second.set("n", 2).unwrap();
        assert!(histories.iter().all(History::can_undo));
        histories[1].undo().unwrap();
        simulator.advance(1_000);
        assert_eq!(other.agree(), json!({ "n": 1 }));
    }
}

#[test]
fn two_fields_that_guests_of_two_tabs_write_at_once_are_both_kept() {
    for (engines, at) in arrangements() {
        let (mut simulator, one, other) = two(engines, at);
        one.guest
            .set_json("user", json!({ "name": "a", "age": 1 }))
            .unwrap();
        simulator.advance(1_000);
        one.guest.set_at("user", "/name", json!("b")).unwrap();
        other.guest.set_at("user", "/age", json!(2)).unwrap();
        simulator.settle().unwrap();
        for store in one.stores().into_iter().chain(other.stores()) {
            let user: Option<Json> = store.get("user");
            assert_eq!(user, Some(json!({ "name": "b", "age": 2 })));
        }
    }
}

#[test]
fn what_a_page_keeps_to_itself_stays_in_it_whichever_of_its_stores_says_so() {
    for (engines, at) in arrangements() {
        for label in [Label::Local, Label::Secret] {
            let (mut simulator, one, other) = two(engines, at);
            for (store, key) in one.stores().into_iter().zip(["a", "b", "c"]) {
                store.label(key, label).unwrap();
                store.set(key, 1).unwrap();
            }
            one.guest.set("open", 1).unwrap();
            simulator.advance(100_000);
            for store in other.stores() {
                assert_eq!(store.keys(), ["open"], "{label:?}");
            }
        }
    }
}

#[test]
fn what_the_host_refuses_of_a_guest_reaches_no_tab() {
    for (engines, at) in arrangements() {
        let (mut simulator, one, other) = two(engines, at);
        one.host.add_middleware(Limits("limits"));
        let refused = one.guest.set("n", -1);
        assert!(
            matches!(refused, Err(StateError::Vetoed { .. })),
            "{refused:?}"
        );
        one.guest.set("n", 1_000).unwrap();
        simulator.advance(1_000);
        for store in one.stores().into_iter().chain(other.stores()) {
            assert_eq!(store.get("n"), Some(100));
        }
    }
}

#[test]
fn whatever_is_written_in_hosts_and_guests_all_tabs_and_their_guests_agree() {
    for (seed, at) in (1..=20).flat_map(|seed| [(seed, At::Host), (seed, At::Guest)]) {
        let mut simulator = Simulator::new(seed).conditions(Conditions::bad());
        let engines = PAIRS[seed as usize % PAIRS.len()];
        let pages = [(); 3].map(|()| Mirrored::open(&mut simulator, engines, at));
        let mut random = Random(seed);
        for n in 0..400 {
            let page = &pages[random.below(pages.len())];
            let store = page.stores()[random.below(3)];
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
        let held = pages.each_ref().map(Mirrored::agree);
        assert!(held.iter().all(|other| *other == held[0]), "seed {seed}");
    }
}

#[test]
fn the_keys_of_a_micro_frontend_stay_in_other_tabs_when_it_leaves_whichever_store_has_the_edge() {
    for (engines, at) in arrangements() {
        let (mut simulator, one, other) = two(engines, at);
        for (registrar, remover) in [(0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (2, 1), (1, 0)] {
            let info = MfeInfo::new("cart", "leptos", "1");
            let scope = one.stores()[registrar].register_mfe(info.clone()).unwrap();
            let there = other.second.register_mfe(info.clone()).unwrap();
            scope.set("n", 1).unwrap();
            scope.set("m", 2).unwrap();
            simulator.advance(1_000);
            assert_eq!((there.get("n"), there.get("m")), (Some(1), Some(2)));
            // What it deletes itself is deleted, also in the turn in which it leaves.
            scope.delete("m").unwrap();
            one.stores()[remover].unregister_mfe("cart").unwrap();
            assert_eq!(one.agree(), json!({}));
            simulator.advance(1_000);
            assert_eq!(there.get("n"), Some(1), "it stays elsewhere");
            assert!(!there.has("m"));
            there.set("n", 3).unwrap();
            simulator.advance(1_000);
            assert_eq!(one.agree(), json!({}), "nobody has it here");
            let scope = one.stores()[remover].register_mfe(info).unwrap();
            assert_eq!(scope.get("n"), Some(3), "it finds it when it comes again");
            assert!(!scope.has("m"));
            scope.delete("n").unwrap();
            one.agree();
            simulator.advance(1_000);
            assert!(!there.has("n"));
            simulator.settle().unwrap();
        }
    }
}

#[test]
fn the_stores_of_a_page_have_one_edge() {
    for (engines, at) in arrangements() {
        let mut simulator = Simulator::new(7);
        let page = Mirrored::open(&mut simulator, engines, at);
        let attach = |store: &Store| Edge::builder("other").attach(store);
        for store in page.stores() {
            assert_eq!(attach(store).err(), Some(StateError::EdgeTaken));
        }
        simulator.edge(page.tab).detach();
        // It is free for whoever comes first, as often as it is given back.
        for store in page.stores() {
            let edge = attach(store).unwrap();
            for other in page.stores() {
                assert_eq!(attach(other).err(), Some(StateError::EdgeTaken));
            }
            // Also by one who does not say so.
            drop(edge);
        }
        let edge = attach(&page.second).unwrap();
        // A guest that goes takes its edge with it.
        page.joined[1].leave();
        let own = attach(&page.host).unwrap();
        assert!(edge.is_attached() && own.is_attached());
        drop(own);
        let edge = attach(&page.guest).unwrap();
        page.guest.dispose();
        assert!(!edge.is_attached());
        drop(attach(&page.host).unwrap());
    }
}

#[test]
fn a_store_with_an_edge_joins_nobody_and_loses_nothing() {
    let mut simulator = Simulator::new(7);
    let tab = simulator.open().unwrap();
    let own = simulator.store(tab).clone();
    own.set("n", 1).unwrap();
    let host = Store::new();
    let links = Links::new(&host);
    let joined = join(&own, &links);
    assert!(matches!(joined, Err(StateError::Refused { .. })));
    assert_eq!(own.get("n"), Some(1));

    simulator.edge(tab).detach();
    let joined = join(&own, &links).unwrap();
    // One that stands alone and writes what its edge tells to others is in the same place.
    links.close();
    own.set("n", 2).unwrap();
    let edge = Edge::builder("shop").attach(&own).unwrap();
    let host = Store::new();
    let links = Links::new(&host);
    let again = || joined.rejoin(|receive| Ok(Arc::new(links.link(receive)?) as Arc<dyn Host>));
    assert!(matches!(again(), Err(StateError::Refused { .. })));
    assert_eq!(own.get("n"), Some(2));
    edge.detach();
    again().unwrap();
    assert!(!own.has("n"));
}

#[test]
fn when_the_host_goes_the_edge_of_a_guest_is_that_of_the_page_still() {
    // The first guest takes the host's place. Either has the edge.
    for (engines, edged) in PAIRS.iter().flat_map(|pair| [(*pair, 0), (*pair, 1)]) {
        let mut simulator = Simulator::new(7);
        let other = Mirrored::open(&mut simulator, engines, At::Host);
        let host = store(engines[0]);
        let links = Links::new(&host);
        let guests = [(); 2].map(|()| store(engines[1]));
        let joined = guests.each_ref().map(|guest| join(guest, &links).unwrap());
        let tab = simulator.open_with(guests[edged].clone(), 0).unwrap();
        simulator.advance(1_000);
        host.set("n", 1).unwrap();
        other.second.set("m", 1).unwrap();
        simulator.advance(1_000);

        let new = Arc::new(Links::new(&guests[0]));
        joined[1].on_close({
            let (joined, new) = (joined[1].clone(), Arc::clone(&new));
            move || {
                let link = |receive: Receive| Ok(Arc::new(new.link(receive)?) as Arc<dyn Host>);
                joined.rejoin(link).unwrap();
            }
        });
        host.set("last", 1).unwrap();
        links.close();
        assert!(simulator.edge(tab).is_attached());
        for guest in &guests {
            let second = Edge::builder("other").attach(guest);
            assert_eq!(second.err(), Some(StateError::EdgeTaken));
        }
        let before = messages(&simulator);
        guests[0].set("n", 2).unwrap();
        guests[1].set("k", 1).unwrap();
        other.host.set("m", 2).unwrap();
        simulator.advance(1_000);
        assert_eq!(messages(&simulator) - before, 2, "one of each tab");
        simulator.settle().unwrap();
        let held = other.agree();
        assert_eq!(held, json!({ "k": 1, "last": 1, "m": 2, "n": 2 }));
        for guest in &guests {
            assert_eq!(guest.snapshot().to_json().unwrap(), held);
        }
        assert!(!guests[0].is_guest() && guests[1].is_guest());
    }
}

#[test]
fn a_guest_whose_new_host_has_an_edge_gives_its_own_up_and_says_so() {
    let mut simulator = Simulator::new(7);
    let host = Store::new();
    let links = Links::new(&host);
    let reported = Log::default();
    let sink = reported.clone();
    let guest = Store::builder()
        .on_error(move |error| sink.push(error.clone()))
        .build();
    let joined = join(&guest, &links).unwrap();
    let tab = simulator.open_with(guest.clone(), 0).unwrap();
    host.set("n", 1).unwrap();
    let new = Store::new();
    new.set("n", 1).unwrap();
    let own = Edge::builder("shop").attach(&new).unwrap();
    let links_of_new = Arc::new(Links::new(&new));
    let again = joined.clone();
    joined.on_close(move || {
        let link = |receive: Receive| Ok(Arc::new(links_of_new.link(receive)?) as Arc<dyn Host>);
        again.rejoin(link).unwrap();
    });
    links.close();
    assert!(guest.is_guest() && own.is_attached());
    assert!(!simulator.edge(tab).is_attached());
    assert_eq!(reported.take(), [StateError::EdgeTaken]);
}

const IDS: [&str; 2] = ["cart", "a/b"];

/// The micro-frontends that are registered, by page and id.
type Scopes = BTreeMap<(usize, &'static str), Scope>;

/// Registers all that are not.
fn complete(pages: &[Mirrored], scopes: &mut Scopes, random: &mut Random) {
    for (at, page) in pages.iter().enumerate() {
        for id in IDS {
            scopes.entry((at, id)).or_insert_with(|| {
                let store = page.stores()[random.below(3)];
                store.register_mfe(MfeInfo::new(id, "leptos", "1")).unwrap()
            });
        }
    }
}

#[test]
fn whoever_comes_leaves_or_is_reloaded_finds_its_keys_as_all_tabs_have_them() {
    for (seed, at) in (1..=20).flat_map(|seed| [(seed, At::Host), (seed, At::Guest)]) {
        let memory = Memory::new();
        let mut simulator = Simulator::new(seed)
            .conditions(Conditions::bad())
            .configure(move |edge| edge.storage(Storage::new(memory.clone())));
        let engines = PAIRS[seed as usize % PAIRS.len()];
        let mut pages = [(); 2].map(|()| Mirrored::open(&mut simulator, engines, at));
        let (mut scopes, mut random) = (Scopes::new(), Random(seed));
        for n in 0..300 {
            let page = random.below(pages.len());
            let store = pages[page].stores()[random.below(3)].clone();
            let id = IDS[random.below(2)];
            match (random.below(12), scopes.get(&(page, id))) {
                (0..3, None) => {
                    let scope = store.register_mfe(MfeInfo::new(id, "leptos", "1"));
                    scopes.insert((page, id), scope.unwrap());
                }
                (0, Some(_)) => {
                    store.unregister_mfe(id).unwrap();
                    scopes.remove(&(page, id));
                }
                (1, Some(_)) => drop(scopes.remove(&(page, id))),
                (2, Some(scope)) => drop(scope.delete("a").unwrap()),
                (3, Some(scope)) => scope.set_many([("a", n), ("b", n)]).unwrap(),
                (4, Some(scope)) => scope.set_json("a", json!({ "x": n })).unwrap(),
                (5, _) => store.set("shared", n).unwrap(),
                (6, _) => drop(store.delete("shared").unwrap()),
                (7, _) => store
                    .set_json("json", json!({ "x": n, "y": { "z": n } }))
                    .unwrap(),
                // There may be nothing to write into.
                (8, _) => drop(store.set_at("json", "/y/z", json!(n))),
                (9, _) => drop(store.delete_at("json", "/x")),
                (10, _) if n % 5 == 0 => {
                    match random.below(2) {
                        0 => simulator.close(pages[page].tab),
                        _ => simulator.crash(pages[page].tab),
                    }
                    scopes.retain(|(at, _), _| *at != page);
                    pages[page] = Mirrored::open(&mut simulator, engines, at);
                }
                _ => {}
            }
            pages[page].agree();
            simulator.advance(random.below(40) as u64);
        }
        complete(&pages, &mut scopes, &mut random);
        simulator.settle().unwrap();
        let held = pages.each_ref().map(Mirrored::agree);
        assert_eq!(held[0], held[1], "seed {seed}");
        scopes.clear();
        for page in &pages {
            simulator.close(page.tab);
        }
        let last = [Mirrored::open(&mut simulator, engines, at)];
        complete(&last, &mut scopes, &mut random);
        assert_eq!(last[0].agree(), held[0], "seed {seed}: stored");
    }
}

#[test]
fn what_comes_in_during_a_batch_of_any_store_of_the_page_waits_for_its_end() {
    for (engines, at) in arrangements() {
        let (mut simulator, one, other) = two(engines, at);
        for busy in one.stores() {
            other.host.set_many([("n", 1), ("k", 1)]).unwrap();
            let batch = busy.batch(|tx| {
                tx.set("m", 1)?;
                simulator.advance(1_000);
                Ok(())
            });
            batch.unwrap();
            simulator.advance(1_000);
            assert_eq!(one.agree(), json!({ "k": 1, "m": 1, "n": 1 }));
            assert_eq!(simulator.edge(one.tab).status().refused.total(), 0);
            other.host.clear().unwrap();
            simulator.advance(1_000);
        }
    }
}

#[test]
fn a_key_that_no_store_of_the_page_computes_any_more_is_what_other_tabs_have_written() {
    for (engines, at) in arrangements() {
        for by in 0..3 {
            let (mut simulator, one, other) = two(engines, at);
            for store in one.stores() {
                store.set_reporter(|_| {});
            }
            let here = one.stores()[by];
            let computed = here.register_computed("k", |_| 1).unwrap();
            let gone = here.register_mfe(MfeInfo::new("shop", "leptos", "1"));
            let gone = gone.unwrap();
            gone.shared()
                .register_computed("m", |_| 1)
                .unwrap()
                .forget();
            other.second.set_many([("k", 2), ("m", 3)]).unwrap();
            simulator.advance(1_000);
            assert_eq!(one.agree(), json!({ "k": 1, "m": 1 }));
            drop(computed);
            simulator.advance(1_000);
            assert_eq!(one.agree(), json!({ "k": 2, "m": 1 }));
            gone.unregister().unwrap();
            simulator.advance(1_000);
            assert_eq!(one.agree(), other.agree());
            assert_eq!(other.agree(), json!({ "k": 2, "m": 3 }));
        }
    }
}

#[test]
fn whatever_is_computed_for_a_while_all_tabs_agree_once_nothing_is() {
    let seeds = variable("UNIVERSAL_STATE_SEEDS").unwrap_or(20);
    for (seed, at) in (1..=seeds).flat_map(|seed| [(seed, At::Host), (seed, At::Guest)]) {
        let mut simulator = Simulator::new(seed).conditions(Conditions::bad());
        let engines = PAIRS[seed as usize % PAIRS.len()];
        let pages = [(); 3].map(|()| Mirrored::open(&mut simulator, engines, at));
        for store in pages.iter().flat_map(Mirrored::stores) {
            store.set_reporter(|_| {});
        }
        let mut computed = Vec::new();
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for n in 0..300 {
            let page = &pages[random.below(pages.len())];
            let store = page.stores()[random.below(3)];
            let key = ["a", "b", "c", "e", "f", "g"][random.below(6)];
            // What is computed is written by nobody on that page.
            match random.below(8) {
                0..3 => drop(store.set(key, n)),
                3 => drop(store.delete(key)),
                4 => drop(store.set_many([("a", n), ("d", n)])),
                5 if n % 10 == 0 => drop(store.clear()),
                6 => {
                    computed.extend(store.register_computed(key, |state| {
                        state.get::<i32>("d").unwrap_or_default() + 1
                    }))
                }
                7 if computed.len() > 2 => {
                    drop(computed.swap_remove(random.below(computed.len())));
                }
                _ => {}
            }
            page.agree();
            simulator.advance(random.below(40) as u64);
        }
        computed.clear();
        simulator.settle().unwrap();
        let held = pages.each_ref().map(Mirrored::agree);
        assert!(held.iter().all(|other| *other == held[0]), "seed {seed}");
    }
}

#[test]
fn what_the_stores_of_a_page_write_between_two_edges_counts_wherever_those_are() {
    for engines in PAIRS {
        for (first, next) in (0..3).flat_map(|first| (0..3).map(move |next| (first, next))) {
            let mut simulator = Simulator::new(7);
            let other = Mirrored::open(&mut simulator, engines, At::Host);
            let mut page = Mirrored::open(&mut simulator, engines, At::Host);
            simulator.close(page.tab);
            page.tab = simulator
                .open_with(page.stores()[first].clone(), 0)
                .unwrap();
            page.host.set_many([("a", 1), ("gone", 1)]).unwrap();
            page.host
                .set_json("user", json!({ "name": "Ada", "age": 36 }))
                .unwrap();
            simulator.advance(1_000);

            simulator.close(page.tab);
            for (store, key) in page.stores().into_iter().zip(["a", "b", "c"]) {
                store.set(key, 2).unwrap();
            }
            page.second.delete("gone").unwrap();
            page.guest.set_at("user", "/name", json!("Grace")).unwrap();
            other.guest.set_at("user", "/age", json!(37)).unwrap();
            other.guest.set("d", 2).unwrap();
            simulator.advance(1_000);
            simulator.open_with(page.stores()[next].clone(), 0).unwrap();
            simulator.advance(10_000);
            simulator.settle().unwrap();
            let held = page.agree();
            let user = json!({ "name": "Grace", "age": 37 });
            let expected = json!({ "a": 2, "b": 2, "c": 2, "d": 2, "user": user });
            assert_eq!(held, expected, "from {first} to {next}");
            assert_eq!(other.agree(), held);
        }
    }
}

#[test]
fn what_is_written_while_a_page_has_no_container_is_not_lost_to_what_is_stored() {
    for engines in PAIRS {
        let memory = Memory::new();
        let stored = memory.clone();
        let mut simulator =
            Simulator::new(7).configure(move |edge| edge.storage(Storage::new(stored.clone())));
        let host = store(engines[0]);
        let tab = simulator.open_with(host.clone(), 0).unwrap();
        let links = Links::new(&host);
        let guest = store(engines[1]);
        let _joined = join(&guest, &links).unwrap();
        guest.set_many([("a", 1), ("b", 1)]).unwrap();
        simulator.advance(1_000);
        // The container goes, with the edge.
        simulator.close(tab);
        links.close();
        host.dispose();
        guest.set("a", 2).unwrap();
        guest.delete("b").unwrap();
        simulator.advance(1_000);
        // Another one comes.
        let (links, new) = (Links::new(&guest), store(engines[0]));
        let _joined = join(&new, &links).unwrap();
        let tab = simulator.open_with(new.clone(), 0).unwrap();
        simulator.advance(1_000);
        for store in [&guest, &new] {
            assert_eq!(store.snapshot().to_json().unwrap(), json!({ "a": 2 }));
        }
        simulator.close(tab);
        let next = simulator.open().unwrap();
        let reloaded = simulator.store(next).snapshot();
        assert_eq!(reloaded.to_json().unwrap(), json!({ "a": 2 }));
    }
}

#[test]
fn the_next_edge_of_a_page_knows_what_the_last_one_knew_wherever_either_is() {
    for (engines, takes_leave) in PAIRS
        .into_iter()
        .flat_map(|pair| [(pair, true), (pair, false)])
    {
        let mut simulator = Simulator::new(7);
        let mut page = Members::new(0);
        (0..2).for_each(|_| page.come());
        page.attach_to(0, &mut simulator);
        page.all[1].store.set_many([("a", 1), ("b", 1)]).unwrap();
        simulator.advance(1_000);
        // Written when nobody has looked at it yet.
        page.all[2].store.set("late", 1).unwrap();
        page.all[2].store.delete("b").unwrap();
        // The container is replaced: its store goes, a guest takes its place, another container comes.
        page.detach(&mut simulator, takes_leave);
        page.go(0, true);
        page.come();
        page.all[0].store.set("between", 1).unwrap();
        let new = page.all.len() - 1;
        page.attach_to(new, &mut simulator);
        simulator.advance(1_000);
        // A second tab knows it all from this one.
        let second = Mirrored::open(&mut simulator, engines, At::Host);
        simulator.settle().unwrap();
        let mut all = json!({ "a": 1, "between": 1, "late": 1 });
        assert_eq!(second.agree(), all);
        // And from there to any other of its stores.
        for (n, next) in [1, 0, 0, 2, 1, 1].into_iter().enumerate() {
            page.all[n % 3].store.set("a", n).unwrap();
            page.all[n % 3].store.set(format!("new {n}"), n).unwrap();
            (all["a"], all[format!("new {n}")]) = (json!(n), json!(n));
            page.detach(&mut simulator, takes_leave);
            page.attach_to(next, &mut simulator);
            simulator.settle().unwrap();
            assert_eq!((page.agree(), second.agree()), (all.clone(), all.clone()));
        }
    }
}

#[test]
fn where_a_page_never_had_an_edge_what_stands_in_its_stores_is_its_own_until_it_is_written() {
    let mut page = Members::new(0);
    page.come();
    page.all[0].store.set("n", 1).unwrap();
    page.go(0, true);
    let alone = &page.all[0].store;
    alone.set("m", 1).unwrap();
    let memory = Memory::new();
    let storage = Storage::new(memory.clone());
    let edge = Edge::builder("shop").storage(storage).attach(alone);
    let edge = edge.unwrap();
    edge.flush();
    assert!(memory.names().is_empty());
    alone.set("n", 2).unwrap();
    edge.flush();
    assert_eq!(memory.names(), ["shop:n"]);
}
