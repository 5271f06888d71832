//! `shanshui doctor`: what whoever runs it should know before something fails. It changes nothing: a trial file in the data folder
//! is gone afterwards, no database is made or brought up.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant as Stopwatch, SystemTime, UNIX_EPOCH};

use clap::{Args, ValueEnum};
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::statfs::{FsType, NFS_SUPER_MAGIC, TMPFS_MAGIC, statfs};
use serde::Serialize;
use shanshui_domain::time::Zone;
use shanshui_history::{History, Part, Survey};
use shanshui_store::Store;
use shanshui_store::look::{Look, Server, look};
use shanshui_store::room::free_bytes;

use super::ConfigArg;
use crate::city;
use crate::config::Config;

/// Writes that are made durable to see how long it takes.
const SYNCS: usize = 50;
/// Bytes of each: one page of the database.
const SYNC_BYTES: usize = 4_096;
/// A disk that takes longer slows down every acknowledgement.
const SYNC_SLOW: Duration = Duration::from_millis(50);
/// No disk is that quick: what was written lies in memory.
const SYNC_TOO_QUICK: Duration = Duration::from_micros(5);
/// This program was made after that moment (2026-01-01), so now is later too.
const LATER_THAN_S: u64 = 1_767_225_600;
/// Clocks of one machine and of its files differ by no more.
const CLOCK_SLACK: Duration = Duration::from_mins(2);
/// Files the program needs beside the connections of stations.
const FILES_BESIDE: u64 = 256;
/// How long the place of the history may take for everything that is asked.
const HISTORY_WAIT: Duration = Duration::from_secs(30);
/// Files that are named.
const FILES_NAMED: usize = 5;
/// Oldest PostgreSQL that is known to work.
const SERVER_MIN: i64 = 150_000;

/// How to say it.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Where the configuration is.
    #[command(flatten)]
    config: ConfigArg,
    /// Language of the lines.
    #[arg(long, value_enum, default_value = "zh")]
    lang: Lang,
    /// One JSON line for each finding instead, in both languages.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Lang {
    /// 中文.
    Zh,
    /// English.
    En,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Good,
    Note,
    Bad,
}

/// The same words in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Said {
    zh: String,
    en: String,
}

fn said(zh: impl Into<String>, en: impl Into<String>) -> Said {
    Said { zh: zh.into(), en: en.into() }
}

