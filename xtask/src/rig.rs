//! A real server and real load, as processes: what proofs and benchmarks of the whole are made of.
//!
//! Everything lies in one folder under the target folder and is thrown away at the next start. Linux: CPU time and memory are
//! read from `/proc`.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

/// Clock ticks of a second in `/proc/PID/stat`; 100 on every Linux we know.
const TICKS: f64 = 100.0;
/// SIGABRT on Linux.
const ABORTED: i32 = 6;

/// A server with its folder.
pub struct Rig {
    /// Where everything lies.
    pub dir: PathBuf,
    binary: PathBuf,
    /// Tells the servers of one folder apart; empty for the only one.
    node: String,
    /// Where people connect; port 0 until the first start.
    pub http: SocketAddr,
    /// Where stations connect.
    pub hj212: SocketAddr,
    /// Further lines of the configuration.
    pub config_more: String,
    /// Further lines of its section `http`.
    pub http_more: String,
    /// Further lines of its section on HJ 212.
    pub hj212_more: String,
    /// Where its figures are; none: nothing listens. Port 0 until the first start.
    pub metrics: Option<SocketAddr>,
    /// Where it writes what it says, when not beside its configuration.
    pub log_at: Option<PathBuf>,
    /// Environment of the server.
    pub env: Vec<(&'static str, PathBuf)>,
    server: Option<Server>,
}

struct Server {
    child: Child,
    /// Held open: the server may print.
    out: BufReader<ChildStdout>,
}

impl Rig {
    /// Builds the program, empties the folder, writes a pack of so many simulated stations.
    pub fn new(name: &str, stations: usize, factors: usize) -> anyhow::Result<Self> {
        Self::with_features(name, "", stations, factors)
    }

    /// The same of a program with features that are not shipped; none: as shipped.
    pub fn with_features(name: &str, features: &str, stations: usize, factors: usize) -> anyhow::Result<Self> {
        let target = target();
        built(&["--bin", "shanshui", "--features", features])?;
        let dir = target.join("rig").join(name);
        if dir.exists() {
            fs::remove_dir_all(&dir)?;
        }
        fs::create_dir_all(&dir)?;
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        // a build that somebody starts meanwhile must not change what is tried
        let binary = dir.join("shanshui");
        fs::copy(target.join("release/shanshui"), &binary)?;
        let rig = Self {
            dir,
            binary,
            node: String::new(),
            http: any,
            hj212: any,
            config_more: String::new(),
            http_more: String::new(),
            hj212_more: String::new(),
            metrics: None,
            log_at: None,
            env: vec![],
            server: None,
        };
        let mut pack = rig.command(&["hj212", "simulate"]);
        pack.args(["--stations", &stations.to_string(), "--factors", &factors.to_string()]);
        let pack = pack.arg("--write-pack").arg(rig.dir.join("pack")).status()?;
        ensure!(pack.success(), "no pack of simulated stations");
        Ok(rig)
    }

    /// A further server of the same program, pack and settings, with a data folder of its own.
    pub fn sibling(&self, node: &str) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            dir: self.dir.clone(),
            binary: self.binary.clone(),
            node: format!("-{node}"),
            http: any,
            hj212: any,
            config_more: self.config_more.clone(),
            http_more: self.http_more.clone(),
            hj212_more: self.hj212_more.clone(),
            metrics: self.metrics.map(|_| any),
            log_at: None,
            env: self.env.clone(),
            server: None,
        }
    }

    /// The program with arguments.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(args);
        command
    }

    /// Load against this server.
    pub fn simulate(&self, args: &[&str]) -> Command {
        let mut command = self.command(&["hj212", "simulate", "--to", &self.hj212.to_string()]);
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped());
        command
    }

    /// The database file.
    pub fn database(&self) -> PathBuf {
        self.data().join("shanshui.db")
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.dir.join(format!("data{}", self.node))
    }

    /// The configuration file.
    pub fn config(&self) -> PathBuf {
        self.dir.join(format!("shanshui{}.toml", self.node))
    }

    /// What the server says.
    pub fn log(&self) -> PathBuf {
        if let Some(at) = &self.log_at {
            return at.clone();
        }
        self.dir.join(format!("server{}.log", self.node))
    }

    /// Throws the data away.
    pub fn wipe(&self) -> anyhow::Result<()> {
        let data = self.data();
        if data.exists() {
            fs::remove_dir_all(data)?;
        }
        Ok(())
    }

    /// Writes the configuration; gives where it is.
    pub fn configure(&self) -> anyhow::Result<PathBuf> {
        // a JSON string is a TOML string
        let [data, pack] = [self.data(), self.dir.join("pack")].map(|path| serde_json::json!(path));
        let metrics = self.metrics.map_or_else(String::new, |at| at.to_string());
        let config = format!(
            "data = {data}\ncity_packs = [{pack}]\n{}\n[http]\nlisten = \"{}\"\naddress_requests_per_s = 0\naccount_requests_per_s = 0\n{}\n[hj212]\nlisten = \"{}\"\nframes_per_s_max = 1000000\n{}\n[metrics]\nlisten = \"{metrics}\"\n",
            self.config_more, self.http, self.http_more, self.hj212, self.hj212_more
        );
        fs::write(self.config(), config)?;
        Ok(self.config())
    }

    /// Starts the server; comes back as soon as the process is there. [`Rig::wait`] waits until it accepts.
    pub fn start(&mut self) -> anyhow::Result<()> {
        let config = self.configure()?;
        let log = File::options().create(true).append(true).open(self.log())?;
        let mut command = self.command(&["serve", "--config"]);
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command.arg(config).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().context("the server does not start")?;
        let out = BufReader::new(child.stdout.take().context("piped")?);
        self.server = Some(Server { child, out });
        Ok(())
    }

    /// Waits for the line that says where it listens, and keeps to these addresses at every later start.
    pub fn wait(&mut self) -> anyhow::Result<()> {
        let log = self.log();
        let server = self.server.as_mut().context("started")?;
        let mut line = String::new();
        server.out.read_line(&mut line)?;
        let said: serde_json::Value =
            serde_json::from_str(&line).with_context(|| format!("the server said {line:?}; see {}", log.display()))?;
        let address = |key: &str| said[key].as_str().and_then(|a| a.parse().ok()).with_context(|| format!("no {key}"));
        (self.http, self.hj212) = (address("http")?, address("hj212")?);
        if self.metrics.is_some() {
            self.metrics = Some(address("metrics")?);
        }
        Ok(())
    }

    /// Its process.
    pub fn pid(&self) -> anyhow::Result<u32> {
        Ok(self.server.as_ref().context("no server runs")?.child.id())
    }

    /// Waits until it has aborted by itself; false when it still runs. A server that ends in any other way is an error.
    pub fn aborts_within(&mut self, limit: Duration) -> anyhow::Result<bool> {
        let server = self.server.as_mut().context("started")?;
        let begun = Instant::now();
        while begun.elapsed() < limit {
            if let Some(status) = server.child.try_wait()? {
                self.server = None;
                ensure!(
                    status.signal() == Some(ABORTED),
                    "the server ended with {status}; see {}",
                    self.log().display()
                );
                return Ok(true);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(false)
    }

    /// `kill -9`.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        if let Some(mut server) = self.server.take() {
            server.child.kill()?;
            server.child.wait()?;
        }
        Ok(())
    }

    /// Asks it to end, and waits until it has.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        let Some(mut server) = self.server.take() else { return Ok(()) };
        signal("-TERM", server.child.id())?;
        let status = server.child.wait()?;
        if !status.success() {
            bail!("the server ended with {status}; see {}", self.log().display());
        }
        Ok(())
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        // it may have ended already
        let _ = self.kill();
    }
}

