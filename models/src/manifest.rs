//! `manifest.toml`: which file does what, where it comes from, and how its input and output are to be read.

use chuangming_domain::digest::Digest;
use chuangming_domain::fields::{Fields, Problems, Reader, as_number};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use toml::Value;

use crate::error::ModelError;

macro_rules! words {
    ($(#[$doc:meta])* $type:ident { $($(#[$variant_doc:meta])* $variant:ident $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $type { $($(#[$variant_doc])* $variant,)* }

        impl $type {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The word in the manifest.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            fn read(fields: &mut Fields, r: &mut Reader, key: &'static str) -> Option<Self> {
                let words = [$($word,)*].join(", ");
                fields.require(r, key, &format!("one of {words}"), |v| {
                    Self::ALL.iter().copied().find(|w| v.as_str() == Some(w.name()))
                })
            }
        }
    };
}

words! {
    /// What a model is for. At most one model has each role.
    Role {
        /// Keypoints of the person in a window's crop, and features for heads.
        Pose "pose",
        /// Keypoints of a person in little time, where nothing but the place of a head is asked; `pose` answers without it.
        QuickPose "quick_pose",
        /// Boxes of people.
        Person "person",
        /// Presence and posture.
        Window "window",
        /// The badge on the chest.
        Badge "badge",
        /// A cigarette at hand or mouth.
        Smoking "smoking",
        /// Items on the desk.
        Desk "desk",
    }
}

words! {
    /// How a model's outputs are read; `models/README.md` describes each layout.
    Decoder {
        /// Keypoints of a single person as (y, x, score).
        Movenet "movenet",
        /// Keypoints as heatmaps.
        Heatmap "heatmap",
        /// Boxes as distributions of distances from the centre of a cell (NanoDet).
        Nanodet "nanodet",
        /// As `nanodet`, from the corner of a cell (NanoDet-Plus).
        NanodetPlus "nanodet_plus",
        /// As `nanodet`, as PaddleDetection exports it (PicoDet).
        Picodet "picodet",
        /// Boxes as distances from the centre of a cell, one heat map a class.
        Centre "centre",
        /// Logits of classes, one output for each question.
        Head "head",
    }
}

words! {
    /// Order of the axes of an input.
    Layout {
        /// Batch, height, width, channel.
        Nhwc "nhwc",
        /// Batch, channel, height, width.
        Nchw "nchw",
    }
}

words! {
    /// Element type of an input.
    Dtype {
        /// Whole numbers.
        Int32 "int32",
        /// Floating point.
        Float32 "float32",
    }
}

words! {
    /// Order of the channels.
    Channels {
        /// Red first.
        Rgb "rgb",
        /// Blue first.
        Bgr "bgr",
    }
}

words! {
    /// How a crop is brought to the size of the input.
    Fit {
        /// Aspect ratio kept, in the centre, grey around it.
        Letterbox "letterbox",
        /// Aspect ratio kept, in the upper left corner, grey beside it.
        LetterboxTopLeft "letterbox_top_left",
        /// Both sides to the size of the input.
        Stretch "stretch",
    }
}

/// A model's picture input.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// Name of the input in the file.
    pub name: String,
    /// Order of the axes.
    pub layout: Layout,
    /// Width and height.
    pub size: (u32, u32),
    /// Element type.
    pub dtype: Dtype,
    /// Order of the channels; `mean` and `std` are in the same order.
    pub channels: Channels,
    /// Subtracted from values in 0..255.
    pub mean: [f32; 3],
    /// Divided by, after that.
    pub std: [f32; 3],
    /// How a crop is brought to that size.
    pub fit: Fit,
}

/// The words for a model's classes, in the order of its outputs.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Labels {
    /// The model has no classes.
    #[default]
    None,
    /// One list.
    One(Vec<String>),
    /// A list for each output.
    ByOutput(BTreeMap<String, Vec<String>>),
}

/// One model.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its name, unique in the manifest.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// Its ONNX file.
    pub file: PathBuf,
    /// Hash of the file's content.
    pub digest: Digest,
    /// Where it comes from.
    pub source: String,
    /// Version at its source.
    pub version: String,
    /// Licence.
    pub licence: String,
    /// How its outputs are read.
    pub decoder: Decoder,
    /// Its classes.
    pub labels: Labels,
    /// Numbers by name; `README.md` says which a decoder uses.
    pub thresholds: BTreeMap<String, f32>,
    /// Further outputs that are kept for heads.
    pub features: Vec<String>,
    /// The model whose outputs this head reads.
    pub features_of: Option<String>,
    /// Its picture input; a head on features may have none.
    pub input: Option<Input>,
}

