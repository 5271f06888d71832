//! One byte is changed, in every kind of file that the program keeps, each time in a fresh copy. Promise: a command says so, or
//! everything that is read is as before; nothing panics; the rest is still read.

mod content;
mod site;

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use self::content::{Content, engine_finds, of_database, of_salvaged, of_store};
use self::site::{Left, Site, files};
use super::{Args, Promise, mix, more};

/// A command that takes longer hangs.
const ANSWERS_IN: Duration = Duration::from_mins(2);
/// Findings that say something without being a fault: a file that people edit, a commit that may have been torn.
const NOTES: [&str; 2] = ["configuration and city packs", "write-ahead log"];
/// Undetected ones that are described, of each kind.
const SHOWN: usize = 20;

/// One kind of file.
struct Kind {
    name: &'static str,
    left: Left,
    /// Its files, below the site's folder.
    files: Files,
    /// Commands that would tell, in this order.
    tell: &'static [Tell],
    /// What is compared when none does.
    read: Read,
}

/// Which files.
enum Files {
    One(&'static str),
    Found(fn(&Path) -> anyhow::Result<Vec<PathBuf>>),
}

impl Files {
    fn below(&self, site: &Path) -> anyhow::Result<Vec<PathBuf>> {
        match self {
            Self::One(path) => Ok(vec![site.join(path)]),
            Self::Found(find) => find(site),
        }
    }
}

/// A command; it tells by its exit or by what it finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Tell {
    Check,
    /// With every reading against its telegram.
    CheckReadings,
    CheckAudit,
    CheckHistory,
    /// Into an empty folder, then `check` there.
    Restore,
    Import,
}

/// What is read of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Read {
    Database,
    /// The filled database of a backup or an archive, with its history.
    Filled,
    History,
    /// A key, in digits of either case.
    Key,
    /// Nothing but the bytes.
    Bytes,
}

/// The promise of a kind.
macro_rules! promise {
    ($kind:literal) => {
        concat!("a byte changed in ", $kind, ": it is said, or nothing is read otherwise")
    };
}

const KINDS: &[Kind] = &[
    Kind {
        name: promise!("the database"),
        left: Left::Closed,
        files: Files::One("data/shanshui.db"),
        tell: &[Tell::CheckReadings],
        read: Read::Database,
    },
    Kind {
        name: promise!("the database without telegrams and readings"),
        left: Left::Bare,
        files: Files::One("data/shanshui.db"),
        tell: &[Tell::CheckReadings],
        read: Read::Database,
    },
    Kind {
        name: promise!("the write-ahead log after a kill"),
        left: Left::Killed,
        files: Files::One("data/shanshui.db-wal"),
        tell: &[Tell::CheckReadings],
        read: Read::Database,
    },
    Kind {
        name: promise!("the index of that log"),
        left: Left::Killed,
        files: Files::One("data/shanshui.db-shm"),
        tell: &[Tell::Check],
        read: Read::Database,
    },
    Kind {
        name: promise!("Parquet files of the history"),
        left: Left::Closed,
        files: Files::Found(parquet),
        tell: &[Tell::CheckHistory],
        read: Read::History,
    },
    Kind {
        name: promise!("the history's log"),
        left: Left::Closed,
        files: Files::Found(history_log),
        tell: &[Tell::CheckHistory, Tell::Check],
        read: Read::History,
    },
    Kind {
        name: promise!("the audit's second place"),
        left: Left::Closed,
        files: Files::Found(second),
        tell: &[Tell::CheckAudit],
        read: Read::Bytes,
    },
    Kind {
        name: promise!("audit.key"),
        left: Left::Closed,
        files: Files::One("data/audit.key"),
        tell: &[Tell::CheckAudit],
        read: Read::Key,
    },
    Kind {
        name: promise!("vault.key"),
        left: Left::Closed,
        files: Files::One("data/vault.key"),
        tell: &[Tell::Check],
        read: Read::Key,
    },
    Kind {
        name: promise!("a backup's database"),
        left: Left::Closed,
        files: Files::One("backup.db"),
        tell: &[Tell::Restore],
        read: Read::Filled,
    },
    Kind {
        name: promise!("a backup's history"),
        left: Left::Closed,
        files: Files::Found(backup_history),
        tell: &[Tell::Restore],
        read: Read::Filled,
    },
    Kind {
        name: promise!("an archive"),
        left: Left::Closed,
        files: Files::Found(archive),
        tell: &[Tell::Import],
        read: Read::Filled,
    },
    Kind {
        name: promise!("the configuration"),
        left: Left::Closed,
        files: Files::One("shanshui.toml"),
        tell: &[Tell::Check],
        read: Read::Bytes,
    },
    Kind {
        name: promise!("city packs"),
        left: Left::Closed,
        files: Files::Found(packs),
        tell: &[Tell::Check],
        read: Read::Bytes,
    },
    Kind {
        name: promise!("other files of the data folder"),
        left: Left::Closed,
        files: Files::Found(others),
        tell: &[Tell::Check],
        read: Read::Database,
    },
];

