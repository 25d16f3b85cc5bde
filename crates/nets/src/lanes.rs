//! Loops compiled for the vector lanes of several processors.

/// Defines functions whose body is compiled three times, for 512-bit, for 256-bit and for the lanes that
/// every processor has, and of which a call runs the widest that this processor can. What they call is
/// compiled with them if it is `#[inline(always)]`; a closure that is handed to a function with wider
/// lanes is not, unless the compiler happens to inline it.
///
/// Nothing here contracts or reorders sums, so all three give the same bits.
macro_rules! in_lanes {
    ($($item:item)*) => {
        $(
            #[multiversion::multiversion(targets("x86_64+avx512f+avx2+fma", "x86_64+avx2+fma"))]
            $item
        )*
    };
}

pub(crate) use in_lanes;
