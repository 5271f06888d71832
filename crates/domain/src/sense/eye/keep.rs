//! How long recordings and files of events are kept (留存). No standard was found that names a time for video of stations, so that
//! each is a setting.

use super::event::Event;
use crate::time::Instant;

/// Times and room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keeping {
    /// Days of files of an event after it ended.
    pub event_days: i64,
    /// Bytes that files of events may take; none is no bound.
    pub bytes_max: Option<u64>,
}

/// An event as the sweeper looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// When it ended.
    pub left: Instant,
    /// Bytes of its files.
    pub bytes: u64,
    /// A case of it is open, or nobody has looked at it yet.
    pub bound: bool,
}

impl Held {
    /// Of an event that has ended; none while it lasts.
    pub fn of(event: &Event, case_open: bool) -> Option<Self> {
        let there = event.files.iter().filter(|(_, there)| *there);
        let bytes = there.map(|(file, _)| file.size.max(0) as u64).sum();
        let bound = case_open || event.state() != "reviewed";
        Some(Self { left: event.left?, bytes, bound })
    }
}

/// Which of them, oldest first as given, lose their files: those whose time is over, and as many more of the oldest as must go for the
/// rest to have room. Nothing that a case or an open question holds ever goes.
pub fn over(held: &[Held], keeping: Keeping, now: Instant) -> Vec<usize> {
    let last = now.plus_ms(-keeping.event_days * 86_400_000);
    let mut total: u64 = held.iter().map(|h| h.bytes).sum();
    let mut gone = Vec::new();
    for (i, one) in held.iter().enumerate().filter(|(_, h)| !h.bound && h.bytes > 0) {
        if one.left < last || keeping.bytes_max.is_some_and(|max| total > max) {
            total -= one.bytes;
            gone.push(i);
        }
    }
    gone
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_goes_oldest_first_and_never_what_a_case_holds() {
        const DAY: i64 = 86_400_000_000;
        let held = |day: i64, bytes: u64, bound: bool| Held { left: Instant(day * DAY), bytes, bound };
        let all = [held(1, 10, true), held(2, 10, false), held(50, 10, false), held(60, 10, true), held(70, 10, false)];
        let check = |days, max, expected: &[usize]| {
            assert_eq!(over(&all, Keeping { event_days: days, bytes_max: max }, Instant(80 * DAY)), expected);
        };
        check(90, None, &[]);
        check(60, None, &[1]);
        check(90, Some(35), &[1, 2]);
        check(90, Some(0), &[1, 2, 4]);
    }
}
