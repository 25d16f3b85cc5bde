//! The numbers of a file as bytes, and turning them into those of a data set.

/// Type of the elements of an array in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element {
    /// What a number is.
    pub kind: Kind,
    /// Whether the most significant byte comes first.
    pub big_endian: bool,
}

/// A type of number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    F32,
    F64,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    Bool,
}

impl Kind {
    /// Bytes of one number.
    pub fn size(self) -> usize {
        match self {
            Self::I8 | Self::U8 | Self::Bool => 1,
            Self::I16 | Self::U16 => 2,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F64 | Self::I64 | Self::U64 => 8,
        }
    }

    /// Whether it holds whole numbers only.
    pub fn is_whole(self) -> bool {
        !matches!(self, Self::F32 | Self::F64)
    }
}

/// Appends every number of `$raw`, of type `$type`, to `$out`, after `$change`.
macro_rules! each {
    ($raw:expr, $big:expr, $type:ty, $out:expr, $change:expr) => {{
        let change: fn($type) -> _ = $change;
        let (numbers, _) = $raw.as_chunks::<{ size_of::<$type>() }>();
        if $big {
            $out.extend(numbers.iter().map(|bytes| change(<$type>::from_be_bytes(*bytes))));
        } else {
            $out.extend(numbers.iter().map(|bytes| change(<$type>::from_le_bytes(*bytes))));
        }
    }};
}

impl Element {
    /// Bytes of one number.
    pub fn size(self) -> usize {
        self.kind.size()
    }

    /// Replaces `out` by the numbers in `raw`, rounded to single precision.
    pub fn floats(self, raw: &[u8], out: &mut Vec<f32>) {
        out.clear();
        out.reserve(raw.len() / self.size());
        let big = self.big_endian;
        match self.kind {
            Kind::F32 => each!(raw, big, f32, out, |value| value),
            Kind::F64 => each!(raw, big, f64, out, |value| value as f32),
            Kind::I8 => each!(raw, big, i8, out, |value| f32::from(value)),
            Kind::I16 => each!(raw, big, i16, out, |value| f32::from(value)),
            Kind::I32 => each!(raw, big, i32, out, |value| value as f32),
            Kind::I64 => each!(raw, big, i64, out, |value| value as f32),
            Kind::U8 | Kind::Bool => out.extend(raw.iter().map(|&value| f32::from(value))),
            Kind::U16 => each!(raw, big, u16, out, |value| f32::from(value)),
            Kind::U32 => each!(raw, big, u32, out, |value| value as f32),
            Kind::U64 => each!(raw, big, u64, out, |value| value as f32),
        }
    }

    /// Replaces `out` by the numbers in `raw` as whole numbers; fractions are cut off.
    pub fn whole(self, raw: &[u8], out: &mut Vec<i64>) {
        out.clear();
        let big = self.big_endian;
        match self.kind {
            Kind::F32 => each!(raw, big, f32, out, |value| value as i64),
            Kind::F64 => each!(raw, big, f64, out, |value| value as i64),
            Kind::I8 => each!(raw, big, i8, out, |value| i64::from(value)),
            Kind::I16 => each!(raw, big, i16, out, |value| i64::from(value)),
            Kind::I32 => each!(raw, big, i32, out, |value| i64::from(value)),
            Kind::I64 => each!(raw, big, i64, out, |value| value),
            Kind::U8 | Kind::Bool => out.extend(raw.iter().map(|&value| i64::from(value))),
            Kind::U16 => each!(raw, big, u16, out, |value| i64::from(value)),
            Kind::U32 => each!(raw, big, u32, out, |value| i64::from(value)),
            Kind::U64 => each!(raw, big, u64, out, |value| i64::try_from(value).unwrap_or(i64::MAX)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_in_both_orders() {
        let mut out = Vec::new();
        for big_endian in [false, true] {
            let ordered = |mut bytes: Vec<u8>| {
                if big_endian {
                    bytes.reverse();
                }
                bytes
            };
            let cases = [
                (Kind::F32, ordered((-2.5_f32).to_le_bytes().to_vec()), -2.5),
                (Kind::F64, ordered(0.1_f64.to_le_bytes().to_vec()), 0.1),
                (Kind::I8, vec![0xff], -1.0),
                (Kind::I16, ordered((-300_i16).to_le_bytes().to_vec()), -300.0),
                (Kind::I32, ordered(70_000_i32.to_le_bytes().to_vec()), 70_000.0),
                (Kind::I64, ordered((-5_i64).to_le_bytes().to_vec()), -5.0),
                (Kind::U8, vec![200], 200.0),
                (Kind::U16, ordered(60_000_u16.to_le_bytes().to_vec()), 60_000.0),
                (Kind::U32, ordered(3_000_000_000_u32.to_le_bytes().to_vec()), 3e9),
                (Kind::U64, ordered(7_u64.to_le_bytes().to_vec()), 7.0),
                (Kind::Bool, vec![1], 1.0),
            ];
            for (kind, bytes, value) in cases {
                Element { kind, big_endian }.floats(&bytes, &mut out);
                assert_eq!(out, [value], "{kind:?}");
                let mut whole = Vec::new();
                Element { kind, big_endian }.whole(&bytes, &mut whole);
                assert_eq!(whole, [value as i64], "{kind:?}");
            }
        }
    }
}
