use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use jiff::civil::date;
use shanshui_query::air::Report;
use shanshui_query::arrow::array::RecordBatch;
use shanshui_query::cluster::{Executor, Identity, Scheduler, handshake, run_executor};
use shanshui_query::{Engine, QueryError, Source, SourceFile, digest_of};

use crate::made::{batch, write};
use crate::{air, place, statistics, two_threads};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

async fn scheduler(identity: Identity) -> Scheduler {
    Scheduler::start(SocketAddr::new(HERE, 0), identity).await.expect("a free port")
}

fn executor(scheduler: &Scheduler, identity: Identity) -> Executor {
    Executor {
        scheduler: scheduler.address().to_string(),
        bind: HERE,
        host: None,
        port: 0,
        task_port: 0,
        slots: 2,
        memory_bytes: Some(512 << 20),
        buckets: Vec::new(),
        identity,
    }
}

async fn cluster(executors: usize) -> (Scheduler, String) {
    let scheduler = scheduler(Identity::ours()).await;
    for _ in 0..executors {
        tokio::spawn(run_executor(executor(&scheduler, Identity::ours())));
    }
    let address = scheduler.address().to_string();
    for _ in 0..200 {
        let about = handshake(&address, "this test", &Identity::ours()).await.expect("the same build");
        if about.executors == executors {
            return (scheduler, format!("ballista://{address}"));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the executors did not register");
}

fn digest(batches: &[RecordBatch]) -> String {
    assert!(batches.iter().any(|b| b.num_rows() > 0));
    digest_of(batches).expect("one schema")
}

#[tokio::test(flavor = "multi_thread")]
async fn statistics_and_the_air_year_have_the_same_bits_here_and_on_two_executors() {
    let (_scheduler, cluster) = cluster(2).await;
    let folder = tempfile::tempdir().expect("a folder");
    let files: Vec<SourceFile> =
        (0..4).map(|d| write(folder.path(), &format!("day{d}.parquet"), statistics::day(d))).collect();
    let corrected: Vec<_> = statistics::day(1)
        .into_iter()
        .take(50)
        .map(|mut r| {
            r.version = 2;
            r
        })
        .collect();
    let (rows, _) = air::made(2, date(2026, 2, 20), 20);
    let air_file = write(folder.path(), "air.parquet", rows);
    let mut digests = Vec::new();
    for engine in ["", cluster.as_str()] {
        let engine = Engine::connect(engine, two_threads()).await.expect("an engine");
        let hot = Box::pin(futures::stream::iter(vec![Ok(batch(&corrected))]));
        let source = Source { place: place(&folder), files: files.clone(), hot: Some(hot) };
        let job = statistics::monthly().start(&engine, source).await.expect("planned");
        let handle = job.handle();
        digests.push(digest(&job.collect().await.expect("ran to its end")));
        assert!(handle.progress().total > 0, "{:?}", handle.progress());
        for report in [Report::Hour, Report::Day, Report::Year] {
            let asked = air::asked(2026, report, air::network(2));
            let job = asked.start(&engine, Source::of(place(&folder), vec![air_file.clone()])).await.expect("planned");
            digests.push(digest(&job.collect().await.expect("ran to its end")));
        }
    }
    let (here, there) = digests.split_at(4);
    assert_eq!(here, there);
    assert_eq!(std::fs::read_dir(folder.path().join("_tmp")).expect("a folder").count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_the_cluster_is_cancelled_there() {
    let (_scheduler, cluster) = cluster(1).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = write(folder.path(), "day.parquet", statistics::day(1));
    let engine = Engine::connect(&cluster, two_threads()).await.expect("an engine");
    // 1,440 rows each against each, twice: minutes of work
    let sql = "SELECT sum(a.number * b.number + c.number) AS s FROM readings a, readings b, readings c WHERE a.version = b.version";
    let mut job = engine.sql("endless", sql, Source::of(place(&folder), vec![file.clone()])).await.expect("planned");
    let handle = job.handle();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(600)).await;
        handle.cancel();
    });
    assert!(matches!(job.next().await, Err(QueryError::Cancelled)));
    // its slots are free again
    let job = statistics::monthly().start(&engine, Source::of(place(&folder), vec![file])).await.expect("planned");
    assert!(!job.collect().await.expect("ran to its end").is_empty());
}

#[tokio::test]
async fn another_build_is_refused_by_name_wherever_it_is() {
    let other = Identity { version: "9.9.9".to_owned(), functions: "0123456789ab".to_owned() };
    let ours = Identity::ours();
    let said = |error: QueryError| {
        let text = error.to_string();
        assert!(matches!(error, QueryError::Skew { .. }), "{text}");
        assert!(text.contains("9.9.9") && text.contains("0123456789ab"), "{text}");
        assert!(text.contains(&ours.version) && text.contains(&ours.functions), "{text}");
    };
    let newer = scheduler(other.clone()).await;
    let address = newer.address().to_string();
    said(Engine::connect(&format!("ballista://{address}"), two_threads()).await.err().expect("refused"));
    said(run_executor(executor(&newer, ours.clone())).await.expect_err("refused"));
    let older = scheduler(ours.clone()).await;
    said(run_executor(executor(&older, other.clone())).await.expect_err("refused"));
    // the same version with other functions
    let other = Identity { version: ours.version.clone(), ..other };
    let refused = handshake(&older.address().to_string(), "this test", &other).await.expect_err("refused");
    assert!(refused.to_string().contains("0123456789ab"), "{refused}");
}

#[tokio::test]
async fn a_call_that_skips_the_question_is_refused_too() {
    use ballista_core::serde::protobuf::GetJobStatusParams;
    use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
    let scheduler = scheduler(Identity::ours()).await;
    let mut calls = SchedulerGrpcClient::connect(format!("http://{}", scheduler.address())).await.expect("it listens");
    let asked = calls.get_job_status(GetJobStatusParams { job_id: "x".to_owned() }).await.expect_err("refused");
    assert!(asked.message().contains(&Identity::ours().functions), "{}", asked.message());
}

#[tokio::test]
async fn a_scheduler_that_is_not_there_is_named() {
    let error =
        Engine::connect("ballista://127.0.0.1:1", two_threads()).await.err().expect("nobody listens").to_string();
    assert!(error.contains("127.0.0.1:1"), "{error}");
}