/// Words that are the same in every language: figures, names, the system's own.
fn plain(text: impl std::fmt::Display) -> Said {
    said(text.to_string(), text.to_string())
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Finding {
    what: &'static str,
    state: State,
    title: Said,
    seen: Said,
    /// What to do; none when there is nothing to do.
    advice: Option<Said>,
}

impl Finding {
    fn good(what: &'static str, seen: Said) -> Self {
        Self { what, state: State::Good, title: title(what), seen, advice: None }
    }

    fn note(what: &'static str, seen: Said, advice: Said) -> Self {
        Self { what, state: State::Note, title: title(what), seen, advice: Some(advice) }
    }

    fn bad(what: &'static str, seen: Said, advice: Said) -> Self {
        Self { what, state: State::Bad, title: title(what), seen, advice: Some(advice) }
    }

    fn line(&self, lang: Lang) -> String {
        let pick = |said: &Said| match lang {
            Lang::Zh => said.zh.clone(),
            Lang::En => said.en.clone(),
        };
        let state = match self.state {
            State::Good => said("好　", "good"),
            State::Note => said("注意", "note"),
            State::Bad => said("坏　", "bad "),
        };
        let advice = self.advice.as_ref().map_or(String::new(), |advice| format!("\n      → {}", pick(advice)));
        format!("{}  {}  {}{advice}", pick(&state), pick(&self.title), pick(&self.seen))
    }
}

fn title(what: &str) -> Said {
    match what {
        "config" => said("配置文件", "configuration"),
        "city" => said("城市数据包", "city packs"),
        "zone" => said("时区数据", "time zone"),
        "clock" => said("系统时钟", "clock"),
        "folder" => said("数据目录", "data folder"),
        "disk" => said("磁盘空间", "free disk"),
        "sync" => said("落盘", "syncs to the disk"),
        "files" => said("打开文件数上限", "limit of open files"),
        "http" => said("网页端口", "port of the interface"),
        "hj212" => said("数采仪端口", "port of stations"),
        "metrics" => said("监控端口", "port of the figures"),
        "database" => said("数据库", "database"),
        "server" => said("PostgreSQL 服务器", "PostgreSQL server"),
        "history" => said("历史数据", "history"),
        "programs" => said("可选程序", "optional programs"),
        other => plain(other),
    }
}

/// Prints every finding; exit 1 when one is bad.
pub(super) fn run(doctor: &Doctor) -> anyhow::Result<ExitCode> {
    let findings = super::runtime()?.block_on(examine(doctor.config.config.as_deref()));
    for finding in &findings {
        let line = if doctor.json { serde_json::to_string(finding)? } else { finding.line(doctor.lang) };
        println!("{line}");
    }
    let bad = findings.iter().any(|f| f.state == State::Bad);
    Ok(if bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn examine(path: Option<&Path>) -> Vec<Finding> {
    let config = match Config::load(path) {
        Ok(config) => config,
        Err(error) => {
            let advice = said(
                "按提示改正配置文件；各项含义见 shanshui config --explain",
                "mend the file as it says; `shanshui config --explain` has every key",
            );
            return vec![Finding::bad("config", plain(format!("{error:#}")), advice)];
        }
    };
    let shown = path.map_or(said("未指定，用默认值", "none given, the defaults count"), |p| plain(p.display()));
    let mut findings = vec![Finding::good("config", shown)];
    findings.extend(packs_and_zone(&config));
    findings.push(folder(&config.data));
    findings.push(disk(&config));
    findings.push(sync(&config.data));
    findings.push(files(config.hj212.connections_max));
    findings.extend(ports(&config));
    let (database, looked) = database(&config).await;
    findings.extend(database);
    findings.push(clock(&config, looked.as_ref()));
    findings.push(history(&config, looked.as_ref()).await);
    findings.push(programs());
    findings
}

fn packs_and_zone(config: &Config) -> Vec<Finding> {
    let pack = match city::load(&config.city_packs) {
        Ok(pack) => pack,
        Err(error) => {
            let advice = said(
                "按提示改正数据包，见 docs/guide/city-pack.md",
                "mend the pack as it says; see docs/guide/city-pack.md",
            );
            return vec![Finding::bad("city", plain(format!("{error:#}")), advice)];
        }
    };
    let (stations, devices) = (pack.stations.len(), pack.devices.len());
    let seen = said(
        format!("{}，{stations} 个站点，{devices} 台数采仪", pack.city.name_zh),
        format!("{}, {stations} stations, {devices} devices", pack.city.name_en),
    );
    let city = if config.city_packs.is_empty() {
        let advice = said(
            "演示城市的账号和密码是公开的；正式安装请设 city_packs",
            "logins and passwords of the demonstration are public; set city_packs for an installation",
        );
        Finding::note("city", seen, advice)
    } else {
        Finding::good("city", seen)
    };
    let name = if config.zone.is_empty() { &pack.city.zone } else { &config.zone };
    let zone = match Zone::named(name) {
        Ok(zone) => {
            let now = zone.civil(shanshui_domain::time::Instant::from_timestamp(jiff::Timestamp::now()));
            let now = now.strftime("%Y-%m-%d %H:%M:%S").to_string();
            Finding::good("zone", said(format!("{name}，当地时间 {now}"), format!("{name}, local time {now}")))
        }
        Err(error) => {
            let advice = said(
                "zone 写 IANA 名称，例如 Asia/Shanghai；或安装 tzdata",
                "write an IANA name as zone, such as Asia/Shanghai; or install tzdata",
            );
            Finding::bad("zone", plain(format!("{name}: {error}")), advice)
        }
    };
    vec![city, zone]
}

fn folder(data: &Path) -> Finding {
    if !data.exists() {
        let advice = said(
            "第一次启动时会建立；上级目录须可写",
            "it is made at the first start; the folder above must be writable",
        );
        return Finding::note(
            "folder",
            said(format!("{} 还不存在", data.display()), format!("{} is not there yet", data.display())),
            advice,
        );
    }
    match trial(data).create() {
        Ok(_) => {
            Finding::good("folder", said(format!("{} 可写", data.display()), format!("{} is writable", data.display())))
        }
        Err(error) => {
            let advice = said(
                "把目录交给运行本程序的用户：chown -R 用户 目录",
                "give it to the user that runs the program: chown -R USER FOLDER",
            );
            Finding::bad("folder", plain(format!("{}: {error}", data.display())), advice)
        }
    }
}

/// The nearest folder that is there: where the data folder will be made.
fn there(data: &Path) -> PathBuf {
    let absolute = std::path::absolute(data).unwrap_or_else(|_| data.to_owned());
    absolute.ancestors().find(|path| path.exists()).map_or_else(|| PathBuf::from("/"), Path::to_owned)
}

fn disk(config: &Config) -> Finding {
    let (at, min) = (there(&config.data), config.store.disk_free_min_mb);
    let free = match free_bytes(&at) {
        Ok(free) => free >> 20,
        Err(error) => {
            return Finding::bad(
                "disk",
                plain(format!("{}: {error}", at.display())),
                said("检查磁盘挂载", "look at the mount of the disk"),
            );
        }
    };
    let seen = said(format!("{free} MiB 可用，下限 {min} MiB"), format!("{free} MiB free, {min} MiB wanted"));
    let advice = said(
        format!("腾出空间或换大盘；低于 {} MiB 时不再接收数据", min / 4),
        format!("make room or take a larger disk; below {} MiB nothing is taken", min / 4),
    );
    match free {
        _ if free >= min => Finding::good("disk", seen),
        _ if free >= min / 4 => Finding::note("disk", seen, advice),
        _ => Finding::bad("disk", seen, advice),
    }
}

/// A file that is gone when it is dropped.
struct Trial(PathBuf);

fn trial(folder: &Path) -> Trial {
    Trial(folder.join(format!(".doctor-{}", std::process::id())))
}

impl Trial {
    fn create(&self) -> io::Result<File> {
        File::create_new(&self.0)
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.0)
            && error.kind() != io::ErrorKind::NotFound
        {
            eprintln!("{}: {error}", self.0.display());
        }
    }
}

fn sync(data: &Path) -> Finding {
    let at = there(data);
    let kind = statfs(&at).map(|disk| disk.filesystem_type());
    let took = match sync_times(&at) {
        Ok(took) => took,
        Err(error) => {
            let advice =
                said("磁盘不能落盘，不要在此目录运行", "the disk makes nothing durable; do not run in this folder");
            return Finding::bad("sync", plain(format!("{}: {error}", at.display())), advice);
        }
    };
    judge_syncs(&took, kind.ok())
}

/// How long each of some writes took until it was durable, shortest first.
fn sync_times(folder: &Path) -> io::Result<Vec<Duration>> {
    let trial = trial(folder);
    let mut file = trial.create()?;
    let mut took = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        let begun = Stopwatch::now();
        file.write_all(&[0x5a; SYNC_BYTES])?;
        file.sync_data()?;
        took.push(begun.elapsed());
    }
    took.sort_unstable();
    Ok(took)
}

fn judge_syncs(took: &[Duration], kind: Option<FsType>) -> Finding {
    let at = |share: f64| {
        took.get(((took.len() as f64 * share) as usize).min(took.len().saturating_sub(1))).copied().unwrap_or_default()
    };
    let (half, most) = (at(0.5), at(0.99));
    let ms = |d: Duration| format!("{:.2} ms", d.as_secs_f64() * 1_000.0);
    let seen = said(
        format!("{} 次写入并落盘：中位 {}，p99 {}", took.len(), ms(half), ms(most)),
        format!("{} writes made durable: median {}, p99 {}", took.len(), ms(half), ms(most)),
    );
    if kind == Some(TMPFS_MAGIC) {
        let advice = said(
            "目录在内存里，断电全失；换到磁盘上",
            "the folder lies in memory and is gone with the power; move it to a disk",
        );
        return Finding::bad("sync", seen, advice);
    }
    if kind == Some(NFS_SUPER_MAGIC) {
        let advice = said(
            "SQLite 不能放在网络文件系统上；用本地磁盘或 PostgreSQL",
            "SQLite cannot lie on a network file system; use a local disk or PostgreSQL",
        );
        return Finding::bad("sync", seen, advice);
    }
    if half < SYNC_TOO_QUICK {
        let advice = said(
            "快得不像磁盘：检查写缓存是否有断电保护，虚拟机是否忽略落盘",
            "too quick for a disk: see whether a write cache without a battery, or the virtual machine, answers for it",
        );
        return Finding::note("sync", seen, advice);
    }
    if most > SYNC_SLOW {
        let advice = said(
            "落盘慢会拖慢应答；换固态盘，或不与其他程序共用",
            "slow syncs slow down acknowledgements; take a solid-state disk, or one that others do not use",
        );
        return Finding::note("sync", seen, advice);
    }
    Finding::good("sync", seen)
}

fn files(connections_max: usize) -> Finding {
    let wanted = connections_max as u64 + FILES_BESIDE;
    match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok((soft, _)) if soft >= wanted => Finding::good("files", plain(soft)),
        Ok((soft, _)) => {
            let seen = said(
                format!("{soft}，而 hj212.connections_max = {connections_max}"),
                format!("{soft}, while hj212.connections_max = {connections_max}"),
            );
            let advice = said(
                format!("服务里设 LimitNOFILE={wanted} 以上（命令行：ulimit -n），或调小 hj212.connections_max"),
                format!(
                    "set LimitNOFILE={wanted} or more in the service (ulimit -n in a shell), or a smaller hj212.connections_max"
                ),
            );
            Finding::note("files", seen, advice)
        }
        Err(error) => Finding::note("files", plain(error), said("查不到上限", "the limit is not known")),
    }
}

