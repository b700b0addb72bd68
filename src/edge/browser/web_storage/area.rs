//! A storage area of the page, whose every call may throw.

use crate::edge::{Fault, browser::exception::fault};
use gloo_storage::{LocalStorage, SessionStorage, Storage as _};
use js_sys::{JsString, Reflect};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    /// `Storage`, with texts that stay in JavaScript where nobody here reads them. Also what an app put
    /// in its place.
    pub(in crate::edge::browser) type Area;

    #[wasm_bindgen(method, getter, catch)]
    fn length(this: &Area) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn key(this: &Area, index: u32) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch, js_name = getItem)]
    fn get_item(this: &Area, name: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch, js_name = setItem)]
    fn set_item(this: &Area, name: &JsValue, text: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = removeItem)]
    fn remove_item(this: &Area, name: &JsValue) -> Result<(), JsValue>;
}

impl Area {
    /// `window.localStorage` or `window.sessionStorage`.
    ///
    /// # Errors
    ///
    /// [`Fault::Unavailable`] if the page may not use it, or has none, as in a worker.
    pub(in crate::edge::browser) fn of(name: &str) -> Result<Self, Fault> {
        match Reflect::get(&js_sys::global(), &JsValue::from_str(name)) {
            // By now it is known that gloo, which would panic otherwise, finds it.
            Ok(area) if area.is_instance_of::<web_sys::Storage>() => Ok(match name {
                "sessionStorage" => SessionStorage::raw().unchecked_into(),
                _ => LocalStorage::raw().unchecked_into(),
            }),
            Ok(area) if area.is_object() => Ok(area.unchecked_into()),
            Ok(_) => Err(Fault::Unavailable("this page has none".to_owned())),
            Err(thrown) => match fault(&thrown) {
                // Whatever the getter throws, there is no storage.
                Fault::Failed(said) => Err(Fault::Unavailable(said)),
                fault => Err(fault),
            },
        }
    }

    /// The names that begin with `prefix`. Those of other applications need not be Unicode: such a name
    /// cannot be written as a [`str`], so it is none of ours.
    pub(in crate::edge::browser) fn names(&self, prefix: &str) -> Result<Vec<String>, Fault> {
        let length = self.length().map_err(|thrown| fault(&thrown))?;
        let length = length.as_f64().unwrap_or_default() as u32;
        let mut names = Vec::new();
        for index in 0..length {
            let name = self.key(index).map_err(|thrown| fault(&thrown))?;
            let Some(name) = name.dyn_ref::<JsString>() else {
                continue;
            };
            if name.starts_with(prefix, 0) && name.is_valid_utf16() {
                names.push(String::from(name));
            }
        }
        Ok(names)
    }

    pub(in crate::edge::browser) fn get(&self, name: &str) -> Result<Option<String>, Fault> {
        let text = self.get_item(&JsValue::from_str(name));
        Ok(text.map_err(|thrown| fault(&thrown))?.as_string())
    }

    /// Stores an item and sees that it is stored.
    pub(in crate::edge::browser) fn put(&self, name: &str, text: &str) -> Result<(), Fault> {
        let (name, text) = (JsValue::from_str(name), JsValue::from_str(text));
        self.set_item(&name, &text)
            .map_err(|thrown| fault(&thrown))?;
        // Compared in JavaScript, without a copy.
        self.holds(&name, |found| *found == text)
    }

    /// Removes an item and sees that it is gone.
    pub(in crate::edge::browser) fn remove(&self, name: &str) -> Result<(), Fault> {
        let name = JsValue::from_str(name);
        self.remove_item(&name).map_err(|thrown| fault(&thrown))?;
        self.holds(&name, JsValue::is_null)
    }

    fn holds(&self, name: &JsValue, expected: impl FnOnce(&JsValue) -> bool) -> Result<(), Fault> {
        let found = self.get_item(name).map_err(|thrown| fault(&thrown))?;
        if expected(&found) {
            Ok(())
        } else {
            let said = "the browser took the item and did not keep it";
            Err(Fault::Failed(said.to_owned()))
        }
    }
}
