//! Placeholders of one part, found paragraph by paragraph and filled.

use shanshui_domain::report::{Row, Table};

use super::tree::{Element, Node, read, write};
use super::{BadTemplate, Fault, block};
use crate::report::Filing;

const NOT_KNOWN: &str = "is not known";
const NOT_CLOSED: &str = "is not closed";
const ALONE: &str = "stands alone in its paragraph";
const IN_A_ROW: &str = "stands in a row of a table";
const ONE_TABLE: &str = "one row is of one table";
/// Each with its Chinese.
pub(super) const REASONS: [(&str, &str); 5] = [
    (NOT_KNOWN, "未知占位符"),
    (NOT_CLOSED, "占位符没有结束"),
    (ALONE, "须单独成段"),
    (IN_A_ROW, "须放在表格行内"),
    (ONE_TABLE, "同一行只能引用一个表"),
];
/// What a table without rows says.
const NO_ROWS: &str = "无";

/// Fills a part.
pub(super) fn part(
    name: &str,
    bytes: &[u8],
    filing: &Filing<'_>,
    faults: &mut Vec<Fault>,
) -> Result<Vec<u8>, BadTemplate> {
    let mut nodes = read(name, bytes)?;
    let mut filler = Filler { part: name, filing, faults, paragraph: 0 };
    filler.nodes(&mut nodes, None);
    let mut out = String::with_capacity(bytes.len());
    write(&nodes, &mut out);
    Ok(out.into_bytes())
}

/// A row at hand; none of a table without rows.
type At<'a> = (&'a Table, Option<&'a Row>);

struct Filler<'a, 'f> {
    part: &'a str,
    filing: &'a Filing<'a>,
    faults: &'f mut Vec<Fault>,
    paragraph: usize,
}

/// A placeholder of a text: where it begins and ends in bytes, and its name.
struct Found {
    from: usize,
    to: usize,
    name: String,
}

fn find(text: &str) -> (Vec<Found>, Option<usize>) {
    let (mut all, mut from) = (Vec::new(), 0);
    while let Some(open) = text[from..].find("{{").map(|at| at + from) {
        let Some(close) = text[open..].find("}}").map(|at| at + open) else { return (all, Some(open)) };
        all.push(Found { from: open, to: close + 2, name: text[open + 2..close].trim().to_owned() });
        from = close + 2;
    }
    (all, None)
}

/// Table and column of `sections.name`, when it is one of a row.
fn column(name: &str) -> Option<(&str, &str)> {
    name.split_once('.').filter(|(_, column)| !column.contains('@'))
}

impl<'a> Filler<'a, '_> {
    fn fault(&mut self, placeholder: impl Into<String>, reason: &'static str) {
        let fault =
            Fault { part: self.part.to_owned(), paragraph: self.paragraph, placeholder: placeholder.into(), reason };
        if self.faults.len() < super::FAULTS_MAX && !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    fn nodes(&mut self, nodes: &mut Vec<Node>, at: Option<At<'a>>) {
        let mut out = Vec::with_capacity(nodes.len());
        for node in nodes.drain(..) {
            match node {
                Node::Element(e) if e.name == "w:tr" && at.is_none() => self.row(e, &mut out),
                Node::Element(e) if e.name == "w:p" => self.paragraph(e, at, &mut out),
                Node::Element(mut e) => {
                    self.nodes(&mut e.children, at);
                    out.push(Node::Element(e));
                }
                other => out.push(other),
            }
        }
        *nodes = out;
    }

    /// A row: repeated when its cells name columns.
    fn row(&mut self, mut row: Element, out: &mut Vec<Node>) {
        let mut names = Vec::new();
        columns_in(&row.children, &mut names);
        let Some((id, _)) = names.first().and_then(|name| column(name)) else {
            self.nodes(&mut row.children, None);
            out.push(Node::Element(row));
            return;
        };
        let before = self.paragraph;
        if let Some(other) = names.iter().find(|name| column(name).is_none_or(|(table, _)| table != id)) {
            self.paragraph += 1;
            self.fault(format!("{{{{{other}}}}}"), ONE_TABLE);
            return;
        }
        let Some(table) = self.filing.report.table(id) else {
            self.paragraph += 1;
            self.fault(format!("{{{{{}}}}}", names[0]), NOT_KNOWN);
            return;
        };
        let mut put = |filler: &mut Self, at: At<'a>| {
            filler.paragraph = before;
            let mut copy = row.clone();
            filler.nodes(&mut copy.children, Some(at));
            out.push(Node::Element(copy));
        };
        if table.rows.is_empty() {
            put(self, (table, None));
        }
        for one in &table.rows {
            put(self, (table, Some(one)));
        }
    }

    fn paragraph(&mut self, mut p: Element, at: Option<At<'a>>, out: &mut Vec<Node>) {
        self.paragraph += 1;
        let here = self.paragraph;
        let mut texts = Vec::new();
        collect(&p.children, &mut texts);
        let whole: String = texts.concat();
        let (found, open) = find(&whole);
        if let Some(open) = open {
            let said: String = whole[open..].chars().take(40).collect();
            self.fault(said, NOT_CLOSED);
        }
        if let [one] = &found[..] {
            let alone = whole[..one.from].trim().is_empty() && whole[one.to..].trim().is_empty();
            if alone && let Some(xml) = block::block(&one.name, self.filing) {
                out.push(Node::Raw(xml));
                return;
            }
        }
        if !found.is_empty() {
            let values: Vec<(usize, usize, String)> = found.iter().map(|f| (f.from, f.to, self.value(f, at))).collect();
            let mut new = spread(&texts, &values).into_iter();
            replace(&mut p.children, &mut new);
        }
        // paragraphs of text boxes inside of this one
        inner(&mut p.children, &mut |nodes| self.nodes(nodes, at));
        self.paragraph = self.paragraph.max(here);
        out.push(Node::Element(p));
    }

    /// What stands for a placeholder within a line; a fault leaves nothing.
    fn value(&mut self, found: &Found, at: Option<At<'a>>) -> String {
        let name = found.name.as_str();
        let shown = || format!("{{{{{name}}}}}");
        let filing = self.filing;
        let report = filing.report;
        let known = match name {
            "title" => Some(report.title.clone()),
            "period" => Some(report.period_text.clone()),
            "issuer" => Some(report.issuer.clone()),
            "area" => Some(report.area.name.clone()),
            "number" => Some(filing.number.to_owned()),
            "date" => Some(filing.date.to_owned()),
            "edition" => Some(filing.edition_zh()),
            "coverage" => Some(report.coverage.sentence()),
            _ => None,
        };
        if let Some(known) = known {
            return known;
        }
        if block::block(name, filing).is_some() {
            self.fault(shown(), ALONE);
            return String::new();
        }
        match (name.split_once('.'), at) {
            (Some((table, rest)), _) if rest.contains('@') => {
                let cell = rest.split_once('@').and_then(|(column, row)| report.table(table)?.cell(row, column));
                // a row that this report has not, such as that of another section, is no fault of the template
                let there = rest.split_once('@').is_some_and(|(column, _)| has(report.table(table), column));
                if !there {
                    self.fault(shown(), NOT_KNOWN);
                }
                cell.map_or_else(|| "—".to_owned(), shanshui_domain::report::Cell::shown)
            }
            (Some((id, column)), Some((table, row))) if table.id == id && has(Some(table), column) => match row {
                Some(row) => {
                    table.cell(&row.key, column).map_or_else(String::new, shanshui_domain::report::Cell::shown)
                }
                None if table.columns.first().is_some_and(|c| c.key == column) => NO_ROWS.to_owned(),
                None => String::new(),
            },
            (Some((id, column)), None) if has(report.table(id), column) => {
                self.fault(shown(), IN_A_ROW);
                String::new()
            }
            _ => {
                self.fault(shown(), NOT_KNOWN);
                String::new()
            }
        }
    }
}

