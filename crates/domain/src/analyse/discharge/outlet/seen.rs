//! What is taken of one judged day of one factor.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use rust_decimal::Decimal;

use super::{Count, Detail, Judged, LimitUsed, Stretch, Why, Worst};
use crate::analyse::discharge::Outcome;
use crate::analyse::discharge::air::AirDay;
use crate::analyse::discharge::binding::Resolved;
use crate::analyse::discharge::series::Coverage;
use crate::analyse::discharge::water::WaterDay;
use crate::standard::Bound;
use crate::standard::discharge::Decides;
use crate::unit::Unit;

/// What a stretch was, the strongest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    NotJudged,
    Marked,
    Within,
    Beyond,
}

impl State {
    pub(super) fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Within => Self::Within,
            Outcome::Exceeds { .. } | Outcome::EarlyWarning { .. } => Self::Beyond,
            Outcome::Marked { .. } => Self::Marked,
            Outcome::NotJudged(_) => Self::NotJudged,
        }
    }
}

/// What is taken of one day.
pub(super) struct Seen {
    pub(super) day: Date,
    pub(super) stretch: Stretch,
    pub(super) states: Vec<(DateTime, State)>,
    pub(super) count: Count,
    pub(super) finding: bool,
    pub(super) share_decides: bool,
    pub(super) unit: Option<Unit>,
    pub(super) limits: Vec<LimitUsed>,
    pub(super) coverage: Coverage,
    pub(super) mean: Option<Decimal>,
    pub(super) worst: Option<Worst>,
    pub(super) why: Option<Why>,
}

impl Seen {
    pub(super) fn of(day: Date, judged: &Judged, instead: Option<Why>) -> Self {
        let mut seen = Self {
            day,
            stretch: Stretch::Day,
            states: vec![(day.at(0, 0, 0, 0), State::NotJudged)],
            count: Count::default(),
            finding: false,
            share_decides: false,
            unit: None,
            limits: Vec::new(),
            coverage: Coverage::default(),
            mean: None,
            worst: None,
            why: None,
        };
        match judged {
            Ok(Detail::Water(water)) => seen.water(water, instead),
            Ok(Detail::Air(air)) => seen.air(air),
            Err(error) => {
                seen.count.not_judged = 1;
                seen.why = Some(Why::error(error));
            }
        }
        seen
    }

    fn limited(&mut self, limits: &[Option<&Resolved>]) {
        let bindings = limits.iter().flatten().filter_map(|l| l.binding().ok());
        self.limits = bindings.map(LimitUsed::of).collect();
    }

    /// The day as a whole.
    fn see(&mut self, outcome: &Outcome) {
        self.states = vec![(self.day.at(0, 0, 0, 0), State::of(outcome))];
        self.count.see(outcome);
    }

    fn water(&mut self, water: &WaterDay, instead: Option<Why>) {
        self.limited(&[Some(&water.limit)]);
        self.see(&water.outcome);
        self.why = Why::outcome(&water.outcome).map(|why| match instead {
            Some(instead) if why.code == "low_coverage" && water.coverage.missing < water.coverage.due() => instead,
            _ => why,
        });
        let range = matches!(water.limit.binding().map(|b| b.limit.bound), Ok(Bound::Between { .. }));
        if let Outcome::Exceeds { times_over } = water.outcome {
            let value = water.mean.filter(|_| !range);
            self.worst = Some(Worst { at: water.day.to_string(), value, times_over });
        }
        (self.unit, self.coverage, self.mean, self.finding) =
            (Some(water.unit), water.coverage, water.mean, water.finding);
    }

    fn air(&mut self, air: &AirDay) {
        self.limited(&[air.day_limit.as_ref(), air.hour_limit.as_ref()]);
        self.share_decides = matches!(air.deciding.decides, Decides::MonthShare { .. });
        if air.deciding.decides == Decides::Day {
            self.see(&air.outcome);
            self.why = Why::outcome(&air.outcome);
            if let Outcome::Exceeds { times_over } = air.outcome {
                self.worst = Some(Worst { at: air.day.to_string(), value: air.mean, times_over });
            }
        } else {
            self.stretch = Stretch::Hour;
            self.states = air.hours.iter().map(|h| (h.start, State::of(&h.outcome))).collect();
            air.hours.iter().for_each(|h| self.count.see(&h.outcome));
            self.worst = worst_hour(air);
            self.why = (self.count.judged == 0)
                .then(|| most(air.hours.iter().filter_map(|h| Why::outcome(&h.outcome))))
                .flatten();
        }
        (self.unit, self.coverage, self.mean, self.finding) = (Some(air.unit), air.coverage, air.mean, air.finding);
    }

    pub(super) fn plain(&self) -> bool {
        self.count.beyond == 0 && self.count.judged > 0
    }
}

fn worst_hour(air: &AirDay) -> Option<Worst> {
    let beyond = air.hours.iter().filter_map(|h| match h.outcome {
        Outcome::Exceeds { times_over } | Outcome::EarlyWarning { times_over } => Some((h, times_over)),
        _ => None,
    });
    // of equal ones the first
    let (hour, times_over) = beyond.reduce(|best, h| if h.1 > best.1 { h } else { best })?;
    let value = hour.folding.as_ref().and_then(|f| f.value().ok());
    Some(Worst { at: hour.start.to_string(), value, times_over })
}

/// The one that is there most often; of equal ones the first in order.
pub(super) fn most(all: impl Iterator<Item = Why>) -> Option<Why> {
    let mut counts: BTreeMap<String, (u32, Why)> = BTreeMap::new();
    for why in all {
        counts.entry(why.code.clone()).or_insert((0, why)).0 += 1;
    }
    counts.into_values().reduce(|best, one| if one.0 > best.0 { one } else { best }).map(|(_, why)| why)
}
