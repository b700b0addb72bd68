//! How the cost of an operation grows with the number of keys, beside a plain hash map whose curve
//! is that of the machine's caches.

use bench_native::{engine_name, json, names, number, report, store};
use std::{
    collections::HashMap,
    hint::black_box,
    io,
    time::{Duration, Instant},
};
use universal_state::{EngineKind, SubscribeOptions};

const SIZES: [usize; 6] = [1, 100, 1_000, 10_000, 100_000, 1_000_000];
const REPEATS: usize = 7;
/// Long enough for the clock, short enough for a table of a hundred cells.
const SAMPLE: Duration = Duration::from_millis(20);

/// The operations, in the order of the table.
const PLAIN: [&str; 2] = ["HashMap get", "HashMap set"];
const OURS: [&str; 6] = [
    "get, key",
    "get, handle",
    "set, key",
    "set, handle",
    "subscribe and drop, key",
    "set and snapshot",
];

fn main() -> io::Result<()> {
    let sizes = &SIZES;
    let mut curves: Vec<(String, Vec<f64>)> = Vec::new();
    for size in sizes {
        let names = names(*size);
        add(&mut curves, PLAIN.map(str::to_owned), plain(&names));
        for engine in EngineKind::ALL {
            let labels = OURS.map(|operation| format!("{}: {operation}", engine_name(*engine)));
            add(&mut curves, labels, ours(*engine, &names));
        }
    }
    print(sizes, &curves);
    let entries = curves.iter().flat_map(|(name, costs)| {
        let points = sizes.iter().zip(costs);
        let points = points.map(move |(size, cost)| (format!("{name}, {size} keys"), *cost));
        points.chain([(format!("{name}, slope"), slope(sizes, costs))])
    });
    report("curves", &json(&entries.collect::<Vec<_>>()))
}

fn add<const N: usize>(curves: &mut Vec<(String, Vec<f64>)>, labels: [String; N], costs: [f64; N]) {
    for (label, cost) in labels.into_iter().zip(costs) {
        match curves.iter_mut().find(|(name, _)| *name == label) {
            Some((_, curve)) => curve.push(cost),
            None => curves.push((label, vec![cost])),
        }
    }
}

/// Walks over all keys in an order that no cache foresees, again and again.
struct Walk {
    at: usize,
    count: usize,
}

impl Walk {
    /// A step that shares no factor with any of the sizes.
    const STEP: usize = 611_953;

    fn next(&mut self) -> usize {
        self.at = (self.at + Self::STEP) % self.count;
        self.at
    }
}

/// Ns of one call: the median of some samples.
fn cost(count: usize, mut operation: impl FnMut(usize)) -> f64 {
    let mut walk = Walk { at: 0, count };
    let mut run = |calls: usize| {
        let start = Instant::now();
        (0..calls).for_each(|_| operation(walk.next()));
        start.elapsed()
    };
    let mut calls = 16;
    while run(calls) < SAMPLE / 2 {
        calls *= 2;
    }
    let mut samples: Vec<_> = (0..REPEATS)
        .map(|_| run(calls).as_secs_f64() * 1e9 / calls as f64)
        .collect();
    samples.sort_by(f64::total_cmp);
    samples[REPEATS / 2]
}

fn plain(names: &[String]) -> [f64; 2] {
    let numbered = names.iter().enumerate();
    let mut map: HashMap<String, i32> = numbered
        .map(|(at, name)| (name.clone(), number(at)))
        .collect();
    let get = cost(names.len(), |at| {
        black_box(map.get(&names[at]));
    });
    let mut tick = 0;
    let set = cost(names.len(), |at| {
        tick += 1;
        if let Some(value) = map.get_mut(&names[at]) {
            *value = tick;
        }
    });
    [get, set]
}

fn ours(engine: EngineKind, names: &[String]) -> [f64; 6] {
    let store = store(engine, names);
    let handles: Vec<_> = (names.iter())
        .map(|name| store.handle::<i32>(name).expect("it is a key"))
        .collect();
    let count = names.len();
    let mut tick = number(count);
    let mut next = || {
        tick += 1;
        tick
    };
    let get = cost(count, |at| {
        black_box(store.get::<i32>(&names[at]));
    });
    let get_held = cost(count, |at| {
        black_box(handles[at].get());
    });
    let set = cost(count, |at| drop(store.set(&names[at], next())));
    let set_held = cost(count, |at| drop(handles[at].set(next())));
    let subscribe = cost(count, |at| {
        let options = SubscribeOptions::new();
        let listener = |value: Option<&i32>, _: &universal_state::Change| {
            black_box(value);
        };
        drop(black_box(
            store.subscribe_with(&names[at], options, listener),
        ));
    });
    let mut kept = store.snapshot();
    let snapshot = cost(count, |at| {
        let _ = handles[at].set(next());
        kept = store.snapshot();
    });
    [get, get_held, set, set_held, subscribe, snapshot]
}

/// By how much a cost grows with the number of keys, as the exponent of a power law through the
/// points from 100 keys on (least squares of the logarithms): 0 is flat, 1 is linear.
fn slope(sizes: &[usize], costs: &[f64]) -> f64 {
    let points: Vec<_> = (sizes.iter().zip(costs))
        .filter(|(size, _)| **size >= 100)
        .map(|(size, cost)| ((*size as f64).ln(), cost.ln()))
        .collect();
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let by = |(px, py): &(f64, f64)| ((px - x) * (py - y), (px - x).powi(2));
    let (rise, run) = (points.iter().map(by)).fold((0.0, 0.0), |(a, b), (c, d)| (a + c, b + d));
    rise / run
}

fn print(sizes: &[usize], curves: &[(String, Vec<f64>)]) {
    println!("\nns, by the number of keys; slope of the logarithms from 100 keys on");
    print!("{:<32}", "");
    sizes.iter().for_each(|size| print!("{size:>10}"));
    println!("{:>8}{:>12}", "slope", "less a map");
    for (name, costs) in curves {
        let plain = usize::from(name.contains("set"));
        let beside = slope(sizes, &curves[plain].1);
        print!("{name:<32}");
        costs.iter().for_each(|cost| print!("{cost:>10.1}"));
        let slope = slope(sizes, costs);
        println!("{slope:>8.2}{:>12.2}", slope - beside);
    }
}
