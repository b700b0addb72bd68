//! [`Refusal`]: why something that came in was not taken, and how often that was.

use std::{fmt, ops::Index};

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident => $text:literal,)*) => {
        /// Why something that came in was not taken.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Refusal {
            $($(#[$doc])* $name,)*
        }

        impl Refusal {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

refusals! {
    /// It is not what the protocol asks for.
    Malformed => "malformed",
    /// It is larger, or there is more of it, than is taken in.
    TooLarge => "too large",
    /// It speaks an older version of the protocol.
    Older => "older version",
    /// It speaks a newer version of the protocol.
    Newer => "newer version",
    /// It names a key that cannot be one.
    Key => "no key",
    /// It was written more than five minutes after now.
    Ahead => "written in the future",
    /// It is of a key that is not to come this way.
    Label => "label",
    /// A middleware refused it.
    Vetoed => "vetoed",
    /// It is of a key that is computed here.
    ReadOnly => "computed here",
    /// The store did not take it.
    Store => "not taken by the store",
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// How much was refused, by reason.
///
/// ```
/// use universal_state::edge::{Refusal, Refused};
///
/// let refused = Refused::default();
/// assert_eq!((refused[Refusal::Vetoed], refused.total()), (0, 0));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refused([u64; Refusal::ALL.len()]);

impl Refused {
    /// The reasons for which something was refused, and how often.
    pub fn iter(&self) -> impl Iterator<Item = (Refusal, u64)> {
        let all = Refusal::ALL.iter().copied().zip(self.0);
        all.filter(|(_, count)| *count > 0)
    }

    /// How much was refused, for whatever reason.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    pub(super) fn count(&mut self, reason: Refusal) {
        if let Some(count) = self.0.get_mut(reason as usize) {
            *count += 1;
        }
    }
}

impl Index<Refusal> for Refused {
    type Output = u64;

    fn index(&self, reason: Refusal) -> &u64 {
        self.0.get(reason as usize).unwrap_or(&0)
    }
}
