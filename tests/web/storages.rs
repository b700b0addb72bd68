//! `localStorage` and `sessionStorage`, well and broken.

use crate::broken::{Broken, load, read, run, special_names, write};
use universal_state::edge::{
    Backend, Fault,
    browser::{LocalStorage, SessionStorage},
};
use wasm_bindgen_test::wasm_bindgen_test;

const AREAS: [(&str, &dyn Backend); 2] = [
    ("localStorage", &LocalStorage),
    ("sessionStorage", &SessionStorage),
];

/// What each of the three calls says.
async fn asked(backend: &dyn Backend) -> [Option<Fault>; 3] {
    let mut written = write(backend, &[("app:a", Some("1"))]).await;
    assert_eq!(written.len(), 1);
    [
        load(backend, "app:").await.err(),
        read(backend, &["app:a"]).await.err(),
        written.remove(0).err(),
    ]
}

#[wasm_bindgen_test]
async fn items_of_every_name_round_trip() {
    for (area, storage) in AREAS {
        assert_eq!(storage.name(), area);
        run(&format!("{area}.clear()"));
        let names = special_names();
        assert!(names.len() > 30);
        let names: Vec<_> = names.iter().map(|name| format!("app:{name}")).collect();
        let text = |name: &str| format!("text of {name}");
        for name in &names {
            assert_eq!(write(storage, &[(name, Some(&text(name)))]).await, [Ok(())]);
        }
        let mut loaded = load(storage, "app:").await.unwrap();
        loaded.sort();
        let mut expected: Vec<_> = names
            .iter()
            .map(|name| (name.clone(), text(name)))
            .collect();
        expected.sort();
        assert_eq!(loaded, expected, "{area}");

        let mut asked: Vec<_> = names.iter().map(String::as_str).collect();
        asked.push("app:missing");
        let mut texts: Vec<_> = names.iter().map(|name| Some(text(name))).collect();
        texts.push(None);
        assert_eq!(read(storage, &asked).await, Ok(texts), "{area}");

        let removed: Vec<_> = names.iter().map(|name| (name.as_str(), None)).collect();
        assert!(write(storage, &removed).await.iter().all(Result::is_ok));
        assert_eq!(load(storage, "app:").await, Ok(Vec::new()), "{area}");
    }
}

#[wasm_bindgen_test]
async fn bare_names_of_the_prototype_round_trip_too() {
    for (area, storage) in AREAS {
        run(&format!("{area}.clear()"));
        for name in ["__proto__", "length", "getItem", "constructor"] {
            assert_eq!(write(storage, &[(name, Some("1"))]).await, [Ok(())]);
            assert_eq!(read(storage, &[name]).await, Ok(vec![Some("1".into())]));
            let all = load(storage, "").await;
            assert_eq!(all, Ok(vec![(name.to_owned(), "1".to_owned())]), "{area}");
            assert_eq!(write(storage, &[(name, None)]).await, [Ok(())]);
        }
        // The methods are still there.
        assert_eq!(load(storage, "").await, Ok(Vec::new()));
    }
}

#[wasm_bindgen_test]
async fn a_load_has_the_items_of_its_prefix_and_no_others() {
    for (area, storage) in AREAS {
        run(&format!("{area}.clear()"));
        let items = [
            ("app:a", "1"),
            ("ap:a", "2"),
            ("App:a", "3"),
            ("x:app:a", "4"),
            ("app", "5"),
        ];
        let items = items.map(|(name, text)| (name, Some(text)));
        assert!(write(storage, &items).await.iter().all(Result::is_ok));
        let loaded = load(storage, "app:").await;
        assert_eq!(loaded, Ok(vec![("app:a".to_owned(), "1".to_owned())]));
    }
}

#[wasm_bindgen_test]
async fn names_and_texts_of_others_that_are_no_unicode_do_not_disturb() {
    for (area, storage) in AREAS {
        run(&format!(
            "{area}.clear();
            {area}.setItem('app:\\ud800', 'no name');
            {area}.setItem('\\udc00', 'no name');
            {area}.setItem('other', '\\ud800')"
        ));
        assert_eq!(
            write(storage, &[("app:\u{fffd}", Some("1"))]).await,
            [Ok(())]
        );
        let loaded = load(storage, "app:").await;
        assert_eq!(loaded, Ok(vec![("app:\u{fffd}".into(), "1".into())]));
        assert_eq!(load(storage, "").await.unwrap().len(), 2);
        run(&format!("{area}.clear()"));
    }
}

