//! Removal of boxes that show the same thing twice.

use crate::decode::Detection;

/// Keeps, of detections with the same label that overlap by more than `iou`, the one with the highest score. The
/// result is sorted by score, highest first.
#[must_use]
pub fn class_wise(found: Vec<Detection>, iou: f64) -> Vec<Detection> {
    best_of(found, iou, |a, b| a.label == b.label)
}

/// As [`class_wise`], whatever the labels: for detectors that sometimes give one thing two names.
#[must_use]
pub fn any_class(found: Vec<Detection>, iou: f64) -> Vec<Detection> {
    best_of(found, iou, |_, _| true)
}

fn best_of(
    mut found: Vec<Detection>,
    iou: f64,
    rivals: impl Fn(&Detection, &Detection) -> bool,
) -> Vec<Detection> {
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<Detection> = Vec::new();
    for candidate in found {
        let seen = kept.iter().any(|k| rivals(k, &candidate) && k.region.iou(candidate.region) > iou);
        if !seen {
            kept.push(candidate);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixel_box::PixelBox;
    use proptest::prelude::*;

    fn found(label: usize, score: f32, x: f64) -> Detection {
        Detection { label, score, region: PixelBox::new(x, 0.0, x + 10.0, 10.0) }
    }

    #[test]
    fn keeps_the_best_of_a_label_and_other_labels() {
        let kept = class_wise(
            vec![found(0, 0.5, 0.0), found(0, 0.9, 1.0), found(1, 0.4, 0.0), found(0, 0.3, 30.0)],
            0.5,
        );
        assert_eq!(kept, vec![found(0, 0.9, 1.0), found(1, 0.4, 0.0), found(0, 0.3, 30.0)]);
        assert_eq!(any_class(kept, 0.5), vec![found(0, 0.9, 1.0), found(0, 0.3, 30.0)]);
    }

    proptest! {
        #[test]
        fn no_two_kept_boxes_of_a_label_overlap(boxes in prop::collection::vec((0usize..3, 0.0f32..1.0, 0.0..60.0f64), 0..40), iou in 0.1..0.9f64) {
            let input: Vec<_> = boxes.iter().map(|&(l, s, x)| found(l, s, x)).collect();
            let kept = class_wise(input.clone(), iou);
            for (i, a) in kept.iter().enumerate() {
                prop_assert!(input.contains(a));
                for b in &kept[i + 1..] {
                    prop_assert!(a.score >= b.score);
                    prop_assert!(a.label != b.label || a.region.iou(b.region) <= iou);
                }
            }
            // Everything that is gone is covered by something better of its label.
            for gone in input.iter().filter(|d| !kept.contains(d)) {
                prop_assert!(kept.iter().any(|k| k.label == gone.label && k.score >= gone.score && k.region.iou(gone.region) > iou));
            }
        }
    }
}
