//! [`Few`]: a list that most often holds one thing, which then takes no memory of its own.

use std::{
    iter::Chain,
    ops::{Deref, DerefMut},
    option, slice, vec,
};

/// A list that begins to take memory with its second element.
#[derive(Debug, Clone, Default)]
pub(crate) enum Few<T> {
    #[default]
    None,
    One(T),
    Many(Vec<T>),
}

impl<T> Few<T> {
    pub(crate) const fn new() -> Self {
        Self::None
    }

    pub(crate) fn push(&mut self, element: T) {
        match self {
            Self::Many(all) => all.push(element),
            Self::None => *self = Self::One(element),
            Self::One(_) => {
                let mut all = Vec::with_capacity(4);
                all.extend(std::mem::take(self));
                all.push(element);
                *self = Self::Many(all);
            }
        }
    }

    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        match self {
            Self::Many(all) => all.retain(keep),
            Self::One(one) if !keep(one) => *self = Self::None,
            _ => {}
        }
    }

    /// Empties the list, and keeps what memory it has.
    pub(crate) fn clear(&mut self) {
        match self {
            Self::Many(all) => all.clear(),
            _ => *self = Self::None,
        }
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        match self {
            Self::None => &[],
            Self::One(one) => slice::from_ref(one),
            Self::Many(all) => all,
        }
    }
}

impl<T> DerefMut for Few<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        match self {
            Self::None => &mut [],
            Self::One(one) => slice::from_mut(one),
            Self::Many(all) => all,
        }
    }
}

impl<T> Extend<T> for Few<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, elements: I) {
        let mut elements = elements.into_iter();
        loop {
            if let Self::Many(all) = self {
                return all.extend(elements);
            }
            match elements.next() {
                Some(element) => self.push(element),
                None => return,
            }
        }
    }
}

impl<T> FromIterator<T> for Few<T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        let mut few = Self::new();
        few.extend(elements);
        few
    }
}

impl<T> IntoIterator for Few<T> {
    type Item = T;
    type IntoIter = Chain<option::IntoIter<T>, vec::IntoIter<T>>;

    fn into_iter(self) -> Self::IntoIter {
        let (one, many) = match self {
            Self::None => (None, Vec::new()),
            Self::One(one) => (Some(one), Vec::new()),
            Self::Many(all) => (None, all),
        };
        one.into_iter().chain(many)
    }
}

impl<'a, T> IntoIterator for &'a Few<T> {
    type Item = &'a T;
    type IntoIter = slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, T> IntoIterator for &'a mut Few<T> {
    type Item = &'a mut T;
    type IntoIter = slice::IterMut<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::Few;

    #[test]
    fn it_is_a_list_however_many_there_are() {
        for n in 0..6 {
            let mut few = Few::new();
            few.extend(0..n);
            assert_eq!((few.to_vec(), few.len()), ((0..n).collect(), n));
            for element in &mut few {
                *element += 1;
            }
            assert_eq!(few.iter().sum::<usize>(), (1..=n).sum::<usize>());
            few.retain(|element| element % 2 == 0);
            assert!(few.iter().all(|element| element % 2 == 0) && few.len() == n / 2);
            few.clear();
            assert!(few.is_empty());
            few.push(7);
            assert_eq!(few.into_iter().collect::<Vec<_>>(), [7]);
        }
    }
}
