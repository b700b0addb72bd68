//! What a read tracks, and when it is told.

use super::*;

conformance! {
    /// Each row: a write, and exactly who is told of it, the whole before its parts.
    fn each_read_is_told_of_its_own_part_alone(engine) {
        let store = store(engine);
        store.set(ROWS, filled([(1, 10), (2, 20), (3, 30)])).unwrap();
        let readers = Readers::of(&store);
        let map = rows(&store);
        assert_eq!(map.insert(1, 11), Ok(false));
        assert_eq!(readers.ran(), ["all", "1"]);
        assert_eq!(map.insert(1, 11), Ok(false));
        assert_eq!(readers.ran(), [""; 0], "an equal value");
        assert_eq!(map.update(&3, |n| *n += 1), Ok(true));
        assert_eq!(readers.ran(), ["all"]);
        assert_eq!(map.insert(9, 90), Ok(true));
        assert_eq!(readers.ran(), ["all", "keys", "len", "9?", "9"]);
        assert_eq!(map.remove(&2), Ok(true));
        assert_eq!(readers.ran(), ["all", "keys", "len", "2?", "2"]);
        assert_eq!(map.remove(&2), Ok(false));
        assert_eq!(readers.ran(), [""; 0]);
        assert_eq!(map.insert(2, 22), Ok(true));
        assert_eq!(readers.ran(), ["all", "keys", "len", "2?", "2"], "it comes back");
        store.batch(|_| { map.remove(&9)?; map.insert(8, 80) }).unwrap();
        assert_eq!(readers.ran(), ["all", "keys", "9?", "9"], "as many as before");
        assert_eq!(map.clear(), Ok(()));
        assert_eq!(readers.ran(), ["all", "keys", "len", "1?", "1", "2?", "2"]);
        assert_eq!(map.clear(), Ok(()));
        store.delete("rows").unwrap();
        store.set(ROWS, Map::new()).unwrap();
        assert_eq!(readers.ran(), [""; 0], "a missing map and an empty one read alike");
        assert_eq!(map.extend([(1, 1), (2, 2), (4, 4)]), Ok(()));
        assert_eq!(readers.ran(), ["all", "keys", "len", "1?", "1", "2?", "2"]);
        assert_eq!(map.retain(|key, _| *key != 4), Ok(1));
        assert_eq!(readers.ran(), ["all", "keys", "len"]);
    }

    /// The same for a set.
    fn each_read_of_a_set_is_told_of_its_own_part_alone(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        let tags = store.set_of(TAGS).unwrap();
        let reader = || store.set_of(TAGS).unwrap();
        let (items, len, red, blue) = (reader(), reader(), reader(), reader());
        let items = watch(&effects, move || items.items().len());
        let len = watch(&effects, move || (len.len(), len.is_empty()));
        let red = watch(&effects, move || red.contains("red"));
        let blue = watch(&effects, move || blue.contains("blue"));
        let ran = || { effects.settle(); (items.take(), len.take(), red.take(), blue.take()) };
        assert_eq!(ran(), (vec![0], vec![(0, true)], vec![false], vec![false]));
        assert_eq!(tags.insert("red".to_owned()), Ok(true));
        assert_eq!(ran(), (vec![1], vec![(1, false)], vec![true], vec![]));
        assert_eq!(tags.insert("red".to_owned()), Ok(false));
        assert_eq!(ran(), (vec![], vec![], vec![], vec![]));
        store.batch(|_| { tags.remove("red")?; tags.insert("blue".to_owned()) }).unwrap();
        assert_eq!(ran(), (vec![1], vec![], vec![false], vec![true]));
        assert_eq!(tags.extend(["green", "red"].map(str::to_owned)), Ok(()));
        assert_eq!(ran(), (vec![3], vec![(3, false)], vec![true], vec![]));
        assert_eq!(tags.retain(|tag| tag != "green"), Ok(1));
        assert_eq!(ran(), (vec![2], vec![(2, false)], vec![], vec![]));
        assert_eq!(tags.clear(), Ok(()));
        assert_eq!(ran(), (vec![0], vec![(0, true)], vec![false], vec![false]));
        assert_eq!((tags.remove("red"), tags.clear()), (Ok(false), Ok(())));
        assert_eq!(ran(), (vec![], vec![], vec![], vec![]));
    }

    fn one_write_among_ten_thousand_rows_runs_one_row(engine) {
        const N: u32 = 10_000;
        let (effects, store) = (Effects::new(), store(engine));
        let map = rows(&store);
        map.extend((0..N).map(|id| (id, 0))).unwrap();
        let log = Log::default();
        for id in 0..N {
            let (map, log) = (map.clone(), log.clone());
            effects.start(move || log.push((id, map.get(&id))));
        }
        assert_eq!(log.take().len(), N as usize);
        let ran = || { effects.settle(); log.take() };
        map.insert(4_711, 1).unwrap();
        assert_eq!(ran(), [(4_711, Some(1))]);
        map.remove(&0).unwrap();
        assert_eq!(ran(), [(0, None)]);
        map.insert(N, 1).unwrap();
        assert_eq!(ran(), []);
        let fresh: Map = (0..N).map(|id| (id, i32::from(id == 4_711 || id == 9_999))).collect();
        store.set(ROWS, fresh).unwrap();
        // That of the row that had gone has looked for it since.
        assert_eq!(ran(), [(9_999, Some(1)), (0, Some(0))], "built anew, with three rows of another value");
    }

    fn many_writes_in_one_turn_run_an_effect_once(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        let (map, reader) = (rows(&store), rows(&store));
        let log = watch(&effects, move || (reader.get(&1), reader.get(&2)));
        log.take();
        for n in 1..=10 {
            map.insert(1, n).unwrap();
            map.insert(2, -n).unwrap();
        }
        effects.settle();
        assert_eq!(log.take(), [(Some(10), Some(-10))]);
    }

    /// Whoever reads the key, not the map, is told of every change of it.
    fn the_key_is_tracked_as_ever(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        let reader = store.clone();
        let log = watch(&effects, move || reader.get(ROWS).map(|map| map.len()));
        rows(&store).insert(1, 1).unwrap();
        effects.settle();
        rows(&store).insert(1, 2).unwrap();
        effects.settle();
        assert_eq!(log.take(), [None, Some(1), Some(1)]);
    }

    fn memos_and_computed_values_follow_what_they_read(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        let map = rows(&store);
        let (entry, runs) = (map.clone(), Log::default());
        let noted = runs.clone();
        let memo = ArcMemo::new(move |_| {
            noted.push(());
            entry.get(&1).unwrap_or(0) / 10
        });
        let (read, whole) = (memo.clone(), map.clone());
        let sum = store.computed(move |_| whole.entries().values().sum::<i32>());
        let total = sum.clone();
        let memos = watch(&effects, move || read.get());
        let sums = watch(&effects, move || total.get());
        map.insert(2, 5).unwrap();
        effects.settle();
        assert_eq!((memos.take(), sums.take()), (vec![0], vec![Some(0), Some(5)]));
        assert_eq!(runs.take().len(), 1, "of another entry the memo is not told");
        store.batch(|_| { map.insert(1, 1)?; map.insert(2, 4) }).unwrap();
        effects.settle();
        assert_eq!((memos.take(), sums.take()), (vec![], vec![]), "the results are equal");
        map.insert(1, 12).unwrap();
        assert_eq!((memo.get_untracked(), sum.get()), (1, Some(16)));
        effects.settle();
        assert_eq!((memos.take(), sums.take()), (vec![1], vec![Some(16)]));
    }

    /// An effect that runs in the middle of a batch sees what the batch wrote, and learns of it if it
    /// comes to nothing.
    fn an_effect_inside_of_a_batch_that_fails_looks_again(engine) {
        let owner = Owner::new();
        owner.set();
        let store = store(engine);
        let map = rows(&store);
        map.insert(1, 1).unwrap();
        let seen = Log::default();
        let (reader, sink) = (map.clone(), seen.clone());
        let failed: Result<(), _> = store.batch(|_| {
            map.insert(1, 2)?;
            let effect = ImmediateEffect::new(move || sink.push(reader.get(&1)));
            std::mem::forget(effect);
            Err(StateError::abort("no"))
        });
        failed.unwrap_err();
        assert_eq!(seen.take(), [Some(2), Some(1)]);
        map.insert(2, 2).unwrap();
        assert_eq!(seen.take(), [], "from then on it is told of its entry alone");
        map.insert(1, 3).unwrap();
        assert_eq!(seen.take(), [Some(3)]);
    }

    fn reads_in_a_batch_see_its_writes(engine) {
        let store = store(engine);
        let map = rows(&store);
        map.insert(1, 1).unwrap();
        store.batch(|tx| {
            map.insert(2, 2)?;
            assert_eq!((map.len(), map.get(&2)), (2, Some(2)));
            let nested: Result<(), _> = tx.batch(|_| {
                map.clear()?;
                assert!(map.is_empty());
                Err(StateError::abort("no"))
            });
            assert!(nested.is_err());
            assert_eq!(map.keys(), [1, 2]);
            Ok(())
        }).unwrap();
        assert_eq!(map.entries(), filled([(1, 1), (2, 2)]));
    }
}
