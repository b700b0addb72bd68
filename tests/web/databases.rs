//! IndexedDB, well and broken.

use crate::broken::{Broken, Inbox, load, read, run, special_names, write};
use std::sync::Arc;
use universal_state::edge::{Backend, Fault, browser::IndexedDb};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::js_sys::Promise;

/// Waits for a promise.
async fn js(source: &str) {
    let promise: Promise = run(source).unchecked_into();
    let result = JsFuture::from(promise).await;
    result.unwrap_or_else(|thrown| panic!("{source}: {thrown:?}"));
}

/// Has a database deleted, as another tab would. It waits until all connections have made way.
async fn delete(name: &str) {
    js(&format!(
        "new Promise((done, failed) => {{
            const request = indexedDB.deleteDatabase('{name}');
            request.onsuccess = () => done();
            request.onerror = () => failed(request.error);
        }})"
    ))
    .await;
}

/// A database that nobody has written to.
async fn fresh(name: &str) -> IndexedDb {
    delete(name).await;
    IndexedDb::new(name)
}

fn item(name: &str, text: &str) -> (String, String) {
    (name.to_owned(), text.to_owned())
}

#[wasm_bindgen_test]
async fn items_of_every_name_round_trip_and_stay() {
    let database = fresh("names").await;
    assert_eq!(load(&database, "app:").await, Ok(Vec::new()));
    let names: Vec<_> = special_names()
        .iter()
        .map(|name| format!("app:{name}"))
        .collect();
    assert!(names.len() > 30);
    let text = |name: &str| format!("text of {name}");
    let items: Vec<_> = names
        .iter()
        .map(|name| (name.clone(), text(name)))
        .collect();
    let written: Vec<_> = items
        .iter()
        .map(|(name, text)| (&**name, Some(&**text)))
        .collect();
    let others = [
        ("app", Some("1")),
        ("ap:a", Some("2")),
        ("app;a", Some("3")),
    ];
    assert!(write(&database, &others).await.iter().all(Result::is_ok));
    assert_eq!(write(&database, &written).await, vec![Ok(()); names.len()]);

    drop(database);
    let database = IndexedDb::new("names");
    let mut loaded = load(&database, "app:").await.unwrap();
    loaded.sort();
    let mut expected = items.clone();
    expected.sort();
    assert_eq!(loaded, expected);
    assert_eq!(load(&database, "").await.unwrap().len(), names.len() + 3);

    let mut asked: Vec<_> = names.iter().map(String::as_str).collect();
    asked.push("app:missing");
    let mut texts: Vec<_> = items.iter().map(|(_, text)| Some(text.clone())).collect();
    texts.push(None);
    assert_eq!(read(&database, &asked).await, Ok(texts));

    let removed: Vec<_> = names.iter().map(|name| (name.as_str(), None)).collect();
    assert!(write(&database, &removed).await.iter().all(Result::is_ok));
    assert_eq!(load(&database, "app:").await, Ok(Vec::new()));
}

#[wasm_bindgen_test]
async fn what_begins_with_a_prefix_that_is_no_ascii_is_loaded() {
    let database = fresh("prefixes").await;
    let names = ["é", "éa", "é\u{ffff}\u{ffff}", "f", "e"];
    let items = names.map(|name| (name, Some("1")));
    assert!(write(&database, &items).await.iter().all(Result::is_ok));
    assert_eq!(load(&database, "é").await.unwrap().len(), 3);
}

#[wasm_bindgen_test]
async fn what_is_asked_before_the_database_is_open_is_done_in_order() {
    let database = fresh("order").await;
    let told = Inbox::new();
    for count in 0..10 {
        let then = told.clone();
        let items = vec![("app:a".to_owned(), Some(count.to_string()))];
        database.write(items, Box::new(move |written| then.put((count, written))));
    }
    let then = told.clone();
    let names = vec!["app:a".to_owned()];
    database.read(
        names,
        Box::new(move |read| {
            assert_eq!(read, Ok(vec![Some("9".to_owned())]));
            then.put((10, vec![Ok(())]));
        }),
    );
    let expected: Vec<_> = (0..=10).map(|count| (count, vec![Ok(())])).collect();
    assert_eq!(told.take(11).await, expected);
}

