//! Numbers, to the last bit: a guess, and long arithmetic where the guess may be wrong. What others have
//! in tables costs time here, for numbers of 16 digits and more, and no bytes.

use super::{Read, Reader};
use serde_json::Number;
use std::cmp::Ordering;

/// What is half-way between two neighbours of `f64` has no more digits than 767, so what follows these
/// only matters by not being zero.
const MAX_DIGITS: usize = 800;

/// Reads a number, whose first character comes next.
pub(super) fn read(reader: &mut Reader) -> Read<Number> {
    let is_negative = reader.eat(b'-');
    let start = reader.at;
    let whole = digits(reader)?;
    if whole.len() > 1 && whole.starts_with('0') {
        return Err("a number that begins with 0");
    }
    let mut exponent = 0;
    if reader.eat(b'.') {
        exponent = -i64::try_from(digits(reader)?.len()).unwrap_or(i64::MAX);
    }
    let mantissa = reader.since(start);
    let has_exponent = reader.eat(b'e') || reader.eat(b'E');
    if has_exponent {
        let is_below = reader.eat(b'-');
        if !is_below {
            reader.eat(b'+');
        }
        let digits = digits(reader)?.bytes();
        // No text has as many digits as would bring more than that back into the range.
        let more = digits.fold(0, |sum, digit| (sum * 10 + value(digit)).min(1 << 40));
        let more = i64::try_from(more).unwrap_or(i64::MAX);
        exponent += if is_below { -more } else { more };
    }
    let integer = match exponent == 0 && !has_exponent {
        true => mantissa.parse::<u64>().ok(),
        false => None,
    };
    match (is_negative, integer) {
        (false, Some(integer)) => return Ok(integer.into()),
        // Minus zero is no integer.
        (true, Some(integer @ 1..)) => {
            if let Some(integer) = 0_i64.checked_sub_unsigned(integer) {
                return Ok(integer.into());
            }
        }
        _ => {}
    }
    let number = nearest(mantissa, exponent);
    let number = if is_negative { -number } else { number };
    Number::from_f64(number).ok_or("a number out of range")
}

/// At least one digit.
fn digits<'t>(reader: &mut Reader<'t>) -> Read<&'t str> {
    let start = reader.at;
    while let Some(b'0'..=b'9') = reader.peek() {
        reader.at += 1;
    }
    match reader.at > start {
        true => Ok(reader.since(start)),
        false => Err("a number without a digit"),
    }
}

fn value(digit: u8) -> u64 {
    u64::from(digit & 15)
}

/// What is closest to an integer, in which a point counts for nothing, times ten to a power; between
/// two that are, the even one. Infinity if it is too large.
fn nearest(mantissa: &str, exponent: i64) -> f64 {
    let digits = mantissa.bytes().filter(|byte| *byte != b'.');
    let digits = digits.skip_while(|digit| *digit == b'0').map(value);
    let first = digits.clone().take(19);
    let (first, known) = first.fold((0, 0), |(sum, count), digit| (sum * 10 + digit, count + 1));
    if first == 0 {
        return 0.0;
    }
    let count = known + i64::try_from(digits.clone().skip(19).count()).unwrap_or(i64::MAX);
    match count.saturating_add(exponent) {
        310.. => return f64::INFINITY,
        ..-330 => return 0.0,
        _ => {}
    }
    let guess = scaled(first, exponent + count - known);
    // Both are held exactly, so their product or quotient is what is closest.
    if count == known && first <= 1 << 53 && exponent.unsigned_abs() <= 22 {
        return guess;
    }
    let mut integer = Long(Vec::new());
    for digit in digits.clone().take(MAX_DIGITS) {
        integer.multiply(10, digit);
    }
    let mut exponent = exponent;
    let mut rest = digits.skip(MAX_DIGITS);
    if rest.clone().next().is_some() {
        exponent += count - i64::try_from(MAX_DIGITS).unwrap_or(i64::MAX) - 1;
        integer.multiply(10, u64::from(rest.any(|digit| digit != 0)));
    }
    // The bits of positive numbers are in the order of the numbers.
    let mut bits = guess.to_bits();
    let is_after = |bits| match integer.compare(exponent, bits) {
        Ordering::Less => false,
        Ordering::Equal => bits & 1 == 1,
        Ordering::Greater => true,
    };
    while bits < f64::INFINITY.to_bits() && is_after(bits) {
        bits += 1;
    }
    while bits > 0 && !is_after(bits - 1) {
        bits -= 1;
    }
    f64::from_bits(bits)
}

/// A number times ten to a power, some units in the last place from what is closest; exact where both
/// are, as ten to the power of 22 is.
#[expect(clippy::cast_precision_loss, reason = "it is a guess")]
fn scaled(number: u64, exponent: i64) -> f64 {
    let mut scaled = number as f64;
    let (mut power, mut left) = (10.0, exponent.unsigned_abs());
    if exponent.unsigned_abs() <= 22 {
        // One step, so that it is rounded once.
        power = (0..left).fold(1.0, |power, _| power * 10.0);
        left = 1;
    }
    while left > 0 {
        if left & 1 == 1 {
            scaled = if exponent < 0 {
                scaled / power
            } else {
                scaled * power
            };
        }
        power *= power;
        left >>= 1;
    }
    scaled
}

/// A positive integer, the lowest part first.
#[derive(Clone)]
struct Long(Vec<u32>);

impl Long {
    fn multiply(&mut self, by: u64, add: u64) {
        let mut carry = add;
        for part in &mut self.0 {
            carry += u64::from(*part) * by;
            *part = low(carry);
            carry >>= 32;
        }
        if carry > 0 {
            self.0.push(low(carry));
        }
    }

    /// Times ten to a power and two to a power, unless they are below zero.
    fn scale(&mut self, ten: i64, two: i64) {
        let mut ten = u32::try_from(ten).unwrap_or_default();
        while ten > 0 {
            let step = ten.min(9);
            self.multiply(10_u64.pow(step), 0);
            ten -= step;
        }
        let two = u32::try_from(two).unwrap_or_default();
        self.multiply(1 << (two % 32), 0);
        self.0.splice(0..0, (0..two / 32).map(|_| 0));
    }

    /// Compares it, times ten to a power, with what is half-way between the number of these bits and the
    /// next.
    fn compare(&self, exponent: i64, bits: u64) -> Ordering {
        const FRACTION: u64 = 1 << 52;
        let (fraction, power) = match bits / FRACTION {
            0 => (bits, 1),
            power => (bits % FRACTION + FRACTION, power),
        };
        // One more than the fraction has, for the half.
        let power = i64::try_from(power).unwrap_or_default() - 1076;
        let half = fraction * 2 + 1;
        let mut half = Self([half, half >> 32].map(low).into());
        half.0.truncate(if fraction < 1 << 31 { 1 } else { 2 });
        let mut number = self.clone();
        number.scale(exponent, -power);
        half.scale(-exponent, power);
        let parts = number.0.iter().rev();
        let lengths = number.0.len().cmp(&half.0.len());
        lengths.then_with(|| parts.cmp(half.0.iter().rev()))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the rest is carried")]
fn low(bits: u64) -> u32 {
    bits as u32
}
