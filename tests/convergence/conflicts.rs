//! What two tabs write at once.

use super::{tabs, variable};
use serde_json::{Value, json};
use universal_state::edge::simulator::{Conditions, Simulator};

#[test]
fn tabs_that_write_a_key_in_the_same_millisecond_agree_every_time() {
    let mut simulator = Simulator::new(1);
    let tabs = tabs(&mut simulator, 4);
    let rounds = 10_000;
    for round in 0..rounds {
        for (at, tab) in tabs.iter().enumerate() {
            let value = json!({ "round": round, "tab": at });
            simulator.store(*tab).set_json("key", value).unwrap();
        }
        // The turns end, and the messages cross, before the clock moves on.
        simulator.advance(5);
        let read = |tab| simulator.store(tab).get::<Value>("key").unwrap();
        let first = read(tabs[0]);
        assert_eq!(first["round"], round);
        for tab in &tabs {
            assert_eq!(read(*tab), first, "round {round}");
        }
    }
    simulator.agree().unwrap();
    simulator.settle().unwrap();
    figure!("{rounds} same-millisecond conflicts of 4 tabs: all agreed (seed 1)");
}

#[test]
fn no_write_to_a_key_of_ones_own_is_lost() {
    let seed = variable("UNIVERSAL_STATE_SEED").unwrap_or(2);
    let mut simulator = Simulator::new(seed).conditions(Conditions::bad());
    let tabs = tabs(&mut simulator, 4);
    let writes = 100_000;
    for number in 0..writes {
        let tab = tabs[number % tabs.len()];
        simulator
            .store(tab)
            .set(format!("k{number}"), number)
            .unwrap();
        if number % 40 == 39 {
            simulator.advance(20);
        }
    }
    simulator.settle().unwrap();
    let store = simulator.store(tabs[0]);
    let lost = (0..writes).filter(|number| store.get(format!("k{number}")) != Some(*number));
    let lost = lost.count();
    figure!("disjoint keys: {lost} of {writes} writes lost (seed {seed})");
    assert_eq!(lost, 0);
    let figures = simulator.figures();
    assert!(
        figures.lost > 1_000 && figures.doubled > 1_000,
        "{figures:?}"
    );
}

#[test]
fn two_fields_of_one_struct_that_change_at_once_are_both_kept() {
    let mut simulator = Simulator::new(3);
    let tabs = tabs(&mut simulator, 2);
    let (a, b) = (tabs[0], tabs[1]);
    let user = json!({ "name": "Ada", "address": { "city": "London", "zip": "1" } });
    simulator.store(a).set_json("user", user).unwrap();
    simulator.advance(10);
    simulator
        .store(a)
        .set_at("user", "/name", json!("Bob"))
        .unwrap();
    simulator
        .store(b)
        .set_at("user", "/address/city", json!("Paris"))
        .unwrap();
    simulator.advance(10);
    let both = json!({ "name": "Bob", "address": { "city": "Paris", "zip": "1" } });
    for tab in tabs {
        assert_eq!(
            simulator.store(tab).get::<Value>("user"),
            Some(both.clone())
        );
    }
    simulator.settle().unwrap();
}

#[test]
fn a_clock_that_jumps_back_loses_no_later_write() {
    let mut simulator = Simulator::new(4);
    let tabs = tabs(&mut simulator, 2);
    for (number, ahead) in [0, 240_000, -600_000, 3, -1].into_iter().enumerate() {
        simulator.skew(tabs[0], ahead);
        simulator.store(tabs[0]).set("n", number).unwrap();
        simulator.advance(10);
        assert_eq!(
            simulator.store(tabs[1]).get("n"),
            Some(number),
            "{ahead} ms ahead"
        );
    }
    simulator.settle().unwrap();
}
