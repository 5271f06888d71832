//! Commands (命令编码 CN) and return codes, as data: `commands.csv` and `returns.csv` beside this file (2017 §6.6, annex C).
//! Unknown commands are carried through by the decoder.

use std::sync::LazyLock;

/// One row of the command table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command {
    /// Command code.
    pub cn: u16,
    /// `down` (centre to field), `up`, or `both`.
    pub direction: &'static str,
    /// `request`, `upload`, `notice` or `answer`.
    pub kind: &'static str,
    /// Editions that have it: `05`, `17`, `25`, joined by blanks.
    pub editions: &'static str,
    /// Chinese name.
    pub zh: &'static str,
    /// English name.
    pub en: &'static str,
    /// Clause.
    pub cite: &'static str,
}

/// A return code: `QnRtn` (请求返回) or `ExeRtn` (执行结果).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Return {
    /// `QnRtn` or `ExeRtn`.
    pub key: &'static str,
    /// Code.
    pub code: u16,
    /// Chinese.
    pub zh: &'static str,
    /// English.
    pub en: &'static str,
}

/// How a command is to be answered by the side that gets it from the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// 9014.
    Data,
    /// 9013.
    Notice,
    /// None: it is itself an answer.
    None,
}

static COMMANDS: LazyLock<Vec<Command>> = LazyLock::new(|| {
    let rows = include_str!("commands.csv").lines().skip(1).map(|line| {
        let c: [&'static str; 7] = cells(line);
        Command { cn: code(c[0]), direction: c[1], kind: c[2], editions: c[3], zh: c[4], en: c[5], cite: c[6] }
    });
    rows.collect()
});

static RETURNS: LazyLock<Vec<Return>> = LazyLock::new(|| {
    let rows = include_str!("returns.csv").lines().skip(1).map(|line| {
        let c: [&'static str; 5] = cells(line);
        Return { key: c[0], code: code(c[1]), zh: c[2], en: c[3] }
    });
    rows.collect()
});

fn cells<const N: usize>(line: &'static str) -> [&'static str; N] {
    let cells: Vec<&'static str> = line.split(',').collect();
    cells.try_into().expect("every row of an embedded table has its columns; a test reads them all")
}

fn code(text: &str) -> u16 {
    text.parse().expect("codes of the embedded tables are numbers; a test reads them all")
}

/// Every row of the command table.
pub fn commands() -> &'static [Command] {
    &COMMANDS
}

/// The rows of a command: one, or two where the editions or directions differ.
pub fn rows(cn: u16) -> impl Iterator<Item = &'static Command> {
    COMMANDS.iter().filter(move |c| c.cn == cn)
}

/// The meaning of a return code.
pub fn return_code(key: &str, code: u16) -> Option<&'static Return> {
    RETURNS.iter().find(|r| r.key == key && r.code == code)
}

/// Whether the table has this command.
pub fn known(cn: &[u8]) -> bool {
    static KNOWN: LazyLock<Vec<bool>> = LazyLock::new(|| {
        let mut known = vec![false; 10_000];
        for command in COMMANDS.iter() {
            known[usize::from(command.cn)] = true;
        }
        known
    });
    let [a, b, c, d] = cn else { return false };
    let digits = [a, b, c, d];
    if !digits.iter().all(|b| b.is_ascii_digit()) {
        return false;
    }
    KNOWN[digits.iter().fold(0, |n, b| n * 10 + usize::from(**b - b'0'))]
}

/// How an upload or notice from the field is answered. Commands the table does not know are answered as data when they lie in
/// the data range, else as notices (2017 §6.6.5).
pub fn answer_to(cn: &[u8]) -> Answer {
    match cn {
        b"9011" | b"9012" | b"9013" | b"9014" => Answer::None,
        b"1001" | b"1013" | b"1014" | b"2072" | [b'9', ..] => Answer::Notice,
        _ => Answer::Data,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_whole_and_in_order() {
        assert!(commands().is_sorted_by_key(|c| c.cn));
        for c in commands() {
            assert!(["down", "up", "both"].contains(&c.direction), "{c:?}");
            assert!(["request", "upload", "notice", "answer"].contains(&c.kind), "{c:?}");
            assert!(c.editions.split(' ').all(|e| ["05", "17", "25"].contains(&e)), "{c:?}");
            assert!(!c.zh.is_empty() && !c.en.is_empty() && !c.cite.is_empty(), "{c:?}");
        }
        assert_eq!(return_code("ExeRtn", 100).map(|r| r.en), Some("no data"));
        assert_eq!(return_code("QnRtn", 42), None);
    }

    #[test]
    fn known_commands_and_their_answers() {
        assert!(known(b"2011") && known(b"9015") && !known(b"9021") && !known(b"201") && !known(b"2O11"));
        assert_eq!(answer_to(b"2061"), Answer::Data);
        assert_eq!(answer_to(b"1013"), Answer::Notice);
        assert_eq!(answer_to(b"9014"), Answer::None);
        assert_eq!(rows(1001).count(), 2);
    }
}
