//! `shanshui demo`: the demonstration city on this machine. Stations speak real HJ 212 over TCP to the real program; nothing leaves
//! the machine.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use indicatif::ProgressBar;
use shanshui_camera::drawn::SAMPLING_AREA;
use shanshui_domain::place::{CityPack, Secret};
use shanshui_domain::right::Caller;
use shanshui_domain::sense::eye::camera::{Camera, CameraKind};
use shanshui_domain::time::Instant;
use shanshui_store::{CameraRow, PlanRow};
use uuid::Uuid;

use super::serve::{Ends, Running, people_put};
use crate::app::App;
use crate::city;
use crate::clock::Clock;
use crate::config::Config;
use crate::sim::history::{self, Span};
use crate::sim::{Event, Plan, Scenario, Tally};

/// How to show it.
#[derive(Debug, Args)]
pub struct Demo {
    /// Address of the interface.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    http: SocketAddr,
    /// Address for stations.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:2120")]
    hj212: SocketAddr,
    /// Keep the data in this folder; a folder that is gone afterwards when absent.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Nothing goes wrong by itself.
    #[arg(long)]
    calm: bool,
    /// Leave out these stations, to play them by hand.
    #[arg(long, value_name = "STATION")]
    without: Vec<String>,
    /// Hours of history to begin with.
    #[arg(long, value_name = "H", default_value_t = 24)]
    history: i64,
}

const SPIKE_STATION: &str = "ms16";
const EXCEED: (&str, &str) = ("ol01", "w01018");
const DEAD_STATION: &str = "ms03";
/// Ammonia that two outlets let go, and the boundary section below them that sees it: station, hours ago from and until, value.
const EPISODE_FACTOR: &str = "w21003";
const EPISODE: [(&str, f64, f64, Option<f64>); 3] =
    [("ol01", 15.5, 11.5, None), ("ol02", 8.5, 4.5, None), ("bs04", 3.0, -0.5, Some(1.6))];
/// The station with a camera, and how often somebody walks up to its sampling water.
const EYE_STATION: &str = "ms16";
const VISITOR_EVERY_S: f64 = 180.0;
const SECOND_US: i64 = 1_000_000;

pub(super) fn run(demo: &Demo) -> anyhow::Result<ExitCode> {
    super::log_to_stderr_quietly();
    super::runtime()?.block_on(show(demo))
}

