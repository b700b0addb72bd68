//! A store on the page: scripts show what Rust writes, as in `adapters/repaint.js`.

use crate::{adapter::initial, work::Work};
use universal_state::{EngineKind, Store, edge::page::Page};

const KEY: &str = "key:0";

/// A store of one key, on the page under the row's name; a step writes it.
pub fn prepare(row: &str) -> Option<Box<dyn Work>> {
    let (engine, _) = row.strip_prefix("universal-state ")?.split_once(", ")?;
    let engine = match engine {
        "signal" => EngineKind::Signal,
        "map" => EngineKind::Map,
        _ => return None,
    };
    let store = Store::builder().engine(engine).build();
    store.set(KEY, initial(0)).unwrap();
    let page = Page::install(&store, row).unwrap();
    Some(Box::new(Repaint {
        store,
        tick: 0,
        _page: page,
    }))
}

struct Repaint {
    store: Store,
    tick: i32,
    _page: Page,
}

impl Work for Repaint {
    fn step(&mut self) {
        self.tick += 1;
        self.store.set(KEY, self.tick).unwrap();
    }
}
