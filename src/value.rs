//! [`Value`]: what a key holds. It is stored as the Rust type it was written as, and turns into
//! JSON, or into another Rust type, only when somebody asks; both forms are then kept.

#[cfg(feature = "json")]
mod json;
mod plain;
mod shared;

use plain::Plain;
use serde::{Serialize, de::DeserializeOwned};
#[cfg(feature = "fields")]
pub(crate) use shared::Lend;
pub(crate) use shared::{Lent, Shared};
use std::{
    any::{Any, TypeId, type_name},
    fmt,
    sync::{Arc, Mutex, OnceLock},
};

/// The bounds of a storable type. Every type that fulfils them has the trait.
///
/// Equality is the type's own `PartialEq`: writing an equal value changes nothing. A float that is
/// NaN is a legal value and equals nothing, itself included, so writing it again is a change;
/// in JSON it becomes `null`, as `serde_json` has it.
pub trait StateValue:
    Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
}

impl<T> StateValue for T where
    T: Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
}

/// A stored value, immutable and cheap to clone: shared by reference count, or, if it is a `bool`, a
/// `char` or a number of up to 64 bits, kept in place.
///
/// ```
/// use universal_state::Value;
///
/// let value = Value::new(7u32);
/// assert_eq!(value.to::<u32>().ok(), Some(7));
/// # #[cfg(feature = "json")]
/// assert_eq!(value.to::<f64>().ok(), Some(7.0)); // through JSON
/// ```
#[derive(Clone)]
pub struct Value(Form);

#[derive(Clone)]
enum Form {
    Plain(Plain),
    Shared(Arc<dyn Stored>),
}

/// Why a [`Value`] does not read as the type that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found} does not read as {expected} ({reason})")]
#[non_exhaustive]
pub struct Mismatch {
    /// The type that was asked for.
    pub expected: &'static str,
    /// The type that was written.
    pub found: &'static str,
    /// Why the stored form does not decode.
    pub reason: String,
}

trait Stored: Any + Send + Sync {
    fn same(&self, other: &dyn Stored) -> bool;
    /// Whether no code of a user is in the type.
    fn is_plain(&self) -> bool;
    fn type_name(&self) -> &'static str;
    fn forms(&self) -> &OnceLock<Box<Forms>>;
    #[cfg(feature = "json")]
    fn encode(&self) -> Result<serde_json::Value, serde_json::Error>;
    /// Whether a value of another type, read as this one's, is equal.
    #[cfg(feature = "json")]
    fn equals_decoded(&self, other: &Value) -> bool;
}

/// A value as it was written, and the forms it was asked for since.
struct Typed<T> {
    /// Always there. That it is an `Option` lets [`Shared`] lend it as one.
    value: Option<T>,
    forms: OnceLock<Box<Forms>>,
}

#[derive(Default)]
struct Forms {
    #[cfg(feature = "json")]
    json: OnceLock<Result<Arc<serde_json::Value>, String>>,
    #[cfg(feature = "json")]
    bytes: OnceLock<usize>,
    /// `Arc<Typed<T>>` for each type `T` the value was decoded into.
    decoded: Mutex<Vec<Arc<dyn Any + Send + Sync>>>,
}

/// Whether a type that is no [`Plain`] is one that the language itself compares and drops.
fn is_plain<T: 'static>() -> bool {
    [
        TypeId::of::<String>(),
        TypeId::of::<i128>(),
        TypeId::of::<u128>(),
    ]
    .contains(&TypeId::of::<T>())
}

impl<T> Typed<T> {
    fn new(value: T) -> Self {
        Self {
            value: Some(value),
            forms: OnceLock::new(),
        }
    }
}

impl<T: StateValue> Stored for Typed<T> {
    fn same(&self, other: &dyn Stored) -> bool {
        (other as &dyn Any)
            .downcast_ref::<Self>()
            .is_some_and(|other| self.value == other.value)
    }

    fn is_plain(&self) -> bool {
        is_plain::<T>()
    }

    fn type_name(&self) -> &'static str {
        type_name::<T>()
    }

    fn forms(&self) -> &OnceLock<Box<Forms>> {
        &self.forms
    }

    #[cfg(feature = "json")]
    fn encode(&self) -> Result<serde_json::Value, serde_json::Error> {
        serde_json::to_value(&self.value)
    }

    #[cfg(feature = "json")]
    fn equals_decoded(&self, other: &Value) -> bool {
        other.with(|other: &T| Some(other) == self.value.as_ref()) == Ok(true)
    }
}

