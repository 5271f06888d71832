//! The review desk (审核台): who decides what next, when a span can be signed, and what is frozen once it is published.
//!
//! Three levels look one after the other: what is decided at one waits for the next, and what is returned waits for the one before.
//! A span is signed level by level; the third signature publishes it (发布). What is published is changed by the third level alone,
//! with a reason, and the change is the next edition of the span (版次).

use std::fmt;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Serialize;

use crate::analyse::span::{NoSpan, Span};
use crate::right::Right;
use crate::sense::reviewed::Ruling;
use crate::standard::desk::Desk;

/// A level of review (审核级别).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// 一审.
    First,
    /// 二审.
    Second,
    /// 三审.
    Third,
}

impl Level {
    /// Every level, in order.
    pub const ALL: [Self; 3] = [Self::First, Self::Second, Self::Third];

    /// 1 to 3.
    pub fn number(self) -> i64 {
        match self {
            Self::First => 1,
            Self::Second => 2,
            Self::Third => 3,
        }
    }

    /// The level of a number.
    pub fn from_number(n: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|l| l.number() == n)
    }

    /// The right that it takes.
    pub fn right(self) -> Right {
        match self {
            Self::First => Right::ReviewFirst,
            Self::Second => Right::ReviewSecond,
            Self::Third => Right::ReviewThird,
        }
    }

    /// The one above; none above the third.
    pub fn above(self) -> Option<Self> {
        Self::from_number(self.number() + 1)
    }

    /// The one below; none below the first.
    pub fn below(self) -> Option<Self> {
        Self::from_number(self.number() - 1)
    }
}

/// What a reviewer decides (审核结论).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// 认可: as it stands now.
    Accept,
    /// 判无效, on grounds.
    Invalidate {
        /// Code of the grounds.
        ground: String,
    },
    /// 人工值, by a document.
    Manual {
        /// The value.
        value: Decimal,
        /// Which document says it.
        document: String,
    },
    /// 恢复原值: what the device said.
    Restore,
    /// 退回 to the level below.
    Return,
}

impl Verdict {
    /// The word that is kept.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Invalidate { .. } => "invalidate",
            Self::Manual { .. } => "manual",
            Self::Restore => "restore",
            Self::Return => "return",
        }
    }

    /// What it makes of values; none when it changes none.
    pub fn ruling(&self) -> Option<Ruling> {
        match self {
            Self::Invalidate { .. } => Some(Ruling::Invalid),
            Self::Manual { value, .. } => Some(Ruling::Manual(value.to_string())),
            Self::Restore => Some(Ruling::Restored),
            Self::Accept | Self::Return => None,
        }
    }

    /// Holds it against itself.
    ///
    /// # Errors
    /// When grounds are unknown, or what must be said is not said.
    pub fn whole(&self, level: Level, note: &str, desk: &Desk) -> Result<(), Refusal> {
        match self {
            Self::Invalidate { ground } if desk.ground(ground).is_none() => Err(Refusal::NoGround(ground.clone())),
            Self::Invalidate { ground } if ground == OTHER && note.trim().is_empty() => Err(Refusal::NoNote),
            Self::Manual { document, .. } if document.trim().is_empty() => Err(Refusal::NoDocument),
            Self::Return if level == Level::First => Err(Refusal::NothingBelow),
            Self::Return if note.trim().is_empty() => Err(Refusal::NoNote),
            _ => Ok(()),
        }
    }
}

/// Grounds that must be told in words.
const OTHER: &str = "other";

/// Why a decision or signature is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It waits for another level; none when all three have decided.
    Waits(Option<Level>),
    /// No such grounds.
    NoGround(String),
    /// A manual value needs a document.
    NoDocument,
    /// It must be said why.
    NoNote,
    /// There is no level below the first.
    NothingBelow,
    /// The finding is about no values.
    NoValues,
    /// More values than one decision takes.
    TooMany(usize),
    /// The span is signed at this level or above; it has to be returned first.
    Signed(Level),
    /// The span is published: the third level changes it, with a reason.
    Published(String),
    /// The span is not over yet.
    NotOver,
    /// So many findings of the span wait for this level or one below.
    Open(i64),
    /// The level below has not signed.
    Unsigned(Level),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waits(Some(l)) => write!(f, "待{0}级审核 · it waits for level {0}", l.number()),
            Self::Waits(None) => f.write_str("三级均已审核 · all three levels have decided"),
            Self::NoGround(code) => write!(f, "没有无效原因 {code:?} · no grounds {code:?}"),
            Self::NoDocument => f.write_str("人工值须注明依据文件 · a manual value needs a document"),
            Self::NoNote => f.write_str("须写明理由 · say why"),
            Self::NothingBelow => f.write_str("一审之下没有可退回的级别 · there is no level below the first"),
            Self::NoValues => f.write_str("此疑点不涉及具体数据 · this finding is about no values"),
            Self::TooMany(most) => write!(f, "一次最多处理{most}个值 · at most {most} values at once"),
            Self::Signed(l) => write!(f, "已由{0}级签署，须先退回 · signed at level {0}; return it first", l.number()),
            Self::Published(span) => {
                write!(
                    f,
                    "{span}已发布，只有三审可凭理由修改 · {span} is published: the third level changes it, with a reason"
                )
            }
            Self::NotOver => f.write_str("时段尚未结束 · the span is not over yet"),
            Self::Open(n) => write!(f, "还有{n}个疑点未审 · {n} findings wait for this level or one below"),
            Self::Unsigned(l) => write!(f, "{0}级尚未签署 · level {0} has not signed", l.number()),
        }
    }
}

