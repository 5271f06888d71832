//! What findings and clues show: values and happenings as they were (证据), and reasons that can be said in two languages (理由).

use serde::Serialize;

use crate::analyse::series::{Series, StationEvent, Value};
use crate::standard::review::RuleBook;

/// Values that one finding shows at most of one series: the first and the last of a longer stretch.
const SHOWN_MAX: usize = 48;

/// One piece of evidence (证据). It quotes, and changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "evidence", rename_all = "snake_case")]
pub enum Evidence {
    /// A value that is itself doubtful.
    Seen {
        /// Factor code.
        factor: String,
        /// The value as sent.
        value: Value,
    },
    /// A value beside it: before, after, of another factor, of another station, of an earlier time.
    Beside {
        /// The other station; none for the same.
        station: Option<String>,
        /// Factor code.
        factor: String,
        /// The value as sent.
        value: Value,
    },
    /// A happening.
    Happened(StationEvent),
}

/// The values of a stretch, both ends inside; the middle of a long one is left out.
pub fn seen(series: &Series, from: usize, to: usize) -> Vec<Evidence> {
    let one = |value: &Value| Evidence::Seen { factor: series.factor().to_owned(), value: value.clone() };
    ends(&series.values()[from..=to]).map(one).collect()
}

/// The same as neighbours, of this station or another.
pub fn beside(station: Option<&str>, series: &Series, from: usize, to: usize) -> Vec<Evidence> {
    let station = station.map(str::to_owned);
    let one = |value: &Value| Evidence::Beside {
        station: station.clone(),
        factor: series.factor().to_owned(),
        value: value.clone(),
    };
    ends(&series.values()[from..=to]).map(one).collect()
}

fn ends(values: &[Value]) -> impl Iterator<Item = &Value> {
    let head = values.len().min(SHOWN_MAX / 2);
    let tail = (values.len() - head).min(SHOWN_MAX / 2);
    values[..head].iter().chain(&values[values.len() - tail..])
}

/// A language of reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// 中文.
    Chinese,
    /// English.
    English,
}

/// Why, as a code and its numbers (理由); [`Reason::say`] puts it into words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// Code, a row of `words.csv`.
    pub code: &'static str,
    /// Numbers by name, as text.
    pub numbers: Vec<(&'static str, String)>,
}

impl Reason {
    /// A reason with numbers of statistics, written with up to three decimals.
    pub fn new(code: &'static str, numbers: &[(&'static str, f64)]) -> Self {
        Self { code, numbers: numbers.iter().map(|(name, n)| (*name, short(*n))).collect() }
    }

    /// The reason in words; the bare code when the book has none for it.
    pub fn say(&self, book: &RuleBook, language: Language) -> String {
        say(book, language, self.code, self.numbers.iter().map(|(name, n)| (*name, n.as_str())))
    }
}

/// A reason in words, from its code and its numbers as they were kept.
pub fn say<'a>(
    book: &RuleBook,
    language: Language,
    code: &str,
    numbers: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> String {
    let Some(words) = book.words.iter().find(|w| w.code == code) else { return code.to_owned() };
    let text = match language {
        Language::Chinese => &words.zh,
        Language::English => &words.en,
    };
    numbers.into_iter().fold(text.clone(), |text, (name, n)| text.replace(&format!("{{{name}}}"), n))
}

/// Up to three decimals, without zeros at the end.
pub(crate) fn short(number: f64) -> String {
    let text = format!("{number:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Instant, PeriodKind};
    use crate::unit::Unit;
    use rust_decimal::Decimal;

    #[test]
    fn a_long_stretch_shows_both_of_its_ends() {
        let values = (0..100).map(|i| Value::normal(Instant(i), Decimal::from(i))).collect();
        let series = Series::new("w01001", Unit::Ph, PeriodKind::Minute, values).expect("ascends");
        let at = |e: &Evidence| match e {
            Evidence::Seen { value, .. } => value.at.0,
            _ => -1,
        };
        let shown: Vec<i64> = seen(&series, 0, 99).iter().map(at).collect();
        assert_eq!((shown.len(), shown[23], shown[24], shown[47]), (48, 23, 76, 99));
        assert_eq!((seen(&series, 5, 5).len(), beside(None, &series, 0, 29).len()), (1, 30));
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([short(1.0), short(0.1234), short(10.0), short(1.5)], ["1", "0.123", "10", "1.5"]);
    }
}
