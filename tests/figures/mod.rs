//! What a test found out, in numbers, for people to read: printed, and added to the file that
//! `UNIVERSAL_STATE_FIGURES` names, which `cargo xtask test` shows.

use std::{env, fs::File, io::Write};

/// As `println!`.
macro_rules! figure {
    ($($text:tt)*) => {
        $crate::figures::note(&format!($($text)*))
    };
}

pub fn note(text: &str) {
    println!("{text}");
    if let Some(path) = env::var_os("UNIVERSAL_STATE_FIGURES") {
        let file = File::options().create(true).append(true).open(path);
        // One call, so that lines of tests that run at once are not mixed.
        let written = file.and_then(|mut file| file.write_all(format!("{text}\n").as_bytes()));
        written.expect("the file of figures can be written");
    }
}
