//! The small types that the language itself compares and copies: kept in place, without memory of
//! their own.

use std::any::{Any, TypeId, type_name};

/// A value of one of the small types.
#[derive(Clone, Copy)]
pub(super) struct Plain {
    kind: Kind,
    bits: u64,
}

/// A type that fits into 64 bits.
trait Bits: Copy {
    fn bits(self) -> u64;
    fn of(bits: u64) -> Self;
}

macro_rules! integers {
    ($($ty:ty),+) => { $(
        impl Bits for $ty {
            fn bits(self) -> u64 {
                self as u64
            }

            fn of(bits: u64) -> Self {
                bits as Self
            }
        }
    )+ };
}

integers!(i8, i16, i32, i64, isize, u8, u16, u32, u64, usize);

impl Bits for bool {
    fn bits(self) -> u64 {
        self.into()
    }

    fn of(bits: u64) -> Self {
        bits != 0
    }
}

impl Bits for char {
    fn bits(self) -> u64 {
        self.into()
    }

    fn of(bits: u64) -> Self {
        // What was a character is one.
        u32::try_from(bits)
            .ok()
            .and_then(Self::from_u32)
            .unwrap_or_default()
    }
}

impl Bits for f32 {
    fn bits(self) -> u64 {
        self.to_bits().into()
    }

    fn of(bits: u64) -> Self {
        Self::from_bits(bits as u32)
    }
}

impl Bits for f64 {
    fn bits(self) -> u64 {
        self.to_bits()
    }

    fn of(bits: u64) -> Self {
        Self::from_bits(bits)
    }
}

macro_rules! plain {
    ($($kind:ident($ty:ty)),+ $(,)?) => {
        // A word, as what lies beside it: a value is moved in whole words then, and a word that was
        // written in two parts is slow to read.
        #[derive(Clone, Copy, PartialEq, Eq)]
        #[repr(u32)]
        enum Kind {
            $($kind),+
        }

        impl Plain {
            /// The value, if its type is one of them.
            #[inline]
            pub(super) fn new<T: Any>(value: &T) -> Option<Self> {
                // The compiler knows `T`, and leaves one of these or none.
                $(
                    if let Some(value) = (value as &dyn Any).downcast_ref::<$ty>() {
                        return Some(Self { kind: Kind::$kind, bits: value.bits() });
                    }
                )+
                None
            }

            /// Whether a type is one of them.
            #[inline]
            pub(super) fn has<T: Any>() -> bool {
                $(TypeId::of::<T>() == TypeId::of::<$ty>())||+
            }

            /// The value, if it is a `T`.
            #[inline]
            pub(super) fn get<T: Any + Clone>(self) -> Option<T> {
                $(
                    if TypeId::of::<T>() == TypeId::of::<$ty>() {
                        let value = <$ty>::of(self.bits);
                        let value = (&value as &dyn Any).downcast_ref::<T>();
                        return value.filter(|_| self.kind == Kind::$kind).cloned();
                    }
                )+
                None
            }

            pub(super) fn type_name(self) -> &'static str {
                match self.kind {
                    $(Kind::$kind => type_name::<$ty>()),+
                }
            }
        }
    };
}

plain! {
    Bool(bool), Char(char),
    I8(i8), I16(i16), I32(i32), I64(i64), Isize(isize),
    U8(u8), U16(u16), U32(u32), U64(u64), Usize(usize),
    F32(f32), F64(f64),
}

impl Plain {
    /// As `serde_json` has it: what is not finite is `null`.
    #[cfg(feature = "json")]
    pub(super) fn encode(self) -> serde_json::Value {
        use Kind::*;
        match self.kind {
            Bool => bool::of(self.bits).into(),
            Char => String::from(char::of(self.bits)).into(),
            I8 | I16 | I32 | I64 | Isize => i64::of(self.bits).into(),
            U8 | U16 | U32 | U64 | Usize => self.bits.into(),
            F32 => f32::of(self.bits).into(),
            F64 => f64::of(self.bits).into(),
        }
    }

    /// Whether both are equal, if they are of one type.
    #[inline]
    pub(super) fn same(self, other: Self) -> Option<bool> {
        (self.kind == other.kind).then(|| match self.kind {
            Kind::F32 => f32::of(self.bits) == f32::of(other.bits),
            Kind::F64 => f64::of(self.bits) == f64::of(other.bits),
            _ => self.bits == other.bits,
        })
    }

    /// Whether both are the same to the bit.
    #[inline]
    pub(super) fn is_bit_for_bit(self, other: Self) -> bool {
        (self.kind, self.bits) == (other.kind, other.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::Plain;
    use crate::value::StateValue;

    /// Whether a value comes back as what it was, and as nothing else.
    fn returns<T: StateValue>(value: T) -> bool {
        let plain = Plain::new(&value).expect("it is a small type");
        plain.get::<T>() == Some(value)
            && plain.get::<String>().is_none()
            && plain.type_name() == std::any::type_name::<T>()
            && (plain.get::<i8>().is_none() || plain.get::<u8>().is_none())
    }

    #[test]
    fn what_is_kept_in_place_comes_back() {
        assert!(returns(true) && returns(false) && returns('\u{10ffff}') && returns('\0'));
        assert!(returns(i8::MIN) && returns(-1i16) && returns(i32::MIN) && returns(i64::MIN));
        assert!(returns(u8::MAX) && returns(u16::MAX) && returns(u32::MAX) && returns(u64::MAX));
        assert!(returns(isize::MIN) && returns(usize::MAX));
        assert!(returns(f32::MIN_POSITIVE) && returns(-0.0f64) && returns(f64::INFINITY));
        assert!(Plain::new(&1i128).is_none() && Plain::new(&String::new()).is_none());
        assert!(Plain::has::<char>() && !Plain::has::<i128>() && !Plain::has::<Option<i32>>());
    }

    #[test]
    fn floats_are_equal_as_floats_are() {
        let plain = |value: f64| Plain::new(&value).expect("it is a small type");
        assert_eq!(plain(0.0).same(plain(-0.0)), Some(true));
        assert_eq!(plain(f64::NAN).same(plain(f64::NAN)), Some(false));
        assert!(plain(f64::NAN).is_bit_for_bit(plain(f64::NAN)));
        assert!(!plain(0.0).is_bit_for_bit(plain(-0.0)));
        let single = Plain::new(&0.0f32).expect("it is a small type");
        assert_eq!(plain(0.0).same(single), None);
    }
}
