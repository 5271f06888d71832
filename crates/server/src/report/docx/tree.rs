//! The XML of a part as a tree that writes what it read.

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::Event;

use super::BadTemplate;

/// Elements inside of one another at most: text boxes inside of tables inside of text boxes stay far below.
const DEPTH_MAX: usize = 200;

/// A node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    /// An element.
    Element(Element),
    /// Text as it is written, escaped.
    Text(String),
    /// Anything else as it is written: declarations, comments, blocks of ours.
    Raw(String),
}

/// An element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Element {
    /// Its name with prefix.
    pub(super) name: String,
    /// What stands in its tag behind the name.
    pub(super) attributes: String,
    /// What is in it.
    pub(super) children: Vec<Node>,
}

impl Element {
    /// Its text, unescaped.
    pub(super) fn text(&self) -> String {
        let part = |node: &Node| match node {
            Node::Text(text) => unescape(text).map_or_else(|_| text.clone(), std::borrow::Cow::into_owned),
            _ => String::new(),
        };
        self.children.iter().map(part).collect()
    }

    /// Gives it another text; spaces at its ends are kept.
    pub(super) fn set_text(&mut self, text: &str) {
        self.children = vec![Node::Text(escaped(text))];
        if !self.attributes.contains("xml:space") {
            self.attributes.push_str(" xml:space=\"preserve\"");
        }
    }
}

/// Text as XML holds it: escaped, without what XML cannot hold.
pub(super) fn escaped(text: &str) -> String {
    let fits = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    let clean: String = text.chars().filter(fits).collect();
    quick_xml::escape::escape(clean).into_owned()
}

/// Reads a part.
pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Vec<Node>, BadTemplate> {
    let bad = |reason: String| BadTemplate::NoWord(format!("{name}: {reason}"));
    let text = std::str::from_utf8(bytes).map_err(|e| bad(e.to_string()))?;
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut open: Vec<Element> = Vec::new();
    let mut top: Vec<Node> = Vec::new();
    loop {
        let event = reader.read_event().map_err(|e| bad(e.to_string()))?;
        let as_text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let node = match event {
            Event::Eof if open.is_empty() => return Ok(top),
            Event::Eof => return Err(bad("ends in the middle".into())),
            Event::DocType(_) => return Err(BadTemplate::NotTaken(format!("{name}: a document type"))),
            Event::Start(tag) => {
                if open.len() >= DEPTH_MAX {
                    return Err(bad(format!("more than {DEPTH_MAX} elements inside of one another")));
                }
                open.push(element(&as_text(&tag)));
                continue;
            }
            Event::End(_) => Node::Element(open.pop().ok_or_else(|| bad("an end without a beginning".into()))?),
            Event::Empty(tag) => Node::Element(element(&as_text(&tag))),
            Event::Text(text) => Node::Text(as_text(&text)),
            Event::GeneralRef(entity) => Node::Text(format!("&{};", as_text(&entity))),
            Event::CData(data) => Node::Text(escaped(&as_text(&data))),
            Event::Comment(comment) => Node::Raw(format!("<!--{}-->", as_text(&comment))),
            Event::Decl(declaration) => Node::Raw(format!("<?{}?>", as_text(&declaration))),
            Event::PI(instruction) => Node::Raw(format!("<?{}?>", as_text(&instruction))),
        };
        open.last_mut().map_or(&mut top, |e| &mut e.children).push(node);
    }
}

fn element(tag: &str) -> Element {
    let tag = tag.trim_end();
    let end = tag.find(|c: char| c.is_whitespace()).unwrap_or(tag.len());
    Element { name: tag[..end].to_owned(), attributes: tag[end..].to_owned(), children: Vec::new() }
}

/// Writes nodes.
pub(super) fn write(nodes: &[Node], out: &mut String) {
    for node in nodes {
        match node {
            Node::Text(text) | Node::Raw(text) => out.push_str(text),
            Node::Element(Element { name, attributes, children }) => {
                out.push('<');
                out.push_str(name);
                out.push_str(attributes);
                if children.is_empty() {
                    out.push_str("/>");
                    continue;
                }
                out.push('>');
                write(children, out);
                out.push_str("</");
                out.push_str(name);
                out.push('>');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_again() {
        let text =
            "<?xml version=\"1.0\"?><!--c--><a b=\"1 &lt; 2\" c='x'><b/>甲 &amp; 乙&#x4e00;<c d=\"e\">  </c></a>";
        let mut out = String::new();
        write(&read("x", text.as_bytes()).expect("read"), &mut out);
        assert_eq!(out, text);
        for bad in ["<a>", "</a>", "<a></b>", "<!DOCTYPE a><a/>", "<a b=1", &"<a>".repeat(300)] {
            assert!(read("x", bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn text_holds_nothing_that_xml_cannot() {
        assert_eq!(escaped("a\u{0}<\u{b}&\u{ffff}"), "a&lt;&amp;");
    }
}
