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

/// A page's client is written from it: what stands behind the question mark must not be looked for in the path.
#[test]
fn every_parameter_in_a_path_has_its_place_there() {
    let document: serde_json::Value = serde_json::from_str(&document()).unwrap();
    let mut in_query = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let name = parameter["name"].as_str().unwrap();
                let is_in_path = path.contains(&format!("{{{name}}}"));
                assert_eq!(parameter["in"] == "path", is_in_path, "{method} {path}: {name}");
                in_query += usize::from(parameter["in"] == "query");
            }
        }
    }
    assert!(in_query > 3, "{in_query}");
}