fn parquet(site: &Path) -> anyhow::Result<Vec<PathBuf>> {
    Ok(files(&site.join("data/history"))?
        .into_iter()
        .filter(|f| f.extension().is_some_and(|e| e == "parquet"))
        .collect())
}

/// Everything of the history that is no Parquet file of rows: the log with its checksums, and its checkpoints.
fn history_log(site: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let rows: BTreeSet<PathBuf> =
        parquet(site)?.into_iter().filter(|f| !f.components().any(|c| c.as_os_str() == "_delta_log")).collect();
    Ok(files(&site.join("data/history"))?.into_iter().filter(|f| !rows.contains(f)).collect())
}

fn second(site: &Path) -> anyhow::Result<Vec<PathBuf>> {
    files(&site.join("second"))
}

/// What lies beside a backup under its name.
fn backup_history(site: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(site)? {
        let path = entry?.path();
        if path.is_dir() && path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("backup.db")) {
            found.extend(files(&path)?);
        }
    }
    Ok(found)
}

fn archive(site: &Path) -> anyhow::Result<Vec<PathBuf>> {
    files(&site.join("archive"))
}

fn packs(site: &Path) -> anyhow::Result<Vec<PathBuf>> {
    Ok(files(&site.join("pack"))?.into_iter().filter(|f| f.extension().is_some_and(|e| e != "md")).collect())
}

/// Whatever else lies there: the kind that comes last.
fn others(site: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut known: BTreeSet<PathBuf> = BTreeSet::new();
    for kind in KINDS.split_last().map_or(&[][..], |(_, before)| before) {
        known.extend(kind.files.below(site)?);
    }
    Ok(files(&site.join("data"))?.into_iter().filter(|file| !known.contains(file)).collect())
}

/// What became of one changed byte.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    Said,
    Harmless,
    /// What is read is other than before, and nothing has said so.
    Undetected(String),
    Panicked(String),
}

/// What a command said.
#[derive(Debug, Default)]
struct Answer {
    failed: bool,
    panicked: bool,
    /// Findings that are notes.
    notes: Vec<String>,
    /// Findings that are faults.
    faults: Vec<String>,
    text: String,
}

impl Answer {
    fn told(&self, untouched: &Self) -> bool {
        self.failed || self.notes != untouched.notes
    }

    fn also(mut self, next: Self) -> Self {
        self.failed |= next.failed;
        self.panicked |= next.panicked;
        self.notes.extend(next.notes);
        self.faults.extend(next.faults);
        self.text += &next.text;
        self
    }
}

