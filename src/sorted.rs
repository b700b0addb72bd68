//! Sorting by name. All that is sorted shares one copy of the standard library's sort, of which each type
//! has 3 kB of its own otherwise.

/// Sorts by name. Of one name, what came first stays first.
pub(crate) fn by_name<T>(items: &mut Vec<T>, name: impl Fn(&T) -> &str) {
    if items.len() < 2 {
        return;
    }
    let names = items.iter().map(name).enumerate();
    let order = in_order(names.map(|(at, name)| (name, at)).collect());
    let mut unsorted: Vec<_> = items.drain(..).map(Some).collect();
    let sorted = order.into_iter();
    items.extend(sorted.filter_map(|at| unsorted.get_mut(at)?.take()));
}

/// The places of names in their order.
fn in_order(mut names: Vec<(&str, usize)>) -> Vec<usize> {
    names.sort_unstable();
    names.into_iter().map(|(_, at)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_what_came_first_stays_first() {
        let sorted = |items: &[(&'static str, usize)]| {
            let mut items = items.to_vec();
            by_name(&mut items, |(name, _)| name);
            items
        };
        assert_eq!(sorted(&[]), []);
        assert_eq!(sorted(&[("b", 0)]), [("b", 0)]);
        let items = [("b", 0), ("a", 1), ("", 2), ("b", 3), ("a", 4), ("ab", 5)];
        let in_order = [("", 2), ("a", 1), ("a", 4), ("ab", 5), ("b", 0), ("b", 3)];
        assert_eq!(sorted(&items), in_order);
        let many: Vec<_> = (0..1_000).map(|at| (["c", "a", "b"][at % 3], at)).collect();
        let mut stable = many.clone();
        stable.sort_by_key(|(name, _)| *name);
        assert_eq!(sorted(&many), stable);
    }
}
