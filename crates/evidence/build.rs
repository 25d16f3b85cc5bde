//! Lists the claim files of the repository, so that adding a claim is adding its file.

use std::{env, error::Error, fmt::Write, fs, path::PathBuf};

/// Where they lie, from this crate's folder.
const FOLDER: &str = "../../claims";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={FOLDER}");
    let folder = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join(FOLDER).canonicalize()?;
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "toml") {
            files.push(path);
        }
    }
    files.sort_by_key(|path| path.file_stem().map(ToOwned::to_owned));
    let mut list = String::from("&[");
    for path in &files {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        if id(&fs::read_to_string(path)?) != Some(&*name) {
            println!("cargo::error=claims/{name}.toml: its id must be its name, id = \"{name}\"");
        }
        write!(list, "({name:?}, include_str!({path:?})),")?;
    }
    list.push(']');
    Ok(fs::write(PathBuf::from(env::var("OUT_DIR")?).join("claims.rs"), list)?)
}

/// What stands behind `id =` above the first table.
fn id(text: &str) -> Option<&str> {
    let head = text.lines().take_while(|line| !line.trim_start().starts_with('['));
    let value = head.filter_map(|line| line.split_once('=')).find(|(key, _)| key.trim() == "id")?.1;
    value.split('"').nth(1)
}
