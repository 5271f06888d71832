//! When a loudspeaker speaks, and when not (播报计划). It decides and does nothing: what is seen goes in with the time, what is to
//! be done comes out.
//!
//! One bout (一轮) is up to `repeats` times the sentence, `gap_s` apart, while somebody is there who was not announced. From the
//! last sentence of a bout to the first of the next pass `cool_down_s`, both at their beginning; whoever is still there then is spoken
//! to again. In quiet hours nothing is said, and once they end, to whoever is still there, it is. After `escalate_after` times without
//! anybody leaving, a person is called to the microphone, once in a bout, in quiet hours too if the rules say so. While a person talks,
//! the machine is silent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Minutes of a day.
const DAY_MIN: u16 = 1_440;
/// Stays that are known at once, at most; a further one is treated as one that is known.
const STAYS_MAX: usize = 256;

/// A moment: milliseconds that never go back, and the minute of the day at the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds since any fixed moment.
    pub at_ms: i64,
    /// Minutes since midnight, civil time of the station, 0 to 1,439.
    pub minute: u16,
}

/// A span of every day, in minutes since midnight; it may go over midnight. Empty where both are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// From this minute on.
    pub from: u16,
    /// Up to before this minute.
    pub to: u16,
}

impl Hours {
    /// Whether a minute lies in it.
    pub fn hold(self, minute: u16) -> bool {
        if self.from <= self.to {
            (self.from..self.to).contains(&minute)
        } else {
            minute >= self.from || minute < self.to
        }
    }
}

/// How a station's loudspeaker behaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// How often the sentence is said in one bout, 1 to 20.
    pub repeats: u32,
    /// Seconds between two beginnings of the sentence, 1 to 600; a sentence that lasts longer is said to its end.
    pub gap_s: u32,
    /// Seconds from the last sentence of a bout to the first of the next, both at their beginning, at least `gap_s`, at most a day.
    pub cool_down_s: u32,
    /// When nothing is said.
    pub quiet: Vec<Hours>,
    /// After how many times a person is called to the microphone; never where nothing is said.
    pub escalate_after: Option<u32>,
    /// In quiet hours a person is called at once, since nothing is said.
    pub quiet_calls: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self { repeats: 3, gap_s: 20, cool_down_s: 120, quiet: Vec::new(), escalate_after: Some(3), quiet_calls: false }
    }
}

impl Rules {
    /// The first setting that cannot be used: its name.
    pub fn wrong(&self) -> Option<&'static str> {
        let minutes = |h: &Hours| h.from >= DAY_MIN || h.to > DAY_MIN;
        match self {
            r if !(1..=20).contains(&r.repeats) => Some("repeats"),
            r if !(1..=600).contains(&r.gap_s) => Some("gap_s"),
            r if r.cool_down_s < r.gap_s || r.cool_down_s > 86_400 => Some("cool_down_s"),
            r if r.quiet.len() > 16 || r.quiet.iter().any(minutes) => Some("quiet"),
            r if r.escalate_after.is_some_and(|k| k == 0 || k > r.repeats) => Some("escalate_after"),
            _ => None,
        }
    }
}

/// A stay of somebody within a fence, by the number of its event.
pub type Stay = u64;

/// What has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Somebody has entered; `approved` where a visit was announced (维护报备).
    Entered {
        /// Which stay.
        stay: Stay,
        /// Whether the visit was announced.
        approved: bool,
    },
    /// A stay was announced after all, or no longer is.
    Judged {
        /// Which stay.
        stay: Stay,
        /// Whether it is announced.
        approved: bool,
    },
    /// Somebody has left.
    Left {
        /// Which stay.
        stay: Stay,
    },
    /// A person has begun to talk.
    TalkBegun,
    /// The person has ended.
    TalkEnded,
    /// Time has passed.
    Tick,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Say the sentence.
    Speak {
        /// For which stay: the oldest that is not announced.
        stay: Stay,
        /// Which time in this bout, from 1.
        turn: u32,
    },
    /// Call a person to the microphone.
    CallPerson {
        /// For which stay.
        stay: Stay,
    },
    /// Somebody has entered, and nothing is said now.
    Withheld {
        /// Which stay.
        stay: Stay,
        /// Why.
        why: Why,
    },
    /// Whatever is being said ends: nobody is there any more, or a person talks.
    Hush,
}

