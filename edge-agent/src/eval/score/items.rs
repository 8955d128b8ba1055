//! Items on desks: average precision by class, clutter, required items missing.
//!
//! A prediction takes the free true box that it overlaps most, the surest prediction first, if their intersection over
//! union reaches the threshold. One that takes none but reaches the threshold on an `ignore` box is dropped.
//! Average precision is the whole area under the precision envelope ("all points"), at IoU 0.5, over all frames.

use super::super::labelled::TrueItem;
use super::{Quality, ratio, round};
use chuangming_domain::geometry::Rect;
use chuangming_domain::item::{ItemClass, ItemSet};
use chuangming_domain::observation::{Desk, DeskItem};
use serde::Serialize;
use std::collections::BTreeMap;

const AP_IOU: f64 = 0.5;
const CLUTTER_IOU: f64 = 0.3;

/// Items of all scored frames of one source.
#[derive(Debug, Clone, Default)]
pub struct ItemScores {
    /// By class: predictions with their confidence and whether they hit, and the number of true boxes.
    by_class: BTreeMap<ItemClass, (Vec<(f32, bool)>, u64)>,
    clutter: Counts,
    required: Counts,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    hits: u64,
    said: u64,
    cases: u64,
}

impl Counts {
    fn quality(self) -> Option<Quality> {
        Quality::of(self.hits, self.said, self.cases)
    }
}

/// The items' part of the report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemReport {
    /// Average precision of each class that occurs in truth.
    pub ap50: BTreeMap<ItemClass, f64>,
    /// Everything that is not permitted, whatever its class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clutter: Option<Quality>,
    /// Windows and frames with a required item missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_missing: Option<Quality>,
}

impl ItemScores {
    /// Scores one desk in one frame; `said` is `None` when the desk was unknown.
    ///
    /// `permitted` is the policy's list and the window's, `required` the window's.
    pub fn add(&mut self, truth: &[TrueItem], said: Option<&Desk>, permitted: &ItemSet, required: &ItemSet) {
        let items = said.map(|desk| desk.items.as_slice()).unwrap_or_default();
        let boxes = |keep: &dyn Fn(ItemClass) -> bool| -> Vec<Rect> {
            truth.iter().filter(|t| t.class.is_some_and(keep)).map(|t| t.bounds).collect()
        };
        let of = |keep: &dyn Fn(ItemClass) -> bool| -> Vec<&DeskItem> {
            items.iter().filter(|item| keep(item.class)).collect()
        };
        let ignored: Vec<Rect> = truth.iter().filter(|t| t.class.is_none()).map(|t| t.bounds).collect();
        for &class in ItemClass::ALL {
            let cases = boxes(&|c| c == class);
            let hits = assign(of(&|c| c == class), &cases, &ignored, AP_IOU);
            if !(hits.is_empty() && cases.is_empty()) {
                let (answers, count) = self.by_class.entry(class).or_default();
                answers.extend(hits);
                *count += cases.len() as u64;
            }
        }
        let offends = |class: ItemClass| !permitted.contains(&class);
        let cases = boxes(&offends);
        let hits = assign(of(&offends), &cases, &ignored, CLUTTER_IOU);
        self.clutter.cases += cases.len() as u64;
        self.clutter.said += hits.len() as u64;
        self.clutter.hits += hits.iter().filter(|(_, hit)| *hit).count() as u64;

        let is_there = |class: &ItemClass| truth.iter().any(|t| t.class == Some(*class));
        let is_missing = !required.iter().all(is_there);
        let said_missing = said.is_some_and(|desk| !desk.missing(required).is_empty());
        self.required.cases += u64::from(is_missing);
        self.required.said += u64::from(said_missing);
        self.required.hits += u64::from(is_missing && said_missing);
    }

    /// The figures; `None` when there was neither item nor answer.
    #[must_use]
    pub fn report(&self) -> Option<ItemReport> {
        let in_truth = self.by_class.iter().filter(|(_, (_, cases))| *cases > 0);
        let report = ItemReport {
            ap50: in_truth
                .map(|(&class, (said, cases))| (class, round(average_precision(said, *cases))))
                .collect(),
            clutter: self.clutter.quality(),
            required_missing: self.required.quality(),
        };
        let empty = report.ap50.is_empty() && report.clutter.is_none() && report.required_missing.is_none();
        (!empty).then_some(report)
    }
}