#[wasm_bindgen_test]
async fn a_storage_that_is_denied_is_unavailable_until_it_is_allowed() {
    for (area, storage) in AREAS {
        let denials = [
            Broken::getter(
                "window",
                area,
                "new DOMException('denied', 'SecurityError')",
            ),
            Broken::getter("window", area, "new Error('no')"),
            Broken::getter("window", area, "'a text'"),
            Broken::getter("window", area, "null"),
            Broken::getter(
                "window",
                area,
                "{ get name() { throw 1; }, get code() { throw 1; } }",
            ),
            Broken::property("window", area, "{ value: null }"),
            Broken::property("window", area, "{ value: undefined }"),
        ];
        // They lie on top of each other.
        for denied in denials.into_iter().rev() {
            for fault in asked(storage).await {
                assert!(matches!(fault, Some(Fault::Unavailable(_))), "{fault:?}");
            }
            drop(denied);
        }
        assert_eq!(asked(storage).await, [None, None, None], "{area}");
    }
}

#[wasm_bindgen_test]
async fn what_a_call_throws_is_its_fault_and_goes_no_further() {
    let exceptions = [
        (
            "new DOMException('full', 'QuotaExceededError')",
            Fault::Quota,
        ),
        ("{ code: 22 }", Fault::Quota),
        (
            "{ name: 'NS_ERROR_DOM_QUOTA_REACHED', code: 1014 }",
            Fault::Quota,
        ),
        (
            "new DOMException('denied', 'SecurityError')",
            Fault::Unavailable("denied".into()),
        ),
        ("new Error('broken')", Fault::Failed("broken".into())),
        ("'a text'", Fault::Failed("a text".into())),
        (
            "new DOMException('', 'DataError')",
            Fault::Failed("DataError".into()),
        ),
        (
            "undefined",
            Fault::Failed("the browser did not say why".into()),
        ),
        (
            "Symbol('s')",
            Fault::Failed("the browser did not say why".into()),
        ),
    ];
    for (_, storage) in AREAS {
        assert_eq!(write(storage, &[("app:a", Some("0"))]).await, [Ok(())]);
        for (exception, fault) in &exceptions {
            let throws = format!("() => {{ throw {exception}; }}");
            for method in ["getItem", "setItem", "removeItem", "key"] {
                let broken = Broken::method("Storage.prototype", method, &throws);
                let [loaded, found, written] = asked(storage).await;
                let removed = write(storage, &[("app:b", None)]).await.remove(0);
                drop(broken);
                let fault = || Some(fault.clone());
                let get = method == "getItem";
                assert_eq!(found, fault().filter(|_| get));
                assert_eq!(loaded, fault().filter(|_| get || method == "key"));
                assert_eq!(written, fault().filter(|_| get || method == "setItem"));
                let expected = fault().filter(|_| get || method == "removeItem");
                assert_eq!(removed.err(), expected);
            }
        }
        assert_eq!(asked(storage).await, [None, None, None]);
    }
}

#[wasm_bindgen_test]
async fn an_item_that_is_dropped_without_a_word_is_a_fault() {
    for (area, storage) in AREAS {
        assert_eq!(write(storage, &[("app:a", Some("0"))]).await, [Ok(())]);
        for (method, function) in [
            ("setItem", "() => {}"),
            ("setItem", "function (name) { this[name] = 'another'; }"),
            ("removeItem", "() => {}"),
        ] {
            let broken = Broken::method("Storage.prototype", method, function);
            let text = (method == "setItem").then_some("1");
            let written = write(storage, &[("app:a", text)]).await;
            drop(broken);
            assert!(
                matches!(&*written, [Err(Fault::Failed(_))]),
                "{area} {written:?}"
            );
        }
        assert_eq!(asked(storage).await, [None, None, None]);
    }
}

#[wasm_bindgen_test]
async fn a_storage_that_is_full_says_so_and_keeps_what_it_has() {
    for (area, storage) in AREAS {
        run(&format!("{area}.clear()"));
        let text = "x".repeat(256 * 1_024);
        let mut count = 0;
        let fault = loop {
            let written = write(storage, &[(&format!("app:{count}"), Some(&text))]).await;
            match written.into_iter().next().unwrap() {
                Ok(()) => count += 1,
                Err(fault) => break fault,
            }
            assert!(count < 1_000, "no browser gives so much");
        };
        assert_eq!(fault, Fault::Quota, "{area}");
        assert!(count > 4, "{count}");
        // What there is room for is stored, whatever becomes of the rest.
        let items = [("app:b", "1"), ("app:0", &*text.repeat(2)), ("app:c", "2")];
        let items = items.map(|(name, text)| (name, Some(text)));
        assert_eq!(
            write(storage, &items).await,
            [Ok(()), Err(Fault::Quota), Ok(())]
        );
        let kept = read(storage, &["app:0", "app:b", "app:c"]).await.unwrap();
        assert_eq!(kept, [Some(text), Some("1".into()), Some("2".into())]);

        run(&format!("{area}.clear()"));
        assert_eq!(asked(storage).await, [None, None, None]);
        run(&format!("{area}.clear()"));
    }
}
