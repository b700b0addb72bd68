//! The one suite that every engine passes: a case for each sentence of the design's points 1 to 17
//! and 24. The number of the point stands in the case's documentation.
//!
//! `conformance! { fn a_promise(engine) { … } }` makes the test `a_promise::map`,
//! `a_promise::signal`, and one for whatever engine comes next.

/// Runs cases on every engine.
macro_rules! conformance {
    ($($(#[$doc:meta])* fn $name:ident($engine:ident) $body:block)+) => {$(
        $(#[$doc])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            fn case($engine: universal_state::EngineKind) $body

            #[test]
            fn map() {
                case(universal_state::EngineKind::Map);
            }

            #[test]
            fn signal() {
                case(universal_state::EngineKind::Signal);
            }

            #[cfg(feature = "js")]
            #[test]
            fn map_as_guest_of_signal() {
                $crate::support::guests::of(universal_state::EngineKind::Signal);
                case(universal_state::EngineKind::Map);
            }

            #[cfg(feature = "js")]
            #[test]
            fn signal_as_guest_of_map() {
                $crate::support::guests::of(universal_state::EngineKind::Map);
                case(universal_state::EngineKind::Signal);
            }
        }
    )+};
}

#[path = "conformance/effects.rs"]
mod effects;
mod log;
#[path = "conformance/support.rs"]
mod support;

#[path = "conformance/access.rs"]
mod access;
#[path = "conformance/bad_input.rs"]
mod bad_input;
#[path = "conformance/batch.rs"]
mod batch;
#[cfg(feature = "collections")]
#[path = "conformance/collections.rs"]
mod collections;
#[path = "conformance/computed.rs"]
mod computed;
#[path = "conformance/computed_keys.rs"]
mod computed_keys;
#[path = "conformance/computed_keys_life.rs"]
mod computed_keys_life;
#[path = "conformance/computed_keys_refused.rs"]
mod computed_keys_refused;
#[path = "conformance/computed_keys_told.rs"]
mod computed_keys_told;
#[path = "conformance/computed_listening.rs"]
mod computed_listening;
#[path = "conformance/corners.rs"]
mod corners;
#[path = "conformance/disposal.rs"]
mod disposal;
#[path = "conformance/doors.rs"]
mod doors;
#[path = "conformance/engines.rs"]
mod engines;
#[path = "conformance/labels.rs"]
mod labels;
#[path = "conformance/leaving.rs"]
mod leaving;
#[path = "conformance/lifecycle.rs"]
mod lifecycle;
#[path = "conformance/listening.rs"]
mod listening;
#[path = "conformance/loading.rs"]
mod loading;
#[path = "conformance/loading_in_batches.rs"]
mod loading_in_batches;
#[path = "conformance/many_listeners.rs"]
mod many_listeners;
#[path = "conformance/memos.rs"]
mod memos;
#[path = "conformance/mfe.rs"]
mod mfe;
#[path = "conformance/middleware.rs"]
mod middleware;
#[path = "conformance/patterns.rs"]
mod patterns;
#[path = "conformance/reading_writing.rs"]
mod reading_writing;
#[path = "conformance/reentrancy.rs"]
mod reentrancy;
#[path = "conformance/registry.rs"]
mod registry;
#[path = "conformance/scope.rs"]
mod scope;
#[path = "conformance/signals.rs"]
mod signals;
#[path = "conformance/snapshot.rs"]
mod snapshot;
#[path = "conformance/storms.rs"]
mod storms;
#[path = "conformance/subscribing.rs"]
mod subscribing;
#[path = "conformance/supplied.rs"]
mod supplied;

/// An engine that is added without its cases would go untested.
#[test]
fn the_suite_knows_every_engine() {
    use universal_state::EngineKind;
    assert_eq!(EngineKind::ALL, [EngineKind::Map, EngineKind::Signal]);
}
