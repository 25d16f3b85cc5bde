//! Asking the processor to bring memory nearer before it is needed.
//!
//! In a ring larger than the cache every entry drawn is a wait of about a hundred nanoseconds.
//! Asked for in advance, many of these waits pass at once. Measured for 256 transitions of four
//! numbers from 10^7 entries on an AMD EPYC: 26 us with nothing, 12 us with ordinary loads ahead of
//! the copies, 7 us with prefetches (5 us from 10^4 entries).

/// Elements to a cache line of 64 bytes.
const fn line<T>() -> usize {
    if size_of::<T>() == 0 { 64 } else { 64usize.div_ceil(size_of::<T>()) }
}

/// Asks for the cache lines of `values[at..at + count]`, as far as they exist.
///
/// Has no effect but on time; on processors other than x86-64 it does nothing.
#[inline]
pub(crate) fn prefetch<T>(values: &[T], at: usize, count: usize) {
    let end = at.saturating_add(count).min(values.len());
    let mut index = at;
    while index < end {
        prefetch_element(&values[index]);
        index += line::<T>();
    }
    if at < end {
        prefetch_element(&values[end - 1]);
    }
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn prefetch_element<T>(element: &T) {
    use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: a prefetch reads nothing and cannot fault, whatever the address; this one is that of
    // a live element, and SSE, which has the instruction, is part of x86-64.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(element).cast()) }
}

#[cfg(not(target_arch = "x86_64"))]
#[inline]
fn prefetch_element<T>(_element: &T) {}
