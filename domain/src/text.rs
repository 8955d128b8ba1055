//! The one catalogue of texts that people read: Chinese first, and English.
//!
//! Keys are flat, `area.name`. Places to fill are written `{name}`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A language of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Lang {
    ZhCn,
    En,
}

type Texts = BTreeMap<String, String>;

static ZH_CN: LazyLock<Texts> = LazyLock::new(|| read(include_str!("../../locales/zh-CN.json")));
static EN: LazyLock<Texts> = LazyLock::new(|| read(include_str!("../../locales/en.json")));

/// The catalogue is part of the program; a test reads it, so that a broken one never ships.
fn read(json: &str) -> Texts {
    serde_json::from_str(json).unwrap_or_default()
}

impl Lang {
    /// Every language, the first one first.
    pub const ALL: [Lang; 2] = [Lang::ZhCn, Lang::En];

    /// Its BCP 47 tag.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Lang::ZhCn => "zh-CN",
            Lang::En => "en",
        }
    }

    fn texts(self) -> &'static Texts {
        match self {
            Lang::ZhCn => &ZH_CN,
            Lang::En => &EN,
        }
    }

    /// The text of a key; the key itself where the catalogue has none, so that a gap shows instead of hiding.
    #[must_use]
    pub fn text(self, key: &str) -> &str {
        self.texts().get(key).map_or(key, String::as_str)
    }

    /// The text of a key with its `{name}` places filled.
    #[must_use]
    pub fn fill(self, key: &str, values: &[(&str, &str)]) -> String {
        values.iter().fold(self.text(key).to_owned(), |text, (name, value)| {
            text.replace(&format!("{{{name}}}"), value)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::ItemClass;
    use crate::observation::Signal;
    use crate::rule::Rule;
    use crate::wire::HealthKind;
    use std::collections::BTreeSet;

    fn places(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
    }

    #[test]
    fn both_languages_have_the_same_keys_and_places() {
        let keys = |lang: Lang| lang.texts().keys().collect::<Vec<_>>();
        assert!(keys(Lang::ZhCn).len() > 50);
        assert_eq!(keys(Lang::ZhCn), keys(Lang::En));
        for (key, zh) in ZH_CN.iter() {
            assert!(!zh.trim().is_empty() && !EN[key].trim().is_empty(), "{key} is empty");
            assert_eq!(places(zh), places(&EN[key]), "{key}");
        }
    }

    #[test]
    fn every_word_of_the_contract_has_a_text() {
        let rules = Rule::ALL.iter().flat_map(|r| [format!("rule.{r}.title"), format!("rule.{r}.reason")]);
        let items = ItemClass::ALL.iter().map(|item| format!("item.{}", item.name()));
        let signals = Signal::ALL.iter().map(|signal| format!("signal.{}", signal.name()));
        let health = HealthKind::ALL.iter().map(|kind| format!("health.{}", kind.name()));
        for key in rules.chain(items).chain(signals).chain(health) {
            assert!(ZH_CN.contains_key(&key), "{key} is not in the catalogue");
        }
    }

    #[test]
    fn a_posture_is_not_called_sleep() {
        for lang in Lang::ALL {
            let text = format!("{}{}", lang.text("rule.slumped.title"), lang.text("rule.slumped.reason"));
            assert!(!["睡", "sleep", "nap", "doz"].iter().any(|word| text.contains(word)), "{text}");
        }
    }

    #[test]
    fn places_are_filled_and_gaps_show() {
        assert_eq!(
            Lang::En.fill("rule.overstaffed.reason", &[("people", "3")]),
            "3 people are behind the window, more than this post is meant for"
        );
        assert_eq!(Lang::ZhCn.text("no.such.key"), "no.such.key");
    }
}
