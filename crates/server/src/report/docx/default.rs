//! The template that stands where a bureau has none of its own: page, fonts and sizes of GB/T 9704-2012. It is made, not kept.

use shanshui_domain::report::ReportRules;

use super::BadTemplate;
use super::block::{FANG, Look, SONG, SONG_TITLE, paragraph, run, twips};
use super::package::Package;

const W: &str = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
const R: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";

/// The template as a Word file; the same bytes each time.
///
/// # Errors
/// Never for the rules that ship: nothing of it is too large for its zip.
pub fn default_template(rules: &ReportRules) -> Result<Vec<u8>, BadTemplate> {
    let part = |name: &str, text: String| (name.to_owned(), format!("{HEAD}{text}").into_bytes());
    let parts = vec![
        part("[Content_Types].xml", content_types()),
        part("_rels/.rels", relations(&[("officeDocument", "word/document.xml")])),
        part("word/document.xml", document(rules)),
        part("word/_rels/document.xml.rels", relations(&[("styles", "styles.xml"), ("footer", "footer1.xml")])),
        part("word/styles.xml", styles(rules)),
        part("word/footer1.xml", footer(rules)),
    ];
    Package { parts }.write()
}

fn content_types() -> String {
    let word = "application/vnd.openxmlformats-officedocument.wordprocessingml";
    let over =
        |name: &str, kind: &str| format!("<Override PartName=\"/word/{name}.xml\" ContentType=\"{word}.{kind}+xml\"/>");
    format!(
        "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
         <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Default Extension=\"xml\" ContentType=\"application/xml\"/>{}{}{}</Types>",
        over("document", "document.main"),
        over("styles", "styles"),
        over("footer1", "footer")
    )
}

fn relations(all: &[(&str, &str)]) -> String {
    let one = |(n, (kind, target)): (usize, &(&str, &str))| {
        format!("<Relationship Id=\"rId{}\" Type=\"{R}/{kind}\" Target=\"{target}\"/>", n + 1)
    };
    let all: String = all.iter().enumerate().map(one).collect();
    format!(
        "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">{all}</Relationships>"
    )
}

fn document(rules: &ReportRules) -> String {
    let text = Look::text(rules);
    let middle = Look { align: "center", indent: false, ..text };
    // a title of two lines needs more than the height of a line of text
    let title =
        Look { font: SONG_TITLE, half_points: rules.title_half_points, line: Some(rules.line_twips + 40), ..middle };
    let right = Look { align: "right", indent: false, ..text };
    let lines = [
        paragraph("{{title}}", title),
        paragraph("（{{period}}）", middle),
        paragraph("{{number}}", middle),
        paragraph("{{body}}", text),
        paragraph("{{basis}}", text),
        paragraph("{{notes}}", text),
        paragraph("", text),
        paragraph("{{issuer}}", right),
        paragraph("{{date}}", right),
        paragraph("{{edition}}", right),
    ];
    let (width, height) = (twips(rules.page_width_mm), twips(rules.page_height_mm));
    let (top, left) = (twips(rules.margin_top_mm), twips(rules.margin_left_mm));
    let bottom = height.saturating_sub(top + twips(rules.text_height_mm));
    let right = width.saturating_sub(left + twips(rules.text_width_mm));
    format!(
        "<w:document xmlns:w=\"{W}\" xmlns:r=\"{R}\"><w:body>{}<w:sectPr><w:footerReference w:type=\"default\" r:id=\"rId2\"/>\
         <w:pgSz w:w=\"{width}\" w:h=\"{height}\"/><w:pgMar w:top=\"{top}\" w:right=\"{right}\" w:bottom=\"{bottom}\" \
         w:left=\"{left}\" w:header=\"851\" w:footer=\"1400\" w:gutter=\"0\"/></w:sectPr></w:body></w:document>",
        lines.concat()
    )
}

fn styles(rules: &ReportRules) -> String {
    let size = rules.body_half_points;
    format!(
        "<w:styles xmlns:w=\"{W}\"><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii=\"Times New Roman\" \
         w:hAnsi=\"Times New Roman\" w:eastAsia=\"{FANG}\"/><w:sz w:val=\"{size}\"/><w:szCs w:val=\"{size}\"/>\
         <w:lang w:val=\"en-US\" w:eastAsia=\"zh-CN\"/></w:rPr></w:rPrDefault></w:docDefaults>\
         <w:style w:type=\"paragraph\" w:default=\"1\" w:styleId=\"Normal\"><w:name w:val=\"Normal\"/></w:style></w:styles>"
    )
}

/// `— 1 —`, 四号宋体.
fn footer(rules: &ReportRules) -> String {
    let size = rules.page_number_half_points;
    let field = |kind: &str| format!("<w:r><w:fldChar w:fldCharType=\"{kind}\"/></w:r>");
    let number = format!(
        "{}<w:r><w:instrText xml:space=\"preserve\"> PAGE </w:instrText></w:r>{}{}{}",
        field("begin"),
        field("separate"),
        run("1", SONG, size),
        field("end")
    );
    format!(
        "<w:ftr xmlns:w=\"{W}\"><w:p><w:pPr><w:jc w:val=\"center\"/></w:pPr>{}{number}{}</w:p></w:ftr>",
        run("— ", SONG, size),
        run(" —", SONG, size)
    )
}
