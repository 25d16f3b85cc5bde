//! `#[derive(Config)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    Attribute, Data, DeriveInput, Error, Expr, ExprLit, Field, Fields, Ident, Lit, Path, Result, Token, Type,
    parse::{Parse, ParseStream},
};

use crate::documentation;

/// How a field's settings stand in the table.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// One value under the field's name.
    Value,
    /// A table under the field's name.
    Group,
    /// Among the settings of the struct itself.
    Flatten,
}

/// What `#[setting(...)]` says of a field.
struct Setting {
    place: Place,
    laptop: Option<Expr>,
    paper: Option<Expr>,
    /// Name of a bound in `settings::Range`, and its number.
    bounds: Vec<(Ident, Expr)>,
}

impl Parse for Setting {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut setting = Self { place: Place::Value, laptop: None, paper: None, bounds: Vec::new() };
        while !input.is_empty() {
            if input.peek(Ident) && input.peek2(Token![=]) && !input.peek2(Token![==]) {
                let key: Ident = input.parse()?;
                input.parse::<Token![=]>()?;
                let value: Expr = input.parse()?;
                match key.to_string().as_str() {
                    "laptop" => setting.laptop = Some(value),
                    "paper" => setting.paper = Some(value),
                    "min" | "above" | "max" | "below" => setting.bounds.push((key, value)),
                    _ => return Err(Error::new_spanned(key, "laptop, paper, min, above, max or below")),
                }
            } else {
                match input.parse::<Expr>()? {
                    Expr::Path(path) if path.path.is_ident("group") => setting.place = Place::Group,
                    Expr::Path(path) if path.path.is_ident("flatten") => setting.place = Place::Flatten,
                    value => setting.laptop = Some(value),
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(setting)
    }
}

/// The generated pieces of one field.
struct Pieces {
    laptop: TokenStream,
    paper: TokenStream,
    describe: TokenStream,
    write: TokenStream,
    read: TokenStream,
    check: TokenStream,
}

pub fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let kind = &input.ident;
    let Data::Struct(body) = &input.data else {
        return Err(Error::new_spanned(input, "hyper-parameters are a struct with named fields"));
    };
    let none = syn::punctuated::Punctuated::new();
    let fields = match &body.fields {
        Fields::Named(fields) => &fields.named,
        Fields::Unit => &none,
        Fields::Unnamed(_) => return Err(Error::new_spanned(input, "hyper-parameters have names")),
    };
    let pieces: Vec<Pieces> = fields.iter().map(pieces).collect::<Result<_>>()?;
    let names: Vec<_> = fields.iter().map(|field| &field.ident).collect();
    let laptop = pieces.iter().map(|piece| &piece.laptop);
    let paper = pieces.iter().map(|piece| &piece.paper);
    let describe = pieces.iter().map(|piece| &piece.describe);
    let write = pieces.iter().map(|piece| &piece.write);
    let read = pieces.iter().map(|piece| &piece.read);
    let check = pieces.iter().map(|piece| &piece.check);
    let combinations = combinations(&input.attrs)?.map(|check| quote!(#check(self)?;));
    Ok(quote! {
        impl ::core::default::Default for #kind {
            fn default() -> Self {
                Self { #(#names: #laptop),* }
            }
        }

        #[allow(unused_variables)]
        impl ::settings::Config for #kind {
            fn paper() -> Self {
                Self { #(#names: #paper),* }
            }

            fn describe(laptop: &Self, paper: &Self, fields: &mut ::std::vec::Vec<::settings::Field>) {
                #(#describe)*
            }

            fn write(&self, table: &mut ::settings::toml::Table) {
                #(#write)*
            }

            fn read(
                &mut self,
                table: &::settings::toml::Table,
            ) -> ::core::result::Result<(), ::settings::Refusal> {
                #(#read)*
                ::core::result::Result::Ok(())
            }

            fn check(&self) -> ::core::result::Result<(), ::settings::Refusal> {
                #(#check)*
                #combinations
                ::core::result::Result::Ok(())
            }
        }
    })
}

/// What `#[setting(check = path)]` on the struct names.
fn combinations(attributes: &[Attribute]) -> Result<Option<Path>> {
    let mut found = None;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("setting")) {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("check") {
                return Err(meta.error("of a struct: check = path"));
            }
            found = Some(meta.value()?.parse()?);
            Ok(())
        })?;
    }
    Ok(found)
}

