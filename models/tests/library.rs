//! A library that cannot be used gives one clear line and never a panic. In a process of its own: the first good
//! library stays.

mod support;

use chuangming_models::runtime::environment;
use chuangming_models::{Options, Provider};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A shared library that claims to be that version of ONNX Runtime.
fn impostor(folder: &Path, version: &str) -> PathBuf {
    let source = folder.join("impostor.c");
    let library = folder.join(format!("libimpostor-{version}.so"));
    let code = format!(
        "struct base {{ const void *(*api)(unsigned); const char *(*version)(void); }};\n\
         static const void *api(unsigned v) {{ (void)v; return 0; }}\n\
         static const char *version(void) {{ return \"{version}\"; }}\n\
         static const struct base the_base = {{ api, version }};\n\
         const struct base *OrtGetApiBase(void) {{ return &the_base; }}\n"
    );
    std::fs::write(&source, code).unwrap();
    let status =
        Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).status().unwrap();
    assert!(status.success());
    library
}

#[test]
fn unusable_libraries_are_explained() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text.so");
    std::fs::write(&text, "not a library").unwrap();
    let other = folder.path().join("libother.so");
    let empty = folder.path().join("empty.c");
    std::fs::write(&empty, "int nothing;\n").unwrap();
    assert!(
        Command::new("cc")
            .args(["-shared", "-fPIC", "-o"])
            .arg(&other)
            .arg(&empty)
            .status()
            .unwrap()
            .success()
    );
    let cases = [
        ("missing", folder.path().join("nowhere/libonnxruntime.so"), "No such file or directory"),
        ("no library", text, "file too short"),
        ("another library", other, "does not export `OrtGetApiBase`"),
        ("too old", impostor(folder.path(), "1.16.3"), "expected version >= '1.24.x', but got '1.16.3'"),
    ];
    let mut problems = Vec::new();
    for (name, path, expected) in cases {
        let options = Options { threads: 1, provider: Provider::Cpu, library: Some(path.clone()) };
        let message = environment(&options, None).expect_err(name).to_string();
        let advice = "run `make setup`, or point ORT_DYLIB_PATH at libonnxruntime.so 1.24 or newer";
        let good = message.starts_with(&path.display().to_string())
            && message.contains(expected)
            && message.ends_with(advice)
            && !message.contains('\n');
        if !good {
            problems.push(format!("{name}: {message}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
