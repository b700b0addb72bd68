//! One transaction: everything is asked at once, and what came of it is told when it is over.

use super::{ITEMS, fault};
use crate::edge::{
    Fault,
    browser::{exception, indexed_db::Work},
};
use idb::{Database, KeyRange, ObjectStore, Query, Request, Transaction, TransactionMode, request};
use js_sys::{Array, JsString};
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::{JsCast, JsValue};

/// The requests of a transaction.
enum Asked {
    All(request::GetAllKeysStoreRequest, request::GetAllStoreRequest),
    Each(Vec<request::GetStoreRequest>),
    Written,
}

/// Begins the transaction.
///
/// # Errors
///
/// Gives the work back if the database takes no transaction, being closed.
pub(super) fn run(database: &Database, work: Work) -> Result<(), (Work, idb::Error)> {
    let mode = match work {
        Work::Write { .. } => TransactionMode::ReadWrite,
        _ => TransactionMode::ReadOnly,
    };
    let mut transaction = match database.transaction(&[ITEMS], mode) {
        Ok(transaction) => transaction,
        Err(error) => return Err((work, error)),
    };
    let asked = transaction
        .object_store(ITEMS)
        .and_then(|items| ask(&items, &work));
    let asked = match asked {
        Ok(asked) => asked,
        Err(error) => {
            // What it was asked so far is not to happen.
            let _ = transaction.abort();
            work.fail(fault(error));
            return Ok(());
        }
    };
    // The handlers hold what they belong to, until one of them is called: one always is.
    let going = Rc::new(RefCell::new(None));
    let over = Rc::clone(&going);
    transaction.on_complete(move |_| {
        if let Some((_, work, asked)) = take(&over) {
            tell(work, &asked);
        }
    });
    let over = Rc::clone(&going);
    transaction.on_abort(move |_| {
        if let Some((transaction, work, _)) = take(&over) {
            work.fail(match transaction.error() {
                Some(exception) => exception::fault(&exception),
                None => Fault::Failed("the transaction was aborted".to_owned()),
            });
        }
    });
    *going.borrow_mut() = Some((transaction, work, asked));
    Ok(())
}

type Going = RefCell<Option<(Transaction, Work, Asked)>>;

fn take(going: &Going) -> Option<(Transaction, Work, Asked)> {
    going.borrow_mut().take()
}

fn ask(items: &ObjectStore, work: &Work) -> Result<Asked, idb::Error> {
    match work {
        Work::Load { prefix, .. } => {
            let range = range(prefix)?;
            let names = items.get_all_keys(Some(range.clone()), None)?;
            Ok(Asked::All(names, items.get_all(Some(range), None)?))
        }
        Work::Read { names, .. } => names
            .iter()
            .map(|name| items.get(JsValue::from_str(name)))
            .collect::<Result<_, _>>()
            .map(Asked::Each),
        Work::Write { items: written, .. } => {
            for (name, text) in written {
                let name = JsValue::from_str(name);
                match text {
                    Some(text) => drop(items.put(&JsValue::from_str(text), Some(&name))?),
                    None => drop(items.delete(name)?),
                }
            }
            // Said now, so that it is carried out even if the page is gone by the time the requests are
            // done. Where there is no such method it happens by itself, then.
            let _ = items.transaction().commit();
            Ok(Asked::Written)
        }
    }
}

/// All names that begin with `prefix`, and perhaps more. Names are ordered by UTF-16 code units
/// (Indexed Database API 3.0, section 2.4), so those with the prefix `app:` end where `app;` begins.
fn range(prefix: &str) -> Result<Query, idb::Error> {
    let lower = JsValue::from_str(prefix);
    let mut upper = prefix.to_owned();
    let range = match upper.pop() {
        Some(last) if last.is_ascii() => {
            upper.push(char::from(last as u8 + 1));
            KeyRange::bound(&lower, &JsValue::from_str(&upper), None, Some(true))?
        }
        _ => KeyRange::lower_bound(&lower, None)?,
    };
    Ok(range.into())
}

fn tell(work: Work, asked: &Asked) {
    match (work, asked) {
        (Work::Load { prefix, then }, Asked::All(names, texts)) => {
            then(items(&prefix, names, texts).map_err(fault));
        }
        (Work::Read { then, .. }, Asked::Each(texts)) => {
            let texts = texts.iter().map(|text| Ok(text.result()?.as_string()));
            then(texts.collect::<Result<_, _>>().map_err(fault));
        }
        (Work::Write { items, then }, _) => then(vec![Ok(()); items.len()]),
        (work, _) => work.fail(fault(idb::Error::DomExceptionNotFound)),
    }
}

fn items(
    prefix: &str,
    names: &request::GetAllKeysStoreRequest,
    texts: &request::GetAllStoreRequest,
) -> Result<Vec<(String, String)>, idb::Error> {
    let (names, texts) = (names.result()?, texts.result()?);
    let names: &Array = names.unchecked_ref();
    let texts: &Array = texts.unchecked_ref();
    let item = |(name, text): (JsValue, JsValue)| {
        // What is no text, or has no name in Unicode, is none of ours.
        let name = name.dyn_ref::<JsString>()?;
        (name.starts_with(prefix, 0) && name.is_valid_utf16())
            .then(|| Some((String::from(name), text.as_string()?)))?
    };
    Ok(names.iter().zip(texts.iter()).filter_map(item).collect())
}
