//! What tabs are connected by. Two in one document stand for two tabs; a frame is another document.

use crate::broken::{Broken, Inbox, global, run};
use universal_state::edge::{
    Fault, Transport,
    browser::{BroadcastTransport, PageTransport, StorageTransport},
};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::js_sys::Function;

/// One of each kind.
fn kinds() -> [Box<dyn Transport>; 2] {
    [
        Box::new(BroadcastTransport::new()),
        Box::new(StorageTransport::new("app")),
    ]
}

/// Opens a channel and gives what it hears.
fn open(transport: &dyn Transport, channel: &str) -> Inbox<String> {
    let heard = Inbox::new();
    let inbox = heard.clone();
    transport
        .open(
            channel,
            Box::new(move |message| inbox.put(message.to_owned())),
        )
        .unwrap();
    heard
}

#[wasm_bindgen_test]
async fn others_hear_each_message_in_order_and_the_sender_none() {
    for ((first, second), third) in kinds().into_iter().zip(kinds()).zip(kinds()) {
        let heard_first = open(&*first, "cart");
        let heard_second = open(&*second, "cart");
        let heard_third = open(&*third, "another");
        let messages: Vec<_> = (0..200)
            .map(|index| format!("{index} é👩‍👩‍👧\0\u{2028}"))
            .collect();
        for message in &messages {
            first.send(message).unwrap();
        }
        assert_eq!(heard_second.take(200).await, messages, "{}", first.name());
        second.send("answer").unwrap();
        assert_eq!(heard_first.take(1).await, ["answer"]);
        assert_eq!(heard_third.len(), 0);
        assert_eq!(heard_second.len(), 0);
    }
}

#[wasm_bindgen_test]
async fn a_message_of_a_megabyte_and_two_alike_arrive() {
    for (first, second) in kinds().into_iter().zip(kinds()) {
        let _heard = open(&*first, "cart");
        let heard = open(&*second, "cart");
        let long = "x".repeat(1_024 * 1_024);
        for message in [&*long, "twice", "twice"] {
            first.send(message).unwrap();
        }
        assert_eq!(heard.take(3).await, [&*long, "twice", "twice"]);
    }
}

#[wasm_bindgen_test]
async fn a_channel_that_is_closed_hears_and_says_nothing_until_it_is_opened_again() {
    for ((first, second), third) in kinds().into_iter().zip(kinds()).zip(kinds()) {
        assert!(matches!(first.send("early"), Err(Fault::Unavailable(_))));
        let heard_first = open(&*first, "cart");
        let _heard_second = open(&*second, "cart");
        let heard_third = open(&*third, "cart");
        first.close();
        first.close();
        assert!(matches!(first.send("late"), Err(Fault::Unavailable(_))));
        second.send("missed").unwrap();
        assert_eq!(heard_third.take(1).await, ["missed"]);
        assert_eq!(heard_first.len(), 0);
        let heard_first = open(&*first, "cart");
        second.send("heard").unwrap();
        assert_eq!(heard_first.take(1).await, ["heard"]);
    }
}

#[wasm_bindgen_test]
async fn a_receiver_may_send_and_close_its_own_channel() {
    for (first, second) in kinds().into_iter().zip(kinds()) {
        let heard = open(&*first, "cart");
        let second: &'static dyn Transport = Box::leak(second);
        let answer = move |_: &str| {
            second.send("last words").unwrap();
            second.close();
        };
        second.open("cart", Box::new(answer)).unwrap();
        first.send("end").unwrap();
        assert_eq!(heard.take(1).await, ["last words"]);
        assert!(second.send("more").is_err());
    }
}

#[wasm_bindgen_test]
async fn what_is_no_text_is_handed_on_as_the_empty_text() {
    let transport = BroadcastTransport::new();
    let heard = open(&transport, "hostile");
    run("(() => {
        const channel = new BroadcastChannel('hostile');
        for (const message of [{ us: 1 }, 5, null, undefined, ['a'], new Blob(), 'text'])
            channel.postMessage(message);
    })()");
    assert_eq!(heard.take(7).await, ["", "", "", "", "", "", "text"]);
}

#[wasm_bindgen_test]
async fn without_broadcast_channel_storage_events_are_used() {
    assert_eq!(PageTransport::new("app").name(), "BroadcastChannel");
    let missing = Broken::property("window", "BroadcastChannel", "{ value: undefined }");
    assert!(!BroadcastTransport::is_supported());
    let opened = BroadcastTransport::new().open("cart", Box::new(|_| ()));
    assert!(matches!(opened, Err(Fault::Unavailable(_))));
    assert_eq!(PageTransport::new("app").name(), "storage events");
    drop(missing);
}

#[wasm_bindgen_test]
async fn another_document_is_told_by_storage_events_and_tells() {
    // The frame's calls of its own storage are those of another document: they fire events in this one.
    let connect: Function = run("(told => {
        const frame = document.createElement('iframe');
        document.body.append(frame);
        const { localStorage } = frame.contentWindow;
        frame.contentWindow.addEventListener('storage', event => {
            if (event.newValue !== null && event.key.endsWith(':frame')) told(`${event.key} ${event.newValue}`);
        });
        window.tell = (name, text) => {
            localStorage.setItem(name, text);
            localStorage.removeItem(name);
        };
        return () => frame.remove();
    })")
    .unchecked_into();
    let told = Inbox::new();
    let inbox = told.clone();
    let callback =
        wasm_bindgen::closure::Closure::<dyn Fn(String)>::new(move |text| inbox.put(text));
    let remove = connect
        .call1(&wasm_bindgen::JsValue::NULL, callback.as_ref())
        .unwrap();

    let transport = StorageTransport::new("app");
    let heard = open(&transport, "frame");
    transport.send("hello").unwrap();
    assert_eq!(told.take(1).await, ["app::channel:frame hello"]);
    for text in ["one", "one", "two"] {
        run(&format!("tell('app::channel:frame', '{text}')"));
    }
    // None of these is a message.
    run(
        "tell('app::channel:other', 'x'); tell('app:cart', 'x'); tell('app::channel:frame', 'three')",
    );
    assert_eq!(heard.take(4).await, ["one", "one", "two", "three"]);
    let left = run("Object.keys(localStorage).filter(name => name.includes('channel')).length");
    assert_eq!(left.as_f64(), Some(0.0), "nothing is left in storage");
    remove
        .unchecked_into::<Function>()
        .call0(&global("window"))
        .unwrap();
}

#[wasm_bindgen_test]
async fn a_message_that_storage_does_not_take_is_a_fault() {
    let denied = Broken::getter(
        "window",
        "localStorage",
        "new DOMException('no', 'SecurityError')",
    );
    let opened = StorageTransport::new("app").open("cart", Box::new(|_| ()));
    assert!(matches!(opened, Err(Fault::Unavailable(_))));
    drop(denied);
    let [transport, other] = [(); 2].map(|()| StorageTransport::new("app"));
    let heard = open(&other, "cart");
    open(&transport, "cart");
    let full = Broken::method(
        "Storage.prototype",
        "setItem",
        "() => { throw new DOMException('full', 'QuotaExceededError'); }",
    );
    assert_eq!(transport.send("hello"), Err(Fault::Quota));
    drop(full);
    assert_eq!(transport.send("again"), Ok(()));
    // Who is in the same document has heard both.
    assert_eq!(heard.take(2).await, ["hello", "again"]);
}