#[wasm_bindgen_test]
async fn what_is_pending_is_stored_though_nobody_holds_the_database() {
    let database = fresh("pending").await;
    let told = Inbox::new();
    let then = told.clone();
    let items = vec![("app:a".to_owned(), Some("1".to_owned()))];
    database.write(items, Box::new(move |written| then.put(written)));
    drop(database);
    assert_eq!(told.take(1).await, [vec![Ok(())]]);
    let again = IndexedDb::new("pending");
    assert_eq!(load(&again, "").await, Ok(vec![item("app:a", "1")]));
}

#[wasm_bindgen_test]
async fn a_database_that_another_tab_deletes_is_made_anew() {
    let database = fresh("deleted").await;
    for round in 0..3 {
        assert_eq!(write(&database, &[("app:a", Some("1"))]).await, [Ok(())]);
        // Hangs if the connection does not make way.
        delete("deleted").await;
        assert_eq!(
            load(&database, "app:").await,
            Ok(Vec::new()),
            "round {round}"
        );
        assert_eq!(write(&database, &[("app:b", Some("2"))]).await, [Ok(())]);
        assert_eq!(load(&database, "app:").await, Ok(vec![item("app:b", "2")]));
    }
}

#[wasm_bindgen_test]
async fn a_connection_that_the_browser_closes_is_opened_again() {
    let spy = "(function () {
        const { transaction } = IDBDatabase.prototype;
        return function (...names) { window.connection = this; return transaction.apply(this, names); };
    })()";
    let database = fresh("closed").await;
    assert_eq!(write(&database, &[("app:a", Some("1"))]).await, [Ok(())]);
    for close in [
        // With the event that says so, and before it has come.
        "connection.close(); connection.dispatchEvent(new Event('close'))",
        "connection.close()",
    ] {
        let spying = Broken::method("IDBDatabase.prototype", "transaction", spy);
        assert_eq!(load(&database, "app:").await, Ok(vec![item("app:a", "1")]));
        drop(spying);
        run(close);
        assert_eq!(write(&database, &[("app:a", Some("1"))]).await, [Ok(())]);
        assert_eq!(load(&database, "app:").await, Ok(vec![item("app:a", "1")]));
    }
}

#[wasm_bindgen_test]
async fn what_is_written_while_the_page_is_left_is_there_even_if_the_database_gives_it_up() {
    let database = fresh("left").await;
    let name = "left::journal:a%3Ab:0000000000000001";
    let note = [(name, Some("1")), ("left:a", Some("2"))];
    let broken = Broken::method(
        "IDBDatabase.prototype",
        "transaction",
        "() => { throw new DOMException('gone', 'AbortError'); }",
    );
    assert_ne!(write(&database, &note).await, vec![Ok(()); 2]);
    drop(broken);
    // Whoever comes next.
    let database = IndexedDb::new("left");
    assert_eq!(load(&database, "left:").await, Ok(vec![item(name, "1")]));
    assert_eq!(load(&database, "other:").await, Ok(Vec::new()));
    // Where both have it, it is there once.
    assert_eq!(write(&database, &note[..1]).await, [Ok(())]);
    assert_eq!(load(&database, "left:").await, Ok(vec![item(name, "1")]));
    assert_eq!(write(&database, &[(name, None)]).await, [Ok(())]);
    assert_eq!(load(&database, "left:").await, Ok(Vec::new()));
    let left = run(&format!("localStorage.getItem('{name}')"));
    assert!(left.is_null());
}

#[wasm_bindgen_test]
async fn a_write_is_one_transaction() {
    let database = fresh("transaction").await;
    assert_eq!(write(&database, &[("app:a", Some("1"))]).await, [Ok(())]);
    let items = [("app:a", Some("2")), ("app:b", Some("2")), ("app:c", None)];
    let broken = Broken::method(
        "IDBObjectStore.prototype",
        "put",
        "(function () {
            const { put } = IDBObjectStore.prototype;
            return function (text, name) {
                if (name === 'app:b') throw new DOMException('full', 'QuotaExceededError');
                return put.call(this, text, name);
            };
        })()",
    );
    let written = write(&database, &items).await;
    drop(broken);
    assert_eq!(written, vec![Err(Fault::Quota); 3]);
    assert_eq!(load(&database, "").await, Ok(vec![item("app:a", "1")]));

    // One that fails later, as when there is no room on the disk.
    let broken = Broken::method(
        "IDBObjectStore.prototype",
        "put",
        "(function () {
            const { put } = IDBObjectStore.prototype;
            return function (text, name) {
                const request = put.call(this, text, name);
                this.transaction.abort();
                return request;
            };
        })()",
    );
    let written = write(&database, &[("app:a", Some("2"))]).await;
    drop(broken);
    assert!(matches!(&*written, [Err(Fault::Failed(_))]), "{written:?}");
    assert_eq!(load(&database, "").await, Ok(vec![item("app:a", "1")]));
}

