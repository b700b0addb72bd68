use super::*;
use crate::edge::stamp::ReplicaId;
use proptest::prelude::*;
use serde_json::json;

fn stamp(millis: u64) -> Stamp {
    Stamp {
        millis,
        count: 0,
        replica: ReplicaId::new(millis % 3),
    }
}

fn arc(json: Json) -> Option<Arc<Json>> {
    (!json.is_null()).then(|| Arc::new(json))
}

/// What a replica at `entry` sends when it writes `new`.
fn write(entry: &mut Entry, new: Json, millis: u64, rules: &Rules) -> Option<Entry> {
    let new = arc(new);
    let delta = entry.difference(new.as_ref(), stamp(millis), rules)?;
    entry.merge(&delta);
    assert_eq!(entry.value(), new.as_ref());
    Some(delta)
}

fn entry(json: Json) -> Entry {
    let mut entry = Entry::default();
    write(&mut entry, json, 1, &Rules::default());
    entry
}

/// Two replicas that write at once, and what both come to.
fn together(start: Json, here: Json, there: Json, rules: &Rules) -> Json {
    let (mut a, mut b) = (entry(start.clone()), entry(start));
    let from_a = write(&mut a, here, 5, rules);
    let from_b = write(&mut b, there, 6, rules);
    if let Some(delta) = from_b {
        a.merge(&delta);
    }
    if let Some(delta) = from_a {
        b.merge(&delta);
    }
    assert_eq!(a, b);
    a.value().map_or(Json::Null, |json| (**json).clone())
}

#[test]
fn fields_changed_at_once_are_both_kept() {
    let rules = Rules::default();
    let start = json!({ "name": "Ada", "address": { "city": "London", "zip": 1 } });
    let mut here = start.clone();
    here["name"] = json!("Bob");
    let mut there = start.clone();
    there["address"]["city"] = json!("Paris");
    let both = json!({ "name": "Bob", "address": { "city": "Paris", "zip": 1 } });
    assert_eq!(together(start, here, there, &rules), both);
}

#[test]
fn the_later_write_of_a_field_wins() {
    let rules = Rules::default();
    let both = together(json!({"n": 0}), json!({"n": 1}), json!({"n": 2}), &rules);
    assert_eq!(both, json!({ "n": 2 }));
}

#[test]
fn a_removal_of_the_whole_wins_over_a_later_edit_of_a_part() {
    let rules = Rules::default();
    let both = together(json!({"n": 0}), Json::Null, json!({"n": 2}), &rules);
    assert_eq!(both, Json::Null);
}

#[test]
fn entries_added_to_one_map_at_once_are_both_kept() {
    let rules = Rules::default();
    let both = together(json!({}), json!({"a": 1}), json!({"b": 2}), &rules);
    assert_eq!(both, json!({"a": 1, "b": 2}));
}

#[test]
fn two_variants_of_an_enum_are_never_mixed() {
    let rules = Rules::default();
    let start = json!({ "shape": { "Circle": { "r": 1 } } });
    let here = json!({ "shape": { "Square": { "a": 1 } } });
    let there = json!({ "shape": { "Line": { "l": 1 } } });
    assert_eq!(together(start, here, there.clone(), &rules), there);
}

#[test]
fn a_variant_is_not_mixed_with_what_another_held() {
    let rules = Rules::default();
    for start in [json!({ "Circle": 3 }), json!({ "shape": { "Circle": 3 } })] {
        let with = |shape: Json| match start.get("shape") {
            Some(_) => json!({ "shape": shape }),
            None => shape,
        };
        let (here, there) = (with(json!({ "Circle": 4 })), with(json!({ "Square": 2 })));
        let both = together(start.clone(), here.clone(), there.clone(), &rules);
        assert_eq!(both, there);
        let both = together(start.clone(), there.clone(), here, &rules);
        assert_eq!(both, there, "whoever came first");
    }
}

#[test]
fn an_edit_of_what_was_added_is_kept_wherever_the_addition_is() {
    let rules = Rules::default();
    let (mut a, mut b) = (entry(json!({ "a": 1 })), entry(json!({ "a": 1 })));
    let replaced = write(&mut b, json!({ "b": 1 }), 5, &rules).unwrap();
    let added = write(&mut a, json!({ "a": 1, "n": 1 }), 6, &rules).unwrap();
    let edited = write(&mut a, json!({ "a": 1, "n": 2 }), 7, &rules).unwrap();
    b.merge(&edited);
    b.merge(&added);
    a.merge(&replaced);
    assert_eq!(a, b);
    assert_eq!(a.value(), arc(json!({ "b": 1, "n": 2 })).as_ref());
}

