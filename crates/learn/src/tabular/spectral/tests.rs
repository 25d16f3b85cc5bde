use super::*;

fn matrix(rows: usize, values: &[f64]) -> DMatrix<f64> {
    DMatrix::from_row_slice(rows, values.len() / rows, values)
}

#[test]
fn collapse_is_seen_in_every_measure() {
    let start = matrix(3, &[1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
    assert_eq!(gram_drift(&start, &start), 0.0);
    assert_eq!((smallest_eigenvalue(&start), column_cosine(&start)), (1.0, 0.0));
    let same = matrix(3, &[1.0, 1.0, 2.0, 2.0, 0.0, 0.0]);
    assert!(smallest_eigenvalue(&same).abs() < 1e-12);
    assert!((column_cosine(&same) - 1.0).abs() < 1e-12);
    assert_eq!(orthonormalised(&same).ncols(), 1);
    let empty = matrix(3, &[1.0, 0.0, 2.0, 0.0, 0.0, 0.0]);
    assert_eq!(column_cosine(&empty), 1.0);
    assert_eq!(column_cosine(&matrix(2, &[1.0, 2.0])), 0.0);
}

#[test]
fn subspaces_are_measured_whatever_their_basis() {
    let transitions = DMatrix::from_diagonal(&nalgebra::DVector::from_row_slice(&[0.5, -0.8, 1.0]));
    // Columns that span the states 1 and 2, neither of unit length nor orthogonal.
    let top = matrix(3, &[0.0, 0.0, 2.0, 1.0, 0.0, 3.0]);
    assert!((top_energy(&transitions, 2) - 1.64).abs() < 1e-12);
    assert!((normalised_trace(&transitions, &top, &top) - 1.0).abs() < 1e-12);
    assert!((svd_capture(&transitions, &top) - 1.0).abs() < 1e-12);
    let other = matrix(3, &[1.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
    assert!((svd_capture(&transitions, &other) - 1.25 / 1.64).abs() < 1e-12);
}
