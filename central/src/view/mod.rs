//! What the HTTP API shows: the store's rows in the words of the contract, with texts for people.

mod event;
mod hall;

pub use event::{
    EventView, EvidenceView, MarkView, MessageView, Models, NoteView, ReviewStepView, SnoozeView, VerdictView,
};
pub use hall::{
    AgentView, AppliedView, HallAgentView, HallView, PlaceView, ProblemView, WindowState, WindowView,
    ZoneView,
};

use chuangming_domain::text::Lang;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Localised {
    /// Chinese.
    #[serde(rename = "zh-CN")]
    pub zh_cn: String,
    /// English.
    pub en: String,
}

impl Localised {
    fn of(text: impl Fn(Lang) -> String) -> Self {
        Self { zh_cn: text(Lang::ZhCn), en: text(Lang::En) }
    }

    pub(crate) fn key(key: &str) -> Self {
        Self::of(|lang| lang.text(key).to_owned())
    }
}