impl std::error::Error for Refusal {}

/// Which level a finding waits for, after its last decision; none when all have decided.
pub fn waits_for(last: Option<(Level, bool)>) -> Option<Level> {
    match last {
        None => Some(Level::First),
        Some((level, true)) => Some(level.below().unwrap_or(Level::First)),
        Some((level, false)) => level.above(),
    }
}

/// One signature, or one return, of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    /// Who looked.
    pub level: Level,
    /// Edition that it is of, from 1.
    pub edition: i64,
    /// Given back to the level below instead of signed.
    pub returned: bool,
}

/// Where a span stands (签署状态).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The edition that is being made, or that is published.
    pub edition: i64,
    /// The highest level that has signed it.
    pub signed: Option<Level>,
    /// The newest published edition.
    pub published: Option<i64>,
}

/// Folds signatures, oldest first.
pub fn standing(signatures: impl IntoIterator<Item = Signature>) -> Standing {
    let mut now = Standing { edition: 1, signed: None, published: None };
    for s in signatures {
        now.edition = now.edition.max(s.edition);
        now.signed = if s.returned { s.level.below().and_then(Level::below) } else { Some(s.level) };
        if now.signed == Some(Level::Third) {
            now.published = Some(s.edition);
        }
    }
    now
}

/// Whether a level may sign now. `waiting` are findings of the span that wait for this level or one below.
///
/// # Errors
/// When it may not, and why.
pub fn may_sign(standing: Standing, level: Level, (over, waiting): (bool, i64)) -> Result<(), Refusal> {
    match (level.below(), standing.signed) {
        _ if !over => Err(Refusal::NotOver),
        (_, Some(signed)) if signed >= level => Err(Refusal::Signed(signed)),
        (Some(below), signed) if signed != Some(below) => Err(Refusal::Unsigned(below)),
        _ if waiting > 0 => Err(Refusal::Open(waiting)),
        _ => Ok(()),
    }
}

/// Whether a level may give a span back to the level below it.
///
/// # Errors
/// When it may not: the level below has not signed, the span is published, or it is not said why.
pub fn may_return(standing: Standing, level: Level, note: &str, span: &str) -> Result<(), Refusal> {
    let below = level.below().ok_or(Refusal::NothingBelow)?;
    match standing.signed {
        Some(Level::Third) => Err(Refusal::Published(span.to_owned())),
        Some(signed) if signed >= below => {
            if note.trim().is_empty() {
                Err(Refusal::NoNote)
            } else {
                Ok(())
            }
        }
        _ => Err(Refusal::Unsigned(below)),
    }
}

/// Whether a level may change values of a span. True when the change makes the next edition of what is published.
///
/// # Errors
/// When it may not.
pub fn may_change(standing: Standing, level: Level, note: &str, span: &str) -> Result<bool, Refusal> {
    match standing.signed {
        Some(Level::Third) if level != Level::Third => Err(Refusal::Published(span.to_owned())),
        Some(Level::Third) if note.trim().is_empty() => Err(Refusal::NoNote),
        Some(Level::Third) => Ok(true),
        Some(signed) if signed >= level => Err(Refusal::Signed(signed)),
        _ => Ok(false),
    }
}

/// What is signed: a civil day, or a span of evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignSpan {
    /// A day.
    Day(Date),
    /// A week, third of a month, month, quarter or year.
    Span(Span),
}

impl SignSpan {
    /// Reads `2026-03-01`, or what [`Span::parse`] reads.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(text: &str) -> Result<Self, NoSpan> {
        let day = || text.parse::<Date>().ok().filter(|day| day.to_string() == text);
        day().map_or_else(|| Span::parse(text).map(Self::Span), |day| Ok(Self::Day(day)))
    }

    /// Its first day.
    pub fn first(self) -> Date {
        match self {
            Self::Day(day) => day,
            Self::Span(span) => span.first(),
        }
    }

    /// Its last day.
    pub fn last(self) -> Date {
        match self {
            Self::Day(day) => day,
            Self::Span(span) => span.last(),
        }
    }
}

