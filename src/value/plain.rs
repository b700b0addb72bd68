//! The small types that the language itself compares and copies: kept in place, without memory of
//! their own.

use std::any::{Any, type_name};

macro_rules! plain {
    ($($kind:ident($ty:ty)),+ $(,)?) => {
        /// A value of one of the small types.
        #[derive(Clone, Copy)]
        pub(super) enum Plain {
            $($kind($ty)),+
        }

        impl Plain {
            /// The value, if its type is one of them.
            #[inline]
            pub(super) fn new<T: Any>(value: &T) -> Option<Self> {
                // The compiler knows `T`, and leaves one of these or none.
                $(
                    if let Some(value) = (value as &dyn Any).downcast_ref::<$ty>() {
                        return Some(Self::$kind(*value));
                    }
                )+
                None
            }

            /// The value, if it is a `T`.
            #[inline]
            pub(super) fn get<T: Any>(&self) -> Option<&T> {
                match self {
                    $(Self::$kind(value) => (value as &dyn Any).downcast_ref::<T>()),+
                }
            }

            /// Whether both are equal, if they are of one type.
            #[inline]
            pub(super) fn same(self, other: Self) -> Option<bool> {
                match (self, other) {
                    $((Self::$kind(a), Self::$kind(b)) => Some(a == b),)+
                    _ => None,
                }
            }

            pub(super) fn type_name(self) -> &'static str {
                match self {
                    $(Self::$kind(_) => type_name::<$ty>()),+
                }
            }

            #[cfg(feature = "json")]
            pub(super) fn encode(self) -> Result<serde_json::Value, serde_json::Error> {
                match self {
                    $(Self::$kind(value) => serde_json::to_value(value)),+
                }
            }

            /// Whether a value of another type, read as this one's, is equal.
            #[cfg(feature = "json")]
            pub(super) fn equals_decoded(self, other: &super::Value) -> bool {
                fn equals<T: crate::value::StateValue>(value: T, other: &super::Value) -> bool {
                    other.with(|other| value == *other) == Ok(true)
                }
                match self {
                    $(Self::$kind(value) => equals(value, other)),+
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
    /// Whether both are the same to the bit.
    pub(super) fn is(self, other: Self) -> bool {
        match (self, other) {
            (Self::F32(a), Self::F32(b)) => a.to_bits() == b.to_bits(),
            (Self::F64(a), Self::F64(b)) => a.to_bits() == b.to_bits(),
            _ => self.same(other) == Some(true),
        }
    }
}