fn ports(config: &Config) -> Vec<Finding> {
    let held = ours(config.http.listen) || config.metrics.listen.is_some_and(ours);
    let all = [
        ("http", "http.listen", Some(config.http.listen)),
        ("hj212", "hj212.listen", Some(config.hj212.listen)),
        ("metrics", "metrics.listen", config.metrics.listen),
    ];
    all.into_iter().filter_map(|(what, key, at)| Some(port(what, key, at?, held))).collect()
}

fn port(what: &'static str, key: &str, at: SocketAddr, held: bool) -> Finding {
    match TcpListener::bind(at) {
        Ok(_) => Finding::good(what, said(format!("{at} 空闲"), format!("{at} is free"))),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && held => Finding::good(
            what,
            said(format!("{at} 由运行中的本程序占用"), format!("{at} is held by the running program")),
        ),
        Err(error) => {
            let advice = said(
                format!("换一个 {key}，或停掉占用它的程序（ss -ltnp）"),
                format!("choose another {key}, or stop what holds it (ss -ltnp)"),
            );
            Finding::bad(what, plain(format!("{at}: {error}")), advice)
        }
    }
}

/// Whether this program answers at an address.
fn ours(at: SocketAddr) -> bool {
    let wait = Duration::from_secs(2);
    let ask = || -> io::Result<String> {
        let mut at = at;
        if at.ip().is_unspecified() {
            at.set_ip(if at.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() });
        }
        let mut stream = TcpStream::connect_timeout(&at, wait)?;
        stream.set_read_timeout(Some(wait))?;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: doctor\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.take(4_096).read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.contains("\"alive\":true"))
}

