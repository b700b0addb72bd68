use super::*;
use crate::MfeInfo;

fn host(store: &Store) -> Host {
    let host = Host::new(store, "default");
    let text = r#"{"version": 1, "mfes": [{"id": "a", "framework": "x", "version": "1.0.0", "url": "a.js"}]}"#;
    host.add(Manifest::parse(text).unwrap()).unwrap();
    host
}

#[test]
fn a_host_can_be_shared_among_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Host>();
}

#[test]
fn ids_are_known_once() {
    let host = host(&Store::new());
    let text = r#"{"version": 1, "mfes": [
        {"id": "b", "framework": "x", "version": "1.0.0", "url": "b.js"},
        {"id": "a", "framework": "x", "version": "1.0.0", "url": "a.js"}]}"#;
    let known = HostError::Known { id: "a".into() };
    assert_eq!(host.add(Manifest::parse(text).unwrap()), Err(known));
    assert_eq!(host.entries().len(), 1);
    let unknown = Err(HostError::Unknown { id: "b".into() });
    assert_eq!(host.unmount("b"), unknown);
    assert_eq!(host.retry("b"), unknown);
    assert_eq!(host.status("b"), None);
}

#[test]
fn a_failure_stands_in_the_registry_until_the_micro_frontend_leaves() {
    let store = Store::new();
    let host = host(&store);
    host.0.tell("a", Input::Mount);
    // There is no page here, so it does not load.
    assert!(matches!(
        host.status("a"),
        Some(MfeStatus::Failed { attempts: 1, .. })
    ));
    let [mfe] = &*store.mfes() else {
        panic!("{:?}", store.mfes())
    };
    assert_eq!(mfe.failure.as_deref(), Some("network: there is no page"));
    assert_eq!(host.metrics().failures[&FailureKind::Network], 1);
    host.retry("a").unwrap();
    assert!(matches!(
        host.status("a"),
        Some(MfeStatus::Failed { attempts: 2, .. })
    ));
    assert_eq!(store.mfes().len(), 1);
    host.unmount("a").unwrap();
    assert!(store.mfes().is_empty());
}

#[test]
fn with_its_host_a_micro_frontend_leaves_the_registry() {
    let store = Store::new();
    let host = host(&store);
    host.0.tell("a", Input::Mount);
    let other = store.register_mfe(MfeInfo::new("other", "x", "1")).unwrap();
    drop(host);
    assert_eq!(store.mfes().len(), 1);
    drop(other);
}

#[test]
fn an_error_of_a_script_is_counted_for_the_one_that_it_belongs_to() {
    let store = Store::new();
    let host = Host::new(&store, "default");
    let text = r#"{"version": 1, "mfes": [{"id": "a", "framework": "x", "version": "1.0.0", "url": "https://x.example/a/a.js"}]}"#;
    host.add(Manifest::parse(text).unwrap()).unwrap();
    host.0
        .threw(None, "no".into(), "https://x.example/app.js", "");
    assert_eq!(host.metrics().failed(), 0);
    host.0
        .threw(None, "no".into(), "https://x.example/a/chunk.js", "");
    assert_eq!(host.metrics().failures[&FailureKind::Runtime], 1);
}

#[test]
fn to_replace_what_does_not_run_changes_its_entry() {
    let host = host(&Store::new());
    let newer = r#"{"id": "a", "framework": "x", "version": "2.0.0", "url": "a2.js"}"#;
    let replaced = at_once(host.replace(MfeEntry::parse(newer).unwrap()));
    assert_eq!(replaced, Ok(()));
    assert_eq!(host.entries()[0].version(), "2.0.0");
}

/// Polls what needs no waiting.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("it waits"),
    }
}
