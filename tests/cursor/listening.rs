//! Listeners of places: called when the place differs, and else as listeners of the key are.

use crate::support::{
    AddressStoreFields, USER, User, UserStoreFields, ada, on_every_engine, reports, stored_ada,
    user,
};
use reactive_graph::{effect::ImmediateEffect, traits::Set};
use reactive_stores::StoreFieldIterator;
use std::sync::{Arc, Mutex};
use universal_state::{
    Access, Change, Cursor, Delivery, EngineKind, Handle, MfeInfo, Pattern, StateError, Store,
    SubscribeOptions, Subscription, ToCursor,
};

fn sync() -> SubscribeOptions {
    SubscribeOptions::new().delivery(Delivery::Sync)
}

/// What listeners were called with, in order.
#[derive(Clone)]
struct Heard<L>(Arc<Mutex<Vec<Option<L>>>>);

impl<L: Clone + PartialEq + Send + Sync + 'static> Heard<L> {
    fn by(cursor: &Cursor<L>, options: SubscribeOptions) -> (Self, Subscription) {
        let heard = Self(Arc::default());
        let note = heard.clone();
        let listener = move |part: Option<&L>, _: &Change| note.add(part.cloned());
        (heard, cursor.subscribe(options, listener).unwrap())
    }

    fn add(&self, part: Option<L>) {
        self.0.lock().unwrap().push(part);
    }

    fn take(&self) -> Vec<Option<L>> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

fn texts(texts: &[&str]) -> Vec<Option<String>> {
    texts.iter().map(|text| Some((*text).to_owned())).collect()
}

#[test]
fn a_listener_hears_of_its_place_by_whatever_door_and_of_no_other() {
    on_every_engine(|store| {
        let user = stored_ada(store);
        let city = user.clone().address().city().cursor().unwrap();
        let street = user.clone().address().street().cursor().unwrap();
        let (heard, _subscription) = Heard::by(&city, sync());
        city.set("Paris".into()).unwrap();
        street.set("Rue".into()).unwrap();
        city.set("Paris".into()).unwrap();
        assert_eq!(heard.take(), texts(&["Paris"]));
        user.clone().address().city().set("Oslo".into());
        user.name().set("Eve".into());
        store
            .update(USER, |user| user.address.city = "Rome".into())
            .unwrap();
        store.set(USER, ada()).unwrap();
        store
            .batch(|_| {
                city.set("Bonn".into())?;
                city.set("Kyiv".into())
            })
            .unwrap();
        assert_eq!(heard.take(), texts(&["Oslo", "Rome", "London", "Kyiv"]));
    });
}

#[test]
fn a_turn_is_told_once_and_a_place_that_ends_as_it_began_is_not() {
    on_every_engine(|store| {
        let user = stored_ada(store);
        let city = user.clone().address().city().cursor().unwrap();
        let (heard, _subscription) = Heard::by(&city, SubscribeOptions::new());
        let is_batched = store.engine() == EngineKind::Signal;
        for name in ["a", "b", "London"] {
            city.set(name.into()).unwrap();
        }
        user.clone().name().set("Eve".into());
        store.flush();
        let each = texts(&["a", "b", "London"]);
        assert_eq!(heard.take(), if is_batched { vec![] } else { each });
        for name in ["c", "d"] {
            city.set(name.into()).unwrap();
        }
        store.flush();
        let told = if is_batched {
            texts(&["d"])
        } else {
            texts(&["c", "d"])
        };
        assert_eq!(heard.take(), told);
    });
}

#[test]
fn a_listener_that_asks_is_called_at_once_also_where_nothing_is() {
    on_every_engine(|store| {
        let user = stored_ada(store);
        let score = |at| user.clone().scores().at_unkeyed(at).cursor().unwrap();
        let options = sync().immediate(true);
        let (here, _here) = Heard::by(&score(0), options);
        let (nowhere, _nowhere) = Heard::by(&score(7), options);
        assert_eq!((here.take(), nowhere.take()), (vec![Some(1)], vec![None]));
        user.name().set("Eve".into());
        assert_eq!((here.take(), nowhere.take()), (vec![], vec![]));
    });
}

#[test]
fn what_comes_and_goes_is_told_as_it_is_read() {
    on_every_engine(|store| {
        let user = stored_ada(store);
        let score = user.clone().scores().at_unkeyed(2).cursor().unwrap();
        let city = user.clone().address().city().cursor().unwrap();
        let own = store.fields(USER).unwrap();
        let (scores, _scores) = Heard::by(&score, sync());
        let (cities, _cities) = Heard::by(&city, sync());
        let (wholes, _wholes) = Heard::by(&own.cursor().unwrap(), sync());
        store.update(USER, |user| user.scores.truncate(1)).unwrap();
        store
            .update(USER, |user| user.scores.extend([5, 6]))
            .unwrap();
        assert_eq!(scores.take(), [None, Some(6)]);
        assert_eq!(wholes.take().len(), 2);
        // What the fields show while the key is missing.
        store.delete("user").unwrap();
        assert_eq!(
            (cities.take(), scores.take(), wholes.take()),
            (texts(&[""]), vec![None], vec![Some(None)])
        );
    });
}

