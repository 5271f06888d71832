//! The write-ahead log, looked at before the engine opens it.
//!
//! The engine reads the log up to the first frame whose checksum is wrong, takes that for the end, and writes over the rest. That is
//! right for a transaction that was being written when the power went, and a silent loss when a byte has changed since: whatever was
//! committed behind it is gone. The two are told apart by what lies behind. With `synchronous=FULL` a transaction is durable before the
//! next one begins, so that at most one can be torn by a power cut; where commits of the same round follow a second time, the log was
//! whole once. Format: <https://www.sqlite.org/fileformat2.html#the_write_ahead_log>.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use super::file::{beside, beside_log, synced};
use super::page::PAGE;

const HEADER: usize = 32;
const FRAME: usize = 24;
/// The last bit says the order of bytes in the checksums.
const MAGIC: u32 = 0x377f_0682;

/// A log that ends before it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Torn {
    /// The first frame that is wrong, from 1; 0 is the header.
    pub(crate) frame: u64,
    /// Commits that begin or lie behind it.
    pub(crate) commits: u64,
}

impl Torn {
    /// Whether a power cut cannot have done it.
    pub(crate) fn damaged(self) -> bool {
        self.commits > 1
    }
}

/// Looks at the log of a database; none when it is whole, or not there.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn look(database: &Path) -> io::Result<Option<Torn>> {
    let log = beside_log(database, "wal");
    loop {
        let before = head(&log)?;
        let torn =
            if before.is_empty() { None } else { walk(&mut BufReader::with_capacity(1 << 18, File::open(&log)?))? };
        // a log that is written anew meanwhile is half of the old and half of the new one
        if torn.is_none() || head(&log)? == before {
            return Ok(torn);
        }
    }
}

/// Looks at the log, and keeps a copy of one that is damaged before the engine writes over it; gives where it lies.
///
/// # Errors
/// When the log cannot be read, or the copy not be written.
pub(crate) fn keep_damaged(database: &Path) -> io::Result<Option<PathBuf>> {
    let Some(torn) = look(database)?.filter(|torn| torn.damaged()) else { return Ok(None) };
    let copy = beside(&beside_log(database, "wal"), &format!("damaged-{}-{}", torn.frame, torn.commits));
    std::fs::copy(beside_log(database, "wal"), &copy)?;
    synced(&copy).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(Some(copy))
}

/// Copies of damaged logs that lie beside a database.
///
/// # Errors
/// When the folder cannot be read.
pub(crate) fn kept_damaged(database: &Path) -> io::Result<Vec<PathBuf>> {
    let first = beside(&beside_log(database, "wal"), "damaged-");
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let named = path.file_name().zip(first.file_name());
        if named.is_some_and(|(name, first)| name.as_encoded_bytes().starts_with(first.as_encoded_bytes())) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn head(log: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match File::open(log) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(bytes),
        file => file?.take(HEADER as u64).read_to_end(&mut bytes)?,
    };
    Ok(bytes)
}

/// As many bytes as there are, up to the length of `into`.
fn fill(from: &mut impl Read, into: &mut [u8]) -> io::Result<bool> {
    match from.read_exact(into) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        read => read.map(|()| true),
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_be_bytes)
}

/// The log's own checksum: two sums over words, each in the other.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Sum(u32, u32);

impl Sum {
    fn over(mut self, bytes: &[u8], big: bool) -> Self {
        let number = |b: &[u8; 4]| if big { u32::from_be_bytes(*b) } else { u32::from_le_bytes(*b) };
        let (words, _) = bytes.as_chunks::<4>();
        for pair in words.chunks_exact(2) {
            self.0 = self.0.wrapping_add(number(&pair[0])).wrapping_add(self.1);
            self.1 = self.1.wrapping_add(number(&pair[1])).wrapping_add(self.0);
        }
        self
    }
}

fn near(salts: &[u8], round: &[u8]) -> bool {
    salts[..4] == round[..4] || salts[4..] == round[4..]
}

