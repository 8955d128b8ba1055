//! What an episode rests on: numbers and item classes.

use crate::condition::Sight;
use crate::share::Share;
use chuangming_domain::event::Evidence;
use chuangming_domain::item::{ItemClass, ItemSet};
use jiff::SignedDuration;
use std::collections::BTreeMap;

/// A class is named once it was seen for this share of the recent time ...
const NAMED_FROM: f64 = 0.5;
/// ... and no longer when it fell below this one, so that a flickering class does not come and go.
const NAMED_UNTIL: f64 = 0.25;

/// What was seen while the condition held.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Confidence times seconds.
    confidence: f64,
    /// Seconds.
    time: f64,
    people: Option<u8>,
    /// For how much of the recent time each class was seen, older time weighing less and less.
    items: BTreeMap<ItemClass, f64>,
    /// The same for a class that was always seen.
    always: f64,
    /// How long "recent" is: the rule's dwell, in seconds.
    memory: f64,
}

impl Seen {
    /// Nothing yet; `memory` is how many seconds back the item classes count.
    pub(crate) fn nothing(memory: f64) -> Self {
        Self { confidence: 0.0, time: 0.0, people: None, items: BTreeMap::new(), always: 0.0, memory }
    }

    /// Adds time in which the condition held and looked like this.
    pub(crate) fn add(&mut self, length: SignedDuration, sight: &Sight) {
        let seconds = length.as_secs_f64();
        self.confidence += sight.confidence * seconds;
        self.time += seconds;
        self.people = sight.people;
        let kept = (-seconds / self.memory).exp();
        self.always = self.always * kept + (1.0 - kept);
        self.items.values_mut().for_each(|weight| *weight *= kept);
        for class in &sight.items {
            *self.items.entry(*class).or_default() += 1.0 - kept;
        }
    }

    /// Mean confidence over the time.
    pub(crate) fn confidence(&self) -> f64 {
        if self.time > 0.0 { rounded(self.confidence / self.time).clamp(0.0, 1.0) } else { 0.0 }
    }

    /// The classes worth naming, given those that were named before. If anything was seen, at least one.
    pub(crate) fn items(&self, named: &ItemSet) -> ItemSet {
        let enough = |class: &ItemClass, weight: f64| {
            let share = if named.contains(class) { NAMED_UNTIL } else { NAMED_FROM };
            weight >= share * self.always
        };
        let items: ItemSet = self
            .items
            .iter()
            .filter(|(class, weight)| enough(class, **weight))
            .map(|(class, _)| *class)
            .collect();
        if !items.is_empty() {
            return items;
        }
        let most = self.items.iter().max_by(|a, b| a.1.total_cmp(b.1));
        most.map(|(class, _)| *class).into_iter().collect()
    }

    /// The evidence of a message that covers that time and names these items.
    pub(crate) fn evidence(&self, share: &Share, items: ItemSet) -> Evidence {
        let observed = share.observed.as_secs_f64();
        Evidence {
            hit_ratio: if observed > 0.0 { rounded(share.held.as_secs_f64() / observed) } else { 0.0 },
            observed_s: rounded(observed),
            unknown_s: rounded(share.unknown.as_secs_f64()),
            items,
            people: self.people,
        }
    }
}

/// Three decimals say all there is to say.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
