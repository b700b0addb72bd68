//! Pages whose stores come and go while their edge moves from one to another: what was written stays, and
//! all tabs agree.

use crate::{random::Random, support::*, variable::variable};
use serde_json::{Value as Json, json};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};
use universal_state::{
    Store,
    edge::{
        Backend, Fault, Items, Loaded, Memory, Storage, Then,
        page::{
            guest::Guest,
            link::{Host, Links},
        },
        simulator::{Conditions, Simulator, Tab},
    },
};

const PAGES: usize = 3;
const MOST: usize = 4;
const KEYS: [&str; 3] = ["a", "b", "json"];
const OWN: [&str; PAGES] = ["own:0", "own:1", "own:2"];

/// The store that guests join: none while one goes and nobody has taken its place yet.
type Place = Arc<Mutex<Option<Arc<Links>>>>;

/// The stores of a page. The first is the host, the others its guests in the order in which they came.
pub struct Members {
    place: Place,
    pub all: Vec<Member>,
    /// The edge, and the number of the member that has it.
    edge: Option<(Tab, usize)>,
    /// How many have come.
    count: usize,
}

pub struct Member {
    number: usize,
    pub store: Store,
    guest: Option<Guest>,
}

impl Members {
    pub fn new(number: usize) -> Self {
        let mut members = Self {
            place: Place::default(),
            all: Vec::new(),
            edge: None,
            count: number,
        };
        members.come();
        members
    }

    pub fn come(&mut self) {
        let number = self.count;
        self.count += 1;
        let new = store(PAIRS[number % PAIRS.len()][1]);
        let links = self.place.lock().unwrap().clone();
        let guest = match links {
            None => {
                *self.place.lock().unwrap() = Some(Arc::new(Links::new(&new)));
                None
            }
            Some(links) => {
                let guest = join(&new, &links).unwrap();
                let (own, place, store) = (guest.clone(), Arc::clone(&self.place), new.clone());
                guest.on_close(move || {
                    let links = {
                        let place = &mut *place.lock().unwrap();
                        let Some(links) = place else {
                            *place = Some(Arc::new(Links::new(&store)));
                            return;
                        };
                        Arc::clone(links)
                    };
                    own.rejoin(|receive| Ok(Arc::new(links.link(receive)?) as Arc<dyn Host>))
                        .unwrap();
                });
                Some(guest)
            }
        };
        self.all.push(Member {
            number,
            store: new,
            guest,
        });
    }

    /// A store ends, or goes on by itself; if it is the host, the next one takes its place.
    pub fn go(&mut self, at: usize, ends: bool) {
        let Member { store, guest, .. } = self.all.remove(at);
        let links = (at == 0).then(|| self.place.lock().unwrap().take());
        match (links.flatten(), guest) {
            (Some(links), _) if !ends => links.close(),
            (None, Some(guest)) if !ends => guest.leave(),
            _ => store.dispose(),
        }
    }

    #[track_caller]
    pub fn agree(&self) -> Json {
        let held = |member: &Member| member.store.snapshot().to_json().unwrap();
        let mut all = self.all.iter().map(held);
        let first = all.next().unwrap();
        all.for_each(|other| assert_eq!(other, first));
        first
    }

    fn any(&self, random: &mut Random) -> &Member {
        &self.all[random.below(self.all.len())]
    }

    /// Ends the edge, with a word or without.
    pub fn detach(&mut self, simulator: &mut Simulator, says_so: bool) {
        match (self.edge.take(), says_so) {
            (Some((tab, _)), true) => simulator.close(tab),
            (Some((tab, _)), false) => simulator.crash(tab),
            (None, _) => {}
        }
    }

    fn attach(&mut self, simulator: &mut Simulator, random: &mut Random) {
        if self.edge.is_none() {
            let at = random.below(self.all.len());
            self.attach_to(at, simulator);
        }
    }

    pub fn attach_to(&mut self, at: usize, simulator: &mut Simulator) {
        let Member { number, store, .. } = &self.all[at];
        let tab = simulator.open_with(store.clone(), 0).unwrap();
        self.edge = Some((tab, *number));
    }
}

fn write(store: &Store, n: i64, random: &mut Random) {
    let key = KEYS[random.below(2)];
    match random.below(7) {
        0..2 => store.set(key, n).unwrap(),
        2 => drop(store.delete(key).unwrap()),
        3 => store.set_many([("a", n), ("b", n)]).unwrap(),
        4 => store
            .set_json("json", json!({ "x": n, "y": { "z": n } }))
            .unwrap(),
        // There may be nothing to write into.
        5 => drop(store.set_at("json", "/y/z", json!(n))),
        _ => drop(store.delete_at("json", "/x")),
    }
}

