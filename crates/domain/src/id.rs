//! Identifiers: one newtype per kind, so that a case cannot be asked for by a station's id.
//!
//! Things that a city pack names carry their own short text code ([`StationCode`], [`FactorCode`]); things that come into
//! being while the system runs carry a UUID of version 7, which sorts by time of birth. The caller makes them: ids are an
//! effect, and effects stay at the edge.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An id was not written the way ids are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id: {0:?}")]
pub struct BadId(pub String);

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
        impl FromStr for $name {
            type Err = BadId;
            fn from_str(s: &str) -> Result<Self, BadId> {
                Uuid::try_parse(s).map(Self).map_err(|_| BadId(s.to_owned()))
            }
        }
    )*};
}

uuid_id! {
    /// A case (案件).
    CaseId;
    /// An alarm (报警).
    AlarmId;
    /// A piece of evidence (证据): one stored file.
    EvidenceId;
    /// A person with a login (用户).
    PersonId;
    /// A session (会话) of somebody who is logged in; not its token.
    SessionId;
    /// Access token (访问令牌): names it; it opens nothing.
    TokenId;
    /// A command sent to a device (反控指令).
    CommandId;
    /// A post (岗位), a delegation (代理), a broken glass (应急越权): something a person holds for a time.
    PostId;
    /// Report (报告).
    ReportId;
    /// Template of reports (报告模板).
    TemplateId;
}

macro_rules! code_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The code as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl From<&str> for $name {
            fn from(s: &str) -> Self {
                Self(s.to_owned())
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )*};
}

code_id! {
    /// Code of a station (站点编码), given by the city pack.
    StationCode;
    /// Device id (设备唯一标识 MN) of HJ 212, as sent.
    Mn;
    /// Factor code (监测因子编码), for example `w01018`; 2005 codes are kept as sent.
    FactorCode;
    /// Code of an organisation (机构编码), given by the city pack or by whoever registers it.
    OrganisationCode;
}

/// Row number of a point (测点) in the store: one station, one factor. Small, because every reading carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PointId(pub i64);

impl PointId {
    /// Row numbers of one station's points lie in one stretch of this length.
    pub const BLOCK: i64 = 1_024;

    /// The stretch it lies in. The store keeps readings by block, kind and time, so that a telegram's values lie side by side.
    pub fn block(self) -> i64 {
        self.0 / Self::BLOCK
    }
}

/// Row number of a raw telegram (原始报文) in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TelegramId(pub i64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_id_reads_what_it_prints_and_refuses_the_rest() {
        let id = CaseId(Uuid::from_u128(7));
        assert_eq!(id.to_string().parse::<CaseId>(), Ok(id));
        assert_eq!("7".parse::<CaseId>(), Err(BadId("7".into())));
    }
}
