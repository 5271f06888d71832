//! Promises as a table for people, and as the page `docs/ref/reliability.md`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::Promise;

const COLUMNS: &str = "| promise | tried | lost | doubled | wrong | seed | met | further | measured |\n\
    |---|--:|--:|--:|--:|--:|---|---|---|\n";

/// A Markdown table.
pub fn table(promises: &[Promise], measured: &str) -> String {
    let rows: Vec<String> = promises.iter().map(|p| row(p, measured)).collect();
    format!("{COLUMNS}{}\n", rows.join("\n"))
}

fn row(p: &Promise, measured: &str) -> String {
    let more: Vec<String> = p.more.iter().map(|(key, value)| format!("{key} {value}")).collect();
    let met = if p.met { "yes" } else { "**no**" };
    let figures = [p.tried, p.lost, p.doubled, p.wrong, p.seed].map(|n| n.to_string()).join(" | ");
    format!("| {} | {figures} | {met} | {} | {measured} |", p.name, more.join(", "))
}

/// The page: new rows beside the old ones of proofs not run this time.
pub fn write(path: &Path, promises: &[Promise], measured: &str) -> anyhow::Result<()> {
    let old = fs::read_to_string(path).unwrap_or_default();
    let name = |row: &str| row.split('|').nth(1).unwrap_or_default().trim().to_owned();
    let mut rows: BTreeMap<String, String> =
        old.lines().filter(|l| l.starts_with("| ")).skip(1).map(|l| (name(l), l.to_owned())).collect();
    rows.extend(promises.iter().map(|p| (p.name.to_owned(), row(p, measured))));
    let rows: Vec<String> = rows.into_values().collect();
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    Ok(fs::write(path, format!("{HEAD}{COLUMNS}{}\n\n{NOT_TRIED}", rows.join("\n")))?)
}

const HEAD: &str = "# Reliability\n\nWritten by `cargo xtask prove`; not edited by hand.\n\n";

const NOT_TRIED: &str = "\
How: the server of the release build, loaded by `shanshui hj212 simulate` with repeats, cut connections and bad CRCs, is killed
with `kill -9` at random moments and started again; at the end every telegram that the simulator's ledger has as acknowledged is
looked up in the database: all its readings, version 1, the values sent. The last line spoils a copy of the database on purpose and
must find exactly that.

Places: a build with the feature `failpoints` ends itself, without any clearing up, where a telegram's transaction has begun, is written,
before and after its commit, before and after its answer; the same load, the same comparison.

Power: the same kill, but the program runs with a shim that keeps beside its folder a second one holding only what was synced, and
goes on with that one; with part of the unsynced writes played in, torn between sectors; and with every 41st sync failing and its
writes gone. With syncing off the same cuts must lose data.

Calls: the same shim lets one call that changes a file (write, of which half is done, cut to a length, sync) fail with EIO: in the first life
the first, in the second the second, up to `calls`; then the power is cut and the store opened again. From nothing, so that the making of
the tables is in it, and from a file with telegrams and a log, which each life counts again. Reading, opening and renaming do not fail there.

Copies: while 500 stations send 500 telegrams a second and a person logs in three times a second, the store is copied by turns with
`backup` and `export`, and each copy is put into an empty place by `restore` or `import`, from SQLite into SQLite and PostgreSQL and from
PostgreSQL into both. Telegrams acknowledged and logins answered before a copy was begun must be in it, and nothing that was never sent.
Rows and SHA-256 of every table of the restored store are held against the copy's, the last digest of its audit against the original's at
that place, and `shanshui check` must find it whole. Two changes in a restored file must be seen by three of these. There is no history in it.

Lines: devices on 5,000 connections, 64 at a time, send good telegrams, then by turns what the row lists: frames cut, bytes dropped,
flipped or inserted at every byte of a frame, garbage, one byte a write, pauses, stalls, two frames in a write, a second connection, ends
within a frame by FIN, by RST or without a word, and answers that nobody reads. The next whole frame must be answered at once; only
where a damaged header announces more than has come may the server wait, for `half_frame_s`. Leaks are looked for once load has filled the
database's caches and 500 connections have gone: open files and sockets must be as many as then, no line may be left, and the server's own
resident memory (without mapped pages of the database file) may have grown by less than 16 MiB. Controls: a next frame that is spoilt
too must be missed, and a spoilt copy of the database be seen.

Eye: cameras of 1920 × 1080 at 25 pictures a second, served by GStreamer on the same machine, are looked at five times a second with
the shared detector, with somebody in the picture most of the time; 2,000 stations send 200 telegrams a second for the first quarter.
Then sources that are none join: noise, silence, spoilt pictures, a refused connection, a false codec, a connection cut every three
seconds. Every 10 s the interface is asked how late each camera is; the rows give medians by tenths of the time. The clip is the
shared one, so that the proof is skipped where it is not.

