//! Single operations, with criterion: ns each, on both engines, by key and by handle.

use bench_native::{engine_name, json, names, report, store};
use criterion::{BatchSize, Criterion};
use reactive_graph::{
    effect::ImmediateEffect,
    traits::{Get, Set},
};
use reactive_stores::{Store as Accessors, StoreFieldIterator};
use serde::{Deserialize, Serialize};
use std::{fs, hint::black_box, io, path::Path, time::Duration};
use universal_state::{Delivery, Diff, EngineKind, Key, Store, SubscribeOptions};

const KEYS: usize = 1_000;

#[derive(Clone, PartialEq, Default, Serialize, Deserialize, Accessors, Diff)]
struct Form {
    fields: Vec<i32>,
}

const FORM: Key<Form> = Key::new("form");

fn main() -> io::Result<()> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("criterion");
    // What another run has left is not compared with.
    let _ = fs::remove_dir_all(&folder);
    let mut criterion = Criterion::default()
        .output_directory(&folder)
        .sample_size(30)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1_000))
        .without_plots();
    for engine in EngineKind::ALL {
        single(&mut criterion, *engine);
        many(&mut criterion, *engine);
        field(&mut criterion, *engine);
    }
    summary(&folder)
}

fn listener(value: Option<&i32>, _: &universal_state::Change) {
    black_box(value);
}

fn sync() -> SubscribeOptions {
    SubscribeOptions::new().delivery(Delivery::Sync)
}

/// Operations on a single one of many keys.
fn single(criterion: &mut Criterion, engine: EngineKind) {
    let names = names(KEYS);
    let key = names[KEYS / 2].as_str();
    let mut tick = 0;
    let mut next = || {
        tick += 1;
        tick
    };
    let mut group = criterion.benchmark_group(engine_name(engine));

    let store = store(engine, &names);
    let handle = store.handle::<i32>(key).expect("it is a key");
    group.bench_function("get, key", |b| b.iter(|| store.get::<i32>(black_box(key))));
    group.bench_function("get, handle", |b| b.iter(|| handle.get()));
    group.bench_function("set, key", |b| b.iter(|| store.set(black_box(key), next())));
    group.bench_function("set, handle", |b| b.iter(|| handle.set(next())));
    group.bench_function("subscribe and drop, key", |b| {
        b.iter(|| store.subscribe_with(black_box(key), sync(), listener));
    });
    group.bench_function("subscribe and drop, handle", |b| {
        b.iter(|| handle.subscribe(sync(), listener));
    });

    let _subscription = handle.subscribe(sync(), listener);
    group.bench_function("set told to one, key", |b| {
        b.iter(|| store.set(black_box(key), next()));
    });
    group.bench_function("set told to one, handle", |b| {
        b.iter(|| handle.set(next()));
    });
    group.finish();
}

/// Operations that have to do with all keys.
fn many(criterion: &mut Criterion, engine: EngineKind) {
    let names = names(KEYS);
    let mut group = criterion.benchmark_group(engine_name(engine));
    let filled = store(engine, &names);
    let handles: Vec<_> = (names.iter())
        .map(|name| filled.handle::<i32>(name).expect("it is a key"))
        .collect();
    let mut first = 0;
    let mut next = || {
        first += 1;
        first..
    };
    group.bench_function("batch of 1,000, key", |b| {
        b.iter(|| {
            filled
                .batch(|tx| (next().zip(&names)).try_for_each(|(value, name)| tx.set(name, value)))
        });
    });
    group.bench_function("batch of 1,000, handle", |b| {
        b.iter(|| {
            filled
                .batch(|_| (next().zip(&handles)).try_for_each(|(value, handle)| handle.set(value)))
        });
    });
    let mut kept = filled.snapshot();
    group.bench_function("set and snapshot of 1,000", |b| {
        b.iter(|| {
            let _ = handles[0].set(next().start);
            kept = filled.snapshot();
        });
    });
    group.bench_function("1,000 sets, fresh store", |b| {
        let set_all = |store: Store| {
            (0..).zip(&names).for_each(|(value, name)| {
                let _ = store.set(name, value);
            });
            store
        };
        let fresh = || Store::builder().engine(engine).build();
        b.iter_batched(fresh, set_all, BatchSize::SmallInput);
    });
    group.finish();
}

/// A write of one field of a value of a hundred, which one effect reads.
fn field(criterion: &mut Criterion, engine: EngineKind) {
    let store = Store::builder().engine(engine).build();
    let form = Form {
        fields: vec![0; 100],
    };
    let _ = store.set(FORM, form);
    let form = store.fields_or(FORM, Form::default()).expect("it is a key");
    let field = form.fields().at_unkeyed(42);
    let read = field.clone();
    let _reader = ImmediateEffect::new(move || {
        black_box(read.get());
    });
    let mut tick = 0;
    let mut group = criterion.benchmark_group(engine_name(engine));
    group.bench_function("write of a field of 100", |b| {
        b.iter(|| {
            tick += 1;
            field.set(tick);
        });
    });
    group.finish();
}

/// Prints the medians that criterion wrote, engine beside engine.
fn summary(folder: &Path) -> io::Result<()> {
    let mut entries = Vec::new();
    for engine in EngineKind::ALL {
        let engine = engine_name(*engine);
        let mut found: Vec<_> = fs::read_dir(folder.join(engine))?.collect::<Result<_, _>>()?;
        found.sort_by_key(fs::DirEntry::file_name);
        for entry in found {
            let file = entry.path().join("new/estimates.json");
            let Ok(text) = fs::read_to_string(file) else {
                continue;
            };
            let estimates: serde_json::Value = serde_json::from_str(&text)?;
            if let Some(median) = estimates["median"]["point_estimate"].as_f64() {
                let operation = entry.file_name().to_string_lossy().into_owned();
                entries.push((format!("{engine}: {operation}"), median));
            }
        }
    }
    println!("\n{:>10}  operation, ns (median)", "ns");
    for (name, median) in &entries {
        println!("{median:>10.1}  {name}");
    }
    report("operations", &json(&entries))
}
