//! The privacy documents promise nothing that no test holds them to: each 证明 names tests that are there.

use chuangming_tests::root;
use std::fs;

/// The `file::test` names after each 证明 of a document, by line.
fn proofs(text: &str) -> Vec<(usize, Vec<&str>)> {
    let claims =
        text.lines().enumerate().filter_map(|(at, line)| Some((at + 1, line.split_once("证明：")?.1)));
    claims.map(|(line, named)| (line, named.split('`').skip(1).step_by(2).collect())).collect()
}

/// Whether a file defines a test of that name.
fn defines(file: &str, test: &str) -> bool {
    let Ok(text) = fs::read_to_string(root().join(file)) else { return false };
    let lines: Vec<_> = text.lines().collect();
    let function = format!("fn {test}(");
    let is_mark =
        |line: &&str| line.trim().starts_with("#[") && (line.contains("test]") || line.contains("test("));
    let is_test = |at: usize| lines[at.saturating_sub(4)..at].iter().any(is_mark);
    let in_proptest = lines.iter().any(|line| line.trim().starts_with("proptest!"));
    lines.iter().enumerate().any(|(at, line)| line.contains(&function) && (is_test(at) || in_proptest))
}

#[test]
fn every_claim_names_a_test_that_exists() {
    let folder = root().join("docs/privacy");
    let mut wrong = Vec::new();
    let mut claims = 0;
    for entry in fs::read_dir(&folder).expect("docs/privacy") {
        let path = entry.expect("a folder entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("a document");
        if !name.ends_with(".zh-CN.md") {
            continue;
        }
        for (line, tests) in proofs(&text) {
            // A heading of a list of claims has nothing after it; each of its claims has a line of its own.
            if tests.is_empty() && text.lines().nth(line - 1).is_some_and(|l| l.trim() == "证明：") {
                continue;
            }
            claims += 1;
            if tests.is_empty() {
                wrong.push(format!("{name}:{line}: names no test"));
            }
            for test in tests {
                let found = test.split_once("::").is_some_and(|(file, test)| defines(file, test));
                if !found {
                    wrong.push(format!("{name}:{line}: there is no test {test}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(claims > 20, "only {claims} claims were found: has the way they are written changed?");
}

#[test]
fn a_claim_without_a_test_is_found() {
    assert_eq!(
        proofs("- x\n  证明：`a.rs::b`，`c.rs::d`\n证明：\n"),
        [(2, vec!["a.rs::b", "c.rs::d"]), (3, vec![])]
    );
    assert!(defines("tests/tests/documents.rs", "a_claim_without_a_test_is_found"));
    assert!(!defines("tests/tests/documents.rs", "a_claim_that_nobody_tests"));
    assert!(!defines("tests/tests/documents.rs", "proofs"));
    assert!(!defines("no/such/file.rs", "a_claim_without_a_test_is_found"));
}
