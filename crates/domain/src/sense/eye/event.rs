//! An event and its steps: what may follow what, and what it is after them.

use serde::{Deserialize, Serialize};

use super::{EventKind, Spoken, Suspicion, Verdict};
use crate::id::{CaseId, PersonId, StationCode};
use crate::time::Instant;

/// Which model said what a picture shows (检测模型).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    /// Layout of its answer: `nanodet`, `yolox`, `yolov8`.
    pub family: String,
    /// Name of its file.
    pub name: String,
    /// SHA-256 of its file, in hex.
    pub sha256: String,
    /// What runs it: `rten` or `ort`.
    pub runtime: String,
}

/// What an event begins with: everything that a later upgrade could change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Begun {
    /// Camera, by id, and its version.
    pub camera: (String, i64),
    /// Station.
    pub station: StationCode,
    /// Of what.
    pub kind: EventKind,
    /// What was seen: a label of the model, or `unclassified`.
    pub label: String,
    /// The fence or line, by id, and its name.
    pub fence: (String, String),
    /// Version of the camera's plan, and SHA-256 of its text.
    pub plan: (i64, String),
    /// Thresholds that applied, as JSON.
    pub thresholds: serde_json::Value,
    /// Model; none when only motion was seen.
    pub model: Option<Model>,
    /// When it came near, if there is an outer zone.
    pub approached: Option<Instant>,
    /// When it entered, by this machine's clock.
    pub entered: Instant,
    /// The same by the stream, in seconds since it began.
    pub stream_s: f64,
    /// The camera's clock less ours, milliseconds, where the camera tells its own.
    pub clock_offset_ms: Option<i64>,
    /// How sure the detector was, 0 to 1.
    pub score: f64,
    /// Left, top, right, bottom: fractions of the picture.
    pub bbox: [f64; 4],
    /// The approved visit that covers it.
    pub visit: Option<String>,
}

/// What a file of an event shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct File {
    /// Name within the event.
    pub name: String,
    /// `entry`, `best`, `exit`, `clip`.
    pub kind: String,
    /// Bytes.
    pub size: i64,
    /// SHA-256, in hex.
    pub sha256: String,
    /// SM3, in hex.
    pub sm3: String,
    /// What stretch it shows; a picture an instant.
    pub span: (Instant, Instant),
    /// What is to be made unrecognisable in copies: seconds from the beginning, label, box.
    pub boxes: Vec<(f64, String, [f64; 4])>,
}

/// One step of an event. Each is a link of the chain of its event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    /// Somebody entered.
    Begun(Box<Begun>),
    /// A file was kept.
    Filed(File),
    /// Something was said by loudspeaker, or not.
    Spoke {
        /// What came of it.
        result: Spoken,
        /// Milliseconds from the entry to the first byte of sound.
        first_byte_ms: Option<i64>,
        /// By which means, and what it answered.
        detail: String,
    },
    /// They left, or nothing more could be seen of them.
    Left {
        /// Until when they were there.
        until: Instant,
        /// The best score of the stay.
        score: f64,
        /// Why it ended, when not by leaving: `blind`, `restart`.
        cut: Option<String>,
    },
    /// A reviewer said what it was.
    Judged {
        /// What.
        verdict: Verdict,
        /// Why.
        reason: String,
    },
    /// A reviewer lifted or confirmed the doubt about the data.
    Doubt {
        /// How it stands now.
        now: Suspicion,
        /// Why.
        reason: String,
    },
    /// A case was opened from it.
    Case {
        /// Which.
        case: CaseId,
    },
    /// Somebody looked at it unblurred.
    Unblurred {
        /// Which file.
        name: String,
        /// Why.
        reason: String,
    },
    /// A pack of its evidence was made.
    Packed {
        /// Unblurred.
        plain: bool,
        /// Why.
        reason: String,
        /// SHA-256 of the pack's manifest.
        manifest: String,
    },
    /// A file's time was over; its digests stay.
    Removed {
        /// Which.
        name: String,
    },
}

/// A step with its when and who.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub at: Instant,
    /// Who; none of the program.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub by: Option<PersonId>,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// Why a step cannot follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The first step begins it, and no other does.
    #[error("an event begins once")]
    Beginning,
    /// It has ended already.
    #[error("it has ended already")]
    Ended,
    /// Whoever is still there is not judged yet.
    #[error("it lasts still")]
    Lasts,
    /// There is nothing to doubt.
    #[error("no data is doubted for it")]
    NoDoubt,
    /// The doubt was lifted or confirmed, and stays so.
    #[error("the doubt has been settled")]
    Settled,
    /// A named reviewer and a reason are needed.
    #[error("a person and a reason are needed")]
    Nobody,
    /// There is a case already.
    #[error("there is a case already")]
    HasCase,
    /// There is no such file.
    #[error("there is no such file")]
    NoFile,
}