#[test]
fn what_does_not_read_is_reported_and_comes_as_none() {
    on_every_engine(|store| {
        let city = stored_ada(store).address().city().cursor().unwrap();
        let seen = reports(store);
        let (heard, _subscription) = Heard::by(&city, sync());
        store.set("user", 7).unwrap();
        assert_eq!(heard.take(), [None]);
        assert!(matches!(seen()[..], [StateError::Type { .. }]));
        store.set(USER, ada()).unwrap();
        assert_eq!((heard.take(), seen().len()), (texts(&["London"]), 0));
    });
}

#[test]
fn a_listener_gets_the_change_of_the_key_and_may_fail() {
    on_every_engine(|store| {
        let city = stored_ada(store).address().city().cursor().unwrap();
        let seen = reports(store);
        let listener = |_: Option<&String>, change: &Change| {
            let cities = (change.old::<User>(), change.new::<User>());
            let cities = (
                cities.0.unwrap().address.city,
                cities.1.unwrap().address.city,
            );
            assert_eq!((cities.0.as_str(), cities.1.as_str()), ("London", "Paris"));
            Err(format!("{} by {}", change.key(), change.source()))
        };
        let _subscription = city.subscribe(sync(), listener).unwrap();
        city.set("Paris".into()).unwrap();
        let errors = seen();
        let [error] = &errors[..] else {
            panic!("{errors:?}")
        };
        assert!(error.to_string().contains("user by unknown"), "{error}");
    });
}

/// Effects are told first; what they write meanwhile is told after, to all in one order.
#[test]
fn every_listener_hears_what_effects_and_listeners_write_meanwhile_in_one_order() {
    on_every_engine(|store| {
        let user = stored_ada(store);
        let score = |at: usize| user.clone().scores().at_unkeyed(at).cursor().unwrap();
        let (first, second, third) = (score(0), score(1), score(2));
        let heard: Heard<[i32; 3]> = Heard(Arc::default());
        let note = heard.clone();
        let key: Handle<User> = store.handle(USER).unwrap();
        let _by_key = key
            .subscribe(sync(), move |user, _| {
                note.add(user.map(|user| [user.scores[0], user.scores[1], user.scores[2]]));
            })
            .unwrap();
        let (read, write) = (first.clone(), second.clone());
        let _effect = ImmediateEffect::new(move || {
            if read.get() == Some(10) {
                write.set(20).unwrap();
            }
        });
        let write = third.clone();
        let _by_place = first.subscribe(sync(), move |_, _| write.set(30)).unwrap();
        first.set(10).unwrap();
        let expected = [[10, 2, 3], [10, 20, 3], [10, 20, 30]];
        assert_eq!(heard.take(), expected.map(Some));
    });
}

#[test]
fn a_listener_ends_with_its_subscription_and_not_with_the_cursor() {
    on_every_engine(|store| {
        let city = stored_ada(store).address().city().cursor().unwrap();
        let (heard, subscription) = Heard::by(&city, sync());
        drop(city);
        let set = |name: &str| {
            store
                .update(USER, |user| user.address.city = name.into())
                .unwrap();
        };
        set("Paris");
        assert_eq!(heard.take(), texts(&["Paris"]));
        drop(subscription);
        set("Oslo");
        assert_eq!(heard.take(), []);
    });
}

/// A listener that is kept for good would otherwise keep the store that keeps it.
#[test]
fn a_listener_keeps_no_store() {
    let kept = Arc::new(());
    {
        let store = Store::new();
        store.set(USER, ada()).unwrap();
        let city = user(&store).address().city().cursor().unwrap();
        let held = Arc::clone(&kept);
        let listener = move |_: Option<&String>, _: &Change| drop(Arc::clone(&held));
        city.subscribe(sync(), listener).unwrap().forget();
        assert_eq!(Arc::strong_count(&kept), 2);
    }
    assert_eq!(Arc::strong_count(&kept), 1);
}

#[test]
fn a_listener_of_a_micro_frontend_has_its_rights_and_ends_with_it() {
    on_every_engine(|store| {
        let scope = |id| {
            let info = MfeInfo::new(id, "leptos", "1.0.0");
            store.register_mfe(info).unwrap()
        };
        let (shop, cart) = (scope("shop"), scope("cart"));
        shop.set(USER, ada()).unwrap();
        let pattern = || Pattern::glob("@shop/user").unwrap();
        store.grant("cart", Access::Read, pattern());
        let fields = cart.peer("shop").fields_or(USER, User::default());
        let city = fields.unwrap().address().city().cursor().unwrap();
        let (heard, _subscription) = Heard::by(&city, sync());
        let set = |name: &str| {
            let write = |user: &mut User| user.address.city = name.into();
            assert_eq!(shop.update(USER, write), Ok(true));
        };
        set("Paris");
        assert_eq!(heard.take(), texts(&["Paris"]));
        store.revoke("cart");
        set("Oslo");
        let denied = city.subscribe(sync(), |_: Option<&String>, _: &Change| {});
        assert!(matches!(denied.map(drop), Err(StateError::Denied { .. })));
        store.grant("cart", Access::Read, pattern());
        set("Rome");
        assert_eq!(heard.take(), texts(&["Rome"]));
        drop(cart);
        set("Bonn");
        assert_eq!(heard.take(), []);
    });
}
