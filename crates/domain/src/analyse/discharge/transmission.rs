//! How much of what was due came, and how much of that was valid (传输率、有效率、传输有效率), of one factor at one outlet. The rule
//! is data (`transmission.csv`) and is to be confirmed. One value is due for each hour that no mark excuses (停运, 无排放).

use jiff::ToSpan;
use jiff::civil::DateTime;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::mark::OperatorMark;
use super::series::{HourState, Measured, OutletHour, Series, Span};
use super::{DischargeError, percent};
use crate::standard::discharge::{Discharge, RateRule, TransmissionRule};

/// Hours in a row of which nothing came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotReceived {
    /// First hour.
    pub from: DateTime,
    /// How many.
    pub hours: u32,
}

/// Hours under a mark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkedHours {
    /// The mark.
    pub mark: OperatorMark,
    /// Its Chinese term; empty when read back.
    #[serde(skip_deserializing)]
    pub zh: &'static str,
    /// How many.
    pub hours: u32,
    /// Whether a value was due under it.
    pub due: bool,
}

/// Transmission of one factor at one outlet over a stretch. Rates are per cent, unrounded, never above 100; none when nothing was due,
/// the effective one also when nothing came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transmission {
    /// Outlet.
    pub outlet: String,
    /// Factor code.
    pub factor: String,
    /// The stretch.
    #[serde(flatten)]
    pub span: Span,
    /// Hours of the stretch.
    pub hours: u32,
    /// Values due (应传).
    pub due: u32,
    /// Values that came and can be read, of those due (实传).
    pub received: u32,
    /// Valid ones of them (有效).
    pub valid: u32,
    /// 传输率.
    pub transmission_percent: Option<Decimal>,
    /// 有效率.
    pub effective_percent: Option<Decimal>,
    /// 传输有效率.
    pub combined_percent: Option<Decimal>,
    /// The rule, with how sure it is and where it is said.
    pub rule: TransmissionRule,
    /// Hours under marks.
    pub marked: Vec<MarkedHours>,
    /// What was due and did not come.
    pub not_received: Vec<NotReceived>,
}

/// Counts a stretch.
///
/// # Errors
/// An unknown factor, and as [`Series::over`].
pub fn transmission(
    rules: &Discharge,
    outlet: &str,
    series: &Series,
    span: Span,
) -> Result<Transmission, DischargeError> {
    series.factor(rules)?;
    let mut t = Transmission {
        outlet: outlet.to_owned(),
        factor: series.factor.clone(),
        span,
        hours: 0,
        due: 0,
        received: 0,
        valid: 0,
        transmission_percent: None,
        effective_percent: None,
        combined_percent: None,
        rule: rules.transmission.clone(),
        marked: Vec::new(),
        not_received: Vec::new(),
    };
    for hour in series.over(span)? {
        t.count(rules, &hour);
    }
    let fraction = |rule| t.fraction(rule);
    let (transmission, effective) = (fraction(t.rule.transmission.rule), fraction(t.rule.effective.rule));
    let combined = match t.rule.combined.rule {
        RateRule::Product => (transmission.0 * effective.0, transmission.1 * effective.1),
        rule => fraction(rule),
    };
    t.transmission_percent = percent(transmission.0, transmission.1);
    t.effective_percent = percent(effective.0, effective.1);
    t.combined_percent = percent(combined.0, combined.1);
    Ok(t)
}

impl Transmission {
    fn count(&mut self, rules: &Discharge, hour: &OutletHour) {
        self.hours += 1;
        if let Some(mark) = hour.mark {
            self.under(mark, rules.mark(mark).due);
        }
        let state = HourState::of_amount(hour, rules);
        if matches!(state, HourState::NotDue(_)) {
            return;
        }
        self.due += 1;
        self.valid += u32::from(matches!(state, HourState::Valid(_)));
        match hour.value {
            Measured::Missing => self.absent(hour.start),
            _ => self.received += 1,
        }
    }

    fn under(&mut self, mark: OperatorMark, due: bool) {
        match self.marked.iter_mut().find(|m| m.mark == mark) {
            Some(seen) => seen.hours += 1,
            None => self.marked.push(MarkedHours { mark, zh: mark.zh(), hours: 1, due }),
        }
    }

    fn absent(&mut self, at: DateTime) {
        let next = |n: &NotReceived| n.from.saturating_add(i64::from(n.hours).hours()) == at;
        match self.not_received.last_mut().filter(|n| next(n)) {
            Some(last) => last.hours += 1,
            None => self.not_received.push(NotReceived { from: at, hours: 1 }),
        }
    }

