//! The description of the calibration page's API is a golden file; `UPDATE_GOLDEN=1` writes it anew.

use chuangming_edge_agent::calibrate::openapi::document;
use std::path::Path;

#[test]
fn the_description_is_the_golden_one() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../calibration/openapi.json");
    let document = document();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&golden, &document).unwrap();
    }
    let kept = std::fs::read_to_string(&golden).unwrap_or_default();
    assert!(kept == document, "the API has changed: run with UPDATE_GOLDEN=1 and look at the difference");
    assert!(document.contains("/api/session") && document.contains("#/components/schemas/Problem"));
}
