//! What a loudspeaker or an operator sends: a SIP message of any bytes, the description of a call in it, a WAV file. Each is read or
//! refused with a reason.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shanshui_voice::Sound;
use shanshui_voice::sip::message::{Message, cut};
use shanshui_voice::sip::sdp;

fuzz_target!(|bytes: &[u8]| {
    let _whole = cut(bytes);
    if let Some(message) = Message::read(bytes) {
        let _answer = (message.sequence(), message.branch(), sdp::answer(&message.body));
        assert!(Message::read(&message.answer(200, "OK", "t")).is_some(), "our own answer can be read");
    }
    match Sound::from_wav(bytes) {
        Ok(sound) => assert!(sound.seconds() <= 60.5, "a sound is bounded"),
        Err(error) => assert!(!error.zh().is_empty()),
    }
});
