//! The software rasteriser: orthographic, nearest pixel, no anti-aliasing.

/// A colour: red, green, blue.
pub type Colour = [u8; 3];

/// The fixed palette.
pub mod palette {
    use super::Colour;

    /// Background.
    pub const PAPER: Colour = [245, 245, 240];
    /// Ground, tracks and rails.
    pub const GROUND: Colour = [150, 150, 150];
    /// Walls and obstacles.
    pub const WALL: Colour = [60, 60, 70];
    /// The agent, or the part that the action drives.
    pub const AGENT: Colour = [40, 90, 200];
    /// Poles and second links.
    pub const LIMB: Colour = [205, 120, 40];
    /// Goals and targets.
    pub const GOAL: Colour = [30, 160, 70];
    /// Joints and marks.
    pub const MARK: Colour = [190, 40, 50];
}

/// An RGB image, row-major, three bytes a pixel.
#[derive(Clone, Debug, PartialEq)]
pub struct Canvas {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `height * width * 3` bytes.
    pub pixels: Vec<u8>,
}

impl Canvas {
    /// A black image.
    pub fn new(width: usize, height: usize) -> Self {
        Self { width, height, pixels: vec![0; width * height * 3] }
    }

    /// Paints every pixel.
    pub fn fill(&mut self, colour: Colour) {
        self.pixels.as_chunks_mut::<3>().0.fill(colour);
    }

    /// Paints the pixel in column `x` and row `y`; outside the image nothing happens.
    pub fn set(&mut self, x: usize, y: usize, colour: Colour) {
        if x < self.width && y < self.height {
            let start = (y * self.width + x) * 3;
            self.pixels[start..start + 3].copy_from_slice(&colour);
        }
    }

    /// The colour in column `x` and row `y`, if inside.
    pub fn get(&self, x: usize, y: usize) -> Option<Colour> {
        let inside = x < self.width && y < self.height;
        let start = (y * self.width + x) * 3;
        inside.then(|| [self.pixels[start], self.pixels[start + 1], self.pixels[start + 2]])
    }

    /// One byte a pixel, 0.299 R + 0.587 G + 0.114 B rounded, written to `grey`, which holds
    /// `width * height` bytes.
    pub fn grey_into(&self, grey: &mut [u8]) {
        for (grey, [red, green, blue]) in grey.iter_mut().zip(self.pixels.as_chunks::<3>().0) {
            let sum = 299 * u32::from(*red) + 587 * u32::from(*green) + 114 * u32::from(*blue);
            *grey = ((sum + 500) / 1000) as u8;
        }
    }
}

/// Draws shapes given in a world's own coordinates (x to the right, y up).
pub struct Painter<'a> {
    canvas: &'a mut Canvas,
    centre: [f64; 2],
    scale: f64,
}

impl<'a> Painter<'a> {
    /// Shows the square of half-width `half` around `centre`, as large as fits the canvas, on a
    /// plain background.
    pub fn new(canvas: &'a mut Canvas, centre: [f64; 2], half: f64) -> Self {
        canvas.fill(palette::PAPER);
        let scale = canvas.width.min(canvas.height) as f64 / (2.0 * half);
        Self { canvas, centre, scale }
    }

    /// A filled disc.
    pub fn disc(&mut self, centre: [f64; 2], radius: f64, colour: Colour) {
        self.capsule(centre, centre, radius, colour);
    }

    /// A circle's outline of the given thickness.
    pub fn ring(&mut self, centre: [f64; 2], radius: f64, thickness: f64, colour: Colour) {
        let [x, y] = self.pixel(centre);
        // At least 1.5 pixels, so that the outline has no holes.
        let half = (thickness * self.scale).max(1.5) / 2.0;
        let radius = radius * self.scale;
        let reach = radius + half;
        self.paint([x - reach, y - reach], [x + reach, y + reach], colour, |column, row| {
            ((column - x).hypot(row - y) - radius).abs() <= half
        });
    }

    /// All points within `radius` of the line from `start` to `end`, and at least a pixel.
    pub fn capsule(&mut self, start: [f64; 2], end: [f64; 2], radius: f64, colour: Colour) {
        let ([ax, ay], [bx, by]) = (self.pixel(start), self.pixel(end));
        // Half a pixel's diagonal: a smaller disc could fall between the pixels' centres.
        let radius = (radius * self.scale).max(std::f64::consts::FRAC_1_SQRT_2);
        let (dx, dy) = (bx - ax, by - ay);
        let inverse = if dx == 0.0 && dy == 0.0 { 0.0 } else { 1.0 / (dx * dx + dy * dy) };
        let low = [ax.min(bx) - radius, ay.min(by) - radius];
        let high = [ax.max(bx) + radius, ay.max(by) + radius];
        self.paint(low, high, colour, |column, row| {
            let along = (((column - ax) * dx + (row - ay) * dy) * inverse).clamp(0.0, 1.0);
            let (x, y) = (column - ax - along * dx, row - ay - along * dy);
            x * x + y * y <= radius * radius
        });
    }

