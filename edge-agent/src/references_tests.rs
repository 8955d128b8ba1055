use super::*;
use crate::perceive::Taught;
use std::os::unix::fs::symlink;

fn calibration(seat_right: f64) -> Calibration {
    let text = format!(
        "version = 1\n[[windows]]\nid = \"3\"\ncamera = \"cam-1\"\nseat = [[0.1,0.1],[{seat_right},0.1],[{seat_right},0.9]]\n"
    );
    Calibration::parse(&text, "test").unwrap()
}

fn at() -> Timestamp {
    Timestamp::from_second(1_767_574_800).unwrap()
}

/// A store with one reference in it, and its file.
fn store() -> (tempfile::TempDir, References, Calibration, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let store = References::open(folder.path()).unwrap();
    let calibration = calibration(0.9);
    store.keep_window(&calibration.windows[0], &Reference::from_bytes(&[0, 0]).unwrap(), at()).unwrap();
    let file = files(&store).remove(0);
    (folder, store, calibration, file)
}

fn files(store: &References) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(&store.folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn what_is_kept_is_the_owners_alone_and_is_read_again() {
    let (_folder, store, calibration, file) = store();
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!((mode(&store.folder), mode(&file)), (0o700, 0o600));
    let learnt = store.window(&calibration.windows[0]).unwrap().unwrap();
    assert_eq!((learnt.at, learnt.what.lights()), (at(), 0));
    let again = References::open(store.folder.parent().unwrap()).unwrap();
    assert!(again.window(&calibration.windows[0]).unwrap().is_some(), "it outlives the process");
}

#[test]
fn a_folder_that_others_can_read_is_closed_to_them() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join(FOLDER);
    DirBuilder::new().mode(0o755).create(&place).unwrap();
    References::open(folder.path()).unwrap();
    assert_eq!(fs::metadata(&place).unwrap().mode() & 0o777, 0o700);
}

#[test]
fn what_somebody_else_could_have_made_is_refused() {
    type Spoil = fn(&Path);
    let cases: [(&str, Spoil, &str); 6] = [
        (
            "readable by others",
            |f| fs::set_permissions(f, fs::Permissions::from_mode(0o640)).unwrap(),
            "mode 640",
        ),
        (
            "a link",
            |f| {
                let elsewhere = f.with_extension("else");
                fs::rename(f, &elsewhere).unwrap();
                symlink(elsewhere, f).unwrap();
            },
            "",
        ),
        ("another version", |f| change(f, |b| b[MAGIC.len()] = 2), "another version"),
        (
            "a changed byte",
            |f| {
                change(f, |b| {
                    let at = b.len() - KEY - 1;
                    b[at] ^= 1
                })
            },
            "the hash",
        ),
        ("cut off", |f| change(f, |b| b.truncate(b.len() / 2)), "hash"),
        ("empty", |f| change(f, Vec::clear), "cut off"),
    ];
    for (name, spoil, expected) in cases {
        let (_folder, store, calibration, file) = store();
        spoil(&file);
        let error = store.window(&calibration.windows[0]).unwrap_err().to_string();
        assert!(error.contains(expected), "{name}: {error}");
    }
}

fn change(file: &Path, by: impl Fn(&mut Vec<u8>)) {
    let mut bytes = fs::read(file).unwrap();
    by(&mut bytes);
    fs::write(file, bytes).unwrap();
}

#[test]
fn descriptors_belong_to_one_geometry() {
    let (_folder, store, old, file) = store();
    let new = calibration(0.8);
    assert!(store.window(&new.windows[0]).unwrap().is_none());
    // Even if somebody gives the file the other's name.
    let other = store.folder.join(Entry::window(&new.windows[0]).name);
    fs::copy(&file, other).unwrap();
    let error = store.window(&new.windows[0]).unwrap_err().to_string();
    assert!(error.contains("another geometry"), "{error}");
    assert!(same_zones(&old.windows[0], &old.windows[0]) && !same_zones(&old.windows[0], &new.windows[0]));
}

#[test]
fn what_no_calibration_needs_any_more_is_deleted() {
    let (_folder, store, old, _) = store();
    let new = calibration(0.8);
    let reference = Reference::from_bytes(&[0, 0]).unwrap();
    store.keep_window(&new.windows[0], &reference, at()).unwrap();
    let mut taught = Taught::default();
    let shot = crate::perceive::Description::new(vec![1.0, 2.0]);
    assert!(taught.teach("abacus".parse().unwrap(), shot));
    store.keep_items(&old.windows[0], &taught, at()).unwrap();
    assert_eq!(files(&store).len(), 3);

    store.keep_only(&new).unwrap();
    assert!(store.window(&old.windows[0]).unwrap().is_none());
    assert!(store.window(&new.windows[0]).unwrap().is_some());
    assert!(store.items(&new.windows[0]).unwrap().is_some(), "items outlive a corner that was dragged");

    store.keep_only(&Calibration::parse("version = 1\n", "test").unwrap()).unwrap();
    assert!(files(&store).is_empty(), "{:?}", files(&store));
}

#[test]
fn forgetting_deletes_the_file() {
    let (_folder, store, calibration, _) = store();
    store.forget_window(&calibration.windows[0]).unwrap();
    store.forget_window(&calibration.windows[0]).unwrap();
    store.keep_items(&calibration.windows[0], &Taught::default(), at()).unwrap();
    assert!(files(&store).is_empty());
}
