//! Effects, for the cases about signals.

use any_spawner::Executor;
use reactive_graph::{effect::Effect, owner::Owner};

/// The effects of a test. They run in its own thread, and end with it.
pub struct Effects(Owner);

impl Effects {
    pub fn new() -> Self {
        // Of all tests of the process, the first sets the executor.
        let _ = Executor::init_futures_executor();
        let owner = Owner::new();
        owner.set();
        Self(owner)
    }

    /// Starts an effect, which runs for the first time.
    pub fn start(&self, f: impl Fn() + 'static) {
        self.0.with(|| Effect::new(move |_: Option<()>| f()));
        self.settle();
    }

    /// Runs what is due, as the end of a turn would.
    pub fn settle(&self) {
        Executor::poll_local();
    }

    /// Ends all that have been started.
    #[allow(dead_code, reason = "not every test that has effects ends them")]
    pub fn end(&self) {
        self.0.cleanup();
        self.settle();
    }
}
