//! Pictures of data sets.

use evidence::plot::{Bars, Frames, Grid, Theme, contact_sheet, coverage, histogram};

#[test]
fn a_histogram_has_a_bar_for_every_interval() {
    let bars = Bars {
        title: "Returns",
        across: "return",
        of: "episodes",
        from: -2.0,
        width: 0.5,
        counts: &[3, 0, 5],
    };
    let figure = histogram(&bars);
    let svg = figure.svg(Theme::Light);
    assert_eq!((figure.name.as_str(), svg.matches("class=\"f0\"").count()), ("returns", 3));
    assert!(svg.contains("−2 to −1.5: 3"), "{svg}");
    let same = Bars { width: 0.0, counts: &[7], ..bars };
    assert_eq!(histogram(&same).svg(Theme::Light).matches("class=\"f0\"").count(), 1);
}

#[test]
fn coverage_shades_the_cells_that_were_visited() {
    let grid =
        Grid { across: "x", up: "y", x: (0.0, 2.0), y: (0.0, 1.0), columns: 2, counts: vec![0, 1, 100, 0] };
    let figure = coverage(&grid);
    let svg = figure.svg(Theme::Light);
    assert_eq!((svg.matches("class=\"f0 d8\"").count(), svg.matches("class=\"f0 d").count()), (1, 2));
    assert!(figure.description.contains("in 2 of 4 cells"), "{}", figure.description);
    assert!(figure.png(Theme::Light).is_ok_and(|png| png.starts_with(b"\x89PNG")));
}

#[test]
fn a_contact_sheet_shows_colours_and_grey() {
    let decode = |bytes: &[u8]| {
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes.to_vec())).read_info().expect("PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
        let info = reader.next_frame(&mut pixels).expect("a frame");
        (info.width as usize, pixels)
    };
    let sheet = contact_sheet(&Frames {
        size: [1, 1, 6],
        scale: 1.0 / 255.0,
        frames: vec![&[1, 2, 3, 200, 100, 50]],
    });
    let (width, pixels) = decode(&sheet.expect("drawn"));
    let at = |x: usize, y: usize| (y * width + x) * (pixels.len() / (width * 100));
    assert_eq!(width, 6 * 100);
    assert_eq!(pixels[at(50, 50)..at(50, 50) + 3], [200, 100, 50]);
    let sheet = contact_sheet(&Frames { size: [1, 1, 2], scale: 1.0, frames: vec![&[0, 1]] });
    let (_, pixels) = decode(&sheet.expect("drawn"));
    assert_eq!(pixels[at(50, 50)], 255);
}
