//! The registry of a page is its host's.

use crate::support::{Limits, PAIRS, Page, on, store};
use std::sync::{Arc, Mutex};
use universal_state::{Delivery, MfeInfo, StateError, SubscribeOptions};

fn info(id: &str) -> MfeInfo {
    MfeInfo::new(id, "leptos", "1.0.0")
}

#[test]
fn a_micro_frontend_that_registers_anywhere_is_known_everywhere() {
    for pair in PAIRS {
        let mut page = Page::new(pair, 2);
        let shop = page.guests[0].register_mfe(info("shop")).unwrap();
        let cart = page.host.register_mfe(info("cart")).unwrap();
        let ids = |page: &Page| -> Vec<String> {
            page.guests[1]
                .mfes()
                .into_iter()
                .map(|mfe| mfe.info.id)
                .collect()
        };
        assert_eq!(ids(&page), ["shop", "cart"]);
        page.join(store(pair[1]));
        page.agree();
        let taken = page.guests[1].register_mfe(info("shop")).map(drop);
        let holder = "leptos 1.0.0".to_owned();
        assert_eq!(
            taken,
            Err(StateError::MfeTaken {
                id: "shop".to_owned(),
                holder
            })
        );
        shop.set("n", 1).unwrap();
        cart.set("n", 2).unwrap();
        page.agree();
        assert_eq!(page.host.keys(), ["@cart/n", "@shop/n"]);
        drop(shop);
        assert_eq!(
            (ids(&page), page.host.keys()),
            (vec!["cart".to_owned()], vec!["@cart/n".to_owned()])
        );
        page.agree();
        // The id is free again, for whomever.
        page.guests[1]
            .register_mfe(info("shop"))
            .unwrap()
            .unregister()
            .unwrap();
        page.agree();
    }
}

#[test]
fn what_a_micro_frontend_of_a_guest_writes_is_its_own_in_the_host() {
    let page = Page::new(PAIRS[3], 1);
    let told = crate::support::told(&page.host);
    let shop = page.guests[0].register_mfe(info("shop")).unwrap();
    shop.set("n", 1).unwrap();
    shop.shared().set("m", 2).unwrap();
    assert_eq!(
        told.take(),
        ["@shop/n=1 mfe:shop shop", "m=2 mfe:shop shop"]
    );
}

#[test]
fn whoever_unregisters_a_micro_frontend_ends_it_where_it_lives() {
    for pair in PAIRS {
        let page = Page::new(pair, 2);
        for by in [&page.host, &page.guests[1], &page.guests[0]] {
            let shop = page.guests[0].register_mfe(info("shop")).unwrap();
            shop.set("n", 1).unwrap();
            let subscription = shop.subscribe("n", |_: Option<&i32>, _: &_| ()).unwrap();
            by.unregister_mfe("shop").unwrap();
            assert!(!shop.is_registered() && !subscription.is_active());
            assert_eq!(
                shop.set("n", 2),
                Err(StateError::UnknownMfe {
                    id: "shop".to_owned()
                })
            );
            assert!(page.host.is_empty() && page.host.mfes().is_empty());
            page.agree();
        }
        let gone = page.guests[0].unregister_mfe("shop");
        assert_eq!(
            gone,
            Err(StateError::UnknownMfe {
                id: "shop".to_owned()
            })
        );
    }
}

#[test]
fn a_veto_in_the_host_keeps_a_micro_frontend_registered() {
    struct Keep;
    impl universal_state::Middleware for Keep {
        fn name(&self) -> &str {
            "keep"
        }
        fn before(
            &self,
            transaction: &mut universal_state::Transaction,
        ) -> Result<(), universal_state::Veto> {
            match transaction
                .writes()
                .iter()
                .any(|write| write.new_value().is_none())
            {
                true => Err(universal_state::Veto::new("nothing is deleted")),
                false => Ok(()),
            }
        }
    }
    for pair in PAIRS {
        for in_host in [true, false] {
            let page = Page::new(pair, 1);
            let guest = &page.guests[0];
            let shop = guest.register_mfe(info("shop")).unwrap();
            shop.set("n", 1).unwrap();
            let id = match in_host {
                true => page.host.add_middleware(Keep),
                false => guest.add_middleware(Keep),
            };
            assert!(matches!(shop.unregister(), Err(StateError::Vetoed { .. })));
            assert!(shop.is_registered());
            shop.set("n", 2).unwrap();
            page.agree();
            // Dropped, it goes all the same, and its keys wait.
            drop(shop);
            assert!(page.host.mfes().is_empty() && page.host.has("@shop/n"));
            page.agree();
            page.host.remove_middleware(id);
            guest.remove_middleware(id);
            let shop = guest.register_mfe(info("shop")).unwrap();
            assert_eq!(shop.get("n"), Some(2));
        }
    }
}

