//! The log of who looked at conduct, and of who changed who may: a chain in which each entry's hash covers the one
//! before. Whoever changes, deletes or inserts an entry breaks it. What the chain alone cannot show, that its end was
//! cut off or that all of it was written anew, shows against a [`Head`] that is kept elsewhere: central writes the
//! newest one beside its data, and every export ends with one.

use chuangming_domain::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The hash before the first entry.
pub const ORIGIN: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One entry. Names are not in it: they follow the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number; they rise without gaps.
    pub id: i64,
    /// When, microseconds since 1970.
    pub at: i64,
    /// Which account; empty for central itself.
    pub account: String,
    /// What was done.
    pub action: String,
    /// In which hall; `*` is every hall.
    pub hall: Option<String>,
    /// At which window; none is every window.
    pub window: Option<String>,
    /// With which event.
    pub event: Option<String>,
    /// What was in view begins then.
    pub from: Option<i64>,
    /// What was in view ends before.
    pub to: Option<i64>,
    /// What else there is to say.
    pub subject: String,
}

/// An entry's number and hash: all entries up to it follow from the hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The entry's number; 0 before the first.
    pub id: i64,
    /// Its hash.
    pub hash: String,
}

impl Head {
    /// Before the first entry.
    #[must_use]
    pub fn origin() -> Self {
        Self { id: 0, hash: ORIGIN.to_owned() }
    }
}

/// What retention noted when it deleted the oldest entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleted {
    /// The last deleted entry.
    pub through: Head,
    /// All of them were older than this, microseconds since 1970.
    pub before: i64,
}

/// The action of the entry that holds a [`Deleted`].
pub const DELETED: &str = "audit_retention";

/// The hash of an entry that follows another.
#[must_use]
pub fn hash(before: &str, entry: &Entry) -> String {
    // Numbers, texts and nulls in a fixed order: always the same bytes.
    let text = serde_json::to_string(&(
        before,
        (entry.id, entry.at, &entry.account, &entry.action),
        (&entry.hall, &entry.window, &entry.event, entry.from, entry.to),
        &entry.subject,
    ))
    .unwrap_or_default();
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// What is wrong with a chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A number is missing or comes twice.
    #[error("entry {expected} is missing: entry {found} follows {}", expected - 1)]
    Missing {
        /// What should follow.
        expected: i64,
        /// What follows.
        found: i64,
    },
    /// An entry does not fit its hash, or the one before.
    #[error("entry {0} was changed, or one before it")]
    Changed(i64),
    /// The log ends before an entry that is known to have been there.
    #[error("the log was cut off: it ends with entry {last}, entry {known} was there")]
    CutOff {
        /// The last entry.
        last: i64,
        /// What was there.
        known: i64,
    },
    /// An entry is another one than was known.
    #[error("the log was written anew: entry {0} is another one than was there")]
    Replaced(i64),
    /// The beginning is missing, and retention did not delete it.
    #[error("entries up to {0} are missing, and no entry says that retention deleted them")]
    NoBeginning(i64),
    /// Retention is said to have deleted what was not old enough.
    #[error("entry {0} says that entries were deleted which had not reached their age")]
    TooYoung(i64),
}

/// Checks a chain entry by entry.
#[derive(Debug)]
pub struct Checker {
    start: Head,
    last: Head,
    known: Vec<Head>,
    accounted: bool,
    youngest: i64,
}

impl Checker {
    /// Begins after `start`, the last entry that retention deleted. `known` are heads that were kept elsewhere; nothing
    /// may have been deleted before it was `kept_for` microseconds old.
    #[must_use]
    pub fn new(start: Head, known: Vec<Head>, kept_for: i64) -> Self {
        let accounted = start == Head::origin();
        Self { last: start.clone(), start, known, accounted, youngest: kept_for }
    }

    /// Checks the next entry.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&mut self, entry: &Entry, stored: &str) -> Result<(), Broken> {
        let expected = self.last.id + 1;
        if entry.id != expected {
            return Err(Broken::Missing { expected, found: entry.id });
        }
        if hash(&self.last.hash, entry) != stored {
            return Err(Broken::Changed(entry.id));
        }
        if self.known.iter().any(|known| known.id == entry.id && known.hash != stored) {
            return Err(Broken::Replaced(entry.id));
        }
        if entry.action == DELETED
            && let Ok(deleted) = serde_json::from_str::<Deleted>(&entry.subject)
        {
            if entry.at - deleted.before < self.youngest {
                return Err(Broken::TooYoung(entry.id));
            }
            self.accounted |= deleted.through == self.start;
        }
        self.last = Head { id: entry.id, hash: stored.to_owned() };
        Ok(())
    }

    /// Checks the end; the newest entry, when all is well.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn end(self) -> Result<Head, Broken> {
        if let Some(known) = self.known.iter().find(|known| known.id > self.last.id) {
            return Err(Broken::CutOff { last: self.last.id, known: known.id });
        }
        if self.accounted { Ok(self.last) } else { Err(Broken::NoBeginning(self.start.id)) }
    }
}

