//! The colours, as rules of CSS for the classes that the pictures use.
//!
//! Texts have a contrast of at least 4.5 to the paper, lines and marks of at least 3 (WCAG 2.2,
//! AA); the eight colours of the arms were chosen to differ in lightness too.

use super::Theme;

/// Number of colours for arms.
pub const SERIES: usize = 8;

/// Colours of one theme.
struct Colours {
    paper: &'static str,
    ink: &'static str,
    quiet: &'static str,
    grid: &'static str,
    axis: &'static str,
    asked: &'static str,
    edge: &'static str,
    verdicts: [&'static str; 4],
    series: [&'static str; SERIES],
}

const LIGHT: Colours = Colours {
    paper: "#ffffff",
    ink: "#1b2027",
    quiet: "#59626e",
    grid: "#e6e9ed",
    axis: "#8b949f",
    asked: "#d9efe2",
    edge: "#2f8a57",
    verdicts: ["#0b7340", "#b3261e", "#8a5700", "#5b5f97"],
    series: ["#0b5cad", "#c2440c", "#0a7d5f", "#8b3fb0", "#8a6100", "#c02470", "#3f4955", "#4f7a12"],
};

const DARK: Colours = Colours {
    paper: "#161a20",
    ink: "#e8ebef",
    quiet: "#a3adb9",
    grid: "#2a3038",
    axis: "#727d8a",
    asked: "#1d3b2b",
    edge: "#5cc48c",
    verdicts: ["#5fd097", "#ff8a80", "#e5b454", "#b0b3f0"],
    series: ["#64aef5", "#ff8f5e", "#45cba0", "#cb9df2", "#e3b53c", "#f782b8", "#b4bfcc", "#a9cc57"],
};

/// Classes of the verdicts' marks, in the order of [`Colours::verdicts`].
const VERDICTS: [&str; 4] = ["holds", "does-not-hold", "undecided", "invalid"];

/// The rules for one theme.
pub fn rules(theme: Theme) -> String {
    let colours = if theme == Theme::Dark { &DARK } else { &LIGHT };
    format!("{SHAPES}{}", paint(colours))
}

/// The rules for light, and for dark where the reader prefers that and is not printing.
pub fn rules_by_preference() -> String {
    format!("{SHAPES}{}@media screen and (prefers-color-scheme:dark){{{}}}", paint(&LIGHT), paint(&DARK))
}

/// The rules of one theme, read back: what they say of the elements of a picture.
pub struct Rules(Vec<Rule>);

/// Elements and classes with what is said of them.
struct Rule {
    selectors: Vec<String>,
    declarations: Vec<(String, String)>,
}

impl Rules {
    /// The rules for light, or for dark.
    pub fn of(theme: Theme) -> Self {
        Self(rules(theme).split_terminator('}').filter_map(Rule::read).collect())
    }

    /// What is said of a property of an element with these classes, which are set apart by spaces. Of
    /// several rules the last counts, and one about a class more than one about the element.
    pub fn find(&self, element: &str, classes: &str, property: &str) -> Option<&str> {
        let last = |about: &dyn Fn(&str) -> bool| {
            let rules = self.0.iter().rev().filter(|rule| rule.selectors.iter().any(|name| about(name)));
            let mut found = rules.flat_map(|rule| &rule.declarations).filter(|pair| pair.0 == property);
            found.next().map(|pair| pair.1.as_str())
        };
        let of_class = |name: &str| {
            name.strip_prefix('.').is_some_and(|name| classes.split(' ').any(|class| class == name))
        };
        last(&of_class).or_else(|| last(&|name| name == element))
    }
}

impl Rule {
    fn read(text: &str) -> Option<Self> {
        let (selectors, body) = text.split_once('{')?;
        let pair = |text: &str| text.split_once(':').map(|(name, value)| (name.to_owned(), value.to_owned()));
        Some(Self {
            selectors: selectors
                .split(',')
                .map(|name| name.trim_start_matches(".plot ").to_owned())
                .collect(),
            declarations: body.split(';').filter_map(pair).collect(),
        })
    }
}

/// Everything but the colours. Widths are in units of the picture.
const SHAPES: &str = "\
.plot text{font-family:system-ui,'Segoe UI',Roboto,Ubuntu,'Helvetica Neue',sans-serif;font-size:13px;\
font-variant-numeric:tabular-nums}\
.plot .small{font-size:12px}.plot .head{font-size:14px;font-weight:600}\
.plot .grid,.plot .axis,.plot .leader,.plot .edge{stroke-width:1;fill:none}\
.plot .reference{stroke-width:1.5;stroke-dasharray:5 4;fill:none}\
.plot .leader{stroke-dasharray:1 3}.plot .edge{stroke-width:1.5}\
.plot .curve{fill:none;stroke-width:2;stroke-linejoin:round}\
.plot .whisker{fill:none;stroke-width:3}.plot .cap{fill:none;stroke-width:2}\
.plot .band{fill-opacity:.13}.plot .mark{stroke-width:1.2}\
.plot .seed{fill-opacity:.3;stroke-width:1}\
.plot .symbol{fill:none;stroke-width:2.4;stroke-linecap:round;stroke-linejoin:round}\
.plot .d1{fill-opacity:.12}.plot .d2{fill-opacity:.24}.plot .d3{fill-opacity:.36}.plot .d4{fill-opacity:.48}\
.plot .d5{fill-opacity:.6}.plot .d6{fill-opacity:.73}.plot .d7{fill-opacity:.86}";

fn paint(colours: &Colours) -> String {
    let Colours { paper, ink, quiet, grid, axis, asked, edge, .. } = colours;
    let mut rules = format!(
        ".plot .paper{{fill:{paper}}}.plot text{{fill:{ink}}}.plot .quiet{{fill:{quiet}}}\
         .plot .grid{{stroke:{grid}}}.plot .axis,.plot .leader{{stroke:{axis}}}\
         .plot .reference{{stroke:{quiet}}}.plot .asked{{fill:{asked}}}.plot .edge{{stroke:{edge}}}\
         .plot .mark{{stroke:{paper}}}.plot .ink{{stroke:{ink}}}.plot .inked{{fill:{ink}}}\
         .plot .symbol{{stroke:{paper}}}"
    );
    for (index, colour) in colours.series.iter().enumerate() {
        rules.push_str(&format!(".plot .s{index}{{stroke:{colour}}}.plot .f{index}{{fill:{colour}}}"));
    }
    for (name, colour) in VERDICTS.iter().zip(colours.verdicts) {
        rules.push_str(&format!(".plot .{name}{{fill:{colour}}}"));
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::{LIGHT, Rules, Theme};

    #[test]
    fn rules_are_read_back_as_a_browser_reads_them() {
        let rules = Rules::of(Theme::Light);
        assert_eq!(rules.find("text", "quiet small", "fill"), Some(LIGHT.quiet));
        assert_eq!(rules.find("text", "quiet small", "font-size"), Some("12px"));
        assert_eq!(rules.find("text", "", "fill"), Some(LIGHT.ink));
        assert_eq!(rules.find("circle", "mark f1", "fill"), Some(LIGHT.series[1]));
        assert_eq!(rules.find("line", "leader", "stroke-dasharray"), Some("1 3"));
        assert_eq!(rules.find("rect", "f0", "stroke"), None);
        assert_ne!(Rules::of(Theme::Dark).find("text", "", "fill"), Some(LIGHT.ink));
    }
}
