//! Whatever storage does, and whenever: no error gets out, memory is right, the status says how it is,
//! and once the fault ends everything is stored.

use crate::support::*;
use std::collections::BTreeMap;
use universal_state::edge::{Memory, SaveStatus, Storage};

/// Which calls go wrong.
#[derive(Clone, Copy, Debug)]
enum When {
    Once(usize),
    From(usize),
}

const FOREIGN: [(&str, &str); 3] = [("other:a", "1"), ("app:x:a", "2"), ("a", "3")];

/// A session that makes every kind of call: what was stored is loaded, items are written, changed and
/// removed, here and by another page, one that cannot be read is put aside and discarded, the page is
/// left and comes back.
struct Session {
    clock: Clock,
    memory: Memory,
    backend: Faulty,
    page: Page,
    /// What the store has to hold.
    model: BTreeMap<String, i64>,
    wrong: Option<Wrong>,
    name: String,
}

impl Session {
    fn start(is_slow: bool, wrong: Option<(Wrong, When)>) -> Self {
        let (clock, memory) = (Clock::new(), Memory::new());
        for (name, text) in FOREIGN {
            memory.set(name, text);
        }
        let before = Page::new(&clock, Storage::new(memory.clone()));
        before.set("old", 1);
        before.set("gone", 1);
        before.set("excluded", 1);
        before.edge.detach();
        memory.set("app:bad", "nonsense");
        clock.set(START + SECOND);

        let backend = Faulty::on(&memory, is_slow);
        match wrong {
            Some((wrong, When::Once(call))) => backend.go_wrong(wrong, call..=call),
            Some((wrong, When::From(call))) => backend.go_wrong(wrong, call..=usize::MAX),
            None => {}
        }
        let excluded = universal_state::Pattern::glob("excluded").unwrap();
        let page = Page::new(&clock, Storage::new(backend.clone()).exclude(excluded));
        let mut session = Self {
            clock,
            memory,
            backend,
            page,
            model: BTreeMap::new(),
            wrong: wrong.map(|(wrong, _)| wrong),
            name: format!("{wrong:?}, slow: {is_slow}"),
        };
        session.check("attach");
        session
    }

    /// Lets answers come, or some of them.
    fn settle(&self) {
        self.backend.answer();
    }

    fn wait(&self, ms: u64) {
        self.page.wait_with(ms, || self.backend.answer());
    }

    fn set(&mut self, key: &str, value: i64) {
        self.page.set(key, value);
        self.model.insert(key.to_owned(), value);
    }

    fn delete(&mut self, key: &str) {
        self.page.store.delete(key).unwrap();
        self.model.remove(key);
    }

    fn run(&mut self) {
        self.set("a", 1);
        self.set("b", 1);
        self.page.edge.flush();
        self.check("two writes");
        self.settle();
        self.check("two writes, answered");
        self.set("a", 2);
        self.delete("b");
        self.set("c", 1);
        self.page.edge.flush();
        self.check("a change and a removal");
        self.wait(300);
        self.check("it looks again");
        // Another page, which storage never fails.
        let other = Page::new(&self.clock, Storage::new(self.memory.clone()));
        other.set("theirs", 1);
        other.edge.detach();
        self.page
            .edge
            .storage_changed(Some(&["app:theirs".to_owned()]));
        self.settle();
        self.check("another page has written");
        for aside in self.page.edge.quarantined() {
            self.page.edge.discard_quarantined(&aside.id);
        }
        self.set("a", 3);
        self.page.edge.flush();
        self.wait(300);
        self.check("discarded");
        self.set("d", 1);
        self.page.edge.save_now();
        self.check("the page is left");
        self.wait(SECOND);
        self.page.edge.resync();
        self.check("the page comes back");
        self.settle();
        self.set("e", 1);
        self.page.edge.flush();
        self.settle();
        self.check("the end");
    }

