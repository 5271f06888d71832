//! Answers to a digest challenge (RFC 2617, RFC 7616), for HTTP and SIP alike. Nothing else of a challenge is answered: a
//! password never goes out by SIP in the clear.

use digest_auth::{AuthContext, HttpMethod};

/// Bytes of a challenge, at most.
const CHALLENGE_MAX: usize = 2_048;

/// The value of the authorisation header that answers `challenge`, or none where it cannot be answered.
pub(crate) fn answer(challenge: &str, user: &str, password: &str, method: &str, uri: &str) -> Option<String> {
    // the parser beneath counts characters where it should count bytes: it sees plain ASCII only
    if challenge.len() > CHALLENGE_MAX || !challenge.bytes().all(|b| (0x20..0x7F).contains(&b)) {
        return None;
    }
    let (scheme, rest) = challenge.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("digest") {
        return None;
    }
    let context = AuthContext::new_with_method(user, password, uri, None::<&[u8]>, HttpMethod::from(method.to_owned()));
    let answer = digest_auth::parse(rest).ok()?.respond(&context).ok()?.to_header_string();
    answer.bytes().all(|b| b >= 0x20 && b != 0x7F).then_some(answer)
}

/// Whether a challenge says that only its number had grown old.
pub(crate) fn stale(challenge: &str) -> bool {
    challenge.to_ascii_lowercase().replace(['"', ' '], "").contains("stale=true")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_example_without_quality_of_protection() {
        // RFC 2069 with the corrected sum of its erratum 749
        let challenge = r#"Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41""#;
        let said = answer(challenge, "Mufasa", "CircleOfLife", "GET", "/dir/index.html").expect("an answer");
        assert!(said.contains(r#"response="1949323746fe6a43ef61f9606e7febea""#), "{said}");
        assert!(said.contains(r#"opaque="5ccc069c403ebaf9f0171e9517f40e41""#), "{said}");
    }

    #[test]
    fn what_is_not_answered() {
        assert_eq!(answer("Basic realm=\"x\"", "u", "p", "INVITE", "sip:a"), None);
        assert_eq!(answer("Digest realm=\"门\", nonce=\"1\"", "u", "p", "INVITE", "sip:a"), None);
        assert_eq!(answer("Digest nonce=\"1\"", "u", "p", "INVITE", "sip:a"), None);
        assert!(stale("Digest stale = TRUE, nonce=\"1\"") && !stale("Digest stale=false"));
    }

    proptest! {
        #[test]
        fn no_challenge_breaks_it(rest in "[ -~]{0,80}") {
            let _ = answer(&format!("Digest {rest}"), "u", "p", "INVITE", "sip:a");
            let _ = answer(&format!("Digest realm=\"a\", nonce=\"b\", {rest}"), "u", "p", "INVITE", "sip:a");
        }
    }
}
