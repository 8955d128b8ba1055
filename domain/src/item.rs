//! Things on a desk.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

macro_rules! item_classes {
    ($($variant:ident $name:literal,)*) => {
        /// What an item on the desk is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        #[allow(missing_docs, reason = "the names are the classes of the contract")]
        pub enum ItemClass { $($variant,)* }

        impl ItemClass {
            /// Every class, in the contract's order, `unrecognised` last.
            pub const ALL: &[ItemClass] = &[$(ItemClass::$variant,)*];

            /// The contract's name of the class.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(ItemClass::$variant => $name,)* }
            }
        }
    };
}

item_classes! {
    Monitor "monitor", Scanner "scanner", Evaluator "evaluator", Telephone "telephone", PenHolder "pen_holder",
    PostSign "post_sign", NoticeSign "notice_sign", NamePlate "name_plate", Keyboard "keyboard", Mouse "mouse",
    Document "document", CardReader "card_reader", Printer "printer", Stapler "stapler",
    Cup "cup", Bottle "bottle", Food "food", Bag "bag", Book "book", MobilePhone "mobile_phone", Ashtray "ashtray",
    CigarettePack "cigarette_pack", Toy "toy", Plant "plant", Cosmetics "cosmetics", Clothing "clothing",
    Tissue "tissue", Umbrella "umbrella",
    Unrecognised "unrecognised",
}

pub use crate::id::CustomItem;

/// A set of item classes, such as what is permitted at a window.
pub type ItemSet = BTreeSet<ItemClass>;

impl ItemClass {
    /// The class with that name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|class| class.name() == name)
    }

    /// Article 19.2's permitted items: the first fourteen classes.
    #[must_use]
    pub fn permitted_by_default() -> ItemSet {
        Self::ALL[..14].iter().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_serde_writes() {
        for class in ItemClass::ALL {
            assert_eq!(serde_json::to_value(class).unwrap(), class.name());
            assert_eq!(ItemClass::by_name(class.name()), Some(*class));
        }
        assert_eq!(ItemClass::ALL.len(), 29);
    }

    #[test]
    fn work_items_are_permitted_and_private_ones_are_not() {
        let permitted = ItemClass::permitted_by_default();
        assert!(permitted.contains(&ItemClass::Stapler) && !permitted.contains(&ItemClass::Cup));
        assert!(!permitted.contains(&ItemClass::Unrecognised));
    }
}
