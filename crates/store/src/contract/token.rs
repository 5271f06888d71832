//! Tokens, and people of another house.

use shanshui_domain::id::TokenId;
use shanshui_domain::right::{Caller, Right, Role};
use shanshui_domain::time::Instant;

use super::system::li;
use super::{Home, caller, person};
use crate::{PersonRow, Store, StoreError, TOKENS_MAX, TokenKind, TokenRow};

fn row(id: u128, of: u128) -> TokenRow {
    TokenRow {
        id: TokenId(uuid::Uuid::from_u128(id)),
        person: person(of),
        kind: TokenKind::Wall,
        name: "hall".into(),
        rights: [Right::StationRead, Right::AlarmRead].into(),
        networks: vec!["192.0.2.0/24".into(), "2001:db8::/32".into()],
        created: Instant(5),
        expires: Instant(90),
        seen: None,
        ended: None,
    }
}

pub(super) async fn a_token_opens_until_it_is_ended(store: &Store, _: &impl Home) {
    store.person_put(&Caller::machine(), li(1, false), Instant(1)).await.expect("kept");
    let (li, other) = (caller(1, Role::DutyOfficer, "city"), caller(2, Role::DutyOfficer, "city"));
    assert!(matches!(store.token_put(&other, "s3cret", row(7, 1)).await, Err(StoreError::NotFound)));
    store.token_put(&li, "s3cret", row(7, 1)).await.expect("made");
    let opened = store.token("s3cret").await.expect("a question").expect("opens");
    assert_eq!((opened.token, opened.person.login.as_str(), opened.second_factor), (row(7, 1), "li", false));
    // the token itself lies nowhere, and its digest opens nothing
    let kept = store.read("SELECT digest FROM token", vec![]).await.expect("rows")[0].text(0).expect("text");
    assert!(!kept.contains("s3cret") && store.token(&kept).await.expect("a question").is_none());
    store.token_seen(row(7, 1).id, Instant(30)).await.expect("written");
    store.token_seen(row(7, 1).id, Instant(20)).await.expect("written");
    let seen = TokenRow { seen: Some(Instant(30)), ..row(7, 1) };
    assert_eq!(store.tokens(&li).await.expect("a list"), std::slice::from_ref(&seen));
    assert_eq!(store.tokens(&other).await.expect("a list"), []);
    assert!(matches!(store.token_end(&other, row(7, 1).id, Instant(40)).await, Err(StoreError::NotFound)));
    store.token_end(&li, row(7, 1).id, Instant(40)).await.expect("ended");
    assert!(matches!(store.token_end(&li, row(7, 1).id, Instant(41)).await, Err(StoreError::NotFound)));
    assert!(store.token("s3cret").await.expect("a question").is_none());
    assert_eq!(store.tokens(&li).await.expect("a list"), [TokenRow { ended: Some(Instant(40)), ..seen }]);
    // a token makes no further tokens
    let token = li.at_most([Right::StationRead].into());
    assert!(matches!(store.token_put(&token, "more", row(8, 1)).await, Err(StoreError::NotFound)));
    for n in 0..TOKENS_MAX {
        store.token_put(&li, &format!("many-{n}"), row(100 + n as u128, 1)).await.expect("made");
    }
    assert!(matches!(store.token_put(&li, "one more", row(999, 1)).await, Err(StoreError::Conflict)));
}

pub(super) async fn somebody_of_another_house_is_one_person_here(store: &Store, _: &impl Home) {
    store.person_put(&Caller::machine(), li(1, false), Instant(1)).await.expect("kept");
    let wang = PersonRow { login: "wang".into(), ..li(2, false) };
    store.person_put(&Caller::machine(), wang, Instant(1)).await.expect("kept");
    let who = async |issuer: &str, subject: &str| {
        store.outside_login(issuer, subject).await.expect("a question").map(|p| p.login)
    };
    assert_eq!(who("https://a.example", "17").await, None);
    store.outside_bind("https://a.example", "17", person(1), Instant(2)).await.expect("bound");
    assert_eq!(who("https://a.example", "17").await.as_deref(), Some("li"));
    assert_eq!((who("https://b.example", "17").await, who("https://a.example", "18").await), (None, None));
    let again =
        async |issuer: &str, subject: &str, of: u128| store.outside_bind(issuer, subject, person(of), Instant(3)).await;
    assert!(matches!(again("https://a.example", "18", 1).await, Err(StoreError::Conflict)), "has one there");
    assert!(matches!(again("https://a.example", "17", 2).await, Err(StoreError::Conflict)), "is somebody else");
    again("https://b.example", "17", 1).await.expect("another house");
}
