//! Threads and how they compute.

use std::hint::black_box;

use run::threads;

#[test]
fn denormals_are_zero_on_every_thread_that_is_prepared() {
    let product = || black_box(f32::MIN_POSITIVE) * black_box(0.25_f32);
    let sum = || black_box(f32::from_bits(1)) + black_box(0.0);
    std::thread::spawn(move || {
        assert_ne!(product(), 0.0);
        threads::prepare();
        assert_eq!((product(), sum()), (0.0, 0.0));
        assert_eq!(black_box(f32::MIN_POSITIVE) * black_box(2.0), f32::MIN_POSITIVE * 2.0);
        assert!(rayon::broadcast(|_| product()).into_iter().all(|value| value == 0.0));
    })
    .join()
    .unwrap();
}

#[test]
fn threads_of_its_own_are_as_many_as_asked_for_and_prepared() {
    let product = || black_box(f32::MIN_POSITIVE) * black_box(0.25_f32);
    let products = threads::on_own(2, || rayon::broadcast(|_| product())).expect("two threads");
    assert_eq!(products, [0.0, 0.0]);
}