fn walk(log: &mut impl Read) -> io::Result<Option<Torn>> {
    let mut header = [0; HEADER];
    if !fill(log, &mut header)? {
        return Ok(None);
    }
    let big = word(&header, 0) & 1 == 1;
    let mut sum = Sum::default().over(&header[..24], big);
    let sized = word(&header, 8) as usize == PAGE;
    let sound = sized && word(&header, 0) & !1 == MAGIC && sum == Sum(word(&header, 24), word(&header, 28));
    let mut round = sound.then_some(header[16..24].to_vec());
    let mut torn = (!sound).then_some(Torn { frame: 0, commits: 0 });
    let (mut frame, mut bytes) = (0, vec![0; FRAME + PAGE]);
    while fill(log, &mut bytes)? {
        frame += 1;
        // with a header that says nothing, the first frame says which round it is
        let round = round.get_or_insert_with(|| bytes[8..16].to_vec());
        let of_round = bytes[8..16] == round[..];
        if torn.is_none() {
            let next = sum.over(&bytes[..8], big).over(&bytes[FRAME..], big);
            if of_round && next == Sum(word(&bytes, 16), word(&bytes, 20)) {
                sum = next;
                continue;
            }
            torn = Some(Torn { frame, commits: 0 });
        }
        // of the frame that is wrong one of the two numbers of the round may be what is wrong; a frame of an earlier round has neither
        let hit = torn.as_mut().filter(|torn| of_round || (torn.frame == frame && near(&bytes[8..16], round)));
        // a commit is a frame that says how long the database is
        if let Some(torn) = hit.filter(|_| word(&bytes, 4) > 0) {
            torn.commits += 1;
        }
    }
    Ok(torn.filter(|torn| torn.commits > 0))
}

