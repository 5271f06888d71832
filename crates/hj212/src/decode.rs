//! Bytes to frames (2017 §6.3; 2025 by the same clause): read by length, resynchronise after damage, keep what was read.
//!
//! A stream may be cut anywhere: the pieces are the same, because a piece is given out only once the bytes that decide its
//! extent are there. Nothing is allocated by what a length field says; what one connection can hold is bounded by
//! [`Limits`]. After a bad length, CRC or tail the search for the next `##` and four digits begins two bytes on, so that one
//! bad length cannot swallow the good frames behind it.

use std::borrow::Cow;

use crate::cipher::{self, Sm4Key};
use crate::problem::{Problem, ProblemCode as P};
use crate::{civil, command, crc};

/// Bytes the whole data segment may have (2017 §6.3.1).
pub const SEGMENT_MAX: usize = 1024;

/// Bounds of a decoder.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Longest data segment taken, in bytes, at most 9999.
    pub segment_max: usize,
    /// Give frames with a three-digit length or a wrong tail as damaged, not as usable.
    pub strict: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self { segment_max: 9_999, strict: false }
    }
}

impl Limits {
    /// Longest damaged stretch given out in one piece.
    fn stretch_max(&self) -> usize {
        self.segment_max.min(9_999) + 12
    }
}

/// What is agreed with one device beyond the standard.
#[derive(Debug, Clone, Default)]
pub struct DevicePolicy {
    /// Key of its encrypted data areas.
    pub key: Option<Sm4Key>,
    /// Take CRC-16/MODBUS.
    pub accept_modbus_crc: bool,
    /// Take CRC-16/MODBUS with its bytes swapped.
    pub accept_swapped_modbus_crc: bool,
}

/// Edition of the protocol, by `Flag >> 2` (2017 §6.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Edition {
    /// HJ/T 212-2005.
    V2005,
    /// HJ 212-2017.
    V2017,
    /// HJ 212-2025.
    V2025,
}

impl Edition {
    /// The year.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2005 => "2005",
            Self::V2017 => "2017",
            Self::V2025 => "2025",
        }
    }

    /// Reads [`Edition::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::V2005, Self::V2017, Self::V2025].into_iter().find(|e| e.as_str() == text)
    }

    /// Edition bits of `Flag`, in place.
    pub fn flag_bits(self) -> u8 {
        match self {
            Self::V2005 => 0,
            Self::V2017 => 4,
            Self::V2025 => 8,
        }
    }
}

/// A stretch of the segment; segments are shorter than 10,000 bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Span {
    from: u16,
    to: u16,
}

impl Span {
    fn new(from: usize, to: usize) -> Self {
        Self { from: from as u16, to: to as u16 }
    }

    fn of(self, segment: &[u8]) -> &[u8] {
        segment.get(usize::from(self.from)..usize::from(self.to)).unwrap_or_default()
    }
}

/// One item of the data area: `code-key=value` or `key=value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    code: Span,
    key: Span,
    value: Span,
}

/// Names of the header fields, in the order of [`Header`].
const NAMES: [&[u8]; 9] = [b"QN", b"ST", b"CN", b"PW", b"MN", b"Flag", b"PNUM", b"PNO", b"RF"];

/// Header fields found, by place in [`NAMES`].
type Header = [Option<Span>; 9];

/// Working memory, reused from frame to frame.
#[derive(Debug, Default)]
struct Scratch {
    plain: Vec<u8>,
    items: Vec<Item>,
    problems: Vec<Problem>,
    header: Header,
}

impl Scratch {
    fn clear(&mut self) {
        self.plain.clear();
        self.items.clear();
        self.problems.clear();
        self.header = Header::default();
    }

    fn note(&mut self, code: P, detail: impl Into<String>) {
        self.problems.push(Problem { code, detail: detail.into() });
    }
}

/// A frame, or a damaged stretch of the stream: what was read, and what is wrong or odd about it.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'a> {
    /// Place of the first byte in the stream.
    pub offset: u64,
    /// The bytes as they came.
    pub raw: &'a [u8],
    /// The data segment in plain text; empty when none could be cut out.
    pub segment: &'a [u8],
    /// Whether the data area came encrypted.
    pub encrypted: bool,
    usable: bool,
    header: &'a Header,
    items: &'a [Item],
    problems: &'a [Problem],
}

