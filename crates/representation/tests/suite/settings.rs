//! Every setting refuses what it cannot be, by its key and value.

#[test]
fn every_setting_refuses_wrong_types_signs_and_ranges() {
    trials::refusals::every_setting("representation");
}
