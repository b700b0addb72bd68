//! A browser that behaves badly, and what backends and transports are asked in these tests.

use crate::special_names::SPECIAL_NAMES;
use std::{
    future::poll_fn,
    sync::{Arc, Mutex},
    task::{Poll, Waker},
};
use universal_state::edge::{Backend, Items, Loaded, Then};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::js_sys::{Function, Reflect, eval};

/// Something of the page that is replaced, until this is dropped.
#[must_use]
pub struct Broken(Function);

impl Broken {
    /// Replaces a property of an object by what the source of a descriptor says.
    pub fn property(object: &str, name: &str, descriptor: &str) -> Self {
        let source = format!(
            "(() => {{
                const object = {object}, before = Object.getOwnPropertyDescriptor(object, '{name}');
                Object.defineProperty(object, '{name}', {{ configurable: true, ...{descriptor} }});
                return () => before
                    ? Object.defineProperty(object, '{name}', before)
                    : delete object['{name}'];
            }})()"
        );
        Self(run(&source).unchecked_into())
    }

    /// Replaces a method.
    pub fn method(object: &str, name: &str, function: &str) -> Self {
        Self::property(
            object,
            name,
            &format!("{{ writable: true, value: {function} }}"),
        )
    }

    /// Has a getter throw.
    pub fn getter(object: &str, name: &str, exception: &str) -> Self {
        Self::property(
            object,
            name,
            &format!("{{ get() {{ throw {exception}; }} }}"),
        )
    }
}

impl Drop for Broken {
    fn drop(&mut self) {
        self.0
            .call0(&JsValue::UNDEFINED)
            .expect("it can be put back");
    }
}

pub fn run(source: &str) -> JsValue {
    eval(source).unwrap_or_else(|thrown| panic!("{source}: {thrown:?}"))
}

/// A member of the page's global object.
pub fn global(name: &str) -> JsValue {
    Reflect::get(&web_sys::js_sys::global(), &JsValue::from_str(name)).expect("it is there")
}

/// What arrives, and who waits for it.
pub struct Inbox<T>(Arc<Mutex<(Vec<T>, Option<Waker>)>>);

impl<T> Clone for Inbox<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Send + 'static> Inbox<T> {
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new((Vec::new(), None))))
    }

    pub fn put(&self, item: T) {
        let mut inbox = self.0.lock().unwrap();
        inbox.0.push(item);
        if let Some(waker) = inbox.1.take() {
            waker.wake();
        }
    }

    /// Waits until there are so many, and takes them.
    pub async fn take(&self, count: usize) -> Vec<T> {
        poll_fn(|context| {
            let mut inbox = self.0.lock().unwrap();
            if inbox.0.len() >= count {
                return Poll::Ready(std::mem::take(&mut inbox.0));
            }
            inbox.1 = Some(context.waker().clone());
            Poll::Pending
        })
        .await
    }

    pub fn len(&self) -> usize {
        self.0.lock().unwrap().0.len()
    }
}

/// The answer to a question, now or later.
pub async fn answer<T: Send + 'static>(ask: impl FnOnce(Then<T>)) -> T {
    let inbox = Inbox::new();
    let told = inbox.clone();
    ask(Box::new(move |answer| told.put(answer)));
    inbox.take(1).await.remove(0)
}

pub async fn load(backend: &dyn Backend, prefix: &str) -> Loaded {
    answer(|then| backend.load(prefix, then)).await
}

pub async fn read(backend: &dyn Backend, names: &[&str]) -> Items {
    let names = names.iter().map(|&name| name.to_owned()).collect();
    answer(|then| backend.read(names, then)).await
}

pub async fn write(
    backend: &dyn Backend,
    items: &[(&str, Option<&str>)],
) -> Vec<Result<(), universal_state::edge::Fault>> {
    let items = items.iter();
    let items = items.map(|&(name, text)| (name.to_owned(), text.map(str::to_owned)));
    let items = items.collect();
    answer(|then| backend.write(items, then)).await
}

/// Names that items may have, of whatever kind.
pub fn special_names() -> Vec<String> {
    let names = SPECIAL_NAMES.iter().copied().chain([""]);
    let mut names: Vec<_> = names.map(str::to_owned).collect();
    names.push("long".repeat(4_096));
    names
}
