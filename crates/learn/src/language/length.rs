//! Rewards that speak of a response's length, on host numbers; lengths count tokens or thoughts.

/// A reward divided by the length, at least 1: of right answers the shorter is better (Tan et al., 2025,
/// section 3.4).
pub fn per_length(reward: f32, length: usize) -> f32 {
    reward / length.max(1) as f32
}

/// DAPO's soft punishment of overlong responses (Yu et al., 2025, equation 13): 0 up to
/// `limit - buffer`, falling linearly to -1 at `limit`, and -1 beyond.
pub fn overlong(length: usize, limit: usize, buffer: usize) -> f32 {
    let free = limit.saturating_sub(buffer);
    if length <= free {
        return 0.0;
    }
    -((length - free) as f32 / (limit - free).max(1) as f32).min(1.0)
}