impl Entry {
    /// A threshold by name.
    #[must_use]
    pub fn threshold(&self, name: &str) -> Option<f32> {
        self.thresholds.get(name).copied()
    }
}

/// The whole manifest, valid in itself. Paths are resolved against its folder.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// ONNX Runtime's shared library.
    pub library: Option<PathBuf>,
    /// The models.
    pub models: Vec<Entry>,
}

impl Manifest {
    /// Reads a manifest file.
    ///
    /// # Errors
    /// When the file cannot be read, or with every problem of its content.
    pub fn read(path: &Path) -> Result<Self, ModelError> {
        let text = std::fs::read_to_string(path)
            .map_err(|reason| ModelError::Read { path: path.to_owned(), reason })?;
        Ok(Self::parse(&text, path)?)
    }

    /// Reads a manifest's text; `path` names it in messages, and its folder is where relative paths start.
    ///
    /// # Errors
    /// Every problem at once.
    pub fn parse(text: &str, path: &Path) -> Result<Self, Problems> {
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut reader = Reader::new(path.display().to_string());
        let r = &mut reader;
        let manifest = r.parse(text).map(|table| {
            let mut root = Fields::root(table);
            root.require(r, "version", "1", |v| (v.as_integer() == Some(1)).then_some(()));
            let library = root.table(r, "runtime").and_then(|mut runtime| {
                let library = runtime.text(r, "library");
                runtime.end(r);
                library
            });
            let models: Vec<Entry> =
                root.tables(r, "models").into_iter().filter_map(|f| entry(f, r, folder)).collect();
            root.end(r);
            check_together(&models, r);
            Self { library: library.map(|l| folder.join(l)), models }
        });
        reader.finish(manifest)
    }
}

fn entry(mut f: Fields, r: &mut Reader, folder: &Path) -> Option<Entry> {
    let text = |f: &mut Fields, r: &mut Reader, key| {
        f.require(r, key, "a text", |v| v.as_str().filter(|s| !s.is_empty()).map(str::to_owned))
    };
    let name = text(&mut f, r, "name");
    let role = Role::read(&mut f, r, "role");
    let file = text(&mut f, r, "file");
    let digest = f.require(r, "sha256", "64 lower-case hex digits", |v| {
        Digest::try_from(format!("sha256:{}", v.as_str()?)).ok()
    });
    let (source, version, licence) =
        (text(&mut f, r, "source"), text(&mut f, r, "version"), text(&mut f, r, "licence"));
    let decoder = Decoder::read(&mut f, r, "decoder");
    let labels =
        f.get(r, "labels", "a list of texts, or a table of such lists by output", labels).unwrap_or_default();
    let thresholds = f.get(r, "thresholds", "a table of numbers", numbers).unwrap_or_default();
    let features = f.texts(r, "features").unwrap_or_default();
    let features_of = f.text(r, "features_of");
    let input_given = f.table(r, "input");
    let has_input = input_given.is_some();
    let input = input_given.and_then(|fields| input(fields, r));
    let place = f.name("");
    f.end(r);
    if let (Some(role), Some(decoder)) = (role, decoder) {
        check_decoder(&place, role, decoder, &labels, r);
    }
    if !has_input && features_of.is_none() {
        r.problem(
            format!("{place}input"),
            "is missing, expected a table (only a head with features_of may do without)",
        );
    }
    Some(Entry {
        name: name?,
        role: role?,
        file: folder.join(file?),
        digest: digest?,
        source: source?,
        version: version?,
        licence: licence?,
        decoder: decoder?,
        labels,
        thresholds,
        features,
        features_of,
        input,
    })
}

