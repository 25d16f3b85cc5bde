//! Ranges and how they are put into words.

use settings::Range;

fn range(min: Option<f64>, above: Option<f64>, max: Option<f64>, below: Option<f64>) -> Range {
    Range { min, above, max, below }
}

#[test]
fn every_kind_of_range_has_its_words() {
    let words = [
        (range(Some(1.0), None, None, None), "at least 1"),
        (range(None, Some(0.0), None, None), "above 0"),
        (range(None, None, Some(0.5), None), "at most 0.5"),
        (range(None, None, None, Some(-1.0)), "below -1"),
        (range(Some(0.0), None, Some(1.0), None), "between 0 and 1"),
        (range(None, Some(0.0), Some(1.0), None), "above 0 and at most 1"),
        (range(Some(0.0), None, None, Some(1.0)), "at least 0 and below 1"),
        (range(None, Some(0.0), None, Some(1.0)), "above 0 and below 1"),
    ];
    for (range, expected) in words {
        assert_eq!(range.words().as_deref(), Some(expected));
    }
    assert_eq!(Range::ANY.words(), None);
}

#[test]
fn ends_belong_to_a_range_or_do_not() {
    let closed = range(Some(0.0), None, Some(1.0), None);
    let open = range(None, Some(0.0), None, Some(1.0));
    assert_eq!([-0.1, 0.0, 0.5, 1.0, 1.1].map(|x| closed.holds(x)), [false, true, true, true, false]);
    assert_eq!([-0.1, 0.0, 0.5, 1.0, 1.1].map(|x| open.holds(x)), [false, false, true, false, false]);
}

#[test]
fn no_range_holds_what_is_not_finite() {
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(!Range::ANY.holds(number));
    }
    assert!(Range::ANY.holds(f64::MAX));
}
