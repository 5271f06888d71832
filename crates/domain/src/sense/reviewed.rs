//! Values as a reviewer says them (审核后的值): one more version of a reading, beside what the device has sent.
//!
//! Such a version has no telegram, and its `extra` begins with `Review=` and the id of the decision, which says who, when and why.
//! A value that counts keeps the mark `N`, so that whatever reads readings need not know of review; one that does not count carries
//! [`INVALID`], which is no mark of HJ 212-2017 §6.6.4. What a device says afterwards becomes a version too, and the reviewed one is
//! said again above it ([`crate::sense::Kept::Beside`]).

use crate::sense::{Reading, ReadingKey};
use crate::time::Instant;

/// Data mark of a value that a reviewer has declared invalid (审核无效).
pub const INVALID: &str = "X";
/// Data mark of a value that counts.
const COUNTS: &str = "N";
/// What `extra` of a reviewed version begins with.
const SIGN: &str = "Review=";

/// What stands in the place of a decision where a value is held as it was published.
pub const PUBLISHED: &str = "published";

/// What a reviewer makes of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruling {
    /// 无效: the number stays to be seen and does not count.
    Invalid,
    /// 人工值: another number, as text.
    Manual(String),
    /// 恢复: what the device said last.
    Restored,
}

impl Reading {
    /// Whether a reviewer said it.
    pub fn is_reviewed(&self) -> bool {
        self.telegram.is_none() && is_reviewed(&self.extra)
    }
}

/// Whether the `extra` of a version without a telegram says that a reviewer said it.
pub fn is_reviewed(extra: &str) -> bool {
    extra.starts_with(SIGN)
}

/// The decision that a reviewed version names.
pub fn decision_of(extra: &str) -> Option<&str> {
    extra.strip_prefix(SIGN)?.split(',').next()
}

/// What a device said last of a key: value, other statistics, mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device<'a> {
    /// Value.
    pub value: Option<&'a str>,
    /// Other statistics.
    pub extra: &'a str,
    /// Data mark.
    pub mark: &'a str,
}

/// The version that a ruling makes of what the device said. Statistics of a value that is another number are no longer true and are
/// left out.
pub fn reviewed(key: ReadingKey, device: Device<'_>, ruling: &Ruling, (decision, at): (&str, Instant)) -> Reading {
    let (value, extra, mark) = match ruling {
        Ruling::Invalid => (device.value, device.extra, INVALID),
        Ruling::Manual(value) => (Some(value.as_str()), "", COUNTS),
        Ruling::Restored => (device.value, device.extra, device.mark),
    };
    let comma = if extra.is_empty() { "" } else { "," };
    let extra = format!("{SIGN}{decision}{comma}{extra}");
    Reading { key, value: value.map(str::to_owned), extra, mark: mark.into(), arrived: at, late: false, telegram: None }
}

/// The version that holds a value as it was published (发布后冻结) when a device says something else; a value that was not there
/// then does not count, and carries the mark of one that is invalid.
pub fn held(late: &Reading, published: Option<Device<'_>>) -> Reading {
    let (device, mark) = match published {
        Some(device) => (device, device.mark),
        None => (Device { value: late.value.as_deref(), extra: &late.extra, mark: &late.mark }, INVALID),
    };
    let restored = reviewed(late.key, device, &Ruling::Restored, (PUBLISHED, late.arrived));
    Reading { mark: mark.into(), ..restored }
}

/// Whether a version only holds what was published.
pub fn is_held(extra: &str) -> bool {
    decision_of(extra) == Some(PUBLISHED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::PointId;
    use crate::time::PeriodKind;

    #[test]
    fn a_reviewed_value_says_by_what() {
        let key = ReadingKey { point: PointId(1), kind: PeriodKind::Hour, at: Instant(10) };
        let device = Device { value: Some("9.34"), extra: "Min=8,Max=10", mark: "D" };
        let check = |ruling: &Ruling, expected: &str| {
            let r = reviewed(key, device, ruling, ("d1", Instant(99)));
            assert!(r.is_reviewed());
            assert_eq!(decision_of(&r.extra), Some("d1"));
            assert_eq!(format!("{} {} {}", r.value.unwrap_or_default(), r.mark, r.extra), expected);
        };
        check(&Ruling::Invalid, "9.34 X Review=d1,Min=8,Max=10");
        check(&Ruling::Manual("7.9".into()), "7.9 N Review=d1");
        check(&Ruling::Restored, "9.34 D Review=d1,Min=8,Max=10");
        let late = reviewed(key, device, &Ruling::Manual("8".into()), ("d2", Instant(100)));
        let late = Reading { extra: String::new(), telegram: Some(crate::id::TelegramId(1)), ..late };
        let say = |r: Reading| format!("{} {} {}", r.value.clone().unwrap_or_default(), r.mark, r.extra);
        assert_eq!(say(held(&late, Some(device))), "9.34 D Review=published,Min=8,Max=10");
        assert_eq!(say(held(&late, None)), "8 X Review=published");
        assert!(is_held("Review=published") && !is_held("Review=d1") && !is_held(""));
        assert_eq!((is_reviewed("Min=8"), decision_of("Min=8"), is_reviewed("")), (false, None, false));
    }
}
