//! Who may use fields, how long, and what is left of them.

use crate::support::*;
use reactive_graph::{
    owner::Owner,
    traits::{Dispose, Get, GetUntracked, IsDisposed, ReadUntracked, Set, Update, Write},
};
use reactive_stores::{OptionStoreExt, Store as Derive};
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicIsize, Ordering};
use universal_state::{
    Access, ArcFields, Diff, EngineKind, Fields, Key, MfeInfo, Pattern, Scope, StateError, Store,
    ToCursor,
};

fn register(store: &Store, id: &str) -> Scope {
    store.register_mfe(MfeInfo::new(id, "leptos", "1")).unwrap()
}

#[test]
fn fields_can_be_sent_and_shared() {
    fn assert<T: Send + Sync + 'static>() {}
    assert::<ArcFields<User>>();
    assert::<ArcFields<Option<User>>>();
    assert::<Fields<User>>();
    assert::<universal_state::fields::FieldReader<User>>();
}

/// A micro-frontend's own key of the same name is another.
#[test]
fn the_fields_of_a_scope_are_those_of_its_own_key() {
    on_every_engine(|store| {
        let shared = stored_ada(store);
        let shop = register(store, "shop");
        let own = shop.fields_or(USER, User::default()).unwrap();
        let readers = [Readers::new(&shared), Readers::new(&own)];
        own.clone().name().set("Shop".into());
        assert_eq!(
            readers.each_ref().map(Readers::runs),
            [[0; 5], [1, 0, 0, 0, 1]]
        );
        shared.name().set("Grace".into());
        assert_eq!(
            readers.each_ref().map(Readers::runs),
            [[1, 0, 0, 0, 1], [0; 5]]
        );
        assert_eq!(store.get::<User>("@shop/user").unwrap().name, "Shop");
        let through_shared = shop.shared().fields_or(USER, User::default()).unwrap();
        assert_eq!(through_shared.name().get_untracked(), "Grace");
    });
}

/// As readers of keys: who is paused runs with the first write that comes after.
#[test]
fn who_was_paused_while_something_was_written_is_told_again() {
    on_every_engine(|store| {
        let user = stored_ada(store);
        let (field, label) = (user.clone(), user.clone());
        let cursor = user.clone().name().cursor().unwrap();
        let written = cursor.clone();
        let owner = Owner::new();
        let readers = owner.with(|| {
            [
                Reader::new(move || field.clone().name().try_get()),
                Reader::new(move || cursor.get()),
                Reader::new(move || label.clone().rows().at_key(2).label().try_get()),
            ]
        });
        owner.pause();
        for name in ["Grace", "Edsger"] {
            written.set(name.into()).unwrap();
            user.clone().rows().at_key(2).label().set(name.into());
            assert_eq!(readers.each_ref().map(Reader::runs), [0; 3]);
        }
        owner.resume();
        written.set("Barbara".into()).unwrap();
        user.clone().rows().at_key(2).label().set("Barbara".into());
        assert_eq!(readers.each_ref().map(Reader::runs), [1; 3]);
        let read = readers.each_ref().map(Reader::last);
        assert_eq!(read, ["Barbara"; 3].map(|name| Some(name.into())));
    });
}

/// A grant that is taken back leaves the default; one that is given brings the value.
#[test]
fn grants_come_and_go_while_fields_are_held() {
    on_every_engine(|store| {
        let (shop, cart) = (register(store, "shop"), register(store, "cart"));
        shop.set(USER, ada()).unwrap();
        let peer = cart.peer("shop");
        assert!(matches!(
            peer.fields_or(USER, User::default()),
            Err(StateError::Denied { .. })
        ));
        let grant = |access| store.grant("cart", access, Pattern::glob("@shop/user").unwrap());
        grant(Access::Read);
        let fields = peer.fields_or(USER, User::default()).unwrap();
        let readers = Readers::new(&fields);
        let label = fields.clone();
        let label = Reader::new(move || label.clone().rows().at_key(2).label().try_get());
        assert_eq!(
            (readers.name.last().as_str(), label.last().as_deref()),
            ("Ada", Some("row 2"))
        );

        let denied = store.denied_count();
        fields.clone().name().set("Grace".into());
        *fields.clone().email().write() = "x".into();
        fields.clone().rows().at_key(2).label().set("x".into());
        assert!(matches!(
            fields.try_update(|user| user.name.clear()),
            Err(StateError::Denied { .. })
        ));
        assert_eq!(shop.get(USER), Some(ada()), "it may read, and not write");
        assert!(store.denied_count() >= denied + 4);

        store.revoke("cart");
        assert_eq!((readers.name.last().as_str(), label.last()), ("", None));
        assert_eq!(fields.read_untracked().email, "");
        let denied = store.denied_count();
        *fields.clone().email().write() = "x".into();
        fields.clone().rows().write().push(row(9));
        fields.clone().rows().at_key(2).label().set("x".into());
        assert_eq!(shop.get(USER), Some(ada()));
        assert!(store.denied_count() > denied);

        grant(Access::Write);
        assert_eq!(
            (readers.name.last().as_str(), label.last().as_deref()),
            ("Ada", Some("row 2"))
        );
        readers.runs();
        label.runs();
        fields.clone().rows().at_key(2).label().set("two".into());
        fields.name().set("Grace".into());
        assert_eq!((readers.runs(), label.runs()), ([1, 0, 0, 0, 1], 1));
        assert_eq!(shop.get(USER).unwrap().rows[1].label, "two");
    });
}