Blind: six RTSP cameras show a minute of a drawn scene, and then what happened to five of them; how long after that each guard says
that it is blind. Voice: a drawn camera shows somebody who walks in, motion alone sees them, and loudspeakers written for
this proof (and `sipp`, who takes the calls) note when the first byte comes. It is counted from the first picture on which somebody
was inside, so that the three hits which a fence waits for are in it. What was heard is decoded by FFmpeg and held against the
sentence: `alike_min` is the smallest correlation.

Disk full: each place is a small file system in memory of its own, filled under load or before a command. The log, or the command, must
name the place and say that it is full; with room the server must go on by itself, and the command succeed when it is run again;
`shanshui check` and the ledger are asked at the end. A place where the log itself finds no room is looked at through the interface.

Rights: a test asks every route as every role, for rows that are their own, their unit's, in their area and elsewhere, and holds each
answer against the table of rights; its cells are what was tried. Control: in a copy of the sources, one check of a scope at a time is
taken out (`taken_out` of `checks`, which the seed chooses), and this test, those of lists and streams, or those of the store alone must
fail.

Tamper: the demonstration city as a server has left it, stopped or killed; one byte is changed at a place that the seed chooses, in a
fresh copy each time, and the commands are asked that would tell. `said`: one failed, or named it. `harmless`: none did, and everything
that is read is as before. `undetected`: what is read is another, and none has said so. `rest_not_read`: beside what was hit, something
else cannot be read, neither from the file as it is nor from what `shanshui salvage` makes of it. `rest_salvaged`: it can be read only from
that. `nameless`: said, and the words name nothing to begin at. `engine_silent`: said, of a database in which SQLite's own check finds
nothing. For files that people write, the configuration and the
city packs, a changed byte is said as a difference to the last start, not as a fault.

API: schemathesis reads the server's own description and asks it as a person of each role and as nobody: examples, every boundary of
every field, then random cases, half of them with ids that exist. Status, media type and body of each answer are held against the
description. The server counts the requests. Logging out, ending a session and changing the password are asked in runs of their own
that log in before each request. The second factor is off, the store is SQLite, devices answer commands: a command to a device that
is not connected is answered 503 on purpose and is not asked for. Whether a request that breaks the description is always refused,
and what a session may see, is not held against anything there; the latter is what the matrix of rights does.

Guesses: a name from one address, a name from anywhere (a trusted proxy says from where), any name from one address, a hundred names
from anywhere, pipelined on eight connections. A guess answered 401 was tried, one answered 429 was not. The bound holds for the
minutes of the run: whoever goes on has one more guess of a name after 1, 2, 4 … 60 minutes each. Many names from many addresses are
each tried as often: nothing counts all failures of a city. Guesses from one address do not shut the owner of a name out elsewhere;
guesses from many do, for as long as the name waits.

Ninety days: 200 stations, 30 officers, 20 enterprises and 10 citizens on a fake clock, on SQLite. Stations say something new, again, another
value, or from days ago; alarms are raised, ended and acknowledged; cases go their way, and one in four deeds is not what comes next;
officers lose posts, get them, and stand in for one another. Every answer is held against a model of plain collections, at the end every
version, alarm, case, holding and the audit's counts, and `check`. Judging, HTTP, evidence and the history are not in it.

Not tried here: names lost from a folder, a disk that lies about syncing; of damaged files those
that somebody changes on purpose together with their checksums and second copies, PostgreSQL's own files, and a byte that changes
while the program has the page in memory. Of lines: packets lost,
delayed or reordered below TCP, a peer whose machine has lost its power (no segment comes any more: only silence was tried), encrypted
telegrams and the editions of 2005 and 2025 under faults, several nodes, more connections than the row says: 12,000, warmed up less, grew
by 27 MiB, so that a slow leak is not ruled out. Of full disks: real file systems (quotas, delayed allocation, no
inodes left), PostgreSQL, evidence (it lies in the database, and takes the same way as telegrams), the scratch files of `shanshui query`.
";

/// When, which commit, on what.
pub fn measured() -> String {
    let now = jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).strftime("%Y-%m-%d").to_string();
    let commit = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).current_dir(crate::root()).output();
    let commit = commit.map_or(String::new(), |o| String::from_utf8_lossy(&o.stdout).trim().to_owned());
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{now}, {commit}, {cores} cores")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_not_tried_this_time_stay() {
        let dir = std::env::temp_dir().join(format!("xtask-promises-{}", std::process::id()));
        let page = dir.join("reliability.md");
        let promise = |name, tried| Promise {
            name,
            tried,
            lost: 0,
            doubled: 0,
            wrong: 0,
            seed: 1,
            met: true,
            more: serde_json::Map::new(),
        };
        write(&page, &[promise("a", 1), promise("b", 2)], "today").expect("a folder to write in");
        write(&page, &[promise("b", 3)], "today").expect("a folder to write in");
        let text = fs::read_to_string(&page).expect("just written");
        fs::remove_dir_all(&dir).expect("just written");
        assert!(text.contains("| a | 1 |") && text.contains("| b | 3 |") && !text.contains("| b | 2 |"), "{text}");
    }
}
