//! The table of rights (权限表): `rights/rights.csv`, read as strictly as a standard.

use std::collections::HashMap;

use serde::Deserialize;

use super::{Group, Role};

macro_rules! rights {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)*) => {
        /// Something that can be done (权限). The words are those of `rights/rights.csv`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Right {
            $($(#[$doc])* $name,)*
        }

        impl Right {
            /// Every right.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The word of the table and the API.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

rights! {
    /// Hold a session, see and end one's own, change one's password.
    SessionOwn = "session.own";
    /// Find people by name.
    DirectoryRead = "directory.read";
    /// See the organisations.
    OrganisationRead = "organisation.read";
    /// Add and change organisations.
    OrganisationChange = "organisation.change";
    /// See accounts.
    AccountRead = "account.read";
    /// Open, close and reset accounts.
    AccountChange = "account.change";
    /// See who holds which post.
    PostRead = "post.read";
    /// Give and end posts.
    PostChange = "post.change";
    /// See who stands in for whom.
    DelegationRead = "delegation.read";
    /// Let somebody stand in.
    DelegationChange = "delegation.change";
    /// Break the glass (应急越权): see everything for a short time, with a reason.
    GlassBreak = "glass.break";
    /// See who broke it.
    GlassRead = "glass.read";
    /// Read the audit.
    AuditRead = "audit.read";
    /// See the nodes of the installation.
    NodeRead = "node.read";
    /// See stations with their values and judgements.
    StationRead = "station.read";
    /// Register stations.
    StationAdd = "station.add";
    /// Bring tables and have their values kept.
    ImportMake = "import.make";
    /// See tables that were brought.
    ImportRead = "import.read";
    /// See raw telegrams.
    TelegramRead = "telegram.read";
    /// See what lies in quarantine.
    QuarantineRead = "quarantine.read";
    /// See devices and their lines.
    DeviceRead = "device.read";
    /// Register devices.
    DeviceAdd = "device.add";
    /// Send commands to devices.
    DeviceCommand = "device.command";
    /// See reports and rankings.
    ReportRead = "report.read";
    /// Make reports.
    ReportMake = "report.make";
    /// Publish reports (发布): what is published is frozen.
    ReportPublish = "report.publish";
    /// Arrange templates and schedules of reports.
    ReportArrange = "report.arrange";
    /// See findings of data review, clues, decisions and what was signed.
    ReviewRead = "review.read";
    /// Review data at the first level (一审).
    ReviewFirst = "review.first";
    /// Review data at the second level (二审).
    ReviewSecond = "review.second";
    /// Review data at the third level (三审), and publish it.
    ReviewThird = "review.third";
    /// See cameras, their pictures and what they have seen (环境眼).
    EyeRead = "eye.read";
    /// Register cameras and change them.
    EyeChange = "eye.change";
    /// Draw fences, and say what is no person.
    EyeFence = "eye.fence";
    /// Say what an event was, and lift or confirm the doubt about its data.
    EyeReview = "eye.review";
    /// See faces and plates (查看原始画面); each time with a reason.
    EyeUnblur = "eye.unblur";
    /// Say what a loudspeaker says, and speak through it.
    VoiceSpeak = "voice.speak";
    /// Announce a visit (来访报备).
    VisitAsk = "visit.ask";
    /// Approve or refuse a visit.
    VisitApprove = "visit.approve";
    /// See alarms.
    AlarmRead = "alarm.read";
    /// Take notice of alarms.
    AlarmAcknowledge = "alarm.acknowledge";
    /// See cases.
    CaseRead = "case.read";
    /// Open cases.
    CaseOpen = "case.open";
    /// Give cases to people.
    CaseAssign = "case.assign";
    /// Report that a case is done.
    CaseReport = "case.report";
    /// Verify what was reported.
    CaseVerify = "case.verify";
    /// Send back what was reported.
    CaseSendBack = "case.send_back";
    /// Close cases.
    CaseClose = "case.close";
}

impl Right {
    /// Reads [`Right::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|r| r.as_str() == word)
    }

    /// Whether it only shows, and changes nothing.
    pub fn only_reads(self) -> bool {
        self.as_str().split_once('.').is_some_and(|(_, what)| what == "read")
    }

    /// Whether a token may carry it: what a program may do for somebody. Neither what is personal, nor what says who may do what.
    pub fn for_tokens(self) -> bool {
        !self.is_personal() && !matches!(self, Self::OrganisationChange | Self::AccountChange | Self::PostChange)
    }

    /// Whether it is about the person and not about the work, so that nobody stands in for anybody with it.
    pub fn is_personal(self) -> bool {
        matches!(
            self,
            Self::SessionOwn | Self::DelegationRead | Self::DelegationChange | Self::GlassBreak | Self::GlassRead
        )
    }
}

/// How far a right reaches (范围). Each lies inside the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// 本人: what the person has to do with.
    Own,
    /// 本部门: what the person's organisation, or one below it, has to do with.
    Unit,
    /// 本辖区: what lies in the area of the person's organisation.
    Area,
    /// 全部.
    All,
}

impl Reach {
    /// Every reach, narrowest first.
    pub const ALL: [Self; 4] = [Self::Own, Self::Unit, Self::Area, Self::All];

    /// The word of the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Unit => "unit",
            Self::Area => "area",
            Self::All => "all",
        }
    }
}

