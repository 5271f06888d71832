//! Roles (角色): what somebody is in an organisation.

use serde::{Deserialize, Serialize};

macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)*) => {
        /// What a person is at a post (角色). The words are those of `rights/roles.csv`, which also names them for people.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Role {
            $($(#[$doc])* $name,)*
        }

        impl Role {
            /// Every role, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The word of the table, the store and the API.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

roles! {
    /// 值班员.
    DutyOfficer = "duty_officer";
    /// 一审员: reviews data first.
    ReviewerFirst = "reviewer_first";
    /// 二审员: reviews what was reviewed once.
    ReviewerSecond = "reviewer_second";
    /// 三审员: has the last word on data.
    ReviewerThird = "reviewer_third";
    /// 承办人: works on cases of a department.
    CaseOfficer = "case_officer";
    /// 部门负责人.
    UnitHead = "unit_head";
    /// 领导.
    Leader = "leader";
    /// 执法人员: holds a certificate with a number.
    EnforcementOfficer = "enforcement_officer";
    /// 视频审核员.
    VideoReviewer = "video_reviewer";
    /// 企业环保负责人.
    EnterpriseManager = "enterprise_manager";
    /// 银行客户经理.
    BankOfficer = "bank_officer";
    /// 测绘员.
    Surveyor = "surveyor";
    /// 会计.
    Accountant = "accountant";
    /// 出纳.
    Cashier = "cashier";
    /// 审计人员: audits money and projects, not the program.
    Auditor = "auditor";
    /// 市民: a light account.
    Citizen = "citizen";
    /// 系统管理员: opens accounts, registers stations; cannot give posts.
    SystemAdministrator = "system_administrator";
    /// 安全保密管理员: gives posts; cannot open accounts.
    SecurityAdministrator = "security_administrator";
    /// 安全审计员: reads the audit; changes nothing.
    AuditAdministrator = "audit_administrator";
}

impl Role {
    /// Reads [`Role::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|r| r.as_str() == word)
    }

    /// Where it belongs. Whoever holds one administrator's role holds no other role at all (三员分立), so that nobody can open an
    /// account, give it rights and hide that it was done.
    pub fn group(self) -> Group {
        match self {
            Self::SystemAdministrator | Self::SecurityAdministrator | Self::AuditAdministrator => Group::Administrators,
            Self::EnterpriseManager
            | Self::BankOfficer
            | Self::Surveyor
            | Self::Accountant
            | Self::Cashier
            | Self::Auditor
            | Self::Citizen => Group::Outside,
            _ => Group::Officers,
        }
    }

    /// Whether a person who holds the roles `held` may be given this one too.
    pub fn beside(self, held: impl IntoIterator<Item = Self>) -> bool {
        let alone = |r: Self| r.group() == Group::Administrators;
        held.into_iter().all(|r| r == self || !(alone(r) || alone(self)))
    }

    /// Whether somebody who stands in for a person (代理) holds this role of theirs meanwhile. What hangs on the person, an
    /// administrator's power, a certificate, a citizen's own account, is not handed on.
    pub fn is_stood_in_for(self) -> bool {
        self.group() != Group::Administrators && !self.needs_certificate() && self != Self::Citizen
    }

    /// Whether a post in this role names the number of a certificate (执法证号).
    pub fn needs_certificate(self) -> bool {
        self == Self::EnforcementOfficer
    }
}

/// Kinds of roles, as the table names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// People of the bureau and of other departments.
    Officers,
    /// People of enterprises, banks and others, and citizens.
    Outside,
    /// Those who look after the program.
    Administrators,
}

impl Group {
    /// The word of the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Officers => "officers",
            Self::Outside => "outside",
            Self::Administrators => "administrators",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_administrator_is_nothing_else() {
        let check = |held: &[Role], more: Role, expected: bool| {
            assert_eq!(more.beside(held.iter().copied()), expected, "{held:?} and {more:?}");
        };
        check(&[], Role::SystemAdministrator, true);
        check(&[Role::DutyOfficer], Role::ReviewerFirst, true);
        check(&[Role::DutyOfficer], Role::SystemAdministrator, false);
        check(&[Role::SystemAdministrator], Role::DutyOfficer, false);
        check(&[Role::SystemAdministrator], Role::SecurityAdministrator, false);
        check(&[Role::AuditAdministrator], Role::SecurityAdministrator, false);
        check(&[Role::AuditAdministrator], Role::AuditAdministrator, true);
    }

    #[test]
    fn words_are_read_back() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(*role));
            assert_eq!(serde_json::to_string(role).expect("plain"), format!("{:?}", role.as_str()));
        }
        assert_eq!(Role::parse("king"), None);
    }
}
