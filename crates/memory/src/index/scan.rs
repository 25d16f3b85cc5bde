//! Many columns: all rows in the expanded form |x|² - 2 x·y + |y|².
//!
//! Rows lie in panels of [`LANES`], column by column, so that a tile of several queries and one
//! panel is a handful of vector registers. Scores are 32-bit floats with a known bound on their
//! error: a row whose score might be among the best is measured directly, which happens a few
//! times per query, and everything else is dismissed by one comparison.

use rayon::prelude::*;

use super::blocks::Columns;
use super::knn::{Candidate, nearest};

/// Rows of a panel.
const LANES: usize = 16;
/// Queries of a tile.
const GROUP: usize = 4;
/// Panels that all queries pass before the next ones are fetched; a thousand rows, which the
/// second-level cache holds.
const BLOCK: usize = 64;
/// Panels that one thread takes at a time.
const TASK: usize = 64 * BLOCK;
/// Half the distance between 1 and the next 32-bit float.
const ROUNDING: f64 = f32::EPSILON as f64 / 2.0;

/// Rows prepared for scanning.
pub(super) struct Scan {
    /// Column means of the weighted rows; rows and queries are taken relative to them, which keeps
    /// the sums small.
    centre: Vec<f64>,
    /// Weighted, centred rows, `[panels, width, LANES]`.
    panels: Vec<f32>,
    /// Their squared norms, `[panels, LANES]`; infinite where a panel has no row.
    norms: Vec<f32>,
    /// The largest norm.
    largest: f64,
}

impl Scan {
    /// Prepares rows `[count, width]`.
    pub fn new(columns: &Columns, rows: &[f32]) -> Self {
        let width = columns.width().max(1);
        let count = rows.len() / width;
        let mut centre = vec![0.0; width];
        for row in rows.chunks_exact(width) {
            centre.iter_mut().zip(columns.weighted(row)).for_each(|(sum, value)| *sum += value);
        }
        centre.iter_mut().for_each(|sum| *sum /= count.max(1) as f64);
        let panels = count.div_ceil(LANES);
        let mut scan = Self {
            panels: vec![0.0; panels * width * LANES],
            norms: vec![f32::INFINITY; panels * LANES],
            largest: 0.0,
            centre,
        };
        let mut place = vec![0.0_f32; width];
        for (index, row) in rows.chunks_exact(width).enumerate() {
            let square = scan.place(columns, row, &mut place);
            let (panel, lane) = (index / LANES, index % LANES);
            for (column, value) in place.iter().enumerate() {
                scan.panels[(panel * width + column) * LANES + lane] = *value;
            }
            scan.norms[index] = square as f32;
            scan.largest = scan.largest.max(square.sqrt());
        }
        scan
    }

    /// A weighted row relative to the centre, and the square of its norm.
    fn place(&self, columns: &Columns, row: &[f32], place: &mut [f32]) -> f64 {
        let mut square = 0.0;
        for ((to, value), centre) in place.iter_mut().zip(columns.weighted(row)).zip(&self.centre) {
            *to = (value - centre) as f32;
            square += f64::from(*to) * f64::from(*to);
        }
        square
    }

    /// The nearest of `rows` to every one of `queries` (`[queries, width]`), in order,
    /// `[queries, neighbours]`.
    pub fn nearest(
        &self,
        columns: &Columns,
        rows: &[f32],
        queries: &[f32],
        neighbours: usize,
    ) -> Vec<Candidate> {
        let width = columns.width();
        let prepared = Prepared::new(self, columns, queries);
        let panels = self.norms.len() / LANES;
        let tasks: Vec<usize> = (0..panels).step_by(TASK).collect();
        let parts: Vec<Vec<Vec<Candidate>>> = tasks
            .into_par_iter()
            .map(|first| {
                let direct = |query: usize, row: usize| {
                    columns
                        .squared_distance(&queries[query * width..][..width], &rows[row * width..][..width])
                };
                let mut search = Search::new(self, &prepared, neighbours, direct);
                in_lanes(&mut search, first..panels.min(first + TASK));
                search.best
            })
            .collect();
        let query = |index: usize| {
            nearest(parts.iter().flat_map(|part| part[index].iter().copied()).collect(), neighbours)
        };
        (0..prepared.count).flat_map(query).collect()
    }
}

/// Queries prepared for scanning.
struct Prepared {
    count: usize,
    /// -2 x, `[groups, width, GROUP]`.
    groups: Vec<f32>,
    /// |x|² of every query.
    squares: Vec<f64>,
    /// Bound on the error of a score, of every query.
    errors: Vec<f64>,
}

