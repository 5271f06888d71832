//! Nodes, lines, work and timers.

use std::collections::BTreeMap;

use serde_json::json;
use shanshui_domain::id::{CommandId, Mn, StationCode};
use shanshui_domain::right::Caller;
use shanshui_domain::sense::Kept;
use shanshui_domain::time::Instant;
use uuid::Uuid;

use super::{Home, arrival, keep, key, person, reading};
use crate::cluster::GONE_KEPT_MS;
use crate::{
    Beat, Claim, Claimed, CommandRow, DeviceFacts, Holding, JobIn, JobRow, KeptAs, Ruling, SECOND_CONNECTION,
    SecondConnection, Store, StoreError,
};

const KINDS: &[&str] = &["ring"];
const LEASE_MS: i64 = 1_000;

fn at(s: i64) -> Instant {
    Instant(s * 1_000_000)
}

/// A node of that name is there; it lives as long as what is given.
async fn other(store: &Store, node: &str) -> Holding {
    store.beat(beat(node, 0)).await.expect("kept");
    store.hold(&format!("node:{node}")).await.expect("an answer").expect("a new name")
}

fn beat(node: &str, s: i64) -> Beat {
    Beat { node: node.into(), roles: "ingest".into(), at: at(s), connections: 3, facts: vec![], heard: vec![] }
}

fn ring(subject: &str, due: i64) -> JobIn {
    JobIn { kind: "ring", subject: subject.into(), body: "{}".into(), due: at(due) }
}

async fn take(store: &Store, by: &str, now: i64) -> Vec<JobRow> {
    store.jobs_take(by, KINDS, (at(now), LEASE_MS), 1_000).await.expect("an answer")
}

fn subjects(jobs: &[JobRow]) -> Vec<&str> {
    jobs.iter().map(|j| j.subject.as_str()).collect()
}

pub(super) async fn nodes_write_themselves_down(store: &Store, _: &impl Home) {
    keep(store, &[(1, "1"), (2, "2")]).await;
    store.node_join("ingest,web", at(1)).await.expect("joined");
    let me = store.node().to_string();
    let nodes = store.nodes().await.expect("nodes");
    let seen = (nodes[0].id.as_str(), nodes[0].roles.as_str(), nodes[0].started, nodes[0].after.0, nodes.len());
    assert_eq!(seen, (me.as_str(), "ingest,web", at(1), 2, 1));
    store.beat(Beat { connections: 7, ..beat(&me, 6) }).await.expect("kept");
    let now = store.nodes().await.expect("nodes").remove(0);
    assert_eq!((now.started, now.seen, now.connections), (at(1), at(6), 7));
    store.beat(beat("gone", 9)).await.expect("kept");
    assert!(store.node_lives(&me).await.expect("an answer") && !store.node_lives("gone").await.expect("an answer"));
    store.sweep(at(10), json!({})).await.expect("swept");
    assert_eq!(store.nodes().await.expect("nodes").len(), 2, "named for a while");
    store.sweep(at(10).plus_ms(GONE_KEPT_MS), json!({})).await.expect("swept");
    let left = store.nodes().await.expect("nodes");
    assert_eq!(left.iter().map(|n| n.id.as_str()).collect::<Vec<_>>(), [me.as_str()], "those that live stay");
    store.node_leave().await.expect("left");
    assert_eq!(store.nodes().await.expect("nodes"), []);
}

fn claim(connection: u64, s: i64, tell: bool) -> Claim {
    Claim {
        mn: Mn::from("A"),
        station: StationCode::from("s1"),
        connection,
        peer: format!("192.0.2.1:{connection}"),
        heard: at(s),
        quiet_ms: 60_000,
        want: true,
        tell,
    }
}

async fn claims(store: &Store, node: &str, claim: Claim) -> Claimed {
    store.lines_claim(node, vec![claim], vec![], vec![]).await.expect("an answer").remove(0)
}