impl fmt::Display for SignSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => day.fmt(f),
            Self::Span(span) => span.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `1 2 r3 3e2`: level, `r` returns, `e` the edition.
    fn stands(text: &str) -> Standing {
        let one = |word: &str| {
            let (level, edition) = word.split_once('e').unwrap_or((word, "1"));
            let (returned, level) = level.strip_prefix('r').map_or((false, level), |l| (true, l));
            let level = Level::from_number(level.parse().expect("a level")).expect("1 to 3");
            Signature { level, edition: edition.parse().expect("an edition"), returned }
        };
        standing(text.split_whitespace().map(one))
    }

    #[test]
    fn levels_decide_one_after_the_other() {
        let check = |last, expected: Option<i64>| assert_eq!(waits_for(last).map(Level::number), expected);
        check(None, Some(1));
        check(Some((Level::First, false)), Some(2));
        check(Some((Level::Second, false)), Some(3));
        check(Some((Level::Third, false)), None);
        check(Some((Level::Third, true)), Some(2));
        check(Some((Level::Second, true)), Some(1));
        check(Some((Level::First, true)), Some(1));
    }

    #[test]
    fn a_span_is_signed_from_below() {
        let check = |before: &str, level: Level, waiting: i64, expected: &str| {
            let got = may_sign(stands(before), level, (true, waiting));
            assert_eq!(got.map_or_else(|e| format!("{e:?}"), |()| "ok".into()), expected, "{before:?} {level:?}");
        };
        check("", Level::First, 0, "ok");
        check("", Level::First, 3, "Open(3)");
        check("", Level::Second, 0, "Unsigned(First)");
        check("1", Level::First, 0, "Signed(First)");
        check("1", Level::Second, 0, "ok");
        check("1 2", Level::Third, 0, "ok");
        check("1 r2", Level::Second, 0, "Unsigned(First)");
        check("1 2 r3", Level::Second, 0, "ok");
        check("1 2 3", Level::Third, 0, "Signed(Third)");
        assert_eq!(may_sign(stands(""), Level::First, (false, 0)), Err(Refusal::NotOver));
    }

    #[test]
    fn what_is_published_changes_by_the_next_edition() {
        let check = |before: &str, level: Level, note: &str, expected: &str| {
            let got = may_change(stands(before), level, note, "2026-03");
            assert_eq!(
                got.map_or_else(|e| format!("{e:?}"), |next| next.to_string()),
                expected,
                "{before:?} {level:?}"
            );
        };
        check("", Level::First, "", "false");
        check("1", Level::First, "", "Signed(First)");
        check("1", Level::Second, "", "false");
        check("1 2 3", Level::Second, "why", "Published(\"2026-03\")");
        check("1 2 3", Level::Third, " ", "NoNote");
        check("1 2 3", Level::Third, "why", "true");
        let twice = stands("1 2 3 3e2");
        assert_eq!((twice.edition, twice.published, twice.signed), (2, Some(2), Some(Level::Third)));
        assert_eq!(may_return(stands("1 2 3"), Level::Third, "why", "x"), Err(Refusal::Published("x".into())));
        assert_eq!(may_return(stands("1 2"), Level::Third, "why", "x"), Ok(()));
        assert_eq!(may_return(stands("1 2"), Level::Third, "", "x"), Err(Refusal::NoNote));
        assert_eq!(may_return(stands("1"), Level::Third, "why", "x"), Err(Refusal::Unsigned(Level::Second)));
    }

    #[test]
    fn what_must_be_said_is_asked_for() {
        let desk = Desk::embedded().expect("loads");
        let check = |verdict: Verdict, note: &str, expected: Result<(), Refusal>| {
            assert_eq!(verdict.whole(Level::Second, note, &desk), expected, "{verdict:?}");
        };
        let invalid = |ground: &str| Verdict::Invalidate { ground: ground.into() };
        let manual = |document: &str| Verdict::Manual { value: Decimal::ONE, document: document.into() };
        check(Verdict::Accept, "", Ok(()));
        check(invalid("fault"), "", Ok(()));
        check(invalid("mood"), "", Err(Refusal::NoGround("mood".into())));
        check(invalid("other"), "", Err(Refusal::NoNote));
        check(invalid("other"), "鸟巢", Ok(()));
        check(manual(" "), "", Err(Refusal::NoDocument));
        check(manual("衢环监〔2026〕3号"), "", Ok(()));
        check(Verdict::Return, "", Err(Refusal::NoNote));
        assert_eq!(Verdict::Return.whole(Level::First, "why", &desk), Err(Refusal::NothingBelow));
    }

    #[test]
    fn days_and_spans_are_read() {
        let read = |text: &str| SignSpan::parse(text).map(|s| format!("{s} {} {}", s.first(), s.last())).ok();
        assert_eq!(read("2026-03-01").as_deref(), Some("2026-03-01 2026-03-01 2026-03-01"));
        assert_eq!(read("2026-02").as_deref(), Some("2026-02 2026-02-01 2026-02-28"));
        assert_eq!([read("2026-3-1"), read("yesterday"), read("2026-03-01T00:00")], [None, None, None]);
    }
}