/// An event as it is now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// What it began with.
    pub begun: Begun,
    /// When they left.
    pub left: Option<Instant>,
    /// The best score.
    pub score: f64,
    /// What reviewers said it was, the last of it.
    pub verdict: Option<Verdict>,
    /// The doubt about the data.
    pub suspicion: Option<Suspicion>,
    /// The last of what was said by loudspeaker.
    pub voice: Option<Spoken>,
    /// Its case.
    pub case: Option<CaseId>,
    /// Its files; of those that were removed only what is said of them is left.
    pub files: Vec<(File, bool)>,
    /// Steps so far.
    pub steps: u64,
}

impl Event {
    /// The fold of its steps.
    ///
    /// # Errors
    /// The first step that cannot follow.
    pub fn of<'a>(steps: impl IntoIterator<Item = &'a Step>) -> Result<Self, Refusal> {
        let mut steps = steps.into_iter();
        let What::Begun(begun) = steps.next().map(|s| s.what.clone()).ok_or(Refusal::Beginning)? else {
            return Err(Refusal::Beginning);
        };
        let mut event = Self::new(*begun);
        for step in steps {
            event.follow(step)?;
        }
        Ok(event)
    }

    /// As it begins. Whatever is no approved visit puts the data of its time in doubt.
    pub fn new(begun: Begun) -> Self {
        let suspicion = (begun.kind != EventKind::Visit).then_some(Suspicion::Standing);
        let (score, voice, case) = (begun.score, None, None);
        Self { begun, left: None, score, verdict: None, suspicion, voice, case, files: Vec::new(), steps: 1 }
    }

    /// One step further.
    ///
    /// # Errors
    /// When the step cannot follow; then nothing has changed.
    pub fn follow(&mut self, step: &Step) -> Result<(), Refusal> {
        let named =
            |reason: &str| if step.by.is_some() && !reason.trim().is_empty() { Ok(()) } else { Err(Refusal::Nobody) };
        match &step.what {
            What::Begun(_) => return Err(Refusal::Beginning),
            What::Filed(file) => self.files.push((file.clone(), true)),
            What::Spoke { result, .. } => self.voice = Some(*result),
            What::Left { until, score, .. } => {
                if self.left.is_some() {
                    return Err(Refusal::Ended);
                }
                (self.left, self.score) = (Some(*until.max(&self.begun.entered)), score.max(self.score));
            }
            What::Judged { verdict, reason } => {
                named(reason)?;
                self.left.ok_or(Refusal::Lasts)?;
                self.verdict = Some(*verdict);
            }
            What::Doubt { now, reason } => {
                named(reason)?;
                self.left.ok_or(Refusal::Lasts)?;
                match self.suspicion.ok_or(Refusal::NoDoubt)? {
                    Suspicion::Standing if *now != Suspicion::Standing => self.suspicion = Some(*now),
                    _ => return Err(Refusal::Settled),
                }
            }
            What::Case { case } => {
                if self.case.is_some() {
                    return Err(Refusal::HasCase);
                }
                self.case = Some(*case);
            }
            What::Unblurred { name, reason } => {
                named(reason)?;
                self.file(name)?;
            }
            What::Packed { reason, .. } => named(reason)?,
            What::Removed { name } => {
                let file = self.files.iter_mut().rev().find(|(file, there)| file.name == *name && *there);
                file.ok_or(Refusal::NoFile)?.1 = false;
            }
        }
        self.steps += 1;
        Ok(())
    }

    /// A file that is still there, the newest of its name.
    ///
    /// # Errors
    /// When there is none.
    pub fn file(&self, name: &str) -> Result<&File, Refusal> {
        let found = self.files.iter().rev().find(|(file, there)| file.name == name && *there);
        found.map(|(file, _)| file).ok_or(Refusal::NoFile)
    }

    /// The stretch of the station's data that it puts in doubt, `[from, to)`: the stay with a margin on either side.
    pub fn doubted(&self, margin_ms: i64, now: Instant) -> Option<(Instant, Instant)> {
        self.suspicion?;
        let first = self.begun.approached.unwrap_or(self.begun.entered);
        Some((first.plus_ms(-margin_ms), self.left.unwrap_or(now).plus_ms(margin_ms)))
    }

    /// `open` while somebody is there, then `unreviewed` until somebody has said what it was.
    pub fn state(&self) -> &'static str {
        match (self.left, self.verdict) {
            (None, _) => "open",
            // what was approved beforehand waits for nobody
            (Some(_), None) if self.begun.kind != EventKind::Visit => "unreviewed",
            _ => "reviewed",
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use uuid::Uuid;

    use super::*;

    pub(crate) fn begun(kind: EventKind) -> Begun {
        Begun {
            camera: ("c1".into(), 1),
            station: "ms16".into(),
            kind,
            label: "person".into(),
            fence: ("head".into(), "采样口".into()),
            plan: (2, "00".into()),
            thresholds: serde_json::json!({"day": 0.4}),
            model: None,
            approached: None,
            entered: Instant(10_000_000),
            stream_s: 6.4,
            clock_offset_ms: None,
            score: 0.6,
            bbox: [0.4, 0.3, 0.5, 0.8],
            visit: None,
        }
    }

    fn step(by: bool, what: What) -> Step {
        Step { at: Instant(0), by: by.then_some(PersonId(Uuid::nil())), what }
    }

    fn left() -> Step {
        step(false, What::Left { until: Instant(20_000_000), score: 0.9, cut: None })
    }

    fn doubt(now: Suspicion) -> Step {
        step(true, What::Doubt { now, reason: "看过录像".into() })
    }

    fn judged() -> What {
        What::Judged { verdict: Verdict::Person, reason: "看过录像".into() }
    }

    #[test]
    fn an_event_goes_its_way() {
        let first = step(false, What::Begun(Box::new(begun(EventKind::Intrusion))));
        let event = Event::of([&first, &left(), &step(true, judged()), &doubt(Suspicion::Lifted)]).expect("goes");
        assert_eq!((event.left, event.score, event.state()), (Some(Instant(20_000_000)), 0.9, "reviewed"));
        assert_eq!((event.suspicion, event.steps), (Some(Suspicion::Lifted), 4));
        for step in [first, left(), step(true, judged()), doubt(Suspicion::Lifted)] {
            let json = serde_json::to_string(&step).expect("json");
            assert_eq!(serde_json::from_str::<Step>(&json).expect("read"), step, "{json}");
        }
    }

    #[test]
    fn what_cannot_follow_is_refused_and_changes_nothing() {
        let check = |before: &[Step], next: Step, why: Refusal| {
            let mut event = Event::new(begun(EventKind::Intrusion));
            for step in before {
                event.follow(step).expect("follows");
            }
            let was = event.clone();
            assert_eq!(event.follow(&next), Err(why));
            assert_eq!(event, was);
        };
        check(&[], step(true, judged()), Refusal::Lasts);
        check(&[left()], left(), Refusal::Ended);
        check(&[left()], step(false, judged()), Refusal::Nobody);
        let silent = What::Judged { verdict: Verdict::Person, reason: " ".into() };
        check(&[left()], step(true, silent), Refusal::Nobody);
        check(&[left(), doubt(Suspicion::Lifted)], doubt(Suspicion::Confirmed), Refusal::Settled);
        check(&[left()], doubt(Suspicion::Standing), Refusal::Settled);
        check(&[], step(false, What::Removed { name: "clip.mp4".into() }), Refusal::NoFile);
        check(&[], step(false, What::Begun(Box::new(begun(EventKind::Visit)))), Refusal::Beginning);
    }

    #[test]
    fn a_visit_puts_nothing_in_doubt_and_waits_for_nobody() {
        let mut event = Event::new(begun(EventKind::Visit));
        assert_eq!(event.doubted(60_000, Instant(0)), None);
        event.follow(&left()).expect("left");
        assert_eq!(event.state(), "reviewed");
        assert_eq!(event.follow(&doubt(Suspicion::Lifted)), Err(Refusal::NoDoubt));
    }

    #[test]
    fn data_is_doubted_from_the_approach_to_after_the_leaving() {
        let mut one = begun(EventKind::Intrusion);
        one.approached = Some(Instant(8_000_000));
        let mut event = Event::new(one);
        assert_eq!(event.doubted(1_000, Instant(12_000_000)), Some((Instant(7_000_000), Instant(13_000_000))));
        event.follow(&left()).expect("left");
        assert_eq!(event.doubted(1_000, Instant(99_000_000)), Some((Instant(7_000_000), Instant(21_000_000))));
    }
}
