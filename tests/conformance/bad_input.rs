//! Bad input is a typed error that changes nothing; odd input is input like any other.

use super::{
    mfe::register,
    support::{Log, crosses_as_json, entries, store, sync},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::Error as _};
use universal_state::{
    Access, Change, ChangeSet, Key, KeyFault, MAX_KEY_BYTES, MfeInfo, Pattern, Restore, StateError,
    Store, View,
};

/// A value that has no JSON form.
#[derive(Clone, PartialEq, Debug)]
struct Formless(i32);

impl Serialize for Formless {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom("it has no form"))
    }
}

impl<'de> Deserialize<'de> for Formless {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        i32::deserialize(deserializer).map(Self)
    }
}

fn fault(error: StateError) -> KeyFault {
    match error {
        StateError::Key { fault, .. } => fault,
        other => panic!("{other}"),
    }
}

/// Every method that takes a key, with one that no store takes.
fn every_method(view: &View, key: &str) -> Vec<(&'static str, Result<(), StateError>)> {
    let noop = |_: &ChangeSet| ();
    let none = |_: Option<&i32>, _: &Change| ();
    vec![
        ("try_get", view.try_get::<i32>(key).map(drop)),
        ("try_with", view.try_with(key, |_: &i32| ()).map(drop)),
        ("try_get_value", view.try_get_value(key).map(drop)),
        ("set", view.set(key, 1)),
        ("set_with_source", view.set_with_source(key, 1, "me")),
        ("set_value", view.set_value(key, 1)),
        ("update", view.update(key, |n: &mut i32| *n += 1).map(drop)),
        ("update_or", view.update_or(key, 1, |n: &mut i32| *n += 1)),
        ("delete", view.delete(key).map(drop)),
        ("set_many", view.set_many([("good", 1), (key, 1)])),
        ("handle", view.handle::<i32>(key).map(drop)),
        ("subscribe", view.subscribe(key, none).map(drop)),
        (
            "subscribe_with",
            view.subscribe_with(key, sync().immediate(true), none)
                .map(drop),
        ),
        (
            "subscribe_keys",
            view.subscribe_keys(["good", key], sync(), noop).map(drop),
        ),
        ("dynamic", Key::<i32>::dynamic(key).map(drop)),
        #[cfg(feature = "json")]
        ("try_get_json", view.try_get_json(key).map(drop)),
        #[cfg(feature = "json")]
        ("set_json", view.set_json(key, 1.into())),
    ]
}

/// Names that mean something to JavaScript, JSON, file systems or glob.
const ODD: [&str; 20] = [
    "__proto__",
    "constructor",
    "prototype",
    "toString",
    "hasOwnProperty",
    "valueOf",
    "__defineGetter__",
    "/a/b",
    "~0~1",
    "a~1b",
    "#/definitions/a",
    "..",
    "a.b[0]",
    " ",
    "\n",
    "\0",
    "*",
    "**",
    "[a-z]",
    "ключ 🔑",
];

