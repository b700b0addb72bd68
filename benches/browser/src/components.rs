//! What needs components: the hooks, and a page of rows, as in `dom.js`.

use crate::{
    adapter::{hear, initial},
    work::{Work, scattered},
};
use leptos::{mount::mount_to, prelude::*};
use std::{any::Any, cell::RefCell, rc::Rc};
use universal_state::{
    EngineKind, Store,
    hooks::{SetState, provide_global_state, use_global_state},
};
use web_sys::HtmlElement;

const ROWS: usize = 1_000;
const CHANGED: usize = 100;

fn engine(row: &str) -> Option<EngineKind> {
    match row {
        "universal-state signal" | "universal-state signal, hook" => Some(EngineKind::Signal),
        "universal-state map" | "universal-state map, hook" => Some(EngineKind::Map),
        _ => None,
    }
}

fn name(at: usize) -> String {
    format!("key:{at}")
}

fn store(engine: EngineKind, keys: usize) -> Store {
    let store = Store::builder().engine(engine).build();
    for at in 0..keys {
        store.set(name(at), initial(at)).unwrap();
    }
    store
}

/// An effect that reads a key through the hook.
pub fn hook(row: &str) -> Option<Box<dyn Work>> {
    let store = store(engine(row)?, 1);
    let owner = Owner::new();
    let set = owner.with(|| {
        provide_global_state(store);
        let (value, set) = use_global_state::<i32>(name(0));
        Effect::new(move || value.get().into_iter().for_each(hear::<0>));
        set
    });
    Some(Box::new(Hook {
        set,
        tick: 0,
        _owner: owner,
    }))
}

struct Hook {
    set: SetState<i32>,
    tick: i32,
    _owner: Owner,
}

impl Work for Hook {
    fn step(&mut self) {
        self.tick += 1;
        self.set.set(self.tick);
    }
}

/// A thousand rows in `list`, each bound to its key or signal; a step changes a hundred.
pub fn page(row: &str, list: HtmlElement) -> Option<Box<dyn Work>> {
    if row == "leptos signals" {
        return Some(mounted(
            list,
            |set: &WriteSignal<i32>, value| set.set(value),
            |setters| {
                let row = |at| {
                    let (value, set) = signal(initial(at));
                    setters.borrow_mut().push(set);
                    view! { <Row value=move || value.get()/> }
                };
                (0..ROWS).map(row).collect_view().into_any()
            },
        ));
    }
    let store = store(engine(row)?, ROWS);
    let set = |setter: &SetState<i32>, value| setter.set(value);
    Some(mounted(list, set, move |setters| {
        let row = |at| {
            let (value, set) = use_global_state::<i32>(name(at));
            setters.borrow_mut().push(set);
            view! { <Row value=move || value.get().unwrap_or_default()/> }
        };
        provide_global_state(store);
        (0..ROWS).map(row).collect_view().into_any()
    }))
}

#[component]
fn Row<F: Fn() -> i32 + Send + 'static>(value: F) -> impl IntoView {
    let shown = move || {
        let value = value();
        hear::<0>(value);
        value
    };
    view! { <li>{shown}</li> }
}

type Setters<S> = Rc<RefCell<Vec<S>>>;

fn mounted<S: 'static>(
    list: HtmlElement,
    set: impl Fn(&S, i32) + 'static,
    rows: impl FnOnce(&Setters<S>) -> AnyView + 'static,
) -> Box<dyn Work> {
    let setters = Setters::default();
    let made = Rc::clone(&setters);
    let mounted = mount_to(list, move || rows(&made));
    let setters = setters.take();
    assert_eq!(setters.len(), ROWS);
    Box::new(Page {
        setters,
        set,
        tick: 0,
        _mounted: Box::new(mounted),
    })
}

struct Page<S, F> {
    setters: Vec<S>,
    set: F,
    tick: i32,
    _mounted: Box<dyn Any>,
}

impl<S, F: Fn(&S, i32)> Work for Page<S, F> {
    fn step(&mut self) {
        for _ in 0..CHANGED {
            let setter = &self.setters[scattered(self.tick, ROWS)];
            self.tick += 1;
            (self.set)(setter, self.tick);
        }
    }
}
