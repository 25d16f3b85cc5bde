//! SVG to PNG.

use std::sync::{Arc, OnceLock};

use resvg::{tiny_skia, usvg};

/// Pixels to a unit of the picture: sharp on screens of high density and in print.
pub const DENSITY: f64 = 2.0;

/// The only font: the system's would differ from machine to machine.
fn fonts() -> Arc<usvg::fontdb::Database> {
    static FONTS: OnceLock<Arc<usvg::fontdb::Database>> = OnceLock::new();
    let load = || {
        let mut fonts = usvg::fontdb::Database::new();
        fonts.load_font_data(epaint_default_fonts::UBUNTU_LIGHT.to_vec());
        // What the light font lacks, such as arrows, is looked up in this one.
        fonts.load_font_data(epaint_default_fonts::HACK_REGULAR.to_vec());
        fonts.set_sans_serif_family("Ubuntu");
        fonts.set_serif_family("Ubuntu");
        Arc::new(fonts)
    };
    FONTS.get_or_init(load).clone()
}

/// Draws a document.
///
/// # Errors
/// The document is not SVG, or too large; the text says which.
pub fn png(svg: &str) -> Result<Vec<u8>, String> {
    let options = usvg::Options { font_family: "Ubuntu".into(), fontdb: fonts(), ..Default::default() };
    let tree = usvg::Tree::from_str(svg, &options).map_err(|error| error.to_string())?;
    let size = |length: f32| (f64::from(length) * DENSITY).ceil() as u32;
    let (width, height) = (size(tree.size().width()), size(tree.size().height()));
    let mut pixels = tiny_skia::Pixmap::new(width, height)
        .ok_or_else(|| format!("{width} by {height} pixels are more than an image can have"))?;
    let scale = tiny_skia::Transform::from_scale(DENSITY as f32, DENSITY as f32);
    resvg::render(&tree, scale, &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| error.to_string())
}