impl<'a> Piece<'a> {
    /// Header, length, CRC, tail and segment syntax are all right.
    pub fn ok(&self) -> bool {
        !self.problems.iter().any(|p| p.code.breaks())
    }

    /// Its content can be relied on: `ok`, or read in tolerant mode in spite of a named deviation of form, the CRC being right.
    pub fn usable(&self) -> bool {
        self.usable
    }

    /// What is wrong or odd.
    pub fn problems(&self) -> &'a [Problem] {
        self.problems
    }

    fn field(&self, place: usize) -> &'a [u8] {
        self.header[place].map_or(&[], |span| span.of(self.segment))
    }

    fn present(&self, place: usize) -> Option<&'a [u8]> {
        self.header[place].map(|span| span.of(self.segment))
    }

    /// Request id (请求编码 QN), as sent; empty when absent.
    pub fn qn(&self) -> &'a [u8] {
        self.field(0)
    }
    /// System code (系统编码 ST).
    pub fn st(&self) -> &'a [u8] {
        self.field(1)
    }
    /// Command code (命令编码 CN).
    pub fn cn(&self) -> &'a [u8] {
        self.field(2)
    }
    /// Access password (访问密码 PW).
    pub fn pw(&self) -> &'a [u8] {
        self.field(3)
    }
    /// Device id (设备唯一标识 MN).
    pub fn mn(&self) -> &'a [u8] {
        self.field(4)
    }
    /// Flag (拆分包及应答标志), when it is a number of 0 to 255.
    pub fn flag(&self) -> Option<u8> {
        number(self.present(5)?).and_then(|n| u8::try_from(n).ok())
    }
    /// Number of packets (总包数 PNUM).
    pub fn pnum(&self) -> Option<u32> {
        number(self.present(6)?)
    }
    /// This packet (包号 PNO), from 1.
    pub fn pno(&self) -> Option<u32> {
        number(self.present(7)?)
    }
    /// Back-fill mark (补传标志 RF), 2025.
    pub fn rf(&self) -> Option<&'a [u8]> {
        self.present(8)
    }
    /// Edition, by Flag; none is 2005 (HJ/T 212-2005 has no such field).
    pub fn edition(&self) -> Edition {
        match self.flag().unwrap_or(0) >> 2 {
            0 => Edition::V2005,
            1 => Edition::V2017,
            _ => Edition::V2025,
        }
    }
    /// Whether the sender wants an answer (bit 0 of Flag).
    pub fn wants_answer(&self) -> bool {
        self.flag().is_some_and(|f| f & 1 == 1)
    }

    /// Number of items in the data area.
    pub fn items_len(&self) -> usize {
        self.items.len()
    }

    /// Items of the data area in the order sent: factor code (empty for plain keys), key, value.
    pub fn items(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8], &'a [u8])> + use<'a> {
        let segment = self.segment;
        self.items.iter().map(move |i| (i.code.of(segment), i.key.of(segment), i.value.of(segment)))
    }

    /// The first value of a plain key, for example `DataTime`.
    pub fn plain(&self, key: &[u8]) -> Option<&'a [u8]> {
        self.items().find(|(code, k, _)| code.is_empty() && *k == key).map(|(_, _, value)| value)
    }

    /// Everything, owned.
    pub fn to_owned(&self) -> OwnedPiece {
        OwnedPiece {
            offset: self.offset,
            raw: self.raw.to_vec(),
            segment: self.segment.to_vec(),
            encrypted: self.encrypted,
            usable: self.usable,
            header: *self.header,
            items: self.items.to_vec(),
            problems: self.problems.to_vec(),
        }
    }
}

/// A piece that owns its bytes.
#[derive(Debug, Clone)]
pub struct OwnedPiece {
    offset: u64,
    raw: Vec<u8>,
    segment: Vec<u8>,
    encrypted: bool,
    usable: bool,
    header: Header,
    items: Vec<Item>,
    problems: Vec<Problem>,
}

