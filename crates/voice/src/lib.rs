//! A sentence to a loudspeaker.