/// Who a row of the table is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Seeker {
    /// Whoever holds a role.
    Role(Role),
    /// Whoever has broken the glass, beside what their roles give.
    BrokenGlass,
    /// Whoever is logged in, with a post or without.
    Anybody,
}

/// One right of one seeker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RightRow {
    /// What.
    pub right: Right,
    /// Who.
    pub seeker: Seeker,
    /// How far.
    pub reach: Reach,
}

/// A role as people read it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleRow {
    /// Which.
    pub role: Role,
    group: String,
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    duties: String,
}

/// Why a table is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {reason}")]
pub struct RightsError {
    /// File.
    pub file: &'static str,
    /// Line, from 1.
    pub line: u64,
    /// What is wrong.
    pub reason: String,
}

/// The table. What is not in it is nobody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    rows: HashMap<(Right, Seeker), Reach>,
    roles: Vec<RoleRow>,
}

const RIGHTS: &str = "rights.csv";
const ROLES: &str = "roles.csv";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RowText {
    right: String,
    who: String,
    reach: String,
    #[serde(rename = "why")]
    _why: String,
}

impl Rights {
    /// The table this program carries.
    ///
    /// # Errors
    /// When it is damaged; a test sees to it that it is not.
    pub fn embedded() -> Result<Self, RightsError> {
        Self::parse(include_str!("../../../../rights/roles.csv"), include_str!("../../../../rights/rights.csv"))
    }

    /// Reads both texts.
    ///
    /// # Errors
    /// The first fault, with file and line.
    pub fn parse(roles: &str, rights: &str) -> Result<Self, RightsError> {
        let roles = read_roles(roles)?;
        let mut rows = HashMap::new();
        for (line, row) in read::<RowText>(RIGHTS, rights)? {
            let refuse = |reason: String| RightsError { file: RIGHTS, line, reason };
            let right = Right::parse(&row.right).ok_or_else(|| refuse(format!("no such right {:?}", row.right)))?;
            let reach = Reach::ALL.into_iter().find(|r| r.as_str() == row.reach);
            let reach = reach.ok_or_else(|| refuse(format!("no such reach {:?}", row.reach)))?;
            for seeker in seekers(&row.who).map_err(refuse)? {
                if rows.insert((right, seeker), reach).is_some() {
                    return Err(refuse(format!("{} of {seeker:?} is there already", row.right)));
                }
            }
        }
        match Right::ALL.iter().find(|right| !rows.keys().any(|(r, _)| r == *right)) {
            Some(nobody) => {
                Err(RightsError { file: RIGHTS, line: 1, reason: format!("{} is nobody's", nobody.as_str()) })
            }
            None => Ok(Self { rows, roles }),
        }
    }

    /// How far a seeker reaches with a right; none: not at all.
    pub fn reach(&self, right: Right, seeker: Seeker) -> Option<Reach> {
        self.rows.get(&(right, seeker)).copied()
    }

    /// A role as people read it.
    pub fn role(&self, role: Role) -> Option<&RoleRow> {
        self.roles.iter().find(|r| r.role == role)
    }
}

fn read<T: serde::de::DeserializeOwned>(file: &'static str, text: &str) -> Result<Vec<(u64, T)>, RightsError> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.deserialize::<T>().zip(2u64..).map(|(row, line)| match row {
        Ok(row) => Ok((line, row)),
        Err(error) => Err(RightsError { file, line, reason: error.to_string() }),
    });
    rows.collect()
}

/// Every role has one row, and the row says of it what the code holds to.
fn read_roles(text: &str) -> Result<Vec<RoleRow>, RightsError> {
    let mut roles: Vec<RoleRow> = Vec::new();
    for (line, row) in read::<RoleRow>(ROLES, text)? {
        let refuse =
            |reason: &str| RightsError { file: ROLES, line, reason: format!("{}: {reason}", row.role.as_str()) };
        if roles.iter().any(|r| r.role == row.role) {
            return Err(refuse("is there already"));
        }
        if row.group != row.role.group().as_str() {
            return Err(refuse("is of another group"));
        }
        let duties = match row.role {
            role if role.needs_certificate() => "certificate",
            role if role.group() == Group::Administrators => "alone",
            _ => "",
        };
        if row.duties != duties {
            return Err(refuse("has other duties"));
        }
        roles.push(row);
    }
    match Role::ALL.iter().find(|role| !roles.iter().any(|r| r.role == **role)) {
        Some(missing) => Err(RightsError { file: ROLES, line: 1, reason: format!("{} is missing", missing.as_str()) }),
        None => Ok(roles),
    }
}

