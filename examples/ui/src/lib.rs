//! The widgets and the state hooks that the micro-frontends of the workbench share, so that each
//! team writes only what is its own.

mod counter;
mod edits;
mod field;
mod outage;
mod refusal;
mod renders;
mod segmented;
mod shared;
mod snapshot;
pub mod text;
mod theme;
mod user;

pub use counter::{CounterSteps, Stepper};
pub use edits::{EditCount, Edits, use_edits};
pub use field::{Field, use_email, use_name};
pub use outage::Outage;
pub use refusal::{Refusal, RefusalNote};
pub use renders::{RenderCount, Renders};
pub use segmented::Segmented;
pub use shared::{Shared, use_counter, use_shared, use_theme};
pub use snapshot::SharedSnapshot;
pub use theme::{ThemeSwitch, preferred_theme};
pub use user::UserFields;
