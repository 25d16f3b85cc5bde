//! Named arrays of a file, whatever the file is.

use std::path::Path;

use super::{super::DataError, element::Element};

/// Shape and type of an array.
#[derive(Clone, Debug, PartialEq)]
pub struct Info {
    /// Length of the first axis; 1 for a single number.
    pub rows: usize,
    /// Lengths of the other axes.
    pub shape: Vec<usize>,
    /// Type of the elements.
    pub element: Element,
}

impl Info {
    /// Elements of one row.
    pub fn width(&self) -> usize {
        self.shape.iter().product()
    }

    /// Bytes of one row in the file.
    pub fn row_bytes(&self) -> usize {
        self.width() * self.element.size()
    }
}

/// Takes rows of an array: the number of the first, and their bytes.
pub type Take<'a> = dyn FnMut(usize, &[u8]) -> Result<(), DataError> + 'a;

/// A file of named arrays.
pub trait Arrays {
    /// The file.
    fn path(&self) -> &Path;

    /// Names of all arrays, those in groups with slashes.
    fn names(&self) -> Vec<String>;

    /// Shape and type of an array, if there is one of this name.
    ///
    /// # Errors
    /// Its type is none that can be read; the type is named.
    fn info(&self, name: &str) -> Result<Option<Info>, DataError>;

    /// Gives all rows of an array to `take`, block by block, in order.
    ///
    /// # Errors
    /// There is no such array, the file ends early, or `take` fails.
    fn stream(&mut self, name: &str, take: &mut Take<'_>) -> Result<(), DataError>;

    /// The array `name`, which `need` asks for.
    ///
    /// # Errors
    /// There is none, or its type cannot be read.
    fn require(&self, name: &str, need: &str) -> Result<Info, DataError> {
        self.info(name)?.ok_or_else(|| DataError::missing(self.path(), name, need))
    }

    /// An array with one number per row, as whole numbers.
    ///
    /// # Errors
    /// It has more than one number per row, or cannot be read.
    fn whole(&mut self, name: &str, info: &Info) -> Result<Vec<i64>, DataError> {
        if info.width() != 1 {
            let reason = format!("has {} numbers per row where one is needed", info.width());
            return Err(DataError::array(self.path(), name, reason));
        }
        // What a damaged header says of its rows is not worth an allocation.
        let (mut all, mut part) = (Vec::with_capacity(info.rows.min(1 << 20)), Vec::new());
        self.stream(name, &mut |_, raw| {
            info.element.whole(raw, &mut part);
            all.extend_from_slice(&part);
            Ok(())
        })?;
        Ok(all)
    }
}

/// Rows of a block: about a mebibyte, a multiple of `chunk` rows.
pub fn block_rows(row_bytes: usize, chunk: usize) -> usize {
    let rows = (1_usize << 20).div_ceil(row_bytes.max(1));
    rows.div_ceil(chunk.max(1)) * chunk.max(1)
}
