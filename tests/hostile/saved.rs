//! Messages that are saved, each with what is to become of it.

use super::Victim;
use universal_state::edge::Refusal;

#[test]
fn every_saved_message_is_taken_or_refused_as_it_says() {
    let (mut taken, mut refused) = (0, 0);
    for (number, line) in include_str!("cases.txt").lines().enumerate() {
        let (verdict, message) = line.split_once('\t').unwrap();
        let victim = Victim::new();
        victim.store.set("kept", 1).unwrap();
        victim.edge.flush();
        let before = victim.trace();
        victim.hears(message);
        let after = victim.trace();
        let counted: Vec<_> = victim.refused().iter().collect();
        let at = format!("line {}: {line}", number + 1);
        match Refusal::ALL
            .iter()
            .find(|reason| reason.to_string() == verdict)
        {
            Some(reason) => {
                refused += 1;
                assert_eq!(counted, [(*reason, 1)], "{at}");
                assert_eq!(after.state, before.state, "{at}");
                assert_eq!(after.digest, before.digest, "{at}");
                assert_eq!(after.version, before.version, "{at}");
                let is_well_formed = matches!(reason, Refusal::Ahead | Refusal::Label);
                assert!(is_well_formed || after.tabs.is_empty(), "{at}");
            }
            None => {
                taken += 1;
                assert!(counted.is_empty(), "{at}");
                let is_changed = after.digest != before.digest;
                match verdict {
                    "taken" => assert!(is_changed, "{at}"),
                    "heard" => assert!(!is_changed && after.tabs.len() == 1, "{at}"),
                    "ignored" => assert_eq!(after, before, "{at}"),
                    verdict => panic!("no verdict {verdict:?}, {at}"),
                }
            }
        }
    }
    figure!("saved messages: {refused} refused, {taken} taken");
    assert!(taken + refused >= 200);
}
