//! What the README says of methods, worlds and verdicts is what the program and docs/verdicts.md say.

mod program;

use std::{env, fs, path::PathBuf};

use program::{folder, succeeds};

/// Begins what stands up to the next [`END`]: behind `<!-- latentrl list --markdown -->` what that
/// command prints.
const BEGIN: &str = "<!-- ";
const END: &str = "<!-- end -->";

const RENEW: &str = "RENEW=1 cargo test --release -p latentrl --test readme";

const VERDICTS: [&str; 4] = ["holds", "does not hold", "undecided", "invalid"];

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}

fn text(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Claims with their verdicts and the text below, as the sections of docs/verdicts.md have them.
fn sections(text: &str) -> Vec<(&str, &str, &str)> {
    let parts = text.split("\n## ").skip(1).map(|part| part.split_once('\n').unwrap_or((part, "")));
    parts
        .map(|(heading, body)| {
            let (id, verdict) = heading.split_once(": ").unwrap_or_else(|| panic!("no verdict: {heading}"));
            assert!(VERDICTS.contains(&verdict), "`{id}`: no verdict: {verdict}");
            (id, verdict, body)
        })
        .collect()
}

fn count(text: &str) -> String {
    let found = sections(text);
    let of = |verdict| found.iter().filter(|section| section.1 == verdict).count();
    let [hold, not, undecided, invalid] = VERDICTS.map(of);
    format!(
        "{} claims: {hold} hold, {not} do not hold, {undecided} undecided, {invalid} invalid. Every condition with \
         its numbers is in [docs/verdicts.md](docs/verdicts.md).\n",
        found.len()
    )
}

/// The README with everything between its marks as it should be.
fn renewed(readme: &str) -> String {
    let (place, mut rest) = (folder(), readme);
    let mut out = String::new();
    while let Some((part, after)) = rest.split_once(END) {
        let begin = part.rfind(BEGIN).unwrap_or_else(|| panic!("nothing begins before {END} in: {part}"));
        let line = part[begin..].lines().next().unwrap_or_default();
        let content = match line.trim_start_matches(BEGIN).trim_end_matches(" -->") {
            "verdicts" => count(&text("docs/verdicts.md")),
            command => {
                let arguments: Vec<&str> = command.split(' ').skip(1).collect();
                succeeds(place.path(), &arguments).out
            }
        };
        out.push_str(&format!("{}{line}\n{content}{END}", &part[..begin]));
        rest = after;
    }
    out + rest
}

#[test]
fn the_readme_shows_what_the_program_prints() {
    let (readme, cases) =
        (text("README.md"), ["latentrl list --markdown", "latentrl worlds --markdown", "verdicts"]);
    for case in cases {
        assert!(readme.contains(&format!("{BEGIN}{case} -->\n")), "README.md has no {BEGIN}{case} -->");
    }
    let wanted = renewed(&readme);
    if env::var_os("RENEW").is_some() {
        fs::write(path("README.md"), &wanted).expect("writable");
        return;
    }
    for (line, (found, wanted)) in readme.lines().zip(wanted.lines()).enumerate() {
        assert_eq!(found, wanted, "README.md, line {}: renew it with {RENEW}", line + 1);
    }
    assert_eq!(readme, wanted, "renew the README with {RENEW}");
}

#[test]
fn every_verdict_is_of_a_claim_and_has_its_row() {
    let text = text("docs/verdicts.md");
    let found = sections(&text);
    // A claim that has not been judged yet has none.
    let judged = |id: &&str| found.iter().any(|section| section.0 == *id);
    let ids: Vec<&str> = evidence::claims::all().iter().map(|(id, _)| *id).filter(judged).collect();
    assert_eq!(
        found.iter().map(|section| section.0).collect::<Vec<_>>(),
        ids,
        "the sections of docs/verdicts.md"
    );
    let table = text.split("\n## ").next().unwrap_or_default();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")).skip(1);
    let rows: Vec<Vec<&str>> = rows.map(|row| row.split('|').map(str::trim).collect()).collect();
    let listed: Vec<String> =
        rows.iter().map(|row| row[0].replace('`', "")).filter(|id| !id.is_empty()).collect();
    assert_eq!(listed, ids, "the table of docs/verdicts.md");
    let mut current = 0;
    for row in &rows {
        current = ids.iter().position(|id| format!("`{id}`") == row[0]).unwrap_or(current);
        let (id, verdict, body) = found[current];
        let same = row[1].is_empty() || row[1] == format!("**{verdict}**");
        assert!(same, "`{id}`: {} above, {verdict} below", row[1]);
        let condition = row[2].split(" (").next().unwrap_or_default();
        let numbers = format!(" | {} | {} | ", row[3], row[4]);
        let below = body.lines().any(|line| line.contains(condition) && line.contains(&numbers));
        assert!(below, "`{id}`: the section has no `{condition}` with{numbers}");
    }
}