impl OwnedPiece {
    /// The piece itself.
    pub fn piece(&self) -> Piece<'_> {
        Piece {
            offset: self.offset,
            raw: &self.raw,
            segment: &self.segment,
            encrypted: self.encrypted,
            usable: self.usable,
            header: &self.header,
            items: &self.items,
            problems: &self.problems,
        }
    }
}

/// Bytes as text: UTF-8 as it is, anything else with the replacement character.
pub fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

fn number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 9 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0, |n, d| n * 10 + u32::from(d - b'0')))
}

// ------------------------------------------------------------------------------------------------------- finding extents

/// Where the next `##` with its digits is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    At(usize),
    /// The buffer ends before this can be told.
    Maybe(usize),
    None,
}

/// Digits of the length field behind a `##` at the start of `buf`: 4, or 3 in a deviating frame.
fn length_digits(buf: &[u8]) -> Option<usize> {
    let digits = buf.strip_prefix(b"##")?.iter().take(4).take_while(|b| b.is_ascii_digit()).count();
    match (digits, buf.len()) {
        (4, _) => Some(4),
        (3, n) if n >= 6 => Some(3),
        _ => None,
    }
}

fn could_become_header(buf: &[u8]) -> bool {
    buf.len() < 6 && b"##".starts_with(&buf[..buf.len().min(2)]) && buf.iter().skip(2).all(u8::is_ascii_digit)
}

fn find_header(buf: &[u8], from: usize, eof: bool) -> Next {
    let mut at = from;
    while let Some(step) = buf.get(at..).and_then(|rest| memchr::memchr(b'#', rest)) {
        at += step;
        if length_digits(&buf[at..]).is_some() {
            return Next::At(at);
        }
        if !eof && could_become_header(&buf[at..]) {
            return Next::Maybe(at);
        }
        at += 1;
    }
    Next::None
}

/// What the start of the buffer is.
enum Step {
    /// More bytes are needed to tell.
    More,
    /// So many bytes are one piece.
    Piece { len: usize, segment: Segment, usable: bool, encrypted: bool },
}

/// Where the piece's plain segment lies.
enum Segment {
    Raw(Span),
    Scratch,
}

/// Length of a damaged stretch that reaches to the next header.
fn stretch(buf: &[u8], from: usize, eof: bool, limits: &Limits) -> Option<usize> {
    let max = limits.stretch_max();
    match find_header(buf, from, eof) {
        Next::At(at) => Some(at.min(max)),
        Next::Maybe(at) => (at >= max).then_some(max),
        Next::None if eof => Some(buf.len().min(max)),
        Next::None => (buf.len() >= max).then_some(max),
    }
}

fn damaged(s: &mut Scratch, buf: &[u8], len: usize, code: P, detail: String) -> Step {
    s.note(code, detail);
    // keep what identifies the sender, as far as it can be read
    let from = 2 + buf.iter().skip(2).take(4).take_while(|b| b.is_ascii_digit()).count();
    let segment = if buf.starts_with(b"##") && from < len { Span::new(from, len) } else { Span::default() };
    let known = s.problems.len();
    read_header(segment.of(buf), s);
    s.problems.truncate(known);
    Step::Piece { len, segment: Segment::Raw(segment), usable: false, encrypted: false }
}