#[test]
fn an_edit_takes_nothing_from_who_has_added_the_same_member_anew() {
    let rules = Rules::default();
    let start = || entry(json!({ "n": 1 }));
    let (mut a, mut b) = (start(), start());
    let replaced = write(&mut b, json!({ "b": 1 }), 4, &rules).unwrap();
    let added = write(&mut b, json!({ "b": 1, "n": 5 }), 5, &rules).unwrap();
    let edited = write(&mut a, json!({ "n": 6 }), 6, &rules).unwrap();
    for order in [[&replaced, &added, &edited], [&edited, &added, &replaced]] {
        let mut all = start();
        for delta in order {
            all.merge(delta);
        }
        assert_eq!(all.value(), arc(json!({ "b": 1, "n": 6 })).as_ref());
        assert_eq!(Entry::decode(&all.encode()), Ok(all.clone()));
        // Until somebody who knows of none of it replaces the whole between the two.
        all.merge(&Entry::whole(arc(json!({ "c": 1 })), stamp_between(5)));
        assert_eq!(all.value(), arc(json!({ "c": 1 })).as_ref());
    }
}

/// Later than all of a millisecond.
fn stamp_between(millis: u64) -> Stamp {
    Stamp {
        count: 1,
        ..stamp(millis)
    }
}

#[test]
fn a_key_that_is_merged_as_a_whole_takes_the_later_write_alone() {
    let rules = Rules {
        whole: true,
        keyed: Vec::new(),
    };
    let there = json!({ "a": 0, "b": 2 });
    let both = together(
        json!({"a": 0, "b": 0}),
        json!({"a": 1, "b": 0}),
        there.clone(),
        &rules,
    );
    assert_eq!(both, there);
}

#[test]
fn items_of_a_keyed_array_are_merged_one_by_one() {
    let rules = Rules {
        whole: false,
        keyed: vec![("/rows".parse().unwrap(), "id".to_owned())],
    };
    let row = |id: u64, n: u64| json!({ "id": id, "n": n });
    let start = json!({ "rows": [row(1, 0), row(2, 0), row(3, 0)] });
    let here = json!({ "rows": [row(1, 7), row(3, 0), row(4, 0)] });
    let there = json!({ "rows": [row(3, 9), row(2, 0), row(1, 0), row(5, 5)] });
    let both = json!({ "rows": [row(3, 9), row(1, 7), row(5, 5), row(4, 0)] });
    assert_eq!(together(start.clone(), here, there, &rules), both);
    // Without the rule, arrays are atomic.
    let later = json!({ "rows": [] });
    let both = together(
        start,
        json!({ "rows": [1] }),
        later.clone(),
        &Rules::default(),
    );
    assert_eq!(both, later);
}

#[test]
fn items_that_a_page_with_another_rule_has_put_do_not_hide_those_that_are_put_here() {
    let rules = |member: &str| Rules {
        whole: false,
        keyed: vec![("".parse().unwrap(), member.to_owned())],
    };
    let mut entry = entry(json!([{ "id": 1, "uid": "a", "n": 0 }]));
    let put = json!([{ "id": 1, "uid": "a", "n": 1 }]);
    write(&mut entry, put, 2, &rules("id"));
    // A page of another build, which knows the items by another member.
    let put = json!([{ "id": 1, "uid": "a", "n": 2 }, { "id": 2, "uid": "b" }]);
    write(&mut entry, put, 3, &rules("uid"));
    write(&mut entry, json!([]), 4, &rules("uid"));
}

#[test]
fn items_that_share_an_identity_are_one_once_it_is_put() {
    let rules = Rules {
        whole: false,
        keyed: vec![("".parse().unwrap(), "id".to_owned())],
    };
    let mut here = entry(json!([]));
    let mut there = entry(json!([{ "id": 1 }, { "id": 2 }]));
    let twice = json!([{ "id": 1, "n": 0 }, { "id": 2 }, { "id": 1, "n": 1 }]);
    write(&mut here, twice, 2, &rules);
    let removed = write(&mut there, json!([{ "id": 2 }]), 3, &rules).unwrap();
    here.merge(&removed);
    assert_eq!(here.value(), arc(json!([{ "id": 2 }])).as_ref());
    write(&mut here, json!([{ "id": 1 }, { "id": 2 }]), 4, &rules);
}

#[test]
fn what_is_put_into_something_that_is_no_object_waits_for_one() {
    let mut entry = Entry::whole(arc(json!(5)), stamp(1));
    let part = json!(["", null, { "a": [stamp(9).to_string(), 1] }]);
    assert!(entry.merge(&Entry::decode(&part).unwrap()));
    assert_eq!(entry.value(), arc(json!(5)).as_ref());
    assert!(entry.merge(&Entry::whole(arc(json!({"b": 2})), stamp(3))));
    assert_eq!(entry.value(), arc(json!({"a": 1, "b": 2})).as_ref());
}

