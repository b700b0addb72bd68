//! What is refused anywhere is stored nowhere, and the caller learns why.

use crate::support::{Limits, PAIRS, Page, store, told};
use universal_state::{Access, MfeInfo, Pattern, SharedAccess, StateError};

#[test]
fn the_veto_of_a_hosts_middleware_is_the_callers_error() {
    for pair in PAIRS {
        let page = Page::new(pair, 2);
        page.host.add_middleware(Limits("limits"));
        let guest = &page.guests[0];
        let told = told(guest);
        let vetoed = StateError::Vetoed {
            middleware: "limits".to_owned(),
            key: Some("b".to_owned()),
            reason: "it is negative".to_owned(),
        };
        assert_eq!(guest.set("b", -1), Err(vetoed.clone()));
        assert_eq!(guest.set_many([("a", 1), ("b", -1)]), Err(vetoed));
        assert!(page.host.is_empty() && guest.is_empty() && told.take().is_empty());
        assert_eq!(guest.slot_count(), 0);
        page.agree();
    }
}

#[test]
fn a_guests_own_middleware_is_asked_before_the_host_hears_of_it() {
    for pair in PAIRS {
        let page = Page::new(pair, 2);
        let guest = &page.guests[0];
        guest.add_middleware(Limits("own"));
        let told = told(&page.host);
        let error = guest.set("a", -1).unwrap_err();
        assert!(matches!(error, StateError::Vetoed { ref middleware, .. } if middleware == "own"));
        assert!(told.take().is_empty());
        guest.set("a", 500).unwrap();
        assert_eq!(told.take(), ["a=100 page unknown"]);
        // What the host holds is so, whatever a guest thinks of it.
        page.host.set("a", -5).unwrap();
        assert_eq!(guest.get("a"), Some(-5));
        page.agree();
    }
}

#[test]
fn a_key_that_is_computed_in_the_host_cannot_be_written_in_a_guest() {
    let page = Page::new(PAIRS[3], 1);
    let _total = page
        .host
        .register_computed("total", |state| state.get::<i32>("n").unwrap_or(0))
        .unwrap();
    let error = page.guests[0].set("total", 1).unwrap_err();
    assert!(
        matches!(error, StateError::ReadOnly { ref key, .. } if key == "total"),
        "{error}"
    );
}

#[test]
fn grants_of_the_host_hold_in_its_guests() {
    for pair in PAIRS {
        let page = Page::new(pair, 1);
        let shop = page
            .host
            .register_mfe(MfeInfo::new("shop", "leptos", "1"))
            .unwrap();
        let cart = page.guests[0]
            .register_mfe(MfeInfo::new("cart", "leptos", "1"))
            .unwrap();
        shop.set("filter", 1).unwrap();
        let peer = cart.peer("shop");
        let denied = |access| {
            Err(StateError::Denied {
                mfe: "cart".to_owned(),
                key: "@shop/filter".to_owned(),
                access,
            })
        };
        assert_eq!(peer.try_get::<i32>("filter"), denied(Access::Read));
        page.host
            .grant("cart", Access::Read, Pattern::glob("@shop/*").unwrap());
        assert_eq!(peer.try_get("filter"), Ok(Some(1)));
        assert_eq!(peer.set("filter", 2), denied(Access::Write).map(drop));
        page.host
            .grant("cart", Access::Write, Pattern::regex("^@shop/f").unwrap());
        assert_eq!(peer.set("filter", 2), Ok(()));
        assert_eq!(shop.get("filter"), Some(2));
        assert_eq!(page.host.revoke("cart"), 2);
        assert_eq!(peer.try_get::<i32>("filter"), denied(Access::Read));

        page.host.set_shared_access(SharedAccess::ReadOnly);
        page.host.set("n", 1).unwrap();
        assert_eq!(cart.shared().get("n"), Some(1));
        assert!(matches!(
            cart.shared().set("n", 2),
            Err(StateError::Denied { .. })
        ));
        // Nobody has to be on the page to be granted something, by whomever.
        page.guests[0].grant("cart", Access::Write, Pattern::glob("n").unwrap());
        assert_eq!(cart.shared().set("n", 2), Ok(()));
        assert_eq!(page.guests[0].revoke("cart"), 1);
        assert!(matches!(
            cart.shared().set("n", 3),
            Err(StateError::Denied { .. })
        ));
        page.agree();
    }
}

#[test]
fn a_guest_that_joins_late_knows_the_rules() {
    let mut page = Page::new(PAIRS[3], 0);
    page.host.set_shared_access(SharedAccess::Granted);
    page.host.set("n", 1).unwrap();
    let guest = page.join(store(PAIRS[3][1]));
    let cart = guest
        .register_mfe(MfeInfo::new("cart", "leptos", "1"))
        .unwrap();
    assert!(cart.shared().try_get::<i32>("n").is_err());
}

#[test]
fn a_write_from_inside_the_hosts_batch_or_middleware_is_reentrant() {
    use std::sync::{Arc, Mutex};
    use universal_state::{Middleware, Store, Transaction, Veto};
    struct Meddler(Store, Arc<Mutex<Option<Result<(), StateError>>>>);
    impl Middleware for Meddler {
        fn name(&self) -> &str {
            "meddler"
        }
        fn before(&self, _: &mut Transaction) -> Result<(), Veto> {
            *self.1.lock().unwrap() = Some(self.0.set("b", 1));
            Ok(())
        }
    }
    for pair in PAIRS {
        let page = Page::new(pair, 1);
        let guest = &page.guests[0];
        let inside = page.host.batch(|_| Ok(guest.set("a", 1))).unwrap();
        assert_eq!(inside, Err(StateError::Reentrant { during: "a batch" }));
        let result = Arc::new(Mutex::new(None));
        page.host
            .add_middleware(Meddler(guest.clone(), Arc::clone(&result)));
        page.host.set("a", 1).unwrap();
        let inside = result.lock().unwrap().take();
        assert_eq!(
            inside,
            Some(Err(StateError::Reentrant {
                during: "a middleware"
            }))
        );
        assert_eq!(page.host.keys(), ["a"]);
        page.agree();
    }
}

#[test]
fn a_batch_of_a_guest_that_read_what_the_host_has_changed_is_a_conflict() {
    let page = Page::new(PAIRS[3], 1);
    page.host.set("n", 1).unwrap();
    let result = page.guests[0].batch(|tx| {
        let n: i32 = tx.get("n").unwrap_or_default();
        page.host.set("n", 10)?;
        tx.set("n", n + 1)
    });
    assert_eq!(
        result,
        Err(StateError::Conflict {
            key: "n".to_owned()
        })
    );
    assert_eq!(page.host.get("n"), Some(10));
    page.agree();
}
