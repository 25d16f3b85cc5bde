//! Products that several runs share, such as a model that all arms of a claim start from: made once,
//! kept under a key on the user's disk.
//!
//! A key holds everything the product depends on, this build of the program and the processor
//! included, so that a kept product has the bits that making it again would give.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use serde::Serialize;

use crate::{
    Result, RunError, Snapshot,
    checkpoint::{decode_state, encode_state},
    folder::write_whole,
    summary::{build_name, processor_name},
};

/// Names the folder of kept products.
pub const VARIABLE: &str = "LATENTRL_CACHE";

/// Where a product's small values lie among its bytes.
const VALUES: &str = "shared.values";

/// Bytes of the checksum at a file's beginning.
const CHECKSUM: usize = blake3::OUT_LEN;

/// How many products are kept.
const KEPT: usize = 64;

/// What a product depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// The key of a product of this kind, in one word, that depends on `parts` alone.
    ///
    /// # Errors
    /// The parts have no JSON form.
    pub fn new(kind: &str, parts: &impl Serialize) -> Result<Self> {
        let text = serde_json::to_vec(&(build_name(), executable(), processor_name(), parts));
        let digest = blake3::hash(&text.map_err(RunError::part)?).to_hex();
        Ok(Self(format!("{kind}-{}", &digest.as_str()[..32])))
    }
}

/// Size and age of the program, which tell builds of one version apart.
fn executable() -> Option<(u64, u128)> {
    let data = fs::metadata(env::current_exe().ok()?).ok()?;
    let age = data.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some((data.len(), age.as_nanos()))
}

/// The product of this key: the kept one, or what `make` gives. Runs in one process that ask for the
/// same wait for the first, and of several processes the last one's file stands, which is the same. A
/// damaged file is made anew, and where nothing can be kept the product serves this run alone.
///
/// # Errors
/// Those of `make`.
pub fn product(key: &Key, make: impl FnOnce() -> Result<Snapshot>) -> Result<Snapshot> {
    match folder() {
        Some(folder) => product_in(&folder, key, make),
        None => make(),
    }
}

/// `$LATENTRL_CACHE`, or a folder of this program among the user's caches.
fn folder() -> Option<PathBuf> {
    let named = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || {
        let home = named("HOME")?;
        Some(if cfg!(target_os = "macos") { home.join("Library/Caches") } else { home.join(".cache") })
    };
    named(VARIABLE).or_else(|| {
        let caches =
            if cfg!(windows) { named("LOCALAPPDATA") } else { named("XDG_CACHE_HOME").or_else(home) };
        Some(caches?.join("latentrl"))
    })
}

fn product_in(folder: &Path, key: &Key, make: impl FnOnce() -> Result<Snapshot>) -> Result<Snapshot> {
    static MAKING: LazyLock<Mutex<BTreeMap<String, Arc<Mutex<()>>>>> = LazyLock::new(Default::default);
    let path = folder.join(format!("{}.product", key.0));
    let name = path.display().to_string();
    let mine = MAKING.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default().clone();
    let _alone = mine.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(kept) = read(&path) {
        return Ok(kept);
    }
    let made = make()?;
    let bytes = encode(&made)?;
    if fs::create_dir_all(folder).is_ok() && write_whole(&path, &bytes).is_ok() {
        prune(folder);
    }
    Ok(made)
}

/// A product as bytes, their checksum first.
fn encode(product: &Snapshot) -> Result<Vec<u8>> {
    let mut whole = product.clone();
    whole.put_bytes(VALUES, serde_json::to_vec(&product.values).map_err(RunError::part)?);
    let body = encode_state(&whole)?;
    Ok([blake3::hash(&body).as_bytes().as_slice(), &body].concat())
}

fn read(path: &Path) -> Option<Snapshot> {
    let bytes = fs::read(path).ok()?;
    let (checksum, body) = bytes.split_at_checked(CHECKSUM)?;
    if blake3::hash(body).as_bytes() != checksum {
        return None;
    }
    let mut product = decode_state(path, body).ok()?;
    product.values = serde_json::from_slice(&product.blobs.remove(VALUES)?).ok()?;
    Some(product)
}

/// Removes the oldest products beyond those that are kept. Failing to costs space only.
fn prune(folder: &Path) {
    let ours = |entry: fs::DirEntry| {
        let path = entry.path();
        let age = entry.metadata().and_then(|data| data.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
        path.extension().is_some_and(|extension| extension == "product").then_some((age, path))
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut products: Vec<(SystemTime, PathBuf)> = entries.filter_map(ours).collect();
    products.sort();
    for (_, path) in products.iter().take(products.len().saturating_sub(KEPT)) {
        let _ = fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::NamedArray;

    fn made(value: f32) -> Snapshot {
        let mut snapshot = Snapshot::new();
        snapshot.put_arrays([NamedArray {
            name: "weights".to_owned(),
            shape: vec![2],
            values: vec![value; 2],
        }]);
        snapshot.put("accuracy", &0.1_f64).expect("a number has a JSON form");
        snapshot.put_bytes("more", vec![1, 2, 3]);
        snapshot
    }

    #[test]
    fn a_product_is_made_once_and_kept_whole() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let key = Key::new("base", &("arith", 3)).expect("the parts have a JSON form");
        let again = Key::new("base", &("arith", 3)).expect("the parts have a JSON form");
        assert_eq!(key, again);
        assert_ne!(key, Key::new("base", &("arith", 4)).expect("the parts have a JSON form"));
        let first = product_in(folder.path(), &key, || Ok(made(0.1))).expect("it is made");
        let second = product_in(folder.path(), &key, || panic!("it is kept")).expect("it is read");
        assert!(first == second && first == made(0.1));
        let file = folder.path().join(format!("{}.product", key.0));
        let mut bytes = fs::read(&file).expect("it is there");
        *bytes.last_mut().expect("it is not empty") ^= 1;
        fs::write(&file, bytes).expect("it can be written");
        let third = product_in(folder.path(), &key, || Ok(made(0.2))).expect("it is made anew");
        assert!(third == made(0.2));
    }

    #[test]
    fn one_thread_makes_it_and_the_others_wait() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let key = Key::new("base", &1).expect("a number has a JSON form");
        let count = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let make = || {
                        count.fetch_add(1, Ordering::SeqCst);
                        Ok(made(1.0))
                    };
                    assert!(product_in(folder.path(), &key, make).expect("it is made") == made(1.0));
                });
            }
        });
        assert_eq!(count.into_inner(), 1);
    }

    #[test]
    fn what_cannot_be_made_is_not_kept_and_a_place_that_cannot_be_written_does_no_harm() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let key = Key::new("base", &2).expect("a number has a JSON form");
        let failed = product_in(folder.path(), &key, || Err(RunError::Task("no".to_owned())));
        assert_eq!(failed.expect_err("it fails").to_string(), "no");
        let file = folder.path().join("file");
        fs::write(&file, "").expect("it can be written");
        assert!(product_in(&file, &key, || Ok(made(1.0))).expect("it is made") == made(1.0));
    }
}
