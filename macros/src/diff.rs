//! What `#[derive(Diff)]` becomes: a walk over the fields, in the order and by the index that
//! `#[derive(Store)]` of `reactive_stores` gives them.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{
    Attribute, Data, DeriveInput, Error, Expr, Field, Fields, Generics, Ident, Index, Result,
    Token, Type, Variant, parse::Parse, parse::ParseStream, parse_quote,
};

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let name = &input.ident;
    let body = match &input.data {
        Data::Struct(data) => {
            let parts = data.fields.iter().enumerate().map(of_struct);
            let parts = parts.collect::<Result<Vec<_>>>()?;
            quote! { #(#parts)* }
        }
        Data::Enum(data) => {
            let arms = data.variants.iter().filter_map(of_variant);
            quote! {
                match (old, new) {
                    #(#arms)*
                    #[allow(unreachable_patterns)]
                    _ => walk.whole(old, new),
                }
            }
        }
        Data::Union(data) => {
            let message = "a union has no fields that could be compared";
            return Err(Error::new_spanned(data.union_token, message));
        }
    };
    let generics = with_bounds(&input.generics);
    let (params, types, bounds) = generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #params ::universal_state::Diff for #name #types #bounds {
            #[allow(unused_variables)]
            fn walk(
                old: &Self,
                new: &Self,
                walk: &mut ::universal_state::fields::Walk<'_, '_>,
            ) {
                #[allow(unused_imports)]
                use ::universal_state::fields::probe::{AsWhole, ByItems, ByParts};
                #body
            }
        }
    })
}

/// The bounds of the type, and `Diff` for its parameters.
fn with_bounds(generics: &Generics) -> Generics {
    let mut generics = generics.clone();
    for param in generics.type_params_mut() {
        param.bounds.push(parse_quote!(::universal_state::Diff));
    }
    generics
}

/// Compares two values of a type of which only the compiler knows whether it has parts.
fn inside() -> TokenStream {
    quote! {
        |old, new, walk| (&&::universal_state::fields::probe::Pair(old, new)).walk(walk)
    }
}

fn of_struct((index, field): (usize, &Field)) -> Result<TokenStream> {
    let inside = inside();
    let collection = &field.ty;
    let name = match &field.ident {
        Some(name) => quote! { #name },
        None => {
            let index = Index::from(index);
            quote! { #index }
        }
    };
    Ok(match mode(&field.attrs)? {
        Some(Mode::Skip) => TokenStream::new(),
        // The compiler does not find the type of the collection by itself.
        Some(Mode::Key { ty, key }) => quote! {
            walk.keyed::<#collection, #ty>(#index, &old.#name, &new.#name, #key, #inside);
        },
        None => quote! {
            walk.field(#index, &old.#name, &new.#name, #inside);
        },
    })
}

/// A variant with one field. `reactive_stores` calls every field of a variant by the index 0, so
/// only one that is alone can be followed.
fn of_variant(variant: &Variant) -> Option<TokenStream> {
    let field = match variant.fields.len() {
        1 => variant.fields.iter().next()?,
        _ => return None,
    };
    let (name, inside) = (&variant.ident, inside());
    let (old, new) = (format_ident!("__old"), format_ident!("__new"));
    let pattern = |bound: &Ident| match (&variant.fields, &field.ident) {
        (Fields::Named(_), Some(field)) => quote! { Self::#name { #field: #bound } },
        _ => quote! { Self::#name(#bound) },
    };
    let (olds, news) = (pattern(&old), pattern(&new));
    Some(quote! {
        (#olds, #news) => walk.field(0, #old, #new, #inside),
    })
}

/// What `#[store(…)]` says of a field.
enum Mode {
    Skip,
    Key { ty: Box<Type>, key: Box<Expr> },
}

impl Parse for Mode {
    fn parse(input: ParseStream) -> Result<Self> {
        let mode: Ident = input.parse()?;
        if mode == "skip" {
            return Ok(Self::Skip);
        }
        if mode != "key" {
            let message = "expected `key: <Type> = <closure>` or `skip`";
            return Err(Error::new(mode.span(), message));
        }
        input.parse::<Token![:]>()?;
        let ty = input.parse()?;
        input.parse::<Token![=]>()?;
        let key = input.parse()?;
        Ok(Self::Key { ty, key })
    }
}

fn mode(attrs: &[Attribute]) -> Result<Option<Mode>> {
    let mut found = attrs.iter().filter(|attr| attr.path().is_ident("store"));
    found.next().map(Attribute::parse_args).transpose()
}