impl Prepared {
    fn new(scan: &Scan, columns: &Columns, queries: &[f32]) -> Self {
        let width = columns.width();
        let count = queries.len() / width;
        let mut prepared = Self {
            count,
            groups: vec![0.0; count.div_ceil(GROUP) * width * GROUP],
            squares: Vec::with_capacity(count),
            errors: Vec::with_capacity(count),
        };
        let mut place = vec![0.0_f32; width];
        for (index, query) in queries.chunks_exact(width).enumerate() {
            let square = scan.place(columns, query, &mut place);
            let (group, lane) = (index / GROUP, index % GROUP);
            for (column, value) in place.iter().enumerate() {
                prepared.groups[(group * width + column) * GROUP + lane] = -2.0 * value;
            }
            // Rounding of the places, of `width` products and sums, of the norm and of the limit,
            // each relative to at most (|x| + |y|)².
            let reach = square.sqrt() + scan.largest;
            prepared.errors.push((2.0 * width as f64 + 32.0) * ROUNDING * reach * reach + 1e-30);
            prepared.squares.push(square);
        }
        prepared
    }
}

/// The best candidates so far of a stretch of panels.
struct Search<'a, D> {
    scan: &'a Scan,
    prepared: &'a Prepared,
    neighbours: usize,
    direct: D,
    /// In order, of every query.
    best: Vec<Vec<Candidate>>,
    /// Scores from which on a row is out of the question, of every query of every group.
    limits: Vec<[f32; GROUP]>,
}

impl<'a, D: Fn(usize, usize) -> f64> Search<'a, D> {
    fn new(scan: &'a Scan, prepared: &'a Prepared, neighbours: usize, direct: D) -> Self {
        let limits = (0..prepared.count.div_ceil(GROUP)).map(|group| {
            std::array::from_fn(|lane| {
                let present = group * GROUP + lane < prepared.count;
                if present { f32::INFINITY } else { f32::NEG_INFINITY }
            })
        });
        Self {
            scan,
            prepared,
            neighbours,
            direct,
            best: vec![Vec::with_capacity(neighbours + 1); prepared.count],
            limits: limits.collect(),
        }
    }

    /// Scans panels, with products and sums fused where `FUSED` says that the processor can.
    #[inline(always)]
    fn scan<const FUSED: bool>(&mut self, panels: std::ops::Range<usize>) {
        let width = self.scan.centre.len();
        let mut first = panels.start;
        while first < panels.end {
            let last = panels.end.min(first + BLOCK);
            for group in 0..self.limits.len() {
                let queries = &self.prepared.groups[group * width * GROUP..][..width * GROUP];
                for panel in first..last {
                    let values = &self.scan.panels[panel * width * LANES..][..width * LANES];
                    let norms = &self.scan.norms[panel * LANES..][..LANES];
                    let scores = tile::<FUSED>(queries, values, norms);
                    for (lane, (scores, limit)) in scores.iter().zip(self.limits[group]).enumerate() {
                        if below(scores, limit) {
                            self.measure(group, lane, panel, scores);
                        }
                    }
                }
            }
            first = last;
        }
    }

    /// Measures the rows of a panel whose scores are below the limit.
    #[cold]
    #[inline(never)]
    fn measure(&mut self, group: usize, lane: usize, panel: usize, scores: &[f32; LANES]) {
        let query = group * GROUP + lane;
        for (offset, score) in scores.iter().enumerate() {
            if *score >= self.limits[group][lane] {
                continue;
            }
            let row = panel * LANES + offset;
            let candidate = Candidate { squared: (self.direct)(query, row), row: row as u32 };
            let best = &mut self.best[query];
            let place = best.partition_point(|other| other.order(&candidate).is_lt());
            best.insert(place, candidate);
            best.truncate(self.neighbours);
            if best.len() == self.neighbours {
                let furthest = best[self.neighbours - 1].squared;
                let limit = furthest - self.prepared.squares[query] + self.prepared.errors[query];
                self.limits[group][lane] = limit as f32;
            }
        }
    }
}

/// |y|² - 2 x·y for a group of queries and a panel of rows.
#[inline(always)]
fn tile<const FUSED: bool>(queries: &[f32], panel: &[f32], norms: &[f32]) -> [[f32; LANES]; GROUP] {
    let mut scores = [[0.0_f32; LANES]; GROUP];
    for scores in &mut scores {
        scores.copy_from_slice(norms);
    }
    for (values, queries) in panel.chunks_exact(LANES).zip(queries.chunks_exact(GROUP)) {
        for (scores, query) in scores.iter_mut().zip(queries) {
            for (score, value) in scores.iter_mut().zip(values) {
                *score = if FUSED { query.mul_add(*value, *score) } else { query * value + *score };
            }
        }
    }
    scores
}

/// Whether any score is below the limit.
#[inline(always)]
fn below(scores: &[f32; LANES], limit: f32) -> bool {
    scores.iter().fold(false, |any, score| any | (*score < limit))
}

/// Scans with the widest vectors that the processor surely has; which ones does not show in the
/// answer.
fn in_lanes<D: Fn(usize, usize) -> f64>(search: &mut Search<'_, D>, panels: std::ops::Range<usize>) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
        // SAFETY: the processor has the two features that the function is compiled for.
        return unsafe { wide(search, panels) };
    }
    search.scan::<{ cfg!(target_arch = "aarch64") }>(panels);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn wide<D: Fn(usize, usize) -> f64>(search: &mut Search<'_, D>, panels: std::ops::Range<usize>) {
    search.scan::<true>(panels);
}