fn step(buf: &[u8], eof: bool, limits: &Limits, policy: &dyn Fn(&[u8]) -> DevicePolicy, s: &mut Scratch) -> Step {
    s.clear();
    if buf.is_empty() {
        return Step::More;
    }
    let Some(digits) = length_digits(buf) else {
        if !eof && could_become_header(buf) {
            return Step::More;
        }
        return match stretch(buf, 1, eof, limits) {
            Some(len) => damaged(s, buf, len, P::NoHeader, format!("{len} bytes without ## and a length")),
            None => Step::More,
        };
    };
    let start = 2 + digits;
    let length = number(&buf[2..start]).map_or(0, |n| n as usize);
    if length > limits.segment_max {
        let detail = format!("length {length}, at most {}", limits.segment_max);
        return resync(buf, eof, limits, s, P::LengthTooLarge, detail);
    }
    let crc_at = start + length;
    let Some(sent) = buf.get(crc_at..crc_at + 4) else {
        if !eof {
            return Step::More;
        }
        let detail = format!("length {length}, {} bytes follow", buf.len() - start);
        return resync(buf, eof, limits, s, P::CutShort, detail);
    };
    let Some(crc_sent) = crc::parse(sent) else {
        let detail = format!("length {length} ends before {:?}, not a CRC", text(sent));
        return resync(buf, eof, limits, s, P::LengthMismatch, detail);
    };
    let tail = match (buf.get(crc_at + 4), buf.get(crc_at + 5)) {
        (Some(b'\r'), Some(b'\n')) => 2,
        (Some(b'\r'), None) | (None, _) if !eof => return Step::More,
        (Some(b'\r' | b'\n'), _) => 1,
        _ => 0,
    };
    let total = crc_at + 4 + tail;
    frame(buf, Extent { start, crc_at, total, tail, crc_sent }, eof, limits, policy, s)
}

/// A damaged stretch from a header on to the next one.
fn resync(buf: &[u8], eof: bool, limits: &Limits, s: &mut Scratch, code: P, detail: String) -> Step {
    match stretch(buf, 2, eof, limits) {
        Some(len) => damaged(s, buf, len, code, detail),
        None => Step::More,
    }
}

struct Extent {
    start: usize,
    crc_at: usize,
    total: usize,
    tail: usize,
    crc_sent: u16,
}

fn frame(
    buf: &[u8],
    e: Extent,
    eof: bool,
    limits: &Limits,
    policy: &dyn Fn(&[u8]) -> DevicePolicy,
    s: &mut Scratch,
) -> Step {
    let wire = &buf[e.start..e.crc_at];
    let area = read_header(wire, s);
    let wire_crc = crc::checksum(wire);
    let is_text = |area| wire_crc == e.crc_sent && reads_as_text(wire, area);
    let mut encrypted = area.is_some_and(|area| !is_text(area) && decrypt(wire, area, policy, s));
    // the plain segment is moved out so that the scratch can take notes while it is read
    let plain = std::mem::take(&mut s.plain);
    let mut crc = if encrypted { crc::checksum(&plain) } else { wire_crc };
    if encrypted && crc != e.crc_sent && wire_crc == e.crc_sent && std::str::from_utf8(wire).is_ok() {
        // a device with a key that sent this one as text: the CRC tells
        (encrypted, crc) = (false, wire_crc);
        s.problems.retain(|p| p.code != P::CipherAsHex);
    }
    let seen: &[u8] = if encrypted { &plain } else { wire };
    let accepted = crc == e.crc_sent || other_crc(seen, e.crc_sent, policy, s);
    if !accepted {
        let detail = format!("frame says {:04X}, data segment gives {crc:04X}", e.crc_sent);
        s.plain = plain;
        return crc_wrong(buf, &e, eof, s, detail);
    }
    if !encrypted && swallows(wire, area) {
        let detail = "the data area does not end there, and another header lies inside".to_owned();
        s.plain = plain;
        s.clear();
        return resync(buf, eof, limits, s, P::LengthMismatch, detail);
    }
    let segment = if encrypted { Segment::Scratch } else { Segment::Raw(Span::new(e.start, e.crc_at)) };
    let three_digits = e.start == 5;
    if three_digits {
        s.note(P::LengthThreeDigits, text(&buf[2..5]).into_owned());
    }
    match e.tail {
        2 => {}
        1 => s.note(P::TailNotCrLf, if buf[e.crc_at + 4] == b'\n' { "LF only" } else { "CR only" }),
        _ => s.note(P::TailMissing, "no CR LF after the CRC"),
    }
    if seen.len() > SEGMENT_MAX {
        s.note(P::SegmentLong, format!("{} bytes, the standards allow {SEGMENT_MAX}", seen.len()));
    }
    if buf[e.crc_at..e.crc_at + 4].iter().any(u8::is_ascii_lowercase) {
        s.note(P::CrcLowerCase, text(&buf[e.crc_at..e.crc_at + 4]).into_owned());
    }
    let whole = read_area(seen, area, s);
    if whole {
        judge_values(seen, s);
    }
    let form = three_digits || e.tail != 2;
    s.plain = plain;
    Step::Piece { len: e.total, segment, usable: whole && !(limits.strict && form), encrypted }
}

