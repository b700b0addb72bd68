//! Values that arrive later: who may deliver them, what shows meanwhile, and what is left when whoever
//! asked has gone.

use super::{Count, NAME, Page, name, reports, stores};
use leptos::{prelude::*, task::tick};
use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};
use universal_state::{
    Access, Delivery, Key, LoadPhase, LoadStatus, MfeInfo, Pattern, SharedAccess, StateError,
    Store, SubscribeOptions, Transaction, Veto,
    hooks::{
        GlobalAction, GlobalResource, GlobalStateProvider, LoadSignals, Mfe,
        UseGlobalResourceOptions, use_global_action, use_global_resource,
        use_global_resource_with_options, use_landing, use_load_status, use_store,
    },
};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{
    js_sys::{Function, Promise, Reflect},
    wasm_bindgen::{JsCast, JsValue},
};

/// A server whose answers the test gives, in whatever order.
#[derive(Clone, Default)]
struct Server(Arc<Mutex<BTreeMap<u32, Asked>>>);

#[derive(Default)]
struct Asked {
    times: usize,
    answers: Vec<Result<String, String>>,
    waker: Option<Waker>,
    dropped: usize,
}

impl Server {
    fn fetch(&self, id: u32) -> Fetch {
        self.0.lock().unwrap().entry(id).or_default().times += 1;
        Fetch {
            server: self.clone(),
            id,
            is_answered: false,
        }
    }

    async fn answer(&self, id: u32, answer: Result<&str, &str>) {
        let waker = {
            let mut asked = self.0.lock().unwrap();
            let asked = asked.get_mut(&id).expect("it was asked for");
            asked.answers.push(answer.map(name).map_err(name));
            asked.waker.take()
        };
        waker.expect("somebody waits").wake();
        settle().await;
    }

    /// How often an answer was asked for.
    fn times(&self, id: u32) -> usize {
        self.0
            .lock()
            .unwrap()
            .get(&id)
            .map_or(0, |asked| asked.times)
    }

    /// How many futures were given up before their answer was there.
    fn dropped(&self, id: u32) -> usize {
        self.0
            .lock()
            .unwrap()
            .get(&id)
            .map_or(0, |asked| asked.dropped)
    }
}

struct Fetch {
    server: Server,
    id: u32,
    is_answered: bool,
}

impl Future for Fetch {
    type Output = Result<String, String>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = {
            let mut asked = self.server.0.lock().unwrap();
            let asked = asked.get_mut(&self.id).expect("it was asked for");
            let answer = asked.answers.pop();
            if answer.is_none() {
                asked.waker = Some(cx.waker().clone());
            }
            answer
        };
        self.is_answered |= answer.is_some();
        answer.map_or(Poll::Pending, Poll::Ready)
    }
}

impl Drop for Fetch {
    fn drop(&mut self) {
        if !self.is_answered {
            let mut asked = self.server.0.lock().unwrap();
            asked.get_mut(&self.id).expect("it was asked for").dropped += 1;
        }
    }
}

/// Lets effects, futures and what follows from them run.
async fn settle() {
    for _ in 0..4 {
        tick().await;
    }
}

/// Something that a component hands out of itself.
struct Out<T>(Arc<Mutex<Option<T>>>);

impl<T> Clone for Out<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Copy> Out<T> {
    fn new() -> Self {
        Self(Arc::default())
    }

    fn put(&self, value: T) {
        *self.0.lock().unwrap() = Some(value);
    }

    fn get(&self) -> T {
        self.0.lock().unwrap().expect("the component ran")
    }
}

/// What the signals show.
fn shown(signals: &LoadSignals<String>) -> (Option<String>, bool, Option<String>) {
    (
        signals.value.get_untracked(),
        signals.pending.get_untracked(),
        signals.error.get_untracked(),
    )
}

fn value(text: &str) -> Option<String> {
    Some(name(text))
}

fn info(id: &str) -> MfeInfo {
    MfeInfo::new(id, "leptos", "1")
}

