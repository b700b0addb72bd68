//! [`Stamp`]: when and where something was written, so that every replica puts writes into one order.

use std::{fmt, str::FromStr};

/// The latest time that a stamp can carry: 48 bits of milliseconds, some 8,900 years.
pub(crate) const MAX_MILLIS: u64 = (1 << 48) - 1;

/// Tells one replica of a state from all others: one tab, one store, from its beginning to its end.
/// As text, 16 hexadecimal digits.
///
/// ```
/// use universal_state::edge::ReplicaId;
///
/// let id = ReplicaId::new(0xca_fe);
/// assert_eq!(id.to_string(), "000000000000cafe");
/// assert_eq!("000000000000cafe".parse(), Ok(id));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplicaId(u64);

impl ReplicaId {
    /// The replica with this number. It must be no other's: draw it at random.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// When and where something was written, by a hybrid logical clock (Kulkarni et al., "Logical
/// Physical Clocks", 2014). Stamps are totally ordered; what was written with knowledge of something
/// else has the later one, whatever the wall clocks say.
///
/// As text, `<ms>-<count>-<replica>`, the first two in base 36:
///
/// ```
/// use universal_state::edge::{ReplicaId, Stamp};
///
/// let stamp: Stamp = "m3s0kq1c-0-000000000000cafe".parse()?;
/// assert_eq!(stamp.replica(), ReplicaId::new(0xca_fe));
/// assert_eq!(stamp.to_string(), "m3s0kq1c-0-000000000000cafe");
/// # Ok::<(), universal_state::edge::Malformed>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    pub(crate) millis: u64,
    pub(crate) count: u32,
    pub(crate) replica: ReplicaId,
}

impl Stamp {
    /// Earlier than all that a clock gives out.
    pub(crate) const FIRST: Self = Self {
        millis: 0,
        count: 0,
        replica: ReplicaId(0),
    };

    /// When, in ms since the Unix epoch, by the clock of whoever was ahead.
    pub fn millis(&self) -> u64 {
        self.millis
    }

    /// Where.
    pub fn replica(&self) -> ReplicaId {
        self.replica
    }
}

/// Text or JSON that should be a part of the protocol is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no {0}")]
pub struct Malformed(pub(crate) &'static str);

impl fmt::Display for ReplicaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for ReplicaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ReplicaId {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 16 || !text.bytes().all(is_digit) {
            return Err(Malformed("id of a replica"));
        }
        u64::from_str_radix(text, 16)
            .map(Self)
            .map_err(|_| Malformed("id of a replica"))
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_base36(f, self.millis)?;
        f.write_str("-")?;
        write_base36(f, u64::from(self.count))?;
        write!(f, "-{}", self.replica)
    }
}

impl fmt::Debug for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Stamp {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let read = || {
            let mut parts = text.splitn(3, '-');
            Some(Self {
                millis: read_base36(parts.next()?).filter(|millis| *millis <= MAX_MILLIS)?,
                count: u32::try_from(read_base36(parts.next()?)?).ok()?,
                replica: parts.next()?.parse().ok()?,
            })
        };
        read().ok_or(Malformed("stamp"))
    }
}

fn write_base36(f: &mut fmt::Formatter<'_>, mut number: u64) -> fmt::Result {
    let mut digits = [0; 13];
    let mut start = digits.len();
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789abcdefghijklmnopqrstuvwxyz"[(number % 36) as usize];
        number /= 36;
        start -= 1;
        if number == 0 {
            break;
        }
    }
    let digits = digits.get(start..).unwrap_or_default();
    f.write_str(std::str::from_utf8(digits).unwrap_or_default())
}

/// One text a number: no sign, no capital letters, no leading zeros.
fn read_base36(text: &str) -> Option<u64> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'z');
    let is_canonical = text == "0" || !text.starts_with('0');
    let is_number = !text.is_empty() && text.len() <= 12 && text.bytes().all(is_digit);
    (is_canonical && is_number)
        .then(|| u64::from_str_radix(text, 36).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stamp_is_one_text_and_back() {
        for millis in [0, 1, 35, 36, 1_790_000_000_000, MAX_MILLIS] {
            for count in [0, 7, u32::MAX] {
                let stamp = Stamp {
                    millis,
                    count,
                    replica: ReplicaId(0xfeed),
                };
                assert_eq!(stamp.to_string().parse(), Ok(stamp));
            }
        }
        let good = "m3s0kq1c-0-000000000000cafe";
        assert!(good.parse::<Stamp>().is_ok());
        for bad in [
            "",
            "-",
            "--",
            "M3S0-0-000000000000cafe",
            "+1-0-000000000000cafe",
            "01-0-000000000000cafe",
            "1-00-000000000000cafe",
            "1-0-000000000000CAFE",
            "1-0-cafe",
            "1-0-000000000000cafe-",
            "zzzzzzzzzzzz-0-000000000000cafe",
            "1-zzzzzzzz-000000000000cafe",
        ] {
            assert!(bad.parse::<Stamp>().is_err(), "{bad}");
        }
    }
}