fn pieces(field: &Field) -> Result<Pieces> {
    let attributes = field.attrs.iter().filter(|attribute| attribute.path().is_ident("setting"));
    let [attribute] = attributes.collect::<Vec<_>>()[..] else {
        return Err(Error::new_spanned(field, "a field needs one #[setting(...)]"));
    };
    let setting: Setting = attribute.parse_args()?;
    match (setting.place, setting.bounds.first()) {
        (Place::Value, _) => value(field, &setting),
        (Place::Group | Place::Flatten, None) => Ok(group(field, &setting)),
        (_, Some((bound, _))) => Err(Error::new_spanned(bound, "a group's settings have their own ranges")),
    }
}

/// Name and key of a field; `r#` of a raw identifier is no part of the key.
fn named(field: &Field) -> (&Option<Ident>, String) {
    let key = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
    (&field.ident, key.trim_start_matches("r#").to_owned())
}

fn value(field: &Field, setting: &Setting) -> Result<Pieces> {
    let (name, key) = named(field);
    let kind = &field.ty;
    let Some(laptop) = &setting.laptop else {
        return Err(Error::new_spanned(field, "a setting has a value: #[setting(1, ...)]"));
    };
    let paper = setting.paper.as_ref().unwrap_or(laptop);
    let (laptop, paper) = (converted(laptop, kind), converted(paper, kind));
    let bounds = setting
        .bounds
        .iter()
        .map(|(name, number)| quote!(#name: ::core::option::Option::Some(#number as f64)));
    let range = quote!(::settings::Range { #(#bounds,)* ..::settings::Range::ANY });
    let help = documentation::of(&field.attrs);
    Ok(Pieces {
        laptop,
        paper,
        describe: quote! {
            fields.push(::settings::describe(#key, &laptop.#name, &paper.#name, #help, &#range));
        },
        write: quote!(::settings::write(#key, &self.#name, table);),
        read: quote!(::settings::read(#key, &mut self.#name, table)?;),
        check: quote!(::settings::check(#key, &self.#name, &#range)?;),
    })
}

/// A literal as the field's own type: texts are owned, lists grow.
fn converted(value: &Expr, kind: &Type) -> TokenStream {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(_), .. }) | Expr::Array(_) => quote!(<#kind>::from(#value)),
        _ => quote!(#value),
    }
}

fn group(field: &Field, setting: &Setting) -> Pieces {
    let (name, key) = named(field);
    let kind = &field.ty;
    let laptop = setting.laptop.as_ref();
    let laptop =
        laptop.map_or_else(|| quote!(<#kind as ::core::default::Default>::default()), |own| quote!(#own));
    let paper = setting.paper.as_ref();
    let paper = paper.map_or_else(|| quote!(<#kind as ::settings::Config>::paper()), |own| quote!(#own));
    if setting.place == Place::Flatten {
        return Pieces {
            laptop,
            paper,
            describe: quote!(<#kind as ::settings::Config>::describe(&laptop.#name, &paper.#name, fields);),
            write: quote!(::settings::Config::write(&self.#name, table);),
            read: quote!(::settings::Config::read(&mut self.#name, table)?;),
            check: quote!(::settings::Config::check(&self.#name)?;),
        };
    }
    Pieces {
        laptop,
        paper,
        describe: quote!(::settings::describe_group(#key, &laptop.#name, &paper.#name, fields);),
        write: quote!(::settings::write_group(#key, &self.#name, table);),
        read: quote!(::settings::read_group(#key, &mut self.#name, table)?;),
        check: quote!(::settings::Config::check(&self.#name).map_err(|refusal| refusal.inside(#key))?;),
    }
}