/// A page with one micro-frontend, which loads the name from the server, by the number in `id`.
fn mount(store: &Store, id: RwSignal<u32>, server: &Server) -> (Page, Out<GlobalResource<String>>) {
    let (given, server, out) = (store.clone(), server.clone(), Out::new());
    let made = out.clone();
    let page = Page::mount(move || {
        view! {
            <GlobalStateProvider store=given>
                <Mfe info=info("profile")>
                    {move || {
                        let server = server.clone();
                        let fetch = move |id| server.fetch(id);
                        let resource = use_global_resource(NAME, move || id.get(), fetch);
                        made.put(resource);
                        view! { <p>{resource.value}</p> <i>{resource.error}</i> }
                    }}
                </Mfe>
            </GlobalStateProvider>
        }
    });
    (page, out)
}

/// Ms.
async fn sleep(ms: i32) {
    let promise = Promise::new(&mut |resolve, _| {
        gloo_utils::window()
            .set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, ms)
            .expect("a page has timeouts");
    });
    JsFuture::from(promise).await.expect("nobody rejects it");
}

/// The text at an address, by the browser's `fetch`.
async fn fetch_text(url: String) -> Result<String, String> {
    let text = |error: JsValue| format!("{error:?}");
    let call = |target: &JsValue, method: &str, argument: &JsValue| {
        let method: Function = Reflect::get(target, &method.into())?.unchecked_into();
        let promise: Promise = method.call1(target, argument)?.unchecked_into();
        Ok::<_, JsValue>(JsFuture::from(promise))
    };
    let window: JsValue = gloo_utils::window().into();
    let response = call(&window, "fetch", &url.into()).map_err(text)?.await;
    let body = call(&response.map_err(text)?, "text", &JsValue::UNDEFINED).map_err(text)?;
    let body = body.await.map_err(text)?;
    body.as_string().ok_or_else(|| name("no text"))
}

#[wasm_bindgen_test]
async fn a_change_of_the_source_fetches_anew_and_only_the_last_answer_counts() {
    for store in stores() {
        let (id, server) = (RwSignal::new(1), Server::default());
        let phases = Arc::<Mutex<Vec<LoadPhase>>>::default();
        let sink = Arc::clone(&phases);
        let sync = SubscribeOptions::new().delivery(Delivery::Sync);
        let note = move |status: &LoadStatus| sink.lock().unwrap().push(status.phase());
        let _subscription = store.subscribe_load_status("name", sync, note).unwrap();
        let (page, resource) = mount(&store, id, &server);
        settle().await;
        assert_eq!(shown(&resource.get()), (None, true, None));
        server.answer(1, Ok("Ada")).await;
        assert_eq!(shown(&resource.get()), (value("Ada"), false, None));
        assert!(page.text().contains("Ada"));

        id.set(2);
        settle().await;
        id.set(3);
        settle().await;
        assert_eq!(
            shown(&resource.get()),
            (value("Ada"), true, None),
            "the old one stays"
        );
        assert_eq!((server.dropped(2), server.dropped(3)), (1, 0), "given up");
        server.answer(3, Ok("Grace")).await;
        assert_eq!(shown(&resource.get()), (value("Grace"), false, None));

        id.set(3);
        settle().await;
        assert_eq!(server.times(3), 1, "the source gives the same");
        assert_eq!(store.metadata().version, 2);
        use LoadPhase::{Pending, Ready};
        let phases = phases.lock().unwrap();
        assert_eq!(
            *phases,
            [Pending, Ready, Pending, Pending, Ready],
            "pending without a gap"
        );
    }
}

#[wasm_bindgen_test]
async fn what_is_written_by_others_is_shown_and_fetches_nothing() {
    for store in stores() {
        let (id, server) = (RwSignal::new(1), Server::default());
        let (page, resource) = mount(&store, id, &server);
        settle().await;
        server.answer(1, Ok("Ada")).await;
        store.set(NAME, name("Grace")).unwrap();
        store.grant("nobody", Access::Read, Pattern::glob("*").unwrap());
        settle().await;
        assert!(page.text().contains("Grace"));
        assert_eq!(
            (server.times(1), resource.get().pending.get_untracked()),
            (1, false)
        );
    }
}