/// Why nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The visit was announced.
    Approved,
    /// It is a quiet hour.
    QuietHours,
    /// It was just said.
    CoolDown,
    /// A person talks.
    Talking,
}

/// Of one bout.
#[derive(Debug, Clone, Copy, Default)]
struct Bout {
    turn: u32,
    called: bool,
}

/// One loudspeaker.
#[derive(Debug, Clone)]
pub struct Speaker {
    rules: Rules,
    /// Who is there; true where announced.
    stays: BTreeMap<Stay, bool>,
    bout: Option<Bout>,
    /// When the sentence was last begun.
    spoken: Option<i64>,
    /// Milliseconds that it lasts.
    lasts_ms: i64,
    /// The bout before has had all its turns, or ended because all left.
    cooling: bool,
    talking: bool,
    /// The latest moment that was seen; time does not go back.
    latest: i64,
}

impl Speaker {
    /// A loudspeaker that has said nothing yet.
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            stays: BTreeMap::new(),
            bout: None,
            spoken: None,
            lasts_ms: 0,
            cooling: false,
            talking: false,
            latest: i64::MIN,
        }
    }

    /// Other rules, from the next decision on.
    pub fn rule(&mut self, rules: Rules) {
        self.rules = rules;
    }

    /// The sentence lasts so many milliseconds: the next is not begun before.
    pub fn lasting(&mut self, ms: i64) {
        self.lasts_ms = ms;
    }

    /// Takes what has happened, and says what is to be done.
    pub fn on(&mut self, seen: Seen, now: Now) -> Vec<Act> {
        self.latest = self.latest.max(now.at_ms);
        let now = Now { at_ms: self.latest, ..now };
        let mut acts = Vec::new();
        match seen {
            Seen::Entered { stay, approved } => self.entered(stay, approved, now, &mut acts),
            Seen::Judged { stay, approved } => {
                let before = self.stays.get_mut(&stay).map(|a| std::mem::replace(a, approved));
                if before == Some(false) && approved {
                    self.hush_if_empty(&mut acts);
                }
            }
            Seen::Left { stay } => {
                if self.stays.remove(&stay) == Some(false) {
                    self.hush_if_empty(&mut acts);
                }
            }
            Seen::TalkBegun => {
                if !std::mem::replace(&mut self.talking, true) {
                    acts.push(Act::Hush);
                }
            }
            Seen::TalkEnded => {
                // after a person the machine does not at once begin again
                if std::mem::replace(&mut self.talking, false) {
                    self.spoken = Some(now.at_ms);
                }
            }
            Seen::Tick => {}
        }
        self.decide(now, &mut acts);
        acts
    }

    /// When a [`Seen::Tick`] is worth it next; none while nobody is there who was not announced. Quiet hours are looked at each
    /// minute.
    pub fn wake(&self, now: Now) -> Option<i64> {
        self.intruder()?;
        if self.talking {
            return None;
        }
        if self.is_quiet(now) {
            return Some(now.at_ms.max(self.latest) + 60_000);
        }
        Some(self.due())
    }

    /// Who is there and was not announced: the oldest stay.
    fn intruder(&self) -> Option<Stay> {
        self.stays.iter().find(|(_, approved)| !**approved).map(|(stay, _)| *stay)
    }

    fn is_quiet(&self, now: Now) -> bool {
        self.rules.quiet.iter().any(|h| h.hold(now.minute))
    }

    /// From when on the next sentence, or the call for a person, may come; any time where nothing was said yet.
    fn due(&self) -> i64 {
        let wait = if self.cooling { self.rules.cool_down_s } else { self.rules.gap_s };
        self.spoken.map_or(self.latest, |at| at.saturating_add((i64::from(wait) * 1_000).max(self.lasts_ms)))
    }

    fn entered(&mut self, stay: Stay, approved: bool, now: Now, acts: &mut Vec<Act>) {
        if self.stays.len() >= STAYS_MAX || self.stays.insert(stay, approved).is_some() {
            return;
        }
        let why = if approved {
            Why::Approved
        } else if self.talking {
            Why::Talking
        } else if self.is_quiet(now) {
            Why::QuietHours
        } else if self.due() > now.at_ms {
            Why::CoolDown
        } else {
            return;
        };
        acts.push(Act::Withheld { stay, why });
    }

    /// The last who was not announced is gone: the bout is over.
    fn hush_if_empty(&mut self, acts: &mut Vec<Act>) {
        if self.intruder().is_none() && self.bout.take().is_some_and(|b| b.turn > 0) {
            self.cooling = true;
            acts.push(Act::Hush);
        }
    }

    fn decide(&mut self, now: Now, acts: &mut Vec<Act>) {
        let Some(stay) = self.intruder() else { return };
        if self.talking {
            return;
        }
        if self.is_quiet(now) {
            let bout = self.bout.get_or_insert_default();
            if self.rules.quiet_calls && !bout.called {
                bout.called = true;
                acts.push(Act::CallPerson { stay });
            }
            return;
        }
        if self.due() > now.at_ms {
            return;
        }
        if self.cooling {
            self.cooling = false;
            self.bout = None;
        }
        let bout = self.bout.get_or_insert_default();
        if self.rules.escalate_after.is_some_and(|k| bout.turn >= k) && !bout.called {
            bout.called = true;
            acts.push(Act::CallPerson { stay });
        }
        if bout.turn >= self.rules.repeats {
            // the cool-down may be over already, if nobody woke us
            self.cooling = true;
            return self.decide(now, acts);
        }
        bout.turn += 1;
        self.spoken = Some(now.at_ms);
        acts.push(Act::Speak { stay, turn: bout.turn });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Now {
        Now { at_ms: second * 1_000, minute: ((second / 60) % 1_440) as u16 }
    }

    fn rules() -> Rules {
        Rules { repeats: 2, gap_s: 10, cool_down_s: 60, quiet: Vec::new(), escalate_after: Some(2), quiet_calls: false }
    }

    const IN: Seen = Seen::Entered { stay: 1, approved: false };

    #[test]
    fn a_stay_from_the_first_word_to_the_call_and_on() {
        let mut s = Speaker::new(rules());
        assert_eq!(s.on(IN, at(0)), [Act::Speak { stay: 1, turn: 1 }]);
        assert_eq!(s.wake(at(0)), Some(10_000));
        assert_eq!(s.on(Seen::Tick, at(9)), []);
        assert_eq!(s.on(Seen::Tick, at(10)), [Act::Speak { stay: 1, turn: 2 }]);
        assert_eq!(s.on(Seen::Tick, at(20)), [Act::CallPerson { stay: 1 }]);
        assert_eq!(s.on(Seen::Tick, at(69)), []);
        assert_eq!(s.on(Seen::Tick, at(70)), [Act::Speak { stay: 1, turn: 1 }], "still there after the cool-down");
        assert_eq!(s.on(Seen::Left { stay: 1 }, at(71)), [Act::Hush]);
        assert_eq!(s.wake(at(71)), None);
        assert_eq!(
            s.on(Seen::Entered { stay: 2, approved: false }, at(80)),
            [Act::Withheld { stay: 2, why: Why::CoolDown }]
        );
        assert_eq!(s.wake(at(80)), Some(130_000));
        assert_eq!(s.on(Seen::Tick, at(130)), [Act::Speak { stay: 2, turn: 1 }]);
    }

    #[test]
    fn a_long_sentence_is_said_to_its_end() {
        let mut s = Speaker::new(rules());
        assert_eq!(s.on(IN, at(0)), [Act::Speak { stay: 1, turn: 1 }]);
        s.lasting(25_000);
        assert_eq!(s.wake(at(0)), Some(25_000), "and not the gap of ten seconds");
        assert_eq!(s.on(Seen::Tick, at(24)), []);
        assert_eq!(s.on(Seen::Tick, at(25)), [Act::Speak { stay: 1, turn: 2 }]);
    }

    #[test]
    fn an_announced_visit_is_not_shouted_at() {
        let mut s = Speaker::new(rules());
        let seen = Seen::Entered { stay: 5, approved: true };
        assert_eq!(s.on(seen, at(0)), [Act::Withheld { stay: 5, why: Why::Approved }]);
        assert_eq!(s.on(seen, at(1)), [], "said once");
        assert_eq!(s.wake(at(1)), None);
        assert_eq!(s.on(IN, at(2)), [Act::Speak { stay: 1, turn: 1 }], "somebody else beside it is");
        assert_eq!(s.on(Seen::Judged { stay: 1, approved: true }, at(3)), [Act::Hush]);
        assert_eq!(s.on(Seen::Judged { stay: 1, approved: false }, at(4)), []);
        assert_eq!(s.on(Seen::Tick, at(62)), [Act::Speak { stay: 1, turn: 1 }]);
    }

    #[test]
    fn quiet_hours_over_midnight() {
        let night = Hours { from: 1_320, to: 360 };
        assert!(night.hold(1_320) && night.hold(0) && night.hold(359) && !night.hold(360) && !night.hold(1_319));
        assert!(!Hours { from: 5, to: 5 }.hold(5));
        let mut s = Speaker::new(Rules { quiet: vec![night], quiet_calls: true, ..rules() });
        let almost_six = at(359 * 60);
        assert_eq!(
            s.on(IN, almost_six),
            [Act::Withheld { stay: 1, why: Why::QuietHours }, Act::CallPerson { stay: 1 }]
        );
        assert_eq!(s.wake(almost_six), Some(360 * 60_000));
        assert_eq!(s.on(Seen::Tick, at(360 * 60)), [Act::Speak { stay: 1, turn: 1 }]);
    }

    #[test]
    fn a_person_at_the_microphone_is_not_talked_over() {
        let mut s = Speaker::new(rules());
        s.on(IN, at(0));
        assert_eq!(s.on(Seen::TalkBegun, at(1)), [Act::Hush]);
        assert_eq!(
            s.on(Seen::Entered { stay: 2, approved: false }, at(2)),
            [Act::Withheld { stay: 2, why: Why::Talking }]
        );
        assert_eq!((s.on(Seen::Tick, at(100)), s.wake(at(100))), (vec![], None));
        assert_eq!(s.on(Seen::TalkEnded, at(101)), []);
        assert_eq!(s.on(Seen::Tick, at(111)), [Act::Speak { stay: 1, turn: 2 }]);
    }

    #[test]
    fn rules_that_cannot_be_used() {
        assert_eq!(Rules::default().wrong(), None);
        for (rules, field) in [
            (Rules { repeats: 0, ..rules() }, "repeats"),
            (Rules { gap_s: 0, ..rules() }, "gap_s"),
            (Rules { cool_down_s: 9, ..rules() }, "cool_down_s"),
            (Rules { quiet: vec![Hours { from: 1_440, to: 3 }], ..rules() }, "quiet"),
            (Rules { escalate_after: Some(3), ..rules() }, "escalate_after"),
        ] {
            assert_eq!(rules.wrong(), Some(field));
        }
    }

    fn seen() -> impl Strategy<Value = Seen> {
        let stay = 0..4_u64;
        prop_oneof![
            (stay.clone(), prop::bool::weighted(0.3)).prop_map(|(stay, approved)| Seen::Entered { stay, approved }),
            (stay.clone(), any::<bool>()).prop_map(|(stay, approved)| Seen::Judged { stay, approved }),
            stay.prop_map(|stay| Seen::Left { stay }),
            Just(Seen::TalkBegun),
            Just(Seen::TalkEnded),
            Just(Seen::Tick),
            Just(Seen::Tick),
            Just(Seen::Tick),
        ]
    }

    proptest! {
        /// Whatever comes: never twice within the gap, never in quiet hours, never to nobody or over a person, never more than its
        /// turns in a row without the cool-down, one call for a person in a bout.
        #[test]
        fn what_never_happens(
            steps in prop::collection::vec((seen(), 0..90_000_i64), 1..120),
            repeats in 1..4_u32, gap_s in 1..30_u32, more in 0..90_u32, escalate in prop::option::of(1..4_u32),
            quiet in prop::option::of((0..40_u16, 0..40_u16)), quiet_calls in any::<bool>(),
        ) {
            let rules = Rules {
                repeats, gap_s, cool_down_s: gap_s + more, quiet: quiet.map(|(from, to)| Hours { from, to }).into_iter().collect(),
                escalate_after: escalate.map(|k| k.min(repeats)), quiet_calls,
            };
            prop_assert_eq!(rules.wrong(), None);
            let mut s = Speaker::new(rules.clone());
            let (mut ms, mut last, mut last_turn, mut calls) = (0, None::<i64>, 0, 0);
            let (mut there, mut talking) = (BTreeMap::new(), false);
            for (seen, passed) in steps {
                ms += passed;
                let now = Now { at_ms: ms, minute: ((ms / 60_000) % 1_440) as u16 };
                match seen {
                    Seen::Entered { stay, approved } => { there.entry(stay).and_modify(|a| *a = approved).or_insert(approved); }
                    Seen::Judged { stay, approved } => { there.entry(stay).and_modify(|a| *a = approved); }
                    Seen::Left { stay } => { there.remove(&stay); }
                    Seen::TalkBegun => talking = true,
                    Seen::TalkEnded => talking = false,
                    Seen::Tick => {}
                }
                for act in s.on(seen, now) {
                    match act {
                        Act::Speak { stay, turn } => {
                            prop_assert_eq!(there.get(&stay), Some(&false));
                            prop_assert!(!talking && !rules.quiet.iter().any(|h| h.hold(now.minute)));
                            prop_assert!(turn >= 1 && turn <= repeats);
                            let since = last.map_or(i64::MAX, |l| ms - l);
                            prop_assert!(since >= i64::from(gap_s) * 1_000);
                            if turn == 1 {
                                prop_assert!(since >= i64::from(rules.cool_down_s) * 1_000 || last_turn == 0);
                                calls = 0;
                            } else {
                                prop_assert_eq!(turn, last_turn + 1);
                            }
                            (last, last_turn) = (Some(ms), turn);
                        }
                        Act::CallPerson { stay } => {
                            prop_assert_eq!(there.get(&stay), Some(&false));
                            calls += 1;
                            prop_assert!(calls <= 1 || quiet_calls);
                        }
                        Act::Withheld { .. } | Act::Hush => {}
                    }
                }
            }
        }

        /// Whoever stays is spoken to again and again, if the machine is only woken when it asks for it.
        #[test]
        fn nobody_is_forgotten(repeats in 1..4_u32, gap_s in 1..30_u32, more in 0..90_u32, quiet in (0..90_u16, 0..90_u16)) {
            let quiet = vec![Hours { from: quiet.0, to: quiet.1 }];
            let rules = Rules { repeats, gap_s, cool_down_s: gap_s + more, quiet, escalate_after: None, quiet_calls: false };
            let longest = i64::from(rules.cool_down_s.max(gap_s)) * 1_000 + 60_000;
            let mut s = Speaker::new(rules.clone());
            let mut ms = 0;
            let mut spoken = 0;
            let mut acts = s.on(IN, at(0));
            for _ in 0..3_000 {
                spoken = if acts.iter().any(|a| matches!(a, Act::Speak { .. })) { ms } else { spoken };
                let now = Now { at_ms: ms, minute: ((ms / 60_000) % 1_440) as u16 };
                if rules.quiet[0].hold(now.minute) {
                    spoken = ms;
                }
                prop_assert!(ms - spoken <= longest, "silent from {spoken} to {ms}");
                let next = s.wake(now).expect("somebody is there");
                prop_assert!(next > ms, "it asks to be woken in the past");
                ms = next;
                acts = s.on(Seen::Tick, Now { at_ms: ms, minute: ((ms / 60_000) % 1_440) as u16 });
            }
        }
    }
}