conformance! {
    /// A key is 1 to `MAX_KEY_BYTES` bytes and does not begin with `@`: anything else is refused,
    /// by every method, and leaves everything as it was.
    fn a_name_that_is_no_key_is_refused_everywhere(engine) {
        let store = store(engine);
        let (shop, _cart) = (register(&store, "shop"), register(&store, "cart"));
        store.grant("shop", Access::Write, Pattern::glob("@cart/*").unwrap());
        store.set("n", 1).unwrap();
        let log = Log::default();
        let sink = log.clone();
        let _all = store.subscribe_all(sync(), move |c: &ChangeSet| sink.push(entries(c)));
        let (metadata, slots) = (store.metadata(), store.slot_count());
        let long = "x".repeat(MAX_KEY_BYTES + 1);
        for view in [store.view().clone(), shop.view().clone(), shop.shared(), shop.peer("cart")] {
            for (key, expected) in [
                ("", KeyFault::Empty),
                (&long, KeyFault::TooLong),
                ("@", KeyFault::Reserved),
                ("@shop", KeyFault::Reserved),
                ("@shop/", KeyFault::Reserved),
                ("@/n", KeyFault::Reserved),
            ] {
                for (method, result) in every_method(&view, key) {
                    let fault = fault(result.expect_err(method));
                    assert_eq!(fault, expected, "{method} of {key:?}");
                }
                assert!(!view.has(key) && view.get::<i32>(key).is_none());
            }
        }
        assert_eq!((store.metadata(), store.slot_count(), store.listener_count()), (metadata, slots, 1));
        assert!(log.take().is_empty());
    }

    /// What is refused is cut, so that it cannot flood a log.
    fn a_long_name_is_cut_in_its_error(engine) {
        let long = "ж".repeat(MAX_KEY_BYTES);
        let error = store(engine).set(&*long, 1).unwrap_err();
        assert!(matches!(&error, StateError::Key { key, .. } if key.chars().count() == 65), "{error}");
    }

    /// The longest key is a key, and the namespace counts.
    fn the_longest_key_is_a_key(engine) {
        let store = store(engine);
        let longest = "x".repeat(MAX_KEY_BYTES);
        store.set(&*longest, 1).unwrap();
        let shop = register(&store, "shop");
        let own = &longest["@shop/".len()..];
        shop.set(own, 2).unwrap();
        assert_eq!((store.get(&*longest), shop.get(own)), (Some(1), Some(2)));
        assert_eq!(shop.set(&longest[5..], 1).map_err(fault), Err(KeyFault::TooLong));
    }

    /// 22: names from JavaScript's prototype, pointers and paths are ordinary keys.
    fn odd_names_are_ordinary_keys(engine) {
        let store = store(engine);
        let shop = register(&store, "shop");
        let log = Log::default();
        let sink = log.clone();
        let _keys = store.subscribe_keys(ODD, sync(), move |c: &ChangeSet| sink.push(entries(c)));
        for name in ODD {
            assert_eq!((store.get::<i32>(name), store.has(name)), (None, false), "{name:?}");
        }
        for (n, name) in (0..).zip(ODD) {
            store.set(name, n).unwrap();
            shop.set(name, -n).unwrap();
            store.update(name, |n: &mut i32| *n += 1).unwrap();
        }
        for (n, name) in (0..).zip(ODD) {
            assert_eq!((store.get(name), shop.get(name)), (Some(n + 1), Some(-n)), "{name:?}");
        }
        assert_eq!((store.len(), log.take().len()), (2 * ODD.len(), 2 * ODD.len()));
        let other = Store::builder().engine(engine).build();
        other.restore(&store.snapshot(), Restore::Replace).unwrap();
        assert_eq!(other.snapshot(), store.snapshot());
        for name in ODD {
            assert_eq!(store.delete(name), Ok(true));
        }
        assert_eq!(store.keys().len(), ODD.len());
    }

    /// The id of a micro-frontend is 1 to 64 bytes.
    fn an_id_that_is_empty_or_too_long_is_refused(engine) {
        let store = store(engine);
        for (id, reason) in [("".to_owned(), "it is empty"), ("x".repeat(65), "it has more than 64 bytes")] {
            let error = store.register_mfe(MfeInfo::new(id, "leptos", "1")).map(drop).unwrap_err();
            assert!(matches!(&error, StateError::MfeId { reason: said, .. } if *said == reason), "{error}");
        }
        assert!(store.mfes().is_empty());
        assert_eq!(register(&store, &"x".repeat(64)).set("n", 1), Ok(()));
    }

    /// A write from inside an update closure is refused; the update goes on without it.
    fn no_write_from_inside_an_update(engine) {
        let store = store(engine);
        store.set("n", 1).unwrap();
        let inside = || [
            store.set("n", 9),
            store.update("n", |n: &mut i32| *n = 9).map(drop),
            store.delete("n").map(drop),
            store.batch(|_| Ok(())),
            store.register_mfe(MfeInfo::new("x", "x", "1")).map(drop),
        ];
        let refused = |results: [Result<(), StateError>; 5]| {
            let during = "an update closure";
            assert!(results.iter().all(|result| *result == Err(StateError::Reentrant { during })));
        };
        store.update("n", |n: &mut i32| {
            refused(inside());
            assert_eq!(store.get("n"), Some(1), "reading is fine");
            *n += 1;
        }).unwrap();
        store.update_or("m", 5, |m: &mut i32| {
            refused(inside());
            *m += 1;
        }).unwrap();
        store.batch(|tx| tx.update("n", |_: &mut i32| refused(inside()))).unwrap();
        assert_eq!((store.get("n"), store.get("m"), store.metadata().version), (Some(2), Some(6), 3));
    }

    /// A value that has no JSON form is as good as any other to those who know its type.
    fn a_value_without_a_json_form_is_stored_and_read(engine) {
        if crosses_as_json() {
            return;
        }
        let store = store(engine);
        let log = Log::default();
        let sink = log.clone();
        let listener = move |value: Option<&Formless>, _: &Change| sink.push(value.cloned());
        let _formless = store.subscribe_with("formless", sync(), listener);
        store.set("formless", Formless(1)).unwrap();
        store.set("formless", Formless(1)).unwrap();
        store.update("formless", |value: &mut Formless| value.0 += 1).unwrap();
        assert_eq!(store.get("formless"), Some(Formless(2)));
        assert_eq!(log.take(), [Some(Formless(1)), Some(Formless(2))]);
        assert_eq!(store.snapshot().get("formless"), Some(Formless(2)));
        let error = store.try_get::<i32>("formless").unwrap_err();
        assert!(matches!(error, StateError::Type { .. }), "{error}");
        assert!(store.state_size().get().is_some() && !format!("{:?}", store.snapshot()).is_empty());
    }

    /// Errors are one line each, lowercase, and end without a full stop.
    fn an_error_is_one_line_without_a_full_stop(engine) {
        if crosses_as_json() {
            return;
        }
        let store = store(engine);
        let shop = register(&store, "shop");
        store.set("n", 1).unwrap();
        store.set("formless", Formless(1)).unwrap();
        let abort = StateError::abort("out of stock");
        let reason = || "it said so".to_owned();
        let mut errors = vec![
            store.set("", 1).unwrap_err(),
            store.set("@shop", 1).unwrap_err(),
            store.set(&*"x".repeat(1000), 1).unwrap_err(),
            store.set("@nobody/x", 1).unwrap_err(),
            store.try_get::<String>("n").unwrap_err(),
            store.batch(|_| Err::<(), _>(abort.clone())).unwrap_err(),
            store.register_mfe(MfeInfo::new("shop", "react", "2")).map(drop).unwrap_err(),
            store.register_mfe(MfeInfo::new("", "react", "2")).map(drop).unwrap_err(),
            shop.peer("x").set("n", 1).unwrap_err(),
            Pattern::glob("[").unwrap_err(),
            "none".parse::<universal_state::EngineKind>().unwrap_err(),
            StateError::Conflict { key: "n".into() },
            StateError::Cycle { what: "the listeners of \"n\"".into() },
            StateError::Disposed,
            StateError::Reentrant { during: "a batch" },
            StateError::Unmounted,
            StateError::Vetoed { middleware: "guard".into(), key: Some("k".into()), reason: reason() },
            StateError::Vetoed { middleware: "guard".into(), key: None, reason: reason() },
            StateError::Listener { subject: "key \"n\"".into(), reason: reason() },
            StateError::MfeFailed { id: "shop".into(), reason: reason() },
            StateError::Denied { mfe: "shop".into(), key: "n".into(), access: Access::Read },
        ];
        #[cfg(feature = "json")]
        errors.extend([
            store.try_get_json("formless").unwrap_err(),
            universal_state::Snapshot::from_json(1.into()).unwrap_err(),
        ]);
        #[cfg(feature = "regex")]
        errors.push(Pattern::regex("(\n").unwrap_err());
        for error in errors.drain(..) {
            let text = error.to_string();
            let first = text.chars().next();
            assert!(first.is_some_and(char::is_lowercase), "{text}");
            assert!(!text.ends_with(['.', ' ', '!']) && !text.contains('\n'), "{text:?}");
            assert!(text.len() < 300, "{text}");
        }
    }
}

#[cfg(feature = "json")]
conformance! {
    /// What has no JSON form is a typed error where JSON is asked for, and counts nothing.
    fn a_value_without_a_json_form_is_an_error_where_json_is_asked_for(engine) {
        if crosses_as_json() {
            return;
        }
        let store = store(engine);
        store.set("n", 1).unwrap();
        let size = store.state_size();
        assert_eq!(size.get(), Some(2));
        store.set("formless", Formless(1)).unwrap();
        let expected = StateError::Serialize { key: "formless".into(), reason: "it has no form".into() };
        assert_eq!(store.try_get_json("formless").map(drop), Err(expected.clone()));
        assert_eq!(store.snapshot().to_json(), Err(expected));
        assert_eq!(size.get(), Some(2 + "formless".len()));
        assert_eq!((store.get("formless"), store.error_count()), (Some(Formless(1)), 0));
    }
}
