//! `#[derive(Choice)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Fields, Ident, LitStr, Result, Variant};

pub fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Enum(body) = &input.data else {
        return Err(Error::new_spanned(input, "a choice is an enum"));
    };
    let kind = &input.ident;
    let (mut variants, mut names) = (Vec::<&Ident>::new(), Vec::new());
    for variant in &body.variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(Error::new_spanned(variant, "a choice's variants have no fields"));
        }
        variants.push(&variant.ident);
        names.push(name(variant)?);
    }
    Ok(quote! {
        impl ::settings::Choice for #kind {
            const NAMES: &'static [&'static str] = &[#(#names),*];

            fn name(&self) -> &'static str {
                match self { #(Self::#variants => #names),* }
            }

            fn named(name: &str) -> ::core::option::Option<Self> {
                match name { #(#names => ::core::option::Option::Some(Self::#variants),)* _ => ::core::option::Option::None }
            }
        }

        impl ::settings::serde::Serialize for #kind {
            fn serialize<S: ::settings::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(::settings::Choice::name(self))
            }
        }

        impl<'de> ::settings::serde::Deserialize<'de> for #kind {
            fn deserialize<D: ::settings::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                let name = <::std::string::String as ::settings::serde::Deserialize>::deserialize(deserializer)?;
                <Self as ::settings::Choice>::named(&name).ok_or_else(|| {
                    ::settings::serde::de::Error::unknown_variant(&name, <Self as ::settings::Choice>::NAMES)
                })
            }
        }

        impl ::settings::Value for #kind {
            fn expected() -> ::std::string::String {
                ::settings::one_of(<Self as ::settings::Choice>::NAMES)
            }

            fn choices() -> ::core::option::Option<&'static [&'static str]> {
                ::core::option::Option::Some(<Self as ::settings::Choice>::NAMES)
            }

            fn read(value: &::settings::toml::Value) -> ::core::result::Result<Self, ::std::string::String> {
                value.as_str().and_then(<Self as ::settings::Choice>::named).ok_or_else(|| {
                    ::std::format!("it must be {}", ::settings::one_of(<Self as ::settings::Choice>::NAMES))
                })
            }
        }
    })
}

/// What `#[choice("name")]` says, or the variant's own name in kebab case.
fn name(variant: &Variant) -> Result<String> {
    match variant.attrs.iter().find(|attribute| attribute.path().is_ident("choice")) {
        Some(attribute) => Ok(attribute.parse_args::<LitStr>()?.value()),
        None => Ok(kebab(&variant.ident.to_string())),
    }
}

fn kebab(name: &str) -> String {
    let mut out = String::new();
    for (index, letter) in name.chars().enumerate() {
        if letter.is_uppercase() && index > 0 {
            out.push('-');
        }
        out.extend(letter.to_lowercase());
    }
    out
}
