//! Fields: reading and writing deep inside of the value of a key, with the types and accessors of
//! `reactive_stores`.

mod arc;
mod arena;
mod calls;
mod copy;
mod course;
mod cursor;
mod diff;
mod edit;
mod guard;
mod held;
mod merge;
mod node;
mod place;
#[doc(hidden)]
pub mod probe;
mod root;
mod shared;
mod track;
mod trail;
mod walk;
mod way;

pub use arc::ArcFields;
pub use arena::Fields;
pub use copy::Ahead;
pub use cursor::{Cursor, ToCursor};
pub use diff::Diff;
pub use guard::{FieldReader, FieldWriter};
pub use shared::Shared;
#[doc(hidden)]
pub use trail::Trail;
pub use walk::Walk;
