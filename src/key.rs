//! Keys: validated names, typed ([`Key<T>`]) or plain text.
//!
//! A name is any text of 1 to [`MAX_KEY_BYTES`] bytes. Names that begin with `@` belong to
//! micro-frontends: `@id/key` is `key` in the namespace of `id`.

#[cfg(any(target_family = "wasm", test))]
mod hash;

use crate::error::{KeyFault, StateError, excerpt};
use std::{borrow::Cow, fmt, marker::PhantomData, sync::Arc};

/// The longest key, in bytes of UTF-8, with the namespace of its micro-frontend included.
pub const MAX_KEY_BYTES: usize = 512;

/// The first character of every namespaced key.
pub(crate) const NAMESPACE: char = '@';

/// The hash of key names: fast in a browser, seeded where a stranger may choose the names.
#[cfg(target_family = "wasm")]
pub(crate) type KeyHasher = hash::NameHasher;
/// The hash of key names: fast in a browser, seeded where a stranger may choose the names.
#[cfg(not(target_family = "wasm"))]
pub(crate) type KeyHasher = std::hash::RandomState;

/// A hash of 32 bits for a table that wants one of 64: it takes its places from the low end and tells
/// those of one place apart by the high one.
#[inline]
pub(crate) fn spread(hash: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(hash)
}

/// Whether two names are one. Names are short: a few words, of which the last two may overlap, beat a
/// call that compares bytes.
#[inline]
pub(crate) fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    if let (Some((head_a, _)), Some((head_b, _))) = (a.split_first_chunk(), b.split_first_chunk())
        && let (Some((_, tail_a)), Some((_, tail_b))) = (a.split_last_chunk(), b.split_last_chunk())
    {
        let word = |bytes: &[u8; 8]| u64::from_ne_bytes(*bytes);
        return word(head_a) == word(head_b)
            && word(tail_a) == word(tail_b)
            && (a.len() <= 16 || a[8..] == b[8..]);
    }
    if let (Some((head_a, _)), Some((head_b, _))) = (a.split_first_chunk(), b.split_first_chunk())
        && let (Some((_, tail_a)), Some((_, tail_b))) = (a.split_last_chunk(), b.split_last_chunk())
    {
        let word = |bytes: &[u8; 4]| u32::from_ne_bytes(*bytes);
        return word(head_a) == word(head_b) && word(tail_a) == word(tail_b);
    }
    a.iter().zip(b).all(|(a, b)| a == b)
}

/// Text that is either part of the program or shared by reference count.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Name {
    Static(&'static str),
    Shared(Arc<str>),
}

impl Name {
    /// Becomes the same as another: mostly, both are part of the program.
    #[inline]
    pub(crate) fn assign(&mut self, other: &Self) {
        match (self, other) {
            (Self::Static(text), Self::Static(other)) => *text = other,
            (name, other) => *name = other.clone(),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Static(text) => text,
            Self::Shared(text) => text,
        }
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self::Shared(text.into())
    }
}

/// The name of a key together with the type of its value.
///
/// Teams share typed keys as a contract, usually as `const`s in a small crate of their own. The
/// name is checked when the key is used, so that a `const` stays a `const`.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use universal_state::{Key, Store};
///
/// #[derive(Clone, PartialEq, Serialize, Deserialize)]
/// struct Cart { items: u32 }
///
/// const CART: Key<Cart> = Key::new("cart");
///
/// let store = Store::new();
/// store.set(CART, Cart { items: 2 })?;
/// assert_eq!(store.get(CART).map(|cart| cart.items), Some(2));
/// # Ok::<(), universal_state::StateError>(())
/// ```
pub struct Key<T> {
    name: Name,
    value: PhantomData<fn() -> T>,
}

impl<T> Key<T> {
    /// A key with a name that is part of the program.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name: Name::Static(name),
            value: PhantomData,
        }
    }

    /// A key with a name that is made while the program runs.
    ///
    /// # Errors
    /// [`StateError::Key`] if the name is empty, too long or reserved.
    ///
    /// ```
    /// use universal_state::Key;
    ///
    /// let row: Key<u32> = Key::dynamic(format!("row:{}", 7))?;
    /// assert_eq!(row.name(), "row:7");
    /// assert!(Key::<u32>::dynamic("").is_err());
    /// # Ok::<(), universal_state::StateError>(())
    /// ```
    pub fn dynamic(name: impl Into<String>) -> Result<Self, StateError> {
        let name = name.into();
        check(&name)?;
        Ok(Self::unchecked(name))
    }

    /// A key whose name is checked when it is used.
    pub(crate) fn unchecked(name: String) -> Self {
        Self {
            name: Name::Shared(name.into()),
            value: PhantomData,
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }
}

impl<T> Clone for Key<T> {
    fn clone(&self) -> Self {
        Self {
            name: self.name.clone(),
            value: PhantomData,
        }
    }
}

impl<T> fmt::Debug for Key<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key<{}>({:?})", std::any::type_name::<T>(), self.name())
    }
}