fn input(mut f: Fields, r: &mut Reader) -> Option<Input> {
    let name = f.require(r, "name", "the input's name in the file", |v| v.as_str().map(str::to_owned));
    let layout = Layout::read(&mut f, r, "layout");
    let size =
        f.require(r, "size", "[width, height], each from 8 to 4096", |v| match numbers_of(&v)?.as_slice() {
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "checked to be whole and small"
            )]
            [w, h] if [w, h].iter().all(|n| (8.0..=4096.0).contains(*n) && n.fract() == 0.0) => {
                Some((*w as u32, *h as u32))
            }
            _ => None,
        });
    let dtype = Dtype::read(&mut f, r, "dtype");
    let channels = Channels::read(&mut f, r, "channels");
    let mean = f.get(r, "mean", "three numbers", three).unwrap_or([0.0; 3]);
    let std = f
        .get(r, "std", "three numbers, none of them 0", |v| three(v).filter(|s| !s.contains(&0.0)))
        .unwrap_or([1.0; 3]);
    let fit = Fit::read(&mut f, r, "fit");
    f.end(r);
    Some(Input {
        name: name?,
        layout: layout?,
        size: size?,
        dtype: dtype?,
        channels: channels?,
        mean,
        std,
        fit: fit?,
    })
}

fn check_decoder(place: &str, role: Role, decoder: Decoder, labels: &Labels, r: &mut Reader) {
    let fitting: &[Decoder] = match role {
        Role::Pose | Role::QuickPose => &[Decoder::Movenet, Decoder::Heatmap],
        Role::Person | Role::Desk => {
            &[Decoder::Nanodet, Decoder::NanodetPlus, Decoder::Picodet, Decoder::Centre]
        }
        Role::Window | Role::Badge | Role::Smoking => &[Decoder::Head],
    };
    if !fitting.contains(&decoder) {
        let words: Vec<_> = fitting.iter().map(|d| d.name()).collect();
        r.problem(
            format!("{place}decoder"),
            format!("is {}, expected {} for role {}", decoder.name(), words.join(" or "), role.name()),
        );
    }
    match (role, labels) {
        (Role::Pose | Role::QuickPose, Labels::None)
        | (Role::Window | Role::Badge | Role::Smoking, Labels::One(_) | Labels::ByOutput(_)) => {}
        (Role::Pose | Role::QuickPose, _) => {
            r.problem(format!("{place}labels"), "is given, but a pose model has no classes")
        }
        (Role::Person, Labels::One(list)) if list.iter().any(|l| l == "person") => {}
        (Role::Person, _) => {
            r.problem(format!("{place}labels"), "is without person, expected a list with it")
        }
        (Role::Desk, Labels::One(_)) => {}
        (_, _) => r.problem(format!("{place}labels"), "is missing, expected a list of texts"),
    }
}

/// What no entry can know alone: names and roles are unique, features come from somewhere.
fn check_together(models: &[Entry], r: &mut Reader) {
    let (mut names, mut roles) = (BTreeSet::new(), BTreeSet::new());
    for model in models {
        let place = format!("models.{}", model.name);
        if !names.insert(&model.name) {
            r.problem(&place, "is listed twice; names are unique");
        }
        if !roles.insert(model.role) {
            r.problem(
                format!("{place}.role"),
                format!("is {}, as of another model; one model a role", model.role.name()),
            );
        }
        if let Some(base) = &model.features_of {
            let bases: Vec<_> =
                models.iter().filter(|m| m.input.is_some()).map(|m| m.name.as_str()).collect();
            if !bases.contains(&base.as_str()) || *base == model.name {
                r.problem(
                    format!("{place}.features_of"),
                    format!("is {base}, expected another model with an input: {}", bases.join(", ")),
                );
            }
        }
    }
}

fn labels(value: Value) -> Option<Labels> {
    let list = |v: Value| match v {
        Value::Array(items) if !items.is_empty() => {
            items.iter().map(|i| i.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        }
        _ => None,
    };
    match value {
        Value::Table(table) if !table.is_empty() => table
            .into_iter()
            .map(|(output, v)| Some((output, list(v)?)))
            .collect::<Option<_>>()
            .map(Labels::ByOutput),
        other => list(other).map(Labels::One),
    }
}

#[allow(clippy::cast_possible_truncation, reason = "thresholds need no more than single precision")]
fn numbers(value: Value) -> Option<BTreeMap<String, f32>> {
    let Value::Table(table) = value else { return None };
    table.into_iter().map(|(name, v)| Some((name, as_number(&v).filter(|n| n.is_finite())? as f32))).collect()
}

fn numbers_of(value: &Value) -> Option<Vec<f64>> {
    value.as_array()?.iter().map(as_number).collect()
}

#[allow(clippy::cast_possible_truncation, reason = "pixel statistics need no more than single precision")]
fn three(value: Value) -> Option<[f32; 3]> {
    numbers_of(&value)?.iter().map(|n| *n as f32).collect::<Vec<_>>().try_into().ok()
}
