//! Bytes a key, beyond the text of its name and its value: counted, as they are asked of the
//! allocator.

#[path = "../../../tests/allocations/counting.rs"]
mod counting;

use bench_native::{engine_name, json, names, report, store};
use std::{io, mem::size_of};
use universal_state::{Change, EngineKind, Handle, SubscribeOptions, Subscription};

/// Just before a table of 2¹⁷ places has to grow, and just after.
const SIZES: [usize; 2] = [114_688, 114_689];

fn main() -> io::Result<()> {
    let mut entries = Vec::new();
    println!("\nbytes a key, beyond the text of its name and its value");
    println!("{:<28}{:>12}{:>12}", "", "full tables", "just grown");
    for engine in EngineKind::ALL {
        let found = SIZES.map(|size| bytes(*engine, &names(size)));
        for (at, state) in ["idle", "with a handle", "with a listener"]
            .iter()
            .enumerate()
        {
            let name = format!("{}: {state}", engine_name(*engine));
            println!("{name:<28}{:>12.1}{:>12.1}", found[0][at], found[1][at]);
            entries.push((format!("{name}, full tables"), found[0][at]));
            entries.push((format!("{name}, just grown"), found[1][at]));
        }
    }
    report("memory", &json(&entries))
}

/// Bytes of a key that nobody holds, that a handle holds, and that has a listener.
fn bytes(engine: EngineKind, names: &[String]) -> [f64; 3] {
    let count = names.len() as f64;
    let own = names.iter().map(String::len).sum::<usize>() as f64 / count + size_of::<i32>() as f64;
    let before = counting::bytes();
    let a_key = || (counting::bytes() - before) as f64 / count - own;

    let store = store(engine, names);
    let idle = a_key();
    let mut handles = Vec::with_capacity(names.len());
    let list = (handles.capacity() * size_of::<Handle<i32>>()) as f64;
    handles.extend(
        names
            .iter()
            .map(|name| store.handle::<i32>(name).expect("it is a key")),
    );
    let held = a_key() - list / count;
    drop(handles);
    let mut subscriptions = Vec::with_capacity(names.len());
    let list = (subscriptions.capacity() * size_of::<Subscription>()) as f64;
    subscriptions.extend(names.iter().map(|name| {
        let listener = |_: Option<&i32>, _: &Change| {};
        let options = SubscribeOptions::new();
        store
            .subscribe_with(name, options, listener)
            .expect("it is a key")
    }));
    [idle, held, a_key() - list / count]
}