/// A hook that is called before it is allowed finds its key when it is.
#[cfg(feature = "leptos")]
#[test]
fn fields_that_were_made_while_they_were_denied_come_to_life() {
    use universal_state::hooks::{
        provide_global_state, use_global_store, use_global_store_or, use_mfe,
    };
    on_every_engine(|store| {
        store.set(USER, ada()).unwrap();
        store.set_shared_access(universal_state::SharedAccess::Granted);
        provide_global_state(store.clone());
        let _scope = use_mfe(MfeInfo::new("shop", "leptos", "1")).unwrap();
        let (user, optional) = (
            use_global_store_or(USER, User::default()),
            use_global_store(USER),
        );
        let name = Reader::new(move || user.name().get());
        let label = Reader::new(move || user.rows().at_key(2).label().try_get());
        let nick = Reader::new(move || optional.map(|user| user.name().get()));
        assert_eq!(
            (name.last().as_str(), label.last(), nick.last()),
            ("", None, None)
        );
        let version = store.metadata().version;
        *user.name().write() = "x".into();
        user.rows().write().push(row(9));
        optional.set(None);
        assert_eq!(store.metadata().version, version);

        store.grant("shop", Access::Write, Pattern::glob("user").unwrap());
        assert_eq!((name.runs(), label.runs(), nick.runs()), (1, 1, 1));
        assert_eq!(
            (name.last().as_str(), label.last().as_deref()),
            ("Ada", Some("row 2"))
        );
        assert_eq!(nick.last().as_deref(), Some("Ada"));
        store.update(USER, |user| user.rows.rotate_left(1)).unwrap();
        assert_eq!((name.runs(), label.runs()), (0, 0));
        user.rows().at_key(2).label().set("two".into());
        assert_eq!((name.runs(), label.runs()), (0, 1));
        store.set_shared_access(universal_state::SharedAccess::ReadOnly);
        store.revoke("shop");
        user.name().set("Grace".into());
        assert_eq!(name.last(), "Ada");
    });
}

#[test]
fn fields_of_a_micro_frontend_that_left_are_its_defaults() {
    on_every_engine(|store| {
        let shop = register(store, "shop");
        shop.set(USER, ada()).unwrap();
        let fields = shop.fields_or(USER, User::default()).unwrap();
        let optional = shop.fields(USER).unwrap();
        let name = optional.clone().unwrap().name();
        let readers = Readers::new(&fields);
        shop.unregister().unwrap();
        assert_eq!(readers.runs(), [1; 5]);
        assert_eq!(
            (readers.name.last().as_str(), readers.whole.last()),
            ("", User::default())
        );
        let reported = reports(store);
        fields.clone().name().set("Grace".into());
        *fields.clone().address().city().write() = "x".into();
        fields.clone().rows().write().push(row(9));
        fields.clone().rows().at_key(2).label().set("x".into());
        name.set("what was there when it was unwrapped".into());
        optional.set(Some(ada()));
        assert!(store.is_empty());
        let gone = |error: &StateError| matches!(error, StateError::UnknownMfe { .. });
        assert!(reported().iter().all(gone));

        // Another of the same id has keys of its own.
        let again = register(store, "shop");
        again.set(USER, ada()).unwrap();
        fields.name().set("Grace".into());
        assert_eq!(again.get(USER), Some(ada()));
        assert_eq!(readers.runs(), [0; 5]);
    });
}

#[test]
fn fields_of_a_disposed_store_can_be_read_and_not_written() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        let readers = Readers::new(&fields);
        let reported = reports(store);
        store.dispose();
        assert_eq!(fields.clone().name().get_untracked(), "Ada");
        assert_eq!(
            fields.clone().rows().at_key(2).label().get_untracked(),
            "row 2"
        );
        fields.clone().name().set("Grace".into());
        fields.clone().rows().write().clear();
        assert!(matches!(
            reported()[..],
            [StateError::Disposed, StateError::Disposed]
        ));
        assert_eq!(
            fields.try_update(|user| user.name.clear()),
            Err(StateError::Disposed)
        );
        assert_eq!((store.get(USER), readers.runs()), (Some(ada()), [0; 5]));
    });
}

