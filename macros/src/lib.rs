//! The derive macros of `universal-state`.