#[test]
fn the_registry_tells_in_every_store() {
    let page = Page::new(PAIRS[3], 1);
    let log = crate::support::Log::default();
    let sink = log.clone();
    let _subscription = page.guests[0]
        .subscribe_mfes(crate::support::sync(), move |mfes| sink.push(mfes.len()))
        .unwrap();
    let shop = page.host.register_mfe(info("shop")).unwrap();
    drop(shop);
    assert_eq!(log.take(), [1, 0]);
}

#[test]
fn what_a_micro_frontend_failed_at_is_known_everywhere_whoever_says_so() {
    for pair in PAIRS {
        let page = Page::new(pair, 2);
        let shop = page.guests[0].register_mfe(info("shop")).unwrap();
        let cart = page.host.register_mfe(info("cart")).unwrap();
        let failures = |page: &Page| -> Vec<Option<String>> {
            let mfes = page.host.mfes();
            mfes.into_iter().map(|mfe| mfe.failure).collect()
        };
        let no = Some("no".to_owned());
        for teller in [&page.guests[1], &page.guests[0], &page.host] {
            for id in ["shop", "cart"] {
                teller.set_mfe_failure(id, no.clone()).unwrap();
            }
            assert_eq!(failures(&page), [no.clone(), no.clone()]);
            page.agree();
            teller.set_mfe_failure("shop", None).unwrap();
            assert_eq!(failures(&page), [None, no.clone()]);
            page.agree();
        }
        let unknown = StateError::UnknownMfe {
            id: "nobody".to_owned(),
        };
        assert_eq!(page.guests[0].set_mfe_failure("nobody", no), Err(unknown));
        drop((shop, cart));
    }
}

#[test]
fn nobody_writes_into_a_namespace_that_nobody_owns() {
    let page = Page::new(PAIRS[3], 2);
    let unknown = StateError::UnknownMfe {
        id: "shop".to_owned(),
    };
    assert_eq!(page.guests[0].set("@shop/n", 1), Err(unknown));
    let shop = page.guests[1].register_mfe(info("shop")).unwrap();
    page.guests[0].set("@shop/n", 1).unwrap();
    assert_eq!(shop.get("n"), Some(1));
    page.agree();
}

#[test]
fn a_listener_that_hears_of_a_leaving_may_write() {
    let page = Page::new(PAIRS[3], 1);
    page.host.add_middleware(Limits("limits"));
    let shop = page.guests[0].register_mfe(info("shop")).unwrap();
    shop.set("n", 1).unwrap();
    let host = page.host.clone();
    on(&page.host, "@shop/n", move |_| host.set("left", 1).unwrap());
    shop.unregister().unwrap();
    assert_eq!(page.host.keys(), ["left"]);
    page.agree();
}

#[test]
fn who_hears_anywhere_that_keys_of_a_micro_frontend_go_finds_it_gone() {
    for pair in PAIRS {
        let page = Page::new(pair, 2);
        for by in [&page.host, &page.guests[1], &page.guests[0]] {
            for at in [&page.host, &page.guests[0], &page.guests[1]] {
                let shop = page.guests[0].register_mfe(info("shop")).unwrap();
                shop.set("n", 1).unwrap();
                let heard = Arc::new(Mutex::new(Vec::new()));
                let (hear, of) = (Arc::clone(&heard), at.clone());
                let options = SubscribeOptions::new().delivery(Delivery::Sync);
                let listener = move |n: Option<&i32>, _: &_| {
                    hear.lock().unwrap().push((n.copied(), of.mfes().len()));
                };
                let subscription = at.subscribe_with("@shop/n", options, listener).unwrap();
                by.unregister_mfe("shop").unwrap();
                assert_eq!(*heard.lock().unwrap(), [(None, 0)]);
                drop((subscription, shop));
            }
        }
    }
}
