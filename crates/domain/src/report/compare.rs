//! Two editions of one report beside each other (版本比对): which cells, rows and sentences have changed. Rows are the same when their
//! keys are, so that a row that moved has not changed.

use serde::{Deserialize, Serialize};

use super::{Report, Table};

/// Something that is not the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Title of the table or chapter.
    pub place: String,
    /// What the row is called; empty of sentences.
    pub row: String,
    /// Heading of the column; empty of sentences and of whole rows.
    pub column: String,
    /// As it was; none when it was not there.
    pub before: Option<String>,
    /// As it is; none when it is not there any more.
    pub after: Option<String>,
}

/// Everything that has changed, in the order of the newer one.
pub fn compare(before: &Report, after: &Report) -> Vec<Difference> {
    let mut all = Vec::new();
    sentence(&mut all, "标题", &before.title, &after.title);
    for chapter in &after.chapters {
        let earlier = before.chapters.iter().find(|c| c.id == chapter.id);
        let said = earlier.map_or(&[][..], |c| &c.paragraphs);
        for i in 0..said.len().max(chapter.paragraphs.len()) {
            let (was, is) = (said.get(i), chapter.paragraphs.get(i));
            if was != is {
                all.push(Difference {
                    place: chapter.title.clone(),
                    row: String::new(),
                    column: String::new(),
                    before: was.cloned(),
                    after: is.cloned(),
                });
            }
        }
    }
    for table in after.tables() {
        match before.table(&table.id) {
            Some(earlier) => tables(&mut all, earlier, table),
            None => rows(&mut all, table, |row| (None, Some(row))),
        }
    }
    for gone in before.tables().filter(|t| after.table(&t.id).is_none()) {
        rows(&mut all, gone, |row| (Some(row), None));
    }
    sentence(&mut all, "覆盖率", &before.coverage.sentence(), &after.coverage.sentence());
    let editions = |report: &Report| report.basis.iter().map(|b| b.edition.clone()).collect::<Vec<_>>().join("、");
    sentence(&mut all, "依据", &editions(before), &editions(after));
    all
}

fn sentence(all: &mut Vec<Difference>, place: &str, before: &str, after: &str) {
    if before != after {
        all.push(Difference {
            place: place.to_owned(),
            row: String::new(),
            column: String::new(),
            before: Some(before.to_owned()),
            after: Some(after.to_owned()),
        });
    }
}

fn name(table: &Table, row: &super::Row) -> String {
    let at =
        table.columns.iter().position(|c| ["name", "group", "item", "figure"].contains(&c.key.as_str())).unwrap_or(0);
    row.cells.get(at).map_or_else(|| row.key.clone(), super::Cell::shown)
}

fn rows(all: &mut Vec<Difference>, table: &Table, told: impl Fn(String) -> (Option<String>, Option<String>)) {
    for row in &table.rows {
        let shown = row.cells.iter().map(super::Cell::shown).collect::<Vec<_>>().join(" ");
        let (before, after) = told(shown);
        all.push(Difference {
            place: table.title.clone(),
            row: name(table, row),
            column: String::new(),
            before,
            after,
        });
    }
}

fn tables(all: &mut Vec<Difference>, before: &Table, after: &Table) {
    let shown = |row: &super::Row| row.cells.iter().map(super::Cell::shown).collect::<Vec<_>>().join(" ");
    for row in &after.rows {
        let Some(earlier) = before.rows.iter().find(|r| r.key == row.key) else {
            all.push(Difference {
                place: after.title.clone(),
                row: name(after, row),
                column: String::new(),
                before: None,
                after: Some(shown(row)),
            });
            continue;
        };
        for (column, cell) in after.columns.iter().zip(&row.cells) {
            let was = before.cell(&earlier.key, &column.key);
            // why something is missing is a statement too
            if was != Some(cell) {
                let said = |cell: &super::Cell| match cell {
                    super::Cell::Missing { reason } => format!("—（{reason}）"),
                    other => other.shown(),
                };
                all.push(Difference {
                    place: after.title.clone(),
                    row: name(after, row),
                    column: column.title.clone(),
                    before: was.map(said),
                    after: Some(said(cell)),
                });
            }
        }
    }
    for row in before.rows.iter().filter(|r| !after.rows.iter().any(|a| a.key == r.key)) {
        all.push(Difference {
            place: after.title.clone(),
            row: name(before, row),
            column: String::new(),
            before: Some(shown(row)),
            after: None,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::water::tests::{CLEAN, Ground, lines};
    use super::super::water::water;
    use super::*;

    #[test]
    fn what_late_data_changes_is_named_and_nothing_else() {
        let ground = Ground::new();
        let (mut lines, first) = (lines(), lines());
        let made = |lines: &[String]| water(&ground.input(&lines.iter().map(String::as_str).collect::<Vec<_>>()));
        let before = made(&first);
        assert_eq!(compare(&before, &before), []);
        lines[0] = format!("m1 ms a 2 | {CLEAN} TP 0.06 | {CLEAN} TP 0.15 | {CLEAN} TP 0.05");
        let differences = compare(&before, &made(&lines));
        assert_eq!(differences.len(), 1, "{differences:?}");
        let d = &differences[0];
        assert_eq!((d.row.as_str(), d.column.as_str()), ("m1断面", "总磷"));
        assert_eq!((d.before.as_deref(), d.after.as_deref()), (Some("0.050"), Some("0.060")));
        lines[0] = format!("m9 ms a 2 | {CLEAN} | |");
        let differences = compare(&before, &made(&lines));
        let whole: Vec<_> = differences
            .iter()
            .filter(|d| d.place == "断面水质状况")
            .map(|d| (d.before.is_some(), d.after.is_some()))
            .collect();
        assert_eq!(whole, [(false, true), (true, false)]);
    }
}