#[wasm_bindgen_test]
async fn a_database_that_is_denied_is_unavailable_until_it_is_allowed() {
    let database = fresh("denied").await;
    let security = "new DOMException('denied', 'SecurityError')";
    let throws = format!("() => {{ throw {security}; }}");
    let denials: [&dyn Fn() -> Broken; 4] = [
        &|| Broken::getter("window", "indexedDB", security),
        &|| Broken::getter("window", "indexedDB", "'a text'"),
        &|| Broken::property("window", "indexedDB", "{ value: undefined }"),
        &|| Broken::method("IDBFactory.prototype", "open", &throws),
    ];
    for deny in denials {
        let denied = deny();
        let loaded = load(&database, "app:").await;
        let found = read(&database, &["app:a"]).await;
        let written = write(&database, &[("app:a", Some("1"))]).await;
        drop(denied);
        assert!(matches!(loaded, Err(Fault::Unavailable(_))), "{loaded:?}");
        assert!(matches!(found, Err(Fault::Unavailable(_))), "{found:?}");
        assert!(
            matches!(&*written, [Err(Fault::Unavailable(_))]),
            "{written:?}"
        );
    }
    assert_eq!(write(&database, &[("app:a", Some("1"))]).await, [Ok(())]);
}

#[wasm_bindgen_test]
async fn a_database_of_somebody_else_is_left_alone() {
    let made = |name: &str, version: u32, upgrade: &str| {
        format!(
            "new Promise((done, failed) => {{
                const request = indexedDB.open('{name}', {version});
                request.onupgradeneeded = () => {{ {upgrade} }};
                request.onsuccess = () => {{ request.result.close(); done(); }};
                request.onerror = () => failed(request.error);
            }})"
        )
    };
    delete("newer").await;
    js(&made("newer", 2, "")).await;
    let newer = IndexedDb::new("newer");
    let loaded = load(&newer, "app:").await;
    assert!(matches!(loaded, Err(Fault::Failed(_))), "{loaded:?}");

    delete("foreign").await;
    js(&made(
        "foreign",
        1,
        "request.result.createObjectStore('theirs')",
    ))
    .await;
    let foreign = IndexedDb::new("foreign");
    let written = write(&foreign, &[("app:a", Some("1"))]).await;
    assert!(matches!(&*written, [Err(Fault::Failed(_))]), "{written:?}");

    // Ours, with what is no text in it.
    let database = fresh("mixed").await;
    assert_eq!(write(&database, &[("app:a", Some("1"))]).await, [Ok(())]);
    js("new Promise((done, failed) => {
        const request = indexedDB.open('mixed', 1);
        request.onerror = () => failed(request.error);
        request.onsuccess = () => {
            const transaction = request.result.transaction('items', 'readwrite');
            const items = transaction.objectStore('items');
            items.put({}, 'app:object');
            items.put('no name', 'app:\\ud800');
            items.put('no text for a name', 5);
            transaction.oncomplete = () => { request.result.close(); done(); };
        };
    })")
    .await;
    assert_eq!(load(&database, "app:").await, Ok(vec![item("app:a", "1")]));
    let object = read(&database, &["app:object"]).await;
    assert_eq!(object, Ok(vec![None]));
}

#[wasm_bindgen_test]
async fn ten_thousand_items_are_one_load() {
    let database = Arc::new(fresh("many").await);
    let names: Vec<_> = (0..10_000).map(|index| format!("app:{index}")).collect();
    let items: Vec<_> = names
        .iter()
        .map(|name| (name.as_str(), Some("1")))
        .collect();
    assert!(write(&*database, &items).await.iter().all(Result::is_ok));
    assert_eq!(load(&*database, "app:").await.unwrap().len(), 10_000);
    delete("many").await;
}