/// For each prediction that is not dropped, its confidence and whether it took a true box.
fn assign(mut said: Vec<&DeskItem>, truth: &[Rect], ignored: &[Rect], threshold: f64) -> Vec<(f32, bool)> {
    said.sort_by(|a, b| b.confidence.get().total_cmp(&a.confidence.get()));
    let mut free = vec![true; truth.len()];
    let mut outcome = Vec::with_capacity(said.len());
    for item in said {
        let overlaps =
            truth.iter().enumerate().filter(|(i, _)| free[*i]).map(|(i, t)| (i, item.bounds.iou(*t)));
        match overlaps.filter(|(_, iou)| *iou >= threshold).max_by(|a, b| a.1.total_cmp(&b.1)) {
            Some((i, _)) => {
                free[i] = false;
                outcome.push((item.confidence.get(), true));
            }
            None if ignored.iter().any(|t| item.bounds.iou(*t) >= threshold) => {}
            None => outcome.push((item.confidence.get(), false)),
        }
    }
    outcome
}

/// Area under the precision envelope over recall.
fn average_precision(said: &[(f32, bool)], cases: u64) -> f64 {
    let mut said = said.to_vec();
    said.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut hits, mut points) = (0, Vec::with_capacity(said.len()));
    for (rank, &(_, hit)) in said.iter().enumerate() {
        hits += u64::from(hit);
        points.push((hit, ratio(hits, rank as u64 + 1)));
    }
    let (mut best, mut area) = (0.0f64, 0.0);
    for &(hit, precision) in points.iter().rev() {
        best = best.max(precision);
        area += if hit { best } else { 0.0 };
    }
    area * ratio(1, cases)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chuangming_domain::observation::Confidence;
    use proptest::prelude::*;

    fn item(class: ItemClass, bounds: [f64; 4], confidence: f32) -> DeskItem {
        DeskItem { class, bounds: Rect::from_array(bounds), confidence: Confidence::new(confidence) }
    }

    fn truth(class: Option<ItemClass>, bounds: [f64; 4]) -> TrueItem {
        TrueItem { class, bounds: Rect::from_array(bounds) }
    }

    fn report(truth: &[TrueItem], said: Option<&[DeskItem]>, required: &[ItemClass]) -> Option<ItemReport> {
        let mut scores = ItemScores::default();
        let required = required.iter().copied().collect();
        let said = said.map(|items| Desk { items: items.to_vec(), ..Desk::default() });
        scores.add(truth, said.as_ref(), &ItemClass::permitted_by_default(), &required);
        scores.report()
    }

    const A: [f64; 4] = [0.1, 0.1, 0.1, 0.1];
    const B: [f64; 4] = [0.5, 0.5, 0.1, 0.1];
    const FAR: [f64; 4] = [0.8, 0.8, 0.1, 0.1];
    /// Intersection over union with A: 1/3.
    const NEAR_A: [f64; 4] = [0.15, 0.1, 0.1, 0.1];
    use ItemClass::{Bottle, Cup, Keyboard, NamePlate, Unrecognised};

    #[test]
    fn average_precision_is_the_area_under_the_envelope() {
        let check = |said: &[(f32, bool)], cases, expected: f64| {
            let got = average_precision(said, cases);
            assert!((got - expected).abs() < 1e-9, "{said:?} of {cases}: {got}, expected {expected}");
        };
        check(&[], 2, 0.0);
        check(&[(0.9, true)], 1, 1.0);
        check(&[(0.9, true)], 2, 0.5);
        check(&[(0.9, true), (0.5, false)], 1, 1.0);
        check(&[(0.9, false), (0.5, true)], 1, 0.5);
        check(&[(0.5, true), (0.9, false)], 1, 0.5);
        // Precisions at the hits 1, 2/3, 3/5: the envelope leaves them as they are.
        check(
            &[(0.9, true), (0.8, false), (0.7, true), (0.6, false), (0.5, true)],
            4,
            (1.0 + 2.0 / 3.0 + 0.6) / 4.0,
        );
        // 0/1, 1/2, 2/3: the envelope lifts the first hit to 2/3.
        check(&[(0.9, false), (0.8, true), (0.7, true)], 2, 2.0 / 3.0);
    }

    #[test]
    fn a_true_box_is_found_once() {
        let said = [item(Cup, A, 0.9), item(Cup, A, 0.8)];
        let report = report(&[truth(Some(Cup), A)], Some(&said), &[]).unwrap();
        assert_eq!(report.ap50[&Cup], 1.0);
        assert_eq!(report.clutter.map(|q| (q.precision, q.recall)), Some((0.5, 1.0)));
    }

    #[test]
    fn clutter_matches_whatever_the_class() {
        let truths = [truth(Some(Cup), A), truth(Some(Keyboard), B), truth(Some(Unrecognised), FAR)];
        let said = [item(Unrecognised, NEAR_A, 0.6), item(Keyboard, B, 0.9), item(Bottle, FAR, 0.4)];
        let report = report(&truths, Some(&said), &[]).unwrap();
        assert_eq!(report.clutter, Quality::of(2, 2, 2));
        assert_eq!(report.ap50[&Cup], 0.0);
        assert_eq!(report.ap50[&Keyboard], 1.0);
        assert!(!report.ap50.contains_key(&Bottle), "a class that is not in truth has no average precision");
    }

    #[test]
    fn ignored_boxes_score_neither_way() {
        let truths = [truth(None, A), truth(Some(Cup), B)];
        let said = [item(Cup, A, 0.9), item(Cup, B, 0.5), item(Keyboard, A, 0.9)];
        let scored = report(&truths, Some(&said), &[]).unwrap();
        assert_eq!((scored.ap50[&Cup], scored.clutter), (1.0, Quality::of(1, 1, 1)));
        assert_eq!(report(&[truth(None, A)], Some(&said[..1]), &[]), None);
        // A box that is free is taken before an ignored one excuses the prediction.
        let both = report(&[truth(None, A), truth(Some(Cup), A)], Some(&said[..1]), &[]).unwrap();
        assert_eq!(both.ap50[&Cup], 1.0);
    }

    #[test]
    fn an_unknown_desk_counts_against_recall_only() {
        let truths = [truth(Some(Cup), A), truth(Some(Keyboard), B)];
        let scored = report(&truths, None, &[NamePlate]).unwrap();
        assert_eq!((scored.ap50[&Cup], scored.ap50[&Keyboard]), (0.0, 0.0));
        assert_eq!(scored.clutter, Quality::of(0, 0, 1));
        assert_eq!(scored.required_missing, Quality::of(0, 0, 1));
    }

    #[test]
    fn required_items_are_scored_by_window_and_frame() {
        let there = [truth(Some(NamePlate), A)];
        let seen = [item(NamePlate, A, 0.9)];
        let required = |t: &[TrueItem], s: &[DeskItem], r: &[ItemClass]| {
            report(t, Some(s), r).and_then(|r| r.required_missing)
        };
        assert_eq!(required(&there, &seen, &[NamePlate]), None, "neither missing nor said to be");
        assert_eq!(required(&there, &[], &[NamePlate]), Quality::of(0, 1, 0));
        assert_eq!(required(&[], &seen, &[NamePlate]), Quality::of(0, 0, 1));
        assert_eq!(
            required(&[], &[], &[NamePlate, Keyboard]),
            Quality::of(1, 1, 1),
            "one case a window and frame"
        );
        assert_eq!(required(&[], &[], &[]), None);

        let mut scores = ItemScores::default();
        let hiding = Desk { items: Vec::new(), may_be_hidden: [NamePlate].into() };
        scores.add(&[], Some(&hiding), &ItemSet::new(), &[NamePlate].into());
        assert_eq!(scores.report().unwrap().required_missing, Quality::of(0, 0, 1), "nobody can tell");
    }

    proptest! {
        #[test]
        fn average_precision_is_bounded_and_only_ranks_matter(
            said in prop::collection::vec((0.01f32..1.0, any::<bool>()), 0..30), more in 0u64..10,
        ) {
            let cases = said.iter().filter(|(_, hit)| *hit).count() as u64 + more;
            prop_assume!(cases > 0);
            let area = average_precision(&said, cases);
            prop_assert!((0.0..=1.0 + 1e-9).contains(&area));
            let halved: Vec<_> = said.iter().map(|&(c, hit)| (c / 2.0, hit)).collect();
            prop_assert!((average_precision(&halved, cases) - area).abs() < 1e-9);
        }
    }
}
