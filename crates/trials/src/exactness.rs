//! Saved and loaded, a method goes on exactly; side by side, runs do not disturb each other.

use run::registry;

use crate::Trial;

/// A method, its world and settings under which it is small enough for seconds.
#[derive(Clone, Copy, Debug)]
pub struct Small {
    /// Its name.
    pub id: &'static str,
    /// Its world, as [`Trial::new`] takes it.
    pub world: &'static str,
    /// What differs from the laptop preset: groups of settings, joined.
    pub settings: &'static [&'static [&'static str]],
}

/// All small trials of the program that is tested.
#[doc(hidden)]
#[linkme::distributed_slice]
pub static SMALL: [Small];

#[doc(hidden)]
pub use linkme;

/// Names groups of settings under which a method is small enough for seconds, in the tests of its folder; several
/// times where it has several forms. The family's tests ([`crate::family!`]) try them all.
#[macro_export]
macro_rules! small {
    ($id:expr, $world:expr, $settings:expr $(,)?) => {
        const _: () = {
            use $crate::exactness::linkme;
            #[linkme::distributed_slice($crate::exactness::SMALL)]
            #[linkme(crate = linkme)]
            static SMALL: $crate::exactness::Small =
                $crate::exactness::Small { id: $id, world: $world, settings: $settings };
        };
    };
}

/// The tests that hold for every method of a crate; it stands in the crate's `lib.rs`, under `cfg(test)`.
#[macro_export]
macro_rules! family {
    () => {
        mod family {
            const NAME: &str = env!("CARGO_CRATE_NAME");

            #[test]
            fn every_method_is_tried() {
                $crate::exactness::all_are_tried(NAME);
            }

            #[test]
            fn a_loaded_method_goes_on_exactly() {
                $crate::exactness::goes_on_exactly();
            }

            #[test]
            fn runs_in_one_process_do_not_disturb_each_other() {
                $crate::exactness::runs_do_not_disturb_each_other();
            }

            #[test]
            fn every_setting_refuses_wrong_types_signs_and_ranges() {
                $crate::refusals::every_setting(NAME);
            }
        }
    };
}

/// Steps before the snapshot, beyond every method's start.
const BEFORE: u64 = 400;
/// Steps in all.
const AFTER: u64 = 480;

fn trial(small: &Small, seed: u64) -> Trial {
    Trial::new(small.id, small.world, &small.settings.concat(), 10_000, seed)
}

/// Every method of this crate has a small trial.
///
/// # Panics
/// One has none.
pub fn all_are_tried(crate_name: &str) {
    let own = |module: &str| module.split("::").next() == Some(crate_name);
    let mut entries = registry::all().iter().filter(|entry| own(entry.module)).peekable();
    assert!(entries.peek().is_some(), "no method of `{crate_name}` is registered");
    for entry in entries {
        assert!(SMALL.iter().any(|small| small.id == entry.card.id), "{} is not tried", entry.card.id);
    }
}

/// A run that is saved in the middle and loaded into a method built anew ends as one that was not.
///
/// # Panics
/// One does not.
pub fn goes_on_exactly() {
    for small in SMALL {
        let mut original = trial(small, 3);
        original.train(BEFORE);
        let state = original.snapshot();
        original.train(AFTER);
        let mut loaded = trial(small, 3);
        loaded.load(&state);
        loaded.train(AFTER);
        assert!(original.snapshot() == loaded.snapshot(), "{} differs after loading", small.id);
    }
}

/// A run ends as it does alone while another of the same method takes turns with it.
///
/// # Panics
/// One does not, or its seed changes nothing.
pub fn runs_do_not_disturb_each_other() {
    for small in SMALL {
        let alone = || {
            let mut trial = trial(small, 3);
            trial.train(AFTER);
            trial.snapshot()
        };
        let mut first = trial(small, 3);
        let mut second = trial(small, 4);
        for steps in (0..=AFTER).step_by(30) {
            first.train(steps);
            second.train(steps);
        }
        first.train(AFTER);
        assert!(alone() == first.snapshot(), "{} is disturbed by another run", small.id);
        assert!(first.snapshot() != second.snapshot(), "{} ignores its seed", small.id);
    }
}
