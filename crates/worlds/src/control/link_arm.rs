//! Drawing of two links, shared by the acrobot and the planar arm.

use crate::render::{Painter, palette};
use crate::trigonometry::sin_cos;

/// Where the elbow and the tip of two links are: the first angle is from the x axis, the second
/// relative to the first link.
pub(super) fn joints(angles: [f64; 2], lengths: [f64; 2]) -> ([f64; 2], [f64; 2]) {
    let (sine, cosine) = sin_cos(angles[0]);
    let elbow = [lengths[0] * cosine, lengths[0] * sine];
    let (sine, cosine) = sin_cos(angles[0] + angles[1]);
    (elbow, [elbow[0] + lengths[1] * cosine, elbow[1] + lengths[1] * sine])
}

/// Two links from the origin.
pub(super) fn draw_links(painter: &mut Painter<'_>, angles: [f64; 2], lengths: [f64; 2], thickness: f64) {
    let (elbow, tip) = joints(angles, lengths);
    painter.capsule([0.0, 0.0], elbow, thickness, palette::AGENT);
    painter.capsule(elbow, tip, thickness, palette::LIMB);
    painter.disc([0.0, 0.0], thickness, palette::MARK);
    painter.disc(elbow, thickness * 0.8, palette::MARK);
}
