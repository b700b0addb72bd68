//! There is no write of a field that middleware, listeners and history do not see.

use crate::support::{Reader, on_every_engine};
use reactive_graph::traits::{
    Get, Notify, Read, Set, Track, UntrackableGuard, Update, UpdateUntracked, Write,
};
use reactive_stores::{
    ArcField, DerefField, Field, OptionStoreExt, Patch, Store as Derive, StoreField,
    StoreFieldIterator, StorePath,
};
use serde::{Deserialize, Serialize};
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};
use universal_state::{
    ArcFields, Delivery, Diff, Fields, HistoryOptions, Key, Middleware, Store, SubscribeOptions,
    Transaction, Veto,
};

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff, Patch)]
struct Value {
    text: String,
    #[patch(|this, new| *this = new)]
    boxed: Box<i32>,
    maybe: Option<i32>,
    list: Vec<i32>,
    #[store(key: u32 = |row| row.id)]
    rows: Vec<Row>,
    #[patch(|this, new| *this = new)]
    status: Status,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff, Patch)]
struct Row {
    id: u32,
    text: String,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
enum Status {
    #[default]
    Idle,
    Busy(i32),
}

const VALUE: Key<Value> = Key::new("value");

fn value() -> Value {
    let row = |id| Row {
        id,
        text: "row".into(),
    };
    Value {
        text: "text".into(),
        boxed: Box::new(1),
        maybe: Some(1),
        list: vec![1, 2],
        rows: vec![row(1), row(2)],
        status: Status::Busy(1),
    }
}

fn changed(change: impl FnOnce(&mut Value)) -> Value {
    let mut value = value();
    change(&mut value);
    value
}

type Door = (&'static str, fn(ArcFields<Value>));

/// Every public way to write, each of which changes something.
const DOORS: &[Door] = &[
    ("set", |f| f.text().set("x".into())),
    ("try_set", |f| drop(f.text().try_set("x".into()))),
    ("update", |f| f.text().update(|text| text.push('x'))),
    ("try_update", |f| {
        f.text().try_update(|text| text.push('x'));
    }),
    ("maybe_update", |f| {
        f.text().maybe_update(|text| {
            text.push('x');
            true
        })
    }),
    ("maybe_update, denied", |f| {
        f.text().maybe_update(|text| {
            text.push('x');
            false
        })
    }),
    ("update_untracked", |f| {
        f.text().update_untracked(|text| text.push('x'))
    }),
    ("try_update_untracked", |f| {
        f.text().try_update_untracked(|text| text.push('x'));
    }),
    ("write", |f| f.text().write().push('x')),
    ("try_write", |f| f.text().try_write().unwrap().push('x')),
    ("write_untracked", |f| f.text().write_untracked().push('x')),
    ("try_write_untracked", |f| {
        f.text().try_write_untracked().unwrap().push('x')
    }),
    ("a guard that is untracked", |f| {
        let text = f.text();
        let mut guard = text.write();
        guard.untrack();
        guard.push('x');
    }),
    ("writer", |f| f.text().writer().unwrap().push('x')),
    ("writer, untracked", |f| {
        let mut writer = f.text().writer().unwrap();
        writer.untrack();
        writer.push('x');
    }),
    ("root set", |f| f.set(changed(|value| value.text.clear()))),
    ("root update", |f| f.update(|value| value.text.push('x'))),
    ("root maybe_update", |f| {
        f.maybe_update(|value| {
            value.text.push('x');
            false
        })
    }),
    ("root update_untracked", |f| {
        f.update_untracked(|value| value.text.push('x'))
    }),
    ("root write", |f| f.write().text.push('x')),
    ("root write_untracked", |f| {
        f.write_untracked().text.push('x')
    }),
    ("root writer", |f| f.writer().unwrap().text.push('x')),
    ("root try_update", |f| {
        f.try_update(|value| value.text.push('x')).unwrap()
    }),
    ("root patch", |f| {
        f.patch(changed(|value| value.text.push('x')))
    }),
    ("patch", |f| f.text().patch("x".into())),
    ("patch of rows", |f| {
        f.rows().patch(changed(|value| value.rows.reverse()).rows)
    }),
    ("patch of a row", |f| {
        f.rows().at_key(1).patch(Row::default())
    }),
    ("item", |f| f.list().at_unkeyed(0).set(7)),
    ("item, untracked", |f| {
        *f.list().at_unkeyed(0).write_untracked() = 7
    }),
    ("item, writer", |f| {
        *f.list().at_unkeyed(0).writer().unwrap() = 7
    }),
    ("items", |f| {
        f.list()
            .iter_unkeyed()
            .for_each(|item| item.update(|n| *n += 1))
    }),
    ("row", |f| f.rows().at_key(2).text().set("x".into())),
    ("row as a whole", |f| {
        f.rows().at_key(2).write().text.push('x')
    }),
    ("row, untracked", |f| {
        f.rows().at_key(2).write_untracked().text.push('x')
    }),
    ("row by index", |f| {
        f.rows().at_unkeyed(1).text().set("x".into())
    }),
    ("rows", |f| f.rows().write().reverse()),
    ("rows, untracked", |f| f.rows().write_untracked().reverse()),
    ("rows, writer", |f| f.rows().writer().unwrap().reverse()),
    ("rows, one by one", |f| {
        for row in f.rows() {
            row.text().update(|text| text.push('x'));
        }
    }),
    ("option", |f| f.maybe().set(None)),
    ("inside of an option", |f| f.maybe().unwrap().set(7)),
    ("mapped option", |f| {
        f.maybe().map(|maybe| maybe.set(7));
    }),
    ("inverted option", |f| {
        f.maybe().invert().unwrap().update(|n| *n += 1)
    }),
    ("pointer", |f| f.boxed().deref_field().set(7)),
    ("pointer, untracked", |f| {
        *f.boxed().deref_field().write_untracked() = 7
    }),
    ("variant", |f| f.status().busy_0().unwrap().set(7)),
    ("erased", |f| ArcField::from(f.text()).set("x".into())),
    ("erased, untracked", |f| {
        ArcField::from(f.text()).write_untracked().push('x')
    }),
    ("erased, copied", |f| {
        Field::<String>::from(f.text()).update(|text| text.push('x'))
    }),
    ("erased row", |f| {
        ArcField::from(f.rows().at_key(1)).text().set("x".into())
    }),
    ("erased, patched", |f| {
        ArcField::from(f.text()).patch("x".into())
    }),
    ("copied", |f| Fields::from(f).text().set("x".into())),
    ("copied root", |f| Fields::from(f).write().text.push('x')),
    ("copied root, untracked", |f| {
        Fields::from(f).write_untracked().text.push('x')
    }),
    ("copied root, tried", |f| {
        Fields::from(f)
            .try_update(|value| value.text.push('x'))
            .unwrap()
    }),
];

/// What could be taken for a write, and changes nothing.
const SHUT: &[Door] = &[
    ("notify", |f| f.text().notify()),
    ("notify an item", |f| f.list().at_unkeyed(0).notify()),
    ("notify a row", |f| f.rows().at_key(1).notify()),
    ("notify rows", |f| f.rows().notify()),
    ("notify a pointer", |f| f.boxed().deref_field().notify()),
    ("notify an erased field", |f| {
        ArcField::from(f.text()).notify()
    }),
    ("notify the root", |f| f.notify()),
    ("notify the copied root", |f| Fields::from(f).notify()),
    ("triggers", |f| {
        f.triggers_for_current_path().notify();
        f.clone().text().triggers_for_current_path().notify();
        f.clone()
            .rows()
            .triggers_for_path_unkeyed(StorePath::new())
            .notify();
        f.text().track_field();
    }),
    ("update_keys", |f| f.rows().update_keys()),
    ("an equal set", |f| f.text().set("text".into())),
    ("an equal root", |f| f.set(value())),
    ("an equal patch", |f| f.patch(value())),
    ("a guard that is not used", |f| drop(f.rows().write())),
    ("a guard that is only read", |f| {
        assert_eq!(f.text().write().len(), 4)
    }),
    ("a guard that changes its mind", |f| {
        let text = f.text();
        let mut text = text.write();
        text.push('x');
        text.pop();
    }),
    ("a guard that is leaked", |f| {
        let text = f.text();
        let mut text = text.write();
        text.push('x');
        std::mem::forget(text);
    }),
    ("a root's guard that is leaked", |f| {
        let mut guard = f.writer().unwrap();
        guard.text.clear();
        std::mem::forget(guard);
    }),
    ("rows' guard that is leaked", |f| {
        let rows = f.rows();
        let mut rows = rows.write();
        rows.clear();
        std::mem::forget(rows);
    }),
    ("a read", |f| {
        f.read();
        f.clone().rows().at_key(1).get();
        f.track();
    }),
];

/// Sees each write, and can refuse all.
#[derive(Clone, Default)]
struct Gate {
    seen: Arc<AtomicUsize>,
    is_shut: Arc<AtomicBool>,
}

impl Middleware for Gate {
    fn name(&self) -> &str {
        "gate"
    }

    fn before(&self, transaction: &mut Transaction) -> Result<(), Veto> {
        self.seen
            .fetch_add(transaction.writes().len(), Ordering::Relaxed);
        match self.is_shut.load(Ordering::Relaxed) {
            true => Err(Veto::new("shut")),
            false => Ok(()),
        }
    }
}

struct House {
    gate: Gate,
    heard: Arc<AtomicUsize>,
    history: universal_state::History,
    effect: Reader<Value>,
}

impl House {
    fn new(store: &Store) -> Self {
        store.set(VALUE, value()).unwrap();
        let gate = Gate::default();
        store.add_middleware(gate.clone());
        let heard = Arc::new(AtomicUsize::new(0));
        let sink = Arc::clone(&heard);
        let options = SubscribeOptions::new().delivery(Delivery::Sync);
        let listen = move |set: &universal_state::ChangeSet| {
            sink.fetch_add(set.len(), Ordering::Relaxed);
        };
        store.subscribe_all(options, listen).unwrap().forget();
        let history = store.history(HistoryOptions::new()).unwrap();
        let fields = store.fields_or(VALUE, Value::default()).unwrap();
        let effect = Reader::new(move || fields.get());
        Self {
            gate,
            heard,
            history,
            effect,
        }
    }

    /// How many writes the middleware, the listener and the history have seen, and how many versions
    /// there were, since the last call.
    fn seen(&self, store: &Store, version: u64) -> [usize; 4] {
        let steps = self.history.len();
        self.history.clear();
        let versions = (store.metadata().version - version) as usize;
        let [gate, heard] = [&self.gate.seen, &*self.heard].map(|n| n.swap(0, Ordering::Relaxed));
        [gate, heard, steps, versions]
    }
}

#[test]
fn every_way_to_write_a_field_takes_the_way_of_every_write() {
    on_every_engine(|store| {
        let house = House::new(store);
        let fields = store.fields_or(VALUE, Value::default()).unwrap();
        for (name, door) in DOORS {
            let version = store.metadata().version;
            door(fields.clone());
            assert_ne!(store.get(VALUE), Some(value()), "{name} changes something");
            let seen = house.seen(store, version);
            assert!(seen[0] > 0 && seen == [seen[0]; 4], "{name}: {seen:?}");
            assert!(house.effect.runs() > 0, "{name}");
            assert_eq!(Some(house.effect.last()), store.get(VALUE), "{name}");
            store.set(VALUE, value()).unwrap();
            house.seen(store, version);
            house.effect.runs();
        }
    });
}

#[test]
fn what_is_refused_is_refused_at_every_door() {
    on_every_engine(|store| {
        let house = House::new(store);
        let fields = store.fields_or(VALUE, Value::default()).unwrap();
        house.gate.is_shut.store(true, Ordering::Relaxed);
        for (name, door) in DOORS {
            // Some doors unwrap the refusal.
            let call = std::panic::AssertUnwindSafe(|| door(fields.clone()));
            let _ = std::panic::catch_unwind(call);
            assert_eq!(store.get(VALUE), Some(value()), "{name}");
            let [gate, heard, steps, versions] = house.seen(store, store.metadata().version);
            assert!(gate > 0, "{name}");
            assert_eq!(
                [heard, steps, versions, house.effect.runs()],
                [0; 4],
                "{name}"
            );
        }
    });
}

#[test]
fn what_changes_nothing_is_no_write() {
    on_every_engine(|store| {
        let house = House::new(store);
        let fields = store.fields_or(VALUE, Value::default()).unwrap();
        for (name, door) in SHUT {
            let version = store.metadata().version;
            door(fields.clone());
            assert_eq!(store.get(VALUE), Some(value()), "{name}");
            assert_eq!(house.seen(store, version), [0; 4], "{name}");
            assert_eq!(house.effect.runs(), 0, "{name}");
        }
    });
}
