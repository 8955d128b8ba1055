//! How surely the calibration page hides heads, on rendered pictures whose keypoints are known. Figures go to stderr.

use chuangming_domain::geometry::{Polygon, Rect};
use chuangming_edge_agent::capture::read_picture;
use chuangming_edge_agent::perceive::Perception;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

/// So many pictures are looked at, spread over the set.
const PICTURES: usize = 40;
/// Nose, eyes and ears.
const HEAD: usize = 5;
/// COCO's mark for a keypoint that is seen.
const SEEN: f64 = 2.0;

/// A person at a window: what is seen of their head, in fractions of the picture.
type Head = Vec<(f64, f64)>;

fn polygon(value: &Value) -> Polygon {
    let corners: Vec<[f64; 2]> = serde_json::from_value(value.clone()).unwrap();
    Polygon::new(&corners).unwrap()
}

fn head(truth: &Value) -> Option<Head> {
    let keypoints: Vec<[f64; 3]> = serde_json::from_value(truth["keypoints"].clone()).ok()?;
    let seen = keypoints.iter().take(HEAD).filter(|[_, _, mark]| *mark >= SEEN).map(|[x, y, _]| (*x, *y));
    let head: Head = seen.filter(|(x, y)| (0.0..=1.0).contains(x) && (0.0..=1.0).contains(y)).collect();
    (!head.is_empty()).then_some(head)
}

fn is_hidden(head: &Head, places: &[Rect]) -> bool {
    let holds = |place: &Rect, x: f64, y: f64| {
        (place.x..=place.x + place.width).contains(&x) && (place.y..=place.y + place.height).contains(&y)
    };
    head.iter().all(|&(x, y)| places.iter().any(|place| holds(place, x, y)))
}

#[test]
fn heads_at_calibrated_seats_are_hidden_and_most_others_are() {
    let shared =
        std::env::var_os("CHUANGMING_SHARED").map_or_else(|| PathBuf::from("../../shared"), PathBuf::from);
    let set = shared.join("data/synthetic");
    let Ok(manifest) = fs::read_to_string(set.join("manifest.jsonl")) else {
        eprintln!("SKIPPED: {} is not there", set.display());
        return;
    };
    let rows: Vec<Value> = manifest.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut perception = Perception::load(None).unwrap();
    let (mut heads, mut at_seats, mut anywhere, mut area) = (0, 0, 0, 0.0);
    let every = (rows.len() / PICTURES).max(1);
    let rows: Vec<&Value> = rows.iter().step_by(every).collect();
    for row in &rows {
        let image = read_picture(&set.join(row["media"].as_str().unwrap())).unwrap();
        let seats: Vec<Polygon> =
            row["windows"].as_array().unwrap().iter().map(|w| polygon(&w["seat"])).collect();
        let known = perception.heads(&image, &seats.iter().collect::<Vec<_>>()).unwrap();
        let unknown = perception.heads(&image, &[]).unwrap();
        area += known.iter().map(|place| place.area()).sum::<f64>();
        for head in row["truth"].as_array().unwrap().iter().filter_map(head) {
            heads += 1;
            at_seats += usize::from(is_hidden(&head, &known));
            anywhere += usize::from(is_hidden(&head, &unknown));
        }
    }
    eprintln!(
        "{heads} heads in {} pictures: {at_seats} hidden with seats calibrated, {anywhere} before; {:.0} % of a picture is hidden",
        rows.len(),
        100.0 * area / rows.len() as f64
    );
    assert!(heads > 30, "{heads}");
    assert!(at_seats * 100 >= heads * 95, "{at_seats} of {heads} heads at calibrated seats");
    assert!(anywhere * 100 >= heads * 80, "{anywhere} of {heads} heads without seats");
}
