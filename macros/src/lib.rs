//! The derive macro of `universal-state`. It is used through that crate.

mod diff;

use proc_macro::TokenStream;

/// Derives `universal_state::Diff`: see there.
#[proc_macro_derive(Diff, attributes(store))]
pub fn derive_diff(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    diff::expand(&input)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
