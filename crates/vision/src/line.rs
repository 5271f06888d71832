//! Lines that nobody may cross. A crossing is told when a foot point has come from one side to the other through the line itself,
//! from hit to hit; somebody who sways on the line is told once.

use crate::fence::{Direction, Plan};
use crate::geometry::{self, Point};
use crate::sight::{Crossed, Seen, Sight, TrackNow};
use std::collections::HashMap;

/// As far from the line somebody must be to count as on a side, in fractions of the picture.
const CLEAR: f64 = 0.008;

/// Who stands on which side.
#[derive(Debug, Default)]
pub struct Lines {
    /// By line and track: the last foot point that was clear of the line.
    clear: HashMap<(String, u64), Point>,
}

impl Lines {
    /// One picture. `usual` is the threshold of labels of which the plan says nothing.
    pub fn step(&mut self, plan: &Plan, usual: f32, at: f64, minute: u16, tracks: &[TrackNow]) -> Vec<Sight> {
        self.clear.retain(|(line, track), _| {
            tracks.iter().any(|t| t.track == *track) && plan.lines.iter().any(|l| l.id == *line)
        });
        let mut told = Vec::new();
        for line in &plan.lines {
            for track in tracks.iter().filter(|t| t.seen == Seen::Hit && line.takes(&t.label)) {
                let needed = if track.label == crate::UNCLASSIFIED { 0.0 } else { usual };
                if track.score < plan.threshold(&track.label, minute, needed) {
                    continue;
                }
                let foot = track.bbox.foot();
                let side = |p| geometry::side(line.from, line.to, p) / geometry::distance(line.from, line.to).max(1e-9);
                if side(foot).abs() < CLEAR {
                    continue;
                }
                let Some(was) = self.clear.insert((line.id.clone(), track.track), foot) else { continue };
                if side(was) * side(foot) > 0.0 || !geometry::meet(line.from, line.to, was, foot) {
                    continue;
                }
                let direction = if side(foot) > 0.0 { Direction::LeftToRight } else { Direction::RightToLeft };
                if line.direction == Direction::Both || line.direction == direction {
                    let (line, label) = (line.id.clone(), track.label.clone());
                    let (track, score, bbox) = (track.track, track.score, track.bbox);
                    told.push(Sight::Crossed(Crossed { line, label, track, at, score, bbox, direction }));
                }
            }
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Rect;

    /// Crossings of a level line from (0.2, 0.5) to (0.8, 0.5) by feet at these places.
    fn crossings(direction: &str, feet: &[(f32, f32)]) -> Vec<Direction> {
        let text =
            format!(r#"{{"lines": [{{"id": "l", "from": [0.2,0.5], "to": [0.8,0.5], "direction": "{direction}"}}]}}"#);
        let plan = Plan::parse(&text, None).unwrap();
        let mut lines = Lines::default();
        let mut found = Vec::new();
        for (i, &(x, y)) in feet.iter().enumerate() {
            let bbox = Rect::new(x - 0.02, y - 0.2, x + 0.02, y);
            let now =
                TrackNow { track: 7, label: "person".to_owned(), score: 0.6, bbox, moving: true, seen: Seen::Hit };
            for sight in lines.step(&plan, 0.4, i as f64 * 0.2, 0, &[now]) {
                let Sight::Crossed(c) = sight else { panic!() };
                found.push(c.direction);
            }
        }
        found
    }

    #[test]
    fn lines_are_crossed_one_way_or_the_other() {
        use Direction::{LeftToRight, RightToLeft};
        let down = [(0.5, 0.4), (0.5, 0.48), (0.5, 0.56)];
        let up = [(0.5, 0.6), (0.5, 0.4)];
        assert_eq!(crossings("both", &down), [LeftToRight]);
        assert_eq!(crossings("both", &up), [RightToLeft]);
        assert_eq!(crossings("left_to_right", &up), []);
        assert_eq!(crossings("right_to_left", &up), [RightToLeft]);
    }

    #[test]
    fn beside_the_line_is_not_across_and_swaying_is_once() {
        assert_eq!(crossings("both", &[(0.9, 0.4), (0.9, 0.6)]), []);
        assert_eq!(crossings("both", &[(0.5, 0.45), (0.5, 0.502), (0.5, 0.497), (0.5, 0.503), (0.5, 0.52)]).len(), 1);
        assert_eq!(crossings("both", &[(0.5, 0.499), (0.5, 0.501), (0.5, 0.499)]), []);
    }
}