fn seekers(text: &str) -> Result<Vec<Seeker>, String> {
    let of = |group: Group| {
        let roles = Role::ALL.iter().filter(move |r| r.group() == group);
        roles.map(|r| Seeker::Role(*r)).collect::<Vec<_>>()
    };
    let mut all = Vec::new();
    for word in text.split_ascii_whitespace() {
        match word {
            "@officers" => all.extend(of(Group::Officers)),
            "@outside" => all.extend(of(Group::Outside)),
            "@administrators" => all.extend(of(Group::Administrators)),
            "broken_glass" => all.push(Seeker::BrokenGlass),
            "anybody" => all.push(Seeker::Anybody),
            word => all.push(Seeker::Role(Role::parse(word).ok_or_else(|| format!("no such role {word:?}"))?)),
        }
    }
    if all.is_empty() { Err("nobody is named".into()) } else { Ok(all) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLES_TEXT: &str = include_str!("../../../../rights/roles.csv");
    const RIGHTS_TEXT: &str = include_str!("../../../../rights/rights.csv");

    #[test]
    fn the_table_that_is_carried_is_whole() {
        let rights = Rights::embedded().expect("whole");
        let duty = Seeker::Role(Role::DutyOfficer);
        assert_eq!(rights.reach(Right::CaseRead, duty), Some(Reach::Area));
        assert_eq!(rights.reach(Right::PostChange, duty), None);
        assert_eq!(rights.role(Role::DutyOfficer).expect("there").name_zh, "值班员");
    }

    /// What no table may say, however it is edited.
    #[test]
    fn the_three_administrators_share_no_power() {
        let rights = Rights::embedded().expect("whole");
        let powers = [Right::AccountChange, Right::PostChange, Right::AuditRead];
        let security = Seeker::Role(Role::SecurityAdministrator);
        for widens in [Right::PostChange, Right::OrganisationChange] {
            let others = Role::ALL.iter().filter(|r| Seeker::Role(**r) != security);
            assert_eq!(others.filter(|r| rights.reach(widens, Seeker::Role(**r)).is_some()).count(), 0, "{widens:?}");
        }
        for role in Role::ALL {
            let held = powers.iter().filter(|p| rights.reach(**p, Seeker::Role(*role)).is_some()).count();
            assert!(held <= 1, "{role:?}");
            assert_eq!(held == 1, role.group() == Group::Administrators, "{role:?}");
        }
        for right in Right::ALL.iter().filter(|r| !r.only_reads()) {
            assert_eq!(rights.reach(*right, Seeker::BrokenGlass), None, "a broken glass shows and changes nothing");
            let audits = rights.reach(*right, Seeker::Role(Role::AuditAdministrator));
            assert_eq!(audits, None, "who audits changes nothing: {right:?}");
        }
    }

    #[test]
    fn a_damaged_table_is_refused_with_its_line() {
        let check = |roles: (&str, &str), rights: (&str, &str), expected: &str| {
            let roles = ROLES_TEXT.replacen(roles.0, roles.1, 1);
            let rights = RIGHTS_TEXT.replacen(rights.0, rights.1, 1);
            let error = Rights::parse(&roles, &rights).expect_err("refused").to_string();
            assert!(error.contains(expected), "{error} does not say {expected}");
        };
        let same = ("", "");
        check(("citizen", "burgher"), same, "roles.csv, line 17");
        check(
            ("duty_officer,officers", "duty_officer,outside"),
            same,
            "roles.csv, line 2: duty_officer: is of another group",
        );
        check(("执法人员,enforcement officer,certificate", "执法人员,x,"), same, "has other duties");
        check(same, ("case.close,", "case.shut,"), "no such right \"case.shut\"");
        check(same, ("case.close,duty_officer,area", "case.close,duty_officer,wide"), "no such reach \"wide\"");
        check(same, ("case.close,duty_officer", "case.close,king"), "no such role \"king\"");
        check(same, ("case.close,duty_officer,area,", ""), "case.close is nobody's");
        check(
            same,
            ("case.open,duty_officer", "case.close,duty_officer"),
            "case.close of Role(DutyOfficer) is there already",
        );
    }
}