async fn database(config: &Config) -> (Vec<Finding>, Option<Look>) {
    let (address, file) = (config.store_address(), config.database.address().is_none());
    if file && !Path::new(&address).exists() {
        let seen = said(format!("{address} 还没有"), format!("{address} is not there yet"));
        return (
            vec![Finding::note("database", seen, said("第一次启动时会建立", "it is made at the first start"))],
            None,
        );
    }
    let looked = match look(&address).await {
        Ok(looked) => looked,
        Err(error) => {
            let advice = if file {
                said(
                    "检查权限；损坏时从备份恢复：shanshui restore",
                    "look at its rights; when it is damaged, restore a backup: shanshui restore",
                )
            } else {
                said(
                    "检查 database 的地址、密码、网络和 pg_hba.conf",
                    "look at the address and password in database, at the network and at pg_hba.conf",
                )
            };
            return (vec![Finding::bad("database", plain(error), advice)], None);
        }
    };
    let mut findings = vec![schema(&looked)];
    findings.extend(looked.server.as_ref().map(server));
    (findings, Some(looked))
}

fn schema(look: &Look) -> Finding {
    let (found, known) = (look.schema.found, look.schema.known);
    let seen = said(format!("结构版本 {found}，本程序 {known}"), format!("schema {found}, this program knows {known}"));
    if let Some(fault) = look.faults.first() {
        let advice = said(
            "先备份现有文件，再从备份恢复：shanshui restore",
            "keep the file, then restore a backup: shanshui restore",
        );
        return Finding::bad("database", plain(fault), advice);
    }
    match found {
        _ if found > known => {
            let advice = said(
                "本程序太旧：装新版，或恢复升级前的备份",
                "this program is too old: install the newer one, or restore the backup from before",
            );
            Finding::bad("database", seen, advice)
        }
        _ if found < known => {
            let advice = said(
                "先备份；启动时或 shanshui migrate 会升级",
                "make a backup; the start, or `shanshui migrate`, brings it up",
            );
            Finding::note("database", seen, advice)
        }
        _ => Finding::good("database", seen),
    }
}