    /// Part and whole, both whole numbers: the rates divide once.
    fn fraction(&self, rule: RateRule) -> (Decimal, Decimal) {
        let (part, whole) = match rule {
            RateRule::ReceivedOfDue => (self.received, self.due),
            RateRule::ValidOfReceived => (self.valid, self.received),
            RateRule::ValidOfDue | RateRule::Product => (self.valid, self.due),
        };
        (part.into(), whole.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyse::discharge::sample::{day, rules, series};
    use crate::unit::Unit;
    use proptest::prelude::*;

    fn of(rules: &Discharge, text: &str) -> Result<Transmission, DischargeError> {
        let series = series("w01018", Unit::MgPerL, "2026-05-04 00", text);
        transmission(rules, "ol01", &series, Span::Day { day: day("2026-05-04") })
    }

    fn show(t: &Transmission) -> String {
        let percent = |p: Option<Decimal>| p.map_or("-".into(), |p| p.round_dp(2).normalize().to_string());
        let rates = [t.transmission_percent, t.effective_percent, t.combined_percent].map(percent).join(" ");
        format!("{} {} {} = {rates}", t.due, t.received, t.valid)
    }

    fn check(text: &str, expected: &str) {
        assert_eq!(show(&of(rules(), text).expect("good")), expected, "{text}");
    }

    #[test]
    fn what_was_due_what_came_what_was_valid() {
        check("24x30", "24 24 24 = 100 100 100");
        // 18 of 24 came, 12 of them valid: 75 %, 66.67 %, and 12/24 = 50 %
        check("12x30 6x?D 4x. 2x-", "24 18 12 = 75 66.67 50");
        // nothing is due of 12 hours: 9 of 12, all valid
        check("9x30 3x- 6x!no_discharge:0 6x!stopped:-", "12 9 9 = 75 100 75");
        // maintenance: it came and is not valid; start-up is valid; below detection is a value
        check("6x!maintenance:3 6x!start_up:90 12x<4", "24 24 18 = 100 75 75");
        check("24x-", "24 0 0 = 0 - -");
        check("24x!stopped:-", "0 0 0 = - - -");
    }

    #[test]
    fn the_answer_names_what_did_not_come_and_what_was_marked() {
        let t = of(rules(), "2x- 10x30 3x. 7x30 2x!stopped:-").expect("good");
        let gaps: Vec<String> = t.not_received.iter().map(|n| format!("{}+{}", n.from.hour(), n.hours)).collect();
        assert_eq!(gaps, ["0+2", "12+3"]);
        assert_eq!((t.marked.len(), t.marked[0].zh, t.marked[0].hours, t.marked[0].due), (1, "停运", 2, false));
        assert_eq!((t.rule.combined.mark.as_str(), t.hours), ("?", 24));
    }

    #[test]
    fn the_rule_is_data() {
        let mut other = rules().clone();
        other.transmission.transmission.rule = RateRule::ValidOfDue;
        other.transmission.effective.rule = RateRule::ValidOfDue;
        assert_eq!(show(&of(&other, "12x30 6x?D 6x-").expect("good")), "24 18 12 = 50 50 25");
        other.transmission.combined.rule = RateRule::ValidOfDue;
        assert_eq!(show(&of(&other, "12x30 6x?D 6x-").expect("good")), "24 18 12 = 50 50 50");
        let unknown = series("w9", Unit::MgPerL, "2026-05-04 00", "1");
        let got = transmission(rules(), "ol01", &unknown, Span::Day { day: day("2026-05-04") });
        assert_eq!(got, Err(DischargeError::UnknownFactor("w9".into())));
    }

    proptest! {
        #[test]
        fn no_rate_passes_the_whole(kinds in proptest::collection::vec(0usize..6, 0..40)) {
            let words = ["30", "-", ".", "?D", "!maintenance:1", "!no_discharge:0"];
            let text: Vec<&str> = kinds.iter().map(|k| words[*k]).collect();
            let t = of(rules(), &text.join(" ")).expect("good");
            prop_assert!(t.valid <= t.received && t.received <= t.due && t.due <= t.hours);
            for rate in [t.transmission_percent, t.effective_percent, t.combined_percent].into_iter().flatten() {
                prop_assert!(rate >= Decimal::ZERO && rate <= Decimal::ONE_HUNDRED);
            }
            let lost: u32 = t.not_received.iter().map(|n| n.hours).sum();
            prop_assert_eq!(lost, t.due - t.received);
        }
    }
}
