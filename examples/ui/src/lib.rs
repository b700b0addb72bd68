//! The widgets and the state hooks that the micro-frontends of the workbench share, so that each
//! team writes only what is its own.

mod counter;
mod edits;
mod outage;
mod refusal;
mod segmented;
mod shared;
mod snapshot;
pub mod text;
mod theme;
mod user;

pub use counter::{CounterSteps, Stepper};
pub use edits::{EditCount, Edits, use_edits};
pub use outage::Outage;
pub use refusal::{Refusal, RefusalNote};
pub use segmented::Segmented;
pub use shared::{Shared, use_counter, use_shared, use_theme, use_user};
pub use snapshot::SharedSnapshot;
pub use theme::{ThemeSwitch, preferred_theme};
pub use user::UserFields;