    /// Memory is right, and no key is called saved that is not.
    fn check(&mut self, after: &str) {
        let place = || format!("{}, after {after}", self.name);
        for (key, value) in &self.model {
            assert_eq!(self.page.get(key), Some(*value), "{key}: {}", place());
        }
        for key in ["b", "nobody"] {
            if !self.model.contains_key(key) {
                assert_eq!(self.page.get(key), None, "{key}: {}", place());
            }
        }
        let status = self.page.edge.status();
        let mut counts = (0, 0);
        for key in [
            "a", "b", "c", "d", "e", "old", "gone", "theirs", "bad", "excluded", "nobody",
        ] {
            let status = self.page.edge.save_status(key);
            match &status {
                SaveStatus::Pending => counts.0 += 1,
                SaveStatus::Failed(_) => counts.1 += 1,
                SaveStatus::Saved => {
                    // What is dropped or cleared is found out a little later.
                    let is_late = [Wrong::Dropped, Wrong::Cleared]
                        .map(Some)
                        .contains(&self.wrong);
                    assert!(
                        is_late || self.is_stored(key),
                        "{key} is not saved: {}",
                        place()
                    );
                }
                SaveStatus::Unkept => {
                    assert!(
                        !self.model.contains_key(key),
                        "{key} is not kept: {}",
                        place()
                    );
                }
                _ => assert!(
                    !status_is_memory(&self.page),
                    "{key}: {status:?}: {}",
                    place()
                ),
            }
        }
        assert_eq!((status.pending, status.failed), counts, "{}", place());
        for (name, text) in FOREIGN {
            if self.wrong != Some(Wrong::Cleared) {
                assert_eq!(self.memory.get(name).as_deref(), Some(text), "{}", place());
            }
        }
    }

    /// Whether the item of a key holds what the store holds.
    fn is_stored(&self, key: &str) -> bool {
        let Some(text) = self.memory.get(&format!("app:{key}")) else {
            return false;
        };
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        json["entry"][1].as_i64() == self.page.get(key)
    }

    /// The fault is over, and some time passes.
    fn recover(mut self) -> usize {
        let calls = self.backend.calls();
        self.backend.recover();
        self.wait(200 * SECOND);
        self.check("it is over");
        let status = self.page.edge.status();
        assert_eq!((status.pending, status.failed), (0, 0), "{}", self.name);
        assert_eq!(
            (&*status.storage, status.storage_fault),
            ("faulty", None),
            "{}",
            self.name
        );
        if self.wrong == Some(Wrong::Cleared) {
            // As browsers say, and as is looked for when a page is shown.
            self.page.edge.storage_changed(None);
            self.settle();
        }
        // What others had stored is there, unless somebody has cleared it before it was loaded.
        for (key, value) in [("old", 1), ("gone", 1), ("theirs", 1)] {
            let value = Some(value).filter(|_| self.wrong != Some(Wrong::Cleared));
            assert_eq!(
                self.page.get(key).or(value),
                self.page.get(key),
                "{key}: {}",
                self.name
            );
        }
        let keys = ["a", "b", "c", "d", "e", "old", "gone", "theirs"];
        for key in keys.iter().filter(|key| self.page.store.has(key)) {
            let status = self.page.edge.save_status(key);
            assert_eq!(status, SaveStatus::Saved, "{key}: {}", self.name);
            assert!(self.is_stored(key), "{key}: {}", self.name);
        }
        let names = self.memory.names();
        assert!(
            !names.contains(&"app:excluded".to_owned()),
            "{}: {names:?}",
            self.name
        );
        // The next page has what this one had.
        let next = Page::new(&self.clock, Storage::new(self.memory.clone()));
        for key in keys {
            assert_eq!(next.get(key), self.page.get(key), "{key}: {}", self.name);
        }
        let names = self.memory.names();
        let is_left = names.iter().any(|name| name.contains("journal"));
        assert!(!is_left, "{}: {names:?}", self.name);
        if self.wrong != Some(Wrong::Cleared) {
            let aside = next.edge.quarantined();
            assert!(aside.len() <= 1 && aside.iter().all(|aside| &*aside.text == "nonsense"));
        }
        calls
    }
}

/// Whether the page is stored in what it asked for.
fn status_is_memory(page: &Page) -> bool {
    page.edge.status().storage_fault.is_none()
}

fn run(is_slow: bool, wrong: Option<(Wrong, When)>) -> usize {
    let mut session = Session::start(is_slow, wrong);
    session.run();
    session.recover()
}

#[test]
fn any_call_may_go_wrong_in_any_way_once_or_from_then_on() {
    // The messages of the panics are of no use.
    std::panic::set_hook(Box::new(|info| {
        let payload = info.payload().downcast_ref::<&str>();
        if payload != Some(&"the backend panics") {
            eprintln!("{info}");
        }
    }));
    let mut sessions = 0;
    for is_slow in [false, true] {
        let calls = run(is_slow, None);
        assert!(calls > 15, "{calls}");
        for wrong in Wrong::ALL {
            // A session in which something goes wrong may take more calls.
            for call in 0..2 * calls {
                run(is_slow, Some((wrong, When::Once(call))));
                run(is_slow, Some((wrong, When::From(call))));
                sessions += 2;
            }
        }
    }
    figure!(
        "storage faults: {sessions} sessions, {} ways to go wrong, all recovered",
        Wrong::ALL.len()
    );
}
