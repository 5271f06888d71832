//! A person talks (喊话): pieces of sound from a browser's microphone, put into frames of 20 ms.
//!
//! What comes late leaves silence; what comes too fast, or piles up, loses its oldest part. So the delay stays small and the memory
//! bounded, whatever the network between does.

use std::collections::VecDeque;

use tokio::sync::mpsc;

use crate::alaw::{self, FRAME, SILENCE};
use crate::rtp::Source;

/// Gathered before the first is heard, and again after a gap: 60 ms.
const CUSHION: usize = 3 * FRAME;
/// Kept, at most: 400 ms.
const KEPT_MAX: usize = 20 * FRAME;
/// Pieces on the way, at most.
const WAITING_MAX: usize = 64;
/// Samples of a piece, at most: a second.
const PIECE_MAX: usize = alaw::RATE as usize;
/// After so long without a piece the call ends: 10 s.
const IDLE_MAX: u32 = 500;
/// A call lasts so long, at most: five minutes.
const FRAMES_MAX: u32 = 5 * 60 * 50;

/// A piece of sound at 8,000 samples a second, mono.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// A-law.
    Alaw(Vec<u8>),
    /// Samples of 16 bits.
    Pcm(Vec<i16>),
}

impl Piece {
    /// From bytes: samples of 16 bits, the lower byte first, as a browser's typed array has them.
    pub fn of_pcm_bytes(bytes: &[u8]) -> Self {
        Self::Pcm(bytes.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect())
    }

    fn len(&self) -> usize {
        match self {
            Self::Alaw(codes) => codes.len(),
            Self::Pcm(samples) => samples.len(),
        }
    }
}

/// Why a piece was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// Longer than a second.
    #[error("a piece longer than a second")]
    TooLong,
    /// Pieces pile up; this one is lost.
    #[error("pieces pile up")]
    Full,
    /// The call is over.
    #[error("the call is over")]
    Over,
}

/// Where pieces go in.
#[derive(Debug, Clone)]
pub struct Microphone(mpsc::Sender<Piece>);

impl Microphone {
    /// Hands over a piece, without waiting.
    ///
    /// # Errors
    /// When it is too long, pieces pile up, or the call is over.
    pub fn push(&self, piece: Piece) -> Result<(), NotTaken> {
        if piece.len() > PIECE_MAX {
            return Err(NotTaken::TooLong);
        }
        self.0.try_send(piece).map_err(|e| match e {
            mpsc::error::TrySendError::Full(_) => NotTaken::Full,
            mpsc::error::TrySendError::Closed(_) => NotTaken::Over,
        })
    }
}

/// Where frames come out.
#[derive(Debug)]
pub struct Live {
    pieces: mpsc::Receiver<Piece>,
    cushion: Cushion,
    idle: u32,
    frames: u32,
    ended: bool,
}

/// A microphone and the frames it becomes. The call ends when all microphones are dropped.
pub fn channel() -> (Microphone, Live) {
    let (into, pieces) = mpsc::channel(WAITING_MAX);
    (Microphone(into), Live { pieces, cushion: Cushion::default(), idle: 0, frames: 0, ended: false })
}

impl Live {
    /// Milliseconds of sound that were dropped because they piled up.
    pub fn dropped_ms(&self) -> u64 {
        self.cushion.dropped / u64::from(alaw::RATE / 1_000)
    }

    fn take_in(&mut self) {
        self.idle += 1;
        loop {
            match self.pieces.try_recv() {
                Ok(piece) => {
                    self.idle = 0;
                    match piece {
                        Piece::Alaw(codes) => self.cushion.put(&codes),
                        Piece::Pcm(samples) => self.cushion.put(&alaw::encode_all(&samples)),
                    }
                }
                Err(mpsc::error::TryRecvError::Empty) => return,
                Err(mpsc::error::TryRecvError::Disconnected) => {
                    self.ended = true;
                    self.cushion.open = true;
                    return;
                }
            }
        }
    }
}

