use super::*;
use crate::edge::stamp::Stamp;
use serde_json::json;
use std::sync::Arc;

const FROM: ReplicaId = ReplicaId::new(1);
const LIMIT: usize = 16 * 1024;

fn entry(key: &str, value: Json) -> Changed {
    let stamp = Stamp {
        millis: 1_800_000_000_000,
        count: 0,
        replica: FROM,
    };
    Changed {
        key: SmolStr::new(key),
        delta: Entry::whole(Some(Arc::new(value)), stamp),
        source: UNKNOWN_SOURCE,
    }
}

fn same(a: &Entries, b: &Entries) -> bool {
    let pairs = a.iter().zip(b);
    a.len() == b.len()
        && pairs.into_iter().all(|(a, b)| {
            a.key == b.key && a.delta == b.delta && a.source.as_str() == b.source.as_str()
        })
}

fn body(text: &str) -> Body {
    let message = read(text, LIMIT).ok().unwrap();
    assert_eq!(message.from, FROM);
    message.body
}

#[test]
fn what_is_written_is_read() {
    let mut named = entry("b", json!({ "__proto__": [0.1 + 0.2] }));
    named.source = Name::from("the \"cart\"");
    let entries = vec![entry("a\"b", Json::Null), named];
    for kind in ["change", "state"] {
        let (texts, left_out) = changes(FROM, kind, &entries, LIMIT);
        assert!(texts.len() == 1 && left_out.is_empty());
        assert!(matches!(body(&texts[0]), Body::Change(read) if same(&read, &entries)));
    }
    let mut sums = [7; BUCKETS];
    sums[63] = u64::MAX;
    for (joins, asks) in [(true, true), (false, true), (false, false)] {
        let text = compare(FROM, joins, asks, &sums);
        assert!(matches!(
            body(&text),
            Body::Digest { digest, asks: a, joins: j } if *digest == sums && (a, j) == (asks, joins)
        ));
    }
    assert!(matches!(body(&bye(FROM)), Body::Bye));
    let peers = [ReplicaId::new(2), ReplicaId::new(u64::MAX)];
    for joins in [true, false] {
        let reply = Reply {
            to: ReplicaId::new(3),
            joins,
            buckets: 1 << 63 | 1,
            peers: &peers,
        };
        let (texts, _) = answers(FROM, &reply, &entries, LIMIT);
        let Body::Answer(answer) = body(&texts[0]) else {
            panic!("{texts:?}");
        };
        assert_eq!((answer.to, answer.more), (reply.to, false));
        assert_eq!(
            (answer.buckets, &answer.peers[..]),
            (reply.buckets, &peers[..])
        );
        assert!(same(&answer.entries, &entries));
    }
}

#[test]
fn no_message_is_longer_than_the_limit_and_none_is_empty() {
    let peers: Vec<_> = (0..MAX_PEERS as u64).map(ReplicaId::new).collect();
    let reply = Reply {
        to: FROM,
        joins: true,
        buckets: u64::MAX,
        peers: &peers,
    };
    for size in [0, 1, 5_000, 8_000, 11_000, LIMIT - 300, LIMIT] {
        let entries: Entries = (0..30)
            .map(|n| entry(&n.to_string(), json!("x".repeat(size))))
            .collect();
        for (texts, left_out) in [
            changes(FROM, "change", &entries, LIMIT),
            answers(FROM, &reply, &entries, LIMIT),
        ] {
            let mut count = left_out.len();
            let last = texts.len().saturating_sub(1);
            for (at, text) in texts.iter().enumerate() {
                assert!(text.len() <= LIMIT, "{} bytes for {size}", text.len());
                match body(text) {
                    Body::Change(entries) => count += entries.len(),
                    Body::Answer(answer) => {
                        assert_eq!(answer.more, at < last);
                        count += answer.entries.len();
                    }
                    _ => panic!("{text}"),
                }
            }
            assert_eq!(count, entries.len(), "of {size} bytes");
            assert_eq!(left_out.is_empty(), size <= 11_000, "{size}");
        }
    }
    let (texts, _) = answers(FROM, &reply, &Vec::new(), LIMIT);
    assert_eq!(texts.len(), 1);
    assert!(changes(FROM, "change", &Vec::new(), LIMIT).0.is_empty());
}

#[test]
fn no_message_has_more_entries_than_are_taken_in() {
    let entries: Entries = (0..MAX_ENTRIES + 1)
        .map(|n| entry(&n.to_string(), json!(1)))
        .collect();
    let (texts, _) = changes(FROM, "change", &entries, 16 << 20);
    assert_eq!(texts.len(), 2);
    for text in texts {
        assert!(read(&text, 16 << 20).is_ok());
    }
}
