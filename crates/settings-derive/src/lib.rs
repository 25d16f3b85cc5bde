//! The derives of the crate `settings`: what they generate is described there.

mod choice;
mod config;
mod documentation;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Implements `settings::Config` for a struct whose fields are annotated.
///
/// Every field carries `#[setting(...)]` with, in this order of reading:
/// - the value of the laptop preset, and `paper = ...` where the paper's differs;
/// - `min`, `above`, `max` or `below` with a number, for every number that the field holds;
/// - or `group`, for a table of its own below the field's name, or `flatten`, for a group whose
///   settings stand among this struct's; `laptop = ...` and `paper = ...` replace the group's presets.
///
/// Documentation comments are the help texts. `#[setting(check = path)]` on the struct names a
/// function of `&Self` that checks combinations after all ranges.
#[proc_macro_derive(Config, attributes(setting))]
pub fn config(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    config::expand(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Implements `settings::Choice`, `settings::Value`, `Serialize` and `Deserialize` for an enum of
/// variants without fields. Names are the variants' in kebab case, or what `#[choice("name")]` says.
#[proc_macro_derive(Choice, attributes(choice))]
pub fn choice(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    choice::expand(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}