fn server(server: &Server) -> Finding {
    let (major, minor) = (server.version / 10_000, server.version % 10_000);
    let settings: Vec<_> = server.settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let seen = plain(format!("{major}.{minor}, {}", settings.join(", ")));
    if server.version < SERVER_MIN {
        return Finding::bad("server", seen, said("需要 PostgreSQL 15 或更新", "PostgreSQL 15 or newer is needed"));
    }
    let off: Vec<_> =
        server.settings.iter().filter(|(_, value)| value == "off").map(|(name, _)| name.as_str()).collect();
    // our own sessions ask for synchronous commits themselves
    if off.contains(&"fsync") || off.contains(&"full_page_writes") {
        let advice = said(
            format!("{} 关着，服务器断电会丢已应答的数据；在 postgresql.conf 打开", off.join("、")),
            format!(
                "with {} off, acknowledged data is lost when the server loses power; turn it on in postgresql.conf",
                off.join(", ")
            ),
        );
        return Finding::bad("server", seen, advice);
    }
    if !off.is_empty() {
        let advice = said(
            "synchronous_commit 在服务器上关着；本程序自己的连接会打开它",
            "synchronous_commit is off on the server; the program turns it on for its own sessions",
        );
        return Finding::note("server", seen, advice);
    }
    Finding::good("server", seen)
}

fn clock(config: &Config, look: Option<&Look>) -> Finding {
    let since_1970 = |at: SystemTime| at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = since_1970(SystemTime::now());
    let file = fs::metadata(config.database()).and_then(|file| file.modified()).map(since_1970).unwrap_or_default();
    let newest =
        look.and_then(|look| look.newest).map_or(Duration::ZERO, |at| Duration::from_micros(at.0.max(0) as u64));
    judge_clock(now, file, newest)
}

fn judge_clock(now: Duration, file: Duration, newest: Duration) -> Finding {
    let text = |at: Duration| {
        jiff::Timestamp::from_second(at.as_secs() as i64).map_or_else(|e| e.to_string(), |at| at.to_string())
    };
    let advice = said(
        "校准时钟并开启对时（timedatectl set-ntp true），否则数据的时间和时限都不可信",
        "set the clock and keep it set (timedatectl set-ntp true); else no time of data and no deadline can be trusted",
    );
    if now.as_secs() < LATER_THAN_S {
        return Finding::bad("clock", plain(text(now)), advice);
    }
    let later = file.max(newest);
    if later > now + CLOCK_SLACK {
        let seen = said(
            format!("{}，但已有数据写于 {}", text(now), text(later)),
            format!("{}, but data was written at {}", text(now), text(later)),
        );
        return Finding::bad("clock", seen, advice);
    }
    Finding::good("clock", plain(text(now)))
}

/// What was seen of the history.
#[derive(Debug, Default)]
struct Past {
    /// Where it is to lie.
    place: String,
    /// Whether anything is ever to move there.
    moves: bool,
    /// The last segment that the store has handed over.
    handed_over: Option<String>,
    table: Option<Table>,
}

#[derive(Debug, Default)]
struct Table {
    /// Whether it has what the store has handed over.
    of_store: bool,
    files: usize,
    rows: u64,
    bytes: u64,
    survey: Survey,
}

