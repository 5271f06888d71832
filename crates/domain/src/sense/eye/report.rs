//! The fence's month (围栏月报): what each camera saw, how long it was blind, and how often it was right.

use serde::Serialize;

use super::event::Event;
use super::guard::{Guard, Lasted, lasted};
use super::{EventKind, Spoken, Suspicion, Verdict};
use crate::time::Instant;

/// One camera's row. Counts are of events that began in the span.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Counted {
    /// Intrusions, crossings and things left behind.
    pub intrusions: i64,
    /// Stays within approved visits.
    pub visits: i64,
    /// Stays of maintenance without approval.
    pub without_approval: i64,
    /// Events that were nothing.
    pub wrong: i64,
    /// Animals.
    pub animals: i64,
    /// Events that nobody has looked at.
    pub unreviewed: i64,
    /// Events that somebody has looked at.
    pub reviewed: i64,
    /// Of those, events in which there was somebody or something.
    pub right: i64,
    /// Loudspeaker used.
    pub voice_sent: i64,
    /// Loudspeaker failed.
    pub voice_failed: i64,
    /// Doubts lifted.
    pub lifted: i64,
    /// Doubts confirmed.
    pub confirmed: i64,
    /// How long each state lasted.
    pub lasted: Lasted,
}

impl Counted {
    /// Of the events that were looked at, how many had somebody or something in them; none when nobody has looked.
    pub fn precision(&self) -> Option<f64> {
        (self.reviewed > 0).then(|| self.right as f64 / self.reviewed as f64)
    }

    /// Of the time that is known, how much was blind.
    pub fn blind_share(&self) -> Option<f64> {
        let known = self.lasted.guarded + self.lasted.intrusion + self.lasted.blind;
        (known > 0).then(|| self.lasted.blind as f64 / known as f64)
    }
}

/// The row of a camera over `[from, to)`.
pub fn counted<'a>(events: impl IntoIterator<Item = &'a Event>, guards: &[Guard], span: (Instant, Instant)) -> Counted {
    let mut row = Counted { lasted: lasted(guards, span), ..Counted::default() };
    for event in events {
        let one = |is: bool| i64::from(is);
        if event.begun.kind == EventKind::Visit {
            row.visits += 1;
            continue;
        }
        row.intrusions += 1;
        row.without_approval += one(event.verdict == Some(Verdict::Maintenance));
        row.wrong += one(event.verdict == Some(Verdict::False));
        row.animals += one(event.verdict == Some(Verdict::Animal));
        row.unreviewed += one(event.verdict.is_none());
        row.reviewed += one(event.verdict.is_some());
        row.right += one(event.verdict.is_some_and(|v| v != Verdict::False));
        row.voice_sent += one(matches!(event.voice, Some(Spoken::Sent | Spoken::Acknowledged)));
        row.voice_failed += one(event.voice == Some(Spoken::Failed));
        row.lifted += one(event.suspicion == Some(Suspicion::Lifted));
        row.confirmed += one(event.suspicion == Some(Suspicion::Confirmed));
    }
    row
}

#[cfg(test)]
mod tests {
    use super::super::event::tests::begun;
    use super::*;

    #[test]
    fn a_month_is_counted() {
        let event = |kind, verdict| Event { verdict, voice: Some(Spoken::Sent), ..Event::new(begun(kind)) };
        let all = [
            event(EventKind::Intrusion, Some(Verdict::Person)),
            event(EventKind::Intrusion, Some(Verdict::False)),
            event(EventKind::Crossed, Some(Verdict::Maintenance)),
            event(EventKind::Intrusion, None),
            event(EventKind::Visit, None),
        ];
        let row = counted(&all, &[], (Instant(0), Instant(1)));
        assert_eq!((row.intrusions, row.visits, row.reviewed, row.unreviewed, row.right), (4, 1, 3, 1, 2));
        assert_eq!((row.without_approval, row.wrong, row.voice_sent), (1, 1, 4));
        assert_eq!(row.precision(), Some(2.0 / 3.0));
        assert_eq!((row.blind_share(), Counted::default().precision()), (None, None));
    }
}