/// Whether a length reached by chance over a good frame: one CRC in 256 fits. The data area is not closed once, and another
/// header lies inside.
fn swallows(wire: &[u8], area: Option<usize>) -> bool {
    let inside = area.and_then(|area| wire[area..].trim_ascii_start().strip_prefix(b"&&"));
    let inside = inside.and_then(|rest| rest.strip_suffix(b"&&"));
    let closed_once =
        |inside: &[u8]| memchr::memchr(b'#', inside).is_none() || memchr::memmem::find(inside, b"&&").is_none();
    !inside.is_some_and(closed_once) && matches!(find_header(wire, 0, true), Next::At(_))
}

fn crc_wrong(buf: &[u8], e: &Extent, eof: bool, s: &mut Scratch, detail: String) -> Step {
    // another header inside: the length was wrong, and a good frame may lie there
    let len = match find_header(&buf[..buf.len().min(e.total + 5)], 2, eof) {
        Next::At(at) if at < e.total => at,
        Next::Maybe(at) if at < e.total && buf.len() < e.total + 5 => return Step::More,
        _ => e.total,
    };
    if len < e.total {
        s.clear();
        return damaged(s, buf, len, P::CrcWrong, detail);
    }
    s.note(P::CrcWrong, detail);
    Step::Piece { len, segment: Segment::Raw(Span::new(e.start, e.crc_at)), usable: false, encrypted: false }
}

fn other_crc(seen: &[u8], sent: u16, policy: &dyn Fn(&[u8]) -> DevicePolicy, s: &mut Scratch) -> bool {
    let modbus = crc::modbus(seen);
    if modbus != sent && modbus.swap_bytes() != sent {
        return false;
    }
    let policy = policy(s.header[4].map_or(&[], |mn| mn.of(seen)));
    if modbus == sent && policy.accept_modbus_crc {
        s.note(P::CrcModbus, format!("{sent:04X}"));
        return true;
    }
    if modbus.swap_bytes() == sent && policy.accept_swapped_modbus_crc {
        s.note(P::CrcModbusSwapped, format!("{sent:04X}"));
        return true;
    }
    false
}

// ------------------------------------------------------------------------------------------------------ reading a segment

/// A stretch without blanks at its ends. Called three times an item, and almost never finds one.
#[inline]
fn trim(segment: &[u8], from: usize, to: usize, s: &mut Scratch) -> Span {
    if from < to && (segment[from] == b' ' || segment[to - 1] == b' ') {
        return trim_blanks(segment, from, to, s);
    }
    Span::new(from, to)
}

#[cold]
fn trim_blanks(segment: &[u8], from: usize, to: usize, s: &mut Scratch) -> Span {
    let part = &segment[from..to];
    let start = from + part.iter().take_while(|b| **b == b' ').count();
    let end = (to - part.iter().rev().take_while(|b| **b == b' ').count()).max(start);
    if !s.problems.iter().any(|p| p.code == P::StrayBlanks) {
        s.note(P::StrayBlanks, format!("near byte {start}"));
    }
    Span::new(start, end)
}

/// Reads the header pairs; gives the place behind `CP=`, when it is there.
fn read_header(segment: &[u8], s: &mut Scratch) -> Option<usize> {
    let mut at = 0;
    while at < segment.len() {
        let Some(eq) = memchr::memchr2(b'=', b';', &segment[at..]).map(|i| at + i) else { break };
        if segment[eq] == b';' {
            s.note(P::HeaderSyntax, format!("byte {at}: no = before ;"));
            at = eq + 1;
            continue;
        }
        let name = trim(segment, at, eq, s);
        if name.of(segment) == b"CP" {
            return Some(eq + 1);
        }
        let end = memchr::memchr(b';', &segment[eq + 1..]).map_or(segment.len(), |i| eq + 1 + i);
        let value = trim(segment, eq + 1, end, s);
        header_field(segment, name, value, s);
        at = end + 1;
    }
    None
}