#[wasm_bindgen_test]
async fn answers_of_the_browser_come_out_of_order_and_the_last_request_wins() {
    for store in stores() {
        let (given, out) = (store.clone(), Out::new());
        let made = out.clone();
        let done = Count::default();
        let counted = done.clone();
        let _page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    {move || {
                        let counted = counted.clone();
                        made.put(use_global_action(NAME, move |(text, ms): (&'static str, i32)| {
                            let counted = counted.clone();
                            async move {
                                sleep(ms).await;
                                let text = fetch_text(format!("data:text/plain,{text}")).await;
                                counted.up();
                                text
                            }
                        }));
                    }}
                </GlobalStateProvider>
            }
        });
        let search: GlobalAction<(&'static str, i32), String> = out.get();
        search.dispatch(("slow", 60));
        search.dispatch(("fast", 1));
        assert_eq!(shown(&search), (None, true, None), "pending at once");
        while done.get() < 2 {
            sleep(5).await;
        }
        settle().await;
        assert_eq!(
            shown(&search),
            (value("fast"), false, None),
            "both ran to their end"
        );

        search.dispatch(("later", 1));
        while search.pending.get_untracked() {
            sleep(5).await;
        }
        assert_eq!(store.get(NAME), value("later"));
        assert_eq!(store.metadata().version, 2);
    }
}

#[wasm_bindgen_test]
async fn an_error_shows_until_a_retry_succeeds_and_the_old_value_stays() {
    for store in stores() {
        store.set(NAME, name("Ada")).unwrap();
        let reported = reports(&store);
        let (id, server) = (RwSignal::new(1), Server::default());
        let (page, resource) = mount(&store, id, &server);
        settle().await;
        server.answer(1, Err("offline")).await;
        assert_eq!(
            shown(&resource.get()),
            (value("Ada"), false, value("offline"))
        );
        assert!(page.text().contains("Ada") && page.text().contains("offline"));
        assert!(reported.take().is_empty());

        resource.get().refetch();
        resource.get().refetch();
        settle().await;
        assert_eq!(server.times(1), 2, "once a turn");
        assert_eq!(
            shown(&resource.get()),
            (value("Ada"), true, value("offline"))
        );
        server.answer(1, Ok("Grace")).await;
        assert_eq!(shown(&resource.get()), (value("Grace"), false, None));
        assert!(!page.text().contains("offline"));
    }
}

#[wasm_bindgen_test]
async fn an_answer_passes_middleware_under_the_name_of_its_micro_frontend() {
    struct NoSwearing(Arc<Mutex<Vec<String>>>);
    impl universal_state::Middleware for NoSwearing {
        fn name(&self) -> &str {
            "no-swearing"
        }
        fn before(&self, transaction: &mut Transaction) -> Result<(), Veto> {
            for write in transaction.writes_mut() {
                self.0
                    .lock()
                    .unwrap()
                    .push(format!("{} by {}", write.key(), write.source()));
                let text: String = write.new().unwrap_or_default();
                if text == "damn" {
                    return Err(Veto::new("mind your language"));
                }
                write.replace(text.to_uppercase());
            }
            Ok(())
        }
    }
    for store in stores() {
        let log = Arc::<Mutex<Vec<String>>>::default();
        store.add_middleware(NoSwearing(Arc::clone(&log)));
        let reported = reports(&store);
        let (given, server, out) = (store.clone(), Server::default(), Out::new());
        let (made, asked) = (out.clone(), server.clone());
        let _page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    <Mfe info=info("profile")>
                        {move || {
                            let asked = asked.clone();
                            made.put(use_global_resource(NAME, || 1, move |id| asked.fetch(id)));
                        }}
                    </Mfe>
                </GlobalStateProvider>
            }
        });
        settle().await;
        server.answer(1, Ok("Ada")).await;
        assert_eq!(store.get(NAME), value("ADA"));
        assert_eq!(*log.lock().unwrap(), ["name by profile"]);
        assert_eq!(store.load_status("name").source(), Some("profile"));

        let resource: GlobalResource<String> = out.get();
        resource.refetch();
        settle().await;
        server.answer(1, Ok("damn")).await;
        let (stored, pending, error) = shown(&resource);
        assert_eq!((stored, pending), (value("ADA"), false));
        assert!(error.is_some_and(|error| error.contains("mind your language")));
        assert!(matches!(
            reported.take().pop(),
            Some(StateError::Vetoed { .. })
        ));
    }
}