async fn show(demo: &Demo) -> anyhow::Result<ExitCode> {
    let gone_afterwards = tempfile::tempdir().context("a folder for the demonstration")?;
    let data = demo.data.clone().unwrap_or_else(|| gone_afterwards.path().to_owned());
    let mut config = Config { data, ..Config::default() };
    config.http.listen = demo.http;
    config.hj212.listen = demo.hj212;
    config.hj212.commands = true;
    config.metrics.listen = None;
    config.eye.drawn_every_s = VISITOR_EVERY_S;
    config.eye.ring_mb = 512;
    config.alarm.no_data_intervals = 2.0;
    let pack = city::demo()?;
    let clock = Clock::system();
    let now = clock.now();
    let running = Running::start(config, pack.clone(), clock, true).await?;
    people_put(&running.app.store, &pack, running.app.clock.now()).await?;
    running.app.people_reload().await?;
    eye(&running.app).await?;
    let mut plans = crate::sim::city(&pack, &scenario(now, demo.calm));
    plans.retain(|p| !demo.without.contains(&p.station));
    let hj212 = running.hj212.context("a demonstration takes data in")?;
    let to = hj212.to_string();
    fill(&plans, &to, now, demo.history).await?;
    let tally = Arc::new(Tally::new(None)?);
    for plan in plans {
        tokio::spawn(crate::sim::play(plan, to.clone(), Arc::clone(&tally), running.app.shutdown.clone()));
    }
    let ends = Ends::listen();
    println!("{}", greeting(&pack, &running, &to));
    ends.or(&running.app.shutdown).await;
    running.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// A camera that the program draws, with a fence around the sampling head. A demonstration that goes on has them already.
async fn eye(app: &App) -> anyhow::Result<()> {
    let caller = Caller::machine();
    if !app.store.cameras(&caller).await?.is_empty() {
        return Ok(());
    }
    let now = app.clock.now();
    let camera = Camera {
        code: format!("{EYE_STATION}-c1"),
        station: EYE_STATION.into(),
        name_zh: "采样口（演示画面）".into(),
        name_en: "sampling head (drawn)".into(),
        kind: CameraKind::Drawn,
        address: String::new(),
        detect_address: None,
        udp: false,
        fps: 5.0,
        width: 640,
        enabled: true,
    };
    let row = CameraRow { id: Uuid::now_v7().to_string(), version: 1, camera, by: None, at: now };
    let plan = PlanRow {
        camera: row.id.clone(),
        version: 1,
        plan: sampling_area().to_string(),
        digest: String::new(),
        note: "演示围栏".into(),
        by: None,
        at: now,
    };
    app.store.camera_put(&caller, row, (Secret::new(String::new()), None)).await?;
    app.store.plan_put(&caller, plan).await?;
    app.eye.bell.ring();
    Ok(())
}

/// The fence around the drawn sampling head.
fn sampling_area() -> serde_json::Value {
    let corners: Vec<[f32; 2]> = SAMPLING_AREA.iter().map(|(x, y)| [*x, *y]).collect();
    serde_json::json!({"fences": [{"id": "head", "name": "采样口", "kind": "sampling_head", "polygon": corners}]})
}

/// One exceedance, one dead station, the spike of a disturbed probe, and an episode to trace.
fn scenario(now: Instant, calm: bool) -> Scenario {
    let after = |s: i64| Instant(now.0 + s * SECOND_US);
    let hours = |h: f64| after((-3_600.0 * h) as i64);
    let episode = EPISODE.map(|(station, from, until, value)| Event::Exceed {
        station: station.into(),
        factor: EPISODE_FACTOR.into(),
        from: hours(from),
        until: hours(until),
        value,
    });
    let mut events = vec![
        Event::Exceed {
            station: EXCEED.0.into(),
            factor: EXCEED.1.into(),
            from: after(20),
            until: after(30 * 60),
            value: None,
        },
        Event::Dead { station: DEAD_STATION.into(), from: after(0), until: after(2 * 3_600) },
        Event::Spike { station: SPIKE_STATION.into(), at: after(60) },
    ];
    events.extend(episode);
    Scenario { seed: 2026, events: if calm { Vec::new() } else { events }, periods: true, interval_s: None }
}

/// A day of history, a few stations at a time.
async fn fill(plans: &[Plan], to: &str, now: Instant, hours: i64) -> anyhow::Result<()> {
    const AT_ONCE: usize = 8;
    if hours <= 0 {
        return Ok(());
    }
    let bar = ProgressBar::new(plans.len() as u64).with_message("history");
    let mut waiting = plans.iter().cloned();
    let mut going = FuturesUnordered::new();
    let span = Span { hours, real_minutes: 60 };
    loop {
        while going.len() < AT_ONCE
            && let Some(plan) = waiting.next()
        {
            going.push(history::send(plan, to, now, span));
        }
        match going.next().await {
            Some(sent) => {
                sent.context("the demonstration's history")?;
                bar.inc(1);
            }
            None => break,
        }
    }
    bar.finish_and_clear();
    Ok(())
}

fn greeting(pack: &CityPack, running: &Running, stations: &str) -> String {
    let mut lines = vec![
        format!("山水 shanshui · {}演示 demonstration of {}", pack.city.name_zh, pack.city.name_en),
        format!("  界面 interface  http://{}", running.http),
        format!("  站点 stations   {stations} (HJ 212 over TCP)"),
        "  登录 logins".to_owned(),
    ];
    for p in &pack.people {
        let role = pack.posts.iter().find(|post| post.login == p.login).map_or("", |post| post.role.as_str());
        lines.push(format!("    {:<10} {:<15} {} {role}", p.login, p.password.expose(), p.name_zh));
    }
    lines.push("  停止 stop       Ctrl-C".to_owned());
    lines.join("\n")
}
