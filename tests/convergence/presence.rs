//! Who is there.

use super::tabs;
use universal_state::edge::simulator::{Conditions, Simulator, Tab};

/// The ids of all tabs but one, in order.
fn others(simulator: &Simulator, than: Tab) -> Vec<String> {
    let tabs = simulator.tabs().into_iter().filter(|tab| *tab != than);
    let mut ids: Vec<_> = tabs
        .map(|tab| simulator.edge(tab).id().to_string())
        .collect();
    ids.sort();
    ids
}

fn known(simulator: &Simulator, by: Tab) -> Vec<String> {
    let tabs = simulator.edge(by).status().tabs;
    tabs.iter().map(ToString::to_string).collect()
}

fn all_know_each_other(simulator: &Simulator) {
    for tab in simulator.tabs() {
        assert_eq!(known(simulator, tab), others(simulator, tab), "{tab:?}");
    }
}

#[test]
fn every_tab_knows_who_is_there_as_they_come_and_go() {
    let mut simulator = Simulator::new(20);
    let tabs = tabs(&mut simulator, 5);
    all_know_each_other(&simulator);
    simulator.close(tabs[1]);
    simulator.advance(10);
    assert_eq!(simulator.tabs().len(), 4);
    all_know_each_other(&simulator);
}

#[test]
fn a_tab_that_crashed_is_forgotten_after_three_heartbeats() {
    let mut simulator = Simulator::new(21);
    let tabs = tabs(&mut simulator, 4);
    simulator.crash(tabs[0]);
    simulator.advance(59_000);
    assert_eq!(known(&simulator, tabs[1]).len(), 3);
    simulator.advance(40_000);
    all_know_each_other(&simulator);
}

#[test]
fn the_next_one_answers_where_the_first_has_crashed() {
    let mut simulator = Simulator::new(22);
    let tabs = tabs(&mut simulator, 4);
    simulator.store(tabs[0]).set("n", 1).unwrap();
    simulator.advance(10);
    // Whoever has the smallest id answers first.
    let first = tabs
        .iter()
        .copied()
        .min_by_key(|tab| simulator.edge(*tab).id());
    simulator.crash(first.unwrap());
    let late = simulator.open().unwrap();
    simulator.advance(1_000);
    assert_eq!(simulator.store(late).get("n"), Some(1));
}

#[test]
fn tabs_whose_timers_run_once_a_minute_stay_known() {
    let mut simulator = Simulator::new(23);
    let tabs = tabs(&mut simulator, 3);
    for _ in 0..10 {
        // As browsers do to hidden pages: timers wait for the full minute, messages do not.
        simulator.throttle(tabs[1], 60_000);
        simulator.advance(60_000);
        all_know_each_other(&simulator);
    }
}

#[test]
fn a_frozen_tab_is_forgotten_and_knows_all_again_as_soon_as_it_wakes() {
    let mut simulator = Simulator::new(24);
    let tabs = tabs(&mut simulator, 4);
    simulator.sleep(tabs[2]);
    simulator.advance(100_000);
    assert_eq!(known(&simulator, tabs[0]).len(), 2);
    simulator.store(tabs[0]).set("n", 1).unwrap();
    simulator.advance(3_600_000);
    simulator.wake(tabs[2]);
    simulator.advance(1_000);
    all_know_each_other(&simulator);
    assert_eq!(simulator.store(tabs[2]).get("n"), Some(1));
    assert_eq!(simulator.figures().disagreements, 0);
}

#[test]
fn clocks_that_jump_make_nobody_come_or_go() {
    let mut simulator = Simulator::new(25);
    let tabs = tabs(&mut simulator, 3);
    for ahead in [600_000, -600_000, 0, 86_400_000, -86_400_000] {
        simulator.skew(tabs[0], ahead);
        for _ in 0..120 {
            simulator.advance(1_000);
            all_know_each_other(&simulator);
        }
    }
}

#[test]
fn on_a_bad_network_all_know_each_other_sooner_or_later() {
    let mut simulator = Simulator::new(26).conditions(Conditions::bad());
    tabs(&mut simulator, 8);
    simulator.advance(60_000);
    all_know_each_other(&simulator);
}