#[wasm_bindgen_test]
async fn an_unmount_in_mid_flight_ends_the_request_and_drops_the_answer() {
    for store in stores() {
        let (given, server) = (store.clone(), Server::default());
        let (asked, saved) = (server.clone(), Count::default());
        let counted = saved.clone();
        let (is_there, set_there) = signal(true);
        let (resource, action) = (Out::new(), Out::new());
        let (made_resource, made_action) = (resource.clone(), action.clone());
        let page = Page::mount(move || {
            let mfe = move || {
                let (asked, counted) = (asked.clone(), counted.clone());
                let (made_resource, made_action) = (made_resource.clone(), made_action.clone());
                view! {
                    <Mfe info=info("profile")>
                        {move || {
                            // Read after the answer, it would end the wasm of an unmounted page.
                            let (own, _) = signal(name("!"));
                            let (fetched, saved) = (asked.clone(), asked.clone());
                            let counted = counted.clone();
                            let resource = use_global_resource(NAME, || 1, move |id| {
                                let answer = fetched.fetch(id);
                                async move { answer.await.map(|text| text + &own.get_untracked()) }
                            });
                            let action = use_global_action("saved", move |id: u32| {
                                let (answer, counted) = (saved.fetch(id), counted.clone());
                                async move {
                                    let answer = answer.await;
                                    counted.up();
                                    answer
                                }
                            });
                            made_resource.put(resource);
                            made_action.put(action);
                            // Follow what ends with the component.
                            let status = use_load_status(NAME);
                            view! { <p>{move || format!("{:?}", status.get())}{resource.pending}{action.error}</p> }
                        }}
                    </Mfe>
                }
            };
            view! {
                <GlobalStateProvider store=given>
                    <Show when=move || is_there.get()>{mfe.clone()()}</Show>
                </GlobalStateProvider>
            }
        });
        settle().await;
        let (resource, action): (GlobalResource<String>, GlobalAction<u32, String>) =
            (resource.get(), action.get());
        action.dispatch(2);
        settle().await;
        assert!(store.load_status("name").is_pending() && store.load_status("saved").is_pending());

        set_there.set(false);
        settle().await;
        assert!(page.text().is_empty());
        assert_eq!(store.load_status("name"), LoadStatus::default());
        assert_eq!(store.load_status("saved"), LoadStatus::default());
        assert_eq!(server.dropped(1), 1, "the future of a resource is given up");
        assert_eq!(server.dropped(2), 0, "that of an action runs to its end");
        server.answer(2, Ok("too late")).await;
        assert_eq!((saved.get(), store.is_empty()), (1, true));

        resource.refetch();
        action.dispatch(3);
        assert_eq!(action.try_dispatch(3), Err(StateError::Unmounted));
        settle().await;
        assert_eq!((server.times(1), server.times(3)), (1, 0));
        assert!(store.is_empty() && store.listener_count() == 0);

        set_there.set(true);
        settle().await;
        server.answer(1, Ok("Ada")).await;
        assert_eq!(store.get(NAME), value("Ada!"), "mounted anew, it asks anew");
    }
}

#[wasm_bindgen_test]
async fn a_component_that_is_unmounted_in_mid_flight_is_not_run_again() {
    for store in stores() {
        let (given, server) = (store.clone(), Server::default());
        let asked = server.clone();
        let (is_there, set_there) = signal(true);
        let page = Page::mount(move || {
            let component = StoredValue::new(move || {
                let (fetched, saved) = (asked.clone(), asked.clone());
                let resource = use_global_resource(NAME, || 1, move |id| fetched.fetch(id));
                let action = use_global_action("saved", move |id: u32| saved.fetch(id));
                action.dispatch(2);
                let (name, saved) = (use_load_status(NAME), use_load_status::<String>("saved"));
                Effect::new(move |_| (name.get(), resource.pending.get(), action.status.get()));
                // Depends on the status itself, and ends the wasm if it is run too late.
                let (store, (own, _)) = (use_store(), signal(1));
                view! {
                    <div>
                        {move || {
                            let since = store.load_status("name").since();
                            view! { <b>{move || own.get()}{since.map(|_| ' ')}</b> }
                        }}
                    </div>
                    <p>{move || format!("{:?} {:?}", name.get().phase(), resource.error.get())}</p>
                    <p>{move || format!("{:?} {}", saved.get().phase(), action.pending.get())}</p>
                }
            });
            view! {
                <GlobalStateProvider store=given>
                    <Show when=move || is_there.get()>
                        <Mfe info=info("profile")>{component.with_value(|component| component())}</Mfe>
                    </Show>
                </GlobalStateProvider>
            }
        });
        settle().await;
        assert_eq!(page.text().matches("Pending").count(), 2, "{}", page.text());
        for _ in 0..3 {
            set_there.set(false);
            settle().await;
            assert!(page.text().trim().is_empty());
            assert!(store.load_status("name").is_idle() && store.load_status("saved").is_idle());
            set_there.set(true);
            settle().await;
        }
        drop(page);
        settle().await;
        assert!(store.load_status("name").is_idle() && store.is_empty());
    }
}

