//! `shanshui review`: checks, detectors and their parameters, as people read them.

use std::fmt::Write as _;

use shanshui_domain::standard::review::{Measure, Rule, RuleBook};
use shanshui_domain::time::PeriodKind;

use crate::desk::Books;

/// The rules as Markdown.
pub fn markdown(books: &Books) -> String {
    let mut text = String::from("## 检查 Checks\n\n");
    rules(&mut text, books, &books.review, true);
    text.push_str("\n## 因子逻辑关系 Pairs\n\n| part | whole | slack | mark | source |\n|---|---|---|---|---|\n");
    for p in &books.review.pairs {
        line(&mut text, &[code(&p.part), code(&p.whole), p.slack.to_string(), p.mark.clone(), p.cite.clone()]);
    }
    text.push_str("\n## 线索 Detectors\n\n");
    rules(&mut text, books, &books.clue, false);
    text.push_str("\n## 审核台 Desk\n\n| rule | 名称 | name | urgency |\n|---|---|---|---|\n");
    for rule in &books.desk.rules {
        let urgency = books.desk.urgency(&rule.id, None).to_string();
        line(&mut text, &[code(&rule.id), rule.zh.clone(), rule.en.clone(), urgency]);
    }
    text.push_str(
        "\n## 无效原因 Grounds\n\n| digit | code | 名称 | name | mark | source |\n|---|---|---|---|---|---|\n",
    );
    for g in &books.desk.grounds {
        let cells = [g.digit.to_string(), code(&g.code), g.zh.clone(), g.en.clone(), g.mark.clone(), g.cite.clone()];
        line(&mut text, &cells);
    }
    text.push_str("\n## 回看时长 Context\n\n| kind | seconds before what is new |\n|---|---|\n");
    for kind in PeriodKind::ALL {
        line(&mut text, &[code(kind.as_str()), books.desk.context_s(kind).to_string()]);
    }
    text
}

fn rules(text: &mut String, books: &Books, book: &RuleBook, checks: bool) {
    text.push_str("| rule | version | 名称 | name | urgency |\n|---|---|---|---|---|\n");
    for rule in &book.rules {
        let urgency = if checks { books.desk.urgency(&rule.id, None).to_string() } else { "100 × score".into() };
        line(text, &[code(&rule.id), rule.version.to_string(), rule.zh.clone(), rule.en.clone(), urgency]);
    }
    text.push_str("\n| rule | factor | parameter | value | unit | mark | source |\n|---|---|---|---|---|---|---|\n");
    book.rules.iter().for_each(|rule| parameters(text, rule));
}

fn parameters(text: &mut String, rule: &Rule) {
    for p in &rule.parameters {
        let unit = match p.measure {
            Measure::Number => "1".to_owned(),
            Measure::Seconds => "s".to_owned(),
            Measure::In(unit) => unit.to_string(),
        };
        let factor = p.factor.as_deref().map_or_else(|| "any".to_owned(), code);
        line(text, &[code(&rule.id), factor, code(&p.name), p.value.to_string(), unit, p.mark.clone(), p.cite.clone()]);
    }
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

fn line(text: &mut String, cells: &[String]) {
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}
