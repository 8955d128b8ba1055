//! The invariants of ARCHITECTURE.md, as far as they can be read from the source.

use chuangming_tests::root;
use std::fs;
use std::path::{Path, PathBuf};

/// Every Rust file below a folder of the project.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.expect("a folder entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found
}

/// Code without comments.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("a source file");
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// Whether the code names a crate's path, such as `sqlx::`.
fn names(code: &str, krate: &str) -> bool {
    let path = format!("{krate}::");
    code.match_indices(&path).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
    })
}

#[test]
fn only_those_know_who_may() {
    let product = ["domain", "analysis", "calibration", "portal", "models", "edge-agent", "central"];
    let may: &[(&str, &[&str])] = &[
        ("ort", &["models/src/"]),
        // Of the picture's geometry OpenCV may be asked outside too, never for video.
        ("opencv", &["edge-agent/src/capture/", "edge-agent/src/lines.rs", "edge-agent/src/chart.rs"]),
        ("ffmpeg_next", &["edge-agent/src/capture/"]),
        ("rumqttc", &["edge-agent/src/publish/", "central/src/ingest/", "central/src/simulate"]),
        ("rumqttd", &["central/src/ingest/"]),
        ("sqlx", &["edge-agent/src/outbox", "central/src/store/"]),
        ("anyhow", &["edge-agent/src/main.rs", "central/src/main.rs", "central/src/commands/"]),
    ];
    let root = root();
    let mut wrong = Vec::new();
    for path in product.iter().flat_map(|krate| sources(&root.join(krate).join("src"))) {
        let name = path.strip_prefix(&root).expect("below the root").display().to_string();
        let code = code(&path);
        for (krate, places) in may {
            if names(&code, krate) && !places.iter().any(|place| name.starts_with(place)) {
                wrong.push(format!("{name} names {krate}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Which of the project's crates a crate's manifest names as dependencies.
fn depends_on(krate: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(krate).join("Cargo.toml")).expect("a manifest");
    let names = text.lines().filter_map(|line| line.strip_prefix("chuangming-")?.split('.').next());
    names.map(str::to_owned).collect()
}

#[test]
fn dependencies_point_one_way() {
    for (krate, expected) in [
        ("domain", &[][..]),
        ("portal", &[]),
        ("analysis", &["domain"]),
        ("calibration", &["domain"]),
        ("models", &["domain"]),
        ("central", &["domain", "portal"]),
        ("edge-agent", &["analysis", "calibration", "domain", "models", "portal"]),
    ] {
        assert_eq!(depends_on(krate), expected, "{krate}");
    }
}

#[test]
fn domain_and_analysis_are_pure() {
    let banned = [
        "std::fs",
        "std::net",
        "std::thread",
        "std::env",
        "Timestamp::now",
        "Instant::now",
        "SystemTime",
        "async fn",
        "tokio",
        "tracing",
        "println!",
        "eprintln!",
    ];
    let root = root();
    let mut wrong = Vec::new();
    for path in
        ["domain", "analysis", "calibration"].iter().flat_map(|krate| sources(&root.join(krate).join("src")))
    {
        let code = code(&path);
        // Tests may read fixtures.
        let code = code.split("#[cfg(test)]").next().unwrap_or_default();
        wrong
            .extend(banned.iter().filter(|b| code.contains(**b)).map(|b| format!("{}: {b}", path.display())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_seen_cannot_be_written_down() {
    // Whatever can hold a picture, keypoints or a state lives in these files: nothing there may be serialisable.
    let root = root();
    let mut files = vec![root.join("domain/src/observation.rs"), root.join("domain/src/geometry.rs")];
    files.push(root.join("models/src/image.rs"));
    files.extend(sources(&root.join("edge-agent/src/capture")));
    files.extend(sources(&root.join("edge-agent/src/perceive")));
    // Of the calibration page, what holds a picture; what it says of one is for the signed-in installer alone.
    files.push(root.join("edge-agent/src/gallery.rs"));
    files.push(root.join("edge-agent/src/calibrate/canvas.rs"));
    files.push(root.join("edge-agent/src/calibrate/pictures.rs"));
    for folder in ["perceive", "drift", "trial", "watch"] {
        files.extend(sources(&root.join("edge-agent/src").join(folder)));
    }
    for file in ["kept.rs", "learning.rs", "lines.rs", "references.rs", "pipeline.rs"] {
        files.push(root.join("edge-agent/src").join(file));
    }
    for path in files {
        let code = code(&path);
        for (number, line) in code.lines().enumerate() {
            let serialisable = line.contains("derive(") && line.contains("Serialize");
            // `Signal` names what is looked at, not what is seen; it is part of coverage.
            let about = code.lines().skip(number + 1).take(3).collect::<String>();
            assert!(
                !serialisable || about.contains("enum Signal"),
                "{}:{}: {line}",
                path.display(),
                number + 1
            );
        }
    }
}

#[test]
fn descriptors_are_written_to_the_store_of_references_and_nowhere_else() {
    // They have no other form than bytes, and only the store asks for those.
    let root = root();
    let learnt = ["edge-agent/src/perceive/", "edge-agent/src/drift/"];
    for path in sources(&root.join("edge-agent/src")) {
        let name = path.strip_prefix(&root).expect("below the root").display().to_string();
        let code = code(&path);
        let is_own = learnt.iter().any(|place| name.starts_with(place));
        let may_write = is_own || name == "edge-agent/src/references.rs";
        let code = code.split("#[cfg(test)]").next().unwrap_or_default();
        assert!(may_write || !code.contains("what.to_bytes()"), "{name} writes descriptors");
        let sends = ["publish/", "outbox", "recorder", "remote"];
        let is_way_out = sends.iter().any(|place| name.starts_with(&format!("edge-agent/src/{place}")));
        for word in ["References", "perceive::Reference", "Taught", "Description", "drift::View"] {
            assert!(!is_way_out || !code.contains(word), "{name} names {word}");
        }
    }
}

#[test]
fn no_word_for_what_is_never_looked_at() {
    let never = [
        "emotion",
        "smile",
        "gender",
        "ethnic",
        "skin_tone",
        "hairstyle",
        "make_up",
        "face_id",
        "face_embedding",
        "identity_of",
    ];
    let root = root();
    for path in ["domain", "analysis", "models", "edge-agent", "central"]
        .iter()
        .flat_map(|k| sources(&root.join(k).join("src")))
    {
        let code = code(&path).to_lowercase();
        for word in never {
            assert!(!code.contains(word), "{} names {word}", path.display());
        }
    }
}

#[test]
fn what_the_page_says_of_a_picture_leads_nowhere_else() {
    // The page alone may say what is seen (exception a). Nothing that sends or stores may know it.
    let root = root();
    let mut files = vec![root.join("edge-agent/src/recorder.rs"), root.join("edge-agent/src/outbox.rs")];
    files.extend(sources(&root.join("edge-agent/src/publish")));
    files.extend(sources(&root.join("domain/src")));
    for path in files {
        let code = code(&path);
        for word in ["calibrate::", "gallery", "RgbImage", "Keypoint", "to_jpeg"] {
            assert!(!code.contains(word), "{} names {word}", path.display());
        }
    }
    // Pictures become files nowhere in the product: encoding them is for the page, and writing them for nobody.
    for path in sources(&root.join("edge-agent/src")) {
        let name = path.strip_prefix(&root).expect("below the root").display().to_string();
        let code = code(&path);
        assert!(!code.contains("imwrite"), "{name} writes pictures");
        let may_encode =
            name.starts_with("edge-agent/src/capture/") || name.ends_with("calibrate/pictures.rs");
        assert!(
            may_encode || !(code.contains("to_jpeg") || code.contains("imencode")),
            "{name} encodes pictures"
        );
    }
}