fn header_field(segment: &[u8], name: Span, value: Span, s: &mut Scratch) {
    let separators = value.of(segment).iter().any(|b| matches!(b, b'=' | b',' | b'&'));
    if separators && !s.problems.iter().any(|p| p.code == P::HeaderSyntax) {
        s.note(
            P::HeaderSyntax,
            format!("byte {}: separators inside the value of {}", value.from, text(name.of(segment))),
        );
    }
    match NAMES.iter().position(|n| *n == name.of(segment)) {
        Some(place) if s.header[place].is_none() => s.header[place] = Some(value),
        Some(_) => s.note(P::FieldTwice, text(name.of(segment)).into_owned()),
        None => s.note(P::FieldUnknown, text(name.of(segment)).into_owned()),
    }
}

const PLAIN: u8 = 0;
const HYPHEN: u8 = 1;
const EQUALS: u8 = 2;
const BREAK: u8 = 3;

const fn classes() -> [u8; 256] {
    let mut t = [PLAIN; 256];
    t[b'-' as usize] = HYPHEN;
    t[b'=' as usize] = EQUALS;
    t[b';' as usize] = BREAK;
    t[b',' as usize] = BREAK;
    t
}

static CLASS: [u8; 256] = classes();

/// Splits the data area into items; false when it is not there whole.
fn read_area(segment: &[u8], area: Option<usize>, s: &mut Scratch) -> bool {
    let Some(mut from) = area else {
        s.note(P::AreaSyntax, "no CP");
        return false;
    };
    while segment.get(from) == Some(&b' ') {
        from += 1;
    }
    let inside = segment[from..].strip_prefix(b"&&").and_then(|rest| rest.strip_suffix(b"&&"));
    let Some(inside) = inside else {
        s.note(P::AreaSyntax, "data area is not between && and &&");
        return false;
    };
    from += 2;
    if !inside.is_ascii() && std::str::from_utf8(inside).is_err() {
        s.note(P::TextNotUtf8, "data area");
    }
    read_items(segment, from, from + inside.len(), s);
    !s.problems.iter().any(|p| p.code.breaks() && matches!(p.code, P::HeaderSyntax | P::EncryptedWithoutKey))
}

fn read_items(segment: &[u8], from: usize, to: usize, s: &mut Scratch) {
    let area = &segment[..to];
    let mut at = from;
    while at < to {
        let (mut hyphen, mut i) = (usize::MAX, at);
        let stop = loop {
            let Some(&b) = area.get(i) else { break BREAK };
            match CLASS[usize::from(b)] {
                PLAIN => {}
                HYPHEN => hyphen = i,
                class => break class,
            }
            i += 1;
        };
        if stop != EQUALS {
            if !area[at..i].iter().all(|b| *b == b' ') {
                s.note(P::ItemWithoutValue, text(&area[at..i.min(at + 60)]).into_owned());
            }
            at = i + 1;
            continue;
        }
        let value = i + 1;
        let end = value_end(area, value);
        let (code, key) = if hyphen == usize::MAX {
            (Span::default(), trim(segment, at, i, s))
        } else {
            (trim(segment, at, hyphen, s), trim(segment, hyphen + 1, i, s))
        };
        let value = trim(segment, value, end, s);
        s.items.push(Item { code, key, value });
        at = end + 1;
    }
}

/// Where a value ends: at `;` or `,`, but never inside `//…//` (17 §6.4.2: log text).
fn value_end(area: &[u8], from: usize) -> usize {
    if area[from..].starts_with(b"//") {
        let mut at = from + 2;
        while let Some(close) = memchr::memmem::find(&area[at..], b"//").map(|i| at + i) {
            match area.get(close + 2) {
                None | Some(b';' | b',') => return close + 2,
                Some(_) => at = close + 1,
            }
        }
    }
    let mut i = from;
    while let Some(&b) = area.get(i) {
        if CLASS[usize::from(b)] == BREAK {
            return i;
        }
        i += 1;
    }
    area.len()
}