fn session(seed: u64, is_stored: bool) {
    let mut simulator = Simulator::new(seed).conditions(Conditions::bad());
    if is_stored {
        let memory = Memory::new();
        simulator = simulator.configure(move |edge| edge.storage(Storage::new(memory.clone())));
    }
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut pages: [_; PAGES] = std::array::from_fn(|at| Members::new(seed as usize + at));
    let mut own = [None; PAGES];
    for n in 0..400 {
        let at = random.below(PAGES);
        let page = &mut pages[at];
        let (chance, says_so) = (random.below(60), random.below(2) == 0);
        match chance {
            0..3 if page.all.len() < MOST => page.come(),
            3..6 if page.all.len() > 1 => {
                let gone = random.below(page.all.len());
                let is_edged = page.edge.is_some_and(|(_, of)| of == page.all[gone].number);
                if is_edged && random.below(2) == 0 {
                    page.detach(&mut simulator, says_so);
                }
                // One that goes on elsewhere takes its edge along.
                let ends = says_so || page.edge.is_some() && is_edged;
                page.go(gone, ends);
                if is_edged {
                    page.detach(&mut simulator, true);
                }
            }
            6..9 => page.detach(&mut simulator, says_so),
            9..14 => page.attach(&mut simulator, &mut random),
            14 => {
                page.detach(&mut simulator, true);
                *page = Members::new(n as usize);
                page.attach(&mut simulator, &mut random);
                own[at] = None;
            }
            15..25 => {
                page.any(&mut random).store.set(OWN[at], n).unwrap();
                own[at] = Some(n);
            }
            _ => write(&page.any(&mut random).store.clone(), n, &mut random),
        }
        page.agree();
        if random.below(3) > 0 {
            simulator.advance(random.below(40) as u64);
            page.agree();
        }
    }
    for page in &mut pages {
        page.attach(&mut simulator, &mut random);
    }
    simulator.settle().unwrap();
    let held = pages.each_ref().map(Members::agree);
    assert!(held.iter().all(|other| *other == held[0]), "seed {seed}");
    for (key, own) in OWN.iter().zip(own) {
        if let Some(n) = own {
            assert_eq!(held[0][key], json!(n), "{key}, seed {seed}");
        }
    }
    if is_stored {
        for page in &mut pages {
            page.detach(&mut simulator, true);
        }
        let mut last = Members::new(0);
        last.attach(&mut simulator, &mut random);
        assert_eq!(last.agree(), held[0], "seed {seed}: stored");
    }
}

#[test]
fn whichever_store_of_a_page_goes_and_wherever_its_edge_is_tabs_agree_and_nothing_is_lost() {
    let seeds = variable("UNIVERSAL_STATE_SEEDS").unwrap_or(50);
    for seed in 1..=seeds {
        session(seed, false);
        session(seed, true);
    }
}

/// A storage that is full at first.
#[derive(Clone, Default)]
struct Full {
    memory: Memory,
    has_room: Arc<AtomicBool>,
}

impl Backend for Full {
    fn name(&self) -> &str {
        "full"
    }

    fn load(&self, prefix: &str, then: Then<Loaded>) {
        self.memory.load(prefix, then);
    }

    fn read(&self, names: Vec<String>, then: Then<Items>) {
        self.memory.read(names, then);
    }

    fn write(&self, items: Vec<(String, Option<String>)>, then: Then<Vec<Result<(), Fault>>>) {
        match self.has_room.load(Ordering::Relaxed) {
            true => self.memory.write(items, then),
            false => then(vec![Err(Fault::Quota); items.len()]),
        }
    }
}

#[test]
fn what_storage_has_refused_is_stored_by_the_next_edge_of_the_page() {
    for (first, next) in [(0, 1), (1, 0), (1, 2)] {
        let backend = Full::default();
        let storage = backend.clone();
        let mut simulator =
            Simulator::new(7).configure(move |edge| edge.storage(Storage::new(storage.clone())));
        let mut page = Members::new(0);
        (0..2).for_each(|_| page.come());
        page.attach_to(first, &mut simulator);
        page.all[0].store.set("n", 1).unwrap();
        simulator.advance(1_000);
        page.detach(&mut simulator, true);
        assert!(backend.memory.names().is_empty());
        backend.has_room.store(true, Ordering::Relaxed);
        page.attach_to(next, &mut simulator);
        simulator.advance(1_000);
        assert_eq!(backend.memory.names().len(), 1, "from {first} to {next}");
    }
}