/// Writes the pages of every commit that is whole into a database file, as the engine would; gives how many commits.
///
/// # Errors
/// When the log cannot be read, or the file not be written.
pub(crate) fn play(log: &mut impl Read, into: &File) -> io::Result<u64> {
    let mut header = [0; HEADER];
    if !fill(log, &mut header)? || word(&header, 0) & !1 != MAGIC {
        return Ok(0);
    }
    let big = word(&header, 0) & 1 == 1;
    let mut sum = Sum::default().over(&header[..24], big);
    // a page of another size would have to come from another program
    if sum != Sum(word(&header, 24), word(&header, 28)) || word(&header, 8) as usize != PAGE {
        return Ok(0);
    }
    let (mut bytes, mut waiting, mut commits) = (vec![0; FRAME + PAGE], BTreeMap::new(), 0);
    while fill(log, &mut bytes)? {
        sum = sum.over(&bytes[..8], big).over(&bytes[FRAME..], big);
        if bytes[8..16] != header[16..24] || sum != Sum(word(&bytes, 16), word(&bytes, 20)) {
            break;
        }
        waiting.insert(word(&bytes, 0), bytes[FRAME..].to_vec());
        let pages = word(&bytes, 4);
        if pages > 0 {
            for (number, bytes) in std::mem::take(&mut waiting) {
                into.write_all_at(&bytes, u64::from(number.saturating_sub(1)) * PAGE as u64)?;
            }
            into.set_len(u64::from(pages) * PAGE as u64)?;
            commits += 1;
        }
    }
    Ok(commits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    /// A database whose log holds so many transactions, as a killed program leaves it.
    fn left(folder: &Path, transactions: usize) -> PathBuf {
        let (written, path) = (folder.join("written.db"), folder.join("a.db"));
        let db = Connection::open(&written).expect("a database");
        db.execute_batch("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t (x)").expect("a table");
        for i in 1..transactions {
            db.execute("INSERT INTO t VALUES (?1)", [i as i64]).expect("inserted");
        }
        for (from, to) in [(written.clone(), path.clone()), (beside_log(&written, "wal"), beside_log(&path, "wal"))] {
            std::fs::copy(from, to).expect("copied");
        }
        path
    }

    #[test]
    fn a_log_with_a_changed_byte_is_told_from_one_that_was_torn() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = left(folder.path(), 5);
        let log = beside_log(&path, "wal");
        let whole = std::fs::read(&log).expect("a log");
        assert_eq!(look(&path).expect("read"), None);
        let frames = (whole.len() - HEADER) / (FRAME + PAGE);
        let last = HEADER + (frames - 1) * (FRAME + PAGE);
        let seen = |at: usize| {
            let mut spoilt = whole.clone();
            spoilt[at] ^= 4;
            std::fs::write(&log, spoilt).expect("written");
            look(&path).expect("read").map(|torn| (torn.frame, torn.damaged()))
        };
        assert_eq!(seen(3), Some((0, true)), "the magic");
        assert_eq!(seen(HEADER + FRAME + 100), Some((1, true)), "the first page");
        assert_eq!(seen(last + FRAME + 100), Some((frames as u64, false)), "the last may have been torn");
        assert_eq!(seen(last + 9), Some((frames as u64, false)), "its round");
        std::fs::write(&log, &whole[..whole.len() - 7]).expect("written");
        assert_eq!(look(&path).expect("read"), None, "half a frame");
    }

    #[test]
    fn a_log_is_played_up_to_where_it_is_damaged() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = left(folder.path(), 5);
        let whole = std::fs::read(beside_log(&path, "wal")).expect("a log");
        let rows_of = |log: &[u8]| {
            let copy = folder.path().join("played.db");
            std::fs::copy(&path, &copy).expect("copied");
            let into = File::options().write(true).open(&copy).expect("opens");
            let commits = play(&mut &log[..], &into).expect("played");
            let db = Connection::open(&copy).expect("opens");
            (commits, db.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0)).ok())
        };
        assert_eq!(rows_of(&whole), (5, Some(4)));
        assert_eq!(rows_of(&whole[..whole.len() - 1]), (4, Some(3)));
        let mut spoilt = whole.clone();
        spoilt[3] ^= 4;
        assert_eq!(rows_of(&spoilt), (0, None));
        let last = whole.len() - 100;
        spoilt.clone_from(&whole);
        spoilt[last] ^= 4;
        assert_eq!(rows_of(&spoilt), (4, Some(3)));
    }

    #[test]
    fn a_damaged_log_is_kept_and_frames_of_an_earlier_round_are_no_damage() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = left(folder.path(), 5);
        let log = beside_log(&path, "wal");
        let whole = std::fs::read(&log).expect("a log");
        let mut spoilt = whole.clone();
        spoilt[HEADER + FRAME + 100] ^= 4;
        std::fs::write(&log, &spoilt).expect("written");
        let copy = keep_damaged(&path).expect("read").expect("kept");
        assert_eq!(std::fs::read(&copy).expect("a copy"), spoilt);
        assert_eq!(kept_damaged(&path).expect("read"), [copy]);
        // another round has written over the first frame: what follows belongs to the one before
        let mut round = whole;
        for frame in 1..(round.len() - HEADER) / (FRAME + PAGE) {
            let salts = HEADER + frame * (FRAME + PAGE) + 8;
            round[salts + 1] ^= 1;
            round[salts + 5] ^= 1;
        }
        std::fs::write(&log, &round).expect("written");
        assert_eq!(look(&path).expect("read"), None);
    }

    proptest::proptest! {
        #[test]
        fn whatever_a_log_holds_it_is_read_or_left(
            mut log in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..20_000),
            page in proptest::prelude::any::<u32>(),
        ) {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("a.db");
            let into = File::create(&path).expect("a file");
            // half of them with a header that is right
            if log.len() >= HEADER && page % 2 == 0 {
                log[..4].copy_from_slice(&MAGIC.to_be_bytes());
                let size = if page % 4 == 0 { PAGE as u32 } else { page };
                log[8..12].copy_from_slice(&size.to_be_bytes());
                let sum = Sum::default().over(&log[..24], false);
                log[24..28].copy_from_slice(&sum.0.to_be_bytes());
                log[28..32].copy_from_slice(&sum.1.to_be_bytes());
            }
            std::fs::write(beside_log(&path, "wal"), &log).expect("written");
            proptest::prop_assert!(look(&path).is_ok());
            proptest::prop_assert_eq!(play(&mut &log[..], &into).expect("read"), 0, "no frame has its checksum by chance");
        }
    }
}