async fn history(config: &Config, looked: Option<&Look>) -> Finding {
    let place = config.history_place();
    let advice = if place.contains("://") {
        said("检查 history.url、endpoint、密钥和网络", "look at history.url, its endpoint and keys, and at the network")
    } else {
        said("检查目录的权限和磁盘", "look at the rights of the folder and at its disk")
    };
    let bad = |error: String| Finding::bad("history", plain(format!("{place}: {error}")), advice.clone());
    let folder = Path::new(&place);
    if folder.is_dir()
        && let Err(error) = trial(folder).create()
    {
        return bad(error.to_string());
    }
    let known = looked.is_some_and(|look| look.schema.found == look.schema.known);
    match tokio::time::timeout(HISTORY_WAIT, look_at_history(config, known)).await {
        Ok(Ok(past)) => judge_history(&past),
        Ok(Err(error)) => bad(format!("{error:#}")),
        Err(_) => bad(format!("no answer within {} s", HISTORY_WAIT.as_secs())),
    }
}

async fn look_at_history(config: &Config, known: bool) -> anyhow::Result<Past> {
    let handed_over = if known { Store::handed_over(&config.store_address()).await? } else { None };
    let place = config.history_place();
    let mut past = Past { place, moves: config.history.hot_days > 0, handed_over, table: None };
    if let Some(history) = History::existing(&past.place, config.history.options().impatient()).await? {
        let of_store = match &past.handed_over {
            Some(last) => history.committed(last).await?,
            None => true,
        };
        let segments = history.segments();
        past.table = Some(Table {
            of_store,
            files: history.files().len(),
            rows: segments.iter().filter(|s| s.part != Part::Arrival).map(|s| s.rows).sum(),
            bytes: segments.iter().map(|s| s.bytes).sum(),
            survey: history.survey().await?,
        });
    }
    Ok(past)
}

fn judge_history(past: &Past) -> Finding {
    let place = &past.place;
    let Some(table) = &past.table else {
        if past.handed_over.is_some() {
            let seen = said(
                format!("{place} 没有历史表，而数据已移出到那里"),
                format!("{place} has no table, while readings have moved there"),
            );
            return Finding::bad("history", seen, bring_it_back());
        }
        let seen = said(format!("{place} 还没有"), format!("{place} is not there yet"));
        if past.moves {
            return Finding::note("history", seen, said("启动时会建立", "it is made at the start"));
        }
        return Finding::good("history", seen);
    };
    let (files, rows, mib) = (table.files, table.rows, table.bytes >> 20);
    let mut seen = said(
        format!("{place}，{files} 个文件，{rows} 行，{mib} MiB"),
        format!("{place}, {files} files, {rows} rows, {mib} MiB"),
    );
    if !table.of_store {
        seen.zh.push_str("；不是本库的历史表");
        seen.en.push_str("; it is not the table of this store");
        return Finding::bad("history", seen, bring_it_back());
    }
    let Survey { missing, foreign, abandoned } = &table.survey;
    let few = |files: &[String]| files.iter().take(FILES_NAMED).cloned().collect::<Vec<_>>().join(", ");
    if !missing.is_empty() {
        let (n, names) = (missing.len(), few(missing));
        seen.zh.push_str(&format!("；{n} 个文件缺失或长度不符：{names}"));
        seen.en.push_str(&format!("; {n} are missing or not whole: {names}"));
        return Finding::bad("history", seen, bring_it_back());
    }
    if *abandoned > 0 {
        seen.zh.push_str(&format!("；{abandoned} 个未完成的文件"));
        seen.en.push_str(&format!("; {abandoned} of segments that were not committed"));
    }
    if !foreign.is_empty() {
        let (n, names) = (foreign.len(), few(foreign));
        seen.zh.push_str(&format!("；{n} 个外来文件：{names}"));
        seen.en.push_str(&format!("; {n} files that do not belong to it: {names}"));
        let advice = said("移走外来文件；它们不影响读取", "move them away; they do no harm to what is read");
        return Finding::note("history", seen, advice);
    }
    if past.handed_over.is_none() && files > 0 {
        let advice = said(
            "数据库不知道这些数据：换 history.url，或恢复与它同时的备份",
            "the database knows nothing of them: choose another history.url, or restore the backup that goes with it",
        );
        return Finding::note("history", seen, advice);
    }
    Finding::good("history", seen)
}