/// Decrypts into the scratch when the area is a cipher and the device has a key.
fn decrypt(wire: &[u8], area: usize, policy: &dyn Fn(&[u8]) -> DevicePolicy, s: &mut Scratch) -> bool {
    let Some(inside) = wire[area..].strip_prefix(b"&&").and_then(|rest| rest.strip_suffix(b"&&")) else { return false };
    let cn = s.header[2].map_or(&[][..], |cn| cn.of(wire));
    if inside.len() < 16 || !cipher::covers(cn) {
        return false;
    }
    let hex = inside.iter().all(u8::is_ascii_hexdigit);
    let Some(key) = policy(s.header[4].map_or(&[], |mn| mn.of(wire))).key else {
        if std::str::from_utf8(inside).is_err() {
            s.note(P::EncryptedWithoutKey, "data area is no text, and no key is registered");
        }
        return false;
    };
    s.plain.extend_from_slice(&wire[..area + 2]);
    let cipher_at = s.plain.len();
    if hex {
        s.plain.extend(inside.chunks(2).filter_map(cipher::hex_byte));
        s.note(P::CipherAsHex, "data area is hex text of a cipher");
    } else {
        s.plain.extend_from_slice(inside);
    }
    key.decrypt(&mut s.plain[cipher_at..]);
    s.plain.extend_from_slice(b"&&");
    true
}

/// Whether a data area whose CRC fits can be text as it is: a name before the first `=` and no control characters, or UTF-8 that
/// is no hex text of a cipher. A cipher that looks like one of these and fits the CRC as well is rarer than one in 10⁹.
fn reads_as_text(wire: &[u8], area: usize) -> bool {
    let inside = wire[area..].strip_prefix(b"&&").unwrap_or(&wire[area..]);
    let inside = inside.strip_suffix(b"&&").unwrap_or(inside);
    // a fold, not `all`: without an early end it is done many bytes at once
    let printable = inside.iter().fold(0, |odd, b| odd | u8::from(*b < b' ' || *b == 0x7F)) == 0;
    let utf8 = || std::str::from_utf8(inside).is_ok();
    if starts_as_name(inside) {
        return printable || utf8();
    }
    printable && utf8() && !inside.iter().all(u8::is_ascii_hexdigit)
}

fn starts_as_name(area: &[u8]) -> bool {
    let name = area.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b' ')).count();
    name > 0 && area.get(name) == Some(&b'=')
}

fn judge_values(segment: &[u8], s: &mut Scratch) {
    let header = s.header;
    let get = |place: usize| header[place].map(|span: Span| span.of(segment));
    match get(0) {
        None | Some(b"") => s.note(P::QnMissing, "no QN"),
        Some(qn) if qn.len() != 17 || civil::parse(qn).is_none() => s.note(P::QnOdd, text(qn).into_owned()),
        Some(_) => {}
    }
    if let Some(st) = get(1).filter(|st| st.len() != 2 || !st.iter().all(u8::is_ascii_alphanumeric)) {
        s.note(P::StOdd, text(st).into_owned());
    }
    let cn = get(2).unwrap_or_default();
    if !command::known(cn) {
        s.note(P::CnUnknown, text(cn).into_owned());
    }
    if let Some(pw) = get(3).filter(|pw| pw.len() != 6) {
        // its length, never itself: it is a secret
        s.note(P::PwOdd, format!("{} characters", pw.len()));
    }
    let flag = get(5).map(|f| number(f).and_then(|n| u8::try_from(n).ok()));
    if flag == Some(None) {
        s.note(P::FlagOdd, text(get(5).unwrap_or_default()).into_owned());
    }
    let flag = flag.flatten();
    let mn = get(4).unwrap_or_default();
    let mn_good = match flag.unwrap_or(0) >> 2 {
        0 => mn.len() == 14,
        _ => mn.len() == 24 && mn.iter().all(u8::is_ascii_hexdigit),
    };
    if !mn_good {
        s.note(P::MnOdd, text(mn).into_owned());
    }
    packet_numbers(get(6), get(7), flag, s);
    let data_time = s.items.iter().find(|i| i.code == Span::default() && i.key.of(segment) == b"DataTime");
    if let Some(odd) = data_time.map(|i| i.value.of(segment)).filter(|v| v.len() != 14 || civil::parse(v).is_none()) {
        s.note(P::DataTimeOdd, text(odd).into_owned());
    }
}

