//! A host checks all that comes in; what it refuses leaves no trace.

use crate::support::{PAIRS, Page, store, told};
use serde_json::{Value as Json, json};
use std::sync::{Arc, Mutex};
use universal_state::{
    Label, MfeInfo, StateError,
    edge::{Edge, page::link::Host},
};

fn code(answer: &str) -> String {
    let answer: Json = serde_json::from_str(answer).unwrap();
    match answer.pointer("/error/code") {
        Some(code) => code.as_str().unwrap().to_owned(),
        None => "ok".to_owned(),
    }
}

fn write(key: &str, value: Json) -> Json {
    json!({"id": 1, "writes": [{"key": key, "to": {"value": value}}]})
}

#[test]
fn a_commit_that_makes_no_sense_is_refused_and_changes_nothing() {
    for pair in PAIRS {
        let page = Page::new(pair, 1);
        page.host.label("secret", Label::Secret).unwrap();
        let link = page.links.link(|_| String::new()).unwrap();
        link.state();
        let mut deep = json!(1);
        for _ in 0..90 {
            deep = json!([deep]);
        }
        let slots = page.host.slot_count();
        let long = "x".repeat(600);
        let twice = json!({"id": 1, "writes": [
            {"key": "a", "to": {"value": 1}}, {"key": "a", "to": {"value": 2}}]});
        let someone = json!({"id": 1, "writes": [
            {"key": "a", "to": {"value": 1}}, {"key": "b", "to": {"value": 1}, "by": {"mfe": "shop"}}]});
        let cases = [
            ("", "argument"),
            ("{", "argument"),
            ("[]", "argument"),
            ("[1, [[\"a\", \"removed\", \"page\"]]]", "argument"),
            ("null", "argument"),
            ("{\"id\": -1, \"writes\": []}", "argument"),
            ("{\"id\": 1, \"writes\": [{\"key\": 1}]}", "argument"),
            (
                "{\"id\": 1, \"writes\": [{\"key\": \"a\", \"to\": \"kept\"}]}",
                "argument",
            ),
            (
                "{\"id\": 1, \"writes\": [{\"key\": \"a\", \"to\": \"gone\"}]}",
                "argument",
            ),
            (&write("", json!(1)).to_string(), "key"),
            (&write("@", json!(1)).to_string(), "key"),
            (&write("@a%zz/x", json!(1)).to_string(), "key"),
            (&write(&long, json!(1)).to_string(), "key"),
            (&write("@nobody/x", json!(1)).to_string(), "unknown-mfe"),
            (&write("a", deep).to_string(), "argument"),
            (&write("secret", json!(1)).to_string(), "denied"),
            (&twice.to_string(), "argument"),
            (&someone.to_string(), "unknown-mfe"),
            (&"[".repeat(100_000), "argument"),
        ];
        for (text, expected) in cases {
            let start: String = text.chars().take(60).collect();
            assert_eq!(code(&link.commit(text)), expected, "{start}");
        }
        for text in [
            "",
            "{}",
            "[1]",
            "{\"id\": \"\"}",
            "{\"id\": \"\", \"framework\": \"\", \"version\": \"\"}",
        ] {
            assert_ne!(code(&link.register(text)), "ok", "{text}");
            assert_ne!(code(&link.unregister(text)), "ok", "{text}");
            assert_ne!(code(&link.rule(text)), "ok", "{text}");
        }
        assert!(page.host.is_empty() && page.host.mfes().is_empty());
        assert_eq!(page.host.slot_count(), slots);
        // It still takes what makes sense.
        assert_eq!(code(&link.commit(&write("a", json!(1)).to_string())), "ok");
        page.agree();
    }
}

#[test]
fn a_guest_writes_as_the_micro_frontends_that_it_registered_and_no_others() {
    let page = Page::new(PAIRS[3], 0);
    let _shop = page
        .host
        .register_mfe(MfeInfo::new("shop", "leptos", "1"))
        .unwrap();
    let link = page.links.link(|_| String::new()).unwrap();
    link.state();
    let cart = json!({"id": "cart", "framework": "react", "version": "1"});
    assert_eq!(code(&link.register(&cart.to_string())), "ok");
    let by = |id: &str, key: &str| {
        json!({"id": 1, "writes": [{"key": key, "to": {"value": 1}, "by": {"mfe": id}}]})
            .to_string()
    };
    assert_eq!(code(&link.commit(&by("shop", "@shop/n"))), "unknown-mfe");
    assert_eq!(code(&link.commit(&by("cart", "@shop/n"))), "denied");
    assert_eq!(page.host.denied_count(), 1);
    assert_eq!(code(&link.commit(&by("cart", "@cart/n"))), "ok");
    assert_eq!(page.host.keys(), ["@cart/n"]);
    link.leave();
    assert!(page.host.is_empty());
    assert_eq!(code(&link.commit(&by("cart", "@cart/n"))), "disposed");
    assert_eq!(code(&link.state()), "disposed");
}