fn bring_it_back() -> Said {
    said(
        "把历史表放回原处，或从带历史的备份恢复；在此之前移出的数据不能读取",
        "put the table back, or restore a backup with its history; until then what has moved cannot be read",
    )
}

/// Programs that the program can do without.
fn programs() -> Finding {
    let on_path = |names: &[&str]| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|folder| names.iter().any(|name| folder.join(name).is_file()))
    };
    let wanted = [("Chromium", &["chromium", "chromium-browser", "google-chrome"][..]), ("ffmpeg", &["ffmpeg"][..])];
    let missing: Vec<_> = wanted.into_iter().filter(|(_, names)| !on_path(names)).map(|(name, _)| name).collect();
    if missing.is_empty() {
        return Finding::good("programs", said("Chromium、ffmpeg 都有", "Chromium and ffmpeg are there"));
    }
    let list = missing.join(", ");
    let advice = said(
        "接收、研判、处置都不需要它们；要做网页测试或处理视频时再装",
        "nothing that stations or officers do needs them; install them for browser tests or video",
    );
    Finding::note("programs", said(format!("没有 {list}"), format!("no {list}")), advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_behind_its_own_data_is_bad() {
        let at = |s: u64| Duration::from_secs(LATER_THAN_S + s);
        let state = |now, file, newest| judge_clock(now, file, newest).state;
        assert_eq!(state(at(1_000), at(0), at(990)), State::Good);
        assert_eq!(state(at(1_000), at(1_100), at(0)), State::Good, "within the slack");
        assert_eq!(state(at(1_000), at(1_200), at(0)), State::Bad);
        assert_eq!(state(at(1_000), at(0), at(2_000)), State::Bad);
        assert_eq!(state(Duration::from_hours(24), Duration::ZERO, Duration::ZERO), State::Bad);
    }

    #[test]
    fn syncs_are_judged_by_how_long_they_take_and_where_they_go() {
        let took = |micros: u64| vec![Duration::from_micros(micros); SYNCS];
        let state = |micros, kind| judge_syncs(&took(micros), kind).state;
        assert_eq!(state(800, None), State::Good);
        assert_eq!(state(80_000, None), State::Note);
        assert_eq!(state(1, None), State::Note);
        assert_eq!(state(800, Some(TMPFS_MAGIC)), State::Bad);
        assert_eq!(state(800, Some(NFS_SUPER_MAGIC)), State::Bad);
    }

    #[test]
    fn a_history_that_is_not_the_stores_or_not_whole_is_bad() {
        let state = |handed_over: bool, change: Option<fn(&mut Table)>| {
            let handed_over = handed_over.then(|| "reading-1".to_owned());
            let table = change.map(|change| {
                let mut table = Table { of_store: true, files: 2, ..Table::default() };
                change(&mut table);
                table
            });
            judge_history(&Past { place: "there".into(), moves: true, handed_over, table }).state
        };
        assert_eq!(state(false, None), State::Note, "not there yet");
        assert_eq!(state(true, None), State::Bad, "moved to nowhere");
        assert_eq!(state(true, Some(|_| ())), State::Good);
        assert_eq!(state(false, Some(|_| ())), State::Note, "of another store");
        assert_eq!(state(false, Some(|table| table.files = 0)), State::Good);
        assert_eq!(state(true, Some(|table| table.of_store = false)), State::Bad);
        assert_eq!(state(true, Some(|table| table.survey.missing.push("a".into()))), State::Bad);
        assert_eq!(state(true, Some(|table| table.survey.foreign.push("a".into()))), State::Note);
        assert_eq!(state(true, Some(|table| table.survey.abandoned = 3)), State::Good);
    }

    #[test]
    fn a_server_that_loses_commits_is_bad() {
        let state = |version, off: &str| {
            let on_but = |name: &str| (name.to_owned(), if name == off { "off" } else { "on" }.to_owned());
            let settings = ["fsync", "full_page_writes", "synchronous_commit"].map(on_but).to_vec();
            server(&Server { version, settings }).state
        };
        assert_eq!(state(150_004, ""), State::Good);
        assert_eq!(state(140_009, ""), State::Bad);
        assert_eq!(state(160_000, "fsync"), State::Bad);
        assert_eq!(state(160_000, "full_page_writes"), State::Bad);
        assert_eq!(state(160_000, "synchronous_commit"), State::Note);
    }
}
