//! What `#[derive(Diff)]` becomes: a walk over the fields, in the order and by the index that
//! `#[derive(Store)]` of `reactive_stores` gives them.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{
    Attribute, Data, DataEnum, DataStruct, DeriveInput, Error, Expr, Field, Fields, Generics,
    Ident, Index, Result, Token, Type, Variant, parse::Parse, parse::ParseStream, parse_quote,
};

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let name = &input.ident;
    let whole = quote! {
        (&::universal_state::fields::probe::Copied::of(&*self)).as_whole()(self, new, ahead)
    };
    let (body, copy, [part, part_mut]) = match &input.data {
        Data::Struct(data) => {
            let parts = data.fields.iter().enumerate().map(of_struct);
            let parts = parts.collect::<Result<Vec<_>>>()?;
            let steps = data.fields.iter().enumerate().map(step_of_struct);
            let steps = steps.collect::<Result<Vec<_>>>()?;
            let copy = quote! {
                match ahead.step() {
                    #(#steps)*
                    ::core::option::Option::Some(_) => false,
                    ::core::option::Option::None => #whole,
                }
            };
            let reach = [false, true].map(|to_write| reach_of_struct(data, to_write));
            let [part, part_mut] = reach;
            (quote! { #(#parts)* }, copy, [part?, part_mut?])
        }
        Data::Enum(data) => {
            let arms = data.variants.iter().filter_map(of_variant);
            let steps = data.variants.iter().filter_map(step_of_variant);
            let body = quote! {
                match (old, new) {
                    #(#arms)*
                    #[allow(unreachable_patterns)]
                    _ => walk.whole(old, new),
                }
            };
            let copy = quote! {
                if ahead.step().is_none() {
                    return #whole;
                }
                match (&mut *self, new) {
                    #(#steps)*
                    #[allow(unreachable_patterns)]
                    _ => #whole,
                }
            };
            let reach = [false, true].map(|to_write| reach_of_enum(data, to_write));
            (body, copy, reach)
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

            #[allow(unused_variables)]
            fn take_over(
                &mut self,
                new: &Self,
                ahead: &mut ::universal_state::fields::Ahead<'_>,
            ) -> bool {
                #[allow(unused_imports)]
                use ::universal_state::fields::probe::{
                    CopiesItems, CopiesOthers, CopiesParts, CopiesWhole,
                };
                #copy
            }

            #[allow(unused_variables)]
            fn part<'__v>(
                &'__v self,
                trail: &mut ::universal_state::fields::Trail<'_>,
            ) -> ::core::option::Option<&'__v dyn ::core::any::Any>
            where
                Self: 'static,
            {
                #[allow(unused_imports)]
                use ::universal_state::fields::probe::{ReachesItems, ReachesParts, ReachesWhole};
                #part
            }

            #[allow(unused_variables)]
            fn part_mut<'__v>(
                &'__v mut self,
                trail: &mut ::universal_state::fields::Trail<'_>,
            ) -> ::core::option::Option<&'__v mut dyn ::core::any::Any>
            where
                Self: 'static,
            {
                #[allow(unused_imports)]
                use ::universal_state::fields::probe::{ReachesItems, ReachesParts, ReachesWhole};
                #part_mut
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

/// Takes over from one part to another, of a type of which only the compiler knows what it can.
fn take_over(this: &TokenStream, new: &TokenStream) -> TokenStream {
    quote! {
        (&&::universal_state::fields::probe::Copied::of(&*#this)).by_parts()(#this, #new, ahead)
    }
}

/// Goes on into a part, of a type of which only the compiler knows whether it has parts.
fn reach(this: &TokenStream, to_write: bool) -> TokenStream {
    let reached = quote! { (&&::universal_state::fields::probe::Reached::of(&*#this)) };
    match to_write {
        false => quote! { #reached.part()(#this, trail) },
        true => quote! { #reached.part_mut()(#this, trail) },
    }
}

/// The value itself, at the end of the way.
fn here(to_write: bool) -> TokenStream {
    match to_write {
        false => quote! { trail.here(self) },
        true => quote! { trail.here_mut(self) },
    }
}

fn reach_of_struct(data: &DataStruct, to_write: bool) -> Result<TokenStream> {
    let step = |(index, field): (usize, &Field)| {
        if let Some(Mode::Skip) = mode(&field.attrs)? {
            return Ok(TokenStream::new());
        }
        let name = name_of(index, field);
        let part = match to_write {
            false => quote! { (&self.#name) },
            true => quote! { (&mut self.#name) },
        };
        let reach = reach(&part, to_write);
        Ok(quote! { ::core::option::Option::Some(#index) => #reach, })
    };
    let steps = data.fields.iter().enumerate().map(step);
    let steps = steps.collect::<Result<Vec<_>>>()?;
    let here = here(to_write);
    Ok(quote! {
        match trail.step() {
            #(#steps)*
            ::core::option::Option::Some(_) => trail.lose(),
            ::core::option::Option::None => #here,
        }
    })
}

fn reach_of_enum(data: &DataEnum, to_write: bool) -> TokenStream {
    let step = |(index, variant): (usize, &Variant)| {
        let Some((this, pattern)) = alone(variant, "__part") else {
            let name = &variant.ident;
            let has_fields = !variant.fields.is_empty();
            return has_fields.then(|| quote! { Self::#name { .. } => trail.lose(), });
        };
        let reach = reach(&quote! { #this }, to_write);
        Some(quote! { #pattern if trail.passes(#index) => #reach, })
    };
    let steps = data.variants.iter().enumerate().filter_map(step);
    let here = here(to_write);
    quote! {
        if trail.step().is_none() {
            return #here;
        }
        match self {
            #(#steps)*
            #[allow(unreachable_patterns)]
            _ => ::core::option::Option::None,
        }
    }
}

fn name_of(index: usize, field: &Field) -> TokenStream {
    match &field.ident {
        Some(name) => quote! { #name },
        None => {
            let index = Index::from(index);
            quote! { #index }
        }
    }
}

fn step_of_struct((index, field): (usize, &Field)) -> Result<TokenStream> {
    if let Some(Mode::Skip) = mode(&field.attrs)? {
        return Ok(TokenStream::new());
    }
    let name = name_of(index, field);
    let take_over = take_over(&quote! { (&mut self.#name) }, &quote! { (&new.#name) });
    Ok(quote! {
        ::core::option::Option::Some(#index) => #take_over,
    })
}

fn of_struct((index, field): (usize, &Field)) -> Result<TokenStream> {
    let inside = inside();
    let collection = &field.ty;
    let name = name_of(index, field);
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

fn of_variant(variant: &Variant) -> Option<TokenStream> {
    let inside = inside();
    let (old, new, pattern) = pair(variant)?;
    Some(quote! {
        #pattern => walk.field(0, #old, #new, #inside),
    })
}

fn step_of_variant(variant: &Variant) -> Option<TokenStream> {
    let (this, new, pattern) = pair(variant)?;
    let take_over = take_over(&quote! { #this }, &quote! { #new });
    Some(quote! {
        #pattern => #take_over,
    })
}

/// A variant with one field: what that is called in two values, and the pattern of both.
fn pair(variant: &Variant) -> Option<(Ident, Ident, TokenStream)> {
    let ((old, olds), (new, news)) = (alone(variant, "__old")?, alone(variant, "__new")?);
    Some((old, new, quote! { (#olds, #news) }))
}

/// A variant with one field: what that is called, and its pattern. `reactive_stores` calls every
/// field of a variant by the index 0, so only one that is alone can be followed.
fn alone(variant: &Variant, called: &str) -> Option<(Ident, TokenStream)> {
    let field = match variant.fields.len() {
        1 => variant.fields.iter().next()?,
        _ => return None,
    };
    let (name, bound) = (&variant.ident, format_ident!("{called}"));
    let pattern = match (&variant.fields, &field.ident) {
        (Fields::Named(_), Some(field)) => quote! { Self::#name { #field: #bound } },
        _ => quote! { Self::#name(#bound) },
    };
    Some((bound, pattern))
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
