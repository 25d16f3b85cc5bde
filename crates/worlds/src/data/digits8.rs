//! The 1797 images of 8 x 8 of "Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak,
//! 1998; UCI Machine Learning Repository, CC BY 4.0), real data in the program itself. Licence and
//! provenance lie beside the bytes, `reference/digits8.py` wrote them.

use super::{DataEntry, DataSet, Examples, permutation, uniform};
use crate::{
    WorldError,
    name::{OptionHelp, Options},
    seed::stream,
};

/// Rows of 64 intensities from 0 to 16 and the digit.
static BYTES: &[u8] = include_bytes!("../../data/digits8/digits8.bin");

const PIXELS: usize = 64;
const IMAGES: usize = 1_797;
/// The brightest pixel.
const FULL: f32 = 16.0;
/// Mean and standard deviation of all pixels of all images.
const MEAN: f32 = 4.8842;
const DEVIATION: f32 = 6.0168;

pub(super) const ENTRY: DataEntry = DataEntry {
    name: "digits8",
    summary: "1797 handwritten digits of 8 x 8 pixels in [0, 1], split by the seed",
    options: &[
        OptionHelp {
            name: "train",
            default: "1400",
            help: "images to learn from, drawn by the seed; the others are held out",
        },
        OptionHelp {
            name: "standard",
            default: "false",
            help: "shift and scale intensities to mean 0 and deviation 1 over all pixels of all images",
        },
    ],
    build,
};

fn build(options: &Options, seed: u64) -> Result<DataSet, WorldError> {
    let train = options.usize("train", 1_400, 10..=IMAGES - 1)?;
    let order = permutation(IMAGES, &mut stream(seed, "digits8", 0));
    let (first, rest) = order.split_at(train);
    let scale = if options.boolean("standard", false)? { (MEAN, DEVIATION) } else { (0.0, FULL) };
    Ok(DataSet {
        train: images(first, scale),
        test: images(rest, scale),
        prior: uniform(10),
        image: Some([8, 8]),
    })
}

/// The images of these indices, intensities shifted and divided.
fn images(indices: &[usize], (shift, scale): (f32, f32)) -> Examples {
    let mut examples = Examples::new(PIXELS);
    for row in indices.iter().map(|index| &BYTES[index * (PIXELS + 1)..(index + 1) * (PIXELS + 1)]) {
        examples.push(
            row[..PIXELS].iter().map(|&pixel| (f32::from(pixel) - shift) / scale),
            usize::from(row[PIXELS]),
        );
    }
    examples
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_those_that_were_checked() {
        assert_eq!(BYTES.len(), IMAGES * (PIXELS + 1));
        // Computed by Python's zlib.crc32.
        assert_eq!(crc32fast::hash(BYTES), 0xe7d8_9aa3);
        let mut counts = [0; 10];
        BYTES.chunks_exact(PIXELS + 1).for_each(|row| counts[usize::from(row[PIXELS])] += 1);
        assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        let total: u32 = BYTES
            .chunks_exact(PIXELS + 1)
            .flat_map(|row| &row[..PIXELS])
            .map(|&pixel| u32::from(pixel))
            .sum();
        assert_eq!(total, 561_718);
    }

    #[test]
    fn a_split_uses_every_image_once() {
        let data = super::super::load("digits8,train=1200", 3).unwrap();
        assert_eq!((data.train.len(), data.test.len(), data.classes()), (1_200, 597, 10));
        let total: f32 = data.train.inputs.iter().chain(&data.test.inputs).sum();
        assert!((total * FULL - 561_718.0).abs() < 1.0);
        assert_ne!(data, super::super::load("digits8,train=1200", 4).unwrap());
        let standard = super::super::load("digits8,standard=true", 3).unwrap();
        let values =
            || standard.train.inputs.iter().chain(&standard.test.inputs).map(|&value| f64::from(value));
        let count = values().count() as f64;
        assert!((values().sum::<f64>() / count).abs() < 1e-3);
        assert!((values().map(|value| value * value).sum::<f64>() / count - 1.0).abs() < 1e-3);
    }
}