    /// A filled rectangle with sides along the axes.
    pub fn rectangle(&mut self, low: [f64; 2], high: [f64; 2], colour: Colour) {
        let ([left, bottom], [right, top]) = (self.pixel(low), self.pixel(high));
        self.paint([left, top], [right, bottom], colour, |column, row| {
            column >= left && column <= right && row >= top && row <= bottom
        });
    }

    /// A filled polygon (even-odd rule).
    pub fn polygon<const N: usize>(&mut self, corners: [[f64; 2]; N], colour: Colour) {
        let corners = corners.map(|corner| self.pixel(corner));
        let bound = |axis: usize, start: f64, pick: fn(f64, f64) -> f64| {
            corners.iter().map(|corner| corner[axis]).fold(start, pick)
        };
        let low = [bound(0, f64::INFINITY, f64::min), bound(1, f64::INFINITY, f64::min)];
        let high = [bound(0, f64::NEG_INFINITY, f64::max), bound(1, f64::NEG_INFINITY, f64::max)];
        self.paint(low, high, colour, |column, row| {
            (0..N).fold(false, |inside, index| {
                let ([ax, ay], [bx, by]) = (corners[index], corners[(index + 1) % N]);
                let crosses = (ay > row) != (by > row) && column < ax + (row - ay) / (by - ay) * (bx - ax);
                inside != crosses
            })
        });
    }

    /// Position in pixels, counted from the top left corner of the image.
    fn pixel(&self, point: [f64; 2]) -> [f64; 2] {
        let middle = [self.canvas.width as f64 / 2.0, self.canvas.height as f64 / 2.0];
        [
            middle[0] + (point[0] - self.centre[0]) * self.scale,
            middle[1] - (point[1] - self.centre[1]) * self.scale,
        ]
    }

    /// Paints the pixels between `low` and `high` whose centre is `inside`.
    fn paint(&mut self, low: [f64; 2], high: [f64; 2], colour: Colour, inside: impl Fn(f64, f64) -> bool) {
        // Conversions to integers saturate, so a shape far outside gives an empty range.
        let range = |axis: usize, size: usize| {
            let (start, end) = ((low[axis] - 0.5).ceil(), (high[axis] - 0.5).floor() + 1.0);
            start.max(0.0) as usize..(end.max(0.0) as usize).min(size)
        };
        let (columns, rows) = (range(0, self.canvas.width), range(1, self.canvas.height));
        for row in rows {
            for column in columns.clone() {
                if inside(column as f64 + 0.5, row as f64 + 0.5) {
                    self.canvas.set(column, row, colour);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn painted(canvas: &Canvas) -> usize {
        canvas.pixels.chunks(3).filter(|pixel| **pixel != palette::PAPER).count()
    }

    #[test]
    fn areas_are_right() {
        let mut canvas = Canvas::new(200, 200);
        Painter::new(&mut canvas, [0.0, 0.0], 1.0).disc([0.1, 0.2], 0.5, palette::AGENT);
        let area = std::f64::consts::PI * 50.0 * 50.0;
        assert!((painted(&canvas) as f64 - area).abs() < 0.01 * area);

        Painter::new(&mut canvas, [0.0, 0.0], 1.0).rectangle([-0.5, 0.0], [0.5, 0.25], [0; 3]);
        assert_eq!(painted(&canvas), 100 * 25);

        let triangle = [[-0.5, -0.5], [0.5, -0.5], [0.0, 0.5]];
        Painter::new(&mut canvas, [0.0, 0.0], 1.0).polygon(triangle, palette::AGENT);
        assert!((painted(&canvas) as f64 - 5_000.0).abs() < 60.0);
    }

    #[test]
    fn up_is_up_and_small_things_stay_visible() {
        let mut canvas = Canvas::new(12, 12);
        Painter::new(&mut canvas, [0.0, 0.0], 1.0).disc([0.91, 0.91], 1e-6, palette::GOAL);
        assert_eq!(canvas.get(11, 0), Some(palette::GOAL));
        assert_eq!(canvas.get(12, 0), None);
    }

    #[test]
    fn shapes_outside_the_image_paint_nothing() {
        let mut canvas = Canvas::new(16, 16);
        let mut painter = Painter::new(&mut canvas, [0.0, 0.0], 1.0);
        painter.disc([-50.0, 1e300], 0.5, palette::AGENT);
        painter.rectangle([5.0, 5.0], [6.0, 6.0], palette::AGENT);
        painter.polygon([[f64::NAN, 0.0], [9.0, 9.0], [9.0, 8.0]], palette::AGENT);
        assert_eq!(painted(&canvas), 0);
    }

    #[test]
    fn grey_weighs_the_colours() {
        let mut canvas = Canvas::new(2, 1);
        canvas.set(0, 0, [100, 200, 50]);
        let mut grey = [9; 2];
        canvas.grey_into(&mut grey);
        assert_eq!(grey, [153, 0]);
    }
}