/// Sends a signal to a process we started.
pub fn signal(signal: &str, pid: u32) -> anyhow::Result<()> {
    let status = Command::new("kill").args([signal, &pid.to_string()]).status()?;
    ensure!(status.success(), "kill {signal} {pid}: {status}");
    Ok(())
}

/// CPU seconds a process has used so far, user and system.
pub fn cpu_seconds(pid: u32) -> anyhow::Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // the name stands in parentheses and may hold anything
    let after = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<f64> = after.split_whitespace().skip(11).take(2).filter_map(|n| n.parse().ok()).collect();
    Ok(fields.iter().sum::<f64>() / TICKS)
}

/// Resident memory of a process in bytes.
pub fn resident(pid: u32) -> anyhow::Result<u64> {
    status_bytes(pid, "VmRSS:")
}

/// Of this, what is its own: without the pages of files that it has mapped, which the system may take back at any time.
pub fn resident_own(pid: u32) -> anyhow::Result<u64> {
    status_bytes(pid, "RssAnon:")
}

fn status_bytes(pid: u32, key: &str) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|l| l.strip_prefix(key)).with_context(|| format!("no {key}"))?;
    let kib: u64 = line.trim().trim_end_matches(" kB").trim().parse()?;
    Ok(kib * 1024)
}

/// Open files of a process, and how many of them are sockets.
pub fn open_files(pid: u32) -> anyhow::Result<(u64, u64)> {
    let (mut files, mut sockets) = (0, 0);
    for entry in fs::read_dir(format!("/proc/{pid}/fd"))? {
        // one that was closed since the folder was read is none
        let Ok(target) = fs::read_link(entry?.path()) else { continue };
        files += 1;
        sockets += u64::from(target.to_string_lossy().starts_with("socket:"));
    }
    Ok((files, sockets))
}

/// Where everything is built.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| crate::root().join("target"), PathBuf::from)
}

/// What a process printed as its last line, as JSON.
pub fn summary(child: Child) -> anyhow::Result<serde_json::Value> {
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "the simulator ended with {}", output.status);
    let text = String::from_utf8(output.stdout)?;
    serde_json::from_str(text.lines().last().unwrap_or_default()).context("the simulator's summary")
}

/// Of sorted durations in milliseconds, the one this share stays within.
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied().unwrap_or(f64::NAN)
}

/// Builds something of this workspace as it is shipped. All of it is selected, so that a crate below is compiled once and not anew for
/// everything that is measured.
pub fn built(what: &[&str]) -> anyhow::Result<()> {
    let mut build = Command::new(cargo());
    build.args(["build", "--release", "--quiet", "--workspace"]).args(what).current_dir(crate::root());
    ensure!(build.status()?.success(), "{} does not build", what.join(" "));
    Ok(())
}

/// Builds an example; gives where it lies.
pub fn example(name: &str) -> anyhow::Result<PathBuf> {
    built(&["--example", name])?;
    Ok(target().join("release/examples").join(name))
}

/// The cargo that runs us, or the one on the path: never a toolchain's own without its proxy, which would let a dependency's
/// toolchain file choose another compiler.
pub fn cargo() -> std::ffi::OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Copies a folder with everything in it.
pub fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &to)?;
        } else {
            fs::copy(&path, &to).with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}