#[test]
fn a_guest_says_that_another_tab_has_written_if_it_has_the_edge_of_the_page() {
    for pair in PAIRS {
        let page = Page::new(pair, 1);
        let heard = [&page.host, &page.guests[0]].map(told);
        let [link, other] = [(); 2].map(|()| page.links.link(|_| String::new()).unwrap());
        for link in [&link, &other] {
            link.state();
        }
        let mut n = 0;
        let mut says = |link: &dyn Host, door: &str| {
            n += 1;
            let put = json!({ "key": "n", "to": { "value": n }, "door": door });
            let commit = json!({ "id": n, "writes": [put] }).to_string();
            assert_eq!(code(&link.commit(&commit)), "ok", "{door}");
            heard.each_ref().map(|heard| {
                let note = heard.take().concat();
                note.split(' ').nth(1).unwrap().to_owned()
            })
        };
        assert_eq!(says(&link, "tab"), ["page", "page"]);
        let rule = |edge: bool| json!({ "edge": edge.then_some("shop/shop/0") }).to_string();
        assert_eq!(code(&link.rule(&rule(true))), "ok");
        assert_eq!(says(&link, "tab"), ["tab", "tab"]);
        assert_eq!(says(&link, "storage"), ["storage", "storage"]);
        assert_eq!(says(&link, "window"), ["page", "page"]);
        assert_eq!(says(&other, "tab"), ["page", "page"]);
        assert_eq!(code(&other.rule(&rule(true))), "edge-taken");
        // It cannot give back what it has not.
        assert_eq!(code(&other.rule(&rule(false))), "ok");
        assert_eq!(says(&link, "tab"), ["tab", "tab"]);
        link.leave();
        assert_eq!(code(&other.rule(&rule(true))), "ok");
        assert_eq!(says(&other, "tab"), ["tab", "tab"]);
    }
}

#[test]
fn what_an_edge_of_a_guest_has_left_that_nobody_can_read_is_reported_and_hurts_nothing() {
    let entry = |key: &str| format!(r#"[{{"{key}":["k-0-0000000000000007",1]}},[],[],[]]"#);
    // The last can be read.
    let lefts = [
        "",
        "{}",
        "[]",
        "[{},[],[]]",
        "[{},[1],[],[]]",
        r#"[{},[],[["tab","n","form"]],[]]"#,
        r#"[{"n":1},[],[],[]]"#,
        &entry("@x"),
        &entry(""),
        &entry("n"),
    ];
    for (at, left) in lefts.into_iter().enumerate() {
        let page = Page::new(PAIRS[3], 0);
        let reports = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&reports);
        page.host
            .set_reporter(move |error| sink.lock().unwrap().push(error.clone()));
        page.host.set("n", 1).unwrap();
        let link = page.links.link(|_| String::new()).unwrap();
        link.state();
        for rule in [
            json!({ "edge": "shop/shop/0" }),
            json!({ "left": left }),
            json!({ "edge": null }),
        ] {
            assert_eq!(code(&link.rule(&rule.to_string())), "ok");
        }
        let edge = Edge::builder("shop").attach(&page.host).unwrap();
        edge.flush();
        let reports = std::mem::take(&mut *reports.lock().unwrap());
        let is_reported = matches!(&reports[..], [StateError::Refused { .. }]);
        assert_eq!(is_reported, at < lefts.len() - 1, "{left}: {reports:?}");
        assert_eq!(page.host.snapshot().to_json().unwrap(), json!({ "n": 1 }));
    }
}

#[test]
fn what_a_guest_cannot_read_is_reported_and_hurts_nothing() {
    let page = Page::new(PAIRS[3], 0);
    let inlet = Arc::new(Mutex::new(None));
    let guest = store(PAIRS[3][1]);
    let reports = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&reports);
    guest.set_reporter(move |error| sink.lock().unwrap().push(error.to_string()));
    let outlet = Arc::clone(&inlet);
    universal_state::edge::page::guest::Guest::join(&guest, |receive| {
        let receive = Arc::new(receive);
        *outlet.lock().unwrap() = Some(Arc::clone(&receive));
        Ok(Arc::new(page.links.link(move |text| receive(text))?) as Arc<dyn Host>)
    })
    .unwrap();
    let receive = inlet.lock().unwrap().clone().unwrap();
    let bad_key = json!({"entries": [{"changes": [{"key": "@x", "to": {"value": 1}}]}]});
    let bad_rule = json!({"rules": {"shared": "open", "grants": [{"id": "a", "write": true, "keys": "[", "regex": false}]}});
    for text in [
        "",
        "{",
        "[1]",
        "{\"entries\": 1}",
        &bad_key.to_string(),
        &bad_rule.to_string(),
    ] {
        receive(text);
        assert_eq!(reports.lock().unwrap().drain(..).count(), 1, "{text}");
    }
    receive("{}");
    receive("{\"later\": true}");
    assert!(reports.lock().unwrap().is_empty() && guest.is_empty());
    page.host.set("n", 1).unwrap();
    assert_eq!(guest.get("n"), Some(1));
}
