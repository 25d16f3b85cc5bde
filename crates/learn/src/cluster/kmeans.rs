//! k-means: greedy k-means++ seeding (Arthur and Vassilvitskii, 2007) and Lloyd's iterations.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Most of Lloyd's iterations.
const ITERATIONS: usize = 300;

/// The cluster of each of the points, rows of `dimensions` numbers; clusters are numbered below
/// `clusters`, and some are empty where points coincide.
pub fn kmeans(points: &[f64], dimensions: usize, clusters: usize, random: &mut ChaCha8Rng) -> Vec<usize> {
    let mut centres = seeds(points, dimensions, clusters, random);
    let mut labels = vec![usize::MAX; points.len() / dimensions];
    for _ in 0..ITERATIONS {
        let mut changed = false;
        for (point, label) in points.chunks_exact(dimensions).zip(&mut labels) {
            let nearest = nearest(&centres, dimensions, point).0;
            changed |= nearest != *label;
            *label = nearest;
        }
        if !changed {
            break;
        }
        recentre(points, dimensions, &labels, &mut centres);
    }
    labels
}

/// Starting centres: the first is drawn uniformly, every other in proportion to the squared
/// distance from the nearest centre so far, as the best of a few draws.
fn seeds(points: &[f64], dimensions: usize, clusters: usize, random: &mut ChaCha8Rng) -> Vec<f64> {
    let count = points.len() / dimensions;
    let point = |index: usize| &points[index * dimensions..][..dimensions];
    let mut centres = Vec::with_capacity(clusters * dimensions);
    if count == 0 {
        return centres;
    }
    centres.extend_from_slice(point(random.random_range(0..count)));
    let mut distance: Vec<f64> = (0..count).map(|index| squared_distance(point(index), &centres)).collect();
    let trials = 2 + (clusters as f64).ln() as usize;
    for _ in 1..clusters {
        let candidates = (0..trials).map(|_| {
            let chosen = point(draw(&distance, random));
            let reduced = distance.iter().enumerate();
            let reduced = reduced.map(|(index, old)| old.min(squared_distance(point(index), chosen)));
            (chosen, reduced.collect::<Vec<f64>>())
        });
        let total = |candidate: &(&[f64], Vec<f64>)| candidate.1.iter().sum::<f64>();
        if let Some((chosen, reduced)) = candidates.min_by(|left, right| total(left).total_cmp(&total(right)))
        {
            centres.extend_from_slice(chosen);
            distance = reduced;
        }
    }
    centres
}

/// An index drawn in proportion to its weight; uniform where all are 0.
pub fn draw(weights: &[f64], random: &mut ChaCha8Rng) -> usize {
    let total: f64 = weights.iter().sum();
    if total <= 0.0 {
        return random.random_range(0..weights.len());
    }
    let mut left = random.random::<f64>() * total;
    let mut last = 0;
    for (index, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
        last = index;
        left -= weight;
        if left < 0.0 {
            break;
        }
    }
    last
}

fn nearest(centres: &[f64], dimensions: usize, point: &[f64]) -> (usize, f64) {
    let mut best = (0, f64::INFINITY);
    for (index, centre) in centres.chunks_exact(dimensions).enumerate() {
        let distance = squared_distance(centre, point);
        if distance < best.1 {
            best = (index, distance);
        }
    }
    best
}

/// Moves every centre to the mean of its points; one without points stays.
fn recentre(points: &[f64], dimensions: usize, labels: &[usize], centres: &mut [f64]) {
    let mut sums = vec![0.0; centres.len()];
    let mut counts = vec![0.0; centres.len() / dimensions];
    for (point, label) in points.chunks_exact(dimensions).zip(labels) {
        counts[*label] += 1.0;
        for (sum, value) in sums[label * dimensions..].iter_mut().zip(point) {
            *sum += value;
        }
    }
    for (index, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0.0) {
        for dimension in index * dimensions..(index + 1) * dimensions {
            centres[dimension] = sums[dimension] / count;
        }
    }
}

/// Squared Euclidean distance.
pub fn squared_distance(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(left, right)| (left - right) * (left - right)).sum()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn well_separated_groups_are_found() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let mut points = Vec::new();
        for index in 0..90 {
            let centre = [[0.0, 0.0], [5.0, 0.0], [0.0, 5.0]][index % 3];
            points.extend(centre.map(|value| value + random.random_range(-0.5..0.5)));
        }
        let labels = kmeans(&points, 2, 3, &mut random);
        for index in 0..90 {
            assert_eq!(labels[index], labels[index % 3]);
        }
        assert!(labels[0] != labels[1] && labels[1] != labels[2] && labels[0] != labels[2]);
    }

    #[test]
    fn coinciding_points_are_no_trouble() {
        let labels = kmeans(&[1.0; 20], 2, 4, &mut ChaCha8Rng::seed_from_u64(0));
        assert!(labels.iter().all(|label| *label == labels[0]));
    }

    #[test]
    fn draws_follow_the_weights() {
        let mut random = ChaCha8Rng::seed_from_u64(2);
        let mut counts = [0; 3];
        for _ in 0..4_000 {
            counts[draw(&[1.0, 0.0, 3.0], &mut random)] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((900..1_100).contains(&counts[0]), "{counts:?}");
        assert!((0..50).map(|_| draw(&[0.0, 0.0], &mut random)).any(|index| index == 1));
    }
}
