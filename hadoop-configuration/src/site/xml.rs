//! Hadoop's XML files.

use std::path::Path;

use roxmltree::{Document, Node, ParsingOptions};

use crate::error::{Error, ErrorKind};
use crate::file;

/// Far more than any such file has.
const MAX_LEN: u64 = 16 << 20;
/// How deep files include others.
const MAX_DEPTH: usize = 8;

/// A key and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Property {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) is_final: bool,
}

/// The properties of a file and of those that it includes, in their order.
pub(super) fn read(path: &Path) -> Result<Vec<Property>, Error> {
    let mut properties = Vec::new();
    read_into(&mut properties, path, 0)?;
    Ok(properties)
}

fn read_into(properties: &mut Vec<Property>, path: &Path, depth: usize) -> Result<(), Error> {
    let damaged = |reason: String| {
        let advice = "give a file of Hadoop's: <configuration> with <property> in it";
        Error::new(ErrorKind::Damaged, path.display().to_string(), reason, advice)
    };
    if depth > MAX_DEPTH {
        return Err(damaged("files include each other too deeply".to_owned()));
    }
    let advice = "name a file of Hadoop's that this process can read";
    let bytes = file::read(path, MAX_LEN).map_err(|error| file::unreadable(path, error, advice))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| damaged("it is not UTF-8".to_owned()))?;
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options)
        .map_err(|error| damaged(format!("it is no XML: {error}")).with_source(error))?;
    let root = document.root_element();
    if root.tag_name().name() != "configuration" {
        return Err(damaged(format!("its root is <{}>", root.tag_name().name())));
    }
    for node in root.children().filter(Node::is_element) {
        match node.tag_name().name() {
            "property" => properties.extend(property(node)),
            "include" => include(properties, node, path, depth)?,
            _ => {}
        }
    }
    Ok(())
}

/// A property given by elements, or by attributes as Hadoop takes them too; `None` without a name or
/// a value.
fn property(node: Node<'_, '_>) -> Option<Property> {
    let part = |name: &str| {
        let element = node.children().find(|child| child.tag_name().name() == name);
        let text: Option<String> = element.map(|element| {
            element
                .descendants()
                .filter(|node| node.is_text())
                .filter_map(|node| node.text())
                .collect()
        });
        text.or_else(|| node.attribute(name).map(str::to_owned))
    };
    Some(Property {
        name: part("name")?.trim().to_owned(),
        value: part("value")?.trim().to_owned(),
        is_final: part("final").is_some_and(|text| text.trim() == "true"),
    })
}

/// `<xi:include href="other.xml"/>`, relative to the file it stands in. With an `<xi:fallback>` the
/// other file may be missing.
fn include(
    properties: &mut Vec<Property>,
    node: Node<'_, '_>,
    path: &Path,
    depth: usize,
) -> Result<(), Error> {
    let Some(href) = node.attribute("href") else { return Ok(()) };
    let href = href.strip_prefix("file://").unwrap_or(href);
    let other = path.parent().unwrap_or(Path::new("")).join(href);
    let may_be_missing = node.children().any(|child| child.tag_name().name() == "fallback");
    match read_into(properties, &other, depth + 1) {
        Err(error) if may_be_missing && error.kind() == ErrorKind::Unreadable => Ok(()),
        read => read,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn properties(files: &[(&str, &str)]) -> Result<Vec<(String, String, bool)>, Error> {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            fs::write(folder.path().join(name), text).expect("written");
        }
        let read = read(&folder.path().join(files[0].0))?;
        Ok(read.into_iter().map(|it| (it.name, it.value, it.is_final)).collect())
    }

    fn row(name: &str, value: &str, is_final: bool) -> (String, String, bool) {
        (name.to_owned(), value.to_owned(), is_final)
    }

    #[test]
    fn properties_are_read_as_hadoop_writes_them() {
        let text = "<?xml version=\"1.0\"?>\n<?xml-stylesheet type=\"text/xsl\"?>\n<configuration>\n\
            <!-- c --><property><name> a </name><value>1 &amp; 2</value><final>true</final></property>\n\
            <property name=\"b\" value=\"by attribute\"/>\n\
            <property><name>empty</name><value></value></property>\n\
            <property><name>nothing</name></property><other/>\n</configuration>";
        let found = properties(&[("a.xml", text)]).expect("valid");
        let expected =
            [row("a", "1 & 2", true), row("b", "by attribute", false), row("empty", "", false)];
        assert_eq!(found, expected);
    }

    #[test]
    fn included_files_stand_where_they_are_included() {
        let outer = "<configuration xmlns:xi=\"http://www.w3.org/2001/XInclude\">\
            <property><name>a</name><value>1</value></property><xi:include href=\"b.xml\"/>\
            <xi:include href=\"missing.xml\"><xi:fallback/></xi:include></configuration>";
        let inner =
            "<configuration><property><name>a</name><value>2</value></property></configuration>";
        let found = properties(&[("a.xml", outer), ("b.xml", inner)]).expect("valid");
        assert_eq!(found, [row("a", "1", false), row("a", "2", false)]);
        let missing = properties(&[("a.xml", outer)]).expect_err("b.xml is missing");
        assert_eq!(missing.kind(), ErrorKind::Unreadable);
        assert!(missing.subject().ends_with("b.xml"), "{missing}");
        let endless = "<configuration xmlns:xi=\"x\"><xi:include href=\"a.xml\"/></configuration>";
        assert_eq!(
            properties(&[("a.xml", endless)]).expect_err("endless").kind(),
            ErrorKind::Damaged
        );
    }

    #[test]
    fn what_is_no_such_file_is_refused() {
        for text in ["", "<configuration>", "<other/>", "plain", "\u{0}"] {
            let error = properties(&[("a.xml", text)]).expect_err(text);
            assert_eq!(error.kind(), ErrorKind::Damaged, "{error}");
        }
    }
}