impl Source for Live {
    fn next(&mut self) -> Option<[u8; FRAME]> {
        self.take_in();
        self.frames += 1;
        let empty = self.ended && self.cushion.kept.is_empty();
        if empty || self.idle > IDLE_MAX || self.frames > FRAMES_MAX {
            self.pieces.close();
            return None;
        }
        Some(self.cushion.get())
    }
}

/// A small buffer against the unsteadiness of the way.
#[derive(Debug, Default)]
struct Cushion {
    kept: VecDeque<u8>,
    /// Enough was gathered; frames flow.
    open: bool,
    dropped: u64,
}

impl Cushion {
    fn put(&mut self, codes: &[u8]) {
        self.kept.extend(codes);
        if self.kept.len() > KEPT_MAX {
            // back to the cushion at once, so that one break is heard and not many
            let over = self.kept.len() - CUSHION;
            self.kept.drain(..over);
            self.dropped += over as u64;
        }
    }

    fn get(&mut self) -> [u8; FRAME] {
        self.open = (self.open || self.kept.len() >= CUSHION) && !self.kept.is_empty();
        if !self.open {
            return [SILENCE; FRAME];
        }
        let n = self.kept.len().min(FRAME);
        let codes: Vec<u8> = self.kept.drain(..n).collect();
        alaw::frame(&codes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn silence_when_late_and_the_end_when_dropped() {
        let (microphone, mut live) = channel();
        assert_eq!(live.next(), Some([SILENCE; FRAME]), "nothing yet");
        microphone.push(Piece::Alaw(vec![1; FRAME])).expect("taken");
        assert_eq!(live.next(), Some([SILENCE; FRAME]), "too little to begin with");
        microphone.push(Piece::Pcm(vec![0; 2 * FRAME])).expect("taken");
        assert_eq!(live.next(), Some([1; FRAME]));
        assert_eq!(live.next(), Some([SILENCE; FRAME]));
        assert_eq!(live.next(), Some([SILENCE; FRAME]));
        microphone.push(Piece::Alaw(vec![7; 10])).expect("taken");
        drop(microphone);
        let last = live.next().expect("the rest");
        assert!(last[..10] == [7; 10] && last[10..] == [SILENCE; FRAME - 10]);
        assert_eq!(live.next(), None);
    }

    #[test]
    fn a_pile_loses_its_oldest() {
        let (microphone, mut live) = channel();
        for n in 0..WAITING_MAX {
            microphone.push(Piece::Alaw(vec![n as u8; FRAME])).expect("taken");
        }
        assert_eq!(microphone.push(Piece::Alaw(vec![0; FRAME])), Err(NotTaken::Full));
        assert_eq!(microphone.push(Piece::Alaw(vec![0; PIECE_MAX + 1])), Err(NotTaken::TooLong));
        let first = live.next().expect("a frame")[0];
        assert!(usize::from(first) > WAITING_MAX - 21, "{first} is old");
        assert!(live.dropped_ms() > 0);
        drop(live);
        assert_eq!(microphone.push(Piece::Alaw(vec![0; FRAME])), Err(NotTaken::Over));
    }

    #[test]
    fn silence_for_good_ends_it() {
        let (_microphone, mut live) = channel();
        let frames = std::iter::from_fn(|| live.next()).count();
        assert_eq!(frames, IDLE_MAX as usize);
    }

    fn voiced(frame: &[u8; FRAME]) -> usize {
        frame.iter().filter(|c| **c != SILENCE).count()
    }

    proptest! {
        #[test]
        fn never_more_than_it_may_keep(pieces in proptest::collection::vec((0..2_000_usize, 0..4_u8), 0..60)) {
            let (microphone, mut live) = channel();
            let (mut put, mut got) = (0, 0);
            for (length, gets) in pieces {
                if microphone.push(Piece::Alaw(vec![3; length])).is_ok() {
                    put += length;
                }
                for _ in 0..gets {
                    got += live.next().map_or(0, |f| voiced(&f));
                    prop_assert!(live.cushion.kept.len() <= KEPT_MAX);
                }
            }
            drop(microphone);
            while let Some(frame) = live.next() {
                got += voiced(&frame);
            }
            prop_assert_eq!(put, got + live.cushion.dropped as usize);
        }
    }
}