#[wasm_bindgen_test]
async fn a_spinner_in_another_micro_frontend_repaints_when_the_status_changes_and_for_nothing_else()
{
    for store in stores() {
        let (given, server, painted) = (store.clone(), Server::default(), Count::default());
        let (asked, counter, out) = (server.clone(), painted.clone(), Out::new());
        let made = out.clone();
        let page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    <Mfe info=info("profile")>
                        {move || {
                            let asked = asked.clone();
                            made.put(use_global_resource(NAME, || 1, move |id| asked.fetch(id)));
                        }}
                    </Mfe>
                    <Mfe info=info("header")>
                        {move || {
                            let (status, counter) = (use_load_status(NAME), counter.clone());
                            view! {
                                <p>{move || {
                                    counter.up();
                                    format!("{:?} for {:?}", status.get().phase(), status.get().source())
                                }}</p>
                            }
                        }}
                    </Mfe>
                </GlobalStateProvider>
            }
        });
        settle().await;
        assert!(
            page.text().contains(r#"Pending for Some("profile")"#),
            "{}",
            page.text()
        );
        let before = painted.get();
        store.set(NAME, name("meanwhile")).unwrap();
        store.set("other", 1).unwrap();
        settle().await;
        assert_eq!(painted.get(), before);
        server.answer(1, Ok("Ada")).await;
        assert!(page.text().contains("Ready"));
        assert_eq!(painted.get(), before + 1);
        let resource: GlobalResource<String> = out.get();
        resource.refetch();
        settle().await;
        server.answer(1, Err("offline")).await;
        assert!(page.text().contains("Failed"));
        assert_eq!(painted.get(), before + 3);
    }
}

#[wasm_bindgen_test]
async fn of_components_that_load_if_missing_the_first_does() {
    for store in stores() {
        let (given, server) = (store.clone(), Server::default());
        let (asked, out) = (server.clone(), Out::new());
        let made = out.clone();
        let page = Page::mount(move || {
            let one = move || {
                let asked = asked.clone();
                let options = UseGlobalResourceOptions::new()
                    .only_if_missing(true)
                    .source("lazy");
                let fetch = move |id| asked.fetch(id);
                let resource = use_global_resource_with_options(NAME, || 1, fetch, options);
                made.put(resource);
                view! { <p>{resource.value}</p> }
            };
            view! {
                <GlobalStateProvider store=given>{one.clone()}{one.clone()}{one}</GlobalStateProvider>
            }
        });
        settle().await;
        assert_eq!(server.times(1), 1);
        assert_eq!(store.load_status("name").source(), Some("lazy"));
        server.answer(1, Ok("Ada")).await;
        assert_eq!(page.text().matches("Ada").count(), 3);
        let resource: GlobalResource<String> = out.get();
        resource.refetch();
        settle().await;
        assert_eq!(server.times(1), 2);
    }
}

#[wasm_bindgen_test]
async fn a_load_that_was_denied_begins_when_it_is_granted() {
    for store in stores() {
        store.set_shared_access(SharedAccess::Granted);
        let reported = reports(&store);
        let (given, server) = (store.clone(), Server::default());
        let (asked, out) = (server.clone(), Out::new());
        let made = out.clone();
        let page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    <Mfe info=info("profile")>
                        {move || {
                            let (fetched, saved) = (asked.clone(), asked.clone());
                            let resource = use_global_resource(NAME, || 1, move |id| fetched.fetch(id));
                            made.put(use_global_action(NAME, move |id| saved.fetch(id)));
                            view! { <p>{resource.value}</p> }
                        }}
                    </Mfe>
                </GlobalStateProvider>
            }
        });
        settle().await;
        assert_eq!(
            server.times(1),
            0,
            "what could not be stored is not asked for"
        );
        let denied = |error: &StateError| matches!(error, StateError::Denied { .. });
        let errors = reported.take();
        assert!(
            !errors.is_empty() && errors.iter().all(denied),
            "{errors:?}"
        );
        let action: GlobalAction<u32, String> = out.get();
        action.dispatch(2);
        assert_eq!((server.times(2), reported.take().len()), (0, 1));

        store.grant("profile", Access::Write, Pattern::glob("name").unwrap());
        settle().await;
        assert_eq!(server.times(1), 1);
        server.answer(1, Ok("Ada")).await;
        assert!(page.text().contains("Ada"));
    }
}

