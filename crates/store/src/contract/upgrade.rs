//! A database of each earlier schema, with what its program wrote, opened by this one.

use shanshui_domain::act::case::State;
use shanshui_domain::act::chain::{Algorithm, Link};
use shanshui_domain::id::{AlarmId, CaseId};
use shanshui_domain::right::{Caller, Role};
use shanshui_domain::time::Instant;
use uuid::Uuid;

use super::{Home, caller, person, station};
use crate::{AuditFilter, CaseFilter};

const CASE: CaseId = CaseId(Uuid::from_u128(0xc));
const ALARM: AlarmId = AlarmId(Uuid::from_u128(0xa));

/// What the program of schema 1 had written: three people, one for each of its roles, an alarm that became a case, and an audit.
fn written() -> String {
    let people = [
        (1, "zhou", "duty_officer", "cc"),
        (2, "fang", "department_officer", "br-kc"),
        (3, "xu", "administrator", "cc"),
    ];
    let mut sql = String::new();
    for (n, login, role, unit) in people {
        let id = person(n);
        sql += &format!(
            "INSERT INTO person (id, login, name_zh, name_en, role, unit, password_hash, disabled) VALUES \
             ('{id}','{login}','{login}','{login}','{role}','{unit}','$argon2id$x',0);\n\
             INSERT INTO session (token, person, created, expires) VALUES ('t{n}','{id}',1,9);\n"
        );
    }
    sql += &format!(
        "INSERT INTO alarm (id, condition, kind, station, message_zh, message_en, basis, state, opened, last, count, case_id) \
         VALUES ('{ALARM}','s1:ph','spike','s1','突变','spike','{{}}','open',1,1,1,'{CASE}');\n\
         INSERT INTO case_file (id, number, title, state, due, assignee, opened, version) VALUES \
         ('{CASE}','QZ-2026-0001','pH','assigned',90,'{}',2,2);\n",
        person(2)
    );
    for n in [1, 2] {
        sql += &format!("INSERT INTO case_person (case_id, person) VALUES ('{CASE}','{}');\n", person(n));
    }
    let (zhou, fang) = (person(1), person(2));
    let case = [
        format!(r#"{{"v":1,"at":2,"by":"{zhou}","action":{{"do":"open","title":"pH","alarm":"{ALARM}"}},"note":""}}"#),
        format!(r#"{{"v":1,"at":3,"by":"{zhou}","action":{{"do":"assign","to":"{fang}","due":90}},"note":""}}"#),
    ];
    let audit = [
        r#"{"at":1,"by":null,"action":"login_failed","subject":"zhou","detail":{}}"#.to_owned(),
        format!(r#"{{"at":2,"by":"{zhou}","action":"login","subject":"zhou","detail":{{}}}}"#),
    ];
    sql + &chain(&format!("case:{CASE}"), &case) + &chain("audit", &audit)
}

fn chain(stream: &str, bodies: &[String]) -> String {
    let (mut sql, mut last): (String, Option<Link>) = (String::new(), None);
    for body in bodies {
        let l = Link::after(last.as_ref(), stream, body.clone(), Algorithm::Sm3);
        sql += &format!(
            "INSERT INTO link (stream, seq, body, algorithm, previous, digest) VALUES ('{}',{},'{}','sm3','{}','{}');\n",
            l.stream, l.seq, l.body, l.previous, l.digest
        );
        last = Some(l);
    }
    let last = last.expect("a link");
    sql + &format!("INSERT INTO link_head (stream, seq, digest) VALUES ('{stream}',{},'{}');\n", last.seq, last.digest)
}

pub(super) async fn every_earlier_schema_comes_up_with_what_is_in_it<H: Home>() {
    for schema in 1..crate::dialect::known() as usize {
        let Some(home) = H::fresh().await else { return };
        home.earlier(1, &written()).await;
        home.earlier(schema, "").await;
        let store = home.open().await;
        let findings = store.check().await.expect("a check");
        assert!(findings.iter().all(|f| f.ok), "from {schema}: {findings:?}");

        let mut held = Vec::new();
        for n in 1..=3 {
            let of = store.holdings(person(n), Instant(100)).await.expect("holdings").held;
            held.extend(of.into_iter().map(|h| (n, h.role, h.organisation.to_string())));
        }
        let expected = [
            (1, Role::DutyOfficer, "cc".to_owned()),
            (2, Role::CaseOfficer, "br-kc".to_owned()),
            (3, Role::SystemAdministrator, "cc".to_owned()),
        ];
        assert_eq!(held, expected, "from {schema}");
        assert!(store.tree().await.expect("a tree").get(&"br-kc".into()).is_some());
        assert_eq!(store.people().await.expect("people").iter().filter(|p| p.must_change).count(), 0);
        assert!(store.session("t1").await.expect("a question").is_none(), "everybody logs in anew");

        store.places_put(&[station("s1", "kc", None)]).await.expect("kept");
        let seen = async |who: Caller| {
            store.cases(&who, &CaseFilter::default(), None, 9).await.expect("cases").iter().any(|c| c.id == CASE)
        };
        assert!(seen(caller(2, Role::CaseOfficer, "br-kc")).await, "whose it is");
        assert!(seen(caller(9, Role::DutyOfficer, "br-kc")).await, "where its alarm was");
        assert!(!seen(caller(9, Role::DutyOfficer, "br-qj")).await, "nobody else");
        assert!(seen(caller(9, Role::UnitHead, "br-kc")).await, "the unit of whoever has to do with it");
        let detail = store.case(&Caller::machine(), CASE).await.expect("there");
        assert!(matches!(detail.case.state, State::Assigned { to, .. } if to == person(2)), "{:?}", detail.case.state);

        let audit = async |filter| store.audit_list(&Caller::machine(), &filter, None, 9).await.expect("entries").len();
        assert_eq!(audit(AuditFilter::default()).await, 2);
        assert_eq!(audit(AuditFilter { person: Some(person(1)), ..AuditFilter::default() }).await, 1);
        let sealed = store.audit_seal(Instant(200), |_| (String::new(), String::new())).await.expect("sealed");
        assert_eq!(sealed.map(|root| root.size), Some(2));
        store.close().await;
    }
}
