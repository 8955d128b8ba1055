//! Commands that need more than a few lines.

pub(crate) mod audit;
pub(crate) mod backup;
