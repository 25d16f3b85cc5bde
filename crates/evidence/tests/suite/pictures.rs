use std::io::Cursor;

use evidence::{
    page,
    plot::{self, Format, Theme},
    report::{Condition, Curve, Estimate, Metric, Report, Verdict},
};

use crate::sample;

/// Draws everything in every way: documents must be XML without numbers that are none, and PNGs
/// must have their size.
fn assert_drawable(report: &Report) {
    for format in [Format::Wide, Format::Narrow] {
        for figure in plot::figures(report, format) {
            for theme in [Theme::Light, Theme::Dark, Theme::Reader] {
                let svg = figure.svg(theme);
                roxmltree::Document::parse(&svg).unwrap_or_else(|error| panic!("{}: {error}", figure.name));
                for none in ["\"NaN", "\"inf", "\"-inf", "MNaN", " NaN", "Linf"] {
                    assert!(!svg.contains(none), "{} has {none}", figure.name);
                }
            }
            assert!(figure.name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{}", figure.name);
        }
    }
    page::html(report);
}

#[test]
fn a_png_has_its_size_and_something_on_it() {
    for figure in plot::figures(&sample::claim(), Format::Wide) {
        let bytes = figure.png(Theme::Light).expect("a picture");
        let mut reader = png::Decoder::new(Cursor::new(bytes)).read_info().expect("PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
        let info = reader.next_frame(&mut pixels).expect("a frame");
        assert_eq!((info.width, info.height), figure.pixels());
        let dark = pixels.chunks(4).filter(|pixel| pixel[0] < 100).count();
        assert!(dark > 200, "{}: text and marks are missing", figure.name);
    }
}

#[test]
fn every_arm_is_named_in_its_picture() {
    let claim = sample::claim();
    for format in [Format::Wide, Format::Narrow] {
        let curves = plot::curves(&claim, "eval/return", format).remove(0).svg(Theme::Light);
        let intervals = plot::intervals(&claim, "eval/return", format).remove(0).svg(Theme::Light);
        for arm in &claim.arms {
            assert!(curves.contains(&format!(">{}<", arm.name)), "{}", arm.name);
            assert!(intervals.contains(&arm.name), "{}", arm.name);
        }
    }
}

#[test]
fn arms_differ_in_more_than_colour() {
    let svg = plot::curves(&sample::claim(), "eval/return", Format::Wide).remove(0).svg(Theme::Light);
    let document = roxmltree::Document::parse(&svg).expect("XML");
    let lines =
        document.descendants().filter(|node| node.attribute("class").is_some_and(|c| c.starts_with("curve")));
    let mut dashes: Vec<_> = lines.map(|node| node.attribute("stroke-dasharray").unwrap_or("none")).collect();
    dashes.sort_unstable();
    dashes.dedup();
    assert_eq!(dashes.len(), 5);
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    let report = sample::comparison();
    let draw =
        || plot::figures(&report, Format::Wide).iter().map(|f| f.svg(Theme::Reader)).collect::<String>();
    assert_eq!(draw(), draw());
    let png = || plot::figures(&report, Format::Wide)[0].png(Theme::Dark).expect("a picture");
    assert_eq!(png(), png());
    assert_eq!(page::html(&report), page::html(&report));
}

#[test]
fn wide_spans_get_logarithmic_axes() {
    let mut claim = sample::claim();
    claim.arms.truncate(1);
    let steps: Vec<u64> = vec![10, 100, 1000, 10_000];
    let mean = vec![1e-3, 1e-1, 10.0, 1000.0];
    claim.arms[0].metrics[0].curve = Curve { steps, low: mean.clone(), high: mean.clone(), mean };
    let svg = plot::curves(&claim, "eval/return", Format::Wide).remove(0).svg(Theme::Light);
    assert!(svg.contains("environment steps (logarithmic)") && svg.contains("eval/return (logarithmic)"));
    let plain = plot::curves(&sample::comparison(), "eval/return", Format::Wide).remove(1).svg(Theme::Light);
    assert!(!plain.contains("(logarithmic)"));
}

fn with_metric(change: impl Fn(&mut Metric)) -> Report {
    let mut claim = sample::claim();
    claim.arms.iter_mut().flat_map(|arm| &mut arm.metrics).for_each(change);
    claim
}

/// All numbers of a metric from one number.
fn fill(metric: &mut Metric, value: f64, half: f64) {
    let n = metric.curve.steps.len();
    metric.per_seed.fill(value);
    metric.mean = sample::estimate(value, half);
    metric.iqm = sample::estimate(value, half);
    metric.curve.mean = vec![value; n];
    metric.curve.low = vec![value - half; n];
    metric.curve.high = vec![value + half; n];
}

#[test]
fn extreme_numbers_are_drawn() {
    for value in [0.0, 1.0, -3.0, 1e9, -1e9, 1e-9, 1e300, -1e308, 5e-324, f64::NAN, f64::INFINITY] {
        for half in [0.0, 0.1, 1e9] {
            assert_drawable(&with_metric(|metric| fill(metric, value, half)));
            let mut claim = sample::claim();
            let condition = |low, high| Condition {
                estimate: sample::estimate(value, half),
                asked_low: low,
                asked_high: high,
                ..claim.conditions[0].clone()
            };
            claim.conditions = vec![
                condition(None, None),
                condition(Some(value), Some(value)),
                condition(Some(-1e9), Some(1e-9)),
            ];
            assert_drawable(&claim);
        }
    }
}

#[test]
fn reports_with_little_in_them_are_drawn() {
    let alone = |value| Estimate { value, low: None, high: None };
    let mut one_seed = with_metric(|metric| {
        metric.per_seed.truncate(1);
        metric.mean = alone(metric.mean.value);
        metric.iqm = alone(metric.iqm.value);
        metric.curve.low = metric.curve.mean.clone();
        metric.curve.high = metric.curve.mean.clone();
    });
    one_seed.seeds.truncate(1);
    for condition in &mut one_seed.conditions {
        condition.estimate = alone(condition.estimate.value);
        condition.verdict = Verdict::Undecided;
    }
    assert_drawable(&one_seed);

    assert_drawable(&with_metric(|metric| metric.curve = Curve::default()));
    assert_drawable(&with_metric(|metric| metric.curve.high.truncate(3)));
    assert_drawable(&with_metric(|metric| metric.per_seed.clear()));

    let mut one_arm = sample::claim();
    one_arm.arms.truncate(1);
    assert_drawable(&one_arm);
    one_arm.arms.clear();
    one_arm.conditions.clear();
    one_arm.seeds.clear();
    assert_drawable(&one_arm);

    let mut bare = sample::comparison();
    if let Some(comparison) = &mut bare.comparison {
        comparison.improvements.clear();
        comparison.thresholds.clear();
        comparison.methods.truncate(1);
        comparison.methods[0].efficiency = Curve::default();
    }
    assert_drawable(&bare);
    assert!(page::overview(&[]).contains("0 claims"));
}

#[test]
fn many_arms_keep_labels_of_their_own() {
    let mut claim = sample::claim();
    let arm = claim.arms[0].clone();
    claim.arms = (0..25)
        .map(|index| {
            let mut arm = arm.clone();
            arm.name = format!("horizon[H={index}]");
            arm
        })
        .collect();
    assert_drawable(&claim);
    let svg = plot::curves(&claim, "eval/return", Format::Wide).remove(0).svg(Theme::Light);
    let document = roxmltree::Document::parse(&svg).expect("XML");
    let labels =
        document.descendants().filter(|node| node.text().is_some_and(|text| text.starts_with("horizon[")));
    let mut places: Vec<f64> = labels.filter_map(|node| node.attribute("y")?.parse().ok()).collect();
    places.sort_by(f64::total_cmp);
    assert_eq!(places.len(), 25);
    assert!(places.windows(2).all(|pair| pair[1] - pair[0] > 16.8), "{places:?}");
}
