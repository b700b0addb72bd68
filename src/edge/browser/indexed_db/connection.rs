//! The connection to a database: opened when needed, lost at any time, and opened again.

mod transaction;

use super::Work;
use crate::edge::{
    Fault,
    browser::{exception, timer::Timer},
};
use idb::{Database, DatabaseEvent, Event, Factory, ObjectStoreParams, Request, request};
use send_wrapper::SendWrapper;
use std::{
    cell::RefCell,
    fmt, mem,
    rc::{Rc, Weak},
};

/// The version of the database, of which there is one.
const VERSION: u32 = 1;

/// The one object store: texts by name.
const ITEMS: &str = "items";

/// How long, in ms, work waits for the database to open. It takes forever while another page holds a
/// connection that is in the way of a deletion or an upgrade, and does not make way.
const PATIENCE: u64 = 10_000;

/// Handlers of events cannot leave the thread that made them; no more can this.
pub(super) struct Connection(SendWrapper<Rc<Shared>>);

struct Shared {
    database: String,
    state: RefCell<State>,
}

enum State {
    Closed,
    Opening {
        waiting: Vec<Work>,
        /// Holds the handlers.
        _request: Option<request::OpenDatabaseRequest>,
        patience: Option<Timer>,
    },
    Open(Rc<Database>),
}

impl Connection {
    pub(super) fn new(database: String) -> Self {
        Self(SendWrapper::new(Rc::new(Shared {
            database,
            state: RefCell::new(State::Closed),
        })))
    }

    pub(super) fn run(&self, work: Work) {
        self.0.run(work, true);
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("database", &self.0.database)
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// Does the work in a transaction, as soon as there is a connection. `again`: whether a connection
    /// that turns out to be closed is opened anew.
    fn run(self: &Rc<Self>, work: Work, again: bool) {
        let mut state = self.state.borrow_mut();
        match &mut *state {
            State::Open(database) => {
                let database = Rc::clone(database);
                drop(state);
                if let Err((work, error)) = transaction::run(&database, work) {
                    // Most of all it is closing: the event that says so may not have come yet.
                    self.settle(State::Closed);
                    if again {
                        self.run(work, false);
                    } else {
                        work.fail(fault(error));
                    }
                }
            }
            State::Opening {
                waiting, patience, ..
            } => {
                waiting.push(work);
                patience.get_or_insert_with(|| self.patience());
            }
            State::Closed => {
                *state = State::Opening {
                    waiting: vec![work],
                    _request: None,
                    patience: Some(self.patience()),
                };
                drop(state);
                self.open();
            }
        }
    }

    fn open(self: &Rc<Self>) {
        let request = Factory::new().and_then(|factory| {
            let mut request = factory.open(&self.database, Some(VERSION))?;
            request.on_upgrade_needed(|event| {
                // Where that fails no transaction opens, and each says so.
                let _ = event.database().and_then(|database| {
                    database.create_object_store(ITEMS, ObjectStoreParams::new())
                });
            });
            // Whoever waits is told, even if nobody else holds this by then.
            let shared = Rc::clone(self);
            request.on_success(move |event| match event.database() {
                Ok(database) => shared.opened(database),
                Err(error) => shared.failed(fault(error)),
            });
            let shared = Rc::clone(self);
            request.on_error(move |event| {
                let error = event.target().and_then(|request| request.error());
                shared.failed(match error {
                    Ok(Some(exception)) => exception::fault(&exception),
                    Ok(None) => Fault::Failed("the database does not open".to_owned()),
                    Err(error) => fault(error),
                });
            });
            Ok(request)
        });
        match request {
            Ok(request) => {
                if let State::Opening { _request, .. } = &mut *self.state.borrow_mut() {
                    *_request = Some(request);
                }
            }
            Err(error) => self.failed(fault(error)),
        }
    }

    fn opened(self: &Rc<Self>, mut database: Database) {
        // Another page wants to delete or upgrade the database, and waits for us to let go.
        let shared = Rc::downgrade(self);
        database.on_version_change(move |_| lose(&shared));
        // The browser has closed it: the disk failed, or the person cleared the site's data.
        let shared = Rc::downgrade(self);
        database.on_close(move |_| lose(&shared));
        for work in self.settle(State::Open(Rc::new(database))) {
            // One that is new and takes no transaction never will.
            self.run(work, false);
        }
    }

    fn failed(&self, fault: Fault) {
        for work in self.settle(State::Closed) {
            work.fail(fault.clone());
        }
    }

    /// Goes over to another state, and gives whoever waited.
    fn settle(&self, state: State) -> Vec<Work> {
        let before = mem::replace(&mut *self.state.borrow_mut(), state);
        match before {
            State::Opening { waiting, .. } => waiting,
            State::Open(database) => {
                // Transactions that run are completed first.
                database.close();
                Vec::new()
            }
            State::Closed => Vec::new(),
        }
    }

    /// Fails whoever waits, when they have waited long enough. The request stays: when it is answered,
    /// there is a connection for those who come later.
    fn patience(self: &Rc<Self>) -> Timer {
        let shared = Rc::downgrade(self);
        Timer::after(PATIENCE, move || {
            let Some(shared) = shared.upgrade() else {
                return;
            };
            let mut late = Vec::new();
            if let State::Opening {
                waiting, patience, ..
            } = &mut *shared.state.borrow_mut()
            {
                late = mem::take(waiting);
                *patience = None;
            }
            for work in late {
                work.fail(Fault::Failed(
                    "the database does not open: another page may be in the way".to_owned(),
                ));
            }
        })
    }
}

fn lose(shared: &Weak<Shared>) {
    if let Some(shared) = shared.upgrade() {
        shared.settle(State::Closed);
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.settle(State::Closed);
    }
}

/// What an error of `idb` stands for.
fn fault(error: idb::Error) -> Fault {
    use idb::Error as E;

    match error {
        E::IndexedDbNotFound(_) => Fault::Unavailable("this page has no database".to_owned()),
        E::IndexedDbOpenFailed(thrown)
        | E::TransactionOpenFailed(thrown)
        | E::ObjectStoreNotFound(thrown)
        | E::KeyRangeCreateFailed(thrown)
        | E::GetFailed(thrown)
        | E::GetAllKeysFailed(thrown)
        | E::UpdateFailed(thrown)
        | E::DeleteFailed(thrown)
        | E::RequestResultNotFound(thrown) => exception::fault(&thrown),
        E::DomException(exception) => exception::fault(&exception),
        _ => Fault::Failed("the database answers in a way it should not".to_owned()),
    }
}
