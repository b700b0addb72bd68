//! Guests come and go and leave nothing; when the host goes, the guests go on.

use crate::support::{PAIRS, Page, join, store};
use std::sync::{Arc, Mutex};
use universal_state::{
    MfeInfo, StateError, Store,
    edge::page::{
        guest::Guest,
        link::{Host, Links},
    },
};

#[test]
fn a_guest_that_is_dropped_leaves_nothing_in_the_host() {
    for pair in PAIRS {
        let page = Page::new(pair, 0);
        page.host.set("n", 0).unwrap();
        let left = || {
            let host = &page.host;
            (host.listener_count(), host.slot_count(), page.links.len())
        };
        let before = left();
        for n in 1..50 {
            let guest = store(pair[1]);
            let joined = join(&guest, &page.links).unwrap();
            let shop = guest
                .register_mfe(MfeInfo::new("shop", "leptos", "1"))
                .unwrap();
            shop.set("own", n).unwrap();
            shop.shared().set("n", n).unwrap();
            let subscription = guest.subscribe("n", |_: Option<&i32>, _: &_| ()).unwrap();
            match n % 3 {
                0 => {}
                1 => joined.leave(),
                _ => guest.dispose(),
            }
            drop((subscription, shop, guest));
            assert!(!joined.is_joined());
            assert_eq!(left(), before, "guest {n}");
        }
        assert_eq!((page.host.get("n"), page.host.mfes().len()), (Some(49), 0));
    }
}

#[test]
fn a_guest_that_leaves_goes_on_by_itself() {
    let page = Page::new(PAIRS[3], 2);
    let shop = page.guests[0]
        .register_mfe(MfeInfo::new("shop", "leptos", "1"))
        .unwrap();
    shop.set("own", 1).unwrap();
    page.host.set("n", 1).unwrap();
    page.joined[0].leave();
    assert_eq!(
        page.host.keys(),
        ["n"],
        "its micro-frontends have left the page"
    );
    assert!(page.host.mfes().is_empty());
    page.guests[0].set("n", 2).unwrap();
    shop.set("own", 2).unwrap();
    assert_eq!(
        (page.host.get("n"), page.guests[0].get("n")),
        (Some(1), Some(2))
    );
    assert_eq!((page.guests[0].mfes().len(), shop.get("own")), (1, Some(2)));
    page.host.set("n", 3).unwrap();
    assert_eq!(
        (page.guests[1].get("n"), page.guests[0].get("n")),
        (Some(3), Some(2))
    );
}

#[test]
fn a_host_lives_as_long_as_its_guests() {
    let (host, guest) = (store(PAIRS[0][0]), store(PAIRS[0][1]));
    let links = Links::new(&host);
    join(&guest, &links).unwrap();
    drop(host);
    guest.set("n", 1).unwrap();
    drop(guest);
    assert!(links.link(|_| String::new()).is_err());
}

/// Who has taken over, and its guests.
type Place = Arc<Mutex<Option<(usize, Arc<Links>)>>>;

/// What the page does: whoever comes first takes over, the others join it.
fn succeed(stores: &[Store], joined: &[Guest]) -> Place {
    let place = Place::default();
    for (at, (store, guest)) in stores.iter().zip(joined).enumerate() {
        let (place, store) = (Arc::clone(&place), store.clone());
        let guest = guest.clone();
        guest.clone().on_close(move || {
            let links = {
                let place = &mut *place.lock().unwrap();
                match place {
                    None => {
                        *place = Some((at, Arc::new(Links::new(&store))));
                        return;
                    }
                    Some((_, links)) => Arc::clone(links),
                }
            };
            guest
                .rejoin(|receive| Ok(Arc::new(links.link(receive)?) as Arc<dyn Host>))
                .unwrap();
        });
    }
    place
}

#[test]
fn when_the_host_closes_the_first_guest_takes_over() {
    for pair in PAIRS {
        for dispose in [true, false] {
            let page = Page::new(pair, 3);
            let place = succeed(&page.guests, &page.joined);
            let of_host = page
                .host
                .register_mfe(MfeInfo::new("shell", "leptos", "1"))
                .unwrap();
            let shop = page.guests[0]
                .register_mfe(MfeInfo::new("shop", "leptos", "1"))
                .unwrap();
            let cart = page.guests[2]
                .register_mfe(MfeInfo::new("cart", "leptos", "1"))
                .unwrap();
            page.host.set("n", 1).unwrap();
            shop.set("own", 1).unwrap();
            cart.set("own", 2).unwrap();
            match dispose {
                true => page.host.dispose(),
                false => page.links.close(),
            }
            assert_eq!(place.lock().unwrap().as_ref().map(|(at, _)| *at), Some(0));
            let [first, second, third] = [0, 1, 2].map(|at| &page.guests[at]);
            assert!(!page.joined[0].is_joined());
            assert!(page.joined[1].is_joined() && page.joined[2].is_joined());
            for guest in &page.guests {
                assert_eq!((guest.get("n"), guest.get("@shop/own")), (Some(1), Some(1)));
                assert_eq!(guest.get("@cart/own"), Some(2));
                assert_eq!(guest.mfes(), first.mfes());
            }
            assert_eq!(first.mfes().len(), 2, "that of the host went with it");
            second.set("n", 2).unwrap();
            cart.set("own", 3).unwrap();
            third.delete("@shop/own").unwrap();
            for guest in &page.guests {
                assert_eq!(guest.get("n"), Some(2));
                assert_eq!(guest.keys(), ["@cart/own", "n"]);
            }
            drop(of_host);
            drop(cart);
            assert_eq!(first.keys(), ["n"]);
        }
    }
}

#[test]
fn a_store_that_was_disposed_of_is_no_host() {
    let page = Page::new(PAIRS[3], 1);
    page.host.dispose();
    assert_eq!(
        join(&store(PAIRS[3][1]), &page.links).map(drop),
        Err(StateError::Disposed)
    );
}