/// A line of an export: an entry with its hash. Its last line is the [`Head`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exported {
    /// The entry.
    #[serde(flatten)]
    pub entry: Entry,
    /// When, for people.
    pub time: Timestamp,
    /// Its hash.
    pub hash: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DAY: i64 = 86_400_000_000;

    fn chain(length: i64) -> Vec<(Entry, String)> {
        let mut last = ORIGIN.to_owned();
        let entries = (1..=length).map(|id| {
            let entry = Entry {
                id,
                at: id * DAY,
                account: format!("account-{}", id % 3),
                action: "view_event".to_owned(),
                hall: Some("tanggu".to_owned()),
                window: (id % 2 == 0).then(|| "3".to_owned()),
                event: None,
                from: None,
                to: Some(id),
                subject: String::new(),
            };
            last = hash(&last, &entry);
            (entry, last.clone())
        });
        entries.collect()
    }

    fn verify(start: Head, chain: &[(Entry, String)], known: Vec<Head>) -> Result<Head, Broken> {
        let mut checker = Checker::new(start, known, 365 * DAY);
        for (entry, hash) in chain {
            checker.check(entry, hash)?;
        }
        checker.end()
    }

    fn head(chain: &[(Entry, String)]) -> Head {
        chain.last().map_or_else(Head::origin, |(entry, hash)| Head { id: entry.id, hash: hash.clone() })
    }

    /// Hashes made fit again from one place on: what somebody does who knows the method.
    fn rehash(chain: &mut [(Entry, String)]) {
        let mut last = ORIGIN.to_owned();
        for (entry, hash) in chain {
            *hash = super::hash(&last, entry);
            last.clone_from(hash);
        }
    }

    proptest! {
        #[test]
        fn any_meddling_is_found(length in 1i64..20, place in any::<prop::sample::Index>(), kind in 0..8) {
            let good = chain(length);
            let kept = head(&good);
            prop_assert_eq!(verify(Head::origin(), &good, vec![kept.clone()]), Ok(kept.clone()));
            let mut bad = good.clone();
            let n = place.index(bad.len());
            match kind {
                0 => bad[n].0.account = "somebody".to_owned(),
                1 => bad[n].0.at += 1,
                2 => bad[n].0.hall = None,
                3 => drop(bad.remove(n)),
                4 => {
                    let copy = bad[n].clone();
                    bad.insert(n, copy);
                }
                5 => bad.truncate(n),
                6 => {
                    bad[n].0.action = "other".to_owned();
                    rehash(&mut bad);
                }
                _ => {
                    bad.remove(n);
                    for (id, row) in bad.iter_mut().enumerate() {
                        row.0.id = i64::try_from(id).unwrap() + 1;
                    }
                    rehash(&mut bad);
                }
            }
            prop_assert!(verify(Head::origin(), &bad, vec![kept]).is_err());
        }
    }

    #[test]
    fn a_beginning_that_retention_deleted_is_accounted_for() {
        let mut all = chain(500);
        let through = Head { id: 100, hash: all[99].1.clone() };
        let deleted = |before| serde_json::to_string(&Deleted { through: through.clone(), before }).unwrap();
        let last = all.last_mut().unwrap();
        last.0.action = DELETED.to_owned();
        last.0.subject = deleted(101 * DAY);
        rehash(&mut all);
        let old = Head { id: 50, hash: "long gone".to_owned() };
        assert_eq!(verify(through.clone(), &all[100..], vec![old, head(&all)]), Ok(head(&all)));
        // Without the entry that says so, or with one that deletes what is young, it is not.
        assert_eq!(verify(through.clone(), &all[100..499], vec![]), Err(Broken::NoBeginning(100)));
        all.last_mut().unwrap().0.subject = deleted(200 * DAY);
        rehash(&mut all);
        assert_eq!(verify(through, &all[100..], vec![]), Err(Broken::TooYoung(500)));
    }
}
