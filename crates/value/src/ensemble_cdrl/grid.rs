//! Distributions of returns on a fixed grid, in 64-bit floats on the host.

/// Share of a grid step by which a mass may lie outside before it counts as clipped.
const TOLERANCE: f64 = 1e-9;

/// Equally spaced returns z_1 < ... < z_N.
#[derive(Clone, Copy, Debug)]
pub struct Grid {
    /// z_1.
    pub low: f64,
    /// z_N, above `low`.
    pub high: f64,
    /// N, at least 2.
    pub atoms: usize,
}

impl Grid {
    /// Distance of neighbouring atoms.
    pub fn step(&self) -> f64 {
        (self.high - self.low) / (self.atoms - 1) as f64
    }

    /// The return of an atom.
    pub fn location(&self, atom: usize) -> f64 {
        self.low + atom as f64 * self.step()
    }

    /// Expected return of `probabilities [N]`.
    pub fn expectation(&self, probabilities: &[f64]) -> f64 {
        probabilities.iter().enumerate().map(|(atom, mass)| mass * self.location(atom)).sum()
    }

    /// Adds `mass` at `location` to `out [N]` by the Cramér projection (Rowland et al., 2018,
    /// proposition 6): to the two neighbouring atoms in proportion to their nearness. Says how much of
    /// it lay outside the grid and went to its end.
    pub fn add(&self, location: f64, mass: f64, out: &mut [f64]) -> f64 {
        let last = (self.atoms - 1) as f64;
        let position = (location - self.low) / self.step();
        let inside = position.clamp(0.0, last);
        let below = (inside.floor() as usize).min(self.atoms - 2);
        let upper = inside - below as f64;
        out[below] += mass * (1.0 - upper);
        out[below + 1] += mass * upper;
        if position < -TOLERANCE || position > last + TOLERANCE { mass } else { 0.0 }
    }

    /// Writes the projection of the law of `reward + discount Z`, Z distributed as `next [N]`, into
    /// `out [N]`; all mass at `reward` without a next. Says how much mass was clipped.
    pub fn target(&self, reward: f64, discount: f64, next: Option<&[f64]>, out: &mut [f64]) -> f64 {
        out.fill(0.0);
        let Some(next) = next else { return self.add(reward, 1.0, out) };
        let moved =
            |(atom, mass): (usize, &f64)| self.add(reward + discount * self.location(atom), *mass, out);
        next.iter().enumerate().map(moved).sum()
    }
}

/// Takes another of equally weighted members into a running mean; `before` is how many it holds. The
/// mean of equal members is each of them to the last bit, which a sum and a division would not give.
pub fn blend(mean: &mut [f64], member: &[f64], before: usize) {
    for (mean, member) in mean.iter_mut().zip(member) {
        *mean += (member - *mean) / (before + 1) as f64;
    }
}