fn has(table: Option<&Table>, column: &str) -> bool {
    table.is_some_and(|t| t.columns.iter().any(|c| c.key == column))
}

/// Names of columns that the paragraphs of a row have.
fn columns_in(nodes: &[Node], names: &mut Vec<String>) {
    for node in nodes {
        let Node::Element(e) = node else { continue };
        if e.name == "w:p" {
            let mut texts = Vec::new();
            collect(&e.children, &mut texts);
            let (found, _) = find(&texts.concat());
            names.extend(found.into_iter().map(|f| f.name).filter(|name| column(name).is_some()));
        }
        columns_in(&e.children, names);
    }
}

/// Texts of the runs of a paragraph, not of paragraphs inside of it.
fn collect(nodes: &[Node], texts: &mut Vec<String>) {
    for node in nodes {
        match node {
            Node::Element(e) if e.name == "w:t" => texts.push(e.text()),
            Node::Element(e) if e.name != "w:p" => collect(&e.children, texts),
            _ => {}
        }
    }
}

/// Gives the runs their new texts, in the same order; none for those that stay.
fn replace(nodes: &mut [Node], new: &mut impl Iterator<Item = Option<String>>) {
    for node in nodes {
        match node {
            Node::Element(e) if e.name == "w:t" => {
                if let Some(Some(text)) = new.next() {
                    e.set_text(&text);
                }
            }
            Node::Element(e) if e.name != "w:p" => replace(&mut e.children, new),
            _ => {}
        }
    }
}

/// Does something with what holds paragraphs inside of a paragraph.
fn inner(nodes: &mut [Node], act: &mut dyn FnMut(&mut Vec<Node>)) {
    for node in nodes {
        let Node::Element(e) = node else { continue };
        if e.children.iter().any(|c| matches!(c, Node::Element(c) if c.name == "w:p" || c.name == "w:tbl")) {
            act(&mut e.children);
        } else {
            inner(&mut e.children, act);
        }
    }
}

/// The texts of runs once each value stands where its placeholder begins; none for runs that nothing happens to.
fn spread(texts: &[String], values: &[(usize, usize, String)]) -> Vec<Option<String>> {
    let mut out = Vec::with_capacity(texts.len());
    let mut begin = 0;
    for text in texts {
        let end = begin + text.len();
        let touched = values.iter().any(|(from, to, _)| *from < end && *to > begin);
        if !touched {
            out.push(None);
            begin = end;
            continue;
        }
        let (mut new, mut at) = (String::new(), begin);
        for (from, to, value) in values.iter().filter(|(from, to, _)| *from < end && *to > begin) {
            if *from > at {
                new.push_str(&text[at - begin..*from - begin]);
            }
            if *from >= begin {
                new.push_str(value);
            }
            at = (*to).min(end);
        }
        new.push_str(&text[at - begin..]);
        out.push(Some(new));
        begin = end;
    }
    out
}
