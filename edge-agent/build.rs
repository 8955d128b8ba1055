//! The calibration page is built apart from this crate. Without it the folder is empty, and the server says so.

use std::{env, fs, path::Path};

fn main() -> std::io::Result<()> {
    let root = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    let dist = Path::new(&root).join("../calibration/web/dist");
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed=migrations");
    fs::create_dir_all(dist)
}
