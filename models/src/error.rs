use chuangming_domain::digest::Digest;
use chuangming_domain::fields::Problems;
use std::path::PathBuf;

/// Why models cannot be loaded or run. Each message is one line: what, where, what would be right.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The manifest is wrong; every problem of it.
    #[error("{0}")]
    Manifest(#[from] Problems),
    /// A file cannot be read.
    #[error("{}: {reason}: run `make setup` to fetch what the manifest names", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: std::io::Error,
    },
    /// A model's content is not what the manifest pins.
    #[error("{}: hash is {found}, manifest says {expected}: run `make setup` to fetch it again, or enter the new hash if the file is meant to differ", path.display())]
    Hash {
        /// The file.
        path: PathBuf,
        /// Hash of its content.
        found: Digest,
        /// Hash in the manifest.
        expected: Digest,
    },
    /// ONNX Runtime's shared library is missing, too old, or not what it says.
    #[error("{}: {reason}: run `make setup`, or point ORT_DYLIB_PATH at libonnxruntime.so 1.{minimum} or newer", path.display(), minimum = ort::MINOR_VERSION)]
    Library {
        /// The library.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The runtime does not accept a model's file.
    #[error("{}: the runtime refuses the model: {reason}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// What the runtime says.
        reason: String,
    },
    /// A model's inputs or outputs are not what its manifest entry and decoder say.
    #[error("model {model}: {problem}")]
    Shape {
        /// The model's name in the manifest.
        model: String,
        /// What differs and what would be right.
        problem: String,
    },
    /// Inference failed.
    #[error("model {model}: inference failed: {reason}")]
    Run {
        /// The model's name in the manifest.
        model: String,
        /// What the runtime says.
        reason: String,
    },
}

impl ModelError {
    pub(crate) fn shape(model: &str, problem: impl Into<String>) -> Self {
        Self::Shape { model: model.to_owned(), problem: problem.into() }
    }

    pub(crate) fn run(model: &str, reason: &impl ToString) -> Self {
        Self::Run { model: model.to_owned(), reason: one_line(&reason.to_string()) }
    }

    pub(crate) fn refused(path: PathBuf, reason: &impl ToString) -> Self {
        Self::Refused { path, reason: one_line(&reason.to_string()) }
    }
}

/// The runtime's messages may have several lines; an operator's log has one per event.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