#[test]
fn removals_of_parts_are_forgotten_when_they_are_old_and_take_nothing_away() {
    let rules = Rules {
        whole: false,
        keyed: vec![("/rows".parse().unwrap(), "id".to_owned())],
    };
    let mut entry = entry(json!({ "had": 1, "deep": {}, "rows": [{ "id": "old" }] }));
    let mut time = 1;
    let mut step = |entry: &mut Entry, json: Json| {
        time += 1;
        write(entry, json, time, &rules);
    };
    for n in 0..100 {
        let row = json!([{ "id": "old" }, { "id": n }]);
        step(
            &mut entry,
            json!({ "had": 1, "deep": { n.to_string(): 1 }, "rows": row }),
        );
    }
    let last = json!({ "deep": { "99": 1 }, "rows": [{ "id": 99 }] });
    step(&mut entry, last.clone());
    let long = entry.encode().to_string().len();
    let value = entry.value().cloned();
    assert!(!entry.sweep(0));
    assert!(entry.sweep(time + 1) && !entry.sweep(time + 1));
    assert_eq!(
        (entry.value(), value.as_deref()),
        (value.as_ref(), Some(&last))
    );
    // What was removed of the first value is still known to be.
    let text = entry.encode().to_string();
    assert!(text.len() * 10 < long && text.contains("had"), "{text}");
    let again = Entry::decode(&entry.encode()).unwrap();
    assert_eq!(again.value(), value.as_ref());
}

#[test]
fn what_is_no_entry_is_refused() {
    let good = stamp(1).to_string();
    for bad in [
        json!(null),
        json!([]),
        json!({}),
        json!([1]),
        json!([good]),
        json!([""]),
        json!(["", null]),
        json!(["", 5, {"a": [good, 1]}]),
        json!([good, 1, {}]),
        json!([good, 1, []]),
        json!([good, 1, {"a": [good]}]),
        json!([good, 1, {"a": 1}]),
        json!([good, 1, {"a": [good, 1]}, 0]),
        json!([format!("!{good}"), 1]),
        json!(["x", 1]),
        json!([format!("~{good}"), 1]),
        json!([good, {}, {"a": [format!("~{good}")]}]),
        json!([good, {}, {"a": [format!("~!{good}"), 1]}]),
        json!([good, {}, {"a": [format!("!~{good}")]}]),
        json!([good, {}, {"a": [format!("~{good}~{good}"), 1]}]),
        json!([good, {}, {"a": [format!("~{good}~{}", stamp(2)), 1]}]),
    ] {
        assert!(Entry::decode(&bad).is_err(), "{bad}");
    }
    let mut deep = json!(1);
    for _ in 0..=MAX_VALUE_DEPTH {
        deep = json!([deep]);
    }
    assert!(Entry::decode(&json!([good, deep])).is_err());
}

fn values() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(json!(1)),
        Just(json!("x")),
        Just(json!([1, 2])),
        Just(json!({})),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        proptest::collection::btree_map("[abc]", inner, 0..3)
            .prop_map(|members| Json::Object(members.into_iter().collect()))
    })
}

/// What several replicas write, each seeing some of what the others have written before.
fn deltas() -> impl Strategy<Value = Vec<Entry>> {
    let contents = prop_oneof![4 => values(), 1 => Just(Json::Null)];
    let steps = proptest::collection::vec((0..3_usize, contents, any::<bool>(), 0..3_usize), 1..14);
    steps.prop_map(|steps| {
        let mut replicas = vec![Entry::default(); 3];
        let mut deltas = Vec::new();
        for (at, (who, new, sees, whom)) in steps.into_iter().enumerate() {
            if sees {
                let other = replicas[whom].clone();
                replicas[who].merge(&other);
            }
            let written = write(&mut replicas[who], new, 2 + at as u64, &Rules::default());
            deltas.extend(written);
        }
        deltas
    })
}

proptest! {
    #[test]
    fn in_whatever_order_and_however_often_deltas_arrive_they_come_to_the_same(
        (deltas, order) in deltas().prop_flat_map(|deltas| {
            let twice = deltas.iter().chain(&deltas).cloned().collect::<Vec<_>>();
            (Just(deltas), Just(twice).prop_shuffle())
        }),
    ) {
        let merged = |deltas: &[Entry]| deltas.iter().fold(Entry::default(), |mut all, delta| {
            all.merge(delta);
            all
        });
        let all = merged(&deltas);
        prop_assert_eq!(&all, &merged(&order));
        // Associative: two halves, merged each for itself.
        let (one, other) = order.split_at(order.len() / 2);
        let mut halves = merged(one);
        halves.merge(&merged(other));
        prop_assert_eq!(&all, &halves);
        // And nothing is lost on the way.
        if !deltas.is_empty() {
            prop_assert_eq!(Entry::decode(&all.encode()), Ok(all.clone()));
        }
        let is_news = halves.merge(&all);
        prop_assert!(!is_news);
    }

    #[test]
    fn a_difference_makes_of_the_old_value_the_new_one(old in values(), new in values()) {
        let mut entry = entry(old.clone());
        let delta = write(&mut entry, new.clone(), 2, &Rules::default());
        prop_assert_eq!(delta.is_none(), old == new);
        prop_assert_eq!(entry.value().map(|json| &**json), Some(&new));
    }
}
