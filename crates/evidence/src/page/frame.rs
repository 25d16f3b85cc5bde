//! What all pages have in common.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::{
    plot::{self, Figure},
    report::Verdict,
};

const STYLE: &str = include_str!("style.css");

/// A complete document.
pub fn page(title: &str, content: &Markup) -> String {
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) (PreEscaped(plot::rules_by_preference())) }
            }
            body { main { (content) } }
        }
    };
    document.into_string()
}

/// A picture with its heading, drawn for a wide and for a narrow page.
pub fn figure(wide: &Figure, narrow: &Figure, note: &str) -> Markup {
    html! {
        figure {
            figcaption {
                (wide.title)
                @if !note.is_empty() { span { (note) } }
            }
            (PreEscaped(wide.inline("wide")))
            (PreEscaped(narrow.inline("narrow")))
        }
    }
}

/// A verdict's sign; the words stand beside it.
pub fn sign(verdict: Verdict) -> Markup {
    PreEscaped(plot::sign(verdict).inline("sign"))
}

/// Class of what is in a verdict's tone.
pub fn tone(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => "holds",
        Verdict::DoesNotHold => "does-not-hold",
        Verdict::Undecided => "undecided",
        Verdict::Invalid => "invalid",
    }
}

/// A count with its noun: `1 seed`, `8 seeds`.
pub fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