/// Keys that nobody holds are given up, whoever looked at them how.
#[test]
fn nothing_is_left_when_all_are_dropped() {
    on_every_engine(|store| {
        by_itself(|| {
            let fields = user(store);
            let label = fields.clone();
            let readers = Readers::new(&fields);
            let label = Reader::new(move || label.clone().rows().at_key(2).label().try_get());
            fields.clone().name().set("Ada".into());
            fields.clone().rows().write().push(row(2));
            let failed: Result<(), _> = store.batch(|_| {
                fields.clone().rows().at_key(2).label().set("x".into());
                Err(StateError::abort("no"))
            });
            assert!(failed.is_err());
            store.delete("user").unwrap();
            assert_eq!((readers.runs()[0], label.runs()), (1, 1));
            assert_eq!(store.slot_count(), 1, "it is held");
        });
        store.flush();
        assert_eq!((store.slot_count(), store.listener_count()), (0, 0));
        // Names that are not keys, and keys that were only looked at.
        for n in 0..50 {
            let key = format!("key {n}");
            let fields = store.fields::<User>(&*key).unwrap();
            assert!(fields.read_untracked().is_none());
            fields.update(|user| assert!(user.is_none()));
        }
        assert!(store.fields::<User>("").is_err());
        assert_eq!(store.slot_count(), 0);
    });
}

static ALIVE: AtomicIsize = AtomicIsize::new(0);

/// Counts how many of it there are.
#[derive(PartialEq, Debug, Serialize, Deserialize)]
#[serde(from = "u8", into = "u8")]
struct Alive(u8);

impl From<u8> for Alive {
    fn from(n: u8) -> Self {
        ALIVE.fetch_add(1, Ordering::Relaxed);
        Self(n)
    }
}

impl From<Alive> for u8 {
    fn from(alive: Alive) -> Self {
        alive.0
    }
}

impl Clone for Alive {
    fn clone(&self) -> Self {
        self.0.into()
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Ordering::Relaxed);
    }
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, Derive, Diff)]
struct Lively {
    alive: Alive,
    #[store(key: u32 = |part| part.id)]
    parts: Vec<Part>,
}

/// Values live as long as they are stored or held, and no longer.
#[test]
fn fields_keep_no_value_that_is_gone() {
    const LIVELY: Key<Lively> = Key::new("lively");
    on_every_engine(|store| {
        let lively = || Lively {
            alive: 1.into(),
            parts: vec![part(1)],
        };
        let alive = || ALIVE.load(Ordering::Relaxed);
        store.set(LIVELY, lively()).unwrap();
        let fields = store.fields(LIVELY).unwrap();
        assert_eq!(alive(), 1);
        for n in 2..9 {
            fields.clone().unwrap().alive().set(n.into());
            fields
                .clone()
                .unwrap()
                .parts()
                .at_key(1)
                .text()
                .update(|text| text.push('x'));
            assert_eq!(alive(), 1);
            let _: Result<(), _> = store.batch(|_| {
                fields.clone().unwrap().alive().set(0.into());
                fields.clone().unwrap().parts().write().clear();
                Err(StateError::abort("no"))
            });
        }
        fields.set(None);
        assert_eq!(alive(), 0, "fields are held, and the value is gone");
        store.set(LIVELY, lively()).unwrap();
        drop(fields);
        store.delete("lively").unwrap();
        store.flush();
        assert_eq!((alive(), store.slot_count()), (0, 0));
    });
}

/// Fields keep their store, as every handle does.
#[test]
fn fields_outlive_the_store_s_own_handle() {
    for engine in EngineKind::ALL {
        let fields = {
            let store = Store::builder().engine(*engine).build();
            stored_ada(&store)
        };
        fields.clone().name().set("Grace".into());
        assert_eq!(fields.name().get_untracked(), "Grace");
    }
}

/// A handle that can be copied ends with its owner, and hurts nobody then.
#[test]
fn a_handle_that_is_disposed_of_does_nothing() {
    on_every_engine(|store| {
        let fields: Fields<User> = Owner::new().with(|| stored_ada(store).into());
        let mine: Fields<User> = user(store).into();
        mine.dispose();
        for fields in [fields, mine] {
            assert!(fields.is_disposed());
            assert!(fields.try_get().is_none());
            assert!(fields.name().try_get().is_none());
            assert!(fields.rows().at_key(1).label().try_get().is_none());
            assert!(fields.rows().try_write().is_none());
            fields.name().set("Grace".into());
            fields.name().update(|name| name.clear());
            assert_eq!(
                fields.try_update(|user| user.name.clear()),
                Err(StateError::Unmounted)
            );
            assert!(format!("{fields:?}").contains("gone"));
        }
        assert_eq!(store.get(USER), Some(ada()));
    });
}
