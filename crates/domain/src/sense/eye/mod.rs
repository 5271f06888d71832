//! 环境眼 (Eye): what cameras at stations have seen, as facts. Pictures are none of this module's business; what is kept of them, and
//! what follows for the station's data, is.
//!
//! An event (闯入事件) is one stay of somebody or something within a fence. Its steps are appended to a chain of its own, and what it
//! is now is their fold ([`event`]).

pub mod camera;
pub mod event;
pub mod guard;
pub mod keep;
pub mod pack;
pub mod report;
pub mod visit;

use serde::{Deserialize, Serialize};

/// An enum whose words are those of the store and the API.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$row:meta])* $variant:ident = $word:literal, $zh:literal, $en:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$row])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word of the store and the API.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// As people say it, in Chinese.
            pub fn zh(self) -> &'static str {
                match self { $(Self::$variant => $zh,)* }
            }

            /// As people say it, in English.
            pub fn en(self) -> &'static str {
                match self { $(Self::$variant => $en,)* }
            }
        }

        impl std::str::FromStr for $name {
            type Err = ();
            fn from_str(word: &str) -> Result<Self, ()> {
                Self::ALL.iter().copied().find(|one| one.as_str() == word).ok_or(())
            }
        }
    };
}

words! {
    /// What an event is of (事件类型).
    EventKind {
        /// Somebody or something stayed within a fence.
        Intrusion = "intrusion", "闯入", "intrusion";
        /// A line was crossed in the direction that is watched.
        Crossed = "crossed", "越线", "line crossed";
        /// A thing that was not there before stays.
        LeftBehind = "left_behind", "遗留物", "left behind";
        /// A stay within a visit that was approved beforehand.
        Visit = "visit", "报备来访", "approved visit";
    }
}

words! {
    /// What a reviewer says it was (复核结论).
    Verdict {
        /// A person who had no business there.
        Person = "person", "人员闯入", "a person";
        /// Maintenance of the station.
        Maintenance = "maintenance", "运维人员", "maintenance";
        /// An animal.
        Animal = "animal", "动物", "an animal";
        /// Nothing of all that: leaves, light, water.
        False = "false", "误报", "nothing";
    }
}

words! {
    /// How the doubt about the data of an event stands (围栏存疑).
    Suspicion {
        /// The data is doubted.
        Standing = "standing", "存疑", "doubted";
        /// A reviewer has lifted the doubt.
        Lifted = "lifted", "已解除", "lifted";
        /// A reviewer has confirmed that the data cannot be trusted.
        Confirmed = "confirmed", "已确认", "confirmed";
    }
}

words! {
    /// What came of speaking (喊话结果).
    Spoken {
        /// Sent; nobody says whether it was heard.
        Sent = "sent", "已发出", "sent";
        /// The loudspeaker has answered that it took it.
        Acknowledged = "acknowledged", "设备已确认", "acknowledged";
        /// It did not come through.
        Failed = "failed", "失败", "failed";
        /// Nothing was said, on purpose.
        Silent = "silent", "未喊话", "kept silent";
    }
}

pub(crate) use words;