pub(super) async fn a_line_belongs_to_one_connection_over_all_nodes(store: &Store, _: &impl Home) {
    let a = other(store, "a").await;
    let _b = other(store, "b").await;
    let mn = Mn::from("A");
    let held_by = async || store.line_holder(&mn).await.expect("an answer").map(|h| (h.node, h.connection));
    let by = |node: &str, n: u64| Claimed::Other { node: node.into(), peer: format!("192.0.2.1:{n}") };
    assert_eq!(held_by().await, None);
    assert_eq!(claims(store, "a", claim(1, 10, true)).await, Claimed::Own);
    assert_eq!(claims(store, "a", claim(2, 11, true)).await, Claimed::Own, "a node knows its own connections");
    assert_eq!(claims(store, "b", claim(1, 12, true)).await, by("a", 2));
    assert_eq!(claims(store, "b", claim(1, 13, false)).await, by("a", 2));
    let alarms = store.jobs(SECOND_CONNECTION).await.expect("jobs");
    let said: SecondConnection = serde_json::from_str(&alarms[0].body).expect("what was put down");
    assert_eq!((alarms.len(), said.peer.as_str(), said.held_by.as_str()), (1, "192.0.2.1:1", "192.0.2.1:2"));
    assert_eq!(held_by().await, Some(("a".into(), 2)));
    store.lines_claim("b", vec![], vec![(mn.clone(), 1)], vec![]).await.expect("an answer");
    store.lines_claim("a", vec![], vec![(mn.clone(), 1)], vec![]).await.expect("an answer");
    assert_eq!(held_by().await, Some(("a".into(), 2)), "another connection's end frees nothing");
    let heard = vec![(mn.clone(), 2, at(60)), (mn.clone(), 1, at(99)), (Mn::from("B"), 2, at(99))];
    let lost = store.beat(Beat { heard, ..beat("a", 60) }).await.expect("kept");
    assert_eq!(lost, [(mn.clone(), 1), (Mn::from("B"), 2)], "those it does not hold");
    assert_eq!(claims(store, "b", claim(1, 119, false)).await, by("a", 2), "it was heard of");
    assert_eq!(claims(store, "b", claim(1, 121, false)).await, Claimed::Own, "quiet for too long");
    assert_eq!(claims(store, "a", claim(3, 122, true)).await, by("b", 1));
    store.lines_claim("b", vec![], vec![(mn.clone(), 1)], vec![]).await.expect("an answer");
    assert_eq!(claims(store, "a", Claim { want: false, ..claim(3, 123, true) }).await, Claimed::Own);
    assert_eq!(held_by().await, None, "given back, and only asked for");
    assert_eq!(claims(store, "a", claim(3, 123, false)).await, Claimed::Own);
    drop(a);
    while store.node_lives("a").await.expect("an answer") {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(held_by().await, None, "its node is gone");
    assert_eq!(claims(store, "b", claim(4, 124, true)).await, Claimed::Own);
    assert_eq!(store.jobs(SECOND_CONNECTION).await.expect("jobs").len(), 2, "and that is no alarm");
}

pub(super) async fn work_is_taken_once(store: &Store, _: &impl Home) {
    for n in 0..50 {
        assert!(store.job_put(ring(&n.to_string(), 10)).await.expect("kept"));
        assert!(!store.job_put(ring(&n.to_string(), 11)).await.expect("kept"), "it is open");
    }
    assert_eq!(take(store, "a", 9).await, [], "not before it is due");
    let _nodes = [other(store, "n0").await, other(store, "n1").await, other(store, "n2").await];
    let takers = (0..3).map(|n| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut taken = Vec::new();
            for _ in 0..10 {
                taken.extend(store.jobs_take(&format!("n{n}"), KINDS, (at(10), LEASE_MS), 2).await.expect("an answer"));
            }
            taken
        })
    });
    let mut times = BTreeMap::new();
    for taker in takers.collect::<Vec<_>>() {
        for job in taker.await.expect("no panic") {
            assert!(store.job_done(&job, at(11), None).await.expect("kept"));
            assert!(!store.job_done(&job, at(11), None).await.expect("kept"), "over once");
            *times.entry(job.subject).or_insert(0) += job.tries;
        }
    }
    assert_eq!((times.len(), times.values().sum::<i64>()), (50, 50));
    assert!(store.jobs("ring").await.expect("jobs").iter().all(|j| j.tries == 1 && j.done_at == Some(at(11))));
    assert!(store.job_put(ring("0", 20)).await.expect("kept"), "what is over may come again");
}

