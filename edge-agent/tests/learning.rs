//! Learning a tidy desk and an empty seat with the real models, from rendered pictures.

use chuangming_domain::geometry::Polygon;
use chuangming_domain::item::ItemSet;
use chuangming_edge_agent::capture::{MediaReader, read_picture};
use chuangming_edge_agent::learning::{ENOUGH_S, Learning, Refusal, State};
use chuangming_edge_agent::perceive::{Perception, WindowView};
use chuangming_models::RgbImage;
use jiff::{SignedDuration, Timestamp};
use std::path::{Path, PathBuf};

fn scenes(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("scenes/clips").join(name)
}

/// The first window of the demo clip.
fn view() -> WindowView {
    let polygon = |corners: &[[f64; 2]]| Polygon::new(corners).unwrap();
    let seat = polygon(&[[0.0, 0.0], [0.49, 0.0], [0.49, 0.62], [0.0, 0.62]]);
    WindowView::new(
        seat,
        Some(polygon(&[[0.0, 0.5], [0.49, 0.5], [0.49, 0.98], [0.0, 0.98]])),
        ItemSet::new(),
    )
}

fn dimmed(image: &RgbImage, gain: f32) -> RgbImage {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let pixels = image.pixels().iter().map(|v| (f32::from(*v) * gain) as u8).collect();
    RgbImage::from_raw(image.width(), image.height(), pixels).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_574_800 + second).unwrap()
}

#[test]
fn two_minutes_with_nobody_there_are_learnt_and_a_person_is_not() {
    let mut perception = Perception::load(None).unwrap();
    let empty = read_picture(&scenes("img/demo.ref.jpg")).unwrap();
    let mut reader = MediaReader::open(&scenes("clip/demo.mp4"), None).unwrap();
    reader.advance().unwrap();
    let somebody = reader.picture().unwrap();

    let mut refused = Learning::new(view(), None);
    refused.take(at(0), &somebody, &mut perception);
    assert!(
        matches!(refused.state(), State::Refused(Refusal::SomebodyInView | Refusal::Unsure)),
        "{:?}",
        refused.state()
    );
    assert!(refused.reference().is_none());

    let mut learning = Learning::new(view(), None);
    let mut second = 0;
    while learning.state() == State::Learning {
        assert!(
            learning.is_due(at(second)) && !learning.is_due(at(second) - SignedDuration::from_secs(1))
                || second == 0
        );
        // The light goes down, and for a moment somebody walks in: of that nothing is learnt.
        let image = if second == 40 {
            somebody.clone()
        } else {
            dimmed(&empty, if second < 60 { 1.0 } else { 0.55 })
        };
        learning.take(at(second), &image, &mut perception);
        second += 4;
        assert!(second < 300);
    }
    assert_eq!(learning.state(), State::Learnt, "at {second} s");
    assert!((120..=130).contains(&second), "{second} s; {} are enough", ENOUGH_S);
    assert!((1..=4).contains(&learning.reference().unwrap().lights()), "{:?}", learning.reference());
}
