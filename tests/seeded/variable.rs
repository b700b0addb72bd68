//! How many and which random cases are tried is set by environment variables.

/// The number in a variable; `None` if it is not set.
pub fn variable(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("{name} is not a number: {text:?}")))
}