pub(super) async fn work_comes_back_when_it_fails_or_its_node_dies(store: &Store, _: &impl Home) {
    let a = other(store, "a").await;
    let _b = other(store, "b").await;
    for subject in ["1", "2", "3"] {
        store.job_put(ring(subject, 0)).await.expect("kept");
    }
    let taken = take(store, "a", 1).await;
    assert_eq!(subjects(&taken), ["1", "2", "3"]);
    assert!(store.job_retry(&taken[0], at(5), "no answer".into()).await.expect("kept"));
    assert_eq!(store.jobs_keep(vec![taken[1].clone()], at(30)).await.expect("kept"), Vec::<String>::new());
    assert_eq!(subjects(&take(store, "b", 1).await), Vec::<&str>::new(), "all of it is taken or not due");
    let again = take(store, "b", 6).await;
    assert_eq!(subjects(&again), ["3", "1"], "one was put back, the time of the other is over");
    assert_eq!((again[1].tries, again[1].error.as_deref()), (2, Some("no answer")));
    assert!(!store.job_done(&taken[2], at(6), None).await.expect("kept"), "it is another's now");
    assert!(!store.job_retry(&taken[2], at(6), String::new()).await.expect("kept"));
    assert_eq!(store.jobs_keep(vec![taken[2].clone()], at(9)).await.expect("kept"), [taken[2].id.clone()]);
    drop(a);
    while store.node_lives("a").await.expect("an answer") {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(subjects(&take(store, "b", 6).await), ["2"], "its node is gone");
    assert!(store.job_done(&again[0], at(7), Some("given up".into())).await.expect("kept"));
    let over = |jobs: &[JobRow]| jobs.iter().filter(|j| j.done_at.is_some()).count();
    assert_eq!(over(&store.jobs("ring").await.expect("jobs")), 1);
    store.sweep(at(3 * 86_400), json!({})).await.expect("swept");
    let left = store.jobs("ring").await.expect("jobs");
    assert_eq!((left.len(), over(&left)), (2, 0), "what is open stays");
}

pub(super) async fn a_timer_fires_once_for_each_instant(store: &Store, _: &impl Home) {
    let fire = async |now: i64| store.timer_fire("minute", "ring", (at(now), 60_000)).await.expect("an answer");
    let first = fire(50).await;
    assert_eq!((first.due, first.next), (None, at(60)));
    assert_eq!(fire(59).await, first);
    let all = (0..20).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { store.timer_fire("minute", "ring", (at(60), 60_000)).await.expect("an answer") })
    });
    let fired = futures::future::join_all(all).await.into_iter().map(|f| f.expect("no panic"));
    let fired: Vec<_> = fired.collect();
    assert_eq!(fired.iter().filter(|f| f.due == Some(at(60))).count(), 1);
    assert!(fired.iter().all(|f| f.next == at(120)));
    assert_eq!(store.jobs("ring").await.expect("jobs").len(), 1, "what follows is put down with it");
    let late = fire(330).await;
    assert_eq!((late.due, late.next), (Some(at(120)), at(360)), "what passed meanwhile is fired for once");
    assert_eq!(store.jobs("ring").await.expect("jobs").len(), 2);
}

fn fact(mn: &str, seen: Option<i64>, peer: &str, ok: i64, deviations: &str) -> DeviceFacts {
    DeviceFacts {
        mn: Mn::from(mn),
        last_seen: seen.map(Instant),
        last_data: seen.map(|s| Instant(s - 1)),
        peer: (!peer.is_empty()).then(|| peer.to_owned()),
        clock_offset_ms: seen,
        frames_ok: ok,
        frames_bad: 1,
        deviations: deviations.into(),
    }
}

