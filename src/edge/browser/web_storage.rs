//! [`LocalStorage`] and [`SessionStorage`].

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[path = "web_storage/area.rs"]
mod area;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#[path = "web_storage/nowhere.rs"]
mod area;

pub(super) use area::Area;

use crate::edge::{Backend, Fault, Items, Loaded, Then};

/// `window.localStorage`: kept until it is deleted, the same for all tabs of an origin.
///
/// Each call looks for the storage anew, since the getter itself may throw (cookies that are denied, an
/// opaque origin, a sandboxed frame), and what is denied now may be allowed later. What is written is
/// read back, since some browsers drop it without a word. Nothing that the browser throws leaves a call
/// as anything but a [`Fault`].
///
/// ```
/// use universal_state::edge::{Backend, Fault, browser::LocalStorage};
///
/// // Where there is no browser:
/// LocalStorage.load("app:", Box::new(|loaded| {
///     assert!(matches!(loaded, Err(Fault::Unavailable(_))));
/// }));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalStorage;

/// `window.sessionStorage`: kept as long as the tab is, and the tab's own; otherwise as
/// [`LocalStorage`].
#[derive(Clone, Copy, Debug, Default)]
pub struct SessionStorage;

macro_rules! backend {
    ($storage:ty, $name:literal) => {
        impl Backend for $storage {
            fn name(&self) -> &str {
                $name
            }

            fn load(&self, prefix: &str, then: Then<Loaded>) {
                then(load($name, prefix));
            }

            fn read(&self, names: Vec<String>, then: Then<Items>) {
                then(read($name, &names));
            }

            fn write(
                &self,
                items: Vec<(String, Option<String>)>,
                then: Then<Vec<Result<(), Fault>>>,
            ) {
                then(write($name, &items));
            }
        }
    };
}

backend!(LocalStorage, "localStorage");
backend!(SessionStorage, "sessionStorage");

fn load(area: &str, prefix: &str) -> Loaded {
    let area = Area::of(area)?;
    let mut items = Vec::new();
    for name in area.names(prefix)? {
        // What another tab has removed meanwhile is not there.
        if let Some(text) = area.get(&name)? {
            items.push((name, text));
        }
    }
    Ok(items)
}

fn read(area: &str, names: &[String]) -> Items {
    let area = Area::of(area)?;
    names.iter().map(|name| area.get(name)).collect()
}

/// Web storage knows no transactions: what fits is stored, whatever becomes of the rest.
fn write(area: &str, items: &[(String, Option<String>)]) -> Vec<Result<(), Fault>> {
    match Area::of(area) {
        Ok(area) => items
            .iter()
            .map(|(name, text)| match text {
                Some(text) => area.put(name, text),
                None => area.remove(name),
            })
            .collect(),
        Err(fault) => vec![Err(fault); items.len()],
    }
}
