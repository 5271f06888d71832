//! The zip around a Word file, read within bounds: a stranger may have made it.

use std::io::{Cursor, Read as _, Write as _};

use quick_xml::Reader;
use quick_xml::events::Event;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use super::BadTemplate;

/// The document's own part.
pub(super) const DOCUMENT: &str = "word/document.xml";
const CONTENT_TYPES: &str = "[Content_Types].xml";
const PARTS_MAX: usize = 1_000;
const PART_BYTES_MAX: u64 = 16 << 20;
const BYTES_MAX: u64 = 48 << 20;

/// A Word file in its parts, in their order.
pub(super) struct Package {
    pub(super) parts: Vec<(String, Vec<u8>)>,
}

fn no_word(reason: impl std::fmt::Display) -> BadTemplate {
    BadTemplate::NoWord(reason.to_string())
}

impl Package {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, BadTemplate> {
        let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(no_word)?;
        if archive.len() > PARTS_MAX {
            return Err(no_word(format!("{} parts, at most {PARTS_MAX}", archive.len())));
        }
        let (mut parts, mut all) = (Vec::new(), 0u64);
        for i in 0..archive.len() {
            let file = archive.by_index(i).map_err(no_word)?;
            let name = file.name().map_err(no_word)?.into_owned();
            if name.ends_with('/') {
                continue;
            }
            if name.starts_with('/') || name.contains('\\') || name.split('/').any(|part| part == "..") {
                return Err(BadTemplate::NotTaken(format!("the name of the part {name:?}")));
            }
            let mut content = Vec::new();
            // what a head says of the size is not believed
            file.take(PART_BYTES_MAX + 1).read_to_end(&mut content).map_err(no_word)?;
            all += content.len() as u64;
            if content.len() as u64 > PART_BYTES_MAX || all > BYTES_MAX {
                return Err(no_word(format!("{name}: more than a template may hold")));
            }
            parts.push((name, content));
        }
        let package = Self { parts };
        package.allowed()?;
        Ok(package)
    }

    fn allowed(&self) -> Result<(), BadTemplate> {
        for needed in [CONTENT_TYPES, DOCUMENT] {
            if !self.parts.iter().any(|(name, _)| name == needed) {
                return Err(no_word(format!("it has no {needed}")));
            }
        }
        for (name, bytes) in &self.parts {
            let lower = name.to_ascii_lowercase();
            if lower.ends_with("vbaproject.bin") || lower.contains("/activex/") || lower.contains("/embeddings/") {
                return Err(BadTemplate::NotTaken(format!("{name}: macros and embedded programs")));
            }
            if lower.contains("_rels/") {
                reaches_out(name, bytes)?;
            }
        }
        Ok(())
    }

    /// The same parts are the same bytes.
    pub(super) fn write(&self) -> Result<Vec<u8>, BadTemplate> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default());
        for (name, bytes) in &self.parts {
            writer.start_file(name.as_str(), options).map_err(no_word)?;
            writer.write_all(bytes).map_err(no_word)?;
        }
        Ok(writer.finish().map_err(no_word)?.into_inner())
    }
}

/// Whether a part's name ends so.
pub(super) fn has_ending(name: &str, ending: &str) -> bool {
    std::path::Path::new(name).extension().is_some_and(|e| e.eq_ignore_ascii_case(ending))
}

/// Whether opening the file would fetch something: whoever converts it must not be made to.
fn reaches_out(name: &str, bytes: &[u8]) -> Result<(), BadTemplate> {
    let mut reader = Reader::from_reader(bytes);
    loop {
        let event = reader.read_event().map_err(|e| no_word(format!("{name}: {e}")))?;
        let (Event::Start(tag) | Event::Empty(tag)) = event else {
            match event {
                Event::Eof => return Ok(()),
                Event::DocType(_) => return Err(BadTemplate::NotTaken(format!("{name}: a document type"))),
                _ => continue,
            }
        };
        let (mut external, mut link) = (false, false);
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|e| no_word(format!("{name}: {e}")))?;
            let value = String::from_utf8_lossy(&attribute.value).to_ascii_lowercase();
            match attribute.key.local_name().as_ref() {
                b"TargetMode" => external = value == "external",
                b"Type" => link = value.ends_with("/hyperlink"),
                _ => {}
            }
        }
        if external && !link {
            return Err(BadTemplate::NotTaken(format!("{name}: fetches something from elsewhere")));
        }
    }
}
