//! Pages of a file that the engine refuses to open: which tables there are, and on which page each begins.
//!
//! Format: <https://www.sqlite.org/fileformat2.html#b_tree_pages> and `#record_format`.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// Bytes of a page; the program has never made others.
pub(crate) const PAGE: usize = 4_096;
/// The first page begins with the file's header.
const HEADER: usize = 100;

/// What the first byte of a page says that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tree {
    /// Rows by their number.
    Table,
    /// Rows by their key.
    Index,
}

/// One row of the file's schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// `table` or `index`.
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) table: String,
    /// The page it begins on, from 1.
    pub(crate) root: u32,
}

/// A file, page by page.
pub(crate) struct Pages {
    file: File,
    pub(crate) count: u32,
}

impl Pages {
    /// # Errors
    /// When the file cannot be read, or has more pages than a number of 32 bits can name.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = File::options().read(true).write(true).open(path)?;
        let count = u32::try_from(file.metadata()?.len() / PAGE as u64).map_err(io::Error::other)?;
        Ok(Self { file, count })
    }

    /// A page; none beyond the end.
    fn page(&self, number: u32) -> io::Result<Option<Vec<u8>>> {
        if number == 0 || number > self.count {
            return Ok(None);
        }
        let mut bytes = vec![0; PAGE];
        self.file.read_exact_at(&mut bytes, u64::from(number - 1) * PAGE as u64)?;
        Ok(Some(bytes))
    }

    /// The number of the schema, going by the file's header.
    pub(crate) fn version(&self) -> io::Result<u32> {
        Ok(self.page(1)?.and_then(|page| word(&page, 60)).unwrap_or_default())
    }

    /// What a page is, going by its first byte.
    pub(crate) fn tree(&self, number: u32) -> io::Result<Option<Tree>> {
        Ok(self.page(number)?.and_then(|page| match page[if number == 1 { HEADER } else { 0 }] {
            5 | 13 => Some(Tree::Table),
            2 | 10 => Some(Tree::Index),
            _ => None,
        }))
    }

    /// The schema's rows as the tree of the first page has them, as far as it holds together.
    pub(crate) fn schema(&self) -> io::Result<Vec<Entry>> {
        let (mut found, mut seen, mut next) = (Vec::new(), BTreeSet::new(), vec![1]);
        while let Some(number) = next.pop() {
            let Some(page) = self.page(number)?.filter(|_| seen.insert(number)) else { continue };
            let start = if number == 1 { HEADER } else { 0 };
            found.extend(entries(&page, start));
            next.extend(children(&page, start));
        }
        Ok(found)
    }

    /// Whatever looks like a row of a schema, on any page, whatever the page says of itself; there may be remnants of earlier ones.
    pub(crate) fn schema_anywhere(&self) -> io::Result<Vec<Entry>> {
        let mut found = Vec::new();
        for number in 1..=self.count {
            if let Some(page) = self.page(number)? {
                found.extend(remnants(&page));
            }
        }
        Ok(found)
    }

    /// Puts a first page there with nothing in its schema but these rows; their texts come with them.
    ///
    /// # Errors
    /// When they do not fit, or the file cannot be written.
    pub(crate) fn begin_with(&self, rows: &[(Entry, Option<String>)], version: u32) -> io::Result<()> {
        let page = first(rows, self.count, version).ok_or_else(|| io::Error::other("the definitions fill a page"))?;
        self.file.write_all_at(&page, 0)
    }
}

fn short(bytes: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?)))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// Seven bits a byte, the highest first, eight in the ninth; with the place behind it.
fn varint(bytes: &[u8], mut at: usize) -> Option<(u64, usize)> {
    let mut number = 0_u64;
    for _ in 0..8 {
        let byte = *bytes.get(at)?;
        at += 1;
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((number, at));
        }
    }
    Some((number << 8 | u64::from(*bytes.get(at)?), at + 1))
}

fn put_varint(into: &mut Vec<u8>, number: usize) {
    let high = number >> 7;
    if high > 0 {
        debug_assert!(high < 0x80, "a page has no such lengths");
        into.push(high as u8 | 0x80);
    }
    into.push((number & 0x7f) as u8);
}

/// Where the cells of a page begin.
fn cells(page: &[u8], start: usize, header: usize) -> impl Iterator<Item = usize> {
    let count = short(page, start + 3).unwrap_or_default();
    (0..count).map_while(move |i| short(page, start + header + 2 * i))
}

/// Of an inner page of a table.
fn children(page: &[u8], start: usize) -> Vec<u32> {
    if page[start] != 5 {
        return Vec::new();
    }
    cells(page, start, 12).filter_map(|at| word(page, at)).chain(word(page, start + 8)).collect()
}

/// Of a leaf of a table.
fn entries(page: &[u8], start: usize) -> Vec<Entry> {
    if page[start] != 13 {
        return Vec::new();
    }
    cells(page, start, 8).filter_map(|at| entry(page, at)).collect()
}

/// Bytes that a cell has before its first text, at most: three lengths, its number and five types.
const BEFORE_TEXT: usize = 24;

/// Cells around the words that a row of a schema begins with.
fn remnants(page: &[u8]) -> Vec<Entry> {
    let words = page.windows(5).enumerate().filter(|(_, word)| *word == b"table" || *word == b"index");
    words.flat_map(|(word, _)| word.saturating_sub(BEFORE_TEXT)..word).filter_map(|at| entry(page, at)).collect()
}