pub(super) async fn what_several_nodes_know_of_a_line_adds_up(store: &Store, _: &impl Home) {
    store.device_facts_add(vec![fact("A", None, "", 1, r#"{"crc_wrong":1}"#)]).await.expect("kept");
    store.device_facts_add(vec![fact("A", Some(9), "p9", 2, "{}")]).await.expect("kept");
    store.device_facts_add(vec![fact("A", Some(5), "p5", 3, r#"{"crc_wrong":2,"late":1}"#)]).await.expect("kept");
    let known = store.device_facts().await.expect("facts");
    let expected = DeviceFacts { frames_bad: 3, ..fact("A", Some(9), "p9", 6, r#"{"crc_wrong":3,"late":1}"#) };
    assert_eq!(known, [expected], "counts add, and nothing goes back");
    store.device_facts_add(vec![fact("A", Some(11), "", 0, "{}")]).await.expect("kept");
    let known = store.device_facts().await.expect("facts");
    assert_eq!(
        (known[0].peer.as_deref(), known[0].clock_offset_ms),
        (Some("p9"), Some(11)),
        "nothing said changes nothing"
    );
    let many: Vec<_> = (0..300).map(|n| fact(&format!("M{n:03}"), Some(n), "p", n, "{}")).collect();
    store.beat(Beat { facts: many.clone(), ..beat("a", 1) }).await.expect("kept");
    store.beat(Beat { facts: many, ..beat("a", 1) }).await.expect("kept");
    let known = store.device_facts().await.expect("facts");
    assert_eq!(known.len(), 301);
    assert!(
        known
            .iter()
            .filter(|f| f.mn.0 != "A")
            .enumerate()
            .all(|(n, f)| f.frames_ok == 2 * n as i64 && f.frames_bad == 2)
    );
}

pub(super) async fn what_keeping_did_can_be_asked_again(store: &Store, _: &impl Home) {
    assert_eq!(store.kept_as(&[]).await.expect("an answer"), []);
    let said = ["1", "1", "2", "2+", "3/D+"];
    let mut asked = Vec::new();
    let mut kept = Vec::new();
    for text in said {
        let receipt = store.arrive(vec![arrival(vec![reading(key(7), text)])]).await.expect("kept").remove(0);
        asked.push((receipt.telegram, key(7)));
        kept.extend(receipt.kept);
    }
    for n in 0..600 {
        let receipt = store.arrive(vec![arrival(vec![reading(key(100 + n), "5")])]).await.expect("kept").remove(0);
        asked.push((receipt.telegram, key(100 + n)));
        kept.extend(receipt.kept);
    }
    assert_eq!(kept[..5], [Kept::New, Kept::Repeat, Kept::Version(2), Kept::Repeat, Kept::Version(3)]);
    let answers = store.kept_as(&asked).await.expect("an answer");
    assert_eq!(answers.iter().map(|a| a.kept).collect::<Vec<_>>(), kept);
    assert_eq!(answers[0], KeptAs { kept: Kept::New, late: Some(false) });
    assert_eq!((answers[1].late, answers[4].late), (None, Some(true)));
}

fn command(n: u128, s: i64, node: &str) -> CommandRow {
    CommandRow {
        id: CommandId(Uuid::from_u128(n)),
        mn: Mn::from("A"),
        cn: "1012".into(),
        area: "SystemTime=20260301000000".into(),
        person: person(1),
        reason: "clock".into(),
        at: at(s),
        steps: "[]".into(),
        node: Some(node.into()),
        begun: None,
        ended: None,
    }
}

pub(super) async fn a_command_is_carried_out_by_its_node_once(store: &Store, _: &impl Home) {
    let _a = other(store, "a").await;
    for (n, node) in [(1, "a"), (2, "a"), (3, "gone"), (4, "gone")] {
        store.command_put(&Caller::machine(), command(n, n as i64, node)).await.expect("kept");
    }
    let id = |n| CommandId(Uuid::from_u128(n));
    assert_eq!(store.commands_waiting("a").await.expect("ids"), [id(1), id(2)]);
    assert_eq!(store.command_begin(id(1), "b", at(9)).await.expect("an answer"), None, "it is not given to that node");
    let begun = store.command_begin(id(1), "a", at(9)).await.expect("an answer").expect("begun");
    assert_eq!(begun, CommandRow { begun: Some(at(9)), ..command(1, 1, "a") });
    assert_eq!(store.command_begin(id(1), "a", at(9)).await.expect("an answer"), None, "begun once");
    store.command_steps(id(1), "[1]".into(), None).await.expect("kept");
    let step = || json!({"what": "no_connection"});
    let still = store.command_end(id(1), step(), (at(10), false)).await.expect("an answer");
    assert_eq!((still.ended, still.steps.as_str()), (None, "[1]"), "it was begun");
    store.command_steps(id(1), "[1,2]".into(), Some(at(11))).await.expect("kept");
    store.command_steps(id(1), "[1,2,3]".into(), None).await.expect("kept");
    let over = store.command_end(id(1), step(), (at(12), true)).await.expect("an answer");
    assert_eq!((over.ended, over.steps.as_str()), (Some(at(11)), "[1,2]"), "what has ended stays so");
    store.command_begin(id(3), "gone", at(9)).await.expect("an answer").expect("begun");
    store.command_steps(id(3), "[1]".into(), None).await.expect("kept");
    store.sweep(at(20), step()).await.expect("swept");
    let log = store.commands(&Caller::machine(), &Mn::from("A")).await.expect("commands");
    let log: Vec<_> = log.iter().map(|c| (c.steps.as_str(), c.ended)).collect();
    let (alone, after) = (r#"[{"what":"no_connection"}]"#, r#"[1,{"what":"no_connection"}]"#);
    assert_eq!(log, [(alone, Some(at(20))), (after, Some(at(20))), ("[]", None), ("[1,2]", Some(at(11)))]);
    assert!(matches!(store.command(id(9)).await, Err(StoreError::NotFound)));
}

pub(super) async fn what_the_judge_finds_is_written_whole_or_not_at_all(store: &Store, _: &impl Home) {
    let state = |k: &str, v: &str| vec![(k.to_owned(), v.to_owned())];
    let put = async |token: &str, rulings: Vec<Ruling>, cursor: &str| {
        store.rulings_put(("holder", token.into()), rulings, state("cursor", cursor)).await
    };
    let judgement = super::analyse::judgement("s1 water 10 e1 II");
    let alarm = |n, at| super::act::alarm(n, "exceed", at, "9.5");
    let first = || vec![Ruling::Judgement(judgement.clone()), Ruling::Raise(alarm(1, 10))];
    assert!(matches!(put("a", first(), "1").await, Err(StoreError::Conflict)), "nobody is the judge yet");
    assert_eq!(store.judgement_latest().await.expect("judgements"), []);
    store.rule_states_put(state("holder", "a")).await.expect("kept");
    let began = put("a", first(), "2").await.expect("kept");
    assert_eq!((began.len(), began[0].id, began[0].count), (1, alarm(1, 10).id, 1));
    let goes_on = vec![Ruling::Raise(alarm(2, 11)), Ruling::End("other".into(), Instant(12))];
    assert_eq!(put("a", goes_on, "3").await.expect("kept"), [], "nothing has begun or ended");
    let again = vec![
        Ruling::End("exceed".into(), Instant(12)),
        Ruling::Raise(alarm(3, 13)),
        Ruling::End("exceed".into(), Instant(14)),
    ];
    let turned = put("a", again, "4").await.expect("kept");
    let turned: Vec<_> = turned.iter().map(|a| (a.count, a.ended.map(|e| e.0))).collect();
    assert_eq!(turned, [(2, Some(12)), (1, None), (1, Some(14))], "in their order");
    store.rule_states_put(state("holder", "b")).await.expect("kept");
    assert!(matches!(put("a", first(), "5").await, Err(StoreError::Conflict)), "another is the judge");
    let states = store.rule_states().await.expect("states");
    assert!(states.contains(&("cursor".into(), "4".into())), "{states:?}");
}