impl<T> PartialEq for Key<T> {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl<T> Eq for Key<T> {}

impl<T> std::hash::Hash for Key<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

mod sealed {
    pub trait Sealed {}
}

/// What names a key of type `T`: a [`Key<T>`] fixes the type, plain text takes the one you ask for.
pub trait AsKey<T>: sealed::Sealed {
    /// The name.
    fn as_name(&self) -> &str;
}

impl<T> sealed::Sealed for Key<T> {}
impl<T> AsKey<T> for Key<T> {
    fn as_name(&self) -> &str {
        self.name()
    }
}

macro_rules! text_keys {
    ($($text:ty),*) => {$(
        impl sealed::Sealed for $text {}
        impl<T> AsKey<T> for $text {
            fn as_name(&self) -> &str {
                self
            }
        }
    )*};
}
text_keys!(str, String, Arc<str>, Cow<'_, str>);

impl<K: sealed::Sealed + ?Sized> sealed::Sealed for &K {}
impl<T, K: AsKey<T> + ?Sized> AsKey<T> for &K {
    fn as_name(&self) -> &str {
        (**self).as_name()
    }
}

/// Whether the text can be a shared key.
pub(crate) fn check(name: &str) -> Result<(), StateError> {
    let fault = if name.is_empty() {
        KeyFault::Empty
    } else if name.len() > MAX_KEY_BYTES {
        KeyFault::TooLong
    } else if name.starts_with(NAMESPACE) {
        KeyFault::Reserved
    } else {
        return Ok(());
    };
    Err(refused(name, fault))
}

/// Whether the text can be a full name: a shared key, or a well-formed `@id/key`.
pub(crate) fn check_full(name: &str) -> Result<(), StateError> {
    if !name.starts_with(NAMESPACE) {
        return check(name);
    }
    if name.len() > MAX_KEY_BYTES {
        return Err(refused(name, KeyFault::TooLong));
    }
    match split(name) {
        Some((id, key)) if !id.is_empty() && !key.is_empty() && is_canonical(id) => Ok(()),
        _ => Err(refused(name, KeyFault::Reserved)),
    }
}

/// Whether an encoded id is what [`namespace`] makes of some id: no other could ever register.
fn is_canonical(encoded: &str) -> bool {
    let is_escape = |(at, byte): (usize, &u8)| {
        *byte != b'%' || matches!(encoded.as_bytes().get(at + 1..at + 3), Some(b"25" | b"2F"))
    };
    encoded.as_bytes().iter().enumerate().all(is_escape)
}

/// The encoded id and the key of a namespaced name.
pub(crate) fn split(name: &str) -> Option<(&str, &str)> {
    let name = name.strip_prefix(NAMESPACE)?;
    let end = name.bytes().position(|byte| byte == b'/')?;
    Some((name.get(..end)?, name.get(end + 1..)?))
}

/// The start of every key of a micro-frontend: `@`, the id with `%` and `/` percent-encoded
/// (RFC 3986, section 2.1), `/`. As no encoded id holds a `/`, no two ids share a start.
pub(crate) fn namespace(id: &str) -> String {
    let mut start = String::with_capacity(id.len() + 2);
    start.push(NAMESPACE);
    escape(&mut start, id, ('/', "%2F"));
    start.push('/');
    start
}

/// Appends a text, with `%` and a character that is to mean something else percent-encoded (RFC 3986,
/// section 2.1).
pub(crate) fn escape(into: &mut String, text: &str, (separator, code): (char, &str)) {
    for c in text.chars() {
        match c {
            '%' => into.push_str("%25"),
            c if c == separator => into.push_str(code),
            c => into.push(c),
        }
    }
}

/// The id whose encoded form stands in a namespaced name.
pub(crate) fn decode_id(encoded: &str) -> String {
    let mut id = String::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some(c) = rest.chars().next() {
        let escaped = [("%2F", '/'), ("%25", '%')];
        let escaped = escaped.iter().find(|(code, _)| rest.starts_with(code));
        let (len, c) = escaped.map_or((c.len_utf8(), c), |(code, c)| (code.len(), *c));
        id.push(c);
        rest = rest.get(len..).unwrap_or_default();
    }
    id
}

fn refused(name: &str, fault: KeyFault) -> StateError {
    StateError::Key {
        key: excerpt(name),
        fault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_ids_share_a_namespace() {
        let ids = [
            "shop",
            "shop:cart",
            "shop/cart",
            "shop%2Fcart",
            "@shop",
            "%",
        ];
        for (i, a) in ids.iter().enumerate() {
            for b in &ids[i + 1..] {
                assert!(!namespace(a).starts_with(&namespace(b)), "{a} and {b}");
                assert!(!namespace(b).starts_with(&namespace(a)), "{a} and {b}");
            }
            let start = namespace(a);
            let (encoded, _) = split(&start).expect("a namespace is a namespaced name");
            assert_eq!(decode_id(encoded), *a);
        }
    }

    #[test]
    fn names_are_one_if_all_their_bytes_are() {
        for len in 0..40 {
            let name = "k".repeat(len);
            assert!(same(&name, &name.clone()), "{len}");
            assert!(!same(&name, &"k".repeat(len + 1)), "{len}");
            for at in 0..len {
                let mut other = name.clone();
                other.replace_range(at..=at, "x");
                assert!(!same(&name, &other), "{len}, {at}");
            }
        }
    }

    #[test]
    fn a_full_name_is_shared_or_well_formed() {
        for good in ["a", "a/b", "shop:cart", "@shop/cart", "@a/b/c", "__proto__"] {
            assert!(check_full(good).is_ok(), "{good}");
        }
        for bad in [
            "", "@", "@/", "@shop", "@shop/", "@/cart", "@a%2fb/x", "@a%zz/x",
        ] {
            assert!(check_full(bad).is_err(), "{bad}");
        }
        assert!(check(&"x".repeat(MAX_KEY_BYTES)).is_ok());
        assert!(check(&"x".repeat(MAX_KEY_BYTES + 1)).is_err());
    }
}
