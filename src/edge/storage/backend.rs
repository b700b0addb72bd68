//! [`Backend`]: where a storage port keeps its items.

/// Why a backend or a transport did not do what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It cannot be used at all: denied, missing or gone.
    #[error("it is not available: {0}")]
    Unavailable(String),
    /// There is no room for the item.
    #[error("there is no room left")]
    Quota,
    /// It failed in another way.
    #[error("it failed: {0}")]
    Failed(String),
}

/// The items under a prefix, as pairs of name and text.
pub type Loaded = Result<Vec<(String, String)>, Fault>;

/// Some items, `None` for those that are not there.
pub type Items = Result<Vec<Option<String>>, Fault>;

/// What a backend calls with its answer: once, at once or later.
pub type Then<T> = Box<dyn FnOnce(T) + Send>;

/// Where a storage port keeps its items: text by name. What an adapter for another kind of storage
/// has to bring.
///
/// No method panics or blocks for long. Answers may come at once, inside of the call, or later.
///
/// A backend that is chosen when the page runs is a box of one:
///
/// ```
/// use universal_state::edge::{Backend, Memory, Storage, browser::LocalStorage};
///
/// fn storage(is_kiosk: bool) -> Storage {
///     let backend: Box<dyn Backend> = match is_kiosk {
///         true => Box::new(Memory::new()),
///         false => Box::new(LocalStorage),
///     };
///     Storage::new(backend)
/// }
/// # assert!(format!("{:?}", storage(true)).contains("memory"));
/// ```
pub trait Backend: Send + Sync + 'static {
    /// What status and errors call it, such as `"localStorage"`.
    fn name(&self) -> &str;

    /// Every item whose name begins with `prefix`.
    fn load(&self, prefix: &str, then: Then<Loaded>);

    /// The items with these names, in their order.
    fn read(&self, names: Vec<String>, then: Then<Items>);

    /// Puts (`Some`) and removes (`None`) items, in one transaction where there is such a thing. The
    /// answer has one result an item, in their order.
    fn write(&self, items: Vec<(String, Option<String>)>, then: Then<Vec<Result<(), Fault>>>);
}

impl<B: Backend + ?Sized> Backend for Box<B> {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn load(&self, prefix: &str, then: Then<Loaded>) {
        (**self).load(prefix, then);
    }

    fn read(&self, names: Vec<String>, then: Then<Items>) {
        (**self).read(names, then);
    }

    fn write(&self, items: Vec<(String, Option<String>)>, then: Then<Vec<Result<(), Fault>>>) {
        (**self).write(items, then);
    }
}