fn packet_numbers(pnum: Option<&[u8]>, pno: Option<&[u8]>, flag: Option<u8>, s: &mut Scratch) {
    let split = flag.is_some_and(|f| f & 2 == 2);
    if split != (pnum.is_some() && pno.is_some()) {
        s.note(P::PacketBitOdd, format!("bit 1 of Flag is {}", u8::from(split)));
    }
    if pnum.is_none() && pno.is_none() {
        return;
    }
    let good = match (pnum.and_then(number), pno.and_then(number)) {
        (Some(pnum), Some(pno)) => (1..=pnum).contains(&pno),
        _ => false,
    };
    if !good {
        let show = |field: Option<&[u8]>| text(field.unwrap_or(b"absent")).into_owned();
        s.note(P::PacketNumbersOdd, format!("PNUM {}, PNO {}", show(pnum), show(pno)));
    }
}

// --------------------------------------------------------------------------------------------------------------- decoders

fn piece<'a>(
    buf: &'a [u8],
    offset: u64,
    len: usize,
    segment: &Segment,
    flags: (bool, bool),
    s: &'a Scratch,
) -> Piece<'a> {
    let raw = &buf[..len];
    let segment = match segment {
        Segment::Raw(span) => span.of(raw),
        Segment::Scratch => &s.plain,
    };
    let (usable, encrypted) = flags;
    Piece { offset, raw, segment, encrypted, usable, header: &s.header, items: &s.items, problems: &s.problems }
}

/// Decodes a whole slice, one call of `each` per frame or damaged stretch; allocates nothing per good frame.
pub fn decode_all(
    bytes: &[u8],
    limits: &Limits,
    policy: &dyn Fn(&[u8]) -> DevicePolicy,
    mut each: impl FnMut(Piece<'_>),
) {
    let mut scratch = Scratch::default();
    let mut at = 0;
    while let Step::Piece { len, segment, usable, encrypted } = step(&bytes[at..], true, limits, policy, &mut scratch) {
        each(piece(&bytes[at..], at as u64, len, &segment, (usable, encrypted), &scratch));
        at += len;
    }
}

/// Decodes a stream that comes in pieces of any size. Holds less than one frame plus what was pushed last.
#[derive(Debug, Default)]
pub struct Decoder {
    limits: Limits,
    buf: Vec<u8>,
    at: usize,
    offset: u64,
    scratch: Scratch,
}

impl Decoder {
    /// A decoder with bounds.
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Takes bytes from the stream. Take every piece out before the next push, and push no more at once than you want held.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buf.drain(..self.at);
        self.at = 0;
        self.buf.extend_from_slice(bytes);
    }

    /// Bytes held.
    pub fn buffered(&self) -> usize {
        self.buf.len() - self.at
    }

    /// The next piece, if the bytes at hand decide one.
    pub fn next_piece(&mut self, policy: &dyn Fn(&[u8]) -> DevicePolicy) -> Option<Piece<'_>> {
        self.take(false, policy)
    }

    /// The next piece of what is left when no more bytes come: at the end of the stream, or after a time-out.
    pub fn finish(&mut self, policy: &dyn Fn(&[u8]) -> DevicePolicy) -> Option<Piece<'_>> {
        self.take(true, policy)
    }

    fn take(&mut self, eof: bool, policy: &dyn Fn(&[u8]) -> DevicePolicy) -> Option<Piece<'_>> {
        let (from, offset) = (self.at, self.offset);
        match step(&self.buf[from..], eof, &self.limits, policy, &mut self.scratch) {
            Step::More => None,
            Step::Piece { len, segment, usable, encrypted } => {
                self.at += len;
                self.offset += len as u64;
                Some(piece(&self.buf[from..], offset, len, &segment, (usable, encrypted), &self.scratch))
            }
        }
    }
}

#[cfg(test)]
mod tests;