/// A cell that is a row of a schema. Its text comes last, so that what is wanted never lies on another page.
fn entry(page: &[u8], at: usize) -> Option<Entry> {
    let (_, at) = varint(page, at)?;
    let (_, record) = varint(page, at)?;
    let (_, mut at) = varint(page, record)?;
    let mut next = || {
        let (serial, behind) = varint(page, at)?;
        at = behind;
        usize::try_from(serial).ok()
    };
    let serials = [next()?, next()?, next()?, next()?, next()?];
    let (header, _) = varint(page, record)?;
    if at != record + usize::try_from(header).ok()? {
        return None;
    }
    let mut text = |serial: usize| {
        let length = (serial % 2 == 1).then(|| serial.checked_sub(13))?? / 2;
        let found = std::str::from_utf8(page.get(at..at.checked_add(length)?)?).ok()?;
        at += length;
        Some(found.to_owned())
    };
    let (kind, name, table) = (text(serials[0])?, text(serials[1])?, text(serials[2])?);
    let bytes @ 1..=4 = serials[3] else { return None };
    let root = page.get(at..at + bytes)?.iter().fold(0, |root, byte| root << 8 | u32::from(*byte));
    matches!(kind.as_str(), "table" | "index").then_some(Entry { kind, name, table, root })
}

/// A file's header and its schema on one page.
fn first(rows: &[(Entry, Option<String>)], pages: u32, version: u32) -> Option<Vec<u8>> {
    let mut page = vec![0; PAGE];
    page[..16].copy_from_slice(b"SQLite format 3\0");
    page[16..18].copy_from_slice(&(PAGE as u16).to_be_bytes());
    // neither a log nor room for one: it is read, and thrown away
    page[18..24].copy_from_slice(&[1, 1, 0, 64, 32, 32]);
    for (at, number) in [(24, 1), (28, pages), (40, 1), (44, 4), (56, 1), (60, version), (92, 1), (96, 3_000_000)] {
        page[at..at + 4].copy_from_slice(&u32::to_be_bytes(number));
    }
    page[HEADER] = 13;
    page[HEADER + 3..HEADER + 5].copy_from_slice(&(rows.len() as u16).to_be_bytes());
    let mut end = PAGE;
    for (i, (row, text)) in rows.iter().enumerate() {
        let cell = cell(i + 1, row, text.as_deref());
        let pointer = HEADER + 8 + 2 * i;
        end = end.checked_sub(cell.len()).filter(|end| *end >= HEADER + 8 + 2 * rows.len())?;
        page[end..end + cell.len()].copy_from_slice(&cell);
        page[pointer..pointer + 2].copy_from_slice(&(end as u16).to_be_bytes());
    }
    page[HEADER + 5..HEADER + 7].copy_from_slice(&(end as u16).to_be_bytes());
    Some(page)
}

fn cell(number: usize, row: &Entry, text: Option<&str>) -> Vec<u8> {
    let mut header = Vec::new();
    for word in [&row.kind, &row.name, &row.table] {
        put_varint(&mut header, 13 + 2 * word.len());
    }
    header.push(4);
    put_varint(&mut header, text.map_or(0, |text| 13 + 2 * text.len()));
    let mut record = vec![header.len() as u8 + 1];
    record.extend(header);
    for word in [&row.kind, &row.name, &row.table] {
        record.extend(word.as_bytes());
    }
    record.extend(row.root.to_be_bytes());
    record.extend(text.unwrap_or_default().as_bytes());
    let mut cell = Vec::new();
    put_varint(&mut cell, record.len());
    put_varint(&mut cell, number);
    cell.extend(record);
    cell
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn known() -> Entry {
        Entry { kind: "table".into(), name: "person".into(), table: "person".into(), root: 70_000 }
    }

    #[test]
    fn a_first_page_has_the_rows_that_it_was_made_of() {
        let index = Entry { kind: "index".into(), name: "person_whole".into(), ..known() };
        let text = format!("CREATE TABLE person ({})", "x, ".repeat(200));
        let rows = [(known(), Some(text)), (index.clone(), None)];
        let page = first(&rows, 9, 11).expect("fits");
        assert_eq!(entries(&page, HEADER), [known(), index]);
        assert_eq!(word(&page, 60), Some(11));
        assert_eq!(first(&[(known(), Some("x".repeat(PAGE)))], 9, 11), None, "no room");
    }

    proptest! {
        #[test]
        fn whatever_a_page_holds_it_is_read_or_left(
            mut page in prop::collection::vec(any::<u8>(), PAGE),
            kind in prop::sample::select(vec![2_u8, 5, 10, 13]),
            at in 200..PAGE - 100,
        ) {
            let cell = cell(7, &known(), Some("CREATE TABLE person (x)"));
            page[at..at + cell.len()].copy_from_slice(&cell);
            for start in [0, HEADER] {
                page[start] = kind;
                let _ = (entries(&page, start), children(&page, start));
            }
            prop_assert!(remnants(&page).contains(&known()), "what lies there is found");
            for end in [0, 1, 99, 101, 4_000] {
                let _ = remnants(&page[..end]);
            }
        }

        #[test]
        fn lengths_are_read_as_they_were_written(number in 0..16_384_usize) {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, number);
            prop_assert_eq!(varint(&bytes, 0), Some((number as u64, bytes.len())));
            prop_assert_eq!(varint(&bytes[..bytes.len() - 1], 0), None);
        }
    }
}
