use evidence::{
    page,
    report::{Report, Verdict},
};

use crate::sample;

/// Tags that have no end.
const VOID: [&str; 4] = ["meta", "br", "hr", "img"];

/// Walks over all tags and checks that they close in the order in which they opened.
fn assert_balanced(html: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html.strip_prefix("<!DOCTYPE html>").expect("a document type");
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>').expect("a tag that ends");
        let tag = &rest[start + 1..end];
        assert_eq!(tag.matches('"').count() % 2, 0, "quotes in <{tag}>");
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') && !VOID.contains(&name) {
            open.push(name);
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty(), "left open: {open:?}");
}

fn assert_self_contained(html: &str) {
    for forbidden in ["http://", "https://", "src=", "<script", "@import", "url(", "<link"] {
        assert!(!html.contains(forbidden), "the page has {forbidden}");
    }
}

#[test]
fn pages_are_well_formed_and_load_nothing() {
    let reports = [sample::claim(), sample::comparison()];
    for html in [page::html(&reports[0]), page::html(&reports[1]), page::overview(&reports)] {
        assert_balanced(&html);
        assert_self_contained(&html);
        assert!(!html.contains("NaN"), "a number that is none");
    }
}

#[test]
fn everything_of_a_report_is_on_its_page() {
    let claim = sample::claim();
    let html = page::html(&claim);
    for arm in &claim.arms {
        assert!(html.contains(&arm.name), "{}", arm.name);
        assert!(html.contains(&arm.settings.replace('"', "&quot;")), "{}", arm.settings);
    }
    for condition in &claim.conditions {
        assert!(html.contains(&condition.text), "{}", condition.text);
    }
    for text in [&claim.title, &claim.remark, &claim.paper, &claim.source, &claim.command, &claim.processor] {
        assert!(html.contains(text.as_str()), "{text}");
    }
    for text in ["100–107", "8 of 8", "about 24 seeds", "≥ 5", "200\u{202f}000 environment steps"] {
        assert!(html.contains(text), "{text}");
    }
    let comparison = sample::comparison();
    let html = page::html(&comparison);
    for world in ["minatar/breakout", "control/acrobot", "grid/deep-sea-12"] {
        assert!(html.contains(&format!("eval/return along the run in {world}")));
    }
    assert!(html.contains("rainbow over dqn"));
}

#[test]
fn names_cannot_break_out_of_their_place() {
    let hostile = "<script>alert(\"a & b\")</script>";
    let mut claim = sample::claim();
    claim.title = hostile.into();
    claim.id = "a/b\"?".into();
    claim.arms[0].name = hostile.into();
    claim.arms[0].settings = hostile.into();
    claim.conditions[0].text = hostile.into();
    claim.conditions[0].about = hostile.into();
    claim.conditions[0].asked = hostile.into();
    for html in [page::html(&claim), page::overview(&[claim.clone()])] {
        assert_balanced(&html);
        assert_self_contained(&html);
    }
    assert!(page::overview(&[claim]).contains("href=\"a%2Fb%22%3F/report.html\""));
}

#[test]
fn verdicts_are_told_in_words() {
    for verdict in [Verdict::Holds, Verdict::DoesNotHold, Verdict::Undecided, Verdict::Invalid] {
        let mut claim = sample::claim();
        claim.conditions.clear();
        claim.verdict = Some(verdict);
        assert!(page::html(&claim).to_lowercase().contains(verdict.words()));
        assert!(page::overview(&[claim]).contains(verdict.words()));
    }
}

#[test]
fn a_report_becomes_files_and_the_same_files_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let claim = sample::claim();
    let place = folder.path().join("new").join("spr");
    page::write(&claim, &place).expect("files");
    let read = |name: &str| std::fs::read(place.join(name)).expect("a file");
    let names = [
        "report.json",
        "report.html",
        "figures/conditions.svg",
        "figures/conditions.png",
        "figures/curves-eval-return.svg",
        "figures/curves-eval-return-dark.png",
        "figures/intervals-diag-prediction-error-end.png",
    ];
    let first: Vec<Vec<u8>> = names.iter().map(|name| read(name)).collect();
    let back: Report = serde_json::from_slice(&first[0]).expect("a report");
    assert_eq!(back, claim);
    page::write(&back, &place).expect("files");
    for (name, before) in names.iter().zip(&first) {
        assert!(&read(name) == before, "{name} differs");
    }
    let left = std::fs::read_dir(place.join("figures")).expect("figures");
    assert!(left.flatten().all(|entry| !entry.file_name().to_string_lossy().ends_with("partial")));
}

#[test]
fn a_place_that_cannot_be_written_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "taken").expect("a file");
    let error = page::write(&sample::claim(), &file).expect_err("a refusal");
    assert!(error.to_string().contains("figures"), "{error}");
}
