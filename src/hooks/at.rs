//! `use_global_at`: a place inside of a value as a signal, and its setter.

use super::{key_source::ReactiveKey, provider::use_view, state::Target};
use crate::{
    error::StateError,
    pointer::Pointer,
    store::{Following, find},
    value::{StateValue, Value},
};
use leptos::prelude::*;
use std::fmt;

/// What is at a place inside of the value of a shared key, as a signal, and its setter. The place is
/// a JSON Pointer (RFC 6901), so the type of the whole need not be known here: it may be another
/// team's. A component that reads the signal repaints only when what is at the place differs.
///
/// The signal holds `None` while the key or the place is missing, and, with a report, if the pointer
/// does not parse or what is there does not read as a `U`.
///
/// # Panics
/// If no component above provides a store.
///
/// ```
/// use leptos::prelude::*;
/// use universal_state::hooks::use_global_at;
///
/// #[component]
/// fn City() -> impl IntoView {
///     let (city, set_city) = use_global_at::<String>("user", "/address/city");
///     view! {
///         <input prop:value=city on:input=move |event| set_city.set(event_target_value(&event))/>
///     }
/// }
/// ```
#[track_caller]
pub fn use_global_at<U: StateValue>(
    key: impl ReactiveKey<serde_json::Value>,
    pointer: &str,
) -> (Signal<Option<U>>, SetAt<U>) {
    let target = Target::new(use_view(), key.into_source());
    let pointer: Result<Pointer, StateError> = pointer.parse();
    let set = SetAt {
        place: StoredValue::new((target.clone(), pointer.clone())),
        value: std::marker::PhantomData,
    };
    let following = Following::default();
    let value = Memo::new(move |_| {
        target.report_or(target.stored(&following).and_then(|stored| {
            let pointer = pointer.as_ref().map_err(Clone::clone)?;
            match stored {
                Some((key, value)) => find(target.view(), &key, &value, pointer),
                None => Ok(None),
            }
        }))
    });
    (value.into(), set)
}

/// Writes the place of [`use_global_at`]. It can be copied, and ends with the component.
pub struct SetAt<U: 'static> {
    place: StoredValue<(Target<serde_json::Value>, Result<Pointer, StateError>)>,
    value: std::marker::PhantomData<fn(U)>,
}

impl<U> Copy for SetAt<U> {}

impl<U> Clone for SetAt<U> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<U: StateValue> SetAt<U> {
    /// Writes the place; an error goes to the store's reporter.
    pub fn set(&self, value: U) {
        match self.place.try_get_value() {
            Some((target, pointer)) => {
                let result = pointer.and_then(|at| target.put_at(&at, &Value::new(value)));
                let _ = target.report_or(result.map(Some));
            }
            None => leptos::logging::error!("universal-state: {}", StateError::Unmounted),
        }
    }

    /// Writes the place.
    ///
    /// # Errors
    /// As [`View::set_at`](crate::View::set_at), and [`StateError::Unmounted`] if the component is
    /// gone.
    pub fn try_set(&self, value: U) -> Result<(), StateError> {
        let (target, pointer) = self.place.try_get_value().ok_or(StateError::Unmounted)?;
        target.put_at(&pointer?, &Value::new(value))
    }
}

impl<U> fmt::Debug for SetAt<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SetAt<{}>", std::any::type_name::<U>())
    }
}