#[wasm_bindgen_test]
async fn another_key_is_loaded_in_its_own_right() {
    for store in stores() {
        let (given, server, id) = (store.clone(), Server::default(), RwSignal::new(1));
        let (asked, saved, out) = (server.clone(), server.clone(), Out::new());
        let made = out.clone();
        let page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    {move || {
                        let (asked, saved) = (asked.clone(), saved.clone());
                        let key = move || Key::dynamic(format!("user:{}", id.get())).unwrap();
                        let user = use_global_resource(key, move || id.get(), move |id| asked.fetch(id));
                        let row = move || Key::dynamic(format!("row:{}", id.get())).unwrap();
                        made.put(use_global_action(row, move |id| saved.fetch(10 + id)));
                        view! { <p>{user.value}</p> }
                    }}
                </GlobalStateProvider>
            }
        });
        settle().await;
        let save: GlobalAction<u32, String> = out.get();
        save.dispatch(1);
        settle().await;
        id.set(2);
        settle().await;
        assert!(
            store.load_status("user:1").is_idle(),
            "nobody waits for it any more"
        );
        assert!(
            store.load_status("row:1").is_pending(),
            "to save a row is to be done"
        );
        save.dispatch(2);
        settle().await;
        server.answer(12, Ok("second")).await;
        server.answer(11, Ok("first")).await;
        server.answer(2, Ok("Grace")).await;
        assert!(page.text().contains("Grace"));
        assert_eq!(store.keys(), ["row:1", "row:2", "user:2"]);
    }
}

#[wasm_bindgen_test]
async fn what_a_resource_and_an_action_of_leptos_bring_lands_under_a_key() {
    for store in stores() {
        let (given, server) = (store.clone(), Server::default());
        let asked = server.clone();
        let (action, landed) = (Out::new(), Out::new());
        let (made_action, made_landed) = (action.clone(), landed.clone());
        let page = Page::mount(move || {
            view! {
                <GlobalStateProvider store=given>
                    {move || {
                        let (fetched, saved) = (asked.clone(), asked.clone());
                        let action = Action::new_local(move |id: &u32| saved.fetch(*id));
                        let pending = action.pending();
                        let name = use_landing(NAME, move || pending.get(), move || action.value().get());
                        let resource = LocalResource::new(move || fetched.fetch(1));
                        let terms = use_landing(
                            "terms",
                            move || resource.get().is_none(),
                            move || resource.get(),
                        );
                        made_action.put(action);
                        made_landed.put(name);
                        view! { <p>{terms.value}</p> }
                    }}
                </GlobalStateProvider>
            }
        });
        settle().await;
        let (action, landed): (Action<u32, Result<String, String>>, LoadSignals<String>) =
            (action.get(), landed.get());
        assert_eq!(shown(&landed), (None, false, None));
        assert!(store.load_status("terms").is_pending());
        server.answer(1, Ok("none")).await;
        assert!(page.text().contains("none") && store.load_status("terms").is_ready());

        action.dispatch_local(2);
        settle().await;
        assert_eq!(shown(&landed), (None, true, None));
        server.answer(2, Err("offline")).await;
        assert_eq!(shown(&landed), (None, false, value("offline")));
        action.dispatch_local(3);
        settle().await;
        // Somebody else asks, and is answered, while the action is under way.
        let other = store.load(NAME).unwrap();
        settle().await;
        assert!(other.finish(name("theirs")).unwrap().is_taken());
        server.answer(3, Ok("ours")).await;
        assert_eq!(store.get(NAME), value("theirs"), "it was superseded");
        action.dispatch_local(4);
        settle().await;
        server.answer(4, Ok("ours")).await;
        assert_eq!(shown(&landed), (value("ours"), false, None));

        action.dispatch_local(5);
        settle().await;
        drop(page);
        settle().await;
        assert_eq!(
            store.load_status("name").phase(),
            LoadPhase::Ready,
            "as it was before"
        );
    }
}