/// Counts of a kind.
#[derive(Debug, Default)]
struct Counts {
    said: u64,
    harmless: u64,
    undetected: u64,
    panicked: u64,
    /// Said, and something beside it cannot be read.
    rest: u64,
    /// Said, and the rest is read only from what was salvaged.
    salvaged: u64,
    /// Said, in words that name nothing.
    nameless: u64,
    /// Said, of a database in which the engine's own check finds nothing.
    beyond_engine: u64,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Vec<Promise>> {
    let mut site = Site::new()?;
    eprintln!("a city is filled; this takes two minutes");
    site.fill()?;
    let all: Vec<_> = KINDS.iter().map(|kind| tried(args, &site, kind)).collect::<anyhow::Result<_>>()?;
    Ok(all.into_iter().flatten().collect())
}

/// What the untouched copy says and holds.
#[derive(Default)]
struct Untouched {
    answers: HashMap<Tell, Answer>,
    content: Content,
}

/// None when there are no bytes of the kind.
fn tried(args: &Args, site: &Site, kind: &Kind) -> anyhow::Result<Option<Promise>> {
    let style = ProgressStyle::with_template("{prefix:60} {bar:30} {pos}/{len} flips {eta}")?;
    let bar = ProgressBar::new(u64::from(args.flips))
        .with_style(style)
        .with_prefix(kind.name.split(':').next().unwrap_or_default());
    let mut untouched = Untouched::default();
    for tell in kind.tell {
        site.fresh(kind.left)?;
        let answer = ask(site, *tell)?;
        ensure!(
            !answer.failed && !answer.panicked,
            "{}: {tell:?} of an untouched copy says {}",
            kind.name,
            answer.text
        );
        untouched.answers.insert(*tell, answer);
    }
    if kind.read != Read::Filled {
        site.fresh(kind.left)?;
    }
    untouched.content = read(site, kind.read)?;
    let all: Vec<(PathBuf, u64)> = kind
        .files
        .below(&site.of(kind.left))?
        .into_iter()
        .map(|file| Ok((file.clone(), fs::metadata(&file)?.len())))
        .collect::<anyhow::Result<_>>()?;
    let bytes: u64 = all.iter().map(|(_, bytes)| bytes).sum();
    let (mut counts, mut random, mut shown) = (Counts::default(), args.seed ^ kind.name.len() as u64, 0);
    let names: Vec<_> =
        all.iter().filter_map(|(file, _)| file.file_name()).map(|name| name.to_string_lossy()).collect();
    eprintln!(
        "{}: {} files, {bytes} bytes: {}",
        kind.name,
        all.len(),
        names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ")
    );
    if bytes == 0 {
        return Ok(None);
    }
    for _ in 0..args.flips {
        random = mix(random);
        let flip = Flip::of(&all, random % bytes, random >> 48, &site.of(kind.left), &site.rig.dir)?;
        let outcome = one(site, kind, &flip, &untouched, &mut counts)?;
        match &outcome {
            Outcome::Said => counts.said += 1,
            Outcome::Harmless => counts.harmless += 1,
            Outcome::Undetected(_) => counts.undetected += 1,
            Outcome::Panicked(_) => counts.panicked += 1,
        }
        if let Outcome::Undetected(what) | Outcome::Panicked(what) = outcome
            && shown < SHOWN
        {
            shown += 1;
            bar.suspend(|| {
                eprintln!("{}: {} byte {} ^ {:#04x}: {what}", kind.name, flip.file.display(), flip.at, flip.mask);
            });
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let Counts { said, harmless, undetected, panicked, rest, salvaged, nameless, beyond_engine } = counts;
    Ok(Some(Promise {
        name: kind.name,
        tried: u64::from(args.flips),
        lost: rest,
        doubled: 0,
        wrong: undetected + panicked,
        seed: args.seed,
        met: undetected + panicked + rest == 0,
        more: more(
            json!({"files": all.len(), "bytes": bytes, "said": said, "harmless": harmless, "undetected": undetected,
            "panicked": panicked, "rest_not_read": rest, "rest_salvaged": salvaged, "nameless": nameless, "engine_silent": beyond_engine}),
        ),
    }))
}

/// A byte that is changed.
struct Flip {
    file: PathBuf,
    at: usize,
    mask: u8,
}

impl Flip {
    /// The byte at a place of all files one after the other, in the copy at `to`.
    fn of(all: &[(PathBuf, u64)], mut at: u64, mask: u64, from: &Path, to: &Path) -> anyhow::Result<Self> {
        for (file, bytes) in all {
            if at < *bytes {
                let file = to.join(file.strip_prefix(from)?);
                return Ok(Self { file, at: usize::try_from(at)?, mask: (mask % 255 + 1) as u8 });
            }
            at -= bytes;
        }
        bail!("beyond the end of all files")
    }

    fn make(&self) -> anyhow::Result<()> {
        let mut bytes = fs::read(&self.file).with_context(|| self.file.display().to_string())?;
        bytes[self.at] ^= self.mask;
        Ok(fs::write(&self.file, bytes)?)
    }
}

fn one(site: &Site, kind: &Kind, flip: &Flip, untouched: &Untouched, counts: &mut Counts) -> anyhow::Result<Outcome> {
    let anew = || {
        site.fresh(kind.left)?;
        flip.make()
    };
    let mut told: Option<Answer> = None;
    for tell in kind.tell {
        anew()?;
        let answer = ask(site, *tell)?;
        if answer.panicked {
            return Ok(Outcome::Panicked(answer.text));
        }
        if answer.told(&untouched.answers[tell]) {
            told = Some(answer);
            break;
        }
    }
    anew()?;
    if let Some(answer) = told {
        if !names(&answer.text) {
            counts.nameless += 1;
            eprintln!("{}: {} byte {}: {}", kind.name, flip.file.display(), flip.at, answer.text);
        }
        if kind.read == Read::Database && kind.left != Left::Killed {
            counts.beyond_engine += u64::from(!engine_finds(&flip.file));
        }
        let mut read = rest_is_read(site, kind, &answer, untouched)?;
        if !read && kind.read == Read::Database && kind.left != Left::Killed {
            counts.salvaged += 1;
            read = differing(&untouched.content, &of_salvaged(&flip.file, &site.rig.dir)?).len() <= 1;
        }
        counts.rest += u64::from(!read);
        return Ok(Outcome::Said);
    }
    if kind.read == Read::Key || kind.read == Read::Bytes {
        let before = fs::read(site.of(kind.left).join(flip.file.strip_prefix(&site.rig.dir)?))?;
        let same = kind.read == Read::Key && key(&before) == key(&fs::read(&flip.file)?);
        return Ok(if same { Outcome::Harmless } else { Outcome::Undetected("another byte".into()) });
    }
    if kind.read == Read::Filled {
        // the commands have filled a store, which is thrown away with the copy
        ask(site, kind.tell[0])?;
    }
    let differs = match read(site, kind.read) {
        Err(error) => format!("{error:#}"),
        Ok(content) => differing(&untouched.content, &content).join(", "),
    };
    Ok(if differs.is_empty() { Outcome::Harmless } else { Outcome::Undetected(differs) })
}

fn key(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_ascii_lowercase()
}

/// What is read now and was not, or is read otherwise.
fn differing(before: &Content, now: &Content) -> Vec<String> {
    let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    names.into_iter().filter(|name| before.get(*name) != now.get(*name)).cloned().collect()
}

fn read(site: &Site, what: Read) -> anyhow::Result<Content> {
    let data = site.rig.dir.join("data");
    match what {
        Read::Database => Ok(of_database(&data.join("shanshui.db"))),
        Read::History => of_store(&data),
        Read::Filled => {
            let filled = site.rig.dir.join("filled");
            let mut content = of_database(&filled.join("shanshui.db"));
            content.extend(of_store(&filled)?);
            Ok(content)
        }
        Read::Key | Read::Bytes => Ok(Content::new()),
    }
}

/// Whether what was not touched can be read: of a database all tables but the one that was hit, of the history all files but one. A
/// damaged log is cut where the damage is, and what was committed before is read.
fn rest_is_read(site: &Site, kind: &Kind, answer: &Answer, untouched: &Untouched) -> anyhow::Result<bool> {
    let killed = kind.left == Left::Killed;
    Ok(match (kind.read, killed) {
        (Read::Database, false) => {
            let now = read(site, Read::Database)?;
            differing(&untouched.content, &now).len() <= 1
        }
        (Read::Database, true) => !read(site, Read::Database)?.is_empty(),
        (Read::History, _) => answer.faults.len() <= 2,
        _ => true,
    })
}

/// Whether words name a file, a table, a row or a segment: somewhere to begin.
fn names(text: &str) -> bool {
    const WORDS: [&str; 12] = [
        "telegram ",
        "index ",
        "row ",
        "link ",
        "Tree ",
        "page ",
        "segment",
        "/",
        "frame ",
        "entries",
        "table ",
        "key",
    ];
    WORDS.iter().any(|word| text.contains(word))
}

fn ask(site: &Site, tell: Tell) -> anyhow::Result<Answer> {
    let dir = &site.rig.dir;
    match tell {
        Tell::Check => asked(dir, site.command(&["check"])),
        Tell::CheckReadings => asked(dir, site.command(&["check", "--readings"])),
        Tell::CheckAudit => asked(dir, site.command(&["check", "--audit"])),
        Tell::CheckHistory => {
            let mut command = site.rig.command(&["history", "--config"]);
            command.arg(site.rig.config()).arg("check");
            asked(dir, command)
        }
        Tell::Restore => filled(site, "restore", "backup.db"),
        Tell::Import => filled(site, "import", "archive"),
    }
}

/// A copy is put into an empty folder, and looked at there.
fn filled(site: &Site, command: &str, from: &str) -> anyhow::Result<Answer> {
    let (dir, data) = (&site.rig.dir, site.rig.dir.join("filled"));
    if data.exists() {
        fs::remove_dir_all(&data)?;
    }
    let config = dir.join("filled.toml");
    let (pack, key) = (dir.join("pack"), dir.join("data/vault.key"));
    let text = format!("data = {}\ncity_packs = [{}]\nvault.key_file = {}\n", json!(data), json!(pack), json!(key));
    fs::write(&config, text)?;
    let mut put = site.rig.command(&[command, "--config"]);
    put.arg(&config).arg(dir.join(from));
    let answer = asked(dir, put)?;
    if answer.failed || answer.panicked {
        return Ok(answer);
    }
    let mut check = site.rig.command(&["check", "--readings", "--config"]);
    check.arg(&config);
    Ok(answer.also(asked(dir, check)?))
}

fn asked(dir: &Path, mut command: Command) -> anyhow::Result<Answer> {
    let [out, err] = ["out", "err"].map(|name| dir.join(name));
    let mut child = command.stdin(Stdio::null()).stdout(File::create(&out)?).stderr(File::create(&err)?).spawn()?;
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if begun.elapsed() > ANSWERS_IN {
            child.kill()?;
            break child.wait()?;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let [out, err] = [out, err].map(|path| fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()));
    let (out, err) = (out?, err?);
    let mut answer = Answer {
        failed: !status.success(),
        panicked: status.signal().is_some() || err.contains("panicked"),
        ..Answer::default()
    };
    for finding in out.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        if finding["ok"] == false {
            answer.faults.push(finding.to_string());
        } else if NOTES.iter().any(|note| finding["what"] == *note) {
            answer.notes.push(finding["detail"].to_string());
        }
    }
    answer.text = format!("{} {err}", answer.faults.join(" "));
    if answer.notes.iter().any(|note| note.contains("not ")) {
        answer.text += &answer.notes.join(" ");
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flip_is_one_byte_of_the_file_it_falls_into() {
        let dir = std::env::temp_dir().join(format!("tamper-{}", std::process::id()));
        let (from, to) = (dir.join("from"), dir.join("to"));
        for folder in [&from, &to] {
            fs::create_dir_all(folder).expect("a folder");
            fs::write(folder.join("a"), [0; 3]).expect("written");
            fs::write(folder.join("b"), [0; 5]).expect("written");
        }
        let all = vec![(from.join("a"), 3), (from.join("b"), 5)];
        let flip = Flip::of(&all, 4, 0, &from, &to).expect("within");
        flip.make().expect("made");
        assert_eq!(fs::read(to.join("b")).expect("read"), [0, 1, 0, 0, 0]);
        assert_eq!(fs::read(to.join("a")).expect("read"), [0; 3]);
        assert!(Flip::of(&all, 8, 0, &from, &to).is_err());
        fs::remove_dir_all(&dir).expect("removed");
    }

    #[test]
    fn only_what_is_read_otherwise_differs() {
        let content = |list: &[(&str, u64)]| list.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect::<Content>();
        let before = content(&[("a", 1), ("b", 2)]);
        assert!(differing(&before, &before).is_empty());
        assert_eq!(differing(&before, &content(&[("a", 3), ("c", 2)])), ["a", "b", "c"]);
    }
}
