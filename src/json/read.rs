//! Reading. What `serde_json` needs for numbers to the last bit alone weighs more than all of this.

mod number;

use serde_json::{Map, Value as Json};
use std::fmt;

/// A text is not read where arrays and objects are in each other this often: what reads it, writes it
/// and drops it calls itself for each level.
const MAX_DEPTH: usize = 128;

/// Why a text is not read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unread {
    what: &'static str,
    line: usize,
    column: usize,
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Self { what, line, column } = self;
        write!(f, "{what} at line {line}, column {column}")
    }
}

/// The value of a text, the same that `serde_json` reads. Of two members of one name the last counts.
///
/// # Errors
/// Where it is no JSON, nested 128 levels deep, or has a number that no `f64` can hold.
pub(crate) fn read(text: &str) -> Result<Json, Unread> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(MAX_DEPTH).and_then(|value| {
        reader.space();
        match reader.peek() {
            None => Ok(value),
            Some(_) => Err("more after the end"),
        }
    });
    value.map_err(|what| {
        let before = text.as_bytes().get(..reader.at).unwrap_or_default();
        let line_start = before.iter().rposition(|byte| *byte == b'\n');
        Unread {
            what,
            line: before.iter().filter(|byte| **byte == b'\n').count() + 1,
            column: before.len() - line_start.map_or(0, |at| at + 1) + 1,
        }
    })
}

type Read<T> = Result<T, &'static str>;

const NO_TEXT: &str = "a text that is malformed";

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let next = self.peek();
        self.at += usize::from(next.is_some());
        next
    }

    /// Goes on if this is what comes next.
    fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// What was read since.
    fn since(&self, start: usize) -> &'t str {
        // Both ends are beside ASCII characters.
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn value(&mut self, levels: usize) -> Read<Json> {
        self.space();
        Ok(match self.peek() {
            Some(b'"') => Json::String(self.string()?),
            Some(b'[') => {
                let mut items = Vec::new();
                self.members(b']', levels, |reader, levels| {
                    items.push(reader.value(levels)?);
                    Ok(())
                })?;
                Json::Array(items)
            }
            Some(b'{') => {
                let mut members = Map::new();
                self.members(b'}', levels, |reader, levels| {
                    if reader.peek() != Some(b'"') {
                        return Err("no name of a member");
                    }
                    let name = reader.string()?;
                    reader.space();
                    if !reader.eat(b':') {
                        return Err("no colon");
                    }
                    members.insert(name, reader.value(levels)?);
                    Ok(())
                })?;
                Json::Object(members)
            }
            Some(b'-' | b'0'..=b'9') => Json::Number(number::read(self)?),
            _ => {
                let words = [
                    ("null", Json::Null),
                    ("true", Json::Bool(true)),
                    ("false", Json::Bool(false)),
                ];
                let rest = self.text.get(self.at..).unwrap_or_default();
                let mut words = words.into_iter();
                let found = words.find(|(word, _)| rest.starts_with(word));
                let (word, value) = found.ok_or("no JSON value")?;
                self.at += word.len();
                value
            }
        })
    }

    /// Reads what is between two brackets, of which the first comes next.
    fn members(
        &mut self,
        end: u8,
        levels: usize,
        mut member: impl FnMut(&mut Self, usize) -> Read<()>,
    ) -> Read<()> {
        let levels = levels - 1;
        if levels == 0 {
            return Err("more than 127 levels");
        }
        self.at += 1;
        self.space();
        if self.eat(end) {
            return Ok(());
        }
        loop {
            self.space();
            member(self, levels)?;
            self.space();
            if self.eat(end) {
                return Ok(());
            }
            if !self.eat(b',') {
                return Err("no comma and no end");
            }
        }
    }

    /// Reads a text, of which the quotation mark comes next.
    fn string(&mut self) -> Read<String> {
        self.at += 1;
        let mut string = String::new();
        loop {
            let start = self.at;
            while self
                .peek()
                .is_some_and(|byte| byte >= b' ' && byte != b'"' && byte != b'\\')
            {
                self.at += 1;
            }
            string.push_str(self.since(start));
            match self.next() {
                Some(b'"') => return Ok(string),
                Some(b'\\') => string.push(self.escaped()?),
                _ => return Err(NO_TEXT),
            }
        }
    }

    fn escaped(&mut self) -> Read<char> {
        Ok(match self.next() {
            Some(same @ (b'"' | b'\\' | b'/')) => char::from(same),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let mut code = self.hex()?;
                // The first half of a pair of UTF-16 is nothing without the second.
                if code >> 10 == 0xd800 >> 10 {
                    let low = match (self.next(), self.next()) {
                        (Some(b'\\'), Some(b'u')) => self.hex()?,
                        _ => return Err(NO_TEXT),
                    };
                    if low >> 10 != 0xdc00 >> 10 {
                        return Err(NO_TEXT);
                    }
                    code = 0x1_0000 + ((code & 0x3ff) << 10 | low & 0x3ff);
                }
                char::from_u32(code).ok_or(NO_TEXT)?
            }
            _ => return Err(NO_TEXT),
        })
    }

    fn hex(&mut self) -> Read<u32> {
        (0..4).try_fold(0, |code, _| {
            let digit = self.next().and_then(|byte| char::from(byte).to_digit(16));
            Ok(code << 4 | digit.ok_or(NO_TEXT)?)
        })
    }
}

#[cfg(test)]
mod tests;