impl Value {
    /// Wraps a value, without serializing it.
    #[inline]
    pub fn new<T: StateValue>(value: T) -> Self {
        match Plain::new(&value) {
            Some(plain) => Self(Form::Plain(plain)),
            None => Self(Form::Shared(Arc::new(Typed::new(value)))),
        }
    }

    /// Whether comparing the value with another of its type runs no code of a user.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        match &self.0 {
            Form::Plain(_) => true,
            Form::Shared(stored) => stored.is_plain(),
        }
    }

    /// Whether both hold the same value, if that can be told without running the code of a user.
    #[inline]
    pub(crate) fn same_plain(&self, other: &Self) -> Option<bool> {
        match (&self.0, &other.0) {
            (Form::Plain(a), Form::Plain(b)) => a.same(*b),
            (Form::Shared(a), Form::Shared(b)) if Arc::ptr_eq(a, b) => Some(true),
            (Form::Shared(a), Form::Shared(b)) => {
                let is_known = a.is_plain() && b.is_plain() && type_of(&**a) == type_of(&**b);
                is_known.then(|| a.same(&**b))
            }
            _ => None,
        }
    }

    /// The name of the Rust type that was written.
    pub fn type_name(&self) -> &'static str {
        match &self.0 {
            Form::Plain(plain) => plain.type_name(),
            Form::Shared(stored) => stored.type_name(),
        }
    }

    /// A clone of the value as a `T`.
    ///
    /// # Errors
    /// [`Mismatch`] if it was written as another type and its JSON does not decode into `T`.
    pub fn to<T: StateValue>(&self) -> Result<T, Mismatch> {
        self.with(T::clone)
    }

    /// Calls `f` with the value as a `T`, without cloning it.
    ///
    /// # Errors
    /// [`Mismatch`] if it was written as another type and its JSON does not decode into `T`.
    pub fn with<T: StateValue, R>(&self, f: impl FnOnce(&T) -> R) -> Result<R, Mismatch> {
        if let Some(value) = self.typed::<T>() {
            return Ok(f(&value));
        }
        match &*self.decoded::<T>()? {
            Some(value) => Ok(f(value)),
            None => Err(self.mismatch::<T>("it holds nothing".to_owned())),
        }
    }

    /// The value as a `T`, to be held on to.
    #[cfg_attr(
        not(any(feature = "fields", feature = "collections")),
        expect(dead_code)
    )]
    pub(crate) fn share<T: StateValue>(&self) -> Result<Shared<T>, Mismatch> {
        if let Form::Shared(stored) = &self.0 {
            let any: Arc<dyn Any + Send + Sync> = Arc::clone(stored) as _;
            if let Ok(typed) = any.downcast::<Typed<T>>() {
                return Ok(Shared(typed));
            }
        }
        match self.typed::<T>() {
            Some(value) => Ok(Shared(Arc::new(Typed::new(value.clone())))),
            None => self.decoded::<T>(),
        }
    }

    /// Whether values of a type are kept in place.
    #[inline]
    pub(crate) fn keeps_in_place<T: StateValue>() -> bool {
        Plain::has::<T>()
    }

    /// The value, if it is kept in place and a `T`.
    #[inline]
    pub(crate) fn in_place<T: StateValue>(&self) -> Option<T> {
        match &self.0 {
            Form::Plain(plain) => plain.get(),
            Form::Shared(_) => None,
        }
    }

    /// The value, if `T` is the very type that was written.
    #[inline]
    pub(crate) fn typed<T: StateValue>(&self) -> Option<Lent<'_, T>> {
        match &self.0 {
            Form::Plain(plain) => plain.get().map(Lent::Here),
            Form::Shared(_) => self.downcast().map(Lent::There),
        }
    }

    /// The value, if `T` is the very type that was written, and none of those that are kept in place.
    #[inline]
    pub(crate) fn downcast<T: StateValue>(&self) -> Option<&T> {
        match &self.0 {
            Form::Plain(_) => None,
            Form::Shared(stored) => (&**stored as &dyn Any)
                .downcast_ref::<Typed<T>>()
                .and_then(|typed| typed.value.as_ref()),
        }
    }

    /// As [`Value::downcast`], as an `Option` that is `Some`.
    #[cfg(feature = "fields")]
    pub(crate) fn downcast_option<T: StateValue>(&self) -> Option<&Option<T>> {
        match &self.0 {
            Form::Plain(_) => None,
            Form::Shared(stored) => (&**stored as &dyn Any)
                .downcast_ref::<Typed<T>>()
                .map(|typed| &typed.value),
        }
    }

    /// As [`Value::downcast_option`], to be changed, if nobody else holds the value. It has to stay
    /// `Some`. What it was asked for as is forgotten.
    #[cfg(feature = "fields")]
    pub(crate) fn alone<T: StateValue>(&mut self) -> Option<&mut Option<T>> {
        match &mut self.0 {
            Form::Plain(_) => None,
            Form::Shared(stored) => {
                let stored: &mut dyn Any = Arc::get_mut(stored)?;
                let typed: &mut Typed<T> = stored.downcast_mut()?;
                typed.forms.take();
                Some(&mut typed.value)
            }
        }
    }

    /// Whether both hold the same value: of one type and equal, or of two types, equal as JSON and as
    /// the other's type.
    pub fn same(&self, other: &Self) -> bool {
        let same = match (&self.0, &other.0) {
            (Form::Plain(a), Form::Plain(b)) => a.same(*b),
            (Form::Shared(a), Form::Shared(b)) => {
                (Arc::ptr_eq(a, b) || a.same(&**b)).then_some(true)
            }
            _ => None,
        };
        same.unwrap_or_else(|| self.same_json(other))
    }

    /// Whether both are one value in memory, or the same to the bit.
    #[inline]
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Form::Plain(a), Form::Plain(b)) => a.is_bit_for_bit(*b),
            (Form::Shared(a), Form::Shared(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }

    /// What the value was asked for as. In place there is none to keep it.
    fn forms(&self) -> Option<&Forms> {
        match &self.0 {
            Form::Plain(_) => None,
            Form::Shared(stored) => Some(stored.forms().get_or_init(Box::default)),
        }
    }

    fn decoded<T: StateValue>(&self) -> Result<Shared<T>, Mismatch> {
        let kept = self.kept(TypeId::of::<Typed<T>>());
        if let Some(Ok(typed)) = kept.map(Arc::downcast) {
            return Ok(Shared(typed));
        }
        let value = self
            .decode::<T>()
            .map_err(|reason| self.mismatch::<T>(reason))?;
        let typed = Arc::new(Typed::new(value));
        self.keep(Arc::clone(&typed) as Arc<dyn Any + Send + Sync>);
        Ok(Shared(typed))
    }

    /// What was decoded before, of a type.
    fn kept(&self, of: TypeId) -> Option<Arc<dyn Any + Send + Sync>> {
        if cfg!(not(feature = "json")) {
            return None;
        }
        let decoded = crate::lock(&self.forms()?.decoded);
        let kept = decoded.iter().find(|form| (***form).type_id() == of);
        kept.cloned()
    }

    fn keep(&self, decoded: Arc<dyn Any + Send + Sync>) {
        if let Some(forms) = self.forms() {
            crate::lock(&forms.decoded).push(decoded);
        }
    }

    fn mismatch<T>(&self, reason: String) -> Mismatch {
        Mismatch {
            expected: type_name::<T>(),
            found: self.type_name(),
            reason,
        }
    }
}

fn type_of(stored: &dyn Stored) -> TypeId {
    (stored as &dyn Any).type_id()
}

#[cfg(not(feature = "json"))]
impl Value {
    pub(super) fn decode<T: StateValue>(&self) -> Result<T, String> {
        Err("only the written type reads without the feature `json`".to_owned())
    }

    pub(super) fn same_json(&self, _other: &Self) -> bool {
        false
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(feature = "json")]
        if let Ok(json) = self.to_json() {
            return fmt::Display::fmt(&json, f);
        }
        write!(f, "<{}>", self.type_name())
    }
}

/// What can be stored where values of several types meet: any [`StateValue`], or a [`Value`].
pub trait IntoValue {
    /// The stored form.
    fn into_value(self) -> Value;
}

impl<T: StateValue> IntoValue for T {
    fn into_value(self) -> Value {
        Value::new(self)
    }
}

impl IntoValue for Value {
    fn into_value(self) -> Value {
        self
    }
}

/// Whether two contents of a key are the same, absence included.
pub(crate) fn same_content(a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => a.same(b),
        _ => false,
    }
}

/// Whether two contents of a key are one value in memory, absence included.
pub(crate) fn is_content(a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => a.is(b),
        _ => false,
    }
}
