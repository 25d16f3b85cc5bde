//! Ctrl-C: the first asks to stop, the second ends the program at once.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::failure::{Failure, INTERRUPTED};

/// A flag that the first Ctrl-C sets.
pub fn on_interrupt() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let handler = move || {
        if flag.swap(true, Ordering::SeqCst) {
            std::process::exit(i32::from(INTERRUPTED));
        }
        eprintln!("\nstopping after this iteration; press Ctrl-C again to abort without saving");
    };
    install(handler)?;
    Ok(stop)
}

/// A flag that is set once standard input ends. A supervising process holds the other end, so it
/// stops its children by closing it, and they stop by themselves when it dies; Ctrl-C, which
/// reaches the whole terminal group, is left to it.
pub fn on_end_of_input() -> Result<Arc<AtomicBool>, Failure> {
    install(|| ())?;
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        flag.store(true, Ordering::SeqCst);
    });
    Ok(stop)
}

fn install(handler: impl FnMut() + Send + 'static) -> Result<(), Failure> {
    ctrlc::set_handler(handler).map_err(|error| Failure::failed(format!("cannot listen for Ctrl-C: {error}")))
}
