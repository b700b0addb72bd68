//! What a buyer has to tell, and what is wrong with it. No browser, no store.

use crate::catalogue::Pickups;

/// A field of the form, in the order in which they are on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// Who picks it up.
    Name,
    /// Where the receipt goes.
    Email,
    /// In which store it is picked up.
    Pickup,
}

impl Field {
    /// In the order of the page.
    pub const ALL: [Self; 3] = [Self::Name, Self::Email, Self::Pickup];
}

/// What was typed and chosen so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Draft {
    /// As typed.
    pub name: String,
    /// As typed.
    pub email: String,
    /// The id of a store; empty if none was chosen.
    pub pickup: String,
}

/// What is wrong with a field, in words for the buyer; `None` if nothing is.
pub fn problem(draft: &Draft, field: Field, pickups: &Pickups) -> Option<&'static str> {
    match field {
        Field::Name => name_problem(draft.name.trim()),
        Field::Email => email_problem(draft.email.trim()),
        Field::Pickup => {
            let is_known = pickups.stores.iter().any(|store| store.id == draft.pickup);
            (!is_known).then_some("Choose the store where you pick it up.")
        }
    }
}

/// The first field of the page with something wrong.
pub fn first_wrong(draft: &Draft, pickups: &Pickups) -> Option<Field> {
    Field::ALL
        .into_iter()
        .find(|field| problem(draft, *field, pickups).is_some())
}

fn name_problem(name: &str) -> Option<&'static str> {
    match name.chars().count() {
        0 => Some("Tell us your name, so that the store knows whom to give it to."),
        101.. => Some("Shorten your name to 100 characters."),
        _ => None,
    }
}

/// No more than what a mistake looks like: whether an address exists, only a letter can tell.
fn email_problem(email: &str) -> Option<&'static str> {
    if email.is_empty() {
        return Some("Tell us your e-mail address, for the receipt.");
    }
    let is_whole = email.split_once('@').is_some_and(|(person, host)| {
        let labels = || host.split('.');
        !person.is_empty()
            && !host.contains('@')
            && labels().count() > 1
            && labels().all(|label| !label.is_empty())
            && !email.contains(char::is_whitespace)
    });
    (!is_whole)
        .then_some("This does not look like an e-mail address. It reads like name@example.org.")
}

/// An order's number from 40 random bits: eight digits and capitals without those that look alike.
pub fn order_number(random: u64) -> String {
    const LETTERS: [char; 32] = [
        '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K',
        'L', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z',
    ];
    let letters = (0..8).filter_map(|place| {
        let bits = (random >> (place * 5)) & 31;
        LETTERS.get(usize::try_from(bits).ok()?)
    });
    "LL-".chars().chain(letters.copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pickups() -> Pickups {
        serde_json::from_value(json!({ "stores": [{
            "id": "quay", "name": "Quay", "street": "Quay 7", "town": "Saltholm", "hours": "9–18",
        }] }))
        .unwrap()
    }

    fn draft() -> Draft {
        Draft {
            name: "Ada Lovelace".to_owned(),
            email: "ada@example.org".to_owned(),
            pickup: "quay".to_owned(),
        }
    }

    #[test]
    fn a_full_form_has_nothing_wrong() {
        assert_eq!(first_wrong(&draft(), &pickups()), None);
    }

    #[test]
    fn an_empty_form_is_wrong_in_every_field_and_the_name_comes_first() {
        let empty = Draft::default();
        assert_eq!(first_wrong(&empty, &pickups()), Some(Field::Name));
        for field in Field::ALL {
            assert!(problem(&empty, field, &pickups()).is_some(), "{field:?}");
        }
    }

    #[test]
    fn space_is_not_a_name() {
        let draft = Draft {
            name: "  \t".to_owned(),
            ..draft()
        };
        assert_eq!(first_wrong(&draft, &pickups()), Some(Field::Name));
    }

    #[test]
    fn what_looks_like_a_mistake_is_no_address() {
        for email in [
            "ada",
            "ada@",
            "@example.org",
            "ada@example",
            "a da@example.org",
            "a@b@c.org",
            "ada@example..org",
        ] {
            let draft = Draft {
                email: email.to_owned(),
                ..draft()
            };
            assert_eq!(
                first_wrong(&draft, &pickups()),
                Some(Field::Email),
                "{email}"
            );
        }
        for email in [
            " ada@example.org ",
            "ada+shop@sub.example.org",
            "ädä@exämple.org",
        ] {
            let draft = Draft {
                email: email.to_owned(),
                ..draft()
            };
            assert_eq!(first_wrong(&draft, &pickups()), None, "{email}");
        }
    }

    #[test]
    fn a_store_that_was_closed_for_good_has_to_be_chosen_again() {
        let draft = Draft {
            pickup: "closed".to_owned(),
            ..draft()
        };
        assert_eq!(first_wrong(&draft, &pickups()), Some(Field::Pickup));
    }

    #[test]
    fn numbers_of_orders_differ_where_their_bits_do() {
        assert_eq!(order_number(0), "LL-22222222");
        assert_eq!(order_number(u64::MAX), "LL-ZZZZZZZZ");
        assert_ne!(order_number(1 << 35), order_number(1 << 34));
    }
}
